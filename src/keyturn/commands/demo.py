"""`keyturn demo`: the whole main job against the embedded sandbox, as a workflow step runs it.

Starts the real command line as a child process with a runner's environment; changes nothing
outside a temporary directory.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from keyturn.errors import ExitCode, KeyturnError
from keyturn.plain import paint
from keyturn.report import publish
from keyturn.sandbox import Sandbox, example, gallery
from keyturn.sandbox.example import Example
from keyturn.settings import Settings

_HIDDEN = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def run(settings: Settings, _arguments: argparse.Namespace) -> ExitCode:
    """Tell the story in three runs; exit 3 if any of them did not go as told."""
    color = settings.color
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as folder, Sandbox(example.NOW) as box:
        story = _Story(example.fill(box), gallery.fill(box), Path(folder), color)
        story.tell()
    return ExitCode.OK


@dataclass(frozen=True, slots=True)
class _Story:
    example: Example
    gallery: Example
    folder: Path
    color: bool

    def tell(self) -> None:
        self._checkout(example.REPOSITORY, self.example)
        box = self.example.box
        self._heading("Monday morning. keyturn runs on its schedule in octo/storefront.")
        self._step(expected=ExitCode.FINDINGS)
        self._heading("It opened an issue for each token that needs somebody:")
        self._issues()
        self._heading("An hour later it runs again. Nothing has changed, so nothing is written:")
        box.clock.advance(timedelta(hours=1))
        self._step(expected=ExitCode.FINDINGS, quiet=True)
        self._heading("On Tuesday @alice makes a new token and stores it. The next run sees that:")
        box.clock.advance(timedelta(days=1))
        self.example.renew_release_token()
        box.clock.advance(timedelta(hours=2))
        self._step(expected=ExitCode.FINDINGS, quiet=True)
        self._closed()
        self._heading("One token of each provider, in octo/platform:")
        self._checkout(gallery.REPOSITORY, self.gallery)
        self._show("check", "--no-issues")
        self._heading("If one of them leaks: what it is, who lives by it, and what outlives it.")
        self._show("revoke", "identities")
        self._say("\nThat was the real command against GitHub and providers on this machine.")
        self._say("To check a repository of yours, see the README: one step, one file.")

    def _checkout(self, repository: str, filled: Example) -> None:
        for path, text in filled.files.items():
            target = self.folder / repository / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for name in ("output", "summary"):
            (self.folder / name).touch()

    def _step(self, *, expected: ExitCode, quiet: bool = False) -> None:
        """Run the action's command line; show what a log would, or only what was written."""
        server = self.example.box.github.server
        before = len(server.exchanges)
        done = self._run(example.REPOSITORY, self._environ(), expected=expected)
        if not quiet:
            self._say("\n" + done.stdout)
        asked = [exchange.request.method for exchange in server.exchanges[before:]]
        writes = [method for method in asked if method != "GET"]
        self._say(
            f"  exit code {done.returncode}; GitHub was asked {len(asked) - len(writes)} times "
            f"and written to {len(writes)} times"
        )

    def _show(self, *arguments: str) -> None:
        """Run one command in the second repository, as a person would on a terminal."""
        self._say(f"\n  $ keyturn {' '.join(arguments)}\n")
        environ = {
            **self.gallery.environ,
            "GITHUB_API_URL": self.gallery.box.github.url,
            "GITHUB_REPOSITORY": gallery.REPOSITORY,
        }
        color = ("--color", "always" if self.color else "never")
        command = (*arguments, "--at", self._now, *color)
        done = self._run(gallery.REPOSITORY, environ, *command, expected=ExitCode.OK)
        self._say(done.stdout)

    def _run(
        self, repository: str, environ: dict[str, str], *arguments: str, expected: ExitCode
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(  # noqa: S603 - keyturn itself, with words of this file
            [sys.executable, "-P", "-m", "keyturn", *arguments],
            env=environ,
            cwd=self.folder / repository,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != expected:
            raise KeyturnError(f"the demonstration went wrong:\n{done.stdout}{done.stderr}")
        return done

    @property
    def _now(self) -> str:
        return f"{self.example.box.clock.now:%Y-%m-%dT%H:%M:%SZ}"

    def _environ(self) -> dict[str, str]:
        """What GitHub's runner sets for the step in the README, and nothing else."""
        return {
            **self.example.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.example.box.github.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_WORKSPACE": str(self.folder / example.REPOSITORY),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "INPUT_COMMAND": "check",
            "INPUT_ISSUES": "true",
            "INPUT_ARGS": f"--at {self._now} --color {'always' if self.color else 'never'}",
        }

    def _issues(self) -> None:
        repository = self.example.box.github.repository(example.REPOSITORY)
        for issue in repository.issues.values():
            people = ", ".join(f"@{name}" for name in issue.assignees) or "nobody"
            self._say(f"\n  #{issue.number} {self._paint(issue.title, '1')}")
            self._say(f"     labels {', '.join(issue.labels)}; assigned to {people}")
        first = min(repository.issues.values(), key=lambda issue: issue.number)
        self._say(f"\n  #{first.number} reads:\n")
        self._say(_quote(first.body or ""))

    def _closed(self) -> None:
        repository = self.example.box.github.repository(example.REPOSITORY)
        closed = [issue for issue in repository.issues.values() if issue.state == "closed"]
        if len(closed) != 1:
            raise KeyturnError("the demonstration went wrong: one issue should be closed by now")
        for issue in closed:
            self._say(f"\n  #{issue.number} is closed. keyturn's last comment:\n")
            self._say(_quote(issue.comments[-1].body))

    def _heading(self, text: str) -> None:
        self._say("\n" + self._paint(f"== {text}", "1;36"))

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style, color=self.color)

    def _say(self, text: str) -> None:
        publish.emit(text)


def _quote(text: str) -> str:
    """Return an issue's text as its readers see it, without the hidden marks."""
    shown = _HIDDEN.sub("", text).strip()
    return textwrap.indent(shown, "  | ", predicate=lambda _line: True)
