"""Runs that failed with what a dead token looks like, from the list of runs to the finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.model import Consumer, Reference, Use
from keyturn.model.runs import RunJob, RunStep, WorkflowRun
from keyturn.sandbox import Fault, Response
from keyturn.sandbox.github_world import Run
from keyturn.silence.failed_logins import _find_words, _match
from tests.world import Ran, World, make_world

NIGHTLY = ".github/workflows/nightly.yml"
STEP = "Mirror the repository"
HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 23, tzinfo=UTC)
RUN = WorkflowRun("octo/app", 1, NIGHTLY, "schedule", "completed", AT, AT, "")
LOG = """\
2026-11-23T01:30:00.1000000Z ##[group]Run ./mirror.sh
2026-11-23T01:30:00.1000000Z echo "npm error code E401"
2026-11-23T01:30:00.2000000Z ##[endgroup]
2026-11-23T01:30:01.3000000Z remote: HTTP Basic: Access denied. [evil](https://evil.example)
2026-11-23T01:30:01.4000000Z ##[error]Process completed with exit code 1.
2026-11-23T01:30:02.0000000Z Post job cleanup.
2026-11-23T01:30:03.0000000Z npm error code E401
"""


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    with make_world(tmp_path, capsys) as made:
        yield made


def add_failed(world: World, *, log: str = LOG, step: str = STEP, **more: Any) -> Run:
    at = more.pop("at", world.box.clock.now - HOUR)
    made = world.repository.add_run(
        NIGHTLY, conclusion="failure", jobs=[("mirror", "failure")], at=at, **more
    )
    assert isinstance(made, Run)
    job = made.jobs[0]
    job.steps = [("Set up job", "success"), (step, "failure"), ("Complete job", "success")]
    job.log = log
    return made


def found(ran: Ran) -> list[dict[str, Any]]:
    return [f for f in ran.report["findings"] if f["rule"] == "failed-login"]


def test_the_token_is_named_with_what_its_failure_looks_like(world: World) -> None:
    add_failed(world)
    (finding,) = found(world.check())
    assert (finding["subject"], finding["severity"]) == ("mirror", "warning")
    assert finding["message"] == (
        "a run of .github/workflows/nightly.yml failed in mirror, Mirror the repository, with what "
        "a dead token looks like (GitLab: HTTP Basic: Access denied); gitlab says the token is "
        "alive: is the stored copy another one?"
    )
    assert [place["path"] for place in finding["references"]] == [NIGHTLY]


def test_nothing_that_the_log_says_is_shown(world: World) -> None:
    add_failed(world)
    ran = world.check()
    assert "evil" not in ran.out + ran.err + ran.summary
    issues = [issue.body for issue in world.repository.issues.values()]
    assert issues
    assert not any("evil" in body for body in issues)


@pytest.mark.parametrize(
    "log",
    [
        "",
        LOG.replace("HTTP Basic: Access denied", "fatal: repository not found"),
        LOG.replace("HTTP Basic: Access denied", "An error occurred (InvalidClientTokenId)"),
        # The script says it, and no server.
        "##[group]Run ./mirror.sh\nHTTP Basic: Access denied\n##[endgroup]\n",
    ],
)
def test_what_is_no_face_of_this_token_is_not_said(world: World, log: str) -> None:
    add_failed(world, log=log)
    assert found(world.check()) == []


def test_runs_that_say_nothing(world: World) -> None:
    now = world.box.clock.now
    add_failed(world, at=now - timedelta(days=8))
    assert found(world.check()) == []
    add_failed(world, step="Run actions/checkout@v5")
    assert found(world.check()) == []
    add_failed(world, at=now - timedelta(days=6))
    assert found(world.check())
    world.repository.add_run(NIGHTLY)
    assert found(world.check()) == []


def writes(ran: Ran) -> list[str]:
    return [line for line in ran.asked if not line.startswith("GET ")]


def test_a_workflow_that_fails_every_night_has_its_issue_written_once(world: World) -> None:
    add_failed(world)
    world.check()
    (issue,) = [i for i in world.repository.issues.values() if "failed-login" in i.body]
    for _ in range(3):
        world.box.clock.advance(timedelta(days=1))
        run = add_failed(world)
        run.jobs[0].name = "mirror (eu, 1)"
        run.jobs.reverse()
        ran = world.check()
        assert found(ran)
        assert not any(f"/issues/{issue.number}" in line for line in writes(ran))


def test_a_failed_pull_request_does_not_hide_a_failed_schedule(world: World) -> None:
    add_failed(world, at=world.box.clock.now - 2 * HOUR)
    add_failed(world, step="Run actions/checkout@v5", event="pull_request")
    assert found(world.check())


@pytest.mark.parametrize(
    ("event", "conclusion", "said"),
    [
        ("schedule", "success", False),
        ("schedule", "skipped", True),
        ("push", "success", True),
    ],
)
def test_a_later_run_with_another_tag(
    world: World, event: str, conclusion: str, said: bool
) -> None:
    add_failed(world).branch = "v1.0.0"
    later = world.repository.add_run(NIGHTLY, jobs=[("mirror", "success")], event=event)
    later.branch = "v1.0.1"
    later.jobs[0].steps = [("Set up job", "success"), (STEP, conclusion)]
    assert bool(found(world.check())) is said


def test_an_issue_keeps_it_where_the_log_is_not_had(world: World) -> None:
    run = add_failed(world)
    world.check()
    (issue,) = [i for i in world.repository.issues.values() if "failed-login" in i.body]
    run.jobs[0].log = None
    before = issue.body
    assert found(world.check()) == []
    assert (issue.state, issue.body) == ("open", before)


def test_the_step_of_a_local_action_is_not_the_jobs(world: World) -> None:
    inner = Consumer("deploy/action.yml", 5, label="Login")
    uses = [
        Use("T", NIGHTLY, "a", (), Reference("deploy/action.yml", 5, 1, "T"), consumers=(inner,))
    ]
    steps = (RunStep("Login", "failure"),)
    job = RunJob("a", "completed", conclusion="failure", id=1, steps=steps)
    run = replace(RUN, jobs=(job,))
    assert _match(run, job, uses) is None
    assert _match(run, job, [replace(uses[0], consumers=(replace(inner, job="a"),))])


def test_a_step_that_is_called_by_what_another_does() -> None:
    login = Consumer(NIGHTLY, 5, job="a", label="Login", uses="docker/login-action@v4")
    uses = [Use("T", NIGHTLY, "a", (), Reference(NIGHTLY, 5, 1, "T"), consumers=(login,))]
    failed = RunStep("Run docker/login-action@v4", "failure")
    job = RunJob(
        "a", "completed", conclusion="failure", steps=(RunStep("Login", "success"), failed)
    )
    assert _match(RUN, job, uses) is None
    assert _match(RUN, replace(job, steps=(failed,)), uses)
    assert _match(RUN, replace(job, steps=(RunStep("Login", "failure"),)), uses)


def test_two_steps_of_one_name_are_not_told_apart(world: World) -> None:
    run = add_failed(world)
    run.jobs[0].steps.append((STEP, "skipped"))
    assert found(world.check()) == []


def test_a_copy_that_was_written_since_is_not_accused(world: World) -> None:
    run = add_failed(world)
    name, at = "MIRROR_TOKEN", run.created_at + timedelta(minutes=1)
    world.repository.put_secret(name, "renewed", at=at)
    assert found(world.check()) == []


def test_a_token_that_is_known_to_be_dead_has_its_finding_already(world: World) -> None:
    run = world.repository.add_run(
        ".github/workflows/deploy.yml",
        conclusion="failure",
        jobs=[("deploy", "failure")],
        event="push",
        at=world.box.clock.now - HOUR,
    )
    run.jobs[0].steps = [("Fetch the packages", "failure")]
    run.jobs[0].log = "##[group]Run ./fetch.sh\n##[endgroup]\nHTTP 401\n"
    ran = world.check()
    assert "revoked" in ran.rules("packages")
    assert found(ran) == []


def test_an_undeclared_secret_is_named_by_its_label(world: World) -> None:
    run = add_failed(world)
    run.jobs[0].name = "smoke"
    run.jobs[0].steps = [("Smoke test", "failure")]
    run.jobs[0].log = "HTTP 401"
    world.repository.put_secret("SMOKE_TEST_KEY", "x", at=run.created_at - HOUR)
    (finding,) = found(world.check())
    assert finding["subject"] == "octo/storefront:SMOKE_TEST_KEY"
    assert "says the token is alive" not in finding["message"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_missing_right_is_said_once_and_changes_nothing_else(world: World, status: int) -> None:
    usual = world.check()
    add_failed(world)
    world.box.github.server.faults.append(
        Fault(r"GET /repos/octo/storefront/actions/runs\?", Response(status, {"message": "no"}))
    )
    ran = world.check()
    assert ran.code == usual.code
    assert ran.report["findings"] == usual.report["findings"]
    (notice,) = [e for e in ran.report["errors"] if "Actions: read" in e["message"]]
    assert notice["kind"] == "not-permitted"


@pytest.mark.parametrize(
    ("where", "status", "kinds"),
    [
        (r"/actions/runs/\d+/jobs", 403, ["not-permitted"]),
        (r"/actions/runs/\d+/jobs", 404, []),
        (r"/actions/runs/\d+/jobs", 500, ["github-unavailable"]),
        (r"/actions/workflows/nightly.yml/runs", 403, ["not-permitted"]),
        (r"/actions/workflows/nightly.yml/runs", 404, []),
        (r"/actions/workflows/nightly.yml/runs", 502, ["github-unavailable"]),
        (r"/actions/jobs/\d+/logs", 403, []),
        (r"/actions/jobs/\d+/logs", 500, []),
    ],
)
def test_every_later_question_may_be_refused(
    world: World, where: str, status: int, kinds: list[str]
) -> None:
    usual = world.check()
    add_failed(world)
    fault = Fault(f"GET /repos/octo/storefront{where}", Response(status, {"message": "no"}))
    world.box.github.server.faults.append(fault)
    ran = world.check()
    assert ran.report["findings"] == usual.report["findings"]
    before = [error["kind"] for error in usual.report["errors"]]
    assert sorted(error["kind"] for error in ran.report["errors"]) == sorted([*before, *kinds])
    assert ran.code == (3 if kinds == ["github-unavailable"] else usual.code)


def test_an_issue_keeps_it_where_the_runs_are_not_seen(world: World) -> None:
    add_failed(world)
    world.check()
    (issue,) = [i for i in world.repository.issues.values() if "failed-login" in i.body]
    world.box.github.server.faults.append(
        Fault(r"GET /repos/octo/storefront/actions/runs\?", Response(403, {"message": "no"}))
    )
    world.check()
    assert "failed-login" in issue.body


def test_few_requests(world: World) -> None:
    before = len(world.check().asked)
    assert sum("/actions/runs" in line for line in world.check().asked) == 1
    for _ in range(9):
        add_failed(world)
    extra = len(world.check().asked) - before
    assert extra <= 4  # whether it recovered, its jobs, a log and where that lies


def test_a_run_that_others_can_start_asks_nothing(world: World) -> None:
    add_failed(world)
    assert world.check(GITHUB_EVENT_NAME="pull_request").asked == []


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        # Lines of a script are coloured; they are nobody's words, whatever they look like.
        ("\x1b[36;1m##[endgroup]\x1b[0m\n\x1b[36;1mecho E401\x1b[0m", ""),
        ("\x1b[36;1mecho '##[group]Run x'\x1b[0m\n\x1b[36;1mecho E401\x1b[0m", ""),
        ("", "##[group]Run x\n##[endgroup]\nE401"),
        ("", "##[group]Run ./a\n##[endgroup]\nE401"),
        ("", "Post job cleanup.\nE401"),
    ],
)
def test_words_that_are_not_the_steps_own(script: str, printed: str) -> None:
    step = Consumer("ci.yml", 1, script="./a\n")
    log = f"##[group]Run ./a\n{script}\n##[endgroup]\nhello\n{printed}\n"
    assert "E401" not in _find_words(log, [step], alone=False)


def test_colours_and_groups_hide_no_words() -> None:
    step = Consumer("ci.yml", 1, uses="actions/checkout@v5")
    log = (
        "##[group]Run actions/checkout@v5\nwith:\n##[endgroup]\n##[group]Fetching\n"
        "npm \x1b[31merror\x1b[39m \x1b[94mcode\x1b[39m E401\n##[endgroup]\n"
    )
    assert "npm error code E401" in _find_words(log, [step], alone=False)


def test_the_log_of_the_whole_job_counts_only_for_a_single_step() -> None:
    step = Consumer("ci.yml", 1, label="Publish", script="npm publish --tag ${{ inputs.tag }}\n")
    log = "##[group]Run npm publish --tag next\r\n##[endgroup]\r\nnpm error code E401\r\n"
    assert "E401" in _find_words(log, [step], alone=True)
    assert _find_words(log, [step], alone=False) == ""
