"""What a run found out: findings, and the survey that carries everything to the reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from keyturn.model.failures import Failure
from keyturn.model.rotation import Phase, Strategy
from keyturn.model.secrets import Inventory, Reference
from keyturn.model.tokens import Inspected

ROTATION_STUCK = "rotation-stuck"
"""The rule about a rotation that does not go on, or does not begin, without a person."""
FAILED_LOGIN = "failed-login"
"""The rule about runs that failed as with a dead token; only `check` asks for runs."""
COPY_RULES = frozenset({"missing-secret", "stale-copy", "copy-too-old"})
"""The rules about the secrets that hold a token."""


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for error."""
        return tuple(Severity).index(self)


@dataclass(frozen=True, slots=True)
class FirstBreak:
    """The job that fails first once a token is dead."""

    path: str
    """The workflow whose run fails: where reusable workflows are called, the caller's."""
    job: str
    """As GitHub shows it: `publish`, or `release / publish` through a reusable workflow."""
    at: datetime
    """The earliest instant at which it can fail: the scheduled run, else the deadline itself."""
    trigger: str
    """`schedule`, or the event that starts it at a moment nobody can tell."""
    silent: str = ""
    """What hides its failure, in words: nobody would see it; empty where it is seen."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Where a rotation stands that does not go on, or does not begin, without a person."""

    phase: Phase
    hint: str = ""
    """What to do about it."""
    operation: str = ""
    """Its id; empty where it is over, or was never begun: nobody has to find it again."""
    strategy: Strategy | None = None
    left: str = ""
    """The phase that it came from."""
    since: datetime | None = None
    old_id: str = ""
    new_id: str = ""
    given_up: tuple[str, ...] = ()
    """Ids of further tokens that it made."""
    holds: tuple[tuple[str, str], ...] = ()
    """Each secret, and whether it is `stored`, `waiting`, or `writing`."""


@dataclass(frozen=True, slots=True)
class Advice:
    """How a workflow does without a secret."""

    replacement: str
    """What comes in its place, in a few words: `PyPI trusted publishing`."""
    changes: tuple[str, ...] = ()
    """What changes in the workflows, in words."""
    patch: str = ""
    """The same as a unified diff that `git apply` takes; empty where none can be made exactly."""
    publisher: tuple[str, ...] = ()
    """What to set up elsewhere first."""
    before_deleting: tuple[str, ...] = ()
    """What to see to before the secret is deleted."""
    sources: tuple[str, ...] = ()
    """The pages that say so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A result worth saying. Rule and subject identify it."""

    rule: str
    severity: Severity
    subject: str
    """A declared token's id, else a secret's label."""
    message: str
    due_at: datetime | None = None
    step: timedelta | None = None
    """`expiring` only: the lowest rung of the ladder that was crossed."""
    first_break: FirstBreak | None = None
    references: tuple[Reference, ...] = ()
    owners: tuple[str, ...] = ()
    """Whom it concerns besides the owners of its token."""
    halt: Halt | None = None
    """`rotation-stuck` only."""
    advice: Advice | None = None
    """`replaceable` only."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All that one run found out; what the reports show and the issues converge to."""

    repository: str
    now: datetime
    inventory: Inventory
    tokens: tuple[Inspected, ...] = ()
    """In the order of the configuration."""
    findings: tuple[Finding, ...] = ()
    """Worst first: by severity, due date, subject, rule."""
    failures: tuple[Failure, ...] = ()
    """All of them, the inventory's included."""
    issues: Mapping[str, str] = field(default_factory=dict)
    """Token id -> URL of its open issue; for `schedule-stopped`, the finding's subject."""
    by_hand: frozenset[str] = frozenset()
    """Ids of tokens that are to be rotated, and that only a person can make anew."""
    unevaluated: frozenset[str] = frozenset()
    """Rules that this run could not look into: what an issue says of them stays."""
    unjudged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Token id -> rules that this run could not judge of it: the same holds for them."""
    rotating: frozenset[str] = frozenset()
    """Ids of tokens, declared or not, whose rotation is under way, as far as the journal tells."""
    touched: frozenset[str] | None = None
    """Whose issues are brought in line, beside those about a rotation; None: everybody's."""
