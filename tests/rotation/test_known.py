from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import JournalBroken
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.known import Current, Known, Retirement, fold
from keyturn.rotation.lock import Lock
from keyturn.rotation.log import Entry, Kind, Log, append, parse
from keyturn.rotation.rows import RowState
from tests.rotation.samples import (
    KEY,
    NOW,
    OPERATION,
    ROWS,
    entry,
    opened,
    phase,
    whole_rotation,
)

LATER = NOW + timedelta(days=90)


def known(*entries: Entry) -> Known:
    return fold(append(Log(), entries, KEY))


def test_an_empty_journal_knows_nothing() -> None:
    assert fold(Log()) == Known()


def test_a_whole_rotation_is_told() -> None:
    found = known(*whole_rotation())
    operation = found.operations[OPERATION]
    assert (operation.token, operation.provider) == ("deploy", "gitlab")
    assert operation.strategy is Strategy.OVERLAP
    assert (operation.old_id, operation.new_id, operation.cycle) == ("41", "42", 0)
    assert operation.phase is Phase.DONE
    assert operation.expires_at == LATER
    assert operation.facts["name"] == "ci kt-k7m2p9x4"
    assert operation.retiring == {"41": Retirement.DEAD}
    assert list(operation.rows) == ROWS
    assert {row.state for row in operation.rows.values()} == {RowState.STORED}
    assert operation.opened_at == NOW
    assert operation.closed_at == operation.phase_at == NOW + timedelta(minutes=15)
    assert found.cycles("octo/app") == {"deploy": 1}
    assert found.current_of("octo/app") == {
        "deploy": Current("42", LATER, NOW + timedelta(minutes=15))
    }
    assert (found.lock, found.fence) == (None, 1)
    assert found.unfinished() == ()


@given(st.integers(0, 17))
def test_every_beginning_of_a_rotation_can_be_told(length: int) -> None:
    log = append(Log(), whole_rotation()[:length], KEY)
    found = fold(log)
    assert found == fold(parse(log.data, KEY))
    assert len(found.unfinished()) == (2 <= length < 16)
    assert found.unfinished("deploy") == found.unfinished()
    assert found.unfinished("other") == ()


def test_rows_go_from_waiting_over_writing_to_stored() -> None:
    history: list[Entry] = [opened()]
    steps: list[tuple[Entry | None, list[RowState]]] = [
        (None, [RowState.WAITING, RowState.WAITING]),
        (entry(Kind.WRITING, {"rows": ROWS}), [RowState.WRITING, RowState.WRITING]),
        (entry(Kind.STORED, {"rows": {ROWS[1]: NOW}}), [RowState.WRITING, RowState.STORED]),
        (entry(Kind.STORED, {"rows": {ROWS[0]: NOW}}), [RowState.STORED, RowState.STORED]),
    ]
    for step, states in steps:
        history += [step] if step else []
        rows = known(*history).operations[OPERATION].rows
        assert [row.state for row in rows.values()] == states
    assert rows[ROWS[0]].stored_at == NOW


def test_one_more_mint_begins_anew_and_forgets_no_id() -> None:
    before = [*whole_rotation()[:10], phase("minting", minute=20)]
    operation = known(*before).operations[OPERATION]
    assert operation.new_id is None
    assert operation.expires_at is None
    assert operation.abandoned == ("42",)
    assert {row.state for row in operation.rows.values()} == {RowState.WAITING}
    assert operation.attempts[Phase.MINTING] == 2
    assert operation.attempts[Phase.SEALED] == 1
    again = known(*before, phase("minting"), phase("sealed", new_id="43")).operations[OPERATION]
    assert (again.new_id, again.abandoned) == ("43", ("42",))


@pytest.mark.parametrize("name", ["preflight", "minting", "sealed", "distributing", "confirming"])
def test_a_successor_is_not_current_before_all_hold_it(name: str) -> None:
    assert known(opened(), phase(name, new_id="42")).current == {}


@pytest.mark.parametrize("name", ["draining", "retiring", "done"])
def test_a_successor_is_current_once_all_hold_it(name: str) -> None:
    found = known(opened(), phase("sealed", new_id="42", expires_at=LATER), phase(name, minute=1))
    assert found.current_of("octo/app") == {
        "deploy": Current("42", LATER, NOW + timedelta(minutes=1))
    }


def test_an_extended_token_stays_the_same_with_a_later_end() -> None:
    close = entry(Kind.CLOSE, {"phase": "done", "expires_at": LATER})
    found = known(opened(strategy="extend", rows=[]), phase("minting"), close)
    assert found.current_of("octo/app") == {"deploy": Current("41", LATER, NOW)}


def test_a_token_without_an_end_is_known_as_such() -> None:
    found = known(opened(), phase("done", new_id="42", expires_at=None))
    assert found.current_of("octo/app")["deploy"].expires_at is None


@pytest.mark.parametrize("name", ["rolled-back", "blocked", "needs-human"])
def test_whatever_is_closed_counts_as_a_cycle_and_changes_no_current_id(name: str) -> None:
    found = known(opened(), phase("sealed", new_id="42"), entry(Kind.CLOSE, {"phase": name}))
    assert found.cycles("octo/app") == {"deploy": 1}
    assert found.current == {}
    second = known(
        opened(), entry(Kind.CLOSE, {"phase": name}), opened(operation="aaaaaaaa", cycle=1)
    )
    assert [operation.cycle for operation in second.unfinished()] == [1]


def test_a_death_may_be_seen_after_the_operation_was_closed() -> None:
    found = known(
        opened(),
        entry(Kind.RETIRE, {"id": "41", "state": "sent"}),
        entry(Kind.CLOSE, {"phase": "done"}),
        entry(Kind.RETIRE, {"id": "41", "state": "dead"}),
    )
    assert found.operations[OPERATION].retiring == {"41": Retirement.DEAD}


def test_what_was_presented_is_remembered() -> None:
    found = known(
        entry(Kind.SPENT, {"fingerprint": "a"}),
        entry(Kind.SPENT, {"fingerprint": "b"}),
        entry(Kind.SPENT, {"fingerprint": "a"}),
    )
    assert found.spent == {"a", "b"}


def lock(fence: Any, owner: str = "run-1") -> Entry:
    return entry(Kind.LOCK, {"owner": owner, "until": LATER, "fence": fence}, operation="")


def unlock(fence: Any) -> Entry:
    return entry(Kind.UNLOCK, {"fence": fence}, operation="")


def test_the_lock_is_the_last_one_taken() -> None:
    assert known(lock(1)).lock == Lock("run-1", LATER, 1)
    found = known(lock(1), lock(4, "run-2"))
    assert (found.lock, found.fence) == (Lock("run-2", LATER, 4), 4)


def test_who_was_overtaken_gives_back_nothing() -> None:
    assert known(lock(1), lock(2, "run-2"), unlock(1)).lock == Lock("run-2", LATER, 2)
    found = known(lock(1), lock(2), unlock(2))
    assert (found.lock, found.fence) == (None, 2)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([lock(2), lock(2)], "line 2 .* a number that was used before"),
        ([lock(2), unlock(2), lock(1)], "line 3 .* a number that was used before"),
        ([lock(0)], "line 1 .* a number that was used before"),
        ([unlock(1)], "line 1 .* a lock that nobody took"),
        ([opened(), opened()], "line 2 .* for the second time"),
        ([opened(), opened(operation="aaaaaaaa")], "line 2 .* has one already"),
        ([opened(operation="")], "line 1 .* for the second time"),
        ([phase("minting")], "line 1 .* never opened"),
        ([entry(Kind.RETIRE, {"id": "1", "state": "due"})], "line 1 .* never opened"),
        ([opened(), entry(Kind.CLOSE, {"phase": "done"}), phase("minting")], "line 3 .* closed"),
        (
            [opened(), *[entry(Kind.CLOSE, {"phase": "done"})] * 2],
            "line 3 .* was closed",
        ),
        ([opened(), entry(Kind.WRITING, {"rows": ["x"]})], "line 2 .* does not have"),
        ([opened(), entry(Kind.STORED, {"rows": {"x": NOW}})], "line 2 .* does not have"),
    ],
)
def test_what_cannot_have_been_is_broken(entries: list[Entry], says: str) -> None:
    with pytest.raises(JournalBroken, match=says):
        known(*entries)


@pytest.mark.parametrize(
    "wrong",
    [
        opened(token=None),
        opened(token=""),
        opened(repository=""),
        opened(strategy="surprise"),
        opened(rows="octo/app:DEPLOY"),
        opened(cycle="0"),
        opened(cycle=True),
        phase("surprise"),
        phase("sealed", new_id=None),
        phase("sealed", expires_at="soon"),
        phase("sealed", expires_at="2027-01-01T00:00:00"),
        entry(Kind.WRITING, {"rows": {}}),
        entry(Kind.WRITING),
        entry(Kind.STORED, {"rows": ROWS}),
        entry(Kind.STORED, {"rows": {ROWS[0]: None}}),
        entry(Kind.RETIRE, {"id": "41", "state": "perhaps"}),
        entry(Kind.SPENT, {"fingerprint": 7}),
        entry(Kind.LOCK, {"owner": "a", "until": NOW, "fence": "7"}),
        entry(Kind.UNLOCK),
        entry(Kind.CLOSE),
    ],
)
def test_an_entry_without_what_its_kind_needs_is_broken(wrong: Entry) -> None:
    before = [] if wrong.kind is Kind.OPEN else [opened()]
    with pytest.raises(JournalBroken, match="lacks what its kind needs"):
        known(*before, wrong)


def test_two_repositories_may_use_the_same_id_for_a_token() -> None:
    done = entry(Kind.CLOSE, {"phase": "done", "new_id": "42"})
    found = known(opened(), done, opened(repository="octo/site", operation="bbbbbbbb", old_id="51"))
    assert [o.id for o in found.unfinished("deploy", repository="octo/site")] == ["bbbbbbbb"]
    assert found.unfinished("deploy", repository="octo/app") == ()
    assert (found.cycles("octo/app"), found.cycles("octo/site")) == ({"deploy": 1}, {})
    assert found.current_of("octo/site") == {}


def stopped() -> list[Entry]:
    """A rotation that stopped while its second secret was about to be written."""
    stored = {"rows": {ROWS[0]: NOW}, "shown": {ROWS[0]: NOW}}
    return [
        opened(written=dict.fromkeys(ROWS)),
        phase("minting"),
        phase("sealed", new_id="42"),
        phase("distributing"),
        entry(Kind.WRITING, {"rows": ROWS, "seen": {ROWS[0]: None, ROWS[1]: NOW}}),
        entry(Kind.STORED, stored),
        phase("needs-human", because="why"),
    ]


class TestAPersonHasItTriedAgain:
    def test_where_it_stopped_is_known(self) -> None:
        operation = known(*stopped()).operations[OPERATION]
        assert operation.facts["from"] == "distributing"
        assert operation.rows[ROWS[1]].seen == NOW

    def test_what_is_stored_stays_and_what_moved_is_written_again(self) -> None:
        rows = {ROWS[0]: NOW, ROWS[1]: LATER}
        again = entry(Kind.RETRY, {"phase": "distributing", "rows": rows})
        operation = known(*stopped(), again).operations[OPERATION]
        assert operation.phase is Phase.DISTRIBUTING
        assert operation.rows[ROWS[0]].state is RowState.STORED
        assert (operation.rows[ROWS[1]].state, operation.rows[ROWS[1]].shown) == (
            RowState.WAITING,
            LATER,
        )
        assert operation.attempts == {Phase.DISTRIBUTING: 1}

    def test_once_all_hold_it_what_was_written_since_is_written_again(self) -> None:
        stored = {"rows": dict.fromkeys(ROWS, NOW), "shown": dict.fromkeys(ROWS, NOW)}
        rows = {ROWS[0]: LATER, ROWS[1]: NOW}
        again = entry(Kind.RETRY, {"phase": "distributing", "rows": rows})
        found = known(
            opened(), entry(Kind.STORED, stored), phase("draining"), phase("stuck"), again
        )
        operation = found.operations[OPERATION]
        states = [row.state for row in operation.rows.values()]
        assert states == [RowState.WAITING, RowState.STORED]
        assert operation.rows[ROWS[0]].stored_at == NOW, "it may hold a token of this operation"

    def test_only_what_has_stopped_is_tried_again(self) -> None:
        with pytest.raises(JournalBroken, match="has not stopped"):
            known(opened(), entry(Kind.RETRY, {"phase": "minting", "rows": {}}))


def test_the_days_on_which_a_phase_failed_are_counted_until_it_is_left() -> None:
    failed = [entry(Kind.FAILED, minute=minute) for minute in (1, 2, 24 * 60)]
    assert len(known(opened(), phase("draining"), *failed).operations[OPERATION].failed_on) == 2
    left = known(opened(), phase("draining"), *failed, phase("retiring"))
    assert left.operations[OPERATION].failed_on == frozenset()


def test_what_was_not_replaced_may_be_presented_again() -> None:
    spent = [entry(kind, {"fingerprint": "a"}) for kind in (Kind.SPENT, Kind.UNSPENT)]
    assert known(*spent[:1]).spent == {"a"}
    assert known(*spent).spent == frozenset()


def test_a_second_mint_keeps_what_this_operation_wrote_apart_from_others() -> None:
    operation = known(*stopped()[:-1], phase("minting")).operations[OPERATION]
    first, second = (operation.rows[row] for row in ROWS)
    assert (first.state, first.shown) == (RowState.WAITING, NOW)
    assert (second.state, second.seen) == (RowState.WRITING, NOW)


def test_a_note_may_say_anything_and_changes_nothing() -> None:
    note = entry(Kind.NOTE, {"listed": ["1", "2"]})
    assert known(opened(), note) == known(opened())
