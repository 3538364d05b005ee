"""The phases in which the new value is stored everywhere: distributing and confirming.

A destination that holds it is not written again; what somebody else changed is left to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from keyturn.errors import PlatformError, PlatformUnavailable, RotationError
from keyturn.model import StoredPart
from keyturn.model.rotation import Strategy
from keyturn.rotation.case import Case
from keyturn.rotation.rows import RowState
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import SecretValue

_AT_A_TIME = 10
"""Destinations between two entries of the journal: what a crash makes to be written again."""
_BATCH = timedelta(hours=1)
"""How long writing so many takes at most: what was written later, another run or person wrote."""
_AGAIN = (1.0, 2.0, 5.0)
"""Seconds between looks at a secret that GitHub may show as it was before."""


def distribute(case: Case, sealed: Sealed) -> None:
    """Write every destination that does not hold the new value yet. Raises PlatformError.

    One that refuses keeps none of the others from being written.
    """
    todo = iter([label for label in case.destinations if not _is_stored(case, label)])
    foreign: list[str] = []
    refused: list[PlatformError] = []
    while batch := list(islice(todo, _AT_A_TIME)):
        ours: dict[str, datetime | None] = {}
        for label in batch:
            try:
                seen = _look(case, label)
            except PlatformError as error:
                refused.append(error)
                continue
            if _is_expected(case, label, seen):
                ours[label] = seen
            else:
                foreign.append(label)
        # After a swap in place the others hold what is dead: they are written all the same.
        if foreign and case.operation.strategy is not Strategy.IN_PLACE:
            break
        refused += _write(case, sealed, ours)
    if foreign:
        raise RotationError(
            f"{', '.join(foreign)} was written by somebody else since the plan, or is gone",
            hint="find out who did, and make it again if it is gone; having this tried again writes"
            " the new value over it",
        )
    if refused:
        raise refused[0]


def _write(case: Case, sealed: Sealed, seen: Mapping[str, datetime | None]) -> list[PlatformError]:
    """Write some destinations, between two entries of the journal; return what refused.

    `seen`: label -> what GitHub showed of it just now.
    """
    if not seen:
        return []
    places = case.destinations
    case.ledger.writing(case.id, seen)
    stored, shown = {}, {}
    refused: list[PlatformError] = []
    for label in seen:
        case.ledger.keep_lock()
        try:
            at = case.outside.writer.write(places[label].ref, _part(sealed, places[label]))
            shown[label] = _read_again(case, label, at, before=seen[label])
        except PlatformError as error:
            refused.append(error)
            continue
        # What is read back may be stale; the later one is the safe one for runs that read it.
        stored[label] = max(shown[label], case.ledger.clock())
    if stored:
        case.ledger.stored(case.id, stored, shown=shown)
    return refused


def _read_again(case: Case, label: str, at: datetime, *, before: datetime | None) -> datetime:
    """Return the date of a secret that was just written, once GitHub shows that it has moved."""
    for wait in _AGAIN:
        if before is None or at > before:
            break
        case.outside.sleep(wait)
        at = _date(case, label) or at
    return at


def confirm(case: Case) -> None:
    """Look at every destination once more.

    Raises RotationError where one was written since, PlatformUnavailable where GitHub shows what
    was there before.
    """
    for label in case.destinations:
        written = _look(case, label)
        if written is None:
            raise RotationError(
                f"{label} is gone since it was written", hint="store the token there by hand"
            )
        if not _is_ours(case, label, written):
            raise RotationError(
                f"{label} was written by somebody else since",
                hint="find out who did; having this tried again writes a new value over it",
            )


def _look(case: Case, label: str) -> datetime | None:
    """Return the date of a secret, which is not older than what GitHub showed before.

    Raises PlatformUnavailable where it is: what answers is behind, and nobody has written.
    """
    row = case.operation.rows[label]
    known = row.seen if row.state is RowState.WRITING else case.expected(label)
    for wait in (0.0, *_AGAIN):
        case.outside.sleep(wait)
        written = _date(case, label)
        if written is None or known is None or written >= known:
            return written
    raise PlatformUnavailable(
        f"GitHub shows {label} older than it did before", hint="a later run looks again"
    )


def _is_ours(case: Case, label: str, written: datetime) -> bool:
    row = case.operation.rows[label]
    if row.shown and row.seen and row.stored_at and row.shown <= row.seen:
        # GitHub still showed the older date when it was read back.
        return written <= row.stored_at
    return written == row.shown


def _is_stored(case: Case, label: str) -> bool:
    return case.operation.rows[label].state is RowState.STORED


def find_touched(case: Case, labels: Sequence[str]) -> list[str]:
    """Return the destinations that somebody else wrote, or deleted, since the plan."""
    return [label for label in labels if not _is_expected(case, label, _look(case, label))]


def find_rewritten(case: Case) -> list[str]:
    """Return the destinations that somebody else wrote since the plan; not those that are gone."""
    dates = {label: _look(case, label) for label in case.operation.rows}
    return [
        label
        for label, written in dates.items()
        if written is not None and not _is_expected(case, label, written)
    ]


def _is_expected(case: Case, label: str, written: datetime | None) -> bool:
    """Say whether a secret's date is no surprise: the plan's, or what this operation wrote."""
    row = case.operation.rows[label]
    if written is None:
        return False
    if row.state is not RowState.WRITING:
        return written == case.expected(label)
    if written == row.seen or row.begun_at is None:
        return True
    # It was about to be written when a run was cut off, and may have been.
    return written <= row.begun_at + _BATCH


def _date(case: Case, label: str) -> datetime | None:
    found = case.outside.writer.find(case.destinations[label].ref)
    return found.updated_at if found else None


def _part(sealed: Sealed, stored: StoredPart) -> SecretValue:
    value = sealed.parts.get(stored.part or "")
    if value is None:
        raise RotationError(f"the new token has no part called {stored.part}")
    return value
