"""The edge to GitHub's Actions runner: its environment, inputs, log commands and files.

Standard library only; it decides nothing about tokens and calls no API. Formats are those of
actions/runner (ActionCommand.cs, ActionCommandManager.cs, FileCommandManager.cs, read 2026-11).
"""

from __future__ import annotations

import json
import secrets
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyturn.errors import KeyturnError, UsageError
from keyturn.parse import is_loopback, split_address
from keyturn.workflow_commands import command

_MAX_EVENT_BYTES = 10 << 20
_MAX_SUMMARY_BYTES = 1 << 20
"""Of one step's summary file; the runner drops a larger one whole."""

_UNTRUSTED_EVENTS = frozenset(
    {"pull_request", "pull_request_target", "issue_comment", "workflow_run"}
)
"""Runs that somebody without write access can start, or put their changes into."""

_TRUSTED_EVENTS = frozenset({"schedule", "workflow_dispatch", "push"})
"""Runs that nobody without write access can start."""

_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""The words of YAML 1.2's core schema."""

_REPORT_FORMATS = {".json": "json", ".md": "markdown", ".sarif": "sarif", ".txt": "text"}
_SOME = (".json", ".txt")

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "check": tuple(_REPORT_FORMATS),
    "inventory": tuple(_REPORT_FORMATS),
    "rotate": _SOME,
    "recover": _SOME,
    "revoke": _SOME,
    "doctor": _SOME,
    "config check": (),
}
"""What the action does, and the endings of the reports that each of them writes."""

_API_URL = "https://api.github.com"
_SERVER_URL = "https://github.com"


@dataclass(frozen=True, slots=True)
class Runner:
    """What GitHub's runner tells a step, and where a step may answer.

    Outside Actions every writer does nothing: `::add-mask::` on a terminal would show the value.
    """

    in_actions: bool = False
    api_url: str = _API_URL
    server_url: str = _SERVER_URL
    repository: str = ""
    event_name: str = ""
    actor: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    """The payload; empty where there is none that can be read."""
    ref: str = ""
    """Such as `refs/heads/main`."""
    workflow_ref: str = ""
    """Such as `octo/app/.github/workflows/keyturn.yml@refs/heads/main`."""
    run_id: int | None = None
    """None where the runner does not tell."""
    run_attempt: int = 1
    workspace: Path | None = None
    debug: bool = False
    output_file: Path | None = None
    summary_file: Path | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Runner:
        """Read the runner's variables; an empty one counts as unset."""
        return cls(
            in_actions=environ.get("GITHUB_ACTIONS") == "true",
            api_url=(environ.get("GITHUB_API_URL") or _API_URL).rstrip("/"),
            server_url=(environ.get("GITHUB_SERVER_URL") or _SERVER_URL).rstrip("/"),
            repository=environ.get("GITHUB_REPOSITORY", ""),
            event_name=environ.get("GITHUB_EVENT_NAME", ""),
            actor=environ.get("GITHUB_ACTOR", ""),
            event=_load_event(_path(environ, "GITHUB_EVENT_PATH")),
            ref=environ.get("GITHUB_REF", ""),
            workflow_ref=environ.get("GITHUB_WORKFLOW_REF", ""),
            run_id=_number(environ, "GITHUB_RUN_ID"),
            run_attempt=_number(environ, "GITHUB_RUN_ATTEMPT") or 1,
            workspace=_path(environ, "GITHUB_WORKSPACE"),
            debug=environ.get("RUNNER_DEBUG") == "1",
            output_file=_path(environ, "GITHUB_OUTPUT"),
            summary_file=_path(environ, "GITHUB_STEP_SUMMARY"),
        )

    @property
    def untrusted_event(self) -> bool:
        """Whether the run may carry somebody else's changes: nothing is to be sent or written."""
        # Reviews of a pull request run on its merge commit too, configuration included.
        return self.event_name in _UNTRUSTED_EVENTS or self.ref.startswith("refs/pull/")

    @property
    def may_act(self) -> bool:
        """Whether tokens may be changed: on a machine, or in a run whose event is known as safe."""
        safe = self.event_name in _TRUSTED_EVENTS and not self.untrusted_event
        return safe or not self.in_actions

    @property
    def has_no_secrets(self) -> bool:
        """Whether GitHub gives the run none: started by Dependabot, or in a fork.

        GitHub docs, "Troubleshooting Dependabot on GitHub Actions", 2026-11.
        """
        repository = self.event.get("repository")
        fork = isinstance(repository, dict) and repository.get("fork") is True
        return self.in_actions and (fork or self.actor == "dependabot[bot]")

    @property
    def on_github_com(self) -> bool:
        """Whether this is github.com, or a sandbox in its place; no server of one's own."""
        return self.api_url == _API_URL or self.api_on_loopback

    @property
    def api_on_loopback(self) -> bool:
        """Whether GitHub's API is on this machine: a sandbox."""
        return is_loopback(split_address(self.api_url).hostname or "")

    @property
    def default_branch(self) -> str | None:
        """The default branch by the event's payload; None where it does not say."""
        repository = self.event.get("repository")
        name = repository.get("default_branch") if isinstance(repository, dict) else None
        return name if isinstance(name, str) and name else None

    @property
    def private(self) -> bool | None:
        """Whether the run's repository is private, by the event; None where it does not say."""
        repository = self.event.get("repository")
        private = repository.get("private") if isinstance(repository, dict) else None
        return private if isinstance(private, bool) else None

    def mask(self, value: str) -> None:
        """Have the runner show a value, and each line of it, as `***` from now on."""
        lines = [line.strip() for line in value.splitlines() if line.strip()]
        for text in dict.fromkeys([value, *lines] if lines else ()):
            self.annotate([command("add-mask", text)])

    def annotate(self, lines: Iterable[str]) -> None:
        """Print workflow commands, on standard error: standard output is a pure report."""
        if self.in_actions:
            for line in lines:
                # Bytes of the environment that are no characters cannot be printed as such.
                shown = line.encode("utf-8", "backslashreplace").decode()
                print(shown, file=sys.stderr, flush=True)

    def write_outputs(self, values: Mapping[str, str]) -> None:
        """Set the step's outputs. Raises KeyturnError where the runner's file cannot be written."""
        text = "".join(_heredoc(name, value) for name, value in values.items())
        _append(self.output_file, text)

    def write_summary(self, markdown: str) -> None:
        """Add to the step's summary, or a word about it where there is no room for it.

        Raises KeyturnError where the runner's file cannot be written.
        """
        room = _MAX_SUMMARY_BYTES - _size(self.summary_file)
        if len(_encode(markdown)) > room:
            markdown = "keyturn: the report is too long for this summary; see the log.\n"
        if len(_encode(markdown)) <= room:
            _append(self.summary_file, markdown)


def on_default_branch(ref: str, default_branch: str) -> bool:
    """Say whether a full ref is the default branch; a tag of the same name is not."""
    return ref == f"refs/heads/{default_branch}"


def _heredoc(name: str, value: str) -> str:
    """Return `NAME<<DELIMITER`, the value and the delimiter, which nobody can guess."""
    delimiter = f"keyturn_{secrets.token_hex(16)}"
    while delimiter in value:
        delimiter = f"keyturn_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _size(path: Path | None) -> int:
    return path.stat().st_size if path and path.is_file() else 0


def _append(path: Path | None, text: str) -> None:
    if not path or not text:
        return
    try:
        with path.open("ab") as file:
            file.write(_encode(text))
    except OSError as error:
        reason = error.strerror or "cannot be written"
        raise KeyturnError(f"the runner's file {path.name}: {reason}") from error


def _encode(text: str) -> bytes:
    # A lone surrogate is no character; the file must be UTF-8 all the same.
    return text.encode("utf-8", "replace")


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    # A longer one is no number of GitHub's, and Python refuses those of over 4300 digits.
    return int(text) if len(text) < 20 and text.isascii() and text.isdecimal() else None


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _load_event(path: Path | None) -> Mapping[str, Any]:
    """Read the payload; what is missing, too long or no JSON object is as if it were empty."""
    try:
        if path is None:
            return {}
        with path.open("rb") as file:
            data = file.read(_MAX_EVENT_BYTES + 1)
        event = json.loads(data) if len(data) <= _MAX_EVENT_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def arguments(environ: Mapping[str, str]) -> list[str] | None:
    """Return the command line that the action's inputs mean; None when not started as an action.

    An empty input is one that was not given. Raises UsageError naming every input that makes no
    sense. `token` is no flag: `runs.env` hands it on as GITHUB_TOKEN.
    """
    if "INPUT_COMMAND" not in environ:
        return None
    inputs = _Inputs(environ)
    name = inputs.command()
    argv = [*name.split(), *inputs.option("config"), *inputs.report(name)]
    dry_run, issues = inputs.boolean("dry-run"), inputs.boolean("issues")
    if name == "check":  # the others find nothing to fail on
        argv += inputs.option("fail-on")
    if name in ("check", "rotate", "recover"):  # the others write no issue
        # True is the command's own default: on the default branch only.
        argv += ["--no-issues"] if issues is False else []
    if name in ("check", "rotate", "recover", "revoke") and dry_run:
        argv += ["--dry-run"]
    argv += inputs.words("args")
    if inputs.problems:
        raise UsageError("\n".join(inputs.problems), hint="see `with:` of the step")
    return argv


class _Inputs:
    """The action's inputs, and what was wrong with those read so far."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def get(self, name: str) -> str:
        # The runner writes names in capitals and leaves hyphens: INPUT_DRY-RUN.
        return self._environ.get(f"INPUT_{name.upper()}", "").strip()

    def command(self) -> str:
        name = " ".join(self.get("command").split()) or "check"
        if name not in COMMANDS:
            known = ", ".join(COMMANDS)
            self.problems.append(f"input 'command' is one of {known}; flags belong into 'args'")
            return "check"
        return name

    def option(self, name: str) -> list[str]:
        # With `=`, so that a value that begins with a hyphen stays a value.
        return [f"--{name}={self.get(name)}"] if self.get(name) else []

    def boolean(self, name: str) -> bool | None:
        text = self.get(name)
        if text and text not in _BOOLEANS:
            self.problems.append(f"input '{name}' is neither true nor false")
        return _BOOLEANS.get(text)

    def words(self, name: str) -> list[str]:
        try:
            return shlex.split(self.get(name))
        except ValueError as error:
            reason = str(error).lower()
            self.problems.append(f"input '{name}' cannot be split as a shell would: {reason}")
            return []

    def report(self, command: str) -> list[str]:
        """Return the flag for a report file inside the workspace, its format by its suffix."""
        text = self.get("report")
        if not text:
            return []
        suffix = Path(text).suffix.lower()
        if suffix not in COMMANDS[command]:
            known = ", ".join(COMMANDS[command])
            self.problems.append(
                f"input 'report': of '{command}' a file name that ends in one of {known}"
                if known
                else f"input 'report': '{command}' writes none"
            )
            return []
        workspace = Path(self._environ.get("GITHUB_WORKSPACE") or ".").resolve()
        try:
            inside = (workspace / text).resolve().relative_to(workspace)
        except (ValueError, OSError, RuntimeError):  # RuntimeError: links in a circle, until 3.13
            self.problems.append("input 'report' leaves the workspace; give a relative path")
            return []
        return [f"--output={_REPORT_FORMATS[suffix]}={inside.as_posix()}"]
