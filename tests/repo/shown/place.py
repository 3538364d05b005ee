"""A desk at which what the documentation shows is done: a checkout, its GitHub, a terminal.

It judges nothing: it does what it is told and hands back what came of it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn import secret_value
from keyturn.cli import main
from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox, example
from tests.repo.shown.names import REPOSITORY, WORKFLOW, Names, fill, workflow
from tests.repo.shown.shell import Done, Shell

CONFIG = ".github/keyturn.yml"
_DESK = """\
version: 1
tokens:
  - id: release-gitlab
    provider: gitlab
    with: { kind: project, project: shop/storefront, token: ci-release }
    credential: GITLAB_MANAGER
    secrets: [GITLAB_TOKEN]
    rotate: { enabled: true }
  - id: azure-admin
    provider: azure-devops
    with: { organization: acme, user: admin@acme.example, token: keyturn }
    credential: AZURE_DEVOPS_ADMIN
    secrets: [AZURE_DEVOPS_ADMIN]
  - id: manager
    provider: azure-devops
    with: { organization: acme, user: ci@acme.example, token: ci-packages }
    credential: AZURE_DEVOPS_ADMIN
    secrets: [AZURE_DEVOPS_PAT]
"""
"""What is declared where a page declares nothing: the tokens that such pages name."""


@dataclass(slots=True)
class Place:
    """One reader's desk, and what it leads to."""

    box: Sandbox
    names: Names
    folder: Path
    capsys: pytest.CaptureFixture[str]
    environ: dict[str, str]
    key: RecoveryKey

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def write(self, path: str, text: str) -> None:
        target = self.checkout / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments],
            cwd=self.checkout,
            env=os.environ | self.environ,
            check=True,
            capture_output=True,
        )

    def configure(self, shown: str) -> None:
        """Write down what a page shows, but for where the vendors are and whose key it is."""
        document: dict[str, Any] = {"version": 1, **yaml.safe_load(shown)}
        for token in document["tokens"]:
            if token["provider"] in self.names.addresses:
                address = self.names.addresses[token["provider"]]
                token["with"] = {**token.get("with", {}), "url": address}
        document.setdefault("journal", {"kind": "git-ref"})
        document["journal"]["recovery-public-key"] = self.key.public.text
        text = yaml.safe_dump(document, sort_keys=False)
        self.write(CONFIG, text)
        self.environ |= self.names.given
        if "session-token" not in text:
            self.environ |= self.names.without_session

    def run(self, *argv: str) -> Done:
        """Run `keyturn` in this process, at the sandbox's time."""
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(self.checkout)
            # A command knows no values that another one has seen.
            patched.setattr(secret_value, "_registry", type(secret_value._registry)())
            try:
                code = main(list(argv), self.environ, now=self.box.clock.now)
            except SystemExit as ended:  # of --help
                code = int(ended.code or 0)
        printed = self.capsys.readouterr()
        return Done(" ".join(["keyturn", *argv]), code, printed.out, printed.err)

    def wait(self) -> None:
        """Let two days pass, with a run that uses the secrets."""
        self.box.clock.advance(timedelta(hours=1))
        repository = self.box.github.repository(REPOSITORY)
        repository.add_run(WORKFLOW, event="push", jobs=[("deploy", "success")])
        self.box.clock.advance(timedelta(hours=47))

    def bash(self, commands: Sequence[str]) -> list[Done]:
        """Run commands in one bash, one after the other; what they export, they do not have yet."""
        exported = set(re.findall(r"\b([A-Z_]+)=", "\n".join(commands)))
        environ = {name: value for name, value in self.environ.items() if name not in exported}
        shell = Shell(self.folder, self.checkout, environ, now=self.box.clock.now)
        for name, value in self.names.given.items():
            shell.tell(name, value)
        return shell.run([self._at_home(command) for command in commands])

    def _at_home(self, command: str) -> str:
        """Put the sandbox's addresses in the place of the vendors'."""
        for shown, served in (
            ("https://api.synopticdata.com", self.box.synoptic.url),
            ("https://github.example.com/api/v3", self.box.github.url),
        ):
            command = command.replace(shown, served)
        return command


@contextmanager
def make_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """Open a desk: everything that a page may promise is there."""
    with Sandbox(example.NOW) as box:
        names, key = fill(box), RecoveryKey.make()
        environ = {
            **names.stored,
            **names.given,
            "KEYTURN_RECOVERY_KEY": key.text.reveal(),
            "GITHUB_API_URL": box.github.url,
            "PATH": os.environ["PATH"],
            # The commit before, as a pipeline tells it.
            "BASE": "HEAD~1",
            # An editor in which somebody writes a message.
            "GIT_EDITOR": "echo done >",
            "HOME": str(folder),
            "GIT_AUTHOR_NAME": "x",
            "GIT_AUTHOR_EMAIL": "x@example.com",
            "GIT_COMMITTER_NAME": "x",
            "GIT_COMMITTER_EMAIL": "x@example.com",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        place = Place(box, names, folder, capsys, environ, key)
        place.write(WORKFLOW, workflow(names.stored))
        place.write("deploy.sh", "#!/bin/sh\necho deployed\n")
        place.configure(_DESK)
        place.git("init", "-q", "-b", "main")
        place.git("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
        place.git("add", "-A")
        place.git("commit", "-q", "-m", "what is there")
        yield place
