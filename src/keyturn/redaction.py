"""Takes known secret values out of a survey before a format's escapes or line breaks hide them.

A guard for what nobody should do, such as a token's value in a step's name; it changes nothing
else and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from keyturn.model import (
    Finding,
    Halt,
    Inventory,
    Scope,
    Secret,
    SecretRef,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.secret_value import redact

_Facts = TypeVar("_Facts")

# What things are known by. It comes from the configuration and from GitHub, which refuse what looks
# like a value; a value that is a common word would make two things of one. Ids are public by their
# provider, also where a run is given one as a part of a value (AWS): it says the same as others.
_KEPT: dict[type, tuple[str, ...]] = {
    Survey: ("repository",),
    Inventory: ("repository",),
    Token: ("id", "provider"),
    TokenStatus: ("token_id",),
    Finding: ("rule", "subject"),
    Halt: ("operation", "old_id", "new_id", "given_up"),
    Secret: ("declared_by",),
}


def without_values(facts: _Facts) -> _Facts:
    """Return a survey, or another value of texts, with `***` for every secret value made so far."""
    # One look over everything, because the many values times the many texts would take seconds.
    everything = "\n".join(set(_texts(facts)))
    if redact(everything) == everything:
        return facts
    redacted: _Facts = _redacted(facts)
    return redacted


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, Enum):
        return
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(node, (tuple, list, frozenset)):
        for item in node:
            yield from _texts(item)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _texts(getattr(node, field.name))


def _redacted(node: Any) -> Any:
    if isinstance(node, Enum):
        return node
    if isinstance(node, str):
        return redact(node)
    if isinstance(node, Mapping):
        return {key: _redacted(value) for key, value in node.items()}
    if isinstance(node, (tuple, list, frozenset)):
        return type(node)(_redacted(item) for item in node)
    if is_dataclass(node) and not isinstance(node, (type, Scope, SecretRef)):
        kept = _KEPT.get(type(node), ())
        names = (field.name for field in fields(node) if field.name not in kept)
        return replace(node, **{name: _redacted(getattr(node, name)) for name in names})
    return node
