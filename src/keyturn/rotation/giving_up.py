"""The end of a rotation that a person gives up: what can be taken away safely is taken away.

No secret is written, and no token is ended that a secret may hold.
"""

from __future__ import annotations

from keyturn.errors import RotationError, TokenNotFound
from keyturn.model import State
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation import lost, making, preflight
from keyturn.rotation.case import Case


def give_up(case: Case) -> str:
    """Close an operation that has stopped; return what is left for a person to do.

    Raises RotationError where that would lose a value, ProviderError, PlatformError.
    """
    _require_nothing_lost(case)
    operation = case.operation
    ended: list[str] = []
    if operation.strategy is Strategy.OVERLAP and lost.is_untouched(case):
        ended = [id for id in (operation.new_id, *operation.abandoned) if id]
        for token_id in ended:
            lost.end(case, token_id)
    making.forget_sealed(case)
    preflight.remove_canaries(case)
    told = _told(case, ended)
    case.enter(Phase.ABANDONED, because=told)
    return told


def _require_nothing_lost(case: Case) -> None:
    """Raise RotationError where the sealed record may be the only place of a living value."""
    operation = case.operation
    if operation.strategy is not Strategy.IN_PLACE or operation.is_stored:
        return
    sealed = making.find_sealed(case)
    if sealed is None:
        return
    try:
        lives = case.look_at(sealed.new_id).state is State.ACTIVE
    except TokenNotFound:
        lives = False
    if lives:
        raise RotationError(
            "the new value lives, and not every secret holds it: the sealed record is its only"
            " other copy",
            hint="have this tried again, which stores it; revoke the token first if it is not"
            " wanted",
        )


def _told(case: Case, ended: list[str]) -> str:
    operation = case.operation
    made = [id for id in (operation.new_id, *operation.abandoned) if id and id not in ended]
    if operation.strategy is Strategy.EXTEND or not (made or ended):
        return "given up; no new token is known of"
    if ended:
        return "given up; the new token was ended, and every secret holds the old one"
    ids = ", ".join([operation.old_id, *made])
    return (
        f"given up; see which of the tokens {ids} the secrets hold, and revoke the ones that none"
        " holds"
    )
