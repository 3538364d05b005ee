from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.scripts.repositories import Project, make_gh, make_project


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    make_project(folder)
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path / "clone", tmp_path / "remote.git")


@pytest.fixture
def gh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if sys.platform == "win32":
        pytest.skip("the stand-in for gh is a script that the system starts by its first line")
    state = make_gh(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{state.parent}{os.pathsep}{os.environ['PATH']}")
    return state
