"""No command lets a value out, in any encoding, however much it is asked to tell.

What rotations write is looked through by tests/rotation/judging.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from keyturn import flags
from tests.rotation.leaks import find_pieces, pieces
from tests.world import Ran, World

COMMANDS = [
    *(("check", "--format", form) for form in ("text", "json", "markdown", "sarif")),
    ("check", "--dry-run"),
    ("check", "--watch-only"),
    *(("inventory", "--format", form) for form in ("text", "json", "markdown")),
    ("inventory", "--provider", "gitlab"),
    ("inventory", "--provider", "gitlab", "--format", "json", "--output", "text=list.txt"),
    ("rotate",),
    ("rotate", "--format", "json"),
    ("recover", "--new-key", "--output", "recovery.key"),
    ("revoke", "release-gitlab"),
    ("revoke", "release-gitlab", "--apply", "--yes", "--format", "json"),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("scan", "leaked.env"),
    ("scan", "--format", "json", "--output", "sarif=leaks.sarif", "leaked.env"),
    ("explain", "expiring"),
    ("config", "check"),
    ("config", "schema"),
    ("init",),
    ("completion", "bash"),
]
ALONE = {"demo", "sandbox"}
"""They print values of their own sandbox or none, and are given no credential."""


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    yield
    logging.getLogger("keyturn").setLevel(logging.NOTSET)


def test_every_command_is_tried() -> None:
    assert {words[0] for words in COMMANDS} | ALONE == set(flags.COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_value_gets_out(
    world: World, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [*world.example.environ.values(), *(t.value for t in world.box.gitlab.tokens)]
    (world.workspace / "leaked.env").write_text(f"GITLAB_TOKEN={values[-1]}\n")
    if words == ("init",):  # it overwrites nothing
        (world.workspace / ".github/keyturn.yml").unlink()
        (world.workspace / ".github/workflows/keyturn.yml").unlink()
    monkeypatch.chdir(world.workspace)
    verbose = ("-v",) if words[0] in ("check", "inventory") else ()
    ran = world.run(*words, *verbose, RUNNER_DEBUG="1")
    assert ran.code in (0, 1, 3)
    found = pieces(values)
    places = everything(world, ran)
    assert [where for where, text in places.items() if find_pieces(text, found)] == []


def test_the_runner_knows_every_form_before_anything_else_is_said(world: World) -> None:
    lines = world.run("check", "-v", RUNNER_DEBUG="1").err.splitlines()
    first = next(at for at, line in enumerate(lines) if not line.startswith("::add-mask::"))
    token = world.example.environ["GITHUB_TOKEN"]
    assert lines.index(f"::add-mask::{token.encode().hex()}") < first
    for value in world.example.environ.values():
        forms = [lines.index(f"::add-mask::{form}") for form in (value, value.encode().hex())]
        assert forms == sorted(forms)


def everything(world: World, ran: Ran) -> dict[str, str]:
    """What the run printed, wrote and sent to where others read it."""
    err = [line for line in ran.err.splitlines() if not line.startswith("::add-mask::")]
    found = {"standard output": ran.out, "standard error": "\n".join(err)}
    for path in world.folder.rglob("*"):
        if path.is_file() and path.name != "leaked.env":
            found[path.name] = path.read_text("utf-8", errors="replace")
    for issue in world.repository.issues.values():
        told = [issue.title, issue.body or "", *(c.body for c in issue.comments)]
        found[f"issue {issue.number}"] = "\n".join(told)
    return found
