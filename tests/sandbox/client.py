"""A bare HTTP client for the sandbox's tests: what it sends is what the test wrote."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `body` is parsed where it is JSON."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def links(self) -> dict[str, str]:
        """The `Link` header: relation -> path and query."""
        found = {}
        for part in filter(None, self.headers.get("link", "").split(", ")):
            url, _, relation = part.partition("; rel=")
            split = urlsplit(url.strip("<>"))
            found[relation.strip('"')] = f"{split.path}?{split.query}"
        return found


class Client:
    """Asks one server, with one credential unless told otherwise."""

    def __init__(self, url: str, token: str = "") -> None:
        self._where = urlsplit(url)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        assert self._where.hostname
        connection = http.client.HTTPConnection(self._where.hostname, self._where.port, timeout=10)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if data else {}
        try:
            connection.request(method, path, data, {**sent, **self.headers, **(headers or {})})
            response = connection.getresponse()
            payload = response.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        is_json = found.get("content-type", "").startswith("application/json")
        return Reply(response.status, json.loads(payload) if is_json else payload, found)

    def get(self, path: str) -> Any:
        """Return the body of a successful GET."""
        reply = self("GET", path)
        assert reply.status == 200, reply
        return reply.body


def sample_token(letter: str = "x") -> str:
    """Make something that looks like an installation token."""
    return "gh" + "s_" + letter * 36
