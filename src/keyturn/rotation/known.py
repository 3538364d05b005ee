"""PURE: what a journal's entries come to: operations and how far they are, current ids, the lock.

It judges no step (`machine` does) and knows no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from keyturn.errors import JournalBroken
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.log import Entry, Kind, Log

_STORED_EVERYWHERE = frozenset({Phase.DRAINING, Phase.RETIRING, Phase.DONE})


class RowState(StrEnum):
    """How far a destination has come."""

    WAITING = "waiting"
    WRITING = "writing"
    """It may have been written."""
    STORED = "stored"


class Retirement(StrEnum):
    """How far the end of a token has come; an id is kept until its death is seen."""

    DUE = "due"
    SENT = "sent"
    """The provider said that it is done."""
    DEAD = "dead"
    """It was seen to be refused, or gone."""


@dataclass(frozen=True, slots=True)
class Row:
    """A destination of an operation."""

    state: RowState = RowState.WAITING
    stored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One rotation, as far as the journal tells."""

    id: str
    token: str
    provider: str
    strategy: Strategy
    cycle: int
    old_id: str
    opened_at: datetime
    phase: Phase = Phase.PLANNED
    phase_at: datetime | None = None
    """When the phase was last entered."""
    new_id: str | None = None
    expires_at: datetime | None = None
    """Of the new token, as granted."""
    rows: Mapping[str, Row] = field(default_factory=dict)
    """By label, in the order of the plan."""
    attempts: Mapping[Phase, int] = field(default_factory=dict)
    """How often each phase was entered."""
    abandoned: tuple[str, ...] = ()
    """Ids of tokens that were made, and given up for one more."""
    retiring: Mapping[str, Retirement] = field(default_factory=dict)
    """By token id."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else its entries said; the last word on each."""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """Which of a declared token's successors is stored everywhere."""

    token_id: str
    expires_at: datetime | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """Who may act; a number that is higher than the last says which of two is the later."""

    owner: str
    until: datetime
    fence: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a journal tells."""

    operations: Mapping[str, Operation] = field(default_factory=dict)
    """By id, in the order in which they were opened."""
    finished: Mapping[str, int] = field(default_factory=dict)
    """Token -> how many of its operations were closed: the next one's `cycle`."""
    current: Mapping[str, Current] = field(default_factory=dict)
    """By token."""
    spent: frozenset[str] = frozenset()
    """Keyed fingerprints of what was presented to a replacing endpoint."""
    lock: Lock | None = None
    """Also one whose time is over."""
    fence: int = 0
    """The highest number that a lock has had."""

    def unfinished(self, token: str | None = None) -> tuple[Operation, ...]:
        """Return the operations that were not closed, all of them or one token's."""
        return tuple(
            operation
            for operation in self.operations.values()
            if operation.closed_at is None and token in (None, operation.token)
        )


def fold(log: Log) -> Known:
    """Return what a log tells. Raises JournalBroken where it tells what cannot have been."""
    folding = _Folding()
    for number, entry in enumerate(log.entries, start=1):
        try:
            folding.take(entry)
        except _Impossible as error:
            raise JournalBroken(f"line {number} of the journal {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise JournalBroken(f"line {number} of the journal lacks what its kind needs") from None
    return folding.known()


class _Impossible(Exception):
    """What an entry tells cannot follow on those before it."""


class _Folding:
    """The state between two entries."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._finished: Counter[str] = Counter()
        self._current: dict[str, Current] = {}
        self._spent: set[str] = set()
        self._lock: Lock | None = None
        self._fence = 0

    def known(self) -> Known:
        return Known(
            operations=self._operations,
            finished=dict(self._finished),
            current=self._current,
            spent=frozenset(self._spent),
            lock=self._lock,
            fence=self._fence,
        )

    def take(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case Kind.OPEN:
                self._open(entry)
            case Kind.PHASE:
                self._enter(self._unclosed(entry), entry)
            case Kind.WRITING:
                writing = {label: Row(RowState.WRITING) for label in _labels(data["rows"])}
                self._set_rows(self._unclosed(entry), writing)
            case Kind.STORED:
                stored = {
                    label: Row(RowState.STORED, _instant(at)) for label, at in data["rows"].items()
                }
                self._set_rows(self._unclosed(entry), stored)
            case Kind.RETIRE:
                operation = self._operation(entry)
                retiring = {**operation.retiring, _text(data["id"]): Retirement(data["state"])}
                self._put(replace(operation, retiring=retiring))
            case Kind.SPENT:
                self._spent.add(_text(data["fingerprint"]))
            case Kind.LOCK:
                self._take_lock(entry)
            case Kind.UNLOCK:
                self._release(_number(data["fence"]))
            case Kind.CLOSE:
                self._enter(self._unclosed(entry), entry)
                closed = replace(self._operation(entry), closed_at=entry.at)
                self._put(closed)
                self._finished[closed.token] += 1
            case _:
                pass  # a note changes nothing

    def _open(self, entry: Entry) -> None:
        data = dict(entry.data)
        token = _text(data.pop("token"))
        if not entry.operation or entry.operation in self._operations:
            raise _Impossible("opens an operation for the second time")
        if any(o.token == token and o.closed_at is None for o in self._operations.values()):
            raise _Impossible("opens an operation of a token that has one already")
        operation = Operation(
            id=entry.operation,
            token=token,
            provider=_text(data.pop("provider")),
            strategy=Strategy(data.pop("strategy")),
            cycle=_number(data.pop("cycle")),
            old_id=_text(data.pop("old_id")),
            opened_at=entry.at,
            phase_at=entry.at,
            rows={label: Row() for label in _labels(data.pop("rows"))},
            facts=data,
        )
        self._put(operation)

    def _enter(self, operation: Operation, entry: Entry) -> None:
        data = dict(entry.data)
        phase = Phase(data.pop("phase"))
        attempts = {**operation.attempts, phase: operation.attempts.get(phase, 0) + 1}
        operation = replace(operation, phase=phase, phase_at=entry.at, attempts=attempts)
        if phase is Phase.MINTING:
            operation = _begin_anew(operation)
        if "new_id" in data:
            operation = replace(operation, new_id=_text(data.pop("new_id")))
        if "expires_at" in data:
            ends = data.pop("expires_at")
            operation = replace(operation, expires_at=None if ends is None else _instant(ends))
        self._put(replace(operation, facts={**operation.facts, **data}))
        if phase in _STORED_EVERYWHERE:
            token_id = operation.new_id or operation.old_id
            self._current[operation.token] = Current(token_id, operation.expires_at, entry.at)

    def _set_rows(self, operation: Operation, rows: Mapping[str, Row]) -> None:
        if not rows.keys() <= operation.rows.keys():
            raise _Impossible("names a destination that its operation does not have")
        self._put(replace(operation, rows={**operation.rows, **rows}))

    def _take_lock(self, entry: Entry) -> None:
        data = entry.data
        lock = Lock(_text(data["owner"]), _instant(data["until"]), _number(data["fence"]))
        if lock.fence <= self._fence:
            raise _Impossible("takes the lock with a number that was used before")
        self._lock, self._fence = lock, lock.fence

    def _release(self, fence: int) -> None:
        if fence > self._fence:
            raise _Impossible("gives back a lock that nobody took")
        # One that was overtaken gives back nothing.
        if self._lock and self._lock.fence == fence:
            self._lock = None

    def _operation(self, entry: Entry) -> Operation:
        if entry.operation not in self._operations:
            raise _Impossible("is about an operation that was never opened")
        return self._operations[entry.operation]

    def _unclosed(self, entry: Entry) -> Operation:
        operation = self._operation(entry)
        if operation.closed_at is not None:
            raise _Impossible("goes on with an operation that was closed")
        return operation

    def _put(self, operation: Operation) -> None:
        self._operations[operation.id] = operation


def _begin_anew(operation: Operation) -> Operation:
    """Forget what one more token makes untrue: every destination is to be written again."""
    given_up = (operation.new_id,) if operation.new_id else ()
    return replace(
        operation,
        new_id=None,
        expires_at=None,
        abandoned=operation.abandoned + given_up,
        rows={label: Row() for label in operation.rows},
    )


def _labels(rows: Iterable[Any]) -> list[str]:
    if not isinstance(rows, list):
        raise TypeError
    return [_text(row) for row in rows]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError
    return at
