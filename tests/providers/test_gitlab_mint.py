"""What is special about making GitLab's tokens; the rest is inherited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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
from keyturn.model import Precision, State, Token
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import (
    NEW,
    PLACES,
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

    @pytest.mark.parametrize(
        ("act", "kind"), [(mint, "project"), (mint, "deploy"), (swap, "project")]
    )
    def test_a_value_is_kept_whatever_stands_beside_it(self, sandbox, gitlab, act, kind):
        token, options = issue(sandbox, kind, scopes=("read_repository",))
        value, username = "n" * 20, {"username": "puller"} if kind == "deploy" else {}
        answer = Response(201, {"id": 9, "token": value, "created_at": "now", **username})
        sandbox.server.faults.append(Fault("^POST", answer))
        made = act(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
        assert (made.status.state, made.status.token_id) == (State.UNKNOWN, "9")
        assert "answers in a form" in (made.status.reason or "")
        parts = {name: part.reveal() for name, part in made.parts.items()}
        assert parts == {"": value} | ({**username, "token": value} if username else {})

    def test_a_username_that_is_no_text(self, sandbox, gitlab):
        token, options = issue(sandbox, "deploy", scopes=("read_repository",))
        answer = Response(201, '{"id": 9, "token": "n", "username": "half a \\ud800"}')
        sandbox.server.faults.append(Fault("^POST", answer))
        with pytest.raises(ProviderUnavailable, match=r"\(username\)"):
            mint(gitlab, declare(sandbox, **options), manager(sandbox.create_token()), token)
