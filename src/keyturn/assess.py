"""PURE: decides what the facts mean at a given moment: inventory + statuses + policy -> findings.

No finding is made from something that was not seen: what could not be listed or asked leaves the
rules that need it silent (the reports say so from the survey's failures).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from keyturn.model import Finding, Inspected, Inventory, Policy, Severity
from keyturn.rules.secrets import find_missing, judge_secret
from keyturn.rules.shadows import find_shadowed
from keyturn.rules.silence import find_silent
from keyturn.rules.tokens import TokenRules


def assess(
    inventory: Inventory,
    tokens: Sequence[Inspected],
    *,
    defaults: Policy,
    now: datetime,
    until: datetime | None = None,
) -> tuple[Finding, ...]:
    """Return every finding, worst first: by severity, due date, subject and rule.

    `until`: what stops working before then is found, whatever the ladder says.
    """
    findings = [
        finding
        for inspected in tokens
        for finding in TokenRules(inspected, inventory, now, until).findings()
    ]
    for secret in inventory.secrets:
        findings += judge_secret(secret, inventory, defaults=defaults, now=now)
    findings += find_missing(inventory)
    findings += find_shadowed(tokens, inventory)
    findings += find_silent(inventory)
    return sort_findings(findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, worst first."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, float, str, str]:
    # An error without a date is about a token that is dead already; others can wait.
    undated = 0.0 if finding.severity is Severity.ERROR else math.inf
    due = finding.due_at.timestamp() if finding.due_at else undated
    return -finding.severity.rank, due, finding.subject, finding.rule
