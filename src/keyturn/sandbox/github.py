"""The sandbox's GitHub: a server with its world, credentials and rate limit.

It keeps no route of its own: each `github_*` module registers its topic.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime

from keyturn.sandbox import (
    github_commits,
    github_contents,
    github_issues,
    github_labels,
    github_people,
    github_refs,
    github_runs,
    github_secrets,
    github_tokens,
    github_variables,
)
from keyturn.sandbox.github_api import Credential, error
from keyturn.sandbox.github_routes import Routes
from keyturn.sandbox.github_world import Organization, Repository, World
from keyturn.sandbox.server import Clock, Request, Response, Router, Server

LIMITS = {"app": 5000, "pat": 5000, "workflow": 1000, "anonymous": 60}
"""Requests an hour. GitHub docs, "Rate limits for the REST API", 2026-11."""


class GitHub:
    """A GitHub of one's own, on loopback."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        self._world = World(clock)
        self._anonymous = Credential("anonymous", "anonymous", limit=LIMITS["anonymous"])
        self._request_ids = itertools.count(1)
        router = Router()
        self.server = Server(
            router,
            not_found=error(404, "Not Found"),
            before=self._before,
            finish=self._finish,
            port=port,
        )
        routes = Routes(router, self._world, self._identify)
        for topic in (
            github_people,
            github_secrets,
            github_variables,
            github_issues,
            github_labels,
            github_contents,
            github_refs,
            github_commits,
            github_runs,
            github_tokens,
        ):
            topic.add_routes(routes)

    @property
    def url(self) -> str:
        """The API's base, as in `GITHUB_API_URL`."""
        return self.server.url

    def add_token(
        self,
        value: str,
        *,
        permissions: Iterable[str] | None = None,
        login: str | None = None,
        kind: str = "app",
        expires: datetime | None = None,
        repositories: Iterable[str] | None = None,
        scopes: Iterable[str] = (),
    ) -> Credential:
        """Accept a credential from now on.

        `permissions` are areas (`secrets`), or areas with `:read` or `:write`; None grants all that
        the kind (app, pat, workflow) can have: a workflow's own token can have no secrets.
        `repositories` narrows it to some; others that are private look missing to it. `expires` of
        a personal token is said in its own time zone; `scopes` are what a classic one says it has.
        """
        only = None if repositories is None else frozenset(map(str.lower, repositories))
        name = login or ("github-actions[bot]" if kind == "workflow" else "octocat")
        self._world.credentials[value] = credential = Credential(
            name,
            kind,
            permissions=None if permissions is None else frozenset(permissions),
            expires=expires,
            repositories=only,
            scopes=tuple(scopes),
            fine_grained=value.startswith("github_pat_"),
            made_at=self._world.now(),
            limit=LIMITS[kind],
        )
        return credential

    def add_organization(self, login: str) -> Organization:
        """Make an organization, or return the one there is."""
        organizations = self._world.organizations
        if login.lower() not in organizations:
            organizations[login.lower()] = Organization(self._world, login)
        return organizations[login.lower()]

    def add_repository(
        self,
        full_name: str,
        *,
        private: bool = True,
        default_branch: str = "main",
        has_issues: bool = True,
        assignees: Iterable[str] = (),
        collaborators: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Repository:
        """Make a repository with files; the owner is a person unless it is an organization here.

        `assignees` may write and so be assigned; `collaborators` are further people with their
        roles: admin, maintain, write, triage or read.
        """
        repository = Repository(
            self._world,
            full_name,
            private=private,
            default_branch=default_branch,
            has_issues=has_issues,
            collaborators=dict.fromkeys(assignees, "write") | dict(collaborators or {}),
        )
        self._world.repositories[full_name.lower()] = repository
        if files:
            repository.write_files(files)
        return repository

    def organization(self, login: str) -> Organization:
        """Return an organization; raises KeyError when there is none."""
        return self._world.organizations[login.lower()]

    def repository(self, full_name: str) -> Repository:
        """Return a repository; raises KeyError when there is none."""
        return self._world.repositories[full_name.lower()]

    def _identify(self, request: Request) -> Credential:
        return self._present(request) or self._anonymous

    def _present(self, request: Request) -> Credential | None:
        match = re.fullmatch(
            r"(?:bearer|token) +(\S+)", request.headers.get("authorization", ""), re.IGNORECASE
        )
        found = self._world.credentials.get(match[1]) if match else None
        if found and found.expires and found.expires <= self._world.now():
            return None
        return found

    def _before(self, request: Request) -> Response | None:
        if "authorization" in request.headers and not self._present(request):
            return error(401, "Bad credentials")
        credential = self._identify(request)
        cost = 0 if request.path == "/rate_limit" else 1
        if not credential.spend(self._world.now(), cost=cost):
            return error(403, f"API rate limit exceeded for {credential.login}.")
        return None

    def _finish(self, request: Request, response: Response) -> Response:
        headers = {
            **response.headers,
            "date": format_datetime(self._world.now(), usegmt=True),
            "x-github-request-id": f"SANDBOX:{next(self._request_ids):08X}",
            "x-github-media-type": "github.v3; format=json",
        }
        credential = self._present(request)
        if credential is None and "authorization" in request.headers:
            return Response(response.status, response.body, headers)
        credential = credential or self._anonymous
        reset = credential.reset or self._world.now()
        headers |= {
            "x-ratelimit-limit": str(credential.limit),
            "x-ratelimit-remaining": str(credential.limit - credential.used),
            "x-ratelimit-used": str(credential.used),
            "x-ratelimit-reset": str(int(reset.timestamp())),
            "x-ratelimit-resource": "core",
        }
        if credential.kind == "pat":
            headers["x-oauth-scopes"] = ", ".join(credential.scopes)
        if credential.kind == "pat" and credential.expires:
            # as seen on github.com, 2026-11: neither RFC 3339 nor an HTTP date, and an offset for
            # some (go-github reads both)
            zone = "UTC" if credential.expires.utcoffset() == timedelta() else "%z"
            ends = credential.expires.strftime(f"%Y-%m-%d %H:%M:%S {zone}")
            headers["github-authentication-token-expiration"] = ends
        return Response(response.status, response.body, headers)
