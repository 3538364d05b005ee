"""PURE: what an issue remembers of a case, and what of the case is news to it."""

from __future__ import annotations

from datetime import timedelta

from keyturn.instants import format_rfc3339
from keyturn.issues.case import Case
from keyturn.issues.state import Issue, Life, Memory, read_memory
from keyturn.model import DeadlineReason, Finding

_DEAD_RULES = frozenset({"expired", "revoked", "blocked-by-policy"})


def life_of(case: Case) -> Life:
    """Return what tells this life of the token from others."""
    deadline = case.inspected.deadline
    if deadline and deadline.reason is DeadlineReason.IDLE_REMOVAL:
        deadline = None  # it moves with every use
    written = max((copy.updated_at for copy in case.copies if copy.updated_at), default=None)
    return Life(
        case.inspected.status.token_id or "",
        format_rfc3339(deadline.at) if deadline else "",
        format_rfc3339(written) if written else "",
    )


def fact_of(finding: Finding) -> str:
    """Return what an issue remembers of a finding; another one is news."""
    if finding.halt:
        return f"{finding.rule} {finding.halt.phase} {finding.halt.operation}".rstrip()
    due = finding.due_at
    return f"{finding.rule} {format_rfc3339(due)}" if due else finding.rule


def family_of(rule: str) -> str:
    """Return one name for all that says that the token dies or is dead."""
    return "expiring" if rule in _DEAD_RULES else rule


def is_about_death(known: Memory | None) -> bool:
    """Say whether an issue was opened because the token dies or is dead; True where unknown."""
    return not (known and known.rules) or "expiring" in map(family_of, known.rules)


def facts_of(case: Case) -> list[str]:
    """Return all that an issue about the case remembers of it."""
    return [f"state {case.inspected.status.state}", *map(fact_of, case.findings), *doubts_of(case)]


def doubts_of(case: Case) -> list[str]:
    """Return what is in doubt about a new token, as facts: each is news once."""
    seen = case.renewed and any(copy.present is not None for copy, _ in case.unproven)
    return [f"doubt {what}" for what, _ in case.doubts] + ["doubt copies"] * seen


def step_of(case: Case) -> timedelta | None:
    """Return the lowest rung that is crossed; a dead token is below all of them."""
    if any(finding.rule in _DEAD_RULES for finding in case.findings):
        return timedelta()
    return min((f.step for f in case.findings if f.step is not None), default=None)


def is_crossed(case: Case, known: Memory) -> bool:
    """Say whether a rung was crossed that the issue has not said in this life of the token."""
    step = step_of(case)
    if step is None or not life_of(case).continues(known.life):
        return False
    return known.step is None or step < known.step


def find_news(case: Case, known: Memory) -> list[Finding]:
    """Return the findings that are new, or whose rung is; at least the worst."""
    crossed = is_crossed(case, known)
    return [
        finding
        for finding in case.findings
        if fact_of(finding) not in known.facts or (crossed and finding.step is not None)
    ] or list(case.findings[:1])


def leaves_out(case: Case, issue: Issue | None) -> bool:
    """Say whether an issue does not say all that was found; also where there is none."""
    known = read_memory(issue.body) if issue else None
    said = known.facts if known else ()
    return any(fact_of(finding) not in said for finding in case.findings)
