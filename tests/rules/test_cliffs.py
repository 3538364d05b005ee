"""Days on which many tokens die at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from keyturn.model import (
    Deadline,
    DeadlineReason,
    Finding,
    Freeze,
    Inspected,
    Severity,
    State,
    Token,
    TokenStatus,
)
from keyturn.rules.cliffs import find_cliffs

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)


def token(id: str, at: datetime | None, state: State = State.ACTIVE) -> Inspected:
    deadline = Deadline(at, DeadlineReason.PROVIDER_EXPIRY) if at else None
    return Inspected(Token(id, "acme"), TokenStatus(state, expires_at=at), deadline)


def cliffs(
    *tokens: Inspected, freezes: Sequence[Freeze] = (), now: datetime = NOW
) -> list[Finding]:
    return list(find_cliffs(tokens, freezes, repository="octo/app", now=now))


def three(at: datetime) -> list[Inspected]:
    return [token(id, at) for id in ("b", "a", "c")]


def suggested(finding: Finding) -> list[date]:
    told = re.findall(r"by (\d{4}-\d\d-\d\d)", finding.message)
    return [date.fromisoformat(day) for day in told]


def test_three_tokens_of_one_day_are_a_cliff_and_each_is_given_a_day() -> None:
    (found,) = cliffs(*three(MIDNIGHT))
    assert (found.rule, found.severity, found.subject) == (
        "expiry-cliff",
        Severity.INFO,
        "octo/app",
    )
    assert found.due_at == MIDNIGHT
    assert found.message == (
        "3 tokens stop working on 2027-03-01: a, b, c; to have them end on days of their own, renew"
        " a by 2027-02-22, b by 2027-02-24, c by 2027-02-26"
    )


@pytest.mark.parametrize(
    ("tokens", "cliff"),
    [
        (three(MIDNIGHT)[:2], False),
        # The day is UTC's, to the second.
        ([token("a", MIDNIGHT), token("b", MIDNIGHT), token("c", MIDNIGHT + DAY - SECOND)], True),
        ([token("a", MIDNIGHT), token("b", MIDNIGHT), token("c", MIDNIGHT + DAY)], False),
        ([token("a", MIDNIGHT), token("b", MIDNIGHT), token("c", MIDNIGHT - SECOND)], False),
        ([token("a", None), token("b", None), token("c", None)], False),
        ([*three(MIDNIGHT)[:2], token("d", MIDNIGHT, State.REVOKED)], False),
        ([*three(MIDNIGHT)[:2], token("d", MIDNIGHT, State.UNKNOWN)], False),
        ([*three(MIDNIGHT)[:2], token("d", MIDNIGHT, State.BLOCKED)], True),
    ],
)
def test_what_is_one_day(tokens: list[Inspected], cliff: bool) -> None:
    assert bool(cliffs(*tokens)) == cliff


def test_what_has_passed_is_no_cliff() -> None:
    assert not cliffs(*three(MIDNIGHT), now=MIDNIGHT)
    (found,) = cliffs(*three(MIDNIGHT), now=MIDNIGHT - SECOND)
    assert "to have them" not in found.message  # no time is left to spread anything


def test_no_day_is_suggested_where_the_provider_gives_up_the_kind() -> None:
    retired = Deadline(MIDNIGHT, DeadlineReason.RETIREMENT)
    (found,) = cliffs(*three(MIDNIGHT)[:2], replace(token("c", MIDNIGHT), deadline=retired))
    assert found.message == "3 tokens stop working on 2027-03-01: a, b, c"


def test_suggested_days_are_working_days_outside_of_freezes() -> None:
    freeze = Freeze(MIDNIGHT - 6 * DAY, MIDNIGHT)
    (found,) = cliffs(*three(MIDNIGHT), freezes=[freeze])
    days = suggested(found)
    assert len(set(days)) == 3
    assert all(day.weekday() < 5 and day < freeze.from_.date() for day in days)


def test_days_are_named_only_where_there_is_one_for_each() -> None:
    many = [token(f"t{number:02}", MIDNIGHT) for number in range(30)]
    (found,) = cliffs(*many)
    assert "and 10 more" in found.message
    assert len(suggested(found)) == 20
    (late,) = cliffs(*many, now=MIDNIGHT - 20 * DAY)
    assert not suggested(late)


def test_every_cliff_is_told_the_next_one_first() -> None:
    later = [token(f"l{number}", MIDNIGHT + 30 * DAY) for number in range(3)]
    found = cliffs(*later, *three(MIDNIGHT))
    assert [finding.due_at for finding in found] == [MIDNIGHT, MIDNIGHT + 30 * DAY]
