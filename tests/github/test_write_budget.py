from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import PlatformUnavailable
from keyturn.github.write_budget import WriteBudget


class Hours:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def budget(hours: Hours, *, patience: timedelta = timedelta(days=1)) -> WriteBudget:
    return WriteBudget(clock=hours.read, sleep=hours.sleep, patience=patience)


def test_eighty_go_at_once_and_the_next_waits_for_the_minutes_end() -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(80):
        spending.spend()
    assert hours.slept == []
    hours.now += 59
    spending.spend()
    assert hours.slept == [1]
    spending.spend()
    assert hours.slept == [1]


def test_after_exactly_a_minute_nothing_is_waited_for() -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(80):
        spending.spend()
    hours.now += 60
    spending.spend()
    assert hours.slept == []


def test_five_hundred_an_hour() -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(500):
        spending.spend()
    assert hours.now == 1000 + 6 * 60
    spending.spend()
    assert hours.now == 1000 + 3600


def test_what_takes_too_long_is_left_to_a_later_run() -> None:
    hours = Hours()
    spending = budget(hours, patience=timedelta(seconds=59))
    for _ in range(80):
        spending.spend()
    with pytest.raises(PlatformUnavailable, match="the next one in 60 s"):
        spending.spend()
    assert hours.slept == []
    hours.now += 1
    spending.spend()
    assert hours.slept == [59]


@pytest.mark.parametrize(
    ("spent", "writes", "seconds"),
    [(0, 0, 0), (0, 80, 0), (0, 81, 60), (0, 161, 120), (80, 1, 60), (0, 500, 360), (0, 501, 3600)],
)
def test_how_long_a_batch_takes_is_known_before(spent: int, writes: int, seconds: int) -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(spent):
        spending.spend()
    assert spending.wait_for(writes) == timedelta(seconds=seconds)
    for _ in range(writes):
        spending.spend()
    assert hours.now == 1000 + seconds


@given(st.lists(st.floats(0, 90), max_size=700))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float]) -> None:
    hours = Hours()
    spending = budget(hours)
    at: list[float] = []
    for pause in pauses:
        hours.now += pause
        spending.spend()
        at.append(hours.now)
    for count, seconds in ((80, 60.0), (500, 3600.0)):
        for first, beyond in zip(at, at[count:], strict=False):
            assert beyond - first >= seconds - 1e-6
