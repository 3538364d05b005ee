from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from keyturn.sandbox import Sandbox
from keyturn.sandbox.server import Clock, Fault, Request, Response, Router, Server
from tests.sandbox.client import Client


class Counter:
    """A world of one number."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, _request: Request, *, name: str) -> Response:
        before = self.value
        time.sleep(0.001)
        self.value = before + 1
        return Response(200, {"name": name, "value": self.value})


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def server(counter: Counter) -> Iterator[Server]:
    router = Router("/api")
    router.add("POST", "/count/{name}", counter.add)
    router.add("GET", "/echo/{rest*}", lambda request, rest: Response(200, _echo(request, rest)))
    router.add("GET", "/text", lambda _request: Response(200, "plain"))
    router.add("GET", "/bytes", lambda _request: Response(200, b"\x00\xff"))
    router.add("DELETE", "/nothing", lambda _request: Response(204))
    server = Server(router, not_found=Response(404, {"message": "nowhere"}))
    server.start()
    yield server
    server.stop()


def _echo(request: Request, rest: str) -> dict[str, Any]:
    return {"rest": rest, "query": request.query, "base": request.base_url, "json": request.json}


@pytest.fixture
def ask(server: Server) -> Client:
    return Client(server.url)


def test_a_clock_stands_until_it_is_moved() -> None:
    there = timezone(timedelta(hours=2))
    clock = Clock(datetime(2026, 11, 23, 10, 0, 0, 999, tzinfo=there))
    assert clock.now == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert clock.now.tzinfo is UTC
    clock.advance(timedelta(days=1, seconds=1))
    assert clock.now == datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a/1", {"x": "1"}),
        ("/a/1%2F2", {"x": "1/2"}),
        ("/a/1/b", None),
        ("/f/one/two", {"rest": "one/two"}),
        ("/f/", None),
        ("/f.g/1", {"y": "1"}),
        ("/fxg/1", None),
    ],
)
def test_a_router_finds_by_template(path: str, found: dict[str, str] | None) -> None:
    router = Router()
    for template in ("/a/{x}", "/f/{rest*}", "/f.g/{y}"):
        router.add("GET", template, lambda _request, **_names: Response())
    match = router.find("GET", path)
    assert (match and match[1]) == found
    assert router.find("POST", path) is None


def test_a_request_arrives_as_it_was_sent(ask: Client, server: Server) -> None:
    reply = ask("GET", "/api/echo/a/b%20c?one=1&two=x%2Fy&empty=", {"k": "v"})
    assert reply.body == {
        "rest": "a/b c",
        "query": {"one": "1", "two": "x/y", "empty": ""},
        "base": server.url,
        "json": {"k": "v"},
    }
    (exchange,) = server.exchanges
    assert exchange.request.path == "/api/echo/a/b%20c"
    assert exchange.response.status == 200


def test_urls_in_answers_follow_a_proxy(ask: Client) -> None:
    headers = {"Host": "api.example", "X-Forwarded-Proto": "https"}
    reply = ask("GET", "/api/echo/x", headers=headers)
    assert reply.body["base"] == "https://api.example/api"


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/text", 200, b"plain"),
        ("GET", "/api/bytes", 200, b"\x00\xff"),
        ("DELETE", "/api/nothing", 204, b""),
        ("GET", "/api/elsewhere", 404, {"message": "nowhere"}),
        ("PUT", "/api/text", 404, {"message": "nowhere"}),
    ],
)
def test_every_kind_of_body(ask: Client, method: str, path: str, status: int, body: Any) -> None:
    reply = ask(method, path)
    assert (reply.status, reply.body) == (status, body)


def test_simultaneous_requests_are_answered_one_at_a_time(ask: Client, counter: Counter) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda name: ask("POST", f"/api/count/{name}"), range(24)))
    assert sorted(reply.body["value"] for reply in replies) == list(range(1, 25))
    assert counter.value == 24


class TestFaults:
    def test_an_answer_in_place_of_the_route(
        self, server: Server, ask: Client, counter: Counter
    ) -> None:
        server.faults.append(Fault(r"^POST /api/count/\w+$", Response(503, "<html>"), times=2))
        statuses = [ask("POST", "/api/count/a").status for _ in range(3)]
        assert statuses == [503, 503, 200]
        assert counter.value == 1
        assert len(server.exchanges) == 1

    def test_it_strikes_always_unless_it_is_counted(self, server: Server, ask: Client) -> None:
        server.faults.append(Fault("/text", Response(500)))
        assert {ask("GET", "/api/text").status for _ in range(4)} == {500}
        server.faults.clear()
        assert ask("GET", "/api/text").status == 200

    def test_the_query_counts(self, server: Server, ask: Client) -> None:
        server.faults.append(Fault(r"page=2", Response(502)))
        assert ask("GET", "/api/echo/x?page=1").status == 200
        assert ask("GET", "/api/echo/x?page=2").status == 502

    def test_a_dropped_connection(self, server: Server, ask: Client, counter: Counter) -> None:
        server.faults.append(Fault("count", drop=True, times=1))
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            ask("POST", "/api/count/a")
        assert counter.value == 0
        assert ask("POST", "/api/count/a").body["value"] == 1

    @pytest.mark.parametrize("drop", [True, False])
    def test_an_effect_whose_answer_is_lost(
        self, server: Server, ask: Client, counter: Counter, drop: bool
    ) -> None:
        answer = None if drop else Response(502)
        server.faults.append(Fault("count", answer, drop=drop, after=True, times=1))
        try:
            assert ask("POST", "/api/count/a").status == 502
        except (http.client.RemoteDisconnected, ConnectionError):
            assert drop
        assert counter.value == 1
        assert [exchange.response.status for exchange in server.exchanges] == [200]

    def test_a_delay_keeps_the_route(self, server: Server, ask: Client) -> None:
        server.faults.append(Fault("text", delay=0.05))
        begun = time.perf_counter()
        assert ask("GET", "/api/text").body == b"plain"
        assert time.perf_counter() - begun >= 0.05


def test_latency_is_taken_side_by_side(server: Server, ask: Client) -> None:
    server.latency = 0.1
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda _: ask("GET", "/api/text"), range(5)))
    assert {reply.status for reply in replies} == {200}
    assert server.most_at_once == 5


def test_the_sandbox_holds_both_under_one_clock() -> None:
    with Sandbox(now=datetime(2026, 11, 23, 8, tzinfo=UTC)) as box:
        assert box.github.url != box.gitlab.url
        box.latency = 0.01
        assert box.latency == box.github.server.latency == box.gitlab.server.latency == 0.01
        box.clock.advance(timedelta(hours=1))
        reply = Client(box.github.url)("GET", "/rate_limit")
        assert int(reply.headers["x-ratelimit-reset"]) == box.clock.now.timestamp() + 3600


def test_the_pages_example_runs(root: Path) -> None:
    page = (root / "docs/reference/sandbox.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/reference/sandbox.md", "exec"), {})
