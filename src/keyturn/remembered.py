"""PURE: what the journal remembers of declared tokens and no provider tells: ids, dates, whose.

It judges no date and chooses nothing: that is `assess`'s and `plan`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from keyturn.deadline import GRANTED, effective_deadline
from keyturn.errors import JournalBroken
from keyturn.model import (
    DeadlineReason,
    Evidence,
    Failure,
    Inspected,
    Inventory,
    Phase,
    Precision,
    SecretRef,
    Token,
)
from keyturn.model.rotation import Strategy
from keyturn.revocation import pin
from keyturn.rotation.keys import JournalKey
from keyturn.rotation.known import Known, Operation
from keyturn.schema import Strict

_GRANTED = "its end is what was granted when it was made or extended, as the journal says"
_STORE_BY_HAND = (
    "store its present value by hand in these secrets; where two configurations declare one token,"
    " declare it once, with every secret that holds it"
)


@dataclass(frozen=True, slots=True)
class Memory:
    """The journal as this run could read it; without arguments, one that tells nothing."""

    known: Known = field(default_factory=Known)
    key: JournalKey | None = None
    """Makes the fingerprints by which it remembers values; None where it was not read."""
    failure: Failure | None = None
    """Why it was not read, although one is configured."""
    broken: JournalBroken | None = None
    """What is wrong with it, where nothing is rotated until a person has looked."""


def with_current_id(
    token: Token, known: Known, repository: str, options_model: type[Strict]
) -> Token:
    """Return the declaration so that a `token-id:` means the token that took that one's place.

    An id that no rotation of it has ended was written there since, and stays.
    """
    declared, current = token.options.get("token_id"), known.current_of(repository).get(token.id)
    if declared is None or current is None or str(declared) == current.token_id:
        return token
    own = known.of_token(token.id, repository=repository)
    if not any(str(declared) in _ids(operation) for operation in own):
        return token
    return pin(token, current.token_id, options_model)


def as_granted(inspected: Inspected, known: Known, repository: str) -> Inspected:
    """Put the date that was granted in the place of a declared one, which is the old token's."""
    token, status = inspected.token, inspected.status
    current = known.current_of(repository).get(token.id)
    if current is None or current.expires_at is None or status.token_id != current.token_id:
        return inspected
    token = replace(token, declared_expiry=current.expires_at)
    told = status.precision is not Precision.UNKNOWN and status.evidence is not Evidence.DECLARED
    if not told:
        status = replace(
            status,
            expires_at=current.expires_at,
            precision=Precision.INSTANT,
            evidence=Evidence.JOURNAL,
            remark=_GRANTED,
        )
    deadline = effective_deadline(token, status)
    if deadline and deadline.reason is DeadlineReason.DECLARED_DATE:
        deadline = replace(deadline, source=GRANTED)
    return Inspected(token, status, deadline)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the journal says about rotating one token now."""

    under_way: str | None = None
    """How far a rotation of it has come that is not over; None: there is none."""
    objections: tuple[tuple[str, str], ...] = ()
    """Why it must not be rotated, each with what can be done about it."""
    notes: tuple[str, ...] = ()
    """What a person should know before agreeing."""


def remember(
    inspected: Inspected, known: Known, inventory: Inventory, *, key: str | None
) -> Remembered:
    """Return what the journal says about the token that its provider shows now.

    `key` tells it from every other one of its provider.
    """
    repository, token = inventory.repository, inspected.token
    own = known.of_token(token.id, repository=repository)
    for operation in own:
        if operation.closed_at is None:
            return Remembered(f"a rotation of it is under way, and has come to `{operation.phase}`")
    others = [
        operation
        for operation in known.operations.values()
        if operation not in own and _is_about(operation, inspected, key)
    ]
    for operation in others:
        if operation.closed_at is None:
            return Remembered(
                f"{_whose(operation)} is rotating the same token, and has come to"
                f" `{operation.phase}`"
            )
    return _judge_origin(inspected, own, others, inventory)


def _judge_origin(
    inspected: Inspected, own: list[Operation], others: list[Operation], inventory: Inventory
) -> Remembered:
    """Say whether the token is the one that the journal expects, or how it came there.

    What somebody else put in its place is taken over once every secret was written since.
    """
    shown, expected = inspected.status.token_id, _expected(own)
    # Of a rotation that was given up either token may have stayed.
    given_up = [o for o in own[-1:] if o.phase is Phase.ABANDONED]
    maker = next((o for o in reversed([*others, *given_up]) if shown in _made(o)), None)
    if shown is None or shown == expected or (maker is None and expected is None):
        return Remembered()
    if maker is None and any(shown in _ids(operation) for operation in own):
        return _refuse(
            f"its provider shows the token of id {shown}, which was replaced before by the one of"
            f" id {expected}",
            "give this run the value that is stored now; end the old token at its provider, if it"
            " is not wanted any more",
        )
    stale = sorted(_not_written_since(inspected, own, maker, inventory))
    refs = ", ".join(map(str, stale))
    if maker is None and stale:
        return _refuse(
            f"it moved without an entry in the journal, from id {expected} to id {shown}, and"
            f" {refs} was not written since",
            "find out who made the new one; where it is to stay, store its value in every secret,"
            " and the next plan takes it over",
        )
    if maker is None:
        how = f"by hand: it was id {expected}"
    elif maker in given_up:
        how = "by a rotation that was given up"
    else:
        how = f"by {_whose(maker)}"
    if stale:
        return _refuse(f"it was replaced {how}, and {refs} was not written since", _STORE_BY_HAND)
    return Remembered(notes=(f"it was replaced {how}, and every secret was written since",))


def _refuse(message: str, hint: str) -> Remembered:
    return Remembered(objections=((message, hint),))


def _expected(own: list[Operation]) -> str | None:
    """Return the id that the last rotation left as the current one; None before the first."""
    if not own:
        return None
    last = own[-1]
    return (last.new_id or last.old_id) if last.phase is Phase.DONE else last.old_id


def _not_written_since(
    inspected: Inspected, own: list[Operation], maker: Operation | None, inventory: Inventory
) -> Iterator[SecretRef]:
    """Yield the secrets that may still hold the value of another token than the one shown.

    What keyturn itself wrote last holds what it wrote, however young the token shown is.
    """
    made = inspected.status.created_at or (maker.phase_at if maker else None)
    dates = {secret.ref: secret.updated_at for secret in inventory.secrets}
    for stored in inspected.token.secrets:
        label, written = str(stored.ref), dates.get(stored.ref)
        if maker and label in maker.rows and written == maker.rows[label].shown:
            continue
        bounds = [made, *(_last_written(operation, label) for operation in own)]
        bound = max((at for at in bounds if at), default=None)
        if written is None or bound is None or written <= bound:
            yield stored.ref


def _last_written(operation: Operation, label: str) -> datetime | None:
    """Return when keyturn wrote a secret, or else when it last knew which token was current."""
    row = operation.rows.get(label)
    if row and (row.shown or row.stored_at):
        return row.shown or row.stored_at
    return operation.phase_at


def _is_about(operation: Operation, inspected: Inspected, key: str | None) -> bool:
    """Say whether a rotation replaced or made the very token, and no namesake elsewhere."""
    shown = inspected.status.token_id
    if shown is None or shown not in _ids(operation):
        return False
    return operation.provider == inspected.token.provider and _is_there(operation, key, shown)


def find_made(
    known: Known, provider: str, token_id: str | None, *, key: str | None
) -> list[Operation]:
    """Return the unfinished rotations whose new token is the one of this id."""
    return [
        operation
        for operation in known.unfinished()
        if token_id is not None
        and (operation.provider, operation.new_id) == (provider, token_id)
        and _is_there(operation, key, token_id)
    ]


def _is_there(operation: Operation, key: str | None, token_id: str) -> bool:
    """Say whether a rotation is about tokens of the server and kind of this key."""
    return operation.facts.get("place") == place_of(key, token_id)


def place_of(key: str | None, token_id: str) -> str | None:
    """Return what the keys of all tokens of one server and kind have in common."""
    return key.removesuffix(token_id) if key else None


def _ids(operation: Operation) -> set[str]:
    """Return every id that a rotation has had to do with."""
    return {operation.old_id, *_made(operation)}


def _made(operation: Operation) -> set[str]:
    """Return the ids of the tokens that a rotation made; one that was extended made none."""
    if operation.strategy is Strategy.EXTEND:
        return set()
    return {*operation.abandoned, *([operation.new_id] if operation.new_id else [])}


def _whose(operation: Operation) -> str:
    return f"the configuration of {operation.repository} (there it is `{operation.token}`)"
