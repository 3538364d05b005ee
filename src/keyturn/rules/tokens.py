"""PURE: the rules about one declared token and the copies of it.

They ask nobody; what its provider said is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.deadline import lowest_crossed, scale_ladder
from keyturn.first_break import find_first_break
from keyturn.instants import format_instant
from keyturn.model import (
    Acceptance,
    Deadline,
    DeadlineReason,
    Finding,
    FirstBreak,
    Inspected,
    Inventory,
    Precision,
    Secret,
    Severity,
    State,
    TokenStatus,
    Use,
)
from keyturn.rules import SEVERITIES

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Two servers' clocks may differ by this much before "older" means anything."""


def copy_is_stale(secret: Secret, inspected: Inspected) -> bool:
    """Say whether a stored copy was last written before the token it should hold was made.

    A part that was declared to stay may be older.
    """
    token, status = inspected.token, inspected.status
    part = next((stored.part for stored in token.secrets if stored.ref == secret.ref), None)
    return bool(
        part not in token.rotate.fixed_parts
        and secret.updated_at
        and status.created_at
        and secret.updated_at + CLOCK_TOLERANCE < status.created_at
    )


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules about one declared token whose provider answered."""

    inspected: Inspected
    inventory: Inventory
    now: datetime
    until: datetime | None = None
    """What stops working before then is said, whatever the ladder says."""

    def findings(self) -> Iterator[Finding]:
        """Yield every finding; nothing where nobody knows the token's state."""
        status = self.inspected.status
        if status.state is State.UNKNOWN:
            return
        yield from self._missing_copies()
        dead = self._dead()
        if dead:
            yield dead
            return
        yield from self._expiring()
        yield from self._unlimited()
        yield from self._lifetime()
        yield from self._idle()
        yield from self._stale_copies()

    @property
    def _copies(self) -> list[Secret]:
        token = self.inspected.token
        return [secret for secret in self.inventory.secrets if secret.declared_by == token.id]

    @property
    def _judged_copies(self) -> list[Secret]:
        return [copy for copy in self._copies if not copy.ignored]

    @property
    def _uses(self) -> list[Use]:
        return [use for copy in self._copies for use in copy.uses]

    def _first_break(self, after: datetime) -> FirstBreak | None:
        return find_first_break(self._uses, after)

    def _make(
        self,
        rule: str,
        message: str,
        *,
        severity: Severity | None = None,
        due_at: datetime | None = None,
        step: timedelta | None = None,
        first_break: FirstBreak | None = None,
    ) -> Finding:
        places = {ref: None for copy in self._copies for ref in copy.references}
        return Finding(
            rule=rule,
            severity=severity or SEVERITIES[rule],
            subject=self.inspected.token.id,
            message=message,
            due_at=due_at,
            step=step,
            first_break=first_break,
            references=tuple(places),
        )

    def _dead(self) -> Finding | None:
        status, deadline = self.inspected.status, self.inspected.deadline
        if status.state is State.REVOKED:
            message = status.reason or f"{self.inspected.token.provider} says it was revoked"
            return self._make("revoked", message, first_break=self._first_break(self.now))
        if status.state is State.BLOCKED:
            message = status.reason or f"{self.inspected.token.provider} refuses it by policy"
            return self._make("blocked-by-policy", message, first_break=self._first_break(self.now))
        if deadline and deadline.at <= self.now:
            message = _describe(deadline, past=True)
            if status.state is State.ACTIVE and status.expires_at != deadline.at:
                message += f"; {self.inspected.token.provider} itself says it is alive"
                message += _remark(status)
            return self._make(
                "expired",
                message,
                due_at=deadline.at,
                first_break=self._first_break(deadline.at),
            )
        if status.state is State.EXPIRED:
            message = status.reason or f"{self.inspected.token.provider} says it has expired"
            return self._make("expired", message, first_break=self._first_break(self.now))
        return None

    def _expiring(self) -> Iterator[Finding]:
        deadline, status = self.inspected.deadline, self.inspected.status
        if not deadline:
            return
        lifetime = deadline.at - status.created_at if status.created_at else None
        ladder = scale_ladder(self.inspected.token.policy.warn, lifetime)
        crossed = lowest_crossed(ladder, deadline.at, self.now)
        if crossed is None and not (self.until and deadline.at < self.until):
            return
        urgent = crossed is not None and crossed >= len(ladder) - 2
        message = _describe(deadline, past=False)
        if status.precision is Precision.DAY and deadline.at == status.expires_at:
            last = (deadline.at - timedelta(days=1)).date().isoformat()
            message += f"; its last whole day is {last}"
        if deadline.at != status.expires_at:
            message += _remark(status)
        yield self._make(
            "expiring",
            message,
            severity=Severity.ERROR if urgent else Severity.WARNING,
            due_at=deadline.at,
            step=None if crossed is None else ladder[crossed],
            first_break=self._first_break(deadline.at),
        )

    def _unlimited(self) -> Iterator[Finding]:
        """Tokens with no date: never-expires, review-due, unknown-expiry, copy-too-old."""
        token, status, deadline = (
            self.inspected.token,
            self.inspected.status,
            self.inspected.deadline,
        )
        if status.expires_at or token.declared_expiry:
            return
        if deadline and deadline.reason is DeadlineReason.LIFETIME_CAP:
            return  # its age ends it
        accepted = token.policy.never_expires
        if accepted:
            yield from self._review(accepted, "that it never expires")
            return
        if status.precision is Precision.NEVER:
            message = "has no expiry date, and nobody has accepted that"
            yield self._make("never-expires", message + _remark(status))
            return
        if status.precision is Precision.UNKNOWN:
            message = f"{token.provider} cannot say when it expires"
            yield self._make("unknown-expiry", message + _remark(status))
        yield from self._old_copies()

    def _review(self, accepted: Acceptance, what: str) -> Iterator[Finding]:
        if accepted.review and accepted.review <= self.now:
            yield self._make(
                "review-due",
                f"{accepted.by} accepted {what}; "
                f"that was to be reviewed on {format_instant(accepted.review)}",
                due_at=accepted.review,
            )

    def _old_copies(self) -> Iterator[Finding]:
        max_age = self.inspected.token.policy.max_age
        old = [copy for copy in self._judged_copies if is_older(copy, max_age, self.now)]
        if old:
            yield self._make("copy-too-old", describe_old_copies(old, max_age))

    def _lifetime(self) -> Iterator[Finding]:
        status, limit = self.inspected.status, self.inspected.token.policy.max_lifetime
        if not status.expires_at or not status.created_at:
            return
        lifetime = status.expires_at - status.created_at
        accepted = self.inspected.token.policy.long_lived
        if lifetime > limit and accepted:
            yield from self._review(accepted, f"that it lives {format_span(lifetime)}")
        elif lifetime > limit:
            yield self._make(
                "lifetime-too-long",
                f"lives {format_span(lifetime)} in all; the policy allows {format_span(limit)}",
            )

    def _idle(self) -> Iterator[Finding]:
        status, limit = self.inspected.status, self.inspected.token.policy.max_idle
        since = status.created_at if status.never_used else status.last_used_at
        if since and self.now - since > limit:
            what = "was never used since it was made" if status.never_used else "was last used"
            yield self._make("idle", f"{what} on {format_instant(since)}; is it still needed?")

    def _stale_copies(self) -> Iterator[Finding]:
        status = self.inspected.status
        stale = [copy for copy in self._judged_copies if copy_is_stale(copy, self.inspected)]
        if not stale or not status.created_at:
            return
        labels = ", ".join(str(copy.ref) for copy in stale)
        yield self._make(
            "stale-copy",
            f"was made on {format_instant(status.created_at)}, after {labels} was last written: "
            "that copy cannot hold it",
            first_break=self._first_break(self.now),
        )

    def _missing_copies(self) -> Iterator[Finding]:
        absent = [copy for copy in self._judged_copies if copy.present is False]
        if absent:
            labels = ", ".join(str(copy.ref) for copy in absent)
            yield self._make(
                "missing-secret",
                f"is declared to be stored in {labels}, where there is no such secret",
                first_break=find_first_break(
                    [u for c in absent for u in c.uses], self.now, missing=True
                ),
            )


def format_span(span: timedelta) -> str:
    """Write a duration in its largest fitting unit, rounded down."""
    minutes = int(span.total_seconds()) // 60
    for size, noun in ((24 * 60, "days"), (60, "hours")):
        if minutes >= 2 * size or (minutes >= size and minutes % size == 0):
            return f"{minutes // size} {noun}"
    return f"{minutes} minutes"


_VERBS = {
    DeadlineReason.PROVIDER_EXPIRY: ("expires", "expired"),
    DeadlineReason.DECLARED_DATE: ("reaches its declared date", "reached its declared date"),
    DeadlineReason.RETIREMENT: ("is retired by its provider", "was retired by its provider"),
    DeadlineReason.IDLE_REMOVAL: ("is removed for disuse", "was removed for disuse"),
    DeadlineReason.LIFETIME_CAP: ("is refused for its age from", "is refused for its age since"),
}


def _describe(deadline: Deadline, *, past: bool) -> str:
    """Say what ends the token, when, and where that is known from."""
    by = f", by {deadline.source}" if deadline.source else ""
    return f"{_VERBS[deadline.reason][past]} {format_instant(deadline.at)}{by}"


def _remark(status: TokenStatus) -> str:
    return f"; {status.remark}" if status.remark else ""


def is_older(secret: Secret, limit: timedelta, now: datetime) -> bool:
    """Say whether a stored copy was last written longer ago than `limit`."""
    return secret.updated_at is not None and now - secret.updated_at > limit


def describe_old_copies(old: Sequence[Secret], limit: timedelta) -> str:
    """Say which copies were written when, and what the policy allows."""
    copies = ", ".join(
        f"{secret.ref} ({format_instant(secret.updated_at)})" for secret in old if secret.updated_at
    )
    return f"last written: {copies}; no expiry is known, and the policy allows {format_span(limit)}"
