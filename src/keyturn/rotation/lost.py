"""What a lost answer or a crash left at the provider: tokens that exist and whose value nobody has.

Nothing is ended that somebody else can have made; where that cannot be told, a person is asked.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from keyturn.errors import ProviderRefused, RotationError, TokenNotFound
from keyturn.model import Listed, State
from keyturn.model.rotation import Strategy
from keyturn.rotation.case import Case
from keyturn.rotation.rows import RowState
from keyturn.rotation.spreading import find_rewritten, find_touched

CLOCKS = timedelta(minutes=10)
"""How far apart two clocks may be, or an entry of the journal and the act that it announces."""
_BY_HAND = "make a new token by hand, store it in every secret, and give this rotation up"


def require_unheld(case: Case) -> None:
    """Raise RotationError where a secret may hold a token that the journal does not tell of.

    A journal that was cut back knows of no write; what is ended or swapped for it would be in use.
    """
    rewritten = find_rewritten(case)
    if rewritten:
        raise RotationError(
            f"{', '.join(rewritten)} was written by somebody else, and the new value is nowhere to"
            " be found",
            hint="see what it holds, and whether the journal is whole; having this tried again"
            " makes one more token, and writes that over it",
        )


def end_orphans(case: Case) -> None:
    """End what was minted before a crash and is stored nowhere.

    It is found by its name, or, where tokens have none, by its owner and by when it was made.
    Raises RotationError where it cannot be told from somebody else's.
    """
    if case.operation.strategy is not Strategy.OVERLAP:
        return
    named = bool(case.operation.facts["named"])
    if not named and case.operation.facts.get("looked"):
        return  # a person has judged what was new
    fresh = [row for row in case.list_tokens() if _is_fresh(case, row)]
    if named:
        fresh = [row for row in fresh if row.name in case.names]
    for row in fresh if named else _made_by_us(case, fresh):
        assert row.status.token_id
        end(case, row.status.token_id)


def _is_fresh(case: Case, row: Listed) -> bool:
    """Say whether a listed token lives and is nobody's that the journal knows."""
    known = {case.operation.old_id, *(case.operation.facts.get("before") or ())}
    for other in case.ledger.known.operations.values():
        known |= {other.old_id, *other.abandoned} | ({other.new_id} if other.new_id else set())
    id = row.status.token_id
    # A key of AWS that a killed run was about to end may be inactive, and still takes its place.
    lives = row.status.state in (State.ACTIVE, State.BLOCKED)
    return id is not None and id not in known and lives


def _made_by_us(case: Case, fresh: list[Listed]) -> list[Listed]:
    """Return the one token that only this operation can have made, or none."""
    begun = case.instant("asked_at")
    if any(row.status.created_at is None for row in fresh):
        raise RotationError(
            f"{len(fresh)} new at the provider, and nothing tells whether this rotation made"
            " that: its answer was lost",
            hint="disable there what nobody made on purpose, and have this tried again;"
            " what keyturn made dies by itself on its date",
        )
    ours = [
        row
        for row in fresh
        if row.status.owner == case.old.owner
        and row.status.created_at
        and abs(row.status.created_at - begun) <= CLOCKS
    ]
    if len(ours) > 1:
        raise RotationError(
            f"{len(ours)} tokens are new at the provider, and only one can be this rotation's",
            hint="disable the ones that nobody made on purpose, and have this tried again",
        )
    return ours


def end_unstored(case: Case) -> None:
    """End a token whose sealed record was lost before any secret held it: its room is needed."""
    operation = case.operation
    if operation.strategy is not Strategy.OVERLAP or operation.new_id is None:
        return
    if operation.old_id in operation.ended_at:
        return  # it leaked: this one is all that the next can be made like
    # Not on the journal's word alone, whose last lines may be gone: GitHub tells it too.
    if is_untouched(case):
        end(case, operation.new_id)


def is_untouched(case: Case) -> bool:
    """Say whether no secret can hold a token of this operation, nor was written by others."""
    rows = case.operation.rows
    waiting = all(row.state is RowState.WAITING and not row.stored_at for row in rows.values())
    seen = case.destinations.keys() == rows.keys()
    return seen and waiting and not find_touched(case, list(rows))


def namesakes(case: Case, token_id: str) -> tuple[str, list[str]] | None:
    """Return the name of a token that is about to be swapped, and the ids of all of that name.

    None where the provider has no such list: then a successor whose answer was lost is not found.
    """
    try:
        rows = case.list_tokens()
    except ProviderRefused:
        return None
    name = next((row.name for row in rows if row.status.token_id == token_id), None)
    if name is None:
        return None
    return name, [row.status.token_id for row in rows if row.name == name and row.status.token_id]


def find_lost_swap(case: Case, doomed: str) -> str | None:
    """Return the id of the token that a lost answer swapped the old one for; None: it lives.

    Raises RotationError where nobody can replace it once more, or it is not told from others'.
    """
    access = case.access()
    with suppress(TokenNotFound):
        if case.look_at(doomed).state is State.ACTIVE:
            return None
    if access is None or access.own:
        raise RotationError(
            "the old value is dead, and the new one was lost with the answer", hint=_BY_HAND
        )
    facts, begun = case.operation.facts, case.instant("asked_at")
    found = [
        row
        for row in case.list_tokens()
        if facts.get("called") is not None
        and row.name == facts["called"]
        and _is_fresh(case, row)
        and row.status.created_at is not None
        and row.status.created_at >= begun - CLOCKS
    ]
    if len(found) != 1:
        # A namesake that was there before, or was made by hand since, belongs to somebody else.
        raise RotationError(
            "the old value is dead, and its successor cannot be told from others", hint=_BY_HAND
        )
    return found[0].status.token_id


def end(case: Case, token_id: str) -> None:
    """Revoke a token of this operation by its id; one that is gone already is fine."""
    with suppress(TokenNotFound):
        case.revoking().revoke(
            case.pinned(token_id), case.access(), token_id=token_id, now=case.now
        )
