"""The journal's lock as a value: whose it is, and how another run can tell that its owner is gone.

It takes and frees nothing: `ledger` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a workflow run."""

    repository: str
    run_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Lock:
    """Who may act; a number that is higher than the last says which of two is the later."""

    owner: str
    until: datetime
    fence: int
    attempt: Attempt | None = None
    """The owner's; None where it is no workflow run."""


class Attempts(Protocol):
    """Knows the workflow runs."""

    def has_ended(self, attempt: Attempt) -> bool:
        """Say whether it is over for certain. Raises PlatformError."""
        ...

    def address(self, attempt: Attempt) -> str:
        """Return where a person looks at it."""
        ...
