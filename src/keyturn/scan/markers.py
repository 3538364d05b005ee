"""Comments that allow a token where it stands: ours, and those of the scanners people had before.

Ours names the rules that it allows. The others stand for every rule: their names are not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

OURS, OURS_ABOVE = "keyturn: allow", "keyturn: allow-next-line"

_REACH = 4096
"""So many bytes of a line, before and behind the token, are looked at: all but minified files."""
_REASON_LENGTH = 200
_KEY = 16384
"""A private key is not longer."""


class Marker(NamedTuple):
    """A comment that allows one token."""

    kind: str
    """The marker as its scanner's manual writes it, without rules and reason."""
    rules: tuple[str, ...] = ()
    """The rules that it names; none where it stands for all."""
    reason: str = ""
    line: int = 0
    """Of the marker, counted from the token's first line: -1 is the line above."""


_REASON = rb"((?:(?!keyturn:)[^\r\n])*)"
_OURS = re.compile(rb"(?<![\w-])keyturn:[ \t]*allow\[([^]\r\n]*)\]" + _REASON)
_OURS_ABOVE = re.compile(rb"(?<![\w-])keyturn:[ \t]*allow-next-line\[([^]\r\n]*)\]" + _REASON)
# What ends a comment, and what of a data format may stand behind it.
_CLOSER = re.compile(r"\*/|--!?>|#}|--}}|[\"'`]+[\s,;)\]}]*$")

# The openers that detect-secrets knows; its marker is nothing without one.
_OPENER = rb"(?:<!--[# \t]*|(?:#|//|/\*|'|--)[ \t]*)"
_ON_THE_LINE = (
    ("pragma: allowlist secret", _OPENER + rb"pragma: ?(?:allow|white)list[ _-]secret(?!\w)"),
    ("gitleaks:allow", rb"(?<!\w)gitleaks:allow(?!\w)"),
    ("betterleaks:allow", rb"(?<!\w)betterleaks:allow(?!\w)"),
    ("trufflehog:ignore", rb"(?<!\w)trufflehog:ignore(?!\w)"),
    # Older versions knew `allow` too; case never counted.
    ("kingfisher:ignore", rb"(?i)(?<!\w)kingfisher:(?:ignore|allow)(?!\w)"),
    # `ggignore-start` opens a block, which is not honoured.
    ("ggignore", rb"(?<![\w.-])ggignore(?![\w(-])"),
    ("secretlint-disable-line", rb"(?<![\w-])secretlint-disable-line(?![\w-])"),
)
_ABOVE = (
    # Both must be alone on their line, or the line's own token would seem to be meant.
    (
        "pragma: allowlist nextline secret",
        rb"^[ \t]*" + _OPENER + rb"pragma: ?allowlist[ _-]nextline[ _-]secret(?!\w)",
    ),
    ("kingfisher:ignore", rb"(?i)^\W*kingfisher:(?:ignore|allow)(?!\w)"),
    ("secretlint-disable-next-line", rb"(?<![\w-])secretlint-disable-next-line(?![\w-])"),
)
_THEIRS = tuple((kind, re.compile(expression)) for kind, expression in _ON_THE_LINE)
_THEIRS_ABOVE = tuple((kind, re.compile(expression)) for kind, expression in _ABOVE)

_KEY_BEGINS, _KEY_ENDS = b"-----BEGIN ", re.compile(rb"-----END [A-Z0-9 ]+-----")
_CLOSING_LINE = re.compile(rb"[ \t]*[\"'`)\]};,]+")


_WORDS = (b"keyturn:", b"pragma", b":allow", b":ignore", b"ggignore", b"secretlint-")


def may_hold_marker(data: bytes) -> bool:
    """Say whether any marker's word occurs at all, which spares looking beside each token."""
    lower = data.lower()
    return any(word in lower for word in _WORDS)


def marker_for(data: bytes, start: int, end: int, rule: str) -> Marker | None:
    """Return the marker that allows the token at these bytes to `rule`, if there is one."""
    for line, text in _own_lines(data, start, end):
        if marker := _ours(_OURS, OURS, text, rule, line) or _theirs(_THEIRS, text, line):
            return marker
    above = _line_above(data, start)
    return _ours(_OURS_ABOVE, OURS_ABOVE, above, rule, -1) or _theirs(_THEIRS_ABOVE, above, -1)


def _own_lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield what stands on the token's lines, without the token, each with its line."""
    yield 0, data[max(data.rfind(b"\n", 0, start) + 1, start - _REACH) : start]
    yield data.count(b"\n", start, end), _rest_of_line(data, end)
    token = data[start:end]
    if _KEY_BEGINS in token and not _KEY_ENDS.search(token):
        # A rule may know a key by its first line; people put the marker behind the last.
        if not (found := _KEY_ENDS.search(data, end, end + _KEY)):
            return
        end = found.end()
        yield data.count(b"\n", start, end), _rest_of_line(data, end)
    lines = data.count(b"\n", start, end)
    after = data.find(b"\n", end, end + _REACH) + 1
    # A text of many lines is often closed on the line behind it.
    if lines and after and (closing := _CLOSING_LINE.match(data, after)):
        yield lines + 1, _rest_of_line(data, closing.end())


def _rest_of_line(data: bytes, at: int) -> bytes:
    stop = data.find(b"\n", at, at + _REACH)
    return data[at : stop if stop >= 0 else at + _REACH]


def _line_above(data: bytes, start: int) -> bytes:
    """Return the line above, or nothing where it is very long."""
    stop = data.rfind(b"\n", 0, start)
    line = data[max(data.rfind(b"\n", 0, max(stop, 0)) + 1, stop - _REACH) : max(stop, 0)]
    return line if len(line) < _REACH else b""


def _ours(marker: re.Pattern[bytes], kind: str, text: bytes, rule: str, line: int) -> Marker | None:
    for match in marker.finditer(text):
        rules = tuple(name.strip() for name in match[1].decode("utf-8", "replace").split(","))
        if rule in rules:
            return Marker(kind, rules, _reason(match[2]), line)
    return None


def _reason(written: bytes) -> str:
    from keyturn.secret_value import redact

    text = written[:_REASON_LENGTH].decode("utf-8", "replace")
    # Another token may stand behind the marker; whatever was found by now is known by value.
    return redact(_CLOSER.split(text, maxsplit=1)[0].strip())


def _theirs(
    markers: tuple[tuple[str, re.Pattern[bytes]], ...], text: bytes, line: int
) -> Marker | None:
    return next((Marker(kind, line=line) for kind, known in markers if known.search(text)), None)
