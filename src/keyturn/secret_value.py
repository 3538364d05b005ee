"""The one type that carries a secret's value, and the registry of what must never be shown.

A `SecretValue` cannot be printed, formatted, compared by accident, pickled or copied into a
`repr`; making one registers the value, so that `redact` takes it and its usual encodings out of
any text. This module must not write anything anywhere.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from typing import NoReturn, final

from keyturn.disguises import forms, unknown_to_runners

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


class _Registry:
    """Everything that must not be shown, for the life of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By their first characters: one look says that none of thousands begins at a place.
        self._masked: dict[str, set[str]] = {}
        self._tell: Callable[[str], None] | None = None

    def add(self, value: str) -> None:
        long = {form for form in forms(value) if len(form) >= _SHORTEST_REDACTED}
        with self._lock:
            new = {form for form in long if form not in self._masked.get(_head(form), ())}
            for form in new:
                self._masked.setdefault(_head(form), set()).add(form)
            if self._tell and new:
                for form in (value, *(form for form in unknown_to_runners(value) if form in long)):
                    self._tell(form)

    def on_add(self, tell: Callable[[str], None] | None) -> None:
        with self._lock:
            self._tell = tell

    def redact(self, text: str) -> str:
        pieces, end = [], 0
        for start, stop in self._find(text):
            # Those that overlap go as one, so that no end of the second is left.
            if start >= end:
                pieces += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*pieces, text[end:]])

    def _find(self, text: str) -> list[tuple[int, int]]:
        """Return where values begin and end, in order."""
        with self._lock:
            if not self._masked:
                return []
            return [
                (at, at + len(form))
                for at in range(len(text) - _SHORTEST_REDACTED + 1)
                for form in self._masked.get(text[at : at + _SHORTEST_REDACTED], ())
                if text.startswith(form, at)
            ]


def _head(form: str) -> str:
    return form[:_SHORTEST_REDACTED]


_registry = _Registry()


def redact(text: str) -> str:
    """Return the text with every value made so far, in its usual encodings, as `***`."""
    return _registry.redact(text)


def announce_to(tell: Callable[[str], None] | None) -> None:
    """Hand each value made from now on to `tell`, before anything can print it."""
    _registry.on_add(tell)
