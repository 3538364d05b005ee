"""How the sandbox's GitLab writes tokens down: shapes, filters, order and pages.

Pure functions of tokens and a given `now`; nothing here changes a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from keyturn.sandbox.gitlab_world import DEPLOY, Token
from keyturn.sandbox.server import Request, Response

# GitLab docs, rest/_index.md, 2026-11: 20 a page unless asked, 100 at most.
_PER_PAGE, _MOST_PER_PAGE = 20, 100
_COUNTED_ROWS = 10_000
"""GitLab leaves x-total and x-total-pages out above this."""


class Refused(Exception):
    """Ends a handler with an answer."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.response = Response(status, body)


def shape(token: Token, *, now: datetime, leveled: bool = False) -> dict[str, Any]:
    """Return a token as GitLab's JSON, without its value; `leveled` adds the access level."""
    if token.kind == DEPLOY:
        return {
            "id": token.id,
            "name": token.name,
            "username": token.username or f"gitlab+deploy-token-{token.id}",
            "expires_at": _format(token.expires_at),
            "scopes": list(token.scopes),
            "revoked": token.revoked,
            "expired": token.is_expired(now),
        }
    row: dict[str, Any] = {
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": _format(token.created_at),
        "description": token.description,
        "scopes": list(token.scopes),
        "user_id": token.user.id,
        "last_used_at": _format(token.last_used_at),
        "active": token.is_active(now),
        "expires_at": token.expires_at.date().isoformat() if token.expires_at else None,
    }
    if leveled:
        row["access_level"] = token.access_level
    return row


def select(tokens: Iterable[Token], query: Mapping[str, str], *, now: datetime) -> list[Token]:
    """Filter and sort as the query asks. Raises Refused for what cannot be read."""
    kept = [t for t in tokens if query.get("search", "").lower() in t.name.lower()]
    if query.get("revoked"):
        kept = [t for t in kept if t.revoked == (query["revoked"] == "true")]
    if query.get("state"):
        kept = [t for t in kept if t.is_active(now) == (query["state"] == "active")]
    for stem in ("created", "last_used", "expires"):
        for side in ("before", "after"):
            key = f"{stem}_{side}"
            if query.get(key):
                limit = parse_time(key, query[key])
                kept = [
                    t
                    for t in kept
                    if (at := getattr(t, f"{stem}_at")) and (at < limit) == (side == "before")
                ]
    return _sort(kept, query.get("sort", ""))


def _sort(tokens: list[Token], order: str) -> list[Token]:
    stem, _, direction = order.rpartition("_")
    if stem not in ("created", "expires", "last_used", "name"):
        return tokens
    field = stem if stem == "name" else f"{stem}_at"
    known = [t for t in tokens if getattr(t, field) is not None]
    known.sort(key=lambda t: getattr(t, field), reverse=direction == "desc")
    return known + [t for t in tokens if getattr(t, field) is None]


def paginate(request: Request, rows: list[dict[str, Any]]) -> Response:
    """Return one page with the headers that name the others."""
    page = _number(request.query, "page", 1)
    per_page = min(_number(request.query, "per_page", _PER_PAGE), _MOST_PER_PAGE)
    pages = max(1, -(-len(rows) // per_page))
    following = page + 1 if page < pages else None
    headers = {
        "X-Page": str(page),
        "X-Per-Page": str(per_page),
        "X-Next-Page": str(following or ""),
        "X-Prev-Page": str(page - 1 if page > 1 else ""),
    }
    if len(rows) <= _COUNTED_ROWS:
        headers |= {"X-Total": str(len(rows)), "X-Total-Pages": str(pages)}
    linked = {"next": following, "first": 1, "last": pages}
    headers["Link"] = ", ".join(
        f'<{_page_url(request, number, per_page)}>; rel="{rel}"'
        for rel, number in linked.items()
        if number
    )
    return Response(200, rows[(page - 1) * per_page : page * per_page], headers)


def _page_url(request: Request, page: int, per_page: int) -> str:
    root = request.base_url.split("/api/")[0]
    query = {**request.query, "page": page, "per_page": per_page}
    return f"{root}{request.path}?{urlencode(query)}"


def _number(query: Mapping[str, str], key: str, default: int) -> int:
    text = query.get(key) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise Refused(400, {"error": f"{key} is invalid"})
    return int(text)


def parse_time(key: str, text: str) -> datetime:
    """Parse a date or an instant of a request. Raises Refused."""
    try:
        parsed = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Refused(400, {"error": f"{key} is invalid"}) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _format(at: datetime | None) -> str | None:
    # GitLab docs, personal_access_tokens.md, 2026-11: milliseconds and Z.
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None
