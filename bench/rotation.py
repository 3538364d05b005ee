"""Does to rotations all that can happen to one, and counts what is lost; nothing may be.

Every world of the sandbox: killed by SIGKILL before and after each request that it sends, each
answer lost once, two faults in one rotation, limits and outages, two runs at once, a clock that is
wrong, a journal that somebody else changed, random histories; and then run again until it is quiet.
`make bench-rotation` tries it all; `--points N` tries N requests of each world, spread over all of
them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from tests.rotation import harness, histories
from tests.rotation.harness import ATTACKS, LIMITS, Processes, Verdict
from tests.rotation.worlds import CASES, PLACES, WORLDS, World

_HOUR = timedelta(hours=1)
_LATENCIES = (0.0, 0.001, 0.002, 0.004, 0.008, 0.016)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried."""

    points: int
    """Requests of each world; 0: all."""
    pairs: int
    """Pairs of faults in each world."""
    seed: int
    histories: int
    """Random histories in each world."""

    def share(self, of: int) -> int:
        """Return how many requests are tried where only one of so many is."""
        return -(-self.points // of)


@dataclass(slots=True)
class Row:
    """What came of one world and one sort of fault."""

    world: str
    places: str
    fault: str
    tried: int = 0
    lost: int = 0
    orphans: int = 0
    person: int = 0
    failures: dict[str, list[str]] = field(default_factory=dict)
    """What did not hold -> where that was."""

    @property
    def broken(self) -> int:
        """How many promises did not hold."""
        return sum(len(where) for where in self.failures.values())

    def count(self, verdict: Verdict, how: str) -> None:
        """Add what came of one try."""
        self.tried += 1
        self.person += verdict.accepted_loss or verdict.person
        self.lost += 0 if verdict.accepted_loss else verdict.lost
        self.orphans += verdict.orphans
        for text in verdict.broken:
            self.failures.setdefault(text, []).append(how)


Try = tuple[str, Callable[[World], tuple[Verdict, bool]]]
"""How it is called, and what is done; the second of what comes of it: whether it came to that."""


def _kills(methods: Sequence[str], size: Size, processes: Processes) -> Iterator[Try]:
    for at in _spread(range(1, len(methods) + 1), size.points):
        for after in (False, True):
            yield (
                f"{at} {_side(after)}",
                partial(harness.sigkill, at=at, after=after, processes=processes),
            )


def _lost(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    """Lose what changes something before and after; for a question both are the same."""
    changing = [at for at, method in enumerate(methods, start=1) if method != "GET"]
    asking = [at for at, method in enumerate(methods, start=1) if method == "GET"]
    tries = [(at, after) for at in _spread(changing, size.share(4)) for after in (False, True)]
    tries += [(at, True) for at in _spread(asking, size.share(2))]
    for at, after in tries:
        yield f"{at} {_side(after)}", _always(partial(harness.lose, at=at, after=after))


def _killed_twice(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    for first, second, after in _pairs(methods, size, "killed twice"):
        yield (
            f"{first} {_side(after)}, then {second}",
            partial(harness.kill_twice, first=first, second=second, after=after),
        )


def _lost_then_killed(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    for first, later, after in _pairs(methods, size, "lost, then killed"):
        second = first + later
        yield (
            f"{first} lost, {second} killed, {_side(after)}",
            partial(harness.lose_then_kill, first=first, second=second, after=after),
        )


def _limits(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    for at in _spread(range(1, len(methods) + 1), size.share(4)):
        for name, reply in LIMITS.items():
            yield f"{name} from {at}", _always(partial(harness.lose, at=at, replies=reply, times=4))


def _races(_methods: Sequence[str], size: Size, processes: Processes) -> Iterator[Try]:
    def race(world: World, latency: float) -> tuple[Verdict, bool]:
        verdict, _ = harness.race(world, latency, processes=processes)
        return verdict, True

    for latency in _spread(_LATENCIES, size.share(4)):
        yield f"answers take {latency} s", partial(race, latency=latency)


def _clocks(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    for at in (0, *_spread(range(1, len(methods) + 1), size.share(6) or 12)):
        for ahead in (-_HOUR, _HOUR):
            how = f"{'behind' if ahead < timedelta() else 'ahead'}, killed at {at}"
            yield how, partial(harness.mistime, ahead=ahead, at=at)


def _attacks(methods: Sequence[str], size: Size, _processes: Processes) -> Iterator[Try]:
    numbers = _spread(range(1, len(methods) + 1), size.share(2))
    for index, at in enumerate(numbers):
        # All of them at every request where all are tried, else in turn.
        for how in ATTACKS if not size.points else (ATTACKS[index % len(ATTACKS)],):
            yield f"{how} behind {at}", partial(harness.attack, at=at, how=how)


def _histories(_methods: Sequence[str], size: Size, processes: Processes) -> Iterator[Try]:
    def attempt(world: World, seed: str) -> tuple[Verdict, bool]:
        moves = histories.draw(random.Random(seed), world.places)
        return histories.live(world, moves, processes), True

    for number in range(size.histories):
        seed = f"{size.seed} history {number}"
        yield seed, partial(attempt, seed=seed)


FAULTS: dict[str, Callable[[Sequence[str], Size, Processes], Iterator[Try]]] = {
    "killed": _kills,
    "answer lost": _lost,
    "killed twice": _killed_twice,
    "lost, then killed": _lost_then_killed,
    "limits and outages": _limits,
    "two at once": _races,
    "clock an hour off": _clocks,
    "journal changed": _attacks,
    "histories": _histories,
}
_EVERYWHERE = ("killed", "answer lost", "histories")
"""The others are tried with one secret: they are about the order of things, not about places."""


def measure(size: Size, case: tuple[str, str, str]) -> Row:
    """Try one sort of fault in one world."""
    name, places, fault = case
    row = Row(name, places, fault)
    with _made(name, places) as world:
        methods, verdict = harness.trace(world)
    if verdict.broken:
        row.count(verdict, "where nothing is done to it")
        return row
    with Processes() as processes:
        for how, attempt in FAULTS[fault](methods, size, processes):
            with _made(name, places) as world:
                try:
                    verdict, reached = attempt(world)
                except Exception as error:  # a run that breaks the bench itself is told, not lost
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    told = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
                    verdict, reached = Verdict(broken=[f"the bench: {told}"]), True
            if reached:
                row.count(verdict, how)
    return row


@contextmanager
def _made(name: str, places: str) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, WORLDS[name](Path(folder), PLACES[places]) as it:
        yield it


def _always(attempt: Callable[[World], Verdict]) -> Callable[[World], tuple[Verdict, bool]]:
    return lambda world: (attempt(world), True)


def _side(after: bool) -> str:
    return "after" if after else "before"


def _pairs(methods: Sequence[str], size: Size, fault: str) -> Iterator[tuple[int, int, bool]]:
    # The same seed gives the same pairs, whatever else is tried.
    chance = random.Random(f"{size.seed} {fault} {len(methods)}")
    for _ in range(size.pairs):
        first = chance.randint(1, len(methods))
        # A run that goes on has read everything again, and has less left to do.
        second = chance.randint(1, max(30, len(methods) + 30 - first))
        yield first, second, chance.random() < 0.5


def _spread(items: Sequence[_Item], points: int) -> list[_Item]:
    """Return all, or so many from the first to the last."""
    if not 0 < points < len(items):
        return list(items)
    if points == 1:
        return [items[len(items) // 2]]
    return [items[index * (len(items) - 1) // (points - 1)] for index in range(points)]


def run(size: Size, workers: int, *, faults: Sequence[str], worlds: str) -> int:
    """Measure every world, print the tables, and return how many promises were broken."""
    started = time.monotonic()
    total = Row("all", "", "")
    # Each world in a process of its own: what is patched there is nobody else's.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for fault in faults:
            every = fault in _EVERYWHERE
            cases = [
                (name, places, fault)
                for name, places in CASES
                if worlds in f"{name}, {places}" and (every or places == "one secret")
            ]
            print(f"\n{fault:28}{'stored in':20}{'tried':>6}{'broken':>8}{'lost':>6}", end="")
            print(f"{'orphans':>9}{'person':>8}")
            for row in pool.map(partial(measure, size), cases):
                _print(row, row.world)
                _add(total, row)
    print()
    _print(total, "all")
    print(f"{time.monotonic() - started:.0f} s, seed {size.seed}")
    return total.broken


def _add(total: Row, row: Row) -> None:
    for name in ("tried", "lost", "orphans", "person"):
        setattr(total, name, getattr(total, name) + getattr(row, name))
    for text, where in row.failures.items():
        total.failures.setdefault(text, []).extend(where)


def _print(row: Row, name: str) -> None:
    counts = f"{row.tried:6}{row.broken:8}{row.lost:6}{row.orphans:9}{row.person:8}"
    print(f"{name:28}{row.places:20}{counts}", flush=True)
    if row.fault:
        for text, where in row.failures.items():
            print(f"    {text}: {'; '.join(where)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=0, help="requests of each world; 0: all")
    parser.add_argument("--pairs", type=int, help="pairs of faults in each world")
    parser.add_argument("--histories", type=int, default=10, help="of each world")
    parser.add_argument("--seed", type=int, default=1, help="which pairs and histories")
    parser.add_argument("--faults", nargs="*", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--worlds", default="", help="those whose name or places hold this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    pairs = given.pairs if given.pairs is not None else -(-given.points // 3) or 50
    chosen = Size(given.points, pairs, given.seed, given.histories)
    failed = run(chosen, given.workers, faults=given.faults, worlds=given.worlds)
    sys.exit(1 if failed else 0)
