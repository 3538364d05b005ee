"""Runs shell commands in a real bash; `keyturn` on its PATH is this checkout's.

It changes nothing of a command but who answers it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.repo.shown import stand_ins
from tests.repo.shown.pages import ROOT

# As the console scripts are, but for the clock, which is the sandbox's.
_KEYTURN = """\
#!{python}
import os, sys
from datetime import datetime
from keyturn.cli import main
sys.exit(main(sys.argv[1:], os.environ, now=datetime.fromisoformat({now!r})))
"""
_SCAN = "#!{python}\nfrom keyturn.scan.hook import run\nrun()\n"
# Targets are looked at, and not made: CI makes them.
_MAKE = '#!/bin/sh\nexec {make} -n -C {root} "$@"\n'
# What a command would ask outside of this machine ends at once.
_NOBODY = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
}
_STEP = """\
{{ {command}
}} >{folder}/{number}.out 2>{folder}/{number}.err </dev/null
echo $? >>{folder}/codes
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one command."""

    line: str
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Shell:
    """One bash, with a PATH of its own before the usual one."""

    def __init__(
        self, folder: Path, cwd: Path, environ: Mapping[str, str], *, now: datetime
    ) -> None:
        own = Path(tempfile.mkdtemp(dir=folder))
        self._cwd, self._told, self._done = cwd, own / "told", own / "done"
        tools = own / "tools"
        for made in (self._told, self._done, tools):
            made.mkdir()
        scripts = {
            "keyturn": _KEYTURN.format(python=sys.executable, now=now.isoformat()),
            "keyturn-scan": _SCAN.format(python=sys.executable),
            "make": _MAKE.format(make=shutil.which("make"), root=ROOT),
        }
        for name, text in scripts.items():
            (tools / name).write_text(text, encoding="utf-8")
            (tools / name).chmod(0o755)
        stand_ins.install(tools, told=self._told, root=ROOT)
        path = f"{tools}:{Path(sys.executable).parent}:{environ['PATH']}"
        self._environ = {**environ, **_NOBODY, "PATH": path}

    def tell(self, name: str, value: str) -> None:
        """Give the stand-ins a value to print."""
        (self._told / name).write_text(value, encoding="utf-8")

    def run(self, commands: Sequence[str]) -> list[Done]:
        """Run the commands in their order; what one exports, the next ones have."""
        steps = "".join(
            _STEP.format(command=command, folder=self._done, number=number)
            for number, command in enumerate(commands)
        )
        whole = subprocess.run(
            ["bash", "-uo", "pipefail", "-c", steps],
            cwd=self._cwd,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (whole.returncode, whole.stderr) == (0, ""), whole.stderr
        codes = (self._done / "codes").read_text(encoding="utf-8").split()
        return [
            Done(line, int(code), *(self._read(f"{number}.{end}") for end in ("out", "err")))
            for number, (line, code) in enumerate(zip(commands, codes, strict=True))
        ]

    def _read(self, name: str) -> str:
        return (self._done / name).read_text(encoding="utf-8")
