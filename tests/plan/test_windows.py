"""Windows and freezes: boundaries to the second, both changes of the clocks, and no way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.model import Freeze, Window
from keyturn.plan.windows import find_opening, is_frozen

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def night(timezone: str = "Europe/Berlin", *, cron: str = "0 2 * * 1-4", hours: int = 4) -> Window:
    return Window(cron, timedelta(hours=hours), timezone)


def opening(now: str, *windows: Window, freezes: tuple[Freeze, ...] = ()) -> str | None:
    found = find_opening(windows, freezes, now=at(now))
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z") if found else None


def test_without_windows_and_freezes_it_is_always_open() -> None:
    assert opening("2026-11-22T13:43:07Z") == "2026-11-22T13:43:07Z"


# 2026-11-23 is a Monday; Berlin is one hour ahead of UTC in winter.
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T00:59:59Z", "2026-11-23T01:00:00Z"),
        ("2026-11-23T00:59:59.999999Z", "2026-11-23T01:00:00Z"),
        ("2026-11-23T01:00:00Z", "2026-11-23T01:00:00Z"),
        ("2026-11-23T01:00:01Z", "2026-11-23T01:00:01Z"),
        ("2026-11-23T04:59:59Z", "2026-11-23T04:59:59Z"),
        ("2026-11-23T04:59:59.999999Z", "2026-11-23T04:59:59.999999Z"),
        # The last instant is the one before its end.
        ("2026-11-23T05:00:00Z", "2026-11-24T01:00:00Z"),
        # Thursday's is the last of the week.
        ("2026-11-26T05:00:00Z", "2026-11-30T01:00:00Z"),
    ],
)
def test_a_window_opens_and_closes_at_its_second(now: str, expected: str) -> None:
    assert opening(now, night()) == expected


@pytest.mark.parametrize(
    ("now", "cron", "hours", "expected"),
    [
        # Put forward on 2027-03-28: 02:00 becomes 03:00, which is 01:00 UTC.
        ("2027-03-27T12:00:00Z", "30 2 * * *", 2, "2027-03-28T01:00:00Z"),
        ("2027-03-28T00:59:59Z", "30 2 * * *", 2, "2027-03-28T01:00:00Z"),
        ("2027-03-28T02:59:59Z", "30 2 * * *", 2, "2027-03-28T02:59:59Z"),
        ("2027-03-28T03:00:00Z", "30 2 * * *", 2, "2027-03-29T00:30:00Z"),
        # Opened before: it stays open as long as it says, whatever the clocks show.
        ("2027-03-28T02:59:59Z", "0 1 * * *", 3, "2027-03-28T02:59:59Z"),
        ("2027-03-28T03:00:00Z", "0 1 * * *", 3, "2027-03-28T23:00:00Z"),
        # Put back on 2026-10-25: 03:00 becomes 02:00, so 02:30 comes twice.
        ("2026-10-25T00:00:00Z", "30 2 * * *", 1, "2026-10-25T00:30:00Z"),
        ("2026-10-25T01:29:59Z", "30 2 * * *", 1, "2026-10-25T01:29:59Z"),
        ("2026-10-25T01:30:00Z", "30 2 * * *", 1, "2026-10-26T01:30:00Z"),
        ("2026-10-25T01:45:00Z", "30 2 * * *", 1, "2026-10-26T01:30:00Z"),
        # A line for every hour means every hour that passes.
        ("2026-10-25T00:15:00Z", "30 * * * *", 0, "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:45:00Z", "30 * * * *", 0, "2026-10-25T01:30:00Z"),
    ],
)
def test_the_clocks_are_changed(now: str, cron: str, hours: int, expected: str) -> None:
    window = Window(cron, timedelta(hours=hours) or timedelta(minutes=10), "Europe/Berlin")
    assert opening(now, window) == expected


def test_a_zone_is_what_it_says_in_summer_and_in_winter() -> None:
    assert opening("2026-07-01T12:00:00Z", night(cron="0 2 * * *")) == "2026-07-02T00:00:00Z"
    assert opening("2026-12-01T12:00:00Z", night(cron="0 2 * * *")) == "2026-12-02T01:00:00Z"
    assert opening("2026-07-01T12:00:00Z", night("UTC", cron="0 2 * * *")) == "2026-07-02T02:00:00Z"


def test_the_window_that_opens_first_counts() -> None:
    windows = night("UTC", cron="0 6 * * *", hours=1), night("UTC", cron="0 3 * * *", hours=2)
    assert opening("2026-11-23T00:00:00Z", *windows) == "2026-11-23T03:00:00Z"
    assert opening("2026-11-23T04:59:59Z", *windows) == "2026-11-23T04:59:59Z"
    assert opening("2026-11-23T05:00:00Z", *windows) == "2026-11-23T06:00:00Z"


def test_a_window_may_be_longer_than_its_interval() -> None:
    window = Window("0 0 * * *", timedelta(days=400))
    assert opening("2026-11-23T05:00:00Z", window) == "2026-11-23T05:00:00Z"


@pytest.mark.parametrize(
    "window",
    [
        Window("0 0 31 2 *", HOUR),
        Window("0 0 31 4,6 *", HOUR),
        Window("not a cron line", HOUR),
        Window("0 0 * * *", HOUR, "Mars/Olympus"),
        Window("0 0 * * *", HOUR, "../etc"),
        Window("0 0 * * *", HOUR, "Europe"),
        Window("0 0 * * *", timedelta(days=999_999)),
    ],
)
def test_a_window_that_never_opens_opens_nothing(window: Window) -> None:
    assert opening("2026-11-23T00:30:00Z", window) is None
    open_too = night("UTC", cron="0 3 * * *")
    assert opening("2026-11-23T00:30:00Z", window, open_too) == "2026-11-23T03:00:00Z"


HOLIDAYS = Freeze(at("2026-12-20T00:00:00Z"), at("2027-01-03T00:00:00Z"))


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-12-19T23:59:59Z", False),
        ("2026-12-20T00:00:00Z", True),
        ("2027-01-02T23:59:59.999999Z", True),
        ("2027-01-03T00:00:00Z", False),
        ("2026-12-20T00:59:59+01:00", False),
        ("2026-12-20T01:00:00+01:00", True),
    ],
)
def test_a_freeze_holds_from_its_first_second_to_before_its_end(now: str, frozen: bool) -> None:
    assert is_frozen((HOLIDAYS,), at(now)) is frozen
    found = find_opening((), (HOLIDAYS,), now=at(now))
    assert found == (HOLIDAYS.to if frozen else at(now))


def test_freezes_that_touch_or_overlap_are_one() -> None:
    freezes = (
        Freeze(at("2027-01-03T00:00:00Z"), at("2027-01-05T00:00:00Z")),
        HOLIDAYS,
        Freeze(at("2026-12-24T00:00:00Z"), at("2027-01-04T00:00:00Z")),
    )
    assert opening("2026-12-21T00:00:00Z", freezes=freezes) == "2027-01-05T00:00:00Z"


def test_after_a_freeze_the_next_window_is_waited_for() -> None:
    # 2027-01-03 is a Sunday.
    assert opening("2026-12-21T02:00:00Z", night(), freezes=(HOLIDAYS,)) == "2027-01-04T01:00:00Z"
    monday = Freeze(at("2027-01-04T01:30:00Z"), at("2027-01-04T02:00:00Z"))
    assert (
        opening("2027-01-04T01:45:00Z", night(), freezes=(HOLIDAYS, monday))
        == "2027-01-04T02:00:00Z"
    )
    whole = Freeze(at("2027-01-04T00:00:00Z"), at("2027-01-04T05:00:00Z"))
    assert (
        opening("2026-12-21T02:00:00Z", night(), freezes=(HOLIDAYS, whole))
        == "2027-01-05T01:00:00Z"
    )


moments = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
windows = st.builds(
    Window,
    st.builds("{} {} * * {}".format, st.integers(0, 59), st.integers(0, 23), st.just("1-5")),
    st.integers(1, 40).map(lambda hours: timedelta(hours=hours)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
freezes = st.builds(
    lambda start, hours: Freeze(start, start + timedelta(hours=hours)),
    moments,
    st.integers(1, 24 * 40),
)


@given(st.lists(windows, max_size=3), st.lists(freezes, max_size=4), moments)
def test_an_opening_is_open_is_no_earlier_than_now_and_none_is_before_it(
    windows: list[Window], freezes: list[Freeze], now: datetime
) -> None:
    found = find_opening(windows, freezes, now=now)
    assert found
    assert found >= now
    assert not is_frozen(freezes, found)
    assert find_opening(windows, freezes, now=found) == found
    if found > now:
        # Whatever was asked between, the answer is the same.
        for step in (SECOND, (found - now) / 2, found - now - SECOND):
            if now < now + step < found:
                assert find_opening(windows, freezes, now=now + step) == found


@given(windows, moments)
def test_a_window_is_open_after_its_local_hour_and_for_its_duration(
    window: Window, now: datetime
) -> None:
    found = find_opening([window], (), now=now)
    assert found
    start = find_opening([window], (), now=found - window.duration)
    assert start
    assert start <= found
    local = found.astimezone(ZoneInfo(window.timezone))
    if found > now:
        minute, hour = map(int, window.cron.split()[:2])
        wanted = local.replace(hour=hour, minute=minute)
        # In the hour that a clock skips, it opens at that hour's end.
        skipped = wanted.astimezone(UTC).astimezone(local.tzinfo) != wanted
        assert skipped or (local.hour, local.minute) == (hour, minute)
