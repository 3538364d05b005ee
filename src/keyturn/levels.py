"""PURE: one name at several levels: which secret a job gets, and which it does not.

It judges nothing, and knows no token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keyturn.model import Inventory, Level, Secret, SecretRef, Store, Use

_MOST_SHARED = 100
"""The organization secrets that a workflow gets, the first by name, of those that its repository
sees (GitHub docs, "Secrets reference", 2026-11)."""

_RANKS = {level: rank for rank, level in enumerate(Level)}
"""The nearest first."""


def is_readable(repository: str, ref: SecretRef) -> bool:
    """Say whether any job of the repository could get the secret, judged by its place."""
    if ref.scope.store is not Store.ACTIONS:
        return False
    if ref.level is Level.ORGANIZATION:
        return ref.scope.owner.lower() == repository.lower().partition("/")[0]
    return ref.scope.is_of(repository)


def why_withheld(repository: str, secret: Secret, visible: frozenset[SecretRef]) -> str:
    """Say why the repository's jobs get no such secret of their organization, for a person.

    `visible`: the organization secrets that the repository sees. Empty where they get it, where
    nobody can tell, and for everything that is not an organization's.
    """
    ref = secret.ref
    organization = ref.level is Level.ORGANIZATION and is_readable(repository, ref)
    if not organization or secret.present is False:
        return ""
    if ref not in visible:
        why = f"; its visibility is `{secret.visibility}`" if secret.visibility else ""
        return f"{repository} does not see it among its organization's secrets{why}"
    if _is_beyond(ref.name, [each.name for each in visible]):
        return (
            f"by name it comes after the first {_MOST_SHARED} of the {len(visible)} organization "
            f"secrets that {repository} sees, and a workflow gets no more"
        )
    return ""


def _is_beyond(name: str, names: Sequence[str]) -> bool:
    # "Sorted alphabetically" leaves open where an underscore stands: it is beyond if it is so with
    # the underscore after the letters, as in ASCII, and before the digits.
    for underscore in ("_", " "):
        mine = name.replace("_", underscore)
        if sum(each.replace("_", underscore) < mine for each in names) < _MOST_SHARED:
            return False
    return True


def reaches(repository: str, secret: Secret, use: Use) -> bool:
    """Say whether a job could get the secret if no other had its name."""
    environment = secret.ref.scope.environment.lower()
    elsewhere = environment and use.environment_known and environment != use.environment.lower()
    return is_readable(repository, secret.ref) and not secret.withheld and not elsewhere


def find_holders(repository: str, named: Sequence[Secret], use: Use) -> list[Secret]:
    """Return what the job gets: environment wins over repository over organization.

    Several secrets, where a list could not be seen or the environment is an expression.
    """
    reachable = [secret for secret in named if reaches(repository, secret, use)]
    candidates = [secret for secret in reachable if secret.present is not False] or reachable
    found: list[Secret] = []
    for level in Level:  # in the order of precedence
        here = [secret for secret in candidates if secret.ref.level is level]
        found += here
        certain = use.environment_known or level is not Level.ENVIRONMENT
        if certain and any(secret.present for secret in here):
            break
    return found


def find_given(inventory: Inventory) -> dict[Use, list[Secret]]:
    """Return what each use gets; several where nobody can tell, and absent ones that should be."""
    given: dict[Use, list[Secret]] = {}
    for secret in inventory.secrets:
        for use in secret.uses:
            given.setdefault(use, []).append(secret)
    return given


@dataclass(frozen=True, slots=True)
class Serving:
    """A name that a job reads, and what the job gets for it."""

    name: str
    path: str
    """The workflow that is started."""
    job: str
    environment: str | None
    """Empty where the job has none; None where it is an expression."""
    gets: tuple[SecretRef, ...]
    """Several where nobody can tell which; none where nothing is stored for it."""
    others: tuple[SecretRef, ...]
    """Stored under the same name for this repository, and not what the job gets."""
    certain: bool
    """Every list was seen, and the environment is known."""


def find_servings(inventory: Inventory) -> Iterator[Serving]:
    """Yield what each job gets for each name that it reads, by name, workflow and job."""
    stored: dict[str, list[Secret]] = {}
    for secret in inventory.secrets:
        ref = secret.ref
        if secret.present is not False and (
            ref.scope.is_of(inventory.repository) or is_readable(inventory.repository, ref)
        ):
            stored.setdefault(ref.name, []).append(secret)
    for named in stored.values():
        named.sort(key=lambda secret: (_RANKS[secret.ref.level], secret.ref))
    given = find_given(inventory)
    rows: dict[tuple[str, ...], Use] = {}
    for use in inventory.uses.uses:
        where = use.environment if use.environment_known else "${{ }}"
        rows.setdefault((use.name, use.path, use.job, where), use)
    for _, use in sorted(rows.items(), key=lambda row: row[0]):
        named, held = stored.get(use.name, []), given.get(use, ())
        gets = [secret for secret in named if secret in held]
        yield Serving(
            name=use.name,
            path=use.path,
            job=use.job,
            environment=use.environment if use.environment_known else None,
            gets=tuple(secret.ref for secret in gets),
            others=tuple(secret.ref for secret in named if secret not in gets),
            certain=inventory.complete and len(gets) <= 1 and all(s.present for s in gets),
        )
