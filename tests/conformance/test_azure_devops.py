"""The sandbox's Azure DevOps, and what the provider asks it, judged by Microsoft's descriptions.

What the descriptions say otherwise than their own examples is mended here, each with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyturn.errors import ProviderError
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.providers.azure_devops import AzureDevOps as Provider
from keyturn.sandbox.azure_devops import AzureDevOps
from keyturn.sandbox.azure_devops_world import ADMIN_SCOPES
from keyturn.sandbox.server import Clock, Exchange, Request
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.conformance.oracle import Oracle
from tests.conformance.undescribed import Undescribed
from tests.specs import find_spec

NOW = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
"""Before global PATs were blocked, so that every call can succeed."""
LATER = "2026-08-01T00:00:00Z"
SPECS = ("tokens-7.1", "tokens-7.2", "tokenadmin-7.1", "graph-7.1")

_API = "https://learn.microsoft.com/en-us/javascript/api/azure-devops-extension-api/connectiondata"
_ISSUES = "https://github.com/MicrosoftDocs/azure-devops-docs/issues/13661"
UNDESCRIBED = (
    Undescribed("GET", "/[^/]+/_apis/connectionData", _API),
    *(
        Undescribed(method, "/[^/]+/_apis/tokens/pats", _ISSUES, frozenset({203, 302}))
        for method in ("GET", "POST", "PUT", "DELETE")
    ),
    *(
        Undescribed(method, "/[^/]+/_apis/(graph|tokenadmin)/.*", _ISSUES, frozenset({203, 302}))
        for method in ("GET", "POST")
    ),
)


def mend(spec: Any) -> None:
    """Make a description agree with its own examples."""
    schemas = spec["components"]["schemas"]
    # Null for a global PAT, and for the value in every answer but that of its making.
    for name, fields in {
        "PatToken": ("token", "targetAccounts"),
        "SessionToken": (
            "token",
            "alternateToken",
            "targetAccounts",
            "displayName",
            "publicData",
            "source",
        ),
        "TokenAdminPagedSessionTokens": ("continuationToken",),
    }.items():
        for field in fields if name in schemas else ():
            schemas[name]["properties"][field]["nullable"] = True
    # Administrators get instants without a zone.
    for field in ("validFrom", "validTo") if "SessionToken" in schemas else ():
        del schemas["SessionToken"]["properties"][field]["format"]
    # Who may ask is the sandbox's to judge: tokens 7.1 names PATs, which its own pages exclude, and
    # the library does not know the others.
    spec.pop("security", None)
    # Lists of the graph come in an object, as everywhere in Azure DevOps.
    for path in spec["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
            content = operation["responses"].get("200", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if schema.get("type") == "array":
                properties = {"count": {"type": "integer"}, "value": schema}
                content["application/json"]["schema"] = {
                    "type": "object",
                    "properties": properties,
                    "required": ["count", "value"],
                }


@pytest.fixture(scope="module")
def oracles(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Oracle]:
    folder = tmp_path_factory.mktemp("specs")
    made = {}
    for name in SPECS:
        spec = json.loads(find_spec(shared, f"azure-devops-{name}.json").read_text("utf-8"))
        mend(spec)
        path = folder / f"{name}.json"
        path.write_text(json.dumps(spec), encoding="utf-8")
        made[name] = Oracle(path, undescribed=UNDESCRIBED)
    return made


@pytest.fixture
def azure() -> Iterator[AzureDevOps]:
    azure = AzureDevOps(Clock(NOW))
    azure.users_per_page = 2
    azure.server.start()
    yield azure
    azure.server.stop()


def described_by(request: Request) -> str:
    """Return which description holds a call."""
    if "/tokens/" in request.path:
        return f"tokens-{request.query.get('api-version', '')[:3]}"
    return "graph-7.1" if "/graph/" in request.path else "tokenadmin-7.1"


def violations(azure: AzureDevOps, oracles: dict[str, Oracle]) -> list[str]:
    def check(exchange: Exchange) -> list[str]:
        return oracles[described_by(exchange.request)].check(exchange)

    return [line for exchange in azure.server.exchanges for line in check(exchange)]


def described_calls(shared: Path) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    for name in SPECS:
        spec = json.loads(find_spec(shared, f"azure-devops-{name}.json").read_text("utf-8"))
        for path, operations in spec["paths"].items():
            for method in operations:
                yield name, method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


def use_pats(client: httpx.Client, version: str) -> None:
    """Call every endpoint of the lifecycle API, in vain too."""
    query = {"api-version": version}
    path = "/acme/_apis/tokens/pats"
    body = {"displayName": "n", "scope": "vso.code", "validTo": LATER}
    ids = []
    for wanted in (False, True, False):
        answer = client.post(path, params=query, json={**body, "allOrgs": wanted}).json()
        ids.append(answer["patToken"]["authorizationId"])
    for wrong in ({"validTo": "2030-01-01T00:00:00Z"}, {"displayName": ""}, {"scope": ""}):
        client.post(path, params=query, json={**body, **wrong})
    for id in (ids[0], "3d3aca0c-9ad3-4b07-8334-08ec8b1ddc32"):
        one = {**query, "authorizationId": id}
        client.get(path, params=one)
        client.put(path, params=query, json={**body, "authorizationId": id, "allOrgs": True})
        client.delete(path, params=one)
        client.delete(path, params=one)
    for shown in ("active", "revoked", "expired", "all"):
        client.get(path, params={**query, "displayFilterOption": shown, "$top": 1})
    for order in ("displayName", "displayDate", "status"):
        sort = {"sortByOption": order, "isSortAscending": "false", "$top": 2}
        following = client.get(path, params={**query, **sort}).json()["continuationToken"]
        client.get(path, params={**query, **sort, "continuationToken": following})


def use_administration(client: httpx.Client, descriptor: str, user_id: str, pat_id: str) -> None:
    """Call every endpoint of the graph and of the administration of tokens, in vain too."""
    graph = {"api-version": "7.1-preview.1"}
    plain = {"api-version": "7.1"}
    users = "/acme/_apis/graph/users"
    following = client.get(users, params=graph).headers["X-MS-ContinuationToken"]
    client.get(users, params={**graph, "continuationToken": following, "subjectTypes": "aad"})
    nobody = "aad.bm9ib2R5"
    for someone in (descriptor, nobody):
        client.get(f"{users}/{someone}", params=graph)
        client.get(f"/acme/_apis/graph/storagekeys/{someone}", params=plain)
    for key in (user_id, "3d3aca0c-9ad3-4b07-8334-08ec8b1ddc32"):
        client.get(f"/acme/_apis/graph/descriptors/{key}", params=plain)
    query = {"query": "ann", "subjectKind": ["User"]}
    client.post("/acme/_apis/graph/subjectquery", params=graph, json=query)
    admin = "/acme/_apis/tokenadmin"
    for someone in (descriptor, nobody):
        path = f"{admin}/personalaccesstokens/{someone}"
        page = client.get(path, params={**plain, "pageSize": 1, "isPublic": "false"}).json()
        client.get(path, params={**plain, "isPublic": "true"})
        if page.get("continuationToken"):
            client.get(path, params={**plain, "continuationToken": page["continuationToken"]})
    client.get(path, params={**plain, "continuationToken": "nonsense"})
    for body in ([{"authorizationId": pat_id}], []):
        client.post(f"{admin}/revocations", params={**plain, "isPublic": "false"}, json=body)
    for rule in ({"scopes": "vso.code", "createdBefore": LATER}, {"scopes": ""}):
        client.post(f"{admin}/revocationrules", params=plain, json=rule)


def test_every_described_call_is_answered_as_described(azure, oracles, shared):
    ann = azure.add_user("ann@acme.example", admin=True)
    for number in range(3):
        azure.create_pat(f"pat-{number}", owner=ann, all_orgs=number == 1)
    azure.add_user("bob@acme.example")
    azure.add_user("robot", person=False)
    headers = {"Authorization": f"Bearer {azure.sign_in(ann).value}"}
    with httpx.Client(base_url=azure.url, headers=headers) as client:
        client.get("/acme/_apis/connectionData")
        use_pats(client, "7.1-preview.1")
        use_pats(client, "7.2-preview.1")
        use_administration(client, ann.descriptor, ann.id, azure.pats[0].id)
    assert violations(azure, oracles) == []
    succeeded = [
        (described_by(exchange.request), exchange.request.method, exchange.request.path)
        for exchange in azure.server.exchanges
        if exchange.response.status < 300
    ]
    unused = [
        (name, method, pattern.pattern)
        for name, method, pattern in described_calls(shared)
        if not any(call[:2] == (name, method) and pattern.fullmatch(call[2]) for call in succeeded)
    ]
    assert unused == []


def acts(provider: Provider, token: Token, access: Access, id: str) -> list[Callable[[], object]]:
    """Return everything that the provider can do, to be tried one after the other."""
    later, long_ago = NOW + timedelta(days=60), NOW - timedelta(days=900)
    made: dict[str, Any] = {"like": id, "name": "ci kt-zzzzzzzz", "expires_at": later, "now": NOW}
    return [
        lambda: provider.inspect(token, access, now=NOW),
        lambda: provider.list_tokens(token, access, now=NOW),
        lambda: provider.extend(token, access, token_id=id, expires_at=later, now=NOW),
        lambda: provider.mint(token, access, **made),
        lambda: provider.revoke(token, access, token_id=id, now=NOW),
        lambda: provider.revoke_everything_before(token, access, created_before=long_ago, now=NOW),
    ]


@pytest.mark.parametrize("by", ["own value", "signed-in user", "administrator"])
@pytest.mark.parametrize("face", ["401", "203", "302", "anonymous"])
def test_what_the_provider_asks_is_described(azure, oracles, by, face):
    ann = azure.add_user("ann@acme.example")
    root = azure.add_user("root@acme.example", admin=True)
    azure.add_user("zoe@acme.example")
    pat = azure.create_pat("ci", owner=ann)
    azure.revoke(azure.create_pat("ci kt-1a2b3c4d", owner=ann).id)
    azure.sign_in_face = face
    options = {"url": azure.url, "organization": "acme", "token": "ci"}
    bot = azure.add_user("robot", person=False)
    if by == "own value":
        asking = [pat.value, "z" * 52]
    elif by == "signed-in user":
        asking = [azure.sign_in(user).value for user in (ann, bot)]
        asking.append(azure.sign_in(ann, lifetime=timedelta(0)).value)
    else:
        options["user"] = ann.name
        asking = [azure.create_pat(owner=root, scope=ADMIN_SCOPES).value]
        asking += [azure.create_pat(owner=root, scope="vso.code").value, "z" * 52]
        asking += [azure.create_pat(owner=ann, scope=ADMIN_SCOPES).value]
    token = Token("t", "azure-devops", options=options)
    done = 0
    for value in asking:
        access = Access({"": SecretValue(value)}, own=by == "own value")
        with Transport() as transport:
            for act in acts(Provider(transport), token, access, pat.id):
                try:
                    act()
                    done += 1
                except ProviderError:
                    assert done or value is not asking[0]
    assert done >= {"own value": 1, "signed-in user": 5, "administrator": 4}[by]
    assert violations(azure, oracles) == []
