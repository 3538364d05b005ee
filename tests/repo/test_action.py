"""The action in both forms is what the code reads and writes, and what its page says."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn.errors import ExitCode, UsageError
from keyturn.flags import make_parser
from keyturn.github import runner
from keyturn.github.runner import COMMANDS
from keyturn.model import Inventory, Severity, Survey
from keyturn.report import summary
from keyturn.sandbox import example
from tests import pages
from tests.repo.cli_page import parsers

PAGE = "docs/reference/action.md"


def load(root: Path, path: str) -> Any:
    return yaml.safe_load((root / path).read_text(encoding="utf-8"))


@pytest.fixture
def action(root: Path) -> Any:
    return load(root, "action.yml")


@pytest.fixture
def composite(root: Path) -> Any:
    return load(root, "composite/action.yml")


def rows(root: Path, heading: str) -> dict[str, list[str]]:
    """Return the other cells of each row of a section's table, by every name in the first."""
    page = (root / PAGE).read_text(encoding="utf-8")
    split = pages.rows(pages.section(page, f"## {heading}"))
    return {name: cells for first, *cells in split for name in re.findall(r"`([^`]+)`", first)}


def options(command: str) -> dict[str, argparse.Action]:
    """Return the flags of a command of the command line, by their long names."""
    found = parsers()[command.split()[0]]._actions
    return {name: each for each in found for name in each.option_strings}


def test_the_action_hands_its_token_on_and_nothing_on_the_command_line(action: Any) -> None:
    assert action["runs"]["env"] == {"GITHUB_TOKEN": "${{ inputs.token }}"}
    assert set(action["runs"]) == {"using", "image", "env"}


def test_every_input_is_read_and_no_other(action: Any) -> None:
    class Seen(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.add(key)
            return super().get(key, default)

    asked: set[str] = set()
    runner.arguments(Seen({"INPUT_COMMAND": "check"}))
    read = {name.removeprefix("INPUT_").lower() for name in asked if name.startswith("INPUT_")}
    assert read | {"token"} == set(action["inputs"])


def test_with_its_defaults_it_is_a_plain_check(action: Any) -> None:
    given = {
        f"INPUT_{name.upper()}": each["default"]
        for name, each in action["inputs"].items()
        if name != "token"
    }
    assert runner.arguments(given) == ["check"]


def test_every_output_is_written_and_no_other(action: Any) -> None:
    survey = Survey("octo/app", example.NOW, Inventory("octo/app"))
    assert set(summary.outputs(survey, ExitCode.OK)) == set(action["outputs"])


def test_both_forms_take_and_give_the_same(action: Any, composite: Any) -> None:
    assert list(composite["inputs"]) == list(action["inputs"])
    assert composite["inputs"] == action["inputs"]
    passed_on = {
        name: {**each, "value": f"${{{{ steps.keyturn.outputs.{name} }}}}"}
        for name, each in action["outputs"].items()
    }
    assert composite["outputs"] == passed_on
    assert "branding" not in composite


def test_no_text_of_the_caller_gets_into_the_composite_forms_script(composite: Any) -> None:
    python, keyturn = composite["runs"]["steps"]
    assert re.fullmatch(r"actions/setup-python@[0-9a-f]{40}", python["uses"])
    assert python["with"]["update-environment"] is False
    assert "${{" not in keyturn["run"]
    assert keyturn["env"]["KEYTURN_INPUTS"] == "${{ toJSON(inputs) }}"
    # In its place GITHUB_TOKEN would win over the caller's own.
    assert "GITHUB_TOKEN" not in keyturn["env"]


def test_the_types_are_of_exactly_the_inputs_and_outputs(root: Path, action: Any) -> None:
    types = load(root, "action-types.yml")
    for part in ("inputs", "outputs"):
        assert list(types[part]) == list(action[part])
        for each in types[part].values():
            allowed = {"type", "allowed-values"} if each["type"] == "enum" else {"type"}
            assert set(each) == allowed
    assert types["inputs"]["command"]["allowed-values"] == list(COMMANDS)
    least = options("check")["--fail-on"]
    assert types["inputs"]["fail-on"]["allowed-values"] == list(least.choices or ())
    words = {summary.status_word(code) for code in ExitCode}
    assert set(types["outputs"]["status"]["allowed-values"]) == words


def test_every_input_has_its_row_and_its_default_is_the_one_that_holds(
    root: Path, action: Any
) -> None:
    told = rows(root, "Inputs")
    assert list(told) == list(action["inputs"])
    for name, (default, _) in told.items():
        declared = str(action["inputs"][name]["default"])
        # What `empty` comes to stands behind it, and is the command line's own default.
        holds = re.fullmatch(r"empty(?: \(`(.+)`\))?", default)
        assert (holds is not None) == (declared == ""), name
        if holds and holds[1]:
            flag = options("check")[f"--{name}"].default
            assert holds[1] == str(flag).lower()
            assert f"efault {holds[1]}" in action["inputs"][name]["description"]
        elif not holds:
            assert default == f"`{declared}`"
    words = set(re.findall(r"`([a-z]+)`", told["fail-on"][1]))
    assert words == {*(severity.value for severity in Severity), "never"}


def test_every_output_has_its_row(root: Path, action: Any) -> None:
    assert list(rows(root, "Outputs")) == list(action["outputs"])


def test_every_command_has_its_row(root: Path, action: Any) -> None:
    told = rows(root, "Commands")
    assert list(told) == list(COMMANDS)
    described = action["inputs"]["command"]["description"]
    assert set(re.findall(r"`([^`]+)`", described)) == set(COMMANDS)
    for command, (_, reports) in told.items():
        endings = re.findall(r"`(\.\w+)`", reports.partition(";")[0])
        assert tuple(endings) == COMMANDS[command]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["dry-run", "fail-on", "issues", "report", "config"])
def test_a_command_gets_the_flags_that_its_row_names(root: Path, command: str, name: str) -> None:
    takes, reports = rows(root, "Commands")[command]
    value = {"dry-run": "true", "fail-on": "never", "issues": "false", "config": "a.yml"}
    given = {"INPUT_COMMAND": command, f"INPUT_{name.upper()}": value.get(name, "r.json")}
    named = name == "config" or name in takes or (name == "report" and ".json" in reports)
    if name == "report" and not named:
        with pytest.raises(UsageError, match="'config check' writes none"):
            runner.arguments(given)
        return
    argv = runner.arguments(given)
    assert argv is not None
    rest = argv[len(command.split()) :]
    assert len(rest) == named
    # The command line knows what comes out, or says so by an error.
    if command != "revoke":
        make_parser().parse_args(argv)
    assert all(word.startswith("--") for word in rest)
