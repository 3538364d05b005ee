"""Joins what GitHub stores, what workflows read and what the configuration declares.

Asks GitHub one collection at a time; what may not be listed becomes a failure and the rest goes
on. It decides nothing about tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from keyturn.errors import NotPermitted, PlatformError, PlatformRejected
from keyturn.interfaces import SecretStore
from keyturn.levels import find_holders, is_readable, why_withheld
from keyturn.model import (
    Failure,
    FailureKind,
    Inventory,
    Level,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Store,
    Token,
    Use,
    Uses,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listing:
    """What GitHub was willing to list."""

    secrets: tuple[Secret, ...] = ()
    scopes: frozenset[Scope] = frozenset()
    """Collections whose whole list was read."""
    complete: bool = False
    """Every collection a workflow of the repository can read from was listed."""
    failures: tuple[Failure, ...] = ()
    visible: frozenset[SecretRef] | None = None
    """The organization secrets that the repository sees; None where they may not be listed."""


def list_secrets(store: SecretStore, repository: str, tokens: Sequence[Token]) -> Listing:
    """Ask GitHub for the names and dates of every secret that matters to one repository.

    Those are the repository's own, its environments', the organization's that it sees, its
    Dependabot secrets, and the collections that a declared token names elsewhere.
    """
    owner, _, name = repository.partition("/")
    lister = _Lister(store, repository)
    lister.collect(Scope(owner, name))
    environments = lister.ask("environments", lambda: store.list_environments(owner, name))
    for environment in environments or ():
        lister.collect(Scope(owner, name, environment))
    # One call shows every organization secret that the repository's workflows can read.
    visible = lister.ask(
        "visible organization secrets", lambda: store.list_visible_organization_secrets(owner, name)
    )
    lister.take(visible or ())
    complete = not lister.refused and not lister.failures
    lister.collect(Scope(owner, name, store=Store.DEPENDABOT))
    known = {secret.ref for secret in lister.secrets}
    declared = dict.fromkeys(part.ref for token in tokens for part in token.secrets)
    for ref in declared:
        scope = ref.scope
        # An environment that the complete list lacks is no place to ask for.
        nowhere = complete and scope.level is Level.ENVIRONMENT and scope.is_of(repository)
        if ref not in known and not nowhere:
            lister.collect(scope)
    listing = lister.result(complete=complete)
    return listing if visible is None else replace(listing, visible=_refs(visible))


def _refs(secrets: Iterable[Secret]) -> frozenset[SecretRef]:
    return frozenset(secret.ref for secret in secrets)


@dataclass(slots=True)
class _Lister:
    """Collects lists, and what stands in their way."""

    store: SecretStore
    repository: str
    secrets: list[Secret] = field(default_factory=list)
    scopes: set[Scope] = field(default_factory=set)
    asked: set[Scope] = field(default_factory=set)
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """Owner and name of repositories whose environments' secrets may not be listed."""
    refused: dict[str, NotPermitted] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    rejected: bool = False

    def collect(self, scope: Scope) -> None:
        what = f"{scope.level} secrets"
        if scope.store is not Store.ACTIONS:
            what = f"{scope.store} {what}"
        environments = (scope.owner, scope.repository)
        if scope in self.asked or (scope.environment and environments in self.forbidden):
            return  # the right is one for all environments of a repository
        self.asked.add(scope)
        found = self.ask(what, lambda: self.store.list_secrets(scope))
        if found is not None:
            self.scopes.add(scope)
            self.take(found)
        elif scope.environment and what in self.refused:
            self.forbidden.add(environments)

    def take(self, secrets: Iterable[Secret]) -> None:
        known = {secret.ref for secret in self.secrets}
        self.secrets += [secret for secret in secrets if secret.ref not in known]

    def ask(self, what: str, question: Callable[[], _T]) -> _T | None:
        if self.rejected:
            return None
        try:
            return question()
        except NotPermitted as error:
            self.refused[what] = error
        except PlatformError as error:
            self.rejected = isinstance(error, PlatformRejected)
            kind = (
                FailureKind.CREDENTIAL_REJECTED if self.rejected else FailureKind.GITHUB_UNAVAILABLE
            )
            self.failures.append(Failure(kind, self.repository, error.told))
        return None

    def result(self, *, complete: bool) -> Listing:
        failures = list(dict.fromkeys(self.failures))
        if self.refused:
            # Said once, however many lists were refused.
            hints = dict.fromkeys(error.hint for error in self.refused.values() if error.hint)
            needs = ", ".join(hint.removeprefix("it needs ") for hint in hints)
            message = (
                "not every list of secrets may be seen with this credential (refused: "
                f"{', '.join(self.refused)}), so the rules that compare them are silent. A GitHub "
                "App's token can have the rights"
            )
            told = f"{message}: it needs {needs}" if needs else message
            failures.append(Failure(FailureKind.NOT_PERMITTED, self.repository, told))
        return Listing(tuple(self.secrets), frozenset(self.scopes), complete, tuple(failures))


def build_inventory(
    repository: str,
    *,
    listing: Listing,
    uses: Uses,
    tokens: Sequence[Token],
    is_ignored: Callable[[str], bool],
) -> Inventory:
    """Join the three sides; `is_ignored` says whether an `ignore` entry covers a secret's name."""
    owners = {part.ref: token.id for token in tokens for part in token.secrets}
    listed = {secret.ref: secret for secret in listing.secrets}
    lines = list(listed.values())
    for ref in owners.keys() - listed.keys():
        seen = _was_listed(ref, listing, repository)
        lines.append(Secret(ref, present=False if seen else None))
    lines = [
        replace(
            line,
            declared_by=owners.get(line.ref),
            ignored=is_ignored(line.ref.name),
            withheld=_why_withheld(repository, line, listing),
        )
        for line in lines
    ]
    by_name: dict[str, list[Secret]] = {}
    for line in lines:
        by_name.setdefault(line.ref.name, []).append(line)
    read: dict[SecretRef, list[Use]] = {}
    for use in uses.uses:
        for secret in find_holders(repository, by_name.get(use.name, []), use):
            read.setdefault(secret.ref, []).append(use)
    places = _passed_on(repository, by_name, uses)
    joined = (
        replace(
            line,
            uses=tuple(read.get(line.ref, ())),
            references=_in_order([u.reference for u in read.get(line.ref, ())], places, line.ref),
        )
        for line in lines
    )
    return Inventory(
        repository=repository,
        secrets=tuple(sorted(joined, key=lambda secret: secret.ref)),
        complete=listing.complete,
        ignored_names=frozenset(use.name for use in uses.uses if is_ignored(use.name)),
        uses=uses,
        failures=listing.failures,
    )


def _why_withheld(repository: str, line: Secret, listing: Listing) -> str:
    return "" if listing.visible is None else why_withheld(repository, line, listing.visible)


def _was_listed(ref: SecretRef, listing: Listing, repository: str) -> bool:
    if ref.scope in listing.scopes:
        return True
    # An environment that GitHub does not list holds no secret.
    return ref.scope.is_of(repository) and ref.level is Level.ENVIRONMENT and listing.complete


def _passed_on(
    repository: str, by_name: dict[str, list[Secret]], uses: Uses
) -> dict[SecretRef, list[Reference]]:
    """Places that name a secret which no job reads there: handed on, or in a file nobody starts."""
    read = {use.reference for use in uses.uses}
    places: dict[SecretRef, list[Reference]] = {}
    for reference in uses.references:
        if reference in read or not reference.name:
            continue
        for secret in by_name.get(reference.name, ()):
            if is_readable(repository, secret.ref) and not secret.withheld:
                places.setdefault(secret.ref, []).append(reference)
    return places


def _in_order(
    read: list[Reference], places: dict[SecretRef, list[Reference]], ref: SecretRef
) -> tuple[Reference, ...]:
    every = dict.fromkeys([*read, *places.get(ref, ())])
    return tuple(sorted(every, key=lambda place: (place.path, place.line, place.column)))
