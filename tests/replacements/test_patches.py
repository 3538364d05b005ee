"""Text and changes -> a diff that git applies: what stays, and when there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.call_graph import read_uses
from keyturn.replacements.evidence import OIDC, Change, StepChange
from keyturn.replacements.patches import make_patch
from keyturn.workflows import parse_workflow

PATH = ".github/workflows/ci.yml"
DROP = Change(drop=("with.password",), grants=(OIDC,))
TEXT = """\
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
          password: ${{ secrets.TOKEN }}
          path: dist
"""


class OneFile:
    """A source tree of one workflow."""

    def __init__(self, text: str) -> None:
        self.text = text

    def list_workflows(self) -> list[str]:
        return [PATH]

    def read(self, path: str) -> bytes | None:
        return self.text.encode() if path == PATH else None


def patch(text: str, change: Change = DROP, *, path: str = PATH) -> str:
    """Change the step that reads the secret."""
    uses = read_uses(OneFile(text))
    steps = {use.consumers[0]: None for use in uses.uses if use.name == "TOKEN"}
    changes = [StepChange(step, change) for step in steps]
    texts = {path: uses.texts[PATH]}
    if path != PATH:
        changes = [StepChange(type(c.consumer)(path, c.consumer.line), change) for c in changes]
    return make_patch(texts, changes)


def apply(diff: str, text: str, folder: Path, *, path: str = PATH) -> str:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=folder, input=diff.encode(), check=True)
    return place.read_bytes().decode()


def test_nothing_else_of_the_file_changes(tmp_path: Path) -> None:
    assert apply(patch(TEXT), TEXT, tmp_path) == TEXT.replace(
        "    runs-on: ubuntu-latest\n",
        "    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n"
        "      id-token: write\n",
    ).replace("          password: ${{ secrets.TOKEN }}\n", "")


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n", "\r\n"),
        TEXT.removesuffix("\n"),
        TEXT.replace("\n", "\r\n").removesuffix("\r\n"),
        "\ufeff" + TEXT,
        "---\n" + TEXT,
        TEXT.replace("          path: dist\n", ""),
        TEXT.replace("          path: dist\n", "").removesuffix("\n"),
        TEXT.replace("${{ secrets.TOKEN }}", '"${{ secrets.TOKEN }}"'),
        TEXT.replace("${{ secrets.TOKEN }}", "'${{ secrets.TOKEN }}' # old"),
        TEXT.replace("password", "Password"),
        TEXT.replace(
            "      - uses: some/publish@v1   # the last step\n        with:", "      - with:"
        )
        + "        uses: some/publish@v1\n",
        TEXT.replace(
            "          path: dist\n", "          path: |\n            a\n\n            b\n\n"
        ),
        TEXT.replace("        with:\n", "        with:\n\n          # What opens the door:\n"),
        TEXT + "\n# The end.\n",
        TEXT.replace("- uses: some", "-  uses: some").replace("        with:", "         with:"),
        TEXT.replace("jobs:", "jobs:\n  other: { runs-on: x, steps: [{ run: make }] }"),
    ],
    ids=lambda text: repr(text[-40:]),
)
def test_odd_texts_that_can_be_changed(text: str, tmp_path: Path) -> None:
    after = apply(patch(text), text, tmp_path)
    (job,) = [j for j in parse_workflow(PATH, after.encode()).jobs if j.id == "main"]
    assert read_uses(OneFile(after)).uses == ()
    assert job.steps[1].consumer.permissions == {"contents": "read", "id-token": "write"}
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r\n" in after) == ("\r\n" in text)
    assert ("\n" in after.replace("\r\n", "")) == ("\n" in text.replace("\r\n", ""))


FLOW = TEXT.replace(
    "        with:\n          password: ${{ secrets.TOKEN }}\n          path: dist\n",
    '        with: { password: "${{ secrets.TOKEN }}", path: dist }\n',
)


@pytest.mark.parametrize(
    "text",
    [
        FLOW,
        TEXT.replace("        with:", "        with: &inputs").replace(
            "jobs:", "jobs:\n  other: { runs-on: x, steps: [{ run: make }] }"
        )
        + "      - uses: another/action@v1\n        with: *inputs\n",
        TEXT.replace(
            "      - uses: some/publish@v1   # the last step\n        with:", "      - with:"
        ).replace("          path: dist\n", "")
        + "        uses: some/publish@v1\n",
        TEXT.replace("          pa", "        pa"),
        TEXT.replace("permissions:\n  contents: read", "permissions: read-all"),
        TEXT.replace("    runs-on: ubuntu-latest\n", "").replace(
            "    steps:", "    runs-on: &x ubuntu-latest\n    name: *x\n    steps:"
        ),
        TEXT.replace("    runs-on", "    permissions: { contents: read }\n    runs-on"),
        TEXT.replace("# A release.", "# A release.\x85"),
        TEXT.replace("permissions:\n  contents: read\n", ""),  # and an action that is not known
        TEXT.replace("${{ secrets.TOKEN }}", "\n            ${{ secrets.TOKEN }}").replace(
            "          path: dist\n", ""
        )
        + "# \u2028\n",
    ],
    ids=lambda text: repr(text[-40:]),
)
def test_no_patch_where_none_is_exact(text: str) -> None:
    assert patch(text) == ""


@pytest.mark.parametrize("path", [".github/workflows/my file.yml", '.github/workflows/".yml'])
def test_a_name_that_git_would_quote_gets_none(path: str) -> None:
    assert patch(TEXT, path=path) == ""


PRELUDE = Change(
    put=(("with.password", "${{ steps.new.outputs.token }}"),),
    prelude=(("id", "new"), ("uses", "some/token@v1"), ("with.owner", "octo")),
)


def test_a_step_is_put_before_the_comment_of_the_one_that_needs_it(tmp_path: Path) -> None:
    text = TEXT.replace(
        "      - uses: some", "      # It is big.\n      # Very.\n      - uses: some"
    )
    after = apply(patch(text, PRELUDE), text, tmp_path)
    new = "      - id: new\n        uses: some/token@v1\n        with:\n          owner: octo\n"
    assert f"{new}      # It is big.\n      # Very.\n" in after
    assert "          password: ${{ steps.new.outputs.token }}\n" in after


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("- uses: actions", "- id: new\n        uses: actions"),
        TEXT.replace("   # the last step", "\n        if: >-\n          github.ref == 'a'"),
        TEXT.replace("   # the last step", "\n        if: '!cancelled()'"),
        TEXT + "      - if: always()\n        uses: some/publish@v1\n"
        "        with:\n          password: ${{ secrets.TOKEN }}\n",
    ],
    ids=["its id is taken", "a condition over lines", "a condition in quotes", "two conditions"],
)
def test_no_step_is_put_in_where_it_may_not_be_right(text: str) -> None:
    assert patch(text, PRELUDE) == ""


_COMMENTS = st.sampled_from(["", "# why", "  # indented", "# `x: ${{ y }}`", "#", " "])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    width=st.integers(1, 5),
    flat=st.booleans(),
    comments=st.lists(_COMMENTS, min_size=14, max_size=14),
    crlf=st.booleans(),
    newline=st.booleans(),
    more=st.lists(
        st.sampled_from(["path: dist", "user: __token__", "note: |\n{}  a\n\n{}  b"]),
        unique=True,
    ),
)
def test_any_layout(
    width: int,
    flat: bool,
    comments: list[str],
    crlf: bool,
    newline: bool,
    more: list[str],
    tmp_path: Path,
) -> None:
    """Whatever the indentation, the comments and the line ends: right, or none at all."""
    pad = " " * width
    item = pad * (2 if flat else 3)
    body = item + "  "
    inner = body + pad
    lines = [
        "on: push",
        "permissions:",
        f"{pad}contents: read",
        "jobs:",
        f"{pad}main:",
        f"{pad * 2}runs-on: ubuntu-latest",
        f"{pad * 2}steps:",
        f"{item}- uses: actions/checkout@v5",
        f"{item}- uses: some/publish@v1",
        f"{body}with:",
        *(f"{inner}{entry.format(inner, inner)}" for entry in more[:1]),
        f"{inner}password: ${{{{ secrets.TOKEN }}}}",
        *(f"{inner}{entry.format(inner, inner)}" for entry in more[1:]),
    ]
    text = "\n".join(
        part for pair in zip(lines, comments, strict=False) for part in pair if part != ""
    )
    text += "\n" * newline
    text = text.replace("\n", "\r\n") if crlf else text
    uses = read_uses(OneFile(text))
    if uses.failures or not uses.uses:
        return
    diff = patch(text)
    assert diff
    after = apply(diff, text, tmp_path)
    assert read_uses(OneFile(after)).uses == ()
    (job,) = parse_workflow(PATH, after.encode()).jobs
    assert job.steps[1].consumer.permissions == {"contents": "read", "id-token": "write"}
    kept = {"path": "dist", "user": "__token__", "note": "a\n\nb"}
    wanted = {k: kept[k] for k in (entry.partition(":")[0] for entry in more)}
    found = {k: v.rstrip("\n") for k, v in job.steps[1].consumer.inputs.items()}
    assert found == wanted


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moved=st.lists(
        st.tuples(
            st.sampled_from(["cut", "copy", "in", "out", "join"]),
            st.integers(0, 12),
            st.integers(0, 12),
        ),
        max_size=4,
    ),
    change=st.sampled_from([DROP, PRELUDE]),
)
def test_a_broken_layout_gives_a_right_patch_or_none(
    moved: list[tuple[str, int, int]], change: Change, tmp_path: Path
) -> None:
    lines = TEXT.splitlines()
    for how, one, other in moved:
        if one >= len(lines):
            continue
        line = lines[one]
        if how == "cut":
            del lines[one]
        elif how == "copy":
            lines.insert(other, line)
        elif how == "join" and one + 1 < len(lines):
            lines[one] += " " + lines.pop(one + 1).strip()
        else:
            lines[one] = f"  {line}" if how == "in" else line.removeprefix("  ")
    text = "\n".join(lines) + "\n"
    uses = read_uses(OneFile(text))
    if uses.failures or not all(use.consumers for use in uses.uses) or not uses.texts:
        return
    diff = patch(text, change)
    if diff:
        after = read_uses(OneFile(apply(diff, text, tmp_path)))
        assert not after.failures
        assert [use for use in after.uses if use.reference.key == "with.password"] == []
