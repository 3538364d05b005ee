"""Pages of the documentation as the tests read them: their sections, and the rows of tables."""

from __future__ import annotations

import re

_BAR = re.compile(r"(?<!\\)\|")


def section(page: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    level = len(heading.partition(" ")[0])
    below = page.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{2,{level}}} ", below, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of a text's only table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in _BAR.split(line)[1:-1]] for line in lines]
