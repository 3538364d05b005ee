"""`keyturn completion`: a real shell completes with the script that it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keyturn import providers
from keyturn.flags import SHELLS
from keyturn.help_texts import COMMANDS
from keyturn.rules import SEVERITIES

# As the how-to has it loaded.
COMPLETE = """\
eval "$(cat "$1")"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
$(complete -p keyturn | sed -n 's/.*-F \\([^ ]*\\) .*/\\1/p')
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "completion", shell],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("bash"):
        pytest.skip("there is no bash here")
    path = tmp_path_factory.mktemp("completion") / "keyturn.bash"
    path.write_text(script("bash"), encoding="utf-8")
    return path


def complete(bash: Path, folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", COMPLETE, "bash", str(bash), "keyturn", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stderr == ""
    return {line.strip() for line in done.stdout.splitlines() if line.strip()}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ch"], {"check"}),
        (["re"], {"recover", "revoke"}),
        (["check", "--fail"], {"--fail-on"}),
        (["check", "--fail-on", ""], {"info", "warning", "error", "never"}),
        (["scan", "--format", "s"], {"sarif"}),
        (["config", "s"], {"schema"}),
        (["explain", "expiri"], {"expiring"}),
        (["explain", "gitlab-pa"], {"gitlab-pat"}),
        (["completion", ""], set(SHELLS)),
        (["inventory", "--provider", "sail"], {"sailpoint"}),
        (["scan", "notes"], {"notes.txt"}),
        (["check", "--config", "keyt"], {"keyturn.yml"}),
        (["rotate", "--plan", "plan"], {"plan.json"}),
        # Which tokens there are stands in the configuration, and nothing is read.
        (["rotate", "rel"], set()),
    ],
)
def test_bash_completes(words: list[str], offered: set[str], bash: Path, tmp_path: Path) -> None:
    for name in ("notes.txt", "keyturn.yml", "plan.json"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert complete(bash, tmp_path, *words) == offered


def test_every_command_is_offered(bash: Path, tmp_path: Path) -> None:
    assert set(COMMANDS) <= complete(bash, tmp_path, "")
    assert set(SEVERITIES) <= complete(bash, tmp_path, "explain", "")
    assert complete(bash, tmp_path, "inventory", "--provider", "") == set(providers.names())


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_take_their_script(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    assert all(command in text for command in COMMANDS)
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here: its script was made, and not tried")
    path = tmp_path / "_keyturn"
    path.write_text(text, encoding="utf-8")
    subprocess.run([shell, "-n", str(path)], check=True)
