"""Which paths the sandbox's SailPoint answers on, to whom, and how a JSON Patch is read.

Every collection stands in every version's place. It must not know what any route does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from keyturn.sandbox.sailpoint_answers import Refused, refusal
from keyturn.sandbox.sailpoint_world import EVERYTHING, Jwt, SailPointWorld
from keyturn.sandbox.server import Request, Response, Router

_OLD = ("v3", "beta", "v2024")
"""Versions that do not describe expiry dates."""
_PATCH = "application/json-patch+json"

Handler = Callable[..., Response]


class Routes:
    """Registers handlers with who may call them."""

    def __init__(self, world: SailPointWorld, router: Router) -> None:
        self._world = world
        self._router = router

    def add(
        self,
        method: str,
        collection: str,
        path: str,
        handler: Handler,
        scopes: tuple[str, ...],
        *,
        admin: bool = True,
        application: bool = False,
        v1_only: bool = False,
    ) -> None:
        """Register an endpoint in every flavour that has it.

        It takes an access token with one of the scopes, of an administrator or of anybody, and
        of an API client only where it is open to an `application`.
        """
        places = {f"/{collection}/v1{path}": True}
        if not v1_only:
            places[f"/v2025/{collection}{path}"] = True
            places |= {f"/{root}/{collection}{path}": False for root in _OLD}
        for template, current in places.items():
            answer = self._guard(handler, scopes, current, admin=admin, application=application)
            self._router.add(method, template, answer)

    def _guard(
        self,
        handler: Handler,
        scopes: tuple[str, ...],
        current: bool,
        *,
        admin: bool,
        application: bool,
    ) -> Handler:
        def answer(request: Request, **parameters: str) -> Response:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            jwt = self._world.find_jwt(bearer)
            if jwt is None:
                return refusal(401)
            allowed = application if jwt.user is None else jwt.user.admin or not admin
            if not allowed or not self.has_scope(jwt, scopes):
                return refusal(403)
            try:
                return handler(request, jwt, current, **parameters)
            except Refused as refused:
                return refused.response

        return answer

    @staticmethod
    def has_scope(jwt: Jwt, scopes: tuple[str, ...]) -> bool:
        """Say whether an access token carries one of these scopes."""
        held = (EVERYTHING,) if jwt.scope is None else jwt.scope
        return bool({EVERYTHING, *scopes} & set(held))


def patch_operations(request: Request) -> dict[str, Any]:
    """Return what a JSON Patch adds or replaces: field -> value. Raises Refused."""
    media_type = request.headers.get("content-type", "").partition(";")[0]
    try:
        operations = json.loads(request.body) if media_type == _PATCH else None
    except ValueError:
        operations = None
    if not isinstance(operations, list):
        raise Refused(400, "Not a JSON Patch.")
    changes = {}
    for each in operations:
        if each.get("op") not in ("add", "replace") or "value" not in each:
            raise Refused(400, "The operation is not supported.")
        changes[each["path"].removeprefix("/")] = each["value"]
    return changes
