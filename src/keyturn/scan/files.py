"""Reads files and folders from disk, in pieces that fit into memory."""

from __future__ import annotations

import os
import stat

from keyturn.scan.chunks import LIMITS, Chunks, Limits
from keyturn.scan.texts import Text, Unread, narrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
_AT_ONCE = 1 << 16
"""Most files are shorter; they need no second question."""


def read(path: str, limits: Limits = LIMITS) -> Iterable[Text | Unread]:
    """Return a file's content; what cannot be read, and an archive, is said to be unread.

    A plain function for the many small files of a tree.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        return (Unread(path, _why(error)),)
    try:
        first = os.read(handle, min(_AT_ONCE, limits.chunk))
        if not 0 < len(first) < _AT_ONCE:
            # Long, or nothing that can be read to its end: a pipe is empty, a device endless.
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return (Unread(path, "not a regular file"),)
            left = max(0, about.st_size - len(first)) + 1
            first += os.read(handle, min(left, limits.chunk))
        if first.startswith(_ARCHIVES):
            return (Unread(path, "an archive, which is not opened"),)
        if len(first) < limits.chunk:
            return (Text(path, narrow(first)),)
        rest, handle = handle, -1
        return _large(path, first, rest, limits)
    except OSError as error:
        return (Unread(path, _why(error)),)
    finally:
        if handle >= 0:
            os.close(handle)


def _large(path: str, first: bytes, handle: int, limits: Limits) -> Iterator[Text | Unread]:
    try:
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
    """Yield the files below a folder; links are not followed, `.git` is left out."""
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(inner) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        yield entry.path
                    elif entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                        waiting.append(entry.path)
        except OSError as error:
            yield Unread(inner, _why(error))


def _why(error: OSError) -> str:
    return error.strerror or "cannot be read"
