"""Texts that stand encoded in a text: base64, percent-encoding, string escapes, folded lines.

A view is what a program would see after decoding one stretch, with enough of its surroundings to
recognise a token that only context tells.
"""

from __future__ import annotations

import binascii

from keyturn.scan.anchors import BASE64_RUN, BASE64_SHORTEST, ESCAPED, PERCENT
from keyturn.scan.characters import BASE64, PRINTABLE, only
from keyturn.scan.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyturn.scan.anchors import Anchor

_TO_PRINTABLE = only(PRINTABLE + b"\r\n\t")
# So many characters of a run of base64 must decode to text.
_BEGIN = 24
# The longest run that is decoded to either side of where it was noticed.
_REACH = 1 << 16
_AROUND = 512
# So long are the lines of wrapped base64, all of them whole groups.
_WIDTHS = frozenset(range(48, 129, 4))
_INDENT = 64
_LONGEST_STRETCH = 1 << 13
"""To either side; a token of a thousand characters, each of them escaped, is seen whole."""


class View(Record):
    """Decoded text and the stretch of the original that it stands for."""

    text: bytes
    begin: int
    """Where the decoded part of `text` begins."""
    end: int
    start: int
    """Where the encoded stretch begins in the original."""
    stop: int


def views(data: bytes, anchors: Sequence[Anchor]) -> Iterator[View]:
    """Decode each stretch that an anchor announces, once."""
    done = {BASE64_RUN: 0, PERCENT: 0}
    for anchor in anchors:
        if anchor.key == BASE64_RUN and anchor.at >= done[BASE64_RUN]:
            start, stop = _run(data, anchor.at, BASE64)
            done[BASE64_RUN] = stop
            decoded = _text_of(data[start:stop])
            if decoded and stop - start in _WIDTHS:
                run, stop = _wrapped(data, start, stop)
                done[BASE64_RUN] = stop
                decoded = _text_of(run)
            stop += len(data[stop : stop + 2]) - len(data[stop : stop + 2].lstrip(b"="))
            if decoded:
                yield _view(data, start, stop, decoded)
        elif anchor.key in (PERCENT, ESCAPED) and anchor.at >= done[PERCENT]:
            start, stop = _stretch(data, anchor.at)
            done[PERCENT] = stop
            yield _view(data, start, stop, plainer(data[start:stop]))


def _view(data: bytes, start: int, stop: int, decoded: bytes) -> View:
    left = data[max(0, start - _AROUND) : start]
    right = data[stop : stop + _AROUND]
    return View(left + decoded + right, len(left), len(left) + len(decoded), start, stop)


def _run(data: bytes, at: int, characters: bytes) -> tuple[int, int]:
    left = data[max(0, at - _REACH) : at]
    right = data[at : at + _REACH]
    start = at - (len(left) - len(left.rstrip(characters)))
    return start, at + len(right) - len(right.lstrip(characters))


def _wrapped(data: bytes, start: int, stop: int) -> tuple[bytes, int]:
    """Join a line of base64 with those below it, which are as long, but for the last."""
    width, lines = stop - start, [data[start:stop]]
    while len(lines) * width < _REACH and len(lines[-1]) == width:
        below = data[stop : stop + width + _INDENT]
        text = below.lstrip(b"\r\n \t")
        gap = len(below) - len(text)
        line = text[: len(text) - len(text.lstrip(BASE64))]
        if below[:gap].count(b"\n") != 1 or not 0 < len(line) <= width:
            break
        lines.append(line)
        stop += gap + len(line)
    return b"".join(lines), stop


def _text_of(run: bytes) -> bytes:
    """Decode a run of base64; empty when it does not begin with text."""
    if len(run) < BASE64_SHORTEST:
        return b""
    whole = run[: len(run) - (len(run) % 4 == 1)]
    begin = binascii.a2b_base64(whole[:_BEGIN])
    if b" " in begin.translate(_TO_PRINTABLE):
        return b""
    return binascii.a2b_base64(whole + b"==")


def _stretch(data: bytes, at: int) -> tuple[int, int]:
    """Return the stretch without white space around a place."""
    left = data[max(0, at - _LONGEST_STRETCH) : at]
    start = at if left[-1:].isspace() else at - len(left.split()[-1]) if left else at
    right = data[at : at + _LONGEST_STRETCH]
    return start, at + len(right.split(None, 1)[0])


def plainer(data: bytes) -> bytes:
    """Take away what is written only for the sake of a format.

    That is percent-encoding and the escapes of strings, of ASCII characters only, and the ends of
    lines within a word, as YAML folds and shells continue them.
    """
    import re

    data = re.sub(
        rb"%([0-7][0-9A-Fa-f])|\\u00([0-7][0-9A-Fa-f])|\\x([0-7][0-9A-Fa-f])|\\(/)",
        lambda match: match[4] or bytes.fromhex((match[1] or match[2] or match[3]).decode()),
        data,
    )
    return re.sub(
        rb"(?:\\\r?\n[ \t]*|\r?\n[ \t]+)(?=[\w+/=.~-]{4,}[ \t\"'\\]*\r?(?:\n|\Z))", b"", data
    )
