"""What will have stopped working at some later moment, in one line; for planning a freeze.

It looks at what was found out, and asks nobody.
"""

from __future__ import annotations

from datetime import datetime

from keyturn.instants import format_instant
from keyturn.model import Inspected, State, Survey
from keyturn.plain import count, name_some

_MOST_NAMED = 20


def describe_outlook(survey: Survey, until: datetime) -> str:
    """Return how many tokens will not work at `until`, and which, the first to die in front."""
    dying = [each for each in survey.tokens if _ends_before(each, until)]
    dying.sort(key=lambda each: (each.deadline is not None, each.deadline and each.deadline.at))
    unknown = sum(each.status.state is State.UNKNOWN for each in survey.tokens)
    tokens = count(len(survey.tokens), "token")
    line = f"until {format_instant(until)}: {len(dying)} of {tokens} will have stopped working"
    if dying:
        line += f" ({name_some([_name(each, survey.now) for each in dying], _MOST_NAMED)})"
    if unknown:
        line += f"; of {count(unknown, 'token')} nothing is known"
    return line


def _ends_before(each: Inspected, until: datetime) -> bool:
    if each.status.state.is_dead:
        return True
    alive = each.status.state is State.ACTIVE
    return bool(alive and each.deadline and each.deadline.at < until)


def _name(each: Inspected, now: datetime) -> str:
    if each.deadline and each.deadline.at > now and not each.status.state.is_dead:
        return f"{each.token.id} {format_instant(each.deadline.at)}"
    return f"{each.token.id} already"
