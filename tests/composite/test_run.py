"""The script of the form without a container, started as its step starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from composite import run
from keyturn.sandbox import example
from tests.systems import needs_links
from tests.world import World


def started(
    environ: dict[str, str], inputs: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run the script in a job where an earlier step has installed keyturn already."""
    environ = environ | {"RUNNER_TEMP": str(folder / "temp"), "PATH": "/usr/bin:/bin"}
    place = run.place_of(run.ROOT, environ)
    place.mkdir(parents=True)
    # This very environment; a shell script in its place would lose the names with a hyphen.
    for name in ("bin", "lib", "pyvenv.cfg"):
        (place / name).symlink_to(Path(sys.prefix) / name)
    (place / "installed").touch()
    return subprocess.run(
        [sys.executable, "-I", str(run.ROOT / "composite" / "run.py")],
        env=environ | {"KEYTURN_INPUTS": json.dumps(inputs, indent=2)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@needs_links
def test_a_check_gets_its_inputs_and_the_token(world: World) -> None:
    environ = dict(world.environ)
    token = environ.pop("GITHUB_TOKEN")
    given = {
        "command": "check",
        "token": token,
        "fail-on": "never",
        "args": f"--at {example.NOW:%Y-%m-%dT%H:%M:%SZ}",
        "report": "report.json",
    }
    ran = started(environ, given, world.folder)
    assert ran.returncode == 0, ran.stderr
    assert len(world.repository.issues) == 3
    report = json.loads((world.workspace / "report.json").read_text(encoding="utf-8"))
    assert report["repository"] == example.REPOSITORY
    assert "status<<" in (world.folder / "output").read_text(encoding="utf-8")
    assert token not in ran.stdout


@needs_links
def test_every_wrong_input_is_named_and_the_exit_code_is_handed_on(tmp_path: Path) -> None:
    ran = started({}, {"command": "verify", "dry-run": "perhaps", "token": ""}, tmp_path)
    assert ran.returncode == 2
    assert "'command'" in ran.stderr
    assert "'dry-run'" in ran.stderr


@needs_links
def test_hostile_inputs_stay_words(tmp_path: Path) -> None:
    hostile = "$(touch pwned)`touch pwned`\"';\n touch pwned #"
    ran = started({}, {"command": hostile, "token": "", "config": hostile}, tmp_path)
    assert ran.returncode == 2
    assert not (tmp_path / "pwned").exists()


def test_a_github_token_of_the_step_wins(tmp_path: Path) -> None:
    own, given = "ghs_" + "o" * 36, "ghs_" + "g" * 36
    inputs = json.dumps({"command": "check", "token": given})
    assert run.with_inputs({"KEYTURN_INPUTS": inputs})["GITHUB_TOKEN"] == given
    found = run.with_inputs({"KEYTURN_INPUTS": inputs, "GITHUB_TOKEN": own})
    assert found["GITHUB_TOKEN"] == own
    assert "KEYTURN_INPUTS" not in found


def test_pip_sees_nothing_of_the_job_but_what_it_needs() -> None:
    value = "glpat-" + "p" * 20
    environ = {
        **dict.fromkeys(("GITLAB_MANAGER", "GITHUB_TOKEN", "KEYTURN_INPUTS"), value),
        **dict.fromkeys(("ACTIONS_RUNTIME_TOKEN", "INPUT_TOKEN", "PIP_TARGET"), value),
        "PATH": "/usr/bin",
        "https_proxy": "http://127.0.0.1:9",
        "PIP_INDEX_URL": "https://packages.example.com/simple",
    }
    assert set(run.for_pip(environ)) == {"PATH", "https_proxy", "PIP_INDEX_URL"}


def test_each_version_is_installed_apart(tmp_path: Path) -> None:
    environ = {"RUNNER_TEMP": str(tmp_path)}
    first, second = (run.place_of(tmp_path / name, environ) for name in ("v1", "v2"))
    assert first != second
    assert first.parent == tmp_path


def test_what_cannot_be_installed_is_said_without_a_traceback(tmp_path: Path) -> None:
    environ = run.for_pip(os.environ) | {"RUNNER_TEMP": str(tmp_path / "nowhere" / "file")}
    (tmp_path / "nowhere").write_text("a file where a folder has to be", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", str(run.ROOT / "composite" / "run.py")],
        env=environ | {"KEYTURN_INPUTS": json.dumps({"token": ""})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert "keyturn: could not be installed" in ran.stderr
    assert "Traceback" not in ran.stderr
