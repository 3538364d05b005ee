"""PURE: the rules about keyturn itself: will its schedule start it again, will its token hold.

What is late is judged by the cron lines; nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.first_break import find_next_run
from keyturn.instants import format_instant
from keyturn.model import (
    SCHEDULE_STOPPED,
    Activity,
    Finding,
    OwnWorkflow,
    Policy,
    Trigger,
    WorkflowFacts,
)
from keyturn.rules import SEVERITIES

_GRACE = timedelta(hours=6)
"""GitHub docs, "Events that trigger workflows", 2026-11: runs come late, or not at all, when it is
busy. So one that is missing says nothing, and the second is given this long."""
_QUIET_LIFE = timedelta(days=60)
"""GitHub docs, "Events that trigger workflows", 2026-11: without activity for so long, a public
repository's schedules are switched off."""
_QUIET_WARNING = timedelta(days=50)
_DISABLED = {
    "disabled_manually": "was switched off by somebody",
    "disabled_inactivity": "was switched off by GitHub, because the repository was quiet for long",
}
"""A fork's is switched off from the beginning, and nobody was promised anything."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps a workflow from running by the clock, or will; a clause about it."""

    text: str
    due_at: datetime | None = None


def judge_state(facts: WorkflowFacts, activity: Activity, *, now: datetime) -> Trouble | None:
    """Say whether GitHub starts the workflow at all, and goes on doing so."""
    if facts.state != "active":
        told = _DISABLED.get(facts.state)
        return Trouble(f"{facts.path} {told}") if told else None
    if activity.private or activity.pushed_at is None:
        return None
    # GitHub does not say what activity is. To switch the workflow on again counts, and whoever
    # lives longer than the rule allows does something else that counts.
    quiet_since = max(activity.pushed_at, facts.updated_at)
    end = quiet_since + _QUIET_LIFE
    if not quiet_since + _QUIET_WARNING <= now < end:
        return None
    text = (
        f"{facts.path} is switched off by GitHub on {format_instant(end)} unless something is "
        f"pushed before: the repository is public and quiet since {format_instant(quiet_since)}"
    )
    return Trouble(text, end)


def find_missed(schedules: Sequence[Trigger], since: datetime, *, now: datetime) -> datetime | None:
    """Return when the second run after `since` was due, if neither can still be on its way."""
    promised: set[datetime] = set()
    for each in schedules:
        at: datetime | None = since
        for _ in range(2):
            after = at and at + timedelta(seconds=1)
            at = after and find_next_run(each.cron or "", each.timezone, after)
            promised |= {at} if at else set()
    second = sorted(promised)[1:2]
    return second[0] if second and second[0] + _GRACE <= now else None


def describe_missed(own: OwnWorkflow, last: datetime | None, missed: datetime) -> Trouble:
    """Say that runs did not come; `last` is when the newest one by the clock began."""
    came = f"its last run by the clock began on {format_instant(last)}" if last else "none came"
    return Trouble(f"{own.path} should have run twice by {format_instant(missed)}: {came}")


def describe_moved(own: OwnWorkflow, last: datetime, branch: str) -> Trouble:
    """Say that the file is not where GitHub looks for schedules."""
    return Trouble(
        f"{own.path} last ran by the clock on {format_instant(last)} and is not on the default "
        f"branch {branch}: GitHub starts the schedules of no other"
    )


NOBODY = Trouble("no workflow of this repository runs keyturn on a schedule")
"""Where a run of keyturn's was started by a push."""


def report_stopped(repository: str, troubles: Sequence[Trouble]) -> Finding:
    """Return the one finding about all the schedules of a repository."""
    return Finding(
        SCHEDULE_STOPPED,
        SEVERITIES[SCHEDULE_STOPPED],
        repository,
        "; ".join(trouble.text for trouble in troubles),
        due_at=min((each.due_at for each in troubles if each.due_at), default=None),
    )


def judge_own_token(
    repository: str, expires_at: datetime, *, defaults: Policy, now: datetime
) -> Finding | None:
    """Say that the token keyturn acts on GitHub with ends soon, where nobody declared it."""
    if expires_at - now > max(defaults.warn):
        return None
    message = (
        f"the token that keyturn acts on GitHub with expires on {format_instant(expires_at)}, and "
        "is not declared: from then on nothing is seen and nothing said"
    )
    return Finding("watcher-token", SEVERITIES["watcher-token"], repository, message, expires_at)
