from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.scan import gitio
from keyturn.scan.chunks import Limits
from keyturn.scan.diff import Staged, new_side
from keyturn.scan.gitio import Git, GitError
from keyturn.scan.texts import Text, Unread
from tests.scan.repositories import (
    MARK,
    Repository,
    conflict,
    everything,
    prefilter,
    repository,
)
from tests.systems import needs_links, needs_scripts

__all__ = ["repository"]

SMALL = Limits(block=64, chunk=96, overlap=16)


def staged(repository: Repository, finder=prefilter, **limits) -> list[Text | Unread]:
    return list(Staged(repository.reader, finder, **limits))


def judged(text: Text) -> list[bytes]:
    """Return the stretches that are new."""
    ranges = ((0, len(text.data)),) if text.judged is None else text.judged
    return [text.data[start:stop] for start, stop in ranges]


def new_lines(texts: list[Text | Unread]) -> dict[str, dict[int, bytes]]:
    """Return each file's new lines by number."""
    found: dict[str, dict[int, bytes]] = {}
    for text in texts:
        assert isinstance(text, Text)
        ranges = ((0, len(text.data)),) if text.judged is None else text.judged
        for start, stop in ranges:
            first = text.line + text.data.count(b"\n", 0, start)
            lines = text.data[start:stop].removesuffix(b"\n").split(b"\n")
            for number, line in enumerate(lines, first):
                # The parts of a long line come one after the other.
                numbers = found.setdefault(text.path, {})
                numbers[number] = numbers.get(number, b"") + line
    return found


class TestWhatIsRead:
    def test_nothing_staged_is_nothing(self, repository):
        repository.write("file")
        staged = Staged(repository.reader, prefilter)
        assert (list(staged), staged.paths) == ([], set())

    def test_a_new_file_is_new_throughout(self, repository):
        repository.stage("file", b"one\n+++ two\n" + MARK)
        assert staged(repository) == [Text("file", b"one\n+++ two\n" + MARK, 1, ((0, 18),))]

    def test_a_change_comes_with_five_lines_of_context(self, repository):
        lines = [b"%d\n" % number for number in range(1, 31)]
        repository.commit("file", b"".join(lines))
        lines[14:16] = [MARK + b" x\n", MARK + b" y\n", b"z\n"]
        repository.stage("file", b"".join(lines))
        (text,) = staged(repository)
        assert isinstance(text, Text)
        assert (text.path, text.line, text.commit) == ("file", 10, "")
        assert text.data == b"".join(lines[9:22])
        assert judged(text) == [b"".join(lines[14:17])]

    def test_only_hunks_with_an_anchor_are_read(self, repository):
        lines = [b"%d\n" % number for number in range(100)]
        repository.commit("file", b"".join(lines))
        lines[10], lines[50], lines[90] = b"x\n", MARK + b"\n", b"y\n"
        repository.stage("file", b"".join(lines))
        repository.stage("other", b"clean\n")
        found = Staged(repository.reader, prefilter)
        assert [text.line for text in found if isinstance(text, Text)] == [46]
        assert found.paths == {"file", "other"}

    def test_what_is_removed_or_only_context_is_not_new(self, repository):
        repository.commit("file", MARK + b"1\n" + MARK + b"2\nx\n")
        repository.stage("file", MARK + b"1\ny\n")
        (text,) = staged(repository)
        assert isinstance(text, Text)
        assert (text.data, judged(text)) == (MARK + b"1\ny\n", [b"y\n"])
        repository.stage("file", MARK + b"1\n")
        assert staged(repository) == []

    def test_the_index_counts_and_not_the_work_tree(self, repository):
        repository.stage("file", MARK + b" staged\n")
        repository.write("file", MARK + b" not staged\n")
        assert new_lines(staged(repository)) == {"file": {1: MARK + b" staged"}}

    @pytest.mark.parametrize("end", [b"", b"\n"])
    def test_a_missing_end_of_line_is_no_line(self, repository, end):
        repository.commit("file", b"old")
        repository.stage("file", b"old\n" + MARK + end)
        assert new_lines(staged(repository)) == {"file": {1: b"old", 2: MARK}}

    def test_a_missing_end_of_line_in_the_old_version(self, repository):
        repository.commit("file", b"a\nold")
        repository.stage("file", b"a\n" + MARK)
        assert new_lines(staged(repository)) == {"file": {2: MARK}}

    def test_carriage_returns_stay(self, repository):
        repository.commit("file", b"a\r\n")
        repository.stage("file", b"a\r\n" + MARK + b"\r\n")
        assert new_lines(staged(repository)) == {"file": {2: MARK + b"\r"}}

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
    def test_utf_16_reads_plainly(self, repository, encoding):
        words = f"one\n{MARK.decode()}\nthree\n"
        repository.stage("file", words.encode(encoding))
        (text,) = staged(repository)
        assert isinstance(text, Text)
        assert text.data.split(b"\n")[1:] == [MARK, b"three", b""]

    def test_binary_files_are_read(self, repository):
        repository.commit("file", bytes(range(256)) * 10)
        repository.stage("file", bytes(range(256)) * 10 + b"\n" + MARK + b"\n")
        assert MARK in new_lines(staged(repository))["file"].values()

    def test_a_deleted_file_has_nothing_new(self, repository):
        repository.commit("file")
        repository.git("rm", "-q", "file")
        found = Staged(repository.reader, prefilter)
        assert (list(found), found.paths) == ([], set())

    def test_a_renamed_file_is_new(self, repository):
        repository.commit("file")
        repository.git("mv", "file", "moved")
        assert new_lines(staged(repository)) == {"moved": {1: MARK}}

    @needs_links
    def test_the_target_of_a_link_is_content(self, repository):
        (repository.folder / "link").symlink_to(MARK.decode())
        repository.git("add", "link")
        assert new_lines(staged(repository)) == {"link": {1: MARK}}

    @needs_links
    def test_a_file_that_becomes_a_link(self, repository):
        repository.commit("file", MARK + b" old\n")
        (repository.folder / "file").unlink()
        (repository.folder / "file").symlink_to(MARK.decode())
        repository.git("add", "file")
        assert new_lines(staged(repository)) == {"file": {1: MARK}}

    def test_a_change_of_mode_is_staged_but_brings_nothing(self, repository):
        repository.commit(MARK.decode())
        repository.git("update-index", "--chmod=+x", MARK.decode())
        repository.stage("other")
        found = Staged(repository.reader, prefilter)
        assert new_lines(list(found)) == {"other": {1: MARK}}
        assert found.paths == {MARK.decode(), "other"}

    def test_submodules_are_left_out(self, repository, tmp_path):
        module = Repository(tmp_path / "module")
        module.commit("source")
        repository.git("submodule", "--quiet", "add", str(module.folder), MARK.decode())
        found = Staged(repository.reader, everything)
        assert set(new_lines(list(found))) == {".gitmodules"}
        assert found.paths == {".gitmodules"}

    def test_what_is_intended_to_be_added_is_not_staged(self, repository):
        repository.write("file")
        repository.git("add", "--intent-to-add", "file")
        assert staged(repository) == []

    def test_a_conflict_is_said(self, repository):
        conflict(repository)
        repository.stage("a")
        repository.stage("z")
        found = Staged(repository.reader, prefilter)
        texts = list(found)
        assert texts[0] == Unread("file", "has a merge conflict, nothing of it is staged")
        assert new_lines(texts[1:]) == {"a": {1: MARK}, "z": {1: MARK}}
        assert found.paths == {"a", "file", "z"}

    def test_a_conflict_behind_a_new_file_is_no_line_of_it(self, repository):
        conflict(repository)
        repository.stage("a", MARK)
        assert new_lines(staged(repository)[1:]) == {"a": {1: MARK}}

    def test_another_work_tree_has_its_own_index(self, repository, monkeypatch):
        repository.commit("file", b"old\n")
        repository.stage("here")
        repository.git("worktree", "add", "-q", "--detach", "../tree", "HEAD")
        tree = repository.folder.parent / "tree"
        (tree / "there").write_bytes(MARK)
        repository.git("-C", str(tree), "add", "there")
        monkeypatch.chdir(tree)
        assert set(new_lines(staged(repository))) == {"there"}

    def test_the_index_that_git_names_counts(self, repository):
        repository.commit("file", b"old\n")
        repository.stage("staged")
        repository.environment["GIT_INDEX_FILE"] = ".git/other"
        repository.git("read-tree", "HEAD")
        repository.stage("partly")
        assert set(new_lines(staged(repository))) == {"partly"}

    def test_paths_are_seen_from_below(self, repository, monkeypatch):
        repository.stage("top")
        repository.stage("a/inner")
        repository.stage("b/other")
        monkeypatch.chdir("a")
        found = Staged(repository.reader, prefilter)
        assert set(new_lines(list(found))) == found.paths == {"../top", "inner", "../b/other"}

    @pytest.mark.parametrize(
        "name",
        [
            *("a b", "new\nline", "tab\there", 'quo"te', "back\\slash", "\udcff\udcfe", "\u00e4"),
            *("b/b/b", "-dash", " ", "\x01", "diff --git a/x b/x", "x\n+++ b/y", ":(top)x", "a\r"),
        ],
    )
    def test_names_of_any_kind(self, repository, name):
        repository.stage(name, b"clean\n" + MARK)
        repository.stage("z")
        found = Staged(repository.reader, prefilter)
        assert new_lines(list(found)) == {name: {1: b"clean", 2: MARK}, "z": {1: MARK}}
        assert found.paths == {name, "z"}


HOSTILE = {
    "an external diff": "[diff]\nexternal = false",
    "a program that shows text": '[diff "x"]\ntextconv = true\ncachetextconv = true',
    "a program that shows a diff": '[diff "x"]\ncommand = true',
    "an expression that is none": '[diff "x"]\nxfuncname = "*("',
    "a binary driver": '[diff "x"]\nbinary = true',
    "no prefixes": "[diff]\nnoprefix = true",
    "speaking prefixes": "[diff]\nmnemonicPrefix = true",
    "other prefixes": "[diff]\nsrcPrefix = x/\ndstPrefix = y/",
    "colors": "[color]\nui = always\ndiff = always",
    "moved lines": "[diff]\ncolorMoved = zebra\nwsErrorHighlight = all",
    "copies": "[diff]\nrenames = copies",
    "paths from here": "[diff]\nrelative = true",
    "submodules in words": "[diff]\nsubmodule = log",
    "all submodules": "[diff]\nignoreSubmodules = none",
    "wide hunks": "[diff]\ninterHunkContext = 1000",
    "no context": "[diff]\ncontext = 0",
    "names as they are": "[core]\nquotePath = false",
    "an order that is missing": "[diff]\norderFile = missing",
    "empty lines": "[diff]\nsuppressBlankEmpty = true",
    "another algorithm": "[diff]\nalgorithm = patience\nindentHeuristic = true",
    "statistics": "[diff]\nstatGraphWidth = 10\ndirstat = lines",
    "a pager": "[core]\npager = false\n[pager]\ndiff = false",
    "a monitor": "[core]\nfsmonitor = false-command\nuntrackedCache = true",
    "an alias": "[alias]\ndiff = status",
    "large files": "[core]\nbigFileThreshold = 1",
    "short ids": "[core]\nabbrev = 4",
    "line ends": "[core]\nautocrlf = true\nsafecrlf = warn",
}
VARIABLES = {
    "an external diff": {"GIT_EXTERNAL_DIFF": "false"},
    "options": {"GIT_DIFF_OPTS": "-u0"},
    "a pager": {"GIT_PAGER_IN_USE": "1", "GIT_PAGER": "false"},
    "colors": {"CLICOLOR_FORCE": "1", "TERM": "xterm"},
    "traces": {"GIT_TRACE": "1", "GIT_TRACE_SETUP": "1"},
    "paths as they are": {"GIT_LITERAL_PATHSPECS": "1"},
    "another language": {"LANGUAGE": "de", "LC_ALL": "de_DE.UTF-8"},
}


class TestNoSettingMatters:
    @pytest.fixture
    def prepared(self, repository: Repository) -> Repository:
        """Two hunks with empty lines, in a folder, next to a new and a renamed file."""
        lines = [b"%d\n" % number if number % 2 else b"\n" for number in range(80)]
        repository.commit("sub/changed \u00e4", b"".join(lines))
        repository.commit("before", b"same\n" * 20)
        repository.git("mv", "before", "after")
        lines[20], lines[60] = MARK + b" a\n", MARK + b" b\n"
        repository.stage("sub/changed \u00e4", b"".join(lines))
        repository.stage("after", b"same\n" * 20 + MARK + b"\n")
        repository.write(".git/info/attributes", b"* diff=x\n")
        return repository

    @pytest.mark.parametrize("setting", HOSTILE.values(), ids=HOSTILE)
    def test_of_the_configuration(self, prepared, setting):
        plain = staged(prepared)
        Path(prepared.environment["GIT_CONFIG_GLOBAL"]).write_text(setting)
        self.same(prepared, plain, whole=setting == HOSTILE["an expression that is none"])

    def test_of_the_configuration_in_a_folder(self, prepared, monkeypatch):
        Path(prepared.environment["GIT_CONFIG_GLOBAL"]).write_text(HOSTILE["paths from here"])
        monkeypatch.chdir("sub")
        names = ["../after", "changed \u00e4", "changed \u00e4"]
        assert [text.path for text in staged(prepared)] == names

    @pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES)
    def test_of_the_environment(self, prepared, variables):
        plain = staged(prepared)
        prepared.environment |= variables
        self.same(prepared, plain)

    @pytest.mark.parametrize("attributes", ["-diff", "binary", "-text", "diff=y", "filter=z"])
    def test_of_the_attributes(self, prepared, attributes):
        plain = staged(prepared)
        prepared.write(".git/info/attributes", f"* {attributes}\n".encode())
        self.same(prepared, plain)

    def same(self, repository: Repository, plain: list[Text | Unread], *, whole: bool = False):
        found = staged(repository)
        assert len(plain) == 3
        if whole:
            # git gives up; whole files are read instead.
            assert {text.path for text in found} == {text.path for text in plain}
            assert all(text.judged is None for text in found if isinstance(text, Text))
        else:
            assert found == plain


class TestFailures:
    def test_outside_of_a_repository(self, repository, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(GitError, match="not a git repository"):
            staged(repository)

    def test_a_broken_index(self, repository):
        repository.write(".git/index", b"broken" * 100)
        with pytest.raises(GitError, match=r"git: .*index"):
            staged(repository)

    @needs_scripts
    @pytest.mark.usefixtures("small_pieces")
    def test_what_git_cannot_compare_is_read_whole(self, repository, monkeypatch, tmp_path):
        """It dies of a file of a gigabyte; here, of one that claims to be."""
        for name in ("a", "b", "c"):
            repository.commit(name, MARK + b" old\n" + b"x\n" * 50)
        for name in ("a", "b", "c"):
            repository.stage(name, MARK + b" old\n" + b"x\n" * 50 + MARK + b" new\n")
        dying(tmp_path, monkeypatch, after=b"\ndiff --git a/c ")
        found = staged(repository, block=100)
        assert [text.path for text in found] == ["a", "b", "c"]
        texts = [text for text in found if isinstance(text, Text)]
        assert judged(texts[0]) == [MARK + b" new\n"]
        assert [text.judged for text in texts[1:]] == [None] * 2
        assert all(text.data.startswith(MARK + b" old\n") for text in texts[1:])

    @needs_scripts
    def test_dying_at_the_first_file_leaves_all_to_be_read_whole(
        self, repository, monkeypatch, tmp_path
    ):
        for name in ("a", "b"):
            repository.stage(name)
        dying(tmp_path, monkeypatch, after=b"\ndiff --git a/a ")
        assert staged(repository) == [Text("a", MARK + b"\n"), Text("b", MARK + b"\n")]

    @needs_scripts
    def test_dying_before_the_list_is_complete_is_an_error(self, repository, monkeypatch, tmp_path):
        repository.stage("a")
        dying(tmp_path, monkeypatch, after=b"\n\n")
        with pytest.raises(GitError, match="unable to generate"):
            staged(repository)

    def test_a_lost_content_is_said(self, repository):
        repository.stage("a")
        repository.stage("b", b"x" + MARK)
        blob = repository.git("rev-parse", ":a")
        # git reads from the work tree what is the same there.
        (repository.folder / "a").unlink()
        (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
        assert staged(repository) == [
            Unread("a", "git does not have its content"),
            Text("b", b"x" + MARK),
        ]


def dying(folder: Path, monkeypatch: pytest.MonkeyPatch, after: bytes) -> None:
    """Put a git before the real one whose `diff` dies at a place in what it prints."""
    from shutil import which

    real = which("git")
    program = f"""#!/usr/bin/env python3
import subprocess, sys
if "diff" not in sys.argv:
    sys.exit(subprocess.call([{real!r}, *sys.argv[1:]]))
said = subprocess.run([{real!r}, *sys.argv[1:]], stdout=subprocess.PIPE).stdout
sys.stdout.buffer.write(said[: said.index({after!r}) + 1])
sys.stderr.write("fatal: unable to generate diff for b")
sys.exit(128)
"""
    (folder / "git").write_text(program)
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{Path(real or '').parent}:/usr/bin:/bin")


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitio, "_PIECE", 50)


# Lines that look like what git writes between the contents.
LINE = st.one_of(
    st.sampled_from(
        [
            *(b"diff --git a/x b/x", b"@@ -1 +1 @@", b"--- a/x", b"+++ b/x", b"\\ No newline"),
            *(b"", b" ", b"+", b"-", b"-- ", b"++ x", b"\r", b"* Unmerged path x", MARK),
            b"long " * 60,
        ]
    ),
    st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"").replace(b"\0", b"")),
)
CONTENT = st.tuples(st.lists(LINE, max_size=40), st.sampled_from([b"", b"\n"])).map(
    lambda parts: b"\n".join(parts[0]) + parts[1]
)


@pytest.mark.usefixtures("small_pieces")
class TestAnyContent:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        old=st.dictionaries(st.sampled_from("abc"), CONTENT),
        new=st.dictionaries(st.sampled_from("abc"), CONTENT, min_size=1),
        block=st.integers(16, 400),
    )
    def test_new_lines_are_those_of_git(self, repository, old, new, block):
        """What is judged makes the new version of the old one, whatever blocks it was read in."""
        repository.git("read-tree", "--empty")
        for name, content in old.items():
            self.index(repository, name, content)
        tree = repository.git("write-tree")
        repository.git("update-ref", "HEAD", repository.git("commit-tree", tree, "-m", "x"))
        for name, content in new.items():
            self.index(repository, name, content)
        found = staged(repository, everything, block=block, limits=SMALL)
        lines = new_lines(found)
        for name, content in new.items():
            before = old.get(name, b"").split(b"\n")
            after = content.split(b"\n")
            added = lines.get(name, {})
            for number, line in added.items():
                assert after[number - 1] == line
            # The rest was there before, in this order.
            rest = iter(before)
            assert all(
                line in rest
                for number, line in enumerate(after, 1)
                if number not in added and not (number == len(after) and line == b"")
            )
        for text in found:
            assert isinstance(text, Text)
            assert text.data.strip(b"\n") in b"\n" + new[text.path] + b"\n"

    def index(self, repository: Repository, name: str, content: bytes) -> None:
        blob = repository.git("hash-object", "-w", "--stdin", stdin=content)
        repository.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")


@pytest.mark.usefixtures("small_pieces")
class TestLargeFiles:
    @pytest.mark.parametrize("old", [b"", b"first\n", b"first\nlast\n"])
    def test_a_large_hunk_comes_in_chunks(self, repository, old):
        if old:
            repository.commit("file", old)
        lines = [b"%d %s\n" % (number, MARK) for number in range(1000)]
        last = b"last\n" if b"last" in old else b""
        repository.stage("file", old.removesuffix(last) + b"".join(lines) + last)
        repository.stage("next")
        found = staged(repository, block=300, limits=SMALL)
        assert all(len(text.data) <= 2 * 300 for text in found if isinstance(text, Text))
        start = len(old.removesuffix(last).splitlines()) + 1
        expected = {start + i: line.removesuffix(b"\n") for i, line in enumerate(lines)}
        assert new_lines(found) == {"file": expected, "next": {1: MARK}}
        # Nothing is judged twice.
        assert sum(len(judged(text)) for text in found if isinstance(text, Text)) == len(found)
        assert b"".join(b"".join(judged(t)) for t in found[:-1] if isinstance(t, Text)) == b"".join(
            lines
        )

    @pytest.mark.parametrize("old", [b"", b"short\n"])
    def test_a_large_line_comes_in_chunks(self, repository, old):
        if old:
            repository.commit("file", old)
        words = b" ".join(b"%d-%s" % (number, MARK) for number in range(1000))
        repository.stage("file", old + words + b"\nend\n")
        repository.stage("next")
        found = [t for t in staged(repository, block=300, limits=SMALL) if isinstance(t, Text)]
        pieces = [piece for text in found[:-1] for piece in judged(text)]
        assert b"".join(pieces) == words + b"\nend\n"
        assert all(
            piece.startswith(b" ") or earlier.endswith(b" ")
            for earlier, piece in pairwise(pieces)
            if b"end" not in piece
        )
        assert found[-1] == Text("next", MARK + b"\n", 1, ((0, 7),))

    def test_a_large_line_that_is_removed_is_not_new(self, repository):
        repository.commit("file", b"x" * 5000 + b"\nsame\n")
        repository.stage("file", b"same\n" + MARK + b"\n")
        assert new_lines(staged(repository, block=300, limits=SMALL)) == {"file": {2: MARK}}

    def test_many_small_hunks(self, repository):
        lines = [b"%d\n" % number for number in range(5000)]
        repository.commit("file", b"".join(lines))
        expected = {}
        for number in range(0, 5000, 20):
            lines[number] = MARK + b" %d\n" % number
            expected[number + 1] = lines[number].strip()
        repository.stage("file", b"".join(lines))
        assert new_lines(staged(repository, block=1000)) == {"file": expected}

    def test_utf_16_with_more_nothing_than_a_block(self, repository):
        repository.stage("file", b"\0" * 10_000 + b"\n" + MARK)
        assert MARK in new_lines(staged(repository, block=100))["file"].values()


@pytest.mark.parametrize(
    ("body", "new", "data", "ranges"),
    [
        (b"", True, b"", ()),
        (b"+a\n+\n++b\n", True, b"a\n\n+b\n", ((0, 6),)),
        (b"+a\n\\ No newline at end of file\n", True, b"a", ((0, 1),)),
        (b"+\\ a\n+* b\n", True, b"\\ a\n* b\n", ((0, 8),)),
        (b" a\n-b\n+c\n+d\n e\n+f", False, b"a\nc\nd\ne\nf", ((2, 6), (8, 9))),
        (b" a\n-b\n\\ No newline\n", False, b"a\n", ()),
    ],
)
def test_the_new_side_of_a_hunk(body, new, data, ranges):
    assert new_side(body, new=new) == (data, ranges)


def test_stopping_early_ends_git(repository):
    repository.stage("file", (MARK + b"\n") * 100_000)
    texts = iter(Staged(Git(repository.environment), prefilter, block=100))
    assert isinstance(next(texts), Text)
    texts.close()  # type: ignore[attr-defined]
