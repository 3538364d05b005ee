from __future__ import annotations

from dataclasses import replace

import pytest

from keyturn.issues.notices import DASHBOARD, SCHEDULE, Notice, Notices, decide_notice
from keyturn.issues.state import Action, Found, Identity, Issue, Kind, find_identity
from keyturn.model import SCHEDULE_STOPPED, Finding, Severity, Survey
from keyturn.report.issue import IssueText
from tests.issue_samples import expiring, survey

IDENTITY = Identity("dashboard", kind="notice")
SAID = Notice(DASHBOARD, "title", "text", facts=("a",), news="news", over="over")
OVER = Notice(DASHBOARD, over="over")
STOPPED = Finding(SCHEDULE_STOPPED, Severity.WARNING, "octo/app", "it was switched off")


def decide(notice: Notice, *issues: Issue) -> list[Action]:
    return decide_notice(notice, Found.of(issues), IDENTITY)


def after(action: Action, issue: Issue | None = None) -> Issue:
    before = issue or Issue(1, "", "", open=True)
    ends = action.kind in (Kind.END, Kind.FOLD)
    return replace(
        before,
        title=action.title or before.title,
        body=action.body or before.body,
        open=not ends and (before.open or action.kind is Kind.REOPEN),
        reason="completed" if ends else before.reason,
    )


def opened(notice: Notice = SAID, number: int = 1) -> Issue:
    (action,) = decide(notice)
    assert action.kind is Kind.OPEN
    return replace(after(action), number=number)


def test_a_notice_has_one_issue_with_its_own_mark() -> None:
    issue = opened()
    assert issue.body.startswith("<!-- keyturn:notice=dashboard -->\n")
    assert find_identity(issue.body) == IDENTITY
    assert decide(SAID, issue) == []
    assert decide(OVER) == []


@pytest.mark.parametrize(
    ("then", "comment"),
    [
        (replace(SAID, text="other"), None),
        (replace(SAID, title="other"), None),
        (replace(SAID, facts=()), None),
        (replace(SAID, facts=("a", "b")), "news"),
    ],
)
def test_a_fact_is_news_and_words_are_not(then: Notice, comment: str | None) -> None:
    issue = opened()
    (action,) = decide(then, issue)
    assert (action.kind, action.comment) == (Kind.UPDATE, comment)
    assert decide(then, after(action, issue)) == []


def test_what_people_write_outside_stays() -> None:
    issue = opened()
    theirs = replace(issue, body=f"above\r\n{issue.body}\r\nbelow")
    assert decide(SAID, theirs) == []
    (action,) = decide(replace(SAID, text="other"), theirs)
    assert action.body
    assert action.body.startswith("above\r\n")
    assert action.body.endswith("\r\nbelow")
    assert "other" in action.body


def test_it_ends_and_comes_back_in_the_same_issue() -> None:
    issue = opened()
    (action,) = decide(OVER, issue)
    assert (action.kind, action.comment) == (Kind.END, "over")
    ended = after(action, issue)
    assert decide(OVER, ended) == []
    (action,) = decide(SAID, ended)
    assert (action.kind, action.comment, action.number) == (Kind.REOPEN, "news", 1)
    again = after(action, ended)
    assert decide(SAID, again) == []
    assert again.body == issue.body


def test_who_sets_it_aside_is_left_in_peace_until_there_is_news() -> None:
    issue = replace(opened(), open=False, reason="not_planned")
    assert decide(SAID, issue) == []
    assert decide(replace(SAID, text="other"), issue) == []
    (action,) = decide(replace(SAID, facts=("b",)), issue)
    assert action.kind is Kind.REOPEN


@pytest.mark.parametrize("reason", ["not_planned", "completed"])
def test_whoever_closed_one_time_the_next_is_news(reason: str) -> None:
    issue = replace(opened(), open=False, reason=reason)
    assert decide(replace(OVER, partial=True), issue) == []
    (action,) = decide(OVER, issue)
    assert (action.kind, action.comment) == (Kind.UPDATE, None)
    issue = after(action, issue)
    assert decide(OVER, issue) == []
    (action,) = decide(SAID, issue)
    assert (action.kind, action.comment) == (Kind.REOPEN, "news")


def test_who_may_not_set_it_aside_cannot_keep_news_from_being_said() -> None:
    issue = replace(opened(), open=False, reason="not_planned", overruled=True)
    (action,) = decide(SAID, issue)
    issue = replace(after(action, issue), open=False)
    assert decide(SAID, issue) == []
    (action,) = decide(replace(SAID, facts=("b",)), issue)
    assert action.kind is Kind.REOPEN


def test_closed_as_done_it_is_opened_again_once() -> None:
    issue = replace(opened(), open=False, reason="completed")
    (action,) = decide(SAID, issue)
    assert action.kind is Kind.REOPEN
    issue = replace(after(action, issue), open=False)
    assert decide(SAID, issue) == []


def test_a_memory_edited_out_of_shape_says_nothing_twice() -> None:
    issue = opened()
    spoilt = replace(issue, body=issue.body.replace('"v"', "v"))
    (action,) = decide(SAID, spoilt)
    assert (action.kind, action.comment) == (Kind.UPDATE, None)


def test_duplicates_are_folded_into_the_oldest() -> None:
    actions = decide(SAID, opened(number=9), opened(number=4), opened(number=7))
    assert [(action.kind, action.number) for action in actions] == [(Kind.FOLD, 7), (Kind.FOLD, 9)]
    for action in actions:
        assert action.body
        assert find_identity(action.body) is None
        assert action.comment
        assert action.comment.startswith("#4 ")


# Which of them a run brings in line


def named(found: Survey, *, dashboard: bool = True, issues: tuple[Issue, ...] = ()) -> list[str]:
    writer = IssueText(found.repository, "https://github.com", found.now)
    notices = Notices(found, "octo/app", writer, dashboard)
    return [f"{a.kind} {a.subject}" for a in notices.decide(notices.find(issues))]


def open_issue(name: str) -> Issue:
    return Issue(3, "t", f"{Identity(name, kind='notice').mark}\n", open=True)


@pytest.mark.parametrize(
    ("found", "dashboard", "actions"),
    [
        (survey(expiring()), False, []),
        (survey(expiring()), True, ["open the dashboard"]),
        (survey(declared=False), True, []),
        (survey(STOPPED), False, ["open the schedule"]),
        (survey(STOPPED), True, ["open the schedule", "open the dashboard"]),
        (replace(survey(STOPPED), touched=frozenset()), True, ["open the schedule"]),
        (replace(survey(), unevaluated=frozenset({SCHEDULE_STOPPED})), False, []),
    ],
)
def test_each_run_keeps_what_it_could_look_into(
    found: Survey, dashboard: bool, actions: list[str]
) -> None:
    assert named(found, dashboard=dashboard) == actions


@pytest.mark.parametrize(
    ("found", "dashboard", "name", "actions"),
    [
        (survey(), False, DASHBOARD, ["end the dashboard"]),
        (survey(declared=False), True, DASHBOARD, ["end the dashboard"]),
        (replace(survey(), touched=frozenset()), False, DASHBOARD, []),
        (survey(), False, SCHEDULE, ["end the schedule"]),
        (replace(survey(), touched=frozenset()), False, SCHEDULE, ["end the schedule"]),
        (replace(survey(), unevaluated=frozenset({SCHEDULE_STOPPED})), False, SCHEDULE, []),
    ],
)
def test_what_is_over_is_closed(
    found: Survey, dashboard: bool, name: str, actions: list[str]
) -> None:
    assert named(found, dashboard=dashboard, issues=(open_issue(name),)) == actions


def test_a_notice_is_of_one_repository() -> None:
    writer = IssueText("octo/app", "https://github.com", survey().now)
    notices = Notices(survey(STOPPED), "octo/tracker", writer)
    other = Issue(3, "t", Identity("schedule", "octo/site", "notice").mark, open=True)
    (action,) = notices.decide(notices.find([other]))
    assert action.body
    assert find_identity(action.body) == Identity("schedule", "octo/app", "notice")
