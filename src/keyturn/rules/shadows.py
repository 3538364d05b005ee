"""PURE: `shadowed`, about declared copies whose renewal would change nothing for a job here.

It says nothing where a list could not be seen, or where nobody can tell which secret a job gets.
Codespaces' secrets are for people, of whom no workflow tells which they read: never mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyturn.levels import find_given, is_readable, reaches
from keyturn.model import Finding, Inspected, Inventory, Level, Secret, State, Store, Use
from keyturn.plain import name_some
from keyturn.rules import SEVERITIES

_MOST_JOBS = 3
_ASKS_WHO = re.compile(r"dependabot|actor|user\.login|triggering", re.IGNORECASE)
"""A condition with one of these may keep Dependabot out."""


def find_shadowed(tokens: Sequence[Inspected], inventory: Inventory) -> Iterator[Finding]:
    """Yield one finding for each token of which a copy lies in another secret's shadow."""
    if not inventory.complete:
        return
    given = find_given(inventory)
    for inspected in tokens:
        if inspected.status.state is not State.UNKNOWN:
            yield from _about(inspected.token.id, inventory, given)


@dataclass(frozen=True, slots=True)
class _Shadow:
    """A declared copy, the secret that some jobs get in its place, and these jobs."""

    copy: Secret
    other: Secret
    uses: tuple[Use, ...]


def _about(
    token: str, inventory: Inventory, given: Mapping[Use, Sequence[Secret]]
) -> Iterator[Finding]:
    copies = [
        secret
        for secret in inventory.secrets
        if secret.declared_by == token and secret.present and not secret.ignored
    ]
    shadows = [
        shadow
        for copy in copies
        for shadow in _cast(copy, inventory, given)
        if _is_news(shadow, inventory)
    ]
    told = [_describe(shadow) for shadow in shadows]
    told += [text for copy in copies for text in _for_dependabot(copy, inventory)]
    if told:
        places = {use.reference: None for shadow in shadows for use in shadow.uses}
        yield Finding(
            "shadowed", SEVERITIES["shadowed"], token, "; ".join(told), references=tuple(places)
        )


def _cast(
    copy: Secret, inventory: Inventory, given: Mapping[Use, Sequence[Secret]]
) -> Iterator[_Shadow]:
    """Yield what lies over a copy: another secret that a job gets with certainty."""
    found: dict[str, tuple[Secret, list[Use]]] = {}
    for use in inventory.uses.uses:
        if use.name != copy.ref.name or not use.triggers:
            continue
        got = given.get(use, [])
        certain = len(got) == 1 and got[0].present and got[0].ref != copy.ref
        if certain and reaches(inventory.repository, copy, use):
            found.setdefault(str(got[0].ref), (got[0], []))[1].append(use)
    for other, uses in found.values():
        yield _Shadow(copy, other, tuple(uses))


def _is_news(shadow: _Shadow, inventory: Inventory) -> bool:
    copy, other = shadow.copy, shadow.other
    if other.ignored or other.declared_by == copy.declared_by:
        return False
    if other.declared_by is None:
        return True
    # Declared for another token on purpose, as long as some job gets this copy. Other repositories
    # may get an organization's.
    read_nowhere = inventory.uses.complete and not copy.uses
    return read_nowhere and copy.ref.level is not Level.ORGANIZATION


def _describe(shadow: _Shadow) -> str:
    copy, other = shadow.copy, shadow.other
    jobs = _name_jobs(shadow.uses)
    if other.declared_by is None:
        return _forgotten(copy, other, jobs)
    return (
        f"{copy.ref} is read by no job: {jobs} would, where {other.ref} is read in its place, "
        f"declared for {other.declared_by} (delete one of the two, or correct the declaration)"
    )


def _forgotten(copy: Secret, other: Secret, reader: str) -> str:
    return (
        f"a new value in {copy.ref} would change nothing for {reader}, where {other.ref} is read "
        "in its place, which nobody declared (declare it under the token that it holds, or delete "
        "it)"
    )


def _name_jobs(uses: Iterable[Use]) -> str:
    jobs = list(dict.fromkeys(f"{use.job} of {use.path}" for use in uses))
    return f"job {name_some(jobs, _MOST_JOBS)}"


def _for_dependabot(copy: Secret, inventory: Inventory) -> Iterator[str]:
    """Say that what Dependabot starts goes on with a forgotten copy of the same name."""
    if not is_readable(inventory.repository, copy.ref) or copy.ref.level is Level.ENVIRONMENT:
        return
    for other in inventory.secrets:
        scope = other.ref.scope
        same = other.ref.name == copy.ref.name and scope.store is Store.DEPENDABOT
        forgotten = other.declared_by is None and not other.ignored and other.present
        if not (same and forgotten and scope.is_of(inventory.repository)):
            continue
        if copy.ref.name in inventory.uses.dependabot_names:
            reader = "Dependabot itself (.github/dependabot.yml)"
        else:
            uses = [use for use in copy.uses if _may_dependabot_start(use)]
            reader = f"runs of Dependabot's pull requests ({_name_jobs(uses)})" if uses else ""
        if reader:
            yield _forgotten(copy, other, reader)


def _may_dependabot_start(use: Use) -> bool:
    """Say whether a pull request of Dependabot's runs the job, with Dependabot's own secrets.

    GitHub docs, "Troubleshooting Dependabot on GitHub Actions", 2026-11: on `pull_request` such
    runs get these in place of the Actions secrets. Of an environment's nothing is said there, and
    the conditions of a caller are not seen here.
    """
    started = any(trigger.event == "pull_request" for trigger in use.triggers)
    called = " / " in use.job
    conditions = [text for step in use.consumers for text in step.conditions]
    guarded = any(_ASKS_WHO.search(text) for text in conditions)
    alone = use.environment_known and not use.environment
    return bool(started and alone and not called and use.consumers and not guarded)
