"""How far a run brought its rotations: `keyturn.rotation/1`, and the same for people.

Names are other people's words and are made inert for people here; values never come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyturn.model import Failure, Plan, Skip, Skipped
from keyturn.model.rotation import Phase
from keyturn.plain import columns, indent, log_safe, paint, plain, wrap
from keyturn.report import escape
from keyturn.report.json import dump
from keyturn.report.plan import render_skipped, skipped_rows
from keyturn.rotation.executor import Result
from keyturn.rotation.machine import STOPS
from keyturn.secret_value import redact

SCHEMA = "keyturn.rotation/1"
_STYLES = {Phase.DONE: "32", Phase.DRAINING: "36", Phase.RETIRING: "36"}
_BOLD, _RED = "1", "31"
_UNSAID = frozenset({Skip.NOT_ENABLED, Skip.NOT_NAMED, Skip.NOT_DUE})
_MOST_RUNS = 20
_ICONS = {"ok": "✅", "needs-human": "❌"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a summary."""

    token: str
    state: str
    text: str


def render_rotation_json(results: Sequence[Result], skipped: Sequence[Skipped]) -> str:
    """Return one JSON document."""
    return dump(
        {
            "schema": SCHEMA,
            "operations": [_operation(result) for result in results],
            "skipped": skipped_rows(skipped),
        }
    )


def render_rotation_text(
    results: Sequence[Result],
    skipped: Sequence[Skipped],
    *,
    nothing: str,
    color: bool,
    width: int,
) -> str:
    """Return one block per operation: how far it is, why, and every destination; then the rest.

    `nothing` is said where there is no operation.
    """
    blocks = [_block(result, color=color, width=width) for result in results]
    said = render_skipped(skipped, color=color, width=width)
    blocks += [said] if said else []
    unsaid = sum(each.reason in (Skip.NOT_ENABLED, Skip.NOT_NAMED) for each in skipped)
    left = f"; {unsaid} not enabled or not named" if unsaid else ""
    blocks += [] if results else [wrap(nothing + left, width)]
    return log_safe("\n\n".join("\n".join(block) for block in blocks) + "\n")


def render_rehearsal(found: Mapping[str, Sequence[str]], *, color: bool, width: int) -> str:
    """Return a line for each rotation that is planned: what would keep it from going on."""
    lines = []
    for token, problems in found.items():
        for problem in problems:
            text = plain(f"{token}: would be refused: {problem}")
            lines += [paint(line, _RED, color=color) for line in wrap(text, width)]
        if not problems:
            told = plain(f"{token}: all that can be read beforehand is as it should be")
            lines += wrap(told, width)
    return log_safe("\n".join(lines) + "\n") if lines else ""


def render_rotation_markdown(rows: Sequence[Row], status: str, repository: str) -> str:
    """Return the summary of a step: a row for each operation and for what is left to do."""
    icon = _ICONS.get(status, "⚠️")
    lines = [f"## {icon} keyturn: rotations of {escape.code(repository)}", ""]
    if rows:
        lines += ["| Token | State | |", "| --- | --- | --- |"]
    lines += [
        f"| {escape.code(row.token)} | {escape.markdown(row.state)} | {escape.markdown(row.text)} |"
        for row in rows
    ]
    return "\n".join([*lines, *([] if rows else ["Nothing is due."])]) + "\n"


def render_ended_markdown(message: str) -> str:
    """Return the summary of a step that ended before it came to any rotation."""
    return f"## {_ICONS['needs-human']} keyturn: rotations\n\n{escape.markdown(message)}\n"


def rows_of(results: Sequence[Result], skipped: Sequence[Skipped]) -> Iterator[Row]:
    """Yield a row for each operation, and for each token that is left for a reason worth saying."""
    for result in results:
        runs = [f"run {holder.run.id}" for holder in result.holders[:_MOST_RUNS]]
        text = "; ".join([result.message, *find_steps(result), *runs])
        yield Row(result.operation.token, result.operation.phase, text)
    for each in skipped:
        if each.reason not in _UNSAID:
            yield Row(each.token, each.reason, _told(each))


def rows_of_plan(plan: Plan) -> Iterator[Row]:
    """Yield a row for each rotation that is planned."""
    for rotation in plan.rotations:
        yield Row(rotation.token, f"planned: {rotation.strategy}", rotation.why_now)


def find_notes(
    results: Sequence[Result], skipped: Sequence[Skipped], failures: Sequence[Failure]
) -> Iterator[tuple[str, str, str]]:
    """Yield kind, title and message of what is to be shown as an annotation."""
    for failure in failures:
        kind = "warning" if failure.kind.incomplete else "notice"
        yield kind, f"{failure.kind}: {failure.subject}", failure.message
    for result in results:
        token, text = result.operation.token, "; ".join([result.message, *find_steps(result)])
        if result.needs_person:
            yield "error", f"rotation-stuck: {token}", text
        elif result.cut_off:
            yield "warning", f"rotation cut off: {token}", text
    for each in skipped:
        if each.reason is Skip.BLOCKED:
            yield "error", f"rotation-stuck: {each.token}", _told(each)


def find_steps(result: Result) -> Iterator[str]:
    """Yield what a person can do about an operation that waits for one."""
    operation = result.operation
    if not result.needs_person:
        return
    hint = operation.facts.get("hint")
    if hint and str(hint) not in result.message:
        yield f"what to do: {hint}"
    if operation.phase in STOPS:
        yield f"try again: keyturn recover --apply {operation.token}"
        yield f"give up: keyturn recover --apply --abandon {operation.token}"


def _told(skipped: Skipped) -> str:
    return f"{skipped.message}; {skipped.hint}" if skipped.hint else skipped.message


def _block(result: Result, *, color: bool, width: int) -> list[str]:
    operation = result.operation
    head = plain(f"{operation.token} ({operation.provider}): {operation.strategy}")
    style = _STYLES.get(operation.phase, _RED)
    lines = [paint(line, _BOLD, color=color) for line in wrap(head, width)]
    phase = paint(operation.phase, style, color=color)
    if len(lines) == 1 and columns(f"{head}  {operation.phase}") <= width:
        lines = [f"{lines[0]}  {phase}"]
    else:
        lines.append(f"  {phase}")
    holders = [f"{each.run.html_url}: {each.because}" for each in result.holders[:_MOST_RUNS]]
    rows = [f"{label}: {row.state}" for label, row in operation.rows.items()]
    for text in (result.message, *find_steps(result), *holders, *rows):
        lines += indent(plain(text), 2, width=width)
    return lines


def _operation(result: Result) -> dict[str, object]:
    operation = result.operation
    return {
        "operation": operation.id,
        "token": operation.token,
        "strategy": operation.strategy,
        "state": operation.phase,
        "new_token_id": operation.new_id,
        "old_token_id": operation.old_id,
        "targets": [{"ref": label, "state": row.state} for label, row in operation.rows.items()],
        "message": redact(result.message),
        "steps": [redact(step) for step in find_steps(result)],
        "waits_for": [
            {"run": holder.run.html_url, "because": holder.because} for holder in result.holders
        ],
    }
