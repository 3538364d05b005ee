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
            raise _too_many(wait)
        if wait > 0:
            self._sleep(wait)
        self._spent.append(max(now + wait, self._clock()))

    def reserve(self, writes: int) -> None:
        """Wait until so many writes may be sent one after the other without waiting.

        It counts none of them. Raises PlatformUnavailable where that takes too long for this run.
        """
        now = self._clock()
        wait = _next(self._spent, now, writes) - now
        if wait > self._patience:
            raise _too_many(wait)
        if wait > 0:
            self._sleep(wait)


def _next(spent: deque[float], now: float, writes: int = 1) -> float:
    """Return the first moment, from now on, at which no limit is passed by so many more writes."""
    opens = [
        spent[few - 1 - count] + seconds
        for count, seconds in _LIMITS
        # More than a limit takes at once cannot but wait in between.
        if len(spent) > count - (few := min(writes, count))
    ]
    return max(now, *opens) if opens else now


def _too_many(wait: float) -> PlatformUnavailable:
    return PlatformUnavailable(
        f"GitHub takes 80 writes a minute and 500 an hour: the next one in {wait:.0f} s",
        hint="a later run goes on where this one stopped",
    )
