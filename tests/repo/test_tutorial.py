"""The tutorial is followed, command by command, as its reader would; what it shows is what comes.

Only what needs the network is left out: to fetch keyturn and to install it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = "docs/tutorial/first-issue.md"
ACTIVATE = ". .venv/bin/activate"
INSTALL = [
    "git clone https://github.com/keyturn/keyturn && cd keyturn",
    "python3 -m venv .venv",
    ACTIVATE,
    "pip install --quiet .",
]
LEFT_OUT = "…"
EXIT_CODES = {"keyturn check": 1, 'git commit -m "Deploy"': 1}
"""Commands of the page that do not end with 0; it says so of each."""
PROMPT = "=== command over: "


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of the page, and what it shows of the last one's output."""

    commands: list[str]
    shown: str


def blocks(page: str) -> list[Block]:
    """Return the commands in order, each with what is shown next, if anything is."""
    found: list[Block] = []
    for language, text in re.findall(
        r"^```(sh|text)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL
    ):
        if language == "sh":
            found.append(Block(split(text), ""))
        else:
            found[-1] = Block(found[-1].commands, text)
    return found


def split(text: str) -> list[str]:
    """Return the commands of a block; one that is given lines reaches to their end."""
    return re.findall(r"^(?:.*<<'?END'?\n(?:.*\n)*?END|.+)$", text, flags=re.MULTILINE)


def test_a_block_is_read_as_it_stands() -> None:
    page = "```sh\na\ncat <<END\nb\nEND\nc\n```\n\nprose\n\n```text\nshown\n```\n\n```sh\nd\n```\n"
    assert blocks(page) == [Block(["a", "cat <<END\nb\nEND", "c"], "shown\n"), Block(["d"], "")]


@contextmanager
def served(command: str, folder: Path, environ: dict[str, str]) -> Iterator[str]:
    """Run the first terminal; yield what it has printed once it is ready."""
    path = folder / "sandbox.env"
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            limit = time.monotonic() + 30
            while not path.exists() or "PACKAGES_TOKEN" not in path.read_text(encoding="utf-8"):
                assert child.poll() is None, child.communicate()[1].decode()
                assert time.monotonic() < limit, "the sandbox does not come up"
                time.sleep(0.05)
            yield path.read_text(encoding="utf-8")
        finally:
            os.killpg(child.pid, signal.SIGINT)


def follow(commands: list[str], folder: Path, environ: dict[str, str]) -> list[tuple[str, int]]:
    """Run commands in one shell, as a terminal does; return output and exit code of each."""
    script = "".join(f'{command}\necho "{PROMPT}$?"\n' for command in commands)
    done = subprocess.run(
        ["/bin/sh"],
        input=script,
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    parts = re.split(rf"^{PROMPT}(\d+)\n", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 2 * len(commands) + 1, done.stdout
    return [(out, int(code)) for out, code in zip(parts[::2], parts[1::2], strict=False)]


def assert_shown(shown: str, printed: str) -> None:
    """What stands between two marks of something left out, came so."""
    at = 0
    for part in shown.split(f"{LEFT_OUT}\n"):
        found = printed.find(part, at)
        assert found >= 0, f"not printed, or not here:\n{part}\n--- but:\n{printed}"
        at = found + len(part)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A person's environment: nothing of keyturn is in it."""
    people = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        # As on a terminal, both streams are shown in the order in which they are written.
        "PYTHONUNBUFFERED": "1",
        **dict.fromkeys(people, "somebody@example.com"),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="its reader has a POSIX shell")
def test_the_tutorial_goes_as_it_says(root: Path, tmp_path: Path, environ: dict[str, str]) -> None:
    first, *others = blocks((root / PAGE).read_text(encoding="utf-8"))
    *before, serve = first.commands
    assert before == INSTALL
    with served(serve, tmp_path, environ) as told:
        assert_shown(first.shown, told)
        steps = [(command, block) for block in others for command in block.commands]
        assert steps[0][0] == ACTIVATE
        steps = steps[1:]  # the fixture's PATH has it
        ran = follow([command for command, _ in steps], tmp_path, environ)
    for (command, block), (printed, code) in zip(steps, ran, strict=True):
        expected = next((c for start, c in EXIT_CODES.items() if command.startswith(start)), 0)
        assert code == expected, (command, printed)
        if command == block.commands[-1] and block.shown:
            assert_shown(block.shown, printed)
