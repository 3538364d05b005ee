"""The outside is tied to the inside: docs, action.yml, README and examples say what is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn import __version__, flags
from keyturn.errors import ExitCode
from keyturn.github import runner
from keyturn.model import Inventory, Survey
from keyturn.report import summary
from keyturn.rules import SEVERITIES
from keyturn.sandbox import example
from keyturn.scan.patterns import PATTERNS
from tests.repo import rules_page
from tests.world import World

CLI_PAGE = "docs/reference/cli.md"
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def load(root: Path, path: str) -> Any:
    return yaml.safe_load((root / path).read_text(encoding="utf-8"))


def section(root: Path, path: str, heading: str) -> str:
    text = (root / path).read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_column(table: str) -> set[str]:
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", row)[1] for row in rows]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_rule_has_its_section_and_its_place_in_the_readme(root: Path) -> None:
    findings = (root / "docs/reference/findings.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", findings, flags=re.MULTILINE)[1:]
    told = {text.partition("\n")[0].strip("` "): text for text in sections}
    assert set(SEVERITIES) <= set(told)
    for rule in SEVERITIES:
        for part in ("What it means", "Why it matters", "What to do"):
            assert part.lower() in told[rule].lower(), f"{rule}: {part}"
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"findings\.md#([a-z-]+)\)", readme)) == set(SEVERITIES)


def test_every_rule_of_a_scan_has_its_row(root: Path) -> None:
    assert root / "docs/reference/rules.md" == rules_page.PAGE
    text = rules_page.PAGE.read_text(encoding="utf-8")
    assert text == rules_page.page(text), "renew it: python -m tests.repo.rules_page"


def test_the_readme_tells_how_many_formats_there_are(root: Path) -> None:
    (told,) = re.findall(r"(\d+) token formats", (root / "README.md").read_text(encoding="utf-8"))
    assert int(told) == len(PATTERNS)


def test_the_readmes_hooks_exist(root: Path) -> None:
    (entry,) = yaml.safe_load(readme_blocks(root, "yaml")[2])
    offered = {hook["id"] for hook in load(root, ".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in entry["hooks"]} == offered


def test_every_exit_code_has_its_row(root: Path) -> None:
    rows = re.findall(r"^\| (\d+) \|", section(root, CLI_PAGE, "Exit codes"), flags=re.MULTILINE)
    assert {int(row) for row in rows} == set(ExitCode)


def test_every_input_and_output_has_its_row(root: Path) -> None:
    action = load(root, "action.yml")
    assert first_column(section(root, CLI_PAGE, "Action inputs")) == set(action["inputs"])
    assert first_column(section(root, CLI_PAGE, "Action outputs")) == set(action["outputs"])


def test_the_action_is_what_the_code_reads_and_writes(root: Path) -> None:
    action = load(root, "action.yml")
    assert action["runs"]["env"] == {"GITHUB_TOKEN": "${{ inputs.token }}"}
    assert "args" not in action["runs"]
    assert all(len(item["description"]) > 10 for item in action["inputs"].values())
    survey = Survey("octo/app", example.NOW, Inventory("octo/app"))
    assert set(summary.outputs(survey, ExitCode.OK)) == set(action["outputs"])
    given = {f"INPUT_{name.upper()}": "" for name in action["inputs"]}
    assert runner.arguments(given) == ["check"]


def test_every_command_and_flag_has_its_row(root: Path) -> None:
    commands = first_column(section(root, CLI_PAGE, "Commands"))
    assert {name.split()[1] for name in commands} == set(flags.COMMANDS)
    done = [
        subprocess.run(
            [sys.executable, "-m", "keyturn", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for command in flags.COMMANDS
    ]
    there = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", "".join(done))) - {"--help"}
    told = " ".join(first_column(section(root, CLI_PAGE, "Flags")))
    assert there == set(re.findall(r"--[a-z][a-z-]*", told))


def test_the_newest_version_in_the_changelog_is_this_one(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)[0] == __version__


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    pages = [root / name for name in DOCUMENTS] + sorted((root / "docs").rglob("*.md"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_names_both_commands_and_they_exist(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make ([a-z-]+)", readme, flags=re.MULTILINE))
    assert {"demo", "test"} <= named
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert named <= targets


def readme_blocks(root: Path, language: str) -> list[str]:
    text = (root / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def test_the_readmes_configuration_is_accepted(root: Path, tmp_path: Path) -> None:
    (tmp_path / "keyturn.yml").write_text(readme_blocks(root, "yaml")[0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "config", "check", "--repository", "octo/storefront"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_readmes_step_gives_inputs_that_exist(root: Path) -> None:
    step = yaml.safe_load(readme_blocks(root, "yaml")[1])[0]
    assert set(step["with"]) <= set(load(root, "action.yml")["inputs"])


def test_the_readmes_commands_work(root: Path, world: World) -> None:
    lines = "".join(readme_blocks(root, "sh")).splitlines()
    commands = [line.partition("#")[0].split() for line in lines if line.startswith("keyturn ")]
    assert len(commands) >= 4
    for command in commands:
        # On a terminal there is no runner: the checkout itself says which repository it is.
        ran = world.run(*command[1:], GITHUB_ACTIONS=None, GITHUB_EVENT_NAME=None)
        assert ran.code in (0, 1), (command, ran.err)


def test_the_examples_app_token_may_do_all_that_check_asks(root: Path, world: World) -> None:
    (job,) = load(root, "workflows-examples/check-scheduled.yml")["jobs"].values()
    (app,) = [step for step in job["steps"] if step.get("id") == "app"]
    areas = {
        f"{key.removeprefix('permission-').replace('-', '_')}:{level}"
        for key, level in app["with"].items()
        if key.startswith("permission-")
    }
    assert areas
    # What a person's App cannot have is left out: nobody leaves a person.
    assert "# permission-members: read\n" in (
        root / "workflows-examples/check-scheduled.yml"
    ).read_text("utf-8")
    areas.add("members:read")
    value = "ghs_" + "p" * 36
    world.box.github.add_token(value, permissions=areas)
    ran = world.check(GITHUB_TOKEN=value)
    assert ran.report["errors"] == []
    assert len(world.repository.issues) == 3


@pytest.mark.parametrize(
    "path", ["workflows-examples/check-scheduled.yml", "workflows-examples/watch-on-push.yml"]
)
def test_examples_give_inputs_that_exist_and_pin_what_they_use(root: Path, path: str) -> None:
    inputs = set(load(root, "action.yml")["inputs"])
    steps = [step for job in load(root, path)["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step["uses"].startswith("keyturn/keyturn@")]
    assert ours
    assert all(set(step.get("with", {})) <= inputs for step in ours)
    others = [step["uses"] for step in steps if step not in ours]
    assert all(re.search(r"@[0-9a-f]{40}$", used) for used in others)


def test_every_example_is_tested(root: Path) -> None:
    names = {path.name for path in (root / "workflows-examples").iterdir()}
    assert names == {"check-scheduled.yml", "rotate-approved.yml", "watch-on-push.yml"}
