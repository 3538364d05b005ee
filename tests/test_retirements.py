from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn import providers
from keyturn.deadline import effective_deadline
from keyturn.model import DeadlineReason, Precision, State, Token, TokenStatus
from keyturn.retirements import RETIREMENTS, Retirement, find_retirements

SECOND = timedelta(seconds=1)


def of_the_sort(row: Retirement) -> TokenStatus:
    return TokenStatus(State.ACTIVE, Precision.NEVER, sort=row.sort)


@pytest.mark.parametrize("row", RETIREMENTS, ids=lambda row: f"{row.provider} {row.sort}")
def test_every_announcement_says_who_made_it_and_when_that_was_read(row: Retirement) -> None:
    assert row.provider in providers.names()
    assert row.ends_at.utcoffset() == timedelta(0)
    assert re.search(r", 20\d\d-\d\d$", row.source)


@pytest.mark.parametrize("row", RETIREMENTS, ids=lambda row: f"{row.provider} {row.sort}")
def test_an_announcement_concerns_its_own_sort_alone(row: Retirement) -> None:
    (found,) = find_retirements(row.provider, of_the_sort(row))
    assert (found.at, found.reason) == (row.ends_at, DeadlineReason.RETIREMENT)
    assert found.source == row.source
    assert list(find_retirements("declared", of_the_sort(row))) == []
    assert list(find_retirements(row.provider, TokenStatus(State.ACTIVE))) == []
    assert list(find_retirements(row.provider, TokenStatus(State.ACTIVE, sort="other"))) == []


@pytest.mark.parametrize("row", RETIREMENTS, ids=lambda row: f"{row.provider} {row.sort}")
@pytest.mark.parametrize(
    ("own", "reason"),
    [(SECOND, DeadlineReason.RETIREMENT), (-SECOND, DeadlineReason.PROVIDER_EXPIRY)],
)
def test_the_earlier_of_its_own_date_and_the_announced_one_counts(
    row: Retirement, own: timedelta, reason: DeadlineReason
) -> None:
    status = replace(of_the_sort(row), precision=Precision.INSTANT, expires_at=row.ends_at + own)
    found = effective_deadline(Token("t", row.provider), status)
    assert found
    assert found.reason is reason
    assert found.at == min(row.ends_at, row.ends_at + own)
