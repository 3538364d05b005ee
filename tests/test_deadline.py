from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.deadline import effective_deadline, lowest_crossed, scale_ladder
from keyturn.model import (
    Deadline,
    DeadlineReason,
    Evidence,
    Precision,
    State,
    Token,
    TokenStatus,
)

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


@pytest.mark.parametrize(
    ("declared", "provider", "expected"),
    [
        (None, None, None),
        (None, DUE, Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY)),
        (DUE, None, Deadline(DUE, DeadlineReason.DECLARED_DATE)),
        (DUE - SECOND, DUE, Deadline(DUE - SECOND, DeadlineReason.DECLARED_DATE)),
        (DUE, DUE, Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY)),
        (DUE + SECOND, DUE, Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY)),
    ],
)
def test_the_earliest_known_date_counts(
    declared: datetime | None, provider: datetime | None, expected: Deadline | None
) -> None:
    token = Token("t", "gitlab", declared_expiry=declared)
    assert effective_deadline(token, status(provider)) == expected


def test_an_end_that_the_provider_announced_counts_like_a_date() -> None:
    for step, expected in ((-SECOND, DeadlineReason.RETIREMENT), (SECOND, None)):
        end = Deadline(DUE + step, DeadlineReason.RETIREMENT)
        found = effective_deadline(Token("t", "azure"), replace(status(DUE), ends=(end,)))
        assert found
        assert found.reason is (expected or DeadlineReason.PROVIDER_EXPIRY)


def test_a_date_that_only_the_declaration_knows_is_called_declared() -> None:
    found = effective_deadline(Token("t", "declared"), status(DUE, Evidence.DECLARED))
    assert found == Deadline(DUE, DeadlineReason.DECLARED_DATE)


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
