"""How far a run brought its rotations: `keyturn.rotation/1`, and the same for people.

Names are other people's words and are made inert for people here; values never come here.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyturn.model.rotation import Phase
from keyturn.plain import log_safe, paint, plain, wrap
from keyturn.report.json import dump
from keyturn.rotation.executor import Result

SCHEMA = "keyturn.rotation/1"
_STYLES = {Phase.DONE: "32", Phase.DRAINING: "36", Phase.RETIRING: "36"}
_BOLD, _RED = "1", "31"


def render_rotation_json(results: Sequence[Result]) -> str:
    """Return one JSON document."""
    return dump({"schema": SCHEMA, "operations": [_row(result) for result in results]})


def render_rotation_text(results: Sequence[Result], *, color: bool, width: int) -> str:
    """Return one block per operation: how far it is, why, and every destination."""
    blocks = [_block(result, color=color, width=width) for result in results]
    return log_safe("\n\n".join("\n".join(block) for block in blocks) + "\n")


def _block(result: Result, *, color: bool, width: int) -> list[str]:
    operation = result.operation
    head = plain(f"{operation.token} ({operation.provider}): {operation.strategy}")
    style = _STYLES.get(operation.phase, _RED)
    lines = [f"{paint(head, _BOLD, color=color)}  {paint(operation.phase, style, color=color)}"]
    lines += ["  " + line for line in wrap(plain(result.message), width - 2)]
    for label, row in operation.rows.items():
        lines.append(plain(f"  {label}: {row.state}"))
    return lines


def _row(result: Result) -> dict[str, object]:
    operation = result.operation
    return {
        "operation": operation.id,
        "token": operation.token,
        "strategy": operation.strategy,
        "state": operation.phase,
        "new_token_id": operation.new_id,
        "old_token_id": operation.old_id,
        "targets": [{"ref": label, "state": row.state} for label, row in operation.rows.items()],
        "message": result.message,
    }
