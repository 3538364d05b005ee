"""The sandbox's GitLab: which path and method means what, and which scopes it asks for.

It must not answer anything itself but a missing scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from keyturn.sandbox.gitlab_api import Api
from keyturn.sandbox.gitlab_lists import Refused
from keyturn.sandbox.gitlab_world import DEPLOY, GROUP, PROJECT, SERVICE_ACCOUNT, Token
from keyturn.sandbox.server import Handler, Request, Response, Router

Scopes: TypeAlias = tuple[str, ...]
_READ, _WRITE, _ROTATE_SELF = ("api", "read_api"), ("api",), ("api", "self_rotate")


def add_routes(api: Api, router: Router, admit: Callable[[Request], Token]) -> None:
    """Register every endpoint with the scopes of which one is needed."""

    def add(method: str, template: str, handler: Handler, scopes: Scopes, **fixed: str) -> None:
        def answer(request: Request, **parameters: str) -> Response:
            caller = admit(request)
            if scopes and not set(scopes) & set(caller.scopes):
                return _insufficient(scopes)
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
    add("POST", f"/users/{{user_id}}{own}", api.create_for_user, _WRITE)
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


def _insufficient(scopes: Scopes) -> Response:
    body = {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access "
        "token.",
        "scope": " ".join(scopes),
    }
    return Response(403, body)
