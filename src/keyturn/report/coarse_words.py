"""The words for what everybody may read: how much of what kind of trouble there is.

No name, date, scope, owner or place stands in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from keyturn.model import Finding, Severity

WHY = (
    "Everybody can read this, so names and dates are left out: they are in the files that "
    "`--output` names, and in the issues of a private repository where `issues.repository` names "
    "one. `issues.public: true` shows them here."
)
_DEAD, _STUCK, _SOON, _CARE = range(4)
_GROUPS = {
    "expired": _DEAD,
    "revoked": _DEAD,
    "blocked-by-policy": _DEAD,
    "rotation-stuck": _STUCK,
    "expiring": _SOON,
}
_WORDS = {
    _DEAD: ("does not work any more", "do not work any more"),
    _STUCK: ("is not rotated without a person", "are not rotated without a person"),
    _SOON: ("stops working soon", "stop working soon"),
    _CARE: ("needs care", "need care"),
}


def describe_findings(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line for each kind of trouble, the worst first; every subject counts once."""
    worst: dict[str, int] = {}
    for finding in findings:
        if finding.severity is not Severity.INFO:
            group = _GROUPS.get(finding.rule, _CARE)
            worst[finding.subject] = min(group, worst.get(finding.subject, _CARE))
    for group, number in sorted(Counter(worst.values()).items()):
        yield f"{number} {_WORDS[group][number != 1]}"
