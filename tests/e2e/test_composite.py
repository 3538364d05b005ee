"""The form without a container, installed for real: `make e2e`. It needs the package index."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from composite import run
from keyturn.sandbox import Sandbox, example
from tests.e2e.stage import ACTIONS, copy_of_keyturn

_PIN = "c" * 40
_WORKFLOW = f"""\
on: workflow_dispatch
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{_PIN}
      - id: wrong
        continue-on-error: true
        uses: keyturn/keyturn/composite@{_PIN}
        with: {{ dry-run: perhaps }}
      - id: right
        uses: keyturn/keyturn/composite@{_PIN}
        with: {{ fail-on: never, dry-run: "true", token: nobody-knows-this-one }}
        env:
          GITHUB_TOKEN: ${{{{ secrets.OWN }}}}
      - run: 'echo "the wrong one: $WRONG, the right one: $RIGHT"'
        env:
          WRONG: ${{{{ steps.wrong.outputs.status }}}}
          RIGHT: ${{{{ steps.right.outputs.status }}}}
"""


@pytest.fixture(autouse=True)
def _asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--run-e2e"):
        pytest.skip("needs the package index; run make e2e")


def test_two_steps_of_a_job_share_one_installation(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with Sandbox(example.NOW) as box:
        filled = example.fill(box)
        for path, text in filled.files.items():
            (workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (workspace / path).write_text(text, encoding="utf-8")
        outputs = tmp_path / "outputs"
        environ = run.for_pip(os.environ) | filled.environ
        token = environ.pop("GITHUB_TOKEN")
        environ |= {
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": box.github.url,
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITHUB_WORKSPACE": str(workspace),
        }
        inputs = {"command": "config check", "token": token}
        first = step(environ, inputs, workspace)
        assert first.returncode == 0, first.stderr
        # Whatever the workspace brings along is not imported, and the second step fetches nothing.
        (workspace / "yaml.py").write_text("print('PWNED')", encoding="utf-8")
        inputs = {
            "command": "check",
            "token": token,
            "args": f"--at {example.NOW:%Y-%m-%dT%H:%M:%SZ}",
        }
        offline = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PYTHONPATH": str(workspace)}
        second = step(environ | offline, inputs, workspace)
        issues = box.github.repository(example.REPOSITORY).issues
    assert second.returncode == 1, second.stderr
    assert len(issues) == 3
    assert "PWNED" not in second.stdout
    assert "status<<" in outputs.read_text(encoding="utf-8")
    (place,) = (tmp_path / "temp").iterdir()
    (found,) = place.glob("lib/python*/site-packages/keyturn/__init__.py")
    assert found.is_file()


def step(
    environ: dict[str, str], inputs: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Do what the second step of composite/action.yml does."""
    return subprocess.run(
        [sys.executable, "-I", str(run.ROOT / "composite" / "run.py")],
        env=environ | {"KEYTURN_INPUTS": json.dumps(inputs)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_job_starts_it_as_a_step(shared: Path, tmp_path: Path) -> None:
    files = {
        ".github/workflows/check.yml": _WORKFLOW,
        ".github/keyturn.yml": "version: 1\ntokens: []\n",
    }
    own = "ghs_" + secrets.token_hex(18)
    (setup,) = re.findall(
        r"actions/setup-python@\w+", (run.ROOT / "composite/action.yml").read_text()
    )
    with Sandbox(example.NOW) as box:
        box.github.add_organization("octo")
        box.github.add_token(own)
        repository = box.github.add_repository("octo/storefront")
        for path, text in files.items():
            repository.write_file(path, text)
            (tmp_path / "checkout" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "checkout" / path).write_text(text, encoding="utf-8")
        action = copy_of_keyturn(tmp_path / "keyturn")
        shutil.copytree(run.ROOT / "composite", action / "composite")
        command = [str(shared / "tools" / "act_run.sh"), str(tmp_path / "checkout")]
        command += ["workflow_dispatch", "--secret", "OWN"]
        command += ["--local-repository", f"keyturn/keyturn@{_PIN}={action}"]
        command += ["--local-repository", f"{setup}={ACTIONS / 'setup-python'}"]
        environ = {"OWN": own, "KT_API_URL": box.github.url, "KT_REPOSITORY": "octo/storefront"}
        ran = subprocess.run(
            command,
            env=os.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout
    assert "input 'dry-run' is neither true nor false" in ran.stdout
    assert "the wrong one: failed, the right one: ok" in ran.stdout, ran.stdout
    assert own not in ran.stdout
