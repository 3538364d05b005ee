"""`keyturn check` as a whole: the real command line over real HTTP against the sandbox."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from random import Random

import pytest

from keyturn.sandbox import Fault, Response
from tests.scan.corpus.sample import ALNUM, draw
from tests.systems import needs_links, needs_signals
from tests.world import World

HOUR = timedelta(hours=1)


def test_the_whole_story(world: World) -> None:
    first = world.check()
    assert first.code == 1
    assert first.rules("release-gitlab") == ["expiring"]
    (finding,) = first.findings("release-gitlab")
    assert finding["first_break"] == {
        "path": ".github/workflows/release.yml",
        "job": "publish",
        "at": "2026-11-27T02:00:00Z",
        "trigger": "schedule",
        "silent": "",
    }
    assert finding["issue"].endswith("/octo/storefront/issues/1")
    assert first.rules("packages") == ["revoked"]
    assert first.rules("mirror") == ["never-expires"]
    assert first.rules("monitoring") == []
    assert first.rules("octo/storefront:LEGACY_FTP_PASSWORD") == [
        "undeclared-secret",
        "unused-secret",
    ]
    assert first.rules("octo/storefront:SMOKE_TEST_KEY") == ["missing-secret"]
    assert first.report["errors"] == []
    assert {issue.number: issue.title.split()[0] for issue in world.repository.issues.values()} == {
        1: "release-gitlab",
        2: "mirror",
        3: "packages",
    }
    assert world.repository.issues[1].assignees == ["alice"]

    world.box.clock.advance(HOUR)
    second = world.check()
    assert second.code == 1
    assert second.writes == []

    world.box.clock.advance(timedelta(days=1))
    world.example.renew_release_token()
    world.box.clock.advance(HOUR)
    third = world.check()
    assert third.rules("release-gitlab") == []
    issue = world.repository.issues[1]
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert len(issue.comments) == 1
    assert [other.state for other in world.repository.issues.values()].count("open") == 2

    world.box.clock.advance(HOUR)
    assert world.check().writes == []


def test_a_step_of_the_ladder_is_said_once(world: World) -> None:
    world.check()
    said = len(world.repository.issues[1].comments)
    world.box.clock.advance(timedelta(days=2))  # Wednesday: the one-day rung is crossed
    world.check()
    world.check()
    assert len(world.repository.issues[1].comments) == said + 1


def test_the_runner_gets_outputs_a_summary_and_annotations(world: World) -> None:
    ran = world.run("check", "--output", "json=report.json")
    assert ran.outputs == {
        "status": "findings",
        "error-count": "2",
        "warning-count": "2",
        "unknown-count": "0",
        "next-deadline": "2026-11-26T00:00:00Z",
        "report": "report.json",
    }
    assert "release-gitlab" in ran.summary
    assert "::error file=.github/workflows/release.yml,line=20" in ran.err
    assert (world.workspace / "report.json").is_file()
    assert not list(world.workspace.glob(".report*"))


@pytest.mark.parametrize("switch", [("-v",), ()])
def test_who_was_asked_is_told_on_request(world: World, switch: tuple[str, ...]) -> None:
    logger = logging.getLogger("keyturn")
    try:
        ran = world.check(*switch, RUNNER_DEBUG=None if switch else "1")
        assert "GitHub answered 200 to GET /repos/octo/storefront/actions/secrets" in ran.err
        assert "127.0.0.1" in ran.err
        assert " answered 401" in ran.err
    finally:
        logger.handlers = []
        logger.setLevel(logging.NOTSET)
    assert " answered " not in world.check().err


SLOW_PAGE = Response(200, b"<html>" + b"x" * (10 << 20))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/self", Response(500, {"message": "oops"})),
        Fault("/self", Response(200, b"<html>hello</html>", {"Content-Type": "text/html"})),
        Fault("/self", Response(200, b'{"id": 1, "na', {"Content-Type": "application/json"})),
        Fault("/self", SLOW_PAGE),
        Fault("/self", Response(200, [1, 2])),
        Fault("/self", drop=True),
        Fault("/self", Response(302, None, {"Location": "http://127.0.0.2:9/elsewhere"})),
        Fault("/self", Response(429, None, {"Retry-After": "3600"})),
    ],
    ids=["500", "html", "half", "10MB", "list", "drop", "redirect", "429"],
)
def test_a_provider_that_does_not_answer_leaves_the_others_alone(
    world: World, fault: Fault
) -> None:
    world.check()
    for issue in world.repository.issues.values():
        assert issue.state == "open"
    world.box.gitlab.server.faults.append(fault)
    ran = world.check()
    assert ran.code == 3
    assert ran.token("packages")["state"] == "unknown"
    assert ran.token("packages")["reason"]
    assert ran.rules("packages") == []
    assert [error["subject"] for error in ran.report["errors"]] == ["keyturn-manager", "packages"]
    assert ran.token("release-gitlab")["state"] == "active"
    assert ran.writes == []
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("value", [None, "", "***"])
def test_a_credential_that_is_not_there_is_never_sent(world: World, value: str | None) -> None:
    ran = world.check(GITLAB_MANAGER=value)
    assert ran.code == 3
    assert ran.token("mirror")["reason"] == "credential-missing"
    sent = [e.request.headers.get("private-token") for e in world.box.gitlab.server.exchanges]
    assert sent == [world.example.environ["PACKAGES_TOKEN"]]


@pytest.mark.parametrize("name", ["GITLAB_MANAGER", "GITHUB_TOKEN"])
def test_a_credential_that_is_no_text_is_said(world: World, name: str) -> None:
    ran = world.check(**{name: "abc" + chr(0xDCFF) + "more-of-it"})
    assert ran.code == 3
    assert "error of its own" not in ran.err
    assert ran.token("packages")["state"] == "revoked"


def test_without_github_the_providers_are_asked_all_the_same(world: World) -> None:
    ran = world.check(GITHUB_TOKEN=None)
    assert ran.code == 3
    assert ran.token("release-gitlab")["state"] == "active"
    assert [error["kind"] for error in ran.report["errors"]] == ["credential-missing"]
    assert ran.asked == []


def test_a_github_credential_that_is_not_known_is_presented_once(world: World) -> None:
    ran = world.check(GITHUB_TOKEN="not-" + "x" * 30)
    assert ran.code == 3
    assert {error["kind"] for error in ran.report["errors"]} >= {"credential-rejected"}
    assert ran.token("release-gitlab")["state"] == "active"


def test_github_down(world: World) -> None:
    world.box.github.server.faults.append(Fault("/actions/secrets", Response(502, "bad gateway")))
    ran = world.check()
    assert ran.code == 3
    assert ran.rules("octo/storefront:SMOKE_TEST_KEY") == []
    assert "github-unavailable" in {error["kind"] for error in ran.report["errors"]}


def test_the_workflows_own_token_lists_no_secrets_and_that_is_no_failure(world: World) -> None:
    own = "ghs_" + "w" * 36
    world.box.github.add_token(own, kind="workflow")
    ran = world.check(GITHUB_TOKEN=own)
    assert ran.code == 1
    secrets, people = ran.report["errors"]
    assert secrets["kind"] == people["kind"] == "not-permitted"
    rules = {finding["rule"] for finding in ran.report["findings"]}
    assert rules == {"expiring", "revoked", "never-expires"}
    assert len(world.repository.issues) == 3


def test_the_stronger_credential_wins(world: World) -> None:
    own = "ghs_" + "w" * 36
    world.box.github.add_token(own, kind="workflow")
    ran = world.check(GITHUB_TOKEN=own, KEYTURN_GITHUB_TOKEN=world.example.environ["GITHUB_TOKEN"])
    assert ran.report["errors"] == []


@pytest.mark.parametrize(
    "event", ["pull_request", "pull_request_target", "issue_comment", "workflow_run"]
)
def test_runs_that_others_can_start_send_nothing(world: World, event: str) -> None:
    ran = world.check(GITHUB_EVENT_NAME=event)
    assert ran.code == 0
    assert ran.asked == []
    assert world.box.gitlab.server.exchanges == []
    assert [error["kind"] for error in ran.report["errors"]] == ["not-permitted"]
    assert event in ran.report["errors"][0]["message"]
    assert ran.outputs["status"] == "ok"


def test_even_there_a_broken_configuration_is_an_error(world: World) -> None:
    world.write(".github/keyturn.yml", "version: 1\ntokkens: []\n")
    ran = world.run("check", GITHUB_EVENT_NAME="pull_request")
    assert ran.code == 2
    assert ".github/keyturn.yml:2:1" in ran.err
    assert "tokens" in ran.err
    assert ran.outputs == {"status": "failed"}
    assert "::error file=.github/keyturn.yml,line=2,col=1::" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{ kind: project, token: x }", "project"),
        ("{ kind: group, token: x }", "group"),
        ("{ kind: deploy, token: x }", "project"),
        ("{ kind: service-account, token: x }", "group"),
        ("{}", "token"),
    ],
)
def test_an_incomplete_with_block_is_a_mistake_with_a_place(
    world: World, options: str, said: str
) -> None:
    text = f"version: 1\ntokens:\n  - id: a\n    provider: gitlab\n    with: {options}\n"
    world.write(".github/keyturn.yml", text + "    credential: C\n    secrets: [A]\n")
    ran = world.run("config", "check")
    assert ran.code == 2
    assert f".github/keyturn.yml:{'3' if options == '{}' else '5'}:" in ran.err
    assert said in ran.err


@pytest.mark.parametrize(
    ("ref", "argv", "written"),
    [
        ("refs/heads/main", (), 3),
        ("refs/heads/main", ("--no-issues",), 0),
        ("refs/heads/main", ("--dry-run",), 0),
        ("refs/heads/topic", (), 0),
        ("refs/heads/topic", ("--issues",), 0),
        ("refs/tags/main", (), 0),
    ],
)
def test_where_issues_are_written(
    world: World, ref: str, argv: tuple[str, ...], written: int
) -> None:
    ran = world.check(*argv, GITHUB_REF=ref, GITHUB_EVENT_NAME="push")
    assert ran.code == 1
    assert ran.token("release-gitlab")["state"] == "active"
    assert len(world.repository.issues) == written
    if written == 0:
        assert ran.writes == []


def test_outside_actions_issues_are_written_on_request_only(world: World) -> None:
    assert world.check(GITHUB_ACTIONS=None).writes == []
    assert world.check("--issues", GITHUB_ACTIONS=None).writes != []


def test_a_dry_run_says_what_it_would_write(world: World) -> None:
    ran = world.check("--dry-run")
    assert "release-gitlab expires 2026-11-26" in ran.err


def test_a_public_repository_keeps_its_dates_to_itself(world: World) -> None:
    world.repository.private = False
    ran = world.check()
    assert ran.code == 1
    assert [error["kind"] for error in ran.report["errors"]] == ["issues-withheld"]
    (issue,) = world.repository.issues.values()
    assert "keyturn:notice=overview" in issue.body


def test_issues_that_cannot_be_written_make_the_run_incomplete(world: World) -> None:
    world.repository.has_issues = False
    ran = world.check()
    assert ran.code == 3
    assert "issues-not-written" in {error["kind"] for error in ran.report["errors"]}


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 1), ("warning", 1), ("info", 1), ("never", 0)]
)
def test_what_fails_the_run(world: World, fail_on: str, code: int) -> None:
    assert world.check("--fail-on", fail_on).code == code


def test_another_moment(world: World) -> None:
    early = world.check("--at", "2026-06-01")
    assert early.rules("release-gitlab") == []
    late = world.check("--at", "2026-11-26T00:00:00Z", "--dry-run")
    assert late.rules("release-gitlab") == ["expired"]
    assert late.writes == []


def test_another_repository_is_read_through_the_api(world: World) -> None:
    ran = world.check(GITHUB_REPOSITORY="octo/elsewhere", GITHUB_ACTIONS=None)
    assert not any("contents" in line for line in ran.asked)
    argv = ("--repository", "octo/storefront")
    ran = world.check(*argv, GITHUB_REPOSITORY="octo/elsewhere", GITHUB_ACTIONS=None)
    assert any("/contents/.github/workflows/release.yml" in line for line in ran.asked)
    (finding,) = ran.findings("release-gitlab")
    assert finding["first_break"]["job"] == "publish"


def test_without_a_configuration_stored_secrets_are_still_looked_at(world: World) -> None:
    world.check()
    (world.workspace / ".github/keyturn.yml").unlink()
    ran = world.check()
    assert ran.code == 0
    assert ran.writes == []
    assert ran.report["tokens"] == []
    assert ran.rules("octo/storefront:GITLAB_TOKEN") == ["undeclared-secret"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("check", "--config", "missing.yml"), "missing.yml"),
        (("check", "--repository", "storefront"), "OWNER/NAME"),
        (("check", "--at", "soon"), "--at"),
        (("check", "--output", "json=no/such/folder/r.json"), "no/such/folder"),
    ],
)
def test_usage_errors_say_what_to_do(world: World, argv: tuple[str, ...], said: str) -> None:
    ran = world.run(*argv)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.writes == []


@needs_signals
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_at_once(world: World, stop: signal.Signals) -> None:
    world.box.gitlab.server.faults.append(Fault("/self", delay=20))
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "keyturn", "check", "--output", "json=report.json"],
        env={**world.environ, "PATH": os.environ["PATH"]},
        cwd=world.workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    asked = threading.Event()
    for _ in range(200):
        if any("environments" in e.request.path for e in world.box.github.server.exchanges):
            break
        asked.wait(0.05)
    child.send_signal(stop)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 130, err
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not (world.workspace / "report.json").exists()


def test_an_error_of_our_own_is_no_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a detail that stays inside")

    monkeypatch.setattr("keyturn.commands.check.take_survey", broken)
    ran = world.run("check")
    assert ran.code == 3
    assert "ZeroDivisionError at test_check.py" in ran.err
    assert "detail" not in ran.err
    assert "Traceback" not in ran.err


def test_as_an_action_its_inputs_are_the_command_line(world: World) -> None:
    inputs = {
        "INPUT_COMMAND": "check",
        "INPUT_CONFIG": "",
        "INPUT_DRY-RUN": "true",
        "INPUT_FAIL-ON": "never",
        "INPUT_ISSUES": "true",
        "INPUT_REPORT": "out.sarif",
        "INPUT_ARGS": "--format markdown",
    }
    ran = world.run(**inputs)
    assert ran.code == 0
    assert ran.writes == []
    assert ran.outputs["report"] == "out.sarif"
    assert '"version": "2.1.0"' in (world.workspace / "out.sarif").read_text(encoding="utf-8")
    # As GitHub's runner starts a container: with the input `args`, and nothing else.
    assert world.run("--format", "markdown", **inputs).out == ran.out
    wrong = world.run(**{**inputs, "INPUT_DRY-RUN": "perhaps", "INPUT_ARGS": "'"})
    assert wrong.code == 2
    assert "dry-run" in wrong.err
    assert "args" in wrong.err


@needs_links
def test_a_report_below_a_link_to_itself_is_refused_in_any_python(world: World) -> None:
    # Since 3.13 such a path resolves, to itself; it is found out when something is to be written.
    (world.workspace / "loop").symlink_to("loop")
    ran = world.run(INPUT_COMMAND="check", INPUT_REPORT="loop/out.json")
    assert ran.code == 2
    assert "report" in ran.err or "loop/out.json: nothing can be written" in ran.err
    assert ran.asked == []


COMMANDS = ("##[set-output name=status]ok", "##[stop-commands]x", "\x1b[31m", "\u202e", "\x9b2J")


@pytest.mark.parametrize("hostile", COMMANDS)
def test_nothing_that_is_quoted_becomes_a_command(world: World, hostile: str) -> None:
    world.write(".github/keyturn.yml", f"version: 1\n{json.dumps(hostile)}: 1\n")
    texts = [world.run("check").err]
    for argv in (("--format", hostile), ("--config", f"x\n::error::{hostile}"), ("--at", hostile)):
        ran = world.run("check", *argv)
        assert ran.code == 2
        assert ran.outputs == {"status": "failed"}
        texts.append(ran.err)
    for line in "\n".join(texts).splitlines():
        assert hostile not in line
        assert not line.startswith("::error::")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_workflow_file_cannot_stop_the_annotations(world: World, form: str) -> None:
    text = world.example.files[".github/workflows/nightly.yml"]
    world.write(".github/workflows/##[stop-commands]x.yml", text.replace("smoke:", "##[group]y:"))
    ran = world.run("check", "--format", form)
    assert "##[" not in ran.out
    assert "##[" not in ran.summary


@pytest.mark.parametrize(
    "entry",
    ["{g}:", '"{g}": 2\n"{g}": 2', "tokens: [{{ id: a, provider: gitlab, value: {{{g}: 5}} }}]"],
)
def test_a_literal_token_is_never_shown_not_even_as_a_key(world: World, entry: str) -> None:
    literal = "gl" + "pat-" + draw(Random(5), ALNUM, 20)
    world.write(".github/keyturn.yml", "version: 1\n" + entry.format(g=literal) + "\n")
    ran = world.run("check")
    assert ran.code == 2
    # Told to the runner, which hides it from then on, and to nobody else.
    said = [line for line in ran.err.splitlines() if not line.startswith("::add-mask::")]
    assert literal[6:] not in "\n".join(said)
    assert "***" in ran.err


@pytest.mark.parametrize("event", ["pull_request_review", "pull_request_review_comment"])
def test_reviews_run_on_a_pull_requests_files_too(world: World, event: str) -> None:
    ran = world.check(GITHUB_EVENT_NAME=event, GITHUB_REF="refs/pull/7/merge")
    assert ran.code == 0
    assert ran.asked == []
    assert world.box.gitlab.server.exchanges == []


@pytest.mark.parametrize("command", ["check", "inventory"])
def test_a_pull_request_sends_no_credential_whatever_the_command(
    world: World, command: str
) -> None:
    ran = world.run(command, GITHUB_EVENT_NAME="pull_request")
    assert ran.code == 0
    assert ran.asked == []


def test_a_value_that_is_a_common_word_leaves_names_alone(world: World) -> None:
    for word in ("release", "null", "error"):
        first = world.check(PACKAGES_TOKEN=word)
        assert first.token("release-gitlab")["state"] == "active"
    assert len(world.repository.issues) == 3


def test_a_strangers_labelled_issue_is_not_adopted_in_public(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    path.write_text(
        path.read_text(encoding="utf-8") + "issues: { public: true }\n", encoding="utf-8"
    )
    world.repository.private = False
    mine = "<!-- keyturn:token=release-gitlab -->\nkeyturn crashes"
    world.repository.tracker.open("Help", by="eve", body=mine, labels=["keyturn"])
    world.check()
    assert world.repository.issues[1].body == mine
    assert world.repository.issues[1].title == "Help"
    assert len(world.repository.issues) == 4
    assert world.check().writes == []


def test_owners_are_assigned_in_the_next_cycle_too(world: World) -> None:
    world.check()
    world.box.clock.advance(timedelta(days=1))
    world.example.renew_release_token()
    world.box.clock.advance(HOUR)
    world.check()
    world.box.clock.advance(timedelta(days=70))
    world.check()
    second = [i for i in world.repository.issues.values() if "release-gitlab" in i.title]
    assert [(i.state, i.assignees) for i in second] == [("closed", ["alice"]), ("open", ["alice"])]


@pytest.mark.parametrize(
    ("environ", "event"),
    [({"GITHUB_ACTOR": "dependabot[bot]"}, {}), ({}, {"repository": {"fork": True}})],
)
def test_runs_that_get_no_secrets_are_not_incomplete(
    world: World, environ: dict[str, str], event: dict[str, object]
) -> None:
    path = world.folder / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    ran = world.check(
        **environ, GITHUB_EVENT_PATH=str(path), GITLAB_MANAGER=None, PACKAGES_TOKEN=None
    )
    assert ran.code == 0
    (error,) = ran.report["errors"]
    assert error["kind"] == "not-permitted"
    assert "release-gitlab" in error["message"]
    assert ran.token("mirror")["reason"] == "credential-missing"


def test_a_report_that_cannot_be_written_stops_the_run_before_it_writes(world: World) -> None:
    (world.workspace / "folder").mkdir()
    ran = world.run("check", "--output", "json=folder")
    assert ran.code == 2
    assert ran.asked == []


def test_a_value_that_is_named_beside_a_credential_is_masked_too(world: World) -> None:
    value = "given-but-" + "never-presented"
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8").replace(
        "    credential: GITLAB_MANAGER\n    secrets: [MIRROR_TOKEN]",
        "    credential: GITLAB_MANAGER\n    value: MIRROR\n    secrets: [MIRROR_TOKEN]",
    )
    path.write_text(text, encoding="utf-8")
    nightly = world.example.files[".github/workflows/nightly.yml"]
    world.write(
        ".github/workflows/nightly.yml", nightly.replace("Mirror the repository", f"say {value}")
    )
    ran = world.check(MIRROR=value)
    assert f"::add-mask::{value}" in ran.err
    assert value not in ran.out


def test_one_environment_that_is_not_there_hides_no_other(world: World) -> None:
    site = world.box.github.add_repository("octo/site")
    site.put_secret("A", "v", environment="prod")
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8").replace(
        "secrets: [MIRROR_TOKEN]",
        "secrets: [MIRROR_TOKEN, {environment: typo, name: A}, "
        "{repository: octo/site, environment: prod, name: A}]",
    )
    path.write_text(text, encoding="utf-8")
    ran = world.check("--no-issues")
    present = {secret["ref"]: secret["present"] for secret in ran.report["secrets"]}
    assert present["octo/storefront[typo]:A"] is False
    assert present["octo/site[prod]:A"] is True
    assert ran.report["errors"] == []
    assert ran.rules("mirror") == ["missing-secret", "never-expires"]


def test_labels_are_the_same_everywhere_whatever_the_case(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8").replace(
        "secrets: [MIRROR_TOKEN]", "secrets: [{repository: OCTO/Storefront, name: mirror_token}]"
    )
    path.write_text(text, encoding="utf-8")
    ran = world.check("--no-issues")
    assert ran.token("mirror")["secrets"] == ["octo/storefront:MIRROR_TOKEN"]
    assert ran.report["errors"] == []
    asked = [line for line in ran.asked if line.endswith("/actions/secrets")]
    assert len(asked) == 1


def test_a_list_that_fails_is_asked_once_and_issues_are_written_all_the_same(world: World) -> None:
    world.box.github.server.faults.append(Fault("/secrets", Response(502, "bad gateway")))
    ran = world.check()
    assert ran.code == 3
    assert len(world.repository.issues) == 3
    lists = [line for line in ran.asked if line.endswith("/actions/secrets")]
    assert len(lists) == len(set(lists))


def test_a_run_without_a_configuration_says_so(world: World) -> None:
    (world.workspace / ".github/keyturn.yml").unlink()
    assert [error["kind"] for error in world.check().report["errors"]] == ["no-configuration"]


def test_a_freeze_is_planned_by_what_stops_working_before_its_end(world: World) -> None:
    before = world.check()
    ran = world.check("--until", "2027-07-01")
    assert "expiring" not in before.rules("monitoring")
    (found,) = [f for f in ran.findings("monitoring") if f["rule"] == "expiring"]
    assert (found["severity"], found["due_at"]) == ("warning", "2027-06-01T00:00:00Z")
    assert "until 2027-07-01 00:00 UTC: 3 of 5 tokens will have stopped working" in ran.err
    assert "packages already, release-gitlab 2026-11-26" in ran.err
    assert not ran.writes


@pytest.mark.parametrize(("until", "said"), [("2027-06-01T00:00:01Z", True), ("2027-06-01", False)])
def test_the_end_of_a_freeze_is_the_first_instant_after_it(
    world: World, until: str, said: bool
) -> None:
    rules = world.check("--until", until).rules("monitoring")
    assert ("expiring" in rules) == said


def test_a_freeze_ahead_is_looked_at_from_its_first_day(world: World) -> None:
    ran = world.check("--at", "2027-01-01", "--until", "2027-02-01")
    assert "expired" in ran.rules("release-gitlab")
    assert "expiring" not in ran.rules("monitoring")
    assert "release-gitlab already" in ran.err


@pytest.mark.parametrize("until", ["2026-11-23T06:17:00Z", "2020-01-01", "soon", "9999-01-01"])
def test_an_end_that_is_none_is_a_mistake(world: World, until: str) -> None:
    ran = world.check("--until", until)
    assert (ran.code, ran.asked) == (2, [])
    assert "--until" in ran.err
