"""How the sandbox's SailPoint writes things down: tokens, API clients, workflows, refusals.

Pure functions; nothing here changes anything.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from keyturn.sandbox.sailpoint_world import SECRET_KEYS, Client, Identity, Pat, Workflow
from keyturn.sandbox.server import Response

_FILTER = re.compile(r"lastUsed (?:(isnull)|le (\S+))")
_Held = TypeVar("_Held", Pat, Client)
_TEXTS = {
    400: "The request was syntactically correct but its content is semantically invalid.",
    403: "The server understood the request but refuses to authorize it.",
    404: "The server did not find a current representation for the target resource.",
}


class Refused(Exception):
    """Ends a handler with an answer."""

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(status)
        self.response = refusal(status, why)


def refusal(status: int, why: str = "") -> Response:
    """Return SailPoint's answer to what it will not do."""
    if status == 401:
        return Response(401, {"error": f"JWT validation failed: {why or 'JWT is expired'}"})
    if status == 429:
        return Response(429, {"message": " Rate Limit Exceeded "}, {"Retry-After": why})
    text = {"locale": "en-US", "localeOrigin": "DEFAULT", "text": why or _TEXTS[status]}
    body = {
        "detailCode": f"{status}.1 {_TEXTS[status].partition(' ')[0]}",
        "trackingId": uuid.uuid4().hex,
        "messages": [text],
        "causes": [],
    }
    return Response(status, body)


def show_pat(pat: Pat, *, current: bool = True) -> dict[str, Any]:
    """Return a token without its secret; `current`: as the flavours that describe dates do."""
    row = {
        "id": pat.id,
        "name": pat.name,
        "scope": None if pat.scope is None else list(pat.scope),
        "owner": show_identity(pat.owner),
        "created": format_instant(pat.created_at),
        "lastUsed": format_instant(pat.last_used_at),
        "managed": pat.managed,
        "accessTokenValiditySeconds": pat.validity,
        "expirationDate": format_instant(pat.expires_at),
    }
    return {**row, "userAwareTokenNeverExpires": pat.confirmed} if current else row


def show_new_pat(pat: Pat) -> dict[str, Any]:
    """Return a token that was just made, with its secret."""
    hidden = ("lastUsed", "managed", "userAwareTokenNeverExpires")
    return {
        **{key: value for key, value in show_pat(pat).items() if key not in hidden},
        "secret": pat.secret,
    }


def show_client(client: Client) -> dict[str, Any]:
    """Return an API client without its secret."""
    row = {
        "id": client.id,
        "name": client.name,
        "description": "",
        "businessName": "",
        "homepageUrl": "",
        "accessTokenValiditySeconds": client.validity,
        "refreshTokenValiditySeconds": 0,
        "redirectUris": [],
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": "OFFLINE",
        "type": "CONFIDENTIAL",
        "internal": False,
        "enabled": client.enabled,
        "strongAuthSupported": False,
        "claimsSupported": False,
        "created": format_instant(client.created_at),
        "modified": format_instant(client.modified_at),
        "lastUsed": format_instant(client.last_used_at),
        "scope": None if client.scope is None else list(client.scope),
    }
    return row | {key: value for key, value in client.details.items() if value is not None}


def show_new_client(client: Client) -> dict[str, Any]:
    """Return an API client that was just made, with its secret."""
    row = show_client(client)
    del row["lastUsed"]
    return {**row, "secret": client.secret}


def show_workflow(workflow: Workflow, *, hides_references: bool) -> dict[str, Any]:
    """Return a workflow with its whole definition."""
    row: dict[str, Any] = {
        "id": workflow.id,
        "executionCount": 0,
        "failureCount": 0,
        "created": format_instant(workflow.created_at),
        "modified": format_instant(workflow.modified_at),
        "modifiedBy": show_identity(workflow.modified_by),
        "creator": show_identity(workflow.owner),
        "name": workflow.name,
        "owner": show_identity(workflow.owner),
        "definition": _blank(workflow.definition) if hides_references else workflow.definition,
        "enabled": workflow.enabled,
    }
    optional = {"description": workflow.description, "trigger": workflow.trigger}
    return row | {key: value for key, value in optional.items() if value is not None}


def show_identity(identity: Identity) -> dict[str, Any]:
    """Return a reference to an identity."""
    return {"type": "IDENTITY", "id": identity.id, "name": identity.name}


def select(held: Iterable[_Held], filters: str | None) -> list[_Held]:
    """Filter as the query asks. Raises Refused for what cannot be read."""
    if not filters:
        return list(held)
    match = _FILTER.fullmatch(filters)
    if not match:
        raise Refused(400, "The filter is not supported.")
    if match[1]:
        return [one for one in held if one.last_used_at is None]
    limit = parse_instant(match[2])
    return [one for one in held if one.last_used_at is not None and one.last_used_at <= limit]


def parse_instant(text: object) -> datetime:
    """Parse an instant of a request. Raises Refused."""
    try:
        parsed = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise Refused(400, "Not a date and time.")
    return parsed.astimezone(UTC)


def format_instant(at: datetime | None) -> str | None:
    """Write an instant: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None


def _blank(node: Any) -> Any:
    if isinstance(node, list):
        return [_blank(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: "" if key in SECRET_KEYS else _blank(value) for key, value in node.items()}
