"""Whole processes: how long one takes, and how much memory it and its children hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import NamedTuple

_EVERY = 0.01


class Ended(NamedTuple):
    """One process that has ended."""

    seconds: float
    cpu: float
    """Seconds that it and its children kept a core busy."""
    code: int
    stdout: str
    stderr: str


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Ended:
    """Run a command in a folder and take its time, start to end."""
    busy, started = _busy(), time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    seconds = time.perf_counter() - started
    streams = [each.decode(errors="replace") for each in (ended.stdout, ended.stderr)]
    return Ended(seconds, _busy() - busy, ended.returncode, *streams)


def _busy() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Memory(NamedTuple):
    """The most that a process and all its children held at one time, in MB."""

    proportional: float
    """Pages that several of them share are counted once (PSS)."""
    resident: float
    """Shared pages are counted for each of them (RSS)."""


def memory(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Memory:
    """Run a command and look at its memory every 10 ms; it is not timed, since looking costs."""
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        samples = [(0, 0)]
        while process.poll() is None:
            held = [_held(each) for each in _tree(process.pid)]
            samples.append((sum(pss for pss, _ in held), sum(rss for _, rss in held)))
            time.sleep(_EVERY)
    return Memory(max(pss for pss, _ in samples) / 1e3, max(rss for _, rss in samples) / 1e3)


def _tree(pid: int) -> list[int]:
    """Return a process and all below it, as far as they still live."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    children = [int(child) for text in texts for child in text.split()]
    return [pid, *(each for child in children for each in _tree(child))]


def _held(pid: int) -> tuple[int, int]:
    """Return what a process holds, in kB: its share of the pages, and all of its pages."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended meanwhile
        return 0, 0
    sizes = dict(line.split(":") for line in lines)
    return int(sizes["Pss"].split()[0]), int(sizes["Rss"].split()[0])


class Times(NamedTuple):
    """The times of one command's runs, in seconds; wall times unless it says otherwise."""

    least: float
    median: float
    most: float
    runs: int
    cpu: float
    """The median of what all cores together spent."""


def times(runs: Sequence[Ended]) -> Times:
    """Sum up some runs."""
    seconds = [run.seconds for run in runs]
    cpu = median(run.cpu for run in runs)
    return Times(min(seconds), median(seconds), max(seconds), len(runs), cpu)


def environment(home: Path) -> dict[str, str]:
    """Return an environment without this machine's git settings and with caches of its own.

    Whoever asks git what to leave out must not be told that this checkout ignores `home`'s folder.
    """
    if sys.platform != "linux":
        sys.exit("bench-scan reads /proc and runs the peers' Linux binaries")
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_AUTHOR_NAME": "bench",
        "GIT_AUTHOR_EMAIL": "bench@acme-corp.net",
        "GIT_COMMITTER_NAME": "bench",
        "GIT_COMMITTER_EMAIL": "bench@acme-corp.net",
    }
