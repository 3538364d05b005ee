"""Parses the plain values that flags and configuration share: durations and addresses.

Raises ValueError with a message that says what to write and never quotes the input.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdw])")

_PRINTED = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
"""ASCII without blanks and backslashes, which each library reads in its own way."""
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
# Some libraries read these as an IP address (WHATWG URL, "ends in a number checker", 2026-11).
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")
# Where clouds give out credentials of the machine, beside link-local addresses: AWS ("IPv6 on AWS",
# IMDS), Alibaba ("View instance metadata"), Google ("Storing and retrieving metadata"), 2026-11.
_METADATA = frozenset(("fd00:ec2::254", "100.100.100.200", "metadata.google.internal"))


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


def split_address(text: str) -> SplitResult:
    """Return the parts of an address; of what is none, each of them is empty."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises too
    except ValueError:
        return urlsplit("")
    return parts


def parse_base_url(value: object) -> str:
    """Parse the address of a server that gets a credential: https, or http on loopback only."""
    if not isinstance(value, str):
        raise ValueError("not an address; write https://host")
    parts = split_address(value)
    host = parts.hostname
    # An empty query or fragment is gone after parsing, and would cut off the path that follows.
    plain = _PRINTED.fullmatch(value) and "?" not in value and "#" not in value
    if not host or not plain or parts.username is not None:
        raise ValueError("not an address; write https://host, without user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("a credential is sent there, so the address must start with https://")
    _check_host(host)
    return value.rstrip("/")


def _check_host(host: str) -> None:
    """Refuse what no provider has, and what means another host to some than to others.

    Private addresses are fine: that is where servers of one's own stand.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host) or _NUMBER.fullmatch(host):
            raise ValueError("no host has such a name; write https://host") from None
        inside = host.rstrip(".") in _METADATA
    else:
        address = getattr(address, "ipv4_mapped", None) or address
        inside = (
            address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or str(address) in _METADATA
        )
    if inside:
        raise ValueError(
            "the machine's own network has this address, no provider; write https://host"
        )
