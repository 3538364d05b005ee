from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import (
    Minted,
    Precision,
    Scope,
    SecretRef,
    State,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.providers._sailpoint_answers import format_instant
from keyturn.providers._sailpoint_options import Options
from keyturn.providers._sailpoint_workflows import Workflow, find_steps
from keyturn.providers.sailpoint import SailPoint
from keyturn.sandbox.sailpoint import SailPoint as Sandbox
from keyturn.sandbox.sailpoint_answers import refusal
from keyturn.sandbox.sailpoint_world import Client, Identity, Pat
from keyturn.sandbox.server import Clock, Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import (
    NOW,
    ExtendingContract,
    ListingContract,
    MintingContract,
    ProviderContract,
    Refusal,
    RevokingContract,
    Scene,
    Sleeper,
)

CREATED = NOW - timedelta(days=40)
USED = NOW - timedelta(days=2)
DIES = datetime(2026, 12, 1, 13, 30, 15, tzinfo=UTC)
NARROW = ("sp:my-personal-access-tokens:manage", "sp:workflow:read")
LOG_IN = "POST /oauth/token"
TOKENS = "GET .*personal-access-tokens"
CHANGES = "^(POST|PATCH|DELETE) /v2025/"


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.server.start()
    return sandbox


def declare(sandbox: Sandbox, **options: Any) -> Token:
    return Token("t", "sailpoint", options={"url": sandbox.url, **options})


def joined(held: Pat | Client) -> dict[str, SecretValue]:
    return {"": SecretValue(f"{held.id}:{held.secret}")}


def parts(held: Pat | Client) -> dict[str, SecretValue]:
    return {"client-id": SecretValue(held.id), "client-secret": SecretValue(held.secret)}


def own(held: Pat | Client) -> Access:
    return Access(joined(held), own=True, value=joined(held))


def manager(held: Pat | Client) -> Access:
    return Access(parts(held), own=False)


def http_step(id: str, secret: str = "old", **more: Any) -> dict[str, Any]:
    attributes = {"authenticationType": "OAuth", "oAuthClientId": id, "oAuthClientSecret": secret}
    return {"actionId": "sp:http", "attributes": {**attributes, **more}, "type": "action"}


class SailPointContract(ProviderContract):
    provider = SailPoint
    questions = TOKENS
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(
            Response(401, {"error": "invalid_client"}), CredentialRejected, at=LOG_IN
        ),
        "revoked": Refusal(
            Response(400, {"error": "invalid_client"}), CredentialRejected, at=LOG_IN
        ),
        "insufficient-scope": Refusal(
            refusal(403), CredentialRejected, "sp:all-personal-access-tokens:read", at=TOKENS
        ),
        "wrong-kind": "API clients stand in a list of their own",
        "quota": "only what makes a token meets the ten that SailPoint allows",
        "not-found": "there is no question about one token, and a list that is not there is"
        " none that lacks it",
    }

    def test_404(self, scene: Scene):
        # What `keyturn revoke` would take for the death of the token.
        scene.server.faults.append(Fault(TOKENS, refusal(404)))
        assert "no such list" in self.ask_in_vain(scene)

    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        robot = sandbox.add_identity("svc-robot", admin=True)
        pat = sandbox.create_pat(
            "ci",
            owner=robot,
            scope=NARROW,
            expires_at=DIES if expires else None,
            created_at=CREATED,
            last_used_at=USED,
            validity=750,
        )
        asking = sandbox.create_pat("manager", owner=robot)
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=DIES,
            created_at=CREATED,
            last_used_at=USED,
            scopes=NARROW,
            owner="svc-robot",
            token_id=pat.id,
        )
        self.sandbox = sandbox
        # As one value: the list shows ids, which are no secrets.
        access = Access(joined(asking), own=False)
        return Scene(sandbox.server, declare(sandbox, token="ci"), access, expected)


class TestAskedByAManager(SailPointContract):
    pass


class TestAskedByItself(SailPointContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SailPointContract.refusals,
        "expired": Refusal(Response(401, {"error": "invalid_client"}), State.REVOKED, at=LOG_IN),
        "revoked": Refusal(Response(400, {"error": "invalid_client"}), State.REVOKED, at=LOG_IN),
        "insufficient-scope": Refusal(
            refusal(403), CredentialRejected, "sp:my-personal-access-tokens:read", at=TOKENS
        ),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        pat = sandbox.create_pat(
            "ci",
            owner=sandbox.add_identity("svc-robot", admin=True),
            scope=NARROW,
            expires_at=DIES if expires else None,
            created_at=CREATED,
            last_used_at=USED,
        )
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=DIES,
            created_at=CREATED,
            scopes=NARROW,
            owner="svc-robot",
            token_id=pat.id,
            holds_copy=True,
        )
        return Scene(sandbox.server, declare(sandbox), own(pat), expected)


class TestListing(ListingContract, SailPointContract):
    pass


class TestExtending(ExtendingContract, SailPointContract):
    changes = CHANGES
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SailPointContract.refusals,
        "insufficient-scope": Refusal(
            refusal(403), CredentialRejected, "nobody else", at="PATCH", act=True
        ),
        "not-found": Refusal(refusal(404), TokenNotFound, at="PATCH", act=True),
    }


class TestMinting(MintingContract, SailPointContract):
    changes = CHANGES
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SailPointContract.refusals,
        "insufficient-scope": Refusal(
            refusal(403), CredentialRejected, "tokens:manage", at="POST /v2025", act=True
        ),
        "quota": Refusal(refusal(400), ProviderRefused, "10", at="POST /v2025", act=True),
    }

    def old_one_lives(self, scene: Scene) -> None:
        old, _, new = self.sandbox.pats
        assert old.is_alive(NOW)
        assert (new.owner, new.validity, new.name) == (old.owner, old.validity, self.new_name)
        assert new.secret != old.secret


class TestRevoking(RevokingContract, SailPointContract):
    changes = CHANGES
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SailPointContract.refusals,
        "insufficient-scope": Refusal(
            refusal(403), CredentialRejected, "tokens:manage", at="DELETE", act=True
        ),
        "not-found": "a token that is not there is dead already, which is no error",
    }


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def robot(sandbox: Sandbox) -> Identity:
    return sandbox.add_identity("svc-robot", admin=True)


@pytest.fixture
def asking(sandbox: Sandbox, robot: Identity) -> Access:
    return manager(sandbox.create_pat("manager", owner=robot))


@pytest.fixture
def sailpoint() -> Iterator[SailPoint]:
    with Transport(sleep=Sleeper()) as transport:
        yield SailPoint(transport)


def lines(sandbox: Sandbox) -> list[str]:
    return [f"{e.request.method} {e.request.path}" for e in sandbox.server.exchanges]


class TestLogIn:
    def test_two_variables_and_one_are_the_same(self, sandbox, sailpoint, robot):
        pat = sandbox.create_pat("ci", owner=robot)
        for credential in (parts(pat), joined(pat)):
            status = sailpoint.inspect(declare(sandbox), Access(credential, own=True), now=NOW)
            assert status.token_id == pat.id
        assert lines(sandbox).count("POST /oauth/token") == 1

    def test_the_answer_of_a_login_is_no_secret_shown(self, sandbox, sailpoint, asking):
        sailpoint.inspect(declare(sandbox, token="manager"), asking, now=NOW)
        assert sandbox.jwts[0].value not in repr(vars(sailpoint))
        assert asking.credential["client-secret"].reveal() not in repr(vars(sailpoint))

    @pytest.mark.parametrize("gone", ["expired", "deleted", "another secret"])
    def test_a_dead_token_presented_itself(self, sandbox, sailpoint, robot, gone):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=NOW + timedelta(days=1))
        access = own(pat)
        if gone == "expired":
            sandbox.clock.advance(timedelta(days=1))
        elif gone == "deleted":
            sandbox.delete(pat)
        else:
            pat.secret = "another"
        status = sailpoint.inspect(declare(sandbox), access, now=NOW)
        assert (status.state, status.precision) == (State.REVOKED, Precision.UNKNOWN)
        assert "has expired or was deleted" in status.reason

    def test_a_token_dies_at_its_second(self, sandbox, sailpoint, robot):
        sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        asking = manager(sandbox.create_pat("manager", owner=robot))
        for now, state in (
            (DIES - timedelta(seconds=1), State.ACTIVE),
            (DIES, State.EXPIRED),
        ):
            status = sailpoint.inspect(declare(sandbox, token="ci"), asking, now=now)
            assert status.state is state
        assert status.reason == "expired at 2026-12-01 13:30 UTC"

    def test_a_dead_manager_is_presented_once(self, sandbox, sailpoint, robot):
        pat = sandbox.create_pat("manager", owner=robot)
        sandbox.delete(pat)
        for more in ({}, {"owner": "me"}, {"kind": "api-client"}):
            with pytest.raises(CredentialRejected, match="does not log the credential in"):
                sailpoint.inspect(declare(sandbox, token="ci", **more), manager(pat), now=NOW)
        assert len(lines(sandbox)) == 1

    @pytest.mark.parametrize(
        ("response", "words"),
        [
            (Response(401, "<html>login</html>"), "401"),
            (Response(400, {"error": "unsupported_grant_type"}), "400"),
            (Response(403, {"error": "no"}), "403"),
            (Response(404), "404"),
            (Response(500), "500"),
            (Response(200, {"access_token": ""}), "access_token"),
            (Response(200, {"access_token": "a\nb"}), "access_token"),
            (Response(200, {}), "access_token"),
            (Response(200, "hello"), "not JSON"),
        ],
    )
    @pytest.mark.parametrize("mine", [True, False])
    def test_nonsense_is_no_dead_token(self, sandbox, sailpoint, robot, mine, response, words):
        pat = sandbox.create_pat("ci", owner=robot)
        sandbox.server.faults.append(Fault(LOG_IN, response))
        access = own(pat) if mine else manager(pat)
        with pytest.raises(ProviderUnavailable, match=words):
            sailpoint.inspect(declare(sandbox, token="ci"), access, now=NOW)

    def test_an_access_token_that_expires_on_the_way_is_renewed(self, sandbox, sailpoint, robot):
        sandbox.create_pat("ci", owner=robot)
        asking = manager(sandbox.create_pat("manager", owner=robot, validity=15))
        sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        sandbox.clock.advance(timedelta(seconds=15))
        status = sailpoint.inspect(declare(sandbox, token="ci", owner="me"), asking, now=NOW)
        assert status.state is State.ACTIVE
        assert lines(sandbox).count("POST /oauth/token") == 2

    @pytest.mark.parametrize("access", [None, Access({}, own=False)])
    def test_nothing_to_log_in_with(self, sandbox, sailpoint, access):
        with pytest.raises(CredentialRejected):
            sailpoint.inspect(declare(sandbox, token="ci"), access, now=NOW)
        half = Access({"client-id": SecretValue("abcdef")}, own=False)
        with pytest.raises(CredentialRejected):
            sailpoint.revoke(declare(sandbox), half, token_id="x", now=NOW)
        assert lines(sandbox) == []


def test_a_refused_access_token_says_nothing_about_the_token(sandbox, sailpoint, asking):
    sandbox.server.faults.append(Fault("GET .*personal", refusal(401)))
    with pytest.raises(CredentialRejected, match="has just given"):
        sailpoint.inspect(declare(sandbox, token="manager"), asking, now=NOW)


class TestWhatIsTold:
    def inspect(self, sandbox, sailpoint, access, **options) -> TokenStatus:
        status: TokenStatus = sailpoint.inspect(declare(sandbox, **options), access, now=NOW)
        return status

    def test_its_owner_said_that_it_never_expires(self, sandbox, sailpoint, robot, asking):
        sandbox.create_pat("said", owner=robot)
        sandbox.create_pat("unsaid", owner=robot, confirmed=False)
        said = self.inspect(sandbox, sailpoint, asking, token="said")
        assert said.remark == "its owner confirmed that it never expires"
        unsaid = self.inspect(sandbox, sailpoint, asking, token="unsaid")
        assert (unsaid.precision, unsaid.remark) == (Precision.NEVER, None)

    @pytest.mark.parametrize("api", ["v3", "beta", "v2024"])
    def test_older_versions_do_not_say_what_no_date_means(
        self, sandbox, sailpoint, robot, asking, api
    ):
        sandbox.create_pat("none", owner=robot)
        sandbox.create_pat("date", owner=robot, expires_at=DIES)
        none = self.inspect(sandbox, sailpoint, asking, token="none", api=api)
        assert (none.precision, none.expires_at) == (Precision.UNKNOWN, None)
        assert "`api: v2025`" in (none.remark or "")
        date = self.inspect(sandbox, sailpoint, asking, token="date", api=api)
        assert (date.precision, date.expires_at) == (Precision.INSTANT, DIES)
        assert all(f"/{api}/" in line for line in lines(sandbox)[1:])

    def test_the_newest_version_asks_elsewhere(self, sandbox, sailpoint, asking):
        self.inspect(sandbox, sailpoint, asking, token="manager", api="v1")
        assert lines(sandbox)[1:] == ["GET /personal-access-tokens/v1", "GET /workflows/v1"]

    def test_never_used(self, sandbox, sailpoint, robot, asking):
        sandbox.create_pat("ci", owner=robot)
        status = self.inspect(sandbox, sailpoint, asking, token="ci")
        assert (status.never_used, status.last_used_at) == (True, None)

    def test_keyturns_own_use_is_not_told(self, sandbox, sailpoint, robot, asking):
        status = self.inspect(sandbox, sailpoint, asking, token="manager")
        assert (status.never_used, status.last_used_at, status.holds_copy) == (False, None, False)

    def test_a_client_has_no_expiry(self, sandbox, sailpoint, asking):
        client = sandbox.create_client("feed", created_at=CREATED, last_used_at=USED)
        status = self.inspect(sandbox, sailpoint, asking, kind="api-client", token="feed")
        assert status == TokenStatus(
            State.ACTIVE,
            Precision.NOT_APPLICABLE,
            created_at=CREATED,
            last_used_at=USED,
            scopes=("sp:scopes:all",),
            token_id=client.id,
        )

    def test_a_disabled_client(self, sandbox, sailpoint, asking):
        client = sandbox.create_client("feed", enabled=False)
        status = self.inspect(sandbox, sailpoint, asking, kind="api-client", token_id=client.id)
        assert (status.state, status.reason) == (State.BLOCKED, "is disabled")

    def test_a_client_by_itself(self, sandbox, sailpoint):
        client = sandbox.create_client("feed", scope=("sp:oauth-client:read",))
        status = self.inspect(sandbox, sailpoint, own(client), kind="api-client")
        assert (status.state, status.token_id, status.holds_copy) == (
            State.ACTIVE,
            client.id,
            True,
        )
        assert "workflows hold a copy of it is not known" in (status.remark or "")
        poor = sandbox.create_client("poor", scope=())
        with pytest.raises(CredentialRejected) as caught:
            self.inspect(sandbox, sailpoint, own(poor), kind="api-client")
        assert "sp:oauth-client:read" in caught.value.hint

    def test_a_client_taken_for_a_personal_token(self, sandbox, sailpoint):
        with pytest.raises(CredentialRejected) as caught:
            self.inspect(sandbox, sailpoint, own(sandbox.create_client("feed")))
        assert "an API client has no tokens" in caught.value.hint

    def test_a_managed_token_is_not_listed_to_itself(self, sandbox, sailpoint):
        pat = sandbox.create_pat("wf", owner=sandbox.add_identity("eve"), managed=True)
        with pytest.raises(
            ProviderError, match="logs the token in, but does not show it"
        ) as caught:
            self.inspect(sandbox, sailpoint, own(pat))
        assert not isinstance(caught.value, TokenNotFound)

    def test_a_client_that_is_not_shown_to_itself_is_not_gone(self, sandbox, sailpoint):
        client = sandbox.create_client("feed")
        sandbox.server.faults.append(Fault("GET .*oauth-clients", refusal(404)))
        with pytest.raises(ProviderError) as caught:
            self.inspect(sandbox, sailpoint, own(client), kind="api-client")
        assert not isinstance(caught.value, TokenNotFound)


class TestWhichIsMeant:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["ci"], 0),
            (["ci", "ci kt-1a2b3c4d"], 1),
            (["ci kt-1a2b3c4d", "ci", "cix", "ci kt-1A2b3c4d", "ci kt-1a2b3c4"], 1),
            (["ci kt-aaaaaaaa", "-ci kt-bbbbbbbb"], 0),
            (["-ci", "-ci kt-bbbbbbbb"], 1),
        ],
    )
    def test_the_one_that_works_else_the_newest(
        self, sandbox, sailpoint, robot, asking, names, expected
    ):
        made = [
            sandbox.create_pat(
                name.lstrip("-"),
                owner=robot,
                created_at=CREATED + timedelta(days=day),
                expires_at=NOW if name.startswith("-") else DIES,
            )
            for day, name in enumerate(names)
        ]
        status = sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        assert status.token_id == made[expected].id

    def test_managed_ones_are_passed_over(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, managed=True)
        for which in ({"token": "ci"}, {"token_id": pat.id}):
            with pytest.raises(TokenNotFound):
                sailpoint.inspect(declare(sandbox, **which), asking, now=NOW)

    def test_of_several_owners(self, sandbox, sailpoint, robot, asking):
        eve = sandbox.add_identity("eve")
        mine, hers = (sandbox.create_pat("ci", owner=owner) for owner in (robot, eve))
        with pytest.raises(ProviderError, match="2 identities") as caught:
            sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        assert "`owner:`" in caught.value.hint
        for owner, pat in (("me", mine), (eve.id, hers)):
            status = sailpoint.inspect(declare(sandbox, token="ci", owner=owner), asking, now=NOW)
            assert status.token_id == pat.id

    def test_ones_own_need_less(self, sandbox, sailpoint):
        eve = sandbox.add_identity("eve")
        scope = ("sp:my-personal-access-tokens:read",)
        asking = manager(sandbox.create_pat("asks", owner=eve, scope=scope))
        sandbox.create_pat("ci", owner=eve)
        with pytest.raises(CredentialRejected) as caught:
            sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        assert "sp:all-personal-access-tokens:read" in caught.value.hint
        assert "`owner: me`" in caught.value.hint
        status = sailpoint.inspect(declare(sandbox, token="ci", owner="me"), asking, now=NOW)
        assert status.state is State.ACTIVE
        assert status.remark.endswith("sp:workflow:read, of an administrator")

    def test_nothing_to_look_for(self, sandbox, sailpoint, asking):
        with pytest.raises(ProviderError, match="which token is meant"):
            sailpoint.inspect(declare(sandbox), asking, now=NOW)

    def test_one_list_serves_every_token_and_thread(self, sandbox, sailpoint, robot, asking):
        for number in range(8):
            sandbox.create_pat(f"ci-{number}", owner=robot)
        sandbox.server.latency = 0.01

        def ask(number: int) -> None:
            sailpoint.inspect(declare(sandbox, token=f"ci-{number}"), asking, now=NOW)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert lines(sandbox) == [
            "POST /oauth/token",
            "GET /v2025/personal-access-tokens",
            "GET /v2025/workflows",
        ]


class TestPlaces:
    def test_every_step_that_holds_it(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        loop = {"actionId": "sp:loop:iterator", "attributes": {"steps": {"In": http_step(pat.id)}}}
        basic = {"attributes": {"basicAuthUserName": pat.id, "basicAuthPassword": "old"}}
        other = http_step("somebody-else")
        steps = {"Get": http_step(pat.id), "Each": loop, "Old": basic, "Other": other, "End": {}}
        sandbox.add_workflow("Joiner", owner=robot, steps=steps)
        sandbox.add_workflow("Leaver", owner=robot, steps={"Other": other})
        status = sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        assert status.places == (
            'workflow "Joiner", step "Get"',
            'workflow "Joiner", step "Old"',
            'workflow "Joiner", step "In"',
        )
        assert status.remark is None

    def test_parameter_storage_is_pointed_to_where_there_is_one(
        self, sandbox, sailpoint, robot, asking
    ):
        sandbox.has_parameter_storage = True
        for name in ("ci", "cd"):
            pat = sandbox.create_pat(name, owner=robot, expires_at=DIES)
            sandbox.add_workflow(name, owner=robot, steps={"Get": http_step(pat.id)})
        for name in ("ci", "cd"):
            status = sailpoint.inspect(declare(sandbox, token=name), asking, now=NOW)
            assert "Parameter Storage" in status.remark
        assert sum("parameter-storage" in line for line in lines(sandbox)) == 1

    def test_a_large_list_is_read(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        steps = {"Get": http_step(pat.id), "Mail": {"attributes": {"body": "x" * (3 << 20)}}}
        sandbox.add_workflow("Joiner", owner=robot, steps=steps)
        status = sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
        assert len(status.places) == 1

    @pytest.mark.parametrize(
        ("response", "words"),
        [
            (refusal(403), "needs the scope sp:workflow:read"),
            (Response(500), "500"),
            (Response(200, {}), "not a list"),
            (Response(200, [{"id": 7}]), "does not know (id)"),
            (Response(400, {}), "does not understand"),
        ],
    )
    def test_what_is_not_told_is_said(self, sandbox, sailpoint, asking, response, words):
        sandbox.server.faults.append(Fault("GET .*workflows", response))
        status = sailpoint.inspect(declare(sandbox, token="manager"), asking, now=NOW)
        assert status.state is State.ACTIVE
        assert status.places == ()
        assert "which workflows hold a copy of it is not known" in status.remark
        assert words in status.remark

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["steps", "attributes", "oAuthClientId", "x"]), inner
                )
            ),
        )
    )
    def test_whatever_a_definition_holds(self, odd):
        steps = {"Odd": odd, "Get": http_step("abc")}
        workflow = Workflow(id="w", definition={"steps": steps, "more": odd})
        assert "Get" in find_steps(workflow, "abc")

    def test_a_workflow_without_steps(self):
        assert find_steps(Workflow(id="w"), "abc") == ()


class TestList:
    def test_tells_kinds_and_managed_ones_apart(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("made for a workflow", owner=robot, managed=True)
        client = sandbox.create_client("feed")
        rows = sailpoint.list_tokens(declare(sandbox), asking, now=NOW)
        host = sandbox.url.removeprefix("http://")
        assert {(row.key, row.kind, row.name, row.managed) for row in rows[1:]} == {
            (f"{host}/pat/{pat.id}", "pat", "made for a workflow", True),
            (f"{host}/api-client/{client.id}", "api-client", "feed", False),
        }

    @pytest.mark.parametrize(
        ("kind", "scope", "other"),
        [
            ("pat", "sp:all-personal-access-tokens:read", "sp:oauth-client:read"),
            ("api-client", "sp:oauth-client:read", "sp:all-personal-access-tokens:read"),
        ],
    )
    def test_a_kind_that_it_may_not_see(self, sandbox, sailpoint, robot, kind, scope, other):
        sandbox.create_client("feed")
        pat = sandbox.create_pat("asks", owner=robot, scope=(scope,))
        rows = sailpoint.list_tokens(declare(sandbox, kind=kind), manager(pat), now=NOW)
        assert [row.kind for row in rows] == [kind]
        poor = manager(sandbox.create_pat("poor", owner=robot, scope=(other,)))
        with pytest.raises(CredentialRejected) as caught:
            sailpoint.list_tokens(declare(sandbox, kind=kind), poor, now=NOW)
        assert scope in caught.value.hint

    def test_of_one_identity(self, sandbox, sailpoint, robot, asking):
        eve = sandbox.add_identity("eve")
        hers = sandbox.create_pat("ci", owner=eve)
        sandbox.create_client("feed")
        for owner, names in (("me", ["manager"]), (eve.id, ["ci"])):
            rows = sailpoint.list_tokens(declare(sandbox, owner=owner), asking, now=NOW)
            assert [row.name for row in rows] == names
        assert [
            row.name for row in sailpoint.list_tokens(declare(sandbox), own(hers), now=NOW)
        ] == ["ci"]

    def test_owners_of_one_name_are_told_apart(self, sandbox, sailpoint, asking):
        one, other = (sandbox.add_identity(name) for name in ("Ann Lee", "ann lee"))
        for owner in (one, one, other):
            sandbox.create_pat("ci", owner=owner)
        rows = sailpoint.list_tokens(declare(sandbox), asking, now=NOW)
        assert [row.status.owner for row in rows] == [
            "svc-robot",
            *[f"Ann Lee ({one.id})"] * 2,
            f"ann lee ({other.id})",
        ]

    def test_tells_which_workflows_hold_one(self, sandbox, sailpoint, robot, asking):
        pats = [sandbox.create_pat(name, owner=robot) for name in ("a", "b", "c")]
        for pat in pats[:2]:
            sandbox.add_workflow(f"W{pat.name}", owner=robot, steps={"Get": http_step(pat.id)})
        rows = sailpoint.list_tokens(declare(sandbox), asking, now=NOW)
        assert {row.name: row.status.places for row in rows} == {
            "manager": (),
            "a": ('workflow "Wa", step "Get"',),
            "b": ('workflow "Wb", step "Get"',),
            "c": (),
        }
        assert sum("workflows" in line for line in lines(sandbox)) == 1

    def test_a_client_lists_nothing(self, sandbox, sailpoint):
        declared = declare(sandbox, kind="api-client")
        with pytest.raises(ProviderRefused):
            sailpoint.list_tokens(declared, own(sandbox.create_client("feed")), now=NOW)

    def test_the_key_of_a_declared_token_is_the_lists(self, sandbox, sailpoint, asking):
        sandbox.create_client("feed")
        rows = sailpoint.list_tokens(declare(sandbox), asking, now=NOW)
        for row in rows:
            declared = declare(sandbox, kind=row.kind, token=row.name)
            status = sailpoint.inspect(declared, asking, now=NOW)
            assert sailpoint.key_of(declared, status) == row.key
        assert sailpoint.key_of(declare(sandbox), TokenStatus(State.UNKNOWN)) is None


class TestActs:
    """What is refused before anything is sent, and what a real tenant refuses."""

    until = NOW + timedelta(days=90)

    def mint(
        self,
        sandbox: Sandbox,
        sailpoint: SailPoint,
        access: Access,
        like: str | None,
        name: str = "ci kt-1a2b3c4d",
        **options: Any,
    ) -> Minted:
        declared = declare(sandbox, **options)
        return sailpoint.mint(
            declared, access, like=like, name=name, expires_at=self.until, now=NOW
        )

    def refuse(self, sandbox, sailpoint, *arguments, **options) -> str:
        before = len(sandbox.pats)
        with pytest.raises(ProviderRefused) as caught:
            self.mint(sandbox, sailpoint, *arguments, **options)
        assert len(sandbox.pats) == before
        assert not any(re.match("(POST|PATCH) /(v2025|pers)", line) for line in lines(sandbox))
        return f"{caught.value.message}; {caught.value.hint}"

    def test_no_slot(self, sandbox, sailpoint, robot, asking):
        sandbox.create_pat("managed", owner=robot, managed=True)
        pats = [sandbox.create_pat(f"p{number}", owner=robot) for number in range(8)]
        like = pats[0].id
        assert self.mint(sandbox, sailpoint, asking, like).status.token_id
        sandbox.server.exchanges.clear()
        told = self.refuse(sandbox, sailpoint, asking, like, "ci kt-bbbbbbbb")
        assert "10 personal access tokens" in told
        sandbox.delete(pats[7])
        assert self.mint(sandbox, sailpoint, asking, like, "ci kt-bbbbbbbb")

    def test_a_name_taken(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot)
        assert "of this name" in self.refuse(sandbox, sailpoint, asking, pat.id, "ci")

    def test_another_identity(self, sandbox, sailpoint, asking):
        hers = sandbox.create_pat("ci", owner=sandbox.add_identity("eve"))
        told = self.refuse(sandbox, sailpoint, asking, hers.id)
        assert "name a personal access token of its owner" in told

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"kind": "api-client"}, "another identity"),
            ({"api": "v3"}, "v3"),
            ({"api": "beta"}, "write `api: v2025`"),
        ],
    )
    def test_of_another_kind_or_version(self, sandbox, sailpoint, asking, options, words):
        assert words.lower() in self.refuse(sandbox, sailpoint, asking, "x", **options).lower()
        with pytest.raises(ProviderRefused):
            sailpoint.extend(
                declare(sandbox, **options), asking, token_id="x", expires_at=DIES, now=NOW
            )
        assert lines(sandbox) == []

    def test_by_its_own_value(self, sandbox, sailpoint, robot):
        pat = sandbox.create_pat("ci", owner=robot, scope=NARROW, expires_at=DIES, validity=60)
        for api in ("v2025", "v1"):
            minted = self.mint(sandbox, sailpoint, own(pat), None, f"ci {api}", api=api)
            new = sandbox.pats[-1]
            assert {part: value.reveal() for part, value in minted.parts.items()} == {
                "client-id": new.id,
                "client-secret": new.secret,
                "": new.secret,
            }
            assert (new.scope, new.validity, new.expires_at) == (NARROW, 60, self.until)
            status = sailpoint.inspect(declare(sandbox, api=api), own(new), now=NOW)
            assert status.token_id == minted.status.token_id

    def test_what_is_not_told_is_not_copied(self, sandbox, sailpoint, asking):
        row = {k: v for k, v in GOOD_ROW.items() if k != "accessTokenValiditySeconds"}
        sandbox.server.faults.append(Fault(TOKENS, Response(200, [row])))
        self.mint(sandbox, sailpoint, asking, row["id"])
        assert "accessTokenValiditySeconds" not in sandbox.server.exchanges[-1].request.json

    def test_a_client_cannot_make_one(self, sandbox, sailpoint):
        access = manager(sandbox.create_client("feed"))
        with pytest.raises(CredentialRejected) as caught:
            self.mint(sandbox, sailpoint, access, "x")
        assert "an API client has no tokens" in caught.value.hint

    def test_only_the_owner_extends(self, sandbox, sailpoint, robot, asking):
        hers = sandbox.create_pat("ci", owner=sandbox.add_identity("eve"), expires_at=DIES)
        with pytest.raises(CredentialRejected) as caught:
            sailpoint.extend(
                declare(sandbox), asking, token_id=hers.id, expires_at=self.until, now=NOW
            )
        assert "nobody else can change" in caught.value.hint
        assert hers.expires_at == DIES

    def test_a_date_that_has_passed(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        with pytest.raises(ProviderRefused, match="400"):
            sailpoint.extend(declare(sandbox), asking, token_id=pat.id, expires_at=NOW, now=NOW)

    def test_what_was_granted_is_read_back(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        sandbox.server.faults.append(Fault("PATCH", Response(200, {})))
        done = sailpoint.extend(
            declare(sandbox), asking, token_id=pat.id, expires_at=self.until, now=NOW
        )
        assert done.expires_at == DIES
        sandbox.server.faults.append(Fault("GET .*personal", Response(200, [])))
        with pytest.raises(ProviderUnavailable, match="does not list"):
            sailpoint.extend(
                declare(sandbox), asking, token_id=pat.id, expires_at=self.until, now=NOW
            )

    def test_acts_look_afresh(self, sandbox, sailpoint, robot, asking):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        declared = declare(sandbox, token="ci", owner="me")
        sailpoint.inspect(declared, asking, now=NOW)
        sandbox.create_pat("ci kt-1a2b3c4d", owner=robot)
        with pytest.raises(ProviderRefused, match="of this name"):
            self.mint(sandbox, sailpoint, asking, pat.id)

    def test_revokes_by_value_of_either_kind_and_version(self, sandbox, sailpoint, robot, asking):
        for api in ("v2025", "v1", "v3", "beta", "v2024"):
            pat, client = sandbox.create_pat("ci", owner=robot), sandbox.create_client("feed")
            for kind, held in (("pat", pat), ("api-client", client)):
                access = Access(asking.credential, own=False, value=parts(held))
                declared = declare(sandbox, kind=kind, api=api)
                sailpoint.revoke(declared, access, token_id=None, now=NOW)
            assert pat not in sandbox.pats
            assert client not in sandbox.clients

    @pytest.mark.parametrize("lost", [False, True])
    def test_are_seen_afterwards(self, sandbox, sailpoint, robot, asking, lost):
        pat = sandbox.create_pat("ci", owner=robot, expires_at=DIES)
        declared = declare(sandbox, token="ci")
        assert sailpoint.inspect(declared, asking, now=NOW).expires_at == DIES
        if lost:
            sandbox.server.faults.append(Fault("PATCH|DELETE", drop=True, after=True))
        with contextlib.suppress(ProviderUnavailable):
            sailpoint.extend(declared, asking, token_id=pat.id, expires_at=self.until, now=NOW)
        assert sailpoint.inspect(declared, asking, now=NOW).expires_at == self.until
        with contextlib.suppress(ProviderUnavailable):
            sailpoint.revoke(declared, asking, token_id=pat.id, now=NOW)
        with pytest.raises(TokenNotFound):
            sailpoint.inspect(declared, asking, now=NOW)

    def test_revokes_itself(self, sandbox, sailpoint, robot):
        pat = sandbox.create_pat("ci", owner=robot)
        sailpoint.revoke(declare(sandbox), own(pat), token_id=pat.id, now=NOW)
        assert sandbox.pats == []

    @pytest.mark.parametrize("by", ["itself", "a manager"])
    def test_what_still_logs_in_is_not_dead(self, sandbox, sailpoint, robot, asking, by):
        client, pat = sandbox.create_client("feed"), sandbox.create_pat("ci", owner=robot)
        if by == "itself":
            held, access = pat, own(pat)
            sandbox.server.faults.append(Fault("DELETE", refusal(404)))
        else:
            held, access = client, Access(asking.credential, own=False, value=parts(client))
        for token_id in (None, held.id):
            with pytest.raises(TokenNotFound) as caught:
                sailpoint.revoke(declare(sandbox), access, token_id=token_id, now=NOW)
            assert "`kind:`" in caught.value.hint
        assert pat in sandbox.pats
        assert sandbox.clients == [client]

    def test_what_does_not_is(self, sandbox, sailpoint, robot, asking):
        gone, lives = (sandbox.create_pat(name, owner=robot) for name in ("gone", "lives"))
        sandbox.delete(gone)
        # The value is of the token itself, or of another one.
        for held in (gone, lives):
            access = Access(asking.credential, own=False, value=parts(held))
            sailpoint.revoke(declare(sandbox), access, token_id=gone.id, now=NOW)
        assert lives in sandbox.pats

    def test_nothing_to_revoke(self, sandbox, sailpoint, asking):
        with pytest.raises(ProviderError, match="which one"):
            sailpoint.revoke(declare(sandbox), asking, token_id=None, now=NOW)

    def test_an_odd_id_stays_in_its_place(self, sandbox, sailpoint, asking):
        sailpoint.revoke(declare(sandbox), asking, token_id="../workflows/x?y", now=NOW)
        assert lines(sandbox)[-1] == "DELETE /v2025/personal-access-tokens/..%2Fworkflows%2Fx%3Fy"

    @pytest.mark.parametrize(
        ("response", "kind"),
        [
            (Response(400, "<html>"), ProviderUnavailable),
            (Response(409, {"detailCode": "409"}), ProviderRefused),
            (Response(418, {}), ProviderUnavailable),
            (Response(403, "Forbidden"), ProviderUnavailable),
        ],
    )
    def test_other_answers(self, sandbox, sailpoint, robot, asking, response, kind):
        sandbox.server.faults.append(Fault("DELETE", response))
        with pytest.raises(kind) as caught:
            sailpoint.revoke(declare(sandbox), asking, token_id="x", now=NOW)
        assert type(caught.value) is kind


GOOD_ROW: dict[str, Any] = {
    "id": "a" * 32,
    "name": "ci",
    "scope": ["sp:scopes:all"],
    "owner": {"type": "IDENTITY", "id": "b" * 32, "name": "Support"},
    "created": "2026-01-02T03:04:05.098Z",
    "lastUsed": None,
    "managed": False,
    "accessTokenValiditySeconds": 43200,
    "expirationDate": "2026-12-31T23:59:59.999Z",
    "userAwareTokenNeverExpires": False,
}
OPTIONAL = {
    "lastUsed", "managed", "accessTokenValiditySeconds", "expirationDate",
    "userAwareTokenNeverExpires",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 5),
        ("id", ""),
        ("name", None),
        ("scope", "sp:scopes:all"),
        ("scope", [1]),
        ("owner", None),
        ("owner", {"name": "Support"}),
        ("created", None),
        ("created", "2026-01-02"),
        ("created", "2026-01-02T03:04:05"),
        ("created", "2026-13-02T03:04:05Z"),
        ("created", "0001-01-01T00:00:00+14:00"),
        ("created", 1767323045),
        ("lastUsed", "yesterday"),
        ("managed", "false"),
        ("accessTokenValiditySeconds", "750"),
        ("expirationDate", ""),
        ("expirationDate", "2026-12-31"),
        ("expirationDate", "202\N{ARABIC-INDIC DIGIT SIX}-12-01T00:00:00Z"),
        ("userAwareTokenNeverExpires", None),
        *((field, ...) for field in GOOD_ROW if field not in OPTIONAL),
    ],
)
def test_an_ill_formed_field_is_named_and_not_quoted(sandbox, sailpoint, asking, field, value):
    row = {k: v for k, v in {**GOOD_ROW, field: value}.items() if v is not ...}
    sandbox.server.faults.append(Fault(TOKENS, Response(200, [row])))
    with pytest.raises(ProviderUnavailable) as caught:
        sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
    words = r"127\.0\.0\.1:\d+ answers in a form keyturn does not know"
    assert re.fullmatch(rf"{words} \({field}(\.\w+)?\)", caught.value.message)


@pytest.mark.parametrize("field", sorted(OPTIONAL))
def test_a_field_may_stay_away(sandbox, sailpoint, asking, field):
    row = {k: v for k, v in GOOD_ROW.items() if k != field}
    sandbox.server.faults.append(Fault(TOKENS, Response(200, [row])))
    status = sailpoint.inspect(declare(sandbox, token="ci"), asking, now=NOW)
    assert status.never_used == (field != "lastUsed")
    never = field == "expirationDate"
    assert status.precision is (Precision.NEVER if never else Precision.INSTANT)


MILLENNIUM = CREATED.replace(year=2000, tzinfo=None)


@given(st.datetimes(MILLENNIUM, timezones=st.timezones()))
def test_instants_are_written_in_utc_to_the_millisecond(at):
    text = format_instant(at)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert timedelta() <= at - datetime.fromisoformat(text) < timedelta(milliseconds=1)


URL = "https://acme.api.identitynow.com"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "url"),
        ({"url": f"{URL}/v2025"}, "holds a path"),
        ({"url": "http://acme.api.identitynow.com"}, "https://"),
        ({"url": URL, "kind": "client"}, "kind"),
        ({"url": URL, "api": "v2"}, "api"),
        ({"url": URL, "token": "ci", "token-id": "abc"}, "keep the name"),
        ({"url": URL, "token": ""}, "token"),
        ({"url": URL, "token-id": "a/b"}, "token-id"),
        ({"url": URL, "owner": "a b"}, "owner"),
        ({"url": URL, "kind": "api-client", "owner": "me"}, "belongs to nobody"),
        ({"url": URL, "tenant": "acme"}, "tenant"),
    ],
)
def test_options_that_cannot_be_right(options, words):
    with pytest.raises(ValidationError, match="1 validation error") as caught:
        Options.model_validate(options, by_alias=True, by_name=False)
    assert words in str(caught.value)


def test_options_survive_being_dumped():
    options = Options.model_validate({"url": f"{URL}/", "token-id": "abc", "owner": "me"})
    assert options.url == URL
    assert Options.model_validate(options.model_dump()) == options


VALUE, BOTH = {"": "V"}, {"value_env": {"": "V"}, "credential_env": {"": "C"}}
TWO = {"client-id": "I", "client-secret": "S"}
REF = SecretRef(Scope("octo", "app"), "S")


@pytest.mark.parametrize(
    ("options", "declared", "words"),
    [
        ({}, {}, "nothing to ask"),
        ({}, BOTH, "which token is meant"),
        ({}, {"value_env": {"client-secret": "S"}}, "two parts"),
        ({"token": "ci"}, {"credential_env": {**TWO, "x": "X"}}, "two parts"),
        ({}, {"value_env": VALUE, "secrets": (StoredPart(REF, "username"),)}, "a part"),
        ({}, {"value_env": VALUE}, None),
        ({}, {"value_env": TWO, "secrets": (StoredPart(REF, "client-id"),)}, None),
        ({"token": "ci"}, BOTH, None),
        ({"token_id": "abc"}, {"value_env": TWO, "credential_env": VALUE}, None),
    ],
)
def test_declarations_that_cannot_work(options, declared, words):
    token = Token("t", "sailpoint", options={"url": URL, **options}, **declared)
    problems = SailPoint.check_declaration(token)
    assert all("; " in problem for problem in problems)
    if words is None:
        assert problems == ()
    else:
        assert words in problems[0]
