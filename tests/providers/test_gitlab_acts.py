"""What is special about replacing and revoking GitLab's tokens; the rest is inherited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import Minted, State
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import (
    PLACES,
    ROTATES,
    UNTIL,
    changes,
    declare,
    issue,
    lines,
    manager,
    mint,
    own,
    start,
    swap,
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitLab(transport)


def of(made: Minted) -> Access:
    return Access({"": made.parts[""]}, own=True)


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
        with pytest.raises(ProviderRefused, match="the very token"):
            swap(gitlab, declared, manager(old), old)
        assert changes(sandbox) == []

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

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_a_value_that_cannot_ask(self, sandbox, gitlab, status):
        """A 401 with other words does not say that it is dead: it is not taken for revoked."""
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
