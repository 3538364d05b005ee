from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client

ACTIONS = "/repos/octo/app/actions"
CI, NIGHTLY = ".github/workflows/ci.yml", ".github/workflows/nightly.yaml"


@pytest.fixture(autouse=True)
def _workflows(app: Repository) -> None:
    app.write_files(
        {
            CI: "on: push\nname: 'The CI'\njobs: {}\n",
            NIGHTLY: "on: push\njobs:\n  a:\n    name: a job\n",
            ".github/workflows/notes.md": "name: no workflow\n",
            ".github/workflows/deep/ci.yml": "name: too deep\n",
        }
    )


class TestWorkflows:
    def test_they_are_the_files_of_the_default_branch(self, ask: Client) -> None:
        listed = ask.get(f"{ACTIONS}/workflows")
        assert listed["total_count"] == 2
        found = [(each["path"], each["name"], each["state"]) for each in listed["workflows"]]
        assert found == [(CI, "The CI", "active"), (NIGHTLY, NIGHTLY, "active")]
        for one in (listed["workflows"][0]["id"], "ci.yml"):
            assert ask.get(f"{ACTIONS}/workflows/{one}") == listed["workflows"][0]
        for none in ("1", "none.yml", "notes.md"):
            assert ask("GET", f"{ACTIONS}/workflows/{none}").status == 404

    def test_one_that_was_switched_off(self, app: Repository, ask: Client) -> None:
        app.workflow_states[CI] = "disabled_inactivity"
        assert ask.get(f"{ACTIONS}/workflows/ci.yml")["state"] == "disabled_inactivity"
        assert ask("PUT", f"{ACTIONS}/workflows/ci.yml/enable").status == 204
        assert ask.get(f"{ACTIONS}/workflows/ci.yml")["state"] == "active"

    def test_an_empty_repository_has_none(self, app: Repository, ask: Client) -> None:
        app.git.refs.clear()
        assert ask.get(f"{ACTIONS}/workflows")["total_count"] == 0
        app.add_run(CI)
        assert ask.get(f"{ACTIONS}/runs")["workflow_runs"][0]["name"] == CI


class TestRuns:
    @pytest.fixture(autouse=True)
    def _runs(self, app: Repository, clock: Clock) -> None:
        app.add_run(CI, conclusion="failure", event="push", jobs=[("build", "failure")])
        clock.advance(timedelta(days=1))
        app.add_run(NIGHTLY)
        app.add_run(CI, status="in_progress", event="push", jobs=[("build", ""), ("test", "")])

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("/runs", [3, 2, 1]),
            ("/runs?status=completed", [2, 1]),
            ("/runs?status=failure", [1]),
            ("/runs?status=in_progress", [3]),
            ("/runs?event=push", [3, 1]),
            ("/runs?branch=main", [3, 2, 1]),
            ("/runs?branch=side", []),
            ("/runs?actor=alice", []),
            ("/runs?created=%3E%3D2026-11-24T08:00:00Z", [3, 2]),
            ("/runs?created=%3C%3D2026-11-23T08:00:00Z", [1]),
            ("/runs?created=2026-11-23", [1]),
            ("/runs?created=2026-11-23T00:00:00Z..2026-11-24T00:00:00Z", [1]),
            ("/runs?per_page=1&page=2", [2]),
            ("/workflows/ci.yml/runs", [3, 1]),
            ("/workflows/nightly.yaml/runs?status=success", [2]),
        ],
    )
    def test_filters(self, ask: Client, query: str, found: list[int]) -> None:
        runs = ask.get(ACTIONS + query)["workflow_runs"]
        assert [run["run_number"] for run in runs] == found

    def test_one(self, app: Repository, ask: Client) -> None:
        first = next(iter(app.runs))
        run = ask.get(f"{ACTIONS}/runs/{first}")
        assert (run["name"], run["path"]) == ("The CI", CI)
        assert (run["status"], run["conclusion"]) == ("completed", "failure")
        assert run["created_at"] == "2026-11-23T08:00:00Z"
        assert run["head_sha"] == app.git.refs["refs/heads/main"]
        jobs = ask.get(f"{ACTIONS}/runs/{first}/jobs")
        assert jobs["total_count"] == 1
        assert (jobs["jobs"][0]["name"], jobs["jobs"][0]["conclusion"]) == ("build", "failure")
        for none in ("1", "x", "1/jobs"):
            assert ask("GET", f"{ACTIONS}/runs/{none}").status == 404

    def test_cancelling(self, app: Repository, ask: Client, clock: Clock) -> None:
        run = list(app.runs.values())[-1]
        clock.advance(timedelta(minutes=1))
        cancelled = ask("POST", f"{ACTIONS}/runs/{run.id}/cancel")
        assert (cancelled.status, cancelled.body) == (202, {})
        assert (run.status, run.conclusion) == ("completed", "cancelled")
        assert {job.conclusion for job in run.jobs} == {"cancelled"}
        assert run.updated_at == clock.now
        assert ask("POST", f"{ACTIONS}/runs/{run.id}/cancel").status == 409

    def test_their_state_is_set_from_python(self, app: Repository, ask: Client) -> None:
        run = app.add_run(CI, status="queued")
        run.status = "waiting"
        shown = ask.get(f"{ACTIONS}/runs/{run.id}")
        assert (shown["status"], shown["conclusion"]) == ("waiting", None)
