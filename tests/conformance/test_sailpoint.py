"""The sandbox's SailPoint, and what keyturn asks it, judged by SailPoint's own descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from keyturn.destinations.sailpoint_workflows import SailPointWorkflows
from keyturn.errors import ProviderError
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.providers.sailpoint import SailPoint as Provider
from keyturn.sandbox.sailpoint import SailPoint
from keyturn.sandbox.sailpoint_world import Pat
from keyturn.sandbox.server import Clock
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.conformance.oracle import Oracle
from tests.conformance.undescribed import Undescribed
from tests.specs import find_spec

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2027, 2, 1, 12, 30, tzinfo=UTC)
DATE = "2027-02-01T12:30:00.000Z"
NEW = {"name": "n", "scope": ["a:b"], "expirationDate": DATE, "accessTokenValiditySeconds": 60}
CLIENT = {
    "name": "feed",
    "description": "d",
    "accessTokenValiditySeconds": 750,
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "accessType": "OFFLINE",
    "enabled": True,
}
PATCH_TYPE = "application/json-patch+json"
PATCH = {"Content-Type": PATCH_TYPE}
ROOT = "/v2025"
DISABLE = '[{"op": "replace", "path": "/enabled", "value": false}]'

# The library that judges cannot check OAuth, and says so at each request.
pytestmark = pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning")

UNDESCRIBED = (
    # Both descriptions name it as `tokenUrl` only.
    Undescribed("POST", "/oauth/token", "https://developer.sailpoint.com/docs/api/authentication"),
)


class Judge:
    """Both descriptions: each exchange goes to the one whose path it has."""

    def __init__(self, shared: Path, folder: Path) -> None:
        self.v1, self.v2025 = (
            Oracle(mend(find_spec(shared, name), folder / name), prefix, undescribed=UNDESCRIBED)
            for name, prefix in (("sailpoint-isc-v1.json", ""), ("sailpoint-isc-v2025.json", ROOT))
        )

    def judge(self, box: SailPoint) -> list[str]:
        found = []
        for exchange in box.server.exchanges:
            request = exchange.request
            if request.method == "PATCH" and "/parameter-storage/" not in request.path:
                assert request.headers["content-type"] == PATCH_TYPE
                headers = {**request.headers, "content-type": "application/json"}
                exchange = replace(exchange, request=replace(request, headers=headers))
            oracle = self.v2025 if request.path.startswith(f"{ROOT}/") else self.v1
            found += oracle.check(exchange)
        return found


def mend(source: Path, target: Path) -> Path:
    """Write a description as the library can use it: a server without a path, JSON by its name.

    Every PATCH but that of a parameter takes a JSON Patch and nothing else.
    """
    spec = json.loads(source.read_text(encoding="utf-8"))
    spec["servers"] = [{"url": "https://acme.api.identitynow.com"}]
    for path, operations in spec["paths"].items():
        if "patch" in operations and "parameter-storage" not in path:
            content = operations["patch"]["requestBody"]["content"]
            assert list(content) == [PATCH_TYPE]
            content["application/json"] = content.pop(PATCH_TYPE)
    target.write_text(json.dumps(spec), encoding="utf-8")
    return target


@pytest.fixture(scope="session")
def sailpoint_judge(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(shared, tmp_path_factory.mktemp("descriptions"))


@pytest.fixture
def box() -> Iterator[SailPoint]:
    box = SailPoint(Clock(NOW))
    box.has_parameter_storage = True
    box.server.start()
    yield box
    box.server.stop()


def described_calls(shared: Path) -> dict[tuple[str, str], re.Pattern[str]]:
    found = {}
    for name, prefix in (("sailpoint-isc-v1", ""), ("sailpoint-isc-v2025", "/v2025")):
        spec = json.loads(find_spec(shared, f"{name}.json").read_text(encoding="utf-8"))
        for path, operations in spec["paths"].items():
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", prefix + path))
            for method in operations:
                if method != "parameters":
                    found[method.upper(), prefix + path] = pattern
    return found


def log_in(http: httpx.Client, pat: Pat) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": pat.id,
        "client_secret": pat.secret,
    }
    value = http.post("/oauth/token", data=form).json()["access_token"]
    return {"Authorization": f"Bearer {value}"}


def use_tokens(http: httpx.Client, where: str) -> None:
    path = where.format("personal-access-tokens")
    made = http.post(path, json=NEW).json()["id"]
    http.post(path, json=NEW)
    http.post(path, json={"name": "m", "expirationDate": "2020-01-01T00:00:00Z"})
    for query in ({}, {"owner-id": "me"}, {"filters": "lastUsed isnull"}, {"filters": "x"}):
        http.get(path, params=query)
    for id in (made, "nobody"):
        change = [{"op": "replace", "path": "/expirationDate", "value": DATE}]
        http.patch(f"{path}/{id}", content=json.dumps(change), headers=PATCH)
        http.delete(f"{path}/{id}")
    path = where.format("oauth-clients")
    made = http.post(path, json=CLIENT).json()["id"]
    http.get(path, params={"filters": "lastUsed le 2026-11-01T00:00:00Z"})
    http.get(path)
    for id in (made, "nobody"):
        http.get(f"{path}/{id}")
        http.patch(f"{path}/{id}", content=DISABLE, headers=PATCH)
        http.delete(f"{path}/{id}")


def use_workflows(http: httpx.Client, where: str) -> None:
    path = where.format("workflows")
    step = {"actionId": "sp:http", "attributes": {"oAuthClientId": "i", "oAuthClientSecret": "s"}}
    definition = {"start": "Get", "steps": {"Get": step}}
    trigger = {"type": "EXTERNAL", "attributes": {"name": "t", "description": "d"}}
    body = {"name": "w", "description": "d", "definition": definition, "trigger": trigger}
    made = http.post(path, json=body).json()["id"]
    http.post(path, json={"name": "draft"})
    http.get(path)
    for id in (made, "nobody"):
        http.get(f"{path}/{id}")
        http.put(f"{path}/{id}", json=body)
        change = [{"op": "replace", "path": "/definition", "value": definition}]
        http.patch(f"{path}/{id}", content=json.dumps(change), headers=PATCH)
        http.post(f"{path}/{id}/external/oauth-clients")
        if where.startswith("/{}/v1"):
            http.post(f"{path}/{id}/test", json={"input": {}})
        http.delete(f"{path}/{id}")


def use_parameters(http: httpx.Client, owner: str) -> None:
    path = "/parameter-storage/v1"
    body: dict[str, Any] = {"ownerId": owner, "name": "n", "type": "1.1", "publicFields": {"u": 1}}
    made = http.post(f"{path}/parameters", json={**body, "privateFields": "x"}).json()["id"]
    http.post(f"{path}/parameters", json={**body, "name": ""})
    http.get(f"{path}/parameters", params={"limit": 1, "offset": 0})
    http.get(f"{path}/specification")
    http.get(f"{path}/attestation", params={"key": "k"})
    for id in (made, "nobody"):
        http.get(f"{path}/parameters/{id}")
        http.get(f"{path}/parameters/{id}/references")
        http.patch(f"{path}/parameters/{id}", json={"name": "m"})
        http.delete(f"{path}/parameters/{id}")


def test_every_described_call_is_answered_as_described(box, sailpoint_judge, shared):
    admin, eve = box.add_identity("admin", admin=True), box.add_identity("eve")
    for owner in (admin, eve):
        held = box.create_pat("p", owner=owner)
        with httpx.Client(base_url=box.url) as http:
            if owner is admin:
                http.headers.update(log_in(http, held))
                for where in ("/{}/v1", "/v2025/{}"):
                    use_tokens(http, where)
                    use_workflows(http, where)
                use_parameters(http, eve.id)
                box.rate_limit = 0
                http.get("/v2025/workflows")
                box.rate_limit = None
            else:
                for headers in ({}, log_in(http, held)):
                    for method, path in described_calls(shared):
                        if method in ("GET", "DELETE"):
                            url = path.replace("{id}", "x").replace("attestation", "parameters")
                            http.request(method, url, headers=headers)
    assert sailpoint_judge.judge(box) == []
    succeeded = [
        (each.request.method, each.request.path)
        for each in box.server.exchanges
        if each.response.status < 300
    ]
    unused = {
        call
        for call, pattern in described_calls(shared).items()
        if not any(call[0] == method and pattern.fullmatch(path) for method, path in succeeded)
    }
    assert unused == set()
    assert {each.response.status for each in box.server.exchanges} >= {400, 401, 403, 404, 429}


@pytest.mark.parametrize("api", ["v1", "v2025"])
def test_a_token_that_never_expires_is_answered_as_no_description_has_it(box, sailpoint_judge, api):
    # The request's description allows it, the answer's demands a date: the request is believed.
    held = box.create_pat("p", owner=box.add_identity("admin", admin=True))
    path = "/personal-access-tokens/v1" if api == "v1" else "/v2025/personal-access-tokens"
    with httpx.Client(base_url=box.url) as http:
        body = {"name": "never", "userAwareTokenNeverExpires": True}
        http.post(path, json=body, headers=log_in(http, held))
    (line,) = sailpoint_judge.judge(box)
    assert "expirationDate" in line


def step(pat: Pat) -> dict[str, Any]:
    attributes = {"oAuthClientId": pat.id, "oAuthClientSecret": pat.secret}
    return {"actionId": "sp:http", "attributes": attributes}


@pytest.mark.parametrize("api", ["v1", "v2025"])
@pytest.mark.parametrize("who", ["admin", "owner", "poor", "client"])
def test_what_keyturn_asks_and_does_is_described(box, sailpoint_judge, api, who):
    admin, eve = box.add_identity("admin", admin=True), box.add_identity("eve")
    pat = box.create_pat("ci", owner=admin, scope=("a:b",), expires_at=LATER)
    box.add_workflow("Joiner", owner=admin, steps={"Get": step(pat)})
    feed = box.create_client("feed")
    asking = {
        "admin": box.create_pat("asks", owner=admin),
        "owner": box.create_pat("asks", owner=eve),
        "poor": box.create_pat("poor", owner=admin, scope=("a:b",)),
        "client": feed,
    }[who]
    options = {"url": box.url, "api": api}
    pair = {"": SecretValue(f"{asking.id}:{asking.secret}")}
    access, mine = Access(pair, own=False), Access(pair, own=True, value=pair)
    named = Token("t", "sailpoint", options={**options, "token": "ci"})
    client = Token("t", "sailpoint", options={**options, "kind": "api-client", "token": "feed"})
    with Transport(sleep=lambda _seconds: None) as transport:
        provider = Provider(transport)
        workflows = SailPointWorkflows(transport, named, access)

        def write() -> None:
            (place,) = workflows.find(pat.id)
            workflows.update(place, old_id=pat.id, new_id="i", new_secret=SecretValue("secret"))

        for act in (
            lambda: provider.inspect(named, access, now=NOW),
            lambda: provider.inspect(named, mine, now=NOW),
            lambda: provider.inspect(client, access, now=NOW),
            lambda: provider.inspect(client, mine, now=NOW),
            lambda: provider.list_tokens(named, access, now=NOW),
            lambda: provider.mint(
                named, access, like=pat.id, name="ci kt-1a2b3c4d", expires_at=LATER, now=NOW
            ),
            lambda: provider.extend(named, access, token_id=pat.id, expires_at=LATER, now=NOW),
            write,
            lambda: provider.revoke(named, access, token_id=pat.id, now=NOW),
            lambda: provider.revoke(client, access, token_id=feed.id, now=NOW),
        ):
            try:
                act()
            except ProviderError as error:
                # The administrator's token is no API client, and so finds none of its own.
                assert who != "admin" or "does not show it" in error.message, error
    asked = {each.request.method for each in box.server.exchanges}
    if who == "admin":
        assert asked == {"GET", "POST", "PATCH", "DELETE"}
    assert sailpoint_judge.judge(box) == []
