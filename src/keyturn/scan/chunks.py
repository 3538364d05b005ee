"""Cuts what is too large to be held into texts that overlap."""

from __future__ import annotations

from keyturn.scan.record import Record
from keyturn.scan.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Limits(Record):
    """How much is held at a time."""

    block: int = 1 << 20
    """So many bytes of a diff."""
    chunk: int = 8 << 20
    """So many of a file."""
    overlap: int = 1 << 16
    """So many before and behind a seam are in both chunks."""


LIMITS = Limits()


class Chunks:
    """Cuts a long text so that nothing is lost at the seams, and nothing found twice.

    A seam is at the end of a line, or between words if there is none. What is near it is in both
    chunks, but is judged in one.
    """

    def __init__(self, path: str, line: int, limits: Limits, commit: str = "") -> None:
        self._path, self._line, self._commit = path, line, commit
        self._limits = limits
        self._pieces: list[bytes] = []
        self._size = 0
        self._judged: list[tuple[int, int]] = []
        self._whole = True

    def add(self, data: bytes, judged: Sequence[tuple[int, int]] | None = None) -> Iterator[Text]:
        """Go on with the text; yield what is full."""
        data = data if judged is not None else data.replace(b"\0", b"")
        if judged is None:
            judged = ((0, len(data)),)
        else:
            self._whole = False
        for start, stop in judged:
            _extend(self._judged, self._size + start, self._size + stop)
        self._pieces.append(data)
        self._size += len(data)
        while self._size >= self._limits.chunk + 2 * self._limits.overlap:
            text = self._cut()
            if text.judged:
                yield text

    def end(self) -> Iterator[Text]:
        """Yield what is left."""
        if self._judged:
            judged = None if self._whole else tuple(self._judged)
            data = b"".join(self._pieces)
            yield Text(self._path, data, self._line, judged, self._commit)

    def _cut(self) -> Text:
        data, overlap = b"".join(self._pieces), self._limits.overlap
        stop = self._limits.chunk + overlap
        seam = _seam(data, self._limits.chunk - overlap, self._limits.chunk)
        judged = tuple((start, min(end, seam)) for start, end in self._judged if start < seam)
        text = Text(self._path, data[:stop], self._line, judged, self._commit)
        kept = data.rfind(b"\n", max(0, seam - overlap), seam - overlap // 2) + 1
        kept = kept or max(0, seam - overlap)
        self._line += data.count(b"\n", 0, kept)
        self._judged = [
            (max(start, seam) - kept, end - kept) for start, end in self._judged if end > seam
        ]
        self._pieces, self._size, self._whole = [data[kept:]], len(data) - kept, False
        return text


def _extend(ranges: list[tuple[int, int]], start: int, stop: int) -> None:
    """Append a range, as part of the last one where they touch."""
    if start == stop:
        return
    if ranges and ranges[-1][1] == start:
        start = ranges.pop()[0]
    ranges.append((start, stop))


def _seam(data: bytes, low: int, high: int) -> int:
    """Return where to cut: best behind a line, else behind what is in no token."""
    line = data.rfind(b"\n", low, high) + 1
    return line or max(data.rfind(mark, low, high) for mark in b" \t\"',;<>") + 1 or high
