"""Every example is whole, asks for the least, is pinned, and does what its comments say.

That the public checkers accept them, `make check` says; `tests/e2e/test_examples.py` runs them.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyturn.sandbox import example
from tests.repo.test_pre_commit import TOKEN, git, runner_environ
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "workflows-examples"
EXAMPLES = sorted(FOLDER.glob("*.yml"))
ELSEWHERE = sorted(FOLDER.glob("*/*.yml"))
"""What is for another CI."""
PINNED = ROOT / ".github/workflows"
GUIDES = (
    "docs/how-to/github-app.md",
    "docs/how-to/rotate-a-token.md",
    "docs/how-to/organization.md",
)

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def load(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes `on` for true.
    found = yaml.safe_load(path.read_text(encoding="utf-8").replace("\non:", '\n"on":', 1))
    assert isinstance(found, dict)
    return found


def steps_of(path: Path) -> Iterator[dict[str, Any]]:
    for job in load(path)["jobs"].values():
        yield from job["steps"]


def own_steps(path: Path) -> list[dict[str, Any]]:
    return [step for step in steps_of(path) if step.get("uses", "").startswith("keyturn/keyturn@")]


def test_every_example_has_its_row() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[([^]]+)\]\(([^)]+)\) \|", text, flags=re.MULTILINE)
    assert all(name == target for name, target in rows)
    there = [path.relative_to(FOLDER).as_posix() for path in (*EXAMPLES, *ELSEWHERE)]
    assert sorted(name for name, _ in rows) == sorted(there)


@pytest.mark.parametrize(
    "path", [*EXAMPLES, *ELSEWHERE], ids=lambda path: path.relative_to(FOLDER).as_posix()
)
def test_it_says_at_its_head_what_it_is_for_and_what_it_needs(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("\nname:")[0].split("\nvariables:")[0]
    said = [line.removeprefix("#").strip() for line in head.splitlines() if line.startswith("#")]
    assert len(said) > 3
    assert [line for line in said if line.startswith("Needs")]
    pages = [ROOT / page for page in re.findall(r"docs/[\w/-]+\.md", head)]
    assert pages
    assert all(page.is_file() for page in pages)
    guides = (ROOT / "docs/how-to").glob("*.md")
    assert any(path.name in guide.read_text(encoding="utf-8") for guide in guides)


@every_example
def test_the_steps_give_inputs_that_exist(path: Path) -> None:
    inputs = set(load(ROOT / "action.yml")["inputs"])
    ours = own_steps(path)
    assert ours or path.name == "hooks-on-pull-request.yml"
    assert all(set(step.get("with", {})) <= inputs for step in ours)


@every_example
def test_permissions_are_given_to_jobs_one_by_one_with_a_reason(path: Path) -> None:
    assert load(path)["permissions"] == {}
    text = path.read_text(encoding="utf-8")
    for name, job in load(path)["jobs"].items():
        allowed = job["permissions"]
        assert set(allowed) <= {"contents", "actions", "issues", "security-events"}, name
        assert allowed.get("contents", "read") == "read"
        for area, level in allowed.items():
            assert re.search(rf"^      {area}: {level} # \S+ \S+", text, flags=re.MULTILINE), area


@every_example
def test_every_job_ends_and_no_run_gets_in_the_way_of_another(path: Path) -> None:
    workflow = load(path)
    jobs = workflow["jobs"].values()
    assert all(0 < job["timeout-minutes"] <= 50 for job in jobs)
    limits = [each["concurrency"] for each in (workflow, *jobs) if "concurrency" in each]
    assert limits
    groups = [limit["group"] for limit in limits]
    assert len(set(groups)) == len(groups)
    changes = any(step.get("with", {}).get("command") for step in own_steps(path))
    assert not changes or not any(limit["cancel-in-progress"] for limit in limits)


def test_every_example_has_a_concurrency_group_of_its_own() -> None:
    groups = [load(path).get("concurrency", {}).get("group") for path in EXAMPLES]
    # The one for a server of one's own stands in the place of the first.
    named = [group for group in groups if group and group != "keyturn"]
    assert len(set(named)) == len(named)


@every_example
def test_a_schedule_is_at_an_odd_minute_and_in_the_readers_time(path: Path) -> None:
    events = load(path)["on"]
    scheduled = events.get("schedule", [])
    for entry in scheduled:
        assert int(entry["cron"].split()[0]) % 2 == 1
        # An older server may not know the key.
        assert ("timezone" in entry) == (path.name != "check-enterprise-server.yml")
    assert not scheduled or "workflow_dispatch" in events


def test_no_two_schedules_begin_at_once() -> None:
    lines = [entry["cron"] for path in EXAMPLES for entry in load(path)["on"].get("schedule", [])]
    assert len(lines) >= 5
    assert len({line.split()[0] for line in lines}) == len(lines)


@every_example
def test_no_script_and_no_checkout_holds_what_it_should_not(path: Path) -> None:
    assert "zizmor: ignore" not in path.read_text(encoding="utf-8")
    assert "pull_request_target" not in load(path)["on"]
    for step in steps_of(path):
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_everybody_else_is_pinned_as_in_our_own_workflows() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(PINNED.glob("*.yml")))
    ours = dict(re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40} # v[\d.]+)", text))
    seen: dict[str, str] = {}
    for path in EXAMPLES:
        for name, pin in re.findall(r"uses: ([\w./-]+)@(.+)", path.read_text(encoding="utf-8")):
            if name != "keyturn/keyturn":
                assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), (path.name, pin)
                assert seen.setdefault(name, pin) == pin, path.name
    assert {name: ours.get(name, pin) for name, pin in seen.items()} == seen


def test_keyturn_is_pinned_to_one_commit_everywhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *FOLDER.rglob("*.md")]
    pages.append(ROOT / "src/keyturn/commands/init.py")
    pins: dict[str, list[str]] = {}
    for path in (*EXAMPLES, *ELSEWHERE, *pages):
        for pin in re.findall(r"keyturn/keyturn@([^{\n\"]+)", path.read_text(encoding="utf-8")):
            pins.setdefault(pin, []).append(path.name)
    assert len(pins) == 1, pins
    ((pin, places),) = pins.items()
    assert re.fullmatch(r"[0-9a-f]{40} # (main|v\d+\.\d+\.\d+)", pin)
    assert {"init.py", *(path.name for path in ELSEWHERE)} <= set(places)


_CALLS = """\
import contextlib, datetime, io, json, sys
from keyturn.cli import main
calls = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    for argv, environ in calls:
        main(argv, environ, now=datetime.datetime.now(datetime.UTC))
print(len(calls))
"""


def test_the_pinned_commit_understands_every_step(tmp_path: Path) -> None:
    (pin,) = {step["uses"].partition("@")[2] for path in EXAMPLES for step in own_steps(path)}
    packed = subprocess.run(["git", "archive", pin, "src"], cwd=ROOT, capture_output=True)
    if packed.returncode:
        pytest.skip(f"this clone does not go back to {pin}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(tmp_path, filter="data")
    given = {json.dumps(step.get("with", {})) for path in EXAMPLES for step in own_steps(path)}
    asked = [json.loads(re.sub(r"\$\{\{.*?\}\}", "octo", text)) for text in sorted(given)]
    # As GitHub's runner starts a container: with the words of `args`, too.
    calls = [(shlex.split(each.get("args", "")), as_action({"with": each})) for each in asked]
    ran = subprocess.run(
        [sys.executable, "-c", _CALLS],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        input=json.dumps(calls),
        capture_output=True,
        text=True,
    )
    assert ran.stdout == f"{len(calls)}\n", ran.stderr
    for hint in ("see keyturn --help", "see `with:` of the step"):
        assert hint not in ran.stderr, ran.stderr


def app_permissions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what the App's token of an example may do."""
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/create-github-app-token@"):
            given = {**step["with"], **step.get("env", {})}
            asked = [name for name in given if "permission-" in name.lower()]
            assert asked, "all that the App may do"
            for name in asked:
                yield name.lower().rpartition("permission-")[2], given[name]


@every_example
def test_every_permission_of_the_app_stands_in_its_guide(path: Path) -> None:
    told = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in GUIDES)
    head = path.read_text(encoding="utf-8").partition("\nname:")[0].replace("\n#", "").lower()
    for name, level in app_permissions(path):
        area = name.removeprefix("actions-").replace("-", " ")
        if area == "metadata":
            continue  # every App has it
        area = area.capitalize()
        row = rf"\| {area} \| {level} \||\*{area}\*, {level}"
        assert re.search(row, told), f"{area}: {level}"
        assert area.lower() in head, f"{area} is not named at the head"


def test_an_app_behind_a_proxy_is_told_so() -> None:
    # lib/ensure-native-proxy-support.js of create-github-app-token (2026-11): with a proxy in the
    # environment, which a runner hands on, and without this word it refuses.
    steps = list(steps_of(FOLDER / "check-enterprise-server.yml"))
    assert any("HTTPS_PROXY" in step.get("env", {}) for step in steps)
    (app,) = [step for step in steps if step.get("id") == "app"]
    assert app["env"] == {"NODE_USE_ENV_PROXY": "1"}


def test_what_changes_tokens_is_kept_behind_an_environment() -> None:
    behind = {}
    for path in EXAMPLES:
        for name, job in load(path)["jobs"].items():
            if any("--apply" in step.get("with", {}).get("args", "") for step in job["steps"]):
                behind[path.name, name] = job["environment"]
    assert behind == {
        ("revoke-now.yml", "revoke"): "keyturn-revoke",
        ("rotate-approved.yml", "plan"): "keyturn",
        ("rotate-approved.yml", "apply"): "keyturn-approve",
    }


def test_what_may_revoke_is_stored_behind_the_approval_alone() -> None:
    # GitHub makes an environment that nobody made, and asks nobody: a secret of the repository
    # that both jobs name would revoke without an approval.
    jobs = load(FOLDER / "revoke-now.yml")["jobs"]
    shown, killed = (
        set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(jobs[name])))
        for name in ("show", "revoke")
    )
    assert killed
    assert shown.isdisjoint(killed)
    others = [
        path.read_text(encoding="utf-8") for path in EXAMPLES if path.name != "revoke-now.yml"
    ]
    assert not [name for name in killed for text in others if name in text]


def test_no_repository_of_an_organization_is_given_the_credentials_of_another() -> None:
    jobs = load(FOLDER / "check-organization.yml")["jobs"]
    assert jobs["check"]["environment"] == "${{ matrix.repository }}"
    (app,) = [step for step in jobs["check"]["steps"] if step.get("id") == "app"]
    assert app["with"]["repositories"] == "${{ matrix.repository }}"


def test_the_dispatched_value_becomes_one_word_of_the_command_line() -> None:
    asked, *_ = steps_of(FOLDER / "revoke-now.yml")
    (pattern,) = re.findall(r"=~ (\S+) \]\]", asked["run"])
    for id in ("release-gitlab", "a", "A.b_c-9"):
        assert re.search(pattern, id)
        assert shlex.split(id) == [id]
    for text in ("", "--all-of", "a b", "a\nb", "a'", "$(id)", "a;b", "-a"):
        assert not re.fullmatch(pattern.strip("^$"), text), text


def steps_of_job(name: str, job: str) -> list[dict[str, Any]]:
    found = load(FOLDER / name)["jobs"][job]["steps"]
    assert isinstance(found, list)
    return found


def as_action(step: dict[str, Any]) -> dict[str, str]:
    """Return the environment that the runner makes of a step's inputs."""
    inputs = load(ROOT / "action.yml")["inputs"]
    given = {name: str(row.get("default", "")) for name, row in inputs.items()}
    given |= {name: str(value) for name, value in step.get("with", {}).items()}
    return {f"INPUT_{name.upper()}": value for name, value in given.items()}


class TestPullRequest:
    JOB = ("check-push-and-pull-request.yml", "pull-request")

    def test_its_job_names_no_secret(self) -> None:
        name, job = self.JOB
        assert "secrets" not in yaml.safe_dump(load(FOLDER / name)["jobs"][job])
        assert load(FOLDER / name)["jobs"][job]["permissions"] == {"contents": "read"}

    def test_its_step_asks_nobody(self, world: World) -> None:
        step = steps_of_job(*self.JOB)[-1]
        before = len(world.box.gitlab.server.exchanges)
        given = {**as_action(step), "GITHUB_EVENT_NAME": "pull_request"}
        # Even if the fork's change handed it everything.
        ran = world.run(**given, GITHUB_REF="refs/pull/7/merge")
        assert (ran.code, ran.asked) == (0, [])
        assert len(world.box.gitlab.server.exchanges) == before
        assert world.repository.issues == {}
        assert "no credential was sent" in ran.out + ran.err

    def test_its_step_finds_a_mistake(self, world: World) -> None:
        world.write(".github/keyturn.yml", "version: 1\ntoken: []\n")
        step = steps_of_job(*self.JOB)[-1]
        ran = world.run(**as_action(step), GITHUB_EVENT_NAME="pull_request")
        assert ran.code == 2
        assert "::error file=.github/keyturn.yml,line=2" in ran.err


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path.name)
def test_the_commands_of_another_ci_work(path: Path, world: World) -> None:
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"^\s*- (?:bash: )?(keyturn .*)$", text, flags=re.MULTILINE)
    assert lines
    checks = [shlex.split(line)[1:] for line in lines if " check " in line]
    (check,) = checks
    assert check[check.index("--repository") + 1] == example.REPOSITORY
    outside = dict.fromkeys(("GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_REPOSITORY"))
    ran = world.run(*check, **outside)
    assert ran.code == 1, ran.err  # a token dies in three days
    assert len(world.repository.issues) == 3


def test_the_hook_reads_every_commit_of_a_pull_request(tmp_path: Path) -> None:
    *_, step = steps_of(FOLDER / "hooks-on-pull-request.yml")
    (line,) = [line for line in step["run"].splitlines() if line.startswith("pre-commit run")]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = [{**hook, "language": "system"} for hook in hooks if hook["id"] in line.split()]
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "-q")
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    refs = []
    for text in ("export GITLAB_TOKEN", f"export GITLAB_TOKEN={TOKEN}", "export GITLAB_TOKEN"):
        (project / "deploy.sh").write_text(f"{text}\n", encoding="utf-8")
        git(project, "add", "-A")
        git(project, "commit", "-q", "-m", "deploy")
        refs.append(git(project, "rev-parse", "HEAD").strip())

    def run(base: str, head: str) -> subprocess.CompletedProcess[str]:
        environ = runner_environ(tmp_path) | {"BASE": base, "HEAD": head}
        environ.pop("PYTHONPATH")
        return subprocess.run(
            ["bash", "-c", line], cwd=project, env=environ, capture_output=True, text=True
        )

    # Added and taken out again: whoever can read the repository can still read it.
    refused = run(refs[0], refs[2])
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "deploy.sh:1:21: gitlab-pat" in refused.stdout
    assert TOKEN not in refused.stdout
    assert run(refs[1], refs[2]).returncode == 0
