from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.issues.dashboard import make_board
from keyturn.model import (
    Consumer,
    Deadline,
    DeadlineReason,
    Finding,
    Inspected,
    Inventory,
    Reference,
    Rotate,
    Secret,
    Severity,
    State,
    Survey,
    Token,
    TokenStatus,
    Trigger,
    Use,
    Uses,
)
from tests.issue_samples import DAYS, DUE, IDLE, NOW, REF, STATUS, dead, expiring, survey

ROTATE = ".github/workflows/rotate.yml"
BY_HAND = (Trigger("workflow_dispatch"),)


def use(
    consumer: Consumer | None = None,
    *,
    path: str = ROTATE,
    triggers: tuple[Trigger, ...] = BY_HAND,
) -> Use:
    reference = Reference(path, 1, 1, "GITLAB_TOKEN", job="go")
    consumers = (consumer,) if consumer else ()
    return Use("GITLAB_TOKEN", path, "go", triggers, reference, consumers=consumers)


def action(uses: str = "keyturn/keyturn@v0", **inputs: str) -> Consumer:
    given = {"command": "rotate", "args": "--apply"} | inputs
    return Consumer(ROTATE, 1, uses=uses, inputs={k.replace("_", "-"): v for k, v in given.items()})


def script(text: str) -> Consumer:
    return Consumer(ROTATE, 1, script=text)


def with_uses(found: Survey, *uses: Use) -> Survey:
    secrets = (Secret(REF, declared_by="deploy", uses=uses),)
    return replace(found, inventory=Inventory("octo/app", secrets, uses=Uses(uses=uses)))


def three(*deadlines: Deadline | None, findings: tuple[Finding, ...] = ()) -> Survey:
    tokens = tuple(
        Inspected(Token(f"t{number}", "gitlab"), TokenStatus(State.ACTIVE), deadline)
        for number, deadline in enumerate(deadlines)
    )
    return replace(survey(*findings), tokens=tokens)


def test_rows_are_sorted_by_their_end_on_any_day() -> None:
    reason = DeadlineReason.PROVIDER_EXPIRY
    found = three(None, Deadline(DUE, reason), Deadline(DUE - DAYS, reason), Deadline(DUE, reason))
    for days in (0, 30, 300):
        board = make_board(replace(found, now=NOW + days * DAYS))
        assert [row.inspected.token.id for row in board.rows] == ["t2", "t1", "t3", "t0"]


def test_the_end_of_what_nobody_uses_has_no_date_until_it_is_due() -> None:
    deadline = Deadline(DUE, DeadlineReason.IDLE_REMOVAL)
    (row,) = make_board(three(deadline)).rows
    assert (row.at, row.first) == (None, None)
    (row,) = make_board(three(deadline, findings=(replace(expiring(), subject="t0"),))).rows
    assert row.at == DUE
    # What else is wrong does not keep it from moving.
    (row,) = make_board(three(deadline, findings=(replace(IDLE, subject="t0"),))).rows
    assert (row.at, row.rule) == (None, "idle")


def test_a_healthy_token_too_has_its_first_job() -> None:
    weekly = Trigger("schedule", "0 6 * * 1")
    (row,) = make_board(with_uses(survey(), use(triggers=(weekly,)))).rows
    assert row.first
    assert (row.first.job, row.first.at) == ("go", DUE + timedelta(days=6, hours=6))
    assert row.rule == ""


@pytest.mark.parametrize(
    ("findings", "enabled", "by_hand", "offered"),
    [
        ((expiring(),), True, False, True),
        ((expiring(),), False, False, False),
        ((expiring(),), True, True, False),
        ((), True, False, False),
        ((IDLE,), True, False, False),
        ((dead(),), True, False, True),
        ((dead("revoked", due=None),), True, False, False),
        ((dead("blocked-by-policy", due=None),), True, False, False),
        ((replace(IDLE, severity=Severity.INFO),), True, False, False),
    ],
)
def test_what_is_due_and_may_be_rotated_can_be_now(
    findings: tuple[Finding, ...], enabled: bool, by_hand: bool, offered: bool
) -> None:
    found = survey(*findings)
    (one,) = found.tokens
    token = replace(one.token, rotate=Rotate(enabled=enabled))
    found = replace(found, tokens=(replace(one, token=token),))
    found = replace(found, by_hand=frozenset({"deploy"} if by_hand else ()))
    (row,) = make_board(found).rows
    assert row.rotate_now is offered


@pytest.mark.parametrize(
    ("consumer", "triggers", "there"),
    [
        (action(), BY_HAND, True),
        (action(args="--apply --plan plan.json"), BY_HAND, True),
        (action("./.github/actions/keyturn"), BY_HAND, True),
        (action("octo/keyturn/composite@v1"), BY_HAND, True),
        (action(dry_run="false"), BY_HAND, True),
        (action(dry_run="true"), BY_HAND, False),
        (action(dry_run="${{ inputs.dry }}"), BY_HAND, False),
        (action(args="--output json=plan.json"), BY_HAND, False),
        (action(args="--apply --dry-run"), BY_HAND, False),
        (action(command="recover"), BY_HAND, False),
        (action("octo/keyturner@v1"), BY_HAND, False),
        (action(), (Trigger("schedule", "0 6 * * 1"),), False),
        (action(), (), False),
        (script("keyturn rotate --apply"), BY_HAND, True),
        (script("set -e\npipx run keyturn rotate deploy \\\n  --apply\n"), BY_HAND, True),
        (script("keyturn rotate\nother --apply"), BY_HAND, False),
        (script("keyturn rotate && other --apply"), BY_HAND, False),
        (script("keyturn rotate # no --apply"), BY_HAND, False),
        (script("keyturn rotate --apply --dry-run"), BY_HAND, False),
        (script("keyturn rotate --output json=PLAN"), BY_HAND, False),
        (script("keyturn check"), BY_HAND, False),
    ],
)
def test_the_workflow_that_rotates_is_found_by_what_it_runs(
    consumer: Consumer, triggers: tuple[Trigger, ...], there: bool
) -> None:
    other = use(script("make"), path=".github/workflows/a.yml")
    found = with_uses(survey(), other, use(consumer, triggers=triggers))
    assert make_board(found).workflow == (ROTATE if there else None)


@pytest.mark.parametrize(
    ("state", "dead"), [(State.EXPIRED, True), (State.REVOKED, True), (State.ACTIVE, False)]
)
def test_a_dead_token_is_told_apart(state: State, dead: bool) -> None:
    (row,) = make_board(survey(status=replace(STATUS, state=state))).rows
    assert row.is_dead is dead
