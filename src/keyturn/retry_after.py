"""PURE: how long an answer's headers ask to wait before the next request.

By the server's own clock, so that a wrong clock on this side changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the server asks to wait, by its own clock; None where it does not say."""
    after = headers.get("retry-after", "").strip()
    if is_number(after, 9):
        return float(after)
    now = parse_http_date(headers.get("date", ""))
    if now is None:
        return None
    then = parse_http_date(after)
    reset = headers.get("ratelimit-reset", "").strip()
    if then is not None:
        return max(0.0, then.timestamp() - now.timestamp())
    return max(0.0, int(reset) - now.timestamp()) if is_number(reset, 12) else None


def is_number(text: str, digits: int) -> bool:
    """Say whether a header holds a whole number of at most so many digits."""
    return text.isdecimal() and len(text) <= digits


def parse_http_date(text: str) -> datetime | None:
    """Parse the value of a `Date` header; None where it is none."""
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return parsed if parsed.tzinfo else None
