"""What is special about asking Azure DevOps; the rest is inherited."""

from __future__ import annotations

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
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.model import (
    DeadlineReason,
    Precision,
    Scope,
    SecretRef,
    State,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.providers._azure_answers import Pat
from keyturn.providers._azure_api import Session
from keyturn.providers.azure_devops import AzureDevOps, Options
from keyturn.retirements import find_retirements
from keyturn.sandbox.azure_devops import AzureDevOps as Sandbox
from keyturn.sandbox.azure_devops_world import ADMIN_SCOPES, User
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.azure_scenes import (
    CREATED,
    DIES,
    EXPIRED,
    GOOD_ROW,
    RETIRED,
    SIGN_IN,
    UNAUTHORIZED,
    AzureContract,
    ByAnAdministrator,
    ByItsOwner,
    asked,
    declare,
    lines,
    manager,
    own,
    start,
)
from tests.providers.contract import (
    NOW,
    ListingContract,
    Refusal,
    Scene,
    Sleeper,
)


class TestAskedByItself(AzureContract):
    dead_value = State.REVOKED
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **AzureContract.refusals,
        "expired": Refusal(EXPIRED, State.EXPIRED),
        "revoked": Refusal(UNAUTHORIZED, State.REVOKED),
        "insufficient-scope": "a PAT of any scope may ask who it is",
        "wrong-kind": Refusal(SIGN_IN, State.REVOKED),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        pat = sandbox.create_pat("ci", owner=sandbox.add_user("ann@acme.example"), valid_to=DIES)
        status = TokenStatus(
            State.ACTIVE,
            owner="ann@acme.example",
            holds_copy=True,
            remark="a PAT cannot read its own date: name a signed-in user's Entra token or an"
            " administrator's credential as `credential:`",
        )
        return Scene(sandbox.server, declare(sandbox), own(pat), status)


class TestListedByItsOwner(ByItsOwner, ListingContract):
    pass


class TestListedByAnAdministrator(ByAnAdministrator, ListingContract):
    pass


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def azure() -> Iterator[AzureDevOps]:
    with Transport(sleep=Sleeper()) as transport:
        yield AzureDevOps(transport)


@pytest.fixture
def ann(sandbox: Sandbox) -> User:
    return sandbox.add_user("ann@acme.example", mail="ann.mail@acme.example")


@pytest.fixture
def root(sandbox: Sandbox) -> User:
    return sandbox.add_user("root@acme.example", admin=True)


class TestADeadValue:
    @pytest.mark.parametrize("face", ["203", "302", "401", "anonymous"])
    @pytest.mark.parametrize("why", ["revoked", "unknown", "expired"])
    def test_is_known_by_every_face(self, sandbox, azure, ann, face, why):
        sandbox.sign_in_face = face
        pat = sandbox.create_pat(owner=ann, valid_to=NOW if why == "expired" else DIES)
        if why == "revoked":
            sandbox.revocation_takes = timedelta(0)
            sandbox.revoke(pat.id)
        elif why == "unknown":
            sandbox.pats.remove(pat)
        status = azure.inspect(declare(sandbox), own(pat), now=NOW)
        says = why == "expired" and face == "401"
        assert status.state is (State.EXPIRED if says else State.REVOKED)
        assert status.precision is Precision.UNKNOWN
        assert not status.holds_copy
        assert ("has expired, says" if says else "is refused by") in status.reason
        assert len(asked(sandbox)) == 1

    def test_has_expired_where_a_header_says_so(self, sandbox, azure, ann):
        words = "Access%20Denied%3A%20The%20Personal%20Access%20Token%20used%20has%20expired."
        fault = Fault(".", Response(401, "", {"X-TFS-ServiceError": words}))
        sandbox.server.faults.append(fault)
        status = azure.inspect(declare(sandbox), own(sandbox.create_pat(owner=ann)), now=NOW)
        assert status.state is State.EXPIRED

    @pytest.mark.parametrize(
        ("declared", "state"),
        [
            (NOW, State.EXPIRED),
            (NOW + timedelta(seconds=1), State.REVOKED),
            (None, State.REVOKED),
        ],
    )
    def test_has_expired_where_its_declared_date_has_passed(
        self, sandbox, azure, ann, declared, state
    ):
        pat = sandbox.create_pat(owner=ann)
        sandbox.pats.remove(pat)
        place = {"url": sandbox.url, "organization": "acme"}
        token = Token("t", "azure-devops", options=place, declared_expiry=declared)
        assert azure.inspect(token, own(pat), now=NOW).state is state

    def test_is_asked_about_once_a_run(self, sandbox, azure, ann):
        pat = sandbox.create_pat(owner=ann)
        for _ in range(3):
            azure.inspect(declare(sandbox), own(pat), now=NOW)
        assert lines(sandbox) == ["GET connectionData"]

    def test_lives_on_for_an_hour_after_its_revocation(self, sandbox, azure, ann):
        pat = sandbox.create_pat(owner=ann)
        sandbox.revoke(pat.id)
        assert azure.death_takes == timedelta(hours=1)
        for minutes, state in ((59, State.ACTIVE), (1, State.REVOKED)):
            sandbox.clock.advance(timedelta(minutes=minutes))
            with Transport() as transport:
                seen = AzureDevOps(transport).inspect(declare(sandbox), own(pat), now=NOW)
            assert seen.state is state
        assert "an hour" in azure.outlived_by


@pytest.mark.parametrize(
    ("status", "headers", "kind", "words"),
    [
        (403, {}, CredentialRejected, "refuses the credential"),
        (404, {}, TokenNotFound, "no such organization"),
        (400, {}, ProviderUnavailable, "400"),
        (204, {}, ProviderUnavailable, "204"),
        (203, {"Content-Type": "application/json"}, ProviderUnavailable, "203"),
        (302, {"Location": "/acme"}, ProviderUnavailable, "redirect"),
        (302, {}, ProviderUnavailable, "redirect"),
        (302, {"Location": "//["}, ProviderUnavailable, "redirect"),
        (301, {"Location": "/_signin"}, ProviderUnavailable, "redirect"),
    ],
)
def test_what_else_may_answer_a_value(sandbox, azure, ann, status, headers, kind, words):
    sandbox.server.faults.append(Fault(".", Response(status, "", headers)))
    with pytest.raises(kind, match=words):
        azure.inspect(declare(sandbox), own(sandbox.create_pat(owner=ann)), now=NOW)


@pytest.mark.parametrize("by", ["owner", "administrator"])
class TestState:
    def see(self, sandbox: Sandbox, by: str, *, now: datetime, **options: Any) -> TokenStatus:
        users = {user.name: user for user in sandbox.users}
        if by == "owner":
            access = manager(sandbox.sign_in(users["ann@acme.example"]))
        else:
            access = manager(sandbox.sign_in(users["root@acme.example"]))
            options["user"] = "ann@acme.example"
        with Transport() as transport:
            declared = declare(sandbox, **{"token": "ci", **options})
            return AzureDevOps(transport).inspect(declared, access, now=now)

    @pytest.mark.parametrize(
        ("at", "state"),
        [
            (DIES - timedelta(seconds=1), State.ACTIVE),
            (DIES, State.EXPIRED),
            (DIES + timedelta(days=1), State.EXPIRED),
        ],
    )
    @pytest.mark.parametrize("revoked", [False, True])
    def test_by_date_and_revocation(self, sandbox, ann, root, by, at, state, revoked):
        pat = sandbox.create_pat("ci", owner=ann, valid_from=CREATED, valid_to=DIES)
        if revoked:
            sandbox.revoke(pat.id)
        status = self.see(sandbox, by, now=at)
        if revoked and state is State.ACTIVE:
            state = State.REVOKED
        assert (status.state, status.expires_at) == (state, DIES)
        assert (status.reason is None) == (state is State.ACTIVE)
        assert status.owner == (None if by == "owner" else "ann@acme.example")
        assert (status.ends, status.sort, status.remark) == ((), None, None)

    @pytest.mark.parametrize("dies", [RETIRED - timedelta(days=2), RETIRED + timedelta(days=90)])
    def test_a_global_pat_ends_with_all_of_them(self, sandbox, ann, root, by, dies):
        sandbox.create_pat("ci", owner=ann, all_orgs=True, valid_to=dies)
        status = self.see(sandbox, by, now=NOW)
        assert status.expires_at == dies
        (end,) = find_retirements("azure-devops", status)
        assert (end.at, end.reason) == (RETIRED, DeadlineReason.RETIREMENT)
        assert "Azure DevOps Blog" in end.source
        assert "good for every organization" in str(status.remark)

    def test_the_working_one_of_a_name_is_taken(self, sandbox, ann, root, by):
        sandbox.revoke(sandbox.create_pat("ci kt-zzzzzzzz", owner=ann, valid_from=NOW).id)
        lives = sandbox.create_pat("ci kt-1a2b3c4d", owner=ann, valid_from=CREATED)
        sandbox.create_pat("ci", owner=ann, valid_from=CREATED, valid_to=NOW)
        assert self.see(sandbox, by, now=NOW).token_id == lives.id

    def test_else_the_newest(self, sandbox, ann, root, by):
        newest = sandbox.create_pat("ci", owner=ann, valid_from=NOW)
        sandbox.revoke(newest.id)
        sandbox.create_pat("ci kt-1a2b3c4d", owner=ann, valid_from=CREATED, valid_to=NOW)
        assert self.see(sandbox, by, now=NOW).token_id == newest.id

    @pytest.mark.parametrize("other", ["CI", "ci2", "my ci", "ci kt-1a2b3c4", "ci kt-1A2B3C4D"])
    def test_a_name_is_exact_otherwise(self, sandbox, ann, root, by, other):
        sandbox.create_pat(other, owner=ann)
        sandbox.create_pat("ci", owner=root)
        with pytest.raises(TokenNotFound, match="lists no such token"):
            self.see(sandbox, by, now=NOW)

    def test_is_found_by_its_id(self, sandbox, ann, root, by):
        pats = [sandbox.create_pat("ci", owner=ann) for _ in range(3)]
        upper = Options.model_validate(
            {"organization": "acme", "token-id": pats[1].id.upper()}
        ).token_id
        assert upper == pats[1].id
        found = self.see(sandbox, by, now=NOW, token=None, token_id=upper)
        assert found.token_id == pats[1].id

    def test_is_found_on_the_last_page(self, sandbox, ann, root, by):
        for number in range(250):
            sandbox.create_pat(f"t{number}", owner=ann)
        wanted = sandbox.create_pat("ci", owner=ann)
        assert self.see(sandbox, by, now=NOW).token_id == wanted.id
        path = "tokens/pats" if by == "owner" else "tokenadmin/personalaccesstokens"
        pages = [r.query for r in asked(sandbox) if f"/{path}" in r.path]
        # Every page wants the filters of the first.
        filters = [{k: v for k, v in q.items() if k != "continuationToken"} for q in pages[:3]]
        assert filters[0] == filters[1] == filters[2]

    def test_is_not_found_in_a_part_of_a_list(self, sandbox, ann, root, by):
        for number in range(150):
            sandbox.create_pat(f"t{number}", owner=ann)
        sandbox.server.faults.append(Fault("continuationToken=", Response(500)))
        with pytest.raises(ProviderUnavailable, match="500"):
            self.see(sandbox, by, now=NOW)


class TestPages:
    def test_that_go_round_are_left(self, sandbox, azure, ann):
        page = {"patTokens": [], "continuationToken": "again"}
        sandbox.server.faults.append(Fault(".", Response(200, page)))
        with pytest.raises(ProviderUnavailable, match="back to the same page"):
            azure.inspect(declare(sandbox, token="x"), manager(sandbox.sign_in(ann)), now=NOW)

    def test_without_end_are_left(self, sandbox, azure, ann, monkeypatch):
        monkeypatch.setattr("keyturn.providers._azure_api._MOST_PAGES", 3)
        for number in range(350):
            sandbox.create_pat(f"t{number}", owner=ann)
        with pytest.raises(ProviderUnavailable, match="more than 3 pages"):
            azure.inspect(declare(sandbox, token="x"), manager(sandbox.sign_in(ann)), now=NOW)

    def test_serve_every_token_and_thread(self, sandbox, azure, ann, root):
        sandbox.users_per_page = 1
        for number in range(12):
            sandbox.create_pat(f"ci-{number}", owner=ann)
        access = manager(sandbox.sign_in(root))
        found: list[TokenStatus] = []

        def ask(number: int) -> None:
            declared = declare(sandbox, user="ann@acme.example", token=f"ci-{number}")
            found.append(azure.inspect(declared, access, now=NOW))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({status.token_id for status in found}) == 12
        assert len(asked(sandbox)) == 3

    def test_are_read_again_after_an_act(self, sandbox, azure, ann):
        pat = sandbox.create_pat("ci", owner=ann)
        declared, access = declare(sandbox, token="ci"), manager(sandbox.sign_in(ann))
        assert azure.inspect(declared, access, now=NOW).state is State.ACTIVE
        azure.revoke(declared, access, token_id=pat.id, now=NOW)
        assert azure.inspect(declared, access, now=NOW).state is State.REVOKED


class TestUsers:
    @pytest.mark.parametrize(
        "name", ["ann@acme.example", "ANN@acme.example", "Ann.Mail@ACME.example"]
    )
    def test_are_found_on_every_page_and_in_any_case(self, sandbox, azure, ann, root, name):
        sandbox.users_per_page = 1
        sandbox.users.reverse()
        pat = sandbox.create_pat("ci", owner=ann)
        declared = declare(sandbox, user=name, token="ci")
        status = azure.inspect(declared, manager(sandbox.sign_in(root)), now=NOW)
        assert status.token_id == pat.id

    def test_a_principal_name_wins_over_a_mail_address(self, sandbox, azure, ann, root):
        other = sandbox.add_user("bob@acme.example", mail="ann@acme.example")
        sandbox.create_pat("ci", owner=other)
        mine = sandbox.create_pat("ci", owner=ann)
        declared = declare(sandbox, user="ann@acme.example", token="ci")
        status = azure.inspect(declared, manager(sandbox.sign_in(root)), now=NOW)
        assert status.token_id == mine.id

    @pytest.mark.parametrize(
        "name", ["nobody@acme.example", "shared@acme.example", "twice@acme.example", "ann"]
    )
    def test_are_not_guessed(self, sandbox, azure, ann, root, name):
        for number in range(2):
            sandbox.add_user(f"bob{number}@acme.example", mail="shared@acme.example")
            # One of two principals of a name is not known by who has the address.
            sandbox.add_user("twice@acme.example", mail=f"mail{number}@acme.example")
        sandbox.add_user("eve@acme.example", mail="twice@acme.example")
        declared = declare(sandbox, user=name, token="ci")
        with pytest.raises(TokenNotFound, match="principal name"):
            azure.inspect(declared, manager(sandbox.sign_in(root)), now=NOW)


class TestLists:
    @pytest.fixture(autouse=True)
    def _pats(self, sandbox, ann, root) -> None:
        for owner in (ann, root):
            for name in ("a", "b"):
                sandbox.create_pat(name, owner=owner)

    def owners(self, sandbox, azure, access, **options: Any) -> list[str]:
        found = azure.list_tokens(declare(sandbox, **options), access, now=NOW)
        host = sandbox.url.removeprefix("http://")
        for row in found:
            assert row.key == f"{host}/acme/{row.status.token_id}"
            assert azure.key_of(declare(sandbox), row.status) == row.key
            assert (row.kind, row.managed) == ("", False)
        return sorted(str(row.status.owner) for row in found)

    def test_a_users_own(self, sandbox, azure, ann):
        assert self.owners(sandbox, azure, manager(sandbox.sign_in(ann))) == ["None", "None"]

    @pytest.mark.parametrize("entra", [True, False])
    def test_of_one_user(self, sandbox, azure, ann, root, entra):
        pat = sandbox.create_pat(owner=root, scope="app_token")
        asking = sandbox.sign_in(root) if entra else pat
        found = self.owners(sandbox, azure, manager(asking), user=ann.name)
        assert found == ["ann@acme.example"] * 2

    def test_of_everybody(self, sandbox, azure, ann, root):
        sandbox.users_per_page = 1
        sandbox.add_user("robot", person=False)
        asking = sandbox.create_pat(owner=root, scope=ADMIN_SCOPES)
        found = self.owners(sandbox, azure, manager(asking))
        assert found == ["ann@acme.example"] * 2 + ["root@acme.example"] * 3

    def test_none_for_a_value(self, sandbox, azure, ann):
        with pytest.raises(ProviderRefused):
            azure.list_tokens(declare(sandbox), own(sandbox.create_pat(owner=ann)), now=NOW)
        assert asked(sandbox) == []

    def test_no_key_without_an_id(self, sandbox, azure):
        assert azure.key_of(declare(sandbox), TokenStatus(State.ACTIVE)) is None


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://dev.azure.com", ("https://dev.azure.com", "https://vssps.dev.azure.com")),
        ("https://Dev.Azure.com", ("https://Dev.Azure.com", "https://vssps.dev.azure.com")),
        ("http://127.0.0.1:9", ("http://127.0.0.1:9", "http://127.0.0.1:9")),
    ],
)
def test_both_hosts_come_from_the_configuration(url, hosts):
    urls: list[str] = []

    class Recorder(Transport):
        def request(self, method: str, url: str, **_kwargs: Any) -> Any:
            urls.append(url)
            raise ProviderUnavailable("enough")

    with Recorder() as transport:
        session = Session(transport, url, organization="acme", secret=SecretValue("a" * 52))
        for ask in (session.ask_self, session.ask_users, session.ask_own):
            with pytest.raises(ProviderUnavailable):
                ask()
    assert [url.partition("/acme/")[0] for url in urls] == [hosts[0], hosts[1], hosts[1]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("authorizationId", None),
        ("authorizationId", 7),
        ("authorizationId", "x"),
        ("displayName", 7),
        ("scope", None),
        ("scope", ["vso.code"]),
        ("targetAccounts", "all"),
        ("targetAccounts", [None]),
        ("validTo", None),
        ("validTo", "2026-12-20"),
        ("validTo", "2026-12-20 13:30:15Z"),
        ("validTo", "2026-12-20T13:30:15.52333333Z"),
        ("validTo", "2026-12-20T13:30:15.Z"),
        ("validTo", "2026-02-30T00:00:00Z"),
        ("validTo", "0001-01-01T00:00:00+14:00"),
        ("validTo", "202\N{ARABIC-INDIC DIGIT SIX}-12-20T13:30:15Z"),
        ("validTo", 1767323045),
        ("validFrom", ""),
        *((field, ...) for field in GOOD_ROW if field != "token"),
    ],
)
def test_an_ill_formed_field_is_named_and_not_quoted(sandbox, azure, ann, field, value):
    row = {k: v for k, v in {**GOOD_ROW, field: value}.items() if v is not ...}
    page = {"patTokens": [row], "continuationToken": ""}
    sandbox.server.faults.append(Fault(".", Response(200, page)))
    with pytest.raises(ProviderUnavailable) as caught:
        azure.inspect(declare(sandbox, token="ci"), manager(sandbox.sign_in(ann)), now=NOW)
    words = r"127\.0\.0\.1:\d+ answers in a form keyturn does not know"
    assert re.fullmatch(rf"{words} \(patTokens\.0\.{field}(\.0)?\)", caught.value.message)


def test_an_answer_of_microsofts_own_examples_is_read():
    pat = Pat.model_validate(GOOD_ROW)
    assert pat.valid_to == DIES
    assert pat.valid_from == datetime(2026, 10, 24, 3, 4, 57, 520000, UTC)
    assert pat.id == "4c60c9ed-a378-4883-af16-d655ca025b11"


@given(
    st.timedeltas(timedelta(0), timedelta(days=3_652_000)),
    st.sampled_from(["Z", "+00:00", "", "-07:00"]),
    st.integers(min_value=0, max_value=7),
)
def test_every_instant_that_is_written_is_read(since, zone, digits):
    at = datetime(1, 1, 2, tzinfo=UTC) + since
    fraction = f".{at:%f}0"[: digits + 1] if digits else ""
    at = at.replace(microsecond=int(fraction[1:7].ljust(6, "0")))
    text = f"{at.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}{zone}"
    offset = timedelta(hours=7) if zone == "-07:00" else timedelta(0)
    assert Pat.model_validate({**GOOD_ROW, "validTo": text}).valid_to == at + offset


PLACE = {"organization": "acme"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "organization"),
        ({"organization": ""}, "in https://dev.azure.com/NAME"),
        ({"organization": "a/b"}, "in https://dev.azure.com/NAME"),
        ({"organization": "-a"}, "in https://dev.azure.com/NAME"),
        ({"organization": "a?b"}, "in https://dev.azure.com/NAME"),
        ({"organization": 7}, "in https://dev.azure.com/NAME"),
        ({**PLACE, "url": "https://dev.azure.com/acme"}, "holds a path"),
        ({**PLACE, "url": "http://dev.azure.com"}, "https://"),
        ({**PLACE, "token": "ci", "token-id": GOOD_ROW["authorizationId"]}, "keep the name"),
        ({**PLACE, "token-id": "7"}, "authorization id"),
        ({**PLACE, "token-id": 7}, "authorization id"),
        ({**PLACE, "token": ""}, "token"),
        ({**PLACE, "user": ""}, "user"),
        ({**PLACE, "kind": "pat"}, "kind"),
    ],
)
def test_options_that_cannot_be_right(options, words):
    with pytest.raises(ValidationError, match="1 validation error") as caught:
        Options.model_validate(options, by_alias=True, by_name=False)
    assert words in str(caught.value)


def test_options_survive_being_dumped():
    options = Options.model_validate(
        {"organization": "Acme-1", "token-id": GOOD_ROW["authorizationId"], "user": "a@b"}
    )
    assert Options.model_validate(options.model_dump()) == options
    assert options.place == "dev.azure.com/acme-1"


VALUE, BOTH = {"": "V"}, {"value_env": {"": "V"}, "credential_env": {"": "C"}}
REF = SecretRef(Scope("octo", "app"), "S")


@pytest.mark.parametrize(
    ("options", "declared", "words"),
    [
        ({}, {}, "nothing to ask"),
        ({}, {"value_env": {"token": "V"}}, "one variable, without parts"),
        ({}, BOTH, "which PAT is meant"),
        ({}, {"value_env": VALUE, "secrets": (StoredPart(REF, "token"),)}, "a part"),
        ({}, {"value_env": VALUE, "secrets": (StoredPart(REF),)}, None),
        ({"token": "ci"}, BOTH, None),
        ({"token_id": GOOD_ROW["authorizationId"]}, {"credential_env": VALUE}, None),
    ],
)
def test_declarations_that_cannot_work(options, declared, words):
    token = Token("t", "azure-devops", options={**PLACE, **options}, **declared)
    problems = AzureDevOps.check_declaration(token)
    assert all("; " in problem for problem in problems)
    if words is None:
        assert problems == ()
    else:
        assert words in problems[0]
