"""One run's hand on the journal: the lock, the order of steps, and what is remembered outside."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from keyturn.errors import JournalBroken, JournalConflict, JournalError, PlatformUnavailable
from keyturn.journal import HEAD_VARIABLE
from keyturn.journal.local import LocalJournal
from keyturn.model.rotation import Phase
from keyturn.rotation.known import Retirement
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.lock import Attempt
from keyturn.rotation.log import Kind
from keyturn.rotation.rows import RowState
from tests.rotation.samples import KEY, NOW, OPERATION, ROWS, opened

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MINE = Attempt("octo/app", 17, 1)


class Shelf(dict[str, str]):
    """Variables in memory, which may be out of order for a while."""

    down = False

    def put(self, name: str, text: str) -> None:
        if self.down:
            raise PlatformUnavailable("GitHub is down", hint="wait")
        self[name] = text

    def delete(self, name: str) -> None:
        self.pop(name, None)

    def names(self) -> list[str]:
        return list(self)


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Runs:
    """What GitHub tells of workflow runs."""

    def __init__(self) -> None:
        self.ended: set[Attempt] = set()
        self.down = False

    def has_ended(self, attempt: Attempt) -> bool:
        if self.down:
            raise PlatformUnavailable("GitHub is down")
        return attempt in self.ended

    def address(self, attempt: Attempt) -> str:
        return f"runs/{attempt.run_id}/{attempt.number}"


@pytest.fixture
def variables():
    return Shelf()


@pytest.fixture
def runs():
    return Runs()


@pytest.fixture
def told():
    return []


@pytest.fixture
def make(tmp_path, variables, runs, told):
    """Return a ledger of one run, opened."""

    def made(run: str = "run-1", now=NOW, *, attempt: Attempt | None = None) -> Ledger:
        ledger = Ledger(
            LocalJournal(tmp_path / "journal"),
            KEY,
            variables,
            run,
            Watch(now),
            spend=lambda: None,
            attempts=runs,
            tell=told.append,
            attempt=attempt,
        )
        ledger.open()
        return ledger

    return made


def begin(ledger: Ledger) -> None:
    ledger.begin(OPERATION, opened().data)


def seal(ledger: Ledger) -> None:
    for phase in (Phase.PREFLIGHT, Phase.MINTING):
        ledger.enter(OPERATION, phase)
    ledger.enter(OPERATION, Phase.SEALED, new_id="42", expires_at=NOW)


def kinds(ledger: Ledger) -> list[Kind]:
    """Return what the journal holds by now."""
    ledger.open()
    return [entry.kind for entry in ledger._held.log.entries]


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

    def test_whoever_was_overtaken_writes_nothing_more(self, make, variables):
        slow, fast = make(), make("run-2", NOW + timedelta(hours=7))
        slow.lock()
        fast.open()
        fast.lock()
        before = fast.journal.read()
        for _ in range(2):
            with pytest.raises(JournalConflict, match="somebody else"):
                begin(slow)
        with pytest.raises(JournalConflict):
            slow.keep_lock()
        slow.unlock()
        assert fast.journal.read() == before
        assert variables == {}
        begin(fast)

    def test_the_lock_of_a_workflow_run_that_has_ended_is_taken_over_at_once(
        self, make, runs, told
    ):
        make(attempt=MINE).lock()
        runs.ended.add(MINE)
        ledger = make("run-2", attempt=Attempt("octo/app", 18, 1))
        ledger.lock()
        assert told == ["took over the lock of a run that has ended: runs/17/1"]
        assert (ledger.known.fence, ledger.known.lock.owner) == (2, "run-2")
        assert ledger.known.lock.attempt == Attempt("octo/app", 18, 1)

    @pytest.mark.parametrize("down", [False, True])
    def test_another_attempts_is_waited_for_and_named(self, make, runs, told, down):
        make(attempt=MINE).lock()
        runs.ended.add(Attempt("octo/app", 17, 2))
        runs.down = down
        with pytest.raises(JournalConflict, match=r"runs/17/1") as caught:
            make("run-2").lock()
        assert "--break-lock" in caught.value.hint
        make("run-2", NOW + HOUR).lock()
        assert told == []

    def test_a_lock_is_broken_where_a_person_says_so(self, make, told):
        make().lock()
        ledger = make("run-2")
        ledger.lock(break_it=True)
        assert told == ["broke the lock of run-1, which held until 2026-11-22 14:43 UTC"]
        assert ledger.known.fence == 2

    def test_one_that_is_free_needs_no_breaking(self, make, told):
        make().lock(break_it=True)
        assert told == []


class TestRenewal:
    def test_it_comes_with_a_write_in_the_second_half_to_the_second(self, make):
        ledger = make(attempt=MINE)
        ledger.lock()
        ledger.clock.now = NOW + HOUR / 2 - SECOND
        begin(ledger)
        assert ledger.known.fence == 1
        ledger.clock.now += SECOND
        ledger.enter(OPERATION, Phase.PREFLIGHT)
        lock = ledger.known.lock
        assert (lock.owner, lock.fence, lock.attempt) == ("run-1", 2, MINE)
        assert lock.until == NOW + HOUR * 1.5
        assert kinds(ledger) == [Kind.LOCK, Kind.OPEN, Kind.LOCK, Kind.PHASE]

    def test_a_run_that_goes_on_keeps_others_out_for_as_long_as_it_does(self, make):
        ledger = make()
        ledger.lock()
        for _ in range(10):
            ledger.clock.now += HOUR * 0.7
            ledger.keep_lock()
            with pytest.raises(JournalConflict):
                make("run-2", ledger.clock.now + HOUR * 0.69).lock()
        ledger.unlock()
        make("run-2", ledger.clock.now).lock()

    def test_a_run_that_slept_through_its_lock_goes_on_if_nobody_took_it(self, make):
        ledger = make()
        ledger.lock()
        ledger.clock.now += HOUR * 5
        begin(ledger)
        assert ledger.known.lock.until == NOW + HOUR * 6

    def test_giving_it_back_renews_nothing(self, make):
        ledger = make()
        ledger.lock()
        ledger.clock.now += HOUR
        ledger.unlock()
        assert kinds(ledger) == [Kind.LOCK, Kind.UNLOCK]


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
        ledger.writing(OPERATION, dict.fromkeys(ROWS, NOW))
        ledger.stored(OPERATION, {ROWS[0]: NOW})
        ledger.retire(OPERATION, "41", Retirement.DUE)
        operation = make("run-2").operation(OPERATION)
        assert (operation.phase, operation.new_id) == (Phase.DISTRIBUTING, "42")
        assert [row.state for row in operation.rows.values()] == [RowState.STORED, RowState.WRITING]
        assert operation.retiring == {"41": Retirement.DUE}


class TestHead:
    def test_it_is_remembered_when_an_operation_opens_seals_and_ends(self, make, variables):
        ledger = make()
        begin(ledger)
        heads = [variables[HEAD_VARIABLE]]
        for phase in itertools.takewhile(lambda phase: phase is not Phase.ROLLED_BACK, Phase):
            if phase is not Phase.PLANNED:
                facts = {"new_id": "42"} if phase.value == "sealed" else {}
                ledger.enter(OPERATION, phase, **facts)
                heads.append(variables[HEAD_VARIABLE])
        numbers = [int(head.partition(":")[0]) for head in heads]
        # Open, preflight, minting, sealed, proving, distributing, confirming, draining, …, done.
        assert numbers == [1, 1, 1, 4, 4, 4, 7, 7, 7, 10]
        make("run-2")

    def test_one_that_cannot_be_written_stops_nothing_and_is_tried_again(self, make, variables):
        ledger = make()
        ledger.lock()
        variables.down = True
        begin(ledger)
        seal(ledger)
        assert HEAD_VARIABLE not in variables
        variables.down = False
        ledger.enter(OPERATION, Phase.PROVING)
        assert variables[HEAD_VARIABLE].startswith("6:")
        ledger.unlock()
        assert variables[HEAD_VARIABLE].startswith("6:")

    def test_one_that_was_never_written_is_said_once_the_lock_is_given_back(self, make, variables):
        ledger = make()
        ledger.lock()
        variables.down = True
        begin(ledger)
        with pytest.raises(JournalError, match="GitHub is down"):
            ledger.unlock()
        variables.down = False
        later = make("run-2")
        later.lock()
        assert variables[HEAD_VARIABLE].startswith("4:")

    def test_without_it_a_journal_that_tells_of_a_new_token_is_not_believed(self, make, variables):
        ledger = make()
        begin(ledger)
        seal(ledger)
        head = variables.pop(HEAD_VARIABLE)
        with pytest.raises(JournalBroken, match="KEYTURN_JOURNAL_HEAD is gone") as caught:
            make("run-2")
        assert head in caught.value.hint

    def test_nothing_but_a_sealed_record_is_no_beginning(self, make, variables):
        variables |= {"KEYTURN_SEALED_K7M2P9X4": "x", "KEYTURN_SEALED_OF_MINE": "x"}
        with pytest.raises(JournalBroken, match=r"told of: KEYTURN_SEALED_K7M2P9X4$"):
            make()

    def test_a_journal_that_is_gone_is_no_beginning(self, make, tmp_path):
        begin(make())
        (tmp_path / "journal/journal.jsonl").unlink()
        with pytest.raises(JournalBroken, match="gone"):
            make("run-2")
