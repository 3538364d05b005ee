"""Finds out which owners have left the organization, and says so where that cannot be asked.

Imports interfaces only: the commands hand in GitHub. What it means, `rules.owners` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.errors import NotPermitted, PlatformError, PlatformRejected
from keyturn.interfaces import Members
from keyturn.model import Failure, FailureKind, Finding, Inspected, Inventory
from keyturn.rules.owners import OWNER_GONE, find_leavers, find_people

MOST_ASKED = 20
"""People asked about in one run, each with one or two requests."""

_NOT_ASKED = frozenset({OWNER_GONE})


@dataclass(frozen=True, slots=True)
class Leavers:
    """What could be said of the owners."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    unevaluated: frozenset[str] = frozenset()
    """The rule, where somebody is named of whom nothing is known."""


def look_for_leavers(
    members: Members | None, tokens: Sequence[Inspected], inventory: Inventory
) -> Leavers:
    """Ask about every person who is named as an owner, once; about the first of many only."""
    repository, url = inventory.repository, members.url if members else ""
    people = find_people(tokens, repository, url=url)
    if not people:
        return Leavers()
    # Where GitHub does not answer, or does not know the credential, that was said already.
    silent = {FailureKind.CREDENTIAL_REJECTED, FailureKind.GITHUB_UNAVAILABLE}
    if members is None or any(failure.kind in silent for failure in inventory.failures):
        return Leavers(unevaluated=_NOT_ASKED)
    try:
        gone = members.find_gone(people[:MOST_ASKED])
    except NotPermitted as error:
        message = f"whether the owners of tokens still belong to it was not asked: {error.told}"
        kind = FailureKind.NOT_PERMITTED
        return Leavers((), (Failure(kind, repository, message),), _NOT_ASKED)
    except PlatformError as error:
        rejected = isinstance(error, PlatformRejected)
        kind = FailureKind.CREDENTIAL_REJECTED if rejected else FailureKind.GITHUB_UNAVAILABLE
        return Leavers((), (Failure(kind, repository, error.told),), _NOT_ASKED)
    found = find_leavers(tokens, repository, gone, url=url)
    return Leavers(tuple(found), (), _NOT_ASKED if people[MOST_ASKED:] else frozenset())
