"""The job that fails first: boundaries to the second, clock changes, order of candidates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.first_break import find_first_break
from keyturn.model import FirstBreak, Reference, Trigger, Use

MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)  # a Tuesday


def use(
    *triggers: Trigger | str, path: str = "a.yml", job: str = "a", optional: bool = False
) -> Use:
    return Use(
        name="TOKEN",
        path=path,
        job=job,
        triggers=tuple(Trigger(t) if isinstance(t, str) else t for t in triggers),
        reference=Reference(path, 1, 1, "TOKEN", optional=optional),
    )


def cron(line: str, timezone: str = "UTC") -> Trigger:
    return Trigger("schedule", line, timezone)


def next_run(line: str, after: str, timezone: str = "UTC") -> str | None:
    found = find_first_break([use(cron(line, timezone))], datetime.fromisoformat(after))
    return found.at.isoformat().replace("+00:00", "Z") if found else None


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        # a run at the very instant of death fails
        ("0 0 * * *", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("0 0 * * *", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
        ("0 0 * * *", "2026-12-01T00:00:01Z", "2026-12-02T00:00:00Z"),
        ("0 0 * * *", "2026-12-01T00:00:00.000001Z", "2026-12-02T00:00:00Z"),
        ("0 0 * * *", "2026-11-30T23:59:59.999999Z", "2026-12-01T00:00:00Z"),
        ("0 0 * * *", "2026-12-01T01:00:00+01:00", "2026-12-01T00:00:00Z"),
        # what GitHub's documentation shows
        ("20/15 * * * *", "2026-12-01T00:36:00Z", "2026-12-01T00:50:00Z"),
        ("2,10 4,5 * * *", "2026-12-01T04:03:00Z", "2026-12-01T04:10:00Z"),
        ("30 4-6 * * *", "2026-12-01T06:31:00Z", "2026-12-02T04:30:00Z"),
        ("0 6 * * MON", "2026-12-01T00:00:00Z", "2026-12-07T06:00:00Z"),
        ("0 6 * * 0", "2026-12-01T00:00:00Z", "2026-12-06T06:00:00Z"),
        ("0 6 * jan-feb *", "2026-12-01T00:00:00Z", "2027-01-01T06:00:00Z"),
        ("0 0 13 * 5", "2026-12-01T00:00:00Z", "2026-12-04T00:00:00Z"),
        ("  0   0 * *  *", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("0 0 29 2 *", "2026-12-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 31 1-12/2 *", "2026-12-01T00:00:00Z", "2027-01-31T00:00:00Z"),
        # never
        ("0 0 30 2 *", "2026-12-01T00:00:00Z", None),
        ("0 0 31 4,6 *", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "9999-12-31T23:59:59Z", None),
        ("0 0 * * *", "0001-01-01T00:00:00Z", None),
        # not what GitHub accepts
        ("", "2026-12-01T00:00:00Z", None),
        ("0 0 * *", "2026-12-01T00:00:00Z", None),
        ("0 0 0 * * *", "2026-12-01T00:00:00Z", None),
        ("60 0 * * *", "2026-12-01T00:00:00Z", None),
        ("0 24 * * *", "2026-12-01T00:00:00Z", None),
        ("0 0 0 * *", "2026-12-01T00:00:00Z", None),
        ("0 0 L * *", "2026-12-01T00:00:00Z", None),
        ("0 0 * * 5L", "2026-12-01T00:00:00Z", None),
        ("0 0 * * 1#2", "2026-12-01T00:00:00Z", None),
        ("*/0 0 * * *", "2026-12-01T00:00:00Z", None),
        ("0 0 5-1 * *", "2026-12-01T00:00:00Z", None),
        ("0 0 * FOO *", "2026-12-01T00:00:00Z", None),
        ("@daily", "2026-12-01T00:00:00Z", None),
        ("0 " + "9" * 5000 + " * * *", "2026-12-01T00:00:00Z", None),
        ("٣ 0 * * *", "2026-12-01T00:00:00Z", None),
    ],
)
def test_the_next_scheduled_run(line, after, expected):
    assert next_run(line, after) == expected


@pytest.mark.parametrize(
    ("line", "zone", "after", "expected"),
    [
        ("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T07:00:00Z"),
        ("0 9 * * *", "Europe/Berlin", "2026-12-01T00:00:00Z", "2026-12-01T08:00:00Z"),
        ("0 0 * * *", "Asia/Kathmandu", "2026-12-01T00:00:00Z", "2026-12-01T18:15:00Z"),
        # forward, 2027-03-28 02:00 -> 03:00 in Berlin: the skipped hour's run comes at its end
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T00:59:59Z", "2027-03-28T01:00:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T01:00:00Z", "2027-03-28T01:00:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2027-03-28T01:00:01Z", "2027-03-29T00:30:00Z"),
        ("30 2 * * *", "America/New_York", "2027-03-14T06:59:59Z", "2027-03-14T07:00:00Z"),
        ("30 * * * *", "Europe/Berlin", "2027-03-28T00:30:01Z", "2027-03-28T01:30:00Z"),
        # back, 2026-10-25 03:00 -> 02:00 in Berlin: a fixed hour in the first pass only
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:01Z", "2026-10-26T01:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", "2026-10-26T01:30:00Z"),
        ("0 3 * * *", "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
        ("30 * * * *", "Europe/Berlin", "2026-10-25T00:30:01Z", "2026-10-25T01:30:00Z"),
        # no zone at all
        ("0 0 * * *", "Mars/Olympus", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "../../etc/passwd", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "/etc/localtime", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "America", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "a\0b", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "\ud800", "2026-12-01T00:00:00Z", None),
        ("0 0 * * *", "x" * 5000, "2026-12-01T00:00:00Z", None),
    ],
)
def test_time_zones(line, zone, after, expected):
    assert next_run(line, after, zone) == expected


DAILY, WEEKLY, NEVER = cron("0 6 * * *"), cron("0 0 * * 1"), cron("0 0 30 2 *")


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ([], None),
        ([use()], None),
        ([use(NEVER)], None),
        # the earliest scheduled job, then path and job
        ([use(WEEKLY, job="w"), use(DAILY, job="d")], ("a.yml", "d", "schedule")),
        ([use(WEEKLY, DAILY, job="b"), use(WEEKLY, job="a")], ("a.yml", "b", "schedule")),
        ([use(DAILY, path="b.yml"), use(DAILY, path="a.yml")], ("a.yml", "a", "schedule")),
        ([use(DAILY, job="y"), use(DAILY, job="x")], ("a.yml", "x", "schedule")),
        # a known moment comes before an unknown one
        ([use("push", job="p"), use(WEEKLY, job="w")], ("a.yml", "w", "schedule")),
        ([use("push", NEVER, job="p")], ("a.yml", "p", "push")),
        # the most usual event, then path and job
        ([use("workflow_dispatch", "release")], ("a.yml", "a", "release")),
        ([use("repository_dispatch", "workflow_dispatch")], ("a.yml", "a", "repository_dispatch")),
        ([use("workflow_dispatch", "some_new_event")], ("a.yml", "a", "some_new_event")),
        ([use("some_new_event", "workflow_run")], ("a.yml", "a", "workflow_run")),
        ([use("release", job="a"), use("push", job="z")], ("a.yml", "z", "push")),
        ([use("push", path="b.yml"), use("push", path="a.yml")], ("a.yml", "a", "push")),
        # what does without the secret comes last
        ([use(DAILY, job="o", optional=True), use("push", job="p")], ("a.yml", "p", "push")),
        ([use(DAILY, job="o", optional=True), use(job="n")], ("a.yml", "o", "schedule")),
    ],
)
def test_which_job_is_first(uses, expected):
    found = find_first_break(uses, MIDNIGHT)
    assert (found and (found.path, found.job, found.trigger)) == expected
    assert found == find_first_break(uses[::-1], MIDNIGHT)


def test_an_event_may_come_at_the_deadline_itself():
    after = MIDNIGHT + timedelta(seconds=5)
    assert find_first_break([use("push")], after) == FirstBreak("a.yml", "a", after, "push")


FIELDS = st.lists(
    st.sampled_from(
        ["*", "*/7", "0", "1", "5", "23", "30", "1,2", "2-4", "MON", "FEB", "31", "99"]
    ),
    min_size=5,
    max_size=5,
).map(" ".join)
NORTHERN = ["Europe/Berlin", "America/New_York", "Asia/Tehran", "Africa/Casablanca"]
ZONES = st.sampled_from(
    [*NORTHERN, "UTC", "Australia/Lord_Howe", "Pacific/Apia", "Etc/GMT+12", "Nowhere"]
)
MOMENTS = st.integers(0, 60 * 366 * 86400 * 10).map(
    lambda tenths: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=tenths / 10)
)
CHANGES = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from([datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]),
    st.integers(-7200, 7200),
)


@given(FIELDS, ZONES, st.one_of(MOMENTS, CHANGES))
def test_a_run_is_never_before_the_deadline(line, zone, after):
    found = find_first_break([use(cron(line, zone))], after)
    if found:
        assert found.at >= after
        assert found.at.tzinfo is UTC
        assert found.at.second == found.at.microsecond == 0
        assert find_first_break([use(cron(line, zone))], found.at) == found


@given(st.integers(0, 23), st.integers(0, 59), st.one_of(MOMENTS, CHANGES))
def test_a_daily_run_is_at_its_hour_and_within_two_days(hour, minute, after):
    found = find_first_break([use(cron(f"{minute} {hour} * * *", "Europe/Berlin"))], after)
    assert found
    assert found.at - after <= timedelta(days=1, hours=2)
    local = found.at.astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.hour, local.minute) in ((hour, minute), (3, 0))


@given(st.text(), st.text())
def test_any_text_for_a_schedule_is_borne(line, zone):
    assert find_first_break([use(cron(line, "UTC"))], MIDNIGHT) is None or len(line.split()) == 5
    find_first_break([use(cron("0 0 * * *", zone))], MIDNIGHT)
