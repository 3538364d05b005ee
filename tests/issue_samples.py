"""Surveys of one declared token `deploy`, for the tests of the issues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from keyturn.model import (
    Deadline,
    DeadlineReason,
    Finding,
    FirstBreak,
    Inspected,
    Inventory,
    Precision,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    StoredPart,
    Survey,
    Token,
    TokenStatus,
)

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
DUE = datetime(2026, 12, 1, tzinfo=UTC)
MADE = NOW - timedelta(days=300)
REF = SecretRef(Scope("octo", "app"), "GITLAB_TOKEN")
COPY = Secret(REF, updated_at=MADE, declared_by="deploy")
STATUS = TokenStatus(
    State.ACTIVE, Precision.DAY, expires_at=DUE, created_at=MADE, token_id="7", owner="bot"
)
DAYS = timedelta(days=1)


def expiring(*, days: float = 30, due: datetime = DUE, message: str = "expires soon") -> Finding:
    first = FirstBreak(".github/workflows/r.yml", "publish", due + 2 * DAYS, "schedule")
    step, severity = days * DAYS, Severity.WARNING if days > 3 else Severity.ERROR
    return Finding("expiring", severity, "deploy", message, due, step, first)


def dead(rule: str = "expired", *, due: datetime | None = DUE) -> Finding:
    return Finding(rule, Severity.ERROR, "deploy", "it is dead", due)


IDLE = Finding("idle", Severity.WARNING, "deploy", "was last used long ago")
STALE = Finding("stale-copy", Severity.WARNING, "deploy", "that copy cannot hold it")


def survey(
    *findings: Finding,
    status: TokenStatus = STATUS,
    copies: Sequence[Secret] = (COPY,),
    owners: Sequence[str] = (),
    declared: bool = True,
    now: datetime = NOW,
) -> Survey:
    token = Token("deploy", "gitlab", secrets=(StoredPart(REF),), owners=tuple(owners))
    deadline = None
    if status.expires_at:
        deadline = Deadline(status.expires_at, DeadlineReason.PROVIDER_EXPIRY)
    return Survey(
        "octo/app",
        now,
        Inventory("octo/app", secrets=tuple(copies)),
        tokens=(Inspected(token, status, deadline),) if declared else (),
        findings=findings,
    )
