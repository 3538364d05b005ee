"""PURE: how one due token is rotated and where its value goes, or why it must not be.

What is declared is taken as it is; it never chooses something less safe than what is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from keyturn.instants import format_instant
from keyturn.model import (
    Capability,
    DeadlineReason,
    Destination,
    Freeze,
    Inspected,
    Inventory,
    Precision,
    Rotate,
    Secret,
    SecretRef,
    Skip,
    Skipped,
    State,
    Strategy,
    Token,
)
from keyturn.plan.dates import (
    RUNS_APART,
    Course,
    find_contradictions,
    find_end,
    new_expiry,
    new_lifetime,
    next_lead,
    shift,
    span,
)

_NEEDS = {
    Strategy.EXTEND: Capability.EXTEND,
    Strategy.OVERLAP: Capability.MINT,
    Strategy.IN_PLACE: Capability.REPLACE,
}
_CANNOT = {
    Capability.EXTEND: "its provider moves no dates",
    Capability.MINT: "its provider makes no second token beside it",
    Capability.REPLACE: "its provider swaps no values in place",
}
_STAYS = {
    DeadlineReason.LIFETIME_CAP: "its age",
    DeadlineReason.IDLE_REMOVAL: "disuse",
}
"""What ends a token whatever its own date is, and a new one later."""
_MANAGER = "name a manager's credential as `credential:`"
_BY_HAND = "make the new one by hand, and store it in every secret that holds the old one"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One declared token, and what its provider can do about it with this run's credential."""

    inspected: Inspected
    rotate: Rotate = field(default_factory=Rotate)
    capabilities: frozenset[Capability] = frozenset()
    why_not: Mapping[Capability, str] = field(default_factory=dict)
    """Why a capability is missing with this declaration or this credential, for a person."""
    key: str | None = None
    """What tells the token from every other one of its provider."""
    parts: frozenset[str] = frozenset()
    """What else changes with a new token, besides the secret value."""
    secret_part: str = ""
    """The name under which the secret value is a part too."""
    differs: tuple[str, ...] = ()
    """What is not the same about a token that is made anew, for a person."""
    asks_itself: bool = False
    """The credential holds the token's own value, whatever its variables are called."""
    is_spent: bool = False
    """The credential was presented to be replaced before."""
    under_way: str | None = None
    """How far a rotation of it has come that is not over, for a person."""
    objections: tuple[tuple[str, str], ...] = ()
    """What the journal has against a rotation, each with what can be done about it."""
    remembered: tuple[str, ...] = ()
    """What else the journal tells, for a person."""

    @property
    def token(self) -> Token:
        """The declaration."""
        return self.inspected.token

    def part_of(self, part: str | None) -> str:
        """Return a declared part as it is kept: empty for the secret value itself."""
        return "" if part in (None, self.secret_part) else part or ""

    @property
    def has_manager(self) -> bool:
        """Whether something else than the token's own value asks about it."""
        names = self.token.credential_env
        return bool(names) and names != self.token.value_env and not self.asks_itself

    @property
    def is_dead(self) -> bool:
        """Whether it expired, and would have to be made again."""
        return self.inspected.status.state is State.EXPIRED

    def skip(
        self, reason: Skip, message: str, *, hint: str = "", until: datetime | None = None
    ) -> Skipped:
        """Return that it is not rotated now, and why."""
        return Skipped(self.token.id, reason, message, hint, until)


@dataclass(frozen=True, slots=True)
class Choice:
    """How a token is rotated, and why so."""

    strategy: Strategy
    why: str


def choose_strategy(candidate: Candidate) -> Choice | Skipped:
    """Return what is written, else the safest that can be done; or why nothing can."""
    rotate, can = candidate.rotate, candidate.capabilities
    if not can:
        reasons = [why for _, why in sorted(candidate.why_not.items())]
        why = "; ".join(dict.fromkeys(reasons)) or "its provider lets nobody make one by its API"
        return candidate.skip(
            Skip.MANUAL, f"a person has to make the new one: {why}", hint=_BY_HAND
        )
    if candidate.is_dead:
        return _choose_rescue(candidate)
    if rotate.strategy:
        need = _NEEDS[rotate.strategy]
        if need not in can:
            why = candidate.why_not.get(need, _CANNOT[need])
            others = ", ".join(f"`{s}`" for s, needed in _NEEDS.items() if needed in can)
            return candidate.skip(
                Skip.BLOCKED, f"`strategy: {rotate.strategy}`: {why}", hint=f"possible is {others}"
            )
        choice = Choice(rotate.strategy, "it is written in the configuration")
    elif Capability.MINT in can:
        choice = Choice(Strategy.OVERLAP, "two of these tokens can live side by side")
    elif Capability.REPLACE in can:
        why = candidate.why_not.get(Capability.MINT, _CANNOT[Capability.MINT])
        choice = Choice(Strategy.IN_PLACE, why)
    else:
        return candidate.skip(
            Skip.BLOCKED,
            "all that can be done is to move its date, which keeps the value: that is done only"
            " where it is written",
            hint="write `strategy: extend` in `rotate:`",
        )
    if choice.strategy is Strategy.IN_PLACE and candidate.is_spent:
        return candidate.skip(
            Skip.BLOCKED,
            "the value that would ask for a swap was presented for one before, and is never"
            " presented again",
            hint=f"give this run the value that is stored now; or {_BY_HAND}",
        )
    if choice.strategy is Strategy.IN_PLACE and not (candidate.has_manager or rotate.accept_loss):
        return candidate.skip(
            Skip.BLOCKED,
            "a swap in place loses the value for good where the answer is lost: nothing else than"
            " the token itself could replace it again",
            hint=f"{_MANAGER}, or write `accept-loss: {{ because: … }}` in `rotate:`",
        )
    return choice


def _choose_rescue(candidate: Candidate) -> Choice | Skipped:
    if Capability.MINT in candidate.capabilities and candidate.has_manager:
        return Choice(Strategy.OVERLAP, "it is dead, and is made again with a manager's credential")
    why = (
        "nothing else than its own dead value could make it again"
        if Capability.MINT in candidate.capabilities
        else candidate.why_not.get(Capability.MINT, _CANNOT[Capability.MINT])
    )
    hint = f"{_BY_HAND}; or {_MANAGER}" if not candidate.has_manager else _BY_HAND
    return candidate.skip(Skip.MANUAL, f"it has expired: {why}", hint=hint)


def find_course(
    candidate: Candidate,
    strategy: Strategy,
    freezes: Sequence[Freeze],
    *,
    repository: str,
    now: datetime,
    leaked: bool = False,
) -> Course:
    """Return the dates of a rotation that begins now; where it leaked, the old one dies first."""
    inspected, rotate = candidate.inspected, candidate.rotate
    lifetime = new_lifetime(inspected, rotate)
    return Course(
        strategy,
        rescue=candidate.is_dead,
        now=now,
        old_ends=find_end(inspected),
        expires_at=new_expiry(inspected, lifetime, freezes, repository=repository, now=now),
        overlap=rotate.overlap or timedelta(),
        cap=rotate.cap,
        lead=next_lead(rotate, lifetime),
        copies=0 if strategy is Strategy.EXTEND else len(candidate.token.secrets),
        new_ends=inspected.status.precision is not Precision.NOT_APPLICABLE,
        leaked=leaked,
    )


def find_destinations(candidate: Candidate, inventory: Inventory) -> tuple[Destination, ...]:
    """Return every secret that is to hold the new token, in order."""
    dates = {secret.ref: secret.updated_at for secret in inventory.secrets}
    return tuple(
        Destination(stored.ref, candidate.part_of(stored.part), dates.get(stored.ref))
        for stored in sorted(candidate.token.secrets, key=lambda stored: stored.ref)
    )


def _held(candidate: Candidate) -> set[str]:
    return {candidate.part_of(stored.part) for stored in candidate.token.secrets}


def find_problems(
    candidate: Candidate,
    course: Course,
    inventory: Inventory,
    *,
    allowed: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """Say everything that forbids this rotation, each with what can be done about it."""
    if candidate.inspected.status.token_id is None:
        yield "its provider does not tell its id with this credential", _MANAGER
    yield from candidate.objections
    yield from find_contradictions(candidate.rotate)
    if course.strategy is Strategy.EXTEND:
        if course.leaked:
            yield (
                "an extension keeps the value that leaked",
                f"kill it with `keyturn revoke {candidate.token.id}`, or write another `strategy:`",
            )
        yield from _extend_problems(candidate, course, inventory)
        return
    if (
        candidate.inspected.status.precision is Precision.DAY
        and course.expires_at.date() <= course.now.date()
    ):
        yield (
            "a new one would be dead at once: its provider lets tokens end at 00:00 UTC of a day",
            "write a longer `lifetime:` in `rotate:`",
        )
    yield from _part_problems(candidate)
    present = {secret.ref: secret for secret in inventory.secrets}
    owner = inventory.repository.partition("/")[0]
    for stored in candidate.token.secrets:
        yield from _destination_problems(stored.ref, present.get(stored.ref))
        if not _is_allowed(stored.ref, owner, allowed):
            yield (
                f"{stored.ref} belongs to another owner",
                "name its repository in `rotation.allow-destinations`",
            )


def _extend_problems(
    candidate: Candidate, course: Course, inventory: Inventory
) -> Iterator[tuple[str, str]]:
    status, policy = candidate.inspected.status, candidate.token.policy
    deadline = candidate.inspected.deadline
    if deadline and deadline.reason in _STAYS:
        yield (
            f"{_STAYS[deadline.reason]} ends it {format_instant(deadline.at)}, and no later date"
            " changes that",
            "write `strategy: overlap` or `in-place`, or have it made anew by hand",
        )
    if status.expires_at is None:
        yield "it has no date that could be moved", "write another `strategy:`"
    elif course.expires_at <= status.expires_at:
        yield (
            f"its date would not move: it ends {format_instant(status.expires_at)}, and would then"
            f" end {format_instant(course.expires_at)}",
            "write a longer `lifetime:` in `rotate:`",
        )
    copies = {stored.ref for stored in candidate.token.secrets}
    written = [s.updated_at for s in inventory.secrets if s.ref in copies and s.updated_at]
    made = status.created_at or min(written, default=None)
    if made and shift(made, policy.max_age) <= course.now:
        yield (
            f"its value is older than `max-age: {span(policy.max_age)}`, and an extension keeps it",
            "write `strategy: overlap` or `in-place`, or have it made anew by hand",
        )


def _part_problems(candidate: Candidate) -> Iterator[tuple[str, str]]:
    held = _held(candidate)
    if "" not in held:
        yield (
            "no secret is declared to hold its value, and a new one would be stored nowhere",
            "name every place that holds it in `secrets:`",
        )
    for part in sorted(candidate.parts - held - candidate.rotate.fixed_parts.keys()):
        yield (
            f"no secret holds its {part}, which changes with it",
            f"declare where it is stored with `part: {part}`, or say in `fixed-parts:` why it may"
            " stay",
        )


def _destination_problems(ref: SecretRef, secret: Secret | None) -> Iterator[tuple[str, str]]:
    present = secret.present if secret else None
    if present is None:
        yield (
            f"{ref} cannot be seen with this credential",
            f"give the GitHub App the right `{ref.scope.right}: write` there",
        )
    elif not present:
        yield (
            f"{ref} is not there",
            "create it with the value that is in use now, or take it out of `secrets:`",
        )


def _is_allowed(ref: SecretRef, owner: str, allowed: tuple[str, ...]) -> bool:
    scope = ref.scope
    if scope.owner.lower() == owner.lower():
        return True
    # An organization's own secret can be read by all of its repositories.
    name = f"{scope.owner}/{scope.repository or '*'}".lower()
    globs = [glob.lower() for glob in allowed]
    return any(fnmatchcase(name, glob) if scope.repository else name == glob for glob in globs)


def find_risks(candidate: Candidate, course: Course) -> Iterator[str]:
    """Say what may fail, and what is different afterwards."""
    if course.strategy is Strategy.EXTEND:
        yield "the provider may grant less than is asked for, or leave the date as it is"
        return
    if course.ends_first:
        yield (
            "everything that uses the old value fails from its end until every secret holds the new"
            " one, runs that were queued or started before included"
        )
    if course.strategy is Strategy.OVERLAP:
        yield "the provider may have no room for a second token: that is tried before all else"
        if course.rescue:
            yield (
                "it becomes another token: what its provider ties to the dead one's id or user does"
                " not come with it"
            )
        yield from candidate.differs
    else:
        yield "runs that were queued or started before still hold the old value, and fail with it"
        if not candidate.has_manager:
            yield (
                "if the run is cut off between the provider's answer and the sealed record, the"
                f" value is lost for good; accepted because {candidate.rotate.accept_loss}"
            )
    places = candidate.inspected.status.places
    if places:
        yield f"copies outside GitHub have to be told of the new value: {', '.join(places)}"


def find_notes(candidate: Candidate, course: Course) -> Iterator[str]:
    """Say what else a person should know before agreeing."""
    status, rotate, policy = candidate.inspected.status, candidate.rotate, candidate.token.policy
    yield from candidate.remembered
    if rotate.lifetime and rotate.lifetime > policy.max_lifetime and not policy.long_lived:
        yield (
            f"`lifetime: {span(rotate.lifetime)}` is longer than"
            f" `max-lifetime: {span(policy.max_lifetime)}`, and will be a finding"
        )
    if status.precision is Precision.DAY:
        yield "its provider lets tokens end at 00:00 UTC: it may live up to a day less"
    if course.strategy is Strategy.EXTEND and not rotate.lifetime:
        # When it was extended last, no provider tells.
        yield (
            "without `lifetime:` it is extended by as long as it was to live altogether, which"
            f" grows each time, up to `max-lifetime: {span(policy.max_lifetime)}`"
        )
    if course.strategy is not Strategy.EXTEND:
        for part in sorted(candidate.parts - _held(candidate)):
            yield f"{part} changes and is stored nowhere; it may stay: {rotate.fixed_parts[part]}"
    if course.leaked and not course.ends_first:
        what = "it is dead already" if course.rescue else "the swap itself ends the leaked value"
        yield f"`--leaked` changes nothing: {what}"
    if course.strategy is not Strategy.OVERLAP or course.rescue or course.ends_first:
        return
    if not status.never_used and status.last_used_at is None:
        yield "its provider does not tell its last use: a later successful run is the proof of it"
    needed = course.overlap + RUNS_APART
    if course.old_ends and course.now < course.old_ends < shift(course.now, needed):
        yield (
            f"the old one ends by itself {format_instant(course.old_ends)}, before the overlap of"
            f" {span(course.overlap)} and one more run are over"
        )
