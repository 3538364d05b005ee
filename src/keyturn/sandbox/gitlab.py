"""The sandbox's GitLab over HTTP: the token endpoints of its REST API, on loopback.

Kept true to GitLab's own description by the conformance tests. It must not decide anything about
tokens that `gitlab_world.py` can.
"""

from __future__ import annotations

import re

from keyturn.sandbox.gitlab_api import UNAUTHORIZED, Api
from keyturn.sandbox.gitlab_routes import add_routes
from keyturn.sandbox.gitlab_world import DEPLOY, GitLabWorld, Token
from keyturn.sandbox.server import Clock, Request, Response, Router, Server

PREFIX = "/api/v4"

_ROTATE_PATH = re.compile(r"access_tokens/(\d+|self)/rotate")
_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
_REVOKED = "Token was revoked. You have to re-authorize from the user."


class GitLab(GitLabWorld):
    """One GitLab server on loopback. Call `server.start()` to serve it."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        super().__init__(clock)
        self.ban_after: int | None = None
        """The number of 401 answers after which every request is refused with 403."""
        self.refusals = 0
        """401 answers so far."""
        router = Router(PREFIX)
        add_routes(Api(self), router, self._admitted)
        self.server = Server(
            router,
            not_found=Response(404, {"error": "404 Not Found"}),
            before=self._admit,
            finish=self._count,
            port=port,
        )

    @property
    def url(self) -> str:
        """The address to write as `url:`, without `/api/v4`."""
        return self.server.url.removesuffix(PREFIX)

    def _caller(self, request: Request) -> Token | None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        value = request.headers.get("private-token", bearer)
        # A deploy token opens repositories and registries, not the API.
        return next((t for t in self.tokens if t.value == value and t.kind != DEPLOY), None)

    def _admit(self, request: Request) -> Response | None:
        if self.ban_after is not None and self.refusals >= self.ban_after:
            return Response(403, "Forbidden\n", {"Content-Type": "text/plain"})
        token = self._caller(request)
        if token is None:
            return Response(401, UNAUTHORIZED)
        if token.revoked:
            if _ROTATE_PATH.search(request.path):
                self.revoke_family(token)
            return _invalid_token(_REVOKED)
        if token.is_expired(self.now):
            return _invalid_token(_EXPIRED)
        self.use(token)
        return None

    def _admitted(self, request: Request) -> Token:
        token = self._caller(request)
        assert token is not None, "the server asks _admit before any route"
        return token

    def _count(self, request: Request, response: Response) -> Response:
        self.refusals += response.status == 401
        return response


def _invalid_token(description: str) -> Response:
    return Response(401, {"error": "invalid_token", "error_description": description})
