"""The one type that carries a secret's value, and the registry of what must never be shown.

A `SecretValue` cannot be printed, formatted, compared by accident, pickled or copied into a
`repr`; making one registers the value, so that `redact` takes it and its usual encodings out of
any text. This module must not write anything anywhere.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn, final
from urllib.parse import quote, quote_plus

MASK = "***"

# Shorter values would take out half the report; GitHub's own runner masks them all the same.
_SHORTEST_REDACTED = 4


@final
class SecretValue:
    """Characters that only `reveal` gives out, at the very place that sends them."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value
        _registry.add(value)

    def reveal(self) -> str:
        """Return the characters. Call it where they are sent, and keep no copy."""
        return self.__value

    def is_same(self, other: SecretValue) -> bool:
        """Compare in constant time."""
        mine, theirs = (
            secret.__value.encode("utf-8", "surrogateescape") for secret in (self, other)
        )
        return hmac.compare_digest(mine, theirs)

    def __repr__(self) -> str:
        return "SecretValue(***)"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a SecretValue is compared with is_same()")

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SecretValue cannot be pickled or copied")


def _encodings(value: str) -> Iterator[str]:
    # The environment can hold bytes that are no characters; they count as they came.
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    yield value.strip()
    yield from (line.strip() for line in value.splitlines())
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield raw.hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(raw).decode()
        yield encoded
        yield encoded.rstrip("=")


class _Registry:
    """Everything that must not be shown, for the life of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._masked: set[str] = set()
        self._tell: Callable[[str], None] | None = None

    def add(self, value: str) -> None:
        new = {text for text in _encodings(value) if len(text) >= _SHORTEST_REDACTED}
        with self._lock:
            new -= self._masked
            self._masked |= new
            if self._tell and new:
                self._tell(value)

    def on_add(self, tell: Callable[[str], None] | None) -> None:
        with self._lock:
            self._tell = tell

    def redact(self, text: str) -> str:
        with self._lock:
            masked = sorted(self._masked, key=len, reverse=True)
        for value in masked:
            text = text.replace(value, MASK)
        return text


_registry = _Registry()


def redact(text: str) -> str:
    """Return the text with every value made so far, in its usual encodings, as `***`."""
    return _registry.redact(text)


def announce_to(tell: Callable[[str], None] | None) -> None:
    """Hand each value made from now on to `tell`, before anything can print it."""
    _registry.on_add(tell)
