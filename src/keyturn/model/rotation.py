"""Rotation's side of the model: what is declared about it, and what a plan says is to be done.

Values only: who may follow whom is `rotation/machine`'s, and what is due is `plan`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from keyturn.model.secrets import SecretRef

RECOVERY_KEY = "KEYTURN_RECOVERY_KEY"
"""The variable of the key that opens sealed records: no provider's token, and it stays as it is."""


class Strategy(StrEnum):
    """How a token gets its next life."""

    EXTEND = "extend"
    """The date is moved, and the value stays."""
    OVERLAP = "overlap"
    """A second token is made, and the first retired once nothing can hold it any more."""
    IN_PLACE = "in-place"
    """The value is swapped, and the old one dies at once."""


class Phase(StrEnum):
    """How far an operation has come."""

    PLANNED = "planned"
    PREFLIGHT = "preflight"
    MINTING = "minting"
    SEALED = "sealed"
    PROVING = "proving"
    DISTRIBUTING = "distributing"
    CONFIRMING = "confirming"
    DRAINING = "draining"
    RETIRING = "retiring"
    DONE = "done"
    ROLLED_BACK = "rolled-back"
    """The new token was revoked, and the old one is still current."""
    NEEDS_HUMAN = "needs-human"
    STUCK = "stuck"
    """Tried as often as makes sense."""
    BLOCKED = "blocked"
    """Refused before anything was changed."""
    ABANDONED = "abandoned"
    """Given up by a person."""


class Capability(StrEnum):
    """What a provider can do for a token's next life."""

    EXTEND = "extend"
    MINT = "mint"
    """Make a second live token, and revoke the first."""
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Rotate:
    """What is declared about the rotation of one token."""

    enabled: bool = False
    strategy: Strategy | None = None
    """None: the safest that the provider can."""
    lifetime: timedelta | None = None
    """Of the new token; None: as long as the old one's."""
    before: timedelta | float = 0.33
    """How long before the deadline; a float is a share (0 to 1) of the real lifetime."""
    overlap: timedelta | None = None
    """How long the old token is kept at least, once the new one is stored."""
    cap: timedelta = timedelta(days=35)
    """How long the old token is kept at most."""
    accept_loss: str | None = None
    """Why a lost value would be bearable; None: it would not."""
    fixed_parts: Mapping[str, str] = field(default_factory=dict)
    """Part -> why it may stay although no secret holds it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time that comes again and again, in which rotations may start."""

    cron: str
    """Five fields: when it opens."""
    duration: timedelta
    """How long it stays open, by a clock that is never put forward or back."""
    timezone: str = "UTC"
    """IANA name in which the cron line is read."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which no rotation starts."""

    from_: datetime
    to: datetime
    """The first instant after it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for all rotations of a configuration."""

    max_rotations: int = 5
    """At most so many in one run."""
    allow_destinations: tuple[str, ...] = ()
    """`owner/glob`: repositories of other owners that may be written to."""
    windows: tuple[Window, ...] = ()
    """Empty: always."""
    freezes: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The token that a rotation starts from, as its provider showed it."""

    token_id: str
    """The provider's immutable id."""
    key: str | None = None
    """Tells it from every other token of the provider, over all its servers and kinds."""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    owner: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """A secret that is to hold the new token, or a part of it."""

    ref: SecretRef
    part: str = ""
    """Empty: the secret value itself."""
    updated_at: datetime | None = None
    """When it was last written before the plan: whoever writes it later stops the rotation."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is, or begins, at an instant of a rotation."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """One token that is to be rotated now: how, why, where to, and what follows."""

    token: str
    """Its id in the configuration."""
    provider: str
    strategy: Strategy
    why_so: str
    """Why this strategy."""
    why_now: str
    deadline: datetime | None
    """When the old token stops working; None where nobody knows."""
    old: Predecessor
    cycle: int
    """How many rotations of this token were finished before."""
    lifetime: timedelta
    expires_at: datetime
    """What the provider is asked for; it may grant less."""
    overlap: timedelta
    cap: timedelta
    rescue: bool = False
    """The old token is dead already, and is made again."""
    leaked: bool = False
    """Somebody said that the old value leaked: nothing that can wait is waited for."""
    destinations: tuple[Destination, ...] = ()
    """Sorted; none for `extend`, which keeps the value."""
    places: tuple[str, ...] = ()
    """What else holds a copy, at the provider itself; for a person."""
    risks: tuple[str, ...] = ()
    """What may fail, or is different afterwards, for a person."""
    notes: tuple[str, ...] = ()
    """What else there is to know, for a person."""
    timeline: tuple[Moment, ...] = ()
    """What is alive when, in order."""

    @property
    def ends_first(self) -> bool:
        """Whether the old token is ended once the new value is safe, before any secret holds it."""
        return self.leaked and self.strategy is Strategy.OVERLAP and not self.rescue


class Skip(StrEnum):
    """Why a token is not rotated now."""

    NOT_ENABLED = "not-enabled"
    NOT_NAMED = "not-named"
    """Others were named on the command line."""
    NOT_ASKED = "not-asked"
    """Nothing is known about it in this run."""
    NOT_DUE = "not-due"
    UNFINISHED = "unfinished"
    """An operation of it is still under way."""
    OUTSIDE_WINDOW = "outside-window"
    FROZEN = "frozen"
    LATER = "later"
    """Others are more urgent, and a run does only so many."""
    MANUAL = "manual"
    """A person has to make the new one."""
    BLOCKED = "blocked"
    """It is due, and must not be done as it is declared."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One token that is not rotated now, and why."""

    token: str
    """Its id in the configuration."""
    reason: Skip
    message: str
    hint: str = ""
    """What a person can do about it."""
    until: datetime | None = None
    """From when on it is otherwise, where that is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run is to do; every declared token stands in one of the two lists."""

    repository: str
    """The checked one."""
    now: datetime
    """When it was made."""
    rotations: tuple[Rotation, ...] = ()
    """In the order in which they are done."""
    skipped: tuple[Skipped, ...] = ()
    """In the order of the configuration."""
    notes: tuple[str, ...] = ()
    """What there is to know about all of it, for a person."""
    journal_read: bool = True
    """Whether the journal was asked, which alone knows what was rotated before."""
