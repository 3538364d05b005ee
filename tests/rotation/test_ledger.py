"""One run's hand on the journal: the lock, the order of steps, and what is remembered outside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.errors import JournalBroken, JournalConflict
from keyturn.journal import HEAD_VARIABLE
from keyturn.journal.local import LocalJournal
from keyturn.model.rotation import Phase
from keyturn.rotation.known import Retirement, RowState
from keyturn.rotation.ledger import Ledger
from tests.rotation.samples import KEY, NOW, OPERATION, ROWS, opened


class Shelf(dict[str, str]):
    """Variables in memory."""

    def put(self, name: str, text: str) -> None:
        self[name] = text

    def delete(self, name: str) -> None:
        self.pop(name, None)


@pytest.fixture
def variables():
    return Shelf()


@pytest.fixture
def make(tmp_path, variables):
    """Return a ledger of one run, opened."""

    def made(run: str = "run-1", now=NOW) -> Ledger:
        ledger = Ledger(
            LocalJournal(tmp_path / "journal"), KEY, variables, run, now, spend=lambda: None
        )
        ledger.open()
        return ledger

    return made


def begin(ledger: Ledger) -> None:
    ledger.begin(OPERATION, opened().data)


class TestLock:
    def test_the_second_run_is_told_until_when(self, make):
        make().lock()
        with pytest.raises(JournalConflict, match="until 2026-11-22 14:43 UTC"):
            make("run-2").lock()

    def test_a_lock_ends_to_the_second(self, make):
        make().lock()
        with pytest.raises(JournalConflict):
            make("run-2", NOW + timedelta(hours=1, seconds=-1)).lock()
        make("run-2", NOW + timedelta(hours=1)).lock()

    def test_given_back_it_is_free(self, make):
        ledger = make()
        ledger.lock()
        ledger.unlock()
        make("run-2").lock()

    def test_each_has_a_higher_number_than_the_one_before(self, make):
        for number in (1, 2, 3):
            ledger = make(f"run-{number}")
            ledger.lock()
            assert ledger.known.fence == number
            ledger.unlock()

    def test_whoever_was_overtaken_writes_nothing_more(self, make):
        slow, fast = make(), make("run-2", NOW + timedelta(hours=7))
        slow.lock()
        fast.open()
        fast.lock()
        with pytest.raises(JournalConflict, match="somebody else"):
            begin(slow)


class TestSteps:
    def test_what_may_not_follow_is_not_written(self, make):
        ledger = make()
        begin(ledger)
        before = ledger.journal.read()
        with pytest.raises(ValueError, match="may not follow"):
            ledger.enter(OPERATION, Phase.RETIRING)
        assert ledger.journal.read() == before

    def test_a_later_run_knows_all_of_it(self, make):
        ledger = make()
        begin(ledger)
        for phase in (Phase.PREFLIGHT, Phase.MINTING):
            ledger.enter(OPERATION, phase)
        ledger.enter(OPERATION, Phase.SEALED, new_id="42", expires_at=NOW)
        ledger.enter(OPERATION, Phase.PROVING)
        ledger.enter(OPERATION, Phase.DISTRIBUTING)
        ledger.writing(OPERATION, ROWS)
        ledger.stored(OPERATION, {ROWS[0]: NOW})
        ledger.retire(OPERATION, "41", Retirement.DUE)
        operation = make("run-2").operation(OPERATION)
        assert (operation.phase, operation.new_id) == (Phase.DISTRIBUTING, "42")
        assert [row.state for row in operation.rows.values()] == [RowState.STORED, RowState.WRITING]
        assert operation.retiring == {"41": Retirement.DUE}


class TestHead:
    def test_it_is_remembered_when_an_operation_opens_seals_and_ends(self, make, variables):
        ledger = make()
        heads = []
        begin(ledger)
        heads.append(variables[HEAD_VARIABLE])
        ledger.enter(OPERATION, Phase.PREFLIGHT)
        assert variables[HEAD_VARIABLE] == heads[-1]
        ledger.enter(OPERATION, Phase.MINTING)
        ledger.enter(OPERATION, Phase.SEALED, new_id="42", expires_at=NOW)
        heads.append(variables[HEAD_VARIABLE])
        for phase in (Phase.PROVING, Phase.ROLLED_BACK):
            ledger.enter(OPERATION, phase)
        heads.append(variables[HEAD_VARIABLE])
        assert [head.partition(":")[0] for head in heads] == ["1", "4", "6"]

    def test_a_journal_that_is_gone_is_no_beginning(self, make, tmp_path):
        begin(make())
        (tmp_path / "journal/journal.jsonl").unlink()
        with pytest.raises(JournalBroken, match="gone"):
            make("run-2")
