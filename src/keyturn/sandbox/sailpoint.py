"""The sandbox's SailPoint tenant over HTTP: log-in, personal access tokens and API clients.

Kept true to SailPoint's own descriptions by the conformance tests. It must not decide anything
about tokens that `sailpoint_world.py` can; workflows are in `sailpoint_workflows.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from keyturn.sandbox import sailpoint_workflows
from keyturn.sandbox.sailpoint_answers import (
    Refused,
    parse_instant,
    refusal,
    select,
    show_client,
    show_new_client,
    show_new_pat,
    show_pat,
)
from keyturn.sandbox.sailpoint_routes import Routes, patch_operations
from keyturn.sandbox.sailpoint_world import (
    LONGEST_VALIDITY,
    MOST_PATS,
    SHORTEST_VALIDITY,
    Client,
    Jwt,
    Pat,
    SailPointWorld,
)
from keyturn.sandbox.server import Clock, Request, Response, Router, Server

_MINE = "sp:my-personal-access-tokens"
_ALL = "sp:all-personal-access-tokens"
_CLIENT = "sp:oauth-client"
# The facts table of shared/reference, 2026-11: what the older flavours give and allow.
_SIX_MONTHS = timedelta(days=183)
_RATE_WINDOW = 10
"""Seconds, of which each allows so many requests with one access token."""


class SailPoint(SailPointWorld):
    """One tenant on loopback. Call `server.start()` to serve it."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        super().__init__(clock)
        self.rate_limit: int | None = None
        """Requests that one access token may make in ten seconds: 100 at SailPoint."""
        self._made: dict[tuple[str, int], int] = {}
        router = Router()
        router.add("POST", "/oauth/token", self._answer_log_in)
        routes = Routes(self, router)
        _add_pats(routes, _Pats(self))
        _add_clients(routes, _Clients(self))
        sailpoint_workflows.add_routes(routes, self)
        self.server = Server(router, not_found=refusal(404), before=self._limit_rate, port=port)

    @property
    def url(self) -> str:
        """The address to write as `url:`."""
        return self.server.url

    def _limit_rate(self, request: Request) -> Response | None:
        token = request.headers.get("authorization")
        if self.rate_limit is None or token is None:
            return None
        window, passed = divmod(int(self.now.timestamp()), _RATE_WINDOW)
        made = self._made[token, window] = self._made.get((token, window), 0) + 1
        return refusal(429, str(_RATE_WINDOW - passed)) if made > self.rate_limit else None

    def _answer_log_in(self, request: Request) -> Response:
        form = {key: values[-1] for key, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return Response(400, {"error": "unsupported_grant_type"})
        jwt = self.log_in(form.get("client_id", ""), form.get("client_secret", ""))
        if jwt is None:
            return Response(401, {"error": "invalid_client", "error_description": "no such client"})
        answer = {
            "access_token": jwt.value,
            "token_type": "bearer",
            "expires_in": jwt.holder.validity,
            "scope": " ".join(jwt.scope or ()),
        }
        return Response(200, answer)


class _Pats:
    """Personal access tokens; `current` tells the flavours that describe dates."""

    def __init__(self, world: SailPointWorld) -> None:
        self._world = world

    def list(self, request: Request, jwt: Jwt, current: bool) -> Response:
        owner = request.query.get("owner-id")
        kept = self._world.pats
        if owner == "me":
            kept = [pat for pat in kept if pat.owner is jwt.user]
        elif not self._is_over_all(jwt, "read", "manage"):
            raise Refused(403)
        elif owner:
            kept = [pat for pat in kept if pat.owner.id == owner]
        if not (jwt.user and jwt.user.admin):
            kept = [pat for pat in kept if not pat.managed]
        rows = select(kept, request.query.get("filters"))
        return Response(200, [show_pat(pat, current=current) for pat in rows])

    def create(self, request: Request, jwt: Jwt, current: bool) -> Response:
        body = request.json
        user = jwt.user
        assert user, "the route is open to people only"
        mine = [pat for pat in self._world.pats if pat.owner is user and not pat.managed]
        name = body.get("name")
        if not name or any(pat.name == name for pat in mine):
            raise Refused(400, "The name is missing, or taken.")
        if len(mine) >= MOST_PATS:
            raise Refused(400, "The user has the most tokens that are allowed.")
        validity = body.get("accessTokenValiditySeconds")
        validity = LONGEST_VALIDITY if validity is None else validity
        if not SHORTEST_VALIDITY <= validity <= LONGEST_VALIDITY:
            raise Refused(400, "accessTokenValiditySeconds is out of range.")
        expires_at = self._world.now + _SIX_MONTHS
        if current:
            expires_at = self._expiry(body, body.get("userAwareTokenNeverExpires"))
        pat = self._world.create_pat(
            name,
            owner=user,
            scope=body.get("scope") or ("sp:scopes:all",),
            expires_at=expires_at,
            validity=validity,
        )
        return Response(200, show_new_pat(pat))

    def patch(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        pat = self._find(id)
        if pat.owner is not jwt.user:
            raise Refused(403, "Only its owner may change a personal access token.")
        changes = patch_operations(request)
        allowed = {"name", "scope"}
        if current:
            allowed |= {"expirationDate", "userAwareTokenNeverExpires"}
        if not set(changes) <= allowed:
            raise Refused(400, "The field cannot be patched.")
        confirmed = changes.get("userAwareTokenNeverExpires")
        if "expirationDate" in changes:
            pat.expires_at = self._expiry(changes, confirmed)
        if confirmed is not None:
            pat.confirmed = confirmed
        pat.name = changes.get("name", pat.name)
        if "scope" in changes:
            pat.scope = tuple(changes["scope"])
        return Response(200, show_pat(pat, current=current))

    def delete(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        pat = self._find(id)
        if pat.owner is not jwt.user and not self._is_over_all(jwt, "manage"):
            raise Refused(403)
        self._world.delete(pat)
        return Response(204)

    def _find(self, id: str) -> Pat:
        for pat in self._world.pats:
            if pat.id == id:
                return pat
        raise Refused(404)

    def _expiry(self, body: dict[str, Any], confirmed: object) -> Any:
        if body.get("expirationDate") is None:
            if confirmed is not True:
                raise Refused(400, "userAwareTokenNeverExpires must be true without a date.")
            return None
        wanted = parse_instant(body["expirationDate"])
        if wanted <= self._world.now:
            raise Refused(400, "expirationDate must be a future date.")
        return wanted

    def _is_over_all(self, jwt: Jwt, *verbs: str) -> bool:
        admin = jwt.user is not None and jwt.user.admin
        return admin and Routes.has_scope(jwt, tuple(f"{_ALL}:{verb}" for verb in verbs))


class _Clients:
    """API clients."""

    def __init__(self, world: SailPointWorld) -> None:
        self._world = world

    def list(self, request: Request, jwt: Jwt, current: bool) -> Response:
        rows = select(self._world.clients, request.query.get("filters"))
        return Response(200, [show_client(client) for client in rows])

    def get(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        return Response(200, show_client(self._find(id)))

    def create(self, request: Request, jwt: Jwt, current: bool) -> Response:
        body = dict(request.json)
        needed = ("name", "description", "accessTokenValiditySeconds", "grantTypes", "accessType")
        if not all(body.get(key) for key in needed) or "enabled" not in body:
            raise Refused(400, "A field that is needed is missing.")
        client = self._world.create_client(
            body.pop("name"),
            scope=body.pop("scope", None) or ("sp:scopes:all",),
            validity=body.pop("accessTokenValiditySeconds"),
            enabled=body.pop("enabled"),
            details=body,
        )
        return Response(200, show_new_client(client))

    def patch(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        client = self._find(id)
        changes = patch_operations(request)
        client.name = changes.pop("name", client.name)
        client.enabled = changes.pop("enabled", client.enabled)
        client.details |= changes
        client.modified_at = self._world.now
        return Response(200, show_client(client))

    def delete(self, request: Request, jwt: Jwt, current: bool, id: str) -> Response:
        self._world.delete(self._find(id))
        return Response(204)

    def _find(self, id: str) -> Client:
        for client in self._world.clients:
            if client.id == id:
                return client
        raise Refused(404)


def _add_pats(routes: Routes, api: _Pats) -> None:
    collection = "personal-access-tokens"
    manage = (f"{_MINE}:manage", f"{_ALL}:manage")
    read = (*manage, f"{_MINE}:read", f"{_ALL}:read")
    routes.add("GET", collection, "", api.list, read, admin=False)
    routes.add("POST", collection, "", api.create, manage, admin=False)
    routes.add("PATCH", collection, "/{id}", api.patch, (f"{_MINE}:manage",), admin=False)
    routes.add("DELETE", collection, "/{id}", api.delete, manage, admin=False)


def _add_clients(routes: Routes, api: _Clients) -> None:
    collection = "oauth-clients"
    manage = (f"{_CLIENT}:manage",)
    read = (*manage, f"{_CLIENT}:read")
    routes.add("GET", collection, "", api.list, read)
    routes.add("GET", collection, "/{id}", api.get, read, application=True)
    routes.add("POST", collection, "", api.create, manage)
    routes.add("PATCH", collection, "/{id}", api.patch, manage)
    routes.add("DELETE", collection, "/{id}", api.delete, manage)
