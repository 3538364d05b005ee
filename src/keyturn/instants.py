"""Instants: parsed from what people write, and written for people and for machines; always UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time


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


def format_instant(at: datetime) -> str:
    """Write an instant for a person: UTC, absolute, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def format_rfc3339(at: datetime) -> str:
    """Write an instant for a machine: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
