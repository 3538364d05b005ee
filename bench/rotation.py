"""Kills rotations at every request, by SIGKILL, and counts what is lost; nothing may be.

Every provider and strategy of the sandbox, killed before and after each request that it sends, and
then run again until it is quiet. Run it with `make bench-rotation`; `--points N` tries N requests
of each world, spread over all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.rotation.harness import Gate, Processes, apply, live_through, sigkill
from tests.rotation.worlds import MANY, ONE, WORLDS, Place

_PLACES: dict[str, tuple[Place, ...]] = {"one secret": ONE, "four secrets": MANY}


@dataclass(slots=True)
class Row:
    """What came of one world."""

    world: str
    places: str
    requests: int = 0
    tried: int = 0
    lost: int = 0
    orphans: int = 0
    accepted: int = 0
    broken: Counter[str] = field(default_factory=Counter)


def measure(points: int, case: tuple[str, str]) -> Row:
    """Kill one world's rotation before and after its requests."""
    world, places = case
    row = Row(world, places, requests=count_requests(world, places))
    with Processes() as processes:
        for at in _spread(row.requests, points):
            for after in (False, True):
                with (
                    tempfile.TemporaryDirectory() as name,
                    WORLDS[world](Path(name), _PLACES[places]) as made,
                ):
                    verdict, reached = sigkill(made, at, after=after, processes=processes)
                row.tried += reached
                row.accepted += verdict.accepted_loss
                row.lost += 0 if verdict.accepted_loss else verdict.lost
                row.orphans += verdict.orphans
                row.broken.update(f"{text} ({at})" for text in verdict.broken)
    return row


def count_requests(world: str, places: str) -> int:
    """Return how many requests one whole rotation sends where nothing goes wrong."""
    gate = Gate()
    with (
        tempfile.TemporaryDirectory() as name,
        WORLDS[world](Path(name), _PLACES[places]) as made,
    ):
        live_through(made, lambda: apply(made, gate=gate))
    return gate.count


def _spread(requests: int, points: int) -> Iterator[int]:
    """Yield numbers of requests: all, or so many from the first to the last."""
    if not 0 < points < requests:
        yield from range(1, requests + 1)
        return
    for index in range(points):
        yield 1 + index * (requests - 1) // max(1, points - 1)


def run(points: int, workers: int) -> int:
    """Measure every world, print the table, and return how many promises were broken."""
    started = time.monotonic()
    cases = [(world, places) for world in WORLDS for places in _PLACES]
    print(f"{'world':24}{'stored in':14}{'kills':>6}{'broken':>8}{'lost':>6}{'orphans':>9}", end="")
    print(f"{'accepted loss':>15}")
    total = Row("all", "")
    # Each world in a process of its own: what is patched there is nobody else's.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for row in pool.map(partial(measure, points), cases):
            _print(row)
            for name in ("tried", "lost", "orphans", "accepted"):
                setattr(total, name, getattr(total, name) + getattr(row, name))
            total.broken.update(row.broken)
    _print(total)
    print(f"{time.monotonic() - started:.0f} s")
    return total.broken.total()


def _print(row: Row) -> None:
    counts = f"{row.tried:6}{row.broken.total():8}{row.lost:6}{row.orphans:9}{row.accepted:15}"
    print(f"{row.world:24}{row.places:14}{counts}", flush=True)
    if row.world != "all":
        for text, times in row.broken.items():
            print(f"    {times} x {text}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=0, help="requests of each world; 0: all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    sys.exit(1 if run(given.points, given.workers) else 0)
