"""One scan: what was asked for is read, judged and sorted into leaks, allowed and unread."""

from __future__ import annotations

import os

from keyturn.scan.engine import Engine
from keyturn.scan.files import read, stream, walk
from keyturn.scan.pattern import Pattern
from keyturn.scan.patterns import PATTERNS
from keyturn.scan.record import Record
from keyturn.scan.review import Leak, Reviewer
from keyturn.scan.texts import Text, Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import IO, Any

    from keyturn.scan.baseline import Baseline
    from keyturn.scan.history import Range

STAGED, STDIN, MESSAGE = "staged", "stdin", "commit-msg"
HISTORY, PUSH, FILES = "history", "pre-push", "files"

BASELINE = ".keyturn-baseline.json"
"""The baseline that is read where the configuration names none."""

_BLOCK = 1 << 20
# Below this line of a commit message git shows the change itself (`git commit --verbose`).
_SCISSORS = b"------------------------ >8 ------------------------"


class Options(Record):
    """What one scan was asked to do."""

    source: str = STAGED
    names: tuple[str, ...] = ()
    """Files and folders, or the ranges of a history."""
    rows: tuple[Pattern, ...] = PATTERNS
    baseline: str = BASELINE
    accepting: Baseline | None = None
    """The baseline that is going to be written: leaks carry its fingerprints."""
    is_allowed_path: Callable[[str], bool] | None = None
    counted: Callable[[Iterator[Any]], Iterator[Any]] = iter
    """Hands on what is going to be judged, one by one, and may tell somebody how much it was."""


class Outcome(Record):
    """What one scan found."""

    leaks: list[Leak]
    allowed: list[Leak]
    unread: list[Unread]
    notes: list[str]
    """What is wrong with the lists that people keep."""


def scan(options: Options, environ: Mapping[str, str], stdin: IO[bytes] | None = None) -> Outcome:
    """Carry out one scan in the current folder. Raises ScanError."""
    run = _Run(options, environ)
    leaks: dict[tuple[str, int, int, str], Leak] = {}
    unread: dict[str, Unread] = {}
    for item in run.judged(stdin):
        if isinstance(item, Unread):
            unread[item.path] = item
        else:
            leaks.setdefault((item.path, item.line, item.column, item.rule), item)
    ordered = run.with_commits([leaks[key] for key in sorted(leaks)])
    return Outcome(
        [leak for leak in ordered if not leak.allowed],
        [leak for leak in ordered if leak.allowed],
        [unread[path] for path in sorted(unread)],
        run.notes() if ordered else [],
    )


class _Run:
    """The engine, git, and what is asked of them in one scan."""

    def __init__(self, options: Options, environ: Mapping[str, str]) -> None:
        from keyturn.scan.gitio import Git

        self._options = options
        self._git = Git(environ)
        self._environ = environ
        self._commits: Range | None = None
        self._engine = Engine(options.rows)
        self._reviewer = self._make_reviewer()

    def _make_reviewer(self) -> Reviewer:
        options = self._options
        return Reviewer(self._engine, baseline=options.baseline, accepting=options.accepting)

    def judged(self, stdin: IO[bytes] | None) -> Iterator[Leak | Unread]:
        """Read and judge what was asked for."""
        source, names = self._options.source, self._options.names
        if source == FILES:
            yield from self._judged_tree(names)
        elif source == STDIN:
            assert stdin
            yield from self._judge(
                stream("<stdin>", stdin.read(_BLOCK), lambda: stdin.read(_BLOCK))
            )
        elif source == MESSAGE:
            yield from self._judge(_message(names[0]))
        elif source in (HISTORY, PUSH):
            yield from self._judge(self._options.counted(self._history(source, names)))
        else:
            yield from self._judge(self._staged(names))

    def notes(self) -> list[str]:
        """Return what is wrong with other scanners' lists."""
        _, theirs = self._reviewer.load()
        return theirs.notes

    def with_commits(self, leaks: list[Leak]) -> list[Leak]:
        """Name the commits of a history, where there are only contents' ids so far."""
        if not self._commits:
            return leaks
        from keyturn.scan.history import added_in

        found = added_in(self._git, self._commits, {leak.commit for leak in leaks if leak.commit})
        named = [leak._replace(commit=found.get(leak.commit, "")) for leak in leaks]
        # Some lists accept a line in one commit, which was not known before.
        _, theirs = self._reviewer.load()
        return [
            leak._replace(
                allowed=leak.allowed or theirs.accepts(leak.path, leak.line, b"", leak.commit) or ""
            )
            for leak in named
        ]

    def _judged_file(self, path: str) -> list[Leak | Unread]:
        """Judge a file on disk: `_judge`, without its detours for the many small ones."""
        allowed = self._options.is_allowed_path
        found: list[Leak | Unread] = []
        for text in read(path):
            if isinstance(text, Unread):
                found.append(text)
            elif allowed is None or not allowed(path):
                found += self._reviewer.review(text)
        return found

    def _judge(self, texts: Iterable[Text | Unread]) -> Iterator[Leak | Unread]:
        allowed = self._options.is_allowed_path
        for text in texts:
            if isinstance(text, Unread):
                yield text
            elif not (allowed and allowed(text.path)):
                yield from self._reviewer.review(text)

    def _judged_tree(self, names: Sequence[str]) -> Iterator[Leak | Unread]:
        """Judge files and folders on disk, many of them in several processes."""
        from keyturn.scan.pool import judge_all

        def prepare() -> None:
            self._engine = Engine(self._options.rows, bulk=True)
            self._reviewer = self._make_reviewer()
            self._reviewer.load()  # what is wrong with the lists is found out here, not in a child

        unread: list[Unread] = []
        files = self._options.counted(self._files(names, unread))
        yield from judge_all(files, self._judged_file, prepare)
        yield from unread

    def _files(self, names: Sequence[str], unread: list[Unread]) -> Iterator[str]:
        """Yield the files that some names mean; folders respect .gitignore."""
        for name in map(_portable, names):
            if not os.path.isdir(name):
                yield name
                continue
            # A folder that is ignored as a whole is meant when it is named.
            listed = self._git.listed(name)
            for item in listed or walk(name):
                if isinstance(item, Unread):
                    unread.append(item)
                else:
                    yield _portable(item).removeprefix("./")

    def _history(self, source: str, names: Sequence[str]) -> Iterator[Text | Unread]:
        from keyturn.scan import history

        if source == HISTORY:
            self._commits = history.revisions(names) if names else history.EVERYTHING
        else:
            self._commits = history.pushed(self._environ)
        if not self._commits:  # not started by a push: what would be pushed is not known
            yield from self._tracked(_Named(()))
            return
        if before := self._commits.before:
            self._reviewer.is_old = lambda path, token: history.known_before(
                self._git, before, path, token
            )
        yield from history.history(self._git, self._commits)

    def _staged(self, names: Sequence[str]) -> Iterator[Text | Unread]:
        """Read what is staged of the named files; of those without a staged change, everything."""
        from keyturn.scan.diff import Staged

        named = _Named(names)
        changed = Staged(self._git, self._engine.anchors)
        for item in changed:
            if item.path in named:
                yield item
        # A folder may hold files without a change beside those with one.
        if names and (named.folders or named.missing(changed.paths)):
            yield from self._tracked(named, changed.paths)

    def _tracked(self, named: _Named, known: Collection[str] = ()) -> Iterator[Text | Unread]:
        """Read named files but the known from the index; what is not tracked, from disk."""
        from keyturn.scan.blobs import contents, tracked

        blobs = [blob for blob in tracked(self._git) if blob.path in named]
        yield from contents(self._git, [blob for blob in blobs if blob.path not in known])
        for name in named.missing({*known, *(blob.path for blob in blobs)}):
            if os.path.isdir(name):
                yield Unread(name, "a folder with nothing tracked in it")
            else:
                yield from read(name)


def _portable(name: str) -> str:
    """Return a path as git, reports and lists of accepted tokens write it, on Windows too."""
    return name.replace(os.sep, "/")


def _from_here(name: str) -> str:
    try:
        return _portable(os.path.relpath(name))
    except ValueError:  # Windows, on another drive: nothing of this repository
        return _portable(name)


class _Named:
    """The files that some names mean: themselves, and what is below the folders."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take names as people write them; none means every file."""
        plain = [_from_here(name) for name in names]
        self._all = not names or "." in plain
        self._names = set(plain)
        self.folders = tuple(f"{name}/" for name in plain if os.path.isdir(name))

    def __contains__(self, path: str) -> bool:
        return self._all or path in self._names or path.startswith(self.folders)

    def missing(self, paths: Collection[str]) -> list[str]:
        """Return the names that mean none of some files."""
        folders = {path[:at] for path in paths for at, mark in enumerate(path) if mark == "/"}
        return sorted(self._names - set(paths) - folders - {"."})


def _message(path: str) -> Iterator[Text | Unread]:
    """Read a commit's message, without the change that git shows below it."""
    for text in read(path):
        if isinstance(text, Text):
            text = text._replace(data=text.data.partition(_SCISSORS)[0])
        yield text
