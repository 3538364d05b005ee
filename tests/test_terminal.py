"""Colours, characters and consoles. No Windows console was at hand: its calls are played."""

from __future__ import annotations

import ctypes
import errno
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keyturn import cli
from keyturn.sandbox import example
from keyturn.settings import Settings
from keyturn.terminal import (
    STAND_INS,
    enable_styles,
    is_hang_up,
    show_every_character,
    wants_color,
    wants_progress,
)
from tests.terminals import needs_terminal, open_terminal, run_on_terminal
from tests.world import World

SRC = Path(__file__).resolve().parents[1] / "src" / "keyturn"
COLOR = re.compile(r"\x1b\[[0-9;]*m")

# Flag, environment, and whether there are colours on a terminal, and elsewhere.
CASES = [
    ("auto", {}, True, False),
    ("auto", {"TERM": "dumb"}, False, False),
    ("auto", {"NO_COLOR": "1"}, False, False),
    ("auto", {"NO_COLOR": "0"}, False, False),
    ("auto", {"NO_COLOR": ""}, True, False),
    ("auto", {"FORCE_COLOR": "1"}, True, True),
    ("auto", {"FORCE_COLOR": "3", "TERM": "dumb"}, True, True),
    ("auto", {"FORCE_COLOR": "0"}, True, False),
    ("auto", {"FORCE_COLOR": ""}, True, False),
    ("auto", {"CLICOLOR_FORCE": "1"}, True, True),
    ("auto", {"CLICOLOR_FORCE": "0"}, True, False),
    ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
    ("never", {"FORCE_COLOR": "1"}, False, False),
]


@needs_terminal
@pytest.mark.parametrize(("flag", "environ", "there", "elsewhere"), CASES)
def test_who_gets_colours(flag: str, environ: dict[str, str], there: bool, elsewhere: bool) -> None:
    ours, theirs = open_terminal()
    with os.fdopen(theirs, "w") as terminal:
        assert wants_color(flag, environ, terminal) == there
    os.close(ours)
    assert wants_color(flag, environ, io.StringIO()) == elsewhere
    assert wants_color(flag, environ, terminal) == elsewhere  # closed by now


@needs_terminal
@pytest.mark.parametrize(
    ("program", "argv"), [("keyturn", ["scan"]), ("keyturn.scan.hook", [])], ids=["full", "hook"]
)
def test_a_leak_is_coloured_on_a_terminal_and_told_by_words_alone(
    program: str, argv: list[str], tmp_path: Path
) -> None:
    value = "glpat-" + os.urandom(10).hex()
    (tmp_path / "leak.txt").write_text(value, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    start = [sys.executable, "-c", f"from {program} import run; run()"]
    if program == "keyturn":
        start = [sys.executable, "-m", "keyturn"]
    seen = {
        name: run_on_terminal([*start, *argv], environ, cwd=tmp_path).written
        for name, environ in {
            "plain": {"NO_COLOR": "1"},
            "dumb": {"TERM": "dumb"},
            "all": {},
        }.items()
    }
    assert COLOR.search(seen["all"])
    assert COLOR.sub("", seen["all"]) == seen["plain"] == seen["dumb"]
    assert "gitlab-pat" in seen["plain"]
    assert value not in seen["plain"]
    forced = run_on_terminal([*start, *argv], {"FORCE_COLOR": "1"}, cwd=tmp_path, pipe_output=True)
    assert COLOR.search(forced.out)


def test_the_report_says_the_same_without_colours(world: World) -> None:
    colored = world.run("check", "--color", "always").out
    assert COLOR.search(colored)
    assert COLOR.sub("", colored) == world.run("check", FORCE_COLOR="1", NO_COLOR="1").out
    for word in ("ERROR", "WARNING", "INFO", "active", "revoked"):
        assert word in COLOR.sub("", colored)


def test_a_line_is_drawn_where_a_person_waits() -> None:
    assert not wants_progress({}, io.StringIO())
    closed = io.StringIO()
    closed.close()
    assert not wants_progress({}, closed)


def encoded(text: str, encoding: str) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show_every_character(stream)
    stream.write(text)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("utf-8", "a… \u2705 ü", "a… \u2705 ü"),
        ("cp1252", "a… \u2705 ü", "a… [ok] ü"),
        ("cp437", "glpat-… \u274c", "glpat-... [x]"),
        ("cp437", "a → b ü", "a -> b ü"),
        ("ascii", "\u26a0\ufe0f ü", "[!] \\xfc"),
        ("ascii", "…\u5bc6…", "...\\u5bc6..."),
        ("utf-8", "\udc80", "\\udc80"),
    ],
)
def test_a_console_shows_what_it_can(encoding: str, text: str, shown: str) -> None:
    assert encoded(text, encoding) == shown


def test_every_sign_that_reports_draw_has_a_stand_in() -> None:
    drawn = set()
    for path in [*SRC.glob("report/**/*"), *SRC.glob("scan/*.py"), SRC / "rotation/consumers.py"]:
        if path.suffix in (".py", ".j2"):
            drawn |= {char for char in path.read_text(encoding="utf-8") if not char.isascii()}
    page = (SRC.parents[1] / "docs/reference/findings.md").read_text(encoding="utf-8")
    drawn |= {char for char in page if not char.isascii()}
    assert drawn
    assert drawn <= set(STAND_INS)
    assert all(text.isascii() for text in STAND_INS.values())


def test_a_report_comes_whole_on_an_old_code_page(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "check", "--format", "markdown"],
        capture_output=True,
        cwd=world.workspace,
        env={**world.environ, "PATH": os.environ["PATH"], "PYTHONIOENCODING": "cp437"},
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "release-gitlab" in done.stdout.decode("cp437")
    assert "Traceback" not in done.stderr.decode("cp437")


class Kernel:
    """The two calls of Windows; `modes` is None where the handle is no console."""

    def __init__(self, mode: int | None, *, old: bool = False) -> None:
        self.mode = mode
        self._old = old

    def GetConsoleMode(self, handle: ctypes.c_void_p, mode: object) -> int:
        assert handle.value == 7
        if self.mode is None:
            return 0
        mode._obj.value = self.mode  # type: ignore[attr-defined] # what byref() hands over
        return 1

    def SetConsoleMode(self, handle: ctypes.c_void_p, mode: ctypes.c_uint32) -> int:
        assert handle.value == 7
        if self._old:
            return 0
        self.mode = mode.value
        return 1


def test_a_windows_console_is_told_to_understand_styles() -> None:
    new, old, pipe = Kernel(0b11), Kernel(0b11, old=True), Kernel(None)
    assert enable_styles(new, 7)
    assert new.mode == 0b111
    assert not enable_styles(old, 7)
    assert old.mode == 0b11
    assert not enable_styles(pipe, 7)


@pytest.mark.parametrize(
    ("error", "windows", "hung_up"),
    [
        (BrokenPipeError(), False, True),
        (OSError(errno.EINVAL, "x"), True, True),
        (OSError(errno.EINVAL, "x"), False, False),
        (OSError(errno.ENOSPC, "x"), True, False),
        (ValueError(), True, False),
    ],
)
def test_a_reader_that_hung_up_is_known_on_any_system(
    error: Exception, windows: bool, hung_up: bool
) -> None:
    assert is_hang_up(error, windows=windows) == hung_up


def test_an_interrupt_ends_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: Settings, __: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("keyturn.commands.check.run", interrupted)
    assert cli.main(["check"], {}, now=example.NOW) == 130
    assert capsys.readouterr().err == "keyturn: interrupted; nothing is half written\n"


def test_paths_are_shown_as_they_were_typed(world: World) -> None:
    ran = world.run("scan", "src\\no\\such.txt")
    assert "there is no file or folder src\\no\\such.txt" in ran.err
    ran = world.run("check", "--output", "no\\..\\such/x.txt")
    assert "--output no\\..\\such/x.txt: " in ran.err
