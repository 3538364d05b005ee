"""Files that are no good workflows: read or named, and nothing is made up of them."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.errors import NotUnderstood
from keyturn.model import FailureKind, Scope, Secret, SecretRef, Survey
from keyturn.report.json import render_json
from keyturn.report.markdown import render_markdown
from keyturn.report.text import render_text
from keyturn.workflow_reader import MAX_BYTES
from keyturn.workflows import parse_action, parse_workflow
from tests.shapes import NOW, read_shapes, survey

PATH = ".github/workflows/bad.yml"
GOOD = """
on: push
jobs:
  good:
    runs-on: ubuntu-latest
    steps: [{ run: make, env: { GOOD_TOKEN: "${{ secrets.GOOD_TOKEN }}" } }]
"""
STORED = tuple(
    Secret(SecretRef(Scope("octo", "app"), name), NOW, NOW)
    for name in ("GOOD_TOKEN", "BAD_TOKEN", "LEFT_OVER")
)
NEVER_SAID = {"missing-secret", "replaceable", "shadowed"}


def check(data: bytes) -> Survey:
    """Survey a repository with a good workflow and this one, and make every report of it."""
    files = {".github/workflows/good.yml": GOOD.encode(), PATH: data}
    found = survey(files, STORED)
    assert not {finding.rule for finding in found.findings} & NEVER_SAID
    told = render_markdown(found, server_url="https://github.com")
    for text in (render_text(found, color=False, width=100), told):
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    return found


def unused(found: Survey) -> list[str]:
    return [each.subject for each in found.findings if each.rule == "unused-secret"]


def usages(found: Survey) -> dict[str, str]:
    rows = json.loads(render_json(found))["secrets"]
    return {row["ref"].removeprefix("octo/app:"): row["usage"] for row in rows}


def job(*lines: str) -> bytes:
    """A workflow of one job."""
    return "\n".join(["on: push", "jobs:", "  bad:", *(f"    {line}" for line in lines)]).encode()


TOKEN = "${{ secrets.BAD_TOKEN }}"
STEP = f"steps: [{{ run: './bad {TOKEN}' }}]"

USES = [f"  A{number}: {TOKEN}" for number in range(10_000)]

NOT_UNDERSTOOD = {
    "not YAML": (b"on: push\njobs: {bad: [\n", "3:1: not YAML"),
    "prose": (b"Deploys the site with secrets.BAD_TOKEN\n", "1:1: the file holds no mapping"),
    "a list": (b"- on: push\n", "1:1: the file holds no mapping"),
    "a tab for a blank": (b"on: push\njobs:\n\tbad:\n", "3:1: not YAML"),
    "a conflict": (b"<<<<<<< ours\non: push\n=======\non: x\n>>>>>>> theirs\n", "2:3: not YAML"),
    "a template": (b"on: push\n{{- if .x }}\njobs: {}\n{{- end }}\n", "3:1: not YAML"),
    "an open quote": (b"on: push\nname: 'x\njobs: {}\n", "4:1: not YAML"),
    "two documents": (b"on: push\n---\njobs: {}\n", "2:1: a second document"),
    "a key twice": (job(STEP, "runs-on: a", "runs-on: b"), "6:5: a key that stands there twice"),
    "a job twice": (job(STEP) + b"\n  bad: {}\n", "5:3: a key that stands there twice"),
    "merge keys twice": (job("env: &e {}", "<<: *e", "<<: *e"), "6:5: a key that stands there tw"),
    "no such anchor": (job("env: *nowhere"), "4:10: an alias of something not defined"),
    "a list as a key": (b"on: push\n? [a]\n: b\n", "2:3: a key that is not a word"),
    "UTF-16": ("on: push\njobs: {}\n".encode("utf-16"), "1:1: the file is not UTF-8"),
    "Latin-1": (b"on: push\nname: na\xefve\n", "2:1: the file is not UTF-8"),
    "NUL": (b"on: push\nname: a\0b\n", "2:1: a character YAML does not allow"),
    "half a character": (b'on: push\nname: "\\ud800"\n', "2:"),
    "nested too deep": (b"on: push\nx: " + b"[" * 70, "2:67: nested more than 64 deep"),
    "an alias bomb": (
        b"on: push\na0: &a0 [x, x]\n"
        + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40)),
        "16:6: more than 100000 values",
    ),
    "too many uses": (
        job("env:", *USES, f"  B: {TOKEN}"),
        "10005:10: more than 10000 uses",
    ),
    "too many triggers": (
        f"on: [{', '.join(f'e{n}' for n in range(101))}]".encode(),
        "1:5: more than 100 triggers",
    ),
    "jobs as a list": (b"on: push\njobs: [bad]\n", "2:7: `jobs` is not a mapping"),
    "jobs as an expression": (b"on: push\njobs: ${{ x }}\n", "2:7: `jobs` is not a mapping"),
    "a job as a text": (b"on: push\njobs:\n  bad: ./x.yml\n", "3:8: `bad` is not a mapping"),
    "steps as a mapping": (job("steps: { run: x }"), "4:12: `steps` is not a list"),
    "steps as an expression": (job("steps: ${{ fromJSON(x) }}"), "4:12: `steps` is not a list"),
    "a step as a text": (job("steps: [make]"), "4:13: `steps` is not a mapping"),
    "a step as a list": (job("steps: [[run, x]]"), "4:13: `steps` is not a mapping"),
    "run as a list": (job("steps: [{ run: [a, b] }]"), "4:20: `run` is not a text"),
    "uses as a mapping": (job("steps: [{ uses: { a: b } }]"), "4:21: `uses` is not a text"),
    "shell as a list": (job("steps: [{ run: x, shell: [bash] }]"), "4:30: `shell` is not a text"),
    "with as a list": (job("steps: [{ uses: x, with: [a] }]"), "4:30: `with` is not a mapping"),
    "env as a list": (job("env: [A]", STEP), "4:10: `env` is not a mapping"),
    "if as a mapping": (job("if: { a: b }", STEP), "4:9: `if` is not a text"),
    "permissions as a list": (
        job("permissions: [a]", STEP),
        "4:18: `permissions` is not a mapping",
    ),
    "defaults as a text": (job("defaults: bash", STEP), "4:15: `defaults` is not a mapping"),
    "secrets as a word": (job("uses: ./x.yml", "secrets: all"), "5:14: `secrets` is not a mapping"),
    "a name as a list": (job("name: [a]", STEP), "4:11: `name` is not a text"),
    "on as nothing usable": (b"on: [[push]]\njobs: {}\n", "1:6: `on` is not a text"),
    "a schedule as a text": (b"on: { schedule: nightly }\n", "1:17: `schedule` is not a list"),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_named_and_nothing_is_made_up_of_it(name: str) -> None:
    data, message = NOT_UNDERSTOOD[name]
    found = check(data)
    (failure,) = found.inventory.uses.failures
    assert (failure.kind, failure.subject) == (FailureKind.NOT_UNDERSTOOD, PATH)
    assert failure.message.startswith(f"{PATH}:{message}")
    assert {finding.rule for finding in found.findings} == {"undeclared-secret"}
    assert usages(found) == {
        "GOOD_TOKEN": "used",
        "BAD_TOKEN": "unknowable",
        "LEFT_OVER": "unknowable",
    }


LONG = " || ".join(f"github.ref == 'refs/heads/release-{number}'" for number in range(480))

UNDERSTOOD = {
    "an anchor and its aliases": job(
        "env: &e", f"  A: {TOKEN}", "container: { image: x, env: *e }"
    ),
    "a merge key": job(f"env: &e {{ A: '{TOKEN}' }}", "services: { x: { <<: *e } }", "<<: *e"),
    "over lines": job('env: { A: "${{', "  secrets", "  .BAD_TOKEN", '  }}" }'),
    "CRLF": job(STEP).replace(b"\n", b"\r\n"),
    "a lone CR": job(STEP).replace(b"\n", b"\r"),
    "a BOM": b"\xef\xbb\xbf" + job(STEP),
    "a comment before all": b"#!/usr/bin/env act\n" + job(STEP),
    "document marks": b"---\n" + job(STEP) + b"\n...\n",
    "JSON": json.dumps(
        {"on": "push", "jobs": {"bad": {"steps": [{"run": TOKEN}]}}}, indent=1
    ).encode(),
    "tags": job(f"env: {{ A: !!str '{TOKEN}', B: !custom {{ C: 1 }} }}"),
    "keys that are no words": b"on: push\n1: x\n2.5: y\ntrue: z\n~: n\n" + job(STEP)[9:],
    "names of emoji": job("name: 🚀 ${{ matrix.x }} 🚀", STEP).replace(b"bad:", "🔥:".encode()),
    "names that turn around": job(
        'name: "\u202egnp.exe\u202c"', f"env: {{ '\u2066A': '{TOKEN}' }}"
    ),
    "env as an expression": job("env: ${{ fromJSON(secrets.BAD_TOKEN) }}", "steps: [{ run: x }]"),
    "with as an expression": job(
        "steps: [{ uses: x, with: '${{ fromJSON(secrets.BAD_TOKEN) }}' }]"
    ),
    "env with a list": job(f"env: {{ A: ['{TOKEN}'] }}", "steps: [{ run: x }]"),
    "with with a mapping": job(f"steps: [{{ uses: x, with: {{ A: {{ B: '{TOKEN}' }} }} }}]"),
    "uses as a number": job(f"steps: [{{ uses: 3, with: {{ A: '{TOKEN}' }} }}]"),
    "run as a number": job(f"steps: [{{ run: 1.5, shell: 2, env: {{ A: '{TOKEN}' }} }}]"),
    "both run and uses": job(f"steps: [{{ run: x, uses: y, env: {{ A: '{TOKEN}' }} }}]"),
    "permissions as nothing": job("permissions:", STEP),
    "permissions as a number": job("permissions: 7", STEP),
    "permissions of lists": job("permissions: { contents: [read] }", STEP),
    "continue-on-error as a word": job("continue-on-error: maybe", STEP),
    "runs-on as a group": job("runs-on: { group: big, labels: [a] }", STEP),
    "runs-on as lists of lists": job("runs-on: [[a], { b: c }, '${{ x }}']", STEP),
    "steps that are nothing": job("steps: [~, {}]", f"env: {{ A: '{TOKEN}' }}"),
    "jobs that are nothing": job(STEP) + b"\n  other:\n  third: ~\n",
    "triggers that are nothing": job(STEP).replace(b"on: push", b"on:"),
    "no triggers at all": job(STEP)[9:],
    "an `if:` of 20 kB": job(f"if: ({LONG}) && secrets.BAD_TOKEN != ''", STEP),
    "an open expression": job("env: { A: '${{ secrets.BAD_TOKEN' }"),
    "a brace too many": job("env: { A: '${{ secrets.BAD_TOKEN }}}' }"),
    "an expression in another": job("env: { A: '${{ x ${{ secrets.BAD_TOKEN }} }}' }"),
    "10,000 uses": job("env:", *USES),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_is_odd_and_understood_reads_what_it_reads(name: str) -> None:
    data = UNDERSTOOD[name]
    found = check(data)
    assert found.inventory.uses.failures == ()
    said = usages(found)
    assert said["BAD_TOKEN"] in ("used", "unknowable")
    assert (said["LEFT_OVER"] == "unused") == (said["BAD_TOKEN"] == "used")
    assert unused(found) == (["octo/app:LEFT_OVER"] if said["BAD_TOKEN"] == "used" else [])


UNKNOWABLE = [
    "${{ secrets[matrix.name] }}",
    "${{ secrets[format('{0}_TOKEN', matrix.name)] }}",
    "${{ secrets.* }}",
    "${{ toJSON(secrets) }}",
    "${{ fromJSON(toJSON(secrets))['LEFT_OVER'] }}",
    "${{ toJson( Secrets ) }}",
    "${{ secrets }}",
    "${{ secrets[ }}",
    "${{ secrets['A' + 'B'] }}",
    "${{ secrets[secrets.BAD_TOKEN] }}",
]


@pytest.mark.parametrize("text", UNKNOWABLE)
def test_what_only_a_computed_name_may_mean_is_unknowable_and_never_unused(text: str) -> None:
    found = check(job(f"steps: [{{ run: x, env: {{ A: {json.dumps(text)} }} }}]"))
    assert found.inventory.uses.failures == ()
    assert unused(found) == []
    assert usages(found)["LEFT_OVER"] == "unknowable"


def test_an_if_that_is_longer_than_github_takes_may_mean_any_secret() -> None:
    found = check(job(f"if: ({LONG} || {LONG}) && secrets.BAD_TOKEN != ''", "steps: []"))
    assert usages(found)["LEFT_OVER"] == "unknowable"


def test_a_file_of_almost_5_mib_is_read_and_a_larger_one_is_named() -> None:
    script = "      - run: |\n" + "          echo one more line of a very long script\n" * 2000
    step = script.encode() + f"          ./bad {TOKEN}\n".encode()
    head = b"on: push\njobs:\n  bad:\n    steps:\n"
    data = head + step * ((MAX_BYTES - len(head)) // len(step))
    assert MAX_BYTES - len(data) < len(step)
    started = time.perf_counter()
    found = check(data)
    assert time.perf_counter() - started < 20  # about 1 second
    assert found.inventory.uses.failures == ()
    assert usages(found)["BAD_TOKEN"] == "used"
    (failure,) = check(data + b"#" * MAX_BYTES).inventory.uses.failures
    assert failure.message.startswith(f"{PATH}:1:1: the file is larger than 5120 KiB")


FILES = [
    (path, data.decode())
    for shape in read_shapes()
    for path, data in shape.files.items()
    if path.startswith(".github/workflows/") or path.endswith("action.yml")
]
PIECES = [
    *(
        "\t",
        "\n",
        "\r",
        "  ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "|",
        ">-",
        "#",
        "&a ",
        "*a",
    ),
    *("${{", "}}", "<<: *a\n", "!!str ", "? ", "~", "---\n", "\0", "é", "\u202e", "\u2028", "null"),
    *(
        "if: ",
        "env: ",
        "with: ",
        "steps: ",
        "jobs: ",
        "on: ",
        "secrets: inherit\n",
        "permissions: ",
    ),
]
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 60), st.sampled_from(PIECES))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.lists(EDIT, min_size=1, max_size=6))
def test_a_damaged_shape_is_read_or_not_understood_and_invents_no_name(
    file: tuple[str, str], edits: list[tuple[float, int, str]]
) -> None:
    path, text = file
    for place, length, piece in edits:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + length :]
    parse = parse_action if path.endswith("action.yml") else parse_workflow
    try:
        parsed = parse(path, text.encode())
    except NotUnderstood as error:
        assert re.match(rf"{re.escape(path)}:[1-9]\d*:[1-9]\d*: ", error.message)
        return
    for reference in parsed.all_references:
        assert reference.name is None or reference.name.lower() in text.lower()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.lists(EDIT, min_size=1, max_size=6))
def test_a_damaged_shape_gives_no_false_alarm(
    file: tuple[str, str], edits: list[tuple[float, int, str]]
) -> None:
    _, text = file
    for place, length, piece in edits:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + length :]
    found = survey({PATH: text.encode()}, STORED)
    if found.inventory.uses.failures:
        assert {finding.rule for finding in found.findings} <= {"undeclared-secret"}
    read = {
        each.upper() for each in re.findall(r"secrets\W+([A-Za-z_][\w-]*)", text, re.IGNORECASE)
    }
    for finding in found.findings:
        if finding.rule == "missing-secret":
            assert finding.subject.removeprefix("octo/app:") in read


LONG_TEXT = "x" * 1_000_000
VARIABLES = "".join(f"      A{number}: 1\n" for number in range(20_000))
STEPS = "    steps:\n" + "      - x: y\n" * 10_000
BOMBS = {
    "variables for every step": f"  bad:\n    env:\n{VARIABLES}{STEPS}",
    "variables for every job": "".join(f"  j{number}: {{ x: y }}\n" for number in range(5000)),
    "a long variable for every step": f"  bad:\n    env: {{ A: {LONG_TEXT} }}\n{STEPS}",
    "a long condition for every step": f"  bad:\n    if: {LONG_TEXT}\n{STEPS}",
    "a long script again": f"  bad:\n{STEPS}      - run: &s {LONG_TEXT}\n"
    + "      - run: *s\n" * 20,
    "long inputs again": f"  bad:\n{STEPS}      - with: &s {{ a: {LONG_TEXT} }}\n"
    + "      - with: *s\n" * 20,
    "long variables again": f"  bad:\n{STEPS}      - env: &s {{ a: {LONG_TEXT} }}\n"
    + "      - env: *s\n" * 20,
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_given_to_steps_cannot_be_multiplied(name: str) -> None:
    shared = f"env:\n{VARIABLES}" if name == "variables for every job" else ""
    text = f"on: push\n{shared}jobs:\n{BOMBS[name]}"
    started = time.perf_counter()
    with pytest.raises(NotUnderstood, match="more than 16 MiB are given to its steps"):
        parse_workflow(PATH, text.encode())
    assert time.perf_counter() - started < 20  # about 1 second
