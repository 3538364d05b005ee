from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.model import Activity, Policy, Trigger, WorkflowFacts
from keyturn.rules.watcher import (
    NOBODY,
    Trouble,
    find_missed,
    judge_own_token,
    judge_state,
    report_stopped,
)

PATH = ".github/workflows/keyturn.yml"
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
TWICE_A_WEEK = "17 6 * * 1,4"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def crons(*lines: str, zone: str = "UTC") -> tuple[Trigger, ...]:
    return tuple(Trigger("schedule", line, zone) for line in lines)


MISSED = {
    "the second run after the last decides": (
        crons(TWICE_A_WEEK), "2026-11-23T06:25", "2026-11-30T06:17"
    ),
    "one that came at its very instant is not its own successor": (
        crons(TWICE_A_WEEK), "2026-11-23T06:17", "2026-11-30T06:17"
    ),
    "a daily one": (crons("30 1 * * *"), "2026-11-23T01:44", "2026-11-25T01:30"),
    "working days have a weekend between": (
        crons("0 5 * * 1-5"), "2026-11-27T05:02", "2026-12-01T05:00"
    ),
    "several lines count together": (
        crons("0 5 * * 1", "0 5 * * 3"), "2026-11-23T05:02", "2026-11-30T05:00"
    ),
    "two lines of the same moment are one run": (
        crons("0 5 * * *", "0 5 * * *", "0 5 * * 1"), "2026-11-23T05:02", "2026-11-25T05:00"
    ),
    "the first of the month": (crons("7 4 1 * *"), "2026-11-01T04:20", "2027-01-01T04:07"),
    "in its own zone": (
        crons("17 6 * * *", zone="Europe/Berlin"), "2026-11-23T05:20", "2026-11-25T05:17"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schedules", "since", "due"), MISSED.values(), ids=MISSED)
def test_two_runs_that_did_not_come_are_missed_six_hours_later(
    schedules: tuple[Trigger, ...], since: str, due: str
) -> None:
    begun, second = at(since), at(due)
    assert find_missed(schedules, begun, now=second + 6 * HOUR) == second
    assert find_missed(schedules, begun, now=second + 6 * HOUR - SECOND) is None
    assert find_missed(schedules, begun, now=begun) is None


@pytest.mark.parametrize("line", ["", "0 0 30 2 *", "@daily", "nonsense"])
def test_a_line_that_starts_nothing_promises_nothing(line: str) -> None:
    assert find_missed(crons(line), MONDAY, now=MONDAY + 900 * DAY) is None


def test_every_five_minutes_are_given_the_same_hours() -> None:
    schedules = crons("*/5 * * * *")
    assert find_missed(schedules, MONDAY, now=MONDAY + 6 * HOUR) is None
    assert find_missed(schedules, MONDAY, now=MONDAY + 7 * HOUR) == MONDAY.replace(minute=25)


@given(minutes=st.integers(0, 60 * 24 * 400), later=st.integers(0, 60 * 24 * 30))
def test_what_is_missed_stays_the_same_until_a_run_comes(minutes: int, later: int) -> None:
    now = MONDAY + timedelta(minutes=minutes)
    missed = find_missed(crons(TWICE_A_WEEK), MONDAY, now=now)
    if missed:
        assert missed + 6 * HOUR <= now
        again = find_missed(crons(TWICE_A_WEEK), MONDAY, now=now + timedelta(minutes=later))
        assert again == missed


def facts(state: str = "active", updated_at: datetime = MONDAY) -> WorkflowFacts:
    return WorkflowFacts(7, PATH, state, at("2026-01-01"), updated_at)


def activity(*, private: bool = False, pushed_at: datetime | None = MONDAY) -> Activity:
    return Activity(private, archived=False, default_branch="main", pushed_at=pushed_at)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("disabled_manually", "was switched off by somebody"),
        ("disabled_inactivity", "was switched off by GitHub"),
        ("disabled_fork", None),
        ("deleted", None),
        ("something_new", None),
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_one_that_is_switched_off(state: str, told: str | None, private: bool) -> None:
    found = judge_state(facts(state), activity(private=private), now=MONDAY + 55 * DAY)
    assert (told is None) == (found is None)
    if found and told:
        assert found.text.startswith(f"{PATH} {told}")
        assert found.due_at is None


@pytest.mark.parametrize(
    ("after", "warned"),
    [
        (50 * DAY - SECOND, False),
        (50 * DAY, True),
        (60 * DAY - SECOND, True),
        (60 * DAY, False),  # it lives all the same: something that is no push counts too
    ],
)
def test_a_quiet_public_repository_is_told_ten_days_before(after: timedelta, warned: bool) -> None:
    found = judge_state(facts(), activity(), now=MONDAY + after)
    assert bool(found) == warned
    if found:
        assert found.due_at == MONDAY + 60 * DAY
        assert "on 2027-01-22 06:17 UTC" in found.text


def test_what_keeps_a_schedule_alive() -> None:
    now = MONDAY + 55 * DAY
    assert judge_state(facts(), activity(private=True), now=now) is None
    assert judge_state(facts(), activity(pushed_at=None), now=now) is None
    assert judge_state(facts(), activity(pushed_at=now - 49 * DAY), now=now) is None
    # Switched off and on again, as some do to keep it alive.
    old = activity(pushed_at=MONDAY - 300 * DAY)
    assert judge_state(facts(updated_at=now - DAY), old, now=now) is None
    assert judge_state(facts(updated_at=now - 51 * DAY), old, now=now) is not None


def test_one_finding_tells_all_of_it() -> None:
    early, late = MONDAY + DAY, MONDAY + 2 * DAY
    found = report_stopped(
        "octo/app", [Trouble("b is late", late), NOBODY, Trouble("a is late", early)]
    )
    assert (found.rule, found.subject, found.severity) == (
        "schedule-stopped",
        "octo/app",
        "warning",
    )
    assert found.message.count("; ") == 2
    assert found.due_at == early
    assert report_stopped("octo/app", [NOBODY]).due_at is None


@pytest.mark.parametrize(
    ("left", "warned"), [(30 * DAY + SECOND, False), (30 * DAY, True), (SECOND, True)]
)
def test_the_token_that_keyturn_acts_with(left: timedelta, warned: bool) -> None:
    found = judge_own_token("octo/app", MONDAY + left, defaults=Policy(), now=MONDAY)
    assert bool(found) == warned
    if found:
        assert (found.rule, found.subject, found.due_at) == (
            "watcher-token",
            "octo/app",
            MONDAY + left,
        )
