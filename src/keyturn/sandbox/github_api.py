"""What the sandbox's GitHub routes share: refusals, pages, body fields, credentials.

It holds no state of the world: `github_world.py` does.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from keyturn.sandbox.server import Request, Response

DOCUMENTATION = "https://docs.github.com/rest"
OPEN_AREAS = frozenset({"metadata", "issues", "contents", "actions"})
"""What everybody may read in a public repository."""
# GitHub docs, "Use GITHUB_TOKEN in workflows", 2026-11: the permissions a workflow can be given
# hold neither secrets nor variables, at any level.
WORKFLOW_AREAS = OPEN_AREAS
HEADER_NAMES = {
    "variables": "actions_variables",
    "organization_variables": "organization_actions_variables",
}


class Refused(Exception):
    """Ends a handler with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def error(status: int, message: str, *, errors: Sequence[dict[str, Any]] = ()) -> Response:
    """Return GitHub's error body."""
    body: dict[str, Any] = {"message": message}
    if errors:
        body["errors"] = list(errors)
    return Response(status, body | {"documentation_url": DOCUMENTATION, "status": str(status)})


def refuse(status: int, message: str, *, errors: Sequence[dict[str, Any]] = ()) -> Refused:
    """Make the refusal to raise."""
    return Refused(error(status, message, errors=errors))


def not_found() -> Refused:
    """Make a 404, which GitHub also sends for what a credential may not see."""
    return refuse(404, "Not Found")


def invalid(resource: str, field_name: str, *, code: str = "invalid", value: str = "") -> Refused:
    """Make the 422 of a field that is present and wrong."""
    problem = {"resource": resource, "field": field_name, "code": code}
    return refuse(422, "Validation Failed", errors=[problem | ({"value": value} if value else {})])


def stamp(at: datetime | None) -> str | None:
    """Return GitHub's form of an instant: `2026-11-23T08:00:00Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: object) -> str:
    """Return a GraphQL id, which nobody should look into."""
    return base64.b64encode(f"{kind}{number}".encode()).decode().rstrip("=")


@dataclass(slots=True)
class Credential:
    """What a request may present, and how much of its hourly budget is spent."""

    login: str
    kind: str
    """app, pat, workflow or anonymous."""
    permissions: frozenset[str] | None = None
    """`area`, `area:read` or `area:write`; None: every area that the kind can have."""
    expires: datetime | None = None
    repositories: frozenset[str] | None = None
    """Full names in lower case of what it is for; None: all."""
    scopes: tuple[str, ...] = ()
    """What a classic personal token says of itself; nothing is granted by it here."""
    fine_grained: bool = False
    """Of personal tokens: the newer sort."""
    made_at: datetime | None = None
    limit: int = 5000
    """Requests an hour."""
    used: int = 0
    reset: datetime | None = None

    def covers(self, full_name: str) -> bool:
        """Tell whether it is for a repository at all."""
        if self.kind == "anonymous":
            return False
        return self.repositories is None or full_name.lower() in self.repositories

    def allows(self, area: str, access: str) -> bool:
        """Tell whether `access` (read or write) to an area is granted."""
        if self.kind == "anonymous" or (self.kind == "workflow" and area not in WORKFLOW_AREAS):
            return False
        if self.permissions is None or area == "metadata":
            return True
        granted = {area, f"{area}:write"} | ({f"{area}:read"} if access == "read" else set())
        return bool(granted & self.permissions)

    def spend(self, now: datetime, *, cost: int = 1) -> bool:
        """Take one request off the hour's budget; False when nothing is left."""
        if self.reset is None or now >= self.reset:
            self.used, self.reset = 0, now + timedelta(hours=1)
        if cost and self.used >= self.limit:
            return False
        self.used += cost
        return True

    def refusal(self, area: str, access: str) -> Refused:
        """Make the answer to what is not granted."""
        if self.kind == "anonymous":
            return refuse(401, "Requires authentication")
        whose = "personal access token" if self.kind == "pat" else "integration"
        refused = refuse(403, f"Resource not accessible by {whose}")
        name = HEADER_NAMES.get(area, area)
        refused.response.headers["x-accepted-github-permissions"] = f"{name}={access}"
        return refused


@dataclass(frozen=True, slots=True)
class Call:
    """One request with who asks, and when."""

    request: Request
    credential: Credential
    now: datetime
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The API's base URL as the client wrote it."""
        return self.request.base_url

    @property
    def login(self) -> str:
        """Who acts."""
        return self.credential.login

    def has(self, name: str) -> bool:
        """Tell whether the body names a field with a value other than null."""
        return self.body.get(name) is not None

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return a field that must be a string; without a default it must be there."""
        value = self.body.get(name, default)
        if not isinstance(value, str):
            said = "wasn't supplied" if value is None else "is not a string"
            raise refuse(422, f'Invalid request.\n\n"{name}" {said}.')
        return value

    def base64(self, name: str) -> bytes:
        """Return the bytes that a field holds as base64, line ends allowed."""
        try:
            return base64.b64decode("".join(self.text(name).split()), validate=True)
        except ValueError:
            raise refuse(422, f"{name} is not valid Base64") from None

    def names(self, name: str, key: str) -> list[str]:
        """Return a field that must be a list of strings, or of objects whose `key` is one."""
        values = self.body.get(name, [])
        if isinstance(values, list):
            plain = [value.get(key) if isinstance(value, dict) else value for value in values]
            found = [value for value in plain if isinstance(value, str)]
            if len(found) == len(values):
                return found
        raise refuse(422, f'Invalid request.\n\n"{name}" is not a list of strings.')

    def choice(self, name: str, default: str, options: Sequence[str]) -> str:
        """Return a query parameter that must be one of several words."""
        value = self.request.query.get(name, default)
        if value not in options:
            raise refuse(422, f'Invalid request.\n\n"{name}" is not one of {", ".join(options)}.')
        return value

    def created(self, body: dict[str, Any]) -> Response:
        """Answer 201 with where the new thing is."""
        return Response(201, body, {"Location": body["url"]})


def parse_body(request: Request) -> dict[str, Any]:
    """Return the body, which must be a JSON object if there is one."""
    try:
        data = json.loads(request.body) if request.body else None
    except ValueError:
        raise refuse(400, "Problems parsing JSON") from None
    if data is None:
        return {}
    if isinstance(data, list):
        # GitHub takes a bare list of labels, as PyGithub 2.10 sends it.
        return {"labels": data}
    if not isinstance(data, dict):
        raise refuse(400, "Body should be a JSON object")
    return data


def _number(call: Call, name: str, default: int) -> int:
    value = call.request.query.get(name, "")
    return int(value) if re.fullmatch(r"[1-9][0-9]{0,8}", value) else default


def paged(
    call: Call,
    items: Sequence[Any],
    show: Callable[[Any], Any],
    *,
    member: str | None = None,
    path: str | None = None,
    sizes: tuple[int, int] = (30, 100),
) -> Response:
    """Answer one page of a list: bare, or under `member` beside its `total_count`.

    `path` is what stands in the `Link` header, where it differs from what was asked; `sizes` are
    the number of items on a page by default and at most.
    """
    size = min(_number(call, "per_page", sizes[0]), sizes[1])
    number = _number(call, "page", 1)
    last = max(1, -(-len(items) // size))
    shown = [show(item) for item in items[(number - 1) * size : number * size]]
    pages = {}
    if number > 1:
        pages["prev"] = min(number - 1, last)
    if number < last:
        pages |= {"next": number + 1, "last": last}
    if number > 1:
        pages["first"] = 1
    where = call.base + (path or call.request.path)
    query = {key: value for key, value in call.request.query.items() if key != "page"}
    links = [
        f'<{where}?{urlencode(query | {"page": str(to)}, quote_via=quote)}>; rel="{rel}"'
        for rel, to in pages.items()
    ]
    body = {"total_count": len(items), member: shown} if member else shown
    return Response(200, body, {"Link": ", ".join(links)} if links else {})
