"""Real repositories for the tests of what the scanner reads from git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from keyturn.scan.anchors import Anchor
from keyturn.scan.gitio import Git

MARK = b"anchor"
"""What stands for a token: `prefilter` points at it."""


def prefilter(data: bytes) -> Sequence[Anchor]:
    found, at = [], data.find(MARK)
    while at >= 0:
        found.append(Anchor(at, 0))
        at = data.find(MARK, at + 1)
    return found


def everything(data: bytes) -> Sequence[Anchor]:
    """Point everywhere, so that nothing is left out."""
    return [Anchor(at, 0) for at in range(len(data))]


class Repository:
    """A repository that no setting of this machine reaches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "GIT_CONFIG_GLOBAL": str(folder.parent / "settings"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
            "GIT_ALLOW_PROTOCOL": "file",
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    @property
    def reader(self) -> Git:
        return Git(self.environment)

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, name: str, content: bytes = MARK + b"\n") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def stage(self, name: str, content: bytes = MARK + b"\n") -> None:
        self.write(name, content)
        self.git("--literal-pathspecs", "add", "--", name)

    def commit(self, name: str, content: bytes = MARK + b"\n") -> str:
        self.stage(name, content)
        self.git("commit", "-q", "-m", "one")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.folder)
    return repository


def conflict(repository: Repository) -> None:
    """Leave `file` unmerged, with three sides."""
    repository.commit("file", b"base\n")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("file", b"theirs\n")
    repository.git("checkout", "-q", "main")
    repository.commit("file", b"ours\n")
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "-q", "side")
