"""Every row of docs/reference/exit-codes.md is a run that ends so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from keyturn.errors import ExitCode
from keyturn.help_texts import COMMANDS
from keyturn.sandbox import Fault, Response
from tests.commands.test_rotate import Scene, make_scene
from tests.scan.corpus.sample import ALNUM, draw

PAGE = "docs/reference/exit-codes.md"
CONFIG = ".github/keyturn.yml"
TOKEN = draw(Random(3), ALNUM, 20).encode()


@pytest.fixture
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    with make_scene(tmp_path, capsys) as made:
        yield made


Run = Callable[[Scene], int]


def plain(*argv: str, **environ: str | None) -> Run:
    """A run in the scene as it is: one token, due in eight days."""
    return lambda scene: scene.run(*argv, **environ).code


def with_a_mistake(*argv: str) -> Run:
    def run(scene: Scene) -> int:
        scene.world.write(CONFIG, "version: 2\n")
        return scene.run(*argv).code

    return run


def without_github(path: str, *argv: str) -> Run:
    def run(scene: Scene) -> int:
        scene.box.github.server.faults.append(Fault(path, Response(502, "bad gateway")))
        return scene.run(*argv).code

    return run


def with_a_file(name: str, content: bytes, *argv: str) -> Run:
    def run(scene: Scene) -> int:
        path = scene.world.folder / name
        path.write_bytes(content)
        return scene.run(*argv, str(path)).code

    return run


def without_the_secret(scene: Scene) -> int:
    del scene.world.repository.vaults["actions"].entries["GITLAB_TOKEN"]
    return scene.run("rotate").code


def cut_off_twice(scene: Scene) -> int:
    fault = Fault("PUT .*/secrets/DEPLOY_TOKEN$", drop=True)
    scene.box.github.server.faults.append(fault)
    scene.run("rotate", "--apply")
    return scene.run("recover", "--apply").code


def refused_by_the_provider(scene: Scene) -> int:
    forbidden = Response(403, {"error": "insufficient_scope", "error_description": "no"})
    scene.box.gitlab.server.faults.append(Fault("^DELETE", forbidden))
    return scene.run("revoke", "release", "--apply", "--yes").code


def begun_anew(scene: Scene) -> int:
    (scene.world.workspace / CONFIG).unlink()
    return scene.run("init").code


def diagnosed_with_a_schedule(scene: Scene) -> int:
    env = "{ GITLAB_MANAGER: '${{ secrets.GITLAB_MANAGER }}' }"
    scene.world.write(
        ".github/workflows/keyturn.yml",
        "on: { schedule: [{ cron: '17 6 * * 1,4' }] }\n"
        "jobs: { check: { runs-on: x, steps: [{ uses: keyturn/keyturn@v0, env: "
        + env
        + " }] } }\n",
    )
    return scene.run("doctor").code


def on_a_port_that_is_taken(scene: Scene) -> int:
    port = scene.box.github.url.rpartition(":")[2]
    return scene.run("sandbox", "--port", port).code


NO_KEY: dict[str, str | None] = {"KEYTURN_RECOVERY_KEY": None}
NO_MANAGER: dict[str, str | None] = {"GITLAB_MANAGER": None}
ROWS: dict[tuple[str, int], Run] = {
    ("check", 0): plain("check"),
    ("check", 1): plain("check", "--fail-on", "warning"),
    ("check", 2): with_a_mistake("check"),
    ("check", 3): plain("check", **NO_MANAGER),
    ("inventory", 0): plain("inventory"),
    ("inventory", 2): with_a_mistake("inventory"),
    ("inventory", 3): without_github("/secrets", "inventory"),
    ("rotate", 0): plain("rotate"),
    ("rotate", 2): plain("rotate", "--apply", **NO_KEY),
    ("rotate", 3): plain("rotate", **NO_MANAGER),
    ("rotate", 4): without_the_secret,
    ("recover", 0): plain("recover"),
    ("recover", 2): plain("recover", "--apply", **NO_KEY),
    ("recover", 3): without_github("/git/", "recover"),
    ("recover", 4): cut_off_twice,
    ("revoke", 0): plain("revoke", "release"),
    ("revoke", 2): plain("revoke", "unheard-of"),
    ("revoke", 3): refused_by_the_provider,
    ("scan", 0): with_a_file("a.txt", b"nothing\n", "scan"),
    ("scan", 1): with_a_file("a.txt", b"glpat-" + TOKEN, "scan"),
    ("scan", 2): plain("scan", "not-there.txt"),
    ("scan", 3): with_a_file("a.zip", b"PK\3\4" + b"x" * 40, "scan", "--strict"),
    ("doctor", 0): diagnosed_with_a_schedule,
    ("doctor", 1): plain("doctor"),
    ("doctor", 2): with_a_mistake("doctor"),
    ("doctor", 3): without_github("/secrets", "doctor"),
    ("explain", 0): plain("explain", "expiring"),
    ("explain", 2): plain("explain", "unheard-of"),
    ("config", 0): plain("config", "check"),
    ("config", 2): with_a_mistake("config", "check"),
    ("init", 0): begun_anew,
    ("init", 2): plain("init"),
    ("completion", 0): plain("completion", "bash"),
    ("completion", 2): plain("completion", "unheard-of"),
    ("sandbox", 2): on_a_port_that_is_taken,
}


@pytest.fixture
def page(root: Path) -> str:
    return (root / PAGE).read_text(encoding="utf-8")


def test_every_code_has_its_row(page: str) -> None:
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == {*ExitCode}


def test_every_row_of_a_command_has_its_run(page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.MULTILINE)
    assert sorted((command, int(code)) for command, code in rows) == sorted(ROWS)


def test_help_names_these_codes_too() -> None:
    """And 130; and 3, where nothing but the machine itself can fail."""
    for command, told in COMMANDS.items():
        here = {code for name, code in ROWS if name == command}
        assert here <= set(told.exit_codes), command
        assert set(told.exit_codes) - here <= {0, 3, 130}, command


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_run_ends_so(row: tuple[str, int], scene: Scene) -> None:
    assert ROWS[row](scene) == row[1]
