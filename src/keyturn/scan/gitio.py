"""Runs git and reads what it says.

On POSIX through `posix_spawn`, because importing `subprocess` costs more than a small scan.
"""

from __future__ import annotations

import os

from keyturn.child_environ import git_environ
from keyturn.scan.errors import ScanError

# `typing` and `collections` would cost as much as everything else that a small scan does.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PIECE = 1 << 16
_PIPE = 1 << 20
_TOLD = 4096
"""So much of git's complaint is kept."""

# Where git tells its hooks which repository they are run for.
_CURRENT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


class GitError(ScanError):
    """What git refused, in words for a person."""


class Git:
    """git, where keyturn runs.

    Of the environment it gets what `git_environ` names: git tells its hooks there which index and
    which work tree are meant.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = git_environ(environment)
        self._prefix: str | None = None

    def start(self, *arguments: str, fed: bool = False) -> Process:
        """Start a command; `fed` says that `Process.write` will be used."""
        # The monitor would leave a process behind that holds our pipes.
        options = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=true")
        # What is pushed is the original, whatever `git replace` shows in its place.
        return Process(
            ("git", "--no-replace-objects", *options, *arguments), self._environment, fed=fed
        )

    def output(self, *arguments: str) -> bytes:
        """Return everything that a command prints."""
        with self.start(*arguments) as process:
            printed = process.read()
            process.finish()
        return printed

    def asked(self, *arguments: str) -> bytes | None:
        """Return what a command prints, None if it fails."""
        try:
            return self.output(*arguments)
        except GitError:
            return None

    def toplevel(self) -> str | None:
        """Return the folder of the work tree, None outside of any."""
        printed = self.asked("rev-parse", "--show-toplevel")
        return None if printed is None else _text(printed.removesuffix(b"\n"))

    def listed(self, folder: str) -> list[str] | None:
        """Return the files on disk below a folder that git does not ignore.

        Those of repositories within it are among them. None outside of a work tree.
        """
        there = self._elsewhere()
        try:
            printed = there.output(
                *("-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
            )
        except GitError:
            if there.asked("-C", folder, "rev-parse", "--is-inside-work-tree") == b"true\n":
                raise
            return None
        before = "" if folder in ("", ".") else folder.rstrip("/") + "/"
        found: list[str] = []
        # What is unmerged is named once for each side.
        for name in dict.fromkeys(printed.split(b"\0")[:-1]):
            path = before + _text(name.removesuffix(b"/"))
            if os.path.isdir(path) and not os.path.islink(path):
                found += there.listed(path) or ()
            elif os.path.lexists(path):
                found.append(path)
        return found

    def said(self, folder: str, *arguments: str) -> str:
        """Return what git says of a folder's own repository; empty where it says nothing."""
        return _text(self._elsewhere().asked("-C", folder, *arguments) or b"").strip()

    def shown(self, path: bytes) -> str:
        """Return a path from the top of the work tree as seen from where keyturn runs."""
        import posixpath

        return posixpath.relpath(_text(path), self.prefix()) if self.prefix() else _text(path)

    def prefix(self) -> str:
        """Return where in the work tree keyturn runs; empty at its top."""
        if self._prefix is None:
            # One look at the disk saves a process where hooks run.
            if "GIT_WORK_TREE" not in self._environment and os.path.exists(".git"):
                self._prefix = ""
            else:
                printed = self.asked("rev-parse", "--show-prefix") or b""
                self._prefix = _text(printed.removesuffix(b"\n"))
        return self._prefix

    def _elsewhere(self) -> Git:
        """Return a git that asks a folder, and not a hook's variables, where it belongs."""
        return Git({k: v for k, v in self._environment.items() if k not in _CURRENT})


class Process:
    """git at work. Leaving the `with` block ends it."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, fed: bool
    ) -> None:
        try:
            self._pipes = _PIPES(arguments, environment, fed)
        except OSError as error:
            raise GitError(f"git could not be started: {error.strerror}") from error
        self._held = b""
        self._at = 0
        self._ended: tuple[int, bytes] | None = None

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ended is None:
            self._pipes.kill()
            self._ended = self._pipes.end()

    def read(self, least: int | None = None) -> bytes:
        """Return at least so many bytes, fewer only at the end; by default everything."""
        pieces = [self._held[self._at :]]
        self._held, self._at = b"", 0
        size = len(pieces[0])
        while (least is None or size < least) and (piece := self._pipes.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def line(self) -> bytes:
        """Return the next line without its end; empty at the end of everything."""
        while (end := self._held.find(b"\n", self._at)) < 0:
            if not self._fill():
                end = len(self._held)
                break
        line = self._held[self._at : end]
        self._at = end + 1
        return line

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next so many bytes in pieces."""
        while size:
            if self._at >= len(self._held) and not self._fill():
                self.finish()
                raise GitError("git ended in the middle of a file")
            piece = self._held[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def write(self, data: bytes) -> None:
        """Send something; all of it must find room where git has not read yet."""
        try:
            self._pipes.write(data)
        except OSError:
            # It ended early, which shows when its answer is read.
            return

    def close_input(self) -> None:
        """Say that nothing more is sent."""
        self._pipes.close_input()

    def failed(self) -> bool:
        """Wait for the end and say whether it was a bad one."""
        if self._ended is None:
            self._ended = self._pipes.end()
        return self._ended[0] != 0

    def finish(self) -> None:
        """Wait for the end; raise what git complained about, if it failed."""
        if self.failed():
            assert self._ended is not None
            code, told = self._ended
            raise GitError(_complaint(told) or f"git failed with exit code {code}")

    def _fill(self) -> bool:
        piece = self._pipes.read()
        self._held, self._at = self._held[self._at :] + piece, 0
        return bool(piece)


class _Spawned:
    """A child by `posix_spawn`; both streams are watched, so that none fills up unread."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], fed: bool) -> None:
        from select import POLLIN, poll

        self._out, out = os.pipe()
        _widen(self._out)
        self._err, err = os.pipe()
        actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = [
            (os.POSIX_SPAWN_DUP2, out, 1),
            (os.POSIX_SPAWN_DUP2, err, 2),
        ]
        theirs = [out, err]
        self._in = -1
        if fed:
            read, self._in = os.pipe()
            actions.append((os.POSIX_SPAWN_DUP2, read, 0))
            theirs.append(read)
        else:
            actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
        self._open = {self._out, self._err}
        self._poll = poll()
        for stream in self._open:
            self._poll.register(stream, POLLIN)
        self._told = b""
        words = [os.fsencode(word) for word in arguments]
        try:
            self._id = os.posix_spawnp("git", words, environment, file_actions=actions)
        except OSError:
            self._close()
            raise
        finally:
            for stream in theirs:
                os.close(stream)

    def read(self) -> bytes:
        while self._open:
            for stream, _ in self._poll.poll():
                piece = os.read(stream, _PIECE)
                if not piece:
                    self._poll.unregister(stream)
                    self._open.remove(stream)
                    os.close(stream)
                elif stream == self._out:
                    return piece
                else:
                    self._told = (self._told + piece)[:_TOLD]
        return b""

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._in, data) :]

    def close_input(self) -> None:
        os.close(self._in)
        self._in = -1

    def end(self) -> tuple[int, bytes]:
        while self.read():
            pass
        self._close()
        return os.waitstatus_to_exitcode(os.waitpid(self._id, 0)[1]), self._told

    def kill(self) -> None:
        self._close()
        os.kill(self._id, 15)

    def _close(self) -> None:
        for stream in self._open:
            os.close(stream)
        self._open = set()
        if self._in >= 0:
            self.close_input()


class _Opened:
    """A child by `subprocess`, where there is no `posix_spawn`; it complains into a file."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], fed: bool) -> None:
        import subprocess
        from tempfile import TemporaryFile

        self._told = TemporaryFile()  # noqa: SIM115 - closed in `end`
        try:
            self._child = subprocess.Popen(  # noqa: S603 - git, with our own arguments
                [_program(environment), *arguments[1:]],
                stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._told,
                env=environment,
            )
        except OSError:
            self._told.close()
            raise

    def read(self) -> bytes:
        assert self._child.stdout
        return self._child.stdout.read1(_PIECE)  # type: ignore[attr-defined, no-any-return]

    def write(self, data: bytes) -> None:
        assert self._child.stdin
        self._child.stdin.write(data)
        self._child.stdin.flush()

    def close_input(self) -> None:
        assert self._child.stdin
        self._child.stdin.close()

    def end(self) -> tuple[int, bytes]:
        while self.read():
            pass
        with self._child, self._told as told:
            code = self._child.wait()
            told.seek(0)
            return code, told.read(_TOLD)

    def kill(self) -> None:
        self._child.kill()


_PIPES: type[_Spawned] | type[_Opened] = _Spawned if hasattr(os, "posix_spawnp") else _Opened


def _widen(pipe: int) -> None:
    """Let git go on while the matching engine is loaded; Linux only, and no matter if refused."""
    import fcntl

    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        try:
            fcntl.fcntl(pipe, size, _PIPE)
        except OSError:
            return


def _program(environment: Mapping[str, str]) -> str:
    """Return where git is; Windows alone would look into the repository first."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in environment.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(path):
            return path
    raise FileNotFoundError(2, os.strerror(2))


def _complaint(told: bytes) -> str:
    """Return the line that says why."""
    lines = told.decode("utf-8", "replace").splitlines()
    if any("unknown option `cached'" in line for line in lines):
        # Outside a repository `git diff` only compares two files.
        return "this is not a git repository"
    if any("promisor remote" in line for line in lines):
        return "git lacks files that this clone left out, and a scan fetches none; clone it whole"
    for start in ("fatal: ", "error: ", ""):
        for line in lines:
            if line.startswith(start):
                return "git: " + line.removeprefix(start)
    return ""


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
