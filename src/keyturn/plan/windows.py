"""PURE: when rotations may start: windows that come again and again, and freezes.

And which days are good ones for a token to end on. Whether a token is important enough to pass
windows over is decided in `plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from keyturn.model import Freeze, Window

_FRIDAY = 4


def is_frozen(freezes: Sequence[Freeze], at: datetime) -> bool:
    """Say whether an instant is in a freeze: from its first instant to before `to`."""
    return any(freeze.from_ <= at < freeze.to for freeze in freezes)


def is_good_end(at: datetime, freezes: Sequence[Freeze], *, by_day: bool = False) -> bool:
    """Say whether somebody is likely to be there when a token ends: no weekend, and no freeze.

    `by_day`: it ends at 00:00 UTC, so that on a Monday it would be found dead after the weekend.
    """
    first = 1 if by_day else 0
    return first <= at.weekday() <= _FRIDAY and not is_frozen(freezes, at)


def find_opening(
    windows: Sequence[Window], freezes: Sequence[Freeze], *, now: datetime
) -> datetime | None:
    """Return the first instant from `now` on at which rotations may start; None if there is none.

    It is `now` itself where they may start at once.
    """
    at = now
    # Each round leaves at least one freeze behind.
    while (opening := _find_open_window(windows, at)) and is_frozen(freezes, opening):
        at = max(freeze.to for freeze in freezes if freeze.from_ <= opening < freeze.to)
    return opening


def _find_open_window(windows: Sequence[Window], at: datetime) -> datetime | None:
    if not windows:
        return at
    openings = [max(at, start) for each in windows if (start := _find_start(each, at))]
    return min(openings, default=None)


def _find_start(window: Window, at: datetime) -> datetime | None:
    """Return when the window opens that is open at an instant, or else the next one.

    Where clocks are put forward, a window that opens in the skipped hour opens at its end; where
    they are put back, one with a fixed hour opens in the first pass only. As cron does it.
    """
    try:
        # Later, or it would be closed again; the first of these decides.
        after = at - window.duration
        zone = UTC if window.timezone == "UTC" else ZoneInfo(window.timezone)
        starts = (local.astimezone(UTC) for local in CronSim(window.cron, after.astimezone(zone)))
        # In the second pass of an hour put back, cronsim starts from the first.
        return next((start for start in starts if start > after), None)
    # ZoneInfo reports an unknown zone in several ways; OverflowError: beyond Python's calendar.
    except (CronSimError, KeyError, ValueError, OSError, OverflowError):
        return None
