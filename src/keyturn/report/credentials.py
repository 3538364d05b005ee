"""Every token that a credential sees at its provider, for people and for programs.

The names in it are other people's words: they are made inert here. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from keyturn.instants import format_instant, format_rfc3339
from keyturn.model import Failure, Precision, Sighting, TokenStatus
from keyturn.plain import count, indent, log_safe, plain, wrap
from keyturn.report.inventory_text import title
from keyturn.report.json import dump
from keyturn.report.summary import format_expiry

SCHEMA = "keyturn.credentials/1"
_INDENT = 4
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one look at a provider found."""

    provider: str
    now: datetime
    sightings: tuple[Sighting, ...]
    held_by: Mapping[str, Sequence[str]]
    """Declared token -> labels of the secrets that hold it."""
    failures: tuple[Failure, ...] = ()

    def sorted(self) -> list[Sighting]:
        """Return the tokens by expiry, those without one last."""
        return sorted(
            self.sightings,
            key=lambda each: (each.listed.status.expires_at or _NEVER, each.listed.key),
        )


def render_credentials_json(found: Credentials) -> str:
    """Return one JSON document."""
    return dump(
        {
            "schema": SCHEMA,
            "generated_at": format_rfc3339(found.now),
            "provider": found.provider,
            "tokens": [_row(each, found.held_by) for each in found.sorted()],
            "errors": [
                {"kind": failure.kind, "subject": failure.subject, "message": failure.message}
                for failure in found.failures
            ],
        }
    )


def render_credentials_text(found: Credentials, *, color: bool, width: int) -> str:
    """Return one block per token, then what could not be learned, then the count."""
    lines: list[str] = []
    for each in found.sorted():
        listed = each.listed
        name, about = listed.name or listed.key, plain(_about(each))
        lines += title(name, about, color=color, width=width)
        for fact in _facts(each, found.held_by):
            lines += indent(plain(fact), _INDENT, width=width)
    for failure in found.failures:
        lines += ["", *wrap(plain(f"{failure.subject}: {failure.message}"), width)]
    declared = sum(each.declared_by is not None for each in found.sightings)
    tokens = count(len(found.sightings), "token")
    lines += ["", *wrap(f"{found.provider}: {tokens}, {declared} declared", width)]
    return log_safe("\n".join(lines).lstrip("\n") + "\n")


def _about(each: Sighting) -> str:
    status = each.listed.status
    parts = [each.listed.kind, f"id {status.token_id}" if status.token_id else ""]
    parts += [status.state, "made by the provider for itself" if each.listed.managed else ""]
    return ", ".join(part for part in parts if part)


def _facts(each: Sighting, held_by: Mapping[str, Sequence[str]]) -> list[str]:
    status = each.listed.status
    facts = [
        f"expires {format_expiry(status)}, created {_when(status.created_at)}, "
        f"last used {'never' if status.never_used else _when(status.last_used_at)}",
        f"owner {status.owner or 'unknown'}; scopes {' '.join(status.scopes) or 'unknown'}",
    ]
    if each.declared_by:
        labels = ", ".join(held_by.get(each.declared_by, ())) or "no secret"
        facts.append(f"declared as {each.declared_by}, held by {labels}")
    return [*facts, *(f"also in {place}" for place in status.places)]


def _when(at: datetime | None) -> str:
    return format_instant(at) if at else "unknown"


def _row(each: Sighting, held_by: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    listed, status = each.listed, each.listed.status
    return {
        "key": listed.key,
        "name": listed.name,
        "kind": listed.kind or None,
        "id": status.token_id,
        "state": status.state,
        "owner": status.owner,
        "scopes": list(status.scopes),
        "created_at": _instant(status.created_at),
        "last_used_at": _instant(status.last_used_at),
        "never_used": status.never_used,
        "expires_at": _expiry(status),
        "expires_precision": status.precision,
        "managed": listed.managed,
        "declared_by": each.declared_by,
        "secrets": list(held_by.get(each.declared_by or "", ())),
        "places": list(status.places),
    }


def _expiry(status: TokenStatus) -> str | None:
    dated = status.precision in (Precision.INSTANT, Precision.MINUTE, Precision.DAY)
    return _instant(status.expires_at) if dated else None


def _instant(at: datetime | None) -> str | None:
    return format_rfc3339(at) if at else None
