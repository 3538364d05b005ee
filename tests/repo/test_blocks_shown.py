"""Every block that a page shows and that is no command is read by what it is written for.

Fragments of a workflow are put into one first. It runs nothing; `test_commands_shown` does that.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from keyturn import config
from tests.repo.shown.commands import SHELLS, is_shell
from tests.repo.shown.pages import ROOT, Block, blocks

BIN = Path(sys.executable).parent
YAML = [block for block in blocks() if block.language == "yaml"]
WORDS = ("text", "mermaid", "properties", "zsh")
"""Languages that nobody here reads: shown output, pictures that GitHub draws, a marker's line, and
what is for a shell that is not installed here."""
READERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "python": lambda text: compile(text, "a block", "exec"),
}

_WORKFLOW = """\
name: wrapped
on: push
permissions: {}
jobs:
  wrapped:
    runs-on: ubuntu-24.04
    steps:
"""


def kind(block: Block) -> str:
    """Say what a block of YAML is a part of."""
    document: Any = yaml.safe_load(block.text)
    if isinstance(document, list):
        return "hooks" if "repo" in document[0] else "steps"
    keys = set(document)
    if keys & {"jobs", "on", True}:  # YAML 1.1 takes `on` for a boolean
        return "workflow"
    if keys == {"repos"}:
        return "hooks"
    if keys == {"env"}:
        return "env"
    if keys <= _top_level():
        return "configuration"
    raise AssertionError(f"{block.place} is nothing that is known here: {sorted(keys)}")


def _top_level() -> set[str]:
    return {str(name) for name in config_schema()["properties"]}


def config_schema() -> dict[str, Any]:
    found = json.loads((ROOT / "docs/reference/keyturn.schema.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in YAML if kind(block) in kinds]


def as_workflow(block: Block) -> str:
    """Put a fragment where it belongs."""
    lines = yaml.safe_load(block.text)
    if kind(block) == "workflow":
        return block.text
    if kind(block) == "env":
        step = f"- run: keyturn check\n{indent(block.text, '  ')}"
        return _WORKFLOW + indent(step, "      ")
    assert isinstance(lines, list)
    flush = len(block.text) - len(block.text.lstrip(" "))
    return _WORKFLOW + indent(block.text, " " * (6 - flush))


def test_every_block_is_of_a_language_that_is_tried() -> None:
    for block in blocks():
        assert block.language in (*SHELLS, *WORDS, *READERS, "yaml") or is_shell(block), block.place


@pytest.mark.parametrize(
    "block",
    [block for block in blocks() if block.language in READERS],
    ids=lambda block: block.place,
)
def test_a_block_can_be_read(block: Block) -> None:
    READERS[block.language](block.text)


@pytest.mark.parametrize("block", of_kind("configuration"), ids=lambda block: block.place)
def test_a_configuration_is_good(block: Block) -> None:
    text = block.text
    if "version" not in yaml.safe_load(text):
        text = f"version: 1\n{text}"
    config.load(text.encode(), block.place, repository="octo/app")


def test_the_hooks_exist_and_their_file_is_good(tmp_path: Path) -> None:
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    files = []
    for number, block in enumerate(of_kind("hooks")):
        document = yaml.safe_load(block.text)
        repos = document["repos"] if isinstance(document, dict) else document
        assert {hook["id"] for repo in repos for hook in repo["hooks"]} <= offered, block.place
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump({"repos": repos}), encoding="utf-8")
    assert files
    run(BIN / "pre-commit", "validate-config", *files)


def test_workflows_and_their_parts_pass_the_static_checks(tmp_path: Path) -> None:
    files = []
    for block in of_kind("workflow", "steps", "env"):
        name = block.place.replace("/", "-").replace(":", "-").replace(".md", "")
        files.append(tmp_path / f"{name}.yml")
        files[-1].write_text(as_workflow(block), encoding="utf-8")
    assert files
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    if sys.platform == "linux":  # as in pyproject.toml
        run(BIN / "actionlint", *files)


def run(*command: Path | str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
