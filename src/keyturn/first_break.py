"""PURE: the uses of a token's secrets -> the job that fails first once the token is dead.

It reads no clock and no workflow; the moment the token dies is given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from keyturn.model import FirstBreak, Trigger, Use
from keyturn.silence.guards import find_silence

_EVENTS = (
    "push",
    "pull_request",
    "pull_request_target",
    "merge_group",
    "release",
    "create",
    "registry_package",
    "deployment",
    "deployment_status",
    "status",
    "check_run",
    "check_suite",
    "issues",
    "issue_comment",
    "workflow_run",
)
"""Roughly by how often they happen; unknown ones come after these."""
_BY_HAND = ("repository_dispatch", "workflow_dispatch")
"""Started by somebody's decision: after all others."""

# POSIX fields with names, as GitHub takes them: no `L`, `#`, `?`, `@daily`, no seconds.
_ITEM = r"(\*|(\d{1,2}|[A-Za-z]{3})(-(\d{1,2}|[A-Za-z]{3}))?)(/\d{1,2})?"
_FIELD = re.compile(rf"{_ITEM}(,{_ITEM}){{0,99}}")


def find_first_break(
    uses: Sequence[Use], after: datetime, *, missing: bool = False
) -> FirstBreak | None:
    """Find the job that fails first when a token that `uses` read is dead from `after` (UTC) on.

    `missing`: the secrets are not stored at all.

    - A job that needs the secret comes before any that does without it (`reference.optional`).
    - Among these a scheduled job comes before one that an event starts, because only its moment is
      known: the first instant of its cron line that is not before `after`. A run at the very
      instant of death fails. The earliest wins, then path and job.
    - Without a schedule, it is a job that an event starts, at `after` itself, as that event may
      happen at any moment: the most usual event wins, then path and job.
    - A schedule that is invalid or can never come, and a job that nothing can start, are left out.
    """
    triggers = {trigger for use in uses for trigger in use.triggers}
    moments = {trigger: _find_moment(trigger, after) for trigger in triggers}
    candidates = [
        (use.reference.optional, *moment, use.path, use.job, trigger.event)
        for use in uses
        for trigger in use.triggers
        if (moment := moments[trigger])
    ]
    if not candidates:
        return None
    _, _, at, _, path, job, event = min(candidates)
    silent = find_silence(uses, path=path, job=job, missing=missing)
    return FirstBreak(path=path, job=job, at=at, trigger=event, silent=silent)


def _find_moment(
    trigger: Trigger, after: datetime
) -> tuple[bool, datetime, tuple[int, str]] | None:
    """Return a trigger's order: unscheduled or not, when, and how usual the event is."""
    event = trigger.event
    if event != "schedule":
        if event in _EVENTS:
            return True, after, (_EVENTS.index(event), "")
        if event in _BY_HAND:
            return True, after, (len(_EVENTS) + 1 + _BY_HAND.index(event), "")
        return True, after, (len(_EVENTS), event)
    at = find_next_run(trigger.cron or "", trigger.timezone, after)
    return (False, at, (0, "")) if at else None


def find_next_run(cron: str, timezone: str, after: datetime) -> datetime | None:
    """Return the first instant of a cron line that is not before `after`; None if there is none.

    Where clocks are put forward, a run in the skipped hour comes at its end (GitHub docs, "Events
    that trigger workflows", 2026-11). Where they are put back, GitHub does not say; taken is what
    cron does: a line with a fixed hour runs in the first pass only.
    """
    fields = cron.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(part) for part in fields):
        return None
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
        before = (after - timedelta(microseconds=1)).astimezone(zone)
        runs = (local.astimezone(UTC) for local in CronSim(cron, before))
        # In the second pass of an hour put back, cronsim starts from the first.
        return next((at for at in runs if at >= after), None)
    # ZoneInfo reports an unknown zone, a bad name and a folder of zones each in its own way;
    # OverflowError: beyond the year 9999.
    except (CronSimError, KeyError, ValueError, OSError, OverflowError):
        return None
