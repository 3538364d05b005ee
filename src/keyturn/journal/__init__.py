"""Where the journal is kept: bytes that change only if nobody else changed them meanwhile.

What the bytes mean is `rotation/log`'s; nothing here decides what to do next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from keyturn.errors import JournalBroken
from keyturn.rotation.known import Known, fold
from keyturn.rotation.log import Entry, Head, Log, append, parse

if TYPE_CHECKING:
    from keyturn.rotation.keys import JournalKey

HEAD_VARIABLE = "KEYTURN_JOURNAL_HEAD"
"""Holds `Head.text` outside the journal, so that a shortened one is noticed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a place holds, and the name of this very state of it."""

    data: bytes
    revision: str


class Journal(Protocol):
    """A place with compare-and-set."""

    def read(self) -> Stored | None:
        """Return what it holds; None where there never was a journal, as far as it can tell.

        Raises JournalError, or PlatformError.
        """
        ...

    def write(self, data: bytes, *, after: str | None) -> str:
        """Replace the state `after` (None: nothing yet) and return the new one's revision.

        Sent once. Raises JournalConflict where it is in another state by now; after any other
        JournalError or PlatformError nobody knows whether it was written.
        """
        ...


class Branch(Protocol):
    """A branch that holds the journal and nothing else."""

    def read(self) -> Stored | None:
        """Return the file; None where there is no such branch. Raises PlatformError."""
        ...

    def create(self, data: bytes) -> None:
        """Make the branch, without a parent. Raises PlatformError."""
        ...

    def replace(self, data: bytes, *, after: str) -> None:
        """Replace the file if it still is the blob `after`. Sent once. Raises PlatformError."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A journal as this run last saw it."""

    log: Log = field(default_factory=Log)
    known: Known = field(default_factory=Known)
    revision: str | None = None


def load(journal: Journal, key: JournalKey, *, head: Head | None) -> Held:
    """Read and judge a journal, of which `head` is known from elsewhere.

    Raises JournalBroken also where there is none although one was known: that is no beginning.
    """
    stored = journal.read()
    if stored is None:
        if head is not None:
            raise JournalBroken(
                "the journal is gone",
                hint="nothing is rotated until a person has brought its branch or file back",
            )
        return Held()
    log = parse(stored.data, key, head=head)
    return Held(log, fold(log), stored.revision)


def record(
    journal: Journal,
    held: Held,
    entries: Iterable[Entry],
    *,
    key: JournalKey,
    public: Collection[str] = (),
) -> Held:
    """Write further entries in one request, and return the journal with them.

    Raises ValueError or JournalBroken before anything is sent where an entry must not be written,
    and what `Journal.write` raises.
    """
    log = append(held.log, entries, key, public=public)
    known = fold(log)
    return Held(log, known, journal.write(log.data, after=held.revision))
