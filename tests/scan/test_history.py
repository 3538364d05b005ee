from __future__ import annotations

from pathlib import Path

import pytest

from keyturn.scan.gitio import GitError
from keyturn.scan.history import (
    EVERYTHING,
    Range,
    added_in,
    history,
    known_before,
    pushed,
    revisions,
)
from keyturn.scan.texts import Text
from tests.scan.repositories import Repository, repository

__all__ = ["repository"]


def read(repository: Repository, commits: Range = EVERYTHING) -> list[tuple[str, bytes]]:
    texts = list(history(repository.reader, commits))
    assert all(isinstance(text, Text) for text in texts)
    return sorted((text.path, text.data) for text in texts if isinstance(text, Text))


class TestHistory:
    def test_each_content_is_read_once(self, repository):
        repository.commit("file", b"one")
        repository.commit("file", b"two")
        repository.commit("same", b"one")
        repository.git("rm", "-q", "file")
        repository.git("commit", "-qm", "x")
        repository.commit("file", b"two")
        assert sorted(data for _, data in read(repository)) == [b"one", b"two"]

    def test_no_ref_hides_anything(self, repository):
        repository.commit("file", b"one")
        repository.git("checkout", "-q", "-b", "side")
        repository.commit("file", b"two")
        repository.git("tag", "-am", "words", "tagged")
        repository.git("checkout", "-q", "main")
        repository.git("branch", "-qD", "side")
        repository.write("file", b"stashed")
        repository.git("stash", "-q")
        repository.git("checkout", "-q", "--detach")
        repository.commit("file", b"detached")
        assert {data for _, data in read(repository)} == {
            *(b"one", b"two", b"stashed", b"detached")
        }

    def test_nothing_committed_is_nothing(self, repository):
        assert read(repository) == []
        with pytest.raises(GitError, match="git: "):
            read(repository, revisions(["HEAD"]))

    @pytest.mark.parametrize("words", [["main~1..main"], ["main", "^main~1"], ["HEAD~1.."]])
    def test_a_range_leaves_out_what_was_there(self, repository, words):
        repository.commit("old", b"old")
        repository.commit("new", b"new")
        assert read(repository, revisions(words)) == [("new", b"new")]

    @pytest.mark.parametrize("word", ["", "-", "--output=file", "-n1"])
    def test_an_option_is_no_revision(self, word):
        with pytest.raises(GitError, match="is no revision"):
            revisions(["main", word])

    def test_a_revision_is_no_file(self, repository):
        repository.commit("file", b"one")
        with pytest.raises(GitError, match="file"):
            read(repository, revisions(["file"]))

    def test_names_of_any_kind(self, repository):
        names = ["a b", "\udcff", "-dash", "tab\t", "sub/deep"]
        for number, name in enumerate(names):
            repository.commit(name, b"%d" % number)
        assert [name for name, _ in read(repository)] == sorted(names)

    def test_a_name_ends_at_a_newline(self, repository):
        repository.commit("new\nline", b"x")
        assert read(repository) == [("new", b"x")]

    def test_many_contents(self, repository):
        for number in range(300):
            repository.write(f"sub{number % 9}/{number}", b"%d" % number)
        repository.git("add", ".")
        repository.git("commit", "-qm", "x")
        assert {data for _, data in read(repository)} == {b"%d" % n for n in range(300)}

    def test_paths_are_seen_from_below(self, repository, monkeypatch):
        repository.commit("sub/file", b"x")
        repository.commit("top", b"y")
        monkeypatch.chdir("sub")
        assert read(repository) == [("../top", b"y"), ("file", b"x")]


class TestWhereItCameFrom:
    def added(self, repository: Repository, data: bytes, commits: Range = EVERYTHING) -> str:
        """Return the message of the commit."""
        texts = [t for t in history(repository.reader, commits) if isinstance(t, Text)]
        (blob,) = [text.commit for text in texts if text.data == data]
        commit = added_in(repository.reader, commits, [blob])[blob]
        return repository.git("rev-parse", commit)

    def test_the_oldest_commit_is_named(self, repository):
        root = repository.commit("file", b"one")
        second = repository.commit("file", b"two")
        repository.commit("other", b"one")
        repository.commit("file", b"one")
        assert self.added(repository, b"one") == root
        assert self.added(repository, b"two") == second

    def test_many_at_once(self, repository):
        commits = {b"%d" % n: repository.commit("file", b"%d" % n) for n in range(5)}
        texts = [t for t in history(repository.reader, EVERYTHING) if isinstance(t, Text)]
        found = added_in(repository.reader, EVERYTHING, [text.commit for text in texts])
        assert {t.data: repository.git("rev-parse", found[t.commit]) for t in texts} == commits
        assert len(next(iter(found.values()))) < 40

    def test_what_was_typed_while_merging(self, repository):
        repository.commit("file", b"base\n")
        repository.git("checkout", "-q", "-b", "side")
        repository.commit("other", b"side\n")
        repository.git("checkout", "-q", "main")
        repository.commit("file", b"main\n")
        repository.git("merge", "-q", "--no-commit", "side")
        repository.stage("file", b"typed\n")
        repository.git("commit", "-qm", "merge")
        assert self.added(repository, b"typed\n") == repository.git("rev-parse", "HEAD")
        assert self.added(repository, b"side\n") == repository.git("rev-parse", "side")

    def test_settings_do_not_matter(self, repository):
        root = repository.commit("sub/file", b"one")
        Path(repository.environment["GIT_CONFIG_GLOBAL"]).write_text(
            "[log]\nshowRoot = false\nshowSignature = true\ndecorate = full\nfollow = true\n"
            "[diff]\nrelative = true\norderFile = missing\n[color]\nui = always\n"
            "[format]\npretty = fuller\n"
        )
        assert self.added(repository, b"one") == root

    def test_nothing_to_ask_is_nothing(self, repository):
        assert added_in(repository.reader, EVERYTHING, []) == {}

    def test_what_no_commit_has_is_left_out(self, repository):
        repository.commit("file", b"one")
        assert added_in(repository.reader, EVERYTHING, ["1" * 40]) == {}


class TestBefore:
    def test_an_old_version_is_looked_into(self, repository):
        first = repository.commit("sub/file", b"a secret\n")
        repository.commit("sub/file", b"another\n")
        git = repository.reader
        assert known_before(git, first, "sub/file", b"secret")
        assert not known_before(git, first, "sub/file", b"another")
        assert not known_before(git, first, "other", b"secret")
        assert not known_before(git, "1" * 40, "sub/file", b"secret")

    def test_paths_are_seen_from_below(self, repository, monkeypatch):
        first = repository.commit("a/file", "a secret".encode("utf-16"))
        (repository.folder / "b").mkdir()
        monkeypatch.chdir("b")
        assert known_before(repository.reader, first, "../a/file", b"secret")

    def test_an_option_is_no_revision(self, repository):
        with pytest.raises(GitError, match="is no revision"):
            known_before(repository.reader, "--batch", "file", b"x")


class TestPushed:
    @pytest.fixture
    def origin(self, repository: Repository) -> Repository:
        """What it knows of its remote is `old`."""
        repository.commit("old", b"old")
        bare = repository.folder.parent / "origin"
        repository.git("clone", "-q", "--bare", ".", str(bare))
        repository.git("remote", "add", "origin", str(bare))
        repository.git("fetch", "-q", "origin")
        return repository

    def test_a_branch_that_the_remote_has(self, origin):
        before = origin.git("rev-parse", "HEAD")
        last = origin.commit("new", b"new")
        commits = pushed({"PRE_COMMIT_FROM_REF": before, "PRE_COMMIT_TO_REF": last})
        assert commits
        assert commits.before == before
        assert read(origin, commits) == [("new", b"new")]

    def test_what_another_branch_brought_is_not_pushed(self, origin):
        origin.git("checkout", "-q", "-b", "side")
        before = origin.commit("mine", b"mine")
        origin.git("checkout", "-q", "main")
        origin.commit("theirs", b"theirs")
        origin.git("push", "-q", "origin", "main")
        origin.git("checkout", "-q", "side")
        origin.git("merge", "-q", "main")
        origin.commit("new", b"new")
        commits = pushed(
            {
                "PRE_COMMIT_FROM_REF": before,
                "PRE_COMMIT_TO_REF": origin.git("rev-parse", "HEAD"),
                "PRE_COMMIT_REMOTE_NAME": "origin",
            }
        )
        assert commits
        assert read(origin, commits) == [("new", b"new")]

    def test_the_first_push_of_all(self, repository):
        repository.commit("file", b"one")
        commits = pushed(
            {
                "PRE_COMMIT_REMOTE_NAME": "origin",
                "PRE_COMMIT_REMOTE_URL": "https://git.example.com/x.git",
                "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main",
                "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
            }
        )
        assert commits == Range(("refs/heads/main", "--not", "--remotes=origin"))
        assert read(repository, commits) == [("file", b"one")]

    def test_a_push_to_an_address(self, repository):
        repository.commit("file", b"one")
        remote = "https://git.example.com/x.git"
        commits = pushed({"PRE_COMMIT_REMOTE_NAME": remote, "PRE_COMMIT_LOCAL_BRANCH": "main"})
        assert commits
        assert read(repository, commits) == [("file", b"one")]

    def test_without_a_push_there_is_no_range(self):
        assert pushed({"PRE_COMMIT": "1"}) is None

    @pytest.mark.parametrize("name", ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"])
    def test_an_option_is_no_revision(self, name):
        environment = {"PRE_COMMIT_TO_REF": "main", name: "--output=x"}
        with pytest.raises(GitError, match="is no revision"):
            pushed(environment)
