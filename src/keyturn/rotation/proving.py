"""The phase in which a new token shows that it can take the old one's place.

No secret holds it yet: what is wrong with it is found here, or by a job that fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from keyturn.errors import CredentialRejected, ProviderUnavailable, RotationError, TokenNotFound
from keyturn.interfaces import Access
from keyturn.model import Precision, State, TokenStatus
from keyturn.model.rotation import Phase
from keyturn.rotation.case import Case
from keyturn.rotation.lost import end
from keyturn.rotation.making import forget_sealed
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import redact

_WAITS = (0.0, 5.0, 10.0, 20.0)
"""Seconds before each look at a token that is not known yet."""
_SETTLED = timedelta(minutes=15)
"""When at the latest every server of a provider knows a new token. AWS names no time (AWS docs,
"Troubleshoot IAM", 2026-11: changes are eventually consistent)."""


def prove(case: Case, sealed: Sealed) -> list[str]:
    """Return what is wrong with the new token; nothing where it can take the old one's place.

    Raises ProviderUnavailable while it may only not be known everywhere.
    """
    problems: list[str] = []
    for wait in _WAITS:
        case.outside.sleep(wait)
        problems, unknown = _look(case, sealed)
        if not unknown:
            return problems
    made_at = case.instant("made_at")
    if case.now - made_at < _SETTLED:
        raise ProviderUnavailable(
            f"the provider does not know the new token everywhere yet: {problems[0]}"
        )
    return problems


def _look(case: Case, sealed: Sealed) -> tuple[list[str], bool]:
    """Return what is wrong, and whether it may be for the reason alone that the token is new."""
    seen: list[TokenStatus] = []
    own = Access(sealed.parts, own=True, value=sealed.parts)
    # Not every kind of token can ask about itself; then the provider's list is all there is.
    with suppress(CredentialRejected):
        seen.append(case.provider().inspect(case.pinned(sealed.new_id), own, now=case.now))
    access = case.access()
    if access is not None and not access.own:
        try:
            seen.append(case.look_at(sealed.new_id))
        except TokenNotFound:
            return ["the provider does not show it"], True
    problems = [problem for status in seen for problem in _differences(case, sealed, status)]
    unknown = any(status.state is State.REVOKED for status in seen)
    return list(dict.fromkeys(problems)), unknown


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


def roll_back(case: Case, problems: Iterable[str]) -> str:
    """End the new token, which cannot take the old one's place; the old one stays current."""
    new_id = case.operation.new_id
    if new_id is None:
        raise RotationError("there is no new token to be ended")
    for token_id in (new_id, *case.operation.abandoned):
        end(case, token_id)
    forget_sealed(case)
    told = "; ".join(problems)
    case.enter(Phase.ROLLED_BACK, because=redact(told))
    return f"the new token was ended, and the old one is still current: {told}"
