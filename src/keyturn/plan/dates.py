"""PURE: when a token is due, how long the next one lives, and what is alive when.

It refuses nothing; `plan_choice` does, also for what is said here to contradict itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keyturn.instants import format_instant
from keyturn.model import (
    DeadlineReason,
    Freeze,
    Inspected,
    Moment,
    Precision,
    Rotate,
    Strategy,
    TokenStatus,
)
from keyturn.plain import count
from keyturn.plan.windows import is_good_end

_DEFAULT_SHARE = 0.33
# Far from the end of Python's calendar: what never ends has been given the year 9999.
_LONGEST = timedelta(days=36_525)
_SECOND = timedelta(seconds=1)
_MOST_SPREAD = timedelta(days=7)

RUNS_APART = timedelta(days=1)
"""How far apart runs are taken to be: what is not done in one waits so long for the next."""


@dataclass(frozen=True, slots=True)
class Due:
    """From when on a token is due, and why; `at` is None where nothing tells."""

    at: datetime | None
    why: str
    note: str = ""


def find_end(inspected: Inspected) -> datetime | None:
    """Return when the token itself stops working; None where nothing tells.

    What a new token would not change does not count: that its provider gives up this kind of
    token, and a declared date that has passed before this one was made.
    """
    status, deadline = inspected.status, inspected.deadline
    known = [status.expires_at]
    if deadline and deadline.reason is not DeadlineReason.RETIREMENT:
        known.insert(0, deadline.at)
    made = status.created_at
    return next((end for end in known if end and (made is None or made < end)), None)


def find_due(inspected: Inspected, rotate: Rotate) -> Due:
    """Return when a token is to be replaced: so long before its end that nothing is in a hurry."""
    created, end = inspected.status.created_at, find_end(inspected)
    if end:
        life = end - created if created else rotate.lifetime
        what = "ends"
    elif created:
        life = new_lifetime(inspected, rotate)
        end, what = shift(created, life), f"{span(life)} after it was made is"
    else:
        return Due(None, "nothing tells when it ends, or when it was made")
    if life and rotate.strategy is Strategy.EXTEND:
        # The life of one value grows with every extension; what an extension adds does not.
        life = min(life, new_lifetime(inspected, rotate))
    lead, how, note = _lead(inspected, rotate, life)
    return Due(shift(end, -lead), f"{what} {format_instant(end)}, and is due {how} before", note)


def _lead(
    inspected: Inspected, rotate: Rotate, life: timedelta | None
) -> tuple[timedelta, str, str]:
    """Return how long before the end, in words, and what was not taken as written."""
    before = rotate.before
    if isinstance(before, float):
        if life is not None:
            return life * before, f"{before:.0%} of its {span(life)}", ""
        first = max(inspected.token.policy.warn)
        return (
            first,
            span(first),
            "nothing tells when it was made: it is due with the first warning",
        )
    if life is None or before < life:
        return before, span(before), ""
    # It would be due from its first minute on, and so would be every one that follows it.
    note = f"`before: {span(before)}` is no shorter than its life; {_DEFAULT_SHARE:.0%} is taken"
    return life * _DEFAULT_SHARE, f"{_DEFAULT_SHARE:.0%} of its {span(life)}", note


def next_lead(rotate: Rotate, lifetime: timedelta) -> timedelta:
    """Return how long before its end a token of that lifetime is due."""
    before = rotate.before
    if isinstance(before, float):
        return lifetime * before
    return before if before < lifetime else lifetime * _DEFAULT_SHARE


def new_lifetime(inspected: Inspected, rotate: Rotate) -> timedelta:
    """Return how long the next token is to live: as written, else as long as this one may."""
    policy = inspected.token.policy
    most = min(policy.lifetime_cap.longest, _LONGEST) if policy.lifetime_cap else _LONGEST
    if rotate.lifetime:
        return min(rotate.lifetime, most)
    real = _real_lifetime(inspected.status) or policy.max_lifetime
    longest = most if policy.long_lived else policy.max_lifetime
    return timedelta(seconds=int(min(real, longest, most).total_seconds()))


def _real_lifetime(status: TokenStatus) -> timedelta | None:
    if status.expires_at is None or status.created_at is None:
        return None
    lifetime = status.expires_at - status.created_at
    return lifetime if lifetime >= _SECOND else None


def find_spread(lifetime: timedelta) -> timedelta:
    """Return how much earlier than its lifetime says a new token may end."""
    return min(lifetime // 10, _MOST_SPREAD)


def new_expiry(
    inspected: Inspected,
    lifetime: timedelta,
    freezes: Sequence[Freeze],
    *,
    repository: str,
    now: datetime,
) -> datetime:
    """Return the instant to ask for, in whole seconds: the whole life, or up to a tenth less.

    Tokens that are made on one day would all end on one day. So each ends up to a week earlier, by
    its name alone, and on no weekend and in no freeze where there is any other day.
    """
    latest = shift(now, lifetime).replace(microsecond=0)
    by_day = inspected.status.precision is Precision.DAY
    days = find_spread(lifetime).days
    choices = [shift(latest, -timedelta(days=back)) for back in range(days + 1)]
    good = [at for at in choices if is_good_end(at, freezes, by_day=by_day)]
    if days == 0 or not good:
        return latest
    digest = hashlib.sha256(f"{repository}/{inspected.token.id}".lower().encode()).digest()
    return good[int.from_bytes(digest) % len(good)]


def find_contradictions(rotate: Rotate) -> Iterator[tuple[str, str]]:
    """Say what is written and can never be; what the world adds to it is only told."""
    overlap = rotate.overlap
    if overlap and overlap > rotate.cap:
        yield (
            f"`overlap: {span(overlap)}` is longer than `cap: {span(rotate.cap)}`",
            "the old one is kept at most for `cap:`; write a longer one, or a shorter overlap",
        )
    if rotate.lifetime:
        before = rotate.before
        lead = rotate.lifetime * before if isinstance(before, float) else before
        if lead + (overlap or timedelta()) >= rotate.lifetime:
            yield (
                "`before` and `overlap` together are no shorter than"
                f" `lifetime: {span(rotate.lifetime)}`: the next rotation would be due before this"
                " one is over",
                "write a longer `lifetime:`, or a shorter `before:` or `overlap:`",
            )


@dataclass(frozen=True, slots=True)
class Course:
    """The dates of one rotation that begins now."""

    strategy: Strategy
    rescue: bool
    now: datetime
    old_ends: datetime | None
    expires_at: datetime
    overlap: timedelta
    cap: timedelta
    lead: timedelta
    copies: int
    new_ends: bool = True
    """Its provider ends a token by itself."""
    leaked: bool = False

    @property
    def ends_first(self) -> bool:
        """Whether the old one is ended before any secret holds the new one."""
        return self.leaked and self.strategy is Strategy.OVERLAP and not self.rescue

    def moments(self) -> tuple[Moment, ...]:
        """Return what is alive when, in order."""
        stored = f"stored in {count(self.copies, 'secret')}"
        if self.strategy is Strategy.EXTEND:
            moments = [Moment(self.now, "the date is moved; the value stays as it is")]
            moments += self._old_end("it would have ended")
        elif self.rescue:
            text = f"the old one is dead; a new one is made, proven and {stored}"
            moments = [Moment(self.now, text)]
        elif self.strategy is Strategy.IN_PLACE:
            text = f"the old value dies; the new one is proven and {stored}"
            moments = [Moment(self.now, f"{text}, and until then nothing works")]
        elif self.ends_first:
            text = "a second one is made and sealed; the old one is ended; the new one is proven"
            moments = [Moment(self.now, f"{text} and {stored}, and until then nothing works")]
        else:
            text = f"the old one lives; a second one is made, proven and {stored}"
            moments = [Moment(self.now, text), *self._retirement()]
        ends = "it ends" if self.strategy is Strategy.EXTEND else "the new one ends"
        moments.append(Moment(shift(self.expires_at, -self.lead), "the next rotation is due"))
        if self.new_ends:
            text = f"{ends}, if the provider grants all that is asked for"
            moments.append(Moment(self.expires_at, text))
        return tuple(sorted(moments, key=lambda moment: moment.at))

    def _retirement(self) -> Sequence[Moment]:
        earliest, latest = shift(self.now, self.overlap), shift(self.now, self.cap)
        soonest = Moment(
            earliest,
            "the old one is retired from now on, as soon as no unfinished run can hold it and the"
            " new one was seen in use",
        )
        if self.old_ends and self.now < self.old_ends <= latest:
            by_itself = self._old_end("the old one ends by itself, if it still lives")
            return [soonest, *by_itself] if earliest < self.old_ends else by_itself
        return [soonest, Moment(latest, "the old one is retired in any case, if it still lives")]

    def _old_end(self, text: str) -> list[Moment]:
        return [Moment(self.old_ends, text)] if self.old_ends and self.old_ends > self.now else []


def shift(at: datetime, by: timedelta) -> datetime:
    """Return an instant so much later or earlier, at most at the calendar's ends."""
    try:
        return at + by
    except OverflowError:
        if by > timedelta():
            return datetime.max.replace(tzinfo=UTC)
        return datetime.min.replace(tzinfo=UTC)


def span(length: timedelta) -> str:
    """Write a duration for a person, rounded down: `30 days`, `36 hours`, `5 minutes`."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return count(minutes, "minute")
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{length.days} days"
