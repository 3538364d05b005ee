"""The guides of the providers: what they say to write is good, and what they show is printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox, example
from keyturn.sandbox.example import Example
from tests.world import Ran, World

REPOSITORY = "octo/app"
WORKFLOW = ".github/workflows/use.yml"
_MADE, _ENDS = timedelta(days=80), timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a guide presupposes: a token, where it is stored, and who manages it."""

    url: str
    stored: dict[str, str]
    given: Callable[[], dict[str, str]]
    """What the step is given besides what is stored; an Entra token is another one each time."""


def _gitlab(box: Sandbox) -> Filled:
    gitlab, now = box.gitlab, box.clock.now
    gitlab.add_project(42, "acme/tools")
    manager = gitlab.create_token(name="keyturn")
    token = gitlab.create_token(
        "project",
        "ci-release",
        project=42,
        created_at=now - _MADE,
        expires_on=date(2026, 12, 3),
    )
    stored = {"GITLAB_TOKEN": token.value}
    return Filled(gitlab.url, stored, lambda: {"GITLAB_MANAGER": manager.value})


def _sailpoint(box: Sandbox) -> Filled:
    tenant, now = box.sailpoint, box.clock.now
    owner = tenant.add_identity("ci-robot", admin=True)
    manager = tenant.create_pat("keyturn", owner=owner)
    pat = tenant.create_pat(
        "ci-deploy", owner=owner, created_at=now - _MADE, expires_at=now + _ENDS
    )
    pair = {"ISC_MANAGER_ID": manager.id, "ISC_MANAGER_SECRET": manager.secret}
    stored = {"ISC_CLIENT_ID": pat.id, "ISC_CLIENT_SECRET": pat.secret}
    return Filled(tenant.server.url, stored, lambda: pair)


def _synoptic(box: Sandbox) -> Filled:
    account = box.synoptic.add_account()
    token = box.synoptic.create_token(
        account, expires_at=box.clock.now + _ENDS, settings=("weather",)
    )
    stored = {"WEATHER_TOKEN": token.value}
    return Filled(box.synoptic.url, stored, lambda: {"SYNOPTIC_KEY": account.key})


def _azure_devops(box: Sandbox) -> Filled:
    azure, now = box.azure_devops, box.clock.now
    person = azure.add_user("ci@acme.example")
    pat = azure.create_pat(
        "ci-packages", owner=person, valid_from=now - _MADE, valid_to=now + _ENDS
    )
    return Filled(
        azure.server.url,
        {"AZURE_DEVOPS_PAT": pat.value},
        lambda: {"AZURE_DEVOPS_ENTRA": azure.sign_in(person).value},
    )


def _aws_iam(box: Sandbox) -> Filled:
    account, now = box.aws_iam, box.clock.now
    manager = account.create_key(account.add_user("keyturn"))
    key = account.create_key(account.add_user("ci-deploy"), created_at=now - _MADE)
    pair = {"AWS_ACCESS_KEY_ID": manager.id, "AWS_SECRET_ACCESS_KEY": manager.secret}
    stored = {"DEPLOY_KEY_ID": key.id, "DEPLOY_KEY_SECRET": key.secret}
    return Filled(account.url, stored, lambda: pair)


GUIDES = {
    "gitlab": _gitlab,
    "sailpoint": _sailpoint,
    "synoptic": _synoptic,
    "azure-devops": _azure_devops,
    "aws-iam": _aws_iam,
}


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def _workflow(names: list[str]) -> str:
    lines = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names)
    return (
        "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n"
        f"      - run: ./deploy.sh\n        env:\n{lines}"
    )


@dataclass(slots=True)
class Reader:
    """Somebody who does what a guide says."""

    world: World
    filled: Filled
    box: Sandbox

    @property
    def environ(self) -> dict[str, str]:
        """What the step is given at this moment."""
        vault = self.box.github.repository(REPOSITORY)
        return {
            **{name: vault.secret_value(name) for name in self.filled.stored},
            **self.filled.given(),
        }

    def configure(self, block: str) -> None:
        """Write down what the guide says, but for where the vendor is."""
        document: dict[str, Any] = yaml.safe_load(block)
        for token in document["tokens"]:
            token["with"] = {**token.get("with", {}), "url": self.filled.url}
        key = RecoveryKey.make()
        self.world.environ["KEYTURN_RECOVERY_KEY"] = key.text.reveal()
        journal = {"kind": "git-ref", "recovery-public-key": key.public.text}
        text = yaml.safe_dump({"version": 1, "journal": journal, **document}, sort_keys=False)
        self.world.write(".github/keyturn.yml", text)

    def run(self, line: str) -> Ran:
        return self.world.run(*line.split()[1:], **self.environ)

    def wait(self) -> None:
        """Let two days pass, with a run that uses the secrets."""
        self.box.clock.advance(timedelta(hours=1))
        repository = self.box.github.repository(REPOSITORY)
        repository.add_run(WORKFLOW, event="push", jobs=[("deploy", "success")])
        self.box.clock.advance(timedelta(hours=47))


@pytest.fixture
def reader(provider: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Reader]:
    with Sandbox(example.NOW) as box:
        filled = GUIDES[provider](box)
        workflow = _workflow(list(filled.stored))
        repository = box.github.add_repository(REPOSITORY, files={WORKFLOW: workflow})
        for name, value in filled.stored.items():
            repository.put_secret(name, value, at=example.NOW - _MADE + timedelta(hours=1))
        app = "ghs_" + "a" * 36
        box.github.add_token(app, login="keyturn[bot]")
        environ = {
            "GITHUB_TOKEN": app,
            "GITHUB_API_URL": box.github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_WORKSPACE": str(tmp_path / "workspace"),
        }
        world = World(Example(box, {}, environ), tmp_path, capsys, environ)
        world.write(WORKFLOW, workflow)
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(world.workspace)
            yield Reader(world, filled, box)


def _comparable(text: str) -> str:
    """Leave out what is another one each time: where lines are wrapped, and the token's id."""
    return re.sub(r"\bid \S+", "id …", " ".join(text.split()))


@pytest.mark.parametrize("provider", GUIDES)
def test_what_the_guide_shows_is_what_is_printed(root: Path, reader: Reader, provider: str) -> None:
    guide = (root / f"docs/how-to/rotate-{provider}.md").read_text("utf-8")
    reader.configure(_blocks(guide, "yaml")[0])
    shown = [block for block in _blocks(guide, "text") if block.startswith("$ keyturn ")]
    assert len(shown) >= 3
    done: set[str] = set()
    for block in shown:
        line, _, expected = block.removeprefix("$ ").partition("\n")
        if line in done:
            reader.wait()
        done.add(line)
        ran = reader.run(line)
        assert ran.code == 0, ran.err
        assert _comparable(ran.out) == _comparable(expected)
    assert "overlap  done" in shown[-1]


@pytest.mark.parametrize("provider", GUIDES)
def test_the_guide_is_linked_and_leads_to_the_others(root: Path, provider: str) -> None:
    links = f"rotate-{provider}.md"
    assert links in (root / "docs/how-to/rotate-a-token.md").read_text("utf-8")
    guide = (root / f"docs/how-to/{links}").read_text("utf-8")
    for page in (f"({provider}.md", "(rotate-a-token.md"):
        assert page in guide


@pytest.mark.parametrize("provider", ["synoptic"])
def test_the_journal_remembers_the_date_that_no_provider_tells(
    root: Path, reader: Reader, provider: str
) -> None:
    guide = (root / f"docs/how-to/rotate-{provider}.md").read_text("utf-8")
    reader.configure(_blocks(guide, "yaml")[0])
    for _ in range(3):
        reader.run("keyturn rotate --apply")
        reader.wait()
    reader.box.clock.advance(timedelta(days=14))
    (told,) = reader.run("keyturn check --format json").report["tokens"]
    assert (told["state"], told["expires_at"][:10]) == ("active", "2027-02-18")
    del reader.world.environ["KEYTURN_RECOVERY_KEY"]
    ran = reader.run("keyturn check --format json")
    assert "expired" in ran.rules("weather")
    assert "journal-not-read" in ran.out
