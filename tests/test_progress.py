"""The line that says what is being done: on a real terminal, and nowhere else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from keyturn import cli, parallel
from keyturn.commands import scan
from keyturn.credentials import Credentials
from keyturn.flags import make_parser
from keyturn.github.runner import Runner
from keyturn.progress import SILENT, Progress
from keyturn.sandbox import example
from keyturn.scan import pool
from keyturn.settings import Settings
from tests.terminals import needs_terminal, open_terminal, read_all, run_on_terminal, screen
from tests.world import World

KEYTURN = [sys.executable, "-m", "keyturn"]
SLOW = [*KEYTURN, "check", "--at", example.NOW.isoformat(), "--no-issues"]


def slow_world(world: World) -> dict[str, str]:
    """An environment outside of Actions, in which a check takes longer than a second."""
    world.box.github.server.latency = 0.16
    environ = {k: v for k, v in world.environ.items() if k != "GITHUB_ACTIONS"}
    return {**environ, "NO_COLOR": "1"}


class Terminal:
    """A terminal, and the stream by which this process writes to it."""

    def __init__(self, columns: int = 80) -> None:
        self._ours, theirs = open_terminal(columns)
        self.stream = os.fdopen(theirs, "w")

    def close(self) -> str:
        self.stream.close()
        return read_all(self._ours).replace("\r\n", "\n")


@contextmanager
def waited_for(terminal: Terminal) -> Iterator[Progress]:
    progress = Progress(terminal.stream, patience=0.0)
    with progress.shown():
        yield progress


@needs_terminal
def test_a_slow_check_says_what_it_waits_for_and_wipes_it_away(world: World) -> None:
    seen = run_on_terminal(SLOW, slow_world(world), cwd=world.workspace)
    assert seen.code == 1
    assert re.search("^asking (GitHub|gitlab|declared)", seen.written)
    # What stands there in the end is the report alone.
    assert not [line for line in seen.screen if line.startswith("asking")]
    assert seen.screen[0].startswith("First to break: ")
    assert seen.screen[-3].startswith("octo/storefront: 2 errors")


@needs_terminal
@pytest.mark.parametrize(
    ("environ", "argv", "told"),
    [
        ({}, [], True),
        ({"CI": "true"}, [], False),
        ({"GITHUB_ACTIONS": "true"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["-q"], False),
        ({}, ["-v"], False),
    ],
)
def test_who_asks_for_silence_gets_it(
    environ: dict[str, str], argv: list[str], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def note(settings: Settings, _: object) -> int:
        seen.append(settings.progress is not SILENT)
        return 0

    terminal = Terminal()
    monkeypatch.setattr("keyturn.commands.check.run", note)
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    assert cli.main(["check", *argv], environ, now=example.NOW) == 0
    assert terminal.close() == ""
    assert seen == [told]


def test_without_a_terminal_not_one_byte(world: World) -> None:
    done = subprocess.run(
        SLOW,
        cwd=world.workspace,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **slow_world(world)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == b""
    assert b"asking" not in done.stdout


@needs_terminal
def test_what_takes_less_than_a_second_is_not_worth_a_line() -> None:
    terminal = Terminal()
    progress = Progress(terminal.stream)
    with progress.shown():
        progress.say("asking nobody")
        time.sleep(0.3)
    assert terminal.close() == ""


@needs_terminal
def test_what_others_print_meanwhile_stays_whole() -> None:
    terminal = Terminal()
    stderr, sys.stderr = sys.stderr, terminal.stream
    try:
        with waited_for(terminal) as progress:
            progress.say("waiting")
            time.sleep(0.25)
            print("the first half", end="", file=sys.stderr)
            time.sleep(0.25)
            print(", and the second", file=sys.stderr)
            time.sleep(0.25)
        assert sys.stderr is terminal.stream
    finally:
        sys.stderr = stderr
    written = terminal.close()
    assert written.count("waiting") == 2
    assert screen(written) == ["the first half, and the second", ""]


@needs_terminal
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_is_wiped_away_whatever_happens_and_no_thread_stays(error: type[BaseException]) -> None:
    terminal, before = Terminal(), threading.active_count()

    def work() -> None:
        with waited_for(terminal) as progress:
            progress.say("waiting")
            time.sleep(0.25)
            raise error

    with pytest.raises(error):
        work()
    assert threading.active_count() == before
    written = terminal.close()
    assert "waiting" in written
    assert screen(written) == [""]


@needs_terminal
def test_the_line_is_never_longer_than_the_terminal_is_wide() -> None:
    terminal = Terminal(columns=20)
    with waited_for(terminal) as progress:
        progress.say("a long story about what is being done")
        time.sleep(0.25)
    assert "a long story about " in (written := terminal.close())
    assert max(len(line) for line in re.split(r"[\r\n]", written)) == 19


@needs_terminal
def test_many_are_counted_in_any_threads_and_then_what_was_said_shows_again() -> None:
    terminal = Terminal()
    with waited_for(terminal) as progress:
        progress.say("and then this")

        def slow(item: int) -> int:
            time.sleep(0.05)
            return item * 2

        each = progress.each(slow, range(12), what=lambda _: "asking gitlab", noun="token")
        assert parallel.start(each, range(12), workers=2)() == [2 * item for item in range(12)]
        time.sleep(0.25)
    told = re.findall(r"asking gitlab: (\d+) of 12 tokens|(and then this)", terminal.close())
    numbers = [int(number) for number, _ in told if number]
    assert len(numbers) > 1
    assert numbers == sorted(numbers)
    assert told[-1] == ("", "and then this")


@needs_terminal
def test_what_comes_one_by_one_is_drawn_without_a_thread() -> None:
    terminal, before = Terminal(), threading.active_count()
    progress = Progress(terminal.stream, patience=0.0)
    with progress.shown(ticking=False):
        for _ in progress.through(range(30), what="scanning", noun="file"):
            assert threading.active_count() == before
            time.sleep(0.01)
    told = [int(found) for found in re.findall(r"scanning: (\d+) file", terminal.close())]
    assert told[0] == 1
    assert told == sorted(told)
    assert 1 < len(told) < 30


def test_a_wait_is_told_with_what_is_waited_for() -> None:
    progress, seen = Progress(io.StringIO()), []
    progress.say("rotating with gitlab: proving")
    wait = progress.around(lambda _: seen.append(progress._said))
    wait(12.4)
    wait(0.0)
    assert seen == [
        "rotating with gitlab: proving: waiting 12 s",
        "rotating with gitlab: proving",
    ]


@needs_terminal
def test_a_terminal_that_is_gone_ends_nothing() -> None:
    terminal = Terminal()
    with waited_for(terminal) as progress:
        progress.say("waiting")
        terminal.close()
        time.sleep(0.25)


def settings(progress: Progress, root: Path, environ: Mapping[str, str]) -> Settings:
    return Settings(
        example.NOW,
        root,
        Runner.from_environ(environ),
        Credentials(environ),
        environ=environ,
        repository=example.REPOSITORY,
        progress=progress,
    )


@needs_terminal
@pytest.mark.parametrize(
    ("flags", "told"), [([], r"scanning: [1-3]\d* files?"), (["--history"], r"scanning: 1 text")]
)
def test_a_scan_counts_what_it_reads_and_forks_all_the_same(
    flags: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(pool.FEW + 50):
        (tmp_path / f"{number}.txt").write_text(f"{number}\n", encoding="utf-8")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.chdir(tmp_path)
    terminal = Terminal()
    wanted = settings(Progress(terminal.stream, patience=0.0), tmp_path, os.environ)
    assert scan.run(wanted, make_parser().parse_args(["scan", *flags])) == 0
    written = terminal.close()
    assert re.search(told, written)
    assert screen(written) == [""]


@needs_terminal
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ["check"],
            [r"asking (gitlab|declared): \d of \d tokens", "asking GitHub for failed runs"],
        ),
        (["inventory"], ["asking GitHub which secrets are stored"]),
        (["inventory", "--provider", "gitlab"], [r"listing tokens of gitlab: \d of 3 credentials"]),
        (["doctor"], ["trying the rights at GitHub", "asking gitlab: ", "own schedule"]),
        (["revoke", "release-gitlab"], ["asking GitHub which secrets are stored"]),
    ],
)
def test_each_command_says_what_it_does(command: list[str], told: list[str], world: World) -> None:
    world.box.gitlab.server.latency = world.box.github.server.latency = 0.06
    terminal = Terminal()
    environ = {k: v for k, v in world.environ.items() if k != "GITHUB_ACTIONS"}
    wanted = settings(Progress(terminal.stream, patience=0.0), world.workspace, environ)
    import_module(f"keyturn.commands.{command[0]}").run(wanted, make_parser().parse_args(command))
    written = terminal.close()
    for words in told:
        assert re.search(words, written)
    assert screen(written) == [""]
