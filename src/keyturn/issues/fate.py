"""PURE: which issue a token's case belongs to, and whether it may speak up; it makes no action."""

from __future__ import annotations

from datetime import datetime, timedelta

from keyturn.issues.case import Case
from keyturn.issues.facts import fact_of, facts_of, family_of, is_crossed, life_of, step_of
from keyturn.issues.state import Issue, Kind, Memory, read_memory, rule_of
from keyturn.model import ROTATION_STUCK, Severity


def reconsider(case: Case, issue: Issue, now: datetime) -> Kind | None:
    """Decide about a closed issue: open it again, leave it, or open another beside it."""
    known = read_memory(issue.body)
    if known is None or known.resolved or not _still_holds(case, known):
        return Kind.OPEN
    if is_hushed(case, issue, known, now):
        return None
    # Who may not set it aside has no more of it by doing so twice.
    if issue.set_aside or (issue.overruled and known.reopened):
        is_stuck = ROTATION_STUCK in map(rule_of, set(facts_of(case)) - set(known.facts))
        is_over = bool(labels_over(issue, now))
        return Kind.REOPEN if is_stuck or is_over or is_crossed(case, known) else None
    still = {family_of(finding.rule) for finding in case.findings}
    if not still & {family_of(rule) for rule in known.rules}:
        return Kind.OPEN  # what was closed as done is done
    return None if known.reopened else Kind.REOPEN


def is_hushed(case: Case, issue: Issue, known: Memory, now: datetime) -> bool:
    """Say whether a label keeps an issue silent; no error that is news can be kept silent."""
    if issue.snooze is None or now >= issue.snooze.until:
        return False
    crossed = is_crossed(case, known)
    return not any(
        finding.severity is Severity.ERROR
        and (fact_of(finding) not in known.facts or (crossed and finding.step is not None))
        for finding in case.findings
    )


def labels_over(issue: Issue, now: datetime) -> tuple[str, ...]:
    """Return the labels that kept an issue silent for a time which is over."""
    return issue.snooze.labels if issue.snooze and now >= issue.snooze.until else ()


def _still_holds(case: Case, known: Memory) -> bool:
    """Say whether an issue was about this life of the token, and about something wrong in it."""
    came_back = known.step == timedelta() and step_of(case) != timedelta()
    return bool(known.rules) and not came_back and life_of(case).continues(known.life)
