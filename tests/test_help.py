"""What `--help` teaches is true and fits the terminal; a slip is answered with the right word."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyturn import cli
from keyturn.errors import ExitCode
from keyturn.help_texts import COMMANDS, EXIT_CODES
from keyturn.plain import columns
from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import example
from tests.systems import needs_signals
from tests.world import World

AS_IT_IS = sorted(set(COMMANDS) - {"demo", "init", "sandbox"})
OF_A_ROTATION = ("rotate", "recover")


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(argv, {}, now=example.NOW)
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_every_command_is_in_its_group_with_what_it_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = told(capsys, "--help")
    assert text == told(capsys, "-h") == told(capsys)
    for name, about in COMMANDS.items():
        assert f"\n  {name.ljust(12)}{about.short}\n" in text
    for code in ExitCode:
        assert f"\n  {str(code.value).ljust(5)}{EXIT_CODES[code]}\n" in text
    for example_line in re.findall(r"^  keyturn (\w+)  ", text, flags=re.MULTILINE):
        assert example_line in COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_has_examples_codes_variables_and_a_page(
    command: str, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    about = COMMANDS[command]
    text = told(capsys, command, "--help")
    assert text == told(capsys, command, "-h")
    assert " ".join(about.about.split()) in " ".join(text.split())
    assert 1 <= len(about.examples) <= 4
    for line, what in about.examples:
        assert f"\n  {line}\n      {what}\n" in text
        assert line.startswith(f"keyturn {command}")
    codes = re.findall(r"^  (\d+) ", text.partition("\nexit codes:\n")[2], flags=re.MULTILINE)
    assert tuple(map(int, codes)) == about.exit_codes
    assert all(name in text for name, _ in about.environment)
    pages = re.findall(r"docs/[\w./-]+\.md", about.page)
    assert pages
    assert all((root / page).is_file() for page in pages)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_keeps_to_the_terminal(
    command: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    argv = [command, "--help"] if command else ["--help"]
    for line in told(capsys, *argv).splitlines():
        # A command line to copy is not broken, nor is the list of a flag's values.
        whole = line.startswith(("  keyturn ", "usage: ")) or "{" in line
        assert columns(line) <= min(width, 100) or whole, line


@pytest.mark.parametrize("command", AS_IT_IS)
def test_the_examples_of_the_help_work(
    command: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.workspace)
    outside: dict[str, str | None] = {"GITHUB_ACTIONS": None, "GITHUB_EVENT_NAME": None}
    if command in OF_A_ROTATION:
        key = RecoveryKey.make()
        outside["KEYTURN_RECOVERY_KEY"] = key.text.reveal()
        let_rotate(world, key)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    world.run("scan", "--output", "json=leaks.json", **outside)
    for line, _ in COMMANDS[command].examples:
        ran = world.run(*shlex.split(line)[1:], **outside)
        assert ran.code in COMMANDS[command].exit_codes, ran.err
        assert ran.code not in (ExitCode.USAGE, ExitCode.INCOMPLETE), (line, ran.err)


def let_rotate(world: World, key: RecoveryKey) -> None:
    path = world.workspace / ".github" / "keyturn.yml"
    text = path.read_text(encoding="utf-8")
    journal = f'{{ kind: git-ref, recovery-public-key: "{key.public.text}" }}'
    text = text.replace("version: 1\n", f"version: 1\njournal: {journal}\n")
    secrets = "    secrets: [GITLAB_TOKEN]\n"
    assert secrets in text
    text = text.replace(secrets, secrets + "    rotate: { enabled: true }\n", 1)
    path.write_text(text, encoding="utf-8")


def test_the_example_of_init_works(world: World) -> None:
    for path in (".github/keyturn.yml", ".github/workflows/keyturn.yml"):
        (world.workspace / path).unlink(missing_ok=True)
    ((line, _),) = COMMANDS["init"].examples
    ran = world.run(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err


@needs_signals
def test_the_example_of_the_sandbox_serves_until_it_is_stopped() -> None:
    ((line, _),) = COMMANDS["sandbox"].examples
    with subprocess.Popen(
        [sys.executable, "-m", *shlex.split(line)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as child:
        assert child.stdout
        assert any("export GITHUB_API_URL=" in told for told in child.stdout)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    assert child.returncode == ExitCode.INTERRUPTED in COMMANDS["sandbox"].exit_codes
    assert said == "keyturn: interrupted; nothing is half written\n"


def test_the_example_of_the_demonstration_needs_no_flag() -> None:
    # It is carried out by tests/commands/test_demo.py, which takes a while.
    assert [line for line, _ in COMMANDS["demo"].examples] == ["keyturn demo"]


SECRET = "glpat-" + hashlib.sha256(b"what nobody may see").hexdigest()[:20]


@pytest.mark.parametrize(
    ("argv", "error", "hint"),
    [
        (["chek"], "there is no command 'chek'", "did you mean 'check'?"),
        (["zzz"], "there is no command 'zzz'", "see keyturn --help"),
        ([SECRET], "there is no command '***'", "see keyturn --help"),
        (["check", "--formt=json"], "there is no flag '--formt'", "did you mean '--format'?"),
        (["rotate", "--applly"], "there is no flag '--applly'", "did you mean '--apply'?"),
        (["check", "--zzz"], "there is no flag '--zzz'", "see keyturn check --help"),
        (["scan", "--at", "2027-01-01"], "there is no flag '--at'", "see keyturn scan --help"),
        (["sandbox", "--port", SECRET], "argument --port: that is no number", "sandbox --help"),
        (["check", f"--token={SECRET}"], "there is no flag '--token'", ""),
        (["check", "--fail", "error"], "there is no flag '--fail'", ""),
        (["config", "check", SECRET], "that is one word too many", "see keyturn config --help"),
        (["config", "chck"], "action: 'chck' is none of its values", "did you mean 'check'?"),
        (["check", "--format", "jsn"], "--format: 'jsn' is none of its values", "'json'?"),
        (["check", "--format", "zzz"], "--format: 'zzz'", "known here: text, json, markdown"),
        (["check", "--fail-on", SECRET], "--fail-on: '***' is none of its values", "known here"),
        (["explain", "expirin"], "there is no rule `expirin`", "did you mean 'expiring'?"),
        (["explain", "gitlab-pet"], "there is no rule", "did you mean 'gitlab-pat'?"),
        (["completion", "ksh93u"], "shell: 'ksh93u' is none of its values", "known here: bash"),
    ],
)
def test_a_slip_is_answered_with_the_right_word(
    argv: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv, {}, now=example.NOW) == ExitCode.USAGE
    said = capsys.readouterr().err
    first, second = said.splitlines()
    assert first.startswith(f"keyturn: {error}")
    assert second.startswith("  hint: ")
    assert hint in second
    assert SECRET not in said


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["revoke", "release-gitlap"], "did you mean 'release-gitlab'?"),
        (["rotate", "release-gitlap"], "did you mean 'release-gitlab'?"),
        (["inventory", "--provider", "gitlap"], "did you mean 'gitlab'?"),
    ],
)
def test_a_misspelt_name_is_answered_too(argv: list[str], hint: str, world: World) -> None:
    ran = world.run(*argv)
    assert ran.code == ExitCode.USAGE
    assert hint in ran.err
