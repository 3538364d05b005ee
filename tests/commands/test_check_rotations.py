"""What `check` says of tokens whose rotation is cut off, or beyond what it may see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.sandbox import Fault, Response
from tests.commands.test_rotate import Scene, make_scene

_FORBIDDEN = Response(403, {"message": "Resource not accessible by integration"})


@pytest.fixture
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    with make_scene(tmp_path, capsys) as made:
        yield made


def issues(scene: Scene) -> list[Any]:
    return list(scene.world.repository.issues.values())


def cut_off(scene: Scene) -> None:
    """Rotate until one of two secrets holds the new value."""
    faults = scene.box.github.server.faults
    faults.append(Fault("PUT .*/secrets/DEPLOY_TOKEN$", drop=True, times=1))
    assert scene.run("rotate", "--apply", "--no-issues").code == 4
    assert len(scene.stored) == 2
    scene.box.clock.advance(timedelta(hours=1))


@pytest.mark.parametrize("strategy", ["overlap", "in-place"])
def test_what_the_next_run_heals_opens_no_issue(scene: Scene, strategy: str) -> None:
    scene.configure(f"{{ enabled: true, strategy: {strategy} }}")
    cut_off(scene)
    ran = scene.run("check", "--format", "json")
    assert (ran.code, ran.report["findings"], issues(scene)) == (0, [], [])
    assert scene.run("rotate", "--apply").code == 0
    assert len(scene.stored) == 1
    assert issues(scene) == []


def test_an_issue_that_is_there_waits_for_the_next_run(scene: Scene) -> None:
    scene.run("check")
    (issue,) = issues(scene)
    before = (issue.title, issue.body, issue.state, len(issue.comments))
    cut_off(scene)
    scene.run("check")
    assert before == (issue.title, issue.body, issue.state, len(issue.comments))
    scene.run("rotate", "--apply")
    assert issue.state == "closed"


@pytest.mark.parametrize("journal", [True, False])
def test_what_check_may_not_see_is_not_called_stuck(scene: Scene, journal: bool) -> None:
    """The credential that rotates may have rights that this one lacks."""
    if not journal:
        path = scene.world.workspace / ".github/keyturn.yml"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("journal")))
    key = scene.world.environ["KEYTURN_RECOVERY_KEY"] if journal else None
    where = ".*/environments/production/secrets" if journal else ".*/secrets.*"
    faults = scene.box.github.server.faults
    faults.append(Fault(f"GET {where}", _FORBIDDEN))
    ran = scene.run("check", "--format", "json", KEYTURN_RECOVERY_KEY=key)
    assert ran.rules("release") == ["expiring"]
    if not journal:
        return
    # In the run that rotates, it is in the way; a check that cannot see leaves what is said.
    scene.box.clock.advance(timedelta(hours=1))
    ran = scene.run("rotate", "--apply")
    assert (ran.code, "`Environments: write`" in ran.out) == (4, True)
    (issue,) = issues(scene)
    written = (issue.title, issue.body)
    assert "rotation-stuck" in issue.body
    scene.run("check")
    assert written == (issue.title, issue.body)
    faults.clear()
    scene.run("check")
    assert "rotation-stuck" not in issue.body


def test_news_of_a_check_without_the_key_leave_the_section_of_the_rotation(scene: Scene) -> None:
    scene.apply()
    scene.use()
    scene.world.repository.put_secret("GITLAB_TOKEN", scene.living[-1].value)
    assert scene.run("rotate", "--apply").code == 4
    (issue,) = issues(scene)
    assert "### Its rotation" in issue.body
    scene.world.repository.vaults["actions"].entries.pop("GITLAB_TOKEN")
    scene.run("check", KEYTURN_RECOVERY_KEY=None)
    (comment,) = issue.comments
    assert "missing-secret" in comment.body
    assert "### Its rotation" in issue.body
    scene.run("check")
    assert len(issue.comments) == 1
    assert "**missing-secret**" in issue.body


_OTHER = """\
  - id: other
    provider: gitlab
    with: {{ url: "{url}", kind: project, project: 42, token: ci-release }}
    credential: GITLAB_MANAGER
    secrets: [OTHER_TOKEN]
    rotate: {{ enabled: true }}
"""


@pytest.mark.parametrize("damage", ["deleted", "changed"])
def test_a_journal_that_is_not_in_order_is_one_issue(scene: Scene, damage: str) -> None:
    scene.configure(journal='{ kind: local, path: state, recovery-public-key: "PUBLIC" }')
    scene.apply()
    path = scene.world.workspace / ".github/keyturn.yml"
    path.write_text(path.read_text("utf-8") + _OTHER.format(url=scene.box.gitlab.url))
    scene.world.repository.put_secret("OTHER_TOKEN", scene.living[-1].value)
    file = scene.world.workspace / "state/journal.jsonl"
    whole = file.read_bytes()
    if damage == "deleted":
        file.unlink()
    else:
        file.write_bytes(whole.replace(b'"draining"', b'"retiring"'))
    for _ in range(2):
        scene.box.clock.advance(timedelta(hours=1))
        ran = scene.run("check", "--format", "json")
        assert [error["kind"] for error in ran.report["errors"]] == ["journal-unusable"]
        assert (ran.code, ran.rules("other")) == (3, [])
        (issue,) = issues(scene)
        assert issue.title == "release is not rotated without a person"
        assert "no token is rotated before its journal is in order again" in issue.body
        assert issue.comments == []
    file.write_bytes(whole)
    scene.run("check")
    assert issue.state == "closed"


def test_a_rotation_that_stops_is_told_where_its_issue_was_set_aside(scene: Scene) -> None:
    scene.run("check")
    (issue,) = issues(scene)
    issue.state, issue.state_reason = "closed", "not_planned"
    scene.box.gitlab.longest_lifetime = timedelta(days=7)
    scene.box.clock.advance(timedelta(hours=1))
    assert scene.run("rotate", "--apply").code == 4
    assert issue.state == "open"
    assert "rotation-stuck" in issue.comments[-1].body
    issue.state, issue.state_reason = "closed", "not_planned"
    assert scene.run("rotate", "--apply").code == 4
    assert (issue.state, len(issues(scene))) == ("closed", 1)
