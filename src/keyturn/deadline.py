"""PURE: when a token stops working, and which rung of the ladder has been passed by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from keyturn.model import Deadline, DeadlineReason, Evidence, Token, TokenStatus

_LARGEST_SHARE = 3
"""The first warning comes at the earliest when a third of the token's life is left."""


def effective_deadline(token: Token, status: TokenStatus) -> Deadline | None:
    """Return the earliest instant at which the token stops working, where one is known."""
    known = []
    if status.expires_at:
        declared = status.evidence is Evidence.DECLARED
        reason = DeadlineReason.DECLARED_DATE if declared else DeadlineReason.PROVIDER_EXPIRY
        known.append(Deadline(status.expires_at, reason))
    known += status.ends
    if token.declared_expiry:
        known.append(Deadline(token.declared_expiry, DeadlineReason.DECLARED_DATE))
    return min(known, key=lambda deadline: deadline.at, default=None)


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
