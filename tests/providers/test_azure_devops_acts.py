"""What is special about making, extending and revoking PATs; the rest is inherited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

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
from keyturn.model import (
    Token,
    TokenStatus,
)
from keyturn.providers._azure_answers import Outcome, find_error
from keyturn.providers.azure_devops import AzureDevOps
from keyturn.sandbox.azure_devops import AzureDevOps as Sandbox
from keyturn.sandbox.azure_devops_world import ADMIN_SCOPES, EntraToken, User
from keyturn.sandbox.azure_devops_world import Pat as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.azure_scenes import (
    CREATED,
    GOOD_ROW,
    SCOPES,
    ByAnAdministrator,
    ByItsOwner,
    asked,
    declare,
    lines,
    manager,
    own,
    start,
    told,
)
from tests.providers.contract import (
    NOW,
    ExtendingContract,
    MintingContract,
    Refusal,
    RevokingContract,
    Scene,
    Sleeper,
)
from tests.specs import find_spec


class TestExtendedByItsOwner(ByItsOwner, ExtendingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **ByItsOwner.refusals,
        "not-found": Refusal(
            Response(200, {"patTokenError": "authorizationNotFound"}), TokenNotFound, act=True
        ),
        "expired": Refusal(
            Response(200, {"patTokenError": "expiredPatCannotBeExtended"}),
            ProviderRefused,
            at="^PUT",
            act=True,
        ),
    }


class TestMintedByItsOwner(ByItsOwner, MintingContract):
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        **ByItsOwner.refusals,
        "wrong-kind": Refusal(
            Response(200, {"patTokenError": "invalidUserType"}),
            CredentialRejected,
            "service principals",
            at="^POST",
            act=True,
        ),
    }

    def old_one_lives(self, scene: Scene) -> None:
        assert self.sandbox.is_accepted(self.pat)


class TestRevokedByItsOwner(ByItsOwner, RevokingContract):
    pass


class TestRevokedByAnAdministrator(ByAnAdministrator, RevokingContract):
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


class TestExtending:
    LATER = NOW + timedelta(days=90)

    def extend(self, sandbox, azure: AzureDevOps, pat, user: User) -> TokenStatus:
        access = manager(sandbox.sign_in(user))
        declared = declare(sandbox, token="ci")
        return azure.extend(declared, access, token_id=pat.id, expires_at=self.LATER, now=NOW)

    @pytest.mark.parametrize(
        ("longest", "granted"),
        [
            (timedelta(days=100), CREATED + timedelta(days=100)),
            (timedelta(days=130), LATER),
            (timedelta(days=60), CREATED + timedelta(days=60)),
        ],
    )
    def test_tells_what_was_granted_and_not_what_was_asked(
        self, sandbox, azure, ann, longest, granted
    ):
        pat = sandbox.create_pat(
            "ci",
            owner=ann,
            scope=SCOPES,
            valid_from=CREATED,
            valid_to=CREATED + timedelta(days=60),
        )
        value = pat.value
        sandbox.policies.longest = longest
        assert self.extend(sandbox, azure, pat, ann).expires_at == granted
        assert (pat.value, pat.name, pat.scope, pat.all_orgs) == (value, "ci", SCOPES, False)
        assert lines(sandbox) == ["GET tokens/pats", "PUT tokens/pats", "GET tokens/pats"]

    @pytest.mark.parametrize(
        ("end", "kind", "words"),
        [
            ("expired", ProviderRefused, "expiredPatCannotBeExtended"),
            ("revoked", TokenNotFound, "authorizationNotFound"),
            ("gone", TokenNotFound, "authorizationNotFound"),
            ("global", BlockedByPolicy, "globalPATCreationBlocked"),
        ],
    )
    def test_what_cannot_be_extended(self, sandbox, azure, ann, end, kind, words):
        pat = sandbox.create_pat("ci", owner=ann, all_orgs=end == "global")
        if end == "expired":
            pat.valid_to = NOW
        elif end == "revoked":
            sandbox.revoke(pat.id)
        elif end == "gone":
            sandbox.pats.clear()
        with pytest.raises(kind, match=words) as caught:
            self.extend(sandbox, azure, pat, ann)
        assert type(caught.value) is kind


class TestMinting:
    UNTIL = NOW + timedelta(days=90)

    def mint(self, sandbox, azure, pat, user: User) -> Any:
        return azure.mint(
            declare(sandbox, token="ci"),
            manager(sandbox.sign_in(user)),
            like=pat.id,
            name="ci kt-1a2b3c4d",
            expires_at=self.UNTIL,
            now=NOW,
        )

    def test_copies_the_scopes_and_tells_the_value(self, sandbox, azure, ann):
        pat = sandbox.create_pat("ci", owner=ann, scope=SCOPES)
        minted = self.mint(sandbox, azure, pat, ann)
        made = sandbox.find(minted.status.token_id)
        assert (made.name, made.scope, made.all_orgs) == ("ci kt-1a2b3c4d", SCOPES, False)
        assert minted.parts[""].reveal() == made.value
        assert made.value not in repr(minted)

    def test_a_cut_date_is_told(self, sandbox, azure, ann):
        sandbox.policies.longest = timedelta(days=7)
        minted = self.mint(sandbox, azure, sandbox.create_pat("ci", owner=ann), ann)
        assert minted.status.expires_at == NOW + timedelta(days=7)

    @pytest.mark.parametrize(
        ("policy", "scope", "everywhere", "words"),
        [
            ("no_full_scope", "app_token", False, "fullScopePatPolicyViolation"),
            ("no_new", "vso.code", False, "disablePatCreationPolicyViolation"),
            ("no_global", "vso.code", True, "globalPatPolicyViolation"),
            (None, "vso.code", True, "globalPATCreationBlocked"),
        ],
    )
    def test_policies(self, sandbox, azure, ann, policy, scope, everywhere, words):
        if policy:
            setattr(sandbox.policies, policy, True)
        pat = sandbox.create_pat("ci", owner=ann, scope=scope, all_orgs=everywhere)
        with pytest.raises(BlockedByPolicy, match=words) as caught:
            self.mint(sandbox, azure, pat, ann)
        assert caught.value.hint
        assert len(sandbox.pats) == 1

    def test_without_a_pattern_nothing_is_made(self, sandbox, azure, ann):
        with pytest.raises(ProviderRefused):
            azure.mint(
                declare(sandbox),
                manager(sandbox.sign_in(ann)),
                like=None,
                name="x",
                expires_at=self.UNTIL,
                now=NOW,
            )
        assert asked(sandbox) == []

    def test_a_value_that_is_none_is_not_quoted(self, sandbox, azure, ann):
        pat = sandbox.create_pat("ci", owner=ann)
        body = {"patTokenError": "none", "patToken": {**GOOD_ROW, "token": ["hidden"]}}
        sandbox.server.faults.append(Fault("^POST", Response(200, body)))
        with pytest.raises(ProviderUnavailable, match=r"\(token\)") as caught:
            self.mint(sandbox, azure, pat, ann)
        assert "hidden" not in str(caught.value.__cause__)


_NAMES = {
    "accessDenied": CredentialRejected,
    "invalidUserType": CredentialRejected,
    "tokenNotFound": TokenNotFound,
    "invalidAuthorizationId": TokenNotFound,
    "patLifespanPolicyViolation": BlockedByPolicy,
    "invalidScope": ProviderRefused,
    "duplicateHash": ProviderRefused,
    "failedToReadTenantPolicy": ProviderUnavailable,
    "failedToIssueAccessToken": ProviderUnavailable,
    "somethingNew": ProviderUnavailable,
}


@pytest.mark.parametrize("name", _NAMES)
def test_an_error_inside_of_200(sandbox, azure, ann, name):
    pat = sandbox.create_pat("ci", owner=ann)
    body = {"patToken": None, "patTokenError": name}
    sandbox.server.faults.append(Fault("^PUT", Response(200, body)))
    with pytest.raises(ProviderError) as caught:
        azure.extend(
            declare(sandbox),
            manager(sandbox.sign_in(ann)),
            token_id=pat.id,
            expires_at=NOW + timedelta(days=60),
            now=NOW,
        )
    assert type(caught.value) is _NAMES[name]
    assert (name in caught.value.message) == (name != "somethingNew")


def test_every_described_error_is_known(shared):
    text = find_spec(shared, "azure-devops-tokens-7.2.json").read_text(encoding="utf-8")
    (found,) = re.findall(r'"patTokenError":\s*\{[^{}]*"enum":\s*\[([^\]]*)\]', text)
    names = re.findall(r'"(\w+)"', found)
    assert len(names) > 30
    for name in names:
        error = find_error(Outcome(patToken=None, patTokenError=name), host="h")
        assert (error is None) == (name == "none")
        assert error is None or name in error.message


class TestRevoking:
    @pytest.mark.parametrize("status", [200, 204])
    def test_either_answer_is_a_success(self, sandbox, azure, ann, status):
        sandbox.server.faults.append(Fault("^DELETE", Response(status)))
        azure.revoke(declare(sandbox), manager(sandbox.sign_in(ann)), token_id="x", now=NOW)

    def test_an_error_inside_of_200_is_none(self, sandbox, azure, ann):
        body = {"patToken": None, "patTokenError": "accessDenied"}
        sandbox.server.faults.append(Fault("^DELETE", Response(200, body)))
        access, pat = manager(sandbox.sign_in(ann)), sandbox.create_pat(owner=ann)
        with pytest.raises(CredentialRejected, match="accessDenied"):
            azure.revoke(declare(sandbox), access, token_id=pat.id, now=NOW)
        sandbox.server.faults[:] = [
            Fault("^DELETE", Response(200, {**body, "patTokenError": "none"}))
        ]
        azure.revoke(declare(sandbox), access, token_id=pat.id, now=NOW)

    def test_any_other_is_none(self, sandbox, azure, root):
        sandbox.server.faults.append(Fault("^POST", Response(200, "<html>Sign in</html>")))
        asking = sandbox.create_pat(owner=root, scope=ADMIN_SCOPES)
        with pytest.raises(ProviderUnavailable, match="200, which is not expected"):
            azure.revoke(declare(sandbox), manager(asking), token_id="x", now=NOW)

    @pytest.mark.parametrize("user", [None, "ann@acme.example"])
    def test_an_administrators_pat_revokes_by_id(self, sandbox, azure, ann, root, user):
        pat = sandbox.create_pat("ci", owner=ann)
        asking = sandbox.create_pat(owner=root, scope=ADMIN_SCOPES)
        declared = declare(sandbox, user=user)
        azure.revoke(declared, manager(asking), token_id=pat.id, now=NOW)
        assert (pat.revoked_at, asking.revoked_at) == (NOW, None)
        assert lines(sandbox) == ["POST tokenadmin/revocations"]

    def test_nothing_without_an_id(self, sandbox, azure, ann):
        with pytest.raises(ProviderRefused):
            azure.revoke(declare(sandbox), manager(sandbox.sign_in(ann)), token_id=None, now=NOW)
        assert asked(sandbox) == []

    def test_a_refusal_of_what_was_asked(self, sandbox, azure, root):
        sandbox.server.faults.append(Fault("^POST", told("no", 400)))
        asking = sandbox.create_pat(owner=root, scope=ADMIN_SCOPES)
        with pytest.raises(ProviderRefused, match="400") as caught:
            azure.revoke(declare(sandbox), manager(asking), token_id="x", now=NOW)
        assert type(caught.value) is ProviderRefused


class TestRules:
    def make(self, sandbox, azure, user: User, *, before: datetime = NOW) -> None:
        azure.revoke_everything_before(
            declare(sandbox),
            manager(sandbox.create_pat(owner=user, scope=ADMIN_SCOPES)),
            created_before=before,
            now=NOW,
        )

    def test_a_rule_ends_all_that_is_older(self, sandbox, azure, ann, root):
        sandbox.users_per_page = 1
        old = [
            sandbox.create_pat(owner=owner, scope=scope, valid_from=CREATED)
            for owner, scope in ((ann, SCOPES), (root, "vso.work"), (ann, "app_token"))
        ]
        new = sandbox.create_pat(owner=ann, valid_from=NOW)
        self.make(sandbox, azure, root)
        assert [sandbox.is_accepted(pat) for pat in (*old, new)] == [False] * 3 + [True]
        (rule,) = sandbox.rules
        assert rule.created_before == NOW
        assert {"app_token", "vso.work", *SCOPES.split()} <= rule.scopes
        assert lines(sandbox).count("POST tokenadmin/revocationrules") == 1

    def test_reads_the_lists_afresh(self, sandbox, azure, ann, root):
        access = manager(sandbox.sign_in(root))
        sandbox.create_pat("ci", owner=ann)
        azure.inspect(declare(sandbox, user=ann.name, token="ci"), access, now=NOW)
        sandbox.create_pat("late", owner=ann, scope="vso.late")
        azure.revoke_everything_before(declare(sandbox), access, created_before=NOW, now=NOW)
        assert "vso.late" in sandbox.rules[0].scopes

    def test_none_without_every_list(self, sandbox, azure, root):
        sandbox.server.faults.append(Fault("personalaccesstokens", Response(500)))
        with pytest.raises(ProviderUnavailable):
            self.make(sandbox, azure, root)
        assert sandbox.rules == []

    def test_none_for_a_moment_to_come(self, sandbox, azure, root):
        with pytest.raises(ProviderRefused):
            self.make(sandbox, azure, root, before=NOW + timedelta(seconds=1))
        assert asked(sandbox) == []

    def test_needs_the_right(self, sandbox, azure, ann):
        with pytest.raises(CredentialRejected) as caught:
            self.make(sandbox, azure, ann)
        assert "Project Collection Administrators" in caught.value.hint
        assert sandbox.rules == []

    def test_is_sent_once(self, sandbox, azure, root):
        fault = Fault("^POST", drop=True, after=True)
        sandbox.server.faults.append(fault)
        with pytest.raises(ProviderUnavailable):
            self.make(sandbox, azure, root)
        assert lines(sandbox).count("POST tokenadmin/revocationrules") == 1


def acts(azure: AzureDevOps, token: Token, access: Access) -> list[Any]:
    def extend() -> object:
        return azure.extend(token, access, token_id="x", expires_at=NOW, now=NOW)

    def mint() -> object:
        return azure.mint(token, access, like="x", name="n", expires_at=NOW, now=NOW)

    def revoke() -> None:
        azure.revoke(token, access, token_id="x", now=NOW)

    def rule() -> None:
        azure.revoke_everything_before(token, access, created_before=NOW, now=NOW)

    return [extend, mint, revoke, rule]


class TestCredentials:
    def test_a_value_does_nothing_to_pats(self, sandbox, azure, ann):
        access = own(sandbox.create_pat(owner=ann, scope="app_token"))
        for act in acts(azure, declare(sandbox), access):
            with pytest.raises(CredentialRejected) as caught:
                act()
            assert "`credential:`" in caught.value.hint
        assert asked(sandbox) == []

    @pytest.mark.parametrize("user", [None, "ann@acme.example"])
    def test_only_a_signed_in_user_extends_and_mints(self, sandbox, azure, ann, root, user):
        asking: list[Issued | EntraToken] = [sandbox.create_pat(owner=root, scope="app_token")]
        if user:
            asking.append(sandbox.sign_in(root))
        for credential in asking:
            for act in acts(azure, declare(sandbox, user=user), manager(credential))[:2]:
                with pytest.raises(CredentialRejected) as caught:
                    act()
                assert "service principals" in caught.value.hint
        assert asked(sandbox) == []

    def test_a_service_principal_is_told_that_it_cannot(self, sandbox, azure):
        robot = sandbox.add_user("robot", person=False)
        access = manager(sandbox.sign_in(robot))
        with pytest.raises(CredentialRejected, match="sign-in page") as caught:
            azure.inspect(declare(sandbox, token="ci"), access, now=NOW)
        assert "service principals" in caught.value.hint

    @pytest.mark.parametrize("face", ["203", "302", "401", "anonymous"])
    def test_a_dead_one_is_presented_once_a_run(self, sandbox, azure, ann, face):
        sandbox.sign_in_face = face
        for lifetime, options in ((None, {"user": ann.name}), (timedelta(0), {})):
            credential = (
                sandbox.sign_in(ann, lifetime=lifetime)
                if lifetime is not None
                else sandbox.create_pat(owner=ann, valid_to=NOW)
            )
            before = len(asked(sandbox))
            for name in ("a", "b", "c"):
                with pytest.raises(CredentialRejected):
                    azure.inspect(
                        declare(sandbox, token=name, **options), manager(credential), now=NOW
                    )
            assert len(asked(sandbox)) == before + 1

    def test_a_pat_without_a_user_is_told_what_is_missing(self, sandbox, azure, root):
        access = manager(sandbox.create_pat(owner=root, scope=ADMIN_SCOPES))
        with pytest.raises(CredentialRejected) as caught:
            azure.inspect(declare(sandbox, token="ci"), access, now=NOW)
        assert "`user:`" in caught.value.hint
        assert asked(sandbox) == []

    def test_an_entra_token_is_no_value(self, sandbox, azure, ann):
        access = Access({"": SecretValue(sandbox.sign_in(ann).value)}, own=True)
        with pytest.raises(CredentialRejected, match="not a PAT"):
            azure.inspect(declare(sandbox), access, now=NOW)
        assert asked(sandbox) == []

    @pytest.mark.parametrize("tail", ["\n", " ", "\N{RIGHT DOUBLE QUOTATION MARK}"])
    def test_what_no_pat_holds_is_not_sent(self, sandbox, azure, ann, tail):
        value = sandbox.create_pat(owner=ann).value + tail
        with pytest.raises(CredentialRejected, match="not sent") as caught:
            azure.inspect(declare(sandbox), Access({"": SecretValue(value)}, own=True), now=NOW)
        assert value not in str(caught.value)
        assert asked(sandbox) == []

    def test_without_one_nothing_is_asked(self, sandbox, azure):
        for access in (None, Access({}, own=False)):
            with pytest.raises(CredentialRejected):
                azure.inspect(declare(sandbox, token="x"), access, now=NOW)
        assert asked(sandbox) == []

    def test_none_is_kept_where_a_repr_shows_it(self, sandbox, azure, ann):
        credential = sandbox.sign_in(ann)
        azure.list_tokens(declare(sandbox), manager(credential), now=NOW)
        (session,) = azure._sessions.values()
        assert credential.value not in f"{vars(azure)!r}{vars(session)!r}"
