"""A tree of real packages: wall time, memory, and how much each scanner reports there."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.scan.processes import Ended, Memory, Times, environment, memory, times
from bench.scan.report import Goal, Result, table
from bench.scan.scanners import KEYTURN, WORK, Found, Scanner

PACKAGES = Path(__file__).with_name("packages.txt")
TREE = WORK / "tree"
ROUNDS = {KEYTURN: 7, "kingfisher": 7, "betterleaks": 3, "gitleaks": 1}
"""How often each scans the tree; who is not named takes hours."""


def fetch() -> int:
    """Fetch and unpack what is still missing; name what cannot be had. Return the tree's bytes."""
    for line in PACKAGES.read_text().splitlines():
        if line.startswith("#"):
            continue
        kind, pin = line.split()
        if not (TREE / pin).is_dir() and not _fetch(kind, pin):
            print(f"{pin} cannot be had: left out of the tree", file=sys.stderr)
    sizes = [path.stat().st_size for path in _files(TREE)]
    print(f"\ntree: {len(sizes)} files, {sum(sizes) / 1e6:.0f} MB")
    return sum(sizes)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _fetch(kind: str, pin: str) -> bool:
    print(f"fetching {pin}", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    form = "--only-binary=:all:" if kind == "wheel" else "--no-binary=:all:"
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        archives, unpacked = Path(name, "archives"), Path(name, "unpacked")
        to = ["--no-deps", "--ignore-requires-python", form, "--dest", str(archives), pin]
        if subprocess.run([*pip, *to], capture_output=True, check=False).returncode:
            return False
        for archive in archives.iterdir():
            if archive.suffix == ".whl":
                with zipfile.ZipFile(archive) as wheel:
                    wheel.extractall(unpacked)
            else:
                with tarfile.open(archive) as source:
                    source.extractall(unpacked, filter="data")
        TREE.mkdir(exist_ok=True)
        unpacked.rename(TREE / pin)  # at one stroke: what is there is whole
    return True


def measure(scanners: Sequence[Scanner]) -> Result:
    """Scan the tree with all scanners in turn."""
    megabytes = fetch() / 1e6
    taking_part = [scanner for scanner in scanners if scanner.name in ROUNDS]
    environ = environment(WORK / "home")
    taken: dict[str, list[Ended]] = {scanner.name: [] for scanner in taking_part}
    found: dict[str, list[Found]] = {}
    for number in range(1 + max(ROUNDS.values())):  # the first warms up
        for scanner in taking_part:
            if number > ROUNDS[scanner.name]:
                continue
            ended = scanner.run(scanner.folder, TREE, environ)
            if number:
                taken[scanner.name].append(ended)
            found[scanner.name] = scanner.found(ended.stdout)
    held = {
        scanner.name: memory(scanner.command(scanner.folder), TREE, environ)
        for scanner in taking_part
    }
    return _result({name: times(runs) for name, runs in taken.items()}, held, found, megabytes)


def _secrets(findings: Sequence[Found]) -> int:
    """Count what has to be revoked: kingfisher reports a secret once, the others every place."""
    named = {(each.rule, each.token) for each in findings if each.token}
    return len(named) + sum(not each.token for each in findings)


def _result(
    taken: dict[str, Times],
    held: dict[str, Memory],
    found: dict[str, list[Found]],
    megabytes: float,
) -> Result:
    fastest = min((t.median for name, t in taken.items() if name != KEYTURN), default=float("nan"))
    tokens = {name: _secrets(findings) for name, findings in found.items()}
    per_mb = {name: count / megabytes for name, count in tokens.items()}
    rules = {name: Counter(f.rule for f in findings) for name, findings in found.items()}
    head = ("scanner", "least s", "median s", "most s", "runs", "to fastest peer", "cpu s", "MB/s")
    table(
        "the tree: wall time, memory at its peak, findings",
        (*head, "PSS MB", "RSS MB", "places", "secrets", "per MB"),
        [
            (
                *(name, *t[:3], t.runs, t.median / fastest, t.cpu, round(megabytes / t.median)),
                *(round(each) for each in held[name]),
                *(len(found[name]), tokens[name], per_mb[name]),
            )
            for name, t in taken.items()
        ],
    )
    for name, counts in rules.items():
        table(f"{name}: findings by rule", ("rule", "findings"), counts.most_common(15))
    goals = [
        Goal("the tree, wall time to the fastest peer", taken[KEYTURN].median / fastest, 0.35),
        Goal("the tree, secrets reported per MB", per_mb[KEYTURN], 0.10),
    ]
    if rival := held.get("kingfisher"):
        most = held[KEYTURN].proportional / rival.proportional
        goals.append(Goal("the tree, peak memory to kingfisher's (PSS)", most, 1))
    figures = {
        "megabytes": megabytes,
        "scanners": {
            name: {
                **t._asdict(),
                **held[name]._asdict(),
                "places": dict(rules[name]),
                "secrets": tokens[name],
                "per_mb": per_mb[name],
            }
            for name, t in taken.items()
        },
        "ours": [f._asdict() for f in found[KEYTURN]],  # its tokens are numbers
    }
    return Result(figures, goals)
