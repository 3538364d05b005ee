"""The phases in which the old token ends: draining and retiring.

It is retired by the id that was recorded before the mint, and only if the provider shows that very
token; its death is looked for before the operation is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from keyturn.errors import RotationError, TokenNotFound
from keyturn.model import Level, State, TokenStatus
from keyturn.model.rotation import Phase
from keyturn.rotation.case import Case
from keyturn.rotation.drain import Consumer, Holder, Verdict, find_holders, first_proof, may_retire
from keyturn.rotation.known import Retirement
from keyturn.rotation.making import end

_DEAD = (State.EXPIRED, State.REVOKED)
_LAST_USE = timedelta(days=1)
"""How coarse the coarsest provider tells a last use (SailPoint: once a day, reference 2026-11)."""


def judge(case: Case) -> tuple[Verdict, tuple[Holder, ...]]:
    """Return whether the old token may be retired, and the runs that can still hold it."""
    stored = case.stored_at
    consumers = list(_consumers(case))
    holders = find_holders(consumers, stored)
    told = [case.outside.runs.with_jobs(h.run) for h in holders if h.jobs_would_tell]
    if told:
        known = {run.id: run for run in told}
        consumers = [
            Consumer(c.repository, c.uses, c.complete, tuple(known.get(r.id, r) for r in c.runs))
            for c in consumers
        ]
        holders = find_holders(consumers, stored)
    since = min(stored.values())
    successful = [
        run
        for consumer in consumers
        if consumer.uses
        for run in case.outside.runs.list_successful(
            consumer.repository, {use.path for use in consumer.uses}, since=since
        )
    ]
    verdict = may_retire(
        stored=stored,
        holders=holders,
        proof=first_proof(consumers, stored, successful) or _used_since(case, max(stored.values())),
        overlap=_overlap(case),
        cap=timedelta(seconds=case.operation.facts["cap"]),
        old_expiry=case.old.expires_at,
        now=case.now,
    )
    return verdict, holders


def _overlap(case: Case) -> timedelta:
    """Return how long the old token is kept at least.

    An organization's secret is read by repositories whose runs are not listed here: the old token
    is then kept for as long as any run can live.
    """
    if any(ref.level is Level.ORGANIZATION for ref in case.stored_at):
        return timedelta(seconds=case.operation.facts["cap"])
    return timedelta(seconds=case.operation.facts["overlap"])


def _consumers(case: Case) -> Iterator[Consumer]:
    """Yield every repository whose runs may read a destination."""
    refs = set(case.stored_at)
    checked = case.outside.inventory.repository
    uses = tuple(
        use
        for secret in case.outside.inventory.secrets
        if secret.ref in refs
        for use in secret.uses
    )
    complete = case.outside.inventory.uses.complete
    runs = tuple(case.outside.runs.list_unfinished(checked))
    yield Consumer(checked, uses, complete, runs)
    others = {
        f"{ref.scope.owner}/{ref.scope.repository}"
        for ref in refs
        if ref.scope.repository and not ref.scope.is_of(checked)
    }
    for repository in sorted(others):
        # What its workflows read is not known here: any of its runs may hold the value.
        yield Consumer(repository, (), False, tuple(case.outside.runs.list_unfinished(repository)))


def _used_since(case: Case, stored: datetime) -> datetime | None:
    """Return when the new token was last used by somebody else than keyturn, if it was."""
    new_id, access = case.operation.new_id, case.access()
    if new_id is None or access is None or access.own or case.token.value_env:
        return None
    with suppress(TokenNotFound):
        used = case.look_at(new_id).last_used_at
        # Keyturn itself presented it before it was stored anywhere.
        return used if used and used > stored else None
    return None


def retire(case: Case, verdict: Verdict) -> str:
    """End the old token and see it die. Raises ProviderError, RotationError."""
    old_id, new_id = case.operation.old_id, case.operation.new_id
    if new_id is None or old_id == new_id:
        raise RotationError("the old token and the new one have the same id: neither is ended")
    # Also the proof that this credential still sees what it saw: only then "not found" means dead.
    if case.look_at(new_id).state is not State.ACTIVE:
        raise RotationError(
            "the new token does not work any more, so that the old one is not ended",
            hint="find out who ended it; store a working token by hand before the old one dies",
        )
    unseen = False
    for token_id in (old_id, *case.operation.abandoned):
        if token_id == new_id or case.operation.retiring.get(token_id) is Retirement.DEAD:
            continue
        status = _find(case, token_id)
        if status is not None and status.state not in _DEAD:
            if token_id == old_id:
                _require_the_same(case, status)
            case.ledger.retire(case.id, token_id, Retirement.DUE)
            end(case, token_id)
            case.ledger.retire(case.id, token_id, Retirement.SENT)
            status = _find(case, token_id)
        if status is not None and status.state not in _DEAD:
            if not case.revoking().death_takes:
                raise RotationError("it was ended, and the provider still shows it alive")
            unseen = True
            continue
        case.ledger.retire(case.id, token_id, Retirement.DEAD)
    case.enter(Phase.DONE)
    return _told(case, verdict, unseen=unseen)


def _told(case: Case, verdict: Verdict, *, unseen: bool) -> str:
    parts = ["the old token is retired"]
    if verdict.forced:
        parts.append(f"although: {verdict.because}")
    if unseen:
        parts.append("its death was not seen yet")
    tail = case.revoking().outlives(case.token)
    if tail:
        parts.append(f"what outlives it: {tail}")
    return "; ".join(parts)


def still_used(case: Case, verdict: Verdict) -> str:
    """Return that somebody undeclared still uses the old token, which waits for the cap then."""
    if verdict.forced:
        return ""
    status = _find(case, case.operation.old_id)
    used = status.last_used_at if status else None
    bound = max(case.stored_at.values()) + _overlap(case) + _LAST_USE
    if used is None or used <= bound:
        return ""
    return (
        f"the old token was used on {used:%Y-%m-%d %H:%M} UTC, long after every secret held the"
        " new one: somebody undeclared still uses it; it is retired at the cap all the same"
    )


def _find(case: Case, token_id: str) -> TokenStatus | None:
    with suppress(TokenNotFound):
        return case.look_at(token_id)
    return None


def _require_the_same(case: Case, status: TokenStatus) -> None:
    """Raise RotationError unless the provider shows the token that the plan was about."""
    old = case.old
    if old.created_at and status.created_at != old.created_at:
        raise RotationError("the provider shows another token under the old one's id")
    if old.owner and status.owner != old.owner:
        raise RotationError("the old token belongs to somebody else by now")
