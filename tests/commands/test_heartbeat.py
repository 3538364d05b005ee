"""A complete run asks the URL that somebody else watches; nothing of the URL is ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keyturn.sandbox import Fault, Response
from keyturn.sandbox.server import Request, Router, Server
from tests.commands.test_rotate import Scene, make_scene
from tests.world import Ran, World

VARIABLE = "KEYTURN_HEARTBEAT_URL"
CONFIG = ".github/keyturn.yml"
PATH = "/ping/" + "0f" * 12


@dataclass(slots=True)
class Listener:
    """Who expects to be asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        router = Router()
        router.add("GET", "/{path*}", self._answer)
        self.server = Server(router, not_found=Response(404))

    def _answer(self, request: Request, *, path: str) -> Response:
        self.asked.append(request)
        return Response(self.status, {"token": path}, dict(self.headers))

    @property
    def url(self) -> str:
        return self.server.url + PATH

    @property
    def counted(self) -> list[str]:
        return [request.path for request in self.asked]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    made.server.start()
    yield made
    made.server.stop()


@pytest.fixture
def watched(world: World) -> World:
    """The example with a heartbeat in its configuration."""
    world.write(CONFIG, world.example.files[CONFIG] + f"watch: {{ heartbeat: {VARIABLE} }}\n")
    return world


def check(world: World, listener: Listener, *argv: str, **environ: str | None) -> Ran:
    return world.run("check", "--format", "json", *argv, **{VARIABLE: listener.url, **environ})


def failed(ran: Ran) -> list[str]:
    kind = "heartbeat-not-sent"
    return [error["message"] for error in ran.report["errors"] if error["kind"] == kind]


@pytest.mark.parametrize(("limit", "code"), [("never", 0), ("error", 1)])
def test_a_complete_check_asks_once(
    watched: World, listener: Listener, limit: str, code: int
) -> None:
    ran = check(watched, listener, "--fail-on", limit)
    assert ran.code == code
    assert failed(ran) == []
    assert listener.counted == [PATH]
    (request,) = listener.asked
    assert request.body == b""
    assert "authorization" not in request.headers


def test_without_the_key_nothing_is_asked(world: World, listener: Listener) -> None:
    assert check(world, listener).code == 1
    assert listener.asked == []


def test_a_run_that_is_not_complete_is_not_one(watched: World, listener: Listener) -> None:
    ran = check(watched, listener, GITLAB_MANAGER=None)
    assert ran.code == 3
    assert failed(ran) == []
    assert listener.asked == []


@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        (["--dry-run"], {}),
        (["--watch-only"], {}),
        ([], {"GITHUB_EVENT_NAME": "pull_request"}),
        ([], {"GITHUB_ACTOR": "dependabot[bot]"}),
    ],
)
def test_who_does_nothing_is_silent(
    watched: World, listener: Listener, argv: list[str], environ: dict[str, str]
) -> None:
    ran = check(watched, listener, *argv, **environ)
    assert failed(ran) == []
    assert listener.asked == []


@pytest.mark.parametrize("value", [None, "", "***"])
def test_a_variable_that_is_not_set_is_said(
    watched: World, listener: Listener, value: str | None
) -> None:
    ran = check(watched, listener, KEYTURN_HEARTBEAT_URL=value)
    assert ran.code == 3
    assert failed(ran) == ["no heartbeat was sent: it is unset, empty or masked in this run"]
    assert listener.asked == []


@pytest.mark.parametrize(
    ("status", "times"), [(404, 1), (410, 1), (500, 2), (503, 2), (429, 2), (302, 2)]
)
def test_an_answer_that_is_no_yes_is_incomplete(
    watched: World, listener: Listener, status: int, times: int
) -> None:
    listener.status = status
    listener.headers = {"location": f"{listener.server.url}/elsewhere", "retry-after": "1"}
    ran = check(watched, listener, "-v")
    assert ran.code == 3
    assert len(failed(ran)) == 1
    assert listener.counted == [PATH] * times
    masks = [line for line in ran.err.splitlines() if line.startswith("::add-mask::")]
    told = "\n".join(line for line in ran.err.splitlines() if line not in masks)
    for place in (ran.out, told, ran.summary, str(ran.outputs)):
        assert PATH not in place
        assert "elsewhere" not in place


def test_a_line_that_breaks_once_is_tried_again(watched: World, listener: Listener) -> None:
    listener.server.faults.append(Fault(".*", drop=True, times=1))
    ran = check(watched, listener)
    assert ran.code == 1
    assert failed(ran) == []
    assert listener.counted == [PATH]


@pytest.mark.parametrize(
    "url",
    ["http://heartbeat.invalid/x", "ftp://127.0.0.1/x", "no address", "https://", "http://[/"],
)
def test_an_address_that_is_none_is_asked_by_nobody(
    watched: World, listener: Listener, url: str
) -> None:
    ran = check(watched, listener, KEYTURN_HEARTBEAT_URL=url)
    assert ran.code == 3
    (message,) = failed(ran)
    assert "heartbeat.invalid" not in message + ran.out + ran.summary
    assert url not in message


@pytest.fixture
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    with make_scene(tmp_path, capsys) as made:
        text = (made.world.workspace / CONFIG).read_text(encoding="utf-8")
        made.world.write(CONFIG, text + f"watch: {{ heartbeat: {VARIABLE} }}\n")
        yield made


def test_a_rotation_that_is_carried_out_asks_too(scene: Scene, listener: Listener) -> None:
    assert scene.run("rotate", KEYTURN_HEARTBEAT_URL=listener.url).code == 0
    argv = ("rotate", "--apply", "--dry-run")
    assert scene.run(*argv, KEYTURN_HEARTBEAT_URL=listener.url).code == 0
    assert listener.asked == []
    assert scene.run("rotate", "--apply", KEYTURN_HEARTBEAT_URL=listener.url).code == 0
    assert listener.counted == [PATH]


def test_a_rotation_says_that_it_could_not_ask(scene: Scene, listener: Listener) -> None:
    listener.status = 404
    ran = scene.run("rotate", "--apply", KEYTURN_HEARTBEAT_URL=listener.url)
    assert ran.code == 3
    assert f"{VARIABLE}: no heartbeat was sent: the address answered 404" in ran.err
    assert PATH not in ran.out + ran.summary
