"""The hooks' wall time on staged files that hold no secret."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from bench.scan.processes import Ended, Times, environment, times
from bench.scan.report import Goal, Result, table
from bench.scan.scanners import KEYTURN, WORK, Scanner

from tests.scan.corpus.build import SAMPLES

SIZES = ((1, 20, 21, 0.35), (10, 50, 21, 0.35), (1000, 50, 11, 0.7))
"""Files, lines in each, rounds, and the share of the fastest peer's time that we may take."""
SLOW = 5.0
"""A scanner that takes longer, in seconds, is run once, after it has warmed up."""


def measure(scanners: Sequence[Scanner]) -> Result:
    """Measure each size with all scanners in turn."""
    environ = environment(WORK / "home")
    figures: dict[str, object] = {}
    goals = []
    for files, lines, rounds, limit in SIZES:
        with tempfile.TemporaryDirectory() as name:
            names = _stage(Path(name), files, lines, environ)
            taken = _rounds(scanners, Path(name), names, rounds, environ)
            _check_ours(scanners, Path(name), names, environ)
        label = f"{files} x {lines} lines"
        fastest = min(
            (t.median for scanner, t in taken.items() if scanner != KEYTURN), default=float("nan")
        )
        table(
            f"staged {label}: wall time in ms",
            ("scanner", "least", "median", "most", "runs", "to fastest peer", "cpu ms"),
            [
                (scanner, *map(_ms, t[:3]), t.runs, t.median / fastest, _ms(t.cpu))
                for scanner, t in taken.items()
            ],
        )
        figures[label] = {name: t._asdict() for name, t in taken.items()}
        ratio = taken[KEYTURN].median / fastest
        goals.append(Goal(f"staged {label}, to the fastest peer", ratio, limit))
    return Result(figures, goals)


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 1)


def _stage(folder: Path, files: int, lines: int, environ: Mapping[str, str]) -> list[str]:
    """Make a repository with one commit, and stage some files of real code; return their names.

    They are cut from this Python's own library, which everyone has and which holds no secret.
    """
    random = Random(f"{files} x {lines}")
    library = Path(sysconfig.get_path("stdlib"))
    sources = sorted(path for path in library.glob("*/*.py") if "test" not in path.parts[-2])
    for command in ("init --quiet", "commit --quiet --allow-empty --message start"):
        subprocess.run(["git", *command.split()], cwd=folder, env=environ, check=True)
    names: list[str] = []
    while len(names) < files:
        code = random.choice(sources).read_text(errors="replace").splitlines(keepends=True)
        if len(code) < lines:
            continue
        start = random.randrange(len(code) - lines + 1)
        name = f"src/package_{len(names) % 20}/module_{len(names)}.py"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(code[start : start + lines]))
        names.append(name)
    subprocess.run(["git", "add", "--all"], cwd=folder, env=environ, check=True)
    return names


def _rounds(
    scanners: Sequence[Scanner],
    folder: Path,
    names: Sequence[str],
    rounds: int,
    environ: Mapping[str, str],
) -> dict[str, Times]:
    """Run all scanners in turn, each round beginning with another, after one that warms up."""
    taken: dict[str, list[Ended]] = {scanner.name: [] for scanner in scanners}
    for number in range(rounds + 1):
        first = number % len(scanners)
        for scanner in (*scanners[first:], *scanners[:first]):
            runs = taken[scanner.name]
            if runs and runs[0].seconds > SLOW:
                continue
            given = names if scanner.names else ()
            ended = scanner.run([*scanner.hook, *given], folder, environ)
            if ended.code and not number:
                print(f"{scanner.name} ended with {ended.code} on code without secrets")
                if scanner.name == KEYTURN:
                    sys.exit(ended.stdout + ended.stderr)
            if number:
                runs.append(ended)
    return {name: times(runs) for name, runs in taken.items()}


def _check_ours(
    scanners: Sequence[Scanner], folder: Path, names: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Make sure that what was timed does scan: with a token in the last file, our hook refuses."""
    sample = next(sample for sample in SAMPLES if sample.provider == "GitHub")
    with (folder / names[-1]).open("a") as file:
        file.write(f'{sample.variable} = "{sample.make(Random(1))}"\n')
    subprocess.run(["git", "add", "--all"], cwd=folder, env=environ, check=True)
    for scanner in scanners:
        if scanner.name == KEYTURN:
            given = names if scanner.names else ()
            ended = scanner.run([*scanner.hook, *given], folder, environ)
            if names[-1] not in ended.stdout:
                sys.exit(f"our hook let a token pass:\n{ended.stdout}{ended.stderr}")
