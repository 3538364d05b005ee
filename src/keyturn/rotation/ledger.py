"""One run's hand on the journal: every step is written down before it is taken and after.

It knows no provider and no secret; what may follow what is `machine`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keyturn.errors import JournalConflict
from keyturn.interfaces import Variables
from keyturn.journal import HEAD_VARIABLE, Held, Journal, load, record
from keyturn.model.rotation import Phase
from keyturn.rotation import machine
from keyturn.rotation.keys import JournalKey
from keyturn.rotation.known import Known, Operation, Retirement
from keyturn.rotation.log import Entry, Head, Kind

_LOCKED_FOR = timedelta(hours=1)
"""Longer than a run takes; one that was killed keeps others out for no longer."""


@dataclass(slots=True)
class Ledger:
    """The journal as this run last saw it."""

    journal: Journal
    key: JournalKey
    variables: Variables
    """Of the journal's repository."""
    run: str
    """Never the same for two processes."""
    now: datetime
    spend: Callable[[], None]
    """Called before every write, which counts towards GitHub's limits."""
    public: set[str] = field(default_factory=set)
    """Texts that are no values although a value may be in them: ids, labels, names."""
    _held: Held = field(default_factory=Held)

    def open(self) -> None:
        """Read and judge the journal. Raises JournalError, PlatformError."""
        text = self.variables.get(HEAD_VARIABLE)
        self._held = load(self.journal, self.key, head=Head.parse(text) if text else None)

    @property
    def known(self) -> Known:
        """What the journal tells."""
        return self._held.known

    def operation(self, id: str) -> Operation:
        """Return one operation as it is now."""
        return self.known.operations[id]

    def lock(self) -> None:
        """Take the lock, or raise JournalConflict where somebody else holds it."""
        held = self.known.lock
        if held and held.owner != self.run and held.until > self.now:
            raise JournalConflict(
                f"another run holds the journal's lock until {held.until:%Y-%m-%d %H:%M} UTC",
                hint="wait for it; a lock whose run was killed ends by itself",
            )
        until = self.now + _LOCKED_FOR
        data = {"owner": self.run, "until": until, "fence": self.known.fence + 1}
        self._write(Kind.LOCK, "", data)

    def unlock(self) -> None:
        """Give the lock back."""
        self._write(Kind.UNLOCK, "", {"fence": self.known.fence})

    def begin(self, operation: str, data: Mapping[str, Any]) -> None:
        """Open an operation; the head is remembered outside the journal."""
        self._write(Kind.OPEN, operation, data)
        self._remember_head()

    def enter(self, operation: str, phase: Phase, **data: Any) -> None:
        """Enter a phase."""
        known = self.operation(operation)
        machine.require(known.strategy, known.phase, phase)
        if phase in machine.FINAL:
            self._write(Kind.CLOSE, operation, {"phase": phase.value, **data})
        else:
            self._write(Kind.PHASE, operation, {"phase": phase.value, **data})
        if phase is Phase.SEALED or phase in machine.FINAL:
            self._remember_head()

    def writing(self, operation: str, labels: Iterable[str]) -> None:
        """Say which destinations are about to be written."""
        self._write(Kind.WRITING, operation, {"rows": list(labels)})

    def stored(self, operation: str, rows: Mapping[str, datetime]) -> None:
        """Say which destinations hold the new value, and since when."""
        self._write(Kind.STORED, operation, {"rows": dict(rows)})

    def retire(self, operation: str, token_id: str, state: Retirement) -> None:
        """Say how far the end of a token has come."""
        self._write(Kind.RETIRE, operation, {"id": token_id, "state": state.value})

    def present(self, operation: str, fingerprint: str) -> None:
        """Say that a value is about to be presented to a replacing endpoint."""
        self._write(Kind.SPENT, operation, {"fingerprint": fingerprint})

    def _write(self, kind: Kind, operation: str, data: Mapping[str, Any]) -> None:
        entry = Entry(kind, self.now, self.run, operation, data)
        self.spend()
        self._held = record(self.journal, self._held, [entry], key=self.key, public=self.public)

    def _remember_head(self) -> None:
        head = self._held.log.head
        if head:
            self.variables.put(HEAD_VARIABLE, head.text)
