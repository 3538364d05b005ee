"""Instants: parsed from what people write, and written for people and for machines; always UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

EXPIRY_HEADER = "github-authentication-token-expiration"
"""In which GitHub tells a personal token when it ends, with every answer."""

_TOKEN_EXPIRY = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) (?:UTC|([+-]\d{4}))", re.ASCII)


def parse_instant(value: object) -> datetime:
    """Parse a date (00:00 UTC of that day) or an ISO 8601 instant with an offset, to aware UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset, such as 2027-03-01T09:00:00Z")
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("not a date that can be reckoned with") from error
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError("not a date; write YYYY-MM-DD, which means 00:00 UTC of that day")


def parse_token_expiry(text: str) -> datetime:
    """Parse GitHub's header about a token's end, in its two known forms. Raises ValueError."""
    match = _TOKEN_EXPIRY.fullmatch(text)
    if not match:
        raise ValueError("neither of the two known forms")
    try:
        at = datetime.strptime(f"{match[1]} {match[2] or '+0000'}", "%Y-%m-%d %H:%M:%S %z")
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a date that can be reckoned with") from error


def format_instant(at: datetime) -> str:
    """Write an instant for a person: UTC, absolute, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def format_rfc3339(at: datetime) -> str:
    """Write an instant for a machine: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
