"""Keeps the writes of one run inside GitHub's secondary limits, by waiting before each.

It sends nothing. What GitHub itself asks for (`retry-after`) is honoured by the client.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from keyturn.errors import PlatformUnavailable

# GitHub docs, "Rate limits for the REST API", 2026-11: requests that make content, per credential.
_LIMITS = ((80, 60.0), (500, 3600.0))
"""So many writes in so many seconds."""
_LONGEST = max(count for count, _ in _LIMITS)


class WriteBudget:
    """One per run and credential: whatever writes to GitHub takes from the same one."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: timedelta = timedelta(minutes=10),
    ) -> None:
        """Let `patience` be the longest single wait."""
        self._clock = clock
        self._sleep = sleep
        self._patience = patience.total_seconds()
        self._spent: deque[float] = deque(maxlen=_LONGEST)

    def spend(self) -> None:
        """Wait until one more write may be sent, and count it.

        Raises PlatformUnavailable where that would take too long for this run.
        """
        now = self._clock()
        wait = _next(self._spent, now) - now
        if wait > self._patience:
            raise PlatformUnavailable(
                f"GitHub takes 80 writes a minute and 500 an hour: the next one in {wait:.0f} s",
                hint="a later run goes on where this one stopped",
            )
        if wait > 0:
            self._sleep(wait)
        self._spent.append(max(now + wait, self._clock()))

    def wait_for(self, writes: int) -> timedelta:
        """Say how long so many more writes take at the least, because of the limits alone."""
        now = at = self._clock()
        spent = self._spent.copy()
        for _ in range(writes):
            at = _next(spent, at)
            spent.append(at)
        return timedelta(seconds=at - now)


def _next(spent: deque[float], now: float) -> float:
    """Return the first moment, from now on, at which no limit is passed by one more write."""
    opens = [spent[-count] + seconds for count, seconds in _LIMITS if len(spent) >= count]
    return max(now, *opens) if opens else now
