from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.github.issues import Converged, converge
from keyturn.model import SCHEDULE_STOPPED, FailureKind, Finding, Severity, Survey
from keyturn.report.issue import IssueText
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_tracker import Issue
from tests.github.worlds import client_of, fail, lines, world, writes
from tests.issue_samples import DAYS, NOW, dead, expiring, survey

WEEK = "keyturn:snooze-7d"
ROLES = {"alice": "write", "mia": "maintain", "ann": "admin", "tim": "triage", "rob": "read"}
EVENTS = "GET /repos/octo/app/issues/1/events"
STOPPED = Finding(SCHEDULE_STOPPED, Severity.WARNING, "octo/app", "it was switched off")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(collaborators=ROLES) as made:
        yield made


def run(
    box: Sandbox, found: Survey, *, dashboard: bool = False, dry_run: bool = False
) -> Converged:
    box.github.server.exchanges.clear()
    writer = IssueText(found.repository, "https://github.com", found.now)
    return converge(
        client_of(box), found, writer, tracker="octo/app", dashboard=dashboard, dry_run=dry_run
    )


def at(days: float, *findings: Finding) -> Survey:
    return survey(*findings, now=NOW + timedelta(days=days))


def issue(box: Sandbox, number: int = 1) -> Issue:
    found = box.github.repository("octo/app").tracker.issues[number]
    assert isinstance(found, Issue)
    return found


def comments(box: Sandbox) -> list[str]:
    return [comment.body for comment in issue(box).comments]


def label(box: Sandbox, *names: str, by: str = "alice") -> None:
    tracker = box.github.repository("octo/app").tracker
    tracker.set_labels(issue(box), [*issue(box).labels, *names], by=by)


def set_aside(box: Sandbox, by: str) -> None:
    tracker = box.github.repository("octo/app").tracker
    tracker.set_state(issue(box), "closed", by=by, reason="not_planned")


# Snoozing


def test_a_snoozed_issue_says_nothing_until_the_time_is_over(box: Sandbox) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    run(box, at(1, expiring(days=14)))
    assert lines(box) == [
        "GET /repos/octo/app",
        "GET /repos/octo/app/issues",
        EVENTS,
        "GET /repos/octo/app/collaborators/alice/permission",
    ]
    result = run(box, at(7, expiring(days=14)))
    assert writes(box) == [
        "POST /repos/octo/app/issues/1/comments",
        "PATCH /repos/octo/app/issues/1",
        f"DELETE /repos/octo/app/issues/1/labels/{WEEK.replace(':', '%3A')}",
    ]
    assert result.failures == ()
    assert issue(box).labels == ["keyturn"]
    run(box, at(7, expiring(days=14)))
    assert lines(box) == ["GET /repos/octo/app", "GET /repos/octo/app/issues"]
    assert len(comments(box)) == 1


def test_a_dead_token_breaks_the_silence(box: Sandbox) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    run(box, at(1, dead()))
    assert len(comments(box)) == 1
    assert WEEK in issue(box).labels


@pytest.mark.parametrize(
    ("login", "counts"),
    [
        ("alice", True),
        ("mia", True),
        ("ann", True),
        ("tim", False),
        ("rob", False),
        ("eve", False),
        ("github-actions[bot]", False),
    ],
)
def test_the_right_of_who_asks_is_checked(box: Sandbox, login: str, counts: bool) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK, by=login)
    for _ in range(2):
        run(box, at(1, expiring(days=14)))
    assert len(comments(box)) == (0 if counts else 1)
    assert WEEK in issue(box).labels


@pytest.mark.parametrize(
    ("login", "state"),
    [("alice", "closed"), ("tim", "open"), ("stale[bot]", "open")],
)
def test_so_is_the_right_of_who_sets_an_issue_aside(box: Sandbox, login: str, state: str) -> None:
    found = at(0, expiring(days=30))
    run(box, found)
    set_aside(box, login)
    run(box, found)
    assert issue(box).state == state
    set_aside(box, login)
    run(box, found)
    assert issue(box).state == "closed"
    assert writes(box) == []


def test_a_person_is_asked_about_once_a_run(box: Sandbox) -> None:
    found = survey(expiring(), replace(expiring(), subject="second"))
    (first,) = found.tokens
    second = replace(first, token=replace(first.token, id="second"))
    found = replace(found, tokens=(first, second))
    run(box, found)
    tracker = box.github.repository("octo/app").tracker
    for each in tracker.issues.values():
        tracker.set_labels(each, ["keyturn", WEEK, "keyturn:snooze-30d"], by="alice")
    run(box, found)
    assert sum("/permission" in line for line in lines(box)) == 1
    assert sum("/events" in line for line in lines(box)) == 2


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("what", ["events", "permission"])
def test_where_nobody_tells_a_closing_counts_and_a_label_does_not(
    box: Sandbox, status: int, what: str
) -> None:
    run(box, at(0, expiring(days=30)))
    fail(box, f"GET .*/{what}", Response(status))
    label(box, WEEK)
    result = run(box, at(1, expiring(days=14)))
    assert len(comments(box)) == 1
    kinds = [failure.kind for failure in result.failures]
    assert kinds == ([FailureKind.NOT_PERMITTED] if status == 403 else [])
    set_aside(box, "alice")
    run(box, at(2, expiring(days=14)))
    assert issue(box).state == "closed"


def test_a_label_that_is_gone_meanwhile_is_no_failure(box: Sandbox) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    fail(box, "DELETE .*/labels/", Response(404))
    assert run(box, at(7, expiring(days=30))).failures == ()
    fail(box, "DELETE .*/labels/", Response(403))
    box.github.server.faults.reverse()
    assert [f.subject for f in run(box, at(7, expiring(days=30))).failures] == ["deploy"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{}],
        [{"event": 7, "actor": None, "label": 7, "created_at": None}],
        [{"event": "labeled", "actor": {"type": "User"}, "label": {"name": WEEK}}],
        [{"event": "labeled", "actor": {"type": "User", "login": "alice"}, "label": {}}],
    ],
)
def test_events_that_tell_nothing_silence_nothing(
    box: Sandbox, rows: Sequence[dict[str, object]]
) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    fail(box, "GET .*/events", Response(200, list(rows)))
    run(box, at(1, expiring(days=14)))
    assert len(comments(box)) == 1


def test_an_outage_leaves_that_issue_alone_and_no_other(box: Sandbox) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    before = issue(box).body
    fail(box, "GET .*/events", Response(502))
    result = run(box, at(1, expiring(days=14)), dashboard=True)
    assert (issue(box).body, comments(box)) == (before, [])
    assert issue(box, 2).state == "open"
    (failure,) = result.failures
    assert (failure.kind, failure.subject) == (FailureKind.ISSUES_NOT_WRITTEN, "octo/app#1")


def test_an_answer_about_a_right_that_is_none_gives_none(box: Sandbox) -> None:
    run(box, at(0, expiring(days=30)))
    label(box, WEEK)
    fail(box, "GET .*/permission", Response(200, ["write"]))
    run(box, at(1, expiring(days=14)))
    assert len(comments(box)) == 1


# Issues that are about no token


def test_the_dashboard_links_the_issues_of_the_same_run(box: Sandbox) -> None:
    found = survey(expiring())
    result = run(box, found, dashboard=True)
    assert writes(box).count("POST /repos/octo/app/labels") == 1
    body = issue(box, 2).body
    assert body
    assert body.startswith("<!-- keyturn:notice=dashboard -->")
    assert "[#1](https://github.com/octo/app/issues/1)" in body
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}
    assert (issue(box, 2).labels, issue(box, 2).assignees) == (["keyturn"], [])
    run(box, replace(found, now=NOW + DAYS), dashboard=True)
    assert lines(box) == ["GET /repos/octo/app", "GET /repos/octo/app/issues"]


def test_the_dashboard_goes_and_comes_with_its_switch(box: Sandbox) -> None:
    found = survey()
    run(box, found, dashboard=True)
    result = run(box, found)
    assert (issue(box).state, issue(box).state_reason) == ("closed", "completed")
    assert result.notes == (
        "octo/app: closed #1 of the dashboard, which has nothing to say any more",
    )
    run(box, found)
    assert writes(box) == []
    run(box, found, dashboard=True)
    assert issue(box).state == "open"


def test_a_dry_run_names_the_dashboard(box: Sandbox) -> None:
    result = run(box, survey(), dashboard=True, dry_run=True)
    assert writes(box) == []
    title = "The tokens of octo/app, by the day they end"
    assert f"octo/app: would open an issue for the dashboard: {title}" in result.notes


def test_a_public_repository_has_a_dashboard_only_if_it_is_allowed() -> None:
    with world(private=False) as box:
        (failure,) = run(box, survey(), dashboard=True).failures
        assert failure.kind is FailureKind.ISSUES_WITHHELD
        assert writes(box) == []


def test_a_schedule_that_stopped_has_one_issue_until_it_runs_again(box: Sandbox) -> None:
    watched = replace(survey(STOPPED), touched=frozenset())
    result = run(box, watched)
    assert result.urls == {"octo/app": "https://github.com/octo/app/issues/1"}
    assert run(box, watched).urls == result.urls
    assert writes(box) == []
    run(box, replace(survey(), unevaluated=frozenset({SCHEDULE_STOPPED})))
    assert issue(box).state == "open"
    assert run(box, replace(survey(), touched=frozenset())).urls == {}
    assert (issue(box).state, len(comments(box))) == ("closed", 1)
    assert run(box, watched).urls == result.urls
    assert (issue(box).state, len(comments(box))) == ("open", 2)


@pytest.mark.parametrize(("login", "state"), [("alice", "closed"), ("stale[bot]", "open")])
def test_no_bot_sets_the_schedule_aside(box: Sandbox, login: str, state: str) -> None:
    run(box, survey(STOPPED))
    set_aside(box, login)
    run(box, survey(STOPPED))
    assert issue(box).state == state
    assert EVENTS in lines(box)


def test_other_findings_about_no_token_open_none(box: Sandbox) -> None:
    run(box, survey(replace(STOPPED, rule="schedules-cliff"), replace(expiring(), subject="x:Y")))
    assert writes(box) == []
