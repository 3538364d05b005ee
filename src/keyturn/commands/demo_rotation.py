"""The part of the demonstration in which a rotation is killed, and healed by the next run.

The run that is killed is a process of its own, ended by SIGKILL. It shows no value.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from keyturn.commands.demo_stage import Stage, went_wrong
from keyturn.errors import ExitCode
from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox import Sandbox, rotation_example
from keyturn.sandbox.rotation_example import DEPLOY, LABELS, REPOSITORY, ROTATE, STORED_AS, Seen
from keyturn.sandbox.server import Request, Response

# Windows ends a process with 1 for its exit code instead, which a rotation never returns.
_KILLED = -getattr(signal, "SIGKILL", -1)
_HOUR = timedelta(hours=1)
_PAST_OVERLAP = timedelta(days=7) + _HOUR
"""The old token lives for a week from the last write on, and a slow run writes a while after it
began."""


def tell(stage: Stage, box: Sandbox) -> None:
    """Tell the story. Raises KeyturnError where it did not go so."""
    key = RecoveryKey.make()
    filled = rotation_example.fill(box, recovery_public_key=key.public.text)
    stage.checkout(REPOSITORY, filled.files)
    environ = {**filled.environ, "KEYTURN_RECOVERY_KEY": key.text.reveal()}
    _Story(stage, box, environ).tell()


@dataclass(frozen=True, slots=True)
class _Story:
    stage: Stage
    box: Sandbox
    environ: dict[str, str]
    """The credentials that the workflow step is given."""

    def tell(self) -> None:
        stage = self.stage
        stage.heading("In octo/billing a token is due that three secrets hold. The plan:")
        self._run()
        stage.heading("It is carried out, and killed when the first secret holds the new value:")
        self._kill()
        self._show(Seen(("new", "old", "old"), ("old", "new"), sealed=1, canaries=0))
        stage.heading("The next run, an hour later, goes on where that one was cut off:")
        self.box.clock.advance(_HOUR)
        self._run("--apply")
        self._show(Seen(("new", "new", "new"), ("old", "new"), sealed=0, canaries=0))
        stage.heading("A week later. A deployment has used the new value:")
        self.box.clock.advance(_PAST_OVERLAP)
        self.box.github.repository(REPOSITORY).add_run(
            DEPLOY, event="push", jobs=[("production", "success")]
        )
        self._run("--apply")
        self._show(Seen(("new", "new", "new"), ("new",), sealed=0, canaries=0))
        stage.say("\n  Every secret holds the one token that works; nothing is left over.")

    def _run(self, *flags: str) -> None:
        with self._workflow_run() as environ:
            done = self.stage.run(REPOSITORY, environ, *self._command(*flags), expected=ExitCode.OK)
        self.stage.say(done.stdout)

    def _kill(self) -> None:
        """Start a run, and kill it before it has the answer to its first write of the secret."""
        with (
            self._workflow_run("failure") as environ,
            self.stage.start(REPOSITORY, environ, *self._command("--apply")) as child,
            self._killing(child),
        ):
            out, err = self.stage.wait(child)
        if child.returncode != _KILLED:
            raise went_wrong(f"it was to be killed\n{out}{err}")
        self.stage.say(f"{out}  killed by SIGKILL")

    @contextmanager
    def _killing(self, child: subprocess.Popen[str]) -> Iterator[None]:
        """Kill a run once GitHub has stored the first secret, in place of its answer."""
        server = self.box.github.server
        finish = server.finish

        def struck(request: Request, response: Response) -> Response:
            if request.method == "PUT" and request.path.endswith(f"/secrets/{STORED_AS}"):
                child.kill()
                child.wait()
            return finish(request, response)

        server.finish = struck
        try:
            yield
        finally:
            server.finish = finish

    def _command(self, *flags: str) -> list[str]:
        """Show a command line, and return it as it is started: at the sandbox's time."""
        self.stage.say(f"\n  $ keyturn {' '.join(('rotate', *flags))}\n")
        at = f"{self.box.clock.now:%Y-%m-%dT%H:%M:%SZ}"
        return ["rotate", *flags, "--at", at, *self.stage.color_flags]

    @contextmanager
    def _workflow_run(self, conclusion: str = "success") -> Iterator[dict[str, str]]:
        """Have a workflow run under way; GitHub ends it, even where its runner was lost."""
        run = self.box.github.repository(REPOSITORY).add_run(ROTATE, status="in_progress")
        try:
            yield {
                **self.environ,
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": self.box.github.url,
                "GITHUB_EVENT_NAME": "schedule",
                "GITHUB_REF": "refs/heads/main",
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_RUN_ID": str(run.id),
            }
        finally:
            run.status, run.conclusion = "completed", conclusion

    def _show(self, told: Seen) -> None:
        """Say what there is, which must be what the story tells."""
        seen = rotation_example.look(self.box)
        if seen != told:
            raise went_wrong(f"there should be {told}, and there is {seen}")
        width = max(map(len, LABELS))
        self.stage.say("\n  What there is now:")
        for label, holds in zip(LABELS, seen.holds, strict=True):
            self.stage.say(f"    {label:{width}}  holds the {holds} token")
        works = " and ".join(f"the {name} one" for name in seen.works)
        sealed = "holds the new value, for the recovery key alone" if seen.sealed else "is gone"
        self.stage.say(f"    {'tokens that work':{width}}  {works}")
        self.stage.say(f"    {'the sealed record':{width}}  {sealed}")
