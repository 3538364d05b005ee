"""keyturn watches its own schedule and credential: the real command line against the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn.sandbox import Fault, Response
from keyturn.sandbox.example import REPOSITORY
from keyturn.sandbox.github_runs import workflow_id_of
from tests.world import Ran, World

KEYTURN = ".github/workflows/keyturn.yml"
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
PUSH = {"GITHUB_EVENT_NAME": "push"}
LATE = datetime(2026, 11, 30, 12, 17, tzinfo=UTC)
"""Six hours after the second run that the example's schedule promises."""


def told(ran: Ran) -> list[str]:
    return [f["message"] for f in ran.report["findings"] if f["rule"] == "schedule-stopped"]


def push(world: World, *argv: str, **environ: str | None) -> Ran:
    return world.check(*argv, **{**PUSH, **environ})


def wait_until(world: World, at: datetime) -> None:
    world.box.clock.advance(at - world.box.clock.now)


def issues_about_it(world: World) -> list[Any]:
    found = world.repository.issues.values()
    return [issue for issue in found if "keyturn:notice=schedule" in (issue.body or "")]


def forget_keyturn(world: World, text: str = "on: push\n") -> None:
    world.write(KEYTURN, text)
    world.repository.write_file(KEYTURN, text)


def test_one_that_was_switched_off_is_one_issue_until_it_runs_again(world: World) -> None:
    world.repository.workflow_states[KEYTURN] = "disabled_manually"
    first = push(world)
    assert told(first) == [f"{KEYTURN} was switched off by somebody"]
    (finding,) = first.findings(REPOSITORY)
    assert (finding["severity"], finding["due_at"]) == ("warning", None)
    (issue,) = issues_about_it(world)
    assert issue.state == "open"
    world.box.clock.advance(HOUR)
    assert push(world).writes == []
    del world.repository.workflow_states[KEYTURN]
    world.box.clock.advance(HOUR)
    assert told(push(world)) == []
    assert issue.state == "closed"


def test_two_runs_that_did_not_come_are_said_to_the_second(world: World) -> None:
    wait_until(world, LATE - SECOND)
    assert told(push(world)) == []
    wait_until(world, LATE)
    ran = push(world)
    (text,) = told(ran)
    assert text == (f"{KEYTURN} should have run twice by 2026-11-30 06:17 UTC: none came")
    asked = [line.rpartition("/repos/octo/storefront/")[2] for line in ran.asked]
    watching = [line for line in asked if line.startswith(("actions/workflows", "contents"))]
    assert len(watching) == 3
    world.box.clock.advance(30 * DAY)
    assert told(push(world)) == [text]
    world.repository.add_run(KEYTURN, conclusion="failure")
    assert told(push(world)) == []


def test_another_moment_than_the_clocks_misses_no_runs(world: World) -> None:
    at = ("--at", (LATE + 90 * DAY).isoformat(), "--no-issues")
    for environ in (PUSH, {"GITHUB_ACTIONS": None, "GITHUB_EVENT_NAME": None}):
        assert told(world.check(*at, **environ)) == []
    world.repository.workflow_states[KEYTURN] = "disabled_manually"
    assert told(push(world, *at)) == [f"{KEYTURN} was switched off by somebody"]


def test_the_run_by_the_clock_itself_is_the_proof(world: World) -> None:
    wait_until(world, LATE + 20 * DAY)
    assert told(world.check()) == []
    ref = f"{REPOSITORY}/{KEYTURN}@refs/heads/main"
    assert told(world.check(GITHUB_WORKFLOW_REF=ref)) == []
    other = f"{REPOSITORY}/.github/workflows/other.yml@refs/heads/main"
    assert len(told(world.check(GITHUB_WORKFLOW_REF=other))) == 1


def test_a_schedule_promises_nothing_before_it_was_written(world: World) -> None:
    wait_until(world, LATE)
    text = world.example.files[KEYTURN].replace("17 6 * * 1,4", "7 * * * *")
    world.write(KEYTURN, text)
    world.repository.write_file(KEYTURN, text)
    assert told(push(world)) == []
    world.box.clock.advance(9 * HOUR)
    assert "none came" in told(push(world))[0]


def test_a_schedule_that_was_merged_later_than_it_was_written_promises_nothing_yet(
    world: World,
) -> None:
    # The commit is as old as the branch it was made on; only the push says when it arrived.
    world.repository.add_run(KEYTURN)
    wait_until(world, LATE)
    text = world.example.files[KEYTURN].replace("17 6 * * 1,4", "7 * * * *")
    world.write(KEYTURN, text)
    by = next(iter(world.repository.git.commits.values())).author
    world.repository.git.commit_files(
        "refs/heads/main", {KEYTURN: text.encode()}, message="Merge", by=(by, by)
    )
    world.repository.pushed_at = LATE
    assert told(push(world)) == []
    wait_until(world, LATE + 7 * HOUR + 50 * SECOND * 60)
    assert len(told(push(world))) == 1
    (issue,) = issues_about_it(world)
    world.repository.pushed_at = world.box.clock.now
    assert told(push(world)) == []
    assert issue.state == "open"  # that it runs again, nobody has seen


def test_pushes_do_not_hide_that_an_old_schedule_stopped(world: World) -> None:
    world.repository.add_run(KEYTURN)
    wait_until(world, LATE)
    world.repository.write_file("README.md", "news")
    assert "should have run twice" in told(push(world))[0]


def test_the_file_of_another_branch_is_not_what_github_starts(world: World) -> None:
    world.repository.add_run(KEYTURN)
    wait_until(world, world.box.clock.now + DAY)
    world.write(KEYTURN, world.example.files[KEYTURN].replace("17 6 * * 1,4", "7 * * * *"))
    assert told(push(world, GITHUB_REF="refs/heads/more-often")) == []


def test_nothing_was_promised_while_it_was_switched_off(world: World) -> None:
    world.repository.add_run(KEYTURN)
    wait_until(world, LATE)
    row = {
        "id": workflow_id_of(world.repository, KEYTURN),
        "path": KEYTURN,
        "state": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": f"{LATE - DAY:%Y-%m-%dT%H:%M:%SZ}",
    }
    listed = Response(200, {"workflows": [row]})
    world.box.github.server.faults.append(Fault("GET .*/actions/workflows", listed, times=1))
    whole = push(world, "--no-issues")
    assert told(whole) == []
    assert not [error for error in whole.report["errors"] if "schedule" in error["message"]]


def test_who_renames_the_file_is_not_told_so_on_old_branches(world: World) -> None:
    world.repository.add_run(KEYTURN)
    git = world.repository.git
    text = world.example.files[KEYTURN].encode()
    by = next(iter(git.commits.values())).author
    moved = {KEYTURN: None, ".github/workflows/renamed.yml": text}
    git.commit_files("refs/heads/main", moved, message="Rename", by=(by, by))
    wait_until(world, LATE)
    assert told(push(world, GITHUB_REF="refs/heads/old")) == []


def test_one_that_github_does_not_know_is_not_judged(world: World) -> None:
    world.repository.workflow_states[KEYTURN] = "disabled_manually"
    push(world)
    text = world.example.files[KEYTURN]
    forget_keyturn(world)
    world.write(".github/workflows/new.yml", text)
    wait_until(world, LATE)
    assert told(push(world)) == []
    (issue,) = issues_about_it(world)
    assert issue.state == "open"


def test_a_default_branch_that_moved_leaves_the_file_behind(world: World) -> None:
    world.repository.add_run(KEYTURN)
    git = world.repository.git
    files = {path: text.encode() for path, text in world.example.files.items()}
    del files[KEYTURN]
    by = next(iter(git.commits.values())).author
    git.commit_files("refs/heads/develop", files, message="Begin anew", by=(by, by))
    world.repository.default_branch = "develop"
    wait_until(world, LATE)
    (text,) = told(push(world))
    assert "is not on the default branch develop" in text
    assert "last ran by the clock on 2026-11-23 06:17 UTC" in text
    # A clone on somebody's machine may be older than the decision to do without.
    assert told(push(world, GITHUB_ACTIONS=None)) == []


def test_a_quiet_public_repository_is_told_when_it_ends(world: World) -> None:
    world.repository.private = False
    world.repository.pushed_at = world.box.clock.now
    wait_until(world, world.box.clock.now + 50 * DAY)
    world.repository.add_run(KEYTURN)
    ran = world.check("--no-issues")
    (finding,) = [f for f in ran.report["findings"] if f["rule"] == "schedule-stopped"]
    assert finding["due_at"] == "2027-01-22T06:17:00Z"


NOBODY = "no workflow of this repository runs keyturn on a schedule"
SILENT: dict[str, Mapping[str, str | None]] = {
    "by hand": {"GITHUB_EVENT_NAME": "workflow_dispatch"},
    "on another branch": {"GITHUB_REF": "refs/heads/feature"},
    "a tag of the same name": {"GITHUB_REF": "refs/tags/main"},
    "on somebody's machine": {"GITHUB_ACTIONS": None},
    "from another repository": {"GITHUB_REPOSITORY": "octo/central"},
}


def test_a_push_says_that_nothing_starts_keyturn_by_the_clock(world: World) -> None:
    forget_keyturn(world)
    assert told(push(world)) == [NOBODY]
    (issue,) = issues_about_it(world)
    # What a run cannot judge leaves the issue as it is.
    world.check("--issues", GITHUB_EVENT_NAME="workflow_dispatch")
    assert issue.state == "open"


@pytest.mark.parametrize("environ", SILENT.values(), ids=SILENT)
def test_who_runs_it_otherwise_is_not_told_so(
    world: World, environ: Mapping[str, str | None]
) -> None:
    forget_keyturn(world)
    ran = push(world, "--repository", REPOSITORY, **environ)
    assert told(ran) == []
    assert not [line for line in ran.asked if "actions/workflows" in line]


@pytest.mark.parametrize(
    "text",
    [
        "on: {schedule: [{cron: '1 1 * * *'}]}\njobs: {a: {uses: octo/x/y.yml@v1}}\n",
        "on: {schedule: [{cron: '1 1 * * *'}]}\njobs: {a: {steps: [{run: ./keyturn.sh}]}}\n",
        "on: [\n",
    ],
)
def test_what_may_be_keyturn_is_taken_for_it(world: World, text: str) -> None:
    forget_keyturn(world, text)
    assert told(push(world)) == []


def test_a_right_that_is_missing_is_said_once_and_changes_nothing_else(world: World) -> None:
    wait_until(world, LATE)
    whole = push(world, "--no-issues")
    wildcard = Fault("GET .*/actions/workflows.*", Response(403, {"message": "no"}), times=9)
    world.box.github.server.faults.append(wildcard)
    ran = push(world, "--no-issues")
    assert ran.code == whole.code
    new = [error for error in ran.report["errors"] if error not in whole.report["errors"]]
    (error,) = new
    assert (error["kind"], error["subject"]) == ("not-permitted", REPOSITORY)
    assert "Actions: read" in error["message"]
    rest = [f for f in whole.report["findings"] if f["rule"] != "schedule-stopped"]
    assert ran.report["findings"] == rest


def test_an_outage_makes_the_run_incomplete_and_closes_nothing(world: World) -> None:
    world.repository.workflow_states[KEYTURN] = "disabled_inactivity"
    push(world)
    (issue,) = issues_about_it(world)
    fault = Fault("GET .*/actions/workflows.*", Response(500, {}), times=9)
    world.box.github.server.faults.append(fault)
    ran = push(world)
    assert ran.code == 3
    assert issue.state == "open"


class TestWatchOnly:
    def test_it_asks_little_and_touches_no_other_issue(self, world: World) -> None:
        push(world)
        before = {n: (i.title, i.body, i.state) for n, i in world.repository.issues.items()}
        asked = len(world.box.gitlab.server.exchanges)
        world.example.renew_release_token()
        wait_until(world, LATE)
        ran = push(world, "--watch-only", **dict.fromkeys(("GITLAB_MANAGER", "PACKAGES_TOKEN")))
        assert ran.code == 0
        assert [f["rule"] for f in ran.report["findings"]] == ["schedule-stopped"]
        assert ran.report["errors"] == []
        assert ran.report["tokens"] == []
        assert len(world.box.gitlab.server.exchanges) == asked
        assert not [line for line in ran.asked if "secrets" in line or "environments" in line]
        now = world.repository.issues
        assert {n: (now[n].title, now[n].body, now[n].state) for n in before} == before
        (issue,) = issues_about_it(world)
        world.repository.add_run(KEYTURN)
        push(world, "--watch-only")
        assert issue.state == "closed"

    def test_the_examples_token_may_do_all_that_it_asks(self, world: World, root: Path) -> None:
        path = root / "workflows-examples/watch-on-push.yml"
        (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        areas = {f"{area}:{access}" for area, access in job["permissions"].items()}
        value = "ghs_" + "p" * 36
        world.box.github.add_token(value, kind="workflow", permissions=areas)
        wait_until(world, LATE)
        given = {"INPUT_COMMAND": "", "INPUT_ARGS": job["steps"][-1]["with"]["args"]}
        ran = world.run(**PUSH, **given, GITHUB_TOKEN=value)
        assert (ran.code, ran.outputs["warning-count"]) == (0, "1")
        assert len(issues_about_it(world)) == 1

    def test_it_fails_where_it_is_told_to(self, world: World) -> None:
        wait_until(world, LATE)
        assert push(world, "--watch-only", "--fail-on", "warning").code == 1

    def test_a_pull_request_asks_nobody(self, world: World) -> None:
        ran = push(world, "--watch-only", GITHUB_EVENT_NAME="pull_request")
        assert (ran.code, ran.asked) == (0, [])

    def test_without_a_credential_it_says_so(self, world: World) -> None:
        ran = push(world, "--watch-only", GITHUB_TOKEN=None)
        assert ran.code == 3
        assert [error["kind"] for error in ran.report["errors"]] == ["credential-missing"]

    def test_it_is_not_all_tokens(self, world: World) -> None:
        assert world.run("check", "--watch-only", "--all-tokens").code == 2


class TestOwnToken:
    def pat(self, world: World, left: timedelta) -> str:
        value = "ghp_" + "Q1" * 18
        world.box.github.add_token(value, kind="pat", expires=world.box.clock.now + left)
        return value

    def test_a_personal_token_that_ends_soon_is_told(self, world: World) -> None:
        ran = world.check(GITHUB_TOKEN=self.pat(world, 10 * DAY))
        (finding,) = [f for f in ran.report["findings"] if f["rule"] == "watcher-token"]
        assert (finding["subject"], finding["due_at"]) == (REPOSITORY, "2026-12-03T06:17:00Z")
        assert finding["severity"] == "warning"

    def test_one_that_lives_on_is_not(self, world: World) -> None:
        ran = world.check(GITHUB_TOKEN=self.pat(world, 100 * DAY))
        assert ran.rules(REPOSITORY) == []

    def test_one_that_is_declared_has_its_own_findings(self, world: World) -> None:
        config = world.example.files[".github/keyturn.yml"]
        entry = (
            "  - id: own\n    provider: github\n    value: ROBOT\n    secrets: [ROBOT]\n"
            f'    with: {{ url: "{world.box.github.url}" }}\n'
        )
        world.write(".github/keyturn.yml", config + entry)
        value = self.pat(world, 10 * DAY)
        ran = world.check(GITHUB_TOKEN=value, ROBOT=value)
        assert "watcher-token" not in ran.rules(REPOSITORY)
        assert "expiring" in ran.rules("own")
        # The cheap check is given no values, and cannot say that it is not this one.
        ran = push(world, "--watch-only", GITHUB_TOKEN=value)
        assert ran.rules(REPOSITORY) == []

    @pytest.mark.parametrize(
        ("entry", "told"),
        [
            ("secrets: [{name: ROBOT, value: COPY}]\n    provider: declared", False),
            ("secrets: [ROBOT]\n    provider: declared\n    expires: 2026-12-03", False),
            ("secrets: [ROBOT]\n    provider: declared\n    expires: 2026-12-05", True),
            ("secrets: [ROBOT]\n    provider: declared", False),
            ("secrets: [ROBOT]\n    provider: github\n    value: COPY", False),
            ("secrets: [ROBOT]\n    provider: github\n    value: OTHER", True),
        ],
    )
    def test_one_that_may_be_declared_is_not_called_undeclared(
        self, world: World, entry: str, told: bool
    ) -> None:
        config = world.example.files[".github/keyturn.yml"]
        world.write(".github/keyturn.yml", f"{config}  - id: own\n    {entry}\n")
        value = self.pat(world, 10 * DAY)
        ran = world.check("--no-issues", GITHUB_TOKEN=value, COPY=value, OTHER="x" * 30)
        assert ("watcher-token" in ran.rules(REPOSITORY)) == told
