"""Reads files and folders from disk, in pieces that fit into memory."""

from __future__ import annotations

import os
import stat

from keyturn.scan.chunks import LIMITS, Chunks, Limits
from keyturn.scan.texts import Text, Unread, narrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The first bytes of zip (and jar, wheel, docx), gzip, bzip2, xz, 7z, rar and zstd.
_ARCHIVES = (
    b"PK\3\4",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe or a device must not keep the open call waiting."""


def read(path: str, limits: Limits = LIMITS) -> Iterator[Text | Unread]:
    """Yield a file's content; what cannot be read, and an archive, is said to be unread."""
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        yield Unread(path, _why(error))
        return
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            yield Unread(path, "not a regular file")
            return
        first = os.read(handle, limits.chunk)
        if first.startswith(_ARCHIVES):
            yield Unread(path, "an archive, which is not opened")
        elif len(first) < limits.chunk:
            yield Text(path, narrow(first))
        else:
            yield from stream(path, first, lambda: os.read(handle, limits.chunk), limits)
    except OSError as error:
        yield Unread(path, _why(error))
    finally:
        os.close(handle)


def stream(
    path: str, first: bytes, more: Callable[[], bytes], limits: Limits = LIMITS
) -> Iterator[Text]:
    """Yield what is longer than is held at a time."""
    chunks = Chunks(path, 1, limits)
    block = first
    while block:
        yield from chunks.add(block)
        block = more()
    yield from chunks.end()


def walk(folder: str) -> Iterator[str | Unread]:
    """Yield the files below a folder by name; links are not followed, `.git` is left out."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Unread(folder, _why(error))
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != ".git":
                yield from walk(entry.path)
        elif entry.is_file(follow_symlinks=False):
            yield entry.path


def _why(error: OSError) -> str:
    return error.strerror or "cannot be read"
