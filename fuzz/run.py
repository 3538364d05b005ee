"""Run every target for a while, each in a process of its own, and say what came out.

    python -m fuzz.run --seconds 30 [TARGET…]
    python -m fuzz.run --replay TARGET FILE

It needs atheris, which there is for CPython up to 3.13 on Linux; a replay does not. The corpus is
thrown away; a file is kept only where it breaks something, outside of the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from fuzz import properties

_PACKAGE = properties.__name__
_SLOWEST = 30
"""Seconds for one input; a machine under load is slow too."""
_MEMORY = 2048
"""Megabytes for one target."""
_LONGEST = 8192
"""Bytes of one input."""
_GRACE = 120
"""Seconds that a target has to load, to run its seeds and to end."""
_PROGRESS = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_MISSING = (
    "atheris is not installed: there is one for CPython up to 3.13 on Linux"
    " (pip install --group fuzz); the tests run what must hold without it, over the seeds"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one target."""

    name: str
    runs: int
    corpus: int
    edges: int
    broken: tuple[Path, ...]
    """Files that reproduce what it found."""
    well: bool
    """Whether it ran, ended by itself, and nothing broke it."""
    tail: str
    """The end of what it printed."""


def targets() -> list[str]:
    """Return the names of all targets: the modules of `fuzz.properties`."""
    return sorted(module.name for module in iter_modules(properties.__path__))


def property_of(name: str, *, package: str = _PACKAGE) -> Any:
    """Return the module that says what must hold for a target."""
    return import_module(f"{package}.{name}")


def fuzz(name: str, *, seconds: int, kept: Path, package: str = _PACKAGE) -> Result:
    """Run one target; what breaks it goes to the folder `kept`."""
    held = property_of(name, package=package)
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "words.dict")
        corpus.mkdir()
        for seed in held.seeds():
            (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
        listed = held.words() if hasattr(held, "words") else ()
        # libFuzzer takes no empty dictionary.
        words.write_text("".join(map(_quoted, listed)) or '"0"\n', encoding="ascii")
        options = (
            f"-max_total_time={seconds}",
            f"-timeout={_SLOWEST}",
            f"-report_slow_units={_SLOWEST}",
            f"-rss_limit_mb={_MEMORY}",
            f"-max_len={_LONGEST}",
            "-len_control=0",
            f"-dict={words}",
            f"-artifact_prefix={kept}/{name}-",
            "-print_final_stats=1",
        )
        command = [sys.executable, "-m", "fuzz.target", held.__name__, *options, str(corpus)]
        text, code = _run(command, seconds + _GRACE)
    seen, runs = _PROGRESS.findall(text), _RUNS.findall(text)
    edges, size = map(int, seen[-1]) if seen else (0, 0)
    broken = tuple(sorted(kept.glob(f"{name}-*")))
    tail = "\n".join(text.splitlines()[-40:])
    well = bool(runs) and code == 0 and not broken
    return Result(name, int(runs[-1]) if runs else 0, size, edges, broken, well, tail)


def _run(command: Sequence[str], most: float) -> tuple[str, int]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    root = Path(__file__).parents[1]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=most,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode(errors="replace") + "\nit did not end\n", 1
    return done.stdout.decode(errors="replace"), done.returncode


def _quoted(word: str) -> str:
    """Return a line of a libFuzzer dictionary."""
    escaped = "".join(f"\\x{byte:02x}" for byte in word.encode())
    return f'"{escaped}"\n' if escaped else ""


def run_all(names: Sequence[str], *, seconds: int, package: str = _PACKAGE) -> int:
    """Run some targets one after the other, print a table, and return the exit code."""
    kept = Path(tempfile.mkdtemp(prefix="keyturn-fuzz-"))
    results = []
    for name in names:
        print(f"{name}: {seconds} s", flush=True)
        results.append(fuzz(name, seconds=seconds, kept=kept, package=package))
        if not results[-1].well:
            print(results[-1].tail)
    print(f"\n{'target':<18}{'runs':>9}{'corpus':>8}{'edges':>8}{'crashes':>9}")
    for each in results:
        row = f"{each.runs:>9}{each.corpus:>8}{each.edges:>8}{len(each.broken):>9}"
        print(f"{each.name:<18}{row}{'' if each.well else '  did not end well'}")
    for each in results:
        for file in each.broken:
            print(f"\n{file}\n  replay: python -m fuzz.run --replay {each.name} {file}")
    if not any(kept.iterdir()):
        kept.rmdir()
    return int(not all(each.well for each in results))


def replay(name: str, file: Path) -> None:
    """Run a target's property over one file, without atheris; raises what it finds."""
    property_of(name).check(file.read_bytes())
    print(f"{name} holds for {file}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line."""
    known = targets()
    parser = argparse.ArgumentParser(prog="python -m fuzz.run", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(known))
    parser.add_argument("--seconds", type=int, default=30, help="for each target (default 30)")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"))
    arguments = parser.parse_args(argv)
    chosen = arguments.replay[:1] if arguments.replay else arguments.targets
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"no target is called {unknown[0]}; there are {', '.join(known)}")
    if arguments.replay:
        replay(chosen[0], Path(arguments.replay[1]))
        return 0
    if find_spec("atheris") is None:
        print(_MISSING, file=sys.stderr)
        return 2
    return run_all(chosen or known, seconds=arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
