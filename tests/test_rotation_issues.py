"""A rotation that needs a person in its token's one issue: what is said, kept and closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyturn.issues.case import Case
from keyturn.issues.state import Kind
from keyturn.model import (
    Finding,
    Halt,
    Phase,
    Severity,
    State,
    Strategy,
    TokenStatus,
)
from keyturn.report.issue import IssueText
from tests.issue_samples import COPY, NOW, REF, dead, expiring, survey
from tests.issues.test_convergence import apply, closed, decide, one, opened

HALT = Halt(
    Phase.NEEDS_HUMAN,
    "find out who changed @it",
    "1a2b3c4d",
    Strategy.OVERLAP,
    "distributing",
    NOW,
    "7",
    "8",
    ("9",),
    ((str(REF), "stored"), ("octo/app:B", "waiting"), ("octo/app:C", "writing")),
)
STUCK = Finding(
    "rotation-stuck", Severity.ERROR, "deploy", "its rotation stopped: B was written", halt=HALT
)
BLOCKED = replace(STUCK, halt=Halt(Phase.BLOCKED, "declare it once"))
UNKNOWN = TokenStatus(State.UNKNOWN, reason="credential-rejected")
UNREAD = frozenset({"rotation-stuck"})


def text(*findings: Finding) -> str:
    found = survey(*findings)
    return IssueText("octo/app", "https://github.com", NOW).text(
        Case(found.tokens[0], findings, (COPY,))
    )


def test_the_issue_says_what_stopped_where_and_what_to_do() -> None:
    told = text(STUCK)
    for line in (
        "- **rotation-stuck** (error): its rotation stopped: B was written",
        "- Find out who changed @\u200bit",
        "- Have it tried again: `keyturn recover --apply deploy`",
        "- Or give it up: `keyturn recover --apply --abandon deploy`",
        "| `1a2b3c4d` | |",
        f"| State | `needs-human` since {NOW:%Y-%m-%d %H:%M} UTC |",
        "| Stopped in | `distributing` |",
        "| Old token | `7` |",
        "| New token | `8` |",
        "| Made and given up | `9` |",
        "| `octo/app:B` | `waiting`: the old value |",
        "| `octo/app:C` | `writing`: one of both: it may have been written |",
    ):
        assert line in told.splitlines()


def test_what_was_only_refused_has_nothing_to_be_recovered() -> None:
    told = text(BLOCKED)
    assert "- Declare it once" in told
    assert "the next run of `keyturn rotate` tries it again" in told
    assert "recover" not in told
    assert "Its rotation" not in told


def test_it_stands_beside_what_else_is_wrong_in_the_one_issue() -> None:
    issue = opened(survey(expiring()))
    action = one(decide(survey(STUCK, expiring()), issue))
    assert (action.kind, action.number) == (Kind.UPDATE, 1)
    assert action.comment is not None
    assert "rotation-stuck" in action.comment
    assert "expiring" not in action.comment
    issue = apply(action, issue)
    assert decide(survey(STUCK, expiring()), issue) == []
    # It went on: the rest stays, and nobody is told twice.
    action = one(decide(survey(expiring()), issue))
    assert (action.kind, action.comment) == (Kind.UPDATE, None)


def test_it_closes_when_the_rotation_went_on() -> None:
    issue = opened(survey(STUCK))
    action = one(decide(survey(), issue))
    assert action.kind is Kind.CLOSE


def test_another_state_and_another_operation_are_news() -> None:
    issue = opened(survey(BLOCKED))
    assert one(decide(survey(STUCK), issue)).comment is not None
    issue = apply(one(decide(survey(STUCK), issue)), issue)
    other = replace(STUCK, halt=replace(HALT, operation="5e6f7a8b"))
    assert one(decide(survey(other), issue)).comment is not None


@pytest.mark.parametrize("findings", [(), (expiring(),)])
def test_a_run_that_cannot_read_the_journal_leaves_it(findings: tuple[Finding, ...]) -> None:
    issue = opened(survey(STUCK, *findings))
    assert decide(replace(survey(*findings), unevaluated=UNREAD), issue) == []
    assert decide(survey(*findings), issue) != []


def test_news_of_a_run_that_cannot_read_the_journal_makes_it_no_news_later() -> None:
    issue = opened(survey(STUCK, expiring(days=30)))
    blind = replace(survey(expiring(days=3)), unevaluated=UNREAD)
    issue = apply(one(decide(blind, issue)), issue)
    assert one(decide(survey(STUCK, expiring(days=3)), issue)).comment is None


def test_a_token_that_nobody_could_ask_about_has_its_rotation_told() -> None:
    issue = opened(survey(STUCK, status=UNKNOWN))
    assert decide(survey(STUCK, status=UNKNOWN), issue) == []
    # Nothing proves that it went on, either.
    assert decide(survey(status=UNKNOWN), issue) == []


def test_what_is_known_of_such_a_token_is_not_forgotten() -> None:
    issue = opened(survey(expiring()))
    action = one(decide(survey(STUCK, status=UNKNOWN), issue))
    assert action.comment is not None
    issue = apply(action, issue)
    assert one(decide(survey(STUCK, expiring()), issue)).comment is None


def test_a_run_that_touched_others_leaves_an_issue_alone_but_for_a_rotation() -> None:
    others: frozenset[str] = frozenset({"other"})
    issue = opened(survey(expiring()))
    for found in (survey(), survey(dead()), survey(declared=False)):
        assert decide(replace(found, touched=others), issue) == []
        assert decide(replace(found, touched=others)) == []
    assert decide(replace(survey(), touched=frozenset({"deploy"})), issue) != []
    assert one(decide(replace(survey(STUCK), touched=others), issue)).kind is Kind.UPDATE
    # What it told of a rotation, and is over, is taken out again.
    stuck = opened(survey(STUCK))
    assert one(decide(replace(survey(), touched=others), stuck)).kind is Kind.CLOSE


def test_the_one_that_is_set_aside_sleeps_until_the_token_dies() -> None:
    issue = closed(opened(survey(STUCK)), "not_planned")
    assert decide(survey(STUCK), issue) == []
    assert one(decide(survey(STUCK, dead(due=None)), issue)).kind is Kind.REOPEN
