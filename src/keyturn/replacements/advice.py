"""What could go altogether, each with the patch that lets it go: rule and text, joined.

It decides nothing itself, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keyturn.model import Finding, Inspected, Inventory
from keyturn.replacements.patches import make_patch
from keyturn.rules.replaceable import find_replaceable


def advise(
    inventory: Inventory,
    tokens: Sequence[Inspected],
    findings: Sequence[Finding],
    *,
    on_github_com: bool,
) -> tuple[Finding, ...]:
    """Return the findings of the rule `replaceable`, which depend on all others."""
    found = []
    for proposal in find_replaceable(inventory, tokens, findings, on_github_com=on_github_com):
        advice = proposal.finding.advice
        if advice and proposal.exact:
            patch = make_patch(inventory.uses.texts, proposal.changes)
            found.append(replace(proposal.finding, advice=replace(advice, patch=patch)))
        else:
            found.append(proposal.finding)
    return tuple(found)
