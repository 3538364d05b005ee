from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import github as pygithub
import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, Reply, sample_token

REPO = "/repos/octo/app"
ORG = "/orgs/octo"
STORES = ("actions", "dependabot", "codespaces")
BOX_OVERHEAD = 48
REPOSITORY_COLLECTIONS = [
    f"{REPO}/actions/secrets",
    f"{REPO}/dependabot/secrets",
    f"{REPO}/codespaces/secrets",
    f"{REPO}/environments/prod/secrets",
]
ORGANIZATION_COLLECTIONS = [f"{ORG}/{store}/secrets" for store in STORES]
COLLECTIONS = REPOSITORY_COLLECTIONS + ORGANIZATION_COLLECTIONS


@pytest.fixture(autouse=True)
def _environment(app: Repository) -> None:
    app.add_environment("prod")


def seal(key: str, value: str) -> str:
    box = SealedBox(PublicKey(base64.b64decode(key)))
    return base64.b64encode(box.encrypt(value.encode())).decode()


def put(ask: Client, path: str, name: str, value: str, **more: Any) -> Reply:
    key = ask.get(f"{path}/public-key")
    if path.startswith(ORG):
        more = {"visibility": "all", **more}
    body = {"key_id": key["key_id"], "encrypted_value": seal(key["key"], value), **more}
    return ask("PUT", f"{path}/{name}", body)


def stored(github: GitHub, path: str, name: str) -> str:
    store = next((s for s in ("dependabot", "codespaces") if s in path), "actions")
    if path.startswith(ORG):
        return github.organization("octo").secret_value(name, store=store)
    environment = "prod" if "/environments/" in path else None
    app = github.repository("octo/app")
    return app.secret_value(name, environment=environment, store=store)


@pytest.mark.parametrize("path", COLLECTIONS)
def test_a_secrets_life(github: GitHub, ask: Client, clock: Clock, path: str) -> None:
    assert ask.get(path) == {"total_count": 0, "secrets": []}
    first = put(ask, path, "npm_token", "one")
    assert (first.status, first.body) == (201, {})
    clock.advance(timedelta(minutes=5))
    assert put(ask, path, "NPM_Token", "two").status == 204
    assert stored(github, path, "NPM_TOKEN") == "two"
    (listed,) = ask.get(path)["secrets"]
    assert listed == ask.get(f"{path}/npm_token")
    assert listed["name"] == "NPM_TOKEN"
    assert listed["created_at"] == "2026-11-23T08:00:00Z"
    assert listed["updated_at"] == "2026-11-23T08:05:00Z"
    assert ask("DELETE", f"{path}/npm_token").status == 204
    for method in ("GET", "DELETE"):
        assert ask(method, f"{path}/NPM_TOKEN").status == 404


def test_no_answer_holds_a_value(github: GitHub, app: Repository, ask: Client) -> None:
    for path in COLLECTIONS:
        put(ask, path, "A", "the-value-itself")
        ask.get(path), ask.get(f"{path}/A")
    ask.get(f"{REPO}/actions/organization-secrets")
    assert "the-value-itself" not in repr([e.response for e in github.server.exchanges])
    assert "the-value-itself" not in repr(app.vaults["actions"].entries)


def test_every_collection_has_its_own_key(ask: Client) -> None:
    keys = [ask.get(f"{path}/public-key") for path in COLLECTIONS]
    assert len({key["key_id"] for key in keys}) == len({key["key"] for key in keys}) == 7
    assert all(set(key) == {"key_id", "key"} for key in keys)


@pytest.mark.parametrize("path", COLLECTIONS)
class TestRefusals:
    def test_a_box_for_another_collection(self, github: GitHub, ask: Client, path: str) -> None:
        key = ask.get(f"{path}/public-key")
        other = PrivateKey.generate().public_key
        box = seal(base64.b64encode(bytes(other)).decode(), "v")
        body = {"key_id": key["key_id"], "encrypted_value": box, "visibility": "all"}
        reply = ask("PUT", f"{path}/A", body)
        assert (reply.status, "cannot be opened" in reply.body["message"]) == (422, True)
        assert ask.get(path)["total_count"] == 0

    def test_a_key_that_was_replaced(self, ask: Client, github: GitHub, path: str) -> None:
        key = ask.get(f"{path}/public-key")
        for vault in _vaults(github):
            vault.turn_key()
        body = {"key_id": key["key_id"], "encrypted_value": seal(key["key"], "v")}
        assert ask("PUT", f"{path}/A", body | {"visibility": "all"}).status == 422
        assert put(ask, path, "A", "v").status == 201

    @pytest.mark.parametrize(
        "change",
        [
            {"encrypted_value": "?"},
            {"encrypted_value": ""},
            {"encrypted_value": 1},
            {"encrypted_value": None},
            {"key_id": "1"},
            {"key_id": None},
            {"key_id": None, "encrypted_value": None},
        ],
    )
    def test_a_bad_body(self, ask: Client, path: str, change: dict[str, Any]) -> None:
        assert put(ask, path, "A", "v", **change).status == 422

    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("GITHUB_A", 422),
            ("github_a", 422),
            ("1A", 422),
            ("A-B", 422),
            ("A%20B", 422),
            ("%C3%84", 422),
            ("A%0A", 422),
            ("_1", 201),
            ("A_GITHUB_", 201),
        ],
    )
    def test_a_name(self, ask: Client, path: str, name: str, status: int) -> None:
        assert put(ask, path, name, "v").status == status

    def test_a_secret_that_is_too_large(self, ask: Client, path: str) -> None:
        fits = 48 * 1024 // 4 * 3 - BOX_OVERHEAD
        assert put(ask, path, "A", "v" * fits).status == 201
        assert put(ask, path, "A", "v" * (fits + 1)).status == 422

    def test_a_full_collection(self, github: GitHub, ask: Client, path: str) -> None:
        quota = 1000 if path.startswith(ORG) else 100
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for vault in _vaults(github):
            for number in range(vault.quota):
                vault.put(f"S{number}", "v", at=at)
        assert ask.get(path)["total_count"] == quota
        assert put(ask, path, "ONE_MORE", "v").status == 422
        assert put(ask, path, "S1", "v").status == 204


def _vaults(github: GitHub) -> list[Any]:
    app, octo = github.repository("octo/app"), github.organization("octo")
    environments = [environment.vault for environment in app.environments.values()]
    return [*app.vaults.values(), *octo.vaults.values(), *environments]


class TestOrganization:
    @pytest.fixture
    def site(self, github: GitHub) -> Repository:
        return github.add_repository("octo/site", private=False)

    @pytest.mark.parametrize("path", ORGANIZATION_COLLECTIONS)
    def test_visibility_must_be_said_every_time(self, ask: Client, path: str) -> None:
        for wrong in (None, "everyone", 1):
            assert put(ask, path, "A", "v", visibility=wrong).status == 422
        assert put(ask, path, "A", "v", visibility="private").status == 201
        assert ask.get(f"{path}/A")["visibility"] == "private"
        assert put(ask, path, "A", "v", visibility="all").status == 204
        assert ask.get(f"{path}/A")["visibility"] == "all"

    @pytest.mark.parametrize("path", ORGANIZATION_COLLECTIONS)
    def test_repositories_can_be_selected(
        self, ask: Client, app: Repository, site: Repository, path: str
    ) -> None:
        put(ask, path, "A", "v", visibility="selected", selected_repository_ids=[app.id])
        shown = ask.get(f"{path}/A")
        assert shown["selected_repositories_url"].endswith(f"{path}/A/repositories")

        def selected() -> list[str]:
            found = ask.get(f"{path}/A/repositories")
            assert found["total_count"] == len(found["repositories"])
            return [repository["full_name"] for repository in found["repositories"]]

        assert selected() == ["octo/app"]
        chosen = {"selected_repository_ids": [site.id]}
        assert ask("PUT", f"{path}/A/repositories", chosen).status == 204
        assert selected() == ["octo/site"]
        assert ask("PUT", f"{path}/A/repositories/{app.id}").status == 204
        assert selected() == ["octo/app", "octo/site"]
        assert ask("DELETE", f"{path}/A/repositories/{site.id}").status == 204
        assert selected() == ["octo/app"]
        # whoever writes without repeating the choice loses it
        assert put(ask, path, "A", "w", visibility="selected").status == 204
        assert selected() == []

    @pytest.mark.parametrize("ids", [[1], "text", [None], {"a": 1}])
    def test_only_known_repositories(self, ask: Client, ids: Any) -> None:
        path = f"{ORG}/actions/secrets"
        reply = put(ask, path, "A", "v", visibility="selected", selected_repository_ids=ids)
        assert reply.status == 422
        assert ask.get(path)["total_count"] == 0

    def test_only_selected_ones_have_a_selection(self, ask: Client, app: Repository) -> None:
        path = f"{ORG}/actions/secrets"
        put(ask, path, "A", "v")
        for method, end in (("PUT", ""), ("PUT", f"/{app.id}"), ("DELETE", "/1")):
            body: Any = {"selected_repository_ids": []} if (method, end) == ("PUT", "") else None
            assert ask(method, f"{path}/A/repositories{end}", body).status == 409
            assert ask(method, f"{path}/B/repositories{end}", body).status == 404
        assert ask.get(f"{path}/A/repositories") == {"total_count": 0, "repositories": []}

    def test_a_visibility_can_change_without_the_value(self, github: GitHub, ask: Client) -> None:
        path = f"{ORG}/actions/secrets"
        put(ask, path, "A", "v")
        assert ask("PUT", f"{path}/A", {"visibility": "private"}).status == 204
        assert stored(github, path, "A") == "v"
        assert ask("PUT", f"{path}/B", {"visibility": "private"}).status == 422

    def test_a_repository_sees_what_is_shared_with_it(
        self, github: GitHub, app: Repository, site: Repository, ask: Client
    ) -> None:
        octo = github.organization("octo")
        octo.put_secret("EVERY", "v")
        octo.put_secret("CLOSED", "v", visibility="private")
        octo.put_secret("APP", "v", visibility="selected", selected=[app])
        octo.put_secret("SITE", "v", visibility="selected", selected=[site])
        octo.put_secret("BOT", "v", store="dependabot")
        expected = {"app": ["APP", "CLOSED", "EVERY"], "site": ["EVERY", "SITE"]}
        for name, names in expected.items():
            found = ask.get(f"/repos/octo/{name}/actions/organization-secrets")
            assert [secret["name"] for secret in found["secrets"]] == names
            assert all("visibility" not in secret for secret in found["secrets"])
        github.add_repository("alice/dots")
        assert ask.get("/repos/alice/dots/actions/organization-secrets")["total_count"] == 0


class TestFromPython:
    def test_a_secret_can_be_old(self, app: Repository, ask: Client) -> None:
        at = datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)
        app.put_secret("old", "v", at=at)
        app.put_secret("bot", "v", store="dependabot")
        (found,) = ask.get(f"{REPO}/actions/secrets")["secrets"]
        assert found["updated_at"] == "2025-02-03T04:05:06Z"
        assert app.secret_value("OLD") == "v"

    def test_an_environment_is_made_for_its_secret(self, app: Repository, ask: Client) -> None:
        app.put_secret("A", "v", environment="eu/west 1")
        environments = ask.get(f"{REPO}/environments")
        assert environments["total_count"] == 2
        assert app.add_environment("PROD") is app.find_environment("prod")
        assert [e["name"] for e in environments["environments"]] == ["eu/west 1", "prod"]
        one = ask.get(f"{REPO}/environments/EU%2Fwest%201")
        assert one["url"].endswith("/environments/eu%2Fwest%201")
        assert ask.get(f"{REPO}/environments/eu%2Fwest%201/secrets")["total_count"] == 1
        assert ask("GET", f"{REPO}/environments/none").status == 404
        assert ask("GET", f"{REPO}/environments/none/secrets").status == 404


def test_pygithub_reads_and_writes_them(github: GitHub, app: Repository) -> None:
    auth = pygithub.Auth.Token(sample_token())
    client = pygithub.Github(
        auth=auth, base_url=github.url, seconds_between_requests=0, seconds_between_writes=0
    )
    octo = github.organization("octo")
    for number in range(65):
        app.put_secret(f"S{number:02}", "v")
    repository, organization = client.get_repo("octo/app"), client.get_organization("octo")
    assert len(list(repository.get_secrets())) == 65

    repository.create_secret("A", "one")
    repository.create_secret("A", "two", secret_type="dependabot")
    environment = repository.get_environment("prod")
    environment.create_secret("A", "three")
    organization.create_secret("A", "four", "selected", [repository])
    organization.create_secret("A", "five", secret_type="dependabot")
    assert app.secret_value("A") == "one"
    assert app.secret_value("A", store="dependabot") == "two"
    assert app.secret_value("A", environment="prod") == "three"
    assert octo.secret_value("A") == "four"
    assert octo.secret_value("A", store="dependabot") == "five"

    secret = organization.get_secret("A")
    assert secret.edit("six", "selected")
    assert octo.secret_value("A") == "six"
    assert [s.name for s in environment.get_secrets()] == ["A"]
    assert repository.delete_secret("A")
    client.close()


class TestVariables:
    PATHS = (
        f"{REPO}/actions/variables",
        f"{REPO}/environments/prod/variables",
        f"{ORG}/actions/variables",
    )

    def make(self, ask: Client, path: str, name: str, value: str) -> Reply:
        return ask("POST", path, {"name": name, "value": value, "visibility": "all"})

    @pytest.mark.parametrize("path", PATHS)
    def test_a_variables_life(self, ask: Client, clock: Clock, path: str) -> None:
        made = self.make(ask, path, "state", "one")
        assert (made.status, made.body) == (201, {})
        assert self.make(ask, path, "STATE", "x").status == 409
        clock.advance(timedelta(seconds=1))
        assert ask("PATCH", f"{path}/state", {"value": "two"}).status == 204
        (listed,) = ask.get(path)["variables"]
        assert listed == ask.get(f"{path}/State")
        assert (listed["name"], listed["value"]) == ("STATE", "two")
        assert listed["updated_at"] == "2026-11-23T08:00:01Z"
        assert ask("PATCH", f"{path}/state", {"name": "other"}).status == 204
        assert ask.get(f"{path}/OTHER")["value"] == "two"
        assert ask("DELETE", f"{path}/other").status == 204
        for method in ("GET", "PATCH", "DELETE"):
            assert ask(method, f"{path}/other").status == 404

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize(
        ("name", "value"),
        [("GITHUB_A", "v"), ("1", "v"), (None, "v"), ("A", 1), ("A", "v" * (48 * 1024 + 1))],
    )
    def test_refusals(self, ask: Client, path: str, name: Any, value: Any) -> None:
        assert self.make(ask, path, name, value).status == 422
        assert ask.get(path)["total_count"] == 0

    @pytest.mark.parametrize("path", PATHS)
    def test_a_name_that_is_taken(self, ask: Client, path: str) -> None:
        self.make(ask, path, "A", "v")
        self.make(ask, path, "B", "v")
        assert ask("PATCH", f"{path}/A", {"name": "b"}).status == 409
        assert ask("PATCH", f"{path}/A", {"name": "a"}).status == 204

    def test_pages_are_small(self, app: Repository, ask: Client) -> None:
        for number in range(40):
            app.variables.put(f"V{number:02}", "v", at=app.created_at)
        path = f"{REPO}/actions/variables"
        assert len(ask.get(path)["variables"]) == 10
        assert len(ask.get(f"{path}?per_page=100")["variables"]) == 30

    def test_of_an_organization(self, github: GitHub, app: Repository, ask: Client) -> None:
        path = f"{ORG}/actions/variables"
        body = {"name": "A", "value": "v", "visibility": "selected"}
        assert ask("POST", path, {"name": "A", "value": "v"}).status == 422
        assert ask("POST", path, body | {"selected_repository_ids": [app.id]}).status == 201
        shared = f"{REPO}/actions/organization-variables"
        assert [v["name"] for v in ask.get(shared)["variables"]] == ["A"]
        assert ask.get(f"{path}/A/repositories")["total_count"] == 1
        chosen: Any = {"selected_repository_ids": []}
        assert ask("PUT", f"{path}/A/repositories", chosen).status == 204
        assert ask.get(shared)["variables"] == []
        assert ask("PATCH", f"{path}/A", {"visibility": "all"}).status == 204
        assert len(ask.get(shared)["variables"]) == 1
        assert ask("GET", f"{path}/A/repositories").status == 409
