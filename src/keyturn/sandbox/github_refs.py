"""References, commits, trees and blobs over HTTP."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any

from keyturn.sandbox.github_api import Call, node_id, not_found, paged, refuse, stamp
from keyturn.sandbox.github_git import FOLDER, SUBMODULE, Commit, Person
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Response

MODES = {"100644", "100755", FOLDER, SUBMODULE, "120000"}


def add_routes(routes: Routes) -> None:
    """Register the git database of repositories."""
    for method, template, handler in (
        ("GET", "/git/ref/{ref*}", get_ref),
        ("GET", "/git/matching-refs/{ref*}", matching_refs),
        ("POST", "/git/refs", create_ref),
        ("PATCH", "/git/refs/{ref*}", update_ref),
        ("DELETE", "/git/refs/{ref*}", delete_ref),
        ("POST", "/git/blobs", create_blob),
        ("GET", "/git/blobs/{sha}", get_blob),
        ("POST", "/git/trees", create_tree),
        ("GET", "/git/trees/{sha}", get_tree),
        ("POST", "/git/commits", create_commit),
        ("GET", "/git/commits/{sha}", get_commit),
    ):
        routes.repository(method, template, handler, area="contents")


def get_ref(call: Call, repository: Repository, *, ref: str) -> Response:
    """Answer with one reference, named without `refs/`."""
    name = f"refs/{ref}"
    if name not in repository.git.refs:
        raise not_found()
    return Response(200, show_ref(call, repository, name))


def matching_refs(call: Call, repository: Repository, *, ref: str) -> Response:
    """Answer with every reference whose name begins so."""
    names = sorted(name for name in repository.git.refs if name.startswith(f"refs/{ref}"))
    return paged(
        call,
        names,
        lambda name: show_ref(call, repository, name),
        path=repository_path(repository, f"/git/matching-refs/{ref}"),
    )


def create_ref(call: Call, repository: Repository) -> Response:
    """Make a reference; the first of several writers wins."""
    name, sha = call.text("ref"), call.text("sha")
    if not re.fullmatch(r"refs/[^/\s]+/\S+", name):
        raise refuse(422, f"Reference name is not valid: {name}")
    if name in repository.git.refs:
        raise refuse(422, "Reference already exists")
    _check_commit(repository, sha)
    repository.git.refs[name] = sha
    return call.created(show_ref(call, repository, name))


def update_ref(call: Call, repository: Repository, *, ref: str) -> Response:
    """Move a reference forward, or anywhere with `force`."""
    git, name, sha = repository.git, f"refs/{ref}", call.text("sha")
    if name not in git.refs:
        raise refuse(422, "Reference does not exist")
    _check_commit(repository, sha)
    if call.body.get("force") is not True and not git.contains(sha, git.refs[name]):
        raise refuse(422, "Update is not a fast forward")
    git.refs[name] = sha
    repository.pushed_at = call.now
    return Response(200, show_ref(call, repository, name))


def delete_ref(_call: Call, repository: Repository, *, ref: str) -> Response:
    """Remove a reference other than the default branch."""
    name = f"refs/{ref}"
    if name not in repository.git.refs:
        raise refuse(422, "Reference does not exist")
    if name == f"refs/heads/{repository.default_branch}":
        raise refuse(422, "Cannot delete the default branch")
    del repository.git.refs[name]
    return Response(204)


def create_blob(call: Call, repository: Repository) -> Response:
    """Store a file's content."""
    encoded = call.text("encoding", default="utf-8") == "base64"
    content = call.base64("content") if encoded else call.text("content").encode()
    sha = repository.git.add_blob(content)
    return call.created({"url": _url(call, repository, "blobs", sha), "sha": sha})


def get_blob(call: Call, repository: Repository, *, sha: str) -> Response:
    """Answer with a file's content."""
    content = repository.git.blobs.get(sha)
    if content is None:
        raise not_found()
    return Response(
        200,
        {
            "sha": sha,
            "node_id": node_id("B", sha),
            "size": len(content),
            "url": _url(call, repository, "blobs", sha),
            "content": base64.encodebytes(content).decode(),
            "encoding": "base64",
        },
    )


def create_tree(call: Call, repository: Repository) -> Response:
    """Store a tree, made from entries on top of `base_tree`."""
    git = repository.git
    base = call.text("base_tree", default="")
    if base in git.commits:
        base = git.commits[base].tree
    if base and base not in git.trees:
        raise refuse(422, "base_tree is not a valid tree oid")
    flat = git.flat(base) if base else {}
    entries = call.body.get("tree")
    if not isinstance(entries, list) or not entries:
        raise refuse(422, "Invalid tree info")
    for entry in entries:
        _lay(repository, flat, entry)
    sha = git.add_tree(flat)
    return call.created(show_tree(call, repository, sha, recursive=False))


def get_tree(call: Call, repository: Repository, *, sha: str) -> Response:
    """Answer with a tree, named by its id, a commit's or a reference."""
    git = repository.git
    commit = git.resolve(sha)
    tree = git.commits[commit].tree if commit else sha
    if tree not in git.trees:
        raise not_found()
    recursive = "recursive" in call.request.query
    return Response(200, show_tree(call, repository, tree, recursive=recursive))


def create_commit(call: Call, repository: Repository) -> Response:
    """Store a commit; no reference moves."""
    git = repository.git
    tree, message = call.text("tree"), call.text("message")
    parents = call.names("parents", "sha")
    if tree not in git.trees:
        raise refuse(422, "Tree SHA does not exist")
    for parent in parents:
        _check_commit(repository, parent)
    author = person(call, "author", own(call))
    committer = person(call, "committer", author)
    sha = git.add_commit(Commit(tree, tuple(parents), author, committer, message))
    return call.created(show_commit(call, repository, sha))


def get_commit(call: Call, repository: Repository, *, sha: str) -> Response:
    """Answer with one commit."""
    if sha not in repository.git.commits:
        raise not_found()
    return Response(200, show_commit(call, repository, sha))


def show_ref(call: Call, repository: Repository, name: str) -> dict[str, Any]:
    """Describe a reference."""
    sha = repository.git.refs[name]
    return {
        "ref": name,
        "node_id": node_id("REF", name),
        "url": f"{call.base}/repos/{repository.full_name}/git/{name}",
        "object": {
            "sha": sha,
            "type": "commit",
            "url": _url(call, repository, "commits", sha),
        },
    }


def show_commit(call: Call, repository: Repository, sha: str) -> dict[str, Any]:
    """Describe a commit."""
    commit = repository.git.commits[sha]
    html = f"{call.base}/{repository.full_name}/commit"
    parents = [
        {
            "sha": parent,
            "url": _url(call, repository, "commits", parent),
            "html_url": f"{html}/{parent}",
        }
        for parent in commit.parents
    ]
    unsigned = {"signature": None, "payload": None, "verified_at": None}
    return {
        "sha": sha,
        "node_id": node_id("C", sha),
        "url": _url(call, repository, "commits", sha),
        "html_url": f"{html}/{sha}",
        "author": _show_person(commit.author),
        "committer": _show_person(commit.committer),
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": _url(call, repository, "trees", commit.tree)},
        "parents": parents,
        "verification": {"verified": False, "reason": "unsigned", **unsigned},
    }


def show_tree(call: Call, repository: Repository, sha: str, *, recursive: bool) -> dict[str, Any]:
    """Describe a tree, with everything below it if `recursive`."""
    git = repository.git
    entries = git.walk(sha) if recursive else git.trees[sha].items()
    shown = []
    for path, (mode, entry) in entries:
        item: dict[str, Any] = {"path": path, "mode": mode, "type": "blob", "sha": entry}
        if mode == FOLDER:
            item |= {"type": "tree", "url": _url(call, repository, "trees", entry)}
        elif mode == SUBMODULE:
            item["type"] = "commit"
        else:
            item |= {
                "size": len(git.blobs[entry]),
                "url": _url(call, repository, "blobs", entry),
            }
        shown.append(item)
    url = _url(call, repository, "trees", sha)
    return {"sha": sha, "url": url, "tree": shown, "truncated": False}


def _lay(repository: Repository, flat: dict[str, tuple[str, str]], entry: Any) -> None:
    """Put one entry of a request on a flat tree; an id of null removes it."""
    git = repository.git
    path, mode = (entry.get("path"), entry.get("mode")) if isinstance(entry, dict) else ("", "")
    if not isinstance(path, str) or not path or mode not in MODES:
        raise refuse(422, "Must supply a valid tree.path and tree.mode")
    if "content" in entry:
        flat[path] = (mode, git.add_blob(str(entry["content"]).encode()))
        return
    sha = entry.get("sha")
    for held in [name for name in flat if name == path or name.startswith(path + "/")]:
        del flat[held]
    if sha is None:
        return
    if mode == FOLDER and sha in git.trees:
        flat.update({f"{path}/{name}": held for name, held in git.flat(sha).items()})
    elif sha in git.blobs or mode == SUBMODULE:
        flat[path] = (mode, sha)
    else:
        raise refuse(422, f"tree.sha {sha} is not a valid object")


def _check_commit(repository: Repository, sha: str) -> None:
    if sha not in repository.git.commits:
        raise refuse(422, "Object does not exist")


def own(call: Call) -> Person:
    """Return the author that a commit has when none is named."""
    return Person(call.login, f"{call.login}@sandbox.invalid", call.now)


def person(call: Call, name: str, default: Person) -> Person:
    """Return the author or committer that the body names."""
    given = call.body.get(name)
    if not isinstance(given, dict):
        return default
    try:
        at = datetime.fromisoformat(given["date"]) if "date" in given else call.now
    except (TypeError, ValueError):
        raise refuse(422, f'Invalid request.\n\n"{name}.date" is not a date-time.') from None
    return Person(str(given.get("name", "")), str(given.get("email", "")), at)


def _show_person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "date": stamp(person.at)}


def _url(call: Call, repository: Repository, kind: str, sha: str) -> str:
    return f"{call.base}/repos/{repository.full_name}/git/{kind}/{sha}"
