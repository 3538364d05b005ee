"""The sandbox's GitLab, and what the provider asks it, judged by GitLab's own description."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyturn.errors import ProviderError
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.providers.gitlab import GitLab as Provider
from keyturn.sandbox.gitlab import GitLab
from keyturn.sandbox.gitlab_world import GUEST, STRANGER
from keyturn.sandbox.server import Clock
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.conformance.oracle import Oracle
from tests.conformance.undescribed import Undescribed
from tests.specs import find_spec

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = date(2027, 2, 1)
NEW = {"name": "n", "scopes": ["read_repository"], "expires_at": "2027-02-01"}
UNDESCRIBED = (
    # Its page tells of it; the description holds no path below /users.
    Undescribed(
        "POST",
        r"/api/v4/users/\d+/personal_access_tokens",
        "https://docs.gitlab.com/api/user_tokens/",
    ),
)
KINDS: dict[str, dict[str, Any]] = {
    "personal": {},
    "project": {"project": 42},
    "group": {"group": 7},
    "service-account": {"group": 7},
    "deploy": {"group": 7},
}


@pytest.fixture(scope="module")
def gitlab_oracle(shared: Path) -> Oracle:
    return Oracle(find_spec(shared, "gitlab-tokens-19.5.json"), undescribed=UNDESCRIBED)


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    gitlab = GitLab(Clock(NOW))
    gitlab.add_project(42, "acme/tools")
    gitlab.add_group(7, "acme")
    gitlab.server.start()
    yield gitlab
    gitlab.server.stop()


def violations(gitlab: GitLab, oracle: Oracle) -> list[str]:
    return [line for exchange in gitlab.server.exchanges for line in oracle.check(exchange)]


def described_calls(shared: Path) -> dict[tuple[str, str], re.Pattern[str]]:
    spec = json.loads(find_spec(shared, "gitlab-tokens-19.5.json").read_text(encoding="utf-8"))
    return {
        (method.upper(), path): re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for path, operations in spec["paths"].items()
        for method in operations
        if method != "parameters"
    }


def use_everything(gitlab: GitLab, client: httpx.Client) -> None:
    """Call every endpoint, in vain too, over every kind of token."""
    account = gitlab.add_service_account(7, "robot")
    robots = f"/groups/7/service_accounts/{account.id}/personal_access_tokens"
    client.get("/groups/7/service_accounts")
    client.get("/personal_access_tokens/self/associations")
    for kind, folder in (
        ("project", "/projects/acme%2Ftools/access_tokens"),
        ("group", "/groups/7/access_tokens"),
        ("service-account", robots),
        ("deploy", "/projects/42/deploy_tokens"),
        ("deploy", "/groups/acme/deploy_tokens"),
        ("personal", "/personal_access_tokens"),
    ):
        if kind == "personal":
            old = gitlab.create_token(expires_on=LATER).id
        else:
            expires = "2027-02-01T00:00:00Z" if kind == "deploy" else "2027-02-01"
            old = client.post(folder, json={**NEW, "expires_at": expires}).json()["id"]
            client.post(folder, json={"name": "forever", "scopes": ["read_repository"]})
            client.post(folder, json={**NEW, "expires_at": expires, "scopes": []})
        client.get(folder, params={"per_page": 1, "page": 2})
        if kind != "deploy":
            client.get(folder, params={"search": "n", "state": "active", "sort": "created_desc"})
        for id in (old, 99):
            if kind != "service-account":
                client.get(f"{folder}/{id}")
            if kind != "deploy":
                client.post(f"{folder}/{id}/rotate", json={"expires_at": "2027-03-01"})
                client.post(f"{folder}/{id}/rotate")
            client.delete(f"{folder}/{id}")
    for kind, folder in (
        ("personal", "/personal_access_tokens"),
        ("project", "/projects/42/access_tokens"),
        ("group", "/groups/7/access_tokens"),
    ):
        value = gitlab.create_token(kind, **KINDS[kind]).value
        for _ in range(2):
            client.post(f"{folder}/self/rotate", headers={"PRIVATE-TOKEN": value})
    client.post("/users/1/personal_access_tokens", json={**NEW, "scopes": ["api"]})
    named = {"name": "n", "scopes": ["read_repository"], "username": "puller"}
    client.post("/groups/7/deploy_tokens", json=named)
    for method in ("GET", "DELETE", "GET"):
        client.request(method, "/personal_access_tokens/self")


def test_every_described_call_is_answered_as_described(gitlab, gitlab_oracle, shared):
    headers = {"PRIVATE-TOKEN": gitlab.create_token().value}
    with httpx.Client(base_url=f"{gitlab.url}/api/v4", headers=headers) as client:
        use_everything(gitlab, client)
    assert violations(gitlab, gitlab_oracle) == []
    succeeded = [
        (exchange.request.method, exchange.request.path)
        for exchange in gitlab.server.exchanges
        if exchange.response.status < 300
    ]
    unused = {
        call
        for call, pattern in described_calls(shared).items()
        if not any(call[0] == method and pattern.fullmatch(path) for method, path in succeeded)
    }
    assert unused == set()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["own value", "name", "id"])
def test_what_the_provider_asks_is_described(gitlab, gitlab_oracle, kind, by):
    place = KINDS[kind]
    issued = gitlab.create_token(kind, "deploy-ci", expires_on=LATER, **place)
    options = {"url": gitlab.url, "kind": kind, **place}
    if kind == "service-account":
        options["service_account"] = issued.user.id
    options |= {"name": {"token": "deploy-ci"}, "id": {"token_id": issued.id}}.get(by, {})
    asking = [issued] if by == "own value" else []
    if by != "own value":
        others = [gitlab.add_user("gus", role=GUEST), gitlab.add_user("eve", role=STRANGER)]
        asking = [gitlab.create_token(), *(gitlab.create_token(owner=user) for user in others)]
        asking += [gitlab.create_token(scopes=("read_user",)), gitlab.rotate(asking[1].id)]
    token = Token("t", "gitlab", options=options)
    with Transport() as transport:
        provider = Provider(transport)
        for credential in asking:
            access = Access({"": SecretValue(credential.value)}, own=by == "own value")
            try:
                provider.inspect(token, access, now=NOW)
            except ProviderError as error:
                assert credential is not asking[0] or kind == "deploy", error
    assert gitlab.server.exchanges or (kind, by) == ("deploy", "own value")
    assert violations(gitlab, gitlab_oracle) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "by", ["own value", "manager", "capped", "guest", "stranger", "poor", "dead"]
)
def test_what_the_provider_changes_is_described(gitlab, gitlab_oracle, kind, by):
    gitlab.longest_lifetime = timedelta(days=7 if by == "capped" else 365)
    place, scopes = KINDS[kind], ("read_repository",) if kind == "deploy" else ("api",)

    def issue() -> Any:
        return gitlab.create_token(kind, "ci", scopes=scopes, expires_on=LATER, **place)

    asking = {
        "guest": gitlab.create_token(owner=gitlab.add_user("gus", role=GUEST)),
        "stranger": gitlab.create_token(owner=gitlab.add_user("eve", role=STRANGER)),
        "poor": gitlab.create_token(scopes=("read_api",)),
        "dead": gitlab.create_token(),
    }.get(by) or gitlab.create_token()
    if by == "dead":
        gitlab.revoke(asking.id)
    later = {"expires_at": datetime(2027, 2, 1, tzinfo=UTC), "now": NOW}
    with Transport() as transport:
        provider = Provider(transport)
        acts: tuple[Callable[..., object], ...] = (
            lambda t, a, id: provider.list_tokens(t, a, now=NOW),
            lambda t, a, id: provider.mint(t, a, like=id, name="ci kt-1a2b3c4d", **later),
            lambda t, a, id: provider.replace(t, a, token_id=id, **later),
            lambda t, a, id: provider.revoke(t, a, token_id=id, now=NOW),
        )
        for act in acts:
            issued = issue()
            options = {"url": gitlab.url, "kind": kind, "token": "ci", **place}
            if kind == "service-account":
                options["service_account"] = issued.user.id
            given = issued if by == "own value" else asking
            access = Access({"": SecretValue(given.value)}, own=by == "own value")
            for id in (issued.id, 99_999):
                with contextlib.suppress(ProviderError):
                    act(Token("t", "gitlab", options=options), access, str(id))
    assert gitlab.server.exchanges or (kind, by) == ("deploy", "own value")
    assert violations(gitlab, gitlab_oracle) == []
    succeeded = {e.request.method for e in gitlab.server.exchanges if e.response.status < 300}
    assert by != "manager" or succeeded == {"GET", "POST", "DELETE"}
