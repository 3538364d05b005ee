"""The README alone brings a reader to a first issue: what it shows works, and is all there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn.rules import SEVERITIES
from keyturn.scan.patterns import PATTERNS
from tests.pages import rows, section
from tests.repo import test_tutorial

ORDER = (
    *("Try it in five minutes, without an account", "Use it", "How it decides", "Recipes"),
    *("Rotate", "Keep plaintext tokens out", "Limits", "Security", "Documentation"),
)


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def action(root: Path) -> Any:
    return yaml.safe_load((root / "action.yml").read_text(encoding="utf-8"))


def test_it_goes_in_the_order_that_readers_know(readme: str) -> None:
    assert tuple(re.findall(r"^## (.+)$", readme, flags=re.MULTILINE)) == ORDER


def test_its_pictures_are_there(readme: str, root: Path) -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme.partition("\n## ")[0])
    assert pictures == ["docs/images/check.png", "docs/images/issue.png"]
    assert all((root / path).is_file() for path in pictures)


def test_its_way_into_the_sandbox_is_the_tutorials(readme: str, root: Path) -> None:
    """The tutorial's commands are run, one after the other, by their own test."""
    page = (root / test_tutorial.PAGE).read_text(encoding="utf-8")
    followed = [command for block in test_tutorial.blocks(page) for command in block.commands]
    shown = "".join(blocks(section(readme, f"## {ORDER[0]}"), "sh"))
    commands = [re.sub(r"\s+# .*", "", line) for line in shown.splitlines()]
    left = iter(followed)
    assert commands
    assert [c for c in commands if c not in left] == ["make demo", "make test"]


def test_its_configuration_is_accepted(readme: str, tmp_path: Path) -> None:
    (text, _) = blocks(section(readme, "## Use it"), "yaml")
    (tmp_path / "keyturn.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "config", "check", "--repository", "octo/storefront"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_its_workflow_is_small_and_hands_on_what_the_configuration_names(
    readme: str, tmp_path: Path
) -> None:
    config, text = (yaml.safe_load(block) for block in blocks(section(readme, "## Use it"), "yaml"))
    (job,) = text["jobs"].values()
    assert text["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "issues": "write"}
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in job["steps"])
    named = {token["credential"] for token in config["tokens"] if "credential" in token}
    assert set(job["steps"][-1]["env"]) == named
    path = tmp_path / "keyturn.yml"
    path.write_text(blocks(section(readme, "## Use it"), "yaml")[1], encoding="utf-8")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            path,
        ],
        check=True,
        capture_output=True,
    )


def test_its_inputs_are_the_actions(readme: str, root: Path) -> None:
    told = {
        name.strip("`"): default.strip("`")
        for name, _, default in rows(section(readme, "### Inputs"))
    }
    assert told == {name: item["default"] for name, item in action(root)["inputs"].items()}


def test_its_outputs_are_the_actions(readme: str, root: Path) -> None:
    told = [name.strip("`") for name, _ in rows(section(readme, "### Outputs"))]
    assert told == [*action(root)["outputs"]]


def test_it_links_every_rule_and_every_example(readme: str, root: Path) -> None:
    assert set(re.findall(r"findings\.md#([a-z-]+)\)", readme)) == set(SEVERITIES)
    examples = {path.name for path in (root / "workflows-examples").glob("*.yml")}
    told = re.findall(r"\(workflows-examples/([\w.-]+\.yml)\)", section(readme, "## Recipes"))
    assert sorted(told) == sorted(examples)


def test_its_hooks_exist(readme: str, root: Path) -> None:
    (text,) = blocks(section(readme, "## Keep plaintext tokens out"), "yaml")
    (entry,) = yaml.safe_load(text)
    offered = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in entry["hooks"]} == {hook["id"] for hook in offered}


def test_it_tells_how_many_formats_there_are(readme: str) -> None:
    (told,) = re.findall(r"(\d+) token formats", readme)
    assert int(told) == len(PATTERNS)


def test_the_commands_of_make_that_it_names_exist(readme: str, root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, flags=re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
