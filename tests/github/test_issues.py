from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.github.issues import Converged, converge
from keyturn.issues.state import Identity
from keyturn.model import FailureKind, Reference, State, Survey, TokenStatus
from keyturn.redaction import without_values
from keyturn.report.issue import IssueText
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_tracker import Issue
from keyturn.secret_value import SecretValue
from tests.github.worlds import TOKEN, client_of, fail, lines, struck, world, writes
from tests.issue_samples import COPY, DUE, IDLE, NOW, STATUS, expiring, survey

LABELLED = "/repos/octo/app/issues"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(assignees=["alice"]) as made:
        yield made


def run(box: Sandbox, found: Survey, **options: object) -> Converged:
    options.setdefault("tracker", found.repository)
    writer = IssueText(found.repository, "https://github.com", found.now)
    return converge(client_of(box), without_values(found), writer, **options)  # type: ignore[arg-type]


def issues(box: Sandbox, repository: str = "octo/app") -> list[Issue]:
    return list(box.github.repository(repository).issues.values())


def only(box: Sandbox, repository: str = "octo/app") -> Issue:
    (issue,) = issues(box, repository)
    return issue


def comments(box: Sandbox, number: int = 1) -> list[str]:
    return [comment.body for comment in box.github.repository("octo/app").comments(number)]


def close(box: Sandbox, number: int = 1, *, reason: str = "completed") -> None:
    tracker = box.github.repository("octo/app").tracker
    tracker.set_state(tracker.issues[number], "closed", by="alice", reason=reason)


def two_tokens() -> Survey:
    found = survey(expiring(), replace(IDLE, subject="second"))
    (first,) = found.tokens
    second = replace(first, token=replace(first.token, id="second"))
    return replace(found, tokens=(first, second))


# The way of an issue


def test_an_issue_is_opened_with_label_and_owner(box: Sandbox) -> None:
    result = run(box, survey(expiring(), owners=["@alice", "@octo/team"]))
    assert lines(box) == [
        "GET /repos/octo/app",
        "GET /repos/octo/app/issues",
        "GET /repos/octo/app/issues",
        "GET /repos/octo/app/assignees/alice",
        "GET /repos/octo/app/labels/keyturn",
        "POST /repos/octo/app/labels",
        "POST /repos/octo/app/issues",
    ]
    issue = only(box)
    assert issue.title == "deploy expires 2026-12-01: publish fails from 2026-12-03 00:00 UTC"
    assert (issue.labels, issue.assignees) == (["keyturn"], ["alice"])
    assert issue.body is not None
    assert "Owners: @octo/team" in issue.body
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}
    assert result.failures == ()
    assert "octo/app: opened an issue for deploy: " + issue.title in result.notes


def test_a_second_run_writes_nothing(box: Sandbox) -> None:
    found = survey(expiring(), IDLE, owners=["@alice", "@bob"])
    run(box, found)
    box.github.server.exchanges.clear()
    result = run(box, found)
    assert lines(box) == ["GET /repos/octo/app", "GET /repos/octo/app/issues"]
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}
    assert result.notes == ()


def test_the_list_is_asked_by_label_in_every_state(box: Sandbox) -> None:
    run(box, survey())
    query = box.github.server.exchanges[-1].request.query
    assert (query["labels"], query["state"], query["per_page"]) == ("keyturn", "all", "100")


def test_a_life_from_the_first_rung_to_the_renewal(box: Sandbox) -> None:
    run(box, survey(expiring(days=30)))
    run(box, survey(expiring(days=7)))
    run(box, survey(expiring(days=7)))
    assert len(comments(box)) == 1
    renewed = replace(STATUS, token_id="8", created_at=NOW, expires_at=DUE + timedelta(days=90))
    result = run(box, survey(status=renewed, copies=[replace(COPY, updated_at=NOW)]))
    issue = only(box)
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert "`8`, created 2026-11-22 13:43 UTC, expires 2027-03-01" in comments(box)[1]
    assert result.urls == {}
    box.github.server.exchanges.clear()
    run(box, survey(status=renewed))
    assert writes(box) == []


def test_a_person_who_closed_it_is_asked_once_more(box: Sandbox) -> None:
    found = survey(expiring())
    run(box, found)
    close(box)
    assert run(box, found).urls == {"deploy": "https://github.com/octo/app/issues/1"}
    assert only(box).state == "open"
    close(box)
    assert run(box, found).urls == {}
    assert (only(box).state, len(comments(box))) == ("closed", 1)


def test_a_person_who_set_it_aside_is_left_in_peace_until_the_next_rung(box: Sandbox) -> None:
    run(box, survey(expiring(days=30)))
    close(box, reason="not_planned")
    run(box, survey(expiring(days=30)))
    assert only(box).state == "closed"
    run(box, survey(expiring(days=14)))
    assert only(box).state == "open"


def test_duplicates_are_folded(box: Sandbox) -> None:
    found = survey(expiring())
    run(box, found)
    tracker = box.github.repository("octo/app").tracker
    first = only(box)
    for _ in range(2):
        tracker.open(first.title, body=first.body, labels=["keyturn"], by="octocat")
    run(box, found)
    assert [(i.state, i.state_reason) for i in issues(box)[1:]] == [("closed", "not_planned")] * 2
    assert comments(box, 2) == ["#1 is about the same token; this one is closed in its favour."]
    box.github.server.exchanges.clear()
    run(box, found)
    assert writes(box) == []


def test_an_undeclared_token_is_dropped(box: Sandbox) -> None:
    run(box, survey(expiring()))
    result = run(box, survey(declared=False))
    assert (only(box).state, only(box).state_reason) == ("closed", "not_planned")
    assert result.urls == {}


def test_an_unknown_token_keeps_its_issue_as_it_is(box: Sandbox) -> None:
    run(box, survey(expiring()))
    box.github.server.exchanges.clear()
    result = run(box, survey(status=TokenStatus(State.UNKNOWN)))
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}
    assert writes(box) == []


def test_all_pages_are_read_and_pull_requests_skipped(box: Sandbox) -> None:
    run(box, survey(expiring()))
    tracker = box.github.repository("octo/app").tracker
    mark = Identity("deploy").mark
    for number in range(120):
        pull = number % 2 == 0
        body = mark if pull else "no mark"
        tracker.open("x", body=body, labels=["keyturn"], by="octocat", pull_request=pull)
    box.github.server.exchanges.clear()
    run(box, survey(expiring()))
    assert lines(box) == ["GET /repos/octo/app", *["GET /repos/octo/app/issues"] * 2]


def test_no_value_gets_into_an_issue(box: Sandbox) -> None:
    value = "s3cret-" + "value" * 3
    SecretValue(value)
    named = replace(STATUS, scopes=(value,), owner=value)
    copy = replace(COPY, references=(Reference(".github/" + value, 1, 1, "X", job=value),))
    found = replace(expiring(), message=f"says {value}", references=copy.references)
    run(box, survey(found, status=named, copies=[copy]))
    run(box, survey(replace(found, step=timedelta(days=1)), status=named, copies=[copy]))
    sent = " ".join(exchange.request.body.decode() for exchange in box.github.server.exchanges)
    assert value not in sent
    assert len(comments(box)) == 1


# Where issues go


@pytest.mark.parametrize(
    ("checked_private", "tracker", "tracker_private", "public", "writes_to"),
    [
        (True, "", None, False, "octo/app"),
        (False, "", None, False, None),
        (False, "", None, True, "octo/app"),
        (False, "octo/tracker", True, False, "octo/tracker"),
        (False, "octo/tracker", False, False, None),
        (True, "octo/tracker", False, False, None),
        (True, "octo/tracker", False, True, "octo/tracker"),
    ],
)
def test_the_public_reads_no_names_and_dates(
    checked_private: bool,
    tracker: str,
    tracker_private: bool | None,
    public: bool,
    writes_to: str | None,
) -> None:
    with world(private=checked_private) as box:
        if tracker:
            box.github.add_repository(tracker, private=bool(tracker_private))
        result = run(box, survey(expiring()), tracker=tracker or "octo/app", public=public)
        found = {name for name in {"octo/app", tracker or "octo/app"} if issues(box, name)}
        assert found == {writes_to or tracker or "octo/app"}
        kinds = [failure.kind for failure in result.failures]
        assert kinds == ([] if writes_to else [FailureKind.ISSUES_WITHHELD])
        (issue,) = issues(box, found.pop())
        assert ("notice=overview" in str(issue.body)) == (writes_to is None)
        assert ("deploy" in str(issue.title)) == (writes_to is not None)


def test_a_public_repository_with_nothing_to_say_gets_no_notice() -> None:
    with world(private=False) as box:
        assert run(box, survey()).failures == ()


def test_a_shared_tracker_marks_whose_token_it_is(box: Sandbox) -> None:
    box.github.add_repository("octo/tracker")
    for _ in range(2):
        result = run(box, survey(expiring()), tracker="octo/tracker")
    issue = only(box, "octo/tracker")
    assert issue.body is not None
    assert issue.body.startswith("<!-- keyturn:token=deploy repository=octo/app -->")
    assert result.urls == {"deploy": "https://github.com/octo/tracker/issues/1"}
    assert "/octo/app/blob/HEAD/" in issue.body


def test_a_dry_run_says_what_it_would_do(box: Sandbox) -> None:
    result = run(box, survey(expiring(), owners=["@alice"]), dry_run=True)
    assert writes(box) == []
    assert result.notes == (
        "octo/app: would make the label keyturn",
        "octo/app: would open an issue for deploy: "
        "deploy expires 2026-12-01: publish fails from 2026-12-03 00:00 UTC",
    )
    assert result.urls == {}
    run(box, survey(expiring()))
    box.github.server.exchanges.clear()
    close(box)
    assert run(box, survey(expiring()), dry_run=True).notes == (
        "octo/app: would open #1 of deploy again",
    )
    assert writes(box) == []


# What stands in the way


@pytest.mark.parametrize("found", [survey(expiring()), survey()])
def test_issues_that_are_switched_off_are_said_where_one_is_needed(found: Survey) -> None:
    with world(has_issues=False) as box:
        result = run(box, found)
        assert [f.kind for f in result.failures] == (
            [FailureKind.ISSUES_NOT_WRITTEN] if found.findings else []
        )
        assert lines(box) == ["GET /repos/octo/app"]


@pytest.mark.parametrize(
    ("pattern", "response", "said"),
    [
        ("GET /repos/octo/app$", Response(404), "there is no such thing"),
        ("GET /repos/octo/app$", Response(401), "does not know this credential"),
        ("GET .*/issues", Response(410), "switched off"),
        ("GET .*/issues", Response(403), "Issues: write"),
        ("GET .*/issues", Response(503), "503"),
        ("GET .*/issues", Response(200, {"no": "list"}), "documentation"),
        ("GET .*/issues", Response(200, [{"number": "1"}]), "documentation"),
        ("GET .*/issues", Response(200, [{"number": 1, "title": 7}]), "documentation"),
        (
            "GET .*/issues",
            Response(200, [{"number": 1, "title": "x", "assignees": 7}]),
            "documentation",
        ),
        ("GET .*direction=desc", Response(200, {"no": "list"}), "documentation"),
    ],
)
def test_a_tracker_that_cannot_be_read_is_one_failure(
    box: Sandbox, pattern: str, response: Response, said: str
) -> None:
    fail(box, pattern, response)
    result = run(box, survey(expiring()))
    (failure,) = result.failures
    assert (failure.kind, failure.subject) == (FailureKind.ISSUES_NOT_WRITTEN, "octo/app")
    assert said in failure.message
    assert writes(box) == []


@pytest.mark.parametrize("response", [Response(201, []), Response(422), Response(201)])
def test_an_opening_that_fails_is_a_failure_of_its_token(box: Sandbox, response: Response) -> None:
    fail(box, f"POST {LABELLED}$", response)
    result = run(box, survey(expiring()))
    assert [(f.kind, f.subject) for f in result.failures] == [
        (FailureKind.ISSUES_NOT_WRITTEN, "deploy")
    ]
    assert result.urls == {}


def test_an_update_that_is_refused_is_a_failure_of_its_token(box: Sandbox) -> None:
    run(box, survey(expiring()))
    fail(box, f"PATCH {LABELLED}", Response(422))
    result = run(box, survey(expiring(), IDLE))
    assert [f.subject for f in result.failures] == ["deploy"]
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}


def test_one_refusal_does_not_stop_the_next(box: Sandbox) -> None:
    fail(box, f"POST {LABELLED}$", Response(502), times=1)
    result = run(box, two_tokens())
    assert [(f.kind, f.subject) for f in result.failures] == [
        (FailureKind.ISSUES_NOT_WRITTEN, "deploy")
    ]
    assert set(result.urls) == {"second"}
    assert set(run(box, two_tokens()).urls) == {"deploy", "second"}


def test_an_opening_whose_answer_was_lost_is_found_by_the_next_run(box: Sandbox) -> None:
    fail(box, f"POST {LABELLED}$", drop=True, after=True, times=1)
    assert [f.subject for f in run(box, survey(expiring())).failures] == ["deploy"]
    assert run(box, survey(expiring())).failures == ()
    assert len(issues(box)) == 1


def test_a_credential_that_may_only_read_is_told_its_right(box: Sandbox) -> None:
    box.github.add_token(TOKEN, permissions={"metadata", "issues:read"})
    result = run(box, survey(expiring()))
    assert {f.kind for f in result.failures} == {FailureKind.ISSUES_NOT_WRITTEN}
    assert all("issues=write" in failure.message for failure in result.failures)


def test_a_label_that_is_refused_is_said_and_the_issue_kept(box: Sandbox) -> None:
    fail(box, "POST .*/labels", Response(403))
    result = run(box, survey(expiring()))
    assert [f.subject for f in result.failures] == ["octo/app: label keyturn"]
    assert len(issues(box)) == 1


def test_every_label_is_made_once(box: Sandbox) -> None:
    labels = ("rotation", "team/ci cd")
    run(box, survey(expiring()), labels=labels)
    assert only(box).labels == list(labels)
    run(box, two_tokens(), labels=labels)
    assert writes(box).count("POST /repos/octo/app/labels") == 2


def test_labels_that_spoil_the_opening_are_left_out(box: Sandbox) -> None:
    fault = fail(box, f"POST {LABELLED}$", Response(422), times=1)
    result = run(box, survey(expiring()))
    assert struck(fault, 1) == 1
    assert only(box).labels == []
    assert "octo/app#1: GitHub did not put the labels on" in result.notes


@pytest.mark.parametrize("login", ["github-actions[bot]", "octo", "alice"])
def test_an_issue_without_its_label_is_found_again(box: Sandbox, login: str) -> None:
    box.github.add_token(TOKEN, login=login)
    run(box, survey(expiring()))
    only(box).labels.clear()
    box.github.server.exchanges.clear()
    result = run(box, survey(expiring()))
    assert writes(box) == []
    assert result.urls == {"deploy": "https://github.com/octo/app/issues/1"}


def test_a_strangers_mark_is_not_believed() -> None:
    with world(private=False) as box:
        tracker = box.github.repository("octo/app").tracker
        tracker.open("hush", body=Identity("deploy").mark, by="stranger")
        result = run(box, survey(expiring()), public=True)
        assert result.urls == {"deploy": "https://github.com/octo/app/issues/2"}


# Owners


def test_who_cannot_be_assigned_is_mentioned(box: Sandbox) -> None:
    run(box, survey(expiring(), owners=["@ghost"]))
    issue = only(box)
    assert issue.assignees == []
    assert issue.body is not None
    assert "Owners: @ghost" in issue.body


def test_who_is_refused_at_the_last_moment_is_mentioned(box: Sandbox) -> None:
    fail(box, "GET .*/assignees/ghost", Response(204))
    found = survey(expiring(), owners=["@ghost"])
    assert run(box, found).failures == ()
    issue = only(box)
    assert issue.body is not None
    assert "Owners: @ghost" in issue.body
    box.github.server.exchanges.clear()
    run(box, found)
    assert writes(box) == []


def test_who_was_forgotten_is_mentioned(box: Sandbox) -> None:
    box.github.repository("octo/app").tracker.open("another", by="octocat")
    row = {"number": 1, "title": "x", "state": "open", "assignees": [], "labels": [{}]}
    fail(box, f"POST {LABELLED}$", Response(201, row), times=1)
    run(box, survey(expiring(), owners=["@alice"]))
    issue = only(box)
    assert issue.body is not None
    assert "Owners: @alice" in issue.body


def test_a_new_owner_who_is_refused_does_not_stop_an_update(box: Sandbox) -> None:
    run(box, survey(expiring()))
    fail(box, "GET .*/assignees/ghost", Response(204))
    result = run(box, survey(expiring(days=7), owners=["@ghost"]))
    assert result.failures == ()
    assert (only(box).assignees, len(comments(box))) == ([], 1)


def test_a_check_of_owners_that_is_refused_means_a_mention(box: Sandbox) -> None:
    fail(box, "GET .*/assignees/", Response(403))
    assert run(box, survey(expiring(), owners=["@alice"])).failures == ()
    assert only(box).assignees == []


def test_a_comment_that_is_refused_is_tried_again(box: Sandbox) -> None:
    run(box, survey(expiring(days=30)))
    fail(box, "POST .*/comments", Response(403), times=1)
    found = survey(expiring(days=7))
    assert [f.subject for f in run(box, found).failures] == ["deploy"]
    assert run(box, found).failures == ()
    assert len(comments(box)) == 1


def test_an_update_cut_off_after_its_comment_says_it_twice_rather_than_never(box: Sandbox) -> None:
    run(box, survey(expiring(days=30)))
    fail(box, f"PATCH {LABELLED}/1", drop=True, times=1)
    for _ in range(3):
        run(box, survey(expiring(days=7)))
    assert len(comments(box)) == 2
