"""Which rotations are findings: the last operation of a token decides, and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.model import (
    ROTATION_STUCK,
    Finding,
    Halt,
    Phase,
    Plan,
    Predecessor,
    Rotation,
    Severity,
    Skip,
    Skipped,
    Strategy,
)
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.machine import NEEDS_A_PERSON
from keyturn.rotation.rows import Row, RowState
from keyturn.rotation_findings import rotation_findings

NOW = datetime(2026, 11, 22, 6, 17, tzinfo=UTC)
STOPPED = Operation(
    "1a2b3c4d",
    "octo/app",
    "deploy",
    "gitlab",
    Strategy.OVERLAP,
    0,
    "7",
    NOW,
    phase=Phase.NEEDS_HUMAN,
    phase_at=NOW,
    new_id="8",
    rows={"octo/app:A": Row(RowState.STORED, NOW), "octo/app:B": Row()},
    abandoned=("9",),
    facts={"because": "somebody wrote B", "hint": "find out who", "from": "distributing"},
)
CLOSED = replace(STOPPED, closed_at=NOW, phase=Phase.BLOCKED, facts={"because": "no room"})
DUE = Rotation(
    "deploy",
    "gitlab",
    Strategy.OVERLAP,
    "two can live",
    "it is due",
    None,
    Predecessor("7"),
    1,
    timedelta(days=90),
    NOW,
    timedelta(),
    timedelta(days=35),
)


def skip(reason: Skip) -> Skipped:
    return Skipped("deploy", reason, "it is so", "mend it")


def find(
    operations: Sequence[Operation], rotations: tuple[Rotation, ...] = (), *skipped: Skipped
) -> tuple[Finding, ...]:
    known = Known({str(number): each for number, each in enumerate(operations)})
    return rotation_findings(known, Plan("octo/app", NOW, rotations, skipped))


def test_what_has_stopped_is_told_with_all_that_a_person_needs() -> None:
    (found,) = find([STOPPED], (), skip(Skip.UNFINISHED))
    assert (found.rule, found.severity, found.subject) == (ROTATION_STUCK, Severity.ERROR, "deploy")
    assert found.message == (
        "its rotation stopped in `distributing` on 2026-11-22 06:17 UTC: somebody wrote B"
    )
    assert found.halt == Halt(
        Phase.NEEDS_HUMAN,
        "find out who",
        "1a2b3c4d",
        Strategy.OVERLAP,
        "distributing",
        NOW,
        "7",
        "8",
        ("9",),
        (("octo/app:A", "stored"), ("octo/app:B", "waiting")),
    )


@pytest.mark.parametrize("phase", Phase)
def test_an_operation_is_told_where_it_needs_a_person(phase: Phase) -> None:
    over = phase in (Phase.DONE, Phase.ROLLED_BACK, Phase.BLOCKED, Phase.ABANDONED)
    operation = replace(STOPPED, phase=phase, closed_at=NOW if over else None)
    assert bool(find([operation], (DUE,))) is (phase in NEEDS_A_PERSON)


def test_the_last_operation_of_a_token_decides() -> None:
    begun_again = replace(STOPPED, phase=Phase.DRAINING)
    assert find([CLOSED, begun_again], (), skip(Skip.UNFINISHED)) == ()
    assert find([replace(CLOSED, phase=Phase.DONE), STOPPED]) != ()


def test_another_repositorys_token_of_the_same_name_is_not_ours() -> None:
    assert find([replace(STOPPED, repository="octo/other")]) == ()


def test_what_was_refused_is_told_in_words_that_no_further_refusal_changes() -> None:
    """Each run opens and closes an operation of its own, with another id and another time."""
    again = replace(CLOSED, id="other", closed_at=NOW + timedelta(days=1), phase_at=NOW)
    assert find([CLOSED], (DUE,)) == find([CLOSED, again], (DUE,))
    (found,) = find([CLOSED], (DUE,))
    assert found.message == "its rotation is `blocked`: no room"
    assert found.halt == Halt(Phase.BLOCKED)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Skip.NOT_DUE, False),
        (Skip.NOT_ENABLED, False),
        (Skip.MANUAL, False),
        (Skip.LATER, True),
        (Skip.OUTSIDE_WINDOW, True),
        (Skip.FROZEN, True),
        (Skip.NOT_ASKED, False),
    ],
)
def test_what_was_refused_is_told_as_long_as_it_is_due(reason: Skip, told: bool) -> None:
    assert bool(find([CLOSED], (), skip(reason))) is told


def test_what_the_plan_refuses_is_told_once() -> None:
    (found,) = find([CLOSED], (), skip(Skip.BLOCKED))
    assert found.message == "its rotation is `blocked`: it is so"
    assert found.halt == Halt(Phase.BLOCKED, "mend it")
