"""Runs the real command line in a world, and cuts it off: in this process, or by SIGKILL.

It judges nothing. Nothing here is pytest's: the bench uses it too.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import forkserver, util
from ssl import SSLContext
from typing import Any, Self
from unittest import mock

from keyturn import parallel, secret_value, transport
from keyturn.cli import main
from keyturn.errors import KeyturnError
from keyturn.sandbox.server import Request, Response, Server
from tests.rotation.worlds import World


@dataclass(slots=True)
class Ran:
    """What one run of the command line left behind; `code` is None where it was killed."""

    code: int | None
    out: str
    err: str
    raised: list[str] = field(default_factory=list)
    """What stood in exceptions, and in those that they came from."""
    started: list[str] = field(default_factory=list)
    """What other processes were given: arguments and environment."""


class Killed(BaseException):
    """Ends a run as SIGKILL does: nothing of the product catches it."""


@dataclass(slots=True)
class Tap:
    """Sees every request to a sandbox, whichever server it is for, and may cut it off."""

    world: World
    at: int = 0
    """The request that is struck; 0: none."""
    after: bool = False
    """It is struck once the sandbox has done what it asks."""
    times: int = 1
    """How many requests in a row are struck."""
    strike: Callable[[], Response | None] = lambda: None
    """What happens then, and is answered; None closes the connection."""
    only: Server | None = None
    """The server whose requests alone are struck; None: any."""
    early: list[str] = field(default_factory=list)
    """Destinations that held what did not work, at some moment."""
    methods: list[str] = field(default_factory=list)
    """Of every request so far."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        """How many requests there were."""
        return len(self.methods)

    def install(self) -> None:
        """Stand between the sockets and every server of the sandbox."""
        for server in self.world.box.servers:
            server.answer = self._wrap(server)  # type: ignore[method-assign, assignment]

    def _wrap(self, server: Server) -> Callable[[Request], Response | None]:
        answer = server.answer

        def answered(request: Request) -> Response | None:
            with self._lock:
                self.methods.append(request.method)
                mine = bool(self.at) and self.at <= self.count < self.at + self.times
                mine = mine and self.only in (None, server)
                if mine and not self.after:
                    return self.strike()
                response = answer(request)
                self._look()
                return self.strike() if mine else response

        return answered

    def _look(self) -> None:
        """Note a token that was ended while a secret still held it."""
        if self.world.strategy != "overlap":
            return
        ended = {token.value for token in self.world.tokens() if token.ended}
        ended -= self.world.dead_before
        for place in self.world.places:
            if ended & set(self.world.held(place).values()):
                self.early.append(place.prefix or "the repository's")


class Gate:
    """Lets so many requests of this process through, and then kills the run in place of SIGKILL."""

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self.count = 0
        self._at = at
        self._after = after
        self._dead = False

    @contextmanager
    def stand(self) -> Iterator[None]:
        """Stand before everything that waits for an answer of the network."""
        with mock.patch.object(parallel, "within", self._within):
            yield

    def _within(self, _seconds: float, call: Callable[[], Any]) -> Any:
        self.count += 1
        mine = self.count == self._at
        if self._dead or (mine and not self._after):
            self._dead = True
            raise Killed
        answer = call()
        if mine:
            self._dead = True
            raise Killed
        return answer


class _Children:
    """Notes what other processes are given, while a run is under way in this one."""

    def __init__(self) -> None:
        self.noted: list[str] | None = None
        sys.addaudithook(self._hear)  # which can never be taken out again

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.noted is not None and event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
            self.noted.append(repr(arguments))


_CHILDREN = _Children()


@contextmanager
def _heard(ran: Ran) -> Iterator[None]:
    """Note what our exceptions say, what they came from, and what other processes are given."""
    make = KeyturnError.__init__

    def made(self: KeyturnError, message: str, *, hint: str = "") -> None:
        make(self, message, hint=hint)
        ran.raised += [message, hint]
        cause = sys.exc_info()[1]
        while cause is not None:
            ran.raised.append(f"{cause!r} {cause}")
            cause = cause.__cause__ or cause.__context__

    _CHILDREN.noted = ran.started
    try:
        with mock.patch.object(KeyturnError, "__init__", made):
            yield
    finally:
        _CHILDREN.noted = None


@contextmanager
def _quickly() -> Iterator[None]:
    """Leave out what takes time and does nothing here: certificates, and waits before a retry."""
    with (
        mock.patch.object(SSLContext, "load_verify_locations"),
        mock.patch.object(transport, "_backoff", return_value=0.0),
    ):
        yield


def run(world: World, *argv: str, gate: Gate | None = None, ahead: timedelta = timedelta()) -> Ran:
    """Run the command line in this process, which knows no value of an earlier run."""
    out, err = io.StringIO(), io.StringIO()
    ran = Ran(None, "", "")
    fresh = type(secret_value._registry)()
    with (
        world.in_run(),
        mock.patch.object(secret_value, "_registry", fresh),
        mock.patch.object(tempfile, "tempdir", world.environ["TMPDIR"]),
        _quickly(),
        _heard(ran),
        (gate or Gate()).stand(),
        chdir(world.folder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            ran.code = main(list(argv), world.environ, now=world.box.clock.now + ahead)
        except Killed:
            ran.code = None
    ran.out, ran.err = out.getvalue(), err.getvalue()
    return ran


def apply(world: World, *, gate: Gate | None = None, ahead: timedelta = timedelta()) -> Ran:
    """Run `keyturn rotate --apply`; this machine's clock may be `ahead` of everybody else's."""
    return run(world, "rotate", "--apply", gate=gate, ahead=ahead)


def _child(
    argv: list[str], environ: dict[str, str], now: datetime, folder: str, name: str
) -> None:  # pragma: no cover - it is another process
    os.chdir(folder)
    tempfile.tempdir = environ["TMPDIR"]
    for stream, kind in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(f"{name}.{kind}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    with _quickly():
        code = main(argv, environ, now=now)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Processes:
    """Starts runs as processes of their own, each forked from one that has imported keyturn."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            [
                __name__,
                "keyturn.commands.rotate",
                *(f"keyturn.providers.{name}" for name in ("gitlab", "sailpoint", "synoptic")),
                *(f"keyturn.providers.{name}" for name in ("aws_iam", "azure_devops")),
            ]
        )

    def __enter__(self) -> Self:
        util.get_temp_dir()  # before a run is told of another folder for what is temporary
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the process that the others are forked from."""
        forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def start(self, world: World, name: str = "killed") -> Any:
        """Start `keyturn rotate --apply` at the sandbox's time."""
        path = str(world.folder / name)
        given = (["rotate", "--apply"], world.environ, world.box.clock.now, str(world.folder), path)
        process = self._context.Process(target=_child, args=given, daemon=True)
        process.start()
        return process

    def killed(self, world: World, tap: Tap) -> Ran:
        """Run once, to be killed by SIGKILL where the tap says."""
        started: list[Any] = []
        ready = threading.Event()

        def strike() -> Response | None:
            ready.wait()
            os.kill(started[0].pid, signal.SIGKILL)
            started[0].join()
            return None

        tap.strike = strike
        with world.in_run():
            started.append(self.start(world))
            ready.set()
            started[0].join()
        code = started[0].exitcode
        return Ran(None if code == -signal.SIGKILL else code, *outputs(world))


def outputs(world: World, name: str = "killed") -> tuple[str, str]:
    """Return what a process printed."""
    files = [world.folder / f"{name}.{kind}" for kind in ("out", "err")]
    out, err = (file.read_text(encoding="utf-8") if file.exists() else "" for file in files)
    return out, err
