"""PURE: what a journal's entries come to: operations and how far they are, current ids, the lock.

It judges no step (`machine` does) and knows no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from keyturn.errors import JournalBroken
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.lock import Attempt, Lock
from keyturn.rotation.log import Entry, Kind, Log
from keyturn.rotation.machine import STOPS
from keyturn.rotation.rows import (
    Row,
    RowState,
    about_to_write,
    let_stand,
    read_instant,
    read_labels,
    read_maybe_instant,
    read_number,
    read_text,
    written,
    written_before,
)

_STORED_EVERYWHERE = frozenset({Phase.DRAINING, Phase.RETIRING, Phase.DONE})


class Retirement(StrEnum):
    """How far the end of a token has come; an id is kept until its death is seen."""

    DUE = "due"
    SENT = "sent"
    """The provider said that it is done."""
    DEAD = "dead"
    """It was seen to be refused, or gone."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One rotation, as far as the journal tells."""

    id: str
    repository: str
    """Whose configuration declares the token."""
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
    copies: Mapping[str, str] = field(default_factory=dict)
    """Place at the provider -> `writing`, `stored`, or why it still holds the old token."""
    attempts: Mapping[Phase, int] = field(default_factory=dict)
    """How often each phase was entered, since a person last had it tried again."""
    failed_on: frozenset[date] = frozenset()
    """The days on which the present phase could not be finished."""
    abandoned: tuple[str, ...] = ()
    """Ids of tokens that were made, and given up for one more."""
    retiring: Mapping[str, Retirement] = field(default_factory=dict)
    """By token id."""
    ended_at: Mapping[str, datetime] = field(default_factory=dict)
    """When the provider said that it ended a token, by token id."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else its entries said; the last word on each."""
    closed_at: datetime | None = None

    @property
    def is_stored(self) -> bool:
        """Whether every secret holds the new value."""
        return bool(self.rows) and all(r.state is RowState.STORED for r in self.rows.values())

    def is_of(self, repository: str) -> bool:
        """Say whether the configuration of owner/name declares its token."""
        return self.repository.lower() == repository.lower()


@dataclass(frozen=True, slots=True)
class Current:
    """Which of a declared token's successors is stored everywhere."""

    token_id: str
    expires_at: datetime | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What a journal tells."""

    operations: Mapping[str, Operation] = field(default_factory=dict)
    """By id, in the order in which they were opened."""
    current: Mapping[tuple[str, str], Current] = field(default_factory=dict)
    """By repository, in lower case, and token."""
    spent: frozenset[str] = frozenset()
    """Keyed fingerprints of what was presented to a replacing endpoint."""
    lock: Lock | None = None
    """Also one whose time is over."""
    fence: int = 0
    """The highest number that a lock has had."""

    def unfinished(
        self, token: str | None = None, *, repository: str | None = None
    ) -> tuple[Operation, ...]:
        """Return the operations that were not closed: all, one token's, one repository's."""
        return tuple(
            operation
            for operation in self.operations.values()
            if operation.closed_at is None
            and token in (None, operation.token)
            and (repository is None or operation.is_of(repository))
        )

    def of_token(self, token: str, *, repository: str) -> list[Operation]:
        """Return one token's operations, in the order in which they were opened."""
        return [
            operation
            for operation in self.operations.values()
            if operation.token == token and operation.is_of(repository)
        ]

    def cycles(self, repository: str) -> Mapping[str, int]:
        """Return token -> how many of its operations were closed: the next one's `cycle`."""
        return Counter(
            operation.token
            for operation in self.operations.values()
            if operation.closed_at is not None and operation.is_of(repository)
        )

    def current_of(self, repository: str) -> Mapping[str, Current]:
        """Return token -> which of its successors is stored everywhere."""
        wanted = repository.lower()
        return {token: at for (owner, token), at in self.current.items() if owner == wanted}


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
        self._current: dict[tuple[str, str], Current] = {}
        self._before: dict[str, Current | None] = {}
        """Operation -> what was current until its successor was stored everywhere."""
        self._spent: set[str] = set()
        self._lock: Lock | None = None
        self._fence = 0

    def known(self) -> Known:
        return Known(
            operations=self._operations,
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
                self._set_rows(self._unclosed(entry), about_to_write(entry))
            case Kind.STORED:
                operation = self._unclosed(entry)
                self._set_rows(operation, written(operation.rows, entry))
            case Kind.RETIRE:
                self._retire(self._operation(entry), entry)
            case Kind.UNSPENT:
                self._spent.discard(read_text(data["fingerprint"]))
            case Kind.COPIES:
                operation = self._unclosed(entry)
                copies = {label: read_text(state) for label, state in data["rows"].items()}
                self._put(replace(operation, copies={**operation.copies, **copies}))
            case Kind.FAILED:
                operation = self._unclosed(entry)
                days = operation.failed_on | {entry.at.date()}
                self._put(replace(operation, failed_on=days))
            case Kind.ANSWERED:
                self._put(replace(self._unclosed(entry), failed_on=frozenset()))
            case Kind.RETRY:
                self._put(_tried_again(self._unclosed(entry), data))
            case Kind.SPENT:
                self._spent.add(read_text(data["fingerprint"]))
            case Kind.LOCK:
                self._take_lock(entry)
            case Kind.UNLOCK:
                self._release(read_number(data["fence"]))
            case Kind.CLOSE:
                self._enter(self._unclosed(entry), entry)
                closed = replace(self._operation(entry), closed_at=entry.at)
                self._put(closed)
            case _:
                pass  # a note changes nothing

    def _open(self, entry: Entry) -> None:
        data = dict(entry.data)
        token, repository = read_text(data.pop("token")), read_text(data.pop("repository"))
        if not entry.operation or entry.operation in self._operations:
            raise _Impossible("opens an operation for the second time")
        if self.known().unfinished(token, repository=repository):
            raise _Impossible("opens an operation of a token that has one already")
        operation = Operation(
            id=entry.operation,
            repository=repository,
            token=token,
            provider=read_text(data.pop("provider")),
            strategy=Strategy(data.pop("strategy")),
            cycle=read_number(data.pop("cycle")),
            old_id=read_text(data.pop("old_id")),
            opened_at=entry.at,
            phase_at=entry.at,
            rows={label: Row() for label in read_labels(data.pop("rows"))},
            facts=data,
        )
        self._put(operation)

    def _enter(self, operation: Operation, entry: Entry) -> None:
        data = dict(entry.data)
        phase = Phase(data.pop("phase"))
        attempts = {**operation.attempts, phase: operation.attempts.get(phase, 0) + 1}
        if phase is not operation.phase:
            operation = replace(operation, failed_on=frozenset())
        if phase in STOPS:
            data["from"] = operation.phase.value
        operation = replace(operation, phase=phase, phase_at=entry.at, attempts=attempts)
        if phase is Phase.MINTING:
            data["asked_at"] = entry.at.isoformat()
        if phase is Phase.MINTING:
            operation = _begin_anew(operation)
        if "new_id" in data:
            operation = replace(operation, new_id=read_text(data.pop("new_id")))
        if "expires_at" in data:
            ends = data.pop("expires_at")
            operation = replace(operation, expires_at=None if ends is None else read_instant(ends))
        self._put(replace(operation, facts={**operation.facts, **data}))
        where = (operation.repository.lower(), operation.token)
        if phase in _STORED_EVERYWHERE:
            token_id = operation.new_id or operation.old_id
            if operation.id not in self._before:
                self._before[operation.id] = self._current.get(where)
            self._current[where] = Current(token_id, operation.expires_at, entry.at)
        elif phase is Phase.ABANDONED and operation.id in self._before:
            self._go_back(where, self._before[operation.id])

    def _go_back(self, where: tuple[str, str], before: Current | None) -> None:
        """Forget a successor that was given up: which one the secrets hold is not known."""
        self._current.pop(where, None)
        if before is not None:
            self._current[where] = before

    def _set_rows(self, operation: Operation, rows: Mapping[str, Row]) -> None:
        if not rows.keys() <= operation.rows.keys():
            raise _Impossible("names a destination that its operation does not have")
        self._put(replace(operation, rows={**operation.rows, **rows}))

    def _retire(self, operation: Operation, entry: Entry) -> None:
        token_id, state = read_text(entry.data["id"]), Retirement(entry.data["state"])
        ended_at = operation.ended_at
        if state is Retirement.SENT:
            ended_at = {**ended_at, token_id: entry.at}
        retiring = {**operation.retiring, token_id: state}
        self._put(replace(operation, retiring=retiring, ended_at=ended_at))

    def _take_lock(self, entry: Entry) -> None:
        data = entry.data
        until, fence = read_instant(data["until"]), read_number(data["fence"])
        lock = Lock(read_text(data["owner"]), until, fence, _attempt(data))
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
    """Forget what one more token makes untrue: every destination is to be written again.

    What this operation wrote stays known, so that it is not taken for somebody else's.
    """
    given_up = (operation.new_id,) if operation.new_id else ()
    return replace(
        operation,
        new_id=None,
        expires_at=None,
        abandoned=operation.abandoned + given_up,
        rows={label: written_before(row) for label, row in operation.rows.items()},
    )


def _tried_again(operation: Operation, data: Mapping[str, Any]) -> Operation:
    """Go back to where an operation stopped; what its secrets show now is as it should be."""
    if operation.phase not in STOPS:
        raise _Impossible("tries again what has not stopped")
    asked = operation.phase is Phase.NEEDS_HUMAN
    phase, rows = Phase(data["phase"]), dict(operation.rows)
    for label, at in data["rows"].items():
        rows[label] = let_stand(rows[label], read_maybe_instant(at))
    return replace(
        operation,
        phase=phase,
        rows=rows,
        attempts={phase: 1},
        failed_on=frozenset(),
        # Whoever was asked which token is whose has looked at that.
        facts={**operation.facts, "looked": asked and phase is Phase.MINTING},
    )


def _attempt(data: Mapping[str, Any]) -> Attempt | None:
    if "run_id" not in data:
        return None
    run_id, number = read_number(data["run_id"]), read_number(data["attempt"])
    return Attempt(read_text(data["repository"]), run_id, number)
