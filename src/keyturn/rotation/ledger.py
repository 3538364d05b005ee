"""One run's hand on the journal: every step is written down before it is taken and after.

It knows no provider and no secret; what may follow what is `machine`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from keyturn.errors import JournalBroken, JournalConflict, JournalError, PlatformError
from keyturn.interfaces import Variables
from keyturn.journal import HEAD_VARIABLE, Held, Journal, load, record
from keyturn.model.rotation import Phase
from keyturn.rotation import machine
from keyturn.rotation.keys import JournalKey
from keyturn.rotation.known import Known, Operation, Retirement
from keyturn.rotation.lock import Attempt, Attempts, Lock
from keyturn.rotation.log import Entry, Head, Kind
from keyturn.rotation.sealed import variable_name

_LOCKED_FOR = timedelta(hours=1)
"""One that was killed, and cannot be asked about, keeps others out for no longer."""
_REMEMBERED = machine.FINAL | {Phase.SEALED, Phase.CONFIRMING}
"""Phases with which the head is remembered outside the journal.

Confirming is the last one with a sealed record. A journal that was cut back to before it would have
the value made once more, beside the one that every secret holds.
"""

_SEALED = re.compile(variable_name("") + "[0-9A-Z]{8}")


class Shelf(Variables, Protocol):
    """Variables whose names can be listed."""

    def names(self) -> Collection[str]:
        """Return the name of every variable. Raises PlatformError."""
        ...


@dataclass(slots=True)
class Ledger:
    """The journal as this run last saw it."""

    journal: Journal
    key: JournalKey
    variables: Shelf
    """Of the journal's repository."""
    run: str
    """Never the same for two processes."""
    clock: Callable[[], datetime]
    """Goes on while the run does, and is the same for all runs."""
    spend: Callable[[], None]
    """Called before every write, which counts towards GitHub's limits."""
    attempts: Attempts
    tell: Callable[[str], None]
    """Called with what a person should know of the lock."""
    attempt: Attempt | None = None
    """What this run is to GitHub; None where it is no workflow run."""
    public: set[str] = field(default_factory=set)
    """Texts that are no values although a value may be in them: ids, labels, names."""
    _held: Held = field(default_factory=Held)
    _overtaken: bool = False
    """Somebody else wrote to the journal: this run writes nothing more."""
    _head_is_due: bool = False
    """What is remembered of the head is behind what must be."""
    _unremembered: PlatformError | None = None
    """Why that is so."""

    def open(self) -> None:
        """Read and judge the journal. Raises JournalError, PlatformError."""
        text = self.variables.get(HEAD_VARIABLE)
        self._held = load(self.journal, self.key, head=Head.parse(text) if text else None)
        if text is None:
            self._require_beginning()

    def _require_beginning(self) -> None:
        """Raise JournalBroken where no head is remembered, and one was for certain."""
        head = self._held.log.head
        if head is None:
            sealed = [name for name in self.variables.names() if _SEALED.fullmatch(name)]
            if sealed:
                raise JournalBroken(
                    f"the journal is gone, and what it told of: {', '.join(sorted(sealed))}",
                    hint="bring the journal's branch or file back; a sealed record may hold the"
                    " only copy of a token",
                )
        elif any(o.new_id or o.abandoned for o in self.known.operations.values()):
            raise JournalBroken(
                f"the variable {HEAD_VARIABLE} is gone, which says how far the journal goes",
                hint="find out who deleted it, and whether the journal is whole; if it is, make the"
                f" variable again: {head.text}",
            )
        elif self.known.operations:
            self._head_is_due = True  # a run was killed before it could say it

    @property
    def known(self) -> Known:
        """What the journal tells."""
        return self._held.known

    def operation(self, id: str) -> Operation:
        """Return one operation as it is now."""
        return self.known.operations[id]

    def lock(self, *, break_it: bool = False) -> None:
        """Take the lock, or raise JournalConflict where somebody else holds it.

        That of a workflow run which has ended is taken over; with `break_it` everybody's is.
        """
        held = self.known.lock
        if held and held.until > self.clock():
            whose = self.attempts.address(held.attempt) if held.attempt else held.owner
            until = f"{held.until:%Y-%m-%d %H:%M} UTC"
            if self._has_ended(held):
                self.tell(f"took over the lock of a run that has ended: {whose}")
            elif break_it:
                self.tell(f"broke the lock of {whose}, which held until {until}")
            else:
                raise JournalConflict(
                    f"another run holds the journal's lock until {until}: {whose}",
                    hint="wait for it; if it is not at work any more, --break-lock takes it over",
                )
        self._take_lock()

    def keep_lock(self) -> None:
        """Renew the lock in the second half of its time. Raises JournalError, PlatformError."""
        self._require_not_overtaken()
        lock = self.known.lock
        if lock and lock.owner == self.run and lock.until - self.clock() <= _LOCKED_FOR / 2:
            self._take_lock()

    def unlock(self) -> None:
        """Give the lock back, unless somebody has taken it.

        Raises JournalError, also where the journal's head could not be remembered.
        """
        if self._overtaken:
            return
        self._record(Kind.UNLOCK, "", {"fence": self.known.fence})
        if self._unremembered:
            raise JournalError(
                "how far the journal goes could not be written down outside of it:"
                f" {self._unremembered.message}",
                hint=self._unremembered.hint or "the next run does it",
            )

    def _has_ended(self, lock: Lock) -> bool:
        # Where nobody knows, it is waited for.
        with suppress(PlatformError):
            return lock.attempt is not None and self.attempts.has_ended(lock.attempt)
        return False

    def _take_lock(self) -> None:
        until = self.clock() + _LOCKED_FOR
        data = {"owner": self.run, "until": until, "fence": self.known.fence + 1}
        if self.attempt:
            run_id, number = self.attempt.run_id, self.attempt.number
            more = {"repository": self.attempt.repository, "run_id": run_id, "attempt": number}
            data |= more
        self._record(Kind.LOCK, "", data)

    def begin(self, operation: str, data: Mapping[str, Any]) -> None:
        """Open an operation; the head is remembered outside the journal."""
        self._write(Kind.OPEN, operation, data, remember=True)

    def enter(self, operation: str, phase: Phase, **data: Any) -> None:
        """Enter a phase."""
        known = self.operation(operation)
        machine.require(known.strategy, known.phase, phase)
        kind = Kind.CLOSE if phase in machine.FINAL else Kind.PHASE
        told = {"phase": phase.value, **data}
        self._write(kind, operation, told, remember=phase in _REMEMBERED)

    def writing(self, operation: str, seen: Mapping[str, datetime | None]) -> None:
        """Say which destinations are about to be written, and what GitHub shows as their dates."""
        self._write(Kind.WRITING, operation, {"rows": list(seen), "seen": dict(seen)})

    def stored(
        self,
        operation: str,
        rows: Mapping[str, datetime],
        *,
        shown: Mapping[str, datetime] | None = None,
    ) -> None:
        """Say which destinations hold the new value, since when, and GitHub's dates of them."""
        self._write(Kind.STORED, operation, {"rows": dict(rows), "shown": dict(shown or rows)})

    def copies(self, operation: str, rows: Mapping[str, str]) -> None:
        """Say what is about to be done, or was done, with the copies at the provider."""
        self._write(Kind.COPIES, operation, {"rows": dict(rows)})

    def retire(self, operation: str, token_id: str, state: Retirement) -> None:
        """Say how far the end of a token has come."""
        self._write(Kind.RETIRE, operation, {"id": token_id, "state": state.value})

    def failed(self, operation: str) -> None:
        """Say that the present phase could not be finished today."""
        self._write(Kind.FAILED, operation, {})

    def answered(self, operation: str) -> None:
        """Say that the failures of the days before are over."""
        self._write(Kind.ANSWERED, operation, {})

    def retry(self, operation: str, phase: Phase, rows: Mapping[str, datetime | None]) -> None:
        """Say that a person has a stopped operation tried again, with its secrets as they are."""
        self._write(Kind.RETRY, operation, {"phase": phase.value, "rows": dict(rows)})

    def present(self, operation: str, fingerprint: str) -> None:
        """Say that a value is about to be presented to a replacing endpoint."""
        self._write(Kind.SPENT, operation, {"fingerprint": fingerprint})

    def take_back(self, operation: str, fingerprint: str) -> None:
        """Say that a value which was to be presented has not been replaced."""
        self._write(Kind.UNSPENT, operation, {"fingerprint": fingerprint})

    def _write(
        self, kind: Kind, operation: str, data: Mapping[str, Any], *, remember: bool = False
    ) -> None:
        self.keep_lock()
        self._record(kind, operation, data, remember=remember)

    def _record(
        self, kind: Kind, operation: str, data: Mapping[str, Any], *, remember: bool = False
    ) -> None:
        self._require_not_overtaken()
        self.spend()
        entry = Entry(kind, self.clock(), self.run, operation, data)
        try:
            self._held = record(self.journal, self._held, [entry], key=self.key, public=self.public)
        except JournalConflict:
            self._overtaken = True
            raise
        if remember or self._head_is_due:
            self._remember_head()

    def _require_not_overtaken(self) -> None:
        if self._overtaken:
            raise JournalConflict(
                "somebody else wrote to the journal meanwhile",
                hint="this run writes nothing more; a later one goes on",
            )

    def _remember_head(self) -> None:
        """Say outside the journal how far it goes.

        After the entry, never before it: a journal that is behind its head was cut. Where this
        fails the run goes on, for a value may be on its way, and the next entry tries again.
        """
        head = self._held.log.head
        assert head
        try:
            self.variables.put(HEAD_VARIABLE, head.text)
        except PlatformError as error:
            self._head_is_due, self._unremembered = True, error
        else:
            self._head_is_due, self._unremembered = False, None
