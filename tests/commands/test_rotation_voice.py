"""What a rotation that needs a person says, and where: its issue, the runner, both reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from keyturn.sandbox import Fault, Response
from tests.commands.test_rotate import WORKFLOW, Scene, make_scene
from tests.world import Ran


@pytest.fixture
def scene(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scene]:
    with make_scene(tmp_path_factory.mktemp("voice"), capsys) as made:
        yield made


def issues(scene: Scene) -> list[tuple[str, bool]]:
    """The title of every issue, and whether it is open."""
    found = scene.world.repository.issues.values()
    return [(issue.title, issue.state == "open") for issue in found]


def body(scene: Scene) -> str:
    (issue,) = scene.world.repository.issues.values()
    return str(issue.body)


def is_calm(scene: Scene, *argv: str) -> bool:
    """Say whether a run leaves every issue as it is."""
    before = [(i.title, i.body, i.state, len(i.comments)) for i in _all(scene)]
    scene.box.clock.advance(timedelta(hours=1))
    scene.run(*argv)
    return before == [(i.title, i.body, i.state, len(i.comments)) for i in _all(scene)]


def _all(scene: Scene) -> list[Any]:
    return list(scene.world.repository.issues.values())


@pytest.fixture
def stopped(scene: Scene) -> Scene:
    """A rotation that stopped because somebody wrote one of its secrets while it drained."""
    scene.apply()
    scene.use()
    scene.world.repository.put_secret("GITLAB_TOKEN", scene.living[-1].value)
    ran = scene.run("rotate", "--apply", "--format", "json")
    assert [each["state"] for each in ran.report["operations"]] == ["needs-human"]
    return scene


def test_a_rotation_that_stopped_is_in_the_tokens_one_issue(stopped: Scene) -> None:
    assert issues(stopped) == [("release is not rotated without a person", True)]
    told = body(stopped)
    old, new = stopped.living
    for line in (
        "| Stopped in | `draining` |",
        f"| Old token | `{old.id}` |",
        f"| New token | `{new.id}` |",
        "| `octo/storefront:GITLAB_TOKEN` | `stored`: the new value |",
        "- Have it tried again: `keyturn recover --apply release`",
        "- Or give it up: `keyturn recover --apply --abandon release`",
    ):
        assert line in told
    assert is_calm(stopped, "rotate", "--apply")
    assert is_calm(stopped, "recover", "--apply")
    assert is_calm(stopped, "check")


def test_check_says_the_same_and_without_the_key_leaves_what_is_said(stopped: Scene) -> None:
    ran = stopped.run("check", "--format", "json")
    (stuck,) = ran.findings("release")
    assert (stuck["rule"], stuck["severity"]) == ("rotation-stuck", "error")
    del stopped.world.environ["KEYTURN_RECOVERY_KEY"]
    assert is_calm(stopped, "check")


def test_check_tells_it_alone_too(stopped: Scene) -> None:
    written = body(stopped)
    stopped.world.repository.issues.clear()
    stopped.run("check")
    assert body(stopped) == written


def test_tried_again_it_goes_on_and_the_issue_closes(stopped: Scene) -> None:
    ran = stopped.run("recover", "--apply", "release", "--format", "json")
    (told,) = ran.report["operations"]
    assert (ran.code, told["state"]) == (0, "draining"), "what was put there is written over"
    assert stopped.stored == {stopped.living[-1].value}
    assert issues(stopped)[0][1] is False
    assert is_calm(stopped, "check")


def test_given_up_it_is_over_and_the_issue_closes_or_says_what_else_is_wrong(
    stopped: Scene,
) -> None:
    ran = stopped.run("recover", "--apply", "--abandon", "release", "--format", "json")
    (told,) = ran.report["operations"]
    assert (ran.code, told["state"]) == (0, "abandoned")
    assert "rotation-stuck" not in body(stopped) or not issues(stopped)[0][1]
    assert is_calm(stopped, "check")
    assert stopped.run("recover").out == "no rotation is under way\n"


def test_what_is_under_way_is_explained(stopped: Scene) -> None:
    ran = stopped.run("recover")
    assert (ran.code, ran.writes) == (4, [])
    out = " ".join(ran.out.split())
    assert "release (gitlab): overlap needs-human stopped in `draining` since 2026-11-2" in out
    assert "try again: keyturn recover --apply release" in out
    assert "give up: keyturn recover --apply --abandon release" in out


@pytest.mark.parametrize(
    "argv", [["rotate"], ["rotate", "--apply", "--dry-run"], ["recover"], ["rotate", "--apply"]]
)
def test_as_long_as_it_waits_for_a_person_every_run_says_so(
    stopped: Scene, argv: list[str]
) -> None:
    ran = stopped.run(*argv)
    assert (ran.code, ran.outputs["status"]) == (4, "needs-human")
    assert "| `release` | needs-human |" in ran.summary
    assert "::error title=rotation-stuck%3A release::" in ran.err


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        (["rotate", "--plan", "plan.json"], {}, "add --apply"),
        (["rotate", "--apply"], {"KEYTURN_RECOVERY_KEY": None}, "KEYTURN_RECOVERY_KEY is not set"),
        (["rotate", "--apply"], {}, "the journal is gone"),
        (["recover", "--apply"], {}, "the journal is gone"),
        (["recover"], {"GITHUB_TOKEN": None}, "there is no credential for GitHub"),
    ],
)
def test_the_runner_is_told_what_ended_a_run(
    scene: Scene, argv: list[str], environ: dict[str, str | None], words: str
) -> None:
    scene.apply()
    del scene.world.repository.git.refs["refs/heads/keyturn/journal"]
    ran = scene.run(*argv, **environ)
    assert ran.outputs["status"] == "failed"
    assert [line for line in ran.err.splitlines() if line.startswith("::error") and words in line]
    assert words in ran.summary.replace("\\", "")


def test_an_error_that_ends_a_run_has_no_say_over_the_runner(scene: Scene) -> None:
    ran = scene.run("rotate", "--apply", "--plan", "x\n::notice::`x`")
    assert ran.code == 2
    assert not [line for line in ran.err.splitlines() if line.startswith("::notice")]


def _renamed(scene: Scene) -> None:
    path = scene.world.workspace / ".github/keyturn.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("id: release", "id: renamed"), encoding="utf-8")


@pytest.mark.parametrize("key", [True, False])
def test_the_issue_stays_where_its_token_is_not_declared_any_more(
    stopped: Scene, key: bool
) -> None:
    _renamed(stopped)
    told = body(stopped)
    stopped.run("check", **({} if key else {"KEYTURN_RECOVERY_KEY": None}))
    assert (body(stopped), issues(stopped)[0][1]) == (told, True)


def test_what_is_not_declared_any_more_is_to_be_declared_again(stopped: Scene) -> None:
    text = (stopped.world.workspace / ".github/keyturn.yml").read_text("utf-8")
    _renamed(stopped)
    words = "no token is declared as release any more: declare it again as it was"
    for argv in (["recover"], ["recover", "--apply"], ["rotate", "--apply"]):
        ran = stopped.run(*argv)
        assert (ran.code, words in " ".join(ran.out.split())) == (4, True)
    for name in (["release"], ["--abandon", "release"]):
        ran = stopped.run("recover", "--apply", *name)
        assert (ran.code, words in " ".join(ran.err.split())) == (2, True)
    stopped.world.write(".github/keyturn.yml", text)
    assert stopped.run("recover", "--apply", "--abandon", "release").code == 0
    _renamed(stopped)
    stopped.run("check")
    assert issues(stopped)[0][1] is False


def test_the_runner_is_told(stopped: Scene) -> None:
    ran = stopped.run("rotate", "--apply", "--output", "json=rotation.json")
    assert ran.outputs == {"status": "needs-human", "report": "rotation.json"}
    assert "| `release` | needs-human |" in ran.summary
    assert "::error title=rotation-stuck%3A release::" in ran.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--apply", "nobody"], "no token is declared as nobody"),
        (["--apply", "--abandon", "nobody"], "no token is declared as nobody"),
        (["release"], "add --apply"),
        (["--abandon", "release"], "add --apply"),
        (["--apply", "release", "--abandon", "release"], "not both"),
        (["--apply", "release"], "no rotation of release is under way"),
        (["--apply", "--abandon", "release"], "no rotation of release is under way"),
    ],
)
def test_a_name_that_means_nothing_is_a_mistake(scene: Scene, argv: list[str], words: str) -> None:
    ran = scene.run("recover", *argv)
    assert (ran.code, ran.writes) == (2, [])
    assert words in ran.err


def test_what_has_not_stopped_is_not_given_up(scene: Scene) -> None:
    scene.apply()
    ran = scene.run("recover", "--apply", "--abandon", "release")
    assert (ran.code, ran.writes) == (2, [])
    assert "has not stopped: it is `draining`" in ran.err


def test_a_blocked_plan_is_in_the_issue_until_it_is_mended(scene: Scene) -> None:
    vault = scene.world.repository.vaults["actions"]
    entry = vault.entries.pop("GITLAB_TOKEN")
    assert scene.run("rotate", "--apply").code == 4
    assert len(issues(scene)) == 1
    assert "octo/storefront:GITLAB_TOKEN is not there" in body(scene).replace("\\", "")
    assert is_calm(scene, "check")
    assert is_calm(scene, "rotate", "--apply")
    vault.entries["GITLAB_TOKEN"] = entry
    assert scene.apply()["state"] == "draining"
    assert issues(scene)[0][1] is False


def test_what_is_refused_day_after_day_is_written_once(scene: Scene) -> None:
    scene.box.gitlab.longest_lifetime = timedelta(days=7)
    assert scene.run("rotate", "--apply").code == 4
    assert "does not allow this date of expiry" in body(scene)
    assert is_calm(scene, "rotate", "--apply")
    assert is_calm(scene, "check")


def test_the_runs_that_are_waited_for_are_named(scene: Scene) -> None:
    before = scene.box.clock.now
    scene.apply()
    scene.world.repository.add_run(WORKFLOW, status="queued", at=before)
    scene.use()
    (waited,) = scene.apply()["waits_for"]
    assert waited["because"] == "queued before the new value was stored"
    text = scene.run("rotate", "--apply")
    unwrapped = " ".join(text.out.split())
    assert f"{waited['run']}: queued before the new value was stored" in unwrapped
    assert f"run {waited['run'].rpartition('/')[2]}" in text.summary
    assert issues(scene) == []


def test_a_rotation_that_waits_as_planned_opens_none(scene: Scene) -> None:
    ran = scene.run("rotate", "--apply")
    assert (ran.code, issues(scene)) == (0, [])
    assert ran.outputs == {"status": "ok", "report": ""}
    assert "| `release` | draining |" in ran.summary


@pytest.mark.parametrize("argv", [["--no-issues"], []])
def test_no_issue_is_written_unasked(scene: Scene, argv: list[str]) -> None:
    scene.box.gitlab.longest_lifetime = timedelta(days=7)
    outside = None if not argv else "true"
    assert scene.run("rotate", "--apply", *argv, GITHUB_ACTIONS=outside).code == 4
    assert issues(scene) == []


def test_issues_that_cannot_be_written_leave_it_incomplete(scene: Scene) -> None:
    scene.box.github.server.faults.append(Fault("GET .*/issues", Response(500)))
    ran = scene.run("rotate", "--apply")
    assert (ran.code, ran.outputs["status"]) == (3, "incomplete")
    assert "issues-not-written" in ran.err
    assert "draining" in ran.out


def test_a_provider_that_does_not_answer_leaves_it_incomplete(scene: Scene) -> None:
    scene.box.gitlab.server.faults.append(Fault(".*", Response(500)))
    for argv in ([], ["--apply"]):
        ran = scene.run("rotate", *argv)
        assert (ran.code, ran.outputs["status"]) == (3, "incomplete")
        assert "[not-asked]" in ran.out


def test_where_nothing_is_due_the_files_asked_for_are_written(scene: Scene) -> None:
    scene.configure("{ enabled: true, before: 5d }")
    for command in ("rotate", "recover"):
        ran = scene.run(command, "--apply", "--format", "json", "--output", "json=told.json")
        assert ran.code == 0
        path = scene.world.workspace / "told.json"
        assert json.loads(path.read_text("utf-8")) == ran.report
        assert (ran.report["schema"], ran.report["operations"]) == ("keyturn.rotation/1", [])
        path.unlink()
    text = scene.run("rotate", "--apply")
    assert "no rotation is due" in text.out
    assert "[not-due]" in text.out


def test_a_plan_is_in_the_summary_for_whoever_approves_it(scene: Scene) -> None:
    ran = scene.run("rotate")
    assert "| `release` | planned: overlap |" in ran.summary
    assert ran.outputs["status"] == "ok"


def _rehearse(scene: Scene, *argv: str) -> Ran:
    ran = scene.run("rotate", "--apply", "--dry-run", *argv)
    assert ran.writes == []
    assert scene.is_untouched()
    return ran


def test_a_dry_run_reads_what_will_be_needed(scene: Scene) -> None:
    ran = _rehearse(scene)
    assert ran.code == 0
    assert "release: all that can be read beforehand is as it should be" in ran.out
    asked = " ".join(ran.asked)
    assert "/actions/secrets/GITLAB_TOKEN" in asked
    assert "/actions/runs" in asked
    assert _rehearse(scene, "--format", "json").report["preflight"] == {"release": []}


def test_a_dry_run_says_what_would_be_refused(scene: Scene) -> None:
    scene.box.github.server.faults.append(Fault("GET .*/actions/runs", Response(403)))
    ran = _rehearse(scene)
    assert ran.code == 4
    assert "release: would be refused: runs of octo/storefront" in " ".join(ran.out.split())
