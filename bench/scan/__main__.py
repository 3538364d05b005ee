"""`python -m bench.scan [staged] [tree] [recall] [false-positives]`: all of them by default."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Sequence
from os import cpu_count

from bench.scan import accuracy, staged, tree
from bench.scan.report import Goal, Result
from bench.scan.scanners import WORK, Scanner, install

PARTS: dict[str, Callable[[Sequence[Scanner]], Result]] = {
    "staged": staged.measure,
    "tree": tree.measure,
    "recall": accuracy.recall,
    "false-positives": accuracy.false_positives,
}
RESULTS = WORK / "results.json"


def main(wanted: Sequence[str]) -> int:
    """Measure the parts, write down the figures, and say which goals were missed."""
    if unknown := set(wanted) - set(PARTS):
        print(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
        return 2
    scanners = install()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    goals: list[Goal] = []
    for part in wanted or PARTS:
        result = PARTS[part](scanners)
        goals += result.goals
        results[part] = {
            "python": platform.python_version(),
            "cores": cpu_count(),
            "scanners": [scanner.requirement.rpartition("/")[2] for scanner in scanners],
            "goals": [{**goal._asdict(), "met": goal.met} for goal in result.goals],
            **result.figures,
        }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("\ngoals")
    for goal in goals:
        print(f"  {goal}")
    print(f"\nfigures: {RESULTS}")
    return 0 if all(goal.met for goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
