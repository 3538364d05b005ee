"""Untrusted text -> GitHub Markdown in which nothing of it is live, and issue titles alike.

Not for HTML attributes or terminals (see plain.py); nothing here adds meaning of its own.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from keyturn.plain import log_safe, plain

_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"

# Nothing can be escaped inside a code span, so what could end it, its table cell, or look like
# one of our hidden marks is shown by its nearest likeness.
_CODE = str.maketrans(
    {
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "|": "\N{BROKEN BAR}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)

_PUNCTUATION = re.compile(r"[\\`*_~|$!\[\]{}()]")
_AT_START = re.compile(r"^(?:[-+=]|[0-9]+(?=[.)]))")
# What GitHub turns into a link or a notification after Markdown is done with, in the finished
# page's text, where neither a backslash nor an entity protects: mentions and mail addresses,
# `#1` and `GH-1`, addresses with and without a scheme. GFM spec 6.9 and GitHub docs,
# "Autolinked references and URLs", 2026-11.
_LIVE = re.compile(r"[@#]|:(?=//)|(?<=www)(?=\.)|(?<=gh)(?=-[0-9])", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def code(text: str) -> str:
    """Return a code span, also for a table cell; GitHub makes nothing live inside one."""
    shown = log_safe(plain(text)).translate(_CODE)
    return f"`{shown}`" if shown.strip() else "`(empty)`"


def markdown(text: str) -> str:
    """Return running text, also for a table cell: no markup, HTML, mention, reference or link."""
    shown = _PUNCTUATION.sub(r"\\\g<0>", plain(text).strip().translate(_HTML))
    shown = _AT_START.sub(lambda match: _escape_start(match[0]), shown)
    return _LIVE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", shown)


def title(text: str, *, most: int = 256) -> str:
    """Return the title of an issue, cut to `most` characters; GitHub renders code in titles."""
    shown = " ".join(plain(text).translate(_CODE).split())
    shown = _LIVE.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", shown)
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def link(text: str, server_url: str, *segments: str, line: int | None = None) -> str:
    """Return a link under `server_url` whose path holds the segments; their slashes stay."""
    path = "/".join(quote(segment, safe="/-._~", errors="replace") for segment in segments)
    fragment = f"#L{line}" if line else ""
    # At the beginning of a paragraph it would define a link, and show nothing (CommonMark 4.7).
    shown = code(text).replace("]:", f"]{_ZERO_WIDTH_SPACE}:")
    return f"[{shown}]({server_url}/{path}{fragment})"


def _escape_start(mark: str) -> str:
    """Keep a line from becoming a list item, a heading's underline or a numbered list."""
    return mark + _ZERO_WIDTH_SPACE if mark[0].isdigit() else "\\" + mark
