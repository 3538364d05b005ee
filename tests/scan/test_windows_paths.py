"""Paths as Windows has them: one form in everything that is printed or looked up."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path
from random import Random

import pytest

from keyturn.scan.run import FILES, STAGED, Options, scan
from tests.scan.corpus.sample import ALNUM, draw
from tests.scan.repositories import Repository, repository

__all__ = ["repository"]

TOKEN = "gl" + "pat-" + draw(Random(41), ALNUM, 20)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub/deeper").mkdir(parents=True)
    (tmp_path / "sub/deeper/a.txt").write_text(f"{TOKEN}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sep", "\\")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["sub\\deeper\\a.txt", "sub\\deeper", "sub", ".", "sub/deeper/a.txt"]
)
def test_a_leak_has_one_path_however_it_was_named(folder: Path, name: str) -> None:
    found = scan(Options(FILES, (name,)), {"PATH": os.environ["PATH"]})
    assert [leak.path for leak in found.leaks] == ["sub/deeper/a.txt"]


def test_a_name_on_another_drive_is_no_name_of_this_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no relative path from one drive to another, and says so by ValueError."""
    repository.stage("a.txt", f"{TOKEN}\n".encode())
    monkeypatch.chdir(repository.folder)
    monkeypatch.setattr(os.path, "relpath", lambda name: ntpath.relpath(name, "C:\\here"))
    environ = {"PATH": os.environ["PATH"]}
    assert scan(Options(STAGED, ("D:\\there",)), environ).leaks == []
