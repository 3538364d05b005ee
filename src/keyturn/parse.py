"""Parses the plain values that flags and configuration share: durations and addresses.

Raises ValueError with a message that says what to write and never quotes the input.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
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
