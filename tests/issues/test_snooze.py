from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from keyturn.issues.convergence import Convergence
from keyturn.issues.snooze import Event, asks_for_silence, judge, snooze_labels
from keyturn.issues.state import Action, Issue, Kind, Snooze
from keyturn.model import Finding, Survey
from keyturn.report.issue import IssueText
from tests.issue_samples import DAYS, DUE, IDLE, NOW, STALE, dead, expiring, survey

WEEK = "keyturn:snooze-7d"
ISSUE = Issue(1, "t", "b", open=True, labels=("keyturn", WEEK))
LABELLED = Event("labeled", "alice", NOW, WEEK)
CLOSED = Event("closed", "alice", NOW)


# Who asked, and for how long


@pytest.mark.parametrize(
    ("label", "days"),
    [
        ("keyturn:snooze-1d", 1),
        ("keyturn:snooze-7d", 7),
        ("Keyturn:Snooze-90D", 90),
        ("keyturn:snooze-91d", None),
        ("keyturn:snooze-0d", None),
        ("keyturn:snooze-07d", None),
        ("keyturn:snooze-7", None),
        ("keyturn:snooze-7dd", None),
        ("keyturn:snooze--7d", None),
        ("keyturn:snooze-٣d", None),
        ("snooze-7d", None),
    ],
)
def test_a_label_names_whole_days(label: str, days: int | None) -> None:
    found = snooze_labels(replace(ISSUE, labels=(label,)))
    assert found == ({label: days * DAYS} if days else {})


@pytest.mark.parametrize(
    ("issue", "asks"),
    [
        (ISSUE, True),
        (replace(ISSUE, labels=("keyturn",)), False),
        (replace(ISSUE, labels=(), open=False, reason="not_planned"), True),
        (replace(ISSUE, labels=(), open=False, reason="completed"), False),
        (replace(ISSUE, labels=(), open=True, reason="not_planned"), False),
    ],
)
def test_few_issues_have_to_be_looked_into(issue: Issue, asks: bool) -> None:
    assert asks_for_silence(issue) is asks


@pytest.mark.parametrize(
    ("events", "may_write", "until"),
    [
        ([LABELLED], True, NOW + 7 * DAYS),
        ([LABELLED], False, None),
        ([LABELLED], None, None),
        ([replace(LABELLED, login="")], True, None),
        ([], True, None),
        ([LABELLED, replace(LABELLED, at=NOW + DAYS)], True, NOW + 8 * DAYS),
        ([replace(LABELLED, label="keyturn:snooze-90d")], True, None),
        ([LABELLED, replace(LABELLED, login="")], True, None),
    ],
)
def test_a_label_counts_of_somebody_who_may_write(
    events: list[Event], may_write: bool | None, until: datetime | None
) -> None:
    found = judge(ISSUE, events, lambda _: may_write)
    assert found.snooze == (Snooze(until, (WEEK,)) if until else None)


def test_of_several_labels_the_last_to_end_counts() -> None:
    issue = replace(ISSUE, labels=(WEEK, "keyturn:snooze-30d", "keyturn:snooze-60d"))
    events = [
        replace(LABELLED, label="keyturn:snooze-30d"),
        LABELLED,
        replace(LABELLED, label="keyturn:snooze-60d", login="eve"),
    ]
    found = judge(issue, events, lambda login: login == "alice")
    assert found.snooze == Snooze(NOW + 30 * DAYS, (WEEK, "keyturn:snooze-30d"))


@pytest.mark.parametrize(
    ("events", "may_write", "set_aside"),
    [
        ([CLOSED], True, True),
        ([CLOSED], None, True),
        ([], False, True),
        ([CLOSED], False, False),
        ([replace(CLOSED, login="")], True, False),
        ([replace(CLOSED, login="eve"), CLOSED], True, True),
    ],
)
def test_a_closing_counts_unless_somebody_may_not(
    events: list[Event], may_write: bool | None, set_aside: bool
) -> None:
    issue = replace(ISSUE, open=False, reason="not_planned", labels=())
    found = judge(issue, events, lambda login: may_write if login == "alice" else False)
    assert found.set_aside is set_aside


# What it keeps silent


def decide(found: Survey, issue: Issue) -> list[Action]:
    writer = IssueText(found.repository, "https://github.com", found.now)
    convergence = Convergence(found, "octo/app", writer)
    return convergence.decide(convergence.find([issue]))


def opened(found: Survey) -> Issue:
    writer = IssueText(found.repository, "https://github.com", found.now)
    (action,) = Convergence(found, "octo/app", writer).decide({})
    assert action.title
    assert action.body
    return Issue(1, action.title, action.body, open=True)


def snoozed(issue: Issue, days: int = 7) -> Issue:
    return replace(issue, labels=(WEEK,), snooze=Snooze(NOW + days * DAYS, (WEEK,)))


def after(action: Action, issue: Issue) -> Issue:
    return replace(
        issue,
        title=action.title or issue.title,
        body=action.body or issue.body,
        open=issue.open or action.kind is Kind.REOPEN,
    )


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ((expiring(days=14),), False),
        ((expiring(days=30), STALE), False),
        ((expiring(days=30, due=DUE - DAYS),), False),
        ((expiring(days=3),), True),
        ((dead(),), True),
        ((dead("revoked", due=None),), True),
        ((dead("blocked-by-policy", due=None),), True),
        ((dead("rotation-stuck", due=None), expiring()), True),
    ],
)
def test_a_snoozed_issue_is_kept_true_and_says_only_errors(
    then: tuple[Finding, ...], told: bool
) -> None:
    issue = snoozed(opened(survey(expiring(days=30))))
    actions = decide(survey(*then), issue)
    assert {(action.kind, action.unlabel) for action in actions} <= {(Kind.UPDATE, ())}
    assert any(action.comment for action in actions) is told
    for action in actions:
        issue = after(action, issue)
    assert all(finding.message in issue.body for finding in then)
    assert decide(survey(*then), issue) == []


def test_a_run_that_cannot_read_the_journal_writes_nothing_of_a_snoozed_issue() -> None:
    stuck = dead("rotation-stuck", due=None)
    issue = snoozed(opened(survey(stuck, expiring(days=30))))
    blind = replace(survey(expiring(days=14), STALE), unevaluated=frozenset({stuck.rule}))
    assert decide(blind, issue) == []
    (action,) = decide(blind, replace(issue, snooze=None))
    assert action.comment


def test_an_error_that_was_said_is_not_news() -> None:
    issue = snoozed(opened(survey(expiring(days=3))))
    assert decide(survey(expiring(days=3)), issue) == []
    (action,) = decide(survey(expiring(days=3), STALE), issue)
    assert action.comment is None
    (action,) = decide(survey(expiring(days=1)), issue)
    assert action.comment


def test_what_was_kept_silent_is_said_when_the_time_is_over() -> None:
    issue = snoozed(opened(survey(expiring(days=30))))
    last = survey(expiring(days=14), now=NOW + 7 * DAYS - timedelta(seconds=1))
    assert decide(last, issue) == []
    (action,) = decide(replace(last, now=NOW + 7 * DAYS), issue)
    assert (action.kind, action.unlabel) == (Kind.UPDATE, (WEEK,))
    assert action.comment
    assert "expires soon" in action.comment
    issue = replace(after(action, issue), labels=(), snooze=None)
    assert decide(replace(last, now=NOW + 7 * DAYS), issue) == []


def test_a_snooze_that_ends_without_news_takes_the_label_off_in_silence() -> None:
    found = survey(expiring(days=30), now=NOW + 7 * DAYS)
    issue = snoozed(opened(found))
    (action,) = decide(found, issue)
    assert action == Action(Kind.UPDATE, "deploy", 1, unlabel=(WEEK,))


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        ((expiring(days=30),), NOW, None),
        ((expiring(days=14),), NOW, None),
        ((expiring(days=1),), NOW, Kind.REOPEN),
        ((dead(),), NOW, Kind.REOPEN),
        ((dead("rotation-stuck", due=None), expiring()), NOW, Kind.REOPEN),
        ((expiring(days=30),), NOW + 7 * DAYS, Kind.REOPEN),
        ((expiring(days=14),), NOW + 7 * DAYS, Kind.REOPEN),
    ],
)
@pytest.mark.parametrize("reason", ["not_planned", "completed"])
def test_a_closed_issue_sleeps_for_as_long_as_its_label_says(
    then: tuple[Finding, ...], now: datetime, kind: Kind | None, reason: str
) -> None:
    issue = replace(snoozed(opened(survey(expiring(days=30)))), open=False, reason=reason)
    actions = decide(survey(*then, now=now), issue)
    assert [action.kind for action in actions] == ([kind] if kind else [])
    for action in actions:
        assert action.unlabel == ((WEEK,) if now > NOW else ())


def test_another_life_of_the_token_is_not_snoozed() -> None:
    issue = replace(snoozed(opened(survey(IDLE))), open=False, reason="not_planned")
    found = survey(expiring())
    (inspected,) = found.tokens
    other = replace(inspected, status=replace(inspected.status, token_id="8"))
    (action,) = decide(replace(found, tokens=(other,)), issue)
    assert action.kind is Kind.OPEN


def test_who_may_not_set_it_aside_has_it_back_once() -> None:
    found = survey(expiring(days=30))
    issue = replace(opened(found), open=False, reason="not_planned", overruled=True)
    (action,) = decide(found, issue)
    assert action.kind is Kind.REOPEN
    issue = replace(after(action, issue), open=False)
    assert decide(found, issue) == []
    # A bot that closes it again and again does not keep the token's death from being said.
    worse = survey(expiring(days=3))
    (action,) = decide(worse, issue)
    assert action.kind is Kind.REOPEN
    issue = replace(after(action, issue), open=False)
    assert decide(worse, issue) == []
    assert [a.kind for a in decide(survey(dead()), issue)] == [Kind.REOPEN]
