"""PURE: what was inspected + what is declared + a moment -> which tokens are rotated now, and how.

A plan changes nothing. It is carried out by `rotation/executor`, which relies on what stands in it
and stops where the world is otherwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from keyturn.instants import format_instant
from keyturn.model import (
    Bounds,
    Destination,
    Inventory,
    Plan,
    Predecessor,
    Rotation,
    Skip,
    Skipped,
    State,
    Strategy,
)
from keyturn.plan.choice import (
    Candidate,
    choose_strategy,
    find_course,
    find_destinations,
    find_notes,
    find_problems,
    find_risks,
)
from keyturn.plan.dates import Due, find_due, new_lifetime, span
from keyturn.plan.windows import find_opening, is_frozen

_WRITES_A_MINUTE, _WRITES_AN_HOUR = 80, 500
# GitHub docs, "Rate limits for the REST API", 2026-11.
_WRITES_OF_ONE = 16
"""Those of one rotation that write no secret, but the journal, its head, the sealed record."""
_LONG = timedelta(minutes=50)
"""A GitHub App's token lives an hour, and rotations are not all that a run does."""
_Item = TypeVar("_Item")
_KILL = "`keyturn revoke` kills what leaked now; then look at the rotation with `keyturn recover`"


def build_plan(
    candidates: Sequence[Candidate],
    *,
    bounds: Bounds,
    inventory: Inventory,
    now: datetime,
    cycles: Mapping[str, int] | None = None,
    named: Collection[str] | None = None,
    at_once: bool = False,
    leaked: bool = False,
    journal_read: bool = True,
) -> Plan:
    """Return what is to be rotated now: every candidate is planned, or skipped with a reason.

    `cycles` counts the finished rotations of each token. `named`: only these tokens, and whether
    they are due or not; `at_once` lets them pass over windows and freezes too; `leaked`: what is
    replaced dies before its successor is stored.
    """
    planner = _Planner(
        candidates,
        bounds,
        inventory,
        now,
        cycles or {},
        named,
        at_once,
        leaked,
        namesakes=Counter((c.token.provider, c.key) for c in candidates if c.key),
        opening=find_opening(bounds.windows, bounds.freezes, now=now),
    )
    plan = planner.plan()
    return replace(plan, notes=tuple(_plan_notes(plan, journal_read)), journal_read=journal_read)


@dataclass(frozen=True, slots=True)
class _Planner:
    """The facts of one plan."""

    candidates: Sequence[Candidate]
    bounds: Bounds
    inventory: Inventory
    now: datetime
    cycles: Mapping[str, int]
    named: Collection[str] | None
    at_once: bool
    leaked: bool
    namesakes: Mapping[tuple[str, str], int]
    """How many declarations mean the token of a provider's key."""
    opening: datetime | None
    """The first instant from now on at which rotations may start."""

    def plan(self) -> Plan:
        judged = {each.token.id: self._judge(each) for each in self.candidates}
        found = sorted((r for r in judged.values() if isinstance(r, Rotation)), key=_urgency)
        for rotation in found[self.bounds.max_rotations :]:
            judged[rotation.token] = Skipped(
                rotation.token,
                Skip.LATER,
                f"{self.bounds.max_rotations} more urgent ones are rotated first",
                hint="the next run goes on; `rotation.max-rotations` says how many a run does",
            )
        return Plan(
            self.inventory.repository,
            self.now,
            self._in_order(found[: self.bounds.max_rotations]),
            tuple(each for each in judged.values() if isinstance(each, Skipped)),
        )

    def _judge(self, candidate: Candidate) -> Rotation | Skipped:
        refused = self._not_meant(candidate) or _not_alive(candidate)
        if refused:
            return refused
        due = find_due(candidate.inspected, candidate.rotate)
        if self.named is not None:
            due = Due(self.now, "it was named")
        elif candidate.is_dead:
            due = Due(self.now, "it has expired")
        if due.at is None:
            return candidate.skip(
                Skip.NOT_DUE, due.why, hint="name it to have it rotated: its dates are known then"
            )
        if self.now < due.at:
            return candidate.skip(Skip.NOT_DUE, due.why, until=due.at)
        choice = choose_strategy(candidate)
        if isinstance(choice, Skipped):
            return choice
        found = self._rotation(candidate, choice.strategy, choice.why, due)
        return self._in_time(candidate, found) if isinstance(found, Rotation) else found

    def _not_meant(self, candidate: Candidate) -> Skipped | None:
        token = candidate.token.id
        if self.named is not None and token not in self.named:
            return candidate.skip(Skip.NOT_NAMED, "others were named")
        if candidate.under_way:
            hint = _KILL if self.leaked else ""
            return candidate.skip(Skip.UNFINISHED, candidate.under_way, hint=hint)
        if candidate.rotate.enabled:
            return None
        message = "`rotate:` does not say `enabled: true`"
        if self.named is None:
            return candidate.skip(Skip.NOT_ENABLED, message)
        return candidate.skip(
            Skip.BLOCKED, message, hint="write `rotate: { enabled: true }` where it may be replaced"
        )

    def _rotation(
        self, candidate: Candidate, strategy: Strategy, why: str, due: Due
    ) -> Rotation | Skipped:
        course = find_course(
            candidate,
            strategy,
            self.bounds.freezes,
            repository=self.inventory.repository,
            now=self.now,
            leaked=self.leaked,
        )
        allowed = self.bounds.allow_destinations
        problems = [*find_problems(candidate, course, self.inventory, allowed=allowed)]
        if candidate.key and self.namesakes[candidate.token.provider, candidate.key] > 1:
            hint = "declare it once, with every secret that holds it"
            problems.append(("another declaration means the same token", hint))
        if problems:
            messages, hints = (dict.fromkeys(texts) for texts in zip(*problems, strict=True))
            return candidate.skip(Skip.BLOCKED, "; ".join(messages), hint="; ".join(hints))
        status = candidate.inspected.status
        assert status.token_id is not None
        keeps_value = strategy is Strategy.EXTEND
        return Rotation(
            token=candidate.token.id,
            provider=candidate.token.provider,
            strategy=strategy,
            why_so=why,
            why_now=due.why,
            deadline=course.old_ends,
            old=Predecessor(
                status.token_id,
                candidate.key,
                created_at=status.created_at,
                expires_at=status.expires_at,
                owner=status.owner,
                scopes=status.scopes,
            ),
            cycle=self.cycles.get(candidate.token.id, 0),
            lifetime=new_lifetime(candidate.inspected, candidate.rotate),
            expires_at=course.expires_at,
            overlap=course.overlap,
            cap=course.cap,
            rescue=course.rescue,
            leaked=course.leaked,
            destinations=() if keeps_value else find_destinations(candidate, self.inventory),
            places=() if keeps_value else status.places,
            risks=tuple(find_risks(candidate, course)),
            notes=(*([due.note] if due.note else []), *find_notes(candidate, course)),
            timeline=course.moments(),
        )

    def _in_time(self, candidate: Candidate, rotation: Rotation) -> Rotation | Skipped:
        """Return the rotation where it may start now, or must."""
        opening = self.opening
        if opening == self.now:
            return rotation
        frozen = is_frozen(self.bounds.freezes, self.now)
        what = "a freeze holds" if frozen else "no window is open"
        if self.at_once:
            return _with_note(rotation, f"{what}; it was asked for all the same")
        ends = rotation.deadline
        if ends is None or (opening is not None and opening < ends):
            reason = Skip.FROZEN if frozen else Skip.OUTSIDE_WINDOW
            return candidate.skip(reason, f"it is due, and {what}", until=opening)
        then = f"the next opening is {format_instant(opening)}" if opening else "none will open"
        return _with_note(rotation, f"{what} and {then}, too late for it: late is better than dead")

    def _in_order(self, rotations: Sequence[Rotation]) -> tuple[Rotation, ...]:
        """Put last what others are asked about with, and what dies at once when it is swapped."""
        tokens = {candidate.token.id: candidate.token for candidate in self.candidates}

        def is_key(rotation: Rotation) -> bool:
            own = set(tokens[rotation.token].value_env.values())
            return rotation.strategy is Strategy.IN_PLACE and any(
                own & set(tokens[other.token].credential_env.values())
                for other in rotations
                if other.token != rotation.token
            )

        return tuple(sorted(rotations, key=is_key))


def _not_alive(candidate: Candidate) -> Skipped | None:
    """Say why a token that does not work is no case for a rotation; None for an expired one."""
    status = candidate.inspected.status
    why = status.reason or "its provider does not say why"
    if status.state is State.UNKNOWN:
        return candidate.skip(Skip.NOT_ASKED, f"nothing is known about it: {why}")
    if status.state is State.REVOKED:
        return candidate.skip(
            Skip.MANUAL,
            f"it was revoked, which somebody may have had a reason for: {why}",
            hint="make a new one by hand, and store it in every secret that held the old one",
        )
    if status.state is State.BLOCKED:
        return candidate.skip(
            Skip.MANUAL,
            f"it is blocked, and a new one would be too: {why}",
            hint="have the block lifted at its provider first",
        )
    return None


def _plan_notes(plan: Plan, journal_read: bool) -> Iterator[str]:
    if plan.rotations and not journal_read:
        yield (
            "it was made without the journal (`journal:`, KEYTURN_RECOVERY_KEY): what is under way"
            " is not known, and it cannot be carried out as a saved plan"
        )
    needed = find_duration(plan)
    if needed > _LONG:
        yield (
            f"GitHub's limits for writes make it last {span(needed)} at least, and the token of a"
            " GitHub App lives one hour: a run that ends before is gone on with by the next;"
            " `rotation.max-rotations` makes runs shorter"
        )


def find_duration(plan: Plan) -> timedelta:
    """Return how long a plan takes at the least, because of GitHub's limits for writes."""
    writes = 0
    for rotation in plan.rotations:
        # A canary is written and deleted in each collection; ten secrets share two entries.
        scopes = len({destination.ref.scope for destination in rotation.destinations})
        copies = len(rotation.destinations)
        writes += _WRITES_OF_ONE + 2 * scopes + copies + 2 * math.ceil(copies / 10)
    # What a limit lets through at once waits for nothing.
    hours, rest = divmod(max(writes - 1, 0), _WRITES_AN_HOUR)
    return timedelta(hours=hours, minutes=rest // _WRITES_A_MINUTE)


def _urgency(rotation: Rotation) -> tuple[float, str]:
    return rotation.deadline.timestamp() if rotation.deadline else math.inf, rotation.token


def _with_note(rotation: Rotation, note: str) -> Rotation:
    return replace(rotation, notes=(note, *rotation.notes))


def find_unsafe(plan: Plan, bounds: Bounds) -> tuple[str, ...]:
    """Say what no plan may hold, wherever it comes from; nothing of such a plan is carried out."""
    return tuple(_unsafe(plan, bounds))


def _unsafe(plan: Plan, bounds: Bounds) -> Iterator[str]:
    if len(plan.rotations) > bounds.max_rotations:
        yield f"{len(plan.rotations)} rotations, and {bounds.max_rotations} are allowed"
    tokens = [r.token for r in plan.rotations] + [skipped.token for skipped in plan.skipped]
    for token in _twice(tokens):
        yield f"{token}: stands there twice"
    keys = [(r.provider, r.old.key) for r in plan.rotations if r.old.key]
    for provider, _ in _twice(keys):
        yield f"{provider}: one token is to be rotated twice"
    for ref in _twice([d.ref for r in plan.rotations for d in r.destinations]):
        yield f"{ref}: is to be written by two rotations"
    for rotation in plan.rotations:
        if rotation.expires_at <= plan.now:
            yield f"{rotation.token}: the new one would be dead at once"
        if rotation.strategy is not Strategy.EXTEND and not rotation.destinations:
            yield f"{rotation.token}: the new one would be stored nowhere"


def _twice(items: Sequence[_Item]) -> list[_Item]:
    return [item for item, number in Counter(items).items() if number > 1]


def compare(saved: Plan, fresh: Plan, *, passing_over: Collection[str] = ()) -> list[str]:
    """Say what moved since a plan was saved, so that it must not be carried out any more.

    `fresh` is what `build_plan` says now of the tokens that the saved plan names; nothing is said
    of those that are passed over.
    """
    if saved.repository.lower() != fresh.repository.lower():
        return [
            f"the saved plan is about {saved.repository}, and this run about {fresh.repository}"
        ]
    if not saved.journal_read:
        return ["the saved plan was made without the journal, whose key that run was not given"]
    before, after = ({r.token: r for r in plan.rotations} for plan in (saved, fresh))
    skipped = {skipped.token: skipped.message for skipped in fresh.skipped}
    moved = []
    for token in dict.fromkeys([*before, *after]):
        if token in passing_over:
            continue
        if token not in after:
            why = skipped.get(token, "it is not declared any more")
            moved.append(f"{token}: is not to be rotated any more: {why}")
        elif token not in before:
            moved.append(f"{token}: is to be rotated, and the saved plan does not hold it")
        else:
            moved += [f"{token}: {what}" for what in _differences(before[token], after[token])]
    return moved


_COMPARED = (
    "provider",
    "strategy",
    "rescue",
    "leaked",
    "cycle",
    "lifetime",
    "overlap",
    "cap",
    "places",
)
_COMPARED_OF_OLD = ("token_id", "key", "created_at", "expires_at", "owner", "scopes")


def _differences(old: Rotation, new: Rotation) -> Iterator[str]:
    for name in _COMPARED:
        if getattr(old, name) != getattr(new, name):
            yield f"its {name} is another one"
    for name in _COMPARED_OF_OLD:
        if getattr(old.old, name) != getattr(new.old, name):
            yield f"the {name.replace('_', ' ')} of the token is another one"
    before, after = (
        {destination.ref: destination for destination in rotation.destinations}
        for rotation in (old, new)
    )
    for ref in sorted(before.keys() | after.keys()):
        if ref not in after:
            yield f"{ref} is no longer among its secrets"
        elif ref not in before:
            yield f"{ref} is new among its secrets"
        else:
            yield from _moved(before[ref], after[ref])


def _moved(before: Destination, after: Destination) -> Iterator[str]:
    if before.part != after.part:
        yield f"{before.ref} is to hold another part"
    if before.updated_at != after.updated_at:
        at = format_instant(after.updated_at) if after.updated_at else "at an unknown time"
        yield f"{before.ref} was written by somebody else, {at}"
