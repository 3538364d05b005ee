"""PURE: the destinations of an operation, and what entries of the journal make of them.

It knows no operation's phases; `known` folds those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from keyturn.rotation.log import Entry


class RowState(StrEnum):
    """How far a destination has come."""

    WAITING = "waiting"
    WRITING = "writing"
    """It may have been written."""
    STORED = "stored"


@dataclass(frozen=True, slots=True)
class Row:
    """A destination of an operation."""

    state: RowState = RowState.WAITING
    stored_at: datetime | None = None
    """From when on whatever reads it gets the new value, at the latest."""
    shown: datetime | None = None
    """GitHub's date of it that is no surprise: it was written then, or a person let that stand.
    None: the plan's."""
    seen: datetime | None = None
    """What GitHub showed before it was about to be written."""
    begun_at: datetime | None = None
    """When that was written down."""


def written_before(row: Row) -> Row:
    """Return the row of a secret that an earlier token of the operation was stored in."""
    if row.state is RowState.STORED:
        return Row(stored_at=row.stored_at, shown=row.shown)
    return row


def written(rows: Mapping[str, Row], entry: Entry) -> dict[str, Row]:
    """Return the rows that an entry says are stored."""
    shown = entry.data.get("shown", {})
    return {
        label: replace(
            rows.get(label, Row()),
            state=RowState.STORED,
            stored_at=read_instant(at),
            shown=read_maybe_instant(shown.get(label)),
        )
        for label, at in entry.data["rows"].items()
    }


def about_to_write(entry: Entry) -> dict[str, Row]:
    """Return the rows that an entry says are written next."""
    seen = entry.data.get("seen", {})
    return {
        label: Row(RowState.WRITING, seen=read_maybe_instant(seen.get(label)), begun_at=entry.at)
        for label in read_labels(entry.data["rows"])
    }


def let_stand(row: Row, shown: datetime | None) -> Row:
    """Return the row of a secret that a person has looked at, and that may be written over."""
    if row.state is RowState.STORED and shown == row.shown:
        return row
    # It may hold a token of this operation, which is then not one that no secret holds.
    return Row(stored_at=row.stored_at or row.begun_at, shown=shown)


def read_labels(rows: Iterable[Any]) -> list[str]:
    """Return a list of texts. Raises TypeError."""
    if not isinstance(rows, list):
        raise TypeError
    return [read_text(row) for row in rows]


def read_text(value: object) -> str:
    """Return a text that is not empty. Raises TypeError."""
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def read_number(value: object) -> int:
    """Return a whole number. Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def read_maybe_instant(value: object) -> datetime | None:
    """Return an instant, or None. Raises TypeError, ValueError."""
    return None if value is None else read_instant(value)


def read_instant(value: object) -> datetime:
    """Return an instant. Raises TypeError, ValueError."""
    at = datetime.fromisoformat(read_text(value))
    if at.tzinfo is None:
        raise ValueError
    return at
