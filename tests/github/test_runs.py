from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from keyturn.errors import NotPermitted, PlatformRefused, PlatformUnavailable
from keyturn.github.runs import GitHubRuns
from keyturn.interfaces import Runs
from keyturn.model.runs import RunJob, WorkflowRun
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_world import Repository
from tests.github.worlds import NOW, TOKEN, client_of, fail, lines, world

CI, NIGHTLY = ".github/workflows/ci.yml", ".github/workflows/nightly.yaml"
STATES = ("requested", "pending", "queued", "waiting", "in_progress")
ROW = {
    "id": 7,
    "path": CI,
    "event": "push",
    "status": "queued",
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "html_url": "https://github.com/octo/app/actions/runs/7",
}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={CI: "on: push\n", NIGHTLY: "on: push\n"}) as made:
        yield made


@pytest.fixture
def app(box: Sandbox) -> Repository:
    return box.github.repository("octo/app")


@pytest.fixture
def runs(box: Sandbox) -> GitHubRuns:
    made = GitHubRuns(client_of(box))
    _: Runs = made
    return made


class TestUnfinished:
    def test_every_state_that_is_not_the_end(self, app: Repository, runs: GitHubRuns) -> None:
        ids = [app.add_run(CI, status=state, event="push").id for state in STATES]
        app.add_run(CI)
        app.add_run(CI, conclusion="failure")
        found = runs.list_unfinished("octo/app")
        assert [run.id for run in found] == ids
        assert [run.status for run in found] == list(STATES)

    def test_what_is_known_of_each(self, box: Sandbox, app: Repository, runs: GitHubRuns) -> None:
        made = app.add_run(CI, status="queued", event="push", at=NOW - timedelta(days=3))
        at = NOW - timedelta(days=3)
        url = f"{box.github.url}/octo/app/actions/runs/{made.id}"
        assert runs.list_unfinished("octo/app") == [
            WorkflowRun("octo/app", made.id, CI, "push", "queued", at, at, url, branch="main")
        ]

    def test_all_pages_and_the_oldest_first(self, app: Repository, runs: GitHubRuns) -> None:
        for minute in range(230):
            app.add_run(CI, status="queued", at=NOW - timedelta(minutes=minute % 7))
        found = runs.list_unfinished("octo/app")
        assert len(found) == 230
        assert found == sorted(found, key=lambda run: (run.created_at, run.id))

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            (first, then)
            for first in STATES[1:]
            for then in STATES[1:]
            if first != then and "requested" not in (first, then)
        ],
    )
    def test_a_run_that_moves_between_the_lists_is_seen(
        self, box: Sandbox, app: Repository, runs: GitHubRuns, first: str, then: str
    ) -> None:
        for moved_after in range(9):
            app.runs.clear()
            run = app.add_run(CI, status=first)
            asked = 0

            def look(request: object, run: object = run, moved_after: int = moved_after) -> None:
                nonlocal asked
                if asked == moved_after:
                    run.status = then  # type: ignore[attr-defined]
                asked += 1

            before = box.github.server.before
            box.github.server.before = lambda request, look=look: look(request)  # type: ignore[misc]
            try:
                assert [found.id for found in runs.list_unfinished("octo/app")] == [run.id]
            finally:
                box.github.server.before = before

    def test_the_path_is_without_the_branch(self, box: Sandbox, runs: GitHubRuns) -> None:
        row = ROW | {"path": f"{CI}@main", "run_attempt": 3}
        fail(box, "runs", Response(200, {"total_count": 1, "workflow_runs": [row]}))
        (found,) = runs.list_unfinished("octo/app")
        assert (found.path, found.attempt) == (CI, 3)

    def test_a_list_that_github_cuts_off_is_none(self, box: Sandbox, runs: GitHubRuns) -> None:
        more = {"Link": '<http://127.0.0.1:1/>; rel="next"'}
        rows = {"total_count": 1700, "workflow_runs": [ROW] * 100}
        fail(box, "[?]page=10&", Response(200, rows))
        fail(box, "runs", Response(200, rows, more))
        with pytest.raises(PlatformUnavailable, match="1000 requested runs or more"):
            runs.list_unfinished("octo/app")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": "7"},
            {"id": True},
            {"run_attempt": None},
            {"created_at": None},
            {"updated_at": "yesterday"},
            {"path": ""},
            {"html_url": None},
        ],
    )
    def test_nonsense_is_an_outage(
        self, box: Sandbox, runs: GitHubRuns, wrong: dict[str, object]
    ) -> None:
        body = {"total_count": 1, "workflow_runs": [ROW | wrong]}
        fail(box, "runs", Response(200, body))
        with pytest.raises(PlatformUnavailable):
            runs.list_unfinished("octo/app")

    def test_a_repository_that_is_not_shown(self, runs: GitHubRuns) -> None:
        with pytest.raises(NotPermitted, match="404") as caught:
            runs.list_unfinished("octo/missing")
        assert caught.value.hint == "it needs Actions: read, if there is such a place"

    def test_the_missing_right_is_named(self, box: Sandbox) -> None:
        box.github.add_token(TOKEN, permissions={"metadata"})
        with pytest.raises(NotPermitted) as caught:
            GitHubRuns(client_of(box)).list_unfinished("octo/app")
        assert caught.value.hint == "it needs actions=read"


class TestSuccessful:
    def test_those_of_some_workflows_since_an_instant(
        self, box: Sandbox, app: Repository, runs: GitHubRuns
    ) -> None:
        app.add_run(CI, at=NOW - timedelta(seconds=1))
        wanted = [app.add_run(path, at=NOW).id for path in (CI, NIGHTLY, CI)]
        app.add_run(CI, conclusion="failure", at=NOW)
        app.add_run(CI, status="in_progress", at=NOW)
        found = runs.list_successful("octo/app", [CI, NIGHTLY, CI], since=NOW)
        assert [run.id for run in found] == wanted
        assert len(lines(box)) == 2
        assert [run.id for run in runs.list_successful("octo/app", [NIGHTLY], since=NOW)] == [
            wanted[1]
        ]

    def test_a_workflow_that_is_gone_has_none(self, runs: GitHubRuns) -> None:
        gone = ".github/workflows/gone.yml"
        assert runs.list_successful("octo/app", [gone, "dynamic/x/y"], since=NOW) == []
        assert runs.list_successful("octo/app", [], since=NOW) == []


class TestEnded:
    def test_those_that_began_by_then_and_ended_since(
        self, app: Repository, runs: GitHubRuns
    ) -> None:
        second = timedelta(seconds=1)

        def add(begun: timedelta, ended: timedelta, status: str = "completed") -> int:
            run = app.add_run(CI, status=status, conclusion="failure", at=NOW + begun)
            run.updated_at = NOW + ended
            return run.id

        since = NOW + timedelta(days=3)
        wanted = [add(0 * second, timedelta(days=3)), add(-timedelta(days=32), timedelta(days=4))]
        add(0 * second, timedelta(days=3) - second)
        add(second, timedelta(days=5))
        add(-timedelta(days=1), timedelta(days=5), "in_progress")
        found = runs.list_ended("octo/app", begun_by=NOW, since=since)
        assert [run.id for run in found] == wanted[::-1]

    def test_a_repository_that_is_not_shown(self, runs: GitHubRuns) -> None:
        with pytest.raises(NotPermitted, match="404"):
            runs.list_ended("octo/missing", begun_by=NOW, since=NOW)


class TestReadable:
    def test_one_request_tells(self, box: Sandbox, runs: GitHubRuns) -> None:
        runs.prove_readable("octo/app")
        assert len(lines(box)) == 1

    def test_the_missing_right_is_named(self, box: Sandbox, runs: GitHubRuns) -> None:
        with pytest.raises(NotPermitted, match="404") as caught:
            runs.prove_readable("octo/missing")
        assert caught.value.hint == "it needs Actions: read, if there is such a place"
        box.github.add_token(TOKEN, permissions={"metadata"})
        with pytest.raises(NotPermitted, match="403"):
            runs.prove_readable("octo/app")


class TestJobs:
    def test_those_of_one_run(self, app: Repository, runs: GitHubRuns) -> None:
        app.add_run(CI, status="in_progress", jobs=[("build", ""), ("deploy", "")])
        made = app.runs[next(iter(app.runs))]
        made.jobs[1].status = "waiting"
        (run,) = runs.list_unfinished("octo/app")
        assert run.jobs is None
        assert runs.with_jobs(run).jobs == (
            RunJob("build", "in_progress", NOW, id=made.jobs[0].id),
            RunJob("deploy", "waiting", NOW, id=made.jobs[1].id),
        )

    def test_a_job_that_has_not_started(
        self, box: Sandbox, app: Repository, runs: GitHubRuns
    ) -> None:
        app.add_run(CI, status="queued")
        (run,) = runs.list_unfinished("octo/app")
        row = {"name": "build", "status": "queued", "started_at": None}
        fail(box, "jobs", Response(200, {"total_count": 1, "jobs": [row]}))
        assert runs.with_jobs(run).jobs == (RunJob("build", "queued"),)


@pytest.mark.parametrize("status", [410, 422])
def test_other_refusals_are_told(box: Sandbox, runs: GitHubRuns, status: int) -> None:
    fail(box, "runs", Response(status))
    with pytest.raises(PlatformRefused, match=str(status)):
        runs.list_unfinished("octo/app")
    with pytest.raises(PlatformRefused, match=str(status)):
        runs.list_successful("octo/app", [CI], since=NOW)
