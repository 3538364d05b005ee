"""`keyturn demo`: the whole main job against the embedded sandbox, as a workflow step runs it.

Starts the real command line as a child process with a runner's environment; changes nothing
outside a temporary directory. What it shows of a rotation is in `demo_rotation`.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from keyturn.child_environ import child_environ
from keyturn.commands import demo_rotation
from keyturn.commands.demo_stage import Stage, went_wrong
from keyturn.errors import ExitCode
from keyturn.sandbox import Sandbox, example, gallery
from keyturn.sandbox.example import Example
from keyturn.sandbox.github_web import visible
from keyturn.settings import Settings


def run(settings: Settings, _arguments: argparse.Namespace) -> ExitCode:
    """Tell the stories run by run; exit 3 if any of them did not go as told."""
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as folder, Sandbox(example.NOW) as box:
        stage = Stage(Path(folder), settings.color, child_environ(settings.environ))
        _Story(example.fill(box), gallery.fill(box), stage).tell()
        demo_rotation.tell(stage, box)
        stage.say("\nThat was the real command against GitHub and providers on this machine.")
        stage.say("To check a repository of yours, see the README: one step, one file.")
    return ExitCode.OK


@dataclass(frozen=True, slots=True)
class _Story:
    example: Example
    gallery: Example
    stage: Stage

    def tell(self) -> None:
        stage, box = self.stage, self.example.box
        stage.checkout(example.REPOSITORY, self.example.files)
        stage.heading("Monday morning. keyturn runs on its schedule in octo/storefront.")
        self._step(expected=ExitCode.FINDINGS)
        stage.heading("It opened an issue for each token that needs somebody:")
        self._issues()
        stage.heading("An hour later it runs again. Nothing has changed, so nothing is written:")
        box.clock.advance(timedelta(hours=1))
        self._step(expected=ExitCode.FINDINGS, quiet=True)
        stage.heading("On Tuesday @alice makes a new token and stores it. The next run sees that:")
        box.clock.advance(timedelta(days=1))
        self.example.renew_release_token()
        box.clock.advance(timedelta(hours=2))
        self._step(expected=ExitCode.FINDINGS, quiet=True)
        self._closed()
        stage.heading("One token of each provider, in octo/platform:")
        stage.checkout(gallery.REPOSITORY, self.gallery.files)
        self._show("check", "--no-issues")
        stage.heading("All of them in one issue, which is kept true and reminds nobody:")
        self._show("check", "--issues", "--quiet", "--fail-on", "never")
        self._dashboard()
        stage.heading("If one of them leaks: what it is, who lives by it, and what outlives it.")
        self._show("revoke", "identities")

    def _step(self, *, expected: ExitCode, quiet: bool = False) -> None:
        """Run the action's command line; show what a log would, or only what was written."""
        server = self.example.box.github.server
        before = len(server.exchanges)
        done = self.stage.run(example.REPOSITORY, self._environ(), expected=expected)
        if not quiet:
            self.stage.say("\n" + done.stdout)
        asked = [exchange.request.method for exchange in server.exchanges[before:]]
        writes = [method for method in asked if method != "GET"]
        self.stage.say(
            f"  exit code {done.returncode}; GitHub was asked {len(asked) - len(writes)} times "
            f"and written to {len(writes)} times"
        )

    def _show(self, *arguments: str) -> None:
        """Run one command in the second repository, as a person would on a terminal."""
        self.stage.say(f"\n  $ keyturn {' '.join(arguments)}\n")
        environ = {
            **self.gallery.environ,
            "GITHUB_API_URL": self.gallery.box.github.url,
            "GITHUB_REPOSITORY": gallery.REPOSITORY,
        }
        command = (*arguments, "--at", self._now, *self.stage.color_flags)
        done = self.stage.run(gallery.REPOSITORY, environ, *command, expected=ExitCode.OK)
        self.stage.say(done.stdout)

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
            "GITHUB_WORKSPACE": str(self.stage.folder / example.REPOSITORY),
            "GITHUB_OUTPUT": str(self.stage.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.stage.folder / "summary"),
            "INPUT_COMMAND": "check",
            "INPUT_ISSUES": "true",
            "INPUT_ARGS": " ".join(("--at", self._now, *self.stage.color_flags)),
        }

    def _issues(self) -> None:
        repository = self.example.box.github.repository(example.REPOSITORY)
        for issue in repository.issues.values():
            people = ", ".join(f"@{name}" for name in issue.assignees) or "nobody"
            self.stage.say(f"\n  #{issue.number} {self.stage.paint(issue.title, '1')}")
            self.stage.say(f"     labels {', '.join(issue.labels)}; assigned to {people}")
        first = min(repository.issues.values(), key=lambda issue: issue.number)
        self.stage.say(f"\n  #{first.number} reads:\n")
        self.stage.say(_quote(first.body or ""))

    def _dashboard(self) -> None:
        repository = self.gallery.box.github.repository(gallery.REPOSITORY)
        dashboard = max(repository.issues.values(), key=lambda issue: issue.number)
        self.stage.say(f"\n  #{dashboard.number} reads:\n")
        self.stage.say(_quote(dashboard.body or ""))

    def _closed(self) -> None:
        repository = self.example.box.github.repository(example.REPOSITORY)
        closed = [issue for issue in repository.issues.values() if issue.state == "closed"]
        if len(closed) != 1:
            raise went_wrong("one issue should be closed by now")
        for issue in closed:
            self.stage.say(f"\n  #{issue.number} is closed. keyturn's last comment:\n")
            self.stage.say(_quote(issue.comments[-1].body))


def _quote(text: str) -> str:
    return textwrap.indent(visible(text), "  | ", predicate=lambda _line: True)
