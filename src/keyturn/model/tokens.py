"""The provider side of the model: what is declared about a token, and what its provider says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from keyturn.model.rotation import Rotate
from keyturn.model.secrets import SecretRef
from keyturn.secret_value import SecretValue


class State(StrEnum):
    """What is known about a token's life."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    BLOCKED = "blocked"
    """Alive at the provider, yet refused: by a lifetime policy, or with its blocked owner."""
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether its life has ended, by date or by hand."""
        return self in (State.EXPIRED, State.REVOKED)

    @property
    def is_dead(self) -> bool:
        """Whether nothing works with it any more: it is over, or refused."""
        return self.is_over or self is State.BLOCKED


class Precision(StrEnum):
    """How exactly the expiry is known; `expires_at` is set in the first three only."""

    INSTANT = "instant"
    MINUTE = "minute"
    DAY = "day"
    NEVER = "never"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Evidence(StrEnum):
    """Who says so."""

    PROVIDER = "provider"
    DECLARED = "declared"
    JOURNAL = "journal"
    NONE = "none"


class DeadlineReason(StrEnum):
    """Why a token stops working at its deadline."""

    PROVIDER_EXPIRY = "provider-expiry"
    DECLARED_DATE = "declared-date"
    RETIREMENT = "retirement"
    """The provider has announced that this kind of token stops working."""
    IDLE_REMOVAL = "idle-removal"
    """The provider removes what nobody uses."""
    LIFETIME_CAP = "lifetime-cap"
    """Its provider or organization refuses tokens of that age."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted that a token lives as long as it does, why, and when that is reviewed."""

    by: str
    because: str
    review: datetime | None = None


@dataclass(frozen=True, slots=True)
class LifetimeCap:
    """The age at which tokens are refused by their provider or organization."""

    longest: timedelta
    source: str = ""
    """Who says so, for a person."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits that hold for one token, defaults and matching policies already applied."""

    warn: tuple[timedelta, ...] = (
        timedelta(days=30),
        timedelta(days=14),
        timedelta(days=7),
        timedelta(days=3),
        timedelta(days=1),
    )
    """The ladder, longest first."""
    max_lifetime: timedelta = timedelta(days=366)
    max_age: timedelta = timedelta(days=365)
    max_idle: timedelta = timedelta(days=90)
    lifetime_cap: LifetimeCap | None = None
    never_expires: Acceptance | None = None
    """It may be without an expiry date."""
    long_lived: Acceptance | None = None
    """It may live longer than `max_lifetime`."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A secret that holds a token's value, and which part of it (None: the secret value itself)."""

    ref: SecretRef
    part: str | None = None
    value_env: str | None = None
    """The variable that holds this very copy, where a run is given it."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the user declares about one token."""

    id: str
    provider: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """The provider's own `with:` options, already validated by the provider."""
    value_env: Mapping[str, str] = field(default_factory=dict)
    """Part -> environment variable; the whole value stands under the empty part."""
    credential_env: Mapping[str, str] = field(default_factory=dict)
    """The same for what asks and rotates; empty: the value itself is what asks."""
    secrets: tuple[StoredPart, ...] = ()
    owners: tuple[str, ...] = ()
    """As written: `@alice`, `@octo/platform`."""
    policy: Policy = field(default_factory=Policy)
    rotate: Rotate = field(default_factory=Rotate)
    declared_expiry: datetime | None = None
    line: int = 0
    """Where in the configuration it is declared, from 1."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Every environment variable that its declaration names."""
        copies = (stored.value_env for stored in self.secrets if stored.value_env)
        return (*self.value_env.values(), *self.credential_env.values(), *copies)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a token stops working, and why then."""

    at: datetime
    reason: DeadlineReason
    source: str = ""
    """Where that is known from, for a person: what can follow `by`."""


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """A provider's answer about one token."""

    state: State
    precision: Precision = Precision.UNKNOWN
    expires_at: datetime | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    never_used: bool = False
    """The provider says it was never used (as opposed to: does not say when it was)."""
    scopes: tuple[str, ...] = ()
    owner: str | None = None
    token_id: str | None = None
    """The provider's immutable id; changes when the token is replaced."""
    evidence: Evidence = Evidence.PROVIDER
    reason: str | None = None
    """Why the state is not `active`, for a person."""
    holds_copy: bool = False
    """The value given to this run was itself presented: the copy it came from works."""
    ends: tuple[Deadline, ...] = ()
    """Further instants at which the provider itself puts an end to it, its expiry apart."""
    sort: str | None = None
    """What its provider calls this sort of token, where `retirements` asks for it."""
    remark: str | None = None
    """What else its provider's rules say about its end, for a person; a clause without a full
    stop."""
    places: tuple[str, ...] = ()
    """What holds a copy at the provider itself, for a person: every one must be told of a new
    value by hand."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One token of those that a credential may see at its provider, declared or not."""

    key: str
    """Tells it from every other token of the provider, over all its servers and kinds."""
    kind: str
    """As it would be written in `with.kind`; empty for providers with one kind only."""
    name: str | None
    status: TokenStatus
    managed: bool = False
    """The provider made it for itself, and renews it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A listed token, and what the configuration has to do with it."""

    provider: str
    listed: Listed
    via: str
    """The declared token whose credential showed it first."""
    declared_by: str | None
    """The declared token that it is."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A token that was just made: the only moment at which its value is known."""

    parts: Mapping[str, SecretValue]
    """Part -> value, as the contract names the parts; the secret value stands under the empty
    part too."""
    status: TokenStatus
    """As the provider granted it, which may be less than was asked for."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A declared token with what its provider said."""

    token: Token
    status: TokenStatus
    deadline: Deadline | None = None
