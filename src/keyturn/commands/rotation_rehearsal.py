"""`rotate --apply --dry-run`: reads what a plan's rotations will need, and writes nothing.

Whether it may write is not tried here: that takes a write. It decides nothing about tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keyturn.errors import KeyturnError
from keyturn.interfaces import Runs, SecretWriter
from keyturn.model import Plan, Rotation, Strategy


def rehearse(plan: Plan, *, writer: SecretWriter, runs: Runs) -> Mapping[str, tuple[str, ...]]:
    """Return, for each token that is planned, what would keep its rotation from going on.

    Provider, journal and variables were asked just now, for the plan itself.
    """
    return {
        rotation.token: tuple(_problems(rotation, plan.repository, writer, runs))
        for rotation in plan.rotations
    }


def _problems(
    rotation: Rotation, repository: str, writer: SecretWriter, runs: Runs
) -> Iterator[str]:
    if rotation.strategy is Strategy.EXTEND:
        return  # nothing but the token itself is touched
    for destination in rotation.destinations:
        try:
            found = writer.find(destination.ref)
        except KeyturnError as error:
            yield f"{destination.ref}: {error.told}"
            continue
        if found is None:
            yield f"{destination.ref} is not there"
        elif found.updated_at != destination.updated_at:
            yield f"{destination.ref} was written by somebody else just now"
    scopes = {destination.ref.scope for destination in rotation.destinations}
    others = {scope.full_name for scope in scopes if scope.repository}
    for each in sorted({repository, *others}, key=str.lower):
        try:
            runs.prove_readable(each)
        except KeyturnError as error:
            yield f"runs of {each} that can hold the old value: {error.told}"
