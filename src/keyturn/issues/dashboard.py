"""PURE: what the one list of all declared tokens says, in an order that no day changes.

It writes no text: `report/dashboard` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from keyturn.first_break import find_first_break
from keyturn.model import (
    Consumer,
    DeadlineReason,
    FirstBreak,
    Inspected,
    Severity,
    Survey,
    Use,
)

_DUE = ("expiring", "expired")
"""What was revoked or is blocked, no rotation replaces."""
_OWN_ACTION = re.compile(r"(?:[^/]+/)+keyturn(?:/composite)?")
_ROTATE = re.compile(r"\bkeyturn\s+rotate\b((?:[^\n;&|#\\]|\\.)*)", re.DOTALL)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One declared token."""

    inspected: Inspected
    at: datetime | None
    """When it ends, where that moment stands still."""
    first: FirstBreak | None
    """The job that fails first then."""
    rule: str
    """What is wrong with it at worst; empty where nothing is."""
    rotate_now: bool
    """It is due, and a run of `keyturn rotate` may replace it."""

    @property
    def is_dead(self) -> bool:
        """It does not work any more."""
        return self.inspected.status.state.is_over


@dataclass(frozen=True, slots=True)
class Board:
    """The whole list."""

    rows: tuple[Row, ...]
    """By the moment they end; those without one are last."""
    workflow: str | None
    """The file of the workflow that people start to have tokens replaced."""


def make_board(survey: Survey) -> Board:
    """Gather what a dashboard says of a survey."""
    rows = [_make_row(inspected, survey) for inspected in survey.tokens]
    rows.sort(key=lambda row: (row.at or _LATEST, row.inspected.token.id))
    return Board(tuple(rows), _find_workflow(survey))


def _make_row(inspected: Inspected, survey: Survey) -> Row:
    token, deadline = inspected.token, inspected.deadline
    wrong = [
        finding
        for finding in survey.findings
        if finding.subject == token.id and finding.severity is not Severity.INFO
    ]
    is_due = any(finding.rule in _DUE for finding in wrong)
    # The end of what nobody uses moves with every use; it stands still once it is due.
    moves = deadline is not None and deadline.reason is DeadlineReason.IDLE_REMOVAL
    at = deadline.at if deadline and (is_due or not moves) else None
    uses = [
        use
        for secret in survey.inventory.secrets
        if secret.declared_by == token.id
        for use in secret.uses
    ]
    return Row(
        inspected,
        at,
        first=find_first_break(uses, at) if at else None,
        rule=wrong[0].rule if wrong else "",
        rotate_now=is_due and token.rotate.enabled and token.id not in survey.by_hand,
    )


def _find_workflow(survey: Survey) -> str | None:
    """Return the workflow that people can start, and that carries rotations out."""
    paths = [use.path for use in survey.inventory.uses.uses if _can_be_started(use)]
    return min(paths, default=None)


def _can_be_started(use: Use) -> bool:
    by_hand = any(trigger.event == "workflow_dispatch" for trigger in use.triggers)
    return by_hand and any(carries_out(consumer) for consumer in use.consumers)


def carries_out(consumer: Consumer) -> bool:
    """Say whether a step runs `keyturn rotate --apply`, by the action or as a command."""
    if not consumer.uses:
        commands = (words.split() for words in _ROTATE.findall(consumer.script))
        return any(_applies(words) for words in commands)
    given = consumer.inputs
    return (
        _OWN_ACTION.fullmatch(consumer.action) is not None
        and given.get("command") == "rotate"
        and given.get("dry-run", "false") == "false"
        and _applies(given.get("args", "").split())
    )


def _applies(words: Sequence[str]) -> bool:
    return "--apply" in words and "--dry-run" not in words
