from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.secret_writer import (
    CANARY_PREFIX,
    LARGEST_BOX,
    GitHubSecretWriter,
    _Key,
    _seal,
    sealed_size,
)
from keyturn.github.write_budget import WriteBudget
from keyturn.interfaces import SecretWriter
from keyturn.model import Level, Scope, SecretRef, Store
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_vault import Vault
from keyturn.secret_value import SecretValue
from tests.github.worlds import NOW, TOKEN, client_of, fail, lines, struck, world, writes

OLD = NOW - timedelta(days=90)
VALUE = "new-" + "v" * 30
OPERATION = "1a2b3c4d"
CANARY = f"{CANARY_PREFIX}1A2B3C4D"
ENVIRONMENT = "eu/west #1?"
SCOPES = [
    Scope("octo", "app"),
    Scope("octo", "app", store=Store.DEPENDABOT),
    Scope("octo", "app", store=Store.CODESPACES),
    Scope("octo", "app", ENVIRONMENT),
    Scope("octo"),
    Scope("octo", store=Store.DEPENDABOT),
    Scope("octo", store=Store.CODESPACES),
]
REPOSITORY, ORGANIZATION = SecretRef(SCOPES[0], "A"), SecretRef(SCOPES[4], "A")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world() as made:
        made.github.add_organization("octo")
        made.github.repository("octo/app").add_environment(ENVIRONMENT)
        yield made


@pytest.fixture
def writer(box: Sandbox) -> GitHubSecretWriter:
    return writer_of(box)


def writer_of(box: Sandbox) -> GitHubSecretWriter:
    made = GitHubSecretWriter(client_of(box), WriteBudget())
    _: SecretWriter = made
    return made


def vault_of(box: Sandbox, scope: Scope) -> Vault:
    if scope.level is Level.ORGANIZATION:
        return box.github.organization("octo").vaults[scope.store]
    repository = box.github.repository("octo/app")
    if scope.level is Level.ENVIRONMENT:
        return repository.environments[scope.environment].vault
    return repository.vaults[scope.store]


def fill(box: Sandbox, scope: Scope, count: int) -> None:
    for number in range(count):
        vault_of(box, scope).put(f"S{number}", "old", at=OLD)


def put_old(box: Sandbox, ref: SecretRef, visibility: str = "private") -> None:
    vault_of(box, ref.scope).put(ref.name, "old", at=OLD)
    vault_of(box, ref.scope).entries[ref.name].visibility = visibility


def stored(box: Sandbox, ref: SecretRef) -> str:
    return vault_of(box, ref.scope).entries[ref.name].value


class TestFind:
    @pytest.mark.parametrize("scope", SCOPES)
    def test_one_secret(self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope) -> None:
        ref = SecretRef(scope, "NPM_TOKEN")
        assert writer.find(ref) is None
        put_old(box, ref)
        found = writer.find(ref)
        assert found
        assert (found.ref, found.created_at, found.updated_at) == (ref, OLD, OLD)
        assert found.visibility == (None if scope.repository else "private")

    @pytest.mark.parametrize(
        "scope", [Scope("octo", "missing"), Scope("octo", "app", "missing"), Scope("no")]
    )
    def test_a_place_that_is_not_shown(self, writer: GitHubSecretWriter, scope: Scope) -> None:
        with pytest.raises(NotPermitted, match="404") as caught:
            writer.find(SecretRef(scope, "A"))
        assert caught.value.hint.endswith(": write, if there is such a place")

    def test_other_refusals_are_told(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        fail(box, "secrets/A", Response(410), times=1)
        with pytest.raises(PlatformRefused, match="410"):
            writer.find(REPOSITORY)
        fail(box, "public-key", Response(410))
        with pytest.raises(PlatformRefused, match="410"):
            writer.find(REPOSITORY)


class TestWrite:
    @pytest.mark.parametrize("scope", SCOPES)
    def test_it_changes_what_is_there(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope
    ) -> None:
        ref = SecretRef(scope, "NPM_TOKEN")
        put_old(box, ref)
        assert writer.write(ref, SecretValue(VALUE)) == NOW
        entry = vault_of(box, scope).entries["NPM_TOKEN"]
        assert (entry.value, entry.created_at) == (VALUE, OLD)
        assert len(writes(box)) == 1

    @pytest.mark.parametrize("scope", SCOPES[:4])
    def test_it_makes_what_is_not(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope
    ) -> None:
        assert writer.write(SecretRef(scope, "A"), SecretValue(VALUE)) == NOW
        assert stored(box, SecretRef(scope, "A")) == VALUE

    @pytest.mark.parametrize("scope", SCOPES[4:])
    def test_who_may_see_a_new_organization_secret_is_not_decided(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope
    ) -> None:
        with pytest.raises(PlatformRefused, match="does not exist"):
            writer.write(SecretRef(scope, "A"), SecretValue(VALUE))
        assert writes(box) == []

    @pytest.mark.parametrize("scope", SCOPES[4:])
    @pytest.mark.parametrize("visibility", ["all", "private", "selected"])
    def test_an_organizations_visibility_stays(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope, visibility: str
    ) -> None:
        ids = [box.github.add_repository(f"octo/r{number}").id for number in range(130)]
        ref = SecretRef(scope, "A")
        put_old(box, ref, visibility)
        entry = vault_of(box, scope).entries["A"]
        entry.selected = set(ids) if visibility == "selected" else set()
        writer.write(ref, SecretValue(VALUE))
        chosen = set(ids) if visibility == "selected" else set()
        assert (entry.value, entry.visibility, entry.selected) == (VALUE, visibility, chosen)

    def test_selected_and_nobody_selected(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        put_old(box, ORGANIZATION, "selected")
        writer.write(ORGANIZATION, SecretValue(VALUE))
        entry = vault_of(box, ORGANIZATION.scope).entries["A"]
        assert (entry.visibility, entry.selected) == ("selected", set())

    @pytest.mark.parametrize(
        ("pattern", "body"),
        [
            ("GET .*secrets/A$", {"name": "A", "visibility": "some"}),
            ("GET .*secrets/A$", {"name": "A"}),
            ("GET .*secrets/A$", []),
            ("GET .*repositories", {"repositories": [{"id": "7"}]}),
            ("GET .*repositories", {"repositories": [{"id": True}]}),
            ("GET .*repositories", {"repositories": [{}]}),
            ("GET .*public-key", {"key_id": "7"}),
            ("GET .*public-key", []),
            ("GET .*public-key", {"key_id": "7", "key": "!"}),
            ("GET .*public-key", {"key_id": "7", "key": "A" * 43 + "="}),
        ],
    )
    def test_nothing_is_written_on_nonsense(
        self, box: Sandbox, writer: GitHubSecretWriter, pattern: str, body: object
    ) -> None:
        put_old(box, ORGANIZATION, "selected")
        fail(box, pattern, Response(200, body))
        with pytest.raises(PlatformUnavailable) as caught:
            writer.write(ORGANIZATION, SecretValue(VALUE))
        assert writes(box) == []
        assert VALUE not in f"{caught.value!r}{caught.value.hint}"

    def test_each_collections_key_is_asked_for_once(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        for scope in (SCOPES[0], SCOPES[3]):
            for name in ("A", "B", "A"):
                writer.write(SecretRef(scope, name), SecretValue(VALUE))
        assert sum("public-key" in line for line in lines(box)) == 2

    def test_a_key_that_was_replaced_is_read_again(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        writer.write(REPOSITORY, SecretValue("first" * 4))
        vault_of(box, REPOSITORY.scope).turn_key()
        writer.write(REPOSITORY, SecretValue(VALUE))
        assert stored(box, REPOSITORY) == VALUE
        assert len(writes(box)) == 3

    def test_a_key_that_is_the_same_was_not_the_reason(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        fault = fail(box, "PUT", Response(422))
        with pytest.raises(PlatformRefused, match="422"):
            writer.write(REPOSITORY, SecretValue(VALUE))
        assert struck(fault) == 1

    def test_another_refusal_asks_for_no_other_key(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        fail(box, "PUT", Response(409))
        with pytest.raises(PlatformRefused, match="409"):
            writer.write(REPOSITORY, SecretValue(VALUE))
        assert sum("public-key" in line for line in lines(box)) == 1

    @pytest.mark.parametrize("value", ["", " \n", "***", " ***\n"])
    def test_what_can_be_no_token_is_not_stored(
        self, box: Sandbox, writer: GitHubSecretWriter, value: str
    ) -> None:
        with pytest.raises(PlatformRefused):
            writer.write(REPOSITORY, SecretValue(value))
        assert lines(box) == []

    def test_the_largest_value(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        most = LARGEST_BOX // 4 * 3 - 48
        writer.write(REPOSITORY, SecretValue("v" * most))
        assert len(stored(box, REPOSITORY)) == most
        with pytest.raises(PlatformRefused, match="bytes"):
            writer.write(REPOSITORY, SecretValue("v" * (most + 1)))
        with pytest.raises(PlatformRefused, match="bytes"):
            writer.write(REPOSITORY, SecretValue("\u00e9" * (most // 2 + 1)))
        assert len(writes(box)) == 1

    def test_what_no_box_can_hold(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        with pytest.raises(PlatformUnavailable) as caught:
            writer.write(REPOSITORY, SecretValue("half-\udc80-" + "v" * 20))
        assert caught.value.__cause__ is None
        assert writes(box) == []

    def test_a_secret_that_is_not_shown_afterwards(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        fail(box, "GET .*secrets/A$", Response(404))
        with pytest.raises(PlatformUnavailable, match="does not show it"):
            writer.write(REPOSITORY, SecretValue(VALUE))

    def test_a_limit_that_says_how_long_is_waited_for(self, box: Sandbox) -> None:
        fault = fail(box, "PUT", Response(403, {}, {"retry-after": "7"}), times=1)
        slept: list[float] = []
        writer = GitHubSecretWriter(client_of(box, sleep=slept.append), WriteBudget())
        assert writer.write(REPOSITORY, SecretValue(VALUE)) == NOW
        assert (slept, struck(fault, 1)) == ([7], 1)

    def test_a_limit_that_does_not_ends_the_run(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        said = {"message": "You have exceeded a secondary rate limit."}
        fault = fail(box, "PUT", Response(403, said))
        for _ in range(2):
            with pytest.raises(PlatformUnavailable, match="limits the rate"):
                writer.write(REPOSITORY, SecretValue(VALUE))
        assert struck(fault) == 1


class TestLostAnswers:
    @pytest.mark.parametrize("response", [None, Response(502)])
    @pytest.mark.parametrize("there", [True, False])
    def test_a_write_that_was_done_is_seen(
        self, box: Sandbox, writer: GitHubSecretWriter, response: Response | None, there: bool
    ) -> None:
        if there:
            put_old(box, REPOSITORY)
        fail(box, "PUT", response, drop=response is None, after=True)
        assert writer.write(REPOSITORY, SecretValue(VALUE)) == NOW
        assert len(writes(box)) == 1

    @pytest.mark.parametrize("response", [None, Response(502)])
    @pytest.mark.parametrize("there", [True, False])
    def test_one_that_was_not_is_sent_once(
        self, box: Sandbox, writer: GitHubSecretWriter, response: Response | None, there: bool
    ) -> None:
        if there:
            put_old(box, REPOSITORY)
        fault = fail(box, "PUT", response, drop=response is None)
        with pytest.raises(PlatformUnavailable) as caught:
            writer.write(REPOSITORY, SecretValue(VALUE))
        assert caught.value.hint == "octo/app:A was not seen to change"
        assert struck(fault) == 1

    def test_where_nothing_answers_nobody_knows(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        fail(box, "GET .*secrets/A$", Response(200, {"name": "A"}), times=1)
        fail(box, "PUT", drop=True, after=True)
        fail(box, "GET .*secrets/A$", Response(502))
        with pytest.raises(PlatformUnavailable) as caught:
            writer.write(REPOSITORY, SecretValue(VALUE))
        assert caught.value.hint == "whether octo/app:A was written is not known"

    def test_the_value_is_nowhere_but_in_the_box(
        self, box: Sandbox, writer: GitHubSecretWriter, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        fail(box, "PUT", Response(502, VALUE))
        with pytest.raises(PlatformUnavailable) as caught:
            writer.write(REPOSITORY, SecretValue(VALUE))
        said = f"{caught.value!r}{caught.value.hint}{caught.value.__cause__}{caplog.text}"
        assert VALUE not in said
        for exchange in box.github.server.exchanges:
            assert VALUE.encode() not in exchange.request.body


class TestCanaries:
    @pytest.mark.parametrize("scope", SCOPES)
    def test_one_is_written_hidden_and_deleted(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope
    ) -> None:
        ref = SecretRef(scope, "NPM_TOKEN")
        writer.prove_writable(ref, OPERATION)
        assert [line.split()[0] for line in writes(box)] == ["PUT", "DELETE"]
        assert all(line.endswith(CANARY) for line in writes(box))
        assert vault_of(box, scope).entries == {}
        sent = box.github.server.exchanges[-2].request.json
        hidden = {"visibility": "selected", "selected_repository_ids": []}
        assert {k: v for k, v in sent.items() if k not in ("encrypted_value", "key_id")} == (
            {} if scope.repository else hidden
        )

    def test_they_differ(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        seen = []
        vault = vault_of(box, REPOSITORY.scope)
        original = vault.open
        vault.open = lambda *sealed: seen.append(original(*sealed)) or seen[-1]  # type: ignore[method-assign, func-returns-value]
        for _ in range(2):
            writer.prove_writable(REPOSITORY, OPERATION)
        assert len(set(seen)) == 2

    def test_none_is_overwritten(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        put_old(box, SecretRef(REPOSITORY.scope, CANARY))
        with pytest.raises(PlatformRefused, match="is there already"):
            writer.prove_writable(REPOSITORY, OPERATION)
        assert writes(box) == []

    @pytest.mark.parametrize(
        ("scope", "quota"), [(SCOPES[0], 100), (SCOPES[3], 100), (SCOPES[4], 1000)]
    )
    def test_a_full_collection(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope, quota: int
    ) -> None:
        fill(box, scope, quota - 1)
        writer.prove_writable(SecretRef(scope, "S1"), OPERATION)
        fill(box, scope, quota)
        with pytest.raises(PlatformRefused, match=f"holds {quota} secrets") as caught:
            writer.prove_writable(SecretRef(scope, "S1"), OPERATION)
        assert caught.value.status == 422
        assert len(writes(box)) == 2

    @pytest.mark.parametrize(
        ("scope", "granted", "right"),
        [
            (SCOPES[0], "secrets", "secrets=write"),
            (SCOPES[1], "dependabot_secrets", "dependabot_secrets=write"),
            (SCOPES[2], "codespaces_secrets", "codespaces_secrets=write"),
            (SCOPES[3], "environments", "environments=write"),
            (SCOPES[4], "organization_secrets", "organization_secrets=write"),
            (
                SCOPES[5],
                "organization_dependabot_secrets",
                "organization_dependabot_secrets=write",
            ),
            (
                SCOPES[6],
                "organization_codespaces_secrets",
                "organization_codespaces_secrets=write",
            ),
        ],
    )
    def test_the_missing_right_is_named(
        self, box: Sandbox, scope: Scope, granted: str, right: str
    ) -> None:
        box.github.add_token(TOKEN, permissions={f"{granted}:read"})
        with pytest.raises(NotPermitted) as caught:
            writer_of(box).prove_writable(SecretRef(scope, "A"), OPERATION)
        assert caught.value.hint == f"it needs {right}"
        box.github.add_token(TOKEN, permissions={granted})
        writer_of(box).prove_writable(SecretRef(scope, "A"), OPERATION)

    @pytest.mark.parametrize(
        ("scope", "right"),
        [
            (SCOPES[0], "Secrets: write"),
            (SCOPES[1], "Dependabot secrets: write"),
            (SCOPES[2], "Codespaces secrets: write"),
            (SCOPES[3], "Environments: write"),
            (SCOPES[4], "organization Secrets: write"),
            (SCOPES[5], "organization Dependabot secrets: write"),
            (SCOPES[6], "organization Codespaces secrets: write"),
        ],
    )
    def test_it_is_named_where_github_does_not(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope, right: str
    ) -> None:
        fail(box, "PUT", Response(403))
        with pytest.raises(NotPermitted) as caught:
            writer.prove_writable(SecretRef(scope, "A"), OPERATION)
        assert caught.value.hint == f"it needs {right}"

    @pytest.mark.parametrize("after", [True, False])
    def test_one_whose_answer_was_lost_is_deleted_all_the_same(
        self, box: Sandbox, writer: GitHubSecretWriter, after: bool
    ) -> None:
        fail(box, "PUT", drop=True, after=after)
        with pytest.raises(PlatformUnavailable):
            writer.prove_writable(REPOSITORY, OPERATION)
        assert vault_of(box, REPOSITORY.scope).entries == {}

    def test_a_deletion_whose_answer_was_lost_was_done(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        fail(box, "DELETE", drop=True, after=True)
        writer.prove_writable(REPOSITORY, OPERATION)
        assert vault_of(box, REPOSITORY.scope).entries == {}

    @pytest.mark.parametrize("response", [Response(502), Response(403), Response(409)])
    def test_one_that_cannot_be_deleted_is_told(
        self, box: Sandbox, writer: GitHubSecretWriter, response: Response
    ) -> None:
        fault = fail(box, "DELETE", response)
        with pytest.raises(PlatformError):
            writer.prove_writable(REPOSITORY, OPERATION)
        assert struck(fault) == 1
        fault.times = 0
        assert writer.remove_canaries(REPOSITORY.scope) == (CANARY,)

    @pytest.mark.parametrize("scope", SCOPES)
    def test_only_canaries_are_cleared_away(
        self, box: Sandbox, writer: GitHubSecretWriter, scope: Scope
    ) -> None:
        kept = ["A", "MY_KEYTURN_CANARY_X", "KEYTURN_SEALED_X"]
        left = [f"{CANARY_PREFIX}11111111", f"{CANARY_PREFIX}22222222"]
        for name in (*kept, *left):
            put_old(box, SecretRef(scope, name))
        assert list(writer.remove_canaries(scope)) == left
        assert set(vault_of(box, scope).entries) == set(kept)
        assert writer.remove_canaries(scope) == ()

    def test_one_that_somebody_else_deletes_meanwhile(
        self, box: Sandbox, writer: GitHubSecretWriter
    ) -> None:
        put_old(box, SecretRef(REPOSITORY.scope, CANARY))
        fail(box, "DELETE", Response(404))
        assert writer.remove_canaries(REPOSITORY.scope) == (CANARY,)


def test_every_write_is_taken_from_the_budget(box: Sandbox) -> None:
    taken: list[int] = []

    class Counting(WriteBudget):
        def spend(self) -> None:
            taken.append(len(writes(box)))

    writer = GitHubSecretWriter(client_of(box), Counting())
    writer.write(REPOSITORY, SecretValue(VALUE))
    vault_of(box, REPOSITORY.scope).turn_key()
    writer.write(REPOSITORY, SecretValue(VALUE))
    writer.prove_writable(REPOSITORY, OPERATION)
    assert taken == list(range(len(writes(box))))


def test_no_name_leads_elsewhere(box: Sandbox, writer: GitHubSecretWriter) -> None:
    for ref in (SecretRef(Scope("octo", "app", ".."), "A"), SecretRef(Scope("octo", "app"), "..")):
        with pytest.raises(PlatformError):
            writer.write(ref, SecretValue(VALUE))
    assert lines(box) == ["GET /repos/octo/app/actions/secrets/public-key"]


@given(st.integers(1, 3000))
def test_the_size_is_that_of_the_box(length: int) -> None:
    vault = Vault("any")
    box = _seal(SecretValue("v" * length), _Key(vault.key_id, vault.public_key))
    assert sealed_size(length) == len(box)
    assert vault.open(box, vault.key_id) == "v" * length


class TestReaders:
    def test_the_selected_repositories(self, box: Sandbox, writer: GitHubSecretWriter) -> None:
        others = [box.github.add_repository(f"octo/r{number}").id for number in range(120)]
        put_old(box, ORGANIZATION, "selected")
        vault_of(box, ORGANIZATION.scope).entries["A"].selected = set(others)
        found = writer.list_readers(ORGANIZATION)
        assert sorted(found) == sorted(f"octo/r{number}" for number in range(120))

    @pytest.mark.parametrize("visibility", ["all", "private"])
    def test_any_other_visibility_is_not_told(
        self, box: Sandbox, writer: GitHubSecretWriter, visibility: str
    ) -> None:
        put_old(box, ORGANIZATION, visibility)
        with pytest.raises(NotPermitted, match="not limited to selected"):
            writer.list_readers(ORGANIZATION)

    def test_nor_is_one_that_is_gone(self, writer: GitHubSecretWriter) -> None:
        with pytest.raises(NotPermitted):
            writer.list_readers(ORGANIZATION)
