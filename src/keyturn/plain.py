"""Untrusted text -> plain text that does nothing to a terminal, a log or a reader's eye.

It knows no Markdown (see escape.py) and must not lose a character: what is dangerous is shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Control (Cc), format (Cf: bidirectional marks, zero-width characters, tags), lone surrogates
# (Cs) and the two separators that some readers take for a line's end (Zl, Zp).
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# The runner trims a line and takes a leading `::` for a command; the older `##[` form it finds
# anywhere. Source: actions/runner, src/Runner.Common/ActionCommand.cs, read 2026-11.
_COMMAND = re.compile(r"((?:^|(?<=[\r\n]))[^\S\r\n]*):(?=:)")
_OLD_COMMAND = "##["


def plain(text: str) -> str:
    """Return one line of inert text, in which invisible characters are shown as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_show, text))


def _show(char: str) -> str:
    if unicodedata.category(char) not in _UNSAFE:
        return char
    return char.encode("unicode_escape").decode()


def said(text: str) -> str:
    """Return text for standard error, of any number of lines, inert for logs and terminals."""
    return log_safe("\n".join(plain(line) for line in text.split("\n")))


def log_safe(text: str) -> str:
    """Return text, of any number of lines, in which GitHub's runner finds no workflow command."""
    return _COMMAND.sub(r"\1: ", text).replace(_OLD_COMMAND, "## [")


def paint(text: str, style: str, *, color: bool) -> str:
    """Return text in an ANSI style such as `1;31`, where colour is wanted."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 error`, `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def name_some(names: Sequence[str], most: int) -> str:
    """Return the first names by commas, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def columns(text: str) -> int:
    """Return how many columns of a terminal the text takes; it must be `plain`."""
    return len(text) if text.isascii() else sum(map(_width, text))


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines of at most `width` columns, at spaces where there are any."""
    lines, line, taken = [], "", 0
    for word in text.split(" "):
        for piece in _chop(word, width):
            size = columns(piece)
            if line and taken + 1 + size > width:
                lines.append(line)
                line, taken = piece, size
            else:
                line = f"{line} {piece}" if line else piece
                taken += size + (taken > 0)
    return [*lines, line]


def indent(text: str, by: int, *, width: int) -> list[str]:
    """Break text into lines of at most `width` columns that begin with so many spaces."""
    return [" " * by + line for line in wrap(text, max(width - by, 1))]


def _chop(word: str, width: int) -> list[str]:
    """Cut a word that is wider than a line."""
    if columns(word) <= width:
        return [word]
    pieces, start, taken = [], 0, 0
    for index, char in enumerate(word):
        size = _width(char)
        if taken + size > width:
            pieces.append(word[start:index])
            start, taken = index, 0
        taken += size
    return [*pieces, word[start:]]


def _width(char: str) -> int:
    # The vowels and ends of Korean syllables that are written in parts join the part before them.
    if unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
