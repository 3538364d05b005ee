from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from keyturn.sandbox.sailpoint import SailPoint
from keyturn.sandbox.sailpoint_world import Client as ApiClient
from keyturn.sandbox.sailpoint_world import Pat
from keyturn.sandbox.server import Clock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2027, 2, 1, 12, 30, tzinfo=UTC)
DATE = "2027-02-01T12:30:00.000Z"
PATS, WORKFLOWS = "/v2025/personal-access-tokens", "/v2025/workflows"
STORAGE = "/parameter-storage/v1"
PATCH = {"Content-Type": "application/json-patch+json"}
CLIENT = {
    "name": "feed",
    "description": "d",
    "accessTokenValiditySeconds": 750,
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "accessType": "OFFLINE",
    "enabled": True,
}


class Client:
    """Logs in, sends requests, and returns status and body."""

    def __init__(self, box: SailPoint, http: httpx.Client) -> None:
        self.box = box
        self.http = http
        self.admin = box.add_identity("admin", admin=True)
        self.eve = box.add_identity("eve")
        self.manager = box.create_pat("manager", owner=self.admin)

    def log_in(self, id: str, secret: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": id, "client_secret": secret}
        return self.http.post("/oauth/token", data=form)

    def jwt(self, held: Pat | ApiClient) -> str:
        token: str = self.log_in(held.id, held.secret).json()["access_token"]
        return token

    def send(self, method: str, path: str, *, by: Any = None, **kwargs: Any) -> tuple[int, Any]:
        value = by if isinstance(by, str) else self.jwt(by or self.manager)
        headers = {"Authorization": f"Bearer {value}", **kwargs.pop("headers", {})}
        response = self.http.request(method, path, headers=headers, **kwargs)
        return response.status_code, response.json() if response.content else None

    def patch(self, path: str, *, by: Any = None, **fields: Any) -> tuple[int, Any]:
        change = [{"op": "replace", "path": f"/{k}", "value": v} for k, v in fields.items()]
        return self.send("PATCH", path, by=by, content=json.dumps(change), headers=PATCH)

    def names(self, path: str = PATS, *, by: Any = None, **query: str) -> list[str]:
        status, rows = self.send("GET", path, by=by, params=query)
        assert status == 200
        return [row["name"] for row in rows]


@pytest.fixture
def box() -> Iterator[SailPoint]:
    box = SailPoint(Clock(NOW))
    box.server.start()
    yield box
    box.server.stop()


@pytest.fixture
def client(box: SailPoint) -> Iterator[Client]:
    with httpx.Client(base_url=box.url) as http:
        yield Client(box, http)


class TestLogIn:
    def test_of_a_living_pair(self, box, client):
        pat = box.create_pat("p", owner=client.eve, validity=60)
        answer = client.log_in(pat.id, pat.secret)
        assert answer.status_code == 200
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 60)
        assert client.log_in(*("x", "y")).status_code == 401
        assert client.log_in(pat.id, "y").json()["error"] == "invalid_client"
        assert client.http.post("/oauth/token", data={"grant_type": "password"}).status_code == 400

    def test_dies_with_the_date_and_with_being_disabled(self, box, client):
        pat = box.create_pat("p", owner=client.eve, expires_at=NOW + timedelta(seconds=10))
        box.clock.advance(timedelta(seconds=9))
        assert client.log_in(pat.id, pat.secret).status_code == 200
        box.clock.advance(timedelta(seconds=1))
        assert client.log_in(pat.id, pat.secret).status_code == 401
        feed = box.create_client("feed", enabled=False)
        assert client.log_in(feed.id, feed.secret).status_code == 401

    def test_writes_the_last_use_once_a_day(self, box, client):
        pat = box.create_pat("p", owner=client.eve)
        for hours, used in ((0, NOW), (23, NOW), (1, NOW + timedelta(days=1))):
            box.clock.advance(timedelta(hours=hours))
            client.jwt(pat)
            assert pat.last_used_at == used

    def test_an_access_token_expires(self, box, client):
        pat = box.create_pat("p", owner=client.admin, validity=15)
        jwt = client.jwt(pat)
        box.clock.advance(timedelta(seconds=14))
        assert client.send("GET", PATS, by=jwt)[0] == 200
        box.clock.advance(timedelta(seconds=1))
        expected = {"error": "JWT validation failed: JWT is expired"}
        assert client.send("GET", PATS, by=jwt) == (401, expected)
        assert client.send("GET", PATS, by="nonsense")[0] == 401

    @pytest.mark.parametrize("keeps", [True, False])
    def test_whether_an_access_token_outlives_its_token_can_be_chosen(self, box, client, keeps):
        box.keeps_jwts = keeps
        pat = box.create_pat("p", owner=client.admin)
        jwt = client.jwt(pat)
        assert client.send("DELETE", f"{PATS}/{pat.id}") == (204, None)
        assert client.send("GET", PATS, by=jwt)[0] == (200 if keeps else 401)
        assert client.log_in(pat.id, pat.secret).status_code == 401


class TestPats:
    def test_a_row(self, box, client):
        pat = box.create_pat("p", owner=client.eve, scope=("a:b",), expires_at=LATER)
        row = {
            "id": pat.id,
            "name": "p",
            "scope": ["a:b"],
            "owner": {"type": "IDENTITY", "id": client.eve.id, "name": "eve"},
            "created": "2026-11-22T09:00:00.000Z",
            "lastUsed": None,
            "managed": False,
            "accessTokenValiditySeconds": 43200,
            "expirationDate": DATE,
            "userAwareTokenNeverExpires": False,
        }
        query = {"owner-id": client.eve.id}
        for path in (PATS, "/personal-access-tokens/v1"):
            assert client.send("GET", path, params=query) == (200, [row])
        del row["userAwareTokenNeverExpires"]
        for old in ("v3", "beta", "v2024"):
            path = f"/{old}/personal-access-tokens"
            assert client.send("GET", path, params=query) == (200, [row])

    def test_who_sees_what(self, box, client):
        hers = box.create_pat("hers", owner=client.eve)
        box.create_pat("managed", owner=client.eve, managed=True)
        assert client.names() == ["manager", "hers", "managed"]
        assert client.names(**{"owner-id": "me"}) == ["manager"]
        assert client.names(**{"owner-id": client.eve.id}) == ["hers", "managed"]
        assert client.names(by=hers, **{"owner-id": "me"}) == ["hers"]
        assert client.send("GET", PATS, by=hers)[0] == 403
        assert client.send("GET", PATS, by=box.create_client("c"))[0] == 403
        mine = box.create_pat("m", owner=client.admin, scope=["sp:my-personal-access-tokens:read"])
        assert client.send("GET", PATS, by=mine)[0] == 403
        assert client.send("GET", PATS, by=mine, params={"owner-id": "me"})[0] == 200
        none = box.create_pat("none", owner=client.admin, scope=None)
        assert client.send("GET", PATS, by=none)[0] == 200

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ("lastUsed isnull", ["never"]),
            ("lastUsed le 2026-11-01T00:00:00Z", ["long ago"]),
            ("", ["manager", "never", "long ago"]),
        ],
    )
    def test_filters(self, box, client, filters, names):
        box.create_pat("never", owner=client.eve)
        box.create_pat("long ago", owner=client.eve, last_used_at=NOW - timedelta(days=40))
        assert client.names(filters=filters) == names
        for wrong in ("name eq x", "lastUsed le soon", "lastUsed le 2026-11-01T00:00:00"):
            assert client.send("GET", PATS, params={"filters": wrong})[0] == 400

    def test_make(self, box, client):
        body = {"name": "n", "scope": ["a:b"], "expirationDate": DATE}
        status, made = client.send("POST", PATS, json={**body, "accessTokenValiditySeconds": 60})
        assert status == 200
        assert client.log_in(made["id"], made["secret"]).status_code == 200
        assert made["expirationDate"] == DATE
        assert box.pats[-1].owner is client.admin
        assert "secret" not in client.send("GET", PATS)[1][-1]
        never = {"name": "never", "userAwareTokenNeverExpires": True}
        status, made = client.send("POST", PATS, json=never)
        assert (status, made["expirationDate"], made["scope"]) == (200, None, ["sp:scopes:all"])
        assert box.pats[-1].confirmed

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": "n"},
            {"name": "n", "userAwareTokenNeverExpires": False},
            {"name": "n", "expirationDate": "2026-11-22T09:00:00.000Z"},
            {"name": "n", "expirationDate": "soon"},
            {"name": "manager", "expirationDate": DATE},
            {"name": "n", "expirationDate": DATE, "accessTokenValiditySeconds": 14},
            {"name": "n", "expirationDate": DATE, "accessTokenValiditySeconds": 43201},
        ],
    )
    def test_what_is_not_made(self, box, client, body):
        status, answer = client.send("POST", PATS, json=body)
        assert (status, len(box.pats)) == (400, 1)
        assert {"detailCode", "trackingId", "messages", "causes"} == set(answer)

    def test_ten_and_no_more(self, box, client):
        box.create_pat("managed", owner=client.admin, managed=True)
        for number in range(10):
            body = {"name": f"n{number}", "expirationDate": DATE}
            assert client.send("POST", PATS, json=body)[0] == (200 if number < 9 else 400)

    def test_old_versions_give_six_months_and_move_no_date(self, box, client):
        path = "/v3/personal-access-tokens"
        status, made = client.send("POST", path, json={"name": "n", "expirationDate": DATE})
        assert (status, made["expirationDate"]) == (200, "2027-05-24T09:00:00.000Z")
        assert client.patch(f"{path}/{made['id']}", expirationDate=DATE)[0] == 400
        assert client.patch(f"{path}/{made['id']}", name="m", scope=["a"])[1]["name"] == "m"

    def test_change(self, box, client):
        pat = box.create_pat("p", owner=client.admin, expires_at=LATER)
        path = f"{PATS}/{pat.id}"
        later = "2027-03-01T00:00:00.000Z"
        assert client.patch(path, expirationDate=later)[1]["expirationDate"] == later
        never = {"expirationDate": None, "userAwareTokenNeverExpires": True}
        assert client.patch(path, **never)[1]["expirationDate"] is None
        assert pat.confirmed
        for wrong in (
            {"expirationDate": None},
            {"expirationDate": "2026-11-22T09:00:00Z"},
            {"accessTokenValiditySeconds": 60},
        ):
            assert client.patch(path, **wrong)[0] == 400
        assert client.send("PATCH", path, json=[])[0] == 400
        for content in ("{", "{}", '[{"op": "remove", "path": "/name"}]'):
            assert client.send("PATCH", path, content=content, headers=PATCH)[0] == 400
        assert client.patch(f"{PATS}/x", name="n")[0] == 404

    def test_only_the_owner_changes_and_administrators_delete(self, box, client):
        hers, mine = box.create_pat("p", owner=client.eve), client.manager
        assert client.patch(f"{PATS}/{hers.id}", name="n")[0] == 403
        assert client.send("DELETE", f"{PATS}/{mine.id}", by=hers)[0] == 403
        assert client.send("DELETE", f"{PATS}/{hers.id}")[0] == 204
        assert client.send("DELETE", f"{PATS}/{hers.id}")[0] == 404


def test_clients(box, client):
    path = "/v2025/oauth-clients"
    for wrong in ({**CLIENT, "name": ""}, {k: v for k, v in CLIENT.items() if k != "enabled"}):
        assert client.send("POST", path, json=wrong)[0] == 400
    status, made = client.send("POST", path, json=CLIENT)
    assert status == 200
    assert client.log_in(made["id"], made["secret"]).status_code == 200
    one = f"{path}/{made['id']}"
    (feed,) = box.clients
    assert client.send("GET", one)[1]["lastUsed"] == "2026-11-22T09:00:00.000Z"
    assert "secret" not in client.send("GET", one)[1]
    assert client.send("GET", path, by=feed)[0] == 403
    assert client.send("GET", one, by=feed)[0] == 200
    assert client.send("GET", one, by=box.create_client("poor", scope=()))[0] == 403
    assert client.send("GET", one, by=box.create_pat("p", owner=client.eve))[0] == 403
    assert client.patch(one, enabled=False, description="x")[1]["description"] == "x"
    assert client.log_in(feed.id, feed.secret).status_code == 401
    assert client.send("DELETE", one)[0] == 204
    assert client.send("GET", one)[0] == 404


class TestWorkflows:
    steps: dict[str, Any] = {  # noqa: RUF012
        "Get": {"attributes": {"oAuthClientId": "id", "oAuthClientSecret": "plain"}},
        "Loop": {"attributes": {"steps": {"In": {"attributes": {"basicAuthPassword": "plain"}}}}},
        "List": [{"oAuthClientSecret": ""}],
    }

    def test_secrets_are_kept_apart(self, box, client):
        definition = {"start": "Get", "steps": self.steps}
        body = {"name": "w", "definition": definition}
        status, made = client.send("POST", WORKFLOWS, json=body)
        assert status == 200
        shown = made["definition"]["steps"]["Get"]["attributes"]
        assert shown["oAuthClientId"] == "id"
        assert shown["oAuthClientSecret"].startswith("$.secrets.")
        inner = made["definition"]["steps"]["Loop"]["attributes"]["steps"]["In"]["attributes"]
        assert box.secret_of(inner, "basicAuthPassword") == "plain"
        assert box.secret_of({"oAuthClientSecret": "as it is"}) == "as it is"
        path = f"{WORKFLOWS}/{made['id']}"
        kept = client.patch(path, definition=made["definition"])[1]["definition"]
        assert kept == made["definition"]
        box.hides_references = True
        steps = client.send("GET", path)[1]["definition"]["steps"]
        assert steps["Get"]["attributes"] == {"oAuthClientId": "id", "oAuthClientSecret": ""}
        assert steps["List"] == [{"oAuthClientSecret": ""}]

    def test_change(self, box, client):
        assert client.send("POST", WORKFLOWS, json={"name": "w", "enabled": True})[0] == 400
        assert client.send("POST", WORKFLOWS, json={})[0] == 400
        made = client.send("POST", WORKFLOWS, json={"name": "w", "description": "d"})[1]
        path = f"{WORKFLOWS}/{made['id']}"
        box.clock.advance(timedelta(minutes=1))
        changed = client.patch(path, enabled=True, owner={"id": client.eve.id})[1]
        assert (changed["enabled"], changed["owner"]["name"]) == (True, "eve")
        assert changed["modified"] == "2026-11-22T09:01:00.000Z"
        assert client.patch(path, executionCount=7)[0] == 400
        assert client.send("DELETE", path)[0] == 400
        box.locks_enabled = True
        assert client.patch(path, definition={})[0] == 400
        assert client.send("PUT", path, json={"name": "v", "enabled": False})[1]["name"] == "v"
        assert client.patch(path, definition={"steps": {}})[0] == 200
        assert client.send("DELETE", path) == (204, None)
        assert client.send("GET", path)[0] == 404

    def test_who_may(self, box, client):
        hers = box.create_pat("p", owner=client.eve)
        reads = box.create_pat("r", owner=client.admin, scope=["sp:workflow:read"])
        assert client.send("GET", WORKFLOWS, by=hers)[0] == 403
        assert client.send("GET", WORKFLOWS, by=reads) == (200, [])
        assert client.send("POST", WORKFLOWS, by=reads, json={"name": "w"})[0] == 403
        assert client.send("GET", "/workflows/v1", by=reads)[0] == 200

    def test_a_client_for_its_trigger(self, box, client):
        workflow = box.add_workflow("w", owner=client.admin, steps={})
        path = f"/workflows/v1/{workflow.id}"
        status, made = client.send("POST", f"{path}/external/oauth-clients")
        assert (status, made["id"]) == (200, box.clients[0].id)
        assert client.send("POST", f"{path}/test", json={"input": {}})[0] == 200
        assert client.send("POST", "/workflows/v1/x/test", json={"input": {}})[0] == 404


class TestParameterStorage:
    def test_where_there_is_none(self, client):
        for path in ("parameters", "specification", "attestation?key=k", "parameters/x"):
            assert client.send("GET", f"{STORAGE}/{path}")[0] == 404

    def test_where_there_is_one(self, box, client):
        box.has_parameter_storage = True
        path = f"{STORAGE}/parameters"
        assert client.send("POST", path, json={"name": "n"})[0] == 400
        body = {"ownerId": client.eve.id, "name": "n", "type": "1.1", "privateFields": "x"}
        status, made = client.send("POST", path, json=body)
        assert (status, made["privateFieldsLastModifiedBy"]) == (201, client.admin.id)
        assert "privateFields" not in made
        assert client.send("GET", path, params={"limit": 1})[1] == [made]
        assert client.send("GET", path, params={"offset": 1})[1] == []
        one = f"{path}/{made['id']}"
        assert client.patch(one, name="m")[1]["name"] == "m"
        assert client.send("PATCH", one, json={"name": "l"})[1]["name"] == "l"
        assert client.send("GET", f"{one}/references") == (200, [])
        assert client.send("DELETE", one)[0] == 200
        assert client.send("GET", one)[0] == 404


def test_the_rate_is_limited_where_it_is_asked_for(box, client):
    box.rate_limit = 2
    jwt = client.jwt(client.manager)
    assert [client.send("GET", PATS, by=jwt)[0] for _ in range(3)] == [200, 200, 429]
    headers = {"Authorization": f"Bearer {jwt}"}
    response = client.http.get(PATS, headers=headers)
    assert response.json() == {"message": " Rate Limit Exceeded "}
    box.clock.advance(timedelta(seconds=int(response.headers["retry-after"])))
    assert client.send("GET", PATS, by=jwt)[0] == 200


def test_what_is_not_there(client):
    assert client.send("GET", "/v2025/nothing")[0] == 404
    assert client.send("POST", f"{WORKFLOWS}/x/test", json={})[0] == 404
