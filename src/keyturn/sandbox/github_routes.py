"""Registers handlers with what they act on and the permission they need; answers nothing itself."""

from __future__ import annotations

from collections.abc import Callable

from keyturn.sandbox.github_api import (
    OPEN_AREAS,
    Call,
    Credential,
    Refused,
    not_found,
    parse_body,
)
from keyturn.sandbox.github_world import Repository, World
from keyturn.sandbox.server import Request, Response, Router

Handler = Callable[..., Response]


class Routes:
    """The routes of one GitHub."""

    def __init__(
        self, router: Router, world: World, identify: Callable[[Request], Credential]
    ) -> None:
        self.world = world
        self._router = router
        self._identify = identify

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Register `handler(call, **parameters)`, which anyone known may call."""

        def answer(request: Request, **parameters: str) -> Response:
            try:
                call = Call(request, self._identify(request), self.world.now(), parse_body(request))
                return handler(call, **parameters)
            except Refused as refused:
                return refused.response

        self._router.add(method, template, answer)

    def organization(self, method: str, template: str, handler: Handler, *, area: str) -> None:
        """Register `handler(call, organization, **parameters)` below `/orgs/{org}`."""

        def answer(call: Call, *, org: str, **parameters: str) -> Response:
            found = self.world.organization(org)
            if not found:
                raise not_found()
            found.check_policies(call.credential)
            if area not in OPEN_AREAS:
                _permit(call, area, method)
            return handler(call, found, **parameters)

        self.add(method, "/orgs/{org}" + template, answer)

    def repository(self, method: str, template: str, handler: Handler, *, area: str) -> None:
        """Register `handler(call, repository, **parameters)` below `/repos/{owner}/{repo}`.

        It also answers below `/repositories/{id}`, where GitHub's `Link` headers lead.
        """

        def answer(call: Call, *, owner: str, repo: str, **parameters: str) -> Response:
            return act(call, self.world.repository(f"{owner}/{repo}"), parameters)

        def answer_by_id(call: Call, *, repository_id: str, **parameters: str) -> Response:
            number = int(repository_id) if repository_id.isdecimal() else 0
            return act(call, self.world.repository_by_id(number), parameters)

        def act(call: Call, found: Repository | None, parameters: dict[str, str]) -> Response:
            if not found or (found.private and not call.credential.covers(found.full_name)):
                raise not_found()
            if found.organization:
                found.organization.check_policies(call.credential)
            if found.private or method != "GET" or area not in OPEN_AREAS:
                _permit(call, area, method, covered=call.credential.covers(found.full_name))
            return handler(call, found, **parameters)

        self.add(method, "/repos/{owner}/{repo}" + template, answer)
        self.add(method, "/repositories/{repository_id}" + template, answer_by_id)


def _permit(call: Call, area: str, method: str, *, covered: bool = True) -> None:
    access = "read" if method == "GET" else "write"
    if not covered or not call.credential.allows(area, access):
        raise call.credential.refusal(area, access)


def repository_path(repository: Repository, template: str) -> str:
    """Return the path that a `Link` header has for a collection of a repository."""
    return f"/repositories/{repository.id}{template}"
