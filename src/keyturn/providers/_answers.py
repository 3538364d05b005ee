"""What every provider does with an answer: check its shape strictly, and ask each thing once a run.

It knows no vendor. An answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from keyturn.errors import ProviderError, ProviderUnavailable


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
