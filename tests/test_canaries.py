"""No command lets a value out, in any encoding, however much it is asked to tell.

What rotations write is looked through by tests/rotation/judging.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn import flags
from keyturn.disguises import unknown_to_runners
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
FOR_LATER_STEPS = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")
MASKING = "::add-mask::"


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
    later = {name: str(world.folder / name) for name in FOR_LATER_STEPS}
    ran = world.run(*words, *verbose, RUNNER_DEBUG="1", **later)
    assert ran.code in (0, 1, 3)
    assert not [name for name, path in later.items() if Path(path).exists()]
    found = pieces(values)
    places = everything(world, ran)
    assert [where for where, text in places.items() if find_pieces(text, found)] == []


def test_the_runner_knows_every_form_before_anybody_but_github_answers(world: World) -> None:
    lines = world.run("check", "-v", RUNNER_DEBUG="1").err.splitlines()
    said = [line for line in lines if not line.startswith(MASKING)]
    assert said[0] == "keyturn: GitHub answered 200 to GET /repos/octo/storefront"
    token, *others = (world.example.environ[n] for n in sorted(world.example.environ))
    assert token == world.example.environ["GITHUB_TOKEN"]
    assert told_before(lines, said[0]) >= forms(token)
    assert others
    for value in others:
        assert told_before(lines, said[1]) >= forms(value)


def told_before(lines: list[str], line: str) -> set[str]:
    before = lines[: lines.index(line)]
    return {each.removeprefix(MASKING) for each in before if each.startswith(MASKING)}


def forms(value: str) -> set[str]:
    return {value, *unknown_to_runners(value)}


def everything(world: World, ran: Ran) -> dict[str, str]:
    """What the run printed, wrote and sent to where others read it."""
    err = [line for line in ran.err.splitlines() if not line.startswith(MASKING)]
    found = {"standard output": ran.out, "standard error": "\n".join(err)}
    for path in world.folder.rglob("*"):
        if path.is_file() and path.name != "leaked.env":
            found[path.name] = path.read_text("utf-8", errors="replace")
    for issue in world.repository.issues.values():
        told = [issue.title, issue.body or "", *(c.body for c in issue.comments)]
        found[f"issue {issue.number}"] = "\n".join(told)
    return found
