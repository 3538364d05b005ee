"""Files over HTTP, as `contents` shows and writes them."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from keyturn.sandbox.github_api import Call, not_found, refuse
from keyturn.sandbox.github_git import FOLDER
from keyturn.sandbox.github_refs import own, person, show_commit
from keyturn.sandbox.github_routes import Routes
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Response

LARGEST_INLINE = 1024 * 1024
"""Bytes; of a larger file the content is left empty, and `encoding` says `none`."""


def add_routes(routes: Routes) -> None:
    """Register the contents of repositories."""
    routes.repository("GET", "/contents", get_contents, area="contents")
    routes.repository("GET", "/contents/", get_contents, area="contents")
    routes.repository("GET", "/contents/{path*}", get_contents, area="contents")
    routes.repository("PUT", "/contents/{path*}", put_contents, area="contents")
    routes.repository("DELETE", "/contents/{path*}", delete_contents, area="contents")


def get_contents(call: Call, repository: Repository, *, path: str = "") -> Response:
    """Answer with a file, or with what a folder holds."""
    git, path = repository.git, path.strip("/")
    if not git.refs:
        raise refuse(404, "This repository is empty.")
    ref = call.request.query.get("ref", repository.default_branch)
    commit = git.resolve(ref)
    if commit is None:
        raise refuse(404, f"No commit found for the ref {ref}")
    mode, sha = FOLDER, git.commits[commit].tree
    for name in path.split("/") if path else ():
        if mode != FOLDER or name not in git.trees[sha]:
            raise not_found()
        mode, sha = git.trees[sha][name]
    if mode == FOLDER:
        entries = sorted(git.trees[sha].items())
        base = f"{path}/" if path else ""
        shown = [show_entry(call, repository, base + name, entry, ref) for name, entry in entries]
        return Response(200, shown)
    content = git.blobs[sha]
    if call.request.headers.get("accept", "").startswith("application/vnd.github.raw"):
        return Response(200, content, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    inline = len(content) <= LARGEST_INLINE
    text = base64.encodebytes(content).decode() if inline else ""
    shown_file = show_entry(call, repository, path, (mode, sha), ref)
    coding = "base64" if inline else "none"
    return Response(200, shown_file | {"content": text, "encoding": coding})


def put_contents(call: Call, repository: Repository, *, path: str) -> Response:
    """Create a file, or replace the one whose blob id is given."""
    git = repository.git
    branch = call.text("branch", default=repository.default_branch)
    message = call.text("message")
    content = call.base64("content")
    old = _held(repository, branch, path)
    if old:
        call.text("sha")  # refuses where it is missing: nothing is replaced unseen
    _compare(call, old, path)
    commit = _commit(call, repository, branch, {path: content}, message)
    entry = git.flat(git.commits[commit].tree)[path]
    shown = show_entry(call, repository, path, entry, branch)
    body = {"content": shown, "commit": show_commit(call, repository, commit)}
    return Response(200 if old else 201, body)


def delete_contents(call: Call, repository: Repository, *, path: str) -> Response:
    """Remove a file whose blob id is given."""
    branch = call.text("branch", default=repository.default_branch)
    message = call.text("message")
    call.text("sha")
    old = _held(repository, branch, path)
    if not old:
        raise not_found()
    _compare(call, old, path)
    commit = _commit(call, repository, branch, {path: None}, message)
    return Response(200, {"content": None, "commit": show_commit(call, repository, commit)})


def show_entry(
    call: Call, repository: Repository, path: str, entry: tuple[str, str], ref: str
) -> dict[str, Any]:
    """Describe a file or folder without its content."""
    mode, sha = entry
    folder = mode == FOLDER
    base = f"{call.base}/repos/{repository.full_name}"
    html = f"{call.base}/{repository.full_name}"
    quoted, at = quote(path), quote(ref)
    url = f"{base}/contents/{quoted}?ref={at}"
    git_url = f"{base}/git/{'trees' if folder else 'blobs'}/{sha}"
    html_url = f"{html}/{'tree' if folder else 'blob'}/{at}/{quoted}"
    shown = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0 if folder else len(repository.git.blobs[sha]),
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": None if folder else f"{html}/raw/{at}/{quoted}",
        "type": "dir" if folder else "file",
    }
    return shown | {"_links": {"self": url, "git": git_url, "html": html_url}}


def _held(repository: Repository, branch: str, path: str) -> str | None:
    """Return the blob id of a file on a branch."""
    git = repository.git
    head = git.refs.get(f"refs/heads/{branch}")
    if head is None:
        if git.refs:
            raise refuse(404, f"Branch {branch} not found")
        return None
    return git.flat(git.commits[head].tree).get(path, ("", None))[1]


def _compare(call: Call, old: str | None, path: str) -> None:
    """Refuse with 409 a write on top of something else than what the writer saw."""
    expected = call.text("sha", default="") or None
    if expected != old:
        said = f"does not match {expected}" if expected else "already exists"
        raise refuse(409, f"{path} {said}")


def _commit(
    call: Call,
    repository: Repository,
    branch: str,
    changes: dict[str, bytes | None],
    message: str,
) -> str:
    repository.pushed_at = call.now
    committer = person(call, "committer", own(call))
    author = person(call, "author", committer)
    return repository.git.commit_files(
        f"refs/heads/{branch}", changes, message=message, by=(author, committer)
    )
