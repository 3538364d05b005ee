"""PURE: which limits hold for a token: its own keys, else the first matching policy, else defaults.

The owner and the scopes of a token are its provider's to tell, so that the same question is asked
twice: before the token is inspected, and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from fnmatch import fnmatchcase

from keyturn.model import Acceptance, LifetimeCap, Policy, Token

_BUILT_IN = Policy()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one place of the file says; None where it says nothing."""

    warn: tuple[timedelta, ...] | None = None
    max_lifetime: timedelta | None = None
    max_age: timedelta | None = None
    max_idle: timedelta | None = None
    lifetime_cap: LifetimeCap | None = None
    owners: tuple[str, ...] | None = None
    never_expires: Acceptance | None = None
    long_lived: Acceptance | None = None

    def to_policy(self) -> Policy:
        """Return the limits with keyturn's own where nothing is said."""
        return Policy(
            warn=self.warn or _BUILT_IN.warn,
            max_lifetime=self.max_lifetime or _BUILT_IN.max_lifetime,
            max_age=self.max_age or _BUILT_IN.max_age,
            max_idle=self.max_idle or _BUILT_IN.max_idle,
            lifetime_cap=self.lifetime_cap,
            never_expires=self.never_expires,
            long_lived=self.long_lived,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy: globs that must all hold (None: any), and the limits of what they match."""

    limits: Limits
    provider: str | None = None
    kind: str | None = None
    owner: str | None = None
    scope: str | None = None

    def matches(self, token: Token, *, owner: str | None, scopes: Sequence[str]) -> bool:
        """Say whether the policy is for this token; an unknown owner or scope fits no glob."""
        kind = token.options.get("kind")
        return (
            _fits(self.provider, [token.provider])
            and _fits(self.kind, [kind] if isinstance(kind, str) else [])
            and _fits(self.owner, [owner] if owner is not None else [])
            and _fits(self.scope, scopes)
        )


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything the file says about limits."""

    defaults: Limits = Limits()
    rules: tuple[Rule, ...] = ()
    own: Mapping[str, Limits] = field(default_factory=dict)
    """By token id."""

    def limits_of(self, token: Token, *, owner: str | None, scopes: Sequence[str]) -> Limits:
        """Return the limits of one token; `owner` and `scopes` as far as they are known."""
        matching = (r.limits for r in self.rules if r.matches(token, owner=owner, scopes=scopes))
        return _first_of(self.own.get(token.id, Limits()), next(matching, Limits()), self.defaults)


def _fits(glob: str | None, names: Iterable[str]) -> bool:
    return glob is None or any(fnmatchcase(name, glob) for name in names)


def _first_of(*layers: Limits) -> Limits:
    said = {
        name: next((value for value in values if value is not None), None)
        for name in (each.name for each in fields(Limits))
        for values in [[getattr(layer, name) for layer in layers]]
    }
    return Limits(**said)
