from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from keyturn import __version__
from keyturn.errors import (
    NotPermitted,
    PlatformError,
    PlatformRefused,
    PlatformRejected,
    PlatformUnavailable,
    UsageError,
)
from keyturn.github.answer import explain
from keyturn.github.client import Client, api_path, connect, repository_facts, repository_path
from keyturn.sandbox import Response, Sandbox
from keyturn.secret_value import SecretValue
from tests.github.worlds import NOW, TOKEN, client_of, fail, lines, struck, world

CANARY = "canary-" + "value" * 3
FACTS = "/repos/octo/app"
ISSUES = "/repos/octo/app/issues"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world() as made:
        yield made


@pytest.fixture
def client(box: Sandbox) -> Client:
    return client_of(box)


def test_connecting_asks_nothing(box: Sandbox) -> None:
    client_of(box)
    assert lines(box) == []


def test_every_request_says_who_asks_and_in_which_version(
    box: Sandbox, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login somebody password {CANARY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client.get(FACTS)
    headers = box.github.server.exchanges[0].request.headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"] == f"keyturn/{__version__}"
    assert headers["accept"] == "application/vnd.github+json"


def test_loopback_is_not_asked_through_a_proxy(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert client.get(FACTS)["name"] == "app"


@pytest.mark.parametrize(
    ("url", "spacing"), [("https://api.github.com", 1), ("http://127.0.0.1:9", 0)]
)
def test_writes_are_a_second_apart_and_reads_are_not(url: str, spacing: int) -> None:
    client = connect(base_url=url, token=SecretValue(TOKEN))
    manners = client._requester.kwargs
    assert manners["seconds_between_writes"] == spacing
    assert manners["seconds_between_requests"] == 0


def test_its_clock_is_the_first_answers_and_goes_on(box: Sandbox, client: Client) -> None:
    assert (client.first_date, client.clock()) == (None, None)
    fail(box, FACTS, Response(500), times=1)  # without a date
    client.get(FACTS)
    assert client.first_date == NOW
    box.clock.advance(timedelta(days=1))
    client.get(FACTS)
    assert client.first_date == NOW
    told = client.clock()
    assert told
    assert timedelta(0) < told - NOW < timedelta(minutes=1)


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 22 Nov 2026 13:43:00 -0000"])
def test_a_date_that_is_none_is_passed_over(box: Sandbox, client: Client, date: str) -> None:
    fail(box, FACTS, Response(200, {}, {"Date": date}), times=1)
    client.get(FACTS)
    assert client.clock() is None
    client.get(FACTS)
    assert client.first_date == NOW


def test_facts_of_a_repository_take_one_request(box: Sandbox, client: Client) -> None:
    facts = repository_facts(client, "octo/app")
    assert (facts.full_name, facts.default_branch) == ("octo/app", "main")
    assert (facts.private, facts.has_issues, facts.archived) == (True, True, False)
    assert lines(box) == ["GET /repos/octo/app"]


@pytest.mark.parametrize("body", [[], {}, {"full_name": 7, "default_branch": "main"}])
def test_facts_that_are_none_are_an_outage(box: Sandbox, client: Client, body: object) -> None:
    fail(box, FACTS, Response(200, body))
    with pytest.raises(PlatformUnavailable, match="documentation"):
        repository_facts(client, "octo/app")


def test_whether_something_exists_is_a_matter_of_404_alone(box: Sandbox, client: Client) -> None:
    assert client.exists(FACTS)
    assert not client.exists("/repos/octo/missing")
    fail(box, FACTS, Response(410))
    with pytest.raises(PlatformRefused):
        client.exists(FACTS)


def test_a_repository_of_unknown_visibility_counts_as_public(box: Sandbox, client: Client) -> None:
    fail(box, FACTS, Response(200, {"full_name": "octo/app", "default_branch": "main"}))
    assert not repository_facts(client, "octo/app").private


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_get_is_tried_three_times(box: Sandbox, client: Client, status: int) -> None:
    fault = fail(box, FACTS, Response(status, CANARY))
    with pytest.raises(PlatformUnavailable, match=str(status)):
        client.get(FACTS)
    assert struck(fault) == 3


def test_a_get_that_answers_in_the_end_is_fine(box: Sandbox, client: Client) -> None:
    fail(box, FACTS, Response(502), times=1)
    fail(box, FACTS, drop=True, times=1)
    assert client.get(FACTS)["name"] == "app"


@pytest.mark.parametrize(
    ("response", "drop"), [(Response(502), False), (Response(500, CANARY), False), (None, True)]
)
def test_a_write_is_sent_once(
    box: Sandbox, client: Client, response: Response | None, drop: bool
) -> None:
    fault = fail(box, "POST .*issues", response, drop=drop)
    with pytest.raises(PlatformUnavailable):
        client.send("POST", ISSUES, {"title": "once"})
    assert struck(fault) == 1


def test_a_write_whose_answer_was_lost_is_not_repeated(box: Sandbox, client: Client) -> None:
    fail(box, "POST .*issues", drop=True, after=True)
    with pytest.raises(PlatformUnavailable):
        client.send("POST", ISSUES, {"title": "once"})
    assert [issue.title for issue in box.github.repository("octo/app").issues.values()] == ["once"]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (Response(401, {"message": CANARY}), PlatformRejected),
        (Response(403, {"message": CANARY}), NotPermitted),
        (Response(403, CANARY), NotPermitted),
        (Response(403, [CANARY]), NotPermitted),
        (Response(403, {"message": ["api rate limit exceeded"]}), NotPermitted),
        (Response(404, {"message": CANARY}), PlatformRefused),
        (Response(410, {"message": CANARY}), PlatformRefused),
        (Response(418, {"message": CANARY}), PlatformRefused),
        (Response(422, {"message": CANARY, "errors": [CANARY]}), PlatformRefused),
        (Response(429, {"message": CANARY}), PlatformUnavailable),
        (Response(500, CANARY), PlatformUnavailable),
        (Response(500, [CANARY]), PlatformUnavailable),
        (Response(200, f"<html>{CANARY}"), PlatformUnavailable),
        (Response(200, '{"name": "' + CANARY), PlatformUnavailable),
        (Response(200, "[" * 100_000), PlatformUnavailable),
        (Response(200, "{}", {"x-ratelimit-reset": CANARY}), PlatformUnavailable),
        (Response(302, CANARY, {"Location": f"http://127.0.0.1:1/{CANARY}"}), PlatformUnavailable),
        (Response(301, CANARY), PlatformUnavailable),
        (Response(202, "{}"), PlatformUnavailable),
    ],
)
def test_each_answer_has_its_own_meaning_and_is_never_quoted(
    box: Sandbox, client: Client, response: Response, error: type[PlatformError]
) -> None:
    fail(box, FACTS, response)
    with pytest.raises(PlatformError) as caught:
        client.get(FACTS)
    assert type(caught.value) is error
    assert caught.value.__cause__ is None
    said = f"{caught.value}{caught.value.hint}{caught.value!r}"
    assert CANARY not in said
    assert TOKEN not in said


def test_the_missing_right_is_named(box: Sandbox, client: Client) -> None:
    box.github.add_token(TOKEN, permissions={"metadata"})
    with pytest.raises(NotPermitted) as caught:
        client.get(ISSUES)
    assert caught.value.hint == "it needs issues=read"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "Issues: write"),
        ({"x-accepted-github-permissions": "issues=write; a=<b>; secrets=read"},
         "issues=write, secrets=read"),
        ({"x-accepted-github-permissions": "<script>@octocat\u00e9"}, "Issues: write"),
        ({"x-github-sso": f"required; url=https://github.com/{CANARY}"}, "single sign-on"),
    ],
)  # fmt: skip
def test_a_missing_right_is_named_in_clean_words(
    box: Sandbox, client: Client, headers: dict[str, str], said: str
) -> None:
    fail(box, ISSUES, Response(403, {"message": CANARY}, headers))
    with pytest.raises(NotPermitted) as caught:
        client.get(ISSUES, needs="Issues: write")
    assert said in caught.value.told
    assert CANARY not in caught.value.told
    assert "<" not in caught.value.told


LIMITS = [
    Response(429, "{}", {"retry-after": "7"}),
    Response(403, {"message": "You have exceeded a secondary rate limit."}, {"retry-after": "7"}),
]


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_short_rate_limit_is_waited_for(box: Sandbox, limit: Response, verb: str) -> None:
    waits: list[float] = []
    client = client_of(box, sleep=waits.append)
    fail(box, ISSUES, limit, times=1)
    if verb == "GET":
        assert client.get(ISSUES) == []
    else:
        assert client.send("POST", ISSUES, {"title": "x"})["number"] == 1
    assert waits == [7]


@pytest.mark.parametrize(
    ("limit", "until"),
    [
        (Response(429, "{}", {"retry-after": "3600"}), "3600 s"),
        (Response(403, "{}", {"retry-after": "61"}), "61 s"),
        (Response(403, "{}", {"retry-after": "x" + CANARY}), ""),
        (Response(429), ""),
        (
            Response(403, "{}", {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795358580"}),
            "2026-11-22 14:43 UTC",
        ),
        (Response(403, {"message": "API rate limit exceeded for x."}), ""),
        (Response(403, {"message": "You have exceeded a secondary rate limit."}), ""),
    ],
)
def test_a_long_rate_limit_ends_the_talk(
    box: Sandbox, client: Client, limit: Response, until: str
) -> None:
    fault = fail(box, ISSUES, limit)
    with pytest.raises(PlatformUnavailable, match="rate of requests") as caught:
        client.get(ISSUES)
    assert until in caught.value.message
    assert CANARY not in caught.value.message
    for again in (ISSUES, FACTS):
        with pytest.raises(PlatformUnavailable, match="rate of requests"):
            client.get(again)
    assert (struck(fault), lines(box)) == (1, [])


def test_a_run_waits_a_minute_for_rate_limits_in_all(box: Sandbox) -> None:
    waits: list[float] = []
    client = client_of(box, sleep=waits.append)
    limit = Response(429, "{}", {"retry-after": "25"})
    for _ in range(2):
        fail(box, FACTS, limit, times=1)
        client.get(FACTS)
    fail(box, FACTS, limit, times=1)
    with pytest.raises(PlatformUnavailable):
        client.get(FACTS)
    assert waits == [25, 25]


def test_one_request_waits_once(box: Sandbox) -> None:
    waits: list[float] = []
    fail(box, FACTS, Response(429, "{}", {"retry-after": "0"}))
    with pytest.raises(PlatformUnavailable):
        client_of(box, sleep=waits.append).get(FACTS)
    assert waits == [0]


def test_after_three_requests_without_a_usable_answer_none_is_sent(
    box: Sandbox, client: Client
) -> None:
    fault = fail(box, "POST", drop=True)
    for _ in range(3):
        with pytest.raises(PlatformUnavailable, match="broke"):
            client.send("POST", ISSUES, {})
    with pytest.raises(PlatformUnavailable, match="not asked again"):
        client.get(FACTS)
    assert (struck(fault), lines(box)) == (3, [])


def test_an_answer_in_between_forgives(box: Sandbox, client: Client) -> None:
    fail(box, "POST", drop=True)
    for _ in range(4):
        with pytest.raises(PlatformUnavailable, match="broke"):
            client.send("POST", ISSUES, {})
        client.get(FACTS)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_no_redirect_is_followed(box: Sandbox, client: Client, status: int, verb: str) -> None:
    with Sandbox(NOW) as elsewhere:
        for host in (elsewhere.github.url, box.github.url):
            target = {"Location": f"{host}/repos/octo/other?per_page=100"}
            fail(box, ISSUES, Response(status, "{}", target), times=1)
            with pytest.raises(PlatformUnavailable, match="redirect"):
                client.send(verb, ISSUES, {})
        assert lines(elsewhere) == []
    assert lines(box) == []


def test_all_pages_are_read_and_links_are_not_followed(box: Sandbox, client: Client) -> None:
    repository = box.github.repository("octo/app")
    for number in range(250):
        repository.tracker.open(f"issue {number}", by="octocat")
    rows = client.get_all(ISSUES, state="all", labels="")
    assert len({row["number"] for row in rows}) == 250
    asked = [exchange.request for exchange in box.github.server.exchanges]
    assert [request.query["page"] for request in asked] == ["1", "2", "3"]
    assert {request.path for request in asked} == {ISSUES}
    assert {request.query["per_page"] for request in asked} == {"100"}


def test_a_next_link_to_another_host_gets_no_credential(box: Sandbox, client: Client) -> None:
    with Sandbox(NOW) as elsewhere:
        link = {"Link": f'<{elsewhere.github.url}/issues?page=2>; rel="next"'}
        fail(box, ISSUES, Response(200, [{"number": 1}], link), times=1)
        client.get_all(ISSUES)
        assert lines(elsewhere) == []
    assert lines(box) == [f"GET {ISSUES}"]


@pytest.mark.parametrize("body", ["", "null", {}, {"rows": None}, {"rows": {}}, {"rows": [1]}, []])
def test_a_list_must_be_one(box: Sandbox, client: Client, body: object) -> None:
    fail(box, FACTS, Response(200, body))
    with pytest.raises(PlatformUnavailable, match=r"documentation|JSON"):
        client.get_all(FACTS, rows="rows")


def test_a_list_without_end_is_given_up(box: Sandbox, client: Client) -> None:
    fault = fail(box, ISSUES, Response(200, "[]", {"Link": '<x>; rel="next"'}))
    with pytest.raises(PlatformUnavailable, match="300 pages"):
        client.get_all(ISSUES)
    assert struck(fault) == 300


@pytest.mark.parametrize("bad", ["\n", "\r\nX-Evil: 1", "\u20ac", "\u4f60"])
def test_a_credential_that_no_header_can_carry_is_not_quoted(box: Sandbox, bad: str) -> None:
    client = connect(base_url=box.github.url, token=SecretValue(CANARY + bad))
    with pytest.raises(PlatformRejected) as caught:
        client.get(FACTS)
    assert CANARY not in f"{caught.value!r}{caught.value.hint}"
    assert lines(box) == []


@pytest.mark.parametrize(
    "url",
    ["http://api.github.com", "ftp://127.0.0.1", "github", "", "https://u:p@h", "https://h?x"],
)
def test_the_address_must_be_safe(url: str) -> None:
    with pytest.raises(UsageError, match="GITHUB_API_URL"):
        connect(base_url=url, token=SecretValue(TOKEN))


def test_a_prefix_of_the_address_is_kept(box: Sandbox) -> None:
    client = connect(base_url=f"{box.github.url}/api/v3/", token=SecretValue(TOKEN))
    with pytest.raises(PlatformRefused):
        client.get("/user")
    assert lines(box) == ["GET /api/v3/user"]


def test_a_missing_ca_bundle_is_said(tmp_path: Path) -> None:
    client = connect(
        base_url="https://127.0.0.1:9",
        token=SecretValue(TOKEN),
        ca_bundle=str(tmp_path / "missing.pem"),
    )
    with pytest.raises(PlatformUnavailable) as caught:
        client.get(FACTS)
    assert "SSL_CERT_FILE" in caught.value.hint


def test_an_untrusted_server_is_told_apart(box: Sandbox) -> None:
    url = box.github.url.replace("http://", "https://")
    with pytest.raises(PlatformUnavailable, match="trusted connection"):
        connect(base_url=url, token=SecretValue(TOKEN)).get(FACTS)


def test_nobody_there_is_said_after_three_tries() -> None:
    waits: list[float] = []
    client = connect(base_url="http://127.0.0.1:9", token=SecretValue(TOKEN), sleep=waits.append)
    with pytest.raises(PlatformUnavailable, match="broke"):
        client.get(FACTS)
    assert waits == [0, 0]


@pytest.mark.parametrize(
    ("error", "again", "said"),
    [
        (requests.ConnectionError(CANARY), True, "broke"),
        (requests.exceptions.ChunkedEncodingError(CANARY), True, "broke"),
        (requests.ReadTimeout(CANARY), False, "in time"),
        (requests.ConnectTimeout(CANARY), False, "in time"),
        (requests.exceptions.ProxyError(CANARY), False, "proxy"),
        (requests.exceptions.SSLError(CANARY), False, "trusted"),
        (OSError(CANARY), False, "CA or proxy"),
        (ValueError(CANARY), False, "documentation"),
        (RuntimeError(CANARY), False, "documentation"),
        (AssertionError(CANARY), False, "documentation"),
    ],
)
def test_what_breaks_below_http_is_said_in_our_words(
    error: Exception, again: bool, said: str
) -> None:
    explained = explain(error, "GET /x")
    assert getattr(explained, "again", False) is again
    assert said in str(explained)
    assert CANARY not in repr(explained)


def test_debug_logs_hold_neither_credential_nor_answer(
    box: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box.github.repository("octo/app").tracker.open(CANARY, by="octocat")
    assert json.dumps(client.get(ISSUES)).count(CANARY) == 1
    assert CANARY not in caplog.text
    assert TOKEN not in caplog.text


@given(st.text(st.characters(), min_size=1))
def test_a_segment_stays_one_segment(name: str) -> None:
    try:
        path = api_path("repos", name, "secrets")
    except PlatformRefused:
        assert name in (".", "..")
    else:
        assert path.count("/") == 3
        assert set("?#\\ \r\n").isdisjoint(path)


@pytest.mark.parametrize("path", ["octo/..", "octo/", "/app", "octo/app/../x"])
def test_nothing_climbs_out_of_a_repository(path: str) -> None:
    with pytest.raises(PlatformRefused):
        repository_path(path, "issues")
