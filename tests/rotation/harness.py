"""Cuts rotations off at a request, runs keyturn again until it is quiet, and asks what is broken.

What it judges by is the sandbox's own record, never what keyturn says of itself. Nothing here is
pytest's: the bench uses it too.
"""

from __future__ import annotations

import base64
import io
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import forkserver
from typing import Any, Self
from unittest import mock
from urllib.parse import quote

from keyturn import parallel, secret_value, transport
from keyturn.cli import main
from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.known import Known, fold
from keyturn.rotation.log import parse
from keyturn.sandbox.server import Request, Response
from tests.rotation.worlds import World

LOCK = timedelta(hours=7)
"""Longer than a killed run's lock holds."""
_DAYS = (1, 1, 36, 1, 1)
"""The longest drain of the default cap is between them: an organization's secret waits for it."""
_STEPS = (timedelta(0), LOCK, *(timedelta(days=days) for days in _DAYS))
"""How the clock is moved before each further run; a killed run's lock ends within the second."""
_PIECE = 12


@dataclass(slots=True)
class Ran:
    """What one run of the command line left behind; `code` is None where it was killed."""

    code: int | None
    out: str
    err: str


@dataclass(slots=True)
class Verdict:
    """What came of one world that was cut off somewhere."""

    broken: list[str] = field(default_factory=list)
    """Promises that do not hold."""
    lost: int = 0
    """Secrets that hold nothing that works."""
    orphans: int = 0
    accepted_loss: bool = False
    """It ended with a person in the one window that cannot be closed, which was accepted."""
    runs: int = 0


class Killed(BaseException):
    """Ends a run as SIGKILL does: nothing of the product catches it."""


@dataclass(slots=True)
class Tap:
    """Sees every request to a sandbox, whichever server it is for, and may cut it off."""

    world: World
    count: int = 0
    at: int = 0
    """The request that is struck; 0: none."""
    after: bool = False
    """It is struck once the sandbox has done what it asks."""
    times: int = 1
    """How many requests in a row are struck."""
    strike: Callable[[], Response | None] = lambda: None
    """What happens then, and is answered; None closes the connection."""
    early: list[str] = field(default_factory=list)
    """Destinations that held what did not work, at some moment."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self) -> None:
        """Stand between the sockets and every server of the sandbox."""
        for server in self.world.box.servers:
            server.answer = self._wrap(server.answer)  # type: ignore[method-assign, assignment]

    def _wrap(
        self, answer: Callable[[Request], Response | None]
    ) -> Callable[[Request], Response | None]:
        def answered(request: Request) -> Response | None:
            with self._lock:
                self.count += 1
                mine = bool(self.at) and self.at <= self.count < self.at + self.times
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


def run(world: World, *argv: str, gate: Gate | None = None, ahead: timedelta = timedelta()) -> Ran:
    """Run the command line in this process, which knows no value of an earlier run."""
    out, err = io.StringIO(), io.StringIO()
    code: int | None = None
    fresh = type(secret_value._registry)()
    with (
        mock.patch.object(secret_value, "_registry", fresh),
        mock.patch.object(transport, "_backoff", return_value=0.0),
        (gate or Gate()).stand(),
        chdir(world.folder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = main(list(argv), world.environ, now=world.box.clock.now + ahead)
        except Killed:
            code = None
    return Ran(code, out.getvalue(), err.getvalue())


def apply(world: World, *, gate: Gate | None = None, ahead: timedelta = timedelta()) -> Ran:
    """Run `keyturn rotate --apply`; this machine's clock may be `ahead` of everybody else's."""
    return run(world, "rotate", "--apply", gate=gate, ahead=ahead)


def _child(
    argv: list[str], environ: dict[str, str], now: datetime, folder: str, name: str
) -> None:  # pragma: no cover - it is another process
    os.chdir(folder)
    for stream, kind in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(f"{name}.{kind}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
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


def journal(world: World) -> bytes:
    """Return the journal's bytes; none where there is no branch yet."""
    git = world.repository.git
    head = git.refs.get("refs/heads/keyturn/journal")
    if head is None:
        return b""
    _, blob = git.flat(git.commits[head].tree)["journal.jsonl"]
    return git.blobs[blob]


def known(world: World) -> Known:
    """Return what the journal tells."""
    return fold(parse(journal(world), journal_key(world.recovery)))


def settle(world: World, ran: list[Ran]) -> None:
    """Run again and again, while time passes and the secrets are used, until all is quiet."""
    for step in _STEPS:
        if step:
            world.live_on(step)
        ran.append(apply(world))
        operations = known(world).operations.values()
        if operations and not known(world).unfinished():
            return


def judge(world: World, tap: Tap, ran: list[Ran]) -> Verdict:
    """Say which promises do not hold, now that all is quiet."""
    verdict = Verdict(runs=len(ran))
    operations = list(known(world).operations.values())
    phases = [operation.phase for operation in operations]
    verdict.accepted_loss = world.may_lose and phases[-1:] == [Phase.NEEDS_HUMAN]
    verdict.broken += [f"1: {place} holds what does not work" for place in _dead_places(world)]
    verdict.lost = len(verdict.broken)
    if verdict.accepted_loss:
        verdict.broken.clear()  # and whatever was made in that window has nobody to end it
    if world.presented_twice():
        verdict.broken.append("2: a spent token was presented again")
    left = [] if verdict.accepted_loss else _orphans(world)
    verdict.orphans = len(left)
    verdict.broken += [f"3: {what} is left" for what in [*left, *_leftovers(world)]]
    verdict.broken += [
        f"4: {place} still held the token that was ended" for place in set(tap.early)
    ]
    verdict.broken += [f"5: a value is in {where}" for where in _leaks(world, ran)]
    if not verdict.accepted_loss and set(phases) != {Phase.DONE}:
        verdict.broken.append(f"6: it ended as {', '.join(phases) or 'nothing'}")
    if any("stopped by an error of its own" in each.err or "Traceback" in each.err for each in ran):
        verdict.broken.append("6: a run stopped by an error of its own")
    return verdict


def _dead_places(world: World) -> Iterator[str]:
    for place in world.places:
        token = world.of_place(place)
        if token is None or not token.works:
            yield place.prefix or "the repository's secret"


def _orphans(world: World) -> list[str]:
    stored = {token.id for place in world.places if (token := world.of_place(place))}
    return [
        "a live token that is stored nowhere"
        for token in world.tokens()
        if not token.ended and token.id not in stored
    ]


def _leftovers(world: World) -> Iterator[str]:
    shelves: list[Any] = [world.repository.variables]
    shelves += [*world.repository.vaults.values(), *world.octo.vaults.values()]
    shelves += [each.vault for each in world.repository.environments.values()]
    for shelf in shelves:
        for name in shelf.entries:
            if name.startswith(("KEYTURN_SEALED_", "KEYTURN_CANARY_")):
                yield name.rpartition("_")[0]


def _leaks(world: World, ran: list[Ran]) -> Iterator[str]:
    texts = {
        "standard output": "\n".join(each.out for each in ran),
        "standard error": "\n".join(each.err for each in ran),
        "the journal": journal(world).decode(),
        "a commit": "\n".join(commit.message for commit in world.repository.git.commits.values()),
        "an issue": "\n".join(f"{i.title} {i.body}" for i in world.repository.issues.values()),
        "a variable": "\n".join(
            entry.value
            for name, entry in world.repository.variables.entries.items()
            if not name.startswith("KEYTURN_SEALED_")
        ),
    }
    found = pieces(world.values())
    for where, text in texts.items():
        if any(text[at : at + _PIECE] in found for at in range(len(text) - _PIECE + 1)):
            yield where


def pieces(values: list[str]) -> set[str]:
    """Return every piece of twelve characters of the values, and of what they are encoded to."""
    found: set[str] = set()
    for value in values:
        raw = value.encode()
        texts = [value, raw.hex(), raw.hex().upper(), quote(value, safe="")]
        # Within a longer text the base64 of a value begins at one of three places.
        for shift in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                texts.append(encode(b"\0" * shift + raw).decode().rstrip("=")[2 * shift : -2])
        for text in texts:
            found |= {text[at : at + _PIECE] for at in range(len(text) - _PIECE + 1)}
    return found


def kill(world: World, at: int, *, after: bool) -> tuple[Verdict, bool]:
    """Kill the run that sends the request of that number, and say what came of it all.

    The second: whether there was such a request. The numbers go on over the runs of one rotation.
    """
    tap, gate = Tap(world), Gate(at, after=after)
    tap.install()
    ran = live_through(world, lambda: apply(world, gate=gate))
    settle(world, ran)
    return judge(world, tap, ran), gate.count >= at


def sigkill(world: World, at: int, *, after: bool, processes: Processes) -> tuple[Verdict, bool]:
    """Do the same with processes that are really killed."""
    tap = Tap(world, at=at, after=after)
    tap.install()
    ran = live_through(world, lambda: processes.killed(world, tap))
    reached, tap.at = tap.count >= at, 0
    settle(world, ran)
    return judge(world, tap, ran), reached


def lose(world: World, at: int, *, replies: Response | None = None, times: int = 1) -> Verdict:
    """Lose the answer to one request that was carried out, or have some refused; then go on."""
    tap = Tap(world, at=at, after=replies is None, times=times, strike=lambda: replies)
    tap.install()
    ran = live_through(world, lambda: apply(world))
    settle(world, ran)
    return judge(world, tap, ran)


def live_through(world: World, rotate: Callable[[], Ran]) -> list[Ran]:
    """Run day after day, until a run is killed or the rotation is over."""
    ran: list[Ran] = []
    for step in (timedelta(0), *_STEPS[2:]):
        if step:
            world.live_on(step)
        ran.append(rotate())
        if ran[-1].code is None:
            break
        if known(world).operations and not known(world).unfinished():
            break
    return ran
