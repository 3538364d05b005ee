"""The phases in which the new value is stored everywhere: distributing and confirming.

A destination that holds it is not written again; what somebody else changed is left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from keyturn.errors import RotationError
from keyturn.model import StoredPart
from keyturn.model.rotation import Strategy
from keyturn.rotation.case import Case
from keyturn.rotation.known import RowState
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import SecretValue

_AT_A_TIME = 10
"""Destinations between two entries of the journal: what a crash makes to be written again."""


def distribute(case: Case, sealed: Sealed) -> None:
    """Write every destination that does not hold the new value yet. Raises PlatformError."""
    places = case.destinations
    todo = iter([label for label in places if not _is_stored(case, label)])
    foreign: list[str] = []
    while batch := list(islice(todo, _AT_A_TIME)):
        touched = find_touched(case, batch)
        foreign += touched
        # After a swap in place the others hold what is dead: they are written all the same.
        if foreign and case.operation.strategy is not Strategy.IN_PLACE:
            break
        batch = [label for label in batch if label not in touched]
        case.ledger.writing(case.id, batch)
        stored = {}
        for label in batch:
            value = _part(sealed, places[label])
            at = case.outside.writer.write(places[label].ref, value)
            # What is read back may be stale; the later one is the safe one for runs that read it.
            stored[label] = max(at, case.now)
        case.ledger.stored(case.id, stored)
    if foreign:
        raise RotationError(
            f"{', '.join(foreign)} was written by somebody else since the plan",
            hint="find out who did; then run this again, or store the new value by hand",
        )


def confirm(case: Case) -> None:
    """Look at every destination once more. Raises RotationError where one was written since."""
    for label, stored in case.destinations.items():
        found = case.outside.writer.find(stored.ref)
        written = found.updated_at if found else None
        ours = case.operation.rows[label].stored_at
        if written is None or ours is None:
            raise RotationError(
                f"{label} is gone since it was written", hint="store the token there by hand"
            )
        if written > ours:
            raise RotationError(
                f"{label} was written by somebody else since",
                hint="find out who did, and whether what it holds now works",
            )


def _is_stored(case: Case, label: str) -> bool:
    return case.operation.rows[label].state is RowState.STORED


def find_touched(case: Case, labels: Sequence[str]) -> list[str]:
    """Return the destinations that somebody else wrote since the plan."""
    planned = case.operation.facts["written"]
    touched = []
    for label in labels:
        if case.operation.rows[label].state is RowState.WRITING:
            continue  # it may have been this operation, before it was cut off
        found = case.outside.writer.find(case.destinations[label].ref)
        written = found.updated_at.isoformat() if found and found.updated_at else None
        if written != planned[label]:
            touched.append(label)
    return touched


def _part(sealed: Sealed, stored: StoredPart) -> SecretValue:
    value = sealed.parts.get(stored.part or "")
    if value is None:
        raise RotationError(f"the new token has no part called {stored.part}")
    return value
