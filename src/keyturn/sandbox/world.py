"""The whole sandbox: a GitHub and a GitLab under one clock.

It puts nothing into them: what exists there is up to the test or demonstration.
"""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.gitlab import GitLab
from keyturn.sandbox.server import Clock


class Sandbox:
    """Serves both from `with` on until it ends.

    `now` is the moment at which the clock stands, until a test moves it.
    """

    def __init__(self, now: datetime, *, github_port: int = 0, gitlab_port: int = 0) -> None:
        self.clock = Clock(now)
        self.github = GitHub(self.clock, port=github_port)
        self.gitlab = GitLab(self.clock, port=gitlab_port)

    @property
    def latency(self) -> float:
        """Seconds that every answer takes."""
        return self.github.server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.github.server.latency = self.gitlab.server.latency = seconds

    def __enter__(self) -> Self:
        self.github.server.start()
        self.gitlab.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.github.server.stop()
        self.gitlab.server.stop()
