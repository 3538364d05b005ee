"""The oracle must catch what is wrong, else its silence about the sandbox means nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.server import Clock, Exchange, Request, Response
from tests.conformance.oracle import Oracle
from tests.conformance.undescribed import CALLS, EVERYWHERE, Undescribed
from tests.sandbox.client import Client, sample_token
from tests.specs import find_spec

REPO = "/repos/octo/app"
AT = "2026-11-23T08:00:00Z"
SECRET = {"name": "A", "created_at": AT, "updated_at": AT}
LABEL = {
    "id": 1,
    "node_id": "x",
    "url": "https://api.example/labels/a",
    "name": "a",
    "description": None,
    "color": "ededed",
    "default": False,
}
ERROR = {"message": "m", "documentation_url": "https://docs.example", "status": "404"}
SEALED = {"encrypted_value": "QUJD", "key_id": "1"}


def exchange(
    line: str, body: Any = None, status: int = 200, answer: Any = None, **headers: str
) -> Exchange:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    request = Request(method, path, dict(parse_qsl(query)), headers, data, "http://127.0.0.1")
    return Exchange(request, Response(status, answer))


def listed(**more: Any) -> dict[str, Any]:
    return {"total_count": 1, "secrets": [SECRET | more]}


@pytest.mark.parametrize(
    "good",
    [
        exchange(f"GET {REPO}/actions/secrets?per_page=100&page=2", answer=listed()),
        exchange(f"GET {REPO}/actions/secrets", answer={"total_count": 0, "secrets": []}),
        exchange(f"GET {REPO}/environments/a%2Fb/secrets", answer=listed()),
        exchange("GET /repositories/7/actions/secrets", answer=listed()),
        exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 201, {}),
        exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 204),
        exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 422, ERROR),
        exchange(f"GET {REPO}/labels/a", answer=LABEL),
        exchange(f"GET {REPO}/labels/a", status=404, answer=ERROR),
        exchange(f"GET {REPO}/labels/a", status=502, answer=ERROR),
        exchange(f"GET {REPO}/contents/"),
        exchange(f"GET {REPO}/git/matching-refs/heads/a/b", answer=[]),
        exchange(f"GET {REPO}/assignees/alice", status=204),
    ],
    ids=lambda good: f"{good.request.method} {good.request.path} {good.response.status}",
)
def test_nothing_is_said_about_what_is_right(github_oracle: Oracle, good: Exchange) -> None:
    assert github_oracle.check(good) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (exchange("GET /nowhere"), "no such operation"),
        (exchange(f"POST {REPO}/actions/secrets"), "no such operation"),
        (exchange(f"GET {REPO}/labels/a/b", answer=LABEL), "no such operation"),
        (exchange(f"GET {REPO}/labels?pages=2", answer=[]), "query parameter pages"),
        (exchange(f"GET {REPO}/labels?page=two", answer=[]), "request"),
        (exchange(f"GET {REPO}/issues?state=opened", answer=[]), "request"),
        (exchange(f"GET {REPO}/issues?since=monday", answer=[]), "date-time"),
        (exchange(f"GET {REPO}/labels", {"a": 1}, answer=[]), "a body is not described"),
        (exchange(f"PUT {REPO}/actions/secrets/A", None, 204), "request"),
        (exchange(f"PUT {REPO}/actions/secrets/A", b"{", 204), "request"),
        (exchange(f"PUT {REPO}/actions/secrets/A", b"\xff", 204), "request"),
        (exchange(f"PUT {REPO}/actions/secrets/A", {"key_id": "1"}, 204), "encrypted_value"),
        (exchange(f"PUT {REPO}/actions/secrets/A", SEALED | {"key_id": 1}, 204), "key_id"),
        (exchange(f"PUT {REPO}/actions/secrets/A", {**SEALED, "key": "1"}, 204), "key is not"),
        (
            exchange(f"PUT {REPO}/actions/secrets/A", SEALED | {"encrypted_value": "?"}, 204),
            "does not match",
        ),
        (exchange("PUT /orgs/octo/actions/secrets/A", SEALED, 204), "visibility"),
        (exchange(f"POST {REPO}/issues", {}, 404, ERROR), "title"),
        (exchange(f"POST {REPO}/issues", {"title": "t", "labels": "a"}, 404, ERROR), "labels"),
        (
            exchange(f"PATCH {REPO}/issues/1", {"state_reason": "why"}, 404, ERROR),
            "state_reason",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.request.method}",
)
def test_a_wrong_request_is_caught(github_oracle: Oracle, bad: Exchange, said: str) -> None:
    assert said in " ".join(github_oracle.check(bad))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (exchange(f"GET {REPO}/actions/secrets", answer={"secrets": []}), "total_count"),
        (exchange(f"GET {REPO}/actions/secrets", answer=[]), "is not of type"),
        (exchange(f"GET {REPO}/actions/secrets"), "response"),
        (exchange(f"GET {REPO}/actions/secrets", answer=listed(value="v")), "secrets[0].value"),
        (exchange(f"GET {REPO}/actions/secrets", answer=listed(updated_at=None)), "updated_at"),
        (exchange(f"GET {REPO}/actions/secrets", answer=listed(updated_at="today")), "date-time"),
        (exchange(f"GET {REPO}/actions/secrets", status=201, answer=listed()), "not described"),
        (exchange(f"GET {REPO}/actions/secrets", answer="<html>"), "response"),
        (exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 201, {"name": "A"}), "response"),
        (exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 204, {}), "a body is not described"),
        (exchange(f"PUT {REPO}/actions/secrets/A", SEALED, 409, ERROR), "not described"),
        (exchange(f"GET {REPO}/labels/a", answer=LABEL | {"color": None}), "color"),
        (exchange(f"GET {REPO}/labels/a", answer=LABEL | {"size": 1}), "size is not described"),
        (exchange(f"GET {REPO}/labels/a", status=404, answer=ERROR | {"why": 1}), "why"),
        (exchange(f"GET {REPO}/labels/a", status=404, answer={"message": 1}), "message"),
        (exchange(f"GET {REPO}/labels/a", status=429, answer=["m"]), "not described"),
        (exchange(f"GET {REPO}/labels/a", status=429, answer="<html>"), "not described"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.response.status}",
)
def test_a_wrong_answer_is_caught(github_oracle: Oracle, bad: Exchange, said: str) -> None:
    assert said in " ".join(github_oracle.check(bad))


def _label(issue: dict[str, Any]) -> None:
    issue["labels"][0]["shade"] = "dark"


def _user(issue: dict[str, Any]) -> None:
    issue["user"]["mail"] = "a@example.com"


def _state(issue: dict[str, Any]) -> None:
    issue["state_reason"] = "because"


def _number(issue: dict[str, Any]) -> None:
    del issue["number"]


def _assignee(issue: dict[str, Any]) -> None:
    issue["assignee"] = {"login": "alice"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (None, ""),
        (_label, "labels[0].shade is not described"),
        (_user, "user.mail is not described"),
        (_state, "state_reason"),
        (_number, "number"),
        (_assignee, "assignee"),
    ],
)
def test_an_issue_is_judged_to_its_depths(
    github_oracle: Oracle, spoil: Callable[[dict[str, Any]], None] | None, said: str
) -> None:
    github = GitHub(Clock(datetime(2026, 11, 23, 8, tzinfo=UTC)))
    github.add_token(sample_token())
    github.server.start()
    repository = github.add_repository("octo/app", assignees=["alice"])
    repository.tracker.open("t", by="alice", labels=["a"], assignees=["alice"])
    issue = copy.deepcopy(Client(github.url, sample_token()).get(f"{REPO}/issues/1"))
    github.server.stop()
    if spoil:
        spoil(issue)
    problems = " ".join(github_oracle.check(exchange(f"GET {REPO}/issues/1", answer=issue)))
    assert (said in problems) if said else (problems == "")


def test_a_prefix_is_taken_off(shared: Path) -> None:
    oracle = Oracle(find_spec(shared, "github-api.github.com.json"), "/api/v3")
    assert oracle.check(exchange(f"GET /api/v3{REPO}/labels/a", answer=LABEL)) == []
    assert oracle.check(exchange(f"GET /api/v4{REPO}/labels/a", answer=LABEL)) != []


def test_the_list_of_exceptions_opens_only_what_it_names(shared: Path) -> None:
    path = find_spec(shared, "github-api.github.com.json")
    entry = Undescribed("GET", f"{REPO}/labels/x", "https://docs.example", frozenset({418}))
    oracle = Oracle(path, undescribed=[entry])
    assert oracle.check(exchange(f"GET {REPO}/labels/x", status=418, answer=ERROR)) == []
    assert oracle.check(exchange(f"GET {REPO}/labels/x?a=b", status=418, answer=ERROR)) != []
    assert oracle.check(exchange(f"GET {REPO}/labels/x", answer={})) != []
    assert oracle.check(exchange(f"GET {REPO}/labels/y", status=418, answer=ERROR)) != []
    assert oracle.check(exchange(f"GET {REPO}/contents")) != []


def test_every_exception_has_its_page() -> None:
    assert all(entry.page.startswith("https://docs.") for entry in CALLS)
    assert not any(status in EVERYWHERE for entry in CALLS for status in entry.statuses)
