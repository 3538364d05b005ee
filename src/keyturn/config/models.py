"""The shape of keyturn.yml, section by section, as docs/reference/configuration.md tells it.

Each model judges its own section only: what spans sections or needs a provider is in `config`.
The strings under the fields are their documentation, in the JSON Schema too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from keyturn.config.types import (
    Cron,
    Duration,
    Id,
    Instant,
    Label,
    Ladder,
    Lead,
    Organization,
    Owner,
    Part,
    Regex,
    Repository,
    RepositoryGlob,
    SecretName,
    Text,
    TimeZone,
    Variable,
)
from keyturn.schema import Strict


def _key(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


class Section(Strict):
    """A mapping of the file; its keys are the fields' names in kebab-case."""

    model_config = ConfigDict(alias_generator=_key)


class Defaults(Section):
    """The limits of every token that nothing else speaks about."""

    warn: Ladder = Field(["30d", "14d", "7d", "3d", "1d"], validate_default=True)
    """The ladder: how long before the deadline it is said again; scaled down for short lives."""
    max_lifetime: Duration = Field("366d", validate_default=True)
    """A token that lives longer is a finding."""
    max_age: Duration = Field("365d", validate_default=True)
    """A stored copy older than this is a finding where no expiry is known."""
    max_idle: Duration = Field("90d", validate_default=True)
    """A token unused for longer is a finding."""
    lifetime_cap: Duration | None = None
    """The age at which its provider or organization refuses a token; a deadline, not a wish."""
    owners: list[Owner] = Field([])
    """Who is assigned or mentioned."""


class Accepted(Section):
    """The consent to a token that lives longer than it should."""

    by: Owner
    """Who accepted it."""
    because: Text
    """Why."""
    review: Instant | None = None
    """When it is looked at again."""


class LimitsSection(Section):
    """The limits of some tokens; what is not given here is taken from further out."""

    warn: Ladder | None = None
    """As in `defaults`."""
    max_lifetime: Duration | None = None
    """As in `defaults`."""
    max_age: Duration | None = None
    """As in `defaults`."""
    max_idle: Duration | None = None
    """As in `defaults`."""
    lifetime_cap: Duration | None = None
    """As in `defaults`."""
    owners: list[Owner] | None = None
    """As in `defaults`."""
    never_expires: Accepted | None = None
    """Consent to a token without an expiry."""
    long_lived: Accepted | None = None
    """Consent to a token that lives longer than `max-lifetime`."""


class Match(Section):
    """Which tokens a policy is for; everything given must hold. Globs: `*`, `?`, `[…]`."""

    provider: Text | None = None
    """Glob on the provider's name."""
    kind: Text | None = None
    """Glob on `with.kind`."""
    owner: Text | None = None
    """Glob on the owner that the provider tells."""
    scope: Text | None = None
    """Glob on the scopes that the provider tells; one that fits is enough."""


class PolicyEntry(LimitsSection):
    """Limits for the tokens that match; the first policy that matches is used, alone."""

    match: Match
    """Which tokens it is for."""


class IssuesSection(Section):
    """Where and how issues are opened."""

    repository: Repository | None = None
    """Where issues go; without it, the checked repository."""
    labels: list[Label] = Field(["keyturn"], min_length=1)
    """Labels of every issue."""
    dashboard: bool = False
    """Keep one more issue that lists every token."""
    public: bool = False
    """Open issues with names and dates even in a public repository."""


class GitRefJournal(Section):
    """A journal on a branch of a repository."""

    kind: Literal["git-ref"]
    """`git-ref` for a branch of a repository, `local` for a directory."""
    repository: Repository | None = None
    """`git-ref` only: where the branch is; without it, the checked repository."""
    recovery_public_key: Text | None = None
    """The public half of the recovery key, which seals new values."""
    public_journal: bool = False
    """`git-ref` only: keep the journal even in a public repository."""


class LocalJournal(Section):
    """A journal in a directory."""

    kind: Literal["local"]
    """`git-ref` for a branch of a repository, `local` for a directory."""
    path: Text
    """`local` only: the directory."""
    recovery_public_key: Text | None = None
    """The public half of the recovery key, which seals new values."""


class Window(Section):
    """A time in which rotations may start."""

    cron: Cron
    """When the window opens."""
    duration: Duration
    """How long it stays open."""
    timezone: TimeZone = "UTC"
    """In which the cron line is read."""


class Freeze(Section):
    """A time in which nothing is rotated."""

    from_: Instant
    """The first instant of the freeze."""
    to: Instant
    """The first instant after it."""

    @field_validator("to")
    @classmethod
    def _ends_later(cls, value: Any, info: ValidationInfo) -> Any:
        start = info.data.get("from_")
        if start is not None and value <= start:
            raise ValueError("the freeze ends before it begins; write a `to` after `from`")
        return value


class RotationSection(Section):
    """Bounds of every rotation."""

    max_rotations: int = Field(5, ge=1)
    """At most so many in one run."""
    allow_destinations: list[RepositoryGlob] = Field([])
    """Repositories of other owners that may be written to."""
    windows: list[Window] = Field([])
    """Times in which rotations may start; without one, always."""
    freeze: list[Freeze] = Field([])
    """Times in which nothing is rotated."""


class ScanPattern(Section):
    """A token format of your own."""

    id: Id
    """The rule's name."""
    keyword: Text
    """Characters that every such token holds."""
    regex: Regex
    """The whole token, as a regular expression."""


class ScanSection(Section):
    """What the hook looks for and passes over."""

    patterns: list[ScanPattern] = Field([])
    """Token formats of your own."""
    allow_paths: list[Text] = Field([])
    """Globs of files that are not scanned."""
    baseline: Text | None = None
    """The file of leaks that are known and accepted."""
    generic: bool = False
    """Judge any assignment that looks like a secret, by its entropy."""


class WatchSection(Section):
    """Who watches keyturn."""

    heartbeat: Variable | None = None
    """Holds the URL that is asked after every complete run."""


class SecretEntry(Section):
    """One place where the value is stored: `NAME` alone, or a mapping."""

    repository: Repository | None = None
    """Whose secret it is; without it, the checked repository's."""
    environment: Text | None = None
    """The environment whose secret it is."""
    organization: Organization | None = None
    """The organization whose secret it is."""
    store: Literal["actions", "dependabot", "codespaces"] = "actions"
    """The collection it belongs to."""
    name: SecretName
    """The secret's name."""
    part: Part | None = None
    """The part of the token it holds; without it, the secret value."""
    value: Variable | None = None
    """Holds this very copy, to be compared with the others."""

    @field_validator("organization")
    @classmethod
    def _not_both(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("repository") or info.data.get("environment"):
            raise ValueError(
                "an organization's secret has neither repository nor environment; keep one of them"
            )
        return value

    @field_validator("store")
    @classmethod
    def _environments_hold_actions(cls, value: Any, info: ValidationInfo) -> Any:
        if value != "actions" and info.data.get("environment"):
            raise ValueError("an environment has Actions secrets only; remove `store`")
        return value


def _is_text(value: object) -> str:
    # No key of the file can look like these tags, which stand in the places of errors.
    return "<text>" if isinstance(value, str) else "<mapping>"


Secret = Annotated[
    Annotated[SecretName, Tag("<text>")] | Annotated[SecretEntry, Tag("<mapping>")],
    Discriminator(_is_text),
]
Variables = Annotated[
    Annotated[Variable, Tag("<text>")] | Annotated[dict[Part, Variable], Tag("<mapping>")],
    Discriminator(_is_text),
]


class AcceptLoss(Section):
    """The consent to a rotation whose one window cannot be closed."""

    because: Text
    """Why a lost value would be bearable."""


class RotateSection(Section):
    """Whether and how the token is replaced."""

    enabled: bool = False
    """Replace the token when it is due."""
    strategy: Literal["extend", "overlap", "in-place"] | None = None
    """How; without it, `overlap` where two tokens can live, else `in-place`."""
    lifetime: Duration | None = None
    """How long the new token lives."""
    before: Lead = Field("33%", validate_default=True)
    """How long before the deadline, or in the last share of the real lifetime."""
    overlap: Duration | None = None
    """How long the old token stays alive once the new one is stored."""
    cap: Duration = Field("35d", validate_default=True)
    """The longest that the old token is kept for unfinished runs."""
    accept_loss: AcceptLoss | None = None
    """Consent to an `in-place` rotation without a second credential."""
    fixed_parts: dict[Part, Text] = Field({})
    """Part -> why it may stay although no secret holds it."""


class TokenEntry(LimitsSection):
    """One token: where its value is stored, and who can tell about it."""

    id: Id
    """A stable name, unique in the file."""
    provider: Text
    """Who issues it."""
    with_: dict[str, Any] = Field({})
    """The provider's own options."""
    value: Variables | None = None
    """Holds the token's value: one variable, or part: variable."""
    credential: Variables | None = None
    """Holds what asks and rotates; without it, `value`."""
    secrets: list[Secret] = Field([])
    """Every place the value is stored."""
    expires: Instant | None = None
    """When it dies, where no provider tells."""
    rotate: RotateSection | None = None
    """Whether and how it is replaced."""

    @field_validator("expires")
    @classmethod
    def _one_of_both(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("never_expires") is not None:
            raise ValueError("given together with `never-expires`; keep the one that is true")
        return value


class IgnoreEntry(Section):
    """Secrets about which nothing is said."""

    secret: Text
    """Glob on the secret's name."""
    because: Text
    """Why."""
    until: Instant | None = None
    """From when on they are spoken of again."""


def _read_version(value: object) -> object:
    # `true` and 1.0 equal 1.
    if type(value) is not int or value != 1:
        raise ValueError("this keyturn reads version 1; write `version: 1`")
    return value


class ConfigFile(Section):
    """The whole file."""

    version: Annotated[
        int, BeforeValidator(_read_version), WithJsonSchema({"const": 1, "type": "integer"})
    ]
    """The format of the file: 1."""
    defaults: Defaults = Field(default_factory=Defaults)
    """Limits of every token."""
    policies: list[PolicyEntry] = Field([])
    """Limits of some tokens: the first match wins over `defaults`, a token's own keys over both."""
    issues: IssuesSection = Field(default_factory=IssuesSection)
    """Where and how issues are opened."""
    journal: Annotated[GitRefJournal | LocalJournal, Field(discriminator="kind")] | None = None
    """Where rotations write down what they do."""
    rotation: RotationSection = Field(default_factory=RotationSection)
    """Bounds of every rotation."""
    scan: ScanSection = Field(default_factory=ScanSection)
    """What the hook looks for and passes over."""
    watch: WatchSection = Field(default_factory=WatchSection)
    """Who watches keyturn."""
    tokens: list[TokenEntry] = Field([])
    """The tokens."""
    ignore: list[IgnoreEntry] = Field([])
    """Secrets about which nothing is said."""
