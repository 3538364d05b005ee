"""Copies of a token that its provider itself holds: written after the secrets, and waited for.

Where they stand is looked up each time, never remembered: whoever holds the old token is written.
"""

from __future__ import annotations

from keyturn.errors import CredentialRejected, ProviderRefused
from keyturn.rotation.case import Case
from keyturn.rotation.sealed import Sealed

STORED = "stored"
_WRITING = "writing"


def write_copies(case: Case, sealed: Sealed) -> None:
    """Put the new token wherever an earlier one stands. Raises ProviderError.

    What cannot be written, or may not be seen, stops nothing: the old token waits for it.
    """
    access = case.access()
    copies = case.outside.copies(case.token, access) if access else None
    if copies is None:
        return
    for old_id in (case.operation.old_id, *case.operation.abandoned):
        try:
            places = copies.find(old_id)
        except (CredentialRejected, ProviderRefused):
            return
        if not places:
            continue
        case.ledger.public |= set(places)
        case.ledger.copies(case.id, dict.fromkeys(places, _WRITING))
        outcome = copies.write(old_id=old_id, new_id=sealed.new_id, parts=sealed.parts)
        case.ledger.copies(case.id, {place: why or STORED for place, why in outcome.items()})


def find_left(case: Case) -> str:
    """Say which copies still hold an earlier token, for a person; empty where none does."""
    access = case.access()
    copies = case.outside.copies(case.token, access) if access else None
    if copies is None:
        return ""
    left: list[str] = []
    try:
        for old_id in (case.operation.old_id, *case.operation.abandoned):
            left += copies.find(old_id)
    except (CredentialRejected, ProviderRefused):
        # What was seen before, and may be seen no more, still waits.
        left = [place for place, state in case.operation.copies.items() if state != STORED]
    if not left:
        return ""
    shown = "; ".join(left)
    return (
        f"the provider itself still holds the old token in: {shown}. GitHub shows nobody the new"
        " one: give these places a token of their own"
    )
