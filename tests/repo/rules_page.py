"""Renews the table of docs/reference/rules.md: `python -m tests.repo.rules_page`."""

from __future__ import annotations

from pathlib import Path

from keyturn.scan.pattern import Pattern
from keyturn.scan.patterns import PATTERNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md"
_HEADING = "## The table\n\n"


def page(old: str) -> str:
    """Return the page with the table as it should be."""
    prose = old.partition(_HEADING)[0] + _HEADING
    head = "| rule | named by | what proves it | documented |\n| --- | --- | --- | --- |\n"
    return prose + head + "".join(_row(row) for row in sorted(PATTERNS, key=lambda row: row.id))


def _row(row: Pattern) -> str:
    words = ", ".join(f"`` {word} ``" for word in row.keywords).replace("|", "\\|")
    return f"| `{row.id}` | {words} | {row.proof} | {row.source} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
