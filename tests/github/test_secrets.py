from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.secrets import GitHubSecrets
from keyturn.model import Scope, Secret, SecretRef, Store
from keyturn.sandbox import Response, Sandbox
from tests.github.worlds import NOW, TOKEN, client_of, fail, lines, world

MADE, CHANGED = NOW - timedelta(days=90), NOW - timedelta(days=3)
VALUE = "v" * 30
SCOPES = {
    Scope("octo", "app"): "/repos/octo/app/actions/secrets",
    Scope("octo", "app", store=Store.DEPENDABOT): "/repos/octo/app/dependabot/secrets",
    Scope("octo", "app", store=Store.CODESPACES): "/repos/octo/app/codespaces/secrets",
    Scope("octo", "app", "production"): "/repos/octo/app/environments/production/secrets",
    Scope("octo"): "/orgs/octo/actions/secrets",
    Scope("octo", store=Store.DEPENDABOT): "/orgs/octo/dependabot/secrets",
    Scope("octo", store=Store.CODESPACES): "/orgs/octo/codespaces/secrets",
}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world() as made:
        made.github.add_organization("octo")
        yield made


@pytest.fixture
def store(box: Sandbox) -> GitHubSecrets:
    return GitHubSecrets(client_of(box))


def put(box: Sandbox, scope: Scope, name: str) -> None:
    for moment in (MADE, CHANGED):
        if scope.repository:
            box.github.repository("octo/app").put_secret(
                name, VALUE, environment=scope.environment or None, store=scope.store, at=moment
            )
        else:
            box.github.organization("octo").put_secret(
                name, VALUE, visibility="private", store=scope.store, at=moment
            )


@pytest.mark.parametrize("scope", SCOPES)
def test_every_collection_is_listed_by_one_request(
    box: Sandbox, store: GitHubSecrets, scope: Scope
) -> None:
    for each in SCOPES:
        put(box, each, "NPM_TOKEN")
    put(box, scope, "second")
    visibility = None if scope.repository else "private"
    assert store.list_secrets(scope) == [
        Secret(SecretRef(scope, name), MADE, CHANGED, visibility)
        for name in ("NPM_TOKEN", "SECOND")
    ]
    assert lines(box) == [f"GET {SCOPES[scope]}"]


def test_more_than_a_hundred_are_read_in_pages(box: Sandbox, store: GitHubSecrets) -> None:
    for number in range(230):
        put(box, Scope("octo"), f"S{number}")
    assert len(store.list_secrets(Scope("octo"))) == 230
    assert len(lines(box)) == 3


def test_environments_may_have_any_name(box: Sandbox, store: GitHubSecrets) -> None:
    scope = Scope("octo", "app", "eu/west #1?")
    put(box, scope, "A")
    assert store.list_environments("octo", "app") == [scope.environment]
    assert [secret.ref for secret in store.list_secrets(scope)] == [SecretRef(scope, "A")]


def test_a_repository_sees_some_of_the_organizations_secrets(
    box: Sandbox, store: GitHubSecrets
) -> None:
    organization = box.github.organization("octo")
    organization.put_secret("SHARED", VALUE, visibility="all", at=MADE)
    organization.put_secret("OTHERS", VALUE, visibility="selected", at=MADE)
    found = store.list_visible_organization_secrets("octo", "app")
    assert [(str(secret.ref), secret.updated_at) for secret in found] == [("octo:SHARED", MADE)]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_workflows_own_token_may_list_none(box: Sandbox, scope: Scope) -> None:
    box.github.add_token(TOKEN, kind="workflow")
    put(box, scope, "A")
    with pytest.raises(NotPermitted) as caught:
        GitHubSecrets(client_of(box)).list_secrets(scope)
    assert caught.value.hint.startswith("it needs ")


@pytest.mark.parametrize(
    "scope", [Scope("octo", "missing"), Scope("octo", "app", "missing"), Scope("no")]
)
def test_what_is_not_shown_is_not_permitted(store: GitHubSecrets, scope: Scope) -> None:
    with pytest.raises(NotPermitted, match="404") as caught:
        store.list_secrets(scope)
    assert caught.value.hint.endswith(", if there is such a place")


def test_another_refusal_is_no_matter_of_rights(box: Sandbox, store: GitHubSecrets) -> None:
    fail(box, "secrets", Response(422))
    with pytest.raises(PlatformRefused):
        store.list_secrets(Scope("octo", "app"))


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"name": 7},
        {"name": "A", "created_at": 7},
        {"name": "A", "updated_at": "yesterday"},
        {"name": "A", "updated_at": "2026-11-01T00:00:00"},
        {"name": "A", "visibility": []},
    ],
)
def test_nonsense_is_an_outage(box: Sandbox, store: GitHubSecrets, row: object) -> None:
    fail(box, "secrets", Response(200, {"total_count": 1, "secrets": [row]}))
    with pytest.raises(PlatformUnavailable):
        store.list_secrets(Scope("octo", "app"))


@pytest.mark.parametrize("name", ["..", ".", "\ud800"])
def test_no_name_leads_elsewhere(store: GitHubSecrets, name: str) -> None:
    with pytest.raises(PlatformError):
        store.list_secrets(Scope("octo", "app", name))
