"""Tries which of the rights that keyturn asks for a credential has, by reading one row of each.

A right to write cannot be tried without writing; whoever reports says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused
from keyturn.github.answer import missing_is_forbidden
from keyturn.github.client import Client, api_path, repository_facts, repository_path
from keyturn.github.members import GitHubMembers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a configuration has keyturn do at GitHub."""

    repository: str
    tracker: str = ""
    """Where issues go; empty: nowhere."""
    organizations: tuple[str, ...] = ()
    """Whose own secrets are declared."""
    members: bool = False
    """A person is named as an owner."""
    journal: str = ""
    """The repository of the journal; empty: there is none at GitHub."""
    rotates: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """One right, and what became of the try."""

    name: str
    """As GitHub calls it, with the access that keyturn needs."""
    purpose: str
    required: bool
    """Without it something that is configured does not work."""
    error: PlatformError | None = None

    @property
    def lacking(self) -> bool:
        """Whether GitHub refused the try for want of the right."""
        return isinstance(self.error, NotPermitted)


def try_rights(client: Client, wanted: Wanted) -> Iterator[Right]:
    """Yield every right that the configuration makes use of, in the order of need.

    Raises PlatformError where GitHub does not know the credential or the repository at all.
    """
    facts = repository_facts(client, wanted.repository)
    for name, purpose, required, path in _list(client, wanted):
        yield Right(name, purpose, required, _try(client, path, name))
    organization = facts.organization
    if wanted.members and organization:
        members = GitHubMembers(client, wanted.repository, url="")
        yield Right(
            "organization members: read",
            "whether an owner has left",
            False,
            _attempt(lambda: members.prove_readable(organization)),
        )


def _list(client: Client, wanted: Wanted) -> Iterator[tuple[str, str, bool, str]]:
    """Yield name, purpose, whether it is required, and what shows whether it is there."""

    def here(*parts: str) -> str:
        return repository_path(wanted.repository, *parts)

    access = "write" if wanted.rotates else "read"
    yield (
        f"Secrets: {access}",
        "the names and dates of stored secrets" + (", and new values" if wanted.rotates else ""),
        True,
        here("actions", "secrets"),
    )
    yield "Actions: read", "environments, runs and schedules", True, here("environments")
    environment = _find_environment(client, here("environments"))
    if environment:
        path = here("environments", environment, "secrets")
        purpose = "the names and dates of environments' secrets"
        yield f"Environments: {access}", purpose, True, path
    yield (
        "Dependabot secrets: read",
        "the names and dates of Dependabot's secrets",
        False,
        here("dependabot", "secrets"),
    )
    for owner in wanted.organizations:
        path = api_path("orgs", owner, "actions", "secrets")
        # Those that the repository sees are listed with its own right.
        purpose = f"the declared secrets of {owner} that the repository does not see"
        yield f"organization secrets: {access}", purpose, wanted.rotates, path
    if wanted.tracker:
        path = repository_path(wanted.tracker, "issues")
        yield "Issues: write", f"the issues in {wanted.tracker}", True, path
    if wanted.journal:
        path = repository_path(wanted.journal, "commits")
        yield "Contents: write", f"the journal in {wanted.journal}", wanted.rotates, path
        path = here("actions", "variables")
        yield "Variables: write", "sealed records of new values", wanted.rotates, path


def _find_environment(client: Client, path: str) -> str | None:
    try:
        data = client.get(path, per_page=1)
    except PlatformError:
        return None  # said of the list itself
    rows = data.get("environments") if isinstance(data, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    name = first.get("name") if isinstance(first, dict) else None
    return name if isinstance(name, str) and name else None


def _try(client: Client, path: str, needs: str) -> PlatformError | None:
    def read() -> None:
        with missing_is_forbidden(path, needs):
            client.get(path, needs=needs, per_page=1)

    return _attempt(read)


def _attempt(read: Callable[[], object]) -> PlatformError | None:
    try:
        read()
    except PlatformRefused as error:
        # 409: an empty repository; 410: issues are switched off. Neither is a matter of rights.
        return None if error.status in (409, 410) else error
    except PlatformError as error:
        return error
    return None
