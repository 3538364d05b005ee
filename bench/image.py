"""Times the start of the image: `python -m bench.image IMAGE`, with docker or podman.

Told as ratios to a Python that does nothing, in the same image and the same run: of whole
containers, whose own start is most of it, and of processes in one container. It builds nothing:
`make image` does.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence

_CASES = {
    "python -I -c pass": ("-I", "-c", "pass"),
    "keyturn --version": ("-I", "-u", "-m", "keyturn", "--version"),
    "keyturn config schema": ("-I", "-u", "-m", "keyturn", "config", "schema"),
}
"""What is started, as arguments of python; the first is the measure of the others."""

# They take turns, so that what else the machine does falls on all; the first round warms up.
_TIMED = """\
import json, subprocess, sys, time
command, cases, runs = json.loads(sys.argv[1])
times = {name: [] for name in cases}
for number in range(runs + 1):
    for name, arguments in cases.items():
        began = time.perf_counter()
        subprocess.run([*command, *arguments], stdout=subprocess.DEVNULL, check=True)
        if number:
            times[name].append(time.perf_counter() - began)
print(json.dumps(times))
"""


def main(argv: Sequence[str]) -> int:
    """Print medians and ratios of the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", nargs="?", default="keyturn:local")
    parser.add_argument("--runs", type=int, default=20)
    engine = "docker" if shutil.which("docker") else "podman"
    parser.add_argument("--engine", default=engine, help="docker or podman")
    given = parser.parse_args(argv)
    start = [given.engine, "run", "--rm", "--network=none", "--entrypoint=python", given.image]
    _tell("a container each", [sys.executable], start, given.runs)
    _tell("a process in one container", start, ["python"], given.runs)
    return 0


def _tell(title: str, timer: list[str], timed: list[str], runs: int) -> None:
    """Have `timer`, a Python, start every case as `timed` says; print what it took."""
    asked = json.dumps([timed, _CASES, runs])
    done = subprocess.run(
        [*timer, "-I", "-c", _TIMED, asked], stdout=subprocess.PIPE, text=True, check=True
    )
    times: dict[str, list[float]] = json.loads(done.stdout)
    bare = statistics.median(next(iter(times.values())))
    print(f"{title:<28}{'median':>10}{'least':>10}{'ratio':>8}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        row = f"  {name:<26}{median * 1000:>7.0f} ms{min(seconds) * 1000:>7.0f} ms"
        print(f"{row}{median / bare:>8.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
