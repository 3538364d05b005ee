"""Runs that end half-way: what they say, what they leave, and what the next one makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from keyturn.sandbox import Fault, Response
from keyturn.sandbox.github_git import Person
from keyturn.sandbox.gitlab_world import Token
from keyturn.sandbox.server import Request
from tests.commands.test_rotate import PROJECT, Scene, make_scene
from tests.commands.test_rotation_voice import issues

_OTHER = """\
  - id: other
    provider: gitlab
    with: {{ url: "{url}", kind: project, project: {project}, token: ci-other }}
    credential: GITLAB_MANAGER
    secrets: [OTHER_TOKEN]
    rotate: {{ enabled: true, lifetime: 90d }}
"""
_BOTH = "credential: GITLAB_MANAGER\n    value: GITLAB_TOKEN"
_ITSELF = "value: GITLAB_TOKEN"
_LOSS = "accept-loss: { because: a test bench }"


@pytest.fixture
def scene(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scene]:
    with make_scene(tmp_path_factory.mktemp("cut-off"), capsys) as made:
        yield made


def add_other(scene: Scene) -> Token:
    """Declare one more token that is due."""
    soon = (scene.box.clock.now + timedelta(days=3)).date()
    other = scene.box.gitlab.create_token("project", "ci-other", project=PROJECT, expires_on=soon)
    scene.world.repository.put_secret("OTHER_TOKEN", other.value)
    path = scene.world.workspace / ".github/keyturn.yml"
    text = path.read_text("utf-8")
    text += _OTHER.format(url=scene.box.gitlab.url, project=PROJECT)
    path.write_text(text, encoding="utf-8")
    scene.box.clock.advance(timedelta(days=2))
    return other


def lose_an_answer(scene: Scene, secret: str = "DEPLOY_TOKEN") -> None:
    fault = Fault(f"PUT .*/secrets/{secret}$", drop=True, times=1)
    scene.box.github.server.faults.append(fault)


def once_a_token_was_made(scene: Scene, happen: Callable[[], object]) -> None:
    server = scene.box.gitlab.server
    finish = server.finish

    def finished(request: Request, response: Response) -> Response:
        if request.method == "POST":
            happen()
        return finish(request, response)

    server.finish = finished


def lose_the_journal(scene: Scene) -> None:
    """Have GitHub take no entry any more once a token was made."""
    fault = Fault("PUT .*/contents/.*", Response(500))
    once_a_token_was_made(scene, lambda: scene.box.github.server.faults.append(fault))


def overtake(scene: Scene) -> None:
    """Have another run write to the journal once a token was made."""
    other = Person("other", "other@sandbox.invalid", scene.box.clock.now)
    git, branch = scene.world.repository.git, "refs/heads/keyturn/journal"
    once_a_token_was_made(
        scene,
        lambda: git.commit_files(
            branch, {"journal.jsonl": b"another entry\n"}, message="other", by=(other, other)
        ),
    )


def write_a_secret(scene: Scene) -> None:
    scene.world.repository.put_secret("GITLAB_TOKEN", scene.living[-1].value)


def states(report: dict[str, Any]) -> dict[str, str]:
    return {each["token"]: each["state"] for each in report["operations"]}


def test_a_journal_that_fails_half_way_cuts_the_run_off_and_all_is_told(scene: Scene) -> None:
    scene.apply()
    scene.use()
    write_a_secret(scene)
    add_other(scene)
    lose_the_journal(scene)
    ran = scene.run("rotate", "--apply", "--format", "json")
    assert (ran.code, ran.outputs["status"]) == (4, "needs-human")
    assert states(ran.report) == {"release": "needs-human", "other": "minting"}
    assert "::error title=rotation-stuck%3A release::" in ran.err
    assert "::warning title=rotation cut off%3A other::" in ran.err
    assert "journal-unusable" in ran.err
    assert "| `other` | minting |" in ran.summary
    assert issues(scene) == [("release is not rotated without a person", True)]


def test_a_run_that_was_overtaken_leaves_the_issues_to_the_other_one(scene: Scene) -> None:
    scene.apply()
    scene.use()
    write_a_secret(scene)
    add_other(scene)
    overtake(scene)
    ran = scene.run("rotate", "--apply", "--format", "json")
    assert (ran.code, states(ran.report)["other"]) == (4, "minting")
    assert "somebody else wrote to the journal" in ran.err
    assert issues(scene) == []


def test_what_was_not_begun_because_of_the_journal_is_told(scene: Scene) -> None:
    add_other(scene)
    lose_the_journal(scene)
    ran = scene.run("rotate", "--apply", "--format", "json")
    (begun,) = states(ran.report)
    (left,) = [each for each in ran.report["skipped"] if each["reason"] == "later"]
    assert {begun, left["token"]} == {"release", "other"}
    assert left["message"].startswith("the next run begins it: ")
    assert ran.code == 4


def test_where_not_even_the_lock_is_taken_nothing_was_done(scene: Scene) -> None:
    lose_an_answer(scene)
    assert scene.run("rotate", "--apply").code == 4
    scene.box.github.server.faults.append(Fault("PUT .*/contents/.*", Response(500)))
    ran = scene.run("recover", "--apply")
    assert (ran.code, ran.outputs["status"]) == (3, "failed")
    assert "::error title=keyturn::" in ran.err


def test_an_output_that_cannot_be_written_keeps_nobody_out(scene: Scene) -> None:
    place = scene.world.workspace / "told.txt"
    once_a_token_was_made(scene, lambda: place.mkdir(exist_ok=True))
    ran = scene.run("rotate", "--apply", "--output", "text=told.txt")
    assert (ran.code, "told.txt" in ran.err) == (3, True)
    assert scene.apply()["state"] == "draining"


def test_an_approved_job_that_is_run_again_goes_on(scene: Scene) -> None:
    scene.run("rotate", "--output", "json=plan.json")
    scene.box.clock.advance(timedelta(hours=1))
    lose_an_answer(scene)
    again = ("rotate", "--apply", "--plan", "plan.json")
    assert scene.run(*again).code == 4
    scene.box.clock.advance(timedelta(hours=1))
    ran = scene.run(*again, "--format", "json")
    assert (ran.code, states(ran.report)) == (0, {"release": "draining"})
    assert scene.stored == {scene.living[-1].value}


def test_where_the_plan_moved_nothing_is_gone_on_with(scene: Scene) -> None:
    scene.apply()
    scene.use()
    add_other(scene)
    scene.run("rotate", "--output", "json=plan.json")
    write_a_secret(scene)
    scene.world.repository.put_secret("OTHER_TOKEN", "y" * 20)
    ran = scene.run("rotate", "--apply", "--plan", "plan.json")
    assert (ran.code, ran.writes) == (2, [])
    assert "other: octo/storefront:OTHER_TOKEN was written by somebody else" in ran.err


# ------------------------------------------------------------------ a run that has the old value


@pytest.mark.parametrize(
    ("rotate", "asks"),
    [
        (f"{{ enabled: true, {_LOSS} }}", _ITSELF),
        ("{ enabled: true, strategy: in-place }", _BOTH),
        ("{ enabled: true, strategy: overlap }", _BOTH),
    ],
)
def test_a_run_that_has_the_old_value_does_not_judge_by_it(
    scene: Scene, rotate: str, asks: str
) -> None:
    scene.configure(rotate, asks=asks)
    old = scene.token.value
    lose_an_answer(scene)
    assert scene.run("rotate", "--apply", GITLAB_TOKEN=old).code == 4
    assert issues(scene) == []
    scene.box.clock.advance(timedelta(hours=2))
    scene.world.repository.put_secret("DEPLOY_TOKEN", "x" * 20, environment="production")
    assert scene.run("rotate", "--apply", GITLAB_TOKEN=old).code == 4
    told = [("release is not rotated without a person", True)]
    assert issues(scene) == told
    scene.box.clock.advance(timedelta(hours=2))
    ran = scene.run("recover", "--apply", "release", GITLAB_TOKEN=old)
    assert ran.code == 0
    assert [title for title, _ in issues(scene)] == [title for title, _ in told]
    scene.box.clock.advance(timedelta(hours=2))
    (new,) = scene.stored
    scene.run("check", GITLAB_TOKEN=new)
    assert [is_open for _, is_open in issues(scene)] == [False]
