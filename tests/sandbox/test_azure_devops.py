from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from keyturn.sandbox.azure_devops import AzureDevOps
from keyturn.sandbox.azure_devops_world import ADMIN_SCOPES, EntraToken, Pat, User
from keyturn.sandbox.server import Clock

NOW = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
"""Before global PATs were blocked."""
BLOCKED = datetime(2026, 3, 15, tzinfo=UTC)
ENDED = datetime(2026, 12, 1, tzinfo=UTC)
V71, V72 = "7.1-preview.1", "7.2-preview.1"
WISH = {"displayName": "ci", "scope": "vso.code", "validTo": "2026-03-01T00:00:00Z"}


class Client:
    """Sends requests with somebody's credential."""

    def __init__(self, azure: AzureDevOps, http: httpx.Client) -> None:
        self.azure = azure
        self.http = http
        self.ann = azure.add_user("ann@acme.example", mail="ann.mail@acme.example")
        self.root = azure.add_user("root@acme.example", admin=True)

    def send(
        self, method: str, path: str, *, by: Pat | EntraToken | User, **kwargs: Any
    ) -> httpx.Response:
        if isinstance(by, User):
            by = self.azure.sign_in(by)
        auth = ("", by.value) if isinstance(by, Pat) else None
        headers = {} if auth else {"Authorization": f"Bearer {by.value}"}
        return self.http.request(
            method, f"/acme/_apis/{path}", auth=auth, headers=headers, **kwargs
        )

    def whoami(self, by: Pat | EntraToken | User) -> httpx.Response:
        return self.send("GET", "connectionData", by=by)

    def names(self, **query: str | int) -> list[str]:
        answer = self.send("GET", "tokens/pats", by=self.ann, params={"api-version": V72, **query})
        return [row["displayName"] for row in answer.json()["patTokens"]]

    def make(self, version: str = V72, **wish: Any) -> dict[str, Any]:
        params, body = {"api-version": version}, {**WISH, **wish}
        answer = self.send("POST", "tokens/pats", by=self.ann, params=params, json=body)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def change(self, version: str = V72, **wish: Any) -> dict[str, Any]:
        params = {"api-version": version}
        answer = self.send("PUT", "tokens/pats", by=self.ann, params=params, json=wish)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def azure() -> Iterator[AzureDevOps]:
    azure = AzureDevOps(Clock(NOW))
    azure.server.start()
    yield azure
    azure.server.stop()


@pytest.fixture
def client(azure: AzureDevOps) -> Iterator[Client]:
    with httpx.Client(base_url=azure.url) as http:
        yield Client(azure, http)


def test_values_look_like_microsofts(azure, client):
    values = {azure.create_pat(owner=client.ann).value for _ in range(50)}
    assert len(values) == 50
    assert all(re.fullmatch("[a-z2-7]{52}", value) for value in values)
    assert azure.sign_in(client.ann).value.count(".") == 2


def test_a_pat_learns_whose_it_is_and_nothing_else(azure, client):
    pat = azure.create_pat(owner=client.ann, scope="vso.work")
    user = client.whoami(pat).json()["authenticatedUser"]
    assert user["properties"]["Account"]["$value"] == "ann@acme.example"
    for path in ("tokens/pats", "graph/users"):
        assert client.send("GET", path, by=pat).status_code == 401
    assert client.http.get("/other/_apis/connectionData", auth=("", pat.value)).status_code == 404


class TestDeath:
    @pytest.mark.parametrize("end", [timedelta(days=1), timedelta(hours=2)])
    def test_at_the_second_of_its_date(self, azure, client, end):
        pat = azure.create_pat(owner=client.ann, valid_to=NOW + end)
        azure.clock.now = NOW + end - timedelta(seconds=1)
        assert client.whoami(pat).status_code == 200
        azure.clock.advance(timedelta(seconds=1))
        answer = client.whoami(pat)
        assert answer.status_code == 401
        assert "has expired" in answer.json()["message"]
        assert "%20has%20expired" in answer.headers["X-TFS-ServiceError"]

    def test_bites_an_hour_after_its_revocation(self, azure, client):
        pat = azure.create_pat(owner=client.ann)
        azure.revoke(pat.id)
        assert client.names(displayFilterOption="revoked") == ["token"]
        for minutes, status in ((0, 200), (59, 200), (1, 401)):
            azure.clock.advance(timedelta(minutes=minutes))
            assert client.whoami(pat).status_code == status
        azure.revocation_takes = timedelta(hours=2)
        assert client.whoami(pat).status_code == 200

    def test_a_second_revocation_changes_nothing(self, azure, client):
        pat = azure.create_pat(owner=client.ann)
        azure.revoke(pat.id)
        azure.clock.advance(timedelta(minutes=30))
        azure.revoke(pat.id)
        assert pat.revoked_at == NOW

    def test_of_global_pats_on_their_day(self, azure, client):
        pat = azure.create_pat(owner=client.ann, all_orgs=True, valid_to=ENDED + timedelta(days=9))
        azure.clock.now = ENDED - timedelta(seconds=1)
        assert client.whoami(pat).status_code == 200
        azure.clock.now = ENDED
        assert client.whoami(pat).status_code == 401

    def test_of_entra_tokens_after_an_hour(self, azure, client):
        token = azure.sign_in(client.ann)
        azure.clock.now = NOW + timedelta(minutes=59, seconds=59)
        assert client.whoami(token).status_code == 200
        azure.clock.advance(timedelta(seconds=1))
        assert client.whoami(token).status_code == 401

    def test_has_four_faces(self, azure, client):
        stranger = ("", "z" * 52)
        path = "/acme/_apis/connectionData"
        faces = {}
        for face in ("401", "203", "302", "anonymous"):
            azure.sign_in_face = face
            faces[face] = client.http.get(path, auth=stranger)
        assert faces["401"].json()["message"].startswith("TF400813")
        assert (faces["203"].status_code, "Sign In" in faces["203"].text) == (203, True)
        assert faces["302"].status_code == 302
        assert "/_signin?" in faces["302"].headers["Location"]
        user = faces["anonymous"].json()["authenticatedUser"]
        assert user["descriptor"].startswith("System:PublicAccess;")
        garbled = {"Authorization": "Basic a"}
        assert client.http.get("/acme/_apis/graph/users", headers=garbled).status_code == 401


class TestOwnPats:
    def test_are_shown_by_their_state(self, azure, client):
        azure.create_pat("lives", owner=client.ann)
        azure.create_pat("old", owner=client.ann, valid_to=NOW)
        azure.revoke(azure.create_pat("gone", owner=client.ann).id)
        azure.create_pat("hers", owner=client.root)
        shown = {
            state: client.names(displayFilterOption=state)
            for state in ("active", "revoked", "expired", "all")
        }
        assert shown == {
            "active": ["lives"],
            "revoked": ["gone"],
            "expired": ["old"],
            "all": ["lives", "old", "gone"],
        }
        assert client.names(displayFilterOption="all", sortByOption="displayName") == [
            "gone",
            "lives",
            "old",
        ]

    def test_come_a_hundred_a_page(self, azure, client):
        for number in range(205):
            azure.create_pat(f"t{number}", owner=client.ann)
        query: dict[str, Any] = {"api-version": V71, "$top": 1000}
        sizes = []
        while query.get("continuationToken") != "":
            page = client.send("GET", "tokens/pats", by=client.ann, params=query).json()
            sizes.append(len(page["patTokens"]))
            query["continuationToken"] = page["continuationToken"]
        assert sizes == [100, 100, 5]

    def test_tell_their_value_once(self, azure, client):
        made = client.make()
        assert made["patTokenError"] == "none"
        value = made["patToken"]["token"]
        assert azure.find_by_value(value).name == "ci"
        id = made["patToken"]["authorizationId"]
        assert client.change(authorizationId=id, displayName="cd")["patToken"]["token"] is None
        query = {"api-version": V71, "authorizationId": id}
        one = client.send("GET", "tokens/pats", by=client.ann, params=query).json()
        assert (one["patToken"]["token"], one["patToken"]["displayName"]) == (None, "cd")
        assert azure.find(id).value == value

    def test_are_revoked_by_their_owner_only(self, azure, client):
        hers = azure.create_pat(owner=client.root)
        query = {"api-version": V71, "authorizationId": hers.id}
        assert client.send("DELETE", "tokens/pats", by=client.ann, params=query).status_code == 404
        assert client.send("DELETE", "tokens/pats", by=client.root, params=query).status_code == 200
        assert hers.revoked_at == NOW

    def test_are_not_for_applications(self, azure, client):
        robot = azure.add_user("robot", person=False, admin=True)
        answer = client.send("GET", "tokens/pats", by=robot)
        assert (answer.status_code, "/_signin?" in answer.headers["Location"]) == (302, True)


class TestPolicies:
    @pytest.mark.parametrize("version", [V71, V72])
    @pytest.mark.parametrize(
        ("wish", "error"),
        [
            ({"displayName": ""}, "displayNameRequired"),
            ({"scope": ""}, "invalidScope"),
            ({"validTo": "soon"}, "invalidValidTo"),
            ({"validTo": "2026-02-01T09:00:00Z"}, "invalidValidTo"),
            ({"validTo": "2027-02-01T09:00:01Z"}, "invalidValidTo"),
            ({"validTo": "2027-02-01T09:00:00Z"}, "none"),
            ({"validTo": "2026-02-01T09:00:01"}, "none"),
            ({"allOrgs": True}, "none"),
            ({"scope": "app_token"}, "none"),
        ],
    )
    def test_what_is_wished_for_is_judged(self, azure, client, version, wish, error):
        assert client.make(version, **wish)["patTokenError"] == error

    def test_a_longest_lifetime_cuts_in_one_version_and_refuses_in_the_other(self, azure, client):
        azure.policies.longest = timedelta(days=7)
        assert client.make(V71)["patTokenError"] == "patLifespanPolicyViolation"
        made = client.make(V72)["patToken"]
        assert made["validTo"] == "2026-02-08T09:00:00Z"
        azure.clock.advance(timedelta(days=3))
        wish = {"authorizationId": made["authorizationId"], "validTo": "2026-03-01T00:00:00Z"}
        assert client.change(V71, **wish)["patTokenError"] == "patLifespanPolicyViolation"
        # Counted from the day it was made: nothing is gained.
        assert client.change(V72, **wish)["patToken"]["validTo"] == "2026-02-08T09:00:00Z"

    @pytest.mark.parametrize(
        ("at", "banned", "errors"),
        [
            (NOW, False, ("none", "none")),
            (NOW, True, ("globalPatPolicyViolation", "globalPatPolicyViolation")),
            (BLOCKED - timedelta(seconds=1), False, ("none", "none")),
            (BLOCKED, False, ("globalPatPolicyViolation", "globalPATCreationBlocked")),
        ],
    )
    def test_global_pats_are_blocked_from_a_day_on(self, azure, client, at, banned, errors):
        azure.clock.now = at
        azure.policies.no_global = banned
        wish = {"allOrgs": True, "validTo": "2026-03-20T00:00:00Z"}
        assert tuple(client.make(v, **wish)["patTokenError"] for v in (V71, V72)) == errors

    def test_bans(self, azure, client):
        azure.policies.no_full_scope = True
        assert client.make(scope="app_token")["patTokenError"] == "fullScopePatPolicyViolation"
        azure.policies.no_new = True
        assert client.make()["patTokenError"] == "disablePatCreationPolicyViolation"

    def test_the_dead_are_not_revived(self, azure, client):
        old = azure.create_pat(owner=client.ann, valid_to=NOW)
        gone = azure.create_pat(owner=client.ann)
        azure.revoke(gone.id)
        wish = {"validTo": "2026-03-01T00:00:00Z"}
        error = client.change(V72, authorizationId=old.id, **wish)["patTokenError"]
        assert error == "expiredPatCannotBeExtended"
        for id in (gone.id, "3d3aca0c-9ad3-4b07-8334-08ec8b1ddc32"):
            error = client.change(V72, authorizationId=id, **wish)["patTokenError"]
            assert error == "authorizationNotFound"


class TestAdministration:
    @pytest.mark.parametrize(
        ("scope", "graph", "admin"),
        [
            (ADMIN_SCOPES, 200, 200),
            ("app_token", 200, 200),
            ("vso.graph", 200, 401),
            ("vso.tokenadministration", 401, 200),
            ("vso.code", 401, 401),
        ],
    )
    def test_needs_scopes_and_the_group(self, azure, client, scope, graph, admin):
        path = f"tokenadmin/personalaccesstokens/{client.ann.descriptor}"
        pat = azure.create_pat(owner=client.root, scope=scope)
        statuses = [client.send("GET", p, by=pat).status_code for p in ("graph/users", path)]
        assert statuses == [graph, admin]
        without = azure.create_pat(owner=client.ann, scope=scope)
        assert client.send("GET", path, by=without).status_code == 401
        assert client.send("GET", path, by=client.root).status_code == 200
        assert client.send("GET", path, by=client.ann).status_code == 401

    def test_users_come_in_pages_that_a_header_names(self, azure, client):
        azure.users_per_page = 2
        azure.add_user("bob@acme.example")
        azure.add_user("robot", person=False)
        first = client.send("GET", "graph/users", by=client.root)
        following = first.headers["X-MS-ContinuationToken"]
        query = {"continuationToken": following}
        second = client.send("GET", "graph/users", by=client.root, params=query)
        assert "X-MS-ContinuationToken" not in second.headers
        names = [r["principalName"] for page in (first, second) for r in page.json()["value"]]
        assert names == ["ann@acme.example", "root@acme.example", "bob@acme.example", "robot"]
        people = {"subjectTypes": "aad,msa", "continuationToken": following}
        rows = client.send("GET", "graph/users", by=client.root, params=people).json()["value"]
        assert [row["principalName"] for row in rows] == ["bob@acme.example"]

    def test_pats_are_shown_without_a_zone_and_with_their_validity(self, azure, client):
        at = NOW.replace(microsecond=523330)
        azure.create_pat("ci", owner=client.ann, valid_from=at, all_orgs=True)
        azure.revoke(azure.create_pat("gone", owner=client.ann).id)
        path = f"tokenadmin/personalaccesstokens/{client.ann.descriptor}"
        query: dict[str, Any] = {"pageSize": 1}
        first = client.send("GET", path, by=client.root, params=query).json()
        query["continuationToken"] = first["continuationToken"]
        second = client.send("GET", path, by=client.root, params=query).json()
        assert second["continuationToken"] is None
        (one,), (two,) = first["value"], second["value"]
        assert (one["validFrom"], one["validTo"]) == (
            "2026-02-01T09:00:00.52333",
            "2026-03-03T09:00:00",
        )
        assert (one["targetAccounts"], two["targetAccounts"]) == (None, [azure.account])
        assert (one["isValid"], two["isValid"]) == (True, False)

    @pytest.mark.parametrize(
        ("method", "path", "kwargs", "status"),
        [
            ("GET", "tokenadmin/personalaccesstokens/aad.x", {}, 404),
            ("GET", "graph/users/aad.x", {}, 404),
            ("GET", "graph/users", {"params": {"continuationToken": "xyz"}}, 400),
            ("POST", "tokenadmin/revocations", {"json": []}, 400),
            ("POST", "tokenadmin/revocations", {"json": [{}]}, 400),
            ("POST", "tokenadmin/revocations", {"json": 7}, 400),
            ("POST", "tokenadmin/revocations", {}, 400),
            ("POST", "tokenadmin/revocationrules", {"json": {"scopes": " "}}, 400),
            (
                "POST",
                "tokenadmin/revocationrules",
                {"json": {"scopes": "vso.code", "createdBefore": "yesterday"}},
                400,
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, azure, client, method, path, kwargs, status):
        assert client.send(method, path, by=client.root, **kwargs).status_code == status

    def test_revokes_by_id(self, azure, client):
        pats = [azure.create_pat(owner=user) for user in (client.ann, client.root, client.ann)]
        body = [{"authorizationId": pat.id} for pat in pats[:2]]
        answer = client.send("POST", "tokenadmin/revocations", by=client.root, json=body)
        assert answer.status_code == 204
        assert [pat.revoked_at for pat in pats] == [NOW, NOW, None]

    def test_a_rule_hits_everybody_and_every_json_web_token(self, azure, client):
        old = azure.create_pat(owner=client.ann, valid_from=NOW - timedelta(days=1))
        other = azure.create_pat(
            owner=client.ann, scope="vso.work", valid_from=NOW - timedelta(days=1)
        )
        session = azure.sign_in(client.ann)
        azure.clock.advance(timedelta(minutes=10))
        new = azure.create_pat(owner=client.ann)
        body = {"scopes": "vso.code vso.build", "createdBefore": azure.now.isoformat()}
        answer = client.send("POST", "tokenadmin/revocationrules", by=client.root, json=body)
        assert answer.status_code == 201
        statuses = [client.whoami(by).status_code for by in (old, other, session, new, client.ann)]
        assert statuses == [401, 200, 401, 200, 200]
