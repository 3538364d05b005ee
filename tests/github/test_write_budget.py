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
    [(0, 6, 0), (74, 6, 0), (75, 6, 60), (80, 6, 60), (80, 1, 60), (79, 1, 0), (1, 80, 60)],
)
def test_what_is_reserved_is_not_waited_for(spent: int, writes: int, seconds: int) -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(spent):
        spending.spend()
    spending.reserve(writes)
    assert hours.now == 1000 + seconds
    for _ in range(writes):
        spending.spend()
    assert hours.now == 1000 + seconds


def test_what_would_take_too_long_is_not_begun() -> None:
    hours = Hours()
    spending = budget(hours, patience=timedelta(minutes=10))
    for _ in range(498):
        spending.spend()
    before = hours.now
    spending.reserve(2)
    with pytest.raises(PlatformUnavailable, match="500 an hour"):
        spending.reserve(3)
    assert hours.now <= before + 60


@pytest.mark.parametrize(("spent", "waited"), [(0, 0), (1, 60)])
def test_more_than_a_minute_takes_is_reserved_as_far_as_it_goes(spent: int, waited: int) -> None:
    hours = Hours()
    spending = budget(hours)
    for _ in range(spent):
        spending.spend()
    spending.reserve(200)
    assert hours.now == 1000 + waited


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
