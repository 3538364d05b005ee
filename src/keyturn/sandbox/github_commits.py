"""The history of a branch or of a file over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keyturn.sandbox.github_api import Call, not_found, paged
from keyturn.sandbox.github_git import Git
from keyturn.sandbox.github_objects import user
from keyturn.sandbox.github_refs import show_commit
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Response


def add_routes(routes: Routes) -> None:
    """Register the list of commits."""
    routes.repository("GET", "/commits", list_commits, area="contents")


def list_commits(call: Call, repository: Repository) -> Response:
    """Answer with the commits of `sha`, else of the default branch, that changed `path`."""
    query, git = call.request.query, repository.git
    head = git.resolve(query.get("sha", repository.default_branch))
    if head is None:
        raise not_found()
    found = list(_history(git, head, query.get("path", "")))
    return paged(
        call,
        found,
        lambda sha: _show(call, repository, sha),
        path=repository_path(repository, "/commits"),
    )


def _history(git: Git, head: str, path: str) -> Iterator[str]:
    """Yield the commits, the newest first, that changed a file; all of them without one."""
    sha: str | None = head
    while sha:
        parents = git.commits[sha].parents
        before = git.flat(git.commits[parents[0]].tree) if parents else {}
        if not path or git.flat(git.commits[sha].tree).get(path) != before.get(path):
            yield sha
        sha = parents[0] if parents else None


def _show(call: Call, repository: Repository, sha: str) -> dict[str, Any]:
    """Describe a commit as lists do: git's own account of it is a part."""
    shown = show_commit(call, repository, sha)
    names = ("author", "committer", "message", "tree", "verification")
    url = f"{call.base}/repos/{repository.full_name}/commits/{sha}"
    commit = repository.git.commits[sha]
    return {
        "sha": sha,
        "node_id": shown["node_id"],
        "url": url,
        "html_url": shown["html_url"],
        "comments_url": f"{url}/comments",
        "commit": {"url": shown["url"], "comment_count": 0} | {n: shown[n] for n in names},
        "author": user(commit.author.name, call.base),
        "committer": user(commit.committer.name, call.base),
        "parents": shown["parents"],
    }
