"""Parses the plain values that flags and configuration share: durations, instants, addresses.

Raises ValueError with a message that says what to write and never quotes the input.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdw])")


def parse_duration(text: object) -> timedelta:
    """Parse a whole number and m, h, d or w."""
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError("not a duration; write a whole number and m, h, d or w, such as 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


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


def is_loopback(host: str) -> bool:
    """Say whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_base_url(value: object) -> str:
    """Parse the address of a server that gets a credential: https, or http on loopback only."""
    if not isinstance(value, str):
        raise ValueError("not an address; write https://host")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    # An empty query or fragment is gone after parsing, and would cut off the path that follows.
    if not host or "?" in value or "#" in value or parts.username is not None:
        raise ValueError("not an address; write https://host, without user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("a credential is sent there, so the address must start with https://")
    return value.rstrip("/")
