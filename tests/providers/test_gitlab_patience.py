"""How seldom GitLab is asked, and how little a dead credential is presented."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from keyturn.errors import CredentialRejected, ProviderUnavailable, TokenNotFound
from keyturn.model import State, TokenStatus
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.server import Fault, Response
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import (
    declare,
    manager,
    own,
    paths,
    start,
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


class TestFewRequests:
    def test_one_list_serves_every_token_and_thread(self, sandbox, gitlab):
        asking = sandbox.create_token()
        for number in range(20):
            sandbox.create_token("project", f"ci-{number}", project=42)
        sandbox.server.latency = 0.01
        found: list[TokenStatus] = []

        def ask(number: int) -> None:
            declared = declare(sandbox, kind="project", project=42, token=f"ci-{number}")
            found.append(gitlab.inspect(declared, manager(asking), now=NOW))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({status.token_id for status in found}) == 20
        assert paths(sandbox) == ["/api/v4/projects/42/access_tokens"]

    def test_an_id_needs_no_request_where_the_list_is_known(self, sandbox, gitlab):
        asking = sandbox.create_token()
        token = sandbox.create_token("project", "ci", project=42)
        sandbox.create_token("project", "cd", project=42)
        for which in ({"token": "cd"}, {"token-id": token.id}):
            declared = declare(sandbox, kind="project", project=42, **which)
            gitlab.inspect(declared, manager(asking), now=NOW)
        assert len(paths(sandbox)) == 1

    def test_credentials_have_lists_of_their_own(self, sandbox, gitlab):
        sandbox.create_token("project", "ci", project=42)
        declared = declare(sandbox, kind="project", project=42, token="ci")
        gitlab.inspect(declared, manager(sandbox.create_token()), now=NOW)
        stranger = sandbox.create_token(owner=sandbox.add_user("eve", role="stranger"))
        with pytest.raises(TokenNotFound, match="hides it"):
            gitlab.inspect(declared, manager(stranger), now=NOW)

    def test_a_value_is_presented_once(self, sandbox, gitlab):
        token = sandbox.create_token()
        for _ in range(3):
            gitlab.inspect(declare(sandbox), own(token), now=NOW)
        assert len(paths(sandbox)) == 1

    @pytest.mark.parametrize(("dead", "requests"), [("revoked", 1), ("expired", 1), ("gone", 2)])
    def test_a_dead_manager_is_not_presented_for_every_token(self, sandbox, gitlab, dead, requests):
        asking = sandbox.create_token(expires_on=NOW.date() if dead == "expired" else None)
        if dead == "revoked":
            sandbox.revoke(asking.id)
        elif dead == "gone":
            sandbox.delete(asking.id)
        for number in range(5):
            declared = declare(sandbox, kind="project", project=number + 1, token="ci")
            with pytest.raises(CredentialRejected, match="credential is refused"):
                gitlab.inspect(declared, manager(asking), now=NOW)
        assert sandbox.refusals == requests

    def test_a_broken_list_is_asked_for_once(self, sandbox, gitlab):
        asking = sandbox.create_token()
        fault = Fault("access_tokens", Response(500), times=10)
        sandbox.server.faults.append(fault)
        for name in ("ci", "cd"):
            declared = declare(sandbox, kind="project", project=42, token=name)
            with pytest.raises(ProviderUnavailable):
                gitlab.inspect(declared, manager(asking), now=NOW)
        assert fault.times == 9


class TestBan:
    def test_ends_the_questions_to_that_server(self, sandbox, gitlab):
        sandbox.ban_after = 4
        for _ in range(4):
            dead = sandbox.create_token()
            sandbox.revoke(dead.id)
            gitlab.inspect(declare(sandbox), own(dead), now=NOW)
        for _ in range(3):
            with pytest.raises(ProviderUnavailable, match="after 4 rejected tokens"):
                gitlab.inspect(declare(sandbox), own(sandbox.create_token()), now=NOW)
        declared = declare(sandbox, kind="project", project=42, token="ci")
        with pytest.raises(ProviderUnavailable, match="after 4 rejected tokens"):
            gitlab.inspect(declared, manager(sandbox.create_token()), now=NOW)
        assert len(paths(sandbox)) == 5

    def test_leaves_other_servers_alone(self, sandbox, gitlab):
        sandbox.ban_after = 3
        other = start()
        for _ in range(5):
            dead = sandbox.create_token()
            sandbox.revoke(dead.id)
            try:
                gitlab.inspect(declare(sandbox), own(dead), now=NOW)
            except ProviderUnavailable:
                status = gitlab.inspect(declare(other), own(other.create_token()), now=NOW)
                assert status.state is State.ACTIVE
        other.server.stop()
        assert len(other.server.exchanges) == 2

    def test_is_not_suspected_of_a_reason_given(self, sandbox, gitlab):
        for _ in range(4):
            dead = sandbox.create_token()
            sandbox.revoke(dead.id)
            gitlab.inspect(declare(sandbox), own(dead), now=NOW)
        poor = sandbox.create_token(scopes=("read_user",))
        declared = declare(sandbox, kind="project", project=42, token="ci")
        with pytest.raises(CredentialRejected):
            gitlab.inspect(declared, manager(poor), now=NOW)
        status = gitlab.inspect(declare(sandbox), own(sandbox.create_token()), now=NOW)
        assert status.state is State.ACTIVE
