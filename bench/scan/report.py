"""What a part of the benchmark says: figures for the file, goals, and tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Goal(NamedTuple):
    """One figure that has to be reached."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Say whether it is reached."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        verdict = "met   " if self.met else "MISSED"
        aim = f"{'>=' if self.at_least else '<='} {self.limit:.4g}"
        return f"{verdict}  {self.name}: {self.value:.4g} (aim: {aim})"


class Result(NamedTuple):
    """What one part measured."""

    figures: dict[str, Any]
    goals: list[Goal]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns, the first to the left, the others to the right; nothing of none."""
    lines = [tuple(head), *(tuple(_cell(value) for value in row) for row in rows)]
    if len(lines) == 1:
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        cells[0] = line[0].ljust(widths[0])
        print("  " + "  ".join(cells).rstrip(), flush=True)


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
