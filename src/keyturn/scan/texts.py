"""What is judged: one stretch of one file, and what could not be read."""

from __future__ import annotations

from keyturn.scan.record import Record


class Text(Record):
    """A stretch of a file."""

    path: str
    """Relative to where keyturn runs, with `/`; bytes that are no UTF-8 as surrogates."""
    data: bytes
    """Without the NULs of UTF-16."""
    line: int = 1
    """The number of its first line."""
    judged: tuple[tuple[int, int], ...] | None = None
    """The byte ranges that are new; the rest is context. None: all of it."""
    commit: str = ""
    """In a scan of the history: where it was added, or its content's id until that is known."""


class Unread(Record):
    """A file that was not scanned, and why."""

    path: str
    why: str


def narrow(data: bytes) -> bytes:
    """Return UTF-16 as the ASCII it is for tokens, without the NULs; anything else as it is."""
    begin = data[:1024]
    if b"\0" not in begin:
        return data
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.replace(b"\0", b"")
    zeros = max(begin[::2].count(0), begin[1::2].count(0))
    return data.replace(b"\0", b"") if zeros * 3 > len(begin) else data
