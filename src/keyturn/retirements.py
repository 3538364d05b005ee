"""PURE: what providers have announced to stop working, sort by sort, with the day and who says so.

It knows announcements only: what a single token's own date is, its provider tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from keyturn.model import Deadline, DeadlineReason, TokenStatus


@dataclass(frozen=True, slots=True)
class Retirement:
    """One announcement."""

    provider: str
    sort: str
    """What the provider's answers call it (TokenStatus.sort)."""
    ends_at: datetime
    source: str
    """Who announced it, where that was read, and when."""

    def concerns(self, provider: str, status: TokenStatus) -> bool:
        """Say whether a token is of the sort that ends."""
        return (self.provider, self.sort) == (provider, status.sort)


GLOBAL_PAT = "global PAT"
"""An Azure DevOps token that is good for every organization of its owner."""

RETIREMENTS = (
    # None can be made or regenerated since 2026-03-15; those that exist end whatever their own
    # date says.
    Retirement(
        "azure-devops",
        GLOBAL_PAT,
        datetime(2026, 12, 1, tzinfo=UTC),
        "the Azure DevOps Blog, as tech.hub.ms and docs.mend.io quote it, 2026-11",
    ),
)
"""A row stays when its day has passed: a token that still answers then lives on borrowed time."""


def find_retirements(provider: str, status: TokenStatus) -> Iterator[Deadline]:
    """Yield when a token ends because all of its sort do."""
    for row in RETIREMENTS:
        if row.concerns(provider, status):
            yield Deadline(row.ends_at, DeadlineReason.RETIREMENT, row.source)
