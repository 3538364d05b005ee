"""Does everything to a rotation that can happen to one, runs keyturn until it is quiet, and judges.

Each fault is a function of a world and of the request that it strikes; the numbers of requests go
on over all the runs of one rotation. Nothing here is pytest's: the bench uses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from keyturn.errors import ExitCode
from keyturn.sandbox.github_git import Git, Person
from keyturn.sandbox.server import Response
from tests.rotation.judging import Verdict, journal, judge, known
from tests.rotation.running import Gate, Processes, Ran, Tap, apply, outputs, run
from tests.rotation.worlds import World

LOCK = timedelta(hours=7)
"""Longer than a killed run's lock holds."""
_DAYS = (1, 1, 36, 1, 1)
"""The longest drain of the default cap is between them: an organization's secret waits for it."""
_DAILY = (timedelta(0), *(timedelta(days=days) for days in _DAYS))
_STEPS = (timedelta(0), LOCK, *_DAILY[1:])
"""How the clock is moved before each further run; a killed run's lock ends within the second."""
_BRANCH = "refs/heads/keyturn/journal"

LIMITS = {
    "429": Response(429, {"message": "slow down"}, {"Retry-After": "0"}),
    "500": Response(500, {"message": "sorry"}),
    # GitHub docs, "Rate limits for the REST API", 2026-11: a secondary limit's 403.
    "secondary": Response(
        403,
        {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
        {"Retry-After": "0"},
    ),
}
"""What a server says that has too much to do, or is broken."""
ATTACKS = ("deleted", "moved back", "emptied", "a word changed", "a line taken out")
"""What somebody else may do to the journal's branch."""


def settle(world: World, ran: list[Ran]) -> None:
    """Run again and again, while time passes and the secrets are used, until all is quiet."""
    for step in _STEPS:
        if step:
            world.live_on(step)
        ran.append(apply(world))
        if _is_over(world):
            return


def live_through(
    world: World, rotate: Callable[[], Ran], steps: Iterable[timedelta] = _DAILY
) -> list[Ran]:
    """Run day after day, until a run is killed or the rotation is over."""
    ran: list[Ran] = []
    for step in steps:
        if step:
            world.live_on(step)
        ran.append(rotate())
        if ran[-1].code is None or _is_over(world):
            break
    return ran


def _is_over(world: World) -> bool:
    return bool(known(world).operations) and not known(world).unfinished()


def kill(world: World, at: int, *, after: bool) -> tuple[Verdict, bool]:
    """Kill the run that sends the request of that number, and say what came of it all.

    The second: whether there was such a request.
    """
    tap, gate = _tapped(world), Gate(at, after=after)
    ran = live_through(world, lambda: apply(world, gate=gate))
    settle(world, ran)
    return judge(world, tap, ran), gate.count >= at


def sigkill(world: World, at: int, *, after: bool, processes: Processes) -> tuple[Verdict, bool]:
    """Do the same with processes that are really killed."""
    tap = _tapped(world, Tap(world, at=at, after=after))
    ran = live_through(world, lambda: processes.killed(world, tap))
    reached, tap.at = tap.count >= at, 0
    settle(world, ran)
    return judge(world, tap, ran), reached


def kill_twice(world: World, first: int, second: int, *, after: bool) -> tuple[Verdict, bool]:
    """Kill a run, and then one of those that mend what it left, at the second number of theirs."""
    tap, gate = _tapped(world), Gate(first, after=after)
    ran = live_through(world, lambda: apply(world, gate=gate))
    again = Gate(second, after=not after)
    ran += live_through(world, lambda: apply(world, gate=again), _STEPS)
    settle(world, ran)
    return judge(world, tap, ran), again.count >= second


def lose(
    world: World,
    at: int,
    *,
    after: bool = True,
    replies: Response | None = None,
    times: int = 1,
) -> Verdict:
    """Lose the answer to one request, carried out or not, or have some refused; then go on."""
    tap = Tap(world, at=at, after=after and replies is None, times=times, strike=lambda: replies)
    if replies is LIMITS["secondary"]:
        tap.only = world.box.github.server
    _tapped(world, tap)
    ran = live_through(world, lambda: apply(world))
    settle(world, ran)
    return judge(world, tap, ran)


def lose_then_kill(world: World, first: int, second: int, *, after: bool) -> tuple[Verdict, bool]:
    """Lose the answer to one request, and kill the run that sends the second, later one."""
    tap = _tapped(world, Tap(world, at=first, after=after))
    gate = Gate(second, after=after)
    ran = live_through(world, lambda: apply(world, gate=gate))
    settle(world, ran)
    return judge(world, tap, ran), gate.count >= second


def race(world: World, latency: float, *, processes: Processes) -> tuple[Verdict, list[Ran]]:
    """Start two runs at once, with servers that take their time; return what each of them said."""
    tap = _tapped(world)
    world.box.latency = latency
    names = ("one", "two")
    with world.in_run():
        both = [processes.start(world, name) for name in names]
        for process in both:
            process.join()
    world.box.latency = 0.0
    ran = [
        Ran(process.exitcode, *outputs(world, name))
        for process, name in zip(both, names, strict=True)
    ]
    both_said = list(ran)
    settle(world, ran)
    return judge(world, tap, ran), both_said


def mistime(world: World, ahead: timedelta, at: int = 0) -> tuple[Verdict, bool]:
    """Run with a clock that is wrong, and kill one run where a number is given; then mend it."""
    tap, gate = _tapped(world), Gate(at)
    ran = live_through(world, lambda: apply(world, gate=gate, ahead=ahead))
    settle(world, ran)
    return judge(world, tap, ran), gate.count >= at


def attack(world: World, at: int, how: str) -> tuple[Verdict, bool]:
    """Have somebody else change the journal's branch behind a request; then bring it back.

    The second: whether there was a journal to be changed by then.
    """
    before: list[str] = []

    def change() -> None:
        git = world.repositories[world.journal_repository].git
        if _BRANCH in git.refs:
            before.append(git.refs[_BRANCH])
            rewrite(world, how)

    tap = _tapped(world, _Beside(world, change, at))
    ran: list[Ran] = []
    for step in _DAILY[:3]:
        world.live_on(step)
        ran.append(apply(world))
        if before or _is_over(world):
            break
    if before:
        ran.append(apply(world))
        # What was moved back may look whole, and be gone on with: then nobody brings it back.
        git = world.repositories[world.journal_repository].git
        if how != "moved back" or ran[-1].code == ExitCode.INCOMPLETE:
            git.refs[_BRANCH] = before[0]
    settle(world, ran)
    return judge(world, tap, ran, person=True), bool(before)


def rewrite(world: World, how: str) -> None:
    """Change the journal's branch as somebody does who may push to it."""
    git = world.repositories[world.journal_repository].git
    lines = journal(world).splitlines(keepends=True)
    match how:
        case "deleted":
            del git.refs[_BRANCH]
        case "moved back":
            parents = git.commits[git.refs[_BRANCH]].parents
            if parents:
                git.refs[_BRANCH] = parents[0]
            else:
                del git.refs[_BRANCH]
        case "emptied":
            put_journal(world, git, b"")
        case "a word changed":
            put_journal(world, git, b"".join([lines[0].replace(b'"', b"'", 1), *lines[1:]]))
        case "a line taken out":
            put_journal(world, git, b"".join([*lines[:-2], *lines[-1:]]))


def put_journal(world: World, git: Git, data: bytes) -> None:
    """Commit a journal as somebody else."""
    person = Person("mallory", "mallory@sandbox.invalid", world.box.clock.now)
    git.commit_files(_BRANCH, {"journal.jsonl": data}, message="oops", by=(person, person))


class _Beside(Tap):
    """Has something happen behind one request, whose answer arrives all the same."""

    def __init__(self, world: World, happen: Callable[[], None], at: int) -> None:
        super().__init__(world)
        self._happen, self._when = happen, at

    def _look(self) -> None:
        super()._look()
        if self.count == self._when:
            self._happen()


def _tapped(world: World, tap: Tap | None = None) -> Tap:
    tap = tap or Tap(world)
    tap.install()
    return tap


def trace(world: World) -> tuple[list[str], Verdict]:
    """Return the method of every request of a whole rotation to which nothing is done."""
    tap = _tapped(world)
    ran = live_through(world, lambda: apply(world))
    methods = list(tap.methods)
    return methods, judge(world, tap, ran)


__all__ = [
    "ATTACKS", "LIMITS", "LOCK", "Gate", "Processes", "Ran", "Tap", "Verdict", "apply", "attack",
    "journal", "judge", "kill", "kill_twice", "known", "live_through", "lose", "lose_then_kill",
    "mistime", "outputs", "put_journal", "race", "rewrite", "run", "settle", "sigkill", "trace",
]  # fmt: skip
