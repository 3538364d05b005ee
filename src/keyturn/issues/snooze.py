"""PURE: who asked that an issue be silent, and for how long; told by its labels and its events.

It judges no right: whether a person may ask is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyturn.issues.state import Issue, Snooze

_LABEL = re.compile(r"keyturn:snooze-([1-9][0-9]?)d", re.IGNORECASE)
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an issue."""

    kind: str
    """`labeled`, `closed`, …"""
    login: str
    """Who did it; empty where GitHub does not say, and for what is no person."""
    at: datetime | None
    label: str = ""


def snooze_labels(issue: Issue) -> dict[str, timedelta]:
    """Return the labels of an issue that ask for silence, and for how long."""
    found = ((label, _LABEL.fullmatch(label)) for label in issue.labels)
    days = {label: int(match[1]) for label, match in found if match}
    return {label: timedelta(days=number) for label, number in days.items() if number <= _LONGEST}


def asks_for_silence(issue: Issue) -> bool:
    """Say whether its events have to tell who asked."""
    return bool(snooze_labels(issue)) or (not issue.open and issue.set_aside)


def judge(issue: Issue, events: Sequence[Event], may_write: Callable[[str], bool | None]) -> Issue:
    """Return the issue with what of the asking counts: that of people who may write.

    A label counts only of somebody who is known to may; a closing does as long as nobody is known
    not to.
    """
    ends = {
        label: event.at + length
        for label, length in snooze_labels(issue).items()
        if (event := _last(events, "labeled", label)) and event.at and event.login
        if may_write(event.login)
    }
    if ends:
        issue = replace(issue, snooze=Snooze(max(ends.values()), tuple(ends)))
    if not issue.open and issue.set_aside:
        closing = _last(events, "closed")
        denied = closing and (not closing.login or may_write(closing.login) is False)
        issue = replace(issue, overruled=bool(denied))
    return issue


def _last(events: Iterable[Event], kind: str, label: str = "") -> Event | None:
    found = [event for event in events if event.kind == kind and event.label == label]
    return found[-1] if found else None
