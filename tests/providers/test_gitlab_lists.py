"""What a list of GitLab's tokens holds, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from keyturn.errors import (
    CredentialRejected,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import State, TokenStatus
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import GUEST
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import PLACES, declare, issue, manager, own, paths, start


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitLab(transport)


def keys(
    gitlab: GitLab, sandbox: Sandbox, access: Access | None, **options: Any
) -> dict[str, str | None]:
    host = sandbox.url.removeprefix("http://")
    rows = gitlab.list_tokens(declare(sandbox, **options), access, now=NOW)
    return {row.key.removeprefix(f"{host}/"): row.name for row in rows}


def expected(*tokens: Issued, space: str = "access") -> dict[str, str]:
    return {f"{space}/{token.id}": token.name for token in tokens}


@pytest.mark.parametrize("kind", PLACES)
def test_a_place_and_nothing_else(sandbox, gitlab, kind):
    asking = sandbox.create_token(name="manager")
    issued = {k: issue(sandbox, k, scopes=("read_repository",))[0] for k in PLACES}
    _, options = issued[kind], {"kind": kind, "token": "ci", **PLACES[kind]}
    if kind == "service-account":
        options["service-account"] = issued[kind].user.id
    found = keys(gitlab, sandbox, manager(asking), **options)
    if kind == "deploy":
        assert found == expected(issued[kind], space="deploy")
    elif kind == "personal":
        everybodys = [token for k, token in issued.items() if k != "deploy"]
        assert found == expected(asking, *everybodys)
    else:
        assert found == expected(issued[kind])


def test_dead_ones_are_listed_as_dead(sandbox, gitlab):
    dead, options = issue(sandbox, "project")
    alive = sandbox.rotate(dead.id)
    rows = gitlab.list_tokens(declare(sandbox, **options), manager(sandbox.create_token()), now=NOW)
    assert [(row.status.token_id, row.status.state) for row in rows] == [
        (str(dead.id), State.REVOKED),
        (str(alive.id), State.ACTIVE),
    ]
    assert {row.kind for row in rows} == {"project"}
    assert {row.managed for row in rows} == {False}


class TestPersonal:
    def test_an_administrator_sees_everybodys(self, sandbox, gitlab):
        eve = sandbox.add_user("eve")
        hers = sandbox.create_token(name="hers", owner=eve)
        bots, _ = issue(sandbox, "project")
        asking = sandbox.create_token(name="asks")
        assert keys(gitlab, sandbox, manager(asking), token="x") == expected(hers, bots, asking)
        assert keys(gitlab, sandbox, manager(asking), token="x", user=eve.id) == expected(hers)

    def test_others_see_their_own(self, sandbox, gitlab):
        sandbox.create_token(name="root's")
        eve = sandbox.add_user("eve")
        mine = [sandbox.create_token(name=name, owner=eve) for name in ("a", "b")]
        assert keys(gitlab, sandbox, manager(mine[0]), token="x") == expected(*mine)

    def test_a_value_lists_those_of_its_user_only(self, sandbox, gitlab):
        sandbox.create_token(name="hers", owner=sandbox.add_user("eve"))
        mine = [sandbox.create_token(name=name, last_used_at=NOW) for name in ("a", "b")]
        rows = gitlab.list_tokens(declare(sandbox), own(mine[0]), now=NOW)
        assert [row.name for row in rows] == ["a", "b"]
        assert [row.status.holds_copy for row in rows] == [True, False]
        # What keyturn's own question shows as a use is none.
        assert [row.status.last_used_at for row in rows] == [None, NOW]

    def test_every_page_or_an_error(self, sandbox, gitlab):
        for number in range(250):
            sandbox.create_token(name=f"t{number}")
        asking = manager(sandbox.create_token())
        assert len(keys(gitlab, sandbox, asking, token="x")) == 251
        sandbox.server.faults.append(Fault(r"page=3", Response(500)))
        with Transport(sleep=Sleeper()) as transport, pytest.raises(ProviderUnavailable):
            keys(GitLab(transport), sandbox, asking, token="x")


@pytest.mark.parametrize("kind", ["project", "group"])
def test_a_bots_value_lists_its_place(sandbox, gitlab, kind):
    first, options = issue(sandbox, kind, scopes=("read_api",))
    second, _ = issue(sandbox, kind)
    assert keys(gitlab, sandbox, own(first), **options) == expected(first, second)


class TestRefused:
    @pytest.mark.parametrize("scope", ["read_user", "self_rotate", "read_repository"])
    def test_a_value_without_the_scope_has_no_list(self, sandbox, gitlab, scope):
        token = sandbox.create_token(scopes=(scope,))
        with pytest.raises(ProviderRefused) as caught:
            keys(gitlab, sandbox, own(token))
        assert "read_api" in caught.value.hint
        assert paths(sandbox) == ["/api/v4/personal_access_tokens/self"]

    def test_a_dead_value(self, sandbox, gitlab):
        token = sandbox.create_token()
        sandbox.revoke(token.id)
        with pytest.raises(CredentialRejected, match="was revoked"):
            keys(gitlab, sandbox, own(token))

    def test_a_manager_without_the_role(self, sandbox, gitlab):
        asking = sandbox.create_token(owner=sandbox.add_user("gus", role=GUEST))
        with pytest.raises(CredentialRejected) as caught:
            keys(gitlab, sandbox, manager(asking), kind="project", project=42, token="x")
        assert "maintainers" in caught.value.hint

    def test_a_place_that_is_not_there(self, sandbox, gitlab):
        asking = manager(sandbox.create_token())
        with pytest.raises(TokenNotFound):
            keys(gitlab, sandbox, asking, kind="project", project=99, token="x")

    def test_no_credential(self, sandbox, gitlab):
        with pytest.raises(CredentialRejected, match="no credential"):
            keys(gitlab, sandbox, None, token="x")


def test_a_list_is_asked_for_once_whoever_wants_it(sandbox, gitlab):
    for name in ("a", "b"):
        sandbox.create_token("project", name, project=42)
    asking = manager(sandbox.create_token())
    for name in ("a", "b"):
        options: dict[str, Any] = {"kind": "project", "project": 42, "token": name}
        declared = declare(sandbox, **options)
        assert gitlab.inspect(declared, asking, now=NOW).state is State.ACTIVE
        assert len(gitlab.list_tokens(declared, asking, now=NOW)) == 2
    assert len(paths(sandbox)) == 1


@pytest.mark.parametrize("kind", PLACES)
def test_the_key_of_a_declared_token_is_the_lists(sandbox, gitlab, kind):
    _, options = issue(sandbox, kind, scopes=("read_registry",))
    asking = manager(sandbox.create_token())
    declared = declare(sandbox, **options)
    status = gitlab.inspect(declared, asking, now=NOW)
    (row,) = [r for r in gitlab.list_tokens(declared, asking, now=NOW) if r.name == "ci"]
    assert gitlab.key_of(declared, status) == row.key
    assert gitlab.key_of(declared, TokenStatus(State.UNKNOWN)) is None


def test_one_token_has_one_key_in_every_list(sandbox, gitlab):
    token, options = issue(sandbox, "project")
    asking = manager(sandbox.create_token())
    everywhere = keys(gitlab, sandbox, asking, token="x")
    assert keys(gitlab, sandbox, asking, **options).items() <= everywhere.items()
    assert f"access/{token.id}" in everywhere
