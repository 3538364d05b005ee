"""Scenes with the sandbox's Azure DevOps, which several test modules of the provider set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from keyturn.errors import (
    CredentialRejected,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import (
    Precision,
    State,
    Token,
    TokenStatus,
)
from keyturn.providers._azure_answers import Pat
from keyturn.providers.azure_devops import AzureDevOps
from keyturn.sandbox.azure_devops import AzureDevOps as Sandbox
from keyturn.sandbox.azure_devops_world import ADMIN_SCOPES, EntraToken
from keyturn.sandbox.azure_devops_world import Pat as Issued
from keyturn.sandbox.server import Clock, Request, Response
from keyturn.secret_value import SecretValue
from tests.providers.contract import (
    NOW,
    ProviderContract,
    Refusal,
    Scene,
)

CREATED = NOW - timedelta(days=40)
DIES = datetime(2026, 12, 20, 13, 30, 15, 523333, UTC)
RETIRED = datetime(2026, 12, 1, tzinfo=UTC)
SCOPES = "vso.code vso.packaging"


def declare(sandbox: Sandbox, **options: Any) -> Token:
    place = {"url": sandbox.url, "organization": "acme"}
    return Token("t", "azure-devops", options={**place, **options})


def own(pat: Issued) -> Access:
    return Access({"": SecretValue(pat.value)}, own=True)


def manager(credential: Issued | EntraToken) -> Access:
    return Access({"": SecretValue(credential.value)}, own=False)


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.server.start()
    return sandbox


def told(message: str, status: int = 401, **headers: str) -> Response:
    return Response(status, {"$id": "1", "message": message, "errorCode": 0}, headers)


EXPIRED = told("Access Denied: The Personal Access Token used has expired.")
UNAUTHORIZED = told("TF400813: The user '' is not authorized to access this resource.")
SIGN_IN = Response(302, "<html>", {"Location": "https://x.vssps.visualstudio.com/_signin?realm=y"})


class AzureContract(ProviderContract):
    provider = AzureDevOps
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(EXPIRED, CredentialRejected),
        "revoked": Refusal(UNAUTHORIZED, CredentialRejected),
        "insufficient-scope": Refusal(UNAUTHORIZED, CredentialRejected, "vso.tokenadministration"),
        "wrong-kind": Refusal(SIGN_IN, CredentialRejected),
        "quota": "Azure DevOps documents no quota of personal access tokens",
        "not-found": Refusal(told("VS404: no", 404), TokenNotFound),
    }

    def refusal(self, status: int) -> Response:
        return told("TF400813: something", status)

    def test_a_token_without_expiry_never_expires(self):
        # A PAT always has a date: without one the answer is not understood.
        with pytest.raises(ValidationError):
            Pat.model_validate({**GOOD_ROW, "validTo": None})


class ByItsOwner(AzureContract):
    """A signed-in user's Entra token asks about own PATs."""

    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **AzureContract.refusals,
        "insufficient-scope": Refusal(UNAUTHORIZED, CredentialRejected, "signed-in user"),
        "wrong-kind": Refusal(SIGN_IN, CredentialRejected, "service principals"),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        self.sandbox = sandbox = start()
        ann = sandbox.add_user("ann@acme.example")
        self.pat = sandbox.create_pat(
            "ci", owner=ann, scope=SCOPES, valid_from=CREATED, valid_to=DIES
        )
        sandbox.create_pat("other", owner=ann)
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=DIES,
            created_at=CREATED,
            scopes=("vso.code", "vso.packaging"),
            token_id=self.pat.id,
        )
        access = manager(sandbox.sign_in(ann))
        return Scene(sandbox.server, declare(sandbox, token="ci"), access, expected)


class ByAnAdministrator(AzureContract):
    """An administrator's PAT asks about somebody's PATs."""

    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        root = sandbox.add_user("root@acme.example", admin=True)
        ann = sandbox.add_user("ann@acme.example")
        pat = sandbox.create_pat("ci", owner=ann, scope=SCOPES, valid_from=CREATED, valid_to=DIES)
        sandbox.create_pat("other", owner=ann)
        asking = sandbox.create_pat("asks", owner=root, scope=ADMIN_SCOPES)
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=DIES,
            created_at=CREATED,
            scopes=("vso.code", "vso.packaging"),
            owner="ann@acme.example",
            token_id=pat.id,
        )
        declared = declare(sandbox, user="Ann@acme.example", token="ci")
        return Scene(sandbox.server, declared, manager(asking), expected)


def asked(sandbox: Sandbox) -> list[Request]:
    return [exchange.request for exchange in sandbox.server.exchanges]


def lines(sandbox: Sandbox) -> list[str]:
    return [f"{r.method} {r.path.removeprefix('/acme/_apis/')}" for r in asked(sandbox)]


GOOD_ROW: dict[str, Any] = {
    "displayName": "ci",
    "validTo": "2026-12-20T13:30:15.5233333Z",
    "scope": "vso.code",
    "targetAccounts": ["38aaa865-2c70-4bf7-a308-0c6539c38c1a"],
    "validFrom": "2026-10-24T03:04:57.52Z",
    "authorizationId": "4C60C9ED-a378-4883-af16-d655ca025b11",
    "token": None,
}
