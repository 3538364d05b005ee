"""How a workflow does without a secret, as each report tells it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.state import find_identity
from keyturn.model import Advice, Finding, Severity
from keyturn.report import render
from keyturn.report.advice import fence, tell
from tests.issue_samples import expiring
from tests.report import samples
from tests.report.test_escape import is_inert
from tests.report.test_issue import TEXT, case
from tests.report.test_json import VALIDATOR

PATCH = """\
--- a/.github/workflows/release.yml
+++ b/.github/workflows/release.yml
@@ -1,3 +1,2 @@
 with:
-  password: ${{ secrets.PYPI_TOKEN }}
   path: dist
"""
ADVICE = Advice(
    "PyPI trusted publishing",
    changes=("release.yml, job publish: take out with.password",),
    patch=PATCH,
    publisher=("Do this first.", "Add a publisher: owner octo, repository app."),
    before_deleting=("Let the job succeed.", "Delete octo/app:PYPI_TOKEN."),
    sources=("docs.pypi.org",),
)
FINDING = Finding("replaceable", Severity.INFO, "octo/app:PYPI_TOKEN", "could go", advice=ADVICE)


def issue(advice: Advice) -> str:
    return TEXT.text(replace(case(expiring()), advice=advice))


def test_the_issue_holds_it_folded_with_the_patch() -> None:
    text = issue(ADVICE)
    (folded,) = re.findall(r"<details>.*?</details>", text, re.DOTALL)
    assert f"```diff\n{PATCH}```" in folded
    assert "1. Do this first." in folded
    assert "- [ ] Let the job succeed." in folded
    assert text.index("### What to do") < text.index("<details>") < text.index("### The token")
    assert "<details>" not in TEXT.text(case(expiring()))


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("", "change them by hand"),
        (PATCH * 100, "`keyturn check -v` prints it"),
        (PATCH + " # <!-- keyturn:token=other -->\n", "`keyturn check -v` prints it"),
        (PATCH + " # \u202egnp\n", "`keyturn check -v` prints it"),
        (PATCH + " # ##[group]\n", "`keyturn check -v` prints it"),
        (PATCH + f" # {'`' * 101}\n", "`keyturn check -v` prints it"),
    ],
    ids=["none", "too long", "a hidden mark", "turned round", "a command of the runner", "ticks"],
)
def test_what_is_no_plain_patch_is_not_quoted(patch: str, said: str) -> None:
    text = issue(replace(ADVICE, patch=patch))
    assert said in text
    assert "```diff" not in text
    assert find_identity(text) is None


def test_windows_line_ends_are_told() -> None:
    text = issue(replace(ADVICE, patch=PATCH.replace("\n", "\r\n")))
    assert "--ignore-whitespace" in text
    assert f"```diff\n{PATCH}```" in text


def test_an_issue_has_room_for_every_advice() -> None:
    line = "job @octo <b> `x` " * 500
    hostile = replace(ADVICE, publisher=(line,) * 300, changes=(line,) * 300)
    text = issue(hostile)
    assert len(text) < 60_000
    assert text.count("280 more: `keyturn check -v` prints them.") == 2


@given(st.text(alphabet="`a\n +-", max_size=60))
def test_no_patch_ends_its_own_fence(inside: str) -> None:
    block = fence(replace(ADVICE, patch=f"{inside}\n"))
    assert block
    first, *rest = block.split("\n")
    ticks = first.removesuffix("diff")
    assert set(ticks) == {"`"}
    assert [line for line in rest if ticks in line] == [rest[-1]] == [ticks]


@given(samples.words)
def test_nothing_of_a_stranger_is_live_in_an_issue(word: str) -> None:
    hostile = Advice(
        word, changes=(word,), publisher=(word,), before_deleting=(word,), sources=(word,)
    )
    text = issue(hostile)
    (folded,) = re.findall(r"<details>.*</details>", text, re.DOTALL)
    for line in folded.split("\n"):
        running = re.sub(r"`[^`]*`", "", line)
        assert is_inert(
            re.sub(r"^(- \[ \] |- |1\. |</?(details|summary)>)|</summary>$", "", running)
        )


def test_the_text_is_short_and_all_of_it_where_asked_for() -> None:
    survey = samples.survey(FINDING)
    short = render(survey, "text")
    assert "-v prints steps and a patch" in short
    assert "password" not in short
    full = render(survey, "text", verbose=True)
    assert "\n-  password: ${{ secrets.PYPI_TOKEN }}\n" in full
    assert "Add a publisher" in full
    assert "Delete octo/app:PYPI_TOKEN" in full


def test_json_has_all_of_it() -> None:
    survey = samples.survey(FINDING, samples.expiring())
    report = json.loads(render(survey, "json"))
    VALIDATOR.validate(report)
    told, other = report["findings"]
    assert told["advice"] == {
        "replacement": "PyPI trusted publishing",
        "publisher": list(ADVICE.publisher),
        "changes": list(ADVICE.changes),
        "patch": PATCH,
        "before_deleting": list(ADVICE.before_deleting),
        "sources": ["docs.pypi.org"],
    }
    assert other["advice"] is None
    without = samples.survey(replace(FINDING, advice=replace(ADVICE, patch="")))
    assert json.loads(render(without, "json"))["findings"][0]["advice"]["patch"] is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("issuer https://token.example.com, then.", "issuer `https://token.example.com`, then."),
        ("At https://a.example.com.", "At `https://a.example.com`."),
        ("set with.role: ${{ vars.ROLE }}", "set with.role: `${{ vars.ROLE }}`"),
        ("is repo:octo/app:environment:x, and", "is `repo:octo/app:environment:x`, and"),
        ("as `ssh-key` does", "as `ssh-key` does"),
        ("job @alice", "job @\N{ZERO WIDTH SPACE}alice"),
    ],
)
def test_what_is_to_be_copied_has_no_character_of_ours(line: str, told: str) -> None:
    assert tell(line) == told
