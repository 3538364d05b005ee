"""What exists on the sandbox's GitHub, and the Python side of it for tests and demonstrations.

It answers no request: the route modules do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from keyturn.sandbox.github_api import Credential, not_found, refuse
from keyturn.sandbox.github_git import Git, Person
from keyturn.sandbox.github_objects import identity
from keyturn.sandbox.github_tracker import Comment, Issue, Tracker
from keyturn.sandbox.github_vault import Shelf, Vault, share, visible
from keyturn.sandbox.server import Clock

STORES = ("actions", "dependabot", "codespaces")
WORKFLOW_FOLDER = ".github/workflows/"


class World:
    """All organizations and repositories."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.organizations: dict[str, Organization] = {}
        self.repositories: dict[str, Repository] = {}
        """By full name in lower case, as organizations are by login."""
        self.credentials: dict[str, Credential] = {}
        """By what a client presents."""
        self._ids = itertools.count(1001)

    def next_id(self) -> int:
        """Return an id that nothing has yet; the same order of calls gives the same ids."""
        return next(self._ids)

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return self.clock.now

    def organization(self, login: str) -> Organization | None:
        """Return an organization, whatever the case of its login."""
        return self.organizations.get(login.lower())

    def repository(self, full_name: str) -> Repository | None:
        """Return a repository, whatever the case of its name."""
        return self.repositories.get(full_name.lower())

    def repository_by_id(self, number: int) -> Repository | None:
        """Return a repository by its id."""
        return next((found for found in self.repositories.values() if found.id == number), None)


@dataclass(slots=True)
class Grant:
    """An organization's consent to a person's fine-grained token."""

    id: int
    token_id: int
    name: str
    owner: str
    permissions: dict[str, dict[str, str]]
    """Category (organization, repository, other) -> permission -> level."""
    granted_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(slots=True)
class DeployKey:
    """An SSH key of one repository."""

    id: int
    title: str
    read_only: bool
    added_by: str | None
    created_at: datetime
    last_used: datetime | None
    enabled: bool = True


class Organization:
    """An organization with its secrets, variables, and rules for personal tokens."""

    def __init__(self, world: World, login: str) -> None:
        self.login = login
        self.id = identity("user", login)
        self.created_at = world.now()
        self.vaults = {store: Vault(f"{login}:{store}", quota=1000) for store in STORES}
        self.variables = Shelf(f"{login}:variables", quota=1000)
        self.grants: dict[int, Grant] = {}
        self.members = {"octocat": "admin"}
        """Login -> admin or member."""
        self.invited: set[str] = set()
        self.shown: set[str] = set()
        """Members who show themselves to everybody."""
        self.longest_lifetime: timedelta | None = None
        """What personal tokens may live; None: for ever."""
        self.takes_classic_tokens = True
        self._world = world

    def add_grant(
        self,
        name: str,
        *,
        owner: str = "octocat",
        permissions: Mapping[str, Mapping[str, str]] | None = None,
        expires_at: datetime | None = None,
        last_used_at: datetime | None = None,
        at: datetime | None = None,
    ) -> Grant:
        """Let a person's fine-grained token in, granted at `at` (default: now)."""
        chosen = permissions or {"repository": {"metadata": "read"}}
        grant = Grant(
            self._world.next_id(),
            self._world.next_id(),
            name,
            owner,
            {category: dict(areas) for category, areas in chosen.items()},
            at or self._world.now(),
            expires_at,
            last_used_at,
        )
        self.grants[grant.id] = grant
        return grant

    def check_policies(self, credential: Credential) -> None:
        """Refuse a personal token that lives too long, or is of a sort that is not let in."""
        if credential.kind != "pat":
            return
        # as quoted in mislav/hub#3363 and NixOS/org#247
        if not (credential.fine_grained or self.takes_classic_tokens):
            raise refuse(
                403,
                f"`{self.login}` forbids access via a personal access token (classic). Please use a"
                " GitHub App, OAuth App, or a personal access token with fine-grained permissions.",
            )
        limit, ends, made = self.longest_lifetime, credential.expires, credential.made_at
        if limit is None or (ends and made and ends - made <= limit):
            return
        sort = "fine-grained personal access tokens"
        sort = sort if credential.fine_grained else "personal access tokens (classic)"
        raise refuse(
            403,
            f"The '{self.login}' organization forbids access via a {sort} if the token's lifetime"
            f" is greater than {limit.days} days. Please adjust your token's lifetime at the"
            " following URL: https://github.com/settings/tokens",
        )

    def put_secret(
        self,
        name: str,
        value: str,
        *,
        visibility: str = "all",
        selected: Iterable[Repository] = (),
        store: str = "actions",
        at: datetime | None = None,
    ) -> None:
        """Store a secret as if it had been written at `at` (default: now)."""
        vault = self.vaults[store]
        vault.put(name, value, at=at or self._world.now())
        share(vault.entries[name.upper()], visibility, {chosen.id for chosen in selected})

    def secret_value(self, name: str, *, store: str = "actions") -> str:
        """Return a stored value, which no request can."""
        return self.vaults[store].entries[name.upper()].value


class Environment:
    """A deployment environment with its secrets and variables."""

    def __init__(self, world: World, repository: str, name: str) -> None:
        self.id = world.next_id()
        self.name = name
        self.created_at = world.now()
        self.path = quote(name, safe="")
        """The name as it stands in URLs."""
        self.vault = Vault(f"{repository}[{name}]")
        self.variables = Shelf(f"{repository}[{name}]:variables", quota=100)


@dataclass(slots=True)
class Job:
    """A job of a run."""

    id: int
    name: str
    status: str = "completed"
    conclusion: str | None = "success"
    steps: list[tuple[str, str]] = field(default_factory=list)
    """Names and conclusions."""
    log: str | None = None
    """None: it is gone by now."""


@dataclass(slots=True)
class Run:
    """A workflow run; its state is set from Python."""

    id: int
    number: int
    path: str
    """The workflow's file."""
    event: str
    status: str
    conclusion: str | None
    branch: str
    sha: str
    created_at: datetime
    updated_at: datetime
    actor: str
    jobs: list[Job] = field(default_factory=list)
    fork: str = ""
    """The repository that its commit comes from, where that is another one."""


class Repository:
    """A repository with everything in it."""

    def __init__(
        self,
        world: World,
        full_name: str,
        *,
        private: bool,
        default_branch: str,
        has_issues: bool,
        collaborators: Mapping[str, str],
    ) -> None:
        self.id = world.next_id()
        self.full_name = full_name
        self.owner, self.name = full_name.split("/")
        self.private = private
        self.default_branch = default_branch
        self.has_issues = has_issues
        self.collaborators = dict(collaborators)
        """Login -> admin, maintain, write, triage or read."""
        self.created_at = self.pushed_at = world.now()
        self.vaults = {store: Vault(f"{full_name}:{store}") for store in STORES}
        self.variables = Shelf(f"{full_name}:variables", quota=500)
        self.environments: dict[str, Environment] = {}
        """By name in lower case."""
        self.tracker = Tracker(world.next_id, world.now)
        self.git = Git()
        self.runs: dict[int, Run] = {}
        self.deploy_keys: dict[int, DeployKey] = {}
        self.workflow_states: dict[str, str] = {}
        """Path -> `disabled_inactivity`, …; a workflow that is not named is active."""
        self._world = world

    @property
    def organization(self) -> Organization | None:
        """The organization that owns it; None for a person's repository."""
        return self._world.organization(self.owner)

    @property
    def issues(self) -> dict[int, Issue]:
        """Issues and pull requests by number."""
        return self.tracker.issues

    def comments(self, number: int) -> list[Comment]:
        """Return an issue's comments, the oldest first."""
        return self.tracker.issues[number].comments

    def shared_entries(self, shelf: Shelf) -> Shelf:
        """Return what of an organization's collection this repository may use."""
        shared = Shelf(shelf.label, quota=shelf.quota)
        shared.entries = {
            name: entry
            for name, entry in shelf.entries.items()
            if visible(entry, self.id, private=self.private)
        }
        return shared

    def add_environment(self, name: str) -> Environment:
        """Make an environment, or return the one there is."""
        known = self.environments.get(name.lower())
        if known:
            return known
        made = Environment(self._world, self.full_name, name)
        self.environments[name.lower()] = made
        return made

    def find_environment(self, name: str) -> Environment:
        """Return an environment, or refuse with 404."""
        found = self.environments.get(name.lower())
        if not found:
            raise not_found()
        return found

    def add_deploy_key(
        self,
        title: str,
        *,
        read_only: bool = True,
        added_by: str | None = "octocat",
        last_used: datetime | None = None,
        at: datetime | None = None,
    ) -> DeployKey:
        """Add an SSH key as if at `at` (default: now)."""
        number, made = self._world.next_id(), at or self._world.now()
        key = DeployKey(number, title, read_only, added_by, made, last_used)
        self.deploy_keys[number] = key
        return key

    def put_secret(
        self,
        name: str,
        value: str,
        *,
        environment: str | None = None,
        store: str = "actions",
        at: datetime | None = None,
    ) -> None:
        """Store a secret as if it had been written at `at` (default: now)."""
        vault = self.add_environment(environment).vault if environment else self.vaults[store]
        vault.put(name, value, at=at or self._world.now())

    def secret_value(
        self, name: str, *, environment: str | None = None, store: str = "actions"
    ) -> str:
        """Return a stored value, which no request can."""
        vault = self.environments[environment.lower()].vault if environment else self.vaults[store]
        return vault.entries[name.upper()].value

    def write_file(self, path: str, text: str) -> str:
        """Commit a file to the default branch and return the commit's id."""
        return self.write_files({path: text})

    def write_files(self, files: Mapping[str, str]) -> str:
        """Commit files to the default branch at once and return the commit's id."""
        person = Person("octocat", "octocat@sandbox.invalid", self._world.now())
        self.pushed_at = self._world.now()
        return self.git.commit_files(
            f"refs/heads/{self.default_branch}",
            {path: text.encode() for path, text in files.items()},
            message=f"Write {', '.join(files)}",
            by=(person, person),
        )

    def add_run(
        self,
        path: str,
        *,
        status: str = "completed",
        conclusion: str | None = "success",
        event: str = "schedule",
        jobs: Sequence[tuple[str, str]] = (),
        at: datetime | None = None,
    ) -> Run:
        """Add a run of a workflow file, begun at `at`; `jobs` are names and conclusions."""
        number = self._world.next_id()
        at = at or self._world.now()
        head = self.git.refs.get(f"refs/heads/{self.default_branch}", "0" * 40)
        ended = conclusion if status == "completed" else None
        run = Run(
            number, len(self.runs) + 1, path, event, status, ended,
            self.default_branch, head, at, at, "octocat",
        )  # fmt: skip
        run.jobs = [Job(self._world.next_id(), name, status, word) for name, word in jobs]
        self.runs[number] = run
        return run
