"""Steps that would hide the death of what they use, read from whole workflows."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime

import pytest

from keyturn.call_graph import read_uses
from keyturn.first_break import find_first_break
from keyturn.inventory import Listing, build_inventory
from keyturn.model import Finding, Scope, Secret, SecretRef, StoredPart, Token, Uses
from keyturn.rules.silence import find_silent

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PATH = ".github/workflows/ci.yml"
REF = SecretRef(Scope("octo", "app"), "TOKEN")


class Files:
    def __init__(self, text: str) -> None:
        self.text = textwrap.dedent(text)

    def list_workflows(self) -> list[str]:
        return [PATH]

    def read(self, path: str) -> bytes | None:
        return self.text.encode() if path == PATH else None


def read(text: str) -> Uses:
    uses = read_uses(Files(text))
    assert not uses.failures
    return uses


def audit(text: str, *, declared: bool = True, ignored: bool = False) -> list[Finding]:
    inventory = build_inventory(
        "octo/app",
        listing=Listing((Secret(REF),), frozenset({REF.scope}), complete=True),
        uses=read(text),
        tokens=[Token("ci", "declared", secrets=(StoredPart(REF),))] if declared else [],
        is_ignored=lambda _: ignored,
    )
    return list(find_silent(inventory))


def job(step: str, *, head: str = "") -> str:
    """Return a workflow with one job of one step."""
    lines = textwrap.indent(textwrap.dedent(step).strip("\n"), " " * 10)
    return f"""\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
{head}    steps:
        -
{lines}
"""


ENV = "env: { X: '${{ secrets.TOKEN }}' }\n"
DEAD = {
    "continue-on-error": (
        "run: deploy\ncontinue-on-error: true\n" + ENV,
        "continue-on-error: true",
    ),
    "or true": ("run: npm publish || true\n" + ENV, "|| true"),
    "expression in the script": ("run: deploy ${{ secrets.TOKEN }} || true", "|| true"),
    "curl": ("run: 'curl -d @x.json $X'\n" + ENV, "curl without --fail"),
    "curl through env context": (
        "run: 'curl -s -d @x.json ${{ env.X }}'\n" + ENV,
        "curl without --fail",
    ),
    "codecov": (
        "uses: codecov/codecov-action@v5\nwith: { token: '${{ secrets.TOKEN }}' }",
        "fail_ci_if_error is not true",
    ),
    "codecov by a hash": (
        f"uses: Codecov/codecov-action@{'ab' * 20}\n"
        "with: { token: '${{ secrets.TOKEN }}', fail_ci_if_error: false }",
        "fail_ci_if_error is not true",
    ),
    "slack": (
        "uses: slackapi/slack-github-action@v2.1.0\n"
        "with: { webhook: '${{ secrets.TOKEN }}', webhook-type: incoming-webhook }",
        "errors is not true",
    ),
}
MISSING = {
    "if env": "if: env.X != ''\nrun: npm publish\n" + ENV,
    "if env alone": "if: ${{ env.X }}\nrun: npm publish\n" + ENV,
    "if env and more": "if: env.X != '' && github.ref == 'refs/heads/main'\nrun: deploy\n" + ENV,
    "if secrets": "if: ${{ secrets.TOKEN != '' }}\nrun: npm publish\n" + ENV,
    "if a flag": "if: env.HAS == 'true'\nrun: deploy $X\n"
    "env: { X: '${{ secrets.TOKEN }}', HAS: \"${{ secrets.TOKEN != '' }}\" }",
    "script": 'run: |\n  if [ -z "$X" ]; then\n    exit 0\n  fi\n  deploy\n' + ENV,
    "another token": "uses: actions/labeler@v5\n"
    "with: { repo-token: '${{ secrets.TOKEN || github.token }}' }",
}
SEEN = {
    "plain": "run: npm publish\n" + ENV,
    "an expression": "run: deploy\ncontinue-on-error: ${{ matrix.experimental }}\n" + ENV,
    "strict codecov": "uses: codecov/codecov-action@v5\n"
    "with: { token: '${{ secrets.TOKEN }}', fail_ci_if_error: true }",
    "codecov by an expression": "uses: codecov/codecov-action@v5\n"
    "with: { token: '${{ secrets.TOKEN }}', fail_ci_if_error: '${{ env.STRICT }}' }",
    "codecov without a token": "uses: codecov/codecov-action@v5\n"
    "with: { token: '${{ secrets.TOKEN }}', use_oidc: true }",
    "slack, which failed in version 1": "uses: slackapi/slack-github-action@v1.27.0\n" + ENV,
    "slack by a hash": f"uses: slackapi/slack-github-action@{'ab' * 20}\n" + ENV,
    "another secret's if": "if: env.Y != ''\nrun: deploy\n"
    "env: { X: '${{ secrets.TOKEN }}', Y: '${{ secrets.OTHER }}' }",
    "or in the if": "if: env.X != '' || github.ref == 'refs/heads/main'\nrun: deploy\n" + ENV,
    "signs in for a later step": "uses: docker/login-action@v3\ncontinue-on-error: true\n"
    "with: { username: me, password: '${{ secrets.TOKEN }}' }",
    "signs in by a script": "run: docker login -u me -p $X\ncontinue-on-error: true\n" + ENV,
    "a tolerated step that stores it": "run: git config --global url.x@y ${{ secrets.TOKEN }}\n"
    "continue-on-error: true",
    "a tolerated file": "run: echo ${{ secrets.TOKEN }} | base64 -d > key.jks\n"
    "continue-on-error: true",
    "a tolerated variable": "run: 'echo T=${{ secrets.TOKEN }} >> $GITHUB_ENV'\n"
    "continue-on-error: true",
    "a tolerated import": "uses: apple-actions/import-codesign-certs@v3\n"
    "with: { p12-password: '${{ secrets.TOKEN }}' }\ncontinue-on-error: true",
    "powershell": "shell: pwsh\nrun: deploy || true\n" + ENV,
    "the last resort": "uses: actions/labeler@v5\n"
    "with: { repo-token: '${{ secrets.OTHER || secrets.TOKEN }}' }",
}


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_token_goes_unseen(name: str) -> None:
    step, words = DEAD[name]
    (finding,) = audit(job(step))
    place = rf"#1 in publish \({re.escape(PATH)}:\d+\)"
    said = f"a dead token would go unseen in 1 step: {place}, {re.escape(words)}"
    assert re.fullmatch(said, finding.message)
    assert (finding.rule, finding.subject) == ("fails-silently", "ci")
    first = find_first_break(read(job(step)).uses, NOW)
    assert first is not None
    assert first.silent == words


@pytest.mark.parametrize("name", MISSING)
def test_only_a_missing_secret_goes_unseen(name: str) -> None:
    (finding,) = audit(job(MISSING[name]))
    assert finding.message.startswith("a missing secret would go unseen in 1 step: #1 in publish")
    uses = read(job(MISSING[name])).uses
    dead, missing = find_first_break(uses, NOW), find_first_break(uses, NOW, missing=True)
    assert dead is not None
    assert missing is not None
    assert dead.silent == ""
    if not any(use.reference.key == "if" for use in uses):
        assert missing.silent


@pytest.mark.parametrize("name", SEEN)
def test_nothing_is_said_where_it_is_seen_or_not_certain(name: str) -> None:
    assert audit(job(SEEN[name])) == []
    first = find_first_break(read(job(SEEN[name])).uses, NOW)
    assert first is None or first.silent == ""


def test_the_subject_is_the_token_or_the_secret() -> None:
    text = job("run: deploy || true\n" + ENV)
    assert [f.subject for f in audit(text, declared=False)] == ["octo/app:TOKEN"]
    assert audit(text, declared=False, ignored=True) == []
    assert audit(text, ignored=True) == []


def test_a_guard_whose_outcome_is_asked_for_hides_nothing() -> None:
    text = job("id: up\nrun: deploy\ncontinue-on-error: true\n" + ENV)
    assert audit(text)
    assert not audit(text + "        - run: exit 1\n          if: steps.up.outcome == 'failure'\n")
    for asked in (
        "steps['up'].outcome",
        "steps.up.outputs.url",
        "toJSON(steps)",
        "Steps.Up.Outcome",
    ):
        assert not audit(text + f"        - run: echo ${{{{ {asked} }}}}\n")
    tolerated = job("run: deploy\n" + ENV, head="    continue-on-error: true\n")
    assert audit(tolerated)
    assert not audit(tolerated.replace("deploy", "deploy ${{ needs.publish.result }}"))


def test_shells_that_are_not_posix_are_not_judged() -> None:
    step = "run: deploy || true\n" + ENV
    assert audit(job(step))
    assert not audit(job(step, head="    defaults: { run: { shell: pwsh } }\n"))
    assert not audit("defaults: { run: { shell: pwsh } }\n" + job(step))
    assert not audit(job(step).replace("ubuntu-latest", "windows-latest"))
    assert not audit(job(step).replace("ubuntu-latest", "${{ matrix.os }}"))
    assert audit(job("shell: bash\n" + step).replace("ubuntu-latest", "windows-latest"))


def test_a_job_is_silent_only_if_every_step_of_it_is() -> None:
    step = "run: deploy || true\n" + ENV
    text = job(step) + "        - run: upload\n          " + ENV
    assert audit(text)
    first = find_first_break(read(text).uses, NOW)
    assert first is not None
    assert first.silent == ""


def test_a_variable_of_the_whole_job_may_be_used_by_any_step() -> None:
    text = job("run: deploy $X || true", head="    " + ENV)
    assert audit(text)
    first = find_first_break(read(text).uses, NOW)
    assert first is not None
    assert first.silent == ""


def test_many_steps_are_told_in_part() -> None:
    step = "        - run: deploy || true\n          " + ENV
    (finding,) = audit(job("run: deploy || true\n" + ENV) + step * 7)
    assert finding.message.startswith("a dead token would go unseen in 8 steps: #1 in publish")
    assert finding.message.endswith("|| true, and 3 more")


@pytest.mark.parametrize(("variables", "said"), [(100, 1), (101, 0)])
def test_a_step_with_very_many_variables_is_left_alone(variables: int, said: int) -> None:
    # Each use of a secret looks at all of them: with thousands that takes minutes.
    env = "".join(f"          V{n}: ${{{{ secrets.TOKEN }}}}\n" for n in range(variables))
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
    text += f"      - run: ./deploy $V1 || true\n        env:\n{env}"
    assert len(audit(text)) == said
