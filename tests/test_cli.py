"""The command line's edges: what it says when nothing can be done."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn import __version__, cli
from keyturn.errors import KeyturnError
from keyturn.report.publish import tell
from keyturn.secret_value import SecretValue
from keyturn.settings import Settings
from tests.systems import needs_scripts
from tests.world import World

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def keyturn(*argv: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyturn", *argv],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )


def test_version_and_help() -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    assert keyturn("--version").stdout == f"keyturn {__version__} (Python {python})\n"
    assert keyturn().stdout == keyturn("--help").stdout
    assert "exit codes:" in keyturn("--help").stdout


def test_what_is_not_built_is_not_offered() -> None:
    assert "burn" not in keyturn("--help").stdout
    done = keyturn("burn")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_hangs_up_is_no_error_of_ours() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "keyturn", "config", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        err = child.stderr.read().decode()
    assert "Traceback" not in err
    assert "Exception" not in err


def test_errors_come_with_a_hint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyturnError("it did not work", hint="try another way")

    monkeypatch.setattr("keyturn.commands.check.run", broken)
    ran = world.run("check")
    assert ran.code == 3
    assert ran.err.splitlines()[-2:] == ["keyturn: it did not work", "  hint: try another way"]


def test_an_error_and_a_word_about_the_run_hold_no_value(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "canary-" + "q7" * 12

    def broken(*_: object) -> None:
        SecretValue(value)
        tell(f"a token is called {value}")
        raise KeyturnError(f"{value} did not work", hint=f"without {value}")

    monkeypatch.setattr("keyturn.commands.check.run", broken)
    said = world.run("check", GITHUB_ACTIONS=None).err.splitlines()
    assert said == ["a token is called ***", "keyturn: *** did not work", "  hint: without ***"]


@pytest.mark.parametrize("text", ["sarif=a/b.sarif", "a=b.txt", "plain.txt"])
def test_outputs_are_read_as_written(text: str, world: World) -> None:
    ran = world.run("inventory", "--output", text)
    made = {"sarif=a/b.sarif": None, "a=b.txt": "a=b.txt", "plain.txt": "plain.txt"}[text]
    if made is None:
        assert ran.code == 2
    else:
        assert (world.workspace / made).read_text(encoding="utf-8") == ran.out


@pytest.mark.parametrize(
    ("at", "url", "dry"),
    [
        (None, "https://api.github.com", False),
        ("2026-11-23T00:05:00Z", "https://api.github.com", False),
        ("2026-11-23T00:05:01Z", "https://api.github.com", True),
        ("2026-11-22T23:54:59Z", "https://api.github.com", True),
        ("2027-03-01", "http://127.0.0.1:1", False),
        ("2027-03-01", "https://127.0.0.1.example.com", True),
    ],
)
def test_another_moment_writes_nothing_but_to_a_sandbox(
    at: str | None, url: str, dry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def note(settings: Settings, _: object) -> int:
        seen.append(settings.dry_run)
        assert settings.pretends == (abs(settings.now - NOW) > timedelta(minutes=5))
        return 0

    monkeypatch.setattr("keyturn.commands.check.run", note)
    argv = ["check", *(["--at", at] if at else [])]
    assert cli.main(argv, {"GITHUB_API_URL": url}, now=NOW) == 0
    assert seen == [dry]


@needs_scripts
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_is_closed_is_no_traceback(stream: str) -> None:
    number = {"stdout": 1, "stderr": 2}[stream]
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -m keyturn config schema {number}>&-'],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_few_characters_gets_the_report_all_the_same(world: World) -> None:
    environ = {**world.environ, "PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "inventory", "--format", "markdown"],
        capture_output=True,
        cwd=world.workspace,
        env=environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
