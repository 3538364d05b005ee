"""Runs that failed lately, and the logs of their jobs, which lie elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from keyturn.errors import NotPermitted, PlatformUnavailable
from keyturn.github.failed_runs import GitHubFailedRuns
from keyturn.model.runs import RunStep
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_world import Repository, Run
from keyturn.silence.failed_logins import FailedRuns
from tests.github.worlds import NOW, client_of, fail, lines, world

CI = ".github/workflows/ci.yml"
WEEK = NOW - timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={CI: "on: push\n"}) as made:
        yield made


@pytest.fixture
def app(box: Sandbox) -> Repository:
    return box.github.repository("octo/app")


@pytest.fixture
def runs(box: Sandbox) -> GitHubFailedRuns:
    made = GitHubFailedRuns(client_of(box), api_url=box.github.url, ca_bundle=None)
    _: FailedRuns = made
    return made


def add_failed(app: Repository, *, log: str | None = "log") -> Run:
    run = app.add_run(CI, conclusion="failure", jobs=[("publish", "failure")], at=NOW - HOUR)
    run.jobs[0].steps = [("Set up job", "success"), ("Run npm publish", "failure")]
    run.jobs[0].log = log
    return run


def test_the_failed_runs_of_a_week_the_newest_first(
    box: Sandbox, app: Repository, runs: GitHubFailedRuns
) -> None:
    app.add_run(CI, conclusion="failure", at=NOW - timedelta(days=8))
    ids = [app.add_run(CI, conclusion="failure", at=NOW - n * HOUR).id for n in (3, 2)]
    app.add_run(CI, conclusion="success")
    app.add_run(CI, status="in_progress")
    assert [run.id for run in runs.list_failed("octo/app", since=WEEK)] == ids[::-1]
    assert len(lines(box)) == 1


def test_runs_without_the_secrets_tell_nothing(app: Repository, runs: GitHubFailedRuns) -> None:
    app.add_run(CI, conclusion="failure").actor = "dependabot[bot]"
    app.add_run(CI, conclusion="failure").fork = "mallory/app"
    assert runs.list_failed("octo/app", since=WEEK) == []


def test_the_later_runs_that_ended_well_the_newest_first(
    app: Repository, runs: GitHubFailedRuns
) -> None:
    add_failed(app)
    app.add_run(CI, at=NOW - 2 * HOUR)
    app.add_run(".github/workflows/other.yml")
    app.add_run(CI).fork = "mallory/app"  # it had no secret to fail with
    (run,) = runs.list_failed("octo/app", since=WEEK)
    assert runs.list_later_successes(run) == []
    ids = [app.add_run(CI).id for _ in range(2)]
    assert [each.id for each in runs.list_later_successes(run)] == ids[::-1]


def test_the_steps_of_a_job(app: Repository, runs: GitHubFailedRuns) -> None:
    made = add_failed(app)
    (run,) = runs.list_failed("octo/app", since=WEEK)
    (job,) = runs.with_jobs(run).jobs or ()
    assert job.id == made.jobs[0].id
    assert job.steps[1] == RunStep("Run npm publish", "failure")


def test_the_credential_never_goes_where_the_log_lies(
    box: Sandbox, app: Repository, runs: GitHubFailedRuns
) -> None:
    run = add_failed(app, log="npm error code E404\n")
    assert runs.read_log("octo/app", run.jobs[0].id) == "npm error code E404\n"
    asked, fetched = (exchange.request for exchange in box.github.server.exchanges)
    assert "authorization" in asked.headers
    assert "authorization" not in fetched.headers
    assert fetched.headers["host"].startswith("localhost")


def test_not_even_one_of_netrc(
    app: Repository,
    box: Sandbox,
    runs: GitHubFailedRuns,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("home") / "netrc"
    file.write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(file))
    run = add_failed(app)
    assert runs.read_log("octo/app", run.jobs[0].id) == "log"
    assert "authorization" not in box.github.server.exchanges[-1].request.headers


def test_only_the_end_of_a_long_log_is_kept(app: Repository, runs: GitHubFailedRuns) -> None:
    run = add_failed(app, log="a" * (3 << 20) + "end")
    log = runs.read_log("octo/app", run.jobs[0].id)
    assert log is not None
    assert len(log) == 2 << 20
    assert log.endswith("end")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/log",
        "ftp://localhost/log",
        "https://user@localhost/log",
        "/relative",
        "http://[",
    ],
)
def test_addresses_from_which_no_log_is_read(
    box: Sandbox, app: Repository, runs: GitHubFailedRuns, address: str
) -> None:
    run = add_failed(app)
    fail(box, r"/jobs/\d+/logs", Response(302, None, {"Location": address}))
    assert runs.read_log("octo/app", run.jobs[0].id) is None


@pytest.mark.parametrize(
    "answer",
    [
        Response(404, "gone"),
        Response(302, None, {"Location": "http://localhost:9/again"}),
        Response(500, "down"),
    ],
)
def test_a_log_that_cannot_be_had_is_none(
    box: Sandbox, app: Repository, runs: GitHubFailedRuns, answer: Response
) -> None:
    run = add_failed(app)
    fail(box, "/_logs/", answer)
    assert runs.read_log("octo/app", run.jobs[0].id) is None


def test_a_log_that_is_gone_is_none(app: Repository, runs: GitHubFailedRuns) -> None:
    assert runs.read_log("octo/app", add_failed(app, log=None).jobs[0].id) is None
    assert runs.read_log("octo/app", 404) is None


@pytest.mark.parametrize("status", [403, 404])
def test_a_missing_right_is_named(box: Sandbox, runs: GitHubFailedRuns, status: int) -> None:
    fail(box, "/actions/runs", Response(status, {"message": "no"}))
    with pytest.raises(NotPermitted, match=r"403|404") as caught:
        runs.list_failed("octo/app", since=WEEK)
    assert "Actions: read" in caught.value.hint


@pytest.mark.parametrize("body", [[], {}, {"workflow_runs": 1}, {"workflow_runs": [1]}])
def test_nonsense_is_no_answer(box: Sandbox, runs: GitHubFailedRuns, body: object) -> None:
    fail(box, "/actions/runs", Response(200, body))
    with pytest.raises(PlatformUnavailable):
        runs.list_failed("octo/app", since=WEEK)
