"""A git object store in memory with real object ids; it knows nothing of HTTP.

Trees are handled flat, as `path -> (mode, id)`; what is no text file keeps its mode and id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

FILE = "100644"
FOLDER = "040000"
SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Person:
    """An author or committer, and when they were it."""

    name: str
    email: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {int(self.at.timestamp())} +0000"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's content; its id is where it is stored under."""

    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    def encode(self) -> bytes:
        """Return the bytes that git hashes."""
        lines = [f"tree {self.tree}", *(f"parent {parent}" for parent in self.parents)]
        lines += [f"author {self.author}", f"committer {self.committer}", "", self.message]
        return "\n".join(lines).encode()


Flat = dict[str, tuple[str, str]]


class Git:
    """Objects and references of one repository."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, tuple[str, str]]] = {}
        """Id -> name -> (mode, id), one folder deep."""
        self.commits: dict[str, Commit] = {}
        self.refs: dict[str, str] = {}
        """`refs/heads/main` -> commit id."""

    def add_blob(self, content: bytes) -> str:
        """Store a file's content and return its id."""
        sha = _hash("blob", content)
        self.blobs[sha] = content
        return sha

    def add_tree(self, flat: Mapping[str, tuple[str, str]]) -> str:
        """Store a tree and its subtrees, and return the id of the top."""
        entries: dict[str, tuple[str, str]] = {}
        folders: dict[str, Flat] = {}
        for path, entry in flat.items():
            name, _, rest = path.partition("/")
            if rest:
                folders.setdefault(name, {})[rest] = entry
            else:
                entries[name] = entry
        for name, inside in folders.items():
            entries[name] = (FOLDER, self.add_tree(inside))
        # git sorts a folder as if its name ended with a slash
        ordered = sorted(entries.items(), key=lambda e: e[0] + "/" * (e[1][0] == FOLDER))
        tree = dict(ordered)
        sha = _hash("tree", _encode_tree(tree))
        self.trees[sha] = tree
        return sha

    def add_commit(self, commit: Commit) -> str:
        """Store a commit and return its id."""
        sha = _hash("commit", commit.encode())
        self.commits[sha] = commit
        return sha

    def stored(self, sha: str) -> bytes | None:
        """Return an object as git keeps it, header included; None where there is none."""
        if sha in self.blobs:
            return _with_header("blob", self.blobs[sha])
        if sha in self.trees:
            return _with_header("tree", _encode_tree(self.trees[sha]))
        if sha in self.commits:
            return _with_header("commit", self.commits[sha].encode())
        return None

    def flat(self, tree: str) -> Flat:
        """Return every file below a tree by its path."""
        return {path: entry for path, entry in self.walk(tree) if entry[0] != FOLDER}

    def walk(self, tree: str, prefix: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield every folder and file below a tree, folders before what they hold."""
        for name, entry in self.trees[tree].items():
            yield prefix + name, entry
            if entry[0] == FOLDER:
                yield from self.walk(entry[1], f"{prefix}{name}/")

    def resolve(self, name: str) -> str | None:
        """Return the commit that a branch, tag, full reference or id stands for."""
        for ref in (name, f"refs/{name}", f"refs/heads/{name}", f"refs/tags/{name}"):
            if ref in self.refs:
                return self.refs[ref]
        return name if name in self.commits else None

    def contains(self, commit: str, ancestor: str) -> bool:
        """Tell whether `ancestor` is in the history of `commit`, itself included."""
        todo, seen = [commit], set[str]()
        while todo:
            sha = todo.pop()
            if sha == ancestor:
                return True
            if sha not in seen:
                seen.add(sha)
                todo.extend(self.commits[sha].parents)
        return False

    def commit_files(
        self, ref: str, changes: Mapping[str, bytes | None], *, message: str, by: Sequence[Person]
    ) -> str:
        """Commit changed files (None: removed) on top of a reference, and move it there.

        `by` is the author and the committer.
        """
        parent = self.refs.get(ref)
        flat = self.flat(self.commits[parent].tree) if parent else {}
        for path, content in changes.items():
            if content is None:
                del flat[path]
            else:
                flat[path] = (flat.get(path, (FILE, ""))[0], self.add_blob(content))
        author, committer = by
        parents = (parent,) if parent else ()
        sha = self.add_commit(Commit(self.add_tree(flat), parents, author, committer, message))
        self.refs[ref] = sha
        return sha


def _encode_tree(entries: Flat) -> bytes:
    return b"".join(
        f"{mode.lstrip('0')} {name}".encode() + b"\0" + bytes.fromhex(sha)
        for name, (mode, sha) in entries.items()
    )


def _with_header(kind: str, content: bytes) -> bytes:
    return f"{kind} {len(content)}\0".encode() + content


def _hash(kind: str, content: bytes) -> str:
    # git's ids are SHA-1; nothing here relies on them for security
    return hashlib.sha1(_with_header(kind, content), usedforsecurity=False).hexdigest()
