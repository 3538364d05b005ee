"""The sandbox's GitLab over HTTP: the token endpoints of its REST API, on loopback.

Kept true to GitLab's own description by the conformance tests. It must not decide anything about
tokens that `gitlab_world.py` can.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from keyturn.sandbox import gitlab_lists
from keyturn.sandbox.gitlab_lists import Refused
from keyturn.sandbox.gitlab_world import (
    DEPLOY,
    GROUP,
    MAINTAINER,
    PROJECT,
    SERVICE_ACCOUNT,
    STRANGER,
    GitLabWorld,
    Token,
    User,
)
from keyturn.sandbox.server import Clock, Handler, Request, Response, Router, Server

PREFIX = "/api/v4"

# GitLab docs, settings/account_and_limit_settings.md, 2026-11.
_LONGEST_LIFETIME = timedelta(days=365)
_LEVELED = (PROJECT, GROUP)
"""The kinds that carry an access level; only their own endpoints show it."""
_ROTATE_PATH = re.compile(r"access_tokens/(\d+|self)/rotate")
Scopes: TypeAlias = tuple[str, ...]
_READ, _WRITE, _ROTATE_SELF = ("api", "read_api"), ("api",), ("api", "self_rotate")
_DEPLOY_SCOPES = {"read_repository"} | {
    f"{verb}_{what}"
    for verb in ("read", "write")
    for what in ("registry", "package_registry", "virtual_registry")
}

_UNAUTHORIZED = {"message": "401 Unauthorized"}
_FORBIDDEN = {"message": "403 Forbidden"}
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
        _add_routes(_Api(self), router, self._admitted)
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
            return Response(401, _UNAUTHORIZED)
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


class _Api:
    """The handlers; each takes the request, the caller's token and the path's parameters."""

    def __init__(self, world: GitLabWorld) -> None:
        self._world = world

    def get_self(self, request: Request, caller: Token) -> Response:
        """`GET /personal_access_tokens/self`."""
        return Response(200, self._shape(caller))

    def delete_self(self, request: Request, caller: Token) -> Response:
        """`DELETE /personal_access_tokens/self`."""
        caller.revoked = True
        return Response(204)

    def rotate_self(
        self, request: Request, caller: Token, place: str = "", id: str = ""
    ) -> Response:
        """`POST …/access_tokens/self/rotate`, of a place only by its own tokens."""
        if place and (
            caller.kind != place or not _belongs(caller, place, self._number(caller, place, id))
        ):
            raise Refused(405, {"message": "405 Method Not Allowed"})
        return self._rotate(request, caller, leveled=bool(place))

    def list_associations(self, request: Request, caller: Token) -> Response:
        def shape(places: dict[int, str]) -> list[dict[str, Any]]:
            return [{"id": id, "name": path.rpartition("/")[2]} for id, path in places.items()]

        return Response(
            200, {"groups": shape(self._world.groups), "projects": shape(self._world.projects)}
        )

    def list_personal(self, request: Request, caller: Token) -> Response:
        user_id = request.query.get("user_id")
        if user_id not in (None, "", str(caller.user.id)) and not caller.user.admin:
            raise Refused(401, _UNAUTHORIZED)
        tokens = [t for t in self._world.tokens if t.kind != DEPLOY]
        if not caller.user.admin:
            tokens = [t for t in tokens if t.user == caller.user]
        if user_id:
            tokens = [t for t in tokens if str(t.user.id) == user_id]
        return self._page(request, self._filter(request, tokens))

    def get_personal(self, request: Request, caller: Token, id: str) -> Response:
        return Response(200, self._shape(self._personal(caller, id, absent=401)))

    def delete_personal(self, request: Request, caller: Token, id: str) -> Response:
        self._personal(caller, id, absent=404).revoked = True
        return Response(204)

    def rotate_personal(self, request: Request, caller: Token, id: str) -> Response:
        return self._rotate(request, self._personal(caller, id, absent=401))

    def list_owned(self, request: Request, caller: Token, kind: str, **where: str) -> Response:
        tokens = self._owned(caller, kind, **where)
        if kind == DEPLOY:
            if request.query.get("active") == "true":
                tokens = [t for t in tokens if t.is_active(self._world.now)]
            return self._page(request, tokens)
        return self._page(request, self._filter(request, tokens), leveled=kind in _LEVELED)

    def get_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        token = self._one(caller, kind, token_id, **where)
        return Response(200, self._shape(token, leveled=kind in _LEVELED))

    def delete_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        self._one(caller, kind, token_id, **where).revoked = True
        return Response(204)

    def rotate_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        token = self._one(caller, kind, token_id, **where)
        if caller.kind in _LEVELED and token is not caller:
            raise Refused(401, _UNAUTHORIZED)
        return self._rotate(request, token, leveled=kind in _LEVELED)

    def create_owned(
        self, request: Request, caller: Token, kind: str, place: str, id: str, user_id: str = ""
    ) -> Response:
        if caller.kind in _LEVELED:
            raise Refused(400, {"message": "400 Bad request - a personal token is needed"})
        number = self._number(caller, place, id)
        body = request.json
        for key in ("name", "scopes"):
            if not body.get(key):
                raise Refused(400, {"error": f"{key} is missing"})
        if kind == DEPLOY and not _DEPLOY_SCOPES.issuperset(body["scopes"]):
            raise Refused(400, {"error": "scopes does not have a valid value"})
        owner = self._service_account(number, user_id) if user_id else None
        token = self._world.create_token(
            kind,
            body["name"],
            owner=owner,
            project=number if place == PROJECT else None,
            group=number if place == GROUP else None,
            scopes=body["scopes"],
            expires_on=self._new_expiry(body, kind),
            description=body.get("description"),
            access_level=body.get("access_level", 40),
        )
        shown = self._shape(token, leveled=kind in _LEVELED)
        return Response(201, {**shown, "token": token.value})

    def list_service_accounts(self, request: Request, caller: Token, id: str) -> Response:
        group = self._number(caller, GROUP, id)
        accounts = [u for u in self._world.users if u.service_account and u.group == group]
        rows = [{"id": u.id, "username": u.name, "name": u.name} for u in accounts]
        return gitlab_lists.paginate(request, rows)

    def _personal(self, caller: Token, id: str, *, absent: int) -> Token:
        """Return a token of the caller's, or any for an administrator."""
        token: Token | None
        try:
            token = self._world.find(int(id))
        except ValueError:
            raise Refused(400, {"error": "id is invalid"}) from None
        except KeyError:
            token = None
        if token and token.kind != DEPLOY and (caller.user.admin or token.user == caller.user):
            return token
        if caller.user.admin or absent == 404:
            raise Refused(404, {"message": "404 Not Found"})
        raise Refused(absent, _UNAUTHORIZED)

    def _number(self, caller: Token, place: str, id: str, *, refusal: int = 401) -> int:
        """Return the number of a project or group given by number or path.

        Refused with 404 where the caller does not see it, with `refusal` where it may not manage
        its tokens.
        """
        places = self._world.projects if place == PROJECT else self._world.groups
        number = next((n for n, path in places.items() if id in (str(n), path)), None)
        user = caller.user
        bot = user.project is not None or user.group is not None
        seen = number is not None and (
            _belongs(caller, place, number) if bot else user.admin or user.role != STRANGER
        )
        if number is None or not seen:
            raise Refused(404, {"message": f"404 {place.capitalize()} Not Found"})
        if not (user.admin or user.role == MAINTAINER):
            raise Refused(refusal, _UNAUTHORIZED if refusal == 401 else _FORBIDDEN)
        return number

    def _owned(
        self, caller: Token, kind: str, *, place: str, id: str, user_id: str = ""
    ) -> list[Token]:
        # GitLab, lib/api/resource_access_tokens.rb and deploy_tokens.rb, 2026-11.
        number = self._number(caller, place, id, refusal=403 if kind == DEPLOY else 401)
        if user_id:
            self._service_account(number, user_id)
        return [
            token
            for token in self._world.tokens
            if token.kind == kind
            and _belongs(token, place, number)
            and user_id in ("", str(token.user.id))
        ]

    def _one(self, caller: Token, kind: str, token_id: str, **where: str) -> Token:
        for token in self._owned(caller, kind, **where):
            if str(token.id) == token_id:
                return token
        raise Refused(404, {"message": "404 Not Found"})

    def _service_account(self, group: int, user_id: str) -> User:
        for user in self._world.users:
            if user.service_account and user.group == group and str(user.id) == user_id:
                return user
        raise Refused(404, {"message": "404 User Not Found"})

    def _rotate(self, request: Request, token: Token, *, leveled: bool = False) -> Response:
        if token.revoked:
            raise Refused(400, {"message": "400 Bad request - token already revoked"})
        expiry = self._expiry(request.json)
        new = self._world.rotate(token.id, expiry)
        return Response(200, {**self._shape(new, leveled=leveled), "token": new.value})

    def _expiry(self, body: dict[str, Any]) -> date | None:
        if body.get("expires_at") is None:
            return None
        try:
            wanted = date.fromisoformat(body["expires_at"])
        except (TypeError, ValueError):
            raise Refused(400, {"error": "expires_at is invalid"}) from None
        today = self._world.now.date()
        if not today < wanted <= today + _LONGEST_LIFETIME:
            raise Refused(400, {"message": "400 Bad request - expiration date out of range"})
        return wanted

    def _new_expiry(self, body: dict[str, Any], kind: str) -> date | datetime | None:
        """Return the expiry of a token to be made; all but deploy tokens must have one."""
        if kind != DEPLOY:
            return self._expiry(body) or (self._world.now + _LONGEST_LIFETIME).date()
        if body.get("expires_at") is None:
            return None
        return gitlab_lists.parse_time("expires_at", body["expires_at"])

    def _filter(self, request: Request, tokens: list[Token]) -> list[Token]:
        return gitlab_lists.select(tokens, request.query, now=self._world.now)

    def _shape(self, token: Token, *, leveled: bool = False) -> dict[str, Any]:
        return gitlab_lists.shape(token, now=self._world.now, leveled=leveled)

    def _page(self, request: Request, tokens: list[Token], *, leveled: bool = False) -> Response:
        rows = [self._shape(token, leveled=leveled) for token in tokens]
        return gitlab_lists.paginate(request, rows)


def _belongs(caller: Token, place: str, number: int) -> bool:
    return number == (caller.user.project if place == PROJECT else caller.user.group)


def _invalid_token(description: str) -> Response:
    return Response(401, {"error": "invalid_token", "error_description": description})


def _add_routes(api: _Api, router: Router, admit: Callable[[Request], Token]) -> None:
    """Register every endpoint with the scopes of which one is needed."""

    def add(method: str, template: str, handler: Handler, scopes: Scopes, **fixed: str) -> None:
        def answer(request: Request, **parameters: str) -> Response:
            caller = admit(request)
            if scopes and not set(scopes) & set(caller.scopes):
                body = {
                    "error": "insufficient_scope",
                    "error_description": "The request requires higher privileges than provided "
                    "by the access token.",
                    "scope": " ".join(scopes),
                }
                return Response(403, body)
            try:
                return handler(request, caller, **fixed, **parameters)
            except Refused as refused:
                return refused.response

        router.add(method, template, answer)

    own = "/personal_access_tokens"
    # GitLab docs, personal_access_tokens.md, 2026-11: any scope may read and revoke itself.
    add("GET", f"{own}/self", api.get_self, ())
    add("DELETE", f"{own}/self", api.delete_self, ())
    add("POST", f"{own}/self/rotate", api.rotate_self, _ROTATE_SELF)
    add("GET", f"{own}/self/associations", api.list_associations, ())
    add("GET", own, api.list_personal, _READ)
    add("GET", f"{own}/{{id}}", api.get_personal, _READ)
    add("DELETE", f"{own}/{{id}}", api.delete_personal, _WRITE)
    add("POST", f"{own}/{{id}}/rotate", api.rotate_personal, _WRITE)
    accounts = "/groups/{id}/service_accounts"
    add("GET", accounts, api.list_service_accounts, _READ)
    collections = [(SERVICE_ACCOUNT, GROUP, f"{accounts}/{{user_id}}/personal_access_tokens")]
    for place in (PROJECT, GROUP):
        collections += [
            (place, place, f"/{place}s/{{id}}/access_tokens"),
            (DEPLOY, place, f"/{place}s/{{id}}/deploy_tokens"),
        ]
        path = f"/{place}s/{{id}}/access_tokens/self/rotate"
        add("POST", path, api.rotate_self, _ROTATE_SELF, place=place)
    for kind, place, path in collections:
        where = {"kind": kind, "place": place}
        add("GET", path, api.list_owned, _READ, **where)
        add("POST", path, api.create_owned, _WRITE, **where)
        add("DELETE", f"{path}/{{token_id}}", api.delete_owned, _WRITE, **where)
        if kind != SERVICE_ACCOUNT:
            add("GET", f"{path}/{{token_id}}", api.get_owned, _READ, **where)
        if kind != DEPLOY:
            add("POST", f"{path}/{{token_id}}/rotate", api.rotate_owned, _WRITE, **where)
