"""Sandboxes with one token that is due, and every secret that holds it; one class a provider.

They say what is alive, what is stored and what was ever secret, by the sandbox's own record.
"""

from __future__ import annotations

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
REPOSITORY = "octo/app"
WORKFLOW = ".github/workflows/use.yml"
_MADE = NOW - timedelta(days=80)
_ENDS = date(2026, 12, 3)
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


@dataclass(frozen=True, slots=True)
class Place:
    """One collection of secrets that holds the token."""

    yaml: str
    """What stands in the declaration beside the name."""
    prefix: str
    environment: str | None = None
    organization: bool = False
    store: str = "actions"


ONE = (Place("", ""),)
MANY = (
    *ONE,
    Place("environment: production, ", "ENV_", environment="production"),
    Place("organization: octo, ", "ORG_", organization=True),
    Place("store: dependabot, ", "BOT_", store="dependabot"),
)


class World(ABC):
    """A sandbox, a checkout, and the environment of the workflow that rotates."""

    provider: ClassVar[str]
    strategy: ClassVar[str] = "overlap"
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", ""),)
    """Part -> how the name of the secret that holds it ends."""
    may_lose: ClassVar[bool] = False
    """The one window that cannot be closed (design, 1.1) is accepted."""

    def __init__(self, folder: Path, places: tuple[Place, ...] = ONE) -> None:
        self.folder = folder
        self.places = places
        self.box = Sandbox(NOW)
        self.recovery = RecoveryKey.make()
        self.app = "ghs_" + secrets.token_hex(18)

    def __enter__(self) -> Self:
        self.box.__enter__()
        github = self.box.github
        github.add_token(self.app, login="keyturn[bot]")
        self.octo = github.add_organization("octo")
        self.repository = github.add_repository(REPOSITORY, files={WORKFLOW: self._workflow()})
        self.first = self.fill()
        for place in self.places:
            for _part, suffix in self.parts:
                text = self.first.id if suffix == "_ID" else self.first.value
                self.store(place, _name(place, suffix), text, at=_MADE + timedelta(minutes=5))
        path = self.folder / ".github/keyturn.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._configuration(), encoding="utf-8")
        return self

    def __exit__(self, *_exception: object) -> None:
        self.box.__exit__(None, None, None)

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
        """Return further values that must never be shown."""
        return []

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a run that starts now."""
        return {
            "GITHUB_API_URL": self.box.github.url,
            "GITHUB_TOKEN": self.app,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(self.folder),
            "KEYTURN_RECOVERY_KEY": self.recovery.text.reveal(),
            **self.given(),
        }

    def store(self, place: Place, name: str, value: str, *, at: datetime | None = None) -> None:
        """Write a secret as a person does."""
        if place.organization:
            known = {"visibility": "selected", "selected": [self.repository]}
            self.octo.put_secret(name, value, at=at, **known)  # type: ignore[arg-type]
        else:
            where = {"environment": place.environment, "store": place.store}
            self.repository.put_secret(name, value, at=at, **where)  # type: ignore[arg-type]

    def held(self, place: Place) -> dict[str, str]:
        """Return part -> what a job would read from a place now."""
        found = {}
        for part, suffix in self.parts:
            name = _name(place, suffix)
            found[part] = (
                self.octo.secret_value(name)
                if place.organization
                else self.repository.secret_value(
                    name, environment=place.environment, store=place.store
                )
            )
        return found

    def of_place(self, place: Place) -> Issued | None:
        """Return the token that a place holds; None where its parts belong to none."""
        held = self.held(place)
        for token in self.tokens():
            if all(text == (token.id if part else token.value) for part, text in held.items()):
                return token
        return None

    def values(self) -> list[str]:
        """Return everything that is secret."""
        keys = [self.app, self.recovery.text.reveal()]
        return [*keys, *self.others(), *(token.value for token in self.tokens())]

    def live_on(self, step: timedelta) -> None:
        """Let time pass, and a workflow that reads the secrets end well after it."""
        self.box.clock.advance(step)
        self.repository.add_run(WORKFLOW, event="push", jobs=[("deploy", "success")])

    def _configuration(self) -> str:
        secrets_ = ", ".join(
            f"{{ {place.yaml}name: {_name(place, suffix)}{f', part: {part}' if part else ''} }}"
            for place in self.places
            for part, suffix in self.parts
        )
        public = self.recovery.public.text
        return (
            f'version: 1\njournal: {{ kind: git-ref, recovery-public-key: "{public}" }}\n'
            f"tokens:\n  - id: deploy\n    provider: {self.provider}\n{self.declare()}"
            f"    secrets: [{secrets_}]\n"
            f"    rotate: {{ enabled: true, strategy: {self.strategy}{self.more()} }}\n"
        )

    def more(self) -> str:
        """Return what else `rotate:` says."""
        return ""

    def _workflow(self) -> str:
        names = [_name(place, suffix) for place in self.places for _, suffix in self.parts]
        lines = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names)
        return (
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    environment: production\n"
            f"    steps:\n      - run: ./deploy.sh\n        env:\n{lines}"
        )


def _name(place: Place, suffix: str) -> str:
    return f"{place.prefix}{_BASE}{suffix}"


_ROTATE = re.compile(r"/access_tokens/(\d+|self)/rotate$")


class GitLab(World):
    """A project's access token, and a manager beside it."""

    provider = "gitlab"

    def fill(self) -> Issued:
        gitlab = self.box.gitlab
        gitlab.add_project(42, "acme/tools")
        gitlab.create_token("project", "ci", project=42, expires_on=_ENDS, created_at=_MADE)
        self.manager = gitlab.create_token(name="manager")
        return self.tokens()[0]

    def declare(self) -> str:
        where = f'url: "{self.box.gitlab.url}", kind: project, project: 42, token: ci'
        return f"    with: {{ {where} }}\n    credential: MANAGER\n"

    def given(self) -> Mapping[str, str]:
        return {"MANAGER": self.manager.value}

    def others(self) -> list[str]:
        return [self.manager.value]

    def tokens(self) -> list[Issued]:
        gitlab = self.box.gitlab
        return [
            Issued(str(t.id), t.value, t.is_active(gitlab.now), not t.is_active(gitlab.now))
            for t in gitlab.tokens
            if t.kind == "project"
        ]

    def presented_twice(self) -> int:
        """Count rotate calls of tokens that had been swapped, by id or by value."""
        gitlab, spent, twice = self.box.gitlab, set(), self.box.gitlab.families_revoked
        by_value = {token.value: str(token.id) for token in gitlab.tokens}
        for exchange in gitlab.server.exchanges:
            match = _ROTATE.search(exchange.request.path)
            if not match:
                continue
            presented = exchange.request.headers.get("private-token", "")
            token_id = by_value.get(presented, "") if match[1] == "self" else match[1]
            twice += token_id in spent
            if exchange.response.status < 300:
                spent.add(token_id)
        return twice


class GitLabInPlace(GitLab):
    """The same, swapped by its manager."""

    strategy = "in-place"


class GitLabAlone(GitLab):
    """A token that is swapped with nothing but its own value: its window is accepted."""

    strategy = "in-place"
    may_lose = True

    def declare(self) -> str:
        return super().declare().replace("credential: MANAGER", "value: OWN")

    def given(self) -> Mapping[str, str]:
        return {"OWN": self.held(self.places[0])[""]}

    def more(self) -> str:
        return ", accept-loss: { because: it is a sandbox }"


class SailPoint(World):
    """A personal access token, and another one of its owner's as the manager."""

    provider = "sailpoint"
    parts = (("client-id", "_ID"), ("", "_SECRET"))

    def fill(self) -> Issued:
        tenant = self.box.sailpoint
        owner = tenant.add_identity("ci-robot", admin=True)
        self.manager = tenant.create_pat("manager", owner=owner)
        ends = datetime.combine(_ENDS, NOW.timetz())
        tenant.create_pat("ci", owner=owner, created_at=_MADE, expires_at=ends)
        self._seen: dict[str, str] = {}
        return self.tokens()[0]

    def declare(self) -> str:
        url = self.box.sailpoint.server.url
        pair = "client-id: MANAGER_ID, client-secret: MANAGER_SECRET"
        return f'    with: {{ url: "{url}", token: ci, owner: me }}\n    credential: {{ {pair} }}\n'

    def given(self) -> Mapping[str, str]:
        return {"MANAGER_ID": self.manager.id, "MANAGER_SECRET": self.manager.secret}

    def others(self) -> list[str]:
        return [self.manager.secret, *(jwt.value for jwt in self.box.sailpoint.jwts)]

    def tokens(self) -> list[Issued]:
        tenant = self.box.sailpoint
        alive = {pat.id: pat for pat in tenant.pats if pat is not self.manager}
        self._seen |= {pat.id: pat.secret for pat in alive.values()}
        living = {id for id, pat in alive.items() if pat.is_alive(tenant.now)}
        return [
            Issued(id, value, id in living, id not in living) for id, value in self._seen.items()
        ]


class SailPointExtend(SailPoint):
    """The same, whose date is moved."""

    strategy = "extend"


class Synoptic(World):
    """A token without name or id, and the account's key."""

    provider = "synoptic"

    def fill(self) -> Issued:
        self.account = self.box.synoptic.add_account()
        ends = datetime.combine(_ENDS, NOW.timetz())
        self.box.synoptic.create_token(self.account, expires_at=ends, settings=("weather",))
        return self.tokens()[0]

    def declare(self) -> str:
        return (
            f'    with: {{ url: "{self.box.synoptic.url}" }}\n    value: OWN\n'
            f"    credential: ACCOUNT\n    expires: {_ENDS}\n"
        )

    def more(self) -> str:
        return ", lifetime: 90d"

    def given(self) -> Mapping[str, str]:
        return {"ACCOUNT": self.account.key, "OWN": self.held(self.places[0])[""]}

    def others(self) -> list[str]:
        return [self.account.key]

    def tokens(self) -> list[Issued]:
        service = self.box.synoptic
        return [
            Issued(t.value, t.value, service.is_alive(t), not service.is_alive(t))
            for t in service.tokens
        ]


class Aws(World):
    """An access key of one user, managed by another user's."""

    provider = "aws-iam"
    parts = (("access-key-id", "_ID"), ("secret-access-key", "_SECRET"))

    def fill(self) -> Issued:
        account = self.box.aws_iam
        self.manager = account.create_key(account.add_user("manager"))
        self.user = account.add_user("ci")
        account.create_key(self.user, created_at=NOW - timedelta(days=300))
        return self.tokens()[0]

    def declare(self) -> str:
        pair = "access-key-id: MANAGER_ID, secret-access-key: MANAGER_SECRET"
        return (
            f'    with: {{ url: "{self.box.aws_iam.url}", user: ci }}\n'
            f"    credential: {{ {pair} }}\n"
        )

    def given(self) -> Mapping[str, str]:
        return {"MANAGER_ID": self.manager.id, "MANAGER_SECRET": self.manager.secret}

    def others(self) -> list[str]:
        return [self.manager.secret]

    def held(self, place: Place) -> dict[str, str]:
        found = super().held(place)
        return {"access-key-id": found["access-key-id"], "": found["secret-access-key"]}

    def tokens(self) -> list[Issued]:
        account = self.box.aws_iam
        return [
            Issued(key.id, key.secret, account.is_alive(key), key.deleted or not key.active)
            for key in account.keys
            if key.user == self.user
        ]


class Azure(World):
    """A PAT of a person who is signed in."""

    provider = "azure-devops"

    def fill(self) -> Issued:
        azure = self.box.azure_devops
        self.person = azure.add_user("alice@acme.example")
        ends = datetime.combine(_ENDS, NOW.timetz())
        azure.create_pat("ci", owner=self.person, valid_from=_MADE, valid_to=ends)
        return self.tokens()[0]

    def declare(self) -> str:
        where = f'url: "{self.box.azure_devops.server.url}", organization: acme, token: ci'
        return f"    with: {{ {where} }}\n    credential: SIGNED_IN\n"

    def given(self) -> Mapping[str, str]:
        return {"SIGNED_IN": self.box.azure_devops.sign_in(self.person).value}

    def others(self) -> list[str]:
        return [token.value for token in self.box.azure_devops.entra_tokens]

    def tokens(self) -> list[Issued]:
        azure = self.box.azure_devops
        return [
            Issued(pat.id, pat.value, azure.is_accepted(pat), azure.state_of(pat) != "active")
            for pat in azure.pats
        ]


class AzureExtend(Azure):
    """The same, whose date is moved."""

    strategy = "extend"


WORLDS: dict[str, type[World]] = {
    "gitlab overlap": GitLab,
    "gitlab in-place": GitLabInPlace,
    "gitlab in-place, alone": GitLabAlone,
    "sailpoint overlap": SailPoint,
    "sailpoint extend": SailPointExtend,
    "synoptic overlap": Synoptic,
    "aws-iam overlap": Aws,
    "azure-devops overlap": Azure,
    "azure-devops extend": AzureExtend,
}
