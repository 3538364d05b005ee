from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from keyturn.sandbox.gitlab import GitLab
from keyturn.sandbox.gitlab_world import GUEST, STRANGER, Token
from keyturn.sandbox.server import Clock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = date(2027, 2, 1)
PROJECT = "/projects/42/access_tokens"
ROBOTS = "/groups/7/service_accounts"
SCOPES = ("api", "read_api", "read_user", "self_rotate")


class Client:
    """Sends requests with a token's value, and returns status and body."""

    def __init__(self, gitlab: GitLab, http: httpx.Client) -> None:
        self.gitlab = gitlab
        self.http = http
        self.manager = gitlab.create_token(name="manager")

    def send(self, method: str, path: str, *, by: Token | str | None = None, **kwargs: Any):
        value = by.value if isinstance(by, Token) else (by or self.manager.value)
        response = self.http.request(method, path, headers={"PRIVATE-TOKEN": value}, **kwargs)
        return response.status_code, response.json() if response.content else None

    def get(self, path: str, *, by: Token | None = None, **query: Any):
        return self.send("GET", path, by=by, params=query)

    def names(self, path: str, *, by: Token | None = None, **query: Any) -> list[str]:
        status, rows = self.get(path, by=by, **query)
        assert status == 200
        return [row["name"] for row in rows]


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    gitlab = GitLab(Clock(NOW))
    gitlab.add_project(42, "acme/tools")
    gitlab.add_project(43, "acme/other")
    gitlab.add_group(7, "acme")
    gitlab.server.start()
    yield gitlab
    gitlab.server.stop()


@pytest.fixture
def client(gitlab: GitLab) -> Iterator[Client]:
    with httpx.Client(base_url=f"{gitlab.url}/api/v4") as http:
        yield Client(gitlab, http)


def test_a_token_knows_itself(gitlab, client):
    token = gitlab.create_token(
        name="me", scopes=("read_user",), expires_on=LATER, description="d", created_at=NOW
    )
    assert client.get("/personal_access_tokens/self", by=token) == (
        200,
        {
            "id": token.id,
            "name": "me",
            "revoked": False,
            "created_at": "2026-11-22T09:00:00.000Z",
            "description": "d",
            "scopes": ["read_user"],
            "user_id": 1,
            "last_used_at": "2026-11-22T09:00:00.000Z",
            "active": True,
            "expires_at": "2027-02-01",
        },
    )


def test_either_header_will_do(gitlab, client):
    for headers in (
        {"PRIVATE-TOKEN": client.manager.value},
        {"Authorization": f"Bearer {client.manager.value}"},
    ):
        assert client.http.get("/personal_access_tokens/self", headers=headers).is_success
    assert client.http.get("/personal_access_tokens/self").json() == {"message": "401 Unauthorized"}


def test_values_look_like_gitlabs(gitlab):
    assert gitlab.create_token().value.startswith("glpat-")
    assert gitlab.create_token("deploy", project=42).value.startswith("gldt-")
    assert len({gitlab.create_token().value for _ in range(50)}) == 50


def test_dead_tokens_are_told_apart(gitlab, client):
    revoked, expired = gitlab.create_token(), gitlab.create_token(expires_on=LATER)
    gitlab.revoke(revoked.id)
    deploy = gitlab.create_token("deploy", project=42)
    gitlab.clock.now = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)
    path = "/personal_access_tokens/self"
    assert client.get(path, by=expired)[0] == 200
    gitlab.clock.advance(timedelta(seconds=1))
    for token, words in ((expired, "expired"), (revoked, "revoked")):
        status, body = client.get(path, by=token)
        assert (status, body["error"]) == (401, "invalid_token")
        assert words in body["error_description"]
    for stranger in ("nonsense", deploy.value):
        assert client.send("GET", path, by=stranger) == (401, {"message": "401 Unauthorized"})
    assert gitlab.refusals == 4


def test_use_is_noted_every_ten_minutes(gitlab, client):
    token = gitlab.create_token()
    for minutes, noted in ((0, 0), (9, 0), (10, 10), (19, 10), (25, 25)):
        gitlab.clock.now = NOW + timedelta(minutes=minutes)
        client.get("/personal_access_tokens/self", by=token)
        assert token.last_used_at == NOW + timedelta(minutes=noted)


@pytest.mark.parametrize(
    ("method", "path", "enough"),
    [
        ("GET", PROJECT, ("api", "read_api")),
        ("GET", "/personal_access_tokens", ("api", "read_api")),
        ("GET", "/groups/7/deploy_tokens", ("api", "read_api")),
        ("GET", "/personal_access_tokens/self", SCOPES),
        ("DELETE", "/personal_access_tokens/self", SCOPES),
        ("POST", "/personal_access_tokens/self/rotate", ("api", "self_rotate")),
        ("DELETE", f"{PROJECT}/99", ("api",)),
    ],
)
def test_scopes(gitlab, client, method, path, enough):
    for scope in SCOPES:
        token = gitlab.create_token(scopes=(scope,))
        status, answer = client.send(method, path, by=token)
        assert (status == 403) == (scope not in enough)
        if status == 403:
            assert answer["error"] == "insufficient_scope"
            assert answer["scope"].split() == list(enough)


def test_pages(gitlab, client):
    for number in range(45):
        gitlab.create_token("project", f"t{number:02}", project=42)
    headers = {"PRIVATE-TOKEN": client.manager.value}
    sizes, url = [], f"{gitlab.url}/api/v4{PROJECT}?search=t"
    while url:
        response = client.http.get(url, headers=headers)
        sizes.append(len(response.json()))
        assert response.headers["x-total"] == "45"
        url = response.links.get("next", {}).get("url")
        assert bool(url) == bool(response.headers["x-next-page"])
    assert sizes == [20, 20, 5]
    assert len(client.names(PROJECT, per_page=500)) == 45
    assert client.names(PROJECT, per_page=2, page=3) == ["t04", "t05"]
    assert client.names(PROJECT, page=9) == []
    assert client.get(PROJECT, page=0) == (400, {"error": "page is invalid"})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["old", "dead", "new"]),
        ({"search": "E"}, ["dead", "new"]),
        ({"revoked": "true"}, ["dead"]),
        ({"revoked": "false"}, ["old", "new"]),
        ({"state": "active"}, ["new"]),
        ({"state": "inactive"}, ["old", "dead"]),
        ({"created_before": "2026-01-01T00:00:00Z"}, ["old"]),
        ({"created_after": "2026-01-01"}, ["dead", "new"]),
        ({"expires_before": "2026-11-22"}, ["old"]),
        ({"expires_after": "2026-11-22"}, ["new"]),
        ({"last_used_after": "2026-11-01T00:00:00+01:00"}, ["new"]),
        ({"last_used_before": "2026-11-01T00:00:00Z"}, []),
        ({"sort": "name_asc"}, ["dead", "new", "old"]),
        ({"sort": "created_desc"}, ["dead", "new", "old"]),
        ({"sort": "expires_desc"}, ["new", "old", "dead"]),
        ({"sort": "last_used_asc"}, ["new", "old", "dead"]),
    ],
)
def test_filters(gitlab, client, query, names):
    long_ago = NOW - timedelta(days=400)
    expired = NOW.date() - timedelta(days=2)
    gitlab.create_token("group", "old", group=7, created_at=long_ago, expires_on=expired)
    dead = gitlab.create_token("group", "dead", group=7)
    gitlab.revoke(dead.id)
    gitlab.create_token("group", "new", group=7, expires_on=LATER, last_used_at=NOW)
    assert client.names("/groups/7/access_tokens", **query) == names


def test_a_filter_that_cannot_be_read(client):
    assert client.get(PROJECT, created_after="soon") == (400, {"error": "created_after is invalid"})


def test_collections_are_apart(gitlab, client):
    gitlab.create_token("project", "p42", project=42)
    gitlab.create_token("project", "p43", project=43)
    gitlab.create_token("group", "g", group=7)
    gitlab.create_token("deploy", "dp", project=42)
    gitlab.create_token("deploy", "dg", group=7, expires_on=NOW.date())
    gitlab.create_token("service-account", "s", group=7)
    assert client.names("/projects/acme%2Ftools/access_tokens") == ["p42"]
    assert client.names("/groups/acme/access_tokens") == ["g"]
    assert client.names("/projects/42/deploy_tokens") == ["dp"]
    assert client.names("/groups/7/deploy_tokens") == ["dg"]
    assert client.names("/groups/7/deploy_tokens", active="true") == []
    (account,) = client.get(ROBOTS)[1]
    assert client.names(f"{ROBOTS}/{account['id']}/personal_access_tokens") == ["s"]
    assert client.get(f"{ROBOTS}/1/personal_access_tokens")[0] == 404
    assert client.names("/personal_access_tokens") == ["manager", "p42", "p43", "g", "s"]
    assert client.names("/personal_access_tokens", user_id=1) == ["manager"]


@pytest.mark.parametrize("kind", ["project", "group"])
@pytest.mark.parametrize(("role", "status"), [(GUEST, 401), (STRANGER, 404)])
def test_who_may_see_access_tokens(gitlab, client, kind, role, status):
    asking = gitlab.create_token(owner=gitlab.add_user("eve", role=role))
    place = 42 if kind == "project" else 7
    assert client.get(f"/{kind}s/{place}/access_tokens", by=asking)[0] == status
    expected = 403 if role == GUEST else 404
    assert client.get(f"/{kind}s/{place}/deploy_tokens", by=asking)[0] == expected


def test_who_may_see_personal_tokens(gitlab, client):
    eve = gitlab.add_user("eve")
    hers = gitlab.create_token(name="hers", owner=eve)
    path = f"/personal_access_tokens/{client.manager.id}"
    assert client.names("/personal_access_tokens", by=hers) == ["hers"]
    assert client.get("/personal_access_tokens", by=hers, user_id=1)[0] == 401
    assert client.get(path, by=hers)[0] == 401
    assert client.get(f"/personal_access_tokens/{hers.id}")[0] == 200
    assert client.get("/personal_access_tokens/99")[0] == 404
    assert client.get("/personal_access_tokens/99", by=hers)[0] == 401
    assert client.get("/personal_access_tokens/x")[0] == 400
    assert client.send("DELETE", path, by=hers)[0] == 404
    assert client.send("POST", f"{path}/rotate", by=hers)[0] == 401


def test_a_bot_sees_its_own_place(gitlab, client):
    bot = gitlab.create_token("project", "bot", project=42)
    assert client.names(PROJECT, by=bot) == ["bot"]
    assert client.get("/projects/43/access_tokens", by=bot)[0] == 404
    body = {"name": "n", "scopes": ["api"]}
    assert client.send("POST", PROJECT, by=bot, json=body)[0] == 400


@pytest.mark.parametrize(
    ("path", "shown"),
    [(PROJECT, {"access_level": 30}), ("/groups/7/access_tokens", {"access_level": 30})],
)
def test_create(gitlab, client, path, shown):
    body = {"name": "n", "scopes": ["read_api"], "expires_at": "2027-02-01", "access_level": 30}
    status, made = client.send("POST", path, json=body)
    assert status == 201
    assert made.items() >= {"name": "n", "expires_at": "2027-02-01", **shown}.items()
    assert client.send("GET", "/personal_access_tokens/self", by=made["token"])[0] == 200
    assert "token" not in client.get(f"{path}/{made['id']}")[1]


def test_create_for_others(gitlab, client):
    account = gitlab.add_service_account(7, "robot")
    path = f"{ROBOTS}/{account.id}/personal_access_tokens"
    status, made = client.send("POST", path, json={"name": "n", "scopes": ["api"]})
    assert (status, made["user_id"], made["expires_at"]) == (201, account.id, "2027-11-22")
    for expires, shown in ((None, None), ("2027-02-01T10:00:00Z", "2027-02-01T10:00:00.000Z")):
        body = {"name": "n", "scopes": ["read_repository"], "expires_at": expires}
        status, made = client.send("POST", "/groups/7/deploy_tokens", json=body)
        assert (status, made["expires_at"]) == (201, shown)
        assert made["token"].startswith("gldt-")


def test_create_for_a_user(gitlab, client):
    eve = gitlab.add_user("eve")
    path = f"/users/{eve.id}/personal_access_tokens"
    body = {"name": "n", "scopes": ["api"], "expires_at": "2027-02-01", "description": "d"}
    status, made = client.send("POST", path, json=body)
    assert status == 201
    shown = {"user_id": eve.id, "expires_at": "2027-02-01", "description": "d"}
    assert made.items() >= shown.items()
    hers = gitlab.find(made["id"])
    assert client.send("POST", path, by=hers, json=body)[0] == 403
    assert client.send("POST", path, json={"name": "n"})[0] == 400
    assert client.send("POST", "/users/99/personal_access_tokens", json=body)[0] == 404


def test_a_deploy_tokens_username(gitlab, client):
    folder = "/projects/42/deploy_tokens"
    body: dict[str, Any] = {"name": "n", "scopes": ["read_registry"]}
    made = client.send("POST", folder, json=body)[1]
    assert made["username"] == f"gitlab+deploy-token-{made['id']}"
    made = client.send("POST", folder, json={**body, "username": "puller"})[1]
    assert client.get(f"{folder}/{made['id']}")[1]["username"] == "puller"


@pytest.mark.parametrize(
    ("limit", "day", "status"),
    [
        (timedelta(days=90), "2027-02-20", 201),
        (timedelta(days=90), "2027-02-21", 400),
        (timedelta(days=400), "2027-12-27", 201),
        (timedelta(days=400), "2027-12-28", 400),
        (None, "2032-01-01", 201),
        (None, "2026-11-22", 400),
    ],
)
def test_the_longest_lifetime_is_the_servers(gitlab, client, limit, day, status):
    gitlab.longest_lifetime = limit
    body = {"name": "n", "scopes": ["api"], "expires_at": day}
    answered, told = client.send("POST", PROJECT, json=body)
    assert answered == status
    assert status == 201 or "Expiration date" in told["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PROJECT, {"scopes": ["api"]}),
        (PROJECT, {"name": "n"}),
        (PROJECT, {"name": "n", "scopes": ["api"], "expires_at": "2026-11-22"}),
        (PROJECT, {"name": "n", "scopes": ["api"], "expires_at": "2027-11-23"}),
        (PROJECT, {"name": "n", "scopes": ["api"], "expires_at": "soon"}),
        ("/projects/42/deploy_tokens", {"name": "n", "scopes": ["api"]}),
    ],
)
def test_what_is_not_created(gitlab, client, path, body):
    before = len(gitlab.tokens)
    assert client.send("POST", path, json=body)[0] == 400
    assert len(gitlab.tokens) == before


class TestRotation:
    def paths(self, token: Token, account: int) -> list[str]:
        return {
            "project": [f"{PROJECT}/{token.id}/rotate", f"{PROJECT}/self/rotate"],
            "group": [f"/groups/7/access_tokens/{token.id}/rotate"],
            "service-account": [f"{ROBOTS}/{account}/personal_access_tokens/{token.id}/rotate"],
            "personal": [f"/personal_access_tokens/{token.id}/rotate"],
        }[token.kind]

    @pytest.mark.parametrize("kind", ["project", "group", "service-account", "personal"])
    @pytest.mark.parametrize(("asked", "granted"), [(None, "2026-11-29"), ("2027-02-01",) * 2])
    def test_replaces_at_once(self, gitlab, client, kind, asked, granted):
        place = {"project": {"project": 42}, "personal": {}}.get(kind, {"group": 7})
        old = gitlab.create_token(kind, "n", scopes=("read_api",), expires_on=LATER, **place)
        path = self.paths(old, old.user.id)[0]
        body = {"json": {"expires_at": asked}} if asked else {}
        status, new = client.send("POST", path, **body)
        assert status == 200
        assert new.items() >= {"name": "n", "scopes": ["read_api"], "user_id": old.user.id}.items()
        assert new["id"] != old.id
        assert new["expires_at"] == granted
        assert client.send("GET", "/personal_access_tokens/self", by=new["token"])[0] == 200
        assert client.get("/personal_access_tokens/self", by=old)[0] == 401
        assert client.send("POST", path)[0] == 400

    def test_of_itself(self, gitlab, client):
        token = gitlab.create_token("project", project=42, scopes=("self_rotate",))
        other = gitlab.create_token("project", project=42)
        path = f"{PROJECT}/self/rotate"
        assert client.send("POST", f"{PROJECT}/{other.id}/rotate", by=token)[0] == 403
        assert client.send("POST", f"{PROJECT}/{token.id}/rotate", by=other)[0] == 401
        assert client.send("POST", path)[0] == 405
        assert client.send("POST", "/groups/7/access_tokens/self/rotate", by=token)[0] == 405
        assert client.send("POST", path, by=token)[0] == 200
        assert token.revoked

    def test_refused_leaves_the_old_one_alive(self, gitlab, client):
        token = gitlab.create_token("project", project=42)
        for wrong in ("2026-11-22", "2028-01-01", "x", 5):
            path = f"{PROJECT}/{token.id}/rotate"
            assert client.send("POST", path, json={"expires_at": wrong})[0] == 400
        assert not token.revoked

    def test_an_expired_token_cannot(self, gitlab, client):
        token = gitlab.create_token(expires_on=NOW.date())
        assert client.send("POST", "/personal_access_tokens/self/rotate", by=token)[0] == 401

    @pytest.mark.parametrize(
        ("limit", "granted"), [(timedelta(days=30), "2026-11-29"), (None, None)]
    )
    def test_without_a_date(self, gitlab, client, limit, granted):
        gitlab.longest_lifetime = limit
        token = gitlab.create_token("project", project=42)
        status, new = client.send("POST", f"{PROJECT}/{token.id}/rotate")
        assert (status, new["expires_at"]) == (200, granted)

    @pytest.mark.parametrize(
        "path",
        [
            "/personal_access_tokens/self/rotate",
            "/personal_access_tokens/1/rotate",
            f"{PROJECT}/self/rotate",
        ],
    )
    def test_reuse_kills_the_family(self, gitlab, client, path):
        first = gitlab.create_token("project", project=42)
        second = gitlab.rotate(first.id)
        third = gitlab.rotate(second.id)
        bystander = gitlab.create_token("project", project=42)
        assert client.get("/personal_access_tokens/self", by=first)[0] == 401
        assert not third.revoked
        assert gitlab.families_revoked == 0
        assert client.send("POST", path, by=first)[0] == 401
        assert third.revoked
        assert not bystander.revoked
        assert gitlab.families_revoked == 1


def test_deletion_is_revocation(gitlab, client):
    for kind, place, folder in (
        ("project", {"project": 42}, PROJECT),
        ("deploy", {"project": 42}, "/projects/42/deploy_tokens"),
        ("personal", {}, "/personal_access_tokens"),
    ):
        token = gitlab.create_token(kind, **place)
        assert client.send("DELETE", f"{folder}/{token.id}") == (204, None)
        assert token.revoked == (kind != "deploy")
        assert (token in gitlab.tokens) == (kind != "deploy")
        assert client.send("DELETE", f"{folder}/99")[0] == 404
    assert client.send("DELETE", "/personal_access_tokens/self") == (204, None)
    assert client.manager.revoked


def test_a_ban(gitlab, client):
    gitlab.ban_after = 2
    for status in (401, 401, 403, 403):
        response = client.http.get("/personal_access_tokens/self", headers={"PRIVATE-TOKEN": "x"})
        assert response.status_code == status
    assert response.text == "Forbidden\n"
    assert client.http.get(PROJECT, headers={"PRIVATE-TOKEN": client.manager.value}).is_error


def test_what_is_not_there(gitlab, client):
    assert client.get("/projects/99/access_tokens") == (404, {"message": "404 Project Not Found"})
    assert client.get("/groups/99/deploy_tokens") == (404, {"message": "404 Group Not Found"})
    assert client.get("/nothing") == (404, {"error": "404 Not Found"})
    assert client.get(f"{PROJECT}/99")[0] == 404
    with pytest.raises(KeyError):
        gitlab.create_token("project", project=99)
    with pytest.raises(KeyError):
        gitlab.revoke(99)


def test_associations(client):
    assert client.get("/personal_access_tokens/self/associations") == (
        200,
        {
            "groups": [{"id": 7, "name": "acme"}],
            "projects": [{"id": 42, "name": "tools"}, {"id": 43, "name": "other"}],
        },
    )
