"""Recall on the labelled corpus, and false positives on its look-alikes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.scan.processes import environment
from bench.scan.report import Goal, Result, table
from bench.scan.scanners import KEYTURN, WORK, Found, Scanner

from tests.scan.corpus.build import Case, cases, write
from tests.scan.corpus.lookalikes import LOOK_ALIKES

ALWAYS = ("github", "gitlab", "azure devops", "sailpoint", "synoptic", "npm", "pypi", "testpypi")
"""The providers none of whose tokens may be missed."""
REST = "the rest"
DRAWS = 60
"""Files for each class of look-alikes."""


def scan(scanners: Sequence[Scanner], folder: Path) -> dict[str, list[Found]]:
    """Return what each scanner finds in a folder, with its defaults."""
    environ = environment(WORK / "home")
    return {
        scanner.name: scanner.found(scanner.run(scanner.folder, folder, environ).stdout)
        for scanner in scanners
    }


def recall(scanners: Sequence[Scanner]) -> Result:
    """Count the tokens that each scanner finds where they stand."""
    corpus = list(cases())
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), corpus)
        found = scan(scanners, Path(name))
    met = {name: _met(corpus, findings) for name, findings in found.items()}
    shares = {
        "recall in %": _shares(corpus, met, lambda case: "all"),
        "recall by provider": _shares(corpus, met, _group),
        "recall by setting": _shares(corpus, met, lambda case: case.setting),
    }
    for title, rows in shares.items():
        table(title, ("", "cases", *met), [(row.label, row.cases, *row.met) for row in rows])
    by_rule = _shares(corpus, {KEYTURN: met[KEYTURN]}, lambda case: case.sample.rule)
    incomplete = [(row.label, row.cases, *row.met) for row in by_rule if row.met[0] < 100]
    table("rules some of whose tokens we miss", ("rule", "cases", "found in %"), incomplete)
    wrong = _misnamed(corpus, found[KEYTURN])
    table("found by another rule only", ("expected: got", "cases"), wrong.most_common())
    goals = [
        Goal(f"recall of {row.label}, in %", row.met[0], 97 if row.label == REST else 100, True)
        for row in shares["recall by provider"]
    ]
    ours, *theirs = shares["recall in %"][0].met
    goals.append(
        Goal("recall of all, in %, against the best peer", ours, max(theirs, default=0), True)
    )
    missed = [case.path for case, hit in zip(corpus, met[KEYTURN], strict=True) if not hit]
    figures = {title: [row._asdict() for row in rows] for title, rows in shares.items()}
    kinds = len({case.sample for case in corpus})
    return Result({"kinds": kinds, "columns": list(met), **figures, "missed": missed}, goals)


def _met(corpus: Iterable[Case], findings: Iterable[Found]) -> list[bool]:
    """Say for each case whether something was found on the lines of its token."""
    by_path: dict[str, list[Found]] = {}
    for found in findings:
        by_path.setdefault(found.path, []).append(found)
    return [any(_on_token(case, found) for found in by_path.get(case.path, ())) for case in corpus]


def _on_token(case: Case, found: Found) -> bool:
    return found.line <= case.placed.last and found.end_line >= case.placed.first


def _misnamed(corpus: Iterable[Case], findings: Iterable[Found]) -> Counter[str]:
    """Count the cases of which only another rule's finding was on the token's lines."""
    names: dict[str, set[str]] = {}
    for found in findings:
        names.setdefault(found.path, set()).add(found.rule)
    return Counter(
        f"{case.sample.rule}: {' '.join(sorted(names[case.path]))}"
        for case in corpus
        if case.path in names and case.sample.rule not in names[case.path]
    )


def _group(case: Case) -> str:
    provider = case.sample.provider.lower()
    return next((name for name in ALWAYS if provider.startswith(name)), REST)


class Share(NamedTuple):
    """How much of a part of the corpus was found."""

    label: str
    cases: int
    met: tuple[float, ...]
    """By each scanner, in per cent."""


def _shares(
    corpus: Sequence[Case], met: Mapping[str, Sequence[bool]], label: Callable[[Case], str]
) -> list[Share]:
    """Return what share of each part each scanner found."""
    labels = [label(case) for case in corpus]
    hits = [Counter(compress(labels, each)) for each in met.values()]
    return [
        Share(part, count, tuple(100 * each[part] / count for each in hits))
        for part, count in sorted(Counter(labels).items())
    ]


def false_positives(scanners: Sequence[Scanner]) -> Result:
    """Count the files without a token in which something is found."""
    with tempfile.TemporaryDirectory() as name:
        classes = _write_lookalikes(Path(name))
        found = scan(scanners, Path(name))
    wrong = {
        name: {path for path in {f.path for f in findings} if path in classes}
        for name, findings in found.items()
    }
    per_class = {name: Counter(classes[path] for path in paths) for name, paths in wrong.items()}
    table(
        f"false positives: files of {DRAWS} each with a finding",
        ("class", *wrong),
        [
            (name, *(counts[name] for counts in per_class.values()))
            for name in sorted(set(classes.values()))
        ],
    )
    shares = {name: 100 * len(paths) / len(classes) for name, paths in wrong.items()}
    print(f"  of {len(classes)}, in %: {', '.join(f'{n} {s:.2f}' for n, s in shares.items())}")
    ours = [f._asdict() for f in found[KEYTURN]]
    figures = {"all": shares, "classes": per_class, "ours": ours}
    return Result(figures, [Goal("false positives, in %", shares[KEYTURN], 0.3)])


def _write_lookalikes(folder: Path) -> dict[str, str]:
    """Write the look-alikes; return the class of each file."""
    classes = {}
    for each in LOOK_ALIKES:
        for number in range(DRAWS):
            name, text = each.make(Random(f"{each.name} {number}"))
            path = Path(each.name, str(number), name)
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text if isinstance(text, bytes) else text.encode())
            classes[path.as_posix()] = each.name
    return classes
