from __future__ import annotations

import base64
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import github as pygithub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_git import FILE, Git
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, sample_token

REPO = "/repos/octo/app"
CONTENTS = f"{REPO}/contents"
FILES = {
    "README.md": "read me\n",
    "a-b.txt": "sorted before the folder a\n",
    "a/deep/file.txt": "deep\n",
    "a.txt": "and this before it too\n",
    ".github/workflows/ci.yml": "name: CI\non: push\n",
}
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def full(app: Repository) -> Repository:
    app.write_files(FILES)
    return app


def test_ids_are_those_of_git(full: Repository, tmp_path: Path) -> None:
    def git(*arguments: str, stdin: bytes = b"") -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=tmp_path, input=stdin, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    git("-c", "core.autocrlf=false", "add", "-A", "-f")
    head = full.git.refs["refs/heads/main"]
    commit = full.git.commits[head]
    assert commit.tree == git("write-tree")
    # git refuses here what is no well-formed commit
    assert git("hash-object", "-t", "commit", "--stdin", stdin=commit.encode()) == head


def test_known_ids() -> None:
    git = Git()
    assert git.add_blob(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert git.add_tree({}) == EMPTY_TREE


names = st.sampled_from(["a", "a.b", "a-b", "b", "a0"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(paths, st.binary(max_size=3), max_size=8))
def test_a_tree_comes_back_as_it_was_stored(files: dict[str, bytes]) -> None:
    clear = {p: c for p, c in files.items() if not any(q.startswith(p + "/") for q in files)}
    git = Git()
    flat = {path: (FILE, git.add_blob(content)) for path, content in clear.items()}
    assert git.flat(git.add_tree(flat)) == flat


class TestReading:
    def test_a_file(self, full: Repository, ask: Client) -> None:
        found = ask.get(f"{CONTENTS}/.github/workflows/ci.yml")
        text = FILES[".github/workflows/ci.yml"]
        assert base64.b64decode(found["content"]).decode() == text
        assert (found["type"], found["encoding"]) == ("file", "base64")
        assert (found["name"], found["size"]) == ("ci.yml", len(text))
        assert found["content"].endswith("\n")

    def test_raw(self, full: Repository, ask: Client) -> None:
        headers = {"Accept": "application/vnd.github.raw+json"}
        assert ask("GET", f"{CONTENTS}/README.md", headers=headers).body == b"read me\n"

    def test_folders(self, full: Repository, ask: Client) -> None:
        for root in (CONTENTS, CONTENTS + "/"):
            found = {entry["name"]: entry["type"] for entry in ask.get(root)}
            assert found == {
                ".github": "dir", "README.md": "file", "a": "dir",
                "a-b.txt": "file", "a.txt": "file",
            }  # fmt: skip
        (entry,) = ask.get(f"{CONTENTS}/a/deep")
        assert entry["path"] == "a/deep/file.txt"
        assert "content" not in entry

    @pytest.mark.parametrize("path", ["none", "a/none", "README.md/x", ".github/workflows/CI.yml"])
    def test_what_is_not_there(self, full: Repository, ask: Client, path: str) -> None:
        assert ask("GET", f"{CONTENTS}/{path}").status == 404

    def test_at_a_reference(self, full: Repository, ask: Client) -> None:
        old = full.git.refs["refs/heads/main"]
        full.write_file("README.md", "new\n")
        full.git.refs["refs/tags/v1"] = old
        for ref in (old, "v1", "refs/tags/v1", "tags/v1"):
            found = ask.get(f"{CONTENTS}/README.md?ref={ref}")
            assert base64.b64decode(found["content"]) == b"read me\n"
        assert base64.b64decode(ask.get(f"{CONTENTS}/README.md?ref=main")["content"]) == b"new\n"
        assert ask("GET", f"{CONTENTS}/README.md?ref=none").status == 404

    def test_an_empty_repository(self, app: Repository, ask: Client) -> None:
        reply = ask("GET", CONTENTS)
        assert (reply.status, reply.body["message"]) == (404, "This repository is empty.")

    def test_a_large_file_has_no_content(self, app: Repository, ask: Client) -> None:
        app.write_file("fits", "x" * 1024 * 1024)
        app.write_file("large", "x" * (1024 * 1024 + 1))
        assert ask.get(f"{CONTENTS}/fits")["encoding"] == "base64"
        large = ask.get(f"{CONTENTS}/large")
        assert (large["encoding"], large["content"]) == ("none", "")
        assert len(ask.get(f"{REPO}/git/blobs/{large['sha']}")["content"]) > 1024 * 1024


class TestWriting:
    def put(self, ask: Client, text: str, **more: Any) -> Any:
        body = {"message": "m", "content": encoded(text), **more}
        return ask("PUT", f"{CONTENTS}/dir/file.txt", body)

    def test_a_files_life(self, app: Repository, ask: Client, clock: Clock) -> None:
        made = self.put(ask, "one")
        assert made.status == 201
        assert made.body["content"]["path"] == "dir/file.txt"
        clock.advance(timedelta(days=1))
        sha = made.body["content"]["sha"]
        changed = self.put(ask, "two", sha=sha)
        assert changed.status == 200
        assert changed.body["commit"]["parents"][0]["sha"] == made.body["commit"]["sha"]
        assert app.pushed_at == clock.now
        new = changed.body["content"]["sha"]
        body = {"message": "m", "sha": new}
        gone = ask("DELETE", f"{CONTENTS}/dir/file.txt", body)
        assert (gone.status, gone.body["content"]) == (200, None)
        assert ask("GET", f"{CONTENTS}/dir/file.txt").status == 404
        assert gone.body["commit"]["tree"]["sha"] == EMPTY_TREE

    def test_a_write_on_top_of_something_else(self, full: Repository, ask: Client) -> None:
        made = self.put(ask, "one")
        sha = made.body["content"]["sha"]
        assert self.put(ask, "two").status == 422
        assert self.put(ask, "two", sha="0" * 40).status == 409
        assert self.put(ask, "two", sha=sha).status == 200
        assert self.put(ask, "three", sha=sha).status == 409
        body = {"message": "m", "sha": sha}
        assert ask("DELETE", f"{CONTENTS}/dir/file.txt", body).status == 409
        assert ask("DELETE", f"{CONTENTS}/none", body).status == 404
        assert ask("PUT", f"{CONTENTS}/new", body | {"content": ""}).status == 409

    @pytest.mark.parametrize(
        ("more", "status"),
        [
            ({"content": "?"}, 422),
            ({"content": None}, 422),
            ({"message": None}, 422),
            ({"branch": "none"}, 404),
        ],
    )
    def test_refusals(
        self, full: Repository, ask: Client, more: dict[str, Any], status: int
    ) -> None:
        before = dict(full.git.refs)
        assert self.put(ask, "text", **more).status == status
        assert full.git.refs == before

    def test_a_branch_and_an_author(self, full: Repository, ask: Client) -> None:
        full.git.refs["refs/heads/side"] = main = full.git.refs["refs/heads/main"]
        author = {"name": "Alice", "email": "alice@example.com", "date": "2026-01-01T00:00:00Z"}
        commit = self.put(ask, "x", branch="side", author=author).body["commit"]
        assert commit["author"] == author
        assert commit["committer"]["name"] == "octocat"
        assert full.git.refs["refs/heads/main"] == main
        assert full.git.refs["refs/heads/side"] == commit["sha"]


class TestDatabase:
    def commit(self, ask: Client, parents: list[str], name: str) -> str:
        entry = {"path": name, "mode": FILE, "type": "blob", "content": name}
        tree = ask("POST", f"{REPO}/git/trees", {"tree": [entry]}).body["sha"]
        body = {"message": name, "tree": tree, "parents": parents}
        made = ask("POST", f"{REPO}/git/commits", body)
        assert made.status == 201
        assert ask.get(f"{REPO}/git/commits/{made.body['sha']}") == made.body
        return str(made.body["sha"])

    def test_references(self, full: Repository, ask: Client) -> None:
        main = ask.get(f"{REPO}/git/ref/heads/main")
        assert main["object"]["sha"] == full.git.refs["refs/heads/main"]
        sha = self.commit(ask, [], "one")
        made = ask("POST", f"{REPO}/git/refs", {"ref": "refs/keyturn/one/two", "sha": sha})
        assert (made.status, made.body["ref"]) == (201, "refs/keyturn/one/two")
        assert made.headers["location"] == made.body["url"]
        assert ask.get(f"{REPO}/git/ref/keyturn/one/two") == made.body
        found = ask.get(f"{REPO}/git/matching-refs/keyturn/on")
        assert [ref["ref"] for ref in found] == ["refs/keyturn/one/two"]
        assert ask.get(f"{REPO}/git/matching-refs/none") == []
        assert ask("GET", f"{REPO}/git/ref/keyturn/one").status == 404

    def test_the_first_of_two_writers_wins(self, full: Repository, ask: Client) -> None:
        base = self.commit(ask, [], "base")
        path = f"{REPO}/git/refs/keyturn/journal"
        ref = {"ref": "refs/keyturn/journal", "sha": base}
        assert ask("POST", f"{REPO}/git/refs", ref).status == 201
        again = ask("POST", f"{REPO}/git/refs", ref)
        assert (again.status, again.body["message"]) == (422, "Reference already exists")
        mine, theirs = self.commit(ask, [base], "mine"), self.commit(ask, [base], "theirs")
        assert ask("PATCH", path, {"sha": mine, "force": False}).status == 200
        late = ask("PATCH", path, {"sha": theirs})
        assert (late.status, late.body["message"]) == (422, "Update is not a fast forward")
        joined = self.commit(ask, [theirs, mine], "joined")
        assert ask("PATCH", path, {"sha": joined}).status == 200
        assert ask("PATCH", path, {"sha": theirs, "force": True}).status == 200
        assert full.git.refs["refs/keyturn/journal"] == theirs
        assert ask("DELETE", path).status == 204
        assert ask("DELETE", path).status == 422
        assert ask("PATCH", path, {"sha": theirs}).status == 422

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "refs", {"ref": "heads/x", "sha": "MAIN"}),
            ("POST", "refs", {"ref": "refs/x", "sha": "MAIN"}),
            ("POST", "refs", {"ref": "refs/heads/x", "sha": "0" * 40}),
            ("POST", "refs", {"ref": "refs/heads/x"}),
            ("PATCH", "refs/heads/main", {"sha": "0" * 40}),
            ("DELETE", "refs/heads/main", None),
            ("POST", "blobs", {"content": "?", "encoding": "base64"}),
            ("POST", "blobs", {}),
            ("POST", "trees", {}),
            ("POST", "trees", {"tree": [{"path": "a"}]}),
            ("POST", "trees", {"tree": ["a"]}),
            ("POST", "trees", {"tree": [{"path": "a", "mode": FILE, "sha": "0" * 40}]}),
            ("POST", "trees", {"tree": [], "base_tree": "0" * 40}),
            ("POST", "commits", {"message": "m", "tree": "0" * 40}),
            ("POST", "commits", {"message": "m", "tree": "TREE", "parents": ["0" * 40]}),
            ("POST", "commits", {"message": "m", "tree": "TREE", "parents": "x"}),
            ("POST", "commits", {"message": "m", "tree": "TREE", "author": {"date": "?"}}),
        ],
    )
    def test_refusals(
        self, full: Repository, ask: Client, method: str, path: str, body: dict[str, Any] | None
    ) -> None:
        before = dict(full.git.refs)
        main = before["refs/heads/main"]
        known = {"MAIN": main, "TREE": full.git.commits[main].tree}
        filled = body and {
            key: known.get(value, value) if isinstance(value, str) else value
            for key, value in body.items()
        }
        assert ask(method, f"{REPO}/git/{path}", filled).status == 422
        assert full.git.refs == before

    def test_trees(self, full: Repository, ask: Client) -> None:
        main = full.git.refs["refs/heads/main"]
        blob = ask("POST", f"{REPO}/git/blobs", {"content": encoded("x"), "encoding": "base64"})
        assert blob.status == 201
        deep = full.git.trees[full.git.commits[main].tree]["a"][1]
        body = {
            "base_tree": main,
            "tree": [
                {"path": "new/x", "mode": "100755", "type": "blob", "sha": blob.body["sha"]},
                {"path": "README.md", "mode": FILE, "type": "blob", "sha": None},
                {"path": "copy", "mode": "040000", "type": "tree", "sha": deep},
                {"path": "sub", "mode": "160000", "type": "commit", "sha": "1" * 40},
            ],
        }
        made = ask("POST", f"{REPO}/git/trees", body)
        assert made.status == 201
        sha = made.body["sha"]
        everything = ask.get(f"{REPO}/git/trees/{sha}?recursive=1")["tree"]
        assert {entry["path"]: entry["type"] for entry in everything} == {
            ".github": "tree", ".github/workflows": "tree", ".github/workflows/ci.yml": "blob",
            "a": "tree", "a/deep": "tree", "a/deep/file.txt": "blob", "a-b.txt": "blob",
            "a.txt": "blob", "copy": "tree", "copy/deep": "tree", "copy/deep/file.txt": "blob",
            "new": "tree", "new/x": "blob", "sub": "commit",
        }  # fmt: skip
        assert {entry["path"]: entry["mode"] for entry in everything}["new/x"] == "100755"
        assert "/" not in "".join(e["path"] for e in ask.get(f"{REPO}/git/trees/{sha}")["tree"])
        assert ask.get(f"{REPO}/git/trees/main")["sha"] == full.git.commits[main].tree
        assert ask("GET", f"{REPO}/git/trees/none").status == 404

    @pytest.mark.parametrize("kind", ["blobs", "commits"])
    def test_what_is_not_there(self, full: Repository, ask: Client, kind: str) -> None:
        assert ask("GET", f"{REPO}/git/{kind}/{'0' * 40}").status == 404


def test_pygithub_reads_and_writes_them(github: GitHub, full: Repository) -> None:
    auth = pygithub.Auth.Token(sample_token())
    client = pygithub.Github(
        auth=auth, base_url=github.url, seconds_between_requests=0, seconds_between_writes=0
    )
    repository = client.get_repo("octo/app")
    entries = repository.get_contents(".github/workflows")
    assert isinstance(entries, list)
    assert [entry.path for entry in entries] == [".github/workflows/ci.yml"]
    assert entries[0].decoded_content == FILES[".github/workflows/ci.yml"].encode()
    made = repository.create_file("new/file", "message", "text")
    repository.update_file("new/file", "message", "more", made["content"].sha)
    found = repository.get_contents("new/file")
    assert not isinstance(found, list)
    assert found.decoded_content == b"more"
    reference = repository.create_git_ref("refs/keyturn/x", made["commit"].sha)
    reference.edit(full.git.refs["refs/heads/main"])
    assert full.git.refs["refs/keyturn/x"] == full.git.refs["refs/heads/main"]
    reference.delete()
    assert list(repository.get_git_matching_refs("keyturn/")) == []
    client.close()
