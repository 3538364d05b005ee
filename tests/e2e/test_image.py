"""The image as GitHub's runner builds and starts it. Needs a container engine: `make e2e`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from keyturn.sandbox import Sandbox, example

IMAGE = "localhost/keyturn-e2e:latest"


@pytest.fixture(scope="module")
def tools(request: pytest.FixtureRequest, shared: Path) -> Path:
    if not request.config.getoption("--run-e2e"):
        pytest.skip("needs a container engine; run make e2e")
    return shared / "tools"


@pytest.fixture(scope="module")
def image(tools: Path) -> str:
    root = Path(__file__).resolve().parents[2]
    subprocess.run([tools / "build_action.sh", root, IMAGE], check=True, timeout=900)
    return IMAGE


def run_action(tools: Path, root: Path, image: str, folder: Path, **options: Any) -> dict[str, Any]:
    result = folder / "result.json"
    command = [str(tools / "run_action.sh"), "--project", str(root), "--image", image]
    command += ["--json", str(result)]
    command += ["--repository", example.REPOSITORY, "--quiet"]
    for name, given in options.items():
        for value in given if isinstance(given, list) else [given]:
            command += [f"--{name.replace('_', '-')}", value]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.is_file(), done.stdout + done.stderr
    found = json.loads(result.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_check_in_the_container(tools: Path, root: Path, image: str, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with Sandbox(example.NOW) as box:
        filled = example.fill(box)
        for path, text in filled.files.items():
            target = workspace / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        github = filled.environ.pop("GITHUB_TOKEN")
        ran = run_action(
            tools,
            root,
            image,
            tmp_path,
            workspace=str(workspace),
            api_url=box.github.url,
            token=github,
            env=[f"{name}={value}" for name, value in filled.environ.items()],
            secret=list(filled.environ.values()),
            input=[f"args=--at {example.NOW:%Y-%m-%dT%H:%M:%SZ}", "report=keyturn.json"],
        )
        issues = box.github.repository(example.REPOSITORY).issues
    assert ran["rc"] == 1, ran["log"]
    assert ran["leaks"] == []
    assert ran["file_command_errors"] == []
    assert ran["notes"] == []
    assert ran["outputs"]["status"] == "findings"
    assert len(issues) == 3
    assert "release-gitlab" in ran["summary"]
    levels = [annotation["level"] for annotation in ran["annotations"]]
    assert levels.count("error") == 2
    report = json.loads((workspace / "keyturn.json").read_text(encoding="utf-8"))
    assert report["schema"] == "keyturn.report/1"


def test_the_workspace_brings_in_no_code(
    tools: Path, root: Path, image: str, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("sitecustomize", "yaml", "keyturn"):
        (workspace / f"{name}.py").write_text("print('PWNED')", encoding="utf-8")
    ran = run_action(
        tools,
        root,
        image,
        tmp_path,
        workspace=str(workspace),
        env=["PYTHONPATH=.", "PYTHONSTARTUP=sitecustomize.py"],
        input=["command=config schema"],
    )
    assert ran["rc"] == 0, ran["log"]
    assert "PWNED" not in ran["log"]


def test_a_mistake_in_an_input_is_said(tools: Path, root: Path, image: str, tmp_path: Path) -> None:
    ran = run_action(tools, root, image, tmp_path, input=["dry-run=perhaps"])
    assert ran["rc"] == 2
    assert "dry-run" in ran["log"]
    assert "Traceback" not in ran["log"]
