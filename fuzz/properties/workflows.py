"""Any text as a workflow, an action or a Dependabot file: understood, or said why not.

No reference is made up, every place lies in the text, and a whole check over it never fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from fuzz.source import Source, changed, noise
from keyturn import yaml_tree
from keyturn.config.problems import plain
from keyturn.errors import NotUnderstood
from keyturn.expressions import can_hold, find_secrets, parse_condition
from keyturn.model import FailureKind, Reference, Scope, Secret, SecretRef
from keyturn.workflows import Action, Workflow, parse_action, parse_dependabot, parse_workflow
from tests.shapes import NOW, read_shapes, survey

_PATH = ".github/workflows/ci.yml"
_ACTION = ".github/actions/own/action.yml"
_NAMES = ("NPM_TOKEN", "DEPLOY_KEY", "SLACK_WEBHOOK", "AWS_SECRET_ACCESS_KEY")
_STORED = tuple(Secret(SecretRef(Scope("octo", "app"), name), NOW, NOW) for name in _NAMES)
_EXPRESSIONS = (
    "${{ secrets.NPM_TOKEN }}", "${{ secrets['DEPLOY_KEY'] || github.token }}",
    "${{ secrets[format('A{0}', matrix.x)] }}", "${{ toJSON(secrets) }}",
    "${{ case(github.event_name == 'push', secrets.A, 'b') }}",
    "secrets.NPM_TOKEN != '' && github.event_name == 'schedule'", "${{ secrets.*.a[0] }}",
    "!!(always() && (contains(secrets.A, 'b') || failure()))", "0x1f == -1e3 || NaN != Infinity",
)  # fmt: skip
_WORDS = (
    "on", "jobs", "steps", "uses", "with", "env", "run", "if", "name", "id", "secrets", "inherit",
    "schedule", "cron", "timezone", "workflow_call", "required", "permissions", "shell", "bash",
    "runs", "using", "composite", "runs-on", "environment", "defaults", "continue-on-error",
    "strategy", "matrix", "command", "needs", "container", "services", "ubuntu-latest",
    "read-all", "./.github/actions/own", "./.github/workflows/ci.yml", "keyturn/keyturn@v0",
    "args", "actions/checkout@v5", "docker/login-action@v3",
    "octo/app/.github/workflows/x.yml@main", "curl -s https://e.example || true", "set +e",
    'if [ -n "$A" ]; then x; fi', "cat <<E\n$A\nE", "npm publish", "keyturn check", " ", "${{ }}",
    "${{", "}}", "30 1 * * *",
)  # fmt: skip
_SCRIPTS = (
    "if", "then", "fi", "for x in", "; do", "done", "case", "esac", "<<'E'\n", "$(", "`", "|| true",
    "&&", "| grep", "exit 0", "${A:-b}", "[[ -z", "]]", "\\\n", "2>/dev/null", "{ ",
)  # fmt: skip
_SHAPES = [file for shape in read_shapes() for file in shape.files.values()]
_TREES = [plain(yaml_tree.parse(file, aliases=True)) for file in _SHAPES]


def seeds() -> Iterator[bytes]:
    """Yield the shapes of the tests as they are, expressions, then changed shapes."""
    for file in _SHAPES:
        yield b"\0" + file
    for text in _EXPRESSIONS:
        yield b"\1" + text.encode()
    for number in range(60):
        yield b"\2" + noise(number)


def words() -> Iterator[str]:
    """Yield what workflows, expressions and scripts are made of."""
    yield from (*_WORDS, *_EXPRESSIONS, *_SCRIPTS)
    yield from (
        ": ", "- ", "{ ", " }", "[", "]", "|\n ", ">-\n ", "&a ", "*a", "<<: ", "secrets.", "['",
    )  # fmt: skip


def check(data: bytes) -> None:
    """Judge a file, an expression, or a known file that is changed here and there."""
    source = Source(data)
    match source.below(3):
        case 0:
            _judge(source.rest())
        case 1:
            _judge_expression(source.rest().decode("utf-8", "replace"))
        case _:
            tree = changed(source.pick(_TREES), source, (*_WORDS, *_EXPRESSIONS, *_SCRIPTS))
            _judge(json.dumps(tree).encode())


def _judge_expression(text: str) -> None:
    for condition in (False, True):
        offsets = [use.offset for use in find_secrets(text, condition=condition)]
        assert offsets == sorted(offsets)
        for offset in offsets:
            assert text[offset : offset + 7].lower() == "secrets"
    parsed = parse_condition(text)
    assert can_hold(parsed, event="push", repository="octo/app") in (True, False)


def _judge(document: bytes) -> None:
    for parse in (parse_workflow, parse_action, parse_dependabot):
        try:
            found = parse(_PATH, document)
        except NotUnderstood as error:
            assert error.message.startswith(f"{_PATH}:")
            continue
        if isinstance(found, (Workflow, Action)):
            for reference in found.all_references:
                _judge_reference(reference, document.decode("utf-8-sig"))
    told = survey({_PATH: document, _ACTION: document}, _STORED)
    assert told.inventory.repository == "octo/app"
    assert all(
        failure.kind is FailureKind.NOT_UNDERSTOOD for failure in told.inventory.uses.failures
    )


def _judge_reference(reference: Reference, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= reference.line <= len(lines), reference
    assert 1 <= reference.column <= len(lines[reference.line - 1]) + 1, reference
    # Escapes can hide a name from this look; nothing else can.
    if reference.name and "\\" not in text:
        assert _letters(reference.name) in _letters(text), reference


def _letters(text: str) -> str:
    """Return what is left of a name however quotes, folding and case may write it."""
    return "".join(char for char in text.lower().upper() if char.isalnum() or char == "_")
