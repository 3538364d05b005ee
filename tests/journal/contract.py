"""What holds for every place that keeps a journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyturn.errors import JournalBroken, JournalConflict, JournalError
from keyturn.journal import Held, Journal, Stored, load, record
from keyturn.rotation.log import Entry, Head, Kind
from tests.rotation.samples import KEY, NOW, entry, opened

WRITERS = 4
BIG = b"x" * 1_500_000 + b"\n"


class JournalContract:
    """A subclass says how to open the same place once more, as another process would."""

    @pytest.fixture
    def reopen(self) -> Callable[[], Journal]:
        raise NotImplementedError

    @pytest.fixture
    def journal(self, reopen: Callable[[], Journal]) -> Journal:
        return reopen()

    def test_there_is_none_at_first(self, journal: Journal) -> None:
        assert journal.read() is None
        assert load(journal, KEY, head=None) == Held()

    @pytest.mark.parametrize("data", [b"", b"one\n", "\u00e4\n".encode(), b"\r\n\x00\xff\n", BIG])
    def test_what_was_written_is_read(
        self, reopen: Callable[[], Journal], journal: Journal, data: bytes
    ) -> None:
        revision = journal.write(data, after=None)
        assert reopen().read() == Stored(data, revision)
        second = journal.write(data + b"more\n", after=revision)
        assert second != revision
        assert reopen().read() == Stored(data + b"more\n", second)

    def test_only_what_was_seen_is_replaced(
        self, reopen: Callable[[], Journal], journal: Journal
    ) -> None:
        first = journal.write(b"1\n", after=None)
        other = reopen()
        with pytest.raises(JournalConflict):
            other.write(b"x\n", after=None)
        second = other.write(b"2\n", after=first)
        for late in (None, first):
            with pytest.raises(JournalConflict):
                journal.write(b"x\n", after=late)
        assert journal.read() == Stored(b"2\n", second)

    def test_what_is_gone_is_not_written_on(self, journal: Journal) -> None:
        with pytest.raises(JournalError):
            journal.write(b"1\n", after="0" * 40)
        assert journal.read() is None

    @pytest.mark.parametrize("begun", [False, True])
    def test_of_many_writers_one_wins(self, reopen: Callable[[], Journal], begun: bool) -> None:
        after = reopen().write(b"0\n", after=None) if begun else None
        together = threading.Barrier(WRITERS)

        def write(number: int) -> str | None:
            journal = reopen()
            together.wait()
            try:
                return journal.write(b"%d\n" % number, after=after)
            except JournalConflict:
                return None

        with ThreadPoolExecutor(WRITERS) as pool:
            revisions = list(pool.map(write, range(1, WRITERS + 1)))
        (winner,) = [number for number, won in enumerate(revisions, start=1) if won]
        stored = reopen().read()
        assert stored == Stored(b"%d\n" % winner, revisions[winner - 1] or "")

    def test_entries_are_recorded_and_loaded(
        self, reopen: Callable[[], Journal], journal: Journal
    ) -> None:
        held = load(journal, KEY, head=None)
        held = record(journal, held, [opened(), entry(Kind.NOTE)], key=KEY)
        held = record(journal, held, [entry(Kind.NOTE)], key=KEY)
        assert load(reopen(), KEY, head=held.log.head) == held
        assert [each.kind for each in held.log.entries] == [Kind.OPEN, Kind.NOTE, Kind.NOTE]
        assert [operation.token for operation in held.known.unfinished()] == ["deploy"]

    def test_no_journal_where_one_is_known_is_no_beginning(self, journal: Journal) -> None:
        with pytest.raises(JournalBroken, match="is gone"):
            load(journal, KEY, head=Head(1, "0" * 64))

    def test_a_shortened_journal_is_no_beginning(self, journal: Journal) -> None:
        held = record(journal, Held(), [opened(), entry(Kind.NOTE)], key=KEY)
        journal.write(held.log.lines[0] + b"\n", after=held.revision)
        with pytest.raises(JournalBroken, match="line 2 of the journal is missing"):
            load(journal, KEY, head=held.log.head)

    @pytest.mark.parametrize(
        ("wrong", "raised"),
        [
            (entry(Kind.NOTE, {"x": 1.5}), ValueError),
            (entry(Kind.CLOSE, {"phase": "done"}), JournalBroken),
            (Entry(Kind.NOTE, NOW, "", ""), ValueError),
        ],
    )
    def test_what_must_not_be_written_is_not_sent(
        self, journal: Journal, wrong: Entry, raised: type[Exception]
    ) -> None:
        with pytest.raises(raised):
            record(journal, Held(), [wrong], key=KEY)
        assert journal.read() is None
