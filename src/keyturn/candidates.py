"""Gathers what a plan needs to know about each declared token: provider, credential, journal.

Imports interfaces only, and decides nothing: `plan` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from keyturn.errors import CredentialMissing
from keyturn.inspection import Inspector
from keyturn.interfaces import Access, ListingProvider
from keyturn.model import Capability, Inspected, Inventory
from keyturn.plan.choice import Candidate
from keyturn.remembered import Memory, remember

_OWN_VALUE = (
    "with its own value alone nothing could end the old token once the new one is stored; name"
    " another credential as `credential:`"
)


def make_candidates(
    tokens: Sequence[Inspected], inspector: Inspector, inventory: Inventory, memory: Memory
) -> list[Candidate]:
    """Return what a plan is made from, in the order of the configuration; nobody is asked."""
    return [_candidate(each, inspector, inventory, memory) for each in tokens]


def _candidate(
    inspected: Inspected, inspector: Inspector, inventory: Inventory, memory: Memory
) -> Candidate:
    token, provider = inspected.token, inspector.providers[inspected.token.provider]
    access = None
    with suppress(CredentialMissing):
        access = inspector.access(token)
    abilities = provider.abilities(token, access)
    can, why_not = abilities.can, abilities.why_not
    if access and access.own and Capability.MINT in can:
        # A later run is given the new value, which may not end the old token.
        can, why_not = can - {Capability.MINT}, {**why_not, Capability.MINT: _OWN_VALUE}
    key = None
    if isinstance(provider, ListingProvider):
        key = provider.key_of(token, inspected.status)
    remembered = remember(inspected, memory.known, inventory, key=key)
    return Candidate(
        inspected,
        token.rotate,
        can,
        why_not,
        key,
        abilities.parts,
        abilities.secret_part,
        abilities.differs,
        asks_itself=access is not None and access.own,
        is_spent=_is_spent(access, memory),
        under_way=remembered.under_way,
        objections=remembered.objections,
        remembered=remembered.notes,
    )


def _is_spent(access: Access | None, memory: Memory) -> bool:
    """Say whether what would be presented to be replaced was presented before, own or not."""
    value = access.credential.get("") if access else None
    key = memory.key
    return bool(value and key and key.fingerprint(value) in memory.known.spent)
