"""Any workflow and a change to its steps: a diff that applies and does just that, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from fuzz.source import Source, noise
from keyturn.call_graph import read_uses
from keyturn.replacements.evidence import OIDC, Change, StepChange
from keyturn.replacements.patches import make_patch
from tests.shapes import Checkout, read_shapes

_PATH = ".github/workflows/ci.yml"
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_SECRET = "${{ secrets.NPM_TOKEN }}"
_TEXT = f"""\
# A release.
on: push
permissions:
  contents: read
jobs:
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: some/publish@v1   # the last step
        with:
          password: {_SECRET}
          path: dist
        env:
          TOKEN: {_SECRET}
"""
_DROPS = ("with.password", "with.token", "env.TOKEN", "env.NODE_AUTH_TOKEN", "env.NPM_TOKEN")
_TEXTS = (_TEXT, *(file.decode() for shape in read_shapes() for file in shape.files.values()))
_PIECES = (
    "\n", "\r\n", "\r", " ", "  ", "\t", "# c", ": ", "- ", "{", "}", "[", "]", ",", "'", '"', "|",
    ">-", "&a ", "*a", "---\n", "...\n", "\ufeff", "\u2028", "\x85", "null", "~", "permissions:",
    "env:", "with:", "      - run: x\n", "        env: {}\n", "          a: b\n",
    "    permissions: read-all\n", _SECRET,
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield choices of a text and what is changed in it, then texts as they are."""
    for number in range(80):
        yield b"\1" + noise(number)
    for text in _TEXTS[:12]:
        yield b"\0\0" + text.replace("secrets.", "secrets.NPM_TOKEN || secrets.").encode()


def words() -> Iterator[str]:
    """Yield what the texts are changed by."""
    yield from _PIECES
    yield from ("jobs:", "steps:", "uses:", "password:", "secrets.NPM_TOKEN")


def check(data: bytes) -> None:
    """Take a secret out of a text, raw after a zero, else a known one that is changed a little."""
    source = Source(data)
    raw = source.below(2) == 0
    change = Change(
        drop=(source.pick(_DROPS),) if raw or source.below(3) else _DROPS,
        put=(("env.ADDED", "x"),) if not raw and source.below(4) == 0 else (),
        grants=() if raw else source.pick(((OIDC,), (), (("packages", "write"),))),
    )
    _judge(source.rest().decode("utf-8", "replace") if raw else _text(source), change)


def _text(source: Source) -> str:
    text = source.pick(_TEXTS)
    for _ in range(source.below(5)):
        at = source.below(len(text) + 1)
        text = text[:at] + source.pick(_PIECES) + text[at + source.below(4) :]
    return text


def _judge(text: str, change: Change) -> None:
    uses = read_uses(Checkout({_PATH: text.encode()}))
    steps = {use.consumers[0]: None for use in uses.uses if use.consumers}
    known = uses.texts.get(_PATH, "")
    for step in steps:
        diff = make_patch({_PATH: known}, [StepChange(step, change)])
        if diff:
            _judge_patch(text, _apply(diff, text), change)


def _judge_patch(before: str, after: str, change: Change) -> None:
    """Read both with another reader: but for the step's own entries and rights nothing differs."""
    was, now = (yaml.load(text, Loader=yaml.CBaseLoader) for text in (before, after))
    names = {key.partition(".")[2].lower() for key in change.drop}
    assert now != was
    assert _without(now, names) == _without(was, names)


def _without(node: Any, names: set[str]) -> Any:
    """Return a file without what the change is about, wherever it stands."""
    if isinstance(node, list):
        return [_without(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "permissions" or (isinstance(key, str) and key.lower() in names | {"added"}):
            continue
        rest = _without(value, names)
        if key in ("with", "env") and not rest:
            continue
        kept[key] = rest
    return kept


def _apply(diff: str, text: str) -> str:
    """Apply a unified diff as git does: each line has to stand where the hunk says."""
    rows = re.split(r"(?<=\n)", diff)
    assert rows[0] == f"--- a/{_PATH}\n"
    assert rows[1] == f"+++ b/{_PATH}\n"
    lines, out, at = re.split(r"(?<=\n)", text), [], 0
    for number, row in enumerate(rows[2:], 2):
        following = rows[number + 1] if number + 1 < len(rows) else ""
        shown = row[1:-1] if following.startswith("\\") else row[1:]
        if found := _HUNK.match(row):
            begin = int(found[1]) - (found[2] != "0")
            out += lines[at:begin]
            at = begin
        elif row.startswith((" ", "-")):
            assert lines[at] == shown, (lines[at], shown)
            at += 1
            out += [shown] if row[0] == " " else []
        elif row.startswith("+"):
            out.append(shown)
        else:
            assert row in ("", "\\ No newline at end of file\n"), row
    return "".join(out + lines[at:])
