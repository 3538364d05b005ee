from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyturn.errors import NotPermitted, PlatformError, PlatformUnavailable
from keyturn.github.attempts import GitHubAttempts, this_attempt
from keyturn.github.runner import Runner
from keyturn.rotation.lock import Attempt, Attempts
from keyturn.sandbox import Response, Sandbox
from tests.github.worlds import TOKEN, client_of, fail, world

CI = ".github/workflows/ci.yml"
IN_ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "octo/app",
    "GITHUB_RUN_ID": "9007199254740993",
    "GITHUB_RUN_ATTEMPT": "3",
}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={CI: "on: push\n"}) as made:
        yield made


@pytest.fixture
def attempts(box: Sandbox) -> GitHubAttempts:
    made = GitHubAttempts(client_of(box), server_url="https://github.example")
    _: Attempts = made
    return made


@pytest.mark.parametrize(
    ("status", "ended"),
    [("completed", True), ("in_progress", False), ("queued", False), ("waiting", False)],
)
def test_only_a_completed_one_is_over(
    box: Sandbox, attempts: GitHubAttempts, status: str, ended: bool
) -> None:
    run = box.github.repository("octo/app").add_run(CI, status=status)
    assert attempts.has_ended(Attempt("octo/app", run.id, 1)) is ended


@pytest.mark.parametrize(("asked", "shown", "ended"), [(1, 2, True), (2, 2, False), (2, 1, False)])
def test_an_attempt_that_another_one_followed_is_over(
    box: Sandbox, attempts: GitHubAttempts, asked: int, shown: int, ended: bool
) -> None:
    fail(box, "runs/7", Response(200, {"run_attempt": shown, "status": "in_progress"}))
    assert attempts.has_ended(Attempt("octo/app", 7, asked)) is ended


def test_a_completed_one_that_is_shown_late_is_not_taken_for_its_successor(
    box: Sandbox, attempts: GitHubAttempts
) -> None:
    fail(box, "runs/7", Response(200, {"run_attempt": 1, "status": "completed"}))
    assert not attempts.has_ended(Attempt("octo/app", 7, 2))


def test_one_that_is_not_shown_is_not_over(box: Sandbox, attempts: GitHubAttempts) -> None:
    with pytest.raises(PlatformError):
        attempts.has_ended(Attempt("octo/app", 404, 1))
    box.github.add_token(TOKEN, permissions={"contents"})
    with pytest.raises(NotPermitted) as caught:
        attempts.has_ended(Attempt("octo/app", 404, 1))
    assert "actions=read" in caught.value.hint


@pytest.mark.parametrize("body", [[], {}, {"run_attempt": "1"}, {"run_attempt": 1}, "?"])
def test_nonsense_is_an_outage(box: Sandbox, attempts: GitHubAttempts, body: object) -> None:
    fail(box, "runs/7", Response(200, body))
    with pytest.raises(PlatformUnavailable):
        attempts.has_ended(Attempt("octo/app", 7, 1))


def test_its_page(attempts: GitHubAttempts) -> None:
    page = "https://github.example/octo/app/actions/runs/7/attempts/2"
    assert attempts.address(Attempt("octo/app", 7, 2)) == page


@pytest.mark.parametrize(
    ("without", "number"),
    [({}, 3), ({"GITHUB_RUN_ATTEMPT": ""}, 1), ({"GITHUB_RUN_ATTEMPT": "x"}, 1)],
)
def test_what_this_process_is_part_of(without: dict[str, str], number: int) -> None:
    runner = Runner.from_environ(IN_ACTIONS | without)
    assert this_attempt(runner) == Attempt("octo/app", 9007199254740993, number)


@pytest.mark.parametrize(
    "without",
    [
        {"GITHUB_ACTIONS": ""},
        {"GITHUB_RUN_ID": "-1"},
        {"GITHUB_RUN_ID": ""},
        {"GITHUB_REPOSITORY": ""},
    ],
)
def test_elsewhere_it_is_part_of_none(without: dict[str, str]) -> None:
    assert this_attempt(Runner.from_environ(IN_ACTIONS | without)) is None
