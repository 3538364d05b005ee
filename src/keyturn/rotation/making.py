"""The phases in which a new value is born: preflight, minting, sealing, proving.

The value goes from the provider's answer into the sealed record before anything else is written;
after a crash it is taken from there, or the token that nobody knows the value of is ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from keyturn.errors import (
    CredentialRejected,
    KeyturnError,
    ProviderRefused,
    RotationError,
    SealedBroken,
    TokenNotFound,
)
from keyturn.interfaces import Access, ExtendingProvider, ListingProvider
from keyturn.model import Minted, Precision, State, TokenStatus
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.case import Case
from keyturn.rotation.known import RowState
from keyturn.rotation.sealed import Sealed, open_sealed, seal, variable_name
from keyturn.rotation.spreading import find_touched

_MOST_MINTS = 3
"""How often one operation asks for a token, before a person is asked why."""
_CLOCKS = timedelta(minutes=10)
"""By how much two clocks may differ."""
_RESERVED = "reserved"
"""What stands in the sealed record's place before there is a value."""


class NothingMade(KeyturnError):
    """The provider refused the very act that was to make a value."""


def check_beforehand(case: Case) -> None:
    """Prove all that could fail later. Raises the error that would have come then."""
    status = case.look_at(case.operation.old_id)
    rescue = bool(case.operation.facts["rescue"])
    if status.token_id not in (None, case.operation.old_id):
        raise RotationError("the provider shows another token under this id")
    if status.state is not State.ACTIVE and not (rescue and status.state is State.EXPIRED):
        raise RotationError(f"the token is {status.state} by now: {status.reason or 'unexplained'}")
    if case.operation.strategy is Strategy.EXTEND:
        return
    planned = case.operation.facts["written"]
    for label, stored in case.destinations.items():
        found = case.outside.writer.find(stored.ref)
        written = found.updated_at.isoformat() if found and found.updated_at else None
        if found is None or written != planned[label]:
            what = "is gone" if found is None else "was written by somebody else"
            raise RotationError(f"{label} {what} since the plan", hint="plan it again")
    scopes = {stored.ref.scope: stored.ref for stored in case.destinations.values()}
    for scope, ref in scopes.items():
        case.outside.writer.remove_canaries(scope)
        case.outside.writer.prove_writable(ref, case.id)
    # The first write after a value is born must not be refused.
    case.outside.variables.put(variable_name(case.id), _RESERVED)


def make(case: Case) -> Sealed:
    """Have a new value made, or find the one that was made before a crash; it is sealed then.

    Raises ProviderRefused and CredentialRejected where nothing was made, ProviderUnavailable where
    nobody knows, RotationError where a person must look.
    """
    found = find_sealed(case)
    if found is None and case.operation.phase is Phase.MINTING:
        _end_orphans(case)
    if found is None:
        if case.operation.attempts.get(Phase.MINTING, 0) >= _MOST_MINTS:
            raise RotationError(
                f"a new token was asked for {_MOST_MINTS} times, and none could be kept",
                hint="look why the sealed record cannot be written or read, and whether the"
                " provider has room for one more",
            )
        _end_unstored(case)
        in_place = case.operation.strategy is Strategy.IN_PLACE
        found = _replace(case) if in_place else _mint(case)
    case.ledger.public.add(found.new_id)
    if case.operation.phase not in (Phase.PREFLIGHT, Phase.MINTING):
        return found  # it was only not shown for a moment
    case.enter(Phase.SEALED, new_id=found.new_id, expires_at=found.expires_at)
    return found


def find_sealed(case: Case) -> Sealed | None:
    """Return the new value from the sealed record; None where there is none that opens."""
    text = case.outside.variables.get(variable_name(case.id))
    if text is None:
        return None
    with suppress(SealedBroken):
        return open_sealed(case.outside.recovery, text, operation=case.id, token=case.token.id)
    return None


def forget_sealed(case: Case) -> None:
    """Delete the sealed record."""
    case.outside.variables.delete(variable_name(case.id))


def clean_up(case: Case) -> None:
    """Delete what was put up beforehand, where no value came of it: all but a sealed record."""
    if case.outside.variables.get(variable_name(case.id)) == _RESERVED:
        forget_sealed(case)
    if case.operation.phase is Phase.PREFLIGHT:
        for scope in {stored.ref.scope for stored in case.destinations.values()}:
            case.outside.writer.remove_canaries(scope)


def _mint(case: Case) -> Sealed:
    provider = case.minting()
    before = _ids_before(case, provider)
    case.ledger.public.update(before)
    case.enter(Phase.MINTING, before=before)
    access = case.access()
    with _refusals_made_nothing():
        minted = provider.mint(
            case.token,
            access,
            like=case.operation.old_id,
            name=case.name,
            expires_at=case.instant("expires"),
            now=case.now,
        )
    return _seal(case, minted)


@contextmanager
def _refusals_made_nothing() -> Iterator[None]:
    """Tell a refusal of the act itself from one of whatever else is asked around it."""
    try:
        yield
    except (ProviderRefused, CredentialRejected) as error:
        raise NothingMade(error.message, hint=error.hint) from error


def _replace(case: Case) -> Sealed:
    """Swap the token in place: the old one by its id, or the one that was lost on the way."""
    provider = case.replacing()
    access = case.access()
    operation = case.operation
    # Where a swap was made and its value lost, it is the newest one that is swapped once more.
    doomed = operation.new_id or (operation.old_id, *operation.abandoned)[-1]
    if operation.phase is Phase.MINTING:
        doomed = _find_lost_swap(case, doomed) or doomed
    if access and access.own:
        fingerprint = case.outside.key.fingerprint(access.credential[""])
        if fingerprint in case.ledger.known.spent:
            raise RotationError(
                "the value was presented to be replaced before, and is never presented again",
                hint="make a new token by hand, and store it in every secret below",
            )
        case.enter(Phase.MINTING)
        case.ledger.present(case.id, fingerprint)
    else:
        case.enter(Phase.MINTING)
    with _refusals_made_nothing():
        made = provider.replace(
            case.token, access, token_id=doomed, expires_at=case.instant("expires"), now=case.now
        )
    return _seal(case, made)


def _seal(case: Case, minted: Minted) -> Sealed:
    """Write the value down, sealed: the very first thing after it was born."""
    new_id = minted.status.token_id
    if new_id is None:
        raise RotationError("the provider made a token and told no id of it")
    expires_at = minted.status.expires_at
    text = seal(
        case.outside.recovery.public,
        case.outside.key,
        operation=case.id,
        token=case.token.id,
        new_id=new_id,
        parts=minted.parts,
        expires_at=expires_at,
    )
    case.outside.variables.put(variable_name(case.id), text)
    return Sealed(parts=minted.parts, new_id=new_id, expires_at=expires_at)


def _ids_before(case: Case, provider: object) -> list[str]:
    """Return the ids that are there before a mint, where tokens have no names to be found by."""
    if case.operation.facts["named"] or not isinstance(provider, ListingProvider):
        return []
    listed = provider.list_tokens(case.token, case.access(), now=case.now)
    return [row.status.token_id for row in listed if row.status.token_id]


def _end_orphans(case: Case) -> None:
    """End what was minted before a crash and is stored nowhere: its value is not known."""
    if case.operation.strategy is not Strategy.OVERLAP:
        return
    provider = case.provider()
    assert isinstance(provider, ListingProvider)
    before = case.operation.facts.get("before") or []
    # What this or another rotation made, and wrote down, is no orphan.
    known = {case.operation.old_id, *before}
    for other in case.ledger.known.operations.values():
        known |= {other.old_id, *other.abandoned} | ({other.new_id} if other.new_id else set())
    rows = provider.list_tokens(case.token, case.access(), now=case.now)
    orphans = [
        row.status.token_id
        for row in rows
        if row.status.token_id
        and row.status.state is State.ACTIVE
        and row.status.token_id not in known
        and (row.name == case.name or not case.operation.facts["named"])
    ]
    if not case.operation.facts["named"] and len(orphans) > 1:
        raise RotationError(
            f"{len(orphans)} tokens are new at the provider, and only one can be this rotation's",
            hint="disable the ones that nobody made on purpose, then run this again",
        )
    for orphan in orphans:
        end(case, orphan)


def _end_unstored(case: Case) -> None:
    """End a token whose sealed record was lost before any secret held it: its room is needed."""
    operation = case.operation
    if operation.strategy is not Strategy.OVERLAP or operation.new_id is None:
        return
    waiting = all(row.state is RowState.WAITING for row in operation.rows.values())
    # Not on the journal's word alone, whose last lines may be gone: GitHub tells it too.
    if waiting and not find_touched(case, list(operation.rows)):
        end(case, operation.new_id)


def _find_lost_swap(case: Case, doomed: str) -> str | None:
    """Return the id of the token that a lost answer swapped the old one for; None: it lives.

    Raises RotationError where nobody can replace it once more.
    """
    access = case.access()
    with suppress(TokenNotFound):
        if case.look_at(doomed).state is State.ACTIVE:
            return None
    if access is None or access.own:
        raise RotationError(
            "the old value is dead, and the new one was lost with the answer",
            hint="make a new token by hand, and store it in every secret below",
        )
    status = case.provider().inspect(case.token, access, now=case.now)
    begun = (case.operation.phase_at or case.now) - _CLOCKS
    ours = status.created_at is not None and status.created_at >= begun
    if status.state is not State.ACTIVE or status.token_id is None or not ours:
        # A namesake that was there before belongs to somebody else.
        raise RotationError(
            "the old value is dead, and its successor cannot be found",
            hint="make a new token by hand, and store it in every secret below",
        )
    return status.token_id


def end(case: Case, token_id: str) -> None:
    """Revoke a token of this operation by its id; one that is gone already is fine."""
    with suppress(TokenNotFound):
        case.revoking().revoke(
            case.pinned(token_id), case.access(), token_id=token_id, now=case.now
        )


def prove(case: Case, sealed: Sealed) -> list[str]:
    """Return what is wrong with the new token; nothing where it can take the old one's place."""
    problems: list[str] = []
    own = Access(sealed.parts, own=True, value=sealed.parts)
    # Not every kind of token can ask about itself; then the provider's list is all there is.
    with suppress(CredentialRejected):
        status = case.provider().inspect(case.pinned(sealed.new_id), own, now=case.now)
        problems += _differences(case, sealed, status)
    access = case.access()
    if access is not None and not access.own:
        with suppress(TokenNotFound):
            status = case.look_at(sealed.new_id)
            return list(dict.fromkeys([*problems, *_differences(case, sealed, status)]))
        problems.append("the provider does not show it")
    return problems


def _differences(case: Case, sealed: Sealed, status: TokenStatus) -> Iterable[str]:
    old = case.old
    if status.state is not State.ACTIVE:
        yield f"it is {status.state}: {status.reason or 'unexplained'}"
        return
    if status.token_id not in (None, sealed.new_id):
        yield "the value belongs to another token"
    if old.owner and status.owner and old.owner != status.owner and _keeps_owner(case):
        yield "it belongs to somebody else"
    if old.scopes and not set(status.scopes) <= set(old.scopes):
        yield "it has more rights than the old one"
    dated = status.precision in (Precision.INSTANT, Precision.MINUTE, Precision.DAY)
    if dated and sealed.expires_at and status.expires_at != sealed.expires_at:
        yield "it ends at another time than was granted"
    if status.expires_at and status.expires_at <= case.now:
        yield "it is dead already"


def _keeps_owner(case: Case) -> bool:
    """Say whether a new token has the old one's owner: bots are made anew with their tokens."""
    return not case.operation.facts.get("new_owner")


def extend(case: Case) -> str:
    """Move the date; return what came of it. Raises ProviderError, RotationError."""
    provider = case.provider()
    assert isinstance(provider, ExtendingProvider)
    old_id, before = case.operation.old_id, case.old.expires_at
    case.enter(Phase.MINTING)
    granted = provider.extend(
        case.pinned(old_id),
        case.access(),
        token_id=old_id,
        expires_at=case.instant("expires"),
        now=case.now,
    )
    if granted.expires_at is None or (before and granted.expires_at <= before):
        raise RotationError(
            "the provider took the new date and did not move the old one",
            hint="its policy caps the lifetime; replace the token instead (`strategy: overlap`)",
        )
    case.enter(Phase.DONE, new_id=old_id, expires_at=granted.expires_at)
    return f"now expires {granted.expires_at:%Y-%m-%d %H:%M} UTC"


def roll_back(case: Case, problems: Iterable[str]) -> str:
    """End the new token, which cannot take the old one's place; the old one stays current."""
    new_id = case.operation.new_id
    if new_id is None:
        raise RotationError("there is no new token to be ended")
    for token_id in (new_id, *case.operation.abandoned):
        end(case, token_id)
    forget_sealed(case)
    told = "; ".join(problems)
    case.enter(Phase.ROLLED_BACK, because=told)
    return f"the new token was ended, and the old one is still current: {told}"
