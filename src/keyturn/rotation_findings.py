"""PURE: which rotations need a person, as findings; `rotate` and `check` say the same of them.

The last operation of a token decides, and the plan that the next run would make. It asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keyturn.errors import JournalBroken
from keyturn.instants import format_instant
from keyturn.model import ROTATION_STUCK, Finding, Halt, Phase, Plan, Severity, Skip, Skipped, Token
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.machine import NEEDS_A_PERSON

_STILL_DUE = frozenset({Skip.LATER, Skip.OUTSIDE_WINDOW, Skip.FROZEN})
"""Why what was refused is not tried again yet, although it is due."""


def rotation_findings(known: Known, plan: Plan) -> tuple[Finding, ...]:
    """Return a finding for each token whose rotation does not go on, or begin, by itself.

    `plan` is what a run without names and without `--now` would do; it tells the repository too.
    """
    last = {o.token: o for o in known.operations.values() if o.is_of(plan.repository)}
    blocked = {each.token: each for each in plan.skipped if each.reason is Skip.BLOCKED}
    due = {each.token for each in plan.rotations}
    due |= {each.token for each in plan.skipped if each.reason in _STILL_DUE}
    return tuple(_find(last, blocked, due))


def broken_findings(broken: JournalBroken, tokens: Iterable[Token]) -> tuple[Finding, ...]:
    """Return that nothing is rotated because of the journal, once: of the first token it concerns.

    One issue is enough for what keeps all of them from being rotated.
    """
    first = next((token for token in tokens if token.rotate.enabled), None)
    if first is None:
        return ()
    because = f"no token is rotated before its journal is in order again: {broken.message}"
    return (_finding(first.id, because, Halt(Phase.BLOCKED, broken.hint)),)


def _find(
    last: dict[str, Operation], blocked: dict[str, Skipped], due: set[str]
) -> Iterator[Finding]:
    for token, skipped in blocked.items():
        yield _finding(token, skipped.message, Halt(Phase.BLOCKED, skipped.hint))
    for token, operation in last.items():
        if operation.phase not in NEEDS_A_PERSON or token in blocked:
            continue
        if operation.closed_at is None:
            yield _finding(token, _because(operation), _halt(operation))
        elif token in due:
            # Each run opens and closes one of its own: nothing of it may be told that moves.
            halt = Halt(operation.phase, str(operation.facts.get("hint") or ""))
            yield _finding(token, _because(operation), halt)


def _finding(token: str, because: str, halt: Halt) -> Finding:
    how = f"stopped in `{halt.left}`" if halt.left else f"is `{halt.phase}`"
    when = f" on {format_instant(halt.since)}" if halt.since else ""
    message = f"its rotation {how}{when}: {because}"
    return Finding(ROTATION_STUCK, Severity.ERROR, token, message, halt=halt)


def _because(operation: Operation) -> str:
    return str(operation.facts.get("because") or "its journal does not say why")


def _halt(operation: Operation) -> Halt:
    return Halt(
        operation.phase,
        str(operation.facts.get("hint") or ""),
        operation.id,
        operation.strategy,
        str(operation.facts.get("from") or ""),
        operation.phase_at,
        operation.old_id,
        operation.new_id or "",
        operation.abandoned,
        tuple((label, row.state.value) for label, row in operation.rows.items()),
    )
