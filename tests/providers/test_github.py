from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
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
from keyturn.instants import EXPIRY_HEADER
from keyturn.interfaces import Access
from keyturn.model import (
    Deadline,
    DeadlineReason,
    Precision,
    Scope,
    SecretRef,
    State,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.providers._github_answers import (
    UNUSED,
    UNUSED_SOURCE,
    find_expiry,
)
from keyturn.providers._github_options import Options
from keyturn.providers.github import GitHub
from keyturn.sandbox.github import GitHub as Sandbox
from keyturn.sandbox.server import Clock, Fault, Response
from keyturn.scan.patterns import PATTERNS
from keyturn.secret_value import SecretValue
from keyturn.transport import Reply, Transport
from tests.providers.contract import (
    NOW,
    ListingContract,
    Refusal,
    RevokingContract,
    Scene,
    Sleeper,
)

CLASSIC = "gh" + "p_" + "c" * 36
FINE = "github_" + "pat_" + "f" * 82
APP = "gh" + "s_" + "a" * 36
ENDS = datetime(2027, 1, 5, 3, 7, 38, tzinfo=UTC)
CREATED = NOW - timedelta(days=40)
USED = NOW - timedelta(days=3)
YEAR = timedelta(days=365)
GRANTS = "/orgs/octo/personal-access-tokens"
BAD = Response(401, {"message": "Bad credentials", "status": "401"})
NO_APP_RIGHT = Response(403, {"message": "Resource not accessible by integration"})
NOT_AN_APP = Response(403, {"message": "Resource not accessible by personal access token"})
ABSENT = Response(404, {"message": "Not Found"})
TOO_LONG = (
    "The 'octo' {who} forbids access via a {sort} if the token's lifetime is greater than 366 days."
    " Please adjust your token's lifetime at the following URL: https://github.com/settings/tokens"
)


def start() -> Sandbox:
    sandbox = Sandbox(Clock(NOW))
    sandbox.add_organization("octo")
    sandbox.add_repository("octo/app")
    sandbox.add_token(APP)
    sandbox.server.start()
    return sandbox


def declare(sandbox: Sandbox, **options: Any) -> Token:
    return Token("t", "github", options={"url": sandbox.url, **options})


def own(value: str = CLASSIC) -> Access:
    secret = {"": SecretValue(value)}
    return Access(secret, own=True, value=secret)


def manager(value: str = APP) -> Access:
    return Access({"": SecretValue(value)}, own=False)


def fine_grained(sandbox: Sandbox, **options: Any) -> Token:
    return declare(sandbox, kind="fine-grained", organization="octo", **options)


def deploy_key(sandbox: Sandbox, **options: Any) -> Token:
    return declare(sandbox, kind="deploy-key", repository="octo/app", **options)


class TestAskedByItself(RevokingContract):
    provider = GitHub
    dead_value = State.REVOKED
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(BAD, State.REVOKED),
        "revoked": Refusal(BAD, State.REVOKED),
        "insufficient-scope": "any personal token may ask who it belongs to",
        "wrong-kind": Refusal(NO_APP_RIGHT, CredentialRejected),
        "quota": "GitHub documents no largest number of personal tokens",
        "not-found": Refusal(ABSENT, TokenNotFound),
    }

    def refusal(self, status: int) -> Response:
        return BAD if status == 401 else super().refusal(status)

    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        ends = ENDS.astimezone(timezone(timedelta(hours=2))) if expires else None
        sandbox.add_token(CLASSIC, kind="pat", login="alice", expires=ends, scopes=("repo", "gist"))
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=ENDS,
            scopes=("repo", "gist"),
            owner="alice",
            holds_copy=True,
        )
        declared = declare(sandbox, organization="octo")
        return Scene(sandbox.server, declared, own(), expected)


class ManagedContract(ListingContract, RevokingContract):
    provider = GitHub
    refusals: ClassVar[Mapping[str, Refusal | str]] = {
        "expired": Refusal(BAD, CredentialRejected, "has expired"),
        "revoked": Refusal(BAD, CredentialRejected, "revoked"),
        "insufficient-scope": Refusal(NO_APP_RIGHT, CredentialRejected, "permission"),
        "wrong-kind": Refusal(NOT_AN_APP, CredentialRejected, "permission"),
        "quota": Refusal(
            Response(422, {"message": "Validation Failed"}), ProviderRefused, at="^(POST|DELETE)",
            act=True,
        ),
        "not-found": Refusal(ABSENT, TokenNotFound),
    }  # fmt: skip


class TestAFineGrainedToken(ManagedContract):
    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        octo = sandbox.organization("octo")
        octo.add_grant("other")
        areas = {"repository": {"contents": "write"}, "organization": {"members": "read"}}
        made = octo.add_grant(
            "ci",
            owner="alice",
            permissions=areas,
            expires_at=ENDS if expires else None,
            last_used_at=USED.astimezone(timezone(timedelta(hours=-7))),
            at=CREATED,
        )
        expected = TokenStatus(
            State.ACTIVE,
            Precision.INSTANT,
            expires_at=ENDS,
            last_used_at=USED,
            scopes=("contents:write", "members:read"),
            owner="alice",
            token_id=str(made.token_id),
            ends=(Deadline(USED + YEAR, DeadlineReason.IDLE_REMOVAL, UNUSED_SOURCE),),
            remark=UNUSED,
        )
        return Scene(sandbox.server, fine_grained(sandbox, token="ci"), manager(), expected)


class TestADeployKey(ManagedContract):
    def make_scene(self, *, expires: bool = True) -> Scene:
        sandbox = start()
        repository = sandbox.repository("octo/app")
        repository.add_deploy_key("other")
        made = repository.add_deploy_key("server", added_by="alice", last_used=USED, at=CREATED)
        expected = TokenStatus(
            State.ACTIVE,
            Precision.NOT_APPLICABLE,
            created_at=CREATED,
            last_used_at=USED,
            scopes=("read",),
            owner="alice",
            token_id=str(made.id),
        )
        return Scene(sandbox.server, deploy_key(sandbox, token="server"), manager(), expected)

    def test_a_token_without_expiry_never_expires(self):
        """A deploy key has no expiry that could be missing: `make_scene` knows one sort only."""
        scene = self.make_scene()
        status = self.ask(scene)
        scene.server.stop()
        assert (status.precision, status.expires_at) == (Precision.NOT_APPLICABLE, None)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def github() -> Iterator[GitHub]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitHub(transport)


def paths(sandbox: Sandbox) -> list[str]:
    return [exchange.request.path for exchange in sandbox.server.exchanges]


class TestTheExpiryHeader:
    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("2026-09-27 03:07:38 UTC", datetime(2026, 9, 27, 3, 7, 38, tzinfo=UTC)),
            ("2023-04-26 20:23:26 +0200", datetime(2023, 4, 26, 18, 23, 26, tzinfo=UTC)),
            ("2027-01-01 00:00:00 -0730", datetime(2027, 1, 1, 7, 30, tzinfo=UTC)),
        ],
    )
    def test_is_read_in_both_its_forms(self, text: str, at: datetime):
        assert find_expiry(Reply("h", 200, {EXPIRY_HEADER: text}, b"")) == at

    @given(
        second=st.integers(min_value=0, max_value=1 << 33),
        minutes=st.integers(min_value=-14 * 60, max_value=14 * 60),
    )
    def test_means_the_same_instant_in_every_zone(self, second: int, minutes: int):
        at = datetime.fromtimestamp(second, timezone(timedelta(minutes=minutes)))
        text = at.strftime("%Y-%m-%d %H:%M:%S %z")
        assert find_expiry(Reply("h", 200, {EXPIRY_HEADER: text}, b"")) == at

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "never",
            "2026-09-27",
            "2026-09-27 03:07:38",
            "2026-09-27 03:07:38 GMT",
            "2026-09-27 03:07:38 CEST",
            "2026-09-27T03:07:38Z",
            "2026-09-27 03:07:38 +02:00",
            "2026-09-27 03:07:38 +9900",
            "2026-02-30 03:07:38 UTC",
            "2026-9-27 3:7:38 UTC",
            "0001-01-01 00:00:00 +1400",
            "1790478458",
            " 2026-09-27 03:07:38 UTC",
            "202\N{ARABIC-INDIC DIGIT SIX}-09-27 03:07:38 UTC",
        ],
    )
    def test_is_never_guessed(self, text: str):
        with pytest.raises(ProviderUnavailable, match=f"header {EXPIRY_HEADER}") as caught:
            find_expiry(Reply("h", 200, {EXPIRY_HEADER: text}, b""))
        assert not text or text not in caught.value.message

    def test_absent(self):
        assert find_expiry(Reply("h", 200, {}, b"")) is None


class TestPersonal:
    def ask(self, sandbox: Sandbox, github: GitHub, value: str = CLASSIC, **options: Any):
        return github.inspect(declare(sandbox, **options), own(value), now=NOW)

    @pytest.mark.parametrize("value", [CLASSIC, FINE])
    def test_without_the_header_it_never_expires_but_for_idleness(self, sandbox, github, value):
        sandbox.add_token(value, kind="pat")
        status = self.ask(sandbox, github, value)
        assert (status.state, status.precision) == (State.ACTIVE, Precision.NEVER)
        assert "for a year" in status.remark
        assert status.ends == ()

    def test_with_the_header_idleness_is_not_mentioned(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat", expires=ENDS)
        assert self.ask(sandbox, github).remark is None

    @pytest.mark.parametrize("value", ["gh" + "o_" + "o" * 36, "gh" + "u_" + "u" * 36, "0" * 40])
    def test_of_other_sorts_an_absent_header_says_nothing(self, sandbox, github, value):
        sandbox.add_token(value, kind="pat")
        status = self.ask(sandbox, github, value)
        assert (status.state, status.precision) == (State.ACTIVE, Precision.UNKNOWN)
        assert status.remark is None

    @pytest.mark.parametrize("rest", ["a" * 36, "1_" + "e" * 90 + "." + "p" * 300])
    def test_an_installation_token_is_neither_asked_nor_looked_into(self, sandbox, github, rest):
        value = "gh" + "s_" + rest
        sandbox.add_token(value)
        with pytest.raises(ProviderRefused, match="lives for an hour"):
            self.ask(sandbox, github, value)
        assert paths(sandbox) == []

    def test_of_a_refresh_token_nothing_is_known_and_it_dies_all_the_same(self, sandbox, github):
        value = "gh" + "r_" + "r" * 76
        status = self.ask(sandbox, github, value)
        assert (status.state, status.precision) == (State.UNKNOWN, Precision.UNKNOWN)
        assert paths(sandbox) == []
        github.revoke(declare(sandbox), own(value), token_id=None, now=NOW)
        assert paths(sandbox) == ["/credentials/revoke"]

    @pytest.mark.parametrize(
        ("at", "state"),
        [
            (ENDS - timedelta(seconds=1), State.ACTIVE),
            (ENDS, State.EXPIRED),
            (ENDS + timedelta(days=1), State.EXPIRED),
        ],
    )
    def test_ends_at_its_second(self, sandbox, github, at, state):
        sandbox.add_token(CLASSIC, kind="pat", expires=ENDS)
        status = github.inspect(declare(sandbox), own(), now=at)
        assert (status.state, status.expires_at) == (state, ENDS)
        assert (status.reason is None) == status.holds_copy == (state is State.ACTIVE)

    @pytest.mark.parametrize(
        ("declared", "state"),
        [
            (None, State.REVOKED),
            (NOW + timedelta(seconds=1), State.REVOKED),
            (NOW, State.EXPIRED),
        ],
    )
    def test_what_it_died_of_is_told_by_the_declared_date_alone(
        self, sandbox, github, declared, state
    ):
        options = {"url": sandbox.url}
        token = Token("t", "github", options=options, declared_expiry=declared)
        status = github.inspect(token, own(), now=NOW)
        assert (status.state, status.precision) == (state, Precision.UNKNOWN)
        assert not status.holds_copy
        assert "is refused by 127.0.0.1" in status.reason

    @pytest.mark.parametrize("words", ["Requires authentication", "Unauthorized", "No API key"])
    @pytest.mark.parametrize("path", ["/user", "/orgs/octo"])
    def test_a_refusal_of_anybody_else_is_no_death(self, sandbox, github, words, path):
        sandbox.add_token(CLASSIC, kind="pat")
        sandbox.server.faults.append(Fault(f"{path}$", Response(401, {"message": words})))
        with pytest.raises(CredentialRejected) as caught:
            self.ask(sandbox, github, organization="octo")
        assert "proxy" in caught.value.hint

    def test_is_presented_once_a_run(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat")
        for _ in range(3):
            self.ask(sandbox, github, organization="octo")
            self.ask(sandbox, github, "gh" + "p_" + "d" * 36, organization="octo")
        assert sorted(paths(sandbox)) == ["/orgs/octo", "/user", "/user"]

    def test_headers_of_the_request(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat")
        self.ask(sandbox, github)
        headers = sandbox.server.exchanges[0].request.headers
        assert headers["accept"] == "application/vnd.github+json"
        assert headers["x-github-api-version"] == "2022-11-28"

    def test_is_in_no_list(self, sandbox, github):
        with pytest.raises(ProviderRefused, match="nobody's personal tokens"):
            github.list_tokens(declare(sandbox), own(), now=NOW)
        assert github.key_of(declare(sandbox), TokenStatus(State.ACTIVE)) is None

    def test_nobody_else_can_ask(self, sandbox, github):
        for access in (None, manager(), Access({}, own=True)):
            with pytest.raises(CredentialRejected, match="nobody but a personal token itself"):
                github.inspect(declare(sandbox), access, now=NOW)
        sandbox.add_token(CLASSIC, kind="pat", login="alice")
        both = Access({"": SecretValue(APP)}, own=False, value={"": SecretValue(CLASSIC)})
        assert github.inspect(declare(sandbox), both, now=NOW).owner == "alice"


class TestPolicies:
    @pytest.mark.parametrize(
        ("value", "expires", "precision"),
        [
            (CLASSIC, NOW + timedelta(days=31), Precision.INSTANT),
            (CLASSIC, None, Precision.NEVER),
            (FINE, None, Precision.NEVER),
        ],
    )
    def test_a_life_that_is_too_long_blocks(self, sandbox, github, value, expires, precision):
        sandbox.add_token(value, kind="pat", login="alice", expires=expires)
        sandbox.organization("octo").longest_lifetime = timedelta(days=30)
        declared = declare(sandbox, organization="octo")
        status = github.inspect(declared, own(value), now=NOW)
        assert (status.state, status.precision) == (State.BLOCKED, precision)
        assert (status.expires_at, status.owner) == (expires, "alice")
        assert "it may live 30 days and lives longer" in status.reason
        assert not status.holds_copy

    def test_without_the_organization_nobody_learns_of_it(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat")
        sandbox.organization("octo").longest_lifetime = timedelta(days=30)
        assert github.inspect(declare(sandbox), own(), now=NOW).state is State.ACTIVE

    def test_a_forbidden_kind(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat")
        sandbox.organization("octo").takes_classic_tokens = False
        status = github.inspect(declare(sandbox, organization="octo"), own(), now=NOW)
        assert status.state is State.BLOCKED
        assert "of its kind are not let in" in status.reason

    def test_what_has_expired_is_expired_all_the_same(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat", expires=ENDS)
        sandbox.organization("octo").longest_lifetime = timedelta(days=30)
        declared = declare(sandbox, organization="octo")
        assert github.inspect(declared, own(), now=ENDS).state is State.EXPIRED

    @pytest.mark.parametrize("who", ["organization", "enterprise"])
    @pytest.mark.parametrize(
        "sort", ["fine-grained personal access tokens", "personal access tokens (classic)"]
    )
    def test_an_enterprise_may_block_everything(self, sandbox, github, who, sort):
        words = {"message": TOO_LONG.format(who=who, sort=sort)}
        headers = {"x-ratelimit-remaining": "0"}
        for expiry, precision in (({}, Precision.UNKNOWN), ("UTC", Precision.INSTANT)):
            found = {EXPIRY_HEADER: "2027-01-05 03:07:38 UTC"} if expiry else {}
            fault = Fault("/user", Response(403, words, headers | found), times=1)
            sandbox.server.faults.append(fault)
            value = CLASSIC if expiry else FINE
            status = github.inspect(declare(sandbox), own(value), now=NOW)
            assert (status.state, status.precision) == (State.BLOCKED, precision)
            assert "366 days" in status.reason
            assert status.owner is None

    @pytest.mark.parametrize(
        ("message", "headers"),
        [
            ("API rate limit exceeded for user ID 1.", {}),
            ("You have exceeded a secondary rate limit.", {}),
            ("You have triggered an abuse detection mechanism.", {}),
            ("Maximum number of login attempts exceeded. Please try again later.", {}),
            ("No", {"x-ratelimit-remaining": "0"}),
            ("No", {"retry-after": "60"}),
        ],
    )
    @pytest.mark.parametrize("path", ["/user", GRANTS])
    def test_a_limited_rate_is_no_refusal(self, sandbox, github, message, headers, path):
        sandbox.server.faults.append(Fault(path, Response(403, {"message": message}, headers)))
        declared = declare(sandbox) if path == "/user" else fine_grained(sandbox, token="ci")
        access = own() if path == "/user" else manager()
        with pytest.raises(ProviderUnavailable, match="limits the rate"):
            github.inspect(declared, access, now=NOW)

    @pytest.mark.parametrize(
        "message",
        [
            "Resource protected by organization SAML enforcement. You must grant your Personal"
            " Access token access to this organization.",
            "Although you appear to have the correct authorization credentials, the `octo`"
            " organization has an IP allow list enabled.",
        ],
    )
    def test_other_rules_are_hinted_at(self, sandbox, github, message):
        sandbox.add_token(CLASSIC, kind="pat")
        sandbox.server.faults.append(Fault("/orgs/", Response(403, {"message": message})))
        with pytest.raises(CredentialRejected) as caught:
            github.inspect(declare(sandbox, organization="octo"), own(), now=NOW)
        assert "single sign-on" in caught.value.hint
        assert "octo" not in caught.value.told

    def test_an_organization_that_is_not_there(self, sandbox, github):
        sandbox.add_token(CLASSIC, kind="pat")
        with pytest.raises(TokenNotFound):
            github.inspect(declare(sandbox, organization="none"), own(), now=NOW)


@pytest.mark.parametrize("status", [401, 403, 404, 422])
@pytest.mark.parametrize(
    "body", ["<html>login</html>", "[]", "null", {"message": 1}, {"error": "x"}]
)
def test_a_refusal_in_other_words_is_not_githubs(sandbox, github, status, body):
    sandbox.server.faults.append(Fault(".", Response(status, body)))
    with pytest.raises(ProviderUnavailable, match="not in GitHub's words"):
        github.inspect(declare(sandbox), own(), now=NOW)


class TestGrants:
    def ask(self, sandbox: Sandbox, github: GitHub, now: datetime = NOW, **which: Any):
        which = which or {"token": "ci"}
        return github.inspect(fine_grained(sandbox, **which), manager(), now=now)

    @pytest.mark.parametrize(
        ("at", "state"),
        [(ENDS - timedelta(seconds=1), State.ACTIVE), (ENDS, State.EXPIRED)],
    )
    def test_end_at_their_second(self, sandbox, github, at, state):
        sandbox.organization("octo").add_grant("ci", expires_at=ENDS)
        status = self.ask(sandbox, github, now=at)
        assert (status.state, status.expires_at) == (state, ENDS)
        assert status.reason == (None if status.ends else "expired at 2027-01-05 03:07 UTC")

    def test_expire_by_githubs_clock_too(self, sandbox, github):
        sandbox.organization("octo").add_grant("ci", expires_at=NOW)
        status = self.ask(sandbox, github, now=NOW - timedelta(minutes=2))
        assert status.state is State.EXPIRED

    @pytest.mark.parametrize(
        ("used", "granted", "ends"),
        [
            (USED, CREATED, USED + YEAR),
            (None, CREATED, CREATED + YEAR),
            (NOW - YEAR + timedelta(seconds=1), CREATED, NOW + timedelta(seconds=1)),
            # GitHub still lists it, so that it was not removed: it was made anew since.
            (None, NOW - YEAR, None),
            (NOW - YEAR, NOW - YEAR, None),
            # A date that has not come is no use yet.
            (datetime.max.replace(microsecond=0, tzinfo=UTC), CREATED, NOW + YEAR),
        ],
    )
    def test_are_removed_when_unused_for_a_year(self, sandbox, github, used, granted, ends):
        sandbox.organization("octo").add_grant("ci", last_used_at=used, at=granted)
        status = self.ask(sandbox, github)
        end = ends and Deadline(ends, DeadlineReason.IDLE_REMOVAL, UNUSED_SOURCE)
        assert status.ends == ((end,) if end else ())
        assert (status.last_used_at, status.never_used) == (used, used is None)
        # When it was approved does not tell how long it lives: a renewed one keeps its grant.
        assert status.created_at is None

    def test_are_known_by_the_tokens_id_and_not_by_their_own(self, sandbox, github):
        octo = sandbox.organization("octo")
        made, other = octo.add_grant("ci"), octo.add_grant("cd")
        status = self.ask(sandbox, github, token_id=made.token_id)
        assert status.token_id == str(made.token_id)
        with pytest.raises(TokenNotFound):
            self.ask(sandbox, github, token_id=other.id)

    @pytest.mark.parametrize(
        "names", [("ci", "ci kt-1a2b3c4d"), ("ci kt-1a2b3c4d", "ci kt-zzzzzzzz")]
    )
    def test_by_name_the_newest_that_works(self, sandbox, github, names):
        octo = sandbox.organization("octo")
        made = [octo.add_grant(name) for name in names]
        assert self.ask(sandbox, github).token_id == str(made[1].token_id)
        made[1].expires_at = NOW
        with Transport() as transport:
            assert self.ask(sandbox, GitHub(transport)).token_id == str(made[0].token_id)
        made[0].expires_at = NOW
        with Transport() as transport:
            assert self.ask(sandbox, GitHub(transport)).token_id == str(made[1].token_id)

    @pytest.mark.parametrize(
        "name", ["CI", "ci2", "my ci", "ci kt-1a2b3c4", "ci kt-1A2B3C4D", "c."]
    )
    def test_a_name_is_exact_otherwise(self, sandbox, github, name):
        sandbox.organization("octo").add_grant(name)
        with pytest.raises(TokenNotFound, match="lists no such token"):
            self.ask(sandbox, github)

    def test_a_name_of_two_people_is_not_guessed_at(self, sandbox, github):
        octo = sandbox.organization("octo")
        octo.add_grant("ci", owner="alice")
        second = octo.add_grant("ci", owner="bob")
        with pytest.raises(ProviderRefused, match="several people") as caught:
            self.ask(sandbox, github)
        assert "token-id" in caught.value.hint
        assert "bob" not in caught.value.told
        assert self.ask(sandbox, github, token_id=second.token_id).owner == "bob"

    def test_every_page_is_read_once_for_all_tokens_and_threads(self, sandbox, github):
        octo = sandbox.organization("octo")
        for number in range(250):
            octo.add_grant(f"ci-{number}")
        sandbox.server.latency = 0.01
        found: list[TokenStatus] = []

        def ask(number: int) -> None:
            found.append(self.ask(sandbox, github, token=f"ci-{number}"))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(240, 250)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({status.token_id for status in found}) == 10
        assert paths(sandbox) == [GRANTS] * 3

    def test_an_incomplete_list_finds_nothing(self, sandbox, github):
        octo = sandbox.organization("octo")
        for number in range(101):
            octo.add_grant(f"ci-{number}")
        sandbox.server.faults.append(Fault(r"[?&]page=2", Response(500)))
        for name in ("ci-1", "none"):
            with pytest.raises(ProviderUnavailable, match="500"):
                self.ask(sandbox, github, token=name)

    def test_a_person_is_told_that_only_apps_may_ask(self, sandbox, github):
        sandbox.add_token(FINE, kind="pat")
        with pytest.raises(CredentialRejected) as caught:
            github.inspect(fine_grained(sandbox, token="ci"), manager(FINE), now=NOW)
        assert "installation token of a GitHub App" in caught.value.hint
        assert "Personal access tokens" in caught.value.hint

    def test_a_dead_manager_is_presented_once(self, sandbox, github):
        for name in ("octo", "acme", "umbrella"):
            declared = declare(sandbox, kind="fine-grained", organization=name, token="ci")
            with pytest.raises(CredentialRejected):
                github.inspect(declared, manager("gh" + "s_" + "d" * 36), now=NOW)
        assert len(paths(sandbox)) == 1


class TestDeployKeys:
    def test_write_access_never_used_and_no_known_owner(self, sandbox, github):
        made = sandbox.repository("octo/app").add_deploy_key("s", read_only=False, added_by=None)
        status = github.inspect(deploy_key(sandbox, token_id=made.id), manager(), now=NOW)
        assert status.scopes == ("read", "write")
        assert (status.owner, status.never_used, status.last_used_at) == (None, True, None)

    def test_one_that_is_switched_off_is_blocked(self, sandbox, github):
        sandbox.repository("octo/app").add_deploy_key("s").enabled = False
        status = github.inspect(deploy_key(sandbox, token="s"), manager(), now=NOW)
        assert (status.state, status.reason) == (State.BLOCKED, "is switched off at GitHub")

    def test_an_older_server_tells_less(self, sandbox, github):
        row = {"id": 7, "title": "s", "created_at": "2014-12-10T15:53:42Z", "read_only": True}
        sandbox.server.faults.append(Fault("/keys", Response(200, [row])))
        status = github.inspect(deploy_key(sandbox, token="s"), manager(), now=NOW)
        assert (status.state, status.never_used) == (State.ACTIVE, False)

    def test_a_missing_right_is_named(self, sandbox, github):
        value = "gh" + "s_" + "p" * 36
        sandbox.add_token(value, permissions={"secrets"})
        with pytest.raises(CredentialRejected) as caught:
            github.inspect(deploy_key(sandbox, token="s"), manager(value), now=NOW)
        assert "Administration" in caught.value.hint


class TestList:
    def test_keys_tell_places_apart_and_kinds(self, sandbox, github):
        other = sandbox.add_organization("acme")
        for organization in (sandbox.organization("octo"), other):
            organization.add_grant("ci")
        sandbox.repository("octo/app").add_deploy_key("server")
        declared = [
            fine_grained(sandbox, token="ci"),
            declare(sandbox, kind="fine-grained", organization="ACME", token="ci"),
            deploy_key(sandbox, token="server"),
        ]
        found = [github.list_tokens(each, manager(), now=NOW) for each in declared]
        assert [len(rows) for rows in found] == [1, 1, 1]
        assert len({row.key for rows in found for row in rows}) == 3
        assert [row.kind for rows in found for row in rows] == [
            "fine-grained", "fine-grained", "deploy-key",
        ]  # fmt: skip
        for each, (row,) in zip(declared, found, strict=True):
            assert github.key_of(each, github.inspect(each, manager(), now=NOW)) == row.key
        assert len(paths(sandbox)) == 3


class TestRevoking:
    def revoke(self, github: GitHub, declared: Token, access: Access, token_id: str | None) -> None:
        github.revoke(declared, access, token_id=token_id, now=NOW)

    def test_looks_afresh_at_what_is_there(self, sandbox, github):
        octo = sandbox.organization("octo")
        made, kept = octo.add_grant("ci"), octo.add_grant("cd")
        declared = fine_grained(sandbox, token="ci")
        github.inspect(declared, manager(), now=NOW)
        late = octo.add_grant("late")
        for each in (made, late, made):
            self.revoke(github, declared, manager(), str(each.token_id))
        self.revoke(github, declared, manager(), str(kept.id))
        assert list(octo.grants) == [kept.id]
        posts = [e.request for e in sandbox.server.exchanges if e.request.method == "POST"]
        assert [post.json for post in posts] == [{"action": "revoke"}] * 2

    def test_a_deploy_key(self, sandbox, github):
        repository = sandbox.repository("octo/app")
        made, kept = repository.add_deploy_key("a"), repository.add_deploy_key("b")
        self.revoke(github, deploy_key(sandbox, token="a"), manager(), str(made.id))
        assert list(repository.deploy_keys) == [kept.id]

    def test_a_list_that_is_hidden_proves_no_death(self, sandbox, github):
        declared = declare(sandbox, kind="fine-grained", organization="none", token="ci")
        with pytest.raises(TokenNotFound):
            self.revoke(github, declared, manager(), "1")

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(404, TokenNotFound), (422, ProviderRefused), (403, CredentialRejected)],
    )
    def test_a_refused_act_is_told(self, sandbox, github, status, kind):
        made = sandbox.organization("octo").add_grant("ci")
        sandbox.server.faults.append(Fault("^POST", Response(status, {"message": "No"})))
        with pytest.raises(kind) as caught:
            self.revoke(github, fine_grained(sandbox, token="ci"), manager(), str(made.token_id))
        assert "Personal access tokens" in caught.value.hint

    def test_nothing_without_an_id_or_a_credential(self, sandbox, github):
        sandbox.organization("octo").add_grant("ci")
        declared = fine_grained(sandbox, token="ci")
        for access, token_id in ((manager(), None), (own(), "1"), (Access({}, own=False), "1")):
            with pytest.raises(ProviderError):
                self.revoke(github, declared, access, token_id)
        with pytest.raises(CredentialRejected):
            self.revoke(github, declare(sandbox), manager(), None)
        assert len(sandbox.organization("octo").grants) == 1


class TestRevokingByValue:
    def values(self, count: int) -> list[SecretValue]:
        return [SecretValue(f"gh{'p'}_{number:036}") for number in range(count)]

    def test_goes_out_in_batches_and_without_a_credential(self, sandbox, github):
        values = self.values(1001)
        sandbox.add_token(values[-1].reveal(), kind="pat")
        github.revoke_values(values, url=sandbox.url)
        requests = [exchange.request for exchange in sandbox.server.exchanges]
        assert [len(request.json["credentials"]) for request in requests] == [1000, 1]
        assert all("authorization" not in request.headers for request in requests)
        status = github.inspect(declare(sandbox), own(values[-1].reveal()), now=NOW)
        assert status.state is State.REVOKED

    @pytest.mark.parametrize("letter", "opru")
    def test_takes_what_github_takes(self, sandbox, github, letter):
        github.revoke_values([SecretValue(f"gh{letter}_" + "v" * 36)], url=sandbox.url)
        assert len(paths(sandbox)) == 1

    @pytest.mark.parametrize("bad", [APP, "0" * 40, "glpat-" + "x" * 20])
    def test_takes_nothing_where_one_value_is_of_another_kind(self, sandbox, github, bad):
        with pytest.raises(ProviderRefused, match="nothing was revoked"):
            github.revoke_values([*self.values(1000), SecretValue(bad)], url=sandbox.url)
        assert paths(sandbox) == []

    def test_the_scanners_rules_are_those_of_what_github_takes(self):
        literals = {pattern.id: pattern.keywords for pattern in PATTERNS}
        found = {literal for rule in GitHub.leak_rules for literal in literals[rule]}
        taken = {"gh" + letter + "_" for letter in "opru"} | {"github_" + "pat_"}
        assert found == taken

    def test_nothing_to_do(self, sandbox, github):
        github.revoke_values([], url=sandbox.url)
        assert paths(sandbox) == []

    @pytest.mark.parametrize(
        ("status", "body", "kind", "words"),
        [
            (404, {"message": "Not Found"}, ProviderRefused, "by their value"),
            (422, {"message": "spammed"}, ProviderRefused, "422"),
            (403, {"message": "Forbidden"}, CredentialRejected, "403"),
            (403, {"message": "API rate limit exceeded"}, ProviderUnavailable, "limits the rate"),
            (401, {"message": "Requires authentication"}, CredentialRejected, "refused"),
            (200, {}, ProviderUnavailable, "200"),
            (500, {}, ProviderUnavailable, "500"),
        ],
    )
    def test_what_else_may_be_answered(self, sandbox, github, status, body, kind, words):
        fault = Fault("/credentials/revoke", Response(status, body), times=5)
        sandbox.server.faults.append(fault)
        with pytest.raises(kind, match=words) as caught:
            github.revoke_values(self.values(1001), url=sandbox.url)
        assert type(caught.value) is kind
        assert fault.times == 4


GRANT = {
    "id": 5,
    "token_id": 6,
    "token_name": "ci",
    "owner": {"login": "alice"},
    "permissions": {},
    "access_granted_at": "2026-05-16T08:47:09.000-07:00",
    "token_expired": False,
    "token_expires_at": None,
    "token_last_used_at": None,
}
KEY = {
    "id": 5,
    "title": "ci",
    "created_at": "2026-05-16T08:47:09Z",
    "read_only": True,
    "added_by": None,
    "last_used": None,
    "enabled": True,
}


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        (GRANT, "id", "5"),
        (GRANT, "id", True),
        (GRANT, "owner", None),
        (GRANT, "owner", {"login": 1}),
        (GRANT, "permissions", {"repository": "read"}),
        (GRANT, "token_expired", None),
        (GRANT, "token_expires_at", "2026-12-01"),
        (GRANT, "token_expires_at", "2026-12-01 00:00:00 UTC"),
        (GRANT, "token_expires_at", "2026-13-01T00:00:00Z"),
        (GRANT, "token_expires_at", "0001-01-01T00:00:00+14:00"),
        (GRANT, "token_expires_at", 0),
        (GRANT, "token_last_used_at", ""),
        (GRANT, "access_granted_at", None),
        *((GRANT, field, ...) for field in GRANT),
        (KEY, "title", None),
        (KEY, "created_at", "2026-05-16"),
        (KEY, "read_only", "yes"),
        (KEY, "last_used", "yesterday"),
        (KEY, "enabled", None),
        *((KEY, field, ...) for field in ("id", "title", "created_at", "read_only")),
    ],
)
def test_an_ill_formed_field_is_named_and_not_quoted(sandbox, github, row, field, value):
    changed = {k: v for k, v in {**row, field: value}.items() if v is not ...}
    sandbox.server.faults.append(Fault(".", Response(200, [changed])))
    kind = fine_grained if row is GRANT else deploy_key
    with pytest.raises(ProviderUnavailable, match=rf"in a form keyturn does not know \({field}"):
        github.inspect(kind(sandbox, token="ci"), manager(), now=NOW)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "fine-grained"}, "write `organization:`"),
        ({"kind": "deploy-key"}, "write `repository:`"),
        ({"repository": "octo/app"}, "means nothing to a personal token"),
        ({"token": "ci"}, "means nothing to a personal token"),
        ({"token-id": 1}, "means nothing to a personal token"),
        ({"kind": "deploy-key", "repository": "octo/app", "organization": "octo"}, "deploy-key"),
        ({"kind": "fine-grained", "organization": "octo", "token": "a", "token-id": 1}, "one of"),
        ({"organization": "octo/app"}, "not an organization's login"),
        ({"organization": "../user"}, "not an organization's login"),
        ({"kind": "deploy-key", "repository": "app"}, "write OWNER/NAME"),
        ({"kind": "deploy-key", "repository": "octo/.."}, "write OWNER/NAME"),
        ({"kind": "deploy-key", "repository": "octo/app/x"}, "write OWNER/NAME"),
        ({"kind": "deploy-key", "repository": "octo/app?x"}, "write OWNER/NAME"),
        ({"url": "https://github.com"}, "write https://api.github.com"),
        ({"url": "http://api.github.com"}, "https://"),
        ({"kind": "pat"}, "kind"),
        ({"token": ""}, "token"),
        ({"host": "x"}, "host"),
    ],
)
def test_options_that_cannot_be_right(options, words):
    with pytest.raises(ValidationError, match="1 validation error") as caught:
        Options.model_validate(options, by_alias=True, by_name=False)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"organization": "octo-org"},
        {"kind": "fine-grained", "organization": "octo_corp", "token-id": 4},
        {"kind": "deploy-key", "repository": "octo/.github", "token": "server"},
        {"url": "https://github.example.com/api/v3"},
    ],
)
def test_options_survive_being_dumped(options):
    found = Options.model_validate(options, by_alias=True, by_name=False)
    assert Options.model_validate(found.model_dump()) == found


VALUE, BOTH = {"": "V"}, {"value_env": {"": "V"}, "credential_env": {"": "C"}}
BY_APP = {"credential_env": {"": "C"}}
FINE_GRAINED = {"kind": "fine-grained", "organization": "octo"}
DEPLOY_KEY = {"kind": "deploy-key", "repository": "octo/app"}
PART = (StoredPart(SecretRef(Scope("octo", "app"), "S"), "username"),)


@pytest.mark.parametrize(
    ("options", "declared", "words"),
    [
        ({}, {}, "as `value:`"),
        ({}, BY_APP, "as `value:`"),
        ({}, BOTH, "take `credential:` out"),
        ({}, {"value_env": {"token": "V"}}, "one variable, without parts"),
        ({}, {"value_env": VALUE, "secrets": PART}, "a part"),
        (FINE_GRAINED, {"value_env": VALUE}, "GitHub App"),
        (FINE_GRAINED, {}, "Personal access tokens"),
        (FINE_GRAINED, BY_APP, "which token is meant"),
        (DEPLOY_KEY, {}, "Administration"),
        ({}, {"value_env": VALUE}, None),
        ({}, {"value_env": VALUE, "credential_env": VALUE}, None),
        ({**FINE_GRAINED, "token": "ci"}, BY_APP, None),
        ({**FINE_GRAINED, "token": "ci"}, BOTH, None),
        ({**DEPLOY_KEY, "token_id": 4}, BY_APP, None),
    ],
)
def test_declarations_that_cannot_work(options, declared, words):
    problems = GitHub.check_declaration(Token("t", "github", options=options, **declared))
    assert all("; " in problem for problem in problems)
    if words is None:
        assert problems == ()
    else:
        assert words in problems[0]


def test_a_manager_must_know_which_token_is_meant(sandbox, github):
    for declared in (fine_grained(sandbox), deploy_key(sandbox)):
        with pytest.raises(ProviderRefused, match="which token is meant"):
            github.inspect(declared, manager(), now=NOW)
    assert paths(sandbox) == []


def test_the_credential_is_not_kept_where_a_repr_shows_it(sandbox, github):
    sandbox.organization("octo").add_grant("ci")
    github.inspect(fine_grained(sandbox, token="ci"), manager(), now=NOW)
    assert APP not in repr(vars(github)) + repr(vars(github._api))
