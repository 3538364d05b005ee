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
    "drifted": Severity.WARNING,  # info where dates alone speak
    "shadowed": Severity.WARNING,
    "missing-secret": Severity.WARNING,
    "failed-login": Severity.WARNING,
    "review-due": Severity.WARNING,
    "neglected-tokens": Severity.WARNING,
    "schedule-stopped": Severity.WARNING,
    "watcher-token": Severity.WARNING,
    "owner-gone": Severity.WARNING,
    "expiry-cliff": Severity.INFO,
    "undeclared-secret": Severity.INFO,
    "setting-as-secret": Severity.INFO,
    "unused-secret": Severity.INFO,
    "replaceable": Severity.INFO,
    "fails-silently": Severity.INFO,
}
"""Every rule there is, with the severity that the report's contract gives it."""
