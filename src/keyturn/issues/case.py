"""PURE: what an issue says about one token, and whether its copies are proven to hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyturn.issues.state import Old
from keyturn.model import Advice, Finding, Inspected, Secret
from keyturn.rules.tokens import copy_is_stale


@dataclass(frozen=True, slots=True)
class Case:
    """Everything an issue says about one token."""

    inspected: Inspected
    findings: tuple[Finding, ...]
    """Warning and above, worst first."""
    copies: tuple[Secret, ...]
    """Every secret that is declared to hold the token."""
    unproven: tuple[tuple[Secret, str], ...] = ()
    """Copies that keep the issue open although no finding is left, and why."""
    mentions: tuple[str, ...] = ()
    """Owners who cannot be assigned."""
    renewed: bool = False
    """It is another token, or has another deadline, than the issue was opened about."""
    by_hand: bool = False
    """Only a person replaces it."""
    advice: Advice | None = None
    """How the workflows could do without it."""
    old: Old | None = None
    """The token that is to be replaced, or was."""
    doubts: tuple[tuple[str, str], ...] = ()
    """What is wrong with its successor, or with what was stored in its place: a word, and a
    clause for a person."""

    @property
    def token(self) -> str:
        """The token's id."""
        return self.inspected.token.id


def find_unproven(
    case: Case, opened: datetime | None, *, about_copies: bool
) -> tuple[tuple[Secret, str], ...]:
    """Return the copies of a healthy token that may still hold an old one, and why.

    `opened` is when the issue about a token that was renewed since was opened: where the provider
    does not say when the new one was made, a copy must have been written after that. A copy that
    was itself presented proves the token; it proves nothing about another copy.
    """
    copies = [copy for copy in case.copies if not copy.ignored]
    if case.inspected.status.holds_copy:
        # Which of several was presented is not known; one that was not cannot always be seen.
        seen = [copy for copy in copies if copy.present is not None] if len(copies) > 1 else []
        copies = [copy for copy in copies if copy.present is None] if about_copies else []
        copies += seen
    reasons = [(copy, _doubt(copy, case, opened)) for copy in copies]
    return tuple((copy, doubt) for copy, doubt in reasons if doubt)


def _doubt(copy: Secret, case: Case, opened: datetime | None) -> str:
    if copy.present is None:
        return "cannot be seen with this credential"
    if not copy.present:
        return "is not there"
    made = case.inspected.status.created_at
    if (made or opened) and copy.updated_at is None:
        return "has no date"
    if copy_is_stale(copy, case.inspected):
        return "was written before the token was made"
    if not made and opened and copy.updated_at and copy.updated_at < opened:
        return "was not written since this issue was opened"
    return ""
