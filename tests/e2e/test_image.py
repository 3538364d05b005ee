"""The image as GitHub's runner builds and starts it. Needs a container engine: `make e2e`."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn import __version__
from keyturn.sandbox import Sandbox, example
from scripts.image_size import MOST
from tests.e2e.proxy import Proxy
from tests.e2e.stage import ADDRESS, ROOT, Stage, open_stage

# What a runner's user owns, and root of the container does not.
_RUNNER = 1001
_SHELLS = ("/usr/bin/dash", "/usr/bin/bash")
_NO_SHELL = [f"--volume=/dev/null:{shell}:ro" for shell in _SHELLS]


@pytest.fixture
def stage(tools: Path, tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tools, tmp_path, ROOT) as made:
        yield made


def podman(tools: Path, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the engine as the tools set it up."""
    script = f'. "{tools}/_common.sh"; kt_podman; exec podman "$@"'
    return subprocess.run(
        ["bash", "-c", script, "podman", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def inspected(tools: Path, image: str) -> Any:
    (found,) = json.loads(podman(tools, "image", "inspect", image).stdout)
    return found


def run_action(tools: Path, image: str, folder: Path, **options: str | list[str]) -> dict[str, Any]:
    """Start the action as the runner does; return what came out."""
    result = folder / "result.json"
    project = as_handed_on(folder, options.get("input", []))
    command = [str(tools / "run_action.sh"), f"--project={project}", "--image", image]
    command += ["--json", str(result), "--quiet"]
    for name, given in ({"repository": example.REPOSITORY} | options).items():
        for value in given if isinstance(given, list) else [given]:
            command += [f"--{name.replace('_', '-')}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.is_file(), done.stdout + done.stderr
    found = json.loads(result.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def as_handed_on(folder: Path, inputs: str | list[str]) -> Path:
    """Return a folder with the action, of which the words of the input `args` are arguments.

    GitHub's runner hands them to the container besides INPUT_ARGS, where action.yml has no
    `runs.args` (actions/runner, ContainerActionHandler.cs, 2026-11); the tools do not.
    """
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert "args" not in action["runs"]
    given = [text.removeprefix("args=") for text in inputs if text.startswith("args=")]
    action["runs"]["args"] = [word for text in given for word in shlex.split(text)]
    project = folder / "action"
    project.mkdir(exist_ok=True)
    (project / "action.yml").write_text(yaml.safe_dump(action), encoding="utf-8")
    return project


def until(holds: Callable[[], bool]) -> None:
    """Wait for something outside; half a minute at most."""
    for _ in range(60):
        if holds():
            return
        time.sleep(0.5)
    raise AssertionError("it did not come")


def at(instant: Any) -> str:
    return f"args=--at {instant:%Y-%m-%dT%H:%M:%SZ}"


def fill(box: Sandbox, workspace: Path) -> dict[str, str]:
    """Check the example out as the runner does, owned by its user; return the environment."""
    filled = example.fill(box)
    for path, text in filled.files.items():
        target = workspace / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(workspace)], check=True)
    for found in [workspace, *workspace.rglob("*")]:
        os.chown(found, _RUNNER, _RUNNER)
    return filled.environ


def test_check_in_the_container(tools: Path, image: str, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with Sandbox(example.NOW) as box:
        environ = fill(box, workspace)
        github = environ.pop("GITHUB_TOKEN")
        ran = run_action(
            tools,
            image,
            tmp_path,
            workspace=str(workspace),
            api_url=box.github.url,
            token=github,
            env=[f"{name}={value}" for name, value in environ.items()],
            secret=list(environ.values()),
            input=[at(example.NOW), "report=keyturn.json", "fail-on=warning"],
            podman=[*_NO_SHELL, "--read-only"],
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
    # Every value is masked before anything else is said.
    lines = ran["log"].splitlines()
    masks = [number for number, line in enumerate(lines) if line.startswith("::add-mask::")]
    assert len(masks) > len(environ)
    assert masks == list(range(len(masks)))


def test_an_input_with_a_hyphen_gets_through(tools: Path, image: str, tmp_path: Path) -> None:
    with Sandbox(example.NOW) as box:
        workspace = tmp_path / "workspace"
        environ = fill(box, workspace)
        given: dict[str, str | list[str]] = {
            "workspace": str(workspace),
            "api_url": box.github.url,
            "token": environ.pop("GITHUB_TOKEN"),
            "env": [f"{name}={value}" for name, value in environ.items()],
            "input": [at(example.NOW), "dry-run=true", "fail-on=never"],
        }
        ran = run_action(tools, image, tmp_path, **given)
        assert ran["rc"] == 0, ran["log"]
        assert not box.github.repository(example.REPOSITORY).issues


def test_the_workspace_brings_in_no_code(tools: Path, image: str, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("sitecustomize", "yaml", "keyturn"):
        (workspace / f"{name}.py").write_text("print('PWNED')", encoding="utf-8")
    (workspace / "keyturn.yml").write_text("version: 1\ntokens: []\n", encoding="utf-8")
    ran = run_action(
        tools,
        image,
        tmp_path,
        workspace=str(workspace),
        env=["PYTHONPATH=.", "PYTHONSTARTUP=sitecustomize.py"],
        input=["command=config check"],
        # Nothing is fetched at the start.
        network="none",
    )
    assert ran["rc"] == 0, ran["log"]
    assert "PWNED" not in ran["log"]


def test_mistakes_in_inputs_are_said(tools: Path, image: str, tmp_path: Path) -> None:
    ran = run_action(tools, image, tmp_path, input=["dry-run=perhaps", "command=scan"])
    assert ran["rc"] == 2
    assert "'dry-run'" in ran["log"]
    assert "'command'" in ran["log"]
    assert ran["outputs"]["status"] == "failed"
    assert "Traceback" not in ran["log"]


def test_it_is_small_and_says_what_it_is(tools: Path, image: str) -> None:
    ours = inspected(tools, image)
    base = inspected(tools, "docker.io/library/python:3.13-slim")
    assert ours["Size"] - base["Size"] <= MOST
    # One layer brings everything.
    layers, below = ours["RootFS"]["Layers"], base["RootFS"]["Layers"]
    assert layers[:-1] == below
    labels = ours["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.source"] == "https://github.com/keyturn/keyturn"
    assert {"description", "title", "version", "revision"} <= {
        name.removeprefix("org.opencontainers.image.") for name in labels
    }
    config = ours["Config"]
    assert config["Entrypoint"] == ["python", "-I", "-u", "-m", "keyturn"]
    assert not config.get("User")
    assert config.get("WorkingDir", "/") in ("", "/")


def test_there_is_no_compiler_and_no_git_in_it(tools: Path, image: str) -> None:
    code = "import shutil; print([n for n in ('cc', 'gcc', 'git', 'make') if shutil.which(n)])"
    done = podman(tools, "run", "--rm", "--entrypoint=python", image, "-c", code)
    assert done.stdout == "[]\n", done.stderr


def test_the_shells_that_a_test_takes_away_are_away(tools: Path, image: str) -> None:
    options = ["run", "--rm", *_NO_SHELL]
    for shell in ("/bin/sh", "/bin/bash"):
        done = podman(tools, *options, f"--entrypoint={shell}", image, "-c", "echo there")
        assert done.returncode != 0
        assert "there" not in done.stdout
    done = podman(tools, *options, "--network=none", image, "--version")
    assert done.stdout.startswith(f"keyturn {__version__}"), done.stderr


@pytest.mark.parametrize("command", ["check", "rotate"])
def test_a_run_compiles_nothing(tools: Path, image: str, tmp_path: Path, command: str) -> None:
    name = f"keyturn-{secrets.token_hex(6)}"
    workspace = tmp_path / "workspace"
    with Sandbox(example.NOW) as box:
        environ = fill(box, workspace) | {
            "GITHUB_API_URL": box.github.url,
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITHUB_WORKSPACE": "/w",
        }
        options = [f"--env={key}={value}" for key, value in environ.items()]
        options += [f"--name={name}", f"--volume={workspace}:/w"]
        try:
            moment = f"{example.NOW:%Y-%m-%dT%H:%M:%SZ}"
            ran = podman(tools, "run", *options, image, command, "--at", moment)
            assert ran.returncode in (0, 1), ran.stdout + ran.stderr
            changed = podman(tools, "diff", name).stdout.splitlines()
        finally:
            podman(tools, "rm", "--force", name)
    assert [line for line in changed if "__pycache__" in line or ".pyc" in line] == []


def test_it_ends_cleanly_when_it_is_told_to(tools: Path, image: str) -> None:
    name = f"keyturn-{secrets.token_hex(6)}"
    try:
        podman(tools, "run", "--detach", f"--name={name}", image, "sandbox")
        until(lambda: "GITHUB_API_URL" in podman(tools, "logs", name).stdout)
        # By force only after half a minute, which is the runner's way too.
        stopped = podman(tools, "stop", "--time=30", name)
        assert stopped.returncode == 0, stopped.stderr
        code = podman(tools, "inspect", "--format={{.State.ExitCode}}", name).stdout.strip()
        log = podman(tools, "logs", name)
    finally:
        podman(tools, "rm", "--force", name)
    assert code in ("0", "130")  # 137 would be killed
    assert "Traceback" not in log.stdout + log.stderr


def test_it_scans_without_git_and_says_what_it_cannot_do(
    tools: Path, image: str, tmp_path: Path
) -> None:
    token = "glpat-" + secrets.token_hex(10)
    (tmp_path / "leak.txt").write_text(f"token = {token}\n", encoding="utf-8")
    start = ["run", "--rm", "--network=none", f"--volume={tmp_path}:/w", "--workdir=/w", image]
    found = podman(tools, *start, "scan", ".")
    assert found.returncode == 1, found.stderr
    assert "leak.txt:1" in found.stdout
    assert token not in found.stdout
    staged = podman(tools, *start, "scan", "--staged")
    assert staged.returncode == 2
    assert "git could not be started" in staged.stderr


def check_over_tls(stage: Stage, image: str, **options: str | list[str]) -> dict[str, Any]:
    """Check at the addresses that everybody has, answered by the sandbox."""
    value = "ghs_" + secrets.token_hex(18)
    stage.box.github.add_token(value, repositories=[stage.repository.full_name])
    env = options.pop("env", [])
    return run_action(
        stage.tools,
        image,
        stage.folder,
        workspace=str(stage.checkout),
        repository=stage.repository.full_name,
        token=value,
        env=[f"GITLAB_MANAGER={stage.manager.value}", *env],
        input=["issues=false", "report=out.json"],
        **options,
    )


def errors(stage: Stage) -> list[dict[str, str]]:
    report = json.loads((stage.checkout / "out.json").read_text(encoding="utf-8"))
    found = report["errors"]
    assert isinstance(found, list)
    return found


HOSTS = [f"--add-host={host}:{ADDRESS}" for host in ("api.github.com", "gitlab.com")]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_private_authority_is_trusted_by_both_libraries(
    stage: Stage, image: str, variable: str
) -> None:
    shutil.copy(stage.folder / "tls" / "ca.pem", stage.checkout / "ca.pem")
    given = f"{variable}=/github/workspace/ca.pem"
    ran = check_over_tls(stage, image, env=[given], podman=HOSTS)
    assert ran["rc"] == 1, ran["log"]
    assert errors(stage) == []
    assert "release-gitlab" in ran["log"]


def test_without_it_neither_believes_a_stranger(stage: Stage, image: str) -> None:
    ran = check_over_tls(stage, image, podman=HOSTS)
    assert ran["rc"] == 3, ran["log"]
    told = " ".join(error["message"] for error in errors(stage))
    assert "no trusted connection to GitHub" in told
    assert "gitlab.com shows a certificate that is not trusted" in told
    assert "Traceback" not in ran["log"]


def test_a_proxy_is_used_by_both_libraries_but_where_it_is_not_to_be(
    stage: Stage, image: str
) -> None:
    tls = str(stage.folder / "tls" / "bundle.pem")
    ca = [f"--volume={tls}:/ca.pem:ro"]
    with Proxy(ADDRESS) as proxy:
        env = [f"HTTPS_PROXY={proxy.url}", "SSL_CERT_FILE=/ca.pem"]
        ran = check_over_tls(stage, image, env=env, podman=ca)
        assert ran["rc"] == 1, ran["log"]
        assert errors(stage) == []
        assert set(proxy.asked) == {"api.github.com:443", "gitlab.com:443"}
        proxy.asked.clear()
        env.append("NO_PROXY=gitlab.com")
        ran = check_over_tls(stage, image, env=env, podman=[*ca, HOSTS[1]])
        assert ran["rc"] == 1, ran["log"]
        assert errors(stage) == []
        assert set(proxy.asked) == {"api.github.com:443"}
