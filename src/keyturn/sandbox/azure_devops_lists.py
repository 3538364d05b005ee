"""How the sandbox's Azure DevOps writes things down: shapes, instants, refusals and pages.

Pure functions; nothing here changes a token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keyturn.sandbox.azure_devops_world import Pat, User
from keyturn.sandbox.server import Response

_NO_GUID = "00000000-0000-0000-0000-000000000000"


def shape_pat(pat: Pat, *, account: str, told: bool = False) -> dict[str, Any]:
    """Return a PAT as its owner sees it; `told`: with its value."""
    return {
        "displayName": pat.name,
        "validTo": _format(pat.valid_to) + "Z",
        "scope": pat.scope,
        "targetAccounts": None if pat.all_orgs else [account],
        "validFrom": _format(pat.valid_from) + "Z",
        "authorizationId": pat.id,
        "token": pat.value if told else None,
    }


def shape_for_admin(pat: Pat, *, account: str, valid: bool) -> dict[str, Any]:
    """Return a PAT as an administrator sees it."""
    return {
        "clientId": _NO_GUID,
        "accessId": _NO_GUID,
        "authorizationId": pat.id,
        "hostAuthorizationId": _NO_GUID,
        "userId": pat.user.id,
        # Description tokenadmin, its example, 2026-11: without a zone.
        "validFrom": _format(pat.valid_from),
        "validTo": _format(pat.valid_to),
        "displayName": pat.name,
        "scope": pat.scope,
        "targetAccounts": None if pat.all_orgs else [account],
        "token": None,
        "alternateToken": None,
        "isValid": valid,
        "isPublic": False,
        "publicData": None,
        "source": None,
    }


def shape_subject(user: User) -> dict[str, Any]:
    """Return a user as a search shows it."""
    return {
        "subjectKind": "user" if user.person else "servicePrincipal",
        "origin": "aad",
        "originId": user.id,
        "displayName": user.name.partition("@")[0],
        "descriptor": user.descriptor,
    }


def shape_user(user: User) -> dict[str, Any]:
    """Return a user as the list of users shows it."""
    names = {"principalName": user.name, "mailAddress": user.mail, "domain": _NO_GUID}
    return {**shape_subject(user), **names}


def cut(
    rows: list[Any], query: dict[str, str], size: int, *, opaque: bool = False
) -> tuple[list[Any], str]:
    """Return one page and what leads to the next; `opaque`: an id, as administrators get.

    Raises ValueError for a token that no page gave.
    """
    asked = query.get("continuationToken", "")
    start = int(asked.replace("-", ""), 16) if asked else 0
    end = start + size
    following = f"{end:032x}" if opaque else f"{end:x}"
    if opaque:
        following = "-".join(
            following[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
        )
    return rows[start:end], following if end < len(rows) else ""


def read_time(text: Any) -> datetime:
    """Parse an instant of a request; without a zone it is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(str(text))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _format(at: datetime) -> str:
    # As many digits of a second as are needed, up to seven.
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{text}0".rstrip("0").rstrip(".")


def refused(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in the words that Azure DevOps has for every error."""
    body = {"$id": "1", "innerException": None, "message": message, "errorCode": 0, "eventId": 3000}
    return Response(status, body, headers or {})
