"""The phase in which the old token ends.

It is retired by the id that was recorded before the mint, and only if the provider shows that very
token; its death is looked for before the operation is done.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from keyturn.errors import RotationError, TokenNotFound
from keyturn.model import State, TokenStatus
from keyturn.model.rotation import Phase
from keyturn.rotation.case import Case
from keyturn.rotation.consumers import was_held
from keyturn.rotation.drain import Verdict
from keyturn.rotation.known import Retirement
from keyturn.rotation.lost import end

_MARGIN = timedelta(minutes=15)
"""How much later than by its provider's own word a token is looked at, and must be dead."""
_LAST_USE = timedelta(days=1)
"""How coarse the coarsest provider tells a last use (SailPoint: once a day, reference 2026-11)."""


def end_old(case: Case) -> None:
    """End a leaked token at once, whatever holds it; its death is looked for later."""
    old_id = case.operation.old_id
    sent = case.operation.retiring.get(old_id) is Retirement.SENT
    if not sent and old_id != case.operation.new_id:
        _send(case, old_id, _find(case, old_id))


def retire(case: Case) -> str:
    """End the old token and see it die; return what is waited for, if it is not dead yet.

    Raises ProviderError, RotationError.
    """
    old_id, new_id = case.operation.old_id, case.operation.new_id
    if new_id is None or old_id == new_id:
        raise RotationError("the old token and the new one have the same id: neither is ended")
    # Also the proof that this credential still sees what it saw: only then "not found" means dead.
    if case.look_at(new_id).state is not State.ACTIVE:
        raise RotationError(
            "the new token does not work any more, so that the old one is not ended",
            hint="find out who ended it; store a working token by hand before the old one dies",
        )
    waits = [wait for id in _doomed(case) if (wait := _end(case, id))]
    if waits:
        return f"waits: {waits[0]}"
    case.enter(Phase.DONE)
    return _told(case)


def _doomed(case: Case) -> list[str]:
    """Return the tokens that are to end and whose death was not seen yet."""
    operation = case.operation
    return [
        token_id
        for token_id in (operation.old_id, *operation.abandoned)
        if token_id != operation.new_id and operation.retiring.get(token_id) is not Retirement.DEAD
    ]


def _end(case: Case, token_id: str) -> str:
    """End one token, once, and look whether it is dead; return what is waited for, if it is not."""
    status, state = _find(case, token_id), case.operation.retiring.get(token_id)
    if state is not Retirement.SENT and _send(case, token_id, status):
        status = _find(case, token_id)
    elif state is Retirement.DUE:  # a run was cut off after it had ended it
        case.ledger.retire(case.id, token_id, Retirement.SENT)
    ended_at, takes = case.operation.ended_at.get(token_id), case.revoking().death_takes
    look_at = ended_at and ended_at + takes + _MARGIN
    # Some providers list it as ended at once, and take it for a while all the same.
    if look_at and case.ledger.clock() < look_at and (takes or _lives(status)):
        return (
            "the old token was ended, and its death was not seen yet: it is looked for after"
            f" {look_at:%Y-%m-%d %H:%M} UTC"
        )
    if _lives(status):
        raise RotationError(
            f"the token {token_id} was ended, and its provider still shows it alive",
            hint="end it there by hand, then have this tried again",
        )
    case.ledger.retire(case.id, token_id, Retirement.DEAD)
    return ""


def _send(case: Case, token_id: str, status: TokenStatus | None) -> bool:
    """End a token that lives, written down before and after; say whether there was need to."""
    if status is None or status.state.is_over:
        return False
    if token_id == case.operation.old_id:
        _require_the_same(case, status)
    case.ledger.retire(case.id, token_id, Retirement.DUE)
    end(case, token_id)
    case.ledger.retire(case.id, token_id, Retirement.SENT)
    return True


def _lives(status: TokenStatus | None) -> bool:
    return status is not None and not status.state.is_over


def _told(case: Case) -> str:
    parts = ["the old token is retired"]
    if although := case.operation.facts.get("although"):
        parts.append(f"although: {although}")
    tail = case.revoking().outlives(case.token)
    if tail:
        parts.append(f"what outlives it: {tail}")
    return "; ".join(parts)


def weigh_use(case: Case, verdict: Verdict) -> Verdict:
    """Return the verdict, changed where somebody undeclared still uses the old token.

    Then it waits for the cap, and is retired there all the same.
    """
    if not verdict.now or verdict.forced:
        return verdict
    used = _undeclared_use(case)
    if not used:
        return verdict
    if case.now >= verdict.at_latest:
        told = f"the longest drain is over, although {used}"
        return replace(verdict, because=told, forced=True)
    told = f"{used}; it is retired on {verdict.at_latest:%Y-%m-%d %H:%M} UTC all the same"
    return replace(verdict, now=False, because=told)


def _undeclared_use(case: Case) -> str:
    """Return that the old token was used after the last run that could hold it had ended."""
    status = _find(case, case.operation.old_id)
    used = status.last_used_at if status else None
    if used is None or used <= max(case.stored_at.values()) + _LAST_USE:
        return ""
    if was_held(case, used - _LAST_USE):
        return ""
    return (
        f"the old token was used on {used:%Y-%m-%d %H:%M} UTC, after every secret held the new one"
        " and every run that could hold the old one had ended: somebody undeclared still uses it"
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
