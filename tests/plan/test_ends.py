"""What a rotation does about an end that no later date would move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model import Deadline, DeadlineReason, LifetimeCap, Policy, Skip, Strategy
from keyturn.plan.dates import new_lifetime
from tests.plan.test_plan import DAY, NOW, SECOND, candidate, enabled, extended, rotation, skipped

STAYS = [DeadlineReason.LIFETIME_CAP, DeadlineReason.IDLE_REMOVAL]
MOVES = [DeadlineReason.PROVIDER_EXPIRY, DeadlineReason.DECLARED_DATE]
CAPPED = Policy(lifetime_cap=LifetimeCap(90 * DAY))


@pytest.mark.parametrize("reason", STAYS)
def test_a_later_date_is_no_help_against_what_ends_the_value(reason: DeadlineReason) -> None:
    deadline = Deadline(NOW + 10 * DAY, reason)
    found = skipped(extended(expires=NOW + 20 * DAY, deadline=deadline), named={"deploy"})
    assert found.reason is Skip.BLOCKED
    assert "no later date changes that" in found.message
    assert "strategy: overlap" in found.hint


@pytest.mark.parametrize("reason", MOVES)
def test_it_helps_against_a_date(reason: DeadlineReason) -> None:
    deadline = Deadline(NOW + 10 * DAY, reason)
    found = rotation(extended(expires=NOW + 10 * DAY, deadline=deadline), named={"deploy"})
    assert found.strategy is Strategy.EXTEND


@pytest.mark.parametrize("reason", STAYS)
def test_a_second_one_does(reason: DeadlineReason) -> None:
    each = candidate(
        expires=NOW + 400 * DAY,
        deadline=Deadline(NOW + 10 * DAY, reason),
        rotate=enabled(before=30 * DAY),
    )
    found = rotation(each)
    assert found.strategy is Strategy.OVERLAP
    assert found.deadline == NOW + 10 * DAY


@pytest.mark.parametrize(
    ("left", "due"), [(30 * DAY, True), (30 * DAY + SECOND, False)], ids=["due", "not yet"]
)
def test_it_is_due_so_long_before_its_age_ends_it(left: timedelta, due: bool) -> None:
    each = candidate(
        expires=NOW + 400 * DAY,
        created=NOW + left - 90 * DAY,
        deadline=Deadline(NOW + left, DeadlineReason.LIFETIME_CAP),
        policy=CAPPED,
        rotate=enabled(before=30 * DAY),
    )
    if due:
        assert rotation(each).deadline == NOW + left
    else:
        assert skipped(each).reason is Skip.NOT_DUE


@pytest.mark.parametrize(
    ("policy", "asked", "lives"),
    [
        (Policy(), 200 * DAY, 200 * DAY),
        (CAPPED, 200 * DAY, 90 * DAY),
        (CAPPED, 90 * DAY, 90 * DAY),
        (CAPPED, 89 * DAY, 89 * DAY),
        (CAPPED, None, 90 * DAY),
        (Policy(), None, 366 * DAY),
    ],
)
def test_no_new_one_is_to_live_longer_than_it_may(
    policy: Policy, asked: timedelta | None, lives: timedelta
) -> None:
    each = candidate(expires=NOW + 400 * DAY, policy=policy)
    assert new_lifetime(each.inspected, enabled(lifetime=asked)) == lives
