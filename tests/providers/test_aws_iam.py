from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
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
from keyturn.providers._aws_options import Options
from keyturn.providers.aws_iam import AwsIam
from keyturn.sandbox.aws_iam import AwsIam as Sandbox
from keyturn.sandbox.aws_iam_world import AccessKey, Session, User
from keyturn.sandbox.server import Clock, Exchange, Fault, Response
from keyturn.secret_value import SecretValue
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

AGE = timedelta(days=100)
USED = NOW - timedelta(days=3)
ACTS = "^POST "
LIST, USE, WHO = "ListAccessKeys", "GetAccessKeyLastUsed", "GetCallerIdentity"
UNTOLD_AGE = "when it was made is not known, because it may not iam:ListAccessKeys itself"
PLENTY = 1000


def say(status: int, code: str, message: str = "no") -> Response:
    error = f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
    return Response(status, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>")


DENIED = say(403, "AccessDenied")


def whole(key: AccessKey) -> dict[str, SecretValue]:
    return {"": SecretValue(f"{key.id}:{key.secret}")}


def apart(key: AccessKey | Session) -> dict[str, SecretValue]:
    parts = {"access-key-id": key.id, "secret-access-key": key.secret}
    if isinstance(key, Session):
        parts["session-token"] = key.token
    return {part: SecretValue(text) for part, text in parts.items()}


def own(key: AccessKey) -> Access:
    return Access(whole(key), own=True, value=whole(key))


def declare(sandbox: Sandbox, **options: Any) -> Token:
    return Token(
        "t",
        "aws-iam",
        options=Options.model_validate({"url": sandbox.url, **options}).model_dump(),
        value_env={"": "CI_KEY"},
    )


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.server.start()
    return sandbox


def asked(sandbox: Sandbox) -> list[str]:
    """Which actions were asked for, in order."""

    def name(exchange: Exchange) -> str:
        request = exchange.request
        text = request.query.get("Action") or request.body.decode()
        return text.removeprefix("Action=").partition("&")[0]

    return [name(exchange) for exchange in sandbox.server.exchanges]


class AwsContract(ProviderContract):
    provider = AwsIam
    manages: ClassVar[bool] = True
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(say(403, "ExpiredToken"), CredentialRejected, "new ones"),
        "revoked": Refusal(say(403, "InvalidClientTokenId"), CredentialRejected, "inactive"),
        "insufficient-scope": Refusal(DENIED, CredentialRejected, "iam:ListAccessKeys"),
        "wrong-kind": Refusal(say(400, "ValidationError"), ProviderRefused, "`user:`"),
        "quota": "a list of keys has no quota, and nothing else is asked for here",
        "not-found": Refusal(say(404, "NoSuchEntity"), TokenNotFound, "`user:`"),
    }

    def make_scene(self, *, expires: bool = True) -> Scene:
        self.sandbox = start()
        ci = self.sandbox.add_user("ci", path="/bots/")
        self.key = self.sandbox.create_key(ci, created_at=NOW - AGE)
        self.key.last_used_at = USED
        expected = TokenStatus(
            State.ACTIVE,
            Precision.NOT_APPLICABLE,
            created_at=NOW - AGE,
            last_used_at=USED,
            owner="ci",
            token_id=self.key.id,
        )
        if not self.manages:
            access = own(self.key)
            # From the first question on, its last use is keyturn's own.
            expected = replace(expected, holds_copy=True, last_used_at=None)
        else:
            manager = self.sandbox.create_key(self.sandbox.add_user("keyturn"))
            access = Access(whole(manager), own=False)
        declared = declare(self.sandbox, user="ci")
        return Scene(self.sandbox.server, declared, access, expected)

    def refusal(self, status: int) -> Response:
        said = {
            401: say(403, "InvalidClientTokenId"),
            403: DENIED,
            404: say(404, "NoSuchEntity"),
        }
        return said.get(status) or Response(status)

    @pytest.fixture(autouse=True)
    def _keeps_every_secret(
        self, scene: Scene, caplog: pytest.LogCaptureFixture, _keeps_the_credential: None
    ) -> Iterator[None]:
        caplog.set_level(logging.DEBUG)
        yield
        shown = "\n".join([*self.shown, caplog.text])
        for key in self.sandbox.keys:
            assert key.secret not in shown

    def test_a_token_without_expiry_never_expires(self):
        """No key has an expiry: what is judged is its age, and its idleness."""
        scene = self.make_scene()
        status = self.ask(scene)
        scene.server.stop()
        assert (status.precision, status.expires_at) == (Precision.NOT_APPLICABLE, None)

    @pytest.mark.parametrize(
        ("response", "tries", "words"),
        [
            (Response(429), 3, "429"),
            (Response(429, None, {"Retry-After": "3600"}), 1, "in 3600 s"),
            (say(400, "Throttling"), 1, "limits the rate"),
            (say(400, "RequestExpired"), 1, "time of the request"),
            (say(400, "SomethingNew"), 1, "400"),
            (Response(403, "<ErrorResponse/>"), 1, "403"),
            (Response(403, "<ErrorResponse><Error/></ErrorResponse>"), 1, "403"),
            (Response(403, '{"message": "Forbidden"}'), 1, "403"),
            (Response(500), 1, "500"),
            (Response(503), 3, "503"),
            (Response(418, {}), 1, "418"),
            (Response(200, "<html><body>Sign in</body></html>"), 1, "not XML"),
            (Response(200, "<ListAccessKeysResponse>"), 1, "not XML"),
            (Response(200, "<a>" * 100_000), 1, "not XML"),
            (Response(200, b"\xff\xfe"), 1, "not XML"),
            (Response(200, "<!DOCTYPE x [<!ENTITY e 'e'>]><x>&e;</x>"), 1, "not XML"),
            (Response(200, " " * 10_000_000), 1, "more than 2 MiB"),
        ],
        ids=lambda value: None if isinstance(value, Response) else str(value),
    )
    def test_an_outage_says_nothing_about_the_token(self, scene: Scene, response, tries, words):
        fault = Fault(self.questions, response, times=PLENTY)
        scene.server.faults.append(fault)
        assert words in self.ask_in_vain(scene)
        assert fault.times == PLENTY - tries


class TestByAManager(AwsContract, ListingContract):
    pass


class TestByItself(AwsContract, ListingContract):
    manages = False
    dead_value = State.REVOKED
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": "an access key has no expiry date that could pass",
        "revoked": Refusal(say(403, "InvalidClientTokenId"), State.REVOKED),
        "insufficient-scope": Refusal(
            DENIED, CredentialRejected, "sts:GetCallerIdentity", at="GetCallerIdentity"
        ),
        "wrong-kind": Refusal(say(403, "SignatureDoesNotMatch"), CredentialRejected, "together"),
        "quota": "a list of keys has no quota, and nothing else is asked for here",
        "not-found": "whoever signs is found, or the signature is refused",
    }


class TestMinted(AwsContract, MintingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **AwsContract.refusals,
        "insufficient-scope": Refusal(
            DENIED, CredentialRejected, "iam:CreateAccessKey", at=ACTS, act=True
        ),
        "quota": Refusal(say(409, "LimitExceeded"), ProviderRefused, "two", at=ACTS, act=True),
    }

    def test_mints_beside_the_old_one(self, scene: Scene):
        """AWS gives no date, so that none of the asked for is granted."""
        minted: Minted = self.do(lambda provider: self.act(scene, provider))
        _, _, new = self.sandbox.keys
        assert minted.status == TokenStatus(
            State.ACTIVE,
            Precision.NOT_APPLICABLE,
            created_at=NOW,
            owner="ci",
            token_id=new.id,
            remark="AWS gives access keys no expiry date: it lives until it is deleted",
        )
        parts = {part: value.reveal() for part, value in minted.parts.items()}
        assert parts == {
            "access-key-id": new.id,
            "secret-access-key": new.secret,
            "": new.secret,
        }
        assert self.count_changes(scene) == 1
        assert self.sandbox.is_alive(self.key)


class TestRevoked(AwsContract, RevokingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **AwsContract.refusals,
        "insufficient-scope": Refusal(
            DENIED, CredentialRejected, "iam:UpdateAccessKey", at=ACTS, act=True
        ),
    }

    def test_revokes(self, scene: Scene):
        """Inactive first, so that what still uses it could be told before it is gone."""
        self.do(lambda provider: self.act(scene, provider))
        assert asked(self.sandbox) == [LIST, "UpdateAccessKey", "DeleteAccessKey"]
        assert (self.key.active, self.key.deleted) == (False, True)
        self.ask_in_vain(scene, TokenNotFound)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def aws() -> Iterator[AwsIam]:
    with Transport(sleep=Sleeper()) as transport:
        yield AwsIam(transport)


@pytest.fixture
def ci(sandbox: Sandbox) -> User:
    return sandbox.add_user("ci")


@pytest.fixture
def key(sandbox: Sandbox, ci: User) -> AccessKey:
    return sandbox.create_key(ci, created_at=NOW - AGE)


@pytest.fixture
def manager(sandbox: Sandbox) -> Access:
    return Access(whole(sandbox.create_key(sandbox.add_user("keyturn"))), own=False)


def mint(aws: AwsIam, token: Token, access: Access | None, *, like: str | None = None) -> Minted:
    return aws.mint(token, access, like=like, name="n", expires_at=NOW + AGE, now=NOW)


def revoke(aws: AwsIam, token: Token, access: Access | None, id: str | None = None) -> None:
    aws.revoke(token, access, token_id=id, now=NOW)


def test_an_inactive_key_is_blocked(sandbox, aws, ci, key, manager):
    key.active = False
    status = aws.inspect(declare(sandbox, user="ci"), manager, now=NOW)
    assert (status.state, status.reason) == (State.BLOCKED, "is inactive")
    itself = aws.inspect(declare(sandbox), own(key), now=NOW)
    assert (itself.state, itself.token_id) == (State.REVOKED, key.id)
    assert itself.reason == "is not known to AWS: it was deleted, or is inactive"


def test_which_key_is_meant(sandbox, aws, ci, manager):
    oldest, newer = (sandbox.create_key(ci, created_at=NOW - AGE * n) for n in (3, 2))
    declared = declare(sandbox, user="ci")

    def meant(token: Token = declared, access: Access = manager) -> Any:
        return aws.inspect(token, access, now=NOW).token_id

    assert meant() == newer.id
    newer.active = False
    with Transport() as transport:
        assert AwsIam(transport).inspect(declared, manager, now=NOW).token_id == oldest.id
    # What was given to this run says it better, be it the id alone.
    assert meant(access=replace(manager, value=whole(newer))) == newer.id
    id_alone = {"access-key-id": SecretValue(newer.id)}
    assert meant(access=replace(manager, value=id_alone)) == newer.id
    by_id = declare(sandbox, user="ci", **{"token-id": oldest.id})
    assert meant(by_id, replace(manager, value=whole(newer))) == oldest.id
    with pytest.raises(TokenNotFound) as caught:
        meant(declare(sandbox, user="ci", **{"token-id": "AKIA" + "X" * 16}))
    assert "another user" in caught.value.hint
    assert meant(access=replace(manager, value={"secret-access-key": SecretValue("s")})) == newer.id


def test_a_user_without_keys(sandbox, aws, ci, manager):
    with pytest.raises(TokenNotFound):
        aws.inspect(declare(sandbox, user="ci"), manager, now=NOW)
    with pytest.raises(TokenNotFound):
        aws.inspect(declare(sandbox, user="nobody"), manager, now=NOW)


@pytest.mark.parametrize(
    ("used", "service", "by_manager", "by_itself"),
    [
        (None, "s3", (None, True), (None, False)),
        (USED, "s3", (USED, False), (None, False)),
        (USED, "sts", (USED, False), (None, False)),
    ],
)
def test_its_last_use(sandbox, aws, ci, key, manager, used, service, by_manager, by_itself):
    key.last_used_at, key.service = used, service
    told = aws.inspect(declare(sandbox, user="ci"), manager, now=NOW)
    assert (told.last_used_at, told.never_used) == by_manager
    told = aws.inspect(declare(sandbox), own(key), now=NOW)
    assert (told.last_used_at, told.never_used) == by_itself


def test_its_own_last_use_where_aws_is_slow_to_tell(sandbox, aws, ci, key):
    """AWS may still tell the use before: then it was no question of keyturn's."""
    body = (
        "<GetAccessKeyLastUsedResponse><GetAccessKeyLastUsedResult><UserName>ci</UserName>"
        "<AccessKeyLastUsed><LastUsedDate>2026-11-19T09:00:00Z</LastUsedDate>"
        "<ServiceName>s3</ServiceName><Region>us-east-1</Region></AccessKeyLastUsed>"
        "</GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>"
    )
    sandbox.server.faults.append(Fault(USE, Response(200, body)))
    assert aws.inspect(declare(sandbox), own(key), now=NOW).last_used_at == USED


def test_most_keys_may_not_ask_about_themselves(sandbox, aws):
    key = sandbox.create_key(sandbox.add_user("ci", may=["s3:GetObject"]))
    assert aws.inspect(declare(sandbox), own(key), now=NOW) == TokenStatus(
        State.ACTIVE,
        Precision.NOT_APPLICABLE,
        owner="ci",
        token_id=key.id,
        holds_copy=True,
        remark=UNTOLD_AGE,
    )
    key = sandbox.create_key(sandbox.add_user("cd", may=["iam:ListAccessKeys"]))
    status = aws.inspect(declare(sandbox), own(key), now=NOW)
    assert status.created_at == NOW
    assert "iam:GetAccessKeyLastUsed" in (status.remark or "")


def test_a_pair_that_does_not_belong_together(sandbox, aws, ci, key):
    other = sandbox.create_key(ci)
    mixed = replace(key, secret=other.secret)
    with pytest.raises(CredentialRejected) as caught:
        aws.inspect(declare(sandbox), own(mixed), now=NOW)
    assert "belong together" in caught.value.hint


@pytest.mark.parametrize(("user", "is_meant"), [("ci", True), ("CI", True), ("cd", False)])
def test_a_value_of_another_user(sandbox, aws, ci, key, user, is_meant):
    declared = declare(sandbox, user=user)
    if is_meant:
        assert aws.inspect(declared, own(key), now=NOW).state is State.ACTIVE
    else:
        with pytest.raises(ProviderRefused, match="no access key of the user"):
            aws.inspect(declared, own(key), now=NOW)


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        ("arn:aws:iam::123456789012:user/bots/nightly/ci", "ci"),
        ("arn:aws-us-gov:iam::123456789012:user/ci", "ci"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("arn:aws:sts::123456789012:assumed-role/deploy/job", None),
        ("arn:aws:sts::123456789012:federated-user/ci", None),
    ],
)
def test_whose_a_value_is(sandbox, aws, ci, key, arn, owner):
    result = f"<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>"
    body = f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
    sandbox.server.faults.append(Fault(WHO, Response(200, body)))
    if owner:
        assert aws.inspect(declare(sandbox), own(key), now=NOW).owner == owner
    else:
        with pytest.raises(ProviderRefused):
            aws.inspect(declare(sandbox), own(key), now=NOW)


def test_a_role_may_manage(sandbox, aws, ci, key):
    """As a workflow gets it by OpenID Connect: no secret is stored for it at all."""
    session = sandbox.open_session("keyturn")
    access = Access(apart(session), own=False)
    declared = declare(sandbox, user="ci")
    assert aws.inspect(declared, access, now=NOW).token_id == key.id
    minted = mint(aws, declared, access, like=key.id)
    revoke(aws, declared, access, key.id)
    assert [k.id for k in sandbox.keys_of(ci)] == [minted.status.token_id]
    with pytest.raises(ProviderRefused) as caught:
        aws.inspect(declare(sandbox), access, now=NOW)
    assert "`user:`" in caught.value.hint
    stale = {**apart(session), "session-token": SecretValue("other")}
    with pytest.raises(CredentialRejected) as caught_too:
        aws.inspect(declared, Access(stale, own=False), now=NOW)
    assert "session-token" in caught_too.value.hint


def test_a_manager_of_one_user_sees_that_ones_keys(sandbox, aws, ci, key):
    may = ["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:CreateAccessKey"]
    access = Access(whole(sandbox.create_key(sandbox.add_user("boss", may=may))), own=False)
    rows = aws.list_tokens(declare(sandbox, user="ci"), access, now=NOW)
    assert [row.status.token_id for row in rows] == [key.id]
    with pytest.raises(ProviderError):
        aws.list_tokens(declare(sandbox), access, now=NOW)


def test_all_keys_of_all_users(sandbox, aws, manager):
    sandbox.page_size = 2
    users = [sandbox.add_user(f"user-{n}+x@y") for n in range(5)]
    keys = [sandbox.create_key(user, active=n != 1) for n, user in enumerate(users)]
    keys.append(sandbox.create_key(users[0]))
    rows = aws.list_tokens(declare(sandbox, user="user-0+x@y"), manager, now=NOW)
    listed = {row.status.token_id: row.status for row in rows}
    assert set(listed) == {key.id for key in sandbox.keys}
    assert [k.id for k in keys if listed[k.id].state is State.BLOCKED] == [keys[1].id]
    assert len({row.key for row in rows}) == len(rows) == 7
    asks = asked(sandbox)
    assert (asks.count("ListUsers"), asks.count(LIST), asks.count(USE)) == (3, 6, 7)
    # Nothing of it is asked again in this run.
    aws.list_tokens(declare(sandbox, user="user-1+x@y"), manager, now=NOW)
    aws.inspect(declare(sandbox, user="user-0+x@y"), manager, now=NOW)
    assert asked(sandbox) == asks


def test_a_users_keys_in_pages(sandbox, aws, ci, key, manager):
    sandbox.page_size = 1
    sandbox.create_key(ci)
    with pytest.raises(ProviderRefused, match="no room"):
        mint(aws, declare(sandbox, user="ci"), manager)
    assert asked(sandbox) == [LIST, LIST]


@pytest.mark.parametrize("marker", ["", "<Marker></Marker>", "<Marker>1</Marker>"])
def test_a_list_that_does_not_end(sandbox, aws, ci, key, manager, marker):
    rows = f"<AccessKeyMetadata/><IsTruncated>true</IsTruncated>{marker}"
    result = f"<ListAccessKeysResult>{rows}</ListAccessKeysResult>"
    body = f"<ListAccessKeysResponse>{result}</ListAccessKeysResponse>"
    fault = Fault(LIST, Response(200, body), times=PLENTY)
    sandbox.server.faults.append(fault)
    with pytest.raises(ProviderUnavailable):
        aws.inspect(declare(sandbox, user="ci"), manager, now=NOW)
    assert fault.times is not None
    assert fault.times >= PLENTY - 500


def test_a_third_key_is_refused_before_it_is_asked_for(sandbox, aws, ci, key, manager):
    second = sandbox.create_key(ci, active=False)
    with pytest.raises(ProviderRefused) as caught:
        mint(aws, declare(sandbox, user="ci"), manager, like=key.id)
    assert "inactive" in caught.value.hint
    assert asked(sandbox) == [LIST]
    revoke(aws, declare(sandbox, user="ci"), manager, second.id)
    assert asked(sandbox)[1:] == [LIST, "DeleteAccessKey"]
    assert mint(aws, declare(sandbox, user="ci"), manager, like=key.id).status.token_id


def test_only_like_a_key_of_the_user(sandbox, aws, ci, key, manager):
    sandbox.add_user("cd")
    for access, like in ((manager, key.id), (replace(manager, value=whole(key)), None)):
        with pytest.raises(ProviderRefused, match="none of the user's"):
            mint(aws, declare(sandbox, user="cd"), access, like=like)
    assert len(sandbox.keys) == 2
    # Nothing to be like: the rights are the user's in any case.
    assert mint(aws, declare(sandbox, user="cd"), manager).status.owner == "cd"


def test_a_whole_change_by_the_keys_themselves(sandbox, aws, ci, key):
    declared = declare(sandbox)
    minted = mint(aws, declared, own(key))
    new = Access(minted.parts, own=True, value=minted.parts)
    assert aws.inspect(declared, new, now=NOW).token_id == minted.status.token_id
    revoke(aws, declared, new, key.id)
    assert sandbox.keys_of(ci) == [sandbox.keys[1]]
    assert aws.inspect(declared, own(key), now=NOW).state is State.REVOKED
    assert aws.inspect(declared, new, now=NOW).state is State.ACTIVE


@pytest.mark.parametrize("by_id", [True, False])
def test_no_key_deletes_itself(sandbox, aws, ci, key, by_id):
    with pytest.raises(ProviderRefused, match="its own deletion") as caught:
        revoke(aws, declare(sandbox), own(key), key.id if by_id else None)
    assert "`credential:`" in caught.value.hint
    assert sandbox.server.exchanges == []


def test_neither_id_nor_value(sandbox, aws, ci, key, manager):
    with pytest.raises(ProviderError, match="which one"):
        revoke(aws, declare(sandbox, user="ci"), manager)
    assert sandbox.server.exchanges == []


def test_a_living_key_of_another_user_is_not_taken_for_dead(sandbox, aws, key, manager):
    sandbox.add_user("cd")
    declared = declare(sandbox, user="cd")
    for access, id in ((manager, key.id), (replace(manager, value=whole(key)), None)):
        with pytest.raises(ProviderRefused, match="AWS knows it"):
            revoke(aws, declared, access, id)
    assert sandbox.is_alive(key)
    key.deleted = True
    for access, id in ((manager, key.id), (replace(manager, value=whole(key)), None)):
        revoke(aws, declared, access, id)
    assert "DeleteAccessKey" not in asked(sandbox)


@pytest.mark.parametrize(
    ("lost", "left"),
    [("UpdateAccessKey", ["DeleteAccessKey"]), ("DeleteAccessKey", [USE])],
)
def test_a_lost_answer_is_looked_for(sandbox, aws, ci, key, manager, lost, left):
    """Bodies are not matched by a fault, so the count of changes tells which is lost."""
    declared = declare(sandbox, user="ci")
    if lost == "DeleteAccessKey":
        key.active = False
    sandbox.server.faults.append(Fault(ACTS, drop=True, after=True, times=1))
    with pytest.raises(ProviderUnavailable):
        revoke(aws, declared, manager, key.id)
    assert asked(sandbox)[-1] == lost
    so_far = len(asked(sandbox))
    revoke(aws, declared, manager, key.id)
    assert asked(sandbox)[so_far:] == [LIST, *left]
    assert key.deleted


def test_somebody_else_was_faster(sandbox, aws, ci, key, manager):
    sandbox.server.faults.append(Fault(ACTS, say(404, "NoSuchEntity")))
    revoke(aws, declare(sandbox, user="ci"), manager, key.id)
    assert asked(sandbox) == [LIST]


def test_it_is_inactive_where_it_may_not_be_deleted(sandbox, aws, ci, key):
    may = ["iam:ListAccessKeys", "iam:UpdateAccessKey"]
    access = Access(whole(sandbox.create_key(sandbox.add_user("keyturn", may=may))), own=False)
    with pytest.raises(CredentialRejected) as caught:
        revoke(aws, declare(sandbox, user="ci"), access, key.id)
    assert "iam:DeleteAccessKey" in caught.value.hint
    assert (key.active, key.deleted) == (False, False)


def test_what_was_changed_is_asked_about_afresh(sandbox, aws, ci, key, manager):
    declared = declare(sandbox, user="ci")
    assert aws.inspect(declared, manager, now=NOW).token_id == key.id
    minted = mint(aws, declared, manager, like=key.id)
    assert aws.inspect(declared, manager, now=NOW).token_id == minted.status.token_id
    sandbox.server.faults.append(Fault(ACTS, drop=True, after=True))
    with pytest.raises(ProviderUnavailable):
        revoke(aws, declared, manager, key.id)
    by_id = declare(sandbox, user="ci", **{"token-id": key.id})
    assert aws.inspect(by_id, manager, now=NOW).state is State.BLOCKED


def test_a_new_key_needs_a_while_and_is_not_called_dead(sandbox, aws, ci, key, manager):
    sandbox.clock.advance(timedelta(seconds=10))
    sandbox.delay = timedelta(seconds=10)
    declared = declare(sandbox, user="ci")
    minted = mint(aws, declared, manager, like=key.id)
    new = Access(minted.parts, own=True, value=minted.parts)
    with pytest.raises(ProviderUnavailable, match="not know the new key yet"):
        aws.inspect(declared, new, now=NOW)
    sandbox.clock.advance(timedelta(seconds=10))
    assert aws.inspect(declared, new, now=NOW).state is State.ACTIVE
    revoke(aws, declared, manager, minted.status.token_id)
    assert aws.inspect(declared, new, now=NOW).state is State.REVOKED


def test_a_list_that_does_not_hold_the_new_key_yet(sandbox, aws, ci, key):
    rows = "<AccessKeyMetadata/><IsTruncated>false</IsTruncated>"
    result = f"<ListAccessKeysResult>{rows}</ListAccessKeysResult>"
    body = f"<ListAccessKeysResponse>{result}</ListAccessKeysResponse>"
    sandbox.server.faults.append(Fault(LIST, Response(200, body)))
    with pytest.raises(ProviderUnavailable, match="does not list it yet"):
        aws.inspect(declare(sandbox), own(key), now=NOW)


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(minutes=-5), None),
        (timedelta(minutes=5), None),
        (timedelta(minutes=-5, seconds=-1), "it is 5 minutes behind"),
        (timedelta(minutes=5, seconds=1), "it is 5 minutes ahead"),
        (timedelta(hours=1), "it is 60 minutes ahead"),
    ],
)
def test_a_clock_that_is_off(sandbox, aws, ci, key, off, words):
    if words is None:
        assert aws.inspect(declare(sandbox), own(key), now=NOW + off).state is State.ACTIVE
        return
    with pytest.raises(ProviderUnavailable) as caught:
        aws.inspect(declare(sandbox), own(key), now=NOW + off)
    assert words in caught.value.message
    assert "clock" in caught.value.hint


def test_a_clock_of_which_nothing_is_told(sandbox, aws, ci, key):
    message = "Signature expired: x is now earlier than y (99999999T999999Z - 5 min.)"
    sandbox.server.faults.append(Fault(".", say(403, "SignatureDoesNotMatch", message)))
    with pytest.raises(ProviderUnavailable, match=r"the time of the request$"):
        aws.inspect(declare(sandbox), own(key), now=NOW)


def test_another_region(sandbox, aws, ci, key):
    with pytest.raises(CredentialRejected) as caught:
        aws.inspect(declare(sandbox, region="us-gov-west-1"), own(key), now=NOW)
    assert "`region:`" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "region", "sts"),
    [
        (None, None, "https://sts.us-east-1.amazonaws.com"),
        ("https://iam.us-gov.amazonaws.com", "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
        ("https://IAM.cn-north-1.amazonaws.com.cn", "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"),
        ("https://iam.amazonaws.com.example.org", None, "https://iam.amazonaws.com.example.org"),
        ("https://iam.example.org", None, "https://iam.example.org"),
    ],
)  # fmt: skip
def test_where_sts_is_asked(url, region, sts):
    given = {key: value for key, value in (("url", url), ("region", region)) if value}
    assert Options.model_validate(given).sts_url == sts


def test_without_a_pair(sandbox, aws, ci, key):
    half = {"access-key-id": SecretValue(key.id)}
    for access in (None, Access({}, own=False), Access(half, own=True, value=half)):
        with pytest.raises(CredentialRejected) as caught:
            aws.inspect(declare(sandbox), access, now=NOW)
        assert "`credential:`" in caught.value.hint
    assert sandbox.server.exchanges == []


@pytest.mark.parametrize(
    ("created", "secret", "field"),
    [
        ("2026-11-22", "s", "CreateDate"),
        ("2026-11-22T09:00:00", "s", "CreateDate"),
        ("2026-13-22T09:00:00Z", "s", "CreateDate"),
        ("2026-11-22T09:00:00+01:00", "s", "CreateDate"),
        ("2026-11-22T09:00:00Z", "", "SecretAccessKey"),
        ("2026-11-22T09:00:00Z", "two words", "SecretAccessKey"),
    ],
)
def test_a_new_key_that_is_none(sandbox, aws, ci, key, manager, created, secret, field):
    fields = f"<AccessKeyId>{'A' * 20}</AccessKeyId><Status>Active</Status>"
    fields += f"<CreateDate>{created}</CreateDate><SecretAccessKey>{secret}</SecretAccessKey>"
    result = f"<CreateAccessKeyResult><AccessKey>{fields}</AccessKey></CreateAccessKeyResult>"
    body = f"<CreateAccessKeyResponse>{result}</CreateAccessKeyResponse>"
    sandbox.server.faults.append(Fault(ACTS, Response(200, body)))
    with pytest.raises(ProviderUnavailable, match=field):
        mint(aws, declare(sandbox, user="ci"), manager, like=key.id)


@pytest.mark.parametrize("secret", ["line\nbreak", "half a \udcff", "bl ank"])
def test_a_secret_of_ours_that_is_none(sandbox, aws, ci, key, secret):
    with pytest.raises(CredentialRejected):
        aws.inspect(declare(sandbox), own(replace(key, secret=secret)), now=NOW)


def test_an_id_that_no_header_can_carry(sandbox, aws, ci, key):
    with pytest.raises(CredentialRejected, match="not sent"):
        aws.inspect(declare(sandbox), own(replace(key, id="line\nbreak")), now=NOW)


PAIR = {"access-key-id": "ID", "secret-access-key": "SECRET"}
MANAGER = {"access-key-id": "M_ID", "secret-access-key": "M_SECRET"}
USER = {"user": "ci"}


@pytest.mark.parametrize(
    ("value", "credential", "options", "part", "problems"),
    [
        (PAIR, {}, {}, None, []),
        ({"": "KEY"}, {}, {}, "access-key-id", []),
        (PAIR, PAIR, {}, "secret-access-key", []),
        ({}, MANAGER, USER, None, []),
        ({}, {**MANAGER, "session-token": "M_TOKEN"}, USER, None, []),
        ({"access-key-id": "ID"}, MANAGER, USER, None, ["two parts"]),
        ({**PAIR, "session-token": "T"}, {}, {}, None, ["two parts"]),
        ({}, {"": "KEY", "session-token": "T"}, USER, None, []),
        ({}, {"session-token": "T"}, USER, None, ["two parts"]),
        ({}, {}, {}, None, ["nothing to ask"]),
        (PAIR, MANAGER, {}, None, ["`user:`"]),
        (PAIR, {}, {}, "token", ["does not have"]),
    ],
)
def test_what_can_never_work(value, credential, options, part, problems):
    ref = SecretRef(Scope("octo", "app"), "AWS_KEY")
    token = Token(
        "t",
        "aws-iam",
        options=options,
        value_env=value,
        credential_env=credential,
        secrets=(StoredPart(ref, part),),
    )
    told = AwsIam.check_declaration(token)
    assert len(told) == len(problems)
    for message, words in zip(told, problems, strict=True):
        assert words in message


def test_options():
    given = {"url": "https://iam.amazonaws.com/", "region": "us-east-1"}
    assert Options.model_validate(given) == Options()
    for wrong in (
        {"url": "http://example.com"},
        {"url": "https://example.com/iam"},
        {"user": "two words"},
        {"user": ""},
        {"token-id": "short"},
        {"region": "moon"},
        {"kind": "user"},
    ):
        with pytest.raises(ValidationError):
            Options.model_validate(wrong)
