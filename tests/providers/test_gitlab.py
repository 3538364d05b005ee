from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from keyturn.errors import CredentialRejected, ProviderError, ProviderUnavailable, TokenNotFound
from keyturn.interfaces import Access
from keyturn.model import Evidence, Precision, State, TokenStatus
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import NOW, ListingContract, Refusal, Scene, Sleeper
from tests.providers.gitlab_scenes import (
    DIES,
    EXPIRED,
    GONE,
    MIDNIGHT,
    GitLabContract,
    declare,
    deploy_scene,
    manager,
    manager_scene,
    own,
    own_scene,
    paths,
    start,
)


class TestAskedByItself(GitLabContract, ListingContract):
    dead_value = State.REVOKED
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **GitLabContract.refusals,
        "expired": Refusal(EXPIRED, State.EXPIRED),
        "revoked": Refusal(GONE, State.REVOKED),
        "wrong-kind": Refusal(Response(400, {"message": "400 Bad request"}), CredentialRejected),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        return own_scene(expires=expires, scopes=("read_api",))


class TestAskedByAManager(GitLabContract, ListingContract):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return manager_scene(expires=expires, scope="read_api")


class TestADeployToken(GitLabContract, ListingContract):
    def make_scene(self, *, expires: bool = True) -> Scene:
        return deploy_scene(expires=expires)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitLab(transport)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (MIDNIGHT - timedelta(seconds=1), State.ACTIVE),
        (MIDNIGHT, State.EXPIRED),
        (MIDNIGHT + timedelta(days=1), State.EXPIRED),
    ],
)
def test_the_date_itself_is_the_first_dead_day(sandbox, gitlab, at, state):
    token = sandbox.create_token("group", "ci", group=7, expires_on=DIES)
    asking = sandbox.create_token()
    for declared in (declare(sandbox, kind="group", group=7, token="ci"),):
        status = gitlab.inspect(declared, manager(asking), now=at)
        assert (status.state, status.expires_at) == (state, MIDNIGHT)
        assert (status.reason is None) == (state is State.ACTIVE)
    sandbox.clock.now = at
    status = gitlab.inspect(declare(sandbox), own(token), now=at)
    assert status.state is state


def test_its_own_words_for_a_dead_value(sandbox, gitlab):
    cases = [
        (sandbox.create_token(expires_on=NOW.date()), State.EXPIRED, "expired"),
        (sandbox.create_token(), State.REVOKED, "was revoked"),
        (sandbox.create_token(), State.REVOKED, "or is another server's: its value is unknown"),
    ]
    sandbox.revoke(cases[1][0].id)
    sandbox.delete(cases[2][0].id)
    for token, state, words in cases:
        status = gitlab.inspect(declare(sandbox), own(token), now=NOW)
        assert (status.state, status.precision) == (state, Precision.UNKNOWN)
        assert words in status.reason
        assert status.evidence is Evidence.PROVIDER
        assert not status.holds_copy


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [
        (None, State.ACTIVE, None),
        (NOW, State.EXPIRED, "expired at 2026-11-22 09:00 UTC"),
        (NOW + timedelta(seconds=1), State.ACTIVE, None),
        ("revoked", State.REVOKED, "was revoked"),
    ],
)
def test_how_a_deploy_token_ends(sandbox, gitlab, end, state, reason):
    expires = end if isinstance(end, datetime) else None
    token = sandbox.create_token("deploy", "pull", project=42, expires_on=expires)
    if end == "revoked":
        sandbox.revoke(token.id)
    declared = declare(sandbox, kind="deploy", project=42, token="pull")
    status = gitlab.inspect(declared, manager(sandbox.create_token()), now=NOW)
    assert (status.state, status.reason, status.expires_at) == (state, reason, expires)


def test_an_inactive_token_is_expired_by_gitlabs_clock(sandbox, gitlab):
    token = sandbox.create_token("project", "ci", project=42, expires_on=DIES)
    asking = sandbox.create_token()
    sandbox.clock.now = MIDNIGHT
    declared = declare(sandbox, kind="project", project=42, token_id=token.id)
    status = gitlab.inspect(declared, manager(asking), now=MIDNIGHT - timedelta(minutes=2))
    assert status.state is State.EXPIRED


def test_last_use_is_told_by_a_manager_only(sandbox, gitlab):
    token = sandbox.create_token("project", "ci", project=42)
    asking = sandbox.create_token()
    declared = declare(sandbox, kind="project", project=42, token="ci")
    seen = gitlab.inspect(declared, manager(asking), now=NOW)
    assert (seen.last_used_at, seen.never_used) == (None, True)
    itself = gitlab.inspect(declared, own(token), now=NOW)
    assert (itself.last_used_at, itself.never_used) == (None, False)


def test_an_absent_last_use_is_not_never_used(sandbox, gitlab):
    sandbox.create_token("project", "ci", project=42)
    asking = sandbox.create_token()
    row = {"id": 5, "name": "ci", "revoked": False, "active": True, "scopes": [], "user_id": 3}
    row |= {"created_at": "2026-01-02T03:04:05.678Z", "expires_at": None}
    sandbox.server.faults.append(Fault("access_tokens", Response(200, [row])))
    declared = declare(sandbox, kind="project", project=42, token="ci")
    status = gitlab.inspect(declared, manager(asking), now=NOW)
    assert not status.never_used
    assert status.created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


class TestByName:
    def ask(self, sandbox: Sandbox, gitlab: GitLab, name: str = "ci") -> TokenStatus:
        declared = declare(sandbox, kind="project", project=42, token=name)
        return gitlab.inspect(declared, manager(sandbox.create_token()), now=NOW)

    def test_survives_rotation(self, sandbox, gitlab):
        old = sandbox.create_token("project", "ci", project=42, expires_on=DIES)
        new = sandbox.rotate(old.id)
        assert self.ask(sandbox, gitlab).token_id == str(new.id)

    def test_takes_the_active_one_and_not_the_newest(self, sandbox, gitlab):
        active = sandbox.create_token("project", "ci kt-1a2b3c4d", project=42)
        newest = sandbox.create_token("project", "ci kt-zzzzzzzz", project=42)
        sandbox.revoke(newest.id)
        assert self.ask(sandbox, gitlab).token_id == str(active.id)

    def test_takes_the_newest_of_the_dead(self, sandbox, gitlab):
        for name in ("ci", "ci kt-1a2b3c4d"):
            last = sandbox.create_token("project", name, project=42)
            sandbox.revoke(last.id)
        status = self.ask(sandbox, gitlab)
        assert (status.state, status.token_id) == (State.REVOKED, str(last.id))
        assert status.reason == "was revoked"

    @pytest.mark.parametrize(
        "other", ["CI", "ci2", "my ci", "ci kt-1a2b3c4", "ci kt-1A2B3C4D", "ci kt-1a2b3c4d5", "ci "]
    )
    def test_is_exact_otherwise(self, sandbox, gitlab, other):
        sandbox.create_token("project", other, project=42)
        with pytest.raises(TokenNotFound, match="lists no such token"):
            self.ask(sandbox, gitlab)

    def test_a_name_is_no_pattern(self, sandbox, gitlab):
        sandbox.create_token("project", "abc", project=42)
        with pytest.raises(TokenNotFound):
            self.ask(sandbox, gitlab, name="a.c")

    def test_reads_every_page(self, sandbox, gitlab):
        wanted = sandbox.create_token("project", "ci", project=42)
        for number in range(250):
            sandbox.create_token("project", f"other-{number}", project=42)
        sandbox.tokens.remove(wanted)
        sandbox.tokens.append(wanted)
        assert self.ask(sandbox, gitlab).token_id == str(wanted.id)
        assert len(paths(sandbox)) == 3

    def test_an_incomplete_list_finds_nothing(self, sandbox, gitlab):
        for number in range(150):
            sandbox.create_token("project", f"other-{number}", project=42)
        sandbox.server.faults.append(Fault(r"[?&]page=2", Response(500)))
        with pytest.raises(ProviderUnavailable, match="500"):
            self.ask(sandbox, gitlab)


@pytest.mark.parametrize(
    ("options", "made", "path"),
    [
        ({"kind": "project", "project": 42}, {"project": 42}, "/projects/42/access_tokens"),
        (
            {"kind": "project", "project": "acme/tools"},
            {"project": 42},
            "/projects/acme%2Ftools/access_tokens",
        ),
        ({"kind": "group", "group": "acme"}, {"group": 7}, "/groups/acme/access_tokens"),
        ({"kind": "deploy", "project": 42}, {"project": 42}, "/projects/42/deploy_tokens"),
        ({"kind": "deploy", "group": 7}, {"group": 7}, "/groups/7/deploy_tokens"),
        (
            {"kind": "service-account", "group": 7, "service-account": 2},
            {"group": 7},
            "/groups/7/service_accounts/2/personal_access_tokens",
        ),
        ({"kind": "personal"}, {}, "/personal_access_tokens"),
        ({"kind": "personal", "user": 1}, {}, "/personal_access_tokens"),
    ],
)
@pytest.mark.parametrize("by", ["name", "id"])
def test_where_each_kind_is_looked_for(sandbox, gitlab, options, made, path, by):
    kind = options["kind"]
    token = sandbox.create_token(kind, "deploy-ci", **made)
    asking = sandbox.create_token(name="asks")
    which = {"token": "deploy-ci"} if by == "name" else {"token-id": token.id}
    status = gitlab.inspect(declare(sandbox, **options, **which), manager(asking), now=NOW)
    assert status.token_id == str(token.id)
    if by == "id" and kind != "service-account":
        path = f"{path}/{token.id}"
    assert paths(sandbox) == [f"/api/v4{path}"]


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"token": "deploy-ci"}, {"search": "deploy-ci"}),
        ({"token": "ab cde"}, {"search": "ab cde"}),
        # GitLab compares shorter words as a whole, so that a rotated name would not be found.
        ({"token": "ci"}, {}),
        ({"token": "deploy-ci", "user": 1}, {"user_id": "1"}),
    ],
)
def test_personal_lists_are_narrowed(sandbox, gitlab, options, query):
    sandbox.create_token(name=options["token"])
    asking = sandbox.create_token(name="asks")
    gitlab.inspect(declare(sandbox, **options), manager(asking), now=NOW)
    assert sandbox.server.exchanges[0].request.query == {"per_page": "100", **query}


class TestRefusals:
    """A living manager's credential that may not see what it is asked about."""

    def refuse(self, sandbox, gitlab, error: type[ProviderError], asking: Issued, **options) -> str:
        with pytest.raises(error) as caught:
            gitlab.inspect(declare(sandbox, **options), manager(asking), now=NOW)
        assert type(caught.value) is error
        return f"{caught.value.message}; {caught.value.hint}"

    def test_without_scope(self, sandbox, gitlab):
        asking = sandbox.create_token(scopes=("read_user",))
        told = self.refuse(
            sandbox, gitlab, CredentialRejected, asking, kind="project", project=42, token="ci"
        )
        assert "needs read_api" in told

    @pytest.mark.parametrize("kind", ["project", "deploy"])
    def test_without_the_role(self, sandbox, gitlab, kind):
        asking = sandbox.create_token(owner=sandbox.add_user("gus", role="guest"))
        told = self.refuse(
            sandbox, gitlab, CredentialRejected, asking, kind=kind, project=42, token="ci"
        )
        assert "shown to maintainers" in told

    def test_a_project_it_does_not_see(self, sandbox, gitlab):
        asking = sandbox.create_token()
        told = self.refuse(
            sandbox, gitlab, TokenNotFound, asking, kind="project", project=43, token="ci"
        )
        assert "hides it" in told

    def test_somebody_elses_token_by_id(self, sandbox, gitlab):
        other = sandbox.create_token()
        asking = sandbox.create_token(owner=sandbox.add_user("eve"))
        told = self.refuse(sandbox, gitlab, TokenNotFound, asking, token_id=other.id)
        assert "hides it" in told

    def test_somebody_elses_list(self, sandbox, gitlab):
        asking = sandbox.create_token(owner=sandbox.add_user("eve"))
        told = self.refuse(sandbox, gitlab, CredentialRejected, asking, user=1, token="ci")
        assert "administrators" in told

    def test_no_id_in_the_list(self, sandbox, gitlab):
        sandbox.add_service_account(7, "robot")
        options = {"kind": "service-account", "group": 7, "service_account": 2, "token_id": 99}
        self.refuse(sandbox, gitlab, TokenNotFound, sandbox.create_token(), **options)

    def test_a_question_gitlab_does_not_understand(self, sandbox, gitlab):
        sandbox.server.faults.append(Fault(".", Response(400, {"error": "id is invalid"})))
        told = self.refuse(sandbox, gitlab, ProviderUnavailable, sandbox.create_token(), token="ci")
        assert "400" in told


NO_IMPERSONATION = {
    "error": "invalid_token",
    "error_description": "Token is an impersonation token but impersonation was disabled.",
}


class TestRefusedByItself:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "words"),
        [
            (403, {"error": "insufficient_scope"}, CredentialRejected, "lacks the scope"),
            (403, {"message": "403 Forbidden"}, CredentialRejected, "does not say why"),
            (400, {"message": "400 Bad request"}, CredentialRejected, "not an access token"),
            (404, {"error": "404 Not Found"}, TokenNotFound, "no such token"),
            (401, "<html>login</html>", ProviderUnavailable, "not in GitLab's words"),
            (401, {"error": "dpop_error"}, CredentialRejected, "does not say that it is dead"),
            (401, NO_IMPERSONATION, CredentialRejected, "does not say that it is dead"),
            (401, {"message": "401 Unauthorized - x"}, CredentialRejected, "does not say that"),
            (403, "Forbidden", ProviderUnavailable, "not in GitLab's words"),
            (404, "[]", ProviderUnavailable, "not in GitLab's words"),
            (204, None, ProviderUnavailable, "204"),
        ],
    )
    def test_is_told(self, sandbox, gitlab, status, body, kind, words):
        sandbox.server.faults.append(Fault(".", Response(status, body)))
        with pytest.raises(kind, match=words):
            gitlab.inspect(declare(sandbox), own(sandbox.create_token()), now=NOW)

    def test_a_blocked_owner(self, sandbox, gitlab):
        body = {"message": "403 Forbidden - Your account has been blocked."}
        sandbox.server.faults.append(Fault(".", Response(403, body)))
        status = gitlab.inspect(declare(sandbox), own(sandbox.create_token()), now=NOW)
        assert status.state is State.BLOCKED
        assert "with its owner" in status.reason


GOOD_ROW = {
    "id": 5,
    "name": "ci",
    "revoked": False,
    "active": True,
    "scopes": ["api"],
    "user_id": 3,
    "created_at": "2026-01-02T03:04:05Z",
    "last_used_at": None,
    "expires_at": "2026-12-01",
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "5"),
        ("id", None),
        ("id", True),
        ("name", None),
        ("revoked", "false"),
        ("active", 1),
        ("scopes", "api"),
        ("scopes", [1]),
        ("user_id", 3.0),
        ("created_at", None),
        ("created_at", "2026-01-02"),
        ("created_at", "2026-01-02T03:04:05"),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("created_at", "2026-13-02T03:04:05Z"),
        ("created_at", 1767323045),
        ("last_used_at", "yesterday"),
        ("expires_at", "2026-12-01T00:00:00Z"),
        ("expires_at", "01.12.2026"),
        ("expires_at", "2026-02-30"),
        ("expires_at", "20261201"),
        ("expires_at", "202\N{ARABIC-INDIC DIGIT SIX}-12-01"),
        ("expires_at", 0),
        ("expires_at", ""),
        *((field, ...) for field in GOOD_ROW if field != "last_used_at"),
    ],
)
def test_an_ill_formed_field_is_named_and_not_quoted(sandbox, gitlab, field, value):
    row = {k: v for k, v in {**GOOD_ROW, field: value}.items() if v is not ...}
    sandbox.server.faults.append(Fault(".", Response(200, row)))
    with pytest.raises(ProviderUnavailable) as caught:
        gitlab.inspect(declare(sandbox), own(sandbox.create_token()), now=NOW)
    words = r"127\.0\.0\.1:\d+ answers in a form keyturn does not know"
    assert re.fullmatch(rf"{words} \({field}(\.0)?\)", caught.value.message)


def test_without_a_credential_nothing_is_asked(sandbox, gitlab):
    declared = declare(sandbox, kind="deploy", project=42, token="x")
    for access in (None, Access({}, own=False), own(sandbox.create_token())):
        with pytest.raises(CredentialRejected):
            gitlab.inspect(declared, access, now=NOW)
    with pytest.raises(ProviderError):
        gitlab.inspect(declare(sandbox), manager(sandbox.create_token()), now=NOW)
    assert paths(sandbox) == []


def test_a_credential_that_is_no_text(sandbox, gitlab):
    access = Access({"": SecretValue("half a \udcff")}, own=True)
    with pytest.raises(CredentialRejected, match="not sent"):
        gitlab.inspect(declare(sandbox), access, now=NOW)


def test_the_credential_is_not_kept_where_a_repr_shows_it(sandbox, gitlab):
    token = sandbox.create_token()
    gitlab.inspect(declare(sandbox), own(token), now=NOW)
    assert token.value not in repr(vars(gitlab))


def test_scopes_are_handed_on_as_they_are(sandbox, gitlab):
    scopes = ("api", "read_repository")
    token = replace(sandbox.create_token(scopes=scopes))
    assert gitlab.inspect(declare(sandbox), own(token), now=NOW).scopes == scopes
