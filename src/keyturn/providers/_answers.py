"""What every provider does alike: check answers strictly, ask each thing once, know a name again.

It knows no vendor. An answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from keyturn.errors import ProviderError, ProviderUnavailable
from keyturn.secret_value import SecretValue

_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
# What keyturn mints is called by the base name, `kt-` and its operation's id.
_OPERATION = r"( kt-[0-9a-z]{8})?"


def _parse_instant(value: object) -> object:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("not an instant")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not an instant") from error


Instant = Annotated[datetime, BeforeValidator(_parse_instant)]
"""RFC 3339 with its zone, to the microsecond at most; a provider that writes otherwise has a
parser of its own."""


def is_named(base: str | None, name: str | None) -> bool:
    """Say whether a token is the one declared by that name, or was minted in its place."""
    if base is None or name is None:
        return False
    return bool(re.fullmatch(re.escape(base) + _OPERATION, name))


class Digester:
    """Tells credentials apart, which come as another object for every token; keeps none."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def digest(self, *credential: SecretValue) -> bytes:
        """Return a keyed digest of the parts, for this object's life only."""
        value = "\0".join(part.reveal() for part in credential)
        return hmac.digest(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256)


class Shape(BaseModel):
    """Part of an answer. Fields that are not named are of no interest."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


_Shape = TypeVar("_Shape", bound=BaseModel)
_T = TypeVar("_T")


def parse(shape: type[_Shape], data: object, *, host: str, vendor: str) -> _Shape:
    """Return the answer. Raises ProviderUnavailable, naming the field that is not as expected."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        place = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(step) for step in place["loc"]) or "not an object"
        raise ProviderUnavailable(
            f"{host} answers in a form keyturn does not know ({field})",
            hint=f"is it {vendor}, and is keyturn up to date?",
        ) from error


class Memo:
    """Does each thing once, however many threads ask for it; what failed stays failed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._done: dict[str, Any] = {}

    def get(self, key: str, make: Callable[[], _T]) -> _T:
        """Return what `make` returned for this key, or raise what it raised."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._done:
                try:
                    self._done[key] = make()
                except ProviderError as error:
                    self._done[key] = error
            result = self._done[key]
        if isinstance(result, ProviderError):
            raise type(result)(result.message, hint=result.hint)
        found: _T = result
        return found

    def has(self, key: str) -> bool:
        """Say whether `get` would answer without doing anything."""
        return key in self._done
