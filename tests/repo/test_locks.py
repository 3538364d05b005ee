"""What the image and the form without a container install is locked, every package by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def locked(path: Path) -> dict[str, tuple[Version, int]]:
    """Return version and number of hashes of each package."""
    found: dict[str, tuple[Version, int]] = {}
    text = path.read_text(encoding="utf-8")
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if match := re.match(r"([a-z0-9.-]+)==([^\s;]+)", block):
            found[match[1]] = (Version(match[2]), block.count("--hash=sha256:"))
    return found


def test_the_locks_hold_all_that_is_needed(root: Path, project: dict[str, Any]) -> None:
    for name, needed in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-build.lock", project["dependency-groups"]["build"]),
    ):
        found = locked(root / name)
        assert found
        assert all(hashes for _, hashes in found.values()), name
        for text in needed:
            requirement = Requirement(text)
            version, _ = found[requirement.name.lower()]
            assert version in requirement.specifier, f"{requirement}: run make lock"


def test_a_renewal_takes_newer_versions_than_those_that_are_locked(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    # Without the flag uv keeps whatever the file that it writes names already.
    assert re.search(r"^LOCK := .* pip compile .*--upgrade ", text, re.M)


def test_the_package_is_built_by_what_is_locked(root: Path, project: dict[str, Any]) -> None:
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
    for path in ("Dockerfile", "composite/run.py"):
        text = (root / path).read_text(encoding="utf-8")
        assert "requirements-build.lock" in text
        assert "--no-build-isolation" in text
        assert text.count("--require-hashes") == (2 if path == "Dockerfile" else 1)
    text = (root / "Makefile").read_text(encoding="utf-8")
    # Of the development environment nothing: what is released is attested.
    assert re.search(
        r"^dist: ##.*\n(\t.*\n)*\t.*--require-hashes .*requirements-build\.lock$", text, re.M
    )
