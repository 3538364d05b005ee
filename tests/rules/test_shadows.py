"""`shadowed`, and what is missing for a level's sake: whole workflows, and what GitHub stores."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from keyturn.call_graph import read_uses
from keyturn.inventory import Listing, build_inventory
from keyturn.model import (
    Inspected,
    Inventory,
    Scope,
    Secret,
    SecretRef,
    State,
    Store,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.rules.secrets import find_missing
from keyturn.rules.shadows import find_shadowed

AT = datetime(2026, 11, 1, tzinfo=UTC)
APP = Scope("octo", "app")
PRODUCTION = Scope("octo", "app", "production")
STAGING = Scope("octo", "app", "staging")
ORGANIZATION = Scope("octo")
DEPENDABOT = Scope("octo", "app", store=Store.DEPENDABOT)
CODESPACES = Scope("octo", "app", store=Store.CODESPACES)
SITE = Scope("octo", "site")

RELEASE = """
    on:
      push: { tags: ["v*"] }
    jobs:
      publish:
        runs-on: ubuntu-latest
        environment: production
        steps:
          - uses: actions/checkout@v4
          - run: npm publish
            env: { NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}" }
    """
NIGHTLY = """
    on: { schedule: [{ cron: "0 3 * * *" }] }
    jobs:
      canary:
        runs-on: ubuntu-latest
        steps:
          - run: npm publish --tag next
            env: { NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}" }
    """
MATRIX = """
    on: push
    jobs:
      deploy:
        strategy: { matrix: { stage: [staging, production] } }
        runs-on: ubuntu-latest
        environment: ${{ matrix.stage }}
        steps:
          - run: ./deploy
            env: { TOKEN: "${{ secrets.NPM_TOKEN }}" }
    """
CALLER = """
    on: push
    jobs:
      release:
        uses: ./.github/workflows/called.yml
        secrets: inherit
    """
CALLED = """
    on: { workflow_call: { secrets: { NPM_TOKEN: { required: true } } } }
    jobs:
      publish:
        runs-on: ubuntu-latest
        environment: { name: production, url: https://example.com }
        steps:
          - run: npm publish
            env: { NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}" }
    """
DISPATCHED = """
    on: workflow_call
    jobs:
      publish:
        runs-on: ubuntu-latest
        environment: production
        steps: [{ run: npm publish, env: { T: "${{ secrets.NPM_TOKEN }}" } }]
    """
EVERYTHING = """
    on: push
    jobs:
      dump:
        runs-on: ubuntu-latest
        steps: [{ run: ./sync, env: { ALL: "${{ toJSON(secrets) }}" } }]
    """
TESTED = """
    on: [pull_request, push]
    jobs:
      test:
        runs-on: ubuntu-latest
        steps:
          - run: npm ci
            env: { NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}" }
    """
GUARD = "if: github.actor != 'dependabot[bot]'"
GUARDED = TESTED.replace("runs-on: ubuntu-latest", f"runs-on: ubuntu-latest\n        {GUARD}")
IN_ENVIRONMENT = TESTED.replace(
    "runs-on: ubuntu-latest", "runs-on: ubuntu-latest\n        environment: staging"
)
REGISTRY = """
    version: 2
    registries:
      npm: { type: npm-registry, url: https://npm.example.com, token: "${{ secrets.NPM_TOKEN }}" }
    updates:
      - { package-ecosystem: npm, directory: /, schedule: { interval: weekly }, registries: [npm] }
    """


@dataclass
class Files:
    """A source tree in memory."""

    texts: Mapping[str, str]

    def list_workflows(self) -> Sequence[str]:
        return sorted(path for path in self.texts if "/workflows/" in path)

    def read(self, path: str) -> bytes | None:
        text = self.texts.get(path)
        return None if text is None else textwrap.dedent(text).encode()


def secret(scope: Scope, name: str = "NPM_TOKEN") -> Secret:
    return Secret(SecretRef(scope, name), AT, AT)


def declare(id: str, *scopes: Scope, name: str = "NPM_TOKEN") -> Inspected:
    stored = tuple(StoredPart(SecretRef(scope, name)) for scope in scopes)
    return Inspected(Token(id, "npm", secrets=stored), TokenStatus(State.ACTIVE))


def take(
    workflows: Mapping[str, str],
    stored: Iterable[Secret],
    tokens: Sequence[Inspected],
    *,
    complete: bool = True,
    visible: Iterable[Secret] | None = None,
    ignored: str = "",
) -> Inventory:
    stored = list(stored)
    seen = [s for s in stored if s.ref.scope == ORGANIZATION] if visible is None else visible
    texts = {
        path if "/" in path else f".github/workflows/{path}.yml": text
        for path, text in workflows.items()
    }
    return build_inventory(
        "octo/app",
        listing=Listing(
            tuple(stored),
            frozenset(s.ref.scope for s in stored),
            complete=complete,
            visible=frozenset(s.ref for s in seen),
        ),
        uses=read_uses(Files(texts)),
        tokens=[each.token for each in tokens],
        is_ignored=lambda name: name == ignored,
    )


BOTH = [secret(APP), secret(PRODUCTION)]
REPOSITORY = [declare("npm", APP)]

SHADOWED = {
    "a forgotten copy in an environment": (
        {"release": RELEASE, "nightly": NIGHTLY},
        BOTH,
        REPOSITORY,
        "npm: a new value in octo/app:NPM_TOKEN would change nothing for job publish of "
        ".github/workflows/release.yml, where octo/app[production]:NPM_TOKEN is read in its place, "
        "which nobody declared (declare it under the token that it holds, or delete it)",
    ),
    "an environment as a mapping, through a reusable workflow that inherits": (
        {"ci": CALLER, "called": CALLED},
        BOTH,
        REPOSITORY,
        "job release / publish of .github/workflows/ci.yml, where octo/app[production]:NPM_TOKEN",
    ),
    "the organization's is renewed, and the repository's own is forgotten": (
        {"nightly": NIGHTLY},
        [secret(APP), secret(ORGANIZATION)],
        [declare("npm", ORGANIZATION)],
        "a new value in octo:NPM_TOKEN would change nothing for job canary of "
        ".github/workflows/nightly.yml, where octo/app:NPM_TOKEN is read in its place",
    ),
    "dead weight: every job gets another token's": (
        {"release": RELEASE},
        BOTH,
        [declare("old", APP), declare("new", PRODUCTION)],
        "old: octo/app:NPM_TOKEN is read by no job: job publish of .github/workflows/release.yml "
        "would, where octo/app[production]:NPM_TOKEN is read in its place, declared for new "
        "(delete one of the two, or correct the declaration)",
    ),
    "two declared copies behind one forgotten": (
        {"release": RELEASE},
        [secret(PRODUCTION), secret(APP), secret(ORGANIZATION)],
        [declare("npm", APP, ORGANIZATION)],
        "a new value in octo:NPM_TOKEN would",
    ),
    "Dependabot's own updates read a forgotten copy": (
        {"nightly": NIGHTLY, ".github/dependabot.yml": REGISTRY},
        [secret(APP), secret(DEPENDABOT)],
        REPOSITORY,
        "would change nothing for Dependabot itself (.github/dependabot.yml), where "
        "octo/app:dependabot/NPM_TOKEN is read in its place",
    ),
    "a job on Dependabot's pull requests": (
        {"ci": TESTED},
        [secret(APP), secret(DEPENDABOT)],
        REPOSITORY,
        "for runs of Dependabot's pull requests (job test of .github/workflows/ci.yml), where",
    ),
}


@pytest.mark.parametrize("case", SHADOWED)
def test_a_copy_whose_renewal_changes_nothing_is_said(case: str) -> None:
    workflows, stored, tokens, words = SHADOWED[case]
    (finding,) = find_shadowed(tokens, take(workflows, stored, tokens))
    assert words in f"{finding.subject}: {finding.message}"


SILENT = {
    "one place only": ({"nightly": NIGHTLY}, [secret(APP)], REPOSITORY),
    "both are declared for the same token": (
        {"release": RELEASE, "nightly": NIGHTLY},
        BOTH,
        [declare("npm", APP, PRODUCTION)],
    ),
    "each for its own token, and each is read": (
        {"release": RELEASE, "nightly": NIGHTLY},
        BOTH,
        [declare("next", APP), declare("npm", PRODUCTION)],
    ),
    "the organization's, with another token's here: other repositories may read it": (
        {"nightly": NIGHTLY},
        [secret(APP), secret(ORGANIZATION)],
        [declare("here", APP), declare("shared", ORGANIZATION)],
    ),
    "the environment is an expression": (
        {"deploy": MATRIX},
        [secret(APP), secret(PRODUCTION), secret(STAGING)],
        REPOSITORY,
    ),
    "the other environment's copy is read by nobody": (
        {"nightly": NIGHTLY},
        [secret(APP), secret(STAGING)],
        REPOSITORY,
    ),
    "what nobody starts": ({"called": DISPATCHED}, BOTH, REPOSITORY),
    "dead weight, unless something may mean any secret": (
        {"release": RELEASE, "sync": EVERYTHING},
        BOTH,
        [declare("old", APP), declare("new", PRODUCTION)],
    ),
    "a copy in another repository": (
        {"release": RELEASE},
        [secret(SITE), secret(PRODUCTION)],
        [declare("npm", SITE)],
    ),
    "the nearer copy is the declared one": (
        {"release": RELEASE},
        BOTH,
        [declare("npm", PRODUCTION)],
    ),
    "the declared copy is not there": (
        {"release": RELEASE},
        [secret(PRODUCTION)],
        REPOSITORY,
    ),
    "Codespaces' are for people": (
        {"nightly": NIGHTLY},
        [secret(APP), secret(CODESPACES)],
        REPOSITORY,
    ),
    "Dependabot's is declared": (
        {"ci": TESTED},
        [secret(APP), secret(DEPENDABOT)],
        [declare("npm", APP, DEPENDABOT)],
    ),
    "no job runs on pull requests": (
        {"nightly": NIGHTLY},
        [secret(APP), secret(DEPENDABOT)],
        REPOSITORY,
    ),
    "the job keeps Dependabot out": (
        {"ci": GUARDED},
        [secret(APP), secret(DEPENDABOT)],
        REPOSITORY,
    ),
    "a job in an environment, of which GitHub says nothing": (
        {"ci": IN_ENVIRONMENT},
        [secret(APP), secret(DEPENDABOT)],
        REPOSITORY,
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_is_on_purpose_or_not_certain_is_not_said(case: str) -> None:
    workflows, stored, tokens = SILENT[case]
    assert list(find_shadowed(tokens, take(workflows, stored, tokens))) == []


def test_what_was_not_seen_is_not_said() -> None:
    files = {"release": RELEASE}
    assert list(find_shadowed(REPOSITORY, take(files, BOTH, REPOSITORY)))
    assert not list(find_shadowed(REPOSITORY, take(files, BOTH, REPOSITORY, complete=False)))
    assert not list(find_shadowed(REPOSITORY, take(files, BOTH, REPOSITORY, ignored="NPM_TOKEN")))
    unknown = [replace(REPOSITORY[0], status=TokenStatus(State.UNKNOWN))]
    assert not list(find_shadowed(unknown, take(files, BOTH, unknown)))


def test_the_workflows_above_are_understood() -> None:
    every = (RELEASE, NIGHTLY, MATRIX, CALLER, CALLED, DISPATCHED, TESTED, GUARDED, IN_ENVIRONMENT)
    uses = take({str(number): text for number, text in enumerate(every)}, [], []).uses
    assert uses.failures == ()
    assert len({reference.path for reference in uses.references}) == len(every)


def test_a_file_that_is_not_understood_shadows_nothing() -> None:
    files = {"release": "on: push\njobs: {publish: [", "nightly": NIGHTLY}
    assert not list(find_shadowed(REPOSITORY, take(files, BOTH, REPOSITORY)))


def test_many_jobs_are_counted() -> None:
    files = {f"release{number}": RELEASE for number in range(5)}
    (finding,) = find_shadowed(REPOSITORY, take(files, BOTH, REPOSITORY))
    assert "release2.yml and 2 more, where" in finding.message
    assert len(finding.references) == 5


def missing(inventory: Inventory) -> list[str]:
    return [finding.message for finding in find_missing(inventory)]


HIDDEN = replace(secret(ORGANIZATION), visibility="selected")


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ([], ["canary reads it, and it is stored nowhere the job could get it from"]),
        (
            [HIDDEN],
            [
                "canary reads it, and GitHub does not give it octo:NPM_TOKEN: octo/app does not "
                "see it among its organization's secrets; its visibility is `selected`"
            ],
        ),
        ([HIDDEN, secret(APP)], []),
    ],
)
def test_an_organizations_secret_that_the_repository_does_not_see(
    stored: list[Secret], words: list[str]
) -> None:
    tokens = [declare("npm", ORGANIZATION)] if stored else []
    assert missing(take({"nightly": NIGHTLY}, stored, tokens, visible=[])) == words


def test_what_is_declared_and_not_among_the_visible_is_missing_whoever_may_list_it() -> None:
    tokens = [declare("npm", ORGANIZATION)]
    (message,) = missing(take({"nightly": NIGHTLY}, [], tokens, visible=[]))
    assert "octo/app does not see it among its organization's secrets" in message


def shelf(*names: str) -> list[Secret]:
    return [secret(ORGANIZATION, name) for name in names]


@pytest.mark.parametrize(
    ("before", "given"),
    [
        ([f"A{number:03}" for number in range(99)], True),
        ([f"A{number:03}" for number in range(100)], False),
        ([f"Z{number:03}" for number in range(500)], True),
        # Before it only where an underscore comes before the letters: nobody can tell.
        ([*(f"A{number:03}" for number in range(99)), "N_LATE"], True),
    ],
)
def test_a_workflow_gets_the_first_hundred_by_name(before: list[str], *, given: bool) -> None:
    name = "NPM_TOKEN"
    inventory = take({"nightly": NIGHTLY}, shelf(*before, name), [])
    assert bool(missing(inventory)) is not given
    if not given:
        assert missing(inventory) == [
            "canary reads it, and GitHub does not give it octo:NPM_TOKEN: by name it comes after "
            "the first 100 of the 101 organization secrets that octo/app sees, and a workflow gets "
            "no more"
        ]


def test_one_that_is_not_given_shadows_nothing_and_is_shadowed_by_nothing() -> None:
    tokens = [declare("npm", ORGANIZATION)]
    stored = [*shelf(*(f"A{number:03}" for number in range(100))), *BOTH, secret(ORGANIZATION)]
    inventory = take({"release": RELEASE, "nightly": NIGHTLY}, stored, tokens)
    assert list(find_shadowed(tokens, inventory)) == []
