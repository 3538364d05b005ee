"""The sandbox's GitLab: what each endpoint answers to whom.

It knows neither paths nor scopes (`gitlab_routes.py` does), and keeps nothing (the world does).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from keyturn.sandbox import gitlab_lists
from keyturn.sandbox.gitlab_lists import Refused
from keyturn.sandbox.gitlab_world import (
    DEPLOY,
    GROUP,
    MAINTAINER,
    PERSONAL,
    PROJECT,
    STRANGER,
    GitLabWorld,
    Token,
    User,
)
from keyturn.sandbox.server import Request, Response

UNAUTHORIZED = {"message": "401 Unauthorized"}
_FORBIDDEN = {"message": "403 Forbidden"}
_LEVELED = (PROJECT, GROUP)
"""The kinds that carry an access level; only their own endpoints show it."""
_DEPLOY_SCOPES = {"read_repository"} | {
    f"{verb}_{what}"
    for verb in ("read", "write")
    for what in ("registry", "package_registry", "virtual_registry")
}


class Api:
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
        """`GET /personal_access_tokens/self/associations`."""

        def shape(places: dict[int, str]) -> list[dict[str, Any]]:
            return [{"id": id, "name": path.rpartition("/")[2]} for id, path in places.items()]

        return Response(
            200, {"groups": shape(self._world.groups), "projects": shape(self._world.projects)}
        )

    def list_personal(self, request: Request, caller: Token) -> Response:
        """`GET /personal_access_tokens`: the caller's, or everybody's for an administrator."""
        user_id = request.query.get("user_id")
        if user_id not in (None, "", str(caller.user.id)) and not caller.user.admin:
            raise Refused(401, UNAUTHORIZED)
        tokens = [t for t in self._world.tokens if t.kind != DEPLOY]
        if not caller.user.admin:
            tokens = [t for t in tokens if t.user == caller.user]
        if user_id:
            tokens = [t for t in tokens if str(t.user.id) == user_id]
        return self._page(request, self._filter(request, tokens))

    def get_personal(self, request: Request, caller: Token, id: str) -> Response:
        """`GET /personal_access_tokens/:id`."""
        return Response(200, self._shape(self._personal(caller, id, absent=401)))

    def delete_personal(self, request: Request, caller: Token, id: str) -> Response:
        """`DELETE /personal_access_tokens/:id`."""
        self._personal(caller, id, absent=404).revoked = True
        return Response(204)

    def rotate_personal(self, request: Request, caller: Token, id: str) -> Response:
        """`POST /personal_access_tokens/:id/rotate`."""
        return self._rotate(request, self._personal(caller, id, absent=401))

    def list_owned(self, request: Request, caller: Token, kind: str, **where: str) -> Response:
        """Answer with the tokens of a project, group or service account."""
        tokens = self._owned(caller, kind, **where)
        if kind == DEPLOY:
            if request.query.get("active") == "true":
                tokens = [t for t in tokens if t.is_active(self._world.now)]
            return self._page(request, tokens)
        return self._page(request, self._filter(request, tokens), leveled=kind in _LEVELED)

    def get_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        """Answer with one token of a place."""
        token = self._one(caller, kind, token_id, **where)
        return Response(200, self._shape(token, leveled=kind in _LEVELED))

    def delete_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        """Revoke a token of a place; a deploy token is gone then."""
        token = self._one(caller, kind, token_id, **where)
        if kind == DEPLOY:
            # GitLab, app/services/concerns/deploy_token_methods.rb: destroyed, not revoked.
            self._world.delete(token.id)
        else:
            token.revoked = True
        return Response(204)

    def rotate_owned(
        self, request: Request, caller: Token, kind: str, token_id: str, **where: str
    ) -> Response:
        """Replace a token of a place; bots of projects and groups only their own."""
        token = self._one(caller, kind, token_id, **where)
        if caller.kind in _LEVELED and token is not caller:
            raise Refused(401, UNAUTHORIZED)
        return self._rotate(request, token, leveled=kind in _LEVELED)

    def create_owned(
        self, request: Request, caller: Token, kind: str, place: str, id: str, user_id: str = ""
    ) -> Response:
        """Make a token of a project, group or service account."""
        if kind in _LEVELED and caller.kind in _LEVELED:
            # GitLab, app/services/resource_access_tokens/create_service.rb.
            raise _bad(f"User does not have permission to create {kind} access token")
        number = self._number(caller, place, id)
        body = _new_token(request)
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
            username=body.get("username"),
        )
        shown = self._shape(token, leveled=kind in _LEVELED)
        return Response(201, {**shown, "token": token.value})

    def create_for_user(self, request: Request, caller: Token, user_id: str) -> Response:
        """`POST /users/:user_id/personal_access_tokens`, of administrators."""
        if not caller.user.admin:
            raise Refused(403, _FORBIDDEN)
        body = _new_token(request)
        token = self._world.create_token(
            PERSONAL,
            body["name"],
            owner=self._user(user_id),
            scopes=body["scopes"],
            expires_on=self._new_expiry(body, PERSONAL),
            description=body.get("description"),
        )
        return Response(201, {**self._shape(token), "token": token.value})

    def list_service_accounts(self, request: Request, caller: Token, id: str) -> Response:
        """`GET /groups/:id/service_accounts`."""
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
        raise Refused(absent, UNAUTHORIZED)

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
            raise Refused(refusal, UNAUTHORIZED if refusal == 401 else _FORBIDDEN)
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

    def _user(self, user_id: str) -> User:
        for user in self._world.users:
            if str(user.id) == user_id:
                return user
        raise Refused(404, {"message": "404 User Not Found"})

    def _service_account(self, group: int, user_id: str) -> User:
        for user in self._world.users:
            if user.service_account and user.group == group and str(user.id) == user_id:
                return user
        raise Refused(404, {"message": "404 User Not Found"})

    def _rotate(self, request: Request, token: Token, *, leveled: bool = False) -> Response:
        if token.revoked:
            raise _bad("Token already revoked")
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
        if wanted <= self._world.now.date():
            raise _bad("Expiration date can't be in the past")
        latest = self._world.latest_expiry
        if latest is not None and wanted > latest:
            # GitLab, app/models/personal_access_token.rb.
            raise _bad(f"Expiration date must be before {latest}")
        return wanted

    def _new_expiry(self, body: dict[str, Any], kind: str) -> date | datetime | None:
        """Return the expiry of a token to be made; without one, the latest there is."""
        if kind != DEPLOY:
            return self._expiry(body) or self._world.latest_expiry
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


def _bad(why: str) -> Refused:
    return Refused(400, {"message": f"400 Bad request - {why}"})


def _new_token(request: Request) -> dict[str, Any]:
    """Return the body that describes a token to be made. Raises Refused."""
    for key in ("name", "scopes"):
        if not request.json.get(key):
            raise Refused(400, {"error": f"{key} is missing"})
    return request.json


def _belongs(caller: Token, place: str, number: int) -> bool:
    return number == (caller.user.project if place == PROJECT else caller.user.group)
