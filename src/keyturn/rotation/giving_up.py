"""The end of a rotation that a person gives up: what can be taken away safely is taken away.

No secret is written, and no token is ended that a secret may hold.
"""

from __future__ import annotations

from contextlib import suppress

from keyturn.errors import PlatformError, RotationError, TokenNotFound
from keyturn.model import State
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation import lost, making, preflight
from keyturn.rotation.case import Case
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import redact


def give_up(case: Case) -> str:
    """Close an operation that has stopped; return what is left for a person to do.

    Raises RotationError where that would lose a value, ProviderError, PlatformError.
    """
    sealed = making.find_sealed(case)
    old_lives = case.is_about_the_same and _lives(case, case.operation.old_id)
    if not old_lives:
        _require_nothing_lost(case, sealed)
    ended, note = _end_unheld(case, sealed) if old_lives else ([], "")
    making.forget_sealed(case)
    # A place that is gone keeps nobody from giving up.
    with suppress(PlatformError):
        preflight.remove_canaries(case)
    told = _told(case, ended) + note
    if not (old_lives or case.operation.is_stored or case.operation.strategy is Strategy.EXTEND):
        told += (
            "; the old token does not work: make a new one by hand, and store it in every secret"
            " that holds the old one"
        )
    # Ids may be a part of a credential, and the journal takes none within a longer text.
    case.enter(Phase.ABANDONED, because=redact(told))
    return told


def _lives(case: Case, token_id: str) -> bool:
    with suppress(TokenNotFound):
        return case.look_at(token_id).state is State.ACTIVE
    return False


def _require_nothing_lost(case: Case, sealed: Sealed | None) -> None:
    """Raise RotationError where a living value would be lost, now that the old one is dead."""
    operation = case.operation
    if operation.is_stored or operation.strategy is Strategy.EXTEND:
        return
    if sealed is not None and not case.is_about_the_same:
        raise RotationError(
            "whether the new value lives is not known: `with` is not what it was",
            hint="put that back, then give it up",
        )
    if sealed is not None and _lives(case, sealed.new_id):
        raise RotationError(
            "the new value lives, and not every secret holds it: the sealed record is its only"
            " other copy",
            hint="have this tried again, which stores it; revoke the token first if it is not"
            " wanted",
        )
    if sealed is None and operation.strategy is Strategy.IN_PLACE and case.is_about_the_same:
        _require_no_successor(case)


def _require_no_successor(case: Case) -> None:
    """Raise RotationError where a swap was made whose value is lost, and can be made again."""
    successor = None
    with suppress(RotationError):  # nobody could make it good by trying again
        successor = lost.find_lost_swap(case, making.find_doomed(case))
    if successor is not None:
        raise RotationError(
            f"the token {successor} took the old one's place, and its value is lost",
            hint="have this tried again, which swaps it once more and stores that",
        )


def _end_unheld(case: Case, sealed: Sealed | None) -> tuple[list[str], str]:
    """End what was made and no secret can hold; return the ids, and what else may be there."""
    operation, note = case.operation, ""
    if operation.strategy is not Strategy.OVERLAP:
        return [], note
    try:
        untouched = lost.is_untouched(case)
    except PlatformError:
        untouched = False  # what is not seen may hold it
    if not untouched:
        return [], note
    if operation.facts.get("from") == Phase.MINTING:
        try:
            lost.end_orphans(case)
        except RotationError as error:
            note = f"; {error.told}"
    made = (operation.new_id, *operation.abandoned, sealed.new_id if sealed else None)
    ended = list(dict.fromkeys(id for id in made if id))
    for token_id in ended:
        lost.end(case, token_id)
    return ended, note


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
