"""`keyturn rotate` as a whole, against the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn import config
from keyturn.github.client import Client
from keyturn.model import Phase, Skip
from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Fault, Sandbox, example
from keyturn.sandbox.example import Example
from keyturn.sandbox.gitlab_world import Token
from tests.systems import needs_modes
from tests.world import Ran, World

PROJECT = 42
WORKFLOW = ".github/workflows/release.yml"
_FILES = {
    WORKFLOW: """\
name: release
on: [push, schedule]
jobs:
  publish:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - run: ./publish.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
          DEPLOY_TOKEN: ${{ secrets.DEPLOY_TOKEN }}
"""
}
_CONFIG = """\
version: 1
journal: {journal}
rotation: {bounds}
tokens:
  - id: release
    provider: gitlab
    with: {{ url: "{url}", kind: project, project: 42, token: ci-release }}
    {asks}
    secrets:
      - GITLAB_TOKEN
      - {{ environment: production, name: DEPLOY_TOKEN }}
    rotate: {rotate}
"""
_MANAGED, _BY_ITSELF = "credential: GITLAB_MANAGER", "value: GITLAB_TOKEN"


@dataclass(slots=True)
class Scene:
    """A token that is due, stored in two places, and a manager's credential for it."""

    world: World
    token: Token
    key: RecoveryKey

    @property
    def box(self) -> Sandbox:
        return self.world.box

    def configure(
        self,
        rotate: str = "{ enabled: true }",
        *,
        bounds: str = "{}",
        asks: str = _MANAGED,
        journal: str = "",
    ) -> None:
        public = self.key.public.text
        kind = journal or f'{{ kind: git-ref, recovery-public-key: "{public}" }}'
        text = _CONFIG.format(
            journal=kind.replace("PUBLIC", public),
            bounds=bounds,
            url=self.box.gitlab.url,
            asks=asks,
            rotate=rotate,
        )
        self.world.write(".github/keyturn.yml", text)

    def run(self, *argv: str, **environ: str | None) -> Ran:
        """Run a command; no value, nor a piece of one, is in anything that it says."""
        ran = self.world.run(*argv, **environ)
        files = [path.read_text("utf-8") for path in self.world.folder.rglob("*.json*")]
        # How a runner is told what to mask; it shows none of these lines.
        err = re.sub(r"^::add-mask::.*$", "", ran.err, flags=re.MULTILINE)
        said = "\n".join([ran.out, err, ran.summary, *ran.outputs.values(), *files])
        values = [token.value for token in self.box.gitlab.tokens]
        for value in [*values, self.key.text.reveal().partition(":")[2]]:
            pieces = {value[at : at + 12] for at in range(6, len(value) - 11)}
            assert not [piece for piece in pieces if piece in said]
        return ran

    def apply(self, *argv: str, **environ: str | None) -> dict[str, Any]:
        """Carry out what is due; return what is told of the one operation."""
        (told,) = self.run("rotate", "--apply", "--format", "json", *argv, **environ).report[
            "operations"
        ]
        assert isinstance(told, dict)
        return told

    def use(self) -> None:
        """Let the workflow run once, with success, and with what is stored now."""
        self.box.clock.advance(timedelta(minutes=5))
        self.world.repository.add_run(WORKFLOW, jobs=[("publish", "success")])
        self.box.clock.advance(timedelta(minutes=5))

    @property
    def living(self) -> list[Token]:
        """The project's tokens that work."""
        now = self.box.clock.now
        return [t for t in self.box.gitlab.tokens if t.kind == "project" and t.is_active(now)]

    @property
    def stored(self) -> set[str]:
        repository = self.world.repository
        deploy = repository.secret_value("DEPLOY_TOKEN", environment="production")
        return {repository.secret_value("GITLAB_TOKEN"), deploy}

    @property
    def left_over(self) -> list[str]:
        """What must be gone at the end: sealed records, and secrets that prove a right."""
        repository = self.world.repository
        shelves = [repository.variables, repository.vaults["actions"]]
        shelves += [environment.vault for environment in repository.environments.values()]
        kept = {"GITLAB_TOKEN", "DEPLOY_TOKEN", "KEYTURN_JOURNAL_HEAD"}
        return [name for shelf in shelves for name in shelf.entries if name not in kept]

    def is_untouched(self) -> bool:
        """Say whether all is as it was: the token, its copies, and no other token."""
        gitlab = self.box.gitlab.server.exchanges
        changed = [e for e in gitlab if e.request.method != "GET"]
        return not changed and self.stored == {self.token.value} and not self.left_over


@contextmanager
def make_scene(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    """Fill a sandbox; the token ends in eight days, and was made for ninety."""
    with Sandbox(example.NOW) as box:
        gitlab, now = box.gitlab, box.clock.now
        gitlab.add_project(PROJECT, "shop/storefront")
        token = gitlab.create_token(
            "project",
            "ci-release",
            project=PROJECT,
            created_at=now - timedelta(days=82),
            expires_on=date(2026, 12, 1),
        )
        manager = gitlab.create_token(name="keyturn")
        repository = box.github.add_repository(example.REPOSITORY, files=_FILES)
        written = now - timedelta(days=81)
        repository.put_secret("GITLAB_TOKEN", token.value, at=written)
        repository.put_secret("DEPLOY_TOKEN", token.value, environment="production", at=written)
        app = "ghs_" + "a" * 36
        box.github.add_token(app, login="keyturn[bot]")
        key = RecoveryKey.make()
        environ = {
            "GITHUB_TOKEN": app,
            "GITLAB_MANAGER": manager.value,
            "KEYTURN_RECOVERY_KEY": key.text.reveal(),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": box.github.url,
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }
        world = World(Example(box, _FILES, environ), folder, capsys, environ)
        for path, text in _FILES.items():
            world.write(path, text)
        made = Scene(world, token, key)
        made.configure()
        yield made


@pytest.fixture
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    with make_scene(tmp_path, capsys) as made:
        yield made


def test_the_plan_says_what_why_and_where_and_changes_nothing(scene: Scene) -> None:
    ran = scene.run("rotate")
    assert ran.code == 0
    assert ran.writes == []
    out = " ".join(ran.out.split())
    assert "release (gitlab): overlap" in out
    assert "ends 2026-12-01 00:00 UTC, and is due 33% of its 89 days before" in out
    assert f"id {scene.token.id}, owner user {scene.token.user.id}" in out
    assert "stored in octo/storefront:GITLAB_TOKEN" in out
    assert "octo/storefront[production]:DEPLOY_TOKEN" in out
    assert "a new project token has a bot user of its own" in out
    assert "1 rotation planned; nothing is changed yet" in out
    assert scene.is_untouched()


def test_the_plan_is_a_document_too(scene: Scene) -> None:
    ran = scene.run("rotate", "--format", "json", "--output", "json=plan.json")
    assert ran.code == 0
    assert (scene.world.workspace / "plan.json").read_text("utf-8") == ran.out
    assert ran.report["schema"] == "keyturn.plan/1"
    (rotation,) = ran.report["rotations"]
    assert rotation["old"]["token_id"] == str(scene.token.id)
    assert [d["ref"] for d in rotation["destinations"]] == [
        "octo/storefront:GITLAB_TOKEN",
        "octo/storefront[production]:DEPLOY_TOKEN",
    ]
    assert ran.report["skipped"] == []


def test_a_plan_needs_no_recovery_key(scene: Scene) -> None:
    ran = scene.run("rotate", KEYTURN_RECOVERY_KEY=None)
    assert (ran.code, ran.writes) == (0, [])
    assert "1 rotation planned" in ran.out


def test_a_saved_plan_is_carried_out(scene: Scene) -> None:
    assert scene.run("rotate", "--output", "json=plan.json").code == 0
    scene.box.clock.advance(timedelta(hours=7))
    assert scene.apply("--plan", "plan.json")["state"] == "draining"
    assert scene.stored == {scene.living[-1].value} != {scene.token.value}


def _write_a_secret(scene: Scene) -> None:
    scene.world.repository.put_secret("GITLAB_TOKEN", scene.token.value)


def _make_a_namesake(scene: Scene) -> None:
    scene.box.gitlab.create_token("project", "ci-release", project=PROJECT)


def _write_another_lifetime(scene: Scene) -> None:
    scene.configure("{ enabled: true, lifetime: 30d }")


def _forbid_it(scene: Scene) -> None:
    scene.configure("{ enabled: false }")


@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("move", "words"),
    [
        (_write_a_secret, "octo/storefront:GITLAB_TOKEN was written by somebody else"),
        (_make_a_namesake, "the token id of the token is another one"),
        (_write_another_lifetime, "its lifetime is another one"),
        (_forbid_it, "is not to be rotated any more"),
    ],
)
def test_a_saved_plan_is_refused_where_the_world_has_moved(
    scene: Scene, move: Callable[[Scene], None], words: str, flags: list[str]
) -> None:
    scene.run("rotate", "--output", "json=plan.json")
    scene.box.clock.advance(timedelta(hours=7))
    move(scene)
    ran = scene.run("rotate", "--apply", "--plan", "plan.json", *flags)
    assert ran.code == 2
    assert "the world moved since the plan was saved" in ran.err
    assert words in ran.err
    assert ran.writes == []
    assert scene.is_untouched()


def test_a_refused_plan_names_no_token_where_everybody_can_read_it(scene: Scene) -> None:
    public = scene.key.public.text
    journal = f'{{ kind: git-ref, recovery-public-key: "{public}", public-journal: true }}'
    scene.world.repository.private = False
    scene.configure(journal=journal)
    scene.run("rotate", "--output", "json=plan.json")
    _write_a_secret(scene)
    ran = scene.run("rotate", "--apply", "--plan", "plan.json")
    assert ran.code == 2
    for text in (ran.err, ran.summary):
        assert "the world moved since the plan was saved" in text
        assert "GITLAB_TOKEN" not in text


def _add_another(plan: dict[str, Any]) -> None:
    plan["rotations"].append({**plan["rotations"][0], "token": "other"})


def _take_the_mark_off(plan: dict[str, Any]) -> None:
    del plan["mac"]


def _mark_it_otherwise(plan: dict[str, Any]) -> None:
    plan["mac"] = "0" * len(plan["mac"])


@pytest.mark.parametrize("change", [_add_another, _take_the_mark_off, _mark_it_otherwise])
def test_a_saved_plan_is_refused_where_it_was_changed(
    scene: Scene, change: Callable[[dict[str, Any]], None]
) -> None:
    plan = scene.run("rotate", "--format", "json").report
    change(plan)
    scene.world.write("plan.json", json.dumps(plan))
    ran = scene.run("rotate", "--apply", "--plan", "plan.json")
    assert (ran.code, ran.writes) == (2, [])
    assert "the saved plan was changed, or was not saved under this recovery key" in ran.err


def test_a_plan_that_was_saved_without_the_key_is_refused(scene: Scene) -> None:
    scene.run("rotate", "--output", "json=plan.json", KEYTURN_RECOVERY_KEY=None)
    ran = scene.run("rotate", "--apply", "--plan", "plan.json")
    assert (ran.code, ran.writes) == (2, [])
    assert "made without the journal" in ran.err


@pytest.mark.parametrize("flags", [[], ["--apply"], ["--apply", "--dry-run"]])
def test_what_leaks_while_the_old_one_lives_on_is_for_revoke(
    scene: Scene, flags: list[str]
) -> None:
    scene.apply()
    ran = scene.run("rotate", "release", "--now", "--leaked", *flags)
    assert (ran.code, ran.writes) == (2, [])
    assert "`keyturn revoke` kills what leaked now" in " ".join(ran.err.split())
    assert len(scene.living) == 2


def test_one_that_leaked_and_was_cut_off_is_gone_on_with(scene: Scene) -> None:
    scene.box.github.server.faults.append(Fault("PUT .*/secrets/DEPLOY_TOKEN$", drop=True, times=1))
    words = ("rotate", "release", "--now", "--leaked", "--apply")
    assert scene.run(*words).code == 4
    assert scene.run(*words).code == 0
    assert scene.stored == {scene.living[-1].value}


def test_two_tokens_overlap_over_several_runs(scene: Scene) -> None:
    before = scene.box.clock.now
    told = scene.apply()
    assert told["state"] == "draining"
    assert told["message"] == "waits: the new value has not been seen in use"
    assert {target["state"] for target in told["targets"]} == {"stored"}
    old, new = scene.living
    assert new.name == f"ci-release kt-{told['operation']}"
    assert (told["old_token_id"], told["new_token_id"]) == (str(old.id), str(new.id))
    assert scene.stored == {new.value}
    assert scene.left_over == []

    queued = scene.world.repository.add_run(WORKFLOW, status="queued", at=before)
    scene.use()
    told = scene.apply()
    assert told["state"] == "draining"
    assert told["message"] == "waits: 1 unfinished run can still hold the old value"
    assert scene.living == [old, new]

    queued.status, queued.conclusion = "completed", "failure"
    ran = scene.run("rotate", "--apply")
    assert ran.code == 0
    assert "release (gitlab): overlap  done\n  the old token is retired" in ran.out
    assert scene.living == [new]
    assert scene.left_over == []
    assert scene.world.repository.issues == {}

    again = scene.run("rotate", "--apply", "--format", "json")
    assert (again.code, again.writes) == (0, [])
    assert [skipped["reason"] for skipped in again.report["skipped"]] == ["not-due"]


def test_a_run_that_takes_seconds_does_not_wait_for_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it stores is dated by GitHub's clock, which goes on while the run lasts."""
    begun, seconds = scene.box.clock.now, count()
    monkeypatch.setattr(Client, "clock", lambda _: begun + timedelta(seconds=next(seconds)))
    assert scene.apply()["message"] == "waits: the new value has not been seen in use"


def test_the_overlap_that_is_written_is_kept(scene: Scene) -> None:
    scene.configure("{ enabled: true, overlap: 24h }")
    scene.apply()
    scene.use()
    assert scene.apply()["message"].startswith("waits: the old value stays valid until 2026-11-24")
    assert len(scene.living) == 2
    scene.box.clock.advance(timedelta(hours=24))
    assert scene.apply()["state"] == "done"
    assert len(scene.living) == 1


def test_a_swap_in_place_is_over_in_one_run(scene: Scene) -> None:
    scene.configure("{ enabled: true, strategy: in-place }")
    told = scene.apply()
    assert (told["state"], told["message"]) == ("done", "every secret holds the new value")
    (new,) = scene.living
    assert scene.stored == {new.value} != {scene.token.value}
    assert scene.box.gitlab.families_revoked == 0
    assert scene.left_over == []


def test_without_a_manager_a_swap_needs_consent_and_presents_the_value_once(scene: Scene) -> None:
    own = scene.token.value
    scene.configure("{ enabled: true }", asks=_BY_ITSELF)
    ran = scene.run("rotate", "--apply", GITLAB_TOKEN=own)
    assert ran.code == 4
    assert "a swap in place loses the value for good" in " ".join(ran.out.split())
    assert scene.is_untouched()
    scene.configure(
        "{ enabled: true, accept-loss: { because: a test bench } }",
        asks=_BY_ITSELF,
    )
    assert scene.apply(GITLAB_TOKEN=own)["state"] == "done"
    (new,) = scene.living
    assert scene.stored == {new.value}
    assert scene.box.gitlab.families_revoked == 0


def test_an_extension_moves_the_date_and_keeps_the_value(scene: Scene) -> None:
    tenant, now = scene.box.sailpoint, scene.box.clock.now
    robot = tenant.add_identity("robot")
    pat = tenant.create_pat(
        "ci-robot",
        owner=robot,
        created_at=now - timedelta(days=80),
        expires_at=now + timedelta(days=10),
    )
    manager = tenant.create_pat("keyturn", owner=robot, created_at=now - timedelta(days=80))
    scene.world.write(
        ".github/keyturn.yml",
        f"""\
version: 1
journal: {{ kind: git-ref, recovery-public-key: "{scene.key.public.text}" }}
tokens:
  - id: robot
    provider: sailpoint
    with: {{ url: "{tenant.url}", token: ci-robot, owner: me }}
    credential: {{ client-id: ISC_ID, client-secret: ISC_SECRET }}
    secrets: [GITLAB_TOKEN]
    rotate: {{ enabled: true, strategy: extend, lifetime: 90d }}
""",
    )
    told = scene.apply(ISC_ID=manager.id, ISC_SECRET=manager.secret)
    assert told["state"] == "done"
    assert told["old_token_id"] == told["new_token_id"] == pat.id
    assert told["message"] == "now expires 2027-02-16 06:17 UTC"
    assert pat.expires_at == now + timedelta(days=85)
    assert scene.is_untouched()


@pytest.mark.parametrize("argv", [["--dry-run"], ["--at", "2026-11-23T06:17:00Z", "--dry-run"]])
def test_a_dry_run_only_looks(scene: Scene, argv: list[str]) -> None:
    ran = scene.run("rotate", "--apply", *argv)
    assert ran.code == 0
    assert "1 rotation planned; nothing is changed yet" in ran.out
    assert ran.writes == []
    assert scene.is_untouched()


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        ([], {"GITHUB_EVENT_NAME": "pull_request"}, "pull_request started"),
        (["--apply"], {"GITHUB_EVENT_NAME": "pull_request_target"}, "pull_request_target started"),
        (["--apply"], {"GITHUB_EVENT_NAME": "issue_comment"}, "issue_comment started"),
        (["--apply"], {"GITHUB_EVENT_NAME": "workflow_run"}, "workflow_run started"),
        (["--apply"], {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/pull/7/merge"}, "started"),
        (["--apply"], {"GITHUB_EVENT_NAME": "issues"}, "issues started"),
        (["--apply"], {"GITHUB_EVENT_NAME": None}, "an unknown event started"),
        (["--apply"], {"GITHUB_REF": "refs/heads/topic"}, "another branch than the default one"),
        (["--apply"], {"GITHUB_REF": "refs/tags/main"}, "another branch than the default one"),
        (["--apply"], {"KEYTURN_RECOVERY_KEY": None}, "KEYTURN_RECOVERY_KEY is not set"),
        (["--apply"], {"KEYTURN_RECOVERY_KEY": "***"}, "KEYTURN_RECOVERY_KEY is not set"),
        (["--apply"], {"KEYTURN_RECOVERY_KEY": "swordfish"}, "cannot be used"),
        (["--apply"], {"KEYTURN_RECOVERY_KEY": "OTHER"}, "is not the other half"),
        ([], {"KEYTURN_RECOVERY_KEY": "OTHER"}, "is not the other half"),
        (["--apply"], {"KEYTURN_RECOVERY_KEY": "PUBLIC"}, "that is the public half"),
        (["--apply"], {"GITHUB_TOKEN": None}, "there is no credential for GitHub"),
        (["--apply", "--plan", "plan.json"], {}, "No such file"),
        (["--apply", "--dry-run", "--plan", "plan.json"], {}, "No such file"),
        (["release", "--apply", "--plan", "plan.json"], {}, "leave their names out"),
        (["--plan", "plan.json"], {}, "add --apply"),
        (["--format", "json", "--output", "sarif=x"], {}, "text or json only"),
        (["elsewhere", "--apply"], {}, "no token is declared as elsewhere"),
        (
            ["--apply", "--at", "2027-01-01"],
            {"GITHUB_API_URL": "https://api.github.com"},
            "leave --at out",
        ),
    ],
)
def test_what_must_not_be_done_changes_nothing(
    scene: Scene, argv: list[str], environ: dict[str, str | None], words: str
) -> None:
    known = {"OTHER": RecoveryKey.make().text.reveal(), "PUBLIC": scene.key.public.text}
    given = {name: known.get(value or "", value) for name, value in environ.items()}
    ran = scene.run("rotate", *argv, **given)
    assert ran.code == 2
    assert words in ran.err
    assert ran.writes == []
    assert scene.is_untouched()


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        ("null", "the configuration names none"),
        ("{ kind: git-ref }", "the configuration names no recovery key"),
        ("{ kind: git-ref, recovery-public-key: nonsense }", "`journal.recovery-public-key`"),
    ],
)
def test_without_a_journal_nothing_is_rotated(scene: Scene, journal: str, words: str) -> None:
    text = scene.world.workspace / ".github/keyturn.yml"
    scene.configure(journal=journal)
    if journal == "null":
        text.write_text(text.read_text("utf-8").replace("journal: null\n", ""), encoding="utf-8")
    ran = scene.run("rotate", "--apply")
    assert ran.code == 2
    assert words in ran.err
    assert scene.is_untouched()


def test_in_a_public_repository_a_journal_needs_consent(scene: Scene) -> None:
    scene.world.repository.private = False
    ran = scene.run("rotate", "--apply")
    assert ran.code == 2
    assert "everybody can read octo/storefront" in ran.err
    assert scene.is_untouched()
    consent = '{ kind: git-ref, recovery-public-key: "PUBLIC", public-journal: true }'
    scene.configure(journal=consent)
    assert scene.apply()["state"] == "draining"


def test_the_journal_may_be_kept_in_another_repository(scene: Scene) -> None:
    scene.world.repository.private = False
    vault = scene.box.github.add_repository("octo/vault", files={"README.md": "Keyturn's.\n"})
    where = '{ kind: git-ref, repository: octo/vault, recovery-public-key: "PUBLIC" }'
    scene.configure(journal=where)
    assert scene.apply()["state"] == "draining"
    assert "refs/heads/keyturn/journal" in vault.git.refs
    assert set(vault.variables.entries) == {"KEYTURN_JOURNAL_HEAD"}
    assert "refs/heads/keyturn/journal" not in scene.world.repository.git.refs
    assert scene.left_over == []


@needs_modes
def test_the_journal_may_be_a_folder(scene: Scene) -> None:
    scene.configure(journal='{ kind: local, path: state, recovery-public-key: "PUBLIC" }')
    assert scene.apply()["state"] == "draining"
    scene.use()
    assert scene.apply()["state"] == "done"
    assert (scene.world.workspace / "state/journal.jsonl").stat().st_mode & 0o777 == 0o600
    assert "refs/heads/keyturn/journal" not in scene.world.repository.git.refs
    assert len(scene.living) == 1


def test_where_nothing_is_due_nothing_is_written(scene: Scene) -> None:
    scene.configure("{ enabled: true, before: 5d }")
    for argv in ([], ["--apply"]):
        ran = scene.run("rotate", *argv)
        assert (ran.code, ran.writes) == (0, [])
        assert "[not-due]" in ran.out
    assert scene.is_untouched()


def test_a_token_that_is_named_is_rotated_before_it_is_due(scene: Scene) -> None:
    scene.configure("{ enabled: true, before: 5d }")
    assert scene.apply("release")["state"] == "draining"


def test_what_is_not_enabled_is_left_alone(scene: Scene) -> None:
    scene.configure("{ enabled: false }")
    ran = scene.run("rotate", "--apply")
    assert (ran.code, ran.writes) == (0, [])
    assert "1 not enabled or not named" in ran.out
    named = scene.run("rotate", "release", "--apply")
    assert named.code == 4
    assert "[blocked]" in named.out
    assert scene.is_untouched()


def test_outside_of_a_window_nothing_starts_but_for_somebody_who_says_now(scene: Scene) -> None:
    bounds = "{ windows: [{ cron: '0 1 * * 2', duration: 2h, timezone: Europe/Berlin }] }"
    scene.configure(bounds=bounds)
    ran = scene.run("rotate", "--apply")
    assert (ran.code, ran.writes) == (0, [])
    assert "until 2026-11-24 00:00 UTC" in ran.out
    assert "[outside-window]" in ran.out
    assert scene.apply("--now")["state"] == "draining"


@pytest.mark.parametrize("argv", [[], ["--apply"]])
def test_what_is_due_and_must_not_be_done_needs_a_person(scene: Scene, argv: list[str]) -> None:
    del scene.world.repository.vaults["actions"].entries["GITLAB_TOKEN"]
    ran = scene.run("rotate", *argv)
    assert ran.code == 4
    assert "octo/storefront:GITLAB_TOKEN is not there" in " ".join(ran.out.split())
    assert "[blocked]" in ran.out
    assert len(scene.world.repository.issues) == len(argv)
    assert [t.id for t in scene.living] == [scene.token.id]


def test_what_the_provider_refuses_is_blocked_before_anything_was_changed(scene: Scene) -> None:
    scene.box.gitlab.longest_lifetime = timedelta(days=7)
    ran = scene.run("rotate", "--apply", "--format", "json")
    (told,) = ran.report["operations"]
    assert (ran.code, told["state"]) == (4, "blocked")
    assert "does not allow this date of expiry" in told["message"]
    assert scene.stored == {scene.token.value}
    assert scene.left_over == []
    assert [t.id for t in scene.living] == [scene.token.id]


def test_a_run_that_is_cut_off_says_so_and_the_next_one_goes_on(scene: Scene) -> None:
    faults = scene.box.github.server.faults
    faults.append(Fault("PUT .*/secrets/DEPLOY_TOKEN$", drop=True, times=1))
    ran = scene.run("rotate", "--apply", "--format", "json")
    (told,) = ran.report["operations"]
    assert ran.code == 4
    assert told["state"] == "distributing"
    assert told["message"].startswith("the next run goes on: ")
    assert scene.stored == {t.value for t in scene.living}
    assert scene.left_over == [f"KEYTURN_SEALED_{told['operation'].upper()}"]
    told = scene.apply()
    assert told["state"] == "draining"
    assert scene.stored == {scene.living[-1].value}
    assert len(scene.living) == 2
    assert scene.left_over == []


def test_a_journal_that_was_deleted_stops_everything(scene: Scene) -> None:
    scene.apply()
    del scene.world.repository.git.refs["refs/heads/keyturn/journal"]
    ran = scene.run("rotate", "--apply")
    assert ran.code == 3
    assert "the journal is gone" in ran.err
    assert ran.writes == []
    assert len(scene.living) == 2


EXAMPLE = "workflows-examples/rotate-approved.yml"


def _steps(root: Path, job: str) -> list[dict[str, Any]]:
    found = yaml.safe_load((root / EXAMPLE).read_text("utf-8"))["jobs"][job]["steps"]
    assert isinstance(found, list)
    return found


def _areas(root: Path, job: str) -> set[str]:
    """Return what the App's token of a job of the example may do."""
    (app,) = [step for step in _steps(root, job) if step.get("id") == "app"]
    given = {key.lower(): level for key, level in {**app["with"], **app["env"]}.items()}
    named = {
        key.rpartition("permission-")[2].replace("-", "_"): level
        for key, level in given.items()
        if "permission-" in key
    }
    return {f"{name.removeprefix('actions_')}:{level}" for name, level in named.items()}


def _line(step: dict[str, Any]) -> list[str]:
    return [step["with"]["command"], *step["with"]["args"].split()]


def test_the_example_begins_what_was_approved_and_goes_on_with_it(scene: Scene, root: Path) -> None:
    """Its steps as they are, each with the rights that its own job asks for."""
    lines = {
        job: [_line(step) for step in _steps(root, job) if "command" in step.get("with", {})]
        for job in ("plan", "apply")
    }
    assert len(lines["plan"]) == 2
    assert len(lines["apply"]) == 1
    for job in lines:
        scene.box.github.add_token("ghs_" + job * 9, permissions=_areas(root, job))

    def run(job: str) -> list[str]:
        ran = [scene.run(*line, GITHUB_TOKEN="ghs_" + job * 9) for line in lines[job]]
        assert [each.code for each in ran] == [0] * len(ran)
        return [each.out for each in ran]

    assert "no rotation is under way" in run("plan")[0]
    assert len(scene.living) == 1
    assert "draining" in run("apply")[0]
    scene.use()
    going_on, plan = run("plan")
    assert "the old token is retired" in going_on
    assert "0 rotations planned" in plan
    assert len(scene.living) == 1
    scene.box.clock.advance(timedelta(days=70))
    assert "1 rotation planned" in run("plan")[1]
    assert "draining" in run("apply")[0]
    assert scene.stored == {scene.living[-1].value}


def test_the_example_is_never_cut_off_by_the_next_run(root: Path) -> None:
    workflow = yaml.safe_load((root / EXAMPLE).read_text("utf-8"))
    limits = [job["concurrency"] for job in workflow["jobs"].values()]
    assert all(limit["cancel-in-progress"] is False for limit in limits)
    assert len({limit["group"] for limit in limits}) == len(limits)


def _guide(root: Path) -> str:
    return (root / "docs/how-to/rotate-a-token.md").read_text("utf-8")


def test_the_guides_configuration_is_good(root: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", _guide(root), re.DOTALL)
    shown = config.load(block.encode(), "keyturn.yml", repository="octo/app")
    assert shown.journal is not None
    assert [token.rotate.enabled for token in shown.tokens] == [True]


def test_the_guide_tells_every_state_and_every_reason(root: Path) -> None:
    told = set(re.findall(r"`([a-z-]+)`", _guide(root)))
    assert {phase.value for phase in Phase} - told == {"planned"}
    assert {skip.value for skip in Skip} - told == {"not-enabled", "not-named"}
    report = (root / "docs/reference/report.md").read_text("utf-8")
    assert {skip.value for skip in Skip} <= set(re.findall(r"`([a-z-]+)`", report))


def test_the_guide_asks_for_the_rights_that_the_example_has(root: Path) -> None:
    table = _guide(root).partition("| permission |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \| (read|write) \|", table, flags=re.MULTILINE)
    told = {f"{name.lower()}:{level}" for name, level in rows} - {"metadata:read"}
    assert told == _areas(root, "apply") == _areas(root, "plan")
