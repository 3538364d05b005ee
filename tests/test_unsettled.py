"""What is not said of a token because its rotation is under way, not known, or beyond this run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.issues.case import Case
from keyturn.issues.state import Kind, read_memory
from keyturn.model import (
    ROTATION_STUCK,
    Failure,
    FailureKind,
    Finding,
    Inventory,
    Phase,
    Plan,
    Rotate,
    Secret,
    SecretRef,
    Severity,
    Skip,
    Skipped,
    State,
    Strategy,
    Survey,
    TokenStatus,
)
from keyturn.remembered import Memory
from keyturn.report.issue import IssueText
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.machine import FINAL
from keyturn.unsettled import as_unknown, find_unjudged, find_unseen, without_unjudged
from tests.issue_samples import COPY, IDLE, NOW, REF, STALE, STATUS, dead, expiring, survey
from tests.issues.test_convergence import apply, closed, decide, one, opened

GOING_ON = Operation(
    "1a2b3c4d", "octo/app", "deploy", "gitlab", Strategy.OVERLAP, 0, "7", NOW, phase_at=NOW
)
HEALED = {"stale-copy", "missing-secret", "copy-too-old", "revoked", "expired"}
UNDER_WAY = {"deploy": frozenset(HEALED)}
STUCK = Finding(ROTATION_STUCK, Severity.ERROR, "deploy", "its rotation stopped")
OUTAGE = Failure(FailureKind.JOURNAL_UNUSABLE, "octo/app", "no answer")
NO_KEY = Failure(FailureKind.JOURNAL_NOT_READ, "octo/app", "no key")
_OPEN_WRITES = {
    Phase.PLANNED,
    Phase.PREFLIGHT,
    Phase.MINTING,
    Phase.SEALED,
    Phase.PROVING,
    Phase.DISTRIBUTING,
    Phase.CONFIRMING,
}


@pytest.mark.parametrize("phase", Phase)
def test_what_the_next_run_heals_is_not_judged(phase: Phase) -> None:
    over = NOW if phase in FINAL else None
    known = Known({"x": replace(GOING_ON, phase=phase, closed_at=over)})
    found = find_unjudged(known, "octo/app", now=NOW)
    assert found == ({"deploy": HEALED} if phase in _OPEN_WRITES else {})
    assert find_unjudged(known, "octo/other", now=NOW) == {}


@pytest.mark.parametrize(("days", "goes_on"), [(6, True), (7, False)])
def test_a_rotation_that_nobody_goes_on_with_hides_nothing(days: int, goes_on: bool) -> None:
    known = Known({"x": replace(GOING_ON, phase=Phase.DISTRIBUTING)})
    assert bool(find_unjudged(known, "octo/app", now=NOW + timedelta(days=days))) is goes_on


@pytest.mark.parametrize(("present", "reason", "hidden"), [
    (None, Skip.BLOCKED, True),
    (True, Skip.BLOCKED, False),
    (False, Skip.BLOCKED, False),
    (None, Skip.NOT_DUE, False),
])  # fmt: skip
def test_what_a_credential_cannot_see_is_not_called_stuck(
    present: bool | None, reason: Skip, hidden: bool
) -> None:
    copy = Secret(REF, present=present, declared_by="deploy")
    other = Secret(SecretRef(REF.scope, "OTHER"), present=None, declared_by="other")
    plan = Plan("octo/app", NOW, skipped=(Skipped("deploy", reason, "it is so"),))
    unseen = find_unseen(plan, Inventory("octo/app", secrets=(copy, other)))
    assert unseen == ({"deploy": {ROTATION_STUCK}} if hidden else {})
    assert bool(without_unjudged(plan, unseen).skipped) is not hidden


@pytest.mark.parametrize(
    ("failure", "options", "enabled", "state", "unknown"),
    [
        (OUTAGE, {"token_id": 7}, True, State.ACTIVE, True),
        (OUTAGE, {"token_id": 7}, True, State.REVOKED, True),
        (OUTAGE, {"token_id": 7}, False, State.REVOKED, False),
        (OUTAGE, {"token_id": None}, True, State.REVOKED, False),
        (OUTAGE, {}, True, State.REVOKED, False),
        (NO_KEY, {"token_id": 7}, True, State.ACTIVE, False),
        (NO_KEY, {"token_id": 7}, True, State.EXPIRED, True),
        (None, {"token_id": 7}, True, State.REVOKED, False),
    ],
)
def test_a_declared_id_may_be_a_replaced_ones(
    failure: Failure | None,
    options: dict[str, object],
    enabled: bool,
    state: State,
    unknown: bool,
) -> None:
    (found,) = survey(status=replace(STATUS, state=state)).tokens
    token = replace(found.token, options=options, rotate=Rotate(enabled=enabled))
    ((told,), _) = as_unknown(
        [replace(found, token=token)], [], Memory(failure=failure), outdated=()
    )
    assert (told.status.state is State.UNKNOWN) is unknown
    assert bool(told.deadline) is not unknown


def test_of_a_value_that_was_replaced_nothing_is_told() -> None:
    failures = [
        Failure(FailureKind.CREDENTIAL_REJECTED, token, "no") for token in ("deploy", "other")
    ]
    ((told,), left) = as_unknown(survey().tokens, failures, Memory(), outdated={"deploy"})
    assert told.status.state is State.UNKNOWN
    assert "the old value" in str(told.status.reason)
    assert [failure.subject for failure in left] == ["other"]


# What an issue makes of it


def under_way(*findings: Finding, status: TokenStatus = STATUS) -> Survey:
    return replace(survey(*findings, status=status), unjudged=UNDER_WAY)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([STALE], []),
        ([dead()], []),
        ([expiring()], []),
        ([STALE, expiring()], [expiring()]),
    ],
)
def test_an_issue_stays_as_it_is_while_secrets_are_written(
    said: list[Finding], found: list[Finding]
) -> None:
    issue = opened(survey(*said))
    assert decide(under_way(*found), issue) == []
    assert decide(survey(*found), issue) != []


def test_a_secret_that_was_written_is_no_sign_of_the_old_value_while_the_others_are() -> None:
    issue = opened(survey(expiring()))
    copies = [replace(COPY, updated_at=NOW)]
    found = survey(expiring(), copies=copies)
    assert "written since" in str(one(decide(found, issue)).comment)
    for action in decide(replace(found, unjudged=UNDER_WAY), issue):
        assert action.comment is None


def test_what_one_token_is_not_judged_by_is_said_of_another() -> None:
    issue = opened(survey(STUCK))
    blind = {"deploy": frozenset({ROTATION_STUCK})}
    assert decide(replace(survey(), unjudged=blind), issue) == []
    assert decide(replace(survey(), unjudged={"other": blind["deploy"]}), issue) != []


def test_news_leave_the_section_of_the_rotation_as_it_is() -> None:
    issue = opened(survey(STUCK))
    blind = replace(survey(dead()), unevaluated=frozenset({ROTATION_STUCK}))
    action = one(decide(blind, issue))
    assert (action.kind, action.title) == (Kind.UPDATE, None)
    assert "expired" in str(action.comment)
    after = apply(action, issue)
    known = read_memory(after.body)
    assert known
    assert {"expired", ROTATION_STUCK} <= known.rules
    assert after.body.partition("-->\n")[2].count("rotation-stuck") == issue.body.partition(
        "-->\n"
    )[2].count("rotation-stuck")
    assert decide(blind, after) == []
    # Who can read the journal writes the whole of it, and says nothing twice.
    action = one(decide(survey(STUCK, dead()), after))
    assert (action.comment, "is dead" in str(action.body)) == (None, True)


@pytest.mark.parametrize("reason", ["not_planned", "duplicate"])
def test_what_was_set_aside_comes_back_when_its_rotation_stops(reason: str) -> None:
    issue = closed(opened(survey(expiring())), reason)
    assert decide(survey(expiring(), IDLE), issue) == []
    action = one(decide(survey(STUCK, expiring()), issue))
    assert action.kind is Kind.REOPEN
    assert "its rotation stopped" in str(action.comment)
    again = closed(apply(action, issue), reason)
    assert decide(survey(STUCK, expiring()), again) == []


@pytest.mark.parametrize(
    ("findings", "by_hand", "advice"),
    [
        ([expiring()], False, "keyturn rotates the token itself"),
        ([expiring()], True, "Renew the token at the provider"),
        ([dead()], False, "keyturn makes a new one itself"),
        ([dead()], True, "Make a new token at the provider"),
        ([dead("revoked")], False, "Find out who revoked it"),
    ],
)
def test_nobody_is_told_to_do_what_keyturn_does(
    findings: list[Finding], by_hand: bool, advice: str
) -> None:
    case = Case(survey(*findings).tokens[0], tuple(findings), (COPY,), by_hand=by_hand)
    assert advice in IssueText("octo/app", "https://github.com", NOW).text(case)
