"""docs/explanation/threat-model.md names a test for every defence, or says that there is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PAGE = "docs/explanation/threat-model.md"
NOT_DEFENDED = "not defended"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(?:(\w+)::)?(\w+)`")


def threats(root: Path) -> dict[str, list[list[str]]]:
    """Return the rows below each heading whose table has the three columns."""
    found: dict[str, list[list[str]]] = {}
    for part in (root / PAGE).read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        if lines and lines[0] == "| they try | what stops them | shown by |":
            cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
            found[heading] = cells
    return found


def functions(path: Path) -> set[str]:
    """Return the names of a module's tests; of one in a class with the class, and without."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            inner = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
            found |= inner | {f"{node.name}::{name}" for name in inner}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_every_kind_of_attacker_is_there(root: Path) -> None:
    headings = " ".join(threats(root))
    for who in (
        *("pull request", "push a branch", "name a token", "provider", "logs", "runner"),
        *("other steps", "supply chain", "own credential", "recovery key"),
    ):
        assert who in headings


def test_every_threat_has_a_test_or_says_that_it_is_not_defended(root: Path) -> None:
    for heading, rows in threats(root).items():
        for row in rows:
            assert len(row) == 3, f"{heading}: {row[0]}"
            assert row[2] == NOT_DEFENDED or _TEST.fullmatch(row[2]), f"{heading}: {row[0]}"


def test_every_test_that_is_named_exists(root: Path) -> None:
    for rows in threats(root).values():
        for row in rows:
            if match := _TEST.fullmatch(row[2]):
                path, inside, name = match.groups()
                assert (root / path).is_file(), row[2]
                whole = f"{inside}::{name}" if inside else name
                assert whole in functions(root / path), row[2]


def test_a_test_that_is_not_there_would_be_noticed(root: Path) -> None:
    own = functions(root / "tests/repo/test_threat_model.py")
    assert "test_a_test_that_is_not_there_would_be_noticed" in own
    assert "threats" not in own


def test_what_is_not_defended_is_told_in_security_md(root: Path) -> None:
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    assert "docs/explanation/threat-model.md" in text
    assert "docs/reference/egress.md" in text


@pytest.mark.parametrize("name", ["requirements.lock"])
def test_every_dependency_is_locked_by_its_hash(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8").replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    assert len(rows) > 10
    for row in rows:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", row), row
