"""Where the demonstration plays: a folder of checkouts, and the real command line as its child.

It tells no story (`demo` and `demo_rotation` do), and changes nothing outside its folder.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyturn.errors import ExitCode, KeyturnError
from keyturn.plain import paint
from keyturn.report import publish

_TIMEOUT = 120
"""Seconds that a run may take."""
_MASKS = re.compile(r"^::add-mask::.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stage:
    """A temporary folder, and how what happens there is shown."""

    folder: Path
    color: bool
    machine: Mapping[str, str]
    """What of the environment any program needs, and nothing else."""

    @property
    def color_flags(self) -> tuple[str, str]:
        """What a child is told, whose output is no terminal."""
        return "--color", "always" if self.color else "never"

    def checkout(self, repository: str, files: Mapping[str, str]) -> None:
        """Write a repository's files."""
        for path, text in files.items():
            target = self.folder / repository / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def run(
        self, repository: str, environ: Mapping[str, str], *arguments: str, expected: ExitCode
    ) -> subprocess.CompletedProcess[str]:
        """Run keyturn to its end. Raises KeyturnError where that is another than expected."""
        with self.start(repository, environ, *arguments) as child:
            out, err = self.wait(child)
        if child.returncode != expected:
            raise went_wrong(f"\n{out}{err}")
        return subprocess.CompletedProcess(arguments, child.returncode, out, err)

    def start(
        self, repository: str, environ: Mapping[str, str], *arguments: str
    ) -> subprocess.Popen[str]:
        """Start keyturn in a checkout, with this environment and what any program needs."""
        return subprocess.Popen(  # noqa: S603 - keyturn itself, with words of these files
            [sys.executable, "-P", "-m", "keyturn", *arguments],
            env={**self.machine, **environ},
            cwd=self.folder / repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self, child: subprocess.Popen[str]) -> tuple[str, str]:
        """Return what a child printed until its end, but for the values that a runner hides."""
        try:
            out, err = child.communicate(timeout=_TIMEOUT)
        except BaseException:
            child.kill()
            raise
        return out, _MASKS.sub("", err)

    def heading(self, text: str) -> None:
        """Begin a part of the story."""
        self.say("\n" + self.paint(f"== {text}", "1;36"))

    def paint(self, text: str, style: str) -> str:
        """Return a text in a colour, where there are any."""
        return paint(text, style, color=self.color)

    def say(self, text: str) -> None:
        """Print a line of the story."""
        publish.emit(text)


def went_wrong(why: str) -> KeyturnError:
    """Return what ends a demonstration that did not go as told."""
    return KeyturnError(f"the demonstration went wrong: {why}")
