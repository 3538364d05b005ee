"""This repository's own workflows: pinned, least rights, and no shell that is tested nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import release
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# The programs that a step may call: make's targets and the scripts do the rest.
PROGRAMS = {"docker", "gh auth setup-git", "jq", "make", "python", "python3", "test"}
PROGRAMS |= {".ci/run", ".venv/bin/pre-commit", ".venv/bin/prek"}


def load(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, step) for name, job in jobs() for step in job["steps"])


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} == {"ci", "codeql", "release", "scorecard"}


def test_nothing_is_allowed_that_a_job_does_not_ask_for() -> None:
    for path in WORKFLOWS:
        assert load(path)["permissions"] == {}, path.name
    for name, job in jobs():
        assert "permissions" in job, name
        assert int(job["timeout-minutes"]) <= 40, name


def test_only_a_release_writes_to_the_repository() -> None:
    writers = {name for name, job in jobs() if job["permissions"].get("contents") == "write"}
    assert writers == {"release.yml: release", "release.yml: pins"}
    assert {name for name, job in jobs() if {"write"} & {job["permissions"].get("packages")}} == {
        "release.yml: image"
    }
    protected = {name for name, job in jobs() if job.get("environment") == "release"}
    assert protected == {"release.yml: image", "release.yml: release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_and_says_its_version(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.search(r"uses: (\S+)(.*)", line):
            used, rest = found.groups()
            if used != "./" and not used.startswith("$/"):
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), line
                assert re.fullmatch(r" # v\d+\.\d+\.\d+", rest), line


def test_the_action_at_the_root_is_the_only_one_that_zizmor_is_kept_from() -> None:
    ignored = [
        line.strip()
        for path in (*WORKFLOWS, ROOT / "action.yml", ROOT / "composite/action.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "zizmor: ignore" in line
    ]
    assert ignored == ["uses: ./ # zizmor: ignore[self-repository]"]


def test_one_action_has_one_pin() -> None:
    pins: dict[str, set[str]] = {}
    composite = load(ROOT / "composite/action.yml")["runs"]["steps"]
    for step in (*(step for _, step in steps()), *composite):
        if "@" in step.get("uses", ""):
            name, _, commit = step["uses"].partition("@")
            pins.setdefault("/".join(name.split("/")[:2]), set()).add(commit)
    assert {name: len(commits) for name, commits in pins.items()} == dict.fromkeys(pins, 1)


def test_a_step_is_one_command() -> None:
    for name, step in steps():
        if command := step.get("run"):
            assert not re.search(r"\n|&&|\|\||;|\$\{\{", command.strip()), f"{name}: {command}"
            assert any(command.startswith(f"{known} ") or command == known for known in PROGRAMS), (
                f"{name}: {command}"
            )


def test_every_script_and_target_that_is_called_is_there() -> None:
    commands = [step["run"] for _, step in steps() if "run" in step]
    scripts = {name for text in commands for name in re.findall(r"-m scripts\.(\w+)", text)}
    assert scripts == {"descriptions", "image_size", "pin_examples", "release"}
    for name in scripts:
        assert (ROOT / "scripts" / f"{name}.py").is_file()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for text in commands for name in re.findall(r"^make ([\w-]+)", text)}
    assert "dist" in targets
    for name in targets:
        assert f"\n{name}: " in makefile, name


def test_one_check_needs_every_job() -> None:
    ci = load(ROOT / ".github/workflows/ci.yml")["jobs"]
    assert set(ci["all-green"]["needs"]) == set(ci) - {"all-green"}
    assert ci["all-green"]["if"] == "always()"


def test_every_supported_python_is_tried(root: Path) -> None:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)
    matrix = load(root / ".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == supported
    assert [name.split("-")[0] for name in matrix["system"]] == ["ubuntu", "macos", "windows"]


def test_the_release_builds_the_image_that_the_action_will_name() -> None:
    workflow = load(ROOT / ".github/workflows/release.yml")
    assert workflow["env"]["IMAGE"] == release.IMAGE
    assert list(workflow["on"]) == ["workflow_dispatch"]
    assert workflow["jobs"]["check"]["if"] == "github.ref == 'refs/heads/main'"


def test_what_nobody_can_pull_is_not_released() -> None:
    steps = load(ROOT / ".github/workflows/release.yml")["jobs"]["release"]["steps"]
    assert not any("login" in step.get("uses", "") for step in steps)
    commands = [step["run"] for step in steps if "run" in step]
    pulled = [n for n, text in enumerate(commands) if "imagetools inspect" in text]
    (tagged,) = (n for n, text in enumerate(commands) if "scripts.release tag" in text)
    assert len(pulled) == 2
    assert max(pulled) < tagged


def test_the_forms_ask_for_no_token(root: Path) -> None:
    for path in (root / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"):
        assert "not even a dead one" in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("job", ["action", "composite"])
@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_what_ci_tries_the_action_with_is_good(world: World, job: str, event: str) -> None:
    (step,) = [
        step
        for step in load(ROOT / ".github/workflows/ci.yml")["jobs"][job]["steps"]
        if step.get("id") == "keyturn"
    ]
    path = step["with"]["config"]
    world.write(path, (ROOT / path).read_text(encoding="utf-8"))
    # No more than the job's own permissions.
    token = "ghs_" + "p" * 36
    world.box.github.add_token(token, permissions={"contents:read", "metadata:read"})
    inputs = {f"INPUT_{name.upper()}": value for name, value in step["with"].items()}
    ran = world.run(
        **{"INPUT_COMMAND": "check", **inputs, "GITHUB_TOKEN": token, "GITHUB_EVENT_NAME": event}
    )
    assert (ran.code, ran.writes) == (0, []), ran.err
    assert ran.outputs["status"] == "ok"
    assert (world.workspace / ran.outputs["report"]).stat().st_size > 0
