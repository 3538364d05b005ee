from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from keyturn.blob import blob_id
from keyturn.errors import NotPermitted, PlatformUnavailable
from keyturn.github.client import repository_facts
from keyturn.github.schedules import GitHubSchedules
from keyturn.model import Activity
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_world import Repository
from keyturn.watching import Schedules
from tests.github.worlds import NOW, TOKEN, client_of, fail, lines, world

OURS, CI = ".github/workflows/keyturn.yml", ".github/workflows/ci.yml"
DAY = timedelta(days=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={OURS: "on: push\n", CI: "on: push\n"}) as made:
        yield made


@pytest.fixture
def app(box: Sandbox) -> Repository:
    return box.github.repository("octo/app")


@pytest.fixture
def schedules(box: Sandbox) -> GitHubSchedules:
    made = GitHubSchedules(client_of(box), "octo/app")
    _: Schedules = made
    return made


def grant(box: Sandbox, *areas: str) -> None:
    box.github.add_token(TOKEN, permissions=areas)


def last_run(schedules: GitHubSchedules) -> datetime | None:
    found = schedules.find_last_run(schedules.list_workflows()[OURS])
    return found.began_at if found else None


def test_the_workflows_by_their_paths(app: Repository, schedules: GitHubSchedules) -> None:
    app.workflow_states[OURS] = "disabled_manually"
    found = schedules.list_workflows()
    assert {path: facts.state for path, facts in found.items()} == {
        OURS: "disabled_manually",
        CI: "active",
    }
    assert found[CI].created_at == found[CI].updated_at == NOW


def test_one_that_ran_and_is_gone(app: Repository, schedules: GitHubSchedules) -> None:
    app.add_run(".github/workflows/old.yml")
    assert schedules.list_workflows()[".github/workflows/old.yml"].state == "deleted"
    assert schedules.find_blob(".github/workflows/old.yml") is None


def test_what_decides_about_schedules(
    box: Sandbox, app: Repository, schedules: GitHubSchedules
) -> None:
    assert schedules.activity() == Activity(True, False, "main", NOW)
    box.clock.advance(DAY)
    app.write_file("a", "b")
    facts = repository_facts(client_of(box), "octo/app")
    assert facts.pushed_at == NOW + DAY


def test_the_newest_run_by_the_clock_that_came_to_its_end(
    box: Sandbox, app: Repository, schedules: GitHubSchedules
) -> None:
    ours = schedules.list_workflows()[OURS]
    assert schedules.find_last_run(ours) is None
    app.add_run(OURS, event="push", at=NOW)
    app.add_run(CI, at=NOW)
    assert schedules.find_last_run(ours) is None
    app.add_run(OURS, at=NOW - 9 * DAY)
    app.add_run(OURS, conclusion="failure", at=NOW - 8 * DAY)
    for word in ("cancelled", "startup_failure", "skipped", "timed_out", "action_required"):
        app.add_run(OURS, conclusion=word, at=NOW - 5 * DAY)
    app.add_run(OURS, status="queued", at=NOW - 4 * DAY)
    app.add_run(OURS, status="waiting", at=NOW - 3 * DAY)
    assert last_run(schedules) == NOW - 8 * DAY
    app.add_run(OURS, status="in_progress", at=NOW)
    before = len(lines(box))
    assert last_run(schedules) == NOW
    asked = lines(box)[-1]
    assert len(lines(box)) == before + 2
    assert asked == f"GET /repos/octo/app/actions/workflows/{ours.id}/runs"


def test_where_none_of_the_newest_ran_through_they_are_all_that_is_known(
    app: Repository, schedules: GitHubSchedules
) -> None:
    app.add_run(OURS, at=NOW - 90 * DAY)
    for days in range(15, 0, -1):
        app.add_run(OURS, conclusion="cancelled", at=NOW - days * DAY)
    assert last_run(schedules) == NOW - 10 * DAY


def test_which_file_a_run_began_with(app: Repository, schedules: GitHubSchedules) -> None:
    app.add_run(OURS)
    then = schedules.find_last_run(schedules.list_workflows()[OURS])
    assert then
    assert then.branch == "main"
    app.runs[next(iter(app.runs))].branch = None  # type: ignore[assignment]
    nameless = schedules.find_last_run(schedules.list_workflows()[OURS])
    assert nameless
    assert nameless.branch == ""
    app.write_file(OURS, "on: pull_request\n")
    assert schedules.find_blob(OURS, then.commit) == blob_id(b"on: push\n")
    assert schedules.find_blob(OURS) == blob_id(b"on: pull_request\n")
    assert schedules.find_blob(".github/workflows/none.yml") is None
    assert schedules.find_blob(OURS, "0" * 40) is None


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("status", [403, 404])
def test_a_right_that_is_missing_is_named(box: Sandbox, private: bool, status: int) -> None:
    box.github.repository("octo/app").private = private
    schedules = GitHubSchedules(client_of(box), "octo/app")
    ours = schedules.list_workflows()[OURS]
    fail(box, r"GET .*/(actions|commits|contents).*", Response(status, {"message": "no"}))
    with pytest.raises(NotPermitted, match=f"{status}") as caught:
        schedules.list_workflows()
    assert "Actions: read" in caught.value.told
    with pytest.raises(NotPermitted):
        schedules.find_last_run(ours)
    with pytest.raises(NotPermitted) as caught:
        schedules.find_blob(OURS)
    assert "Contents: read" in caught.value.told


def test_rights_are_what_the_sandbox_grants(box: Sandbox) -> None:
    grant(box, "actions:read")
    schedules = GitHubSchedules(client_of(box), "octo/app")
    assert OURS in schedules.list_workflows()
    with pytest.raises(NotPermitted, match="contents"):
        schedules.find_blob(OURS)
    grant(box, "contents:read")
    with pytest.raises(NotPermitted, match="actions"):
        schedules.list_workflows()


@pytest.mark.parametrize(
    ("pattern", "body"),
    [
        ("workflows", {"workflows": [{"path": OURS}]}),
        ("workflows", {"workflows": {}}),
        ("workflows/.*/runs", {"workflow_runs": None}),
        ("workflows/.*/runs", {"workflow_runs": [{"id": 1}]}),
        ("workflows/.*/runs", {"workflow_runs": [{"created_at": "2026-11-22T00:00:00Z"}]}),
        ("contents/.*", []),
        ("contents/.*", {"sha": None}),
    ],
)
def test_nonsense_is_an_outage(box: Sandbox, pattern: str, body: object) -> None:
    schedules = GitHubSchedules(client_of(box), "octo/app")
    ours = schedules.list_workflows()[OURS]
    fail(box, f"GET .*/{pattern}", Response(200, body))
    ask: dict[str, Callable[[], object]] = {
        "workflows": schedules.list_workflows,
        "workflows/.*/runs": lambda: schedules.find_last_run(ours),
        "contents/.*": lambda: schedules.find_blob(OURS),
    }
    with pytest.raises(PlatformUnavailable):
        ask[pattern]()


def test_what_github_runs_without_a_file_may_look_otherwise(box: Sandbox) -> None:
    schedules = GitHubSchedules(client_of(box), "octo/app")
    rows = [{"path": "dynamic/pages", "id": 1}, {"id": 2}]
    fail(box, "GET .*/workflows", Response(200, {"workflows": rows}))
    assert schedules.list_workflows() == {}
