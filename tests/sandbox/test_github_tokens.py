"""Personal tokens, grants and deploy keys of the sandbox's GitHub, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, sample_token

GRANTS = "/orgs/octo/personal-access-tokens"
KEYS = "/repos/octo/app/keys"
CLASSIC = "gh" + "p_" + "c" * 36
FINE = "github_" + "pat_" + "f" * 82
ENDS = datetime(2027, 9, 27, 3, 7, 38, tzinfo=UTC)


def personal(github: GitHub, value: str = CLASSIC, **options: Any) -> Client:
    github.add_token(value, kind="pat", **options)
    return Client(github.url, value)


class TestHeaders:
    @pytest.mark.parametrize(
        ("expires", "said"),
        [
            (ENDS, "2027-09-27 03:07:38 UTC"),
            (ENDS.astimezone(timezone(timedelta(hours=2))), "2027-09-27 05:07:38 +0200"),
            (None, None),
        ],
    )
    @pytest.mark.parametrize("path", ["/user", "/rate_limit", "/repos/octo/none"])
    def test_the_expiry_is_said_in_its_zone(
        self, github: GitHub, expires: datetime | None, said: str | None, path: str
    ) -> None:
        reply = personal(github, expires=expires)("GET", path)
        assert reply.headers.get("github-authentication-token-expiration") == said

    def test_classic_scopes(self, github: GitHub, ask: Client) -> None:
        reply = personal(github, scopes=("repo", "read:org"))("GET", "/user")
        assert reply.headers["x-oauth-scopes"] == "repo, read:org"
        assert personal(github, FINE)("GET", "/user").headers["x-oauth-scopes"] == ""
        assert "x-oauth-scopes" not in ask("GET", "/rate_limit").headers


class TestPolicies:
    @pytest.mark.parametrize(
        ("value", "sort"),
        [(CLASSIC, "personal access tokens (classic)"), (FINE, "fine-grained personal access")],
    )
    @pytest.mark.parametrize("path", ["/orgs/octo", "/repos/octo/app", GRANTS])
    def test_a_life_that_is_too_long(
        self, github: GitHub, app: Repository, clock: Clock, value: str, sort: str, path: str
    ) -> None:
        github.organization("octo").longest_lifetime = timedelta(days=30)
        for days in (30 + 1 / 86400, None):
            expires = clock.now + timedelta(days=days) if days else None
            reply = personal(github, value, expires=expires)("GET", path)
            assert reply.status == 403
            told = f"The 'octo' organization forbids access via a {sort}"
            assert reply.body["message"].startswith(told)
            assert "lifetime is greater than 30 days." in reply.body["message"]

    def test_it_lets_others_in(self, github: GitHub, app: Repository, clock: Clock) -> None:
        github.organization("octo").longest_lifetime = timedelta(days=30)
        ask = personal(github, expires=clock.now + timedelta(days=30))
        assert ask("GET", "/orgs/octo").status == 200
        assert Client(github.url, sample_token())("GET", "/orgs/octo").status == 200
        forever = personal(github)
        assert forever("GET", "/user").status == 200
        github.add_repository("alice/dots")
        assert forever("GET", "/repos/alice/dots").status == 200

    def test_no_classic_tokens_at_all(self, github: GitHub, app: Repository) -> None:
        github.organization("octo").takes_classic_tokens = False
        reply = personal(github)("GET", "/orgs/octo")
        assert reply.status == 403
        told = "`octo` forbids access via a personal access token (classic). "
        assert reply.body["message"].startswith(told)
        assert personal(github, FINE)("GET", "/orgs/octo").status == 200


class TestGrants:
    def test_tell_all_about_the_token(self, github: GitHub, app: Repository, ask: Client) -> None:
        used = datetime(2026, 11, 1, tzinfo=timezone(timedelta(hours=-7)))
        areas = {"repository": {"contents": "write"}}
        octo = github.organization("octo")
        made = octo.add_grant(
            "ci", owner="alice", permissions=areas, expires_at=ENDS, last_used_at=used
        )
        (found,) = ask.get(GRANTS)
        assert found["owner"]["login"] == "alice"
        assert (found["id"], found["token_id"]) == (made.id, made.token_id)
        assert found["permissions"] == areas
        assert found["token_expires_at"] == "2027-09-27T03:07:38.000+00:00"
        assert found["token_last_used_at"] == "2026-11-01T00:00:00.000-07:00"
        assert found["token_expired"] is False

    def test_expire_with_their_token(
        self, github: GitHub, app: Repository, ask: Client, clock: Clock
    ) -> None:
        octo = github.organization("octo")
        octo.add_grant("ci", expires_at=clock.now + timedelta(seconds=1))
        octo.add_grant("forever")
        assert [grant["token_expired"] for grant in ask.get(GRANTS)] == [False, False]
        clock.advance(timedelta(seconds=1))
        assert [grant["token_expired"] for grant in ask.get(GRANTS)] == [True, False]

    def test_are_for_apps_with_the_right_only(self, github: GitHub, app: Repository) -> None:
        made = github.organization("octo").add_grant("ci")
        path, body = f"{GRANTS}/{made.id}", {"action": "revoke"}
        ask = personal(github)
        for reply in (ask("GET", GRANTS), ask("POST", path, body)):
            assert reply.status == 403
            assert reply.body["message"] == "Resource not accessible by personal access token"
        area = "organization_personal_access_tokens"
        github.add_token(sample_token("r"), permissions={f"{area}:read"})
        reader = Client(github.url, sample_token("r"))
        assert reader("GET", GRANTS).status == 200
        reply = reader("POST", path, body)
        assert reply.headers["x-accepted-github-permissions"] == f"{area}=write"
        assert list(github.organization("octo").grants) == [made.id]

    def test_end_once(self, github: GitHub, app: Repository, ask: Client) -> None:
        made = github.organization("octo").add_grant("ci")
        path = f"{GRANTS}/{made.id}"
        assert ask("POST", path, {"action": "keep"}).status == 422
        assert [ask("POST", path, {"action": "revoke"}).status for _ in range(2)] == [204, 404]
        assert ask("POST", f"{GRANTS}/x", {"action": "revoke"}).status == 404
        assert ask.get(GRANTS) == []


class TestDeployKeys:
    def test_tell_age_and_last_use(self, app: Repository, ask: Client, clock: Clock) -> None:
        app.add_deploy_key("server", at=ENDS, last_used=ENDS, added_by="alice", read_only=False)
        app.add_deploy_key("unused")
        used, unused = ask.get(KEYS)
        assert (used["title"], used["added_by"], used["read_only"]) == ("server", "alice", False)
        assert used["created_at"] == used["last_used"] == "2027-09-27T03:07:38Z"
        assert (unused["last_used"], unused["enabled"]) == (None, True)

    def test_are_deleted_once(self, app: Repository, ask: Client) -> None:
        key = app.add_deploy_key("server")
        assert [ask("DELETE", f"{KEYS}/{key.id}").status for _ in range(2)] == [204, 404]
        assert ask("DELETE", f"{KEYS}/x").status == 404

    def test_need_the_right(self, github: GitHub, app: Repository) -> None:
        github.add_token(sample_token("r"), permissions={"administration:read"})
        reader = Client(github.url, sample_token("r"))
        key = app.add_deploy_key("server")
        assert reader("GET", KEYS).status == 200
        reply = reader("DELETE", f"{KEYS}/{key.id}")
        assert reply.headers["x-accepted-github-permissions"] == "administration=write"
        assert list(app.deploy_keys) == [key.id]


class TestRevocation:
    PATH = "/credentials/revoke"

    def test_kills_what_it_knows(self, github: GitHub, ask: Client) -> None:
        values = [CLASSIC, FINE, sample_token(), "gh" + "p_" + "n" * 36]
        clients = [personal(github, value) for value in (CLASSIC, FINE)]
        reply = Client(github.url)("POST", self.PATH, {"credentials": values})
        assert (reply.status, reply.body) == (202, {})
        assert [client("GET", "/user").status for client in clients] == [401, 401]
        # An installation token is not among what it takes.
        assert ask("GET", "/rate_limit").status == 200

    def test_is_refused_to_who_is_signed_in(self, github: GitHub, ask: Client) -> None:
        victim = personal(github)
        assert ask("POST", self.PATH, {"credentials": [CLASSIC]}).status == 403
        assert victim("GET", "/user").status == 200

    @pytest.mark.parametrize("values", [[], ["x"] * 1001, "x", [1], None])
    def test_takes_up_to_a_thousand(self, github: GitHub, values: Any) -> None:
        assert Client(github.url)("POST", self.PATH, {"credentials": values}).status == 422

    def test_sixty_times_an_hour(self, github: GitHub) -> None:
        ask, body = Client(github.url), {"credentials": ["x"]}
        replies = [ask("POST", self.PATH, body) for _ in range(61)]
        assert {reply.status for reply in replies[:60]} == {202}
        assert replies[60].status == 403
        assert "rate limit" in replies[60].body["message"]
