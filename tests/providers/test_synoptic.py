from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from keyturn.assess import assess
from keyturn.deadline import effective_deadline
from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.model import (
    Evidence,
    Inspected,
    Inventory,
    Policy,
    Precision,
    Scope,
    SecretRef,
    State,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.providers.synoptic import Options, Synoptic
from keyturn.sandbox.server import Clock, Fault, Response
from keyturn.sandbox.synoptic import Account
from keyturn.sandbox.synoptic import Synoptic as Sandbox
from keyturn.sandbox.synoptic import Token as Issued
from keyturn.secret_value import SecretValue, redact
from keyturn.transport import Transport
from tests.providers.contract import (
    NOW,
    ListingContract,
    MintingContract,
    ProviderContract,
    Refusal,
    RevokingContract,
    Scene,
    Sleeper,
)

DIES = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)
NO_DATES = (
    "Synoptic tells no dates, and its tokens live more than ten years unless an expiry was given"
    " when they were made"
)
ACTS = r"[?&](expire|disableToken)="


def declare(sandbox: Sandbox, *, expires: datetime | None = None) -> Token:
    return Token(
        "t",
        "synoptic",
        options={"url": sandbox.url},
        value_env={"": "WEATHER_TOKEN"},
        credential_env={"": "SYNOPTIC_KEY"},
        declared_expiry=expires,
    )


def manager(account: Account, token: Issued | None = None) -> Access:
    value = {"": SecretValue(token.value)} if token else {}
    return Access({"": SecretValue(account.key)}, own=False, value=value)


def id_of(provider: Synoptic, sandbox: Sandbox, account: Account, token: Issued) -> str:
    """The id by the provider's own list, in which Synoptic keeps its order."""
    listed = provider.list_tokens(declare(sandbox), manager(account), now=NOW)
    alive = [t for t in sandbox.tokens if t.account == account and sandbox.is_alive(t)]
    token_id = listed[alive.index(token)].status.token_id
    assert token_id
    return token_id


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.server.start()
    return sandbox


def lines(sandbox: Sandbox) -> list[dict[str, str]]:
    return [exchange.request.query for exchange in sandbox.server.exchanges]


def mint(
    synoptic: Synoptic,
    declared: Token,
    access: Access | None,
    *,
    like: str | None = None,
    until: datetime = DIES,
) -> Any:
    return synoptic.mint(
        declared, access, like=like, name="any kt-1a2b3c4d", expires_at=until, now=NOW
    )


def inspect(synoptic: Synoptic, declared: Token, access: Access | None) -> Any:
    return synoptic.inspect(declared, access, now=NOW)


def list_all(synoptic: Synoptic, declared: Token, access: Access | None) -> Any:
    return synoptic.list_tokens(declared, access, now=NOW)


def revoke(synoptic: Synoptic, declared: Token, access: Access | None) -> Any:
    return synoptic.revoke(declared, access, token_id=None, now=NOW)


class SynopticContract(ProviderContract):
    provider = Synoptic
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": "the token itself is never presented; it is missing from the list",
        "revoked": "the token itself is never presented; it is missing from the list",
        "insufficient-scope": "a private key may do everything with the account's tokens",
        "wrong-kind": Refusal(Response(401, {"error": "x"}), CredentialRejected, "private key"),
        "quota": "Synoptic documents no quota of tokens",
        "not-found": Refusal(Response(404, {"error": "x"}), TokenNotFound, "url"),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        self.sandbox = start()
        account = self.sandbox.add_account()
        token = self.sandbox.create_token(account, expires_at=DIES, settings=("ca.only",))
        access = manager(account, token)
        with Transport() as transport:
            token_id = id_of(Synoptic(transport), self.sandbox, account, token)
        self.sandbox.server.exchanges.clear()
        unknown = TokenStatus(
            State.ACTIVE, Precision.UNKNOWN, token_id=token_id, holds_copy=True, remark=NO_DATES
        )
        known = TokenStatus(
            State.ACTIVE,
            Precision.MINUTE,
            expires_at=DIES,
            token_id=token_id,
            evidence=Evidence.DECLARED,
            holds_copy=True,
            remark="the date is the configuration's, because Synoptic tells none",
        )
        declared = declare(self.sandbox, expires=DIES if expires else None)
        return Scene(self.sandbox.server, declared, access, known if expires else unknown)

    @pytest.fixture(autouse=True)
    def _keeps_every_value(
        self, scene: Scene, caplog: pytest.LogCaptureFixture, _keeps_the_credential: None
    ) -> Iterator[None]:
        caplog.set_level(logging.DEBUG)
        yield
        shown = "\n".join([*self.shown, caplog.text])
        assert self.sandbox.tokens
        for token in self.sandbox.tokens:
            assert token.value not in shown

    # A request that loses its `list` makes a token, so that questions are sent once as well.
    def test_429_once_is_waited_for(self, scene):
        scene.server.faults.append(Fault(".", Response(429, {}, {"Retry-After": "1"}), times=1))
        sleeper = Sleeper()
        self.ask_in_vain(scene, sleep=sleeper)
        assert sleeper.slept == []

    def test_a_dropped_connection_is_tried_again(self, scene):
        scene.server.faults.append(Fault(".", drop=True, times=1))
        self.ask_in_vain(scene)

    def test_no_answer_at_all(self, scene):
        fault = Fault(".", drop=True, times=3)
        scene.server.faults.append(fault)
        self.ask_in_vain(scene)
        assert fault.times == 2

    @pytest.mark.parametrize(
        "response",
        [*(Response(status) for status in (418, 429, 500, 502, 503)), Response(200, "<html>")],
    )
    def test_an_outage_says_nothing_about_the_token(self, scene, response):
        fault = Fault(".", response, times=3)
        scene.server.faults.append(fault)
        self.ask_in_vain(scene)
        assert fault.times == 2

    def test_a_token_without_expiry_never_expires(self):
        """Here it cannot be told, which is no `never`."""
        scene = self.make_scene(expires=False)
        status = self.ask(scene)
        scene.server.stop()
        assert status == scene.expected


class TestAsked(SynopticContract):
    pass


class TestListed(SynopticContract, ListingContract):
    pass


class ActingContract(SynopticContract):
    changes: ClassVar[str] = ACTS

    def count_changes(self, scene: Scene) -> int:
        """Everything is a GET of one path: what it does stands in its query."""
        return sum(bool({"expire", "disableToken"} & set(query)) for query in lines(self.sandbox))


class TestMinted(ActingContract, MintingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SynopticContract.refusals,
        "quota": Refusal(Response(400, {"error": "x"}), ProviderRefused, at=ACTS, act=True),
    }

    def old_one_lives(self, scene: Scene) -> None:
        old, new = self.sandbox.tokens
        assert self.sandbox.is_alive(old)
        assert new.settings == old.settings == ("ca.only",)


class TestRevoked(ActingContract, RevokingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **SynopticContract.refusals,
        "wrong-kind": Refusal(
            Response(400, {"error": "x"}), ProviderRefused, "`protected`", at=ACTS, act=True
        ),
    }


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.add_account()


@pytest.fixture
def synoptic() -> Iterator[Synoptic]:
    with Transport(sleep=Sleeper()) as transport:
        yield Synoptic(transport)


SECOND = timedelta(seconds=1)
REACHED = "reached its declared date, and is no longer among the account's tokens"
MISSING = "is not among the account's tokens: disabled, expired, or of another account or key"


@pytest.mark.parametrize(
    ("now", "alive", "state", "precision", "words"),
    [
        (DIES - SECOND, True, State.ACTIVE, Precision.MINUTE, None),
        (DIES, True, State.ACTIVE, Precision.UNKNOWN, None),
        (DIES - SECOND, False, State.REVOKED, Precision.UNKNOWN, MISSING),
        (DIES, False, State.EXPIRED, Precision.MINUTE, REACHED),
    ],
)
def test_the_declared_date_to_the_second(
    sandbox, account, synoptic, now, alive, state, precision, words
):
    token = sandbox.create_token(account)
    token.disabled = not alive
    declared = declare(sandbox, expires=DIES)
    status = synoptic.inspect(declared, manager(account, token), now=now)
    assert (status.state, status.precision, status.reason) == (state, precision, words)
    assert status.holds_copy == alive
    dated = precision is Precision.MINUTE
    assert status.expires_at == (DIES if dated else None)
    assert status.evidence is (Evidence.DECLARED if dated else Evidence.PROVIDER)


def test_it_lives_an_hour_longer_than_its_date(sandbox, account, synoptic):
    sandbox.lateness = timedelta(minutes=59)
    token = sandbox.create_token(account, expires_at=DIES)
    declared = declare(sandbox, expires=DIES)
    for after, state in ((58, State.ACTIVE), (59, State.EXPIRED)):
        sandbox.clock.now = now = DIES + timedelta(minutes=after)
        with Transport() as transport:
            status = Synoptic(transport).inspect(declared, manager(account, token), now=now)
        assert status.state is state


def found(token: Token, status: TokenStatus, now: datetime) -> list[tuple[str, str]]:
    inspected = Inspected(token, status, effective_deadline(token, status))
    findings = assess(Inventory("octo/app"), [inspected], defaults=Policy(), now=now)
    return [(finding.rule, finding.message) for finding in findings]


@pytest.mark.parametrize(
    ("expires", "rule", "words"),
    [
        (None, "unknown-expiry", "live more than ten years unless an expiry was given"),
        (NOW + timedelta(days=3), "expiring", "reaches its declared date 2026-11-25"),
        (NOW, "expired", "synoptic itself says it is alive; Synoptic tells no dates"),
    ],
)
def test_what_is_said_of_the_date(sandbox, account, synoptic, expires, rule, words):
    token = sandbox.create_token(account)
    declared = declare(sandbox, expires=expires)
    status = synoptic.inspect(declared, manager(account, token), now=NOW)
    ((said, message),) = found(declared, status, NOW)
    assert said == rule
    assert words in message


def test_of_another_account(sandbox, account, synoptic):
    stranger = sandbox.create_token(sandbox.add_account())
    status = synoptic.inspect(declare(sandbox), manager(account, stranger), now=NOW)
    assert (status.state, status.reason) == (State.REVOKED, MISSING)


def test_values_are_told_apart_by_case(sandbox, account, synoptic):
    token = sandbox.create_token(account)
    token.value = "aB" * 16
    other = replace(token, value=token.value.swapcase())
    status = synoptic.inspect(declare(sandbox), manager(account, other), now=NOW)
    assert status.state is State.REVOKED


def test_the_list_is_asked_once_a_run_and_key(sandbox, account, synoptic):
    other = sandbox.add_account()
    tokens = [sandbox.create_token(account) for _ in range(4)] + [sandbox.create_token(other)]
    for token in tokens:
        asking = manager(token.account, token)
        assert synoptic.inspect(declare(sandbox), asking, now=NOW).state is State.ACTIVE
        synoptic.list_tokens(declare(sandbox), asking, now=NOW)
    assert lines(sandbox) == [{"list": "1"}, {"list": "1"}]


def test_every_value_of_the_list_is_known_from_then_on(sandbox, account, synoptic):
    token = sandbox.create_token(account)
    assert redact(token.value) == token.value
    synoptic.list_tokens(declare(sandbox), manager(account), now=NOW)
    assert redact(f"it is {token.value}.") == "it is ***."


def test_the_list_of_an_account(sandbox, account, synoptic):
    first, second = sandbox.create_token(account), sandbox.create_token(account)
    sandbox.create_token(sandbox.add_account())
    declared = declare(sandbox, expires=DIES)
    mine = synoptic.inspect(declared, manager(account, second), now=NOW)
    rows = synoptic.list_tokens(declared, manager(account, second), now=NOW)
    assert [(row.kind, row.name) for row in rows] == [("", None)] * 2
    assert rows[1].status == mine
    assert rows[1].key == synoptic.key_of(declared, mine)
    assert rows[0].status.remark == NO_DATES
    assert not rows[0].status.holds_copy
    shown = repr(rows)
    assert first.value[:8] not in shown
    assert second.value[:8] not in shown
    assert found(Token("x", "synoptic"), rows[0].status, NOW)[0][0] == "unknown-expiry"
    assert synoptic.key_of(declared, TokenStatus(State.UNKNOWN)) is None


def test_ids_are_the_same_in_every_run_and_another_keys_are_not(sandbox, account):
    token = sandbox.create_token(account)
    ids: list[Any] = []
    for asking in (account, account, sandbox.add_account()):
        with Transport() as transport:
            status = Synoptic(transport).inspect(declare(sandbox), manager(asking, token), now=NOW)
        ids.append(status.token_id)
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{16}", ids[0])


def test_a_list_that_may_be_cut_off_hides_nothing(sandbox, account, synoptic):
    tokens = [sandbox.create_token(account) for _ in range(101)]
    declared = declare(sandbox)
    status = synoptic.inspect(declared, manager(account, tokens[99]), now=NOW)
    assert status.state is State.ACTIVE
    missing = manager(account, tokens[100])
    for act in (inspect, list_all, revoke, mint):
        with pytest.raises(ProviderUnavailable, match="100 tokens, which may not be all"):
            act(synoptic, declared, missing)
    assert all(query == {"list": "1"} for query in lines(sandbox))
    tokens[0].disabled = tokens[1].disabled = True
    with Transport() as transport:
        fresh = Synoptic(transport).inspect(declared, manager(account, tokens[0]), now=NOW)
    assert fresh.state is State.REVOKED


@pytest.mark.parametrize(
    ("until", "sent"),
    [
        (DIES, "202612011330"),
        (DIES + timedelta(seconds=59, microseconds=999_999), "202612011330"),
        (DIES.astimezone(tz=None), "202612011330"),
        (NOW + timedelta(minutes=1), "202611220901"),
    ],
)
def test_what_is_sent_to_make_one(sandbox, account, synoptic, until, sent):
    old = sandbox.create_token(account)
    minted = mint(synoptic, declare(sandbox), manager(account, old), until=until)
    new = sandbox.tokens[1]
    assert lines(sandbox)[1:] == [{"expire": sent, "cloneSettings": old.value}]
    assert minted.parts[""].reveal() == new.value
    assert minted.status.expires_at == new.expires_at <= until
    assert (minted.status.precision, minted.status.evidence) == (
        Precision.MINUTE,
        Evidence.JOURNAL,
    )
    assert minted.status.token_id == id_of(synoptic, sandbox, account, new)


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=2_000_000)))
def test_a_minted_token_never_lives_longer_than_asked(lifetime):
    until = NOW + lifetime
    sandbox = start()
    account = sandbox.add_account()
    old = sandbox.create_token(account)
    with Transport() as transport:
        minted = mint(Synoptic(transport), declare(sandbox), manager(account, old), until=until)
    sandbox.server.stop()
    assert minted.status.expires_at == sandbox.tokens[1].expires_at
    assert timedelta(0) <= until - sandbox.tokens[1].expires_at < timedelta(minutes=1)


@pytest.mark.parametrize("until", [NOW - SECOND, NOW, NOW + timedelta(seconds=59)])
def test_a_date_that_has_passed_makes_nothing(sandbox, account, synoptic, until):
    old = sandbox.create_token(account)
    with pytest.raises(ProviderRefused, match="has passed"):
        mint(synoptic, declare(sandbox), manager(account, old), until=until)
    assert lines(sandbox) == []


def test_the_settings_of_a_dead_token_are_not_copied(sandbox, account, synoptic):
    old = sandbox.create_token(account)
    old.disabled = True
    with pytest.raises(ProviderRefused, match="dead; none was made"):
        mint(synoptic, declare(sandbox), manager(account, old))
    assert lines(sandbox) == [{"list": "1"}]


def test_a_value_that_was_there_before_is_not_new(sandbox, account, synoptic):
    old, other = sandbox.create_token(account), sandbox.create_token(account)
    answer = Response(200, {"TOKEN": other.value})
    sandbox.server.faults.append(Fault(ACTS, answer))
    with pytest.raises(ProviderUnavailable, match="there was before"):
        mint(synoptic, declare(sandbox), manager(account, old))


@pytest.mark.parametrize("value", ["", "two words", "a/b", "x" * 31 + "\n"])
def test_a_value_that_is_none(sandbox, account, synoptic, value):
    old = sandbox.create_token(account)
    sandbox.server.faults.append(Fault(ACTS, Response(200, {"TOKEN": value})))
    with pytest.raises(ProviderUnavailable, match="TOKEN"):
        mint(synoptic, declare(sandbox), manager(account, old))
    sandbox.server.faults[:] = [Fault("list", Response(200, {"TOKENS": [value]}))]
    with pytest.raises(ProviderUnavailable, match=r"TOKENS\.0"):
        synoptic.inspect(declare(sandbox), manager(account, old), now=NOW)


def test_an_address_that_makes_tokens_when_asked_is_asked_once(sandbox, account, synoptic):
    old = sandbox.create_token(account)
    made = "0f" * 16
    fault = Fault("list", Response(200, {"TOKEN": made}), times=9)
    sandbox.server.faults.append(fault)
    declared, asking = declare(sandbox), manager(account, old)
    for act in (inspect, list_all, mint, revoke, inspect):
        with pytest.raises(ProviderUnavailable, match="made a token") as caught:
            act(synoptic, declared, asking)
        assert "disable that token" in caught.value.hint
    assert (fault.times, lines(sandbox)) == (8, [])
    assert redact(f"it is {made}.") == "it is ***."


def test_a_disabling_that_made_a_token_is_none(sandbox, account, synoptic):
    old = sandbox.create_token(account)
    sandbox.server.faults.append(Fault("disable", Response(200, {"TOKEN": "f0" * 16})))
    with pytest.raises(ProviderUnavailable, match="made a token"):
        revoke(synoptic, declare(sandbox), manager(account, old))
    # Its own value is no new one.
    sandbox.server.faults[:] = [Fault("disable", Response(200, {"TOKEN": old.value}))]
    with Transport() as transport:
        revoke(Synoptic(transport), declare(sandbox), manager(account, old))


def test_a_whole_change_by_ids_alone(sandbox, account, synoptic):
    """The run that retires the old token was given the new one's value only."""
    old = sandbox.create_token(account, settings=("ca.only",))
    declared = declare(sandbox)
    before = synoptic.inspect(declared, manager(account, old), now=NOW)
    minted = mint(synoptic, declared, manager(account), like=before.token_id)
    new = sandbox.tokens[1]
    after = synoptic.inspect(declared, manager(account, new), now=NOW)
    assert (after.state, after.token_id) == (State.ACTIVE, minted.status.token_id)
    given_new = manager(account, new)
    synoptic.revoke(declared, given_new, token_id=before.token_id, now=NOW)
    assert (sandbox.is_alive(old), sandbox.is_alive(new)) == (False, True)
    assert synoptic.inspect(declared, manager(account, old), now=NOW).state is State.REVOKED
    assert synoptic.inspect(declared, given_new, now=NOW).state is State.ACTIVE


def test_a_lost_answer_to_an_act_is_looked_for_in_a_new_list(sandbox, account, synoptic):
    old = sandbox.create_token(account)
    declared, asking = declare(sandbox), manager(account, old)
    assert synoptic.inspect(declared, asking, now=NOW).state is State.ACTIVE
    sandbox.server.faults.append(Fault(ACTS, drop=True, after=True))
    with pytest.raises(ProviderUnavailable):
        mint(synoptic, declared, asking)
    assert len(synoptic.list_tokens(declared, asking, now=NOW)) == 2
    with pytest.raises(ProviderUnavailable):
        synoptic.revoke(declared, asking, token_id=None, now=NOW)
    assert synoptic.inspect(declared, asking, now=NOW).state is State.REVOKED
    # What is dead is not disabled again, though the answer was lost.
    synoptic.revoke(declared, asking, token_id=None, now=NOW)
    assert sum("disableToken" in query for query in lines(sandbox)) == 1


def test_a_protected_token_stays(sandbox, account, synoptic):
    token = sandbox.create_token(account, protected=True)
    with pytest.raises(ProviderRefused) as caught:
        synoptic.revoke(declare(sandbox), manager(account, token), token_id=None, now=NOW)
    assert "`protected`" in caught.value.hint
    assert sandbox.is_alive(token)


def test_an_id_of_another_key_is_not_taken_for_dead(sandbox, account, synoptic):
    token = sandbox.create_token(account)
    other = sandbox.add_account()
    token_id = id_of(synoptic, sandbox, account, token)
    asks = len(lines(sandbox))
    with pytest.raises(ProviderRefused, match="another private key"):
        synoptic.revoke(declare(sandbox), manager(other), token_id=token_id, now=NOW)
    with pytest.raises(ProviderRefused, match="another private key"):
        mint(synoptic, declare(sandbox), manager(other), like=token_id)
    assert len(lines(sandbox)) == asks


@pytest.mark.parametrize("status", [400, 402, 409, 422])
def test_another_4xx_to_a_question_says_nothing(sandbox, account, synoptic, status):
    sandbox.server.faults.append(Fault(".", Response(status, {"error": "x"})))
    with pytest.raises(ProviderUnavailable, match=str(status)) as caught:
        synoptic.list_tokens(declare(sandbox), manager(account), now=NOW)
    assert type(caught.value) is ProviderUnavailable


def test_without_a_key(sandbox, account, synoptic):
    token = sandbox.create_token(account)
    own = Access({"": SecretValue(token.value)}, own=True, value={"": SecretValue(token.value)})
    for access in (None, own, Access({}, own=False)):
        for act in (inspect, list_all, revoke, mint):
            with pytest.raises(CredentialRejected) as caught:
                act(synoptic, declare(sandbox), access)
            assert "`credential:`" in caught.value.hint
    assert lines(sandbox) == []


def test_without_the_value(sandbox, account, synoptic):
    for act in (inspect, revoke, mint):
        with pytest.raises(CredentialMissing) as caught:
            act(synoptic, declare(sandbox), manager(account))
        assert "WEATHER_TOKEN" in caught.value.hint
    assert lines(sandbox) == []
    with pytest.raises(CredentialMissing) as caught:
        synoptic.inspect(replace(declare(sandbox), value_env={}), manager(account), now=NOW)
    assert "`value:`" in caught.value.hint


def test_a_key_that_no_header_can_carry(sandbox, account, synoptic):
    token = sandbox.create_token(account)
    asking = Access(
        {"": SecretValue("line\nbreak\udcff")}, own=False, value={"": SecretValue(token.value)}
    )
    with pytest.raises(CredentialRejected, match="not sent"):
        synoptic.inspect(declare(sandbox), asking, now=NOW)


def test_a_value_that_is_no_text(sandbox, account, synoptic):
    asking = Access(
        {"": SecretValue(account.key)}, own=False, value={"": SecretValue("half a \udcff")}
    )
    assert synoptic.inspect(declare(sandbox), asking, now=NOW).state is State.REVOKED


KEY, VALUE = {"": "KEY"}, {"": "TOKEN"}


@pytest.mark.parametrize(
    ("value", "credential", "part", "problems"),
    [
        (VALUE, KEY, None, []),
        (VALUE, {}, None, ["cannot ask about itself"]),
        (VALUE, VALUE, None, ["cannot ask about itself"]),
        ({}, KEY, None, ["nothing but its value"]),
        ({}, {}, None, ["cannot ask about itself", "nothing but its value"]),
        ({"token": "T"}, KEY, None, ["no parts"]),
        (VALUE, {"key": "K"}, None, ["no parts"]),
        (VALUE, KEY, "token", ["no parts"]),
    ],
)
def test_what_can_never_work(value, credential, part, problems):
    ref = SecretRef(Scope("octo", "app"), "WEATHER")
    token = Token(
        "t",
        "synoptic",
        value_env=value,
        credential_env=credential,
        secrets=(StoredPart(ref, part),),
    )
    told = Synoptic.check_declaration(token)
    assert len(told) == len(problems)
    for message, words in zip(told, problems, strict=True):
        assert words in message
        assert "; " in message


def test_options():
    assert Options().url == "https://api.synopticdata.com/auth/v2"
    given = {"url": "https://api.synopticdata.com/auth/v2/"}
    assert Options.model_validate(given) == Options()
    for wrong in ({"url": "http://example.com"}, {"kind": "token"}, {"token": "x"}):
        with pytest.raises(ValidationError):
            Options.model_validate(wrong)
