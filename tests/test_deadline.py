from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.deadline import GRANTED, effective_deadline, lowest_crossed, scale_ladder
from keyturn.model import (
    Deadline,
    DeadlineReason,
    Evidence,
    LifetimeCap,
    Policy,
    Precision,
    State,
    Token,
    TokenStatus,
)
from keyturn.retirements import GLOBAL_PAT, RETIREMENTS

DUE = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LADDER = tuple(timedelta(days=days) for days in (30, 14, 7, 3, 1))

rungs = st.lists(
    st.integers(1, 10**6).map(lambda minutes: timedelta(minutes=minutes)), min_size=1, unique=True
).map(lambda found: tuple(sorted(found, reverse=True)))
lifetimes = st.integers(1, 10**7).map(lambda minutes: timedelta(minutes=minutes))


def status(expires_at: datetime | None, evidence: Evidence = Evidence.PROVIDER) -> TokenStatus:
    precision = Precision.DAY if expires_at else Precision.UNKNOWN
    return TokenStatus(State.ACTIVE, precision, expires_at, evidence=evidence)


BY_PROVIDER = Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY, "gitlab's answer")
IN_FILE = "the configuration, line 12"
MADE = DUE - timedelta(days=90)
CAP = LifetimeCap(timedelta(days=90), "`lifetime-cap` in the configuration, line 4")


@pytest.mark.parametrize(
    ("declared", "provider", "expected"),
    [
        (None, None, None),
        (None, DUE, BY_PROVIDER),
        (DUE, None, Deadline(DUE, DeadlineReason.DECLARED_DATE, IN_FILE)),
        (DUE - SECOND, DUE, Deadline(DUE - SECOND, DeadlineReason.DECLARED_DATE, IN_FILE)),
        (DUE, DUE, BY_PROVIDER),
        (DUE + SECOND, DUE, BY_PROVIDER),
    ],
)
def test_the_earliest_known_date_counts(
    declared: datetime | None, provider: datetime | None, expected: Deadline | None
) -> None:
    token = Token("t", "gitlab", declared_expiry=declared, line=12)
    assert effective_deadline(token, status(provider)) == expected


@pytest.mark.parametrize("reason", [DeadlineReason.RETIREMENT, DeadlineReason.IDLE_REMOVAL])
def test_an_end_that_the_provider_makes_counts_like_a_date(reason: DeadlineReason) -> None:
    for step, ends in ((-SECOND, True), (SECOND, False)):
        end = Deadline(DUE + step, reason, "a page, 2026-11")
        answer = replace(status(DUE), ends=(end,))
        assert effective_deadline(Token("t", "gitlab"), answer) == (end if ends else BY_PROVIDER)


@pytest.mark.parametrize(
    ("made", "expires", "expected"),
    [
        (None, None, None),
        (None, DUE, BY_PROVIDER),
        (MADE, None, Deadline(DUE, DeadlineReason.LIFETIME_CAP, CAP.source)),
        (MADE, DUE, BY_PROVIDER),
        (MADE, DUE + SECOND, Deadline(DUE, DeadlineReason.LIFETIME_CAP, CAP.source)),
        (MADE + SECOND, DUE, BY_PROVIDER),
        (MADE - SECOND, DUE, Deadline(DUE - SECOND, DeadlineReason.LIFETIME_CAP, CAP.source)),
        (datetime.max.replace(tzinfo=UTC), None, None),
    ],
)
def test_age_ends_a_token_where_its_provider_refuses_old_ones(
    made: datetime | None, expires: datetime | None, expected: Deadline | None
) -> None:
    token = Token("t", "gitlab", policy=Policy(lifetime_cap=CAP))
    assert effective_deadline(token, replace(status(expires), created_at=made)) == expected


def test_without_a_cap_age_ends_nothing() -> None:
    old = replace(status(None), created_at=DUE - timedelta(days=9999))
    assert effective_deadline(Token("t", "gitlab"), old) is None


@pytest.mark.parametrize(
    ("evidence", "reason", "source"),
    [
        (Evidence.PROVIDER, DeadlineReason.PROVIDER_EXPIRY, "gitlab's answer"),
        (Evidence.JOURNAL, DeadlineReason.PROVIDER_EXPIRY, GRANTED),
        (Evidence.DECLARED, DeadlineReason.DECLARED_DATE, IN_FILE),
    ],
)
def test_a_date_names_who_told_it(evidence: Evidence, reason: DeadlineReason, source: str) -> None:
    found = effective_deadline(Token("t", "gitlab", line=12), status(DUE, evidence))
    assert found == Deadline(DUE, reason, source)


moments = st.integers(-400, 400).map(lambda days: DUE + timedelta(days=days))
maybe = st.none() | moments


@given(maybe, maybe, maybe, st.none() | st.integers(1, 400), st.lists(moments), st.booleans())
def test_nothing_that_is_known_comes_earlier_and_all_name_their_source(
    expires: datetime | None,
    declared: datetime | None,
    made: datetime | None,
    cap: int | None,
    ends: list[datetime],
    everywhere: bool,
) -> None:
    longest = LifetimeCap(timedelta(days=cap), "somebody") if cap else None
    token = Token(
        "t", "azure-devops", declared_expiry=declared, policy=Policy(lifetime_cap=longest)
    )
    answer = replace(
        status(expires),
        created_at=made,
        sort=GLOBAL_PAT if everywhere else None,
        ends=tuple(Deadline(at, DeadlineReason.IDLE_REMOVAL, "a page") for at in ends),
    )
    found = effective_deadline(token, answer)
    known = [at for at in (expires, declared, *ends) if at]
    known += [row.ends_at for row in RETIREMENTS if everywhere]
    known += [made + longest.longest] if made and longest else []
    assert (found.at if found else None) == min(known, default=None)
    assert found is None or found.source


@pytest.mark.parametrize(
    ("before", "index"),
    [
        (timedelta(days=30) + SECOND, None),
        (timedelta(days=30), 0),
        (timedelta(days=14) + SECOND, 0),
        (timedelta(days=14), 1),
        (timedelta(days=7), 2),
        (timedelta(days=3) + SECOND, 2),
        (timedelta(days=3), 3),
        (timedelta(days=1), 4),
        (timedelta(0), 4),
        (-timedelta(days=1), 4),
    ],
)
def test_a_rung_is_crossed_at_its_very_second(before: timedelta, index: int | None) -> None:
    assert lowest_crossed(LADDER, DUE, DUE - before) == index


def test_no_ladder_is_never_crossed() -> None:
    assert lowest_crossed((), DUE, DUE) is None


@pytest.mark.parametrize(
    ("lifetime", "longest"),
    [
        (None, timedelta(days=30)),
        (timedelta(days=365), timedelta(days=30)),
        (timedelta(days=90), timedelta(days=30)),
        (timedelta(days=90) - 3 * SECOND, timedelta(days=30) - SECOND),
        (timedelta(days=8), timedelta(days=8) / 3),
        (timedelta(hours=3), timedelta(hours=1)),
        (timedelta(0), timedelta(days=30)),
        (timedelta(days=-1), timedelta(days=30)),
    ],
)
def test_the_first_warning_leaves_two_thirds_of_life_in_peace(
    lifetime: timedelta | None, longest: timedelta
) -> None:
    assert scale_ladder(LADDER, lifetime)[0] == longest


@given(rungs, lifetimes)
def test_scaling_keeps_order_and_number_and_never_lengthens(
    ladder: tuple[timedelta, ...], lifetime: timedelta
) -> None:
    scaled = scale_ladder(ladder, lifetime)
    assert len(scaled) == len(ladder)
    assert list(scaled) == sorted(scaled, reverse=True)
    assert all(new <= old for new, old in zip(scaled, ladder, strict=True))
    assert scaled[0] <= max(lifetime / 3, timedelta(microseconds=1))


@given(rungs, st.integers(-(10**6), 10**6))
def test_crossing_only_ever_goes_down_the_ladder(
    ladder: tuple[timedelta, ...], minutes: int
) -> None:
    now = DUE + timedelta(minutes=minutes)
    earlier, later = (lowest_crossed(ladder, DUE, at) for at in (now, now + timedelta(minutes=7)))
    assert earlier is None or (later is not None and later >= earlier)
