from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyturn.scan import gitio
from keyturn.scan.gitio import Git, GitError
from tests.scan.repositories import Repository, conflict, repository
from tests.systems import needs_links, needs_scripts

__all__ = ["repository"]

# A stand-in for git: floods both streams, more than any pipe holds.
FLOOD = """#!/bin/sh
i=0
while [ $i -lt 4000 ]; do
    echo "warning: noise noise noise noise noise noise noise noise noise" >&2
    echo "words words words words words words words words words words"
    i=$((i + 1))
done
"""


@pytest.fixture(params=[gitio._Spawned, gitio._Opened])
def pipes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way of starting git."""
    if request.param is gitio._Spawned and not hasattr(os, "posix_spawnp"):
        pytest.skip("no posix_spawn there")
    monkeypatch.setattr(gitio, "_PIPES", request.param)


@pytest.fixture
def flood(tmp_path: Path) -> Git:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(FLOOD)
    (folder / "git").chmod(0o755)
    return Git({"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"})


@pytest.fixture
def searched(flood: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    # posix_spawnp looks where this process looks.
    monkeypatch.setenv("PATH", flood._environment["PATH"])
    return flood


@pytest.mark.usefixtures("pipes")
class TestProcesses:
    def test_output_is_everything_printed(self, repository):
        assert repository.reader.output("rev-parse", "--git-dir") == b".git\n"

    @needs_scripts
    def test_neither_stream_blocks_the_other(self, searched):
        assert searched.output("anything").count(b"\n") == 4000

    def test_a_refusal_is_told_in_gits_words(self, repository):
        with pytest.raises(GitError, match=r"^git: .*nowhere"):
            repository.reader.output("cat-file", "-t", "nowhere")

    def test_a_quiet_failure_has_a_code(self, repository):
        with pytest.raises(GitError, match=r"^git failed with exit code 1$"):
            repository.reader.output("config", "--get", "no.such")

    def test_a_refusal_can_be_an_answer(self, repository):
        assert repository.reader.asked("config", "--get", "no.such") is None

    def test_without_git_there_is_a_message(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(GitError, match="git could not be started: No such file"):
            Git({"PATH": str(tmp_path)}).output("version")

    def test_lines_and_pieces_follow_each_other(self, repository):
        with repository.reader.start("cat-file", "--batch", fed=True) as process:
            process.write(b"nothing\nneither\n")
            assert process.line() == b"nothing missing"
            assert b"".join(process.take(8)) == b"neither "
            process.close_input()
            assert process.line() == b"missing"
            assert process.line() == b""
            process.finish()

    def test_a_file_cut_short_is_an_error(self, repository):
        with repository.reader.start("version") as process, pytest.raises(GitError, match="middle"):
            list(process.take(1000))

    @needs_scripts
    def test_what_is_left_early_is_ended(self, searched):
        with searched.start("anything") as process:
            assert process.line()
        assert process.failed()

    def test_writing_to_a_git_that_is_gone_shows_when_reading(self, repository):
        with repository.reader.start("cat-file", "--batch", "--wrong", fed=True) as process:
            assert process.read() == b""
            process.write(b"x" * 10_000)
            with pytest.raises(GitError):
                process.finish()

    def test_settings_that_bend_the_answer_are_not_handed_on(self, repository):
        git = Git(repository.environment | {"GIT_DIFF_OPTS": "-u0"})
        assert "GIT_DIFF_OPTS" not in git._environment


@needs_scripts
def test_git_is_not_looked_for_in_the_repository(tmp_path, monkeypatch):
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        gitio._program({"PATH": os.pathsep.join((".", ""))})
    assert gitio._program({"PATH": str(tmp_path)}) == str(tmp_path / "git")


class TestPlaces:
    def test_the_top_is_known_from_below(self, repository, monkeypatch):
        (repository.folder / "a/b").mkdir(parents=True)
        monkeypatch.chdir("a/b")
        assert repository.reader.toplevel() == str(repository.folder.resolve())

    def test_outside_there_is_no_top(self, repository, monkeypatch):
        monkeypatch.chdir(repository.folder.parent)
        assert repository.reader.toplevel() is None

    @pytest.mark.parametrize(
        ("folder", "path", "shown"),
        [
            (".", b"a/b", "a/b"),
            ("a", b"a/b", "b"),
            ("a/c", b"a/b", "../b"),
            ("a", b"b", "../b"),
            (".", b"\xff", "\udcff"),
        ],
    )
    def test_paths_are_shown_from_where_keyturn_runs(
        self, repository, monkeypatch, folder, path, shown
    ):
        (repository.folder / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(folder)
        assert repository.reader.shown(path) == shown

    def test_a_work_tree_elsewhere_is_asked_for(self, repository, monkeypatch, tmp_path):
        elsewhere = tmp_path / "elsewhere" / "inner"
        elsewhere.mkdir(parents=True)
        monkeypatch.chdir(elsewhere)
        repository.environment |= {
            "GIT_DIR": str(repository.folder / ".git"),
            "GIT_WORK_TREE": str(elsewhere.parent),
        }
        assert repository.reader.shown(b"inner/file") == "file"


class TestListed:
    def test_ignored_and_deleted_files_are_left_out(self, repository):
        for name in ("tracked", "gone", "sub/deep", "new", "ignored"):
            repository.write(name)
        repository.git("add", "tracked", "gone", "sub")
        repository.write(".gitignore", b"ignored\n")
        (repository.folder / "gone").unlink()
        assert sorted(repository.reader.listed(".") or ()) == [
            *(".gitignore", "new", "sub/deep", "tracked")
        ]
        assert repository.reader.listed("sub") == ["sub/deep"]
        absolute = str(repository.folder / "sub")
        assert repository.reader.listed(absolute) == [f"{absolute}/deep"]

    def test_names_of_any_kind(self, repository):
        names = ["a b", "new\nline", "\udcff", "-dash", "sub/\u00e4"]
        for name in names:
            repository.write(name)
        assert sorted(repository.reader.listed("") or ()) == sorted(names)

    def test_an_unmerged_file_is_listed_once(self, repository):
        conflict(repository)
        assert repository.reader.listed(".") == ["file"]

    def test_repositories_within_are_listed_too(self, repository):
        inner = Repository(repository.folder / "inner")
        inner.commit("file")
        inner.write("other")
        module = Repository(repository.folder.parent / "module")
        module.commit("source")
        repository.git("submodule", "--quiet", "add", str(module.folder), "module")
        assert sorted(repository.reader.listed(".") or ()) == [
            *(".gitmodules", "inner/file", "inner/other", "module/source")
        ]

    @needs_links
    def test_links_to_folders_are_not_followed(self, repository):
        repository.write("folder/file")
        (repository.folder / "link").symlink_to("folder")
        assert sorted(repository.reader.listed(".") or ()) == ["folder/file", "link"]

    def test_outside_of_a_repository_there_is_no_answer(self, repository, tmp_path):
        assert repository.reader.listed(str(tmp_path)) is None

    def test_the_hooks_own_repository_does_not_matter(self, repository, tmp_path):
        other = Repository(tmp_path / "other")
        other.write("file")
        repository.environment |= {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"}
        assert repository.reader.listed(str(other.folder)) == [str(other.folder / "file")]

    def test_a_broken_index_is_an_error(self, repository):
        repository.write(".git/index", b"broken" * 100)
        with pytest.raises(GitError):
            repository.reader.listed(".")
