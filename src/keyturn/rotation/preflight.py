"""The phase before anything is made: all that could fail later is tried, and put up, now.

It makes no token; what it puts up it can take away again.
"""

from __future__ import annotations

from datetime import timedelta

from keyturn.errors import RotationError
from keyturn.interfaces import Variables
from keyturn.model import State
from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation import consumers
from keyturn.rotation.case import Case
from keyturn.rotation.sealed import variable_name
from keyturn.rotation.spreading import find_touched

RESERVED = "reserved"
"""What stands in the sealed record's place before there is a value."""
_URGENT = timedelta(days=1)
"""How long before the old token's end a swap waits for no run any more."""
_PATIENCE = timedelta(days=2)
"""How long a swap waits for a quiet moment at all."""


class JournalCut(RotationError):
    """There is more than the journal tells: something was made, and is not forgotten."""


def look(case: Case) -> None:
    """Read all that could fail later. Raises the error that would have come then."""
    name = variable_name(case.id)
    if case.outside.variables.get(name) not in (None, RESERVED):
        raise JournalCut(
            f"{name} holds a sealed record of this rotation, and the journal tells of none",
            hint="the journal was cut back: bring its branch back as it was, then have this tried"
            " again",
        )
    status = case.look_at(case.operation.old_id)
    rescue = bool(case.operation.facts["rescue"])
    if status.token_id not in (None, case.operation.old_id):
        raise RotationError("the provider shows another token under this id")
    if status.state is not State.ACTIVE and not (rescue and status.state is State.EXPIRED):
        raise RotationError(f"the token is {status.state} by now: {status.reason or 'unexplained'}")
    if case.operation.strategy is Strategy.EXTEND:
        return
    touched = find_touched(case, list(case.operation.rows))
    if touched:
        raise RotationError(
            f"{', '.join(touched)} was written by somebody else since the plan, or is gone",
            hint="plan it again",
        )
    consumers.prove_runs_readable(case)


def wait_for_quiet(case: Case) -> str:
    """Return why a swap in place had better wait, for a person; empty where it need not."""
    if case.operation.strategy is not Strategy.IN_PLACE:
        return ""
    ends = case.old.expires_at
    urgent = case.operation.facts["leaked"] or (ends is not None and ends - case.now < _URGENT)
    if urgent or case.now - case.operation.opened_at > _PATIENCE:
        return ""
    return consumers.find_busy(case)


def put_up(case: Case) -> None:
    """Try every write that will be needed. Raises PlatformError."""
    scopes = {stored.ref.scope: stored.ref for stored in case.destinations.values()}
    for scope, ref in scopes.items():
        case.outside.writer.remove_canaries(scope)
        case.outside.writer.prove_writable(ref, case.id)
    # The first write after a value is born must not be refused.
    case.outside.variables.put(variable_name(case.id), RESERVED)


def clean_up(case: Case) -> None:
    """Delete what was put up, where no value came of it: all but a sealed record."""
    forget_reserved(case.outside.variables, case.id)
    if case.operation.phase is Phase.PREFLIGHT:
        remove_canaries(case)


def forget_reserved(variables: Variables, operation: str) -> None:
    """Delete the sealed record's placeholder, and no sealed record."""
    if variables.get(variable_name(operation)) == RESERVED:
        variables.delete(variable_name(operation))


def remove_canaries(case: Case) -> None:
    """Delete the canaries in every collection that holds a destination."""
    for scope in {stored.ref.scope for stored in case.destinations.values()}:
        case.outside.writer.remove_canaries(scope)
