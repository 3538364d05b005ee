"""A checkout with the examples, and act, which runs them with the sandbox behind real TLS.

The default addresses, https://api.github.com and https://gitlab.com, lead to the sandbox: an
example runs as it is in the repository, but for `for_act`. It asserts nothing of keyturn.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.gitlab_world import Token
from tests.e2e.stand_ins import CLIENT_ID, StandIns

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "workflows-examples"
ACTIONS = Path(__file__).parent / "actions"
RUNNER = "localhost/keyturn-e2e-runner:latest"
REPOSITORY = "octo/storefront"
PROJECT = 42
ADDRESS = "127.0.0.78"
"""Loopback, and another one than the tools' own, so that two can run at once."""

RELEASE = """\
name: release
on: push
jobs:
  publish:
    runs-on: ubuntu-24.04
    steps:
      - run: ./publish.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
"""
CONFIG = """\
version: 1
tokens:
  - id: release-gitlab
    provider: gitlab
    with: { kind: project, project: shop/storefront, token: ci-release }
    credential: GITLAB_MANAGER
    secrets: [GITLAB_TOKEN]
    owners: ["@octo/platform"]
"""
ROTATING = """\
    rotate: {{ enabled: true, lifetime: 90d, overlap: 1h }}
journal: {{ kind: git-ref, recovery-public-key: "{key}" }}
"""
_RUNNER_FILE = """\
FROM localhost/runner:latest
RUN apt-get update -q && apt-get install -y -q --no-install-recommends gh
"""
"""GitHub's own runners have `gh`; the tools' one has not."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What one run of a workflow left behind."""

    code: int
    log: str
    values: tuple[str, ...]
    """What must not be in the log."""

    @property
    def leaked(self) -> list[str]:
        return [value for value in self.values if value in self.log]


@dataclass(slots=True)
class Stage:
    """A repository with one dying token, checked out, and who answers for GitHub and GitLab."""

    tools: Path
    folder: Path
    box: Sandbox
    stand_ins: StandIns
    token: Token
    manager: Token
    revoker: Token
    key: RecoveryKey
    action: Path
    """keyturn as it is on disk now, which `uses: keyturn/keyturn@…` means."""

    @property
    def repository(self) -> Repository:
        return self.box.github.repository(REPOSITORY)

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def living(self) -> list[Token]:
        """The project's tokens that work."""
        now = self.box.clock.now
        return [t for t in self.box.gitlab.tokens if t.kind == "project" and t.is_active(now)]

    def write(self, path: str, text: str) -> None:
        """Write a file of the checkout, and of the repository at GitHub."""
        target = self.checkout / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        self.repository.write_file(path, text)

    def add(self, example: str) -> str:
        """Put an example where a workflow belongs; return its path there."""
        path = f".github/workflows/{example}"
        self.write(path, for_act((EXAMPLES / example).read_text(encoding="utf-8")))
        return path

    def act(
        self,
        example: str,
        event: str,
        *arguments: str,
        payload: Mapping[str, Any] | None = None,
        without: tuple[str, ...] = (),
    ) -> Acted:
        """Run an example; `without` are secrets that the run does not get."""
        path = self.add(example)
        own = "ghs_" + secrets.token_hex(18)
        self.box.github.add_token(own, kind="workflow", repositories=[REPOSITORY])
        given = {
            "GITHUB_TOKEN": own,
            "KEYTURN_APP_PRIVATE_KEY": self.stand_ins.private_key,
            "KEYTURN_ROTATE_APP_PRIVATE_KEY": self.stand_ins.private_key,
            "GITLAB_MANAGER": self.manager.value,
            "GITLAB_REVOKER": self.revoker.value,
            "KEYTURN_RECOVERY_KEY": self.key.text.reveal(),
        }
        given = {name: value for name, value in given.items() if name not in without}
        vault = self.folder / "secrets"
        vault.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        event_file = self.folder / "event.json"
        event_file.write_text(json.dumps(payload or {}), encoding="utf-8")
        command = [str(self.tools / "act_run.sh"), str(self.checkout), event, "-W", path]
        command += ["--secret-file", str(vault), "-P", f"ubuntu-24.04={RUNNER}"]
        command += ["-e", str(event_file)] if payload else []
        command += ["--rebuild=false"]  # else act builds the image again for each step
        for name in ("KEYTURN_APP_CLIENT_ID", "KEYTURN_ROTATE_APP_CLIENT_ID"):
            command += ["--var", f"{name}={CLIENT_ID}"]
        command += ["--env", f"STAND_INS={self.stand_ins.url}"]
        for uses, place in self._sources(example):
            command += ["--local-repository", f"{uses}={place}"]
        environ = {"KT_TLS_DIR": str(self.folder / "tls"), "KT_REPOSITORY": REPOSITORY}
        done = subprocess.run(
            [*command, *arguments],
            env=os.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return Acted(done.returncode, done.stdout, self._secret_values(given))

    def _sources(self, example: str) -> Iterator[tuple[str, Path]]:
        """Yield `owner/name@commit` of every action, and the folder that is to be it."""
        text = (EXAMPLES / example).read_text(encoding="utf-8")
        for name, commit in sorted(set(re.findall(r"uses: ([\w-]+/[\w-]+)[^@\s]*@(\w{40})", text))):
            ours = name == "keyturn/keyturn"
            yield f"{name}@{commit}", self.action if ours else ACTIONS / name.partition("/")[2]

    def _secret_values(self, given: Mapping[str, str]) -> tuple[str, ...]:
        issued = [token.value for token in self.box.gitlab.tokens]
        return (*given.values(), *issued, *self.stand_ins.values)


def for_act(text: str) -> str:
    """Return an example, with the token as a variable of the steps that act would not give it.

    The only change to it: act 0.2.89 leaves `runs.env` of action.yml out where a step has `args`
    (seen here); GitHub's runner does not (ContainerActionHandler.cs, 2026-11).
    """
    workflow = yaml.safe_load(text.replace("\non:", '\n"on":', 1))  # YAML 1.1 takes it for true
    found = [step for job in workflow["jobs"].values() for step in job["steps"]]
    changed = False
    for step in found:
        given = step.get("with", {})
        if step.get("uses", "").startswith("keyturn/keyturn@") and "args" in given:
            token = given.get("token", "${{ github.token }}")
            step["env"] = {"GITHUB_TOKEN": token, **step.get("env", {})}
            changed = True
    return yaml.safe_dump(workflow, sort_keys=False) if changed else text


def copy_of_keyturn(folder: Path) -> Path:
    """Return a folder with the action and what its image is built from: act packs all of it."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    built_from = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    names = ["action.yml", "Dockerfile", ".dockerignore", *built_from]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # There is no registry here to look a digest up in; the stand-in has the tag alone.
    dockerfile = folder / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    dockerfile.write_text(re.sub(r"@sha256:[0-9a-f]{64}", "", text), encoding="utf-8")
    return folder


def prepare(tools: Path, folder: Path, image: str) -> None:
    """Build the runner's image, and call keyturn's what act calls it: it is built once."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(_RUNNER_FILE, encoding="utf-8")
    (uses,) = {
        each
        for path in EXAMPLES.glob("*.yml")
        for each in re.findall(r"keyturn/keyturn@\w{40}", path.read_text(encoding="utf-8"))
    }
    known_as = f"docker.io/library/act-{re.sub('[/@]', '-', uses)}-dockeraction:latest"
    shell(
        tools,
        f'"{tools}/container_base.sh" --python 3.13 --runner && kt_podman'
        f' && kt_build -q -t "{RUNNER}" "{folder}" && podman tag "{image}" "{known_as}"',
        timeout=600,
    )


def shell(tools: Path, script: str, *, timeout: float) -> str:
    """Run a line with the functions of the tools; return what it printed."""
    done = subprocess.run(
        ["bash", "-c", f'. "{tools}/_common.sh"; {script}'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def real_names(tools: Path, folder: Path, box: Sandbox) -> Iterator[None]:
    """Answer https://api.github.com and https://gitlab.com from the sandbox, over TLS."""
    python = shell(tools, "kt_tool python trustme", timeout=300).splitlines()[-1]
    command = [python, str(tools / "tls_front.py"), "--dir", str(folder), "--ip", ADDRESS]
    command += ["--map", f"api.github.com={box.github.url}"]
    command += ["--map", f"gitlab.com={box.gitlab.url}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front:
        try:
            assert front.stdout is not None
            assert front.stdout.readline() == "ready\n"
            yield
        finally:
            front.terminate()


@contextmanager
def open_stage(tools: Path, folder: Path, action: Path) -> Iterator[Stage]:
    """Set everything up; the token ends in two days."""
    # keyturn's clock in a container is the machine's, and so is the sandbox's.
    now = datetime.now(UTC)
    with Sandbox(now) as box:
        gitlab = box.gitlab
        gitlab.add_project(PROJECT, "shop/storefront")
        made = now - timedelta(days=88)
        token = gitlab.create_token(
            "project",
            "ci-release",
            project=PROJECT,
            created_at=made,
            expires_on=(now + timedelta(days=2)).date(),
            last_used_at=now - timedelta(days=1),
        )
        manager = gitlab.create_token(name="keyturn", expires_on=(now + timedelta(days=300)).date())
        revoker = gitlab.create_token(name="revoker", expires_on=manager.expires_at)
        box.github.add_organization("octo")
        repository = box.github.add_repository(REPOSITORY)
        repository.put_secret("GITLAB_TOKEN", token.value, at=made + timedelta(minutes=9))
        with StandIns(box.github) as stand_ins, real_names(tools, folder / "tls", box):
            key = RecoveryKey.make()
            stage = Stage(tools, folder, box, stand_ins, token, manager, revoker, key, action)
            stage.write(".github/workflows/release.yml", RELEASE)
            stage.write(".github/keyturn.yml", CONFIG)
            # Where nothing starts keyturn by the clock, that has an issue too.
            stage.add("check-scheduled.yml")
            yield stage
