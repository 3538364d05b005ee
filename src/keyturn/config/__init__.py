"""keyturn.yml -> Config; every problem of the file in one run, each with its place.

Reads no environment and asks nobody: whether a named variable is set, or a named token exists,
is for later stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from keyturn import yaml_tree
from keyturn.config.limits import read_policies
from keyturn.config.models import (
    ConfigFile,
    GitRefJournal,
    LocalJournal,
    RotateSection,
    RotationSection,
    ScanSection,
    Secret,
    SecretEntry,
    TokenEntry,
)
from keyturn.config.policy import Policies
from keyturn.config.problems import Place, Sheet, plain, read_sheet, suggest
from keyturn.errors import ConfigError, Problem
from keyturn.interfaces import Provider
from keyturn.model import (
    Bounds,
    Freeze,
    Policy,
    Rotate,
    Scope,
    SecretRef,
    Store,
    StoredPart,
    Strategy,
    Token,
    TokenStatus,
    Window,
)
from keyturn.scan.hook import CONFIGURATIONS

PLACES = CONFIGURATIONS

_SECRET: TypeAdapter[str | SecretEntry] = TypeAdapter(Secret)


class Providers(Protocol):
    """The providers there are, as `keyturn.providers` knows them."""

    def names(self) -> Iterable[str]:
        """Return all names; nothing is imported."""
        ...

    def load(self, name: str) -> type[Provider]:
        """Return the class of one of the names."""
        ...


@dataclass(frozen=True, slots=True)
class Issues:
    """Where and how issues are opened."""

    repository: str | None = None
    """owner/name; None: the checked repository."""
    labels: tuple[str, ...] = ("keyturn",)
    dashboard: bool = False
    public: bool = False
    """Open issues even in a public repository."""


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Where rotations write down what they do."""

    repository: str | None = None
    """owner/name of the branch's repository; None: the checked one, unless `path` is given."""
    path: str | None = None
    """A directory in place of a branch."""
    recovery_public_key: str | None = None
    public: bool = False
    """Keep it even where everybody can read it."""


@dataclass(frozen=True, slots=True)
class ScanPattern:
    """A token format of the user's own."""

    id: str
    keyword: str
    regex: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What scans look for and pass over."""

    patterns: tuple[ScanPattern, ...] = ()
    allow_paths: tuple[str, ...] = ()
    """Globs."""
    baseline: str | None = None
    """None: the usual file, where there is one."""
    generic: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """Secrets about which nothing is said until a moment, and why."""

    secret: str
    """Glob on the name, upper-case."""
    because: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration, checked; without arguments, what holds where there is no file."""

    path: str | None = None
    tokens: tuple[Token, ...] = ()
    """In the order of the file; their policies and owners as far as the file alone tells."""
    issues: Issues = Issues()
    ignore: tuple[Ignore, ...] = ()
    policies: Policies = field(default_factory=Policies)
    scan: Scan = Scan()
    rotation: Bounds = field(default_factory=Bounds)
    journal: JournalPlace | None = None
    heartbeat: str | None = None
    """The variable that holds the URL which is asked after every complete run."""

    @property
    def defaults(self) -> Policy:
        """The limits of what no token and no policy speaks about."""
        return self.policies.defaults.to_policy()

    def policy_for(self, token: Token, status: TokenStatus) -> Policy:
        """Return a token's limits, now that its owner and scopes are known."""
        limits = self.policies.limits_of(token, owner=status.owner, scopes=status.scopes)
        return limits.to_policy()

    def owners_for(self, token: Token, status: TokenStatus) -> tuple[str, ...]:
        """Return whom a token concerns, now that its owner and scopes are known."""
        limits = self.policies.limits_of(token, owner=status.owner, scopes=status.scopes)
        return limits.owners or ()

    def is_ignored(self, name: str, now: datetime) -> bool:
        """Say whether an `ignore` entry covers a secret's name at that moment."""
        return any(
            fnmatchcase(name.upper(), entry.secret) and (entry.until is None or now < entry.until)
            for entry in self.ignore
        )


def find(directory: Path) -> str | None:
    """Return which of the default places holds a configuration. Raises ConfigError for both."""
    found = [place for place in PLACES if (directory / place).is_file()]
    if len(found) > 1:
        message = f"there is a configuration in {PLACES[0]} too"
        hint = "keep one, or name one with --config"
        raise ConfigError([Problem(found[1], 1, 1, message, hint)])
    return found[0] if found else None


def load(data: bytes, path: str, *, repository: str, providers: Providers | None = None) -> Config:
    """Check a file's bytes and return what they mean. Raises ConfigError with every problem.

    `repository` is the checked one, owner/name, which a secret's bare name means; it may be empty
    where nothing else will be done. Only the providers that are named get imported.
    """
    if providers is None:
        from keyturn import providers as own_providers

        providers = own_providers
    sheet = read_sheet(data, path)
    config = _Reader(sheet, repository, providers).read()
    if sheet.problems or config is None:
        raise ConfigError(sheet.problems)
    return config


class _Reader:
    """Makes one Config; goes on after every problem, so that all are found."""

    def __init__(self, sheet: Sheet, repository: str, providers: Providers) -> None:
        self._sheet = sheet
        self._repository = repository
        self._providers = providers
        self._names = sorted(providers.names())
        self._ids: dict[str, yaml_tree.Node] = {}
        self._claims: dict[SecretRef, yaml_tree.Node] = {}

    def read(self) -> Config | None:
        """Return the configuration; None, or less than all of it, where there are problems."""
        data = plain(self._sheet.root)
        nodes = _items(self._sheet.root, "tokens")
        if nodes:
            # Judged one by one below, so that a mistake in one leaves the others whole.
            data["tokens"] = []
        file = self._sheet.validate(ConfigFile, data, at=())
        entries = [
            self._sheet.validate(TokenEntry, plain(node), at=("tokens", index))
            for index, node in enumerate(nodes)
        ]
        read = [
            self._read_token(("tokens", index), node, entry=entry)
            for index, (node, entry) in enumerate(zip(nodes, entries, strict=True))
        ]
        if file is None:
            return None
        judged = [(node, entry) for node, entry in zip(nodes, entries, strict=True) if entry]
        policies = read_policies(self._sheet.root, file, judged)
        issues = file.issues
        return Config(
            path=self._sheet.path,
            tokens=tuple(_with_limits(token, policies) for token in read if token),
            issues=Issues(issues.repository, tuple(issues.labels), issues.dashboard, issues.public),
            ignore=tuple(Ignore(i.secret.upper(), i.because, i.until) for i in file.ignore),
            policies=policies,
            scan=_scan(file.scan),
            rotation=_bounds(file.rotation),
            journal=_journal(file.journal),
            heartbeat=file.watch.heartbeat,
        )

    def _read_token(
        self, at: Place, node: yaml_tree.Node, *, entry: TokenEntry | None
    ) -> Token | None:
        if not isinstance(node, yaml_tree.Mapping):
            return None
        self._check_id(node)
        secrets = tuple(self._read_secrets(node))
        options = self._read_options(at, node)
        if entry is None or options is None:
            return None
        token = Token(
            id=entry.id,
            provider=entry.provider,
            options=options,
            value_env=_by_part(entry.value),
            credential_env=_by_part(entry.credential),
            secrets=secrets,
            rotate=_rotate(entry.rotate),
            declared_expiry=entry.expires,
            line=node.line,
        )
        for problem in self._providers.load(token.provider).check_declaration(token):
            message, _, hint = problem.partition("; ")
            self._sheet.add(node, message, hint)
        return token

    def _check_id(self, node: yaml_tree.Mapping) -> None:
        given = node.get("id")
        if not isinstance(given, yaml_tree.Scalar):
            return
        first = self._ids.setdefault(given.text, given)
        if first is not given:
            message = f"'id': already used on line {first.line}"
            self._sheet.add(given, message, "give every token an id of its own")

    def _read_secrets(self, node: yaml_tree.Mapping) -> Iterator[StoredPart]:
        for item in _items(node, "secrets"):
            try:
                entry = _SECRET.validate_python(plain(item), by_alias=True, by_name=False)
            except ValidationError:
                continue  # said where the whole token is judged
            if isinstance(entry, str):
                entry = SecretEntry(name=entry)
            ref = SecretRef(_scope(entry, self._repository), entry.name)
            first = self._claims.setdefault(ref, item)
            if first is not item:
                message = f"'secrets': this secret is already claimed on line {first.line}"
                self._sheet.add(item, message, "a secret holds one token; keep one of the lines")
            yield StoredPart(ref, entry.part, entry.value)

    def _read_options(self, at: Place, node: yaml_tree.Mapping) -> dict[str, Any] | None:
        given = node.get("provider")
        name = plain(given)
        if given is None or not isinstance(name, str):
            return None
        if name not in self._names:
            self._sheet.add(given, "'provider': unknown provider", suggest(name, self._names))
            return None
        options = node.get("with")
        if options is not None and not isinstance(options, yaml_tree.Mapping):
            return None
        model = self._providers.load(name).options_model()
        checked = self._sheet.validate(model, plain(options) or {}, at=(*at, "with"))
        return checked.model_dump() if checked else None


def _items(mapping: yaml_tree.Mapping, key: str) -> list[yaml_tree.Node]:
    node = mapping.get(key)
    return node.items if isinstance(node, yaml_tree.Sequence) else []


def _scope(entry: SecretEntry, repository: str) -> Scope:
    store = Store(entry.store)
    if entry.organization:
        return Scope(entry.organization, store=store)
    owner, _, name = (entry.repository or repository).partition("/")
    return Scope(owner, name, entry.environment or "", store)


def _by_part(variables: str | dict[str, str] | None) -> dict[str, str]:
    return {"": variables} if isinstance(variables, str) else variables or {}


def _rotate(section: RotateSection | None) -> Rotate:
    if section is None:
        return Rotate()
    return Rotate(
        enabled=section.enabled,
        strategy=Strategy(section.strategy) if section.strategy else None,
        lifetime=section.lifetime,
        before=section.before,
        overlap=section.overlap,
        cap=section.cap,
        accept_loss=section.accept_loss.because if section.accept_loss else None,
        fixed_parts=section.fixed_parts,
    )


def _bounds(section: RotationSection) -> Bounds:
    return Bounds(
        max_rotations=section.max_rotations,
        allow_destinations=tuple(section.allow_destinations),
        windows=tuple(Window(w.cron, w.duration, w.timezone) for w in section.windows),
        freezes=tuple(Freeze(f.from_, f.to) for f in section.freeze),
    )


def _journal(section: GitRefJournal | LocalJournal | None) -> JournalPlace | None:
    if section is None:
        return None
    key = section.recovery_public_key
    if isinstance(section, LocalJournal):
        return JournalPlace(path=section.path, recovery_public_key=key)
    return JournalPlace(section.repository, None, key, section.public_journal)


def _scan(section: ScanSection) -> Scan:
    patterns = tuple(ScanPattern(row.id, row.keyword, row.regex) for row in section.patterns)
    return Scan(patterns, tuple(section.allow_paths), section.baseline, section.generic)


def _with_limits(token: Token, policies: Policies) -> Token:
    limits = policies.limits_of(token, owner=None, scopes=())
    return replace(token, policy=limits.to_policy(), owners=limits.owners or ())
