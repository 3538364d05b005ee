"""The phases in which a new value is born: minting, or swapping, and sealing; and extending.

The value goes from the provider's answer into the sealed record before anything else is written;
after a crash it is taken from there, or the token that nobody knows the value of is ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from keyturn.errors import (
    CredentialRejected,
    KeyturnError,
    PlatformError,
    ProviderRefused,
    RotationError,
    SealedBroken,
)
from keyturn.interfaces import ExtendingProvider
from keyturn.model import Minted
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation import lost
from keyturn.rotation.case import Case
from keyturn.rotation.sealed import Sealed, open_sealed, seal, variable_name

_MOST_MINTS = 3
"""How often one operation asks for a token, before a person is asked why."""
_WRITES = 6
"""Writes from the journal's intent to the sealed record and back, one of them sent twice."""
_AGAIN = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 60.0, 60.0)
"""Seconds between tries to write a sealed record: its value is nowhere else."""


class NothingMade(KeyturnError):
    """The provider refused the very act that was to make a value."""


def make(case: Case) -> Sealed:
    """Have a new value made, or find the one that was made before a crash; it is sealed then.

    Raises ProviderRefused and CredentialRejected where nothing was made, ProviderUnavailable where
    nobody knows, RotationError where a person must look.
    """
    found, kept = find_sealed(case), True
    if found is None:
        found, kept = _make_anew(case)
    case.ledger.public.add(found.new_id)
    if case.operation.phase not in (Phase.PREFLIGHT, Phase.MINTING):
        return found  # it was only not shown for a moment
    key = case.outside.key
    case.enter(
        Phase.SEALED,
        new_id=found.new_id,
        expires_at=found.expires_at,
        made_at=case.now,
        kept=kept,
        fingerprints={part: key.fingerprint(value) for part, value in found.parts.items()},
    )
    return found


def _make_anew(case: Case) -> tuple[Sealed, bool]:
    """Have a value made, now that there is none; see `_keep` for what it returns."""
    if case.operation.phase is not Phase.PREFLIGHT:
        lost.require_unheld(case)
    if case.operation.phase is Phase.MINTING:
        lost.end_orphans(case)
    if case.operation.attempts.get(Phase.MINTING, 0) >= _MOST_MINTS:
        raise RotationError(
            f"a new token was asked for {_MOST_MINTS} times, and none could be kept",
            hint="look why its provider refuses, or the sealed record cannot be written or"
            " read; then have this tried again",
        )
    lost.end_unstored(case)
    in_place = case.operation.strategy is Strategy.IN_PLACE
    return _keep(case, _replace(case) if in_place else _mint(case))


def find_sealed(case: Case) -> Sealed | None:
    """Return the new value from the sealed record; None where there is none that opens."""
    text = case.outside.variables.get(variable_name(case.id))
    if text is None:
        return None
    try:
        found = open_sealed(case.outside.recovery, text, operation=case.id, token=case.token.id)
    except SealedBroken:
        return None
    # A run that was overtaken may have written its own over it, or somebody put an old one back.
    operation = case.operation
    stale = found.new_id in operation.abandoned or operation.new_id not in (None, found.new_id)
    return None if stale else found


def forget_sealed(case: Case) -> None:
    """Delete the sealed record."""
    case.outside.variables.delete(variable_name(case.id))


def _mint(case: Case) -> Minted:
    provider, operation = case.minting(), case.operation
    like = operation.old_id
    if like in operation.ended_at:  # it leaked, and its successor has its rights
        like = operation.new_id or (like, *operation.abandoned)[-1]
    before = _ids_before(case)
    name = case.next_name
    case.ledger.public |= {*before, name}
    case.outside.reserve(_WRITES)
    case.enter(Phase.MINTING, before=before, names=[*case.names, name], looked=False)
    access = case.access()
    with _refusals_made_nothing():
        return provider.mint(
            case.token,
            access,
            like=like,
            name=name,
            expires_at=case.expires_at,
            now=case.now,
        )


@contextmanager
def _refusals_made_nothing() -> Iterator[None]:
    """Tell a refusal of the act itself from one of whatever else is asked around it."""
    try:
        yield
    except (ProviderRefused, CredentialRejected) as error:
        raise NothingMade(error.message, hint=error.hint) from error


def find_doomed(case: Case) -> str:
    """Return the token that is swapped: where a swap was made and its value lost, the newest."""
    operation = case.operation
    return operation.new_id or operation.facts.get("doomed") or operation.old_id


def _replace(case: Case) -> Minted:
    """Swap the token in place: the old one by its id, or the one that was lost on the way."""
    operation, access = case.operation, case.access()
    doomed = find_doomed(case)
    if operation.phase is Phase.MINTING:
        doomed = lost.find_lost_swap(case, doomed) or doomed
    if access and access.own:
        return _replace_itself(case, doomed)
    found = lost.namesakes(case, doomed)
    called, before = found or (None, [])
    case.ledger.public |= {*before, *([called] if called else [])}
    case.outside.reserve(_WRITES)
    case.enter(Phase.MINTING, before=before, called=called, doomed=doomed)
    with _refusals_made_nothing():
        return _swap(case, doomed)


def _replace_itself(case: Case, doomed: str) -> Minted:
    """Present the token's own value to be replaced; once, whatever comes of it."""
    access = case.access()
    assert access
    fingerprint = case.outside.key.fingerprint(access.credential[""])
    if fingerprint in case.ledger.known.spent:
        raise RotationError(
            "the value was presented to be replaced before, and is never presented again",
            hint="make a new token by hand, and store it in every secret below; or, where the old"
            " value still works, have this tried again",
        )
    case.outside.reserve(_WRITES)
    case.enter(Phase.MINTING)
    case.ledger.present(case.id, fingerprint)
    try:
        with _refusals_made_nothing():
            return _swap(case, doomed)
    except NothingMade as error:
        if isinstance(error.__cause__, ProviderRefused):
            case.ledger.take_back(case.id, fingerprint)  # it lives, and may be presented again
        raise


def _swap(case: Case, doomed: str) -> Minted:
    return case.replacing().replace(
        case.token, case.access(), token_id=doomed, expires_at=case.expires_at, now=case.now
    )


def _keep(case: Case, minted: Minted) -> tuple[Sealed, bool]:
    """Write the value down, sealed: the very first thing after it was born.

    The second: whether that succeeded. Where it did not, the value is in memory alone, and better
    stored from there than thrown away.
    """
    new_id = minted.status.token_id
    if new_id is None:
        raise RotationError("the provider made a token and told no id of it")
    made = Sealed(parts=minted.parts, new_id=new_id, expires_at=minted.status.expires_at)
    return made, write_record(case, made)


def write_record(case: Case, made: Sealed) -> bool:
    """Write the sealed record, again and again for some minutes; say whether that succeeded."""
    text = seal(
        case.outside.recovery.public,
        case.outside.key,
        operation=case.id,
        token=case.token.id,
        new_id=made.new_id,
        parts=made.parts,
        expires_at=made.expires_at,
    )
    for wait in (0.0, *_AGAIN):
        case.outside.sleep(wait)
        case.outside.ask_again()
        with suppress(PlatformError):
            case.outside.variables.put(variable_name(case.id), text)
            return True
    return False


def _ids_before(case: Case) -> list[str]:
    """Return the ids that are there before a mint, where tokens have no names to be found by."""
    if case.operation.facts["named"]:
        return []
    return [row.status.token_id for row in case.list_tokens() if row.status.token_id]


def extend(case: Case) -> str:
    """Move the date; return what came of it. Raises ProviderError."""
    provider = case.provider()
    assert isinstance(provider, ExtendingProvider)
    old_id, before = case.operation.old_id, case.old.expires_at
    case.enter(Phase.MINTING)
    granted = provider.extend(
        case.pinned(old_id),
        case.access(),
        token_id=old_id,
        expires_at=case.expires_at,
        now=case.now,
    )
    if granted.expires_at is None or (before and granted.expires_at <= before):
        told = (
            "the provider took the new date and did not move the old one: its policy caps the"
            " lifetime; replace the token instead (`strategy: overlap`)"
        )
        case.enter(Phase.BLOCKED, because=told)
        return told
    case.enter(Phase.DONE, new_id=old_id, expires_at=granted.expires_at)
    return f"now expires {granted.expires_at:%Y-%m-%d %H:%M} UTC"
