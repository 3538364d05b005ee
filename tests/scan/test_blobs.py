from __future__ import annotations

import pytest

from keyturn.scan.blobs import Blob, contents, tracked
from keyturn.scan.chunks import Limits
from keyturn.scan.gitio import GitError
from keyturn.scan.texts import Text, Unread
from tests.scan.repositories import MARK, Repository, conflict, repository
from tests.systems import needs_links

__all__ = ["repository"]

NAMES = ["a b", "new\nline", "\udcff", "-dash", "tab\t", "sub/deep", ":(top)x"]


def whole(repository: Repository, *names: str, **options) -> list[Text | Unread]:
    return list(contents(repository.reader, tracked(repository.reader, names), **options))


class TestTracked:
    def test_names_of_any_kind(self, repository):
        for name in NAMES:
            repository.stage(name)
        assert sorted(blob.path for blob in tracked(repository.reader)) == sorted(NAMES)
        for name in NAMES:
            assert [blob.path for blob in tracked(repository.reader, {name})] == [name]

    def test_what_is_not_in_the_index_is_not_there(self, repository):
        repository.write("new")
        repository.write("intended")
        repository.stage("empty", b"")
        repository.git("add", "-N", "intended")
        names = {"new", "intended", "empty", "missing", "../outside", "/etc/passwd"}
        assert tracked(repository.reader, names) == []

    def test_names_are_seen_from_below(self, repository, monkeypatch):
        for name in ("top", "a/inner", "b/other"):
            repository.stage(name)
        monkeypatch.chdir("a")
        names = ["inner", "../b/other", "../top"]
        assert [blob.path for blob in tracked(repository.reader)] == names
        assert [blob.path for blob in tracked(repository.reader, {"../top"})] == ["../top"]

    def test_submodules_are_left_out(self, repository, tmp_path):
        module = Repository(tmp_path / "module")
        module.commit("source")
        repository.git("submodule", "--quiet", "add", str(module.folder), "module")
        assert [blob.path for blob in tracked(repository.reader)] == [".gitmodules"]

    def test_outside_of_a_repository(self, repository, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(GitError, match="not a git repository"):
            tracked(repository.reader, {"file"})


class TestContents:
    def test_the_index_counts_and_not_the_work_tree(self, repository):
        repository.stage("file", b"staged")
        repository.write("file", b"not staged")
        assert whole(repository, "file") == [Text("file", b"staged")]

    def test_each_side_of_a_conflict_is_read(self, repository):
        conflict(repository)
        texts = whole(repository, "file")
        assert {text.data for text in texts if isinstance(text, Text)} == {
            *(b"base\n", b"ours\n", b"theirs\n")
        }
        assert len(texts) == 3

    @needs_links
    def test_links_are_read_and_not_followed(self, repository):
        (repository.folder / "link").symlink_to("/etc/passwd")
        repository.git("add", "link")
        assert whole(repository, "link") == [Text("link", b"/etc/passwd")]

    def test_utf_16_reads_plainly(self, repository):
        repository.stage("file", MARK.decode().encode("utf-16-le"))
        assert whole(repository, "file") == [Text("file", MARK)]

    def test_many_files(self, repository):
        expected = {f"{number}": b"%d\n" % number * (number % 7 * 50) for number in range(1, 500)}
        for name, content in expected.items():
            repository.write(name, content)
        repository.git("add", ".")
        found = whole(repository, *expected)
        assert {text.path: text.data for text in found if isinstance(text, Text)} == {
            name: content for name, content in expected.items() if content
        }

    def test_a_large_file_comes_in_chunks(self, repository):
        lines = [b"%d\n" % number for number in range(200_000)]
        repository.stage("file", b"".join(lines))
        repository.stage("next", MARK)
        limits = Limits(chunk=100_000, overlap=1000)
        *texts, last = whole(repository, "file", "next", limits=limits)
        assert last == Text("next", MARK)
        assert all(len(text.data) <= 102_000 for text in texts if isinstance(text, Text))
        new = [t.data[a:b] for t in texts if isinstance(t, Text) for a, b in t.judged or ()]
        assert b"".join(new) == b"".join(lines)
        for text in texts:
            assert isinstance(text, Text)
            assert text.data.startswith(b"%d\n" % (text.line - 1))

    def test_what_git_does_not_have_is_said(self, repository):
        repository.stage("file", b"content")
        lost = Blob("lost", "1" * 40)
        assert list(contents(repository.reader, [lost, *tracked(repository.reader)])) == [
            Unread("lost", "git does not have its content"),
            Text("file", b"content"),
        ]

    def test_what_is_no_blob_is_passed_over(self, repository):
        commit = Blob("file", repository.commit("file", b"content"))
        assert list(contents(repository.reader, [commit])) == []

    def test_a_broken_content_is_not_passed_over(self, repository):
        repository.stage("file", b"".join(b"%d" % n for n in range(999)))
        (blob,) = tracked(repository.reader)
        path = repository.folder / ".git/objects" / blob.id[:2] / blob.id[2:]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(GitError, match=blob.id):
            list(contents(repository.reader, [blob]))

    def test_stopping_early_ends_git(self, repository):
        repository.stage("file", b"content")
        texts = iter(contents(repository.reader, tracked(repository.reader) * 1000))
        assert next(texts)
        texts.close()  # type: ignore[attr-defined]
