"""Scenes with the sandbox's GitLab, which several test modules of the provider set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from keyturn.errors import CredentialRejected, TokenNotFound
from keyturn.interfaces import Access
from keyturn.model import Precision, State, Token, TokenStatus
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Clock, Response
from keyturn.secret_value import SecretValue
from tests.providers.contract import NOW, ProviderContract, Refusal, Scene

CREATED = NOW - timedelta(days=40)
USED = NOW - timedelta(hours=3)
DIES = date(2026, 12, 1)
MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)


def declare(sandbox: Sandbox, **options: Any) -> Token:
    return Token("t", "gitlab", options={"url": sandbox.url, **options})


def own(token: Issued) -> Access:
    return Access({"": SecretValue(token.value)}, own=True)


def manager(token: Issued) -> Access:
    return Access({"": SecretValue(token.value)}, own=False)


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.add_project(42, "acme/tools")
    sandbox.add_group(7, "acme")
    sandbox.server.start()
    return sandbox


def told(status: int, error: str, description: str = "") -> Response:
    return Response(status, {"error": error, "error_description": description})


EXPIRED = told(401, "invalid_token", "Token is expired. You can either do re-authorization.")
GONE = told(401, "invalid_token", "Token was revoked. You have to re-authorize from the user.")
NARROW = told(403, "insufficient_scope", "The request requires higher privileges.")


class GitLabContract(ProviderContract):
    provider = GitLab
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(EXPIRED, CredentialRejected),
        "revoked": Refusal(GONE, CredentialRejected),
        "insufficient-scope": Refusal(NARROW, CredentialRejected, "read_api"),
        "wrong-kind": Refusal(Response(403, {"message": "403 Forbidden"}), CredentialRejected),
        "quota": "a question counts against no quota of tokens",
        "not-found": Refusal(Response(404, {"message": "404 Not Found"}), TokenNotFound),
    }

    def refusal(self, status: int) -> Response:
        return Response(status, {"message": f"{status} {HTTPStatus(status).phrase}"})


PLACES: dict[str, dict[str, Any]] = {
    "personal": {},
    "project": {"project": 42},
    "group": {"group": 7},
    "service-account": {"group": 7},
    "deploy": {"project": 42},
}


def issue(sandbox: Sandbox, kind: str, **given: Any) -> tuple[Issued, dict[str, Any]]:
    """Issue a token called `ci` and return it with the options that declare it by its name."""
    issued = sandbox.create_token(kind, "ci", **PLACES[kind], **given)
    options = {"kind": kind, "token": "ci", **PLACES[kind]}
    if kind == "service-account":
        options["service-account"] = issued.user.id
    return issued, options


def own_scene(*, expires: bool, scopes: tuple[str, ...]) -> Scene:
    sandbox = start()
    token = sandbox.create_token(
        scopes=scopes,
        expires_on=DIES if expires else None,
        created_at=CREATED,
        last_used_at=USED,
    )
    expected = TokenStatus(
        State.ACTIVE,
        Precision.DAY,
        expires_at=MIDNIGHT,
        created_at=CREATED,
        scopes=scopes,
        owner="user 1",
        token_id=str(token.id),
        holds_copy=True,
    )
    return Scene(sandbox.server, declare(sandbox), own(token), expected)


def manager_scene(kind: str = "project", *, expires: bool, scope: str = "api") -> Scene:
    sandbox = start()
    token, options = issue(
        sandbox,
        kind,
        scopes=("read_api",),
        expires_on=DIES if expires else None,
        created_at=CREATED,
        last_used_at=USED,
    )
    expected = TokenStatus(
        State.ACTIVE,
        Precision.DAY,
        expires_at=MIDNIGHT,
        created_at=CREATED,
        last_used_at=USED,
        scopes=("read_api",),
        owner=f"user {token.user.id}",
        token_id=str(token.id),
    )
    asking = sandbox.create_token(name="manager", scopes=(scope,))
    return Scene(sandbox.server, declare(sandbox, **options), manager(asking), expected)


def deploy_scene(*, expires: bool) -> Scene:
    sandbox = start()
    at = datetime(2026, 12, 1, 13, 30, 15, tzinfo=UTC)
    token = sandbox.create_token(
        "deploy", "pull", group=7, scopes=("read_registry",), expires_on=at if expires else None
    )
    expected = TokenStatus(
        State.ACTIVE,
        Precision.INSTANT,
        expires_at=at,
        scopes=("read_registry",),
        token_id=str(token.id),
    )
    declared = declare(sandbox, kind="deploy", group=7, token_id=token.id)
    return Scene(sandbox.server, declared, manager(sandbox.create_token()), expected)


def paths(sandbox: Sandbox) -> list[str]:
    return [exchange.request.path for exchange in sandbox.server.exchanges]


UNTIL = datetime(2027, 1, 20, tzinfo=UTC)
NEW = "ci kt-1a2b3c4d"
ROTATES = "^POST .*/rotate"


def lines(sandbox: Sandbox) -> list[str]:
    asked = [exchange.request for exchange in sandbox.server.exchanges]
    return [f"{request.method} {request.path.removeprefix('/api/v4')}" for request in asked]


def changes(sandbox: Sandbox) -> list[str]:
    return [line for line in lines(sandbox) if not line.startswith("GET ")]


def mint(gitlab: GitLab, declared: Token, access: Access, like: Issued | str, **given: Any):
    told = {"name": NEW, "expires_at": UNTIL, "now": NOW, **given}
    id = str(like.id) if isinstance(like, Issued) else like
    return gitlab.mint(declared, access, like=id, **told)


def swap(gitlab: GitLab, declared: Token, access: Access, old: Issued | str, **given: Any):
    told = {"expires_at": UNTIL, "now": NOW, **given}
    id = str(old.id) if isinstance(old, Issued) else old
    return gitlab.replace(declared, access, token_id=id, **told)
