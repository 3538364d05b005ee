"""PURE: what a run cannot say of a token, because its rotation is under way or is not known.

It makes no finding and asks nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from keyturn.model import (
    COPY_RULES,
    ROTATION_STUCK,
    Evidence,
    Failure,
    Inspected,
    Inventory,
    Phase,
    Plan,
    Skip,
    State,
    TokenStatus,
)
from keyturn.remembered import Memory
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.machine import FINAL, STOPS

_HEALED = COPY_RULES | {"revoked", "expired"}
"""What a rotation that is cut off before every secret holds the new value leaves until it goes
on."""
_SETTLED = FINAL | STOPS | {Phase.DRAINING, Phase.RETIRING}
_GOES_ON_WITHIN = timedelta(days=7)
"""Longer than it takes to become `stuck`: by then no run goes on with it."""
_OUTDATED = "this run was given the old value, whose place another one has taken since"
_NOT_KNOWN = "its id may be that of a replaced token: the journal of rotations was not read"


def as_unknown(
    found: Sequence[Inspected],
    failures: Sequence[Failure],
    memory: Memory,
    *,
    outdated: Collection[str],
) -> tuple[tuple[Inspected, ...], tuple[Failure, ...]]:
    """Return the answers with no judgement of a token that may not be the one in use.

    `outdated`: tokens of which this run was given a value that is not stored any more.
    """
    settled = []
    for each in found:
        why = _OUTDATED if each.token.id in outdated else ""
        if not why and memory.failure and _may_be_another(each, memory.failure):
            why = _NOT_KNOWN
        if why:
            status = TokenStatus(State.UNKNOWN, evidence=Evidence.NONE, reason=why)
            each = Inspected(each.token, status, None)
        settled.append(each)
    return tuple(settled), tuple(f for f in failures if f.subject not in outdated)


def _may_be_another(inspected: Inspected, failure: Failure) -> bool:
    """Say whether a declared id may mean a token that a rotation has replaced.

    A run that never has the key still warns of one that lives.
    """
    token, state = inspected.token, inspected.status.state
    if token.options.get("token_id") is None or not token.rotate.enabled or state is State.UNKNOWN:
        return False
    return failure.kind.incomplete or state is not State.ACTIVE


def find_unjudged(known: Known, repository: str, *, now: datetime) -> Mapping[str, frozenset[str]]:
    """Return token -> the rules whose findings the next run of its rotation would heal."""
    return {
        operation.token: _HEALED
        for operation in known.unfinished(repository=repository)
        if operation.phase not in _SETTLED and now - _since(operation) < _GOES_ON_WITHIN
    }


def _since(operation: Operation) -> datetime:
    return operation.phase_at or operation.opened_at


def find_unseen(plan: Plan, inventory: Inventory) -> Mapping[str, frozenset[str]]:
    """Return the tokens that the plan refuses, and of which a secret cannot be seen.

    Whether their rotation is in the way of anything tells the credential that rotates.
    """
    hidden = {secret.declared_by for secret in inventory.secrets if secret.present is None}
    return {
        each.token: frozenset({ROTATION_STUCK})
        for each in plan.skipped
        if each.reason is Skip.BLOCKED and each.token in hidden
    }


def without_unjudged(plan: Plan, unseen: Mapping[str, frozenset[str]]) -> Plan:
    """Return the plan without what it refuses of these tokens."""
    return replace(plan, skipped=tuple(each for each in plan.skipped if each.token not in unseen))
