"""The GitHub side of the model: where secrets are stored, and the places that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import total_ordering

from keyturn.model.consumers import Consumer
from keyturn.model.failures import Failure
from keyturn.model.watching import OwnWorkflow


class Store(StrEnum):
    """Which of GitHub's separate collections a secret belongs to."""

    ACTIONS = "actions"
    DEPENDABOT = "dependabot"
    CODESPACES = "codespaces"


class Level(StrEnum):
    """Whose a secret is. For a job, environment wins over repository over organization."""

    ENVIRONMENT = "environment"
    REPOSITORY = "repository"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """One collection of secrets, such as the Actions secrets of octo/app's `production`.

    Compares as GitHub does: without regard to case.
    """

    owner: str
    repository: str = ""
    """Empty for an organization's own secrets."""
    environment: str = ""
    store: Store = Store.ACTIONS

    @property
    def level(self) -> Level:
        """Whose collection it is."""
        if self.environment:
            return Level.ENVIRONMENT
        return Level.REPOSITORY if self.repository else Level.ORGANIZATION

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others."""
        names = (self.owner, self.repository, self.environment)
        return (*(name.lower() for name in names), self.store.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def right(self) -> str:
        """What GitHub calls the right to read or to write these secrets."""
        # GitHub docs, "Permissions required for GitHub Apps", 2026-11.
        if self.environment:
            return "Environments"
        secrets = "Secrets" if self.store is Store.ACTIONS else f"{self.store.capitalize()} secrets"
        return secrets if self.repository else f"organization {secrets}"

    @property
    def full_name(self) -> str:
        """The repository as owner/name; an organization's own name."""
        return f"{self.owner}/{self.repository}" if self.repository else self.owner

    @property
    def place(self) -> str:
        """Where it is in GitHub, whatever the store."""
        return f"{self.full_name}[{self.environment}]" if self.environment else self.full_name

    def is_of(self, repository: str) -> bool:
        """Say whether it belongs to owner/name, or to one of its environments."""
        return bool(self.repository) and self.full_name.lower() == repository.lower()

    def __str__(self) -> str:
        return self.place if self.store is Store.ACTIONS else f"{self.place} ({self.store})"


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class SecretRef:
    """Where a value lives. Compares as GitHub does: without regard to case.

    `str()` is the label used everywhere: `octo/app[production]:NPM_TOKEN`, `octo:NPM_TOKEN`,
    `octo/app:dependabot/NPM_TOKEN`.
    """

    scope: Scope
    name: str
    """Always upper-case, as GitHub stores it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.upper())

    @property
    def level(self) -> Level:
        """Whose secret it is."""
        return self.scope.level

    @property
    def _key(self) -> tuple[str, ...]:
        return (*self.scope.key, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and self._key == other._key

    def __lt__(self, other: SecretRef) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        prefix = "" if self.scope.store is Store.ACTIONS else f"{self.scope.store}/"
        return f"{self.scope.place}:{prefix}{self.name}"


class How(StrEnum):
    """The form in which a workflow uses a secret."""

    EXPRESSION = "expression"
    """`${{ secrets.NAME }}` or `secrets['NAME']`, alone or inside a longer expression."""
    PASSED = "passed"
    """An entry of the `secrets:` map of a job that calls a reusable workflow."""
    WHOLE_CONTEXT = "whole-context"
    """`toJSON(secrets)`, `secrets[expression]`, `secrets.*`: any secret may be meant."""
    INHERIT = "inherit"
    """`secrets: inherit`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a workflow that uses a secret."""

    path: str
    """Relative to the repository's root, with forward slashes."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    name: str | None
    """Upper-case; None where any secret may be meant."""
    how: How = How.EXPRESSION
    job: str | None = None
    """The job's key; None outside jobs."""
    step: str | None = None
    """The step's name, else its id, else `#3` counted from 1; None outside steps."""
    key: str = field(default="", compare=False)
    """What it is given to: `with.password`, `env.NPM_TOKEN`, `run`, `if`, `secrets.TOKEN`."""
    optional: bool = False
    """The job does without the secret: `secrets.A || secrets.B`, a mere test of it, or a step that
    hands it to keyturn."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a workflow's runs."""

    event: str
    """`schedule`, `push`, …"""
    cron: str | None = None
    """Five fields; set for `schedule` only."""
    timezone: str = "UTC"
    """IANA name in which the cron line is read."""


@dataclass(frozen=True, slots=True)
class Use:
    """A stored secret as one job of a started workflow uses it, reusable workflows followed.

    `name` is what the secret is called where it is stored, whatever it was renamed to on the way.
    """

    name: str
    path: str
    """The workflow that is started; a reusable workflow stands under its callers'."""
    job: str
    """As GitHub shows it: `publish`, or `release / publish` through a reusable workflow."""
    triggers: tuple[Trigger, ...]
    """What can start this very job; empty for one that never runs."""
    reference: Reference
    """The place that reads the secret."""
    environment: str = ""
    """The job's environment; empty where it has none."""
    environment_known: bool = True
    """False where the environment's name is an expression."""
    required: bool = True
    """False where the workflow that reads it is given every secret of its caller, or started by
    itself, and declares this one as one that its callers may not have."""
    consumers: tuple[Consumer, ...] = field(default=(), compare=False)
    """The steps that the value reaches: the one that reads it; where an `env:` of the job or of
    the workflow does, those that name the variable."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Everything the workflows of one repository say about secrets."""

    uses: tuple[Use, ...] = ()
    references: tuple[Reference, ...] = ()
    """Every place, in the order of path and line."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The files that name a secret, by path, as they are; line ends are kept."""
    jobs: Mapping[tuple[str, str], tuple[Consumer, ...]] = field(default_factory=dict)
    """The steps of every job, by its workflow's path and its own key."""
    events: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What each workflow names under `on:`, by path."""
    dependabot_names: frozenset[str] = frozenset()
    """Names that `.github/dependabot.yml` reads from the Dependabot store."""
    complete: bool = True
    """Every file was read and understood, and nothing may mean any secret (`toJSON(secrets)`,
    `secrets: inherit` to another repository); else nothing can be called unused."""
    failures: tuple[Failure, ...] = ()
    own: tuple[OwnWorkflow, ...] = ()
    """The workflows that GitHub's clock starts and that check or rotate tokens with keyturn."""
    own_known: bool = True
    """There is no other such workflow: every file was read, and no schedule leads out of sight."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One inventory line: a stored or declared secret, never its value."""

    ref: SecretRef
    created_at: datetime | None = None
    updated_at: datetime | None = None
    visibility: str | None = None
    """all, private or selected; organizations only."""
    present: bool | None = True
    """False: declared, and its collection lists no such name; None: the list may not be seen."""
    declared_by: str | None = None
    """The id of the token it is declared to hold."""
    ignored: bool = False
    """An `ignore` entry of the configuration holds for it now."""
    withheld: str = ""
    """Why the checked repository's jobs get no such secret of their organization, for a person."""
    references: tuple[Reference, ...] = ()
    """The places of the checked repository that name it where it can be the one they get."""
    uses: tuple[Use, ...] = ()
    """The jobs of the checked repository that get this very secret."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Secrets, references and declared tokens of one repository, joined."""

    repository: str
    secrets: tuple[Secret, ...] = ()
    """Sorted by label."""
    complete: bool = True
    """Every collection a workflow of the repository can read from was listed."""
    ignored_names: frozenset[str] = frozenset()
    """Names that workflows read and an `ignore` entry of the configuration covers now."""
    uses: Uses = field(default_factory=Uses)
    failures: tuple[Failure, ...] = ()
    """Without those of `uses`."""
