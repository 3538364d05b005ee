from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from keyturn.errors import NotPermitted, PlatformError, PlatformRejected, PlatformUnavailable
from keyturn.inventory import Listing, build_inventory, list_secrets
from keyturn.levels import find_servings
from keyturn.model import (
    FailureKind,
    How,
    Inventory,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Store,
    StoredPart,
    Token,
    Trigger,
    Use,
    Uses,
)

AT = datetime(2026, 11, 1, tzinfo=UTC)
APP = Scope("octo", "app")
PRODUCTION = Scope("octo", "app", "production")
STAGING = Scope("octo", "app", "staging")
ORGANIZATION = Scope("octo")
DEPENDABOT = Scope("octo", "app", store=Store.DEPENDABOT)
PUSH = (Trigger("push"),)


def secret(scope: Scope, name: str) -> Secret:
    return Secret(SecretRef(scope, name), AT, AT)


def use(name: str, *, environment: str = "", known: bool = True, line: int = 1) -> Use:
    place = Reference(".github/workflows/ci.yml", line, 1, name, job="build")
    return Use(name, place.path, "build", PUSH, place, environment, known)


def token(*refs: SecretRef) -> Token:
    return Token("deploy", "declared", secrets=tuple(StoredPart(ref) for ref in refs))


class FakeStore:
    """GitHub as a table: a collection is a list of names, or the error it answers with."""

    def __init__(self, content: dict[Scope, list[str] | PlatformError]) -> None:
        self.content = content
        self.asked: list[str] = []
        self.hidden: list[str] = []
        """Of the organization, and out of the repository's sight."""

    def list_secrets(self, scope: Scope) -> Sequence[Secret]:
        self.asked.append(str(scope))
        hidden = self.hidden if scope == ORGANIZATION else []
        return [*self._answer(scope, scope), *(secret(scope, name) for name in hidden)]

    def list_visible_organization_secrets(self, owner: str, repository: str) -> Sequence[Secret]:
        self.asked.append(f"visible to {owner}/{repository}")
        return self._answer(Scope(owner), Scope(owner))

    def list_environments(self, owner: str, repository: str) -> Sequence[str]:
        self.asked.append("environments")
        found = sorted({scope.environment for scope in self.content if scope.environment})
        return found

    def _answer(self, scope: Scope, named: Scope) -> Sequence[Secret]:
        found = self.content.get(scope, [])
        if isinstance(found, PlatformError):
            raise found
        return [secret(named, name) for name in found]


def labels(found: Sequence[Secret]) -> list[str]:
    return [str(line.ref) for line in found]


def test_every_collection_that_matters_is_listed_once() -> None:
    elsewhere = SecretRef(Scope("octo", "site"), "A")
    store = FakeStore(
        {APP: ["A"], PRODUCTION: ["A"], STAGING: [], ORGANIZATION: ["O"], elsewhere.scope: ["A"]}
    )
    listing = list_secrets(store, "octo/app", [token(elsewhere, SecretRef(ORGANIZATION, "O"))])
    assert store.asked == [
        "octo/app",
        "environments",
        "octo/app[production]",
        "octo/app[staging]",
        "visible to octo/app",
        "octo/app (dependabot)",
        "octo/site",
    ]
    assert labels(listing.secrets) == [
        "octo/app:A",
        "octo/app[production]:A",
        "octo:O",
        "octo/site:A",
    ]
    assert listing.complete
    assert not listing.failures


def test_an_organization_secret_that_is_not_visible_is_asked_for() -> None:
    store = FakeStore({APP: []})
    list_secrets(store, "octo/app", [token(SecretRef(ORGANIZATION, "HIDDEN"))])
    assert store.asked[-1] == "octo"


def test_what_may_not_be_listed_is_said_once_and_the_rest_goes_on() -> None:
    refusal = NotPermitted("403", hint="it needs secrets: read")
    store = FakeStore({APP: refusal, PRODUCTION: refusal, STAGING: refusal, ORGANIZATION: ["O"]})
    listing = list_secrets(store, "octo/app", [])
    assert labels(listing.secrets) == ["octo:O"]
    assert not listing.complete
    (failure,) = listing.failures
    assert failure.kind is FailureKind.NOT_PERMITTED
    assert "refused: repository secrets, environment secrets" in failure.message
    assert failure.message.endswith("can have the rights: it needs secrets: read")
    # One refusal speaks for every environment of the repository.
    assert "octo/app[staging]" not in store.asked


def test_a_rejected_credential_is_not_presented_again() -> None:
    store = FakeStore({APP: PlatformRejected("GitHub does not know this credential")})
    listing = list_secrets(store, "octo/app", [])
    assert store.asked == ["octo/app"]
    assert [failure.kind for failure in listing.failures] == [FailureKind.CREDENTIAL_REJECTED]
    assert not listing.complete


def test_an_outage_of_one_list_leaves_the_others() -> None:
    store = FakeStore({APP: PlatformUnavailable("502"), PRODUCTION: ["A"], DEPENDABOT: ["D"]})
    listing = list_secrets(store, "octo/app", [])
    assert labels(listing.secrets) == ["octo/app[production]:A", "octo/app:dependabot/D"]
    assert [failure.kind for failure in listing.failures] == [FailureKind.GITHUB_UNAVAILABLE]
    assert not listing.complete


def test_the_rules_about_workflows_do_not_wait_for_dependabot() -> None:
    store = FakeStore({APP: ["A"], DEPENDABOT: NotPermitted("needs dependabot_secrets: read")})
    assert list_secrets(store, "octo/app", []).complete


def build(
    secrets: Sequence[Secret],
    *uses: Use,
    references: tuple[Reference, ...] = (),
    tokens: Sequence[Token] = (),
    scopes: frozenset[Scope] = frozenset({APP, PRODUCTION, STAGING, ORGANIZATION}),
    complete: bool = True,
    ignored: str = "",
) -> Inventory:
    return build_inventory(
        "octo/app",
        listing=Listing(tuple(secrets), scopes, complete=complete),
        uses=Uses(tuple(uses), (*(use.reference for use in uses), *references)),
        tokens=tokens,
        is_ignored=lambda name: name == ignored,
    )


def readers(inventory: Inventory) -> dict[str, int]:
    return {str(line.ref): len(line.uses) for line in inventory.secrets}


EVERYWHERE = [secret(APP, "A"), secret(PRODUCTION, "A"), secret(ORGANIZATION, "A")]


@pytest.mark.parametrize(
    ("stored", "job", "gets"),
    [
        (EVERYWHERE, use("A", environment="production"), ["octo/app[production]:A"]),
        (EVERYWHERE, use("A", environment="Production"), ["octo/app[production]:A"]),
        (EVERYWHERE, use("A", environment="staging"), ["octo/app:A"]),
        (EVERYWHERE, use("A"), ["octo/app:A"]),
        (EVERYWHERE[1:], use("A"), ["octo:A"]),
        (EVERYWHERE, use("A", known=False), ["octo/app:A", "octo/app[production]:A"]),
        (EVERYWHERE, use("B"), []),
        ([secret(Scope("octo", "app", store=Store.DEPENDABOT), "A")], use("A"), []),
        ([secret(Scope("octo", "other"), "A")], use("A"), []),
        ([secret(Scope("else"), "A")], use("A"), []),
    ],
)
def test_environment_wins_over_repository_over_organization(
    stored: list[Secret], job: Use, gets: list[str]
) -> None:
    found = readers(build(stored, job))
    assert sorted(label for label, count in found.items() if count) == sorted(gets)


def test_a_secret_that_may_not_be_seen_could_be_what_the_job_gets() -> None:
    inventory = build(
        [secret(APP, "A")],
        use("A", environment="production"),
        tokens=[token(SecretRef(PRODUCTION, "A"))],
        scopes=frozenset({APP}),
        complete=False,
    )
    assert [(str(s.ref), s.present) for s in inventory.secrets] == [
        ("octo/app:A", True),
        ("octo/app[production]:A", None),
    ]
    assert readers(inventory) == {"octo/app:A": 1, "octo/app[production]:A": 1}


def test_an_environment_that_github_does_not_list_holds_nothing() -> None:
    inventory = build([], tokens=[token(SecretRef(Scope("octo", "app", "old"), "A"))])
    assert [line.present for line in inventory.secrets] == [False]


def test_declared_secrets_are_joined_whether_listed_or_not() -> None:
    declared = token(SecretRef(APP, "a"), SecretRef(APP, "GONE"), SecretRef(Scope("x", "y"), "B"))
    inventory = build([secret(APP, "A")], tokens=[declared])
    assert [(str(s.ref), s.present, s.declared_by) for s in inventory.secrets] == [
        ("octo/app:A", True, "deploy"),
        ("octo/app:GONE", False, "deploy"),
        ("x/y:B", None, "deploy"),
    ]


def test_an_absent_declared_secret_keeps_its_readers_where_nothing_else_serves_them() -> None:
    gone = SecretRef(APP, "A")
    assert readers(build([], use("A"), tokens=[token(gone)])) == {"octo/app:A": 1}
    served = build([secret(ORGANIZATION, "A")], use("A"), tokens=[token(gone)])
    assert readers(served) == {"octo:A": 1, "octo/app:A": 0}


def test_places_that_only_pass_a_secret_on_are_references_but_no_reader() -> None:
    passed = Reference(".github/workflows/ci.yml", 9, 3, "A", How.PASSED, job="call")
    inventory = build([secret(APP, "A"), secret(APP, "B")], use("A", line=2), references=(passed,))
    first, second = inventory.secrets
    assert [place.line for place in first.references] == [2, 9]
    assert len(first.uses) == 1
    assert second.references == ()


def test_ignored_names_are_marked_on_both_sides() -> None:
    inventory = build([secret(APP, "A"), secret(APP, "B")], use("A"), ignored="A")
    assert [line.ignored for line in inventory.secrets] == [True, False]
    assert inventory.ignored_names == {"A"}


def test_what_an_organization_keeps_from_the_repository_is_read_by_nobody() -> None:
    store = FakeStore({APP: [], ORGANIZATION: ["SHARED"]})
    store.hidden = ["HIDDEN"]
    tokens = [token(SecretRef(ORGANIZATION, "HIDDEN"), SecretRef(ORGANIZATION, "SHARED"))]
    listing = list_secrets(store, "octo/app", tokens)
    assert listing.visible == frozenset({SecretRef(ORGANIZATION, "SHARED")})
    reading = use("HIDDEN"), use("SHARED")
    inventory = build_inventory(
        "octo/app",
        listing=listing,
        uses=Uses(reading, tuple(each.reference for each in reading)),
        tokens=tokens,
        is_ignored=lambda _: False,
    )
    hidden, shared = inventory.secrets
    assert (hidden.withheld, len(hidden.uses), hidden.references) == (
        "octo/app does not see it among its organization's secrets",
        0,
        (),
    )
    assert (shared.withheld, len(shared.uses)) == ("", 1)


def test_where_the_visible_ones_may_not_be_listed_nothing_is_withheld() -> None:
    store = FakeStore({APP: [], ORGANIZATION: NotPermitted("403")})
    listing = list_secrets(store, "octo/app", [token(SecretRef(ORGANIZATION, "A"))])
    assert listing.visible is None
    inventory = build_inventory(
        "octo/app",
        listing=listing,
        uses=Uses((use("A"),)),
        tokens=[token(SecretRef(ORGANIZATION, "A"))],
        is_ignored=lambda _: False,
    )
    assert [(line.withheld, len(line.uses)) for line in inventory.secrets] == [("", 1)]


@pytest.mark.parametrize(
    ("stored", "job", "gets", "others"),
    [
        (EVERYWHERE, use("A"), ["octo/app:A"], ["octo/app[production]:A", "octo:A"]),
        (
            [*EVERYWHERE, secret(DEPENDABOT, "A"), secret(Scope("octo", "site"), "A")],
            use("A", environment="production"),
            ["octo/app[production]:A"],
            ["octo/app:A", "octo/app:dependabot/A", "octo:A"],
        ),
        (
            EVERYWHERE,
            use("A", known=False),
            ["octo/app:A", "octo/app[production]:A"],
            ["octo:A"],
        ),
        ([], use("A"), [], []),
    ],
)
def test_which_value_a_job_gets(
    stored: list[Secret], job: Use, gets: list[str], others: list[str]
) -> None:
    (serving,) = find_servings(build(stored, job))
    assert sorted(map(str, serving.gets)) == sorted(gets)
    assert sorted(map(str, serving.others)) == sorted(others)
    assert serving.certain is (len(gets) < 2)
    assert serving.environment == (job.environment if job.environment_known else None)
    (unseen,) = find_servings(build(stored, job, complete=False))
    assert not unseen.certain


def test_a_declared_secret_that_is_absent_serves_nobody() -> None:
    absent = build([], use("A"), tokens=[token(SecretRef(APP, "A"))])
    (serving,) = find_servings(absent)
    assert (serving.gets, serving.others, serving.certain) == ((), (), True)


def test_jobs_are_told_once_each_in_order() -> None:
    jobs = [use("B", line=3), use("A", line=2), use("A", line=1), use("A", environment="staging")]
    found = list(find_servings(build([secret(APP, "A")], *jobs)))
    assert [(each.name, each.environment) for each in found] == [
        ("A", ""),
        ("A", "staging"),
        ("B", ""),
    ]
