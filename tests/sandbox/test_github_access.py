from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, Reply, sample_token

OTHER = sample_token("y")
REPO = "/repos/octo/app"


def other(github: GitHub, **options: Any) -> Client:
    github.add_token(OTHER, **options)
    return Client(github.url, OTHER)


def refusal(reply: Reply) -> tuple[int, str, str | None]:
    needed = reply.headers.get("x-accepted-github-permissions")
    return reply.status, reply.body["message"], needed


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_both_schemes_are_taken(github: GitHub, app: Repository, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {sample_token()}"}
    assert Client(github.url)("GET", REPO, headers=headers).status == 200


@pytest.mark.parametrize("value", [f"Bearer {OTHER}", "Basic abc", "Bearer", ""])
def test_an_unknown_credential_is_refused(github: GitHub, app: Repository, value: str) -> None:
    reply = Client(github.url)("GET", REPO, headers={"Authorization": value})
    assert (reply.status, reply.body["message"]) == (401, "Bad credentials")
    assert reply.body["status"] == "401"
    assert "documentation_url" in reply.body


def test_an_expired_credential_is_an_unknown_one(
    github: GitHub, app: Repository, clock: Clock
) -> None:
    ask = other(github, kind="pat", expires=clock.now + timedelta(seconds=1))
    assert ask("GET", REPO).status == 200
    clock.advance(timedelta(seconds=1))
    assert ask("GET", REPO).status == 401


@pytest.mark.parametrize(
    ("kind", "expires", "said"),
    [
        ("pat", datetime(2027, 9, 27, 3, 7, 38, tzinfo=UTC), "2027-09-27 03:07:38 UTC"),
        ("pat", None, None),
        ("app", datetime(2027, 9, 27, 3, 7, 38, tzinfo=UTC), None),
    ],
)
def test_the_expiry_of_a_personal_token_is_said_in_a_header(
    github: GitHub, app: Repository, kind: str, expires: datetime | None, said: str | None
) -> None:
    ask = other(github, kind=kind, expires=expires)
    for path in (REPO, "/rate_limit", "/repos/octo/none"):
        header = ask("GET", path).headers.get("github-authentication-token-expiration")
        assert header == said


# area, a call that reads, a call that writes
AREAS = [
    ("secrets", f"{REPO}/actions/secrets", f"{REPO}/actions/secrets/A"),
    ("secrets", f"{REPO}/actions/organization-secrets", None),
    ("environments", f"{REPO}/environments/prod/secrets", f"{REPO}/environments/prod/secrets/A"),
    ("environments", f"{REPO}/environments/prod/variables", None),
    ("actions", f"{REPO}/environments", None),
    ("dependabot_secrets", f"{REPO}/dependabot/secrets", f"{REPO}/dependabot/secrets/A"),
    ("codespaces_secrets", f"{REPO}/codespaces/secrets", f"{REPO}/codespaces/secrets/A"),
    ("organization_secrets", "/orgs/octo/actions/secrets", "/orgs/octo/actions/secrets/A"),
    (
        "organization_dependabot_secrets",
        "/orgs/octo/dependabot/secrets",
        "/orgs/octo/dependabot/secrets/A",
    ),
    ("variables", f"{REPO}/actions/variables", f"{REPO}/actions/variables/A"),
    ("organization_variables", "/orgs/octo/actions/variables", "/orgs/octo/actions/variables/A"),
    ("issues", f"{REPO}/issues", f"{REPO}/labels/A"),
    ("contents", f"{REPO}/git/matching-refs/heads", f"{REPO}/git/refs/heads/A"),
    ("actions", f"{REPO}/actions/runs", None),
    ("administration", f"{REPO}/keys", f"{REPO}/keys/1"),
    ("organization_personal_access_tokens", "/orgs/octo/personal-access-tokens", None),
]
HEADERS = {
    "variables": "actions_variables",
    "organization_variables": "organization_actions_variables",
}


@pytest.mark.parametrize(("area", "read", "write"), AREAS)
def test_every_area_needs_its_permission(
    github: GitHub, app: Repository, area: str, read: str, write: str | None
) -> None:
    app.add_environment("prod")
    header = HEADERS.get(area, area)
    ask = other(github, permissions=set())
    message = "Resource not accessible by integration"
    assert refusal(ask("GET", read)) == (403, message, f"{header}=read")
    github.add_token(OTHER, permissions={f"{area}:read"})
    assert ask("GET", read).status == 200
    if write:
        assert refusal(ask("DELETE", write)) == (403, message, f"{header}=write")
        for granted in (area, f"{area}:write"):
            github.add_token(OTHER, permissions={granted})
            assert ask("GET", read).status == 200
            assert ask("DELETE", write).status in (404, 422)


def test_metadata_comes_with_every_credential(github: GitHub, app: Repository) -> None:
    ask = other(github, permissions=set())
    for path in (REPO, "/orgs/octo", f"{REPO}/collaborators/alice/permission", "/rate_limit"):
        assert ask("GET", path).status == 200


@pytest.mark.parametrize(("area", "read", "write"), AREAS)
def test_a_workflows_own_token_reaches_no_secret_and_no_variable(
    github: GitHub, app: Repository, area: str, read: str, write: str | None
) -> None:
    app.add_environment("prod")
    ask = other(github, kind="workflow")
    reply = ask("GET", read)
    if area in ("issues", "contents", "actions"):
        assert reply.status == 200
    else:
        header = HEADERS.get(area, area)
        message = "Resource not accessible by integration"
        assert refusal(reply) == (403, message, f"{header}=read")


def test_a_refused_personal_token_is_called_one(github: GitHub, app: Repository) -> None:
    ask = other(github, kind="pat", permissions=set())
    message = "Resource not accessible by personal access token"
    assert refusal(ask("GET", f"{REPO}/actions/secrets")) == (403, message, "secrets=read")


def test_a_credential_for_other_repositories(github: GitHub, app: Repository) -> None:
    github.add_repository("octo/open", private=False)
    ask = other(github, kind="workflow", repositories=["Octo/Else"])
    assert ask("GET", REPO).status == 404
    assert ask("GET", "/repos/octo/open/issues").status == 200
    assert ask("POST", "/repos/octo/open/issues", {"title": "t"}).status == 403
    github.add_token(OTHER, kind="workflow", repositories=["Octo/App"])
    assert ask("GET", f"{REPO}/issues").status == 200


class TestNobody:
    def test_may_read_what_is_public(self, github: GitHub) -> None:
        github.add_repository("octo/open", private=False, files={"a.txt": "a"})
        ask = Client(github.url)
        for path in ("", "/issues", "/contents/a.txt", "/actions/runs"):
            assert ask("GET", "/repos/octo/open" + path).status == 200

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", REPO, 404),
            ("GET", f"{REPO}/actions/secrets", 404),
            ("GET", "/repos/octo/open/actions/secrets", 401),
            ("POST", "/repos/octo/open/issues", 401),
            ("GET", "/user", 401),
        ],
    )
    def test_may_do_nothing_else(
        self, github: GitHub, app: Repository, method: str, path: str, status: int
    ) -> None:
        github.add_repository("octo/open", private=False)
        assert Client(github.url)(method, path).status == status


class TestRateLimit:
    def test_every_answer_tells_what_is_left(
        self, github: GitHub, app: Repository, ask: Client, clock: Clock
    ) -> None:
        headers = [ask("GET", path).headers for path in (REPO, "/repos/octo/none", "/rate_limit")]
        assert [h["x-ratelimit-remaining"] for h in headers] == ["4999", "4998", "4998"]
        assert headers[0]["x-ratelimit-used"] == "1"
        assert headers[0]["x-ratelimit-resource"] == "core"
        reset = int(clock.now.timestamp()) + 3600
        assert headers[0]["x-ratelimit-reset"] == str(reset)
        core = ask.get("/rate_limit")["resources"]["core"]
        assert core == {"limit": 5000, "remaining": 4998, "used": 2, "reset": reset}

    def test_it_is_enforced_until_the_hour_is_over(
        self, github: GitHub, app: Repository, clock: Clock
    ) -> None:
        github.add_token(OTHER, kind="workflow").limit = 2
        ask = Client(github.url, OTHER)
        assert [ask("GET", REPO).status for _ in range(3)] == [200, 200, 403]
        reply = ask("GET", REPO)
        assert "rate limit exceeded" in reply.body["message"]
        assert reply.headers["x-ratelimit-remaining"] == "0"
        assert ask("GET", "/rate_limit").status == 200
        clock.advance(timedelta(minutes=59, seconds=59))
        assert ask("GET", REPO).status == 403
        clock.advance(timedelta(seconds=1))
        assert ask("GET", REPO).status == 200

    @pytest.mark.parametrize(("kind", "limit"), [("app", 5000), ("pat", 5000), ("workflow", 1000)])
    def test_it_depends_on_the_kind(self, github: GitHub, kind: str, limit: int) -> None:
        reply = other(github, kind=kind)("GET", "/rate_limit")
        assert reply.headers["x-ratelimit-limit"] == str(limit)
        anonymous = Client(github.url)("GET", "/rate_limit")
        assert anonymous.headers["x-ratelimit-limit"] == "60"


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"\xff", 400), (b'"text"', 400), (b"null", 422)]
)
def test_a_body_that_is_no_object(
    github: GitHub, app: Repository, ask: Client, body: bytes, status: int
) -> None:
    assert ask("POST", f"{REPO}/issues", body).status == status


class TestPages:
    @pytest.fixture
    def path(self, app: Repository) -> str:
        for number in range(75):
            app.tracker.ensure_label(f"label-{number:02}")
        return f"{REPO}/labels"

    @pytest.mark.parametrize(
        ("query", "count", "links"),
        [
            ("", 30, {"next": 2, "last": 3}),
            ("?page=2", 30, {"prev": 1, "next": 3, "last": 3, "first": 1}),
            ("?page=3", 15, {"prev": 2, "first": 1}),
            ("?page=9", 0, {"prev": 3, "first": 1}),
            ("?per_page=100", 75, {}),
            ("?per_page=1000", 75, {}),
            ("?per_page=75", 75, {}),
            ("?per_page=74", 74, {"next": 2, "last": 2}),
            ("?per_page=0", 30, {"next": 2, "last": 3}),
            ("?per_page=x&page=-1", 30, {"next": 2, "last": 3}),
        ],
    )
    def test_links_lead_to_the_pages_that_exist(
        self, ask: Client, path: str, query: str, count: int, links: dict[str, int]
    ) -> None:
        reply = ask("GET", path + query)
        assert len(reply.body) == count
        found = {name: link.rpartition("page=")[2] for name, link in reply.links.items()}
        assert found == {name: str(number) for name, number in links.items()}

    def test_following_them_gives_everything_once(self, ask: Client, path: str) -> None:
        names, to = [], f"{path}?per_page=20"
        while to:
            reply = ask("GET", to)
            names += [label["name"] for label in reply.body]
            to = reply.links.get("next", "")
            assert not to or to.startswith("/repositories/")
        assert names == [f"label-{number:02}" for number in range(75)]


def test_two_worlds_built_alike_give_the_same_ids(clock: Clock) -> None:
    def build() -> list[object]:
        github = GitHub(clock)
        octo = github.add_organization("octo")
        repository = github.add_repository("octo/app", files={"a": "b"})
        issue = repository.tracker.open("t", by="alice", labels=["x"])
        vault = repository.vaults["actions"]
        github.server.start()
        github.server.stop()
        return [octo.id, repository.id, issue.id, vault.key_id, vault.public_key,
                dict(repository.git.refs)]  # fmt: skip

    assert build() == build()


def test_who_the_credential_is(github: GitHub, app: Repository) -> None:
    assert other(github, kind="pat", login="alice").get("/user")["login"] == "alice"
    assert other(github, kind="app")("GET", "/user").status == 403


class TestPeople:
    @pytest.mark.parametrize(
        ("login", "permission", "role"),
        [
            ("alice", "write", "write"),
            ("ALICE", "write", "write"),
            ("root", "admin", "admin"),
            ("keeper", "write", "maintain"),
            ("sorter", "read", "triage"),
            ("stranger", "none", "none"),
        ],
    )
    def test_permission(
        self, github: GitHub, ask: Client, login: str, permission: str, role: str
    ) -> None:
        roles = {"root": "admin", "keeper": "maintain", "sorter": "triage"}
        github.add_repository("octo/app", assignees=["alice"], collaborators=roles)
        found = ask.get(f"{REPO}/collaborators/{login}/permission")
        assert (found["permission"], found["role_name"]) == (permission, role)
        assert found["user"]["permissions"]["push"] is (permission in ("write", "admin"))

    def test_everybody_may_read_what_is_public(self, github: GitHub, ask: Client) -> None:
        github.add_repository("octo/open", private=False)
        path = "/repos/octo/open/collaborators/stranger/permission"
        assert ask.get(path)["permission"] == "read"

    def test_assignees(self, app: Repository, ask: Client) -> None:
        app.collaborators["reader"] = "read"
        assert [user["login"] for user in ask.get(f"{REPO}/assignees")] == ["alice", "bob"]
        for login, status in (("alice", 204), ("Alice", 204), ("reader", 404), ("eve", 404)):
            assert ask("GET", f"{REPO}/assignees/{login}").status == status

    def test_organizations(self, github: GitHub, app: Repository, ask: Client) -> None:
        assert ask.get("/orgs/OCTO")["login"] == "octo"
        assert ask("GET", "/orgs/none").status == 404
        assert github.add_organization("Octo") is github.organization("octo")

    def test_repositories(self, github: GitHub, app: Repository, ask: Client) -> None:
        github.add_repository("alice/dots", private=False, default_branch="trunk")
        mine, hers = ask.get("/repos/OCTO/APP"), ask.get("/repos/alice/dots")
        assert (mine["full_name"], mine["private"]) == ("octo/app", True)
        assert mine["owner"]["type"] == mine["organization"]["type"] == "Organization"
        assert (hers["visibility"], hers["default_branch"]) == ("public", "trunk")
        assert hers["owner"]["type"] == "User"
        assert ask.get(f"/repositories/{mine['id']}") == mine
        for path in ("/repos/octo/none", "/repositories/1", "/repositories/x"):
            assert ask("GET", path).status == 404
        assert github.repository("Octo/App") is app
        assert mine["url"].startswith(github.url + "/")


def test_every_permission_is_on_the_page(root: Path) -> None:
    page = (root / "docs/reference/sandbox.md").read_text(encoding="utf-8")
    table = page.partition("| permission |")[2].partition("\n\n")[0]
    told = set(re.findall(r"`([a-z_]+)`", table))
    known = {area for area, _, _ in AREAS} | {"metadata", "organization_codespaces_secrets"}
    assert told == known
