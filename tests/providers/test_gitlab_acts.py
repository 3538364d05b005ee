"""What is special about making, replacing and revoking GitLab's tokens; the rest is inherited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from keyturn.errors import (
    BlockedByPolicy,
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import Minted, Precision, State, Token
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import PLACES, declare, issue, manager, own, start

UNTIL = datetime(2027, 1, 20, tzinfo=UTC)
NEW = "ci kt-1a2b3c4d"
ROTATES = "^POST .*/rotate"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitLab(transport)


def lines(sandbox: Sandbox) -> list[str]:
    asked = [exchange.request for exchange in sandbox.server.exchanges]
    return [f"{request.method} {request.path.removeprefix('/api/v4')}" for request in asked]


def changes(sandbox: Sandbox) -> list[str]:
    return [line for line in lines(sandbox) if not line.startswith("GET ")]


def mint(gitlab: GitLab, declared: Token, access: Access, like: Issued | str, **given: Any):
    told = {"name": NEW, "expires_at": UNTIL, "now": NOW, **given}
    id = str(like.id) if isinstance(like, Issued) else like
    return gitlab.mint(declared, access, like=id, **told)


def swap(gitlab: GitLab, declared: Token, access: Access, old: Issued | str, **given: Any):
    told = {"expires_at": UNTIL, "now": NOW, **given}
    id = str(old.id) if isinstance(old, Issued) else old
    return gitlab.replace(declared, access, token_id=id, **told)


def of(made: Minted) -> Access:
    return Access({"": made.parts[""]}, own=True)


class TestMint:
    @pytest.mark.parametrize("kind", PLACES)
    def test_copies_the_rights(self, sandbox, gitlab, kind):
        scopes = ("read_registry",) if kind == "deploy" else ("read_api", "read_repository")
        owner = {"owner": sandbox.add_user("eve")} if kind == "personal" else {}
        old, options = issue(
            sandbox, kind, scopes=scopes, description="for CI", access_level=30, **owner
        )
        made = mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), old)
        new = sandbox.find(int(made.status.token_id))
        assert (new.kind, new.name, new.scopes) == (kind, NEW, scopes)
        assert (new.expires_at, made.status.expires_at) == (UNTIL, UNTIL)
        assert made.parts[""].reveal() == new.value
        if kind != "deploy":
            assert new.description == "for CI"
        if kind in ("project", "group"):
            assert new.access_level == 30
        else:
            assert (new.user == old.user) == (kind != "deploy")
        assert old.is_active(NOW)

    @pytest.mark.parametrize(
        ("old", "new"),
        [(None, None), ("puller", "puller"), ("gitlab+deploy-token-7", None)],
    )
    def test_a_deploy_token_has_two_parts(self, sandbox, gitlab, old, new):
        token, options = issue(sandbox, "deploy", scopes=("read_registry",), username=old)
        made = mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
        expected = new or f"gitlab+deploy-token-{made.status.token_id}"
        assert set(made.parts) == {"username", "token", ""}
        assert made.parts["username"].reveal() == expected
        assert made.parts["token"].is_same(made.parts[""])

    @pytest.mark.parametrize(
        ("kind", "asked", "granted"),
        [
            ("project", UNTIL + timedelta(hours=23), UNTIL),
            ("project", datetime(2027, 1, 20, 1, tzinfo=UTC), UNTIL),
            ("project", datetime.fromisoformat("2027-01-20T01:00:00+02:00"), "2027-01-19"),
            ("deploy", datetime(2027, 1, 20, 1, 2, 3, 999, tzinfo=UTC), "2027-01-20T01:02:03"),
        ],
    )
    def test_never_lives_longer_than_asked(self, sandbox, gitlab, kind, asked, granted):
        token, options = issue(sandbox, kind, scopes=("read_repository",))
        asking = manager(sandbox.create_token())
        made = mint(gitlab, declare(sandbox, **options), asking, token, expires_at=asked)
        if isinstance(granted, str):
            granted = datetime.fromisoformat(granted).replace(tzinfo=UTC)
        assert made.status.expires_at == granted

    @pytest.mark.parametrize(
        ("kind", "asked"),
        [
            ("project", datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)),
            ("deploy", NOW),
        ],
    )
    def test_is_refused_where_it_would_be_dead_at_once(self, sandbox, gitlab, kind, asked):
        token, options = issue(sandbox, kind, scopes=("read_repository",))
        declared, asking = declare(sandbox, **options), manager(sandbox.create_token())
        with pytest.raises(ProviderRefused, match="dead at once"):
            mint(gitlab, declared, asking, token, expires_at=asked)
        assert lines(sandbox) == []
        later = asked + timedelta(seconds=1)
        assert mint(gitlab, declared, asking, token, expires_at=later).status.expires_at == later

    @pytest.mark.parametrize("kind", ["personal", "project", "group", "service-account"])
    def test_the_servers_limit(self, sandbox, gitlab, kind):
        sandbox.longest_lifetime = timedelta(days=30)
        token, options = issue(sandbox, kind)
        declared, asking = declare(sandbox, **options), manager(sandbox.create_token())
        for act in (mint, swap):
            with pytest.raises(BlockedByPolicy) as caught:
                act(gitlab, declared, asking, token)
            assert "365 days" in caught.value.hint
        assert token.is_active(NOW)
        sandbox.longest_lifetime = None
        far = NOW + timedelta(days=4000)
        assert mint(gitlab, declared, asking, token, expires_at=far).status.expires_at

    @pytest.mark.parametrize(
        ("expires", "precision"),
        [(None, Precision.NEVER), ("2027-11-22", Precision.DAY), ("2026-12-01", Precision.DAY)],
    )
    def test_what_was_granted_is_told(self, sandbox, gitlab, expires, precision):
        token, options = issue(sandbox, "project")
        value = "glpat" + "-" + "n" * 20
        row = {"id": 9, "name": NEW, "revoked": False, "active": True, "scopes": ["api"]}
        row |= {"user_id": 3, "created_at": "2026-11-22T09:00:00Z", "token": value}
        answer = Response(201, {**row, "expires_at": expires})
        sandbox.server.faults.append(Fault("^POST", answer))
        made = mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
        day = made.status.expires_at
        assert (made.status.precision, day and f"{day:%Y-%m-%d}") == (precision, expires)

    @pytest.mark.parametrize("value", [None, "", 7, ...])
    def test_an_answer_without_a_value_names_the_field(self, sandbox, gitlab, value):
        token, options = issue(sandbox, "project")
        row = {"id": 9, "name": NEW, "revoked": False, "active": True, "scopes": ["api"]}
        row |= {"user_id": 3, "created_at": "2026-11-22T09:00:00Z", "expires_at": None}
        answer = Response(201, row if value is ... else {**row, "token": value})
        sandbox.server.faults.append(Fault("^POST", answer))
        with pytest.raises(ProviderUnavailable, match=r"\(token\)"):
            mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)

    @pytest.mark.parametrize("url", ["https://gitlab.com", "https://GitLab.com:443"])
    def test_no_personal_token_on_gitlab_com(self, gitlab, url):
        declared = Token("t", "gitlab", options={"url": url, "token": "ci"})
        access = Access({"": SecretValue("x" * 20)}, own=False)
        with pytest.raises(ProviderRefused, match=r"gitlab\.com") as caught:
            mint(gitlab, declared, access, "7")
        assert "in place" in caught.value.hint

    @pytest.mark.parametrize(
        ("like", "error"),
        [
            (None, ProviderRefused),
            ("self", TokenNotFound),
            ("99", TokenNotFound),
            ("1/../2", TokenNotFound),
        ],
    )
    @pytest.mark.parametrize("kind", ["project", "service-account"])
    def test_of_nothing(self, sandbox, gitlab, like, error, kind):
        _, options = issue(sandbox, kind)
        with pytest.raises(error):
            mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), like)
        assert changes(sandbox) == []

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({"access_level": None}, "role of the old"),
            ({"granular_scopes": [{"access": "x"}]}, "fine-grained"),
        ],
    )
    def test_rights_that_cannot_be_copied(self, sandbox, gitlab, told, words):
        token, options = issue(sandbox, "project")
        row = {"id": token.id, "name": "ci", "revoked": False, "active": True, "scopes": ["api"]}
        row |= {"user_id": 3, "created_at": "2026-11-22T09:00:00Z", "expires_at": None}
        row |= {"access_level": 40, "granular_scopes": [], **told}
        sandbox.server.faults.append(Fault("^GET", Response(200, row)))
        with pytest.raises(ProviderRefused, match=words):
            mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
        assert changes(sandbox) == []

    @pytest.mark.parametrize("kind", ["project", "group"])
    def test_a_bot_cannot_make_another(self, sandbox, gitlab, kind):
        token, options = issue(sandbox, kind)
        declared = declare(sandbox, **options)
        for access, sent in ((own(token), 0), (manager(token), 1)):
            with pytest.raises(CredentialRejected) as caught:
                mint(gitlab, declared, access, token)
            assert "personal" in caught.value.hint
            assert len(changes(sandbox)) == sent

    def test_without_the_right(self, sandbox, gitlab):
        token, options = issue(sandbox, "project")
        eve = sandbox.add_user("eve")
        hers = sandbox.create_token(owner=eve)
        cases: list[tuple[dict[str, Any], Issued, Issued, str]] = [
            (options, token, sandbox.create_token(scopes=("read_api",)), "the scope api"),
            ({"token": "x"}, hers, hers, "an administrator"),
        ]
        for declared, like, asking, words in cases:
            with pytest.raises(CredentialRejected) as caught:
                mint(gitlab, declare(sandbox, **declared), manager(asking), like)
            assert words in caught.value.hint

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            ("Access level of the token contains permissions not held", CredentialRejected),
            ("Not eligible to rotate tokens with permissions not held", CredentialRejected),
            ("Access token limit reached", ProviderRefused),
            ("Rotation is disabled. Use a fine-grained token instead.", BlockedByPolicy),
            ("Scopes can only contain available scopes", ProviderRefused),
        ],
    )
    def test_gitlabs_reasons(self, sandbox, gitlab, words, error):
        token, options = issue(sandbox, "project")
        answer = Response(400, {"message": f"400 Bad request - {words}"})
        sandbox.server.faults.append(Fault("^POST", answer))
        with pytest.raises(ProviderError) as caught:
            mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
        assert type(caught.value) is error
        assert words not in caught.value.told


class TestReplaceByAManager:
    @pytest.mark.parametrize("kind", ["personal", "project", "group", "service-account"])
    def test_never_presents_the_token(self, sandbox, gitlab, kind):
        old, options = issue(sandbox, kind)
        asking = sandbox.create_token()
        access = Access({"": SecretValue(asking.value)}, own=False, value=own(old).credential)
        new = swap(gitlab, declare(sandbox, **options), access, old)
        assert old.revoked
        assert sandbox.find(int(new.status.token_id)).value == new.parts[""].reveal()
        assert new.status.expires_at == UNTIL
        presented = {e.request.headers["private-token"] for e in sandbox.server.exchanges}
        assert presented == {asking.value}
        assert changes(sandbox)[0].endswith(f"/{old.id}/rotate")

    def test_takes_either_success(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        row = {"id": 9, "name": "ci", "revoked": False, "active": True, "scopes": ["api"]}
        row |= {"user_id": 3, "created_at": "2026-11-22T09:00:00Z", "token": "n" * 20}
        row |= {"expires_at": "2027-01-20"}
        sandbox.server.faults.append(Fault(ROTATES, Response(201, row)))
        new = swap(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), old)
        assert new.status.token_id == "9"

    def test_a_dead_manager_is_not_presented(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        asking = sandbox.create_token()
        new = sandbox.rotate(asking.id)
        for _ in range(3):
            with pytest.raises(CredentialRejected):
                swap(gitlab, declare(sandbox, **options), manager(asking), old)
        assert changes(sandbox) == []
        assert sandbox.families_revoked == 0
        assert not new.revoked
        assert sandbox.refusals == 1

    def test_a_manager_that_dies_in_between(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        asking = sandbox.create_token()
        declared = declare(sandbox, **options)
        gitlab.inspect(declared, manager(asking), now=NOW)
        sandbox.revoke(asking.id)
        # Even where an older answer would have said that all is well.
        with pytest.raises(CredentialRejected):
            swap(gitlab, declared, manager(asking), old)
        assert changes(sandbox) == []

    def test_a_revoked_token_is_not_tried(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        sandbox.revoke(old.id)
        with pytest.raises(ProviderRefused, match="was revoked"):
            swap(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), old)
        assert changes(sandbox) == []

    def test_a_bot_does_not_replace_another(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        bot = sandbox.create_token("project", project=42)
        with pytest.raises(CredentialRejected) as caught:
            swap(gitlab, declare(sandbox, **options), manager(bot), old)
        assert "maintainer" in caught.value.hint

    def test_a_manager_that_is_the_token(self, sandbox, gitlab):
        old = sandbox.create_token(name="ci")
        declared = declare(sandbox, token="ci")
        swap(gitlab, declared, manager(old), old)
        assert changes(sandbox) == ["POST /personal_access_tokens/self/rotate"]
        with pytest.raises(CredentialRejected, match="not presented again"):
            gitlab.inspect(declared, manager(old), now=NOW)

    def test_no_deploy_token(self, sandbox, gitlab):
        old, options = issue(sandbox, "deploy", scopes=("read_registry",))
        with pytest.raises(ProviderRefused) as caught:
            swap(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), old)
        assert "overlap" in caught.value.hint
        assert lines(sandbox) == []

    def test_what_was_learned_before_is_forgotten(self, sandbox, gitlab):
        old, options = issue(sandbox, "project")
        declared = declare(sandbox, **options)
        asking, other = (manager(sandbox.create_token()) for _ in range(2))
        for access in (asking, other):
            assert gitlab.inspect(declared, access, now=NOW).token_id == str(old.id)
        new = swap(gitlab, declared, asking, old)
        for access in (asking, other):
            assert gitlab.inspect(declared, access, now=NOW).token_id == new.status.token_id


class TestRevoke:
    @pytest.mark.parametrize("kind", PLACES)
    def test_by_id(self, sandbox, gitlab, kind):
        token, options = issue(sandbox, kind, scopes=("read_repository",))
        other, _ = issue(sandbox, kind, scopes=("read_repository",))
        asking = manager(sandbox.create_token())
        declared = declare(sandbox, **options)
        gitlab.revoke(declared, asking, token_id=str(token.id), now=NOW)
        assert token not in sandbox.tokens or token.revoked
        assert other.is_active(NOW)
        assert len(lines(sandbox)) == 1

    @pytest.mark.parametrize("kind", ["project", "group", "service-account", "deploy"])
    def test_what_its_place_no_longer_shows_is_dead(self, sandbox, gitlab, kind):
        token, options = issue(sandbox, kind, scopes=("read_repository",))
        asking = manager(sandbox.create_token())
        sandbox.delete(token.id)
        gitlab.revoke(declare(sandbox, **options), asking, token_id=str(token.id), now=NOW)

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_a_refusal_is_no_error_where_it_is_dead(self, sandbox, gitlab, status):
        token, options = issue(sandbox, "project")
        declared, asking = declare(sandbox, **options), manager(sandbox.create_token())
        refused = Response(status, {"message": f"{status} Failed to find bot user"})
        sandbox.server.faults.append(Fault("^DELETE", refused))
        with pytest.raises(ProviderError):
            gitlab.revoke(declared, asking, token_id=str(token.id), now=NOW)
        sandbox.revoke(token.id)
        gitlab.revoke(declared, asking, token_id=str(token.id), now=NOW)

    @pytest.mark.parametrize("admin", [True, False])
    def test_a_personal_token_that_is_not_shown(self, sandbox, gitlab, admin):
        user = sandbox.add_user("eve", admin=admin)
        with pytest.raises(TokenNotFound):
            gitlab.revoke(
                declare(sandbox, token="ci"),
                manager(sandbox.create_token(owner=user)),
                token_id="99",
                now=NOW,
            )

    def test_without_the_role(self, sandbox, gitlab):
        token, options = issue(sandbox, "project")
        asking = sandbox.create_token(scopes=("read_api",))
        with pytest.raises(CredentialRejected) as caught:
            gitlab.revoke(
                declare(sandbox, **options), manager(asking), token_id=str(token.id), now=NOW
            )
        assert "maintainer" in caught.value.hint

    def test_by_its_own_value(self, sandbox, gitlab):
        token, other = sandbox.create_token(scopes=("read_user",)), sandbox.create_token()
        declared = declare(sandbox)
        with pytest.raises(ProviderRefused, match="another token"):
            gitlab.revoke(declared, own(token), token_id=str(other.id), now=NOW)
        assert changes(sandbox) == []
        gitlab.revoke(declared, own(token), token_id=None, now=NOW)
        assert (token.revoked, other.revoked) == (True, False)

    def test_without_an_id_by_the_value_that_is_known(self, sandbox, gitlab):
        token, options = issue(sandbox, "project")
        asking = manager(sandbox.create_token()).credential
        declared = declare(sandbox, **options)
        with pytest.raises(ProviderRefused):
            gitlab.revoke(declared, Access(asking, own=False), token_id=None, now=NOW)
        known = Access(asking, own=False, value=own(token).credential)
        gitlab.revoke(declared, known, token_id=None, now=NOW)
        assert token.revoked
        _, options = issue(sandbox, "deploy", scopes=("read_registry",))
        with pytest.raises(ProviderRefused):
            gitlab.revoke(declare(sandbox, **options), known, token_id=None, now=NOW)

    def test_a_faster_one_is_no_error(self, sandbox, gitlab):
        token = sandbox.create_token()
        gone = {"error": "invalid_token", "error_description": "Token was revoked."}
        sandbox.server.faults.append(Fault("^DELETE", Response(401, gone)))
        gitlab.revoke(declare(sandbox), own(token), token_id=str(token.id), now=NOW)

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_a_value_that_cannot_ask(self, sandbox, gitlab, status):
        answer = Response(status, {"message": f"{status} Something"})
        sandbox.server.faults.append(Fault("^GET", answer))
        with pytest.raises(CredentialRejected):
            gitlab.revoke(declare(sandbox), own(sandbox.create_token()), token_id=None, now=NOW)
        assert changes(sandbox) == []


def revoke_by_value(gitlab, sandbox, value: str) -> None:
    given = {"": SecretValue(value)}
    access = Access(given, own=True, value=given)
    gitlab.revoke(declare(sandbox), access, token_id=None, now=NOW)


class TestRevokeAValue:
    def test_that_works(self, sandbox, gitlab):
        token = sandbox.create_token(scopes=("read_user",), expires_on=date(2027, 1, 1))
        for _ in range(2):
            revoke_by_value(gitlab, sandbox, token.value)
            assert token.revoked
        assert len(changes(sandbox)) == 1

    def test_that_the_server_does_not_know(self, sandbox, gitlab):
        revoke_by_value(gitlab, sandbox, "glpat" + "-" + "x" * 20)
        assert changes(sandbox) == []

    def test_is_not_known_where_the_server_is_down(self, sandbox, gitlab):
        token = sandbox.create_token()
        sandbox.server.faults.append(Fault("^DELETE", drop=True, after=True))
        with pytest.raises(ProviderUnavailable):
            revoke_by_value(gitlab, sandbox, token.value)
        assert len(changes(sandbox)) == 1


def test_an_own_value_of_a_deploy_token_does_nothing(sandbox, gitlab):
    token, options = issue(sandbox, "deploy", scopes=("read_registry",))
    declared, access = declare(sandbox, **options), own(token)
    acts: list[Callable[[], object]] = [
        lambda: gitlab.list_tokens(declared, access, now=NOW),
        lambda: gitlab.revoke(declared, access, token_id=None, now=NOW),
        lambda: mint(gitlab, declared, access, token),
        lambda: swap(gitlab, declared, access, token),
    ]
    for act in acts:
        with pytest.raises(CredentialRejected, match="cannot ask GitLab about itself"):
            act()
    assert lines(sandbox) == []


def test_states_that_stay_alive(sandbox, gitlab):
    token, options = issue(sandbox, "project")
    made = mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
    for access in (own(token), of(made)):
        assert gitlab.inspect(declare(sandbox), access, now=NOW).state is State.ACTIVE
