"""`keyturn recover` as a whole, against the sandbox."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta

import pytest

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Fault
from keyturn.secret_value import SecretValue
from tests.commands.test_rotate import Scene, make_scene
from tests.systems import needs_links, needs_modes

_NOBODY = {"GITHUB_TOKEN": None, "KEYTURN_RECOVERY_KEY": None, "GITHUB_ACTIONS": None}


@pytest.fixture
def scene(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scene]:
    with make_scene(tmp_path_factory.mktemp("recover"), capsys) as made:
        yield made


@pytest.fixture
def cut_off(scene: Scene) -> Scene:
    """A rotation whose run lost GitHub's answer to the second of two secrets."""
    faults = scene.box.github.server.faults
    faults.append(Fault("PUT .*/secrets/DEPLOY_TOKEN$", drop=True, times=1))
    assert scene.run("rotate", "--apply").code == 4
    return scene


@needs_modes
def test_a_new_key_goes_to_a_file_of_its_owners_and_nowhere_else(scene: Scene) -> None:
    ran = scene.run("recover", "--new-key", "--output", "recovery.key", **_NOBODY)
    assert ran.code == 0
    assert ran.asked == []
    path = scene.world.workspace / "recovery.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    key = RecoveryKey.parse(SecretValue(text))
    assert ran.out == f"recovery-public-key: {key.public.text}\n"
    private = text.strip().partition(":")[2]
    pieces = [private[at : at + 12] for at in range(len(private) - 11)]
    assert not [piece for piece in pieces if piece in ran.out + ran.err]
    assert "Store it as the secret KEYTURN_RECOVERY_KEY" in ran.err


def test_the_public_half_is_a_line_of_the_configuration(scene: Scene) -> None:
    ran = scene.run("recover", "--new-key", "--output", "recovery.key", **_NOBODY)
    line = ran.out.strip()
    name, _, value = line.partition(": ")
    assert name == "recovery-public-key"
    scene.configure(journal=f'{{ kind: git-ref, {name}: "{value}" }}')
    private = (scene.world.workspace / "recovery.key").read_text("utf-8")
    # As a secret holds it, with the line's end that a shell leaves.
    ran = scene.run("rotate", "--apply", KEYTURN_RECOVERY_KEY=private)
    assert (ran.code, "draining" in ran.out) == (0, True)


@needs_links
def test_no_key_is_written_over(scene: Scene) -> None:
    path = scene.world.workspace / "recovery.key"
    path.write_text("the only copy of another key\n", encoding="utf-8")
    ran = scene.run("recover", "--new-key", "--output", "recovery.key", **_NOBODY)
    assert ran.code == 2
    assert "File exists" in ran.err
    assert path.read_text("utf-8") == "the only copy of another key\n"
    link = scene.world.workspace / "link.key"
    link.symlink_to(scene.world.workspace / "elsewhere")
    assert scene.run("recover", "--new-key", "--output", "link.key", **_NOBODY).code == 2
    assert not (scene.world.workspace / "elsewhere").exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--new-key"], "writes the private key to one file"),
        (["--new-key", "--output", "a", "--output", "b"], "writes the private key to one file"),
        (["--new-key", "--output", "a", "--apply"], "writes the private key to one file"),
        (["--new-key", "--output", "no/such/folder/a"], "No such file"),
    ],
)
def test_a_key_without_one_place_to_go_is_not_made(
    scene: Scene, argv: list[str], words: str
) -> None:
    ran = scene.run("recover", *argv, **_NOBODY)
    assert ran.code == 2
    assert words in ran.err
    assert "keyturn-recovery-1:" not in ran.out + ran.err
    assert not (scene.world.workspace / "a").exists()


@pytest.mark.parametrize("argv", [[], ["--apply"]])
def test_where_nothing_is_under_way_nothing_is_begun(scene: Scene, argv: list[str]) -> None:
    ran = scene.run("recover", *argv)
    assert (ran.code, ran.out, ran.writes) == (0, "no rotation is under way\n", [])
    assert scene.is_untouched()


def test_without_apply_it_only_shows_what_was_cut_off(cut_off: Scene) -> None:
    before = len(cut_off.living), cut_off.stored
    ran = cut_off.run("recover")
    assert ran.writes == []
    assert "release (gitlab): overlap  distributing" in ran.out
    out = " ".join(ran.out.split())
    assert "in this phase since 2026-11-2" in out
    assert "of 2 secrets hold the new value; --apply goes on with it" in out
    assert "octo/storefront[production]:DEPLOY_TOKEN: writing" in ran.out
    assert (len(cut_off.living), cut_off.stored) == before


@pytest.mark.parametrize("argv", [[], ["--apply"]])
def test_where_everybody_can_read_it_no_token_and_no_secret_is_named(
    cut_off: Scene, argv: list[str]
) -> None:
    cut_off.world.repository.private = False
    public = cut_off.key.public.text
    cut_off.configure(
        journal=f'{{ kind: git-ref, recovery-public-key: "{public}", public-journal: true }}'
    )
    ran = cut_off.run("recover", *argv)
    assert ran.code == 0
    log = [line for line in ran.err.splitlines() if not line.startswith("::add-mask::")]
    shown = "\n".join([ran.out, *log, ran.summary])
    assert "1 d" in shown  # distributing, or draining
    for name in ("release", "DEPLOY_TOKEN", "production", "2026-"):
        assert name not in shown


@pytest.mark.parametrize("argv", [["--apply", "--dry-run"], ["--dry-run"]])
def test_a_dry_run_only_shows(cut_off: Scene, argv: list[str]) -> None:
    ran = cut_off.run("recover", *argv)
    assert ran.writes == []
    assert "distributing" in ran.out


def test_with_apply_it_goes_on_until_the_old_token_is_retired(cut_off: Scene) -> None:
    ran = cut_off.run("recover", "--apply", "--format", "json")
    assert ran.code == 0
    assert ran.report["schema"] == "keyturn.rotation/1"
    (told,) = ran.report["operations"]
    assert told["state"] == "draining"
    assert [target["state"] for target in told["targets"]] == ["stored", "stored"]
    old, new = cut_off.living
    assert cut_off.stored == {new.value}
    assert cut_off.left_over == []
    cut_off.use()
    assert "the old token is retired" in cut_off.run("recover", "--apply").out
    assert cut_off.living == [new]
    assert cut_off.run("recover").out == "no rotation is under way\n"
    assert old.id == cut_off.token.id


def test_it_begins_nothing_beside_what_it_goes_on_with(cut_off: Scene) -> None:
    workspace = cut_off.world.workspace
    path = workspace / ".github/keyturn.yml"
    text = path.read_text("utf-8")
    soon = (cut_off.box.clock.now + timedelta(days=3)).date()
    other = cut_off.box.gitlab.create_token("project", "ci-other", project=42, expires_on=soon)
    cut_off.world.repository.put_secret("OTHER_TOKEN", other.value)
    path.write_text(
        text
        + f"""\
  - id: other
    provider: gitlab
    with: {{ url: "{cut_off.box.gitlab.url}", kind: project, project: 42, token: ci-other }}
    credential: GITLAB_MANAGER
    secrets: [OTHER_TOKEN]
    rotate: {{ enabled: true, lifetime: 90d }}
""",
        encoding="utf-8",
    )
    cut_off.box.clock.advance(timedelta(days=2))
    assert "other (gitlab): overlap" in cut_off.run("rotate").out
    assert cut_off.run("recover", "--apply").code == 0
    assert cut_off.world.repository.secret_value("OTHER_TOKEN") == other.value


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"KEYTURN_RECOVERY_KEY": None}, "KEYTURN_RECOVERY_KEY is not set"),
        ({"GITHUB_EVENT_NAME": "pull_request"}, "pull_request started"),
        ({"GITHUB_REF": "refs/heads/topic"}, "another branch than the default one"),
        ({"GITHUB_TOKEN": None}, "there is no credential for GitHub"),
    ],
)
def test_who_may_not_rotate_may_not_recover(
    cut_off: Scene, environ: dict[str, str | None], words: str
) -> None:
    ran = cut_off.run("recover", "--apply", **environ)
    assert ran.code == 2
    assert words in ran.err
    assert ran.writes == []


def test_another_key_opens_nothing(cut_off: Scene) -> None:
    """Both halves were replaced while a rotation was under way: its journal is not theirs."""
    mine = cut_off.key
    cut_off.key = RecoveryKey.make()
    cut_off.configure()
    ran = cut_off.run("recover", "--apply", KEYTURN_RECOVERY_KEY=cut_off.key.text.reveal())
    assert ran.code == 3
    assert "was not written under this recovery key" in ran.err
    assert ran.writes == []
    cut_off.key = mine
    cut_off.configure()
    assert cut_off.run("recover", "--apply").code == 0
