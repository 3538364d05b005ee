"""Requests and wall time of `keyturn check` on a large repository, against the least possible.

200 tokens, 500 secrets and 60 workflow files on the sandbox, every answer 20 ms late. Run it with
`make bench-check`; it prints what was sent, what had to be sent, and where the time went.
"""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from keyturn.cli import main
from keyturn.inspection import WORKERS
from keyturn.sandbox import Sandbox

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
REPOSITORY = "octo/large"
LATENCY = 0.020
BY_VALUE, PROJECTS, PER_PROJECT = 40, 4, 40
ENVIRONMENTS, PER_COLLECTION = 3, 100
WORKFLOWS, RUNS = 60, 5
PAGE = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds, and how many requests each server got."""

    seconds: float
    github: int
    gitlab: int


def fill(box: Sandbox, folder: Path) -> dict[str, str]:
    """Put the repository into the sandbox and its files into a folder; return the environment."""
    octo = box.github.add_organization("octo")
    octo.members["alice"] = "member"
    repository = box.github.add_repository(REPOSITORY, assignees=("alice",))
    app = "ghs_" + "b" * 36
    box.github.add_token(app)
    environ = {"GITHUB_TOKEN": app}
    tokens = ["version: 1", 'defaults: { owners: ["@alice"] }', "tokens:"]
    manager = box.gitlab.create_token(name="manager", expires_on=date(2027, 6, 1))
    environ["MANAGER"] = manager.value
    created, expires = NOW - timedelta(days=100), date(2027, 6, 1)
    names = [f"S{index:03}" for index in range(PER_COLLECTION)]
    at = created + timedelta(minutes=5)
    for name in names:
        repository.put_secret(name, "v", at=at)
        octo.put_secret(f"O{name}", "v")
    for number in range(ENVIRONMENTS):
        for name in names:
            repository.put_secret(f"E{number}{name}", "v", environment=f"env{number}", at=at)
    for number in range(BY_VALUE):
        token = box.gitlab.create_token(
            name=f"own-{number}", created_at=created, expires_on=expires
        )
        environ[f"VALUE_{number}"] = token.value
        tokens += _declare(f"own-{number}", "kind: personal", f"VALUE_{number}", names[number])
    for project in range(PROJECTS):
        box.gitlab.add_project(project + 1, f"group/project-{project}")
        for number in range(PER_PROJECT):
            name = f"p{project}-{number}"
            box.gitlab.create_token(
                "project",
                name,
                project=project + 1,
                created_at=created,
                expires_on=expires,
                last_used_at=NOW - timedelta(days=1),
            )
            where = f"kind: project, project: {project + 1}, token: {name}"
            secret = f"E{project}{names[number]}" if project < ENVIRONMENTS else names[number + 50]
            tokens += _declare(name, where, None, secret, project)
    text = "\n".join(tokens).replace("URL", box.gitlab.url)
    _write(folder / ".github/keyturn.yml", text)
    for number in range(WORKFLOWS):
        _write(folder / f".github/workflows/w{number:02}.yml", _workflow(number, names))
    return environ


def _declare(
    id: str, where: str, value: str | None, secret: str, environment: int = ENVIRONMENTS
) -> list[str]:
    place = f"{{ environment: env{environment}, name: {secret} }}"
    return [
        f"  - id: {id}",
        "    provider: gitlab",
        f'    with: {{ url: "URL", {where} }}',
        f"    value: {value}" if value else "    credential: MANAGER",
        f"    secrets: [{place if environment < ENVIRONMENTS else secret}]",
    ]


def _workflow(number: int, names: list[str]) -> str:
    used = "\n".join(f"          {n}: ${{{{ secrets.{n} }}}}" for n in names[number::WORKFLOWS])
    return (
        f'name: w{number}\non:\n  schedule: [{{cron: "{number} 3 * * *"}}]\njobs:\n  job:\n'
        f"    runs-on: ubuntu-24.04\n    steps:\n      - run: ./do.sh\n        env:\n{used}\n"
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def least_requests() -> Counter[str]:
    """Count what nobody could do without, given what GitHub and GitLab offer.

    GitHub: the repository (its visibility decides about issues), each collection's pages, the list
    of issues, whether the one owner is still a member, and which runs failed lately. GitLab: one
    request per token asked by its own value, one page per hundred tokens of each project.
    """
    pages = math.ceil(PER_COLLECTION / PAGE)
    collections = 1 + ENVIRONMENTS + 1  # repository, environments, organization
    dependabot = environments = issues = facts = owner = failed_runs = 1
    return Counter(
        github=collections * pages
        + (dependabot + environments + issues + facts + owner + failed_runs),
        gitlab=BY_VALUE + PROJECTS * math.ceil(PER_PROJECT / PAGE),
    )


def measure(box: Sandbox, environ: dict[str, str], folder: Path) -> Measured:
    """Run one check in this process, as a scheduled workflow does; everything is in order."""
    servers = box.github.server, box.gitlab.server
    before = [len(server.exchanges) for server in servers]
    started = time.perf_counter()
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        code = main(["check", "--fail-on", "never"], environ, now=NOW)
    seconds = time.perf_counter() - started
    if code != 0:
        sys.exit(f"the check ended with {code}:\n{out.getvalue()[-3000:]}")
    github, gitlab = (len(s.exchanges) - n for s, n in zip(servers, before, strict=True))
    return Measured(seconds, github, gitlab)


def start_up() -> float:
    """Time the start of the interpreter with everything that `check` imports."""
    code = "import keyturn.commands.check, keyturn.github.issues, keyturn.github.secrets"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def run() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as name, Sandbox(NOW) as box:
        folder = Path(name)
        environ = fill(box, folder) | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": box.github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_WORKSPACE": name,
            "PATH": os.environ["PATH"],
        }
        measure(box, environ, folder)  # warms up; opens what issues there are to open
        box.latency = LATENCY
        runs = sorted((measure(box, environ, folder) for _ in range(RUNS)), key=lambda m: m.seconds)
        asked_at_once = box.gitlab.server.most_at_once, box.github.server.most_at_once
    median, least = runs[len(runs) // 2], least_requests()
    sent = median.github + median.gitlab
    github_share = median.github * LATENCY
    gitlab_share = math.ceil(median.gitlab / WORKERS) * LATENCY
    slowest = max(github_share, gitlab_share)
    spread = f"{runs[0].seconds:.2f} to {runs[-1].seconds:.2f}"
    rows = {
        "requests sent": f"{sent}: GitHub {median.github}, GitLab {median.gitlab}",
        "least possible": f"{least.total()}: GitHub {least['github']}, GitLab {least['gitlab']}",
        "ratio": f"{sent / least.total():.2f} (aim: 1.10 or less)",
        "at once": f"GitLab {asked_at_once[0]} of {WORKERS}, GitHub {asked_at_once[1]}",
        "GitHub's share": f"{github_share:.2f} s, one request after the other",
        "GitLab's share": f"{gitlab_share:.2f} s, {WORKERS} at a time",
        "wall": f"{median.seconds:.2f} s, median of {RUNS} ({spread})",
        "wall / slowest share": f"{median.seconds / slowest:.2f}",
        "start-up, apart": f"{min(start_up() for _ in range(3)):.2f} s",
    }
    print("200 tokens, 500 secrets, 60 workflow files, 20 ms an answer")
    for label, figure in rows.items():
        print(f"{label:22}{figure}")


if __name__ == "__main__":
    run()
