"""The sandbox's Azure DevOps over HTTP: PATs, their administration and the users, on loopback.

One address stands for both of the service's hosts. Kept true to the descriptions by the conformance
tests. It must not decide anything about tokens that `azure_devops_world.py` can.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from keyturn.sandbox.azure_devops_lists import (
    cut,
    read_time,
    refused,
    shape_for_admin,
    shape_pat,
    shape_subject,
    shape_user,
)
from keyturn.sandbox.azure_devops_world import (
    FULL_ACCESS,
    AzureDevOpsWorld,
    Pat,
    Rule,
    User,
    Violated,
)
from keyturn.sandbox.server import Clock, Handler, Request, Response, Router, Server

SignIn = Literal["401", "203", "302", "anonymous"]

_PATS_PER_PAGE = 100
_USERS_PER_PAGE = 50
_PAGE = "<html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>"


class AzureDevOps(AzureDevOpsWorld):
    """One organization on loopback. Call `server.start()` to serve it."""

    def __init__(self, clock: Clock, port: int = 0, organization: str = "acme") -> None:
        super().__init__(clock, organization)
        self.sign_in_face: SignIn = "401"
        """How a credential that is not accepted is refused; `anonymous`: as the organization with
        public projects does, which takes it for nobody."""
        self.users_per_page = _USERS_PER_PAGE
        router = Router()
        _add_routes(_Api(self), self, router)
        self.server = Server(router, not_found=refused(404, "Page not found."), port=port)

    @property
    def url(self) -> str:
        """The address to write as `url:`."""
        return self.server.url

    def caller(self, request: Request) -> tuple[User, frozenset[str] | None] | None:
        """Return who asks, and the scopes of the PAT that asks; None for a signed-in user."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind == "Bearer":
            token = self.find_entra_token(value)
            return (token.user, None) if token else None
        pat = self._presented(request)
        return (pat.user, frozenset(pat.scope.split())) if pat and self.is_accepted(pat) else None

    def face(self, request: Request) -> Response:
        """Return the refusal of a credential that is not accepted."""
        if self.sign_in_face == "203":
            return Response(203, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
        if self.sign_in_face == "302":
            return self.redirect(request)
        pat = self._presented(request)
        if pat and pat.valid_to <= self.now:
            words = "Access Denied: The Personal Access Token used has expired."
            return refused(401, words, {"X-TFS-ServiceError": quote(words)})
        return refused(401, _UNAUTHORIZED)

    def redirect(self, request: Request) -> Response:
        """Return the way to the sign-in page."""
        location = f"{request.base_url}/_signin?realm=vssps.dev.azure.com"
        body = "<html><head><title>Object moved</title></head></html>"
        return Response(302, body, {"Location": location, "Content-Type": "text/html"})

    def _presented(self, request: Request) -> Pat | None:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        try:
            pair = base64.b64decode(encoded).decode()
        except ValueError:
            return None
        return self.find_by_value(pair.partition(":")[2])


_UNAUTHORIZED = "TF400813: The user '' is not authorized to access this resource."


class _Api:
    """The handlers; each takes the request, and the caller where one is needed."""

    def __init__(self, world: AzureDevOps) -> None:
        self._world = world

    def connection(self, request: Request) -> Response:
        """`GET /_apis/connectionData`: who the caller is, with any scope."""
        found = self._world.caller(request)
        if found is None and self._world.sign_in_face != "anonymous":
            return self._world.face(request)
        if found is None:
            nobody = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
            identity: dict[str, Any] = {
                "id": nobody,
                "descriptor": f"System:PublicAccess;{nobody}",
                "providerDisplayName": "Anonymous",
            }
        else:
            user = found[0]
            identity = {
                "id": user.id,
                "descriptor": f"Microsoft.IdentityModel.Claims.ClaimsIdentity;{user.name}",
                "subjectDescriptor": user.descriptor,
                "providerDisplayName": user.name.partition("@")[0],
                "isActive": True,
                "properties": {"Account": {"$type": "System.String", "$value": user.name}},
            }
        body = {"authenticatedUser": identity, "authorizedUser": identity}
        return Response(200, {**body, "instanceId": self._world.account})

    def read_pats(self, request: Request, user: User) -> Response:
        """`GET /_apis/tokens/pats`: one with an id, else a page of the caller's own."""
        query = request.query
        if "authorizationId" in query:
            return self._outcome(lambda: self._own(user, query["authorizationId"]))
        shown = query.get("displayFilterOption", "active")
        pats = [
            pat
            for pat in self._world.pats
            if pat.user == user and shown in ("all", self._world.state_of(pat))
        ]
        orders: dict[str, Callable[[Pat], Any]] = {
            "displayName": lambda pat: pat.name,
            "displayDate": lambda pat: pat.valid_to,
            "status": self._world.state_of,
        }
        if query.get("sortByOption") in orders:
            descending = query.get("isSortAscending", "true").lower() == "false"
            pats.sort(key=orders[query["sortByOption"]], reverse=descending)
        size = min(int(query.get("$top") or _PATS_PER_PAGE), _PATS_PER_PAGE)
        page, following = cut(pats, query, size)
        rows = [shape_pat(pat, account=self._world.account) for pat in page]
        return Response(200, {"continuationToken": following, "patTokens": rows})

    def create_pat(self, request: Request, user: User) -> Response:
        """`POST /_apis/tokens/pats`: the only answer with a value."""
        body = request.json

        def make() -> Pat:
            return self._world.make(
                user,
                body.get("displayName") or "",
                scope=body.get("scope") or "",
                valid_to=_wanted(body.get("validTo")),
                all_orgs=bool(body.get("allOrgs")),
                cuts=_cuts(request),
            )

        return self._outcome(make, told=True)

    def update_pat(self, request: Request, user: User) -> Response:
        """`PUT /_apis/tokens/pats`: the value stays."""
        body = request.json

        def change() -> Pat:
            pat = self._own(user, body.get("authorizationId") or "")
            wanted = body.get("validTo")
            self._world.change(
                pat,
                body.get("displayName") or pat.name,
                scope=body.get("scope") or pat.scope,
                valid_to=_wanted(wanted) if wanted else pat.valid_to,
                all_orgs=body.get("allOrgs", pat.all_orgs),
                cuts=_cuts(request),
            )
            return pat

        return self._outcome(change)

    def revoke_pat(self, request: Request, user: User) -> Response:
        """`DELETE /_apis/tokens/pats`."""
        try:
            self._world.revoke(self._own(user, request.query.get("authorizationId", "")).id)
        except Violated:
            return refused(404, "The token was not found.")
        return Response(200)

    def list_users(self, request: Request) -> Response:
        """`GET /_apis/graph/users`: a page, the next one in a header."""
        kinds = request.query.get("subjectTypes", "").split(",")
        users = [
            u for u in self._world.users if kinds == [""] or u.descriptor.split(".")[0] in kinds
        ]
        page, following = cut(users, request.query, self._world.users_per_page)
        headers = {"X-MS-ContinuationToken": following} if following else {}
        rows = [shape_user(user) for user in page]
        return Response(200, {"count": len(rows), "value": rows}, headers)

    def get_user(self, request: Request, userDescriptor: str) -> Response:
        """`GET /_apis/graph/users/{userDescriptor}`."""
        user = self._find_user(userDescriptor)
        return Response(200, shape_user(user)) if user else refused(404, "No such subject.")

    def get_descriptor(self, request: Request, storageKey: str) -> Response:
        """`GET /_apis/graph/descriptors/{storageKey}`."""
        for user in self._world.users:
            if user.id == storageKey.lower():
                return Response(200, {"value": user.descriptor, "_links": {}})
        return refused(404, "No such subject.")

    def get_storage_key(self, request: Request, subjectDescriptor: str) -> Response:
        """`GET /_apis/graph/storagekeys/{subjectDescriptor}`."""
        user = self._find_user(subjectDescriptor)
        body = {"value": user.id, "_links": {}} if user else None
        return Response(200, body) if body else refused(404, "No such subject.")

    def query_subjects(self, request: Request) -> Response:
        """`POST /_apis/graph/subjectquery`: at most 100, by the beginning of a name."""
        begins = str(request.json.get("query", "")).lower()
        users = [user for user in self._world.users if user.name.lower().startswith(begins)]
        rows = [shape_subject(user) for user in users[:100]]
        return Response(200, {"count": len(rows), "value": rows})

    def list_pats_of(self, request: Request, subjectDescriptor: str) -> Response:
        """`GET /_apis/tokenadmin/personalaccesstokens/{subjectDescriptor}`."""
        user = self._find_user(subjectDescriptor)
        if user is None:
            return refused(404, "The user could not be found.")
        if request.query.get("isPublic", "false").lower() == "true":
            return Response(200, {"value": [], "continuationToken": None})
        size = int(request.query.get("pageSize") or _PATS_PER_PAGE)
        pats = [pat for pat in self._world.pats if pat.user == user]
        page, following = cut(pats, request.query, size, opaque=True)
        account, state_of = self._world.account, self._world.state_of
        rows = [
            shape_for_admin(pat, account=account, valid=state_of(pat) == "active") for pat in page
        ]
        return Response(200, {"value": rows, "continuationToken": following or None})

    def revoke_authorizations(self, request: Request) -> Response:
        """`POST /_apis/tokenadmin/revocations`: a list of ids; unknown ones are passed over."""
        rows = json.loads(request.body)
        wanted = {row.get("authorizationId", "").lower() for row in rows}
        if not wanted or "" in wanted:
            return refused(400, "An authorization ID is needed.")
        for pat in self._world.pats:
            if pat.id in wanted:
                self._world.revoke(pat.id)
        return Response(204)

    def create_rule(self, request: Request) -> Response:
        """`POST /_apis/tokenadmin/revocationrules`."""
        body = request.json
        scopes = frozenset(str(body.get("scopes") or "").split())
        if not scopes:
            return refused(400, "A scope is needed.")
        before = body.get("createdBefore")
        self._world.rules.append(Rule(scopes, read_time(before) if before else self._world.now))
        return Response(201)

    def _own(self, user: User, id: str) -> Pat:
        for pat in self._world.pats:
            if pat.id == id.lower() and pat.user == user:
                return pat
        raise Violated("authorizationNotFound")

    def _find_user(self, descriptor: str) -> User | None:
        return next((u for u in self._world.users if u.descriptor == descriptor), None)

    def _outcome(self, act: Callable[[], Pat], *, told: bool = False) -> Response:
        """Answer about one PAT: 200 even where nothing was done."""
        try:
            pat = act()
        except Violated as violated:
            return Response(200, {"patTokenError": violated.error})
        shape = shape_pat(pat, account=self._world.account, told=told)
        return Response(200, {"patToken": shape, "patTokenError": "none"})


def _wanted(text: Any) -> datetime:
    try:
        return read_time(text)
    except ValueError:
        raise Violated("invalidValidTo") from None


def _cuts(request: Request) -> bool:
    """Say whether the version asked for cuts lifetimes: 7.2 does, 7.1 refuses."""
    return request.query.get("api-version", "").startswith("7.2")


def _understood(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except (AttributeError, TypeError, ValueError):
        return refused(400, "The input is invalid.")


def _add_routes(api: _Api, world: AzureDevOps, router: Router) -> None:
    """Register every endpoint with who may use it."""
    root = f"/{world.organization}/_apis"

    def signed_in(handler: Handler) -> Handler:
        def answer(request: Request) -> Response:
            found = world.caller(request)
            if found is None or found[1] is not None:
                return world.face(request)
            # GitHub issue MicrosoftDocs/azure-devops-docs#13661: what an application is told.
            if not found[0].person:
                return world.redirect(request)
            return _understood(lambda: handler(request, found[0]))

        return answer

    def administrator(handler: Handler, *scopes: str) -> Handler:
        def answer(request: Request, **parameters: str) -> Response:
            found = world.caller(request)
            if found is None:
                return world.face(request)
            user, held = found
            scoped = held is None or held & {*scopes, FULL_ACCESS}
            if not scoped or not user.admin:
                return refused(401, _UNAUTHORIZED)
            return _understood(lambda: handler(request, **parameters))

        return answer

    def add(method: str, path: str, handler: Handler, *scopes: str) -> None:
        guard = administrator(handler, *scopes) if scopes else signed_in(handler)
        router.add(method, f"{root}/{path}", guard)

    router.add("GET", f"{root}/connectionData", api.connection)
    add("GET", "tokens/pats", api.read_pats)
    add("POST", "tokens/pats", api.create_pat)
    add("PUT", "tokens/pats", api.update_pat)
    add("DELETE", "tokens/pats", api.revoke_pat)
    graph, admin = ("vso.graph", "vso.graph_manage"), "vso.tokenadministration"
    add("GET", "graph/users", api.list_users, *graph)
    add("GET", "graph/users/{userDescriptor}", api.get_user, *graph)
    add("GET", "graph/descriptors/{storageKey}", api.get_descriptor, *graph)
    add("GET", "graph/storagekeys/{subjectDescriptor}", api.get_storage_key, *graph)
    add("POST", "graph/subjectquery", api.query_subjects, *graph)
    path = "tokenadmin/personalaccesstokens/{subjectDescriptor}"
    add("GET", path, api.list_pats_of, admin)
    add("POST", "tokenadmin/revocations", api.revoke_authorizations, admin)
    add("POST", "tokenadmin/revocationrules", api.create_rule, admin)
