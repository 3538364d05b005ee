from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_web import GitHubWeb
from keyturn.sandbox.github_world import Repository
from tests.sandbox.client import Client

FILES = {"README.md": "read me\n", "a/deep/file.txt": "deep\n", "a.txt": "beside a\n"}


@pytest.fixture
def web(github: GitHub, app: Repository) -> Iterator[GitHubWeb]:
    app.write_files(FILES)
    served = GitHubWeb(github.repository)
    served.server.start()
    yield served
    served.server.stop()


def test_an_issue_is_read_as_text_without_hidden_marks(web: GitHubWeb, app: Repository) -> None:
    issue = app.tracker.open("Dying", by="bob", body="<!-- mark -->\nRenew it.\n")
    app.tracker.comment(issue, "Done.<!-- mark -->", by="alice")
    text = Client(web.url).get(f"/octo/app/issues/{issue.number}").decode()
    assert text.startswith("#1 Dying\nopen; ")
    assert "\n\nRenew it.\n\n--- alice wrote:\n\nDone.\n" in text
    assert "mark" not in text
    assert Client(web.url).get("/octo/app/issues").decode() == "#1 open: Dying\n"


def test_no_issue_yet_is_said(web: GitHubWeb) -> None:
    assert Client(web.url).get("/octo/app/issues") == b"no issues\n"


def test_a_file_is_where_a_report_links_to(web: GitHubWeb, app: Repository) -> None:
    first = app.git.refs["refs/heads/main"]
    app.write_file("a/deep/file.txt", "deeper\n")
    show = Client(web.url).get
    assert show("/octo/app/blob/HEAD/a/deep/file.txt") == b"deeper\n"
    assert show(f"/octo/app/blob/{first}/a/deep/file.txt") == b"deep\n"


@pytest.mark.parametrize(
    "path",
    [
        "/octo/app/blob/HEAD/a/deep",
        "/octo/app/blob/nowhere/a.txt",
        "/octo/app/issues/9",
        "/octo/app/issues/x",
        "/octo/none/issues",
        f"/octo/app/objects/ab/{'0' * 38}",
    ],
)
def test_what_is_not_there_is_not_found(web: GitHubWeb, path: str) -> None:
    assert Client(web.url)("GET", path).status == 404


@pytest.mark.parametrize("name", ["app", "app.git"])
def test_git_clones_it_whole(web: GitHubWeb, app: Repository, tmp_path: Path, name: str) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    app.write_file("README.md", "read me again\n")
    git("clone", "-q", f"{web.url}/octo/{name}", "copy")
    assert git("-C", "copy", "rev-parse", "HEAD") == app.git.refs["refs/heads/main"]
    assert git("-C", "copy", "fsck", "--full") == ""
    assert (tmp_path / "copy/README.md").read_text(encoding="utf-8") == "read me again\n"
    assert (tmp_path / "copy/a/deep/file.txt").read_text(encoding="utf-8") == "deep\n"
