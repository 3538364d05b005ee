"""A real terminal for tests: what a child wrote to it, and what stands on it in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_terminal = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no pseudo-terminals that Python can open"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run did to its terminal."""

    code: int
    written: str
    """Every character that came."""
    out: str = ""
    """Standard output, where that was a pipe."""

    @property
    def screen(self) -> list[str]:
        """The lines as they stand at the end."""
        return screen(self.written)


def screen(written: str) -> list[str]:
    """Return the lines that a terminal shows; of all controls it knows just these two."""
    lines, column = [""], 0
    for char in written:
        if char == "\n":
            lines.append("")
            column = 0
        elif char == "\r":
            column = 0
        else:
            line = lines[-1]
            lines[-1] = line[:column].ljust(column) + char + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def open_terminal(columns: int = 80) -> tuple[int, int]:
    """Open a terminal of some width: our end of it, and the program's."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    return ours, theirs


def read_all(ours: int) -> str:
    """Read what was written until nobody can write any more."""
    data = b""
    while True:
        try:
            block = os.read(ours, 1 << 16)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not block:
            break
        data += block
    os.close(ours)
    return data.decode()


def run_on_terminal(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    cwd: Path,
    columns: int = 80,
    pipe_output: bool = False,
) -> Seen:
    """Run a program whose standard error, and output where it is no pipe, are a terminal."""
    ours, theirs = open_terminal(columns)
    with subprocess.Popen(
        argv,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if pipe_output else theirs,
        stderr=theirs,
    ) as child:
        os.close(theirs)
        written = read_all(ours)
        out = child.stdout.read().decode() if child.stdout else ""
    return Seen(child.returncode, written.replace("\r\n", "\n"), out)
