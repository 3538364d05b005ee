"""What exists on the sandbox's GitHub, and the Python side of it for tests and demonstrations.

It answers no request: the route modules do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from keyturn.sandbox.github_api import not_found
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


class Organization:
    """An organization with its secrets and variables."""

    def __init__(self, world: World, login: str) -> None:
        self.login = login
        self.id = identity("user", login)
        self.created_at = world.now()
        self.vaults = {store: Vault(f"{login}:{store}", quota=1000) for store in STORES}
        self.variables = Shelf(f"{login}:variables", quota=1000)
        self._world = world

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
