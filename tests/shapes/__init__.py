"""Workflows after the shapes of well-known repositories, each with exactly what is to be found.

A shape is one YAML file: the files of a repository, each but the first after a line
`--- # path`. The first is a workflow called as the shape. Lines that begin with `#:` say what is
stored in octo/app, and what is found:

    #: stored NAME, [environment]:NAME, octo:NAME, dependabot/NAME
    #: rule SUBJECT words that the message holds
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from keyturn.config import Config, load
from keyturn.credentials import Credentials
from keyturn.model import Scope, Secret, SecretRef, Store, Survey
from keyturn.providers import make_all
from keyturn.survey import World, take_survey
from keyturn.transport import Transport

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
REPOSITORY = "octo/app"
CONFIGURATION = ".github/keyturn.yml"
TRANSPORT = Transport()
"""Never used: what is declared here has no provider to ask."""

_MARK = re.compile(r"^--- # (\S+)\n", re.MULTILINE)
_NOTE = re.compile(r"^#: (\S+) (.+)$", re.MULTILINE)
_LABEL = re.compile(
    r"(?:\[(?P<environment>[^]]+)\]:|(?P<owner>octo):|(?P<store>dependabot)/)?(?P<name>[A-Z_0-9]+)"
)


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding that has to come out."""

    rule: str
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A repository in small."""

    name: str
    files: Mapping[str, bytes]
    stored: tuple[Secret, ...]
    expected: tuple[Expected, ...]


def read_shapes() -> list[Shape]:
    """Return every shape of this folder, by name."""
    return [_read(path) for path in sorted(Path(__file__).parent.glob("*.yml"))]


def _read(path: Path) -> Shape:
    text = path.read_text(encoding="utf-8")
    first, *others = _MARK.split(text)
    files = dict(zip(others[::2], others[1::2], strict=True))
    stored: list[Secret] = []
    expected: list[Expected] = []
    for kind, rest in _NOTE.findall(first):
        if kind == "stored":
            stored += [Secret(_ref(label), NOW, NOW) for label in rest.split(", ")]
        else:
            subject, _, words = rest.partition(" ")
            known = _LABEL.fullmatch(subject)
            expected.append(Expected(kind, str(_ref(subject)) if known else subject, words))
    files[f".github/workflows/{path.name}"] = first
    encoded = {name: content.encode() for name, content in files.items()}
    return Shape(path.stem, encoded, tuple(stored), tuple(expected))


def _ref(label: str) -> SecretRef:
    match = _LABEL.fullmatch(label)
    assert match, label
    if match["owner"]:
        return SecretRef(Scope(match["owner"]), match["name"])
    store = Store(match["store"] or "actions")
    return SecretRef(Scope("octo", "app", match["environment"] or "", store), match["name"])


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of a repository in memory."""

    files: Mapping[str, bytes]

    def list_workflows(self) -> Sequence[str]:
        return sorted(path for path in self.files if path.startswith(".github/workflows/"))

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


@dataclass(frozen=True, slots=True)
class Stored:
    """What GitHub holds, in memory."""

    secrets: tuple[Secret, ...]

    def list_secrets(self, scope: Scope) -> Sequence[Secret]:
        return [secret for secret in self.secrets if secret.ref.scope == scope]

    def list_visible_organization_secrets(self, owner: str, repository: str) -> Sequence[Secret]:
        return self.list_secrets(Scope(owner))

    def list_environments(self, owner: str, repository: str) -> Sequence[str]:
        scopes = {secret.ref.scope for secret in self.secrets if secret.ref.scope.environment}
        return sorted(scope.environment for scope in scopes)


def survey(files: Mapping[str, bytes], stored: tuple[Secret, ...]) -> Survey:
    """Run what `keyturn check` runs, without a network."""
    config = Config()
    if CONFIGURATION in files:
        config = load(files[CONFIGURATION], CONFIGURATION, repository=REPOSITORY)
    return take_survey(
        config,
        World(Checkout(files), Stored(stored)),
        repository=REPOSITORY,
        providers=make_all(config.tokens, TRANSPORT),
        credentials=Credentials({}),
        now=NOW,
    )
