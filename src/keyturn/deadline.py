"""PURE: when a token stops working, and which rung of the ladder has been passed by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from keyturn.model import Deadline, DeadlineReason, Evidence, Token, TokenStatus
from keyturn.retirements import find_retirements

GRANTED = "the journal of rotations, which holds what the provider granted"
"""The source of a date that was granted when the token was made or extended."""
_LARGEST_SHARE = 3
"""The first warning comes at the earliest when a third of the token's life is left."""


def effective_deadline(token: Token, status: TokenStatus) -> Deadline | None:
    """Return the earliest instant at which the token stops working, where one is known."""
    return min(_deadlines(token, status), key=lambda deadline: deadline.at, default=None)


def _deadlines(token: Token, status: TokenStatus) -> Iterator[Deadline]:
    """Yield everything that is known to end the token; of two at once the first counts."""
    declared = "the configuration" + (f", line {token.line}" if token.line else "")
    if status.expires_at and status.evidence is Evidence.DECLARED:
        yield Deadline(status.expires_at, DeadlineReason.DECLARED_DATE, declared)
    elif status.expires_at:
        journal = status.evidence is Evidence.JOURNAL
        source = GRANTED if journal else f"{token.provider}'s answer"
        yield Deadline(status.expires_at, DeadlineReason.PROVIDER_EXPIRY, source)
    yield from status.ends
    yield from find_retirements(token.provider, status)
    cap = token.policy.lifetime_cap
    refused_at = _end_of(status.created_at, cap.longest) if cap and status.created_at else None
    if cap and refused_at:
        yield Deadline(refused_at, DeadlineReason.LIFETIME_CAP, cap.source)
    if token.declared_expiry:
        yield Deadline(token.declared_expiry, DeadlineReason.DECLARED_DATE, declared)


def _end_of(start: datetime, length: timedelta) -> datetime | None:
    """Return when a time is over; None where the calendar ends before it."""
    try:
        return start + length
    except OverflowError:
        return None


def scale_ladder(warn: Sequence[timedelta], lifetime: timedelta | None) -> tuple[timedelta, ...]:
    """Return the ladder for a token of that lifetime: shrunk in proportion where life is short.

    A token that lives eight days would stand in the thirty-day warning from its first minute;
    so the longest rung is at most a third of the lifetime, and the others keep their ratio.
    """
    ladder = tuple(sorted(warn, reverse=True))
    if not ladder or lifetime is None or lifetime <= timedelta():
        return ladder
    longest = lifetime / _LARGEST_SHARE
    if ladder[0] <= longest:
        return ladder
    return tuple(rung * (longest / ladder[0]) for rung in ladder)


def lowest_crossed(ladder: Sequence[timedelta], deadline: datetime, now: datetime) -> int | None:
    """Return the index of the last rung that has been passed; None before the first.

    A rung is passed at its very second: the 7-day one at 168 hours before the deadline.
    """
    crossed = [index for index, rung in enumerate(ladder) if deadline - now <= rung]
    return crossed[-1] if crossed else None
