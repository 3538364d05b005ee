"""`make new-provider` in a copy of the repository: what it writes passes as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import new_provider


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The parts of the repository that it reads and writes, and its tests need."""
    target = tmp_path / "copy"
    for name in ("src", "tests", "docs", "scripts"):
        skipped = shutil.ignore_patterns("__pycache__", "images")
        shutil.copytree(root / name, target / name, ignore=skipped)
    for name in ("pyproject.toml", "action.yml", "README.md", "LICENSE"):
        shutil.copy(root / name, target / name)
    return target


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environ, capture_output=True, text=True
    )


def test_what_it_writes_passes_as_it_is(copy: Path) -> None:
    done = run(copy, "-m", "scripts.new_provider", "big-corp2")
    assert done.returncode == 0, done.stderr
    test = "tests/providers/test_big_corp2.py"
    assert test in done.stdout
    others = [
        *("tests/providers/test_registry.py", "tests/config/test_json_schema.py"),
        "tests/repo/test_egress.py::test_the_default_of_each_provider_is_its_row",
    ]
    ran = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", test, *others)
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout
    for check in (["check"], ["format", "--check"]):
        linted = run(copy, "-m", "ruff", *check, "--no-cache", ".")
        assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "NAME=acme"),
        ([""], "NAME=acme"),
        (["Acme"], "no name"),
        (["../acme"], "no name"),
        (["acme_corp"], "no name"),
        (["class"], "no name"),
        (["gitlab"], "src/keyturn/providers/gitlab.py is there already"),
    ],
)
def test_what_it_refuses(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(root)
    assert new_provider.main(arguments) == 2
    assert words in capsys.readouterr().err
