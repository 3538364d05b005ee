"""PURE: days on which many tokens die at once, and how their next lives could be spread.

It moves nothing: what keyturn rotates itself gets a day of its own in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from keyturn.model import DeadlineReason, Finding, Freeze, Inspected, State
from keyturn.plain import name_some
from keyturn.plan.windows import is_good_end
from keyturn.rules import SEVERITIES

_FEWEST = 3
"""Tokens of one day that make a cliff: two are a pair more often than an accident."""
_APART = 2
"""Every which working day is suggested: time to renew one and to see that it works."""
_MOST_NAMED = 20
_LONGEST = 366
"""Days before a cliff that are looked at."""


def find_cliffs(
    tokens: Sequence[Inspected], freezes: Sequence[Freeze], *, repository: str, now: datetime
) -> Iterator[Finding]:
    """Yield a finding for each day (UTC) on which at least three living tokens stop working."""
    dying: dict[date, list[Inspected]] = {}
    for each in tokens:
        lives = each.status.state in (State.ACTIVE, State.BLOCKED)
        if lives and each.deadline and each.deadline.at > now:
            dying.setdefault(each.deadline.at.date(), []).append(each)
    for day, each_of in sorted(dying.items()):
        if len(each_of) >= _FEWEST:
            yield _about(day, each_of, freezes, repository=repository, now=now)


def _about(
    day: date,
    tokens: Sequence[Inspected],
    freezes: Sequence[Freeze],
    *,
    repository: str,
    now: datetime,
) -> Finding:
    due = min(each.deadline.at for each in tokens if each.deadline)
    ids = sorted(each.token.id for each in tokens)
    named = ids[:_MOST_NAMED]
    message = f"{len(ids)} tokens stop working on {day}: {name_some(ids, _MOST_NAMED)}"
    days = _spread(due, len(named), freezes, now=now)
    # A provider that gives up a kind of token does so on that day, whenever they were renewed.
    retired = any(
        each.deadline and each.deadline.reason is DeadlineReason.RETIREMENT for each in tokens
    )
    if days and not retired:
        told = ", ".join(f"{id} by {at.date()}" for id, at in zip(named, days, strict=True))
        message += f"; to have them end on days of their own, renew {told}"
    return Finding("expiry-cliff", SEVERITIES["expiry-cliff"], repository, message, due_at=due)


def _spread(
    due: datetime, count: int, freezes: Sequence[Freeze], *, now: datetime
) -> tuple[datetime, ...]:
    """Return working days before the cliff, some apart, in order; none where time is too short."""
    left = min((due - now).days, _LONGEST)
    days = [due - timedelta(days=back) for back in range(1, left + 1)]
    good = [at for at in days if is_good_end(at, freezes)][::_APART]
    return tuple(reversed(good[:count])) if len(good) >= count else ()
