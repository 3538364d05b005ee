"""PURE: the rules, one file for each family; `assess` asks them all.

No finding is made from something that was not seen.
"""

from __future__ import annotations

from keyturn.model import Severity

SEVERITIES = {
    "expired": Severity.ERROR,
    "revoked": Severity.ERROR,
    "blocked-by-policy": Severity.ERROR,
    "rotation-stuck": Severity.ERROR,  # made by `rotation_findings`
    "expiring": Severity.WARNING,  # an error once one of the last two rungs is crossed
    "never-expires": Severity.WARNING,
    "lifetime-too-long": Severity.WARNING,
    "copy-too-old": Severity.WARNING,
    "idle": Severity.WARNING,
    "unknown-expiry": Severity.WARNING,
    "stale-copy": Severity.WARNING,
    "missing-secret": Severity.WARNING,
    "review-due": Severity.WARNING,
    "neglected-tokens": Severity.WARNING,
    "undeclared-secret": Severity.INFO,
    "unused-secret": Severity.INFO,
}
"""Every rule there is, with the severity that the report's contract gives it."""
