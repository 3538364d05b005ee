"""`keyturn explain RULE`: what a finding or a leak's rule means, and what to do about it.

The words are those of docs/reference/findings.md, which the build puts beside the code. Asks
nobody.
"""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path

from keyturn.config.problems import suggest
from keyturn.errors import ExitCode, KeyturnError, UsageError
from keyturn.plain import paint, wrap
from keyturn.report import publish
from keyturn.rules import SEVERITIES
from keyturn.scan.pattern import Pattern
from keyturn.scan.patterns import GENERIC, PATTERNS
from keyturn.settings import Settings

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (
    _PACKAGE / "findings.md",
    # From a checkout, where nothing was built.
    _PACKAGE.parents[1] / "docs" / "reference" / "findings.md",
)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_TITLE = re.compile(r"\*\*(.+?)\*\*")
_LEAK = """\
**What it means.** The scan takes it for a token by {words}, and what proves it is {proof}. {origin}

**Why it matters.** Whoever can read the repository, a fork of it, or a log, can use the token, \
also after a later commit has removed it.

**What to do.** Revoke it first, at its provider or with `keyturn revoke --leaks REPORT`, and put \
the next one into a secret. Where it is no token, say so on its line: `keyturn: allow[{id}] reason`.
"""


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print one rule's section. Raises UsageError for a rule that is not there."""
    rule = arguments.rule.strip().lower()
    head, text = _find(rule)
    width = max(settings.width, 40)
    blocks = [paint(head, "1", color=settings.color)]
    blocks += [_render(block, width, color=settings.color) for block in text.split("\n\n")]
    publish.emit("\n\n".join(blocks) + "\n")
    return ExitCode.OK


def _find(rule: str) -> tuple[str, str]:
    if rule in SEVERITIES:
        return f"{rule} ({SEVERITIES[rule]})", sections(_page())[rule]
    leaks = {pattern.id: pattern for pattern in (*PATTERNS, GENERIC)}
    if rule in leaks:
        return f"{rule} (leak)", describe(leaks[rule])
    raise UsageError(
        f"there is no rule `{rule}`",
        hint=suggest(rule, [*SEVERITIES, *difflib.get_close_matches(rule, leaks, n=1)]),
    )


def sections(page: str) -> dict[str, str]:
    """Return the text of each rule of a page of findings."""
    parts = [part.partition("\n") for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]]
    return {name.strip("` "): text.strip() for name, _, text in parts}


def _page() -> str:
    for path in _PLACES:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise KeyturnError(
        "the text about findings was not installed", hint="see docs/reference/findings.md"
    )


def describe(pattern: Pattern) -> str:
    """Return what a leak's rule means, in the same parts as a finding's."""
    # Every spelling of a name is a keyword of the rule without a format.
    shown = pattern.keywords
    if pattern is GENERIC:
        shown = tuple(dict.fromkeys(word.lower() for word in shown))
    words = ", ".join(f"`{word}`" for word in shown) or "its form"
    origin = f"The format is documented at {pattern.source}."
    if pattern is GENERIC:
        origin = "It is no vendor's format, and asked for by `scan.generic: true` alone."
    return _LEAK.format(words=words, proof=pattern.proof, origin=origin, id=pattern.id)


def _render(block: str, width: int, *, color: bool) -> str:
    """Return a paragraph, a list or a table for a terminal."""
    block = _LINK.sub(r"\1", block)
    words = _TITLE.sub(r"\1", block)
    if block.startswith(("|", "```")):
        lines = words.splitlines()
    elif block.startswith("- "):
        items = (" ".join(item.split()) for item in words.removeprefix("- ").split("\n- "))
        lines = [line for item in items for line in _item(item, width)]
    else:
        lines = wrap(" ".join(words.split()), width)
    title = _TITLE.match(block)
    if title and color:
        lines[0] = lines[0].replace(title[1], paint(title[1], "1", color=True), 1)
    return "\n".join(lines)


def _item(text: str, width: int) -> list[str]:
    first, *rest = wrap(text, width - 2)
    return [f"- {first}", *(f"  {line}" for line in rest)]
