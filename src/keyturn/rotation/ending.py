"""The phases in which the old token ends: draining and retiring.

It is retired by the id that was recorded before the mint, and only if the provider shows that very
token; its death is looked for before the operation is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from keyturn.errors import RotationError, TokenNotFound
from keyturn.model import State, TokenStatus
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
        overlap=timedelta(seconds=case.operation.facts["overlap"]),
        cap=timedelta(seconds=case.operation.facts["cap"]),
        old_expiry=case.old.expires_at,
        now=case.now,
    )
    return verdict, holders


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
    if old_id == new_id:
        raise RotationError("the old token and the new one have the same id: neither is ended")
    for token_id in (old_id, *case.operation.abandoned):
        if case.operation.retiring.get(token_id) is Retirement.DEAD:
            continue
        status = _find(case, token_id)
        if status is not None and status.state not in _DEAD:
            if token_id == old_id:
                _require_the_same(case, status)
                _require_unused(case, status, verdict)
            case.ledger.retire(case.id, token_id, Retirement.DUE)
            end(case, token_id)
            case.ledger.retire(case.id, token_id, Retirement.SENT)
            status = _find(case, token_id)
        if status is not None and status.state not in _DEAD:
            takes = case.revoking().death_takes
            if not takes:
                raise RotationError(
                    "the old token was ended, and the provider still shows it alive"
                )
            continue
        case.ledger.retire(case.id, token_id, Retirement.DEAD)
    case.enter(Phase.DONE)
    tail = case.revoking().outlives(case.token)
    return "the old token is retired" + (f"; what outlives it: {tail}" if tail else "")


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


def _require_unused(case: Case, status: TokenStatus, verdict: Verdict) -> None:
    """Raise RotationError where somebody undeclared still uses the old token."""
    last = max(case.stored_at.values()) + _LAST_USE
    if not verdict.forced and status.last_used_at and status.last_used_at > last:
        raise RotationError(
            f"the old token was used on {status.last_used_at:%Y-%m-%d %H:%M} UTC, after every "
            "secret held the new one: somebody undeclared still uses it",
            hint="find out who does, and declare where it is stored",
        )
