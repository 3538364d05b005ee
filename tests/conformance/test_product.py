"""What keyturn itself sends, and is answered, on the way through its main job."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from keyturn.sandbox import example
from keyturn.sandbox.server import Exchange
from tests.conformance.oracle import Oracle
from tests.world import make_world

KEYTURN = ".github/workflows/keyturn.yml"
# The description calls the filter a date-time; its own text gives it an operator before the date.
SINCE = re.compile(r"'>=[0-9T:Z-]+' is not a 'date-time'")


def judge(oracle: Oracle, exchanges: Iterable[Exchange]) -> list[str]:
    problems = [problem for each in exchanges for problem in oracle.check(each)]
    return [problem for problem in problems if not SINCE.search(problem)]


def test_the_main_job_keeps_to_both_descriptions(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    github_oracle: Oracle,
    gitlab_oracle: Oracle,
) -> None:
    with make_world(tmp_path, capsys) as world:
        world.check()
        assert world.repository.issues
        world.run("inventory", "--repository", world.repository.full_name)
        world.box.clock.advance(timedelta(days=1))
        world.example.renew_release_token()
        world.check()
        world.box.clock.advance(timedelta(days=9))  # keyturn's own schedule has not run since
        world.repository.add_run(KEYTURN, at=example.NOW)
        world.run("check", "--watch-only", GITHUB_EVENT_NAME="push")
        git = world.repository.git
        by = next(iter(git.commits.values())).author
        git.commit_files("refs/heads/main", {KEYTURN: None}, message="Move", by=(by, by))
        world.run("check", "--watch-only", GITHUB_EVENT_NAME="push")
        world.repository.has_issues = False
        world.check()
        github, gitlab = world.box.github.server.exchanges, world.box.gitlab.server.exchanges
        assert {each.request.method for each in github} >= {"GET", "POST", "PATCH"}
        assert gitlab
        asked = " ".join(each.request.path for each in github)
        assert "/actions/workflows/" in asked
        assert "/commits" in asked
        assert any(f"/contents/{KEYTURN}" in each.request.path for each in github)
        assert judge(github_oracle, github) == []
        assert judge(gitlab_oracle, gitlab) == []
