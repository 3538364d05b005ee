"""The hooks as users install them: pre-commit and prek build them from this repository.

No network: the build back end and the dependencies are those of the development environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from random import Random

import pytest
import yaml

from tests.scan.corpus.sample import ALNUM, draw

BIN = Path(sys.executable).parent
TOKEN = "gl" + "pat-" + draw(Random(3), ALNUM, 20)
SOURCE = (
    "docs/reference/findings.md",
    "src",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def source(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with what is on disk now, committed."""
    folder = tmp_path_factory.mktemp("source")
    names = git(root, "ls-files", "-z", "-co", "--exclude-standard", "--", *SOURCE).split("\0")
    for name in filter(None, names):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((root / name).read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "everything")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a user's repository in which a token is staged, and taken out again on disk."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "deploy.sh").write_text(f"export GITLAB_TOKEN={TOKEN}\n")
    git(folder, "add", "deploy.sh")
    return folder


def runner_environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which both runners install without a network."""
    settings = tmp_path / "uv.toml"
    settings.write_text("offline = true\n[pip]\nno-deps = true\nno-build-isolation = true\n")
    return os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PREK_HOME": str(tmp_path / "prek"),
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the other way round
        "UV_CONFIG_FILE": str(settings),
    }


@pytest.mark.parametrize("runner", ["pre-commit", "prek"])
def test_try_repo_finds_the_staged_token(
    source: Path, project: Path, tmp_path: Path, runner: str
) -> None:
    done = subprocess.run(
        [str(BIN / runner), "try-repo", str(source), "keyturn", "--verbose"],
        cwd=project,
        env=runner_environ(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "deploy.sh:1:21: gitlab-pat  glpat-…" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("runner", ["pre-commit", "prek"])
def test_all_three_hooks_guard_a_real_repository(
    source: Path, project: Path, tmp_path: Path, runner: str
) -> None:
    # Installed already (`language: system`), so that only the runner's own work is left.
    hooks = [
        {"id": name, "language": "system"}
        for name in ("keyturn", "keyturn-commit-msg", "keyturn-pre-push")
    ]
    config = {"repos": [{"repo": str(source), "rev": "HEAD", "hooks": hooks}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    environ = runner_environ(tmp_path)
    environ.pop("PYTHONPATH")
    stages = ("pre-commit", "commit-msg", "pre-push")
    flags = [part for stage in stages for part in ("--hook-type", stage)]
    subprocess.run([str(BIN / runner), "install", *flags], cwd=project, env=environ, check=True)

    def attempt(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
        return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)

    # Staged, though the file on disk is clean by now.
    (project / "deploy.sh").write_text("export GITLAB_TOKEN\n")
    refused = attempt("commit", "-m", "deploy")
    assert refused.returncode == 1
    assert "deploy.sh:1:21: gitlab-pat" in refused.stdout + refused.stderr
    git(project, "add", "-A")
    refused = attempt("commit", "-m", f"use {TOKEN}")
    assert refused.returncode == 1
    assert "COMMIT_EDITMSG:1:5: gitlab-pat" in refused.stdout + refused.stderr
    assert attempt("commit", "-m", "deploy").returncode == 0

    # Added and taken out again: the push would still carry it.
    (project / "deploy.sh").write_text(f"export GITLAB_TOKEN={TOKEN}\n")
    assert attempt("commit", "-q", "-a", "-m", "oops", "--no-verify").returncode == 0
    (project / "deploy.sh").write_text("export GITLAB_TOKEN\n")
    assert attempt("commit", "-q", "-a", "-m", "better").returncode == 0
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    refused = attempt("push", str(tmp_path / "remote.git"), "HEAD:refs/heads/main")
    assert refused.returncode != 0
    assert "deploy.sh:1:21: gitlab-pat" in refused.stdout + refused.stderr
