"""What every world of the rotation tests has: a sandbox, a checkout, and a token that is due.

It says what is alive, what is stored and what was ever secret, by the sandbox's own record.
"""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox
from keyturn.sandbox.github_world import Repository

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
REPOSITORY = "octo/app"
WORKFLOW = ".github/workflows/use.yml"
MADE = NOW - timedelta(days=80)
ENDS = date(2026, 12, 3)
_ROTATES = ".github/workflows/rotate.yml"
_BASE = "DEPLOY"


@dataclass(frozen=True, slots=True)
class Issued:
    """A token of the sandbox, whoever made it."""

    id: str
    value: str
    works: bool
    """It is accepted now."""
    ended: bool
    """Somebody asked for its end, or its date has come."""
    beside: str = ""
    """What a pair has beside the value; empty: the id."""


@dataclass(frozen=True, slots=True)
class Place:
    """One collection of secrets that holds the token."""

    yaml: str
    """What stands in the declaration beside the name."""
    prefix: str
    environment: str | None = None
    organization: bool = False
    store: str = "actions"
    repository: str = REPOSITORY


ONE = (Place("", ""),)
MANY = (
    *ONE,
    Place("environment: production, ", "ENV_", environment="production"),
    Place("organization: octo, ", "ORG_", organization=True),
    Place("store: dependabot, ", "BOT_", store="dependabot"),
)
CODESPACES = (
    *ONE,
    Place("store: codespaces, ", "SPACE_", store="codespaces"),
    Place(
        "organization: octo, store: codespaces, ", "SPACES_", organization=True, store="codespaces"
    ),
)
ELSEWHERE = (
    *ONE,
    Place("repository: octo/other, ", "OTHER_", repository="octo/other"),
    Place("repository: partner/tool, ", "PARTNER_", repository="partner/tool"),
)
TWELVE = tuple(Place("", f"COPY_{number}_") for number in range(12))
PLACES: Mapping[str, tuple[Place, ...]] = {
    "one secret": ONE,
    "four secrets": MANY,
    "codespaces": CODESPACES,
    "other repositories": ELSEWHERE,
    "twelve secrets": TWELVE,
}


class World(ABC):
    """A sandbox, a checkout, and the environment of the workflow that rotates."""

    provider: ClassVar[str]
    server: ClassVar[str]
    """The sandbox's name for the provider."""
    strategy: ClassVar[str] = "overlap"
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", ""),)
    """Part -> how the name of the secret that holds it ends."""
    may_lose: ClassVar[bool] = False
    """The one window that cannot be closed (design, 1.1) is accepted."""
    journal_repository: ClassVar[str] = REPOSITORY

    def __init__(self, folder: Path, places: tuple[Place, ...] = ONE) -> None:
        self.folder = folder
        self.places = places
        self.box = Sandbox(NOW)
        self.recovery = RecoveryKey.make()
        self.app = "ghs_" + secrets.token_hex(18)
        self.run_id = 0

    def __enter__(self) -> Self:
        self.box.__enter__()
        github = self.box.github
        github.add_token(self.app, login="keyturn[bot]")
        self.octo = github.add_organization("octo")
        self.repositories: dict[str, Repository] = {}
        for name in (*(place.repository for place in self.places), self.journal_repository):
            self._ensure_repository(name)
        self.repository = self._ensure_repository(REPOSITORY)
        self.first = self.fill()
        self.dead_before = frozenset() if self.first.works else frozenset({self.first.value})
        for place in self.places:
            for part, suffix in self.parts:
                text = self.text_of(self.first, part)
                self.store(place, _name(place, suffix), text, at=MADE + timedelta(minutes=5))
        self._write(".github/keyturn.yml", self._configuration())
        event = {"repository": {"default_branch": "main"}}
        self._write("runner/event.json", json.dumps(event))
        (self.folder / "runner/temporary").mkdir()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.box.__exit__(None, None, None)

    def _ensure_repository(self, name: str) -> Repository:
        if name not in self.repositories:
            files = {WORKFLOW: self._workflow(name)}
            self.repositories[name] = self.box.github.add_repository(name, files=files)
        return self.repositories[name]

    def _write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    @abstractmethod
    def fill(self) -> Issued:
        """Put the token that is due, and whoever manages it, into the sandbox."""

    @abstractmethod
    def declare(self) -> str:
        """Return the lines of the token's declaration that are the provider's."""

    @abstractmethod
    def tokens(self) -> list[Issued]:
        """Return every token that could be the declared one, dead or alive."""

    def given(self) -> Mapping[str, str]:
        """Return what the workflow step is given besides GitHub's and the recovery key."""
        return {}

    def presented_twice(self) -> int:
        """Return how often a spent token was presented to be replaced once more."""
        return 0

    def others(self) -> list[str]:
        """Return further values of the provider's that must never be shown."""
        return []

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a run that starts now, as GitHub's runner makes it."""
        runner = self.folder / "runner"
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.box.github.url,
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_EVENT_PATH": str(runner / "event.json"),
            "GITHUB_OUTPUT": str(runner / "output"),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
            "GITHUB_TOKEN": self.app,
            "GITHUB_WORKSPACE": str(self.folder),
            "KEYTURN_RECOVERY_KEY": self.recovery.text.reveal(),
            "TMPDIR": str(runner / "temporary"),
            **self.given(),
        }

    @contextmanager
    def in_run(self) -> Iterator[None]:
        """Show a workflow run while keyturn works; GitHub notices it when its runner is lost."""
        run = self.repository.add_run(_ROTATES, status="in_progress")
        self.run_id = run.id
        try:
            yield
        finally:
            run.status, run.conclusion = "completed", "success"

    def store(self, place: Place, name: str, value: str, *, at: datetime | None = None) -> None:
        """Write a secret as a person does."""
        if place.organization:
            chosen = [self.repository]
            self.octo.put_secret(
                name, value, at=at, visibility="selected", selected=chosen, store=place.store
            )
        else:
            self.repositories[place.repository].put_secret(
                name, value, at=at, environment=place.environment, store=place.store
            )

    def text_of(self, token: Issued, part: str) -> str:
        """Return what a token has as a part; a pair's secret is `value` whatever it is called."""
        return (token.beside or token.id) if part == self.parts[0][0] != "" else token.value

    def held(self, place: Place) -> dict[str, str]:
        """Return part -> what a job would read from a place now."""
        found = {}
        for part, suffix in self.parts:
            name = _name(place, suffix)
            found[part] = (
                self.octo.secret_value(name, store=place.store)
                if place.organization
                else self.repositories[place.repository].secret_value(
                    name, environment=place.environment, store=place.store
                )
            )
        return found

    def of_place(self, place: Place) -> Issued | None:
        """Return the token that a place holds; None where its parts belong to none."""
        held = self.held(place)
        for token in self.tokens():
            if all(text == self.text_of(token, part) for part, text in held.items()):
                return token
        return None

    def values(self) -> dict[str, str]:
        """Return everything that is secret -> the server that it belongs to; none may be told."""
        mine = [*self.others(), *(token.value for token in self.tokens())]
        keys = {self.app: "github", self.recovery.text.reveal(): ""}
        return {**keys, **dict.fromkeys(mine, self.server)}

    def live_on(self, step: timedelta) -> None:
        """Let time pass, and workflows that read the secrets end well after it."""
        self.box.clock.advance(step)
        for repository in self.repositories.values():
            repository.add_run(WORKFLOW, event="push", jobs=[("deploy", "success")])

    def _configuration(self) -> str:
        secrets_ = ", ".join(
            f"{{ {place.yaml}name: {_name(place, suffix)}{f', part: {part}' if part else ''} }}"
            for place in self.places
            for part, suffix in self.parts
        )
        where = "kind: git-ref"
        if self.journal_repository != REPOSITORY:
            where += f", repository: {self.journal_repository}"
        public = self.recovery.public.text
        return (
            f'version: 1\njournal: {{ {where}, recovery-public-key: "{public}" }}\n'
            'rotation: { allow-destinations: ["partner/tool"] }\n'
            f"tokens:\n  - id: deploy\n    provider: {self.provider}\n{self.declare()}"
            f"    secrets: [{secrets_}]\n"
            f"    rotate: {{ enabled: true, strategy: {self.strategy}{self.more()} }}\n"
        )

    def more(self) -> str:
        """Return what else `rotate:` says."""
        return ""

    def _workflow(self, repository: str) -> str:
        places = [each for each in self.places if each.repository == repository]
        names = [_name(place, suffix) for place in places for _, suffix in self.parts]
        lines = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names)
        return (
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    environment: production\n"
            f"    steps:\n      - run: ./deploy.sh\n        env:\n{lines}"
        )


def _name(place: Place, suffix: str) -> str:
    return f"{place.prefix}{_BASE}{suffix}"
