"""What could go altogether: where it is said, where not, and that the patch does what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.call_graph import read_uses
from keyturn.inventory import Listing, build_inventory
from keyturn.model import (
    Advice,
    Consumer,
    Finding,
    Inspected,
    Inventory,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    Store,
    StoredPart,
    Token,
    TokenStatus,
)
from keyturn.replacements import ROWS
from keyturn.replacements.advice import advise
from keyturn.replacements.evidence import Place
from keyturn.workflows import parse_workflow
from tests.rules.replaceable_cases import CASES, SILENT, Case

PATH = ".github/workflows/ci.yml"
APP = Scope("octo", "app")
NAMES = ("ID", "TOKEN", "SESSION")


class Files:
    """A source tree in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def list_workflows(self) -> list[str]:
        return sorted(path for path in self.files if path.startswith(".github/workflows/"))

    def read(self, path: str) -> bytes | None:
        found = self.files.get(path)
        return None if found is None else found.encode()


def take(
    files: Mapping[str, str], *, tokens: tuple[Token, ...] = (), scopes: tuple[Scope, ...] = (APP,)
) -> Inventory:
    uses = read_uses(Files(files))
    secrets = tuple(Secret(SecretRef(scope, name)) for scope in scopes for name in NAMES)
    listing = Listing(secrets, frozenset(scopes), complete=True)
    return build_inventory(
        "octo/app", listing=listing, uses=uses, tokens=tokens, is_ignored=lambda _name: False
    )


def declare(*refs: SecretRef, **changes: object) -> Token:
    token = Token("robot", "declared", secrets=tuple(StoredPart(ref) for ref in refs))
    return replace(token, **changes)  # type: ignore[arg-type]


def due(rule: str = "expiring") -> Finding:
    return Finding(rule, Severity.WARNING, "robot", "expires")


def find(inventory: Inventory, *tokens: Token, findings: tuple[Finding, ...] = ()) -> list[Finding]:
    inspected = [Inspected(token, TokenStatus(State.ACTIVE), None) for token in tokens]
    return list(advise(inventory, inspected, findings, on_github_com=True))


def advice_of(text: str) -> Advice | None:
    found = [f for f in find(take({PATH: text})) if f.subject == "octo/app:TOKEN"]
    return found[0].advice if found else None


def apply(patch: str, files: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Let git apply a patch; return the files as they are then."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-p1", "-"]
    subprocess.run(command, cwd=folder, input=patch.encode(), check=True)
    return {path: (folder / path).read_bytes().decode() for path in files}


def jobs(text: str) -> dict[str, tuple[Consumer, ...]]:
    workflow = parse_workflow(PATH, text.encode())
    return {job.id: tuple(step.consumer for step in job.steps) for job in workflow.jobs}


@pytest.mark.parametrize("name", CASES)
def test_a_secret_that_could_go(name: str, tmp_path: Path) -> None:
    case: Case = CASES[name]
    row = next(row for row in ROWS if row.id == case.row)
    advice = advice_of(case.text)
    assert advice
    assert row.name in advice.replacement
    assert row.source in advice.sources
    assert case.says in "\n".join((*advice.changes, *advice.publisher))
    assert advice.before_deleting[-1].endswith("delete octo/app:TOKEN.")
    assert bool(advice.patch) is case.patched
    if not case.patched:
        return
    after = apply(advice.patch, {PATH: case.text}, tmp_path)[PATH]
    uses = read_uses(Files({PATH: after}))
    assert not uses.failures
    # Neither the secret nor what belonged to it is read any more; an App's key may be.
    assert {use.name for use in uses.uses} <= {"APP_PRIVATE_KEY"}
    if case.permissions is not None:
        assert jobs(after)["main"][0].permissions == case.permissions
    before = CASES[name].text
    kept = [line.strip() for line in before.splitlines() if "#" in line and "secrets" not in line]
    assert all(comment in after for comment in kept)


def test_every_row_has_a_case() -> None:
    assert {case.row for case in CASES.values()} == {row.id for row in ROWS}


@pytest.mark.parametrize("name", SILENT)
def test_a_secret_that_only_looks_like_it(name: str) -> None:
    assert find(take({PATH: SILENT[name]})) == []


PYPI = CASES["pypi, the action as its README shows it"].text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("expiring", True),
        ("expired", True),
        ("revoked", True),
        ("blocked-by-policy", True),
        ("copy-too-old", True),
        ("never-expires", True),
        ("unknown-expiry", True),
        ("lifetime-too-long", True),
        ("idle", False),
        ("review-due", False),
    ],
)
def test_a_declared_token_is_spoken_of_when_it_is_due(rule: str, said: bool) -> None:
    token = declare(SecretRef(APP, "TOKEN"))
    inventory = take({PATH: PYPI}, tokens=(token,))
    found = find(inventory, token, findings=(due(rule),))
    assert [(f.rule, f.subject, f.severity) for f in found] == (
        [("replaceable", "robot", Severity.INFO)] if said else []
    )


def test_one_finding_for_a_token_of_two_secrets() -> None:
    token = declare(SecretRef(APP, "ID"), SecretRef(APP, "TOKEN"))
    inventory = take({PATH: CASES["AWS keys"].text}, tokens=(token,))
    (found,) = find(inventory, token, findings=(due(),))
    assert found.advice
    assert found.advice.patch.count("--- a/") == 1
    assert "delete octo/app:ID, octo/app:TOKEN; take robot out" in found.advice.before_deleting[-1]


def test_an_id_alone_is_no_credential() -> None:
    found = find(take({PATH: CASES["AWS keys"].text}))
    assert [f.subject for f in found] == ["octo/app:TOKEN"]


@pytest.mark.parametrize(
    "ref",
    [
        SecretRef(Scope("octo", "other"), "TOKEN"),
        SecretRef(Scope("octo", "app", store=Store.DEPENDABOT), "TOKEN"),
        SecretRef(Scope("elsewhere"), "TOKEN"),
    ],
    ids=str,
)
def test_a_copy_out_of_sight_keeps_the_token(ref: SecretRef) -> None:
    token = declare(SecretRef(APP, "TOKEN"), ref)
    inventory = take({PATH: PYPI}, tokens=(token,), scopes=(APP, ref.scope))
    assert find(inventory, token, findings=(due(),)) == []


def test_a_copy_of_the_organization_is_asked_after() -> None:
    ref = SecretRef(Scope("octo"), "TOKEN")
    token = declare(ref)
    inventory = take({PATH: PYPI}, tokens=(token,), scopes=(Scope("octo"),))
    (found,) = find(inventory, token, findings=(due(),))
    assert found.advice
    assert "no other repository of the organization" in found.advice.before_deleting[1]
    # Nobody here owns what nobody here declared.
    assert find(take({PATH: PYPI}, scopes=(Scope("octo"),))) == []


KEYTURN = """
on: { schedule: [{ cron: "0 6 * * *" }] }
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: keyturn/keyturn@v0
        env:
          ROBOT: ${{ secrets.TOKEN }}
"""


def test_a_token_that_keyturn_only_looks_at_can_go() -> None:
    token = declare(SecretRef(APP, "TOKEN"), value_env={"": "ROBOT"})
    files = {PATH: PYPI, ".github/workflows/keyturn.yml": KEYTURN}
    assert find(take(files, tokens=(token,)), token, findings=(due(),))
    # One that asks about others cannot, nor one of which it is not known what it is for.
    other = Token("other", "declared", credential_env={"": "ROBOT"})
    assert not find(take(files, tokens=(token,)), token, other, findings=(due(),))
    unnamed = declare(SecretRef(APP, "TOKEN"))
    assert not find(take(files, tokens=(unnamed,)), unnamed, findings=(due(),))


def test_jobs_of_two_files_are_one_patch(tmp_path: Path) -> None:
    files = {PATH: PYPI, ".github/workflows/again.yml": PYPI}
    (found,) = find(take(files))
    assert found.advice
    after = apply(found.advice.patch, files, tmp_path)
    assert read_uses(Files(after)).uses == ()


def test_a_release_that_starts_another_workflow_keeps_its_token() -> None:
    text = CASES["a release of a pushed tag"].text
    other = "on: release\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: make }] } }\n"
    assert find(take({PATH: text}))
    assert not find(take({PATH: text, ".github/workflows/other.yml": other}))


def test_a_file_that_is_not_understood_keeps_every_token() -> None:
    assert not find(take({PATH: PYPI, ".github/workflows/broken.yml": "on: [push\n"}))


def test_a_server_of_ones_own_is_known_to_nobody_else() -> None:
    def rules(name: str) -> list[str]:
        inventory = take({PATH: CASES[name].text})
        return [f.rule for f in advise(inventory, (), (), on_github_com=False)]

    assert rules("Vault") == []
    # ghcr.io is github.com's, and does not know the token of another server's job.
    assert rules("the container registry of GitHub") == []
    assert rules("a checkout of another repository") == ["replaceable"]


@pytest.mark.parametrize(
    "script",
    [
        "git -C docs push",
        "git commit -am x && git push",
        "npx lerna publish",
        "npx changeset publish",
        "mkdocs gh-deploy",
        "mike deploy --push 1.0",
        "bundle exec rake release",
        "npm version patch",
        "hub release create v1",
        "GITHUB_TOKEN=x make",
        "npm run deploy",
        "./scripts/bump-version.sh 1.0",
    ],
)
def test_a_script_that_may_need_more_rights_gets_no_block_of_them(script: str) -> None:
    text = CASES["Azure"].text
    assert "run:" not in text
    advice = advice_of(f"{text}      - run: {script}\n")
    assert advice
    assert advice.patch == ""
    for harmless in ("cargo build --release", "git status", "docker push x/y", "./deploy.sh"):
        advice = advice_of(f"{text}      - run: {harmless}\n")
        assert advice
        assert advice.patch


def test_two_accounts_are_not_given_one_variable() -> None:
    one = CASES["Azure"].text
    both = (
        f"{one}      - uses: azure/login@v2\n        with: {{ creds: '${{{{ secrets.ID }}}}' }}\n"
    )
    found = find(take({PATH: both}))
    assert [f.subject for f in found] == ["octo/app:ID", "octo/app:TOKEN"]
    for finding in found:
        assert finding.advice
        assert finding.advice.patch == ""
        assert "a variable of its own name" in finding.advice.changes[-1]
    # The copies of two environments may share a name, which is a variable of each.
    job = one[one.index("  main:") :].replace("main:", "other:")
    text = one.replace("    runs-on", "    environment: dev\n    runs-on", 1)
    text += job.replace("    runs-on", "    environment: live\n    runs-on")
    scopes = (Scope("octo", "app", "dev"), Scope("octo", "app", "live"))
    found = find(take({PATH: text}, scopes=scopes))
    assert [f.subject for f in found] == ["octo/app[dev]:TOKEN", "octo/app[live]:TOKEN"]
    assert all(f.advice and f.advice.patch for f in found)


def test_a_step_that_is_put_in_is_told_in_full() -> None:
    advice = advice_of(CASES["a checkout of another repository"].text)
    assert advice
    (told,) = advice.changes
    assert "set with.token: ${{ steps.keyturn-app.outputs.token }}" in told
    assert "id: keyturn-app, uses: actions/create-github-app-token@v3, with.client-id: " in told
    assert told.endswith("with.owner: octo, with.repositories: charts")
    both = advice_of(CASES["a checkout and a pull request with the robot's token"].text)
    assert both
    assert "an id of its own" in both.changes[-1]


def test_a_claim_with_numbers_is_told_of() -> None:
    for name in ("AWS keys", "AWS keys that assume a role", "Azure", "Vault"):
        advice = advice_of(CASES[name].text)
        assert advice
        told = "\n".join(advice.publisher)
        assert "repo:OWNER@OWNER-ID/REPO@REPO-ID:" in told
        assert "repos/octo/app/actions/oidc/customization/sub" in told


def test_the_page_has_every_row() -> None:
    page = Path(__file__).resolve().parents[2] / "docs/reference/replaceable.md"
    told = [
        line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert told == [f"| `{row.id}` | {row.evidence} | {row.name} | {row.source} |" for row in ROWS]


def test_no_two_rows_hold_of_one_place() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    for name, case in CASES.items():
        inventory = take({PATH: case.text})
        uses = [use for use in inventory.uses.uses if use.name == "TOKEN"]
        for use in uses:
            steps = inventory.uses.jobs[PATH, "main"]
            events = frozenset({"push"})
            place = Place(use, use.consumers[0], "octo/app", steps, events)
            assert len([row for row in ROWS if row.matches(place)]) == 1, name
