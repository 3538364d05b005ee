from __future__ import annotations

from datetime import timedelta
from typing import Any

import github as pygithub
import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, sample_token

REPO = "/repos/octo/app"
ISSUES = f"{REPO}/issues"


def numbers(ask: Client, query: str) -> list[int]:
    return [issue["number"] for issue in ask.get(f"{ISSUES}?{query}")]


class TestCreation:
    def test_with_everything(self, app: Repository, ask: Client) -> None:
        body = {
            "title": "Expires",
            "body": "Soon",
            "labels": ["keyturn", {"name": "Other"}],
            "assignees": ["Alice"],
        }
        made = ask("POST", ISSUES, body)
        assert made.status == 201
        assert made.headers["location"] == made.body["url"]
        assert made.body == ask.get(f"{ISSUES}/1")
        assert made.body["user"]["login"] == "octocat"
        assert [label["name"] for label in made.body["labels"]] == ["keyturn", "Other"]
        assert made.body["assignee"]["login"] == "alice"
        assert made.body["created_at"] == "2026-11-23T08:00:00Z"
        issue = app.issues[1]
        assert (issue.title, issue.body, issue.state) == ("Expires", "Soon", "open")
        assert (issue.labels, issue.assignees) == (["keyturn", "Other"], ["alice"])

    def test_labels_are_made_once_whatever_their_case(self, app: Repository, ask: Client) -> None:
        ask("POST", f"{REPO}/labels", {"name": "Keyturn", "color": "FF0000"})
        made = ask("POST", ISSUES, {"title": "t", "labels": ["keyturn", "KEYTURN", "new"]})
        assert [label["name"] for label in made.body["labels"]] == ["Keyturn", "new"]
        assert [label["color"] for label in made.body["labels"]] == ["ff0000", "ededed"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, None),
            ({"title": None}, None),
            ({"title": " "}, "title"),
            ({"title": "t" * 257}, "title"),
            ({"title": "t", "body": "b" * 65537}, "body"),
            ({"title": "t", "assignees": ["eve"]}, "assignees"),
            ({"title": "t", "assignee": "eve"}, "assignees"),
            ({"title": "t", "assignees": "alice"}, None),
            ({"title": "t", "labels": ["l" * 51]}, "name"),
            ({"title": "t", "labels": [""]}, "name"),
            ({"title": "t", "labels": [1]}, None),
        ],
    )
    def test_refusals(
        self, app: Repository, ask: Client, body: dict[str, Any], field: str | None
    ) -> None:
        reply = ask("POST", ISSUES, body)
        assert reply.status == 422
        if field:
            assert reply.body["message"] == "Validation Failed"
            assert reply.body["errors"][0]["field"] == field
        assert app.issues == {}

    def test_the_longest_that_fit(self, app: Repository, ask: Client) -> None:
        body = {"title": "t" * 256, "body": "b" * 65536, "labels": ["l" * 50]}
        assert ask("POST", ISSUES, body).status == 201

    @pytest.mark.parametrize(
        ("author", "association"), [("octo", "OWNER"), ("bob", "COLLABORATOR"), ("eve", "NONE")]
    )
    def test_who_the_author_is(
        self, app: Repository, ask: Client, author: str, association: str
    ) -> None:
        app.tracker.open("t", by=author)
        assert ask.get(f"{ISSUES}/1")["author_association"] == association


class TestChange:
    def test_text_and_people(self, app: Repository, ask: Client, clock: Clock) -> None:
        app.tracker.open("old", by="alice", body="b", labels=["x"], assignees=["alice"])
        clock.advance(timedelta(minutes=1))
        body = {"title": "new", "body": None, "labels": ["y"], "assignees": ["bob"]}
        changed = ask("PATCH", f"{ISSUES}/1", body)
        assert changed.status == 200
        issue = app.issues[1]
        assert (issue.title, issue.body, issue.labels, issue.assignees) == (
            "new", None, ["y"], ["bob"],
        )  # fmt: skip
        assert changed.body["updated_at"] == "2026-11-23T08:01:00Z"
        assert changed.body["created_at"] == "2026-11-23T08:00:00Z"
        kinds = [event["event"] for event in ask.get(f"{ISSUES}/1/events")]
        assert kinds == [
            "labeled", "assigned", "renamed", "unlabeled", "labeled", "unassigned", "assigned",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("given", "reason"),
        [(None, "completed"), ("not_planned", "not_planned"), ("duplicate", "duplicate")],
    )
    def test_closing_and_reopening(
        self, app: Repository, ask: Client, given: str | None, reason: str
    ) -> None:
        app.tracker.open("t", by="alice")
        body = {"state": "closed"} | ({"state_reason": given} if given else {})
        closed = ask("PATCH", f"{ISSUES}/1", body).body
        assert (closed["state"], closed["state_reason"]) == ("closed", reason)
        assert closed["closed_at"] == "2026-11-23T08:00:00Z"
        assert closed["closed_by"]["login"] == "octocat"
        opened = ask("PATCH", f"{ISSUES}/1", {"state": "open"}).body
        assert (opened["state"], opened["state_reason"]) == ("open", "reopened")
        assert opened["closed_at"] is opened["closed_by"] is None
        events = [event["event"] for event in ask.get(f"{ISSUES}/1/events")]
        assert events == ["closed", "reopened"]

    def test_a_state_that_is_there_already_leaves_no_event(
        self, app: Repository, ask: Client
    ) -> None:
        issue = app.tracker.open("t", by="alice")
        app.tracker.set_state(issue, "closed", by="bob", reason="not_planned")
        assert ask("PATCH", f"{ISSUES}/1", {"state": "closed"}).body["state_reason"] == (
            "not_planned"
        )
        body = {"state": "closed", "state_reason": "completed"}
        assert ask("PATCH", f"{ISSUES}/1", body).body["state_reason"] == "completed"
        assert [event.kind for event in issue.events] == ["closed"]

    @pytest.mark.parametrize(
        "body",
        [
            {"state": "gone"},
            {"state": "closed", "state_reason": "why"},
            {"state": "closed", "assignees": ["eve"]},
            {"state": "closed", "title": ""},
            {"state": "closed", "labels": ["l" * 51]},
        ],
    )
    def test_what_is_refused_changes_nothing(
        self, app: Repository, ask: Client, body: dict[str, Any]
    ) -> None:
        app.tracker.open("t", by="alice")
        assert ask("PATCH", f"{ISSUES}/1", body).status == 422
        assert (app.issues[1].state, app.issues[1].events) == ("open", [])

    def test_assignees_that_cannot_be_are_left_out_silently(
        self, app: Repository, ask: Client
    ) -> None:
        app.tracker.open("t", by="alice")
        added = ask("POST", f"{ISSUES}/1/assignees", {"assignees": ["eve", "bob"]})
        assert added.status == 201
        assert app.issues[1].assignees == ["bob"]
        removed = ask("DELETE", f"{ISSUES}/1/assignees", {"assignees": ["bob"]})
        assert (removed.status, app.issues[1].assignees) == (200, [])


class TestList:
    @pytest.fixture(autouse=True)
    def _issues(self, app: Repository, clock: Clock) -> None:
        tracker = app.tracker
        tracker.open("one", by="alice", labels=["keyturn", "b"], assignees=["alice"])
        clock.advance(timedelta(hours=1))
        tracker.open("two", by="bob", labels=["Keyturn"])
        clock.advance(timedelta(hours=1))
        tracker.open("pull", by="alice", labels=["keyturn"], pull_request=True)
        clock.advance(timedelta(hours=1))
        tracker.comment(app.issues[1], "late", by="bob")
        tracker.set_state(app.issues[2], "closed", by="bob")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", [3, 1]),
            ("state=all", [3, 2, 1]),
            ("state=closed", [2]),
            ("state=all&direction=asc", [1, 2, 3]),
            ("state=all&labels=KEYTURN", [3, 2, 1]),
            ("state=all&labels=keyturn,b", [1]),
            ("state=all&labels=none", []),
            ("state=all&creator=Alice", [3, 1]),
            ("state=all&assignee=alice", [1]),
            ("state=all&assignee=none", [3, 2]),
            ("state=all&assignee=*", [1]),
            ("state=all&sort=updated", [2, 1, 3]),
            ("state=all&sort=comments", [1, 3, 2]),
            ("state=all&sort=created&direction=asc&per_page=1&page=2", [2]),
            ("state=all&since=2026-11-23T11:00:00Z", [2, 1]),
            ("state=all&since=2026-11-23T11:00:01Z", []),
        ],
    )
    def test_filters(self, ask: Client, query: str, found: list[int]) -> None:
        assert numbers(ask, query) == found

    def test_pull_requests_are_marked(self, ask: Client) -> None:
        pull, issue = ask.get(ISSUES)
        assert "pull_request" not in issue
        assert pull["pull_request"]["url"].endswith("/repos/octo/app/pulls/3")

    @pytest.mark.parametrize("query", ["state=gone", "sort=size", "direction=up", "since=monday"])
    def test_bad_filters(self, ask: Client, query: str) -> None:
        assert ask("GET", f"{ISSUES}?{query}").status == 422


class TestComments:
    def test_their_life(self, app: Repository, ask: Client, clock: Clock) -> None:
        app.tracker.open("t", by="alice")
        made = ask("POST", f"{ISSUES}/1/comments", {"body": "one"})
        assert made.status == 201
        assert made.headers["location"] == made.body["url"]
        clock.advance(timedelta(minutes=1))
        path = f"{ISSUES}/comments/{made.body['id']}"
        assert ask("PATCH", path, {"body": "two"}).status == 200
        app.tracker.comment(app.issues[1], "people's own", by="bob")
        listed = ask.get(f"{ISSUES}/1/comments")
        assert [comment["body"] for comment in listed] == ["two", "people's own"]
        assert listed[0] == ask.get(path)
        assert listed[0]["updated_at"] > listed[0]["created_at"]
        since = f"{ISSUES}/1/comments?since=2026-11-23T08:01:01Z"
        assert ask.get(since) == []
        assert ask.get(f"{ISSUES}/1")["comments"] == 2
        assert ask("DELETE", path).status == 204
        assert [comment.body for comment in app.comments(1)] == ["people's own"]
        assert ask("GET", path).status == 404

    @pytest.mark.parametrize("body", [{}, {"body": " "}, {"body": "b" * 65537}, {"body": 1}])
    def test_refusals(self, app: Repository, ask: Client, body: dict[str, Any]) -> None:
        app.tracker.open("t", by="alice")
        assert ask("POST", f"{ISSUES}/1/comments", body).status == 422
        assert app.comments(1) == []

    def test_a_locked_issue_takes_none(self, app: Repository, ask: Client) -> None:
        app.tracker.open("t", by="alice")
        lock = f"{ISSUES}/1/lock"
        assert ask("PUT", lock, {"lock_reason": "resolved"}).status == 204
        locked = ask.get(f"{ISSUES}/1")
        assert (locked["locked"], locked["active_lock_reason"]) == (True, "resolved")
        refused = ask("POST", f"{ISSUES}/1/comments", {"body": "b"})
        assert (refused.status, "locked" in refused.body["message"]) == (403, True)
        assert ask("DELETE", lock).status == 204
        assert ask("POST", f"{ISSUES}/1/comments", {"body": "b"}).status == 201
        assert [event.kind for event in app.issues[1].events] == ["locked", "unlocked"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"title": "t"}),
        ("GET", "/1", None),
        ("PATCH", "/1", {"title": "t"}),
        ("GET", "/1/comments", None),
        ("POST", "/1/comments", {"body": "b"}),
        ("GET", "/comments/1", None),
        ("GET", "/1/events", None),
        ("GET", "/1/labels", None),
    ],
)
def test_where_issues_are_switched_off(
    github: GitHub, ask: Client, method: str, path: str, body: Any
) -> None:
    github.add_repository("octo/app", has_issues=False)
    reply = ask(method, ISSUES + path, body)
    assert (reply.status, reply.body["message"]) == (410, "Issues are disabled for this repo")


@pytest.mark.parametrize("path", ["/9", "/x", "/9/comments", "/9/events", "/9/labels"])
def test_an_issue_that_is_not_there(app: Repository, ask: Client, path: str) -> None:
    reply = ask("GET", ISSUES + path)
    assert (reply.status, reply.body["message"]) == (404, "Not Found")


class TestLabels:
    def test_their_life(self, app: Repository, ask: Client) -> None:
        path = f"{REPO}/labels"
        body = {"name": "a label/1", "color": "AABBCC", "description": "d"}
        made = ask("POST", path, body)
        assert (made.status, made.body["color"]) == (201, "aabbcc")
        one = f"{path}/A%20label%2F1"
        assert ask.get(one) == made.body
        assert made.body["url"].endswith("/labels/a%20label%2F1")
        app.tracker.open("t", by="alice", labels=["a label/1"])
        assert ask("PATCH", one, {"new_name": "b"}).body["description"] == "d"
        assert app.issues[1].labels == ["b"]
        assert [label["name"] for label in ask.get(path)] == ["b"]
        assert ask("DELETE", f"{path}/b").status == 204
        assert app.issues[1].labels == []
        for method in ("GET", "PATCH", "DELETE"):
            assert ask(method, f"{path}/b").status == 404

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"name": "Taken"}, "already_exists"),
            ({"name": "n" * 51}, "invalid"),
            ({"name": ""}, "invalid"),
            ({"name": "n", "color": "red"}, "invalid"),
            ({"name": "n", "color": "#aabbcc"}, "invalid"),
            ({"name": "n", "description": "d" * 101}, "invalid"),
            ({}, None),
        ],
    )
    def test_refusals(
        self, app: Repository, ask: Client, body: dict[str, Any], code: str | None
    ) -> None:
        app.tracker.ensure_label("taken")
        reply = ask("POST", f"{REPO}/labels", body)
        assert reply.status == 422
        if code:
            assert reply.body["errors"][0]["code"] == code
        assert [label.name for label in app.tracker.labels] == ["taken"]

    def test_a_new_name_that_is_taken(self, app: Repository, ask: Client) -> None:
        app.tracker.ensure_label("a")
        app.tracker.ensure_label("b")
        assert ask("PATCH", f"{REPO}/labels/a", {"new_name": "B"}).status == 422
        assert ask("PATCH", f"{REPO}/labels/a", {"new_name": "A"}).body["name"] == "A"

    @pytest.mark.parametrize("bare", [True, False])
    def test_on_an_issue(self, app: Repository, ask: Client, bare: bool) -> None:
        app.tracker.open("t", by="alice", labels=["a"])
        path = f"{ISSUES}/1/labels"

        def names(method: str, *labels: str) -> list[str]:
            body: Any = list(labels) if bare else {"labels": list(labels)}
            return [label["name"] for label in ask(method, path, body).body]

        assert names("POST", "b", "a") == ["a", "b"]
        assert [label["name"] for label in ask.get(path)] == ["a", "b"]
        assert [label["name"] for label in ask("DELETE", f"{path}/A").body] == ["b"]
        assert ask("DELETE", f"{path}/a").status == 404
        assert names("PUT", "c") == ["c"]
        assert ask("DELETE", path).status == 204
        assert app.issues[1].labels == []


def test_pygithub_reads_and_writes_them(github: GitHub, app: Repository) -> None:
    auth = pygithub.Auth.Token(sample_token())
    client = pygithub.Github(
        auth=auth, base_url=github.url, seconds_between_requests=0, seconds_between_writes=0
    )
    repository = client.get_repo("octo/app")
    for number in range(35):
        app.tracker.open(f"old {number}", by="alice", labels=["keyturn"])
    issue = repository.create_issue("t", body="b", labels=["keyturn"], assignees=["alice"])
    assert issue.number == 36
    comment = issue.create_comment("one")
    comment.edit("two")
    issue.add_to_labels("more")
    issue.edit(state="closed", state_reason="not_planned")
    found = list(repository.get_issues(state="all", labels=["keyturn"]))
    assert len(found) == 36
    assert found[0].state_reason == "not_planned"
    assert [label.name for label in found[0].labels] == ["keyturn", "more"]
    assert [comment.body for comment in issue.get_comments()] == ["two"]
    assert repository.has_in_assignees("alice")
    assert not repository.has_in_assignees("eve")
    assert [event.event for event in issue.get_events()] == [
        "labeled", "assigned", "labeled", "closed",
    ]  # fmt: skip
    client.close()
