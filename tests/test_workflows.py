"""What one file says about secrets, with the exact place of each use."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import NotUnderstood
from keyturn.model import How, Reference, Trigger
from keyturn.workflow_reader import MAX_BYTES
from keyturn.workflows import (
    Workflow,
    parse_action,
    parse_dependabot,
    parse_workflow,
)

PATH = ".github/workflows/ci.yml"


def parse(text: str) -> Workflow:
    return parse_workflow(PATH, textwrap.dedent(text).encode())


def places(workflow: Workflow) -> list[tuple[str | None, str | None, str | None]]:
    return [(ref.name, ref.job, ref.step) for ref in workflow.all_references]


def only(workflow: Workflow) -> Reference:
    (reference,) = workflow.all_references
    return reference


EVERYWHERE = """\
name: build
on: push
env:
  TOP: ${{ secrets.TOP }}
jobs:
  build:
    name: Build it
    if: secrets.JOB_IF != ''
    runs-on: ubuntu-latest
    env:
      JOB: ${{ secrets.JOB_ENV }}
    outputs:
      out: ${{ secrets.OUTPUT }}
    concurrency:
      group: ${{ secrets.GROUP }}
    defaults:
      run:
        shell: ${{ secrets.SHELL }}
    container:
      image: ghcr.io/octo/builder
      credentials:
        username: octo
        password: ${{ secrets.REGISTRY }}
    services:
      db:
        image: postgres
        env:
          POSTGRES_PASSWORD: ${{ secrets.DB }}
        credentials: { username: octo, password: "${{ secrets.SERVICE }}" }
    strategy:
      matrix:
        token: ["${{ secrets.MATRIX }}"]
    steps:
      - name: Log in
        id: login
        if: ${{ secrets.STEP_IF != '' }}
        uses: docker/login-action@v3
        with:
          password: ${{ secrets.WITH }}
      - id: script
        env: { TOKEN: "${{ secrets.STEP_ENV }}" }
        run: |
          curl -H "Authorization: ${{ secrets.RUN }}" https://example.com
      - run: echo ${{ secrets.UNNAMED }}
"""


def test_references_are_found_everywhere():
    assert places(parse(EVERYWHERE)) == [
        ("TOP", None, None),
        ("JOB_ENV", "build", None),
        ("OUTPUT", "build", None),
        ("GROUP", "build", None),
        ("SHELL", "build", None),
        ("REGISTRY", "build", None),
        ("DB", "build", None),
        ("SERVICE", "build", None),
        ("MATRIX", "build", None),
        ("JOB_IF", "build", None),
        ("WITH", "build", "Log in"),
        ("STEP_IF", "build", "Log in"),
        ("STEP_ENV", "build", "script"),
        ("RUN", "build", "script"),
        ("UNNAMED", "build", "#3"),
    ]


def assert_places_are_true(text: str, references: list[Reference]) -> None:
    lines = text.removeprefix("\ufeff").splitlines()
    for reference in references:
        written = lines[reference.line - 1][reference.column - 1 :].lower()
        assert written.startswith("secrets"), reference
        assert reference.name
        assert reference.name.lower() in written[:40], reference


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_every_place_is_where_the_secret_stands(newline, start):
    text = start + EVERYWHERE.replace("\n", newline)
    references = list(parse_workflow(PATH, text.encode()).all_references)
    assert len(references) == 15
    assert_places_are_true(text, references)


def test_a_place_counts_from_one():
    reference = next(iter(parse(EVERYWHERE).all_references))
    assert (reference.path, reference.line, reference.column) == (PATH, 4, 12)


SCALARS = {
    "plain": "A: x ${{ secrets.A }} ${{ secrets.B }}",
    "plain over lines": "A: x ${{\n          secrets.A }} then\n         ${{ secrets.B }}",
    "wide characters": "A: é→😀 ${{ secrets.A }}\n    B: 😀 ${{ secrets.B }}",
    "single quotes": "A: '${{ secrets.A }} it''s ${{ secrets.B }}'",
    "doubled quotes": "A: '${{ secrets[''a''] }} ''x'' ${{ secrets[''b''] }}'",
    "double quotes": 'A: "\\"${{ secrets.A }}\\" \\t ${{ secrets.B }}"',
    "double over lines": 'A: "x\n\n      ${{ secrets.A }} \\\n      ${{ secrets.B }}"',
    "literal": "A: |\n      first\n\n        ${{ secrets.A }}\n      b ${{ secrets.B }}",
    "literal after a comment": "A: |- # ${{ secrets.X }}\n      ${{ secrets.A }}${{ secrets.B }}",
    "literal, indicated": "A: |2+\n       ${{ secrets.A }}\n      ${{ secrets.B }}\n\n",
    "folded": "A: >-\n      one ${{ secrets.A }}\n      two ${{\n      secrets.B }}",
    "flow": 'A: "x"\n    B: {C: "${{ secrets.A }}", D: ["${{ secrets.B }}"]}',
    "anchor": "A: &one |\n      ${{ secrets.A }}\n    B: &two '${{ secrets.B }}'",
    "tag": "A: !!str ${{ secrets.A }}\n    B: !!str &x\n      ${{ secrets.B }}",
    "comments": "A: ${{ secrets.A }} # ${{ secrets.X }}\n    # secrets.Y\n    B: ${{ secrets.B }}",
}


@pytest.mark.parametrize("entry", SCALARS.values(), ids=SCALARS)
def test_places_in_every_kind_of_scalar(entry):
    text = f"on: push\njobs:\n  a:\n   env:\n    {entry}\n"
    references = list(parse_workflow(PATH, text.encode()).all_references)
    assert [reference.name for reference in references] == ["A", "B"]
    assert_places_are_true(text, references)


def test_an_escaped_name_stands_at_its_scalar():
    text = 'on: push\nenv:\n  A: "${{ \\x73ecrets.A }} ${{ secrets.B }}"\n'
    found = [(ref.name, ref.line, ref.column) for ref in parse(text).all_references]
    assert found == [("A", 3, 6), ("B", 3, 6)]


@pytest.mark.parametrize(
    ("condition", "line", "column"),
    [
        ("secrets.A != ''", 4, 9),
        ("${{ secrets.A }}", 4, 13),
        ("true && 'x' == secrets.A", 4, 24),
        ("\"secrets.A != ''\"", 4, 10),
        ("'secrets.A != '''''", 4, 10),
        ("|\n      github.ref == 'x' &&\n      secrets.A", 6, 7),
        (">-\n      github.ref == 'x' &&\n      secrets.A", 6, 7),
    ],
)
def test_a_condition_is_an_expression_without_braces(condition, line, column):
    reference = only(parse_workflow(PATH, f"on: x\njobs:\n  a:\n    if: {condition}\n".encode()))
    assert (reference.name, reference.line, reference.column) == ("A", line, column)
    assert (reference.job, reference.step, reference.optional) == ("a", None, True)


def test_a_variable_called_if_is_no_condition():
    assert places(parse("on: push\nenv: {if: secrets.A}\njobs: {}")) == []


def test_optional_is_said_of_the_reference():
    workflow = parse("on: push\nenv: {A: '${{ secrets.A || github.token }}'}\njobs: {}")
    assert only(workflow).optional


@pytest.mark.parametrize(
    ("text", "triggers"),
    [
        ("on: push", [Trigger("push")]),
        ("'on': push", [Trigger("push")]),
        ("on: [push, workflow_dispatch]", [Trigger("push"), Trigger("workflow_dispatch")]),
        ("on: {push: {branches: [main]}, release: }", [Trigger("push"), Trigger("release")]),
        ("on: {workflow_call: }", [Trigger("workflow_call")]),
        (
            "on: {schedule: [{cron: 0 6 * * 1}, {cron: '5 4 * * *', timezone: Europe/Berlin}]}",
            [
                Trigger("schedule", "0 6 * * 1"),
                Trigger("schedule", "5 4 * * *", "Europe/Berlin"),
            ],
        ),
        ("on: {schedule: [{}]}", [Trigger("schedule", "")]),
        ("on: schedule", [Trigger("schedule")]),
        ("on:", []),
        ("name: x", []),
        ("", []),
        ("# all commented out\n", []),
    ],
)
def test_triggers(text, triggers):
    assert list(parse(text).triggers) == triggers


def test_declared_secrets():
    workflow = parse(
        """
        on:
          workflow_call:
            secrets:
              token: { required: true, description: x }
              Slack: { required: false }
              other:
        """
    )
    assert workflow.declared == {"TOKEN": True, "SLACK": False, "OTHER": False}


@pytest.mark.parametrize(
    ("line", "environment", "known"),
    [
        ("", "", True),
        ("environment:", "", True),
        ("environment: production", "production", True),
        (
            "environment: { name: production, url: 'https://x.${{ github.sha }}' }",
            "production",
            True,
        ),
        ("environment: ${{ inputs.target }}", "", False),
        ("environment: { name: 'to-${{ matrix.x }}' }", "", False),
    ],
)
def test_environments(line, environment, known):
    (job,) = parse(f"on: push\njobs:\n  a:\n    runs-on: x\n    {line}").jobs
    assert (job.environment, job.environment_known) == (environment, known)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("", "a"),
        ("name:", "a"),
        ("name: Build it", "Build it"),
        ("name: Build ${{ matrix.os }}", "a"),
    ],
)
def test_labels(line, label):
    assert parse(f"on: push\njobs:\n  a:\n    {line}\n    runs-on: x").jobs[0].label == label


def test_a_job_that_calls_a_reusable_workflow():
    (job,) = parse(
        """
        on: push
        jobs:
          call:
            uses: ./.github/workflows/build.yml
            with: { x: 1 }
            secrets:
              token: ${{ secrets.NPM_TOKEN }}
              both: ${{ secrets.A || secrets.B }}
              own: ${{ secrets.GITHUB_TOKEN }}
              any: ${{ toJSON(secrets) }}
        """
    ).jobs
    assert job.uses == "./.github/workflows/build.yml"
    assert not job.inherits
    passed = {key: [(r.name, r.how, r.optional) for r in refs] for key, refs in job.passed.items()}
    assert passed == {
        "TOKEN": [("NPM_TOKEN", How.PASSED, False)],
        "BOTH": [("A", How.PASSED, True), ("B", How.PASSED, True)],
        "OWN": [],
        "ANY": [(None, How.WHOLE_CONTEXT, False)],
    }


def test_inherit_is_a_place():
    workflow = parse("on: push\njobs:\n  call:\n    uses: ./x.yml\n    secrets: inherit\n")
    assert workflow.jobs[0].inherits
    assert only(workflow) == Reference(PATH, 5, 14, None, How.INHERIT, "call")


def test_an_anchor_makes_one_place_two_references():
    workflow = parse(
        """\
        on: push
        jobs:
          a:
            env: &env
              URL: ${{ secrets.URL }}
            steps: []
          b:
            env: *env
            steps: []
        """
    )
    assert [(ref.job, ref.line, ref.column) for ref in workflow.all_references] == [
        ("a", 5, 16),
        ("b", 5, 16),
    ]


def test_a_composite_action():
    action = parse_action(
        "tools/action.yml",
        textwrap.dedent(
            """\
            name: x
            description: hand over ${{ secrets.DESCRIBED }}
            runs:
              using: composite
              steps:
                - name: one
                  if: github.event_name == 'push'
                  run: echo ${{ secrets.ONE }}
                  shell: bash
                - uses: ./tools/other
            """
        ).encode(),
    )
    assert [(r.name, r.line, r.job, r.step) for r in action.all_references] == [
        ("ONE", 8, None, "one"),
    ]
    assert [step.uses for step in action.steps] == ["", "./tools/other"]
    assert action.steps[0].condition is not None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("runs: {using: node24, main: x.js}", []),
        ("runs: {using: docker, image: x, args: ['${{ secrets.A }}']}", ["A"]),
        ("name: x", []),
        ("", []),
    ],
)
def test_an_action_without_steps(text, names):
    action = parse_action("action.yml", text.encode())
    assert [reference.name for reference in action.all_references] == names
    assert action.steps == ()


def test_a_description_reads_nothing():
    text = """
    name: Give it ${{ secrets.A }}
    on:
      workflow_call:
        inputs: { x: { type: string, description: "not ${{ secrets.B }}" } }
        secrets: { y: { description: "such as ${{ toJSON(secrets) }}" } }
    """
    assert places(parse(text)) == []


def test_dependabot_names():
    text = """\
    version: 2
    registries:
      npm: { type: npm-registry, url: https://x, token: "${{secrets.NPM_FEED}}" }
      docker:
        type: docker-registry
        username: octo
        password: ${{secrets.docker_password}}
    """
    names = parse_dependabot(".github/dependabot.yml", textwrap.dedent(text).encode())
    assert names == {"NPM_FEED", "DOCKER_PASSWORD"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on: push\njobs: [a]", "2:7: `jobs` is not a mapping"),
        ("on: push\njobs:\n  a: run", "3:6: `a` is not a mapping"),
        ("on: push\njobs:\n  a: {steps: {x: 1}}", "3:14: `steps` is not a list"),
        ("on: push\njobs:\n  a: {steps: [run]}", "3:15: `steps` is not a mapping"),
        ("on: push\njobs:\n  a: {uses: [x]}", "3:13: `uses` is not a text"),
        ("on: push\njobs:\n  a: {secrets: all}", "3:16: `secrets` is not a mapping"),
        ("on: [[push]]", "1:6: `on` is not a text"),
        ("on: {schedule: {cron: x}}", "1:16: `schedule` is not a list"),
        ("on: push\nenv: {A: 1, A: 2}", "2:13: a key that stands there twice"),
        ("[on]", "1:1: the file holds no mapping (`name: value`)"),
        ("on: push\n  jobs: {", "2:7: not YAML: mapping values are not allowed in this context"),
        ("a: *b", "1:4: an alias of something not defined before it"),
    ],
)
def test_what_is_not_a_workflow_is_said_with_its_place(text, message):
    with pytest.raises(NotUnderstood) as caught:
        parse(text)
    assert caught.value.message == f"{PATH}:{message}"


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_refused():
    head = b"on: push\njobs:\n  a:\n    steps:\n      - run: |\n"
    line = b"          echo ${{ secrets.A }}\n"
    script = b"          " + b"x" * (MAX_BYTES - len(head) - len(line) - 11) + b"\n"
    reference = only(parse_workflow(PATH, head + script + line))
    assert (reference.line, reference.column) == (7, 20)
    with pytest.raises(NotUnderstood, match="larger than 5120 KiB"):
        parse_workflow(PATH, head + script + line + b"#")


def test_aliases_cannot_multiply_the_work():
    big = "x ${{ secrets.A }} " * 5000
    text = f"on: push\nenv:\n  A: &a '{big}'\n" + "".join(f"  B{i}: *a\n" for i in range(5000))
    with pytest.raises(NotUnderstood, match="more than 10000 uses of secrets"):
        parse(text)


LINES = EVERYWHERE.splitlines(keepends=True)
ODD = ["    secrets: inherit\n", "  - &a\n", "   *a\n", "? \n", "on: {schedule: [{cron: x}]}\n"]
SIGNS = ["\t", "  ", ": ", "- ", "{", "]", "'", '"', "|\n", "\0", "é"]
PARTS = st.sampled_from([*LINES, *ODD, *SIGNS])


@given(st.one_of(st.binary(), st.lists(PARTS).map(lambda parts: "".join(parts).encode())))
def test_any_bytes_are_read_or_not_understood(data):
    for parser in (parse_workflow, parse_action, parse_dependabot):
        try:
            result = parser(PATH, data)
        except NotUnderstood as error:
            assert error.message.startswith(f"{PATH}:")
        else:
            assert isinstance(result, frozenset) or result.path == PATH


@given(
    st.integers(0, len(EVERYWHERE) - 1),
    st.integers(0, 40),
    st.sampled_from(["", "\n", "'", '"', ":", "- ", "{", "  ", "#", "${{", "}}", "&a ", "*a"]),
)
def test_a_damaged_workflow_invents_no_secret(start, length, insert):
    text = EVERYWHERE[:start] + insert + EVERYWHERE[start + length :]
    try:
        workflow = parse_workflow(PATH, text.encode())
    except NotUnderstood:
        return
    for reference in workflow.all_references:
        assert reference.name is None or re.search(
            rf"secrets\W+{re.escape(reference.name)}", text, re.IGNORECASE
        )
        assert 1 <= reference.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("uses", "optional"),
    [
        ("keyturn/keyturn@v0", True),
        ("octo/keyturn@" + "0" * 40, True),
        ("octo/keyturn/composite@v0", True),
        ("docker://ghcr.io/keyturn/keyturn:v0", True),
        ("octo/not-keyturn@v1", False),
        ("octo/keyturn-deploy@v1", False),
        ("keyturn@v1", False),
    ],
)
def test_a_step_that_hands_a_token_to_keyturn_does_not_break_with_it(
    uses: str, optional: bool
) -> None:
    text = f"on: push\njobs:\n  a:\n    steps:\n      - uses: {uses}\n        env:\n"
    text += "          A: ${{ secrets.A }}\n"
    (reference,) = parse_workflow(PATH, text.encode()).all_references
    assert reference.optional is optional


def test_a_condition_that_aliases_repeat_is_parsed_once() -> None:
    steps = "      - &s {run: x, if: 'a || b'}\n" + "      - *s\n" * 50
    text = f"on: push\njobs:\n  a:\n    if: a || b\n    steps:\n{steps}"
    (job,) = parse_workflow(PATH, text.encode()).jobs
    assert all(step.condition is job.condition for step in job.steps)


def test_triggers_are_counted_once_and_have_a_limit() -> None:
    same = "on: [push, push]\njobs: {}\n"
    assert len(parse_workflow(PATH, same.encode()).triggers) == 1
    many = f"on: [{', '.join(f'e{n}' for n in range(101))}]\njobs: {{}}\n"
    with pytest.raises(NotUnderstood, match="more than 100 triggers"):
        parse_workflow(PATH, many.encode())
