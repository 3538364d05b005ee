"""A plan of rotations for people and for programs, and a saved one read back.

Names are other people's words and are made inert for people here; values never come here.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from keyturn.errors import UsageError
from keyturn.instants import format_instant
from keyturn.model import (
    Destination,
    Moment,
    Plan,
    Predecessor,
    Rotation,
    Scope,
    SecretRef,
    Skip,
    Skipped,
    Store,
    Strategy,
)
from keyturn.plain import count, log_safe, paint, plain, wrap
from keyturn.plan.dates import span
from keyturn.report.json import dump

SCHEMA = "keyturn.plan/1"

_BOLD, _DIM = "1", "2"
_STYLES = {Skip.BLOCKED: "31", Skip.MANUAL: "33", Skip.NOT_ASKED: "33"}
_UNSAID = frozenset({Skip.NOT_ENABLED, Skip.NOT_NAMED})
"""What is only counted: nobody has asked for these."""
_LABEL = 12
_NARROWEST = 20

_T = TypeVar("_T")


def render_plan_text(plan: Plan, *, color: bool, width: int) -> str:
    """Return one block per rotation, then what is not done and why."""
    blocks = [_rotation_block(rotation, color, width) for rotation in plan.rotations]
    said = render_skipped(plan.skipped, color=color, width=width)
    if said:
        blocks.append(said)
    blocks += [wrap(plain(f"note: {note}"), width) for note in plan.notes]
    blocks.append(wrap(plain(f"{plan.repository}: {_headline(plan)}"), width))
    return log_safe("\n\n".join("\n".join(block) for block in blocks) + "\n")


def render_skipped(skipped: Sequence[Skipped], *, color: bool, width: int) -> list[str]:
    """Return the lines about what is not done, and why; nothing of what nobody has asked for."""
    said = [each for each in skipped if each.reason not in _UNSAID]
    return [line for each in said for line in _skipped_lines(each, color, width)]


def _headline(plan: Plan) -> str:
    parts = [f"{count(len(plan.rotations), 'rotation')} planned"]
    for words, reasons in (
        ("blocked", {Skip.BLOCKED}),
        ("for a person to do", {Skip.MANUAL}),
        ("not known", {Skip.NOT_ASKED}),
        ("not enabled or not named", _UNSAID),
    ):
        number = sum(skipped.reason in reasons for skipped in plan.skipped)
        if number:
            parts.append(f"{number} {words}")
    return ", ".join(parts) + "; nothing is changed yet"


def _rotation_block(rotation: Rotation, color: bool, width: int) -> list[str]:
    head = plain(f"{rotation.token} ({rotation.provider}): {_verb(rotation)}")
    lines = [paint(line, _BOLD, color=color) for line in wrap(head, width)]
    last = ""
    for label, fact in _facts(rotation):
        first, *rest = wrap(plain(fact), max(width - _LABEL - 2, _NARROWEST))
        shown = (label if label != last else "").ljust(_LABEL - 1)
        lines.append(f"  {paint(shown, _DIM, color=color)} {first}")
        last = label
        lines += [" " * (_LABEL + 2) + line for line in rest]
    return lines


def _verb(rotation: Rotation) -> str:
    if rotation.rescue:
        return "made again, by overlap"
    return "leaked: the old one is ended first" if rotation.ends_first else rotation.strategy


def _facts(rotation: Rotation) -> Iterator[tuple[str, str]]:
    old = rotation.old
    yield "why now", rotation.why_now
    yield "why so", rotation.why_so
    yield "now", f"id {old.token_id}, owner {old.owner or 'unknown'}, ends {_when(old.expires_at)}"
    yield "asked for", f"{span(rotation.lifetime)}, until {format_instant(rotation.expires_at)}"
    for destination in rotation.destinations:
        part = f" ({destination.part})" if destination.part else ""
        written = _when(destination.updated_at)
        yield "stored in", f"{destination.ref}{part}, last written {written}"
    for place in rotation.places:
        yield "also in", place
    for risk in rotation.risks:
        yield "may fail", risk
    for note in rotation.notes:
        yield "note", note
    for moment in rotation.timeline:
        yield "then", f"{format_instant(moment.at)}: {moment.text}"


def _skipped_lines(skipped: Skipped, color: bool, width: int) -> list[str]:
    until = f" (until {format_instant(skipped.until)})" if skipped.until else ""
    hint = f"; {skipped.hint}" if skipped.hint else ""
    text = plain(f"{skipped.token}: {skipped.message}{until}{hint}") + f" [{skipped.reason}]"
    first, *rest = wrap(text, max(width - 2, _NARROWEST))
    return [
        paint(first, _STYLES.get(skipped.reason, ""), color=color),
        *("  " + line for line in rest),
    ]


def _when(at: datetime | None) -> str:
    return format_instant(at) if at else "unknown"


def render_plan_json(
    plan: Plan,
    *,
    preflight: Mapping[str, Sequence[str]] | None = None,
    sign: Callable[[str], str] | None = None,
) -> str:
    """Return one JSON document, from which `read_plan` makes the same plan again.

    `preflight`: what would keep each rotation from going on, where that was looked into; `sign`
    makes what shows that nobody has changed the rest.
    """
    looked: dict[str, Any] = {"preflight": preflight} if preflight is not None else {}
    if sign:
        looked["mac"] = sign(render_plan_json(plan))
    return dump(
        {
            "schema": SCHEMA,
            "generated_at": _instant(plan.now),
            "repository": plan.repository,
            "rotations": [_rotation(rotation) for rotation in plan.rotations],
            "skipped": skipped_rows(plan.skipped),
            "notes": list(plan.notes),
            "journal_read": plan.journal_read,
            **looked,
        }
    )


def _rotation(rotation: Rotation) -> dict[str, Any]:
    old = rotation.old
    return {
        "token": rotation.token,
        "provider": rotation.provider,
        "strategy": rotation.strategy,
        "why_so": rotation.why_so,
        "why_now": rotation.why_now,
        "deadline": _instant(rotation.deadline),
        "old": {
            "token_id": old.token_id,
            "key": old.key,
            "created_at": _instant(old.created_at),
            "expires_at": _instant(old.expires_at),
            "owner": old.owner,
            "scopes": list(old.scopes),
        },
        "cycle": rotation.cycle,
        "lifetime_seconds": _seconds(rotation.lifetime),
        "expires_at": _instant(rotation.expires_at),
        "overlap_seconds": _seconds(rotation.overlap),
        "cap_seconds": _seconds(rotation.cap),
        "rescue": rotation.rescue,
        "leaked": rotation.leaked,
        "destinations": [_destination(destination) for destination in rotation.destinations],
        "places": list(rotation.places),
        "risks": list(rotation.risks),
        "notes": list(rotation.notes),
        "timeline": [{"at": _instant(m.at), "text": m.text} for m in rotation.timeline],
    }


def _destination(destination: Destination) -> dict[str, Any]:
    ref, scope = destination.ref, destination.ref.scope
    return {
        "ref": str(ref),
        "owner": scope.owner,
        "repository": scope.repository,
        "environment": scope.environment,
        "store": scope.store,
        "name": ref.name,
        "part": destination.part,
        "updated_at": _instant(destination.updated_at),
    }


def skipped_rows(skipped: Sequence[Skipped]) -> list[dict[str, Any]]:
    """Return an entry for each token that is not rotated now."""
    return [
        {
            "token": each.token,
            "reason": each.reason,
            "message": each.message,
            "hint": each.hint,
            "until": _instant(each.until),
        }
        for each in skipped
    ]


def _instant(at: datetime | None) -> str | None:
    # All of it: what moved is told by comparing.
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def read_plan(data: bytes, *, sign: Callable[[str], str] | None = None) -> Plan:
    """Return a saved plan. Raises UsageError for whatever `render_plan_json` has not written.

    It says what somebody agreed to, and nothing more: a plan that is carried out is made anew. With
    `sign`, one that was made with the journal must bear its mark.
    """
    hint = "save one with `keyturn rotate --output json=PLAN`"
    try:
        document = _Node(json.loads(data.decode()))
        schema = document.text("schema")
        plan = _read_plan(document) if schema == SCHEMA else None
        changed = bool(plan and sign and plan.journal_read and not _is_signed(document, plan, sign))
    # RecursionError: absurd nesting. OverflowError: a number beyond any calendar.
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError("the saved plan cannot be read as one", hint=hint) from error
    if plan is None:
        raise UsageError(f"the saved plan is not of the form {SCHEMA}", hint=hint)
    if changed:
        raise UsageError(
            "the saved plan was changed, or was not saved under this recovery key", hint=hint
        )
    return plan


def _is_signed(document: _Node, plan: Plan, sign: Callable[[str], str]) -> bool:
    mac = document.text("mac") if document.has("mac") else ""
    return hmac.compare_digest(mac.encode(), sign(render_plan_json(plan)).encode())


class _Node:
    """One mapping of the document, whose entries are read with their types."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, Mapping):
            raise TypeError("not a mapping")
        self._value = value

    def has(self, name: str) -> bool:
        return name in self._value

    def text(self, name: str) -> str:
        return _text(self._value[name])

    def maybe_text(self, name: str) -> str | None:
        return None if self._value[name] is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(map(_text, self._items(name)))

    def number(self, name: str) -> int:
        value = self._value[name]
        if type(value) is not int:
            raise TypeError("not a whole number")
        return value

    def seconds(self, name: str) -> timedelta:
        return timedelta(seconds=self.number(name))

    def flag(self, name: str) -> bool:
        value = self._value[name]
        if type(value) is not bool:
            raise TypeError("neither true nor false")
        return value

    def instant(self, name: str) -> datetime:
        at = datetime.fromisoformat(self.text(name))
        if at.tzinfo is None:
            raise ValueError("an instant without an offset")
        return at.astimezone(UTC)

    def maybe_instant(self, name: str) -> datetime | None:
        return None if self._value[name] is None else self.instant(name)

    def node(self, name: str) -> _Node:
        return _Node(self._value[name])

    def each(self, name: str, read: Callable[[_Node], _T]) -> tuple[_T, ...]:
        return tuple(read(_Node(item)) for item in self._items(name))

    def _items(self, name: str) -> Sequence[object]:
        value = self._value[name]
        if not isinstance(value, list):
            raise TypeError("not a list")
        return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _read_plan(node: _Node) -> Plan:
    return Plan(
        repository=node.text("repository"),
        now=node.instant("generated_at"),
        rotations=node.each("rotations", _read_rotation),
        skipped=node.each("skipped", _read_skipped),
        notes=node.texts("notes"),
        journal_read=node.flag("journal_read"),
    )


def _read_skipped(node: _Node) -> Skipped:
    return Skipped(
        node.text("token"),
        Skip(node.text("reason")),
        node.text("message"),
        node.text("hint"),
        node.maybe_instant("until"),
    )


def _read_rotation(node: _Node) -> Rotation:
    return Rotation(
        token=node.text("token"),
        provider=node.text("provider"),
        strategy=Strategy(node.text("strategy")),
        why_so=node.text("why_so"),
        why_now=node.text("why_now"),
        deadline=node.maybe_instant("deadline"),
        old=_read_old(node.node("old")),
        cycle=node.number("cycle"),
        lifetime=node.seconds("lifetime_seconds"),
        expires_at=node.instant("expires_at"),
        overlap=node.seconds("overlap_seconds"),
        cap=node.seconds("cap_seconds"),
        rescue=node.flag("rescue"),
        leaked=node.flag("leaked"),
        destinations=node.each("destinations", _read_destination),
        places=node.texts("places"),
        risks=node.texts("risks"),
        notes=node.texts("notes"),
        timeline=node.each("timeline", lambda m: Moment(m.instant("at"), m.text("text"))),
    )


def _read_old(node: _Node) -> Predecessor:
    return Predecessor(
        node.text("token_id"),
        node.maybe_text("key"),
        created_at=node.maybe_instant("created_at"),
        expires_at=node.maybe_instant("expires_at"),
        owner=node.maybe_text("owner"),
        scopes=node.texts("scopes"),
    )


def _read_destination(node: _Node) -> Destination:
    scope = Scope(
        node.text("owner"),
        node.text("repository"),
        node.text("environment"),
        Store(node.text("store")),
    )
    return Destination(
        SecretRef(scope, node.text("name")), node.text("part"), node.maybe_instant("updated_at")
    )
