"""What a revocation is about and what became of it, for people and for programs.

Names are other people's words and are made inert here; values never come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyturn.instants import format_instant, format_rfc3339
from keyturn.model import Failure, FirstBreak, Reference, TokenStatus
from keyturn.plain import indent, log_safe, paint, plain, wrap
from keyturn.report.json import dump
from keyturn.report.summary import describe_moment, format_expiry
from keyturn.revocation import Fate
from keyturn.secret_value import redact

SCHEMA = "keyturn.revocation/1"
_STYLES = {Fate.DEAD: "32", Fate.ACCEPTED: "33", Fate.NOT_REVOKED: "31", Fate.UNKNOWN: "31"}
_BOLD = "1"
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One token: what it is, who lives by it, and what became of it."""

    name: str
    provider: str
    status: TokenStatus
    confirm: str
    """What to type for consent."""
    secrets: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    first_break: FirstBreak | None = None
    outlived_by: str = ""
    problem: str = ""
    """Why keyturn cannot revoke it."""
    fate: Fate | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One run of `keyturn revoke`."""

    now: datetime
    entries: tuple[Entry, ...]
    applied: bool
    errors: tuple[Failure, ...] = ()
    """What could not be learned about them."""


def render_revocation_json(found: Revocation) -> str:
    """Return one JSON document."""
    tokens = [_row(entry) for entry in found.entries]
    return dump(
        {
            "schema": SCHEMA,
            "generated_at": format_rfc3339(found.now),
            "applied": found.applied,
            "tokens": tokens,
            "errors": [
                {"kind": failure.kind, "subject": failure.subject, "message": failure.message}
                for failure in found.errors
            ],
        }
    )


def render_revocation_text(found: Revocation, *, color: bool, width: int) -> str:
    """Return one block per token: identity, consumers, what breaks, what became of it."""
    blocks = [_block(entry, found.now, color=color, width=width) for entry in found.entries]
    blocks += [
        wrap(plain(f"not known: {failure.subject}: {failure.message}"), width)
        for failure in found.errors
    ]
    if not found.applied:
        told = "nothing was revoked; --apply does it, and cannot be undone"
        blocks.append(wrap(told, width))
    return log_safe("\n\n".join("\n".join(block) for block in blocks) + "\n")


def _block(entry: Entry, now: datetime, *, color: bool, width: int) -> list[str]:
    head = wrap(plain(f"{entry.name} ({entry.provider})"), width)
    lines = [paint(line, _BOLD, color=color) for line in head]
    for fact in _facts(entry, now):
        lines += indent(plain(fact), 2, width=width)
    if entry.fate:
        verdict = wrap(plain(f"{entry.fate}: {entry.message}"), width - 2)
        lines += ["  " + paint(line, _STYLES[entry.fate], color=color) for line in verdict]
    return lines


def _facts(entry: Entry, now: datetime) -> list[str]:
    status = entry.status
    used = "never" if status.never_used else _when(status.last_used_at)
    facts = [
        f"id {status.token_id or 'not told'}, {status.state}, owner {status.owner or 'unknown'}, "
        f"scopes {' '.join(status.scopes) or 'unknown'}",
        f"expires {format_expiry(status)}, created {_when(status.created_at)}, last used {used}",
    ]
    if entry.secrets:
        facts.append(f"held by {', '.join(entry.secrets)}")
    for place in entry.references[:_MOST_PLACES]:
        job = f" (job {place.job})" if place.job else ""
        facts.append(f"used at {place.path}:{place.line}{job}")
    if len(entry.references) > _MOST_PLACES:
        facts.append(f"and at {len(entry.references) - _MOST_PLACES} more places")
    facts += [f"also in {place}" for place in status.places]
    if entry.first_break:
        first = entry.first_break
        when = describe_moment(first, now=now)
        facts.append(f"first to break: {first.job} in {first.path}, {when}")
    if entry.problem:
        facts.append(f"cannot be revoked by keyturn: {entry.problem}")
    elif entry.outlived_by:
        facts.append(f"outlives it: {entry.outlived_by}")
    return facts


def _row(entry: Entry) -> dict[str, Any]:
    status, first = entry.status, entry.first_break
    return {
        "name": entry.name,
        "provider": entry.provider,
        "id": status.token_id,
        "state": status.state,
        "owner": status.owner,
        "scopes": list(status.scopes),
        "secrets": list(entry.secrets),
        "references": [
            {"path": r.path, "line": r.line, "column": r.column, "job": r.job}
            for r in entry.references
        ],
        "places": list(status.places),
        "first_break": first
        and {"path": first.path, "job": first.job, "at": format_rfc3339(first.at)},
        "outlived_by": entry.outlived_by or None,
        "problem": entry.problem or None,
        "fate": entry.fate,
        "message": entry.message or None,
    }


def _when(at: datetime | None) -> str:
    return format_instant(at) if at else "unknown"


def consent_words(entries: Sequence[Entry]) -> str:
    """Return what a person types to consent: the token's id, or how many tokens.

    An id that is part of a value, as of a pair, is not shown.
    """
    shown = len(entries) == 1 and redact(entries[0].confirm) == entries[0].confirm
    return entries[0].confirm if shown else str(len(entries))
