"""The whole sandbox: GitHub and every provider under one clock.

It puts nothing into them: what exists there is up to the test or demonstration.
"""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from keyturn.sandbox.aws_iam import AwsIam
from keyturn.sandbox.azure_devops import AzureDevOps
from keyturn.sandbox.github import GitHub
from keyturn.sandbox.gitlab import GitLab
from keyturn.sandbox.sailpoint import SailPoint
from keyturn.sandbox.server import Clock, Server
from keyturn.sandbox.synoptic import Synoptic


class Sandbox:
    """Serves all of them from `with` on until it ends.

    `now` is the moment at which the clock stands, until a test moves it; `port` is GitHub's, and
    the others have the next ones; 0: free ones.
    """

    def __init__(self, now: datetime, *, port: int = 0) -> None:
        self.clock = Clock(now)
        ports = iter([port + step if port else 0 for step in range(6)])
        self.github = GitHub(self.clock, port=next(ports))
        self.gitlab = GitLab(self.clock, port=next(ports))
        self.sailpoint = SailPoint(self.clock, port=next(ports))
        self.azure_devops = AzureDevOps(self.clock, port=next(ports))
        self.synoptic = Synoptic(self.clock, port=next(ports))
        self.aws_iam = AwsIam(self.clock, port=next(ports))

    @property
    def servers(self) -> tuple[Server, ...]:
        """The HTTP servers, GitHub's first."""
        own = (self.github, self.gitlab, self.sailpoint, self.azure_devops, self.synoptic)
        return (*(world.server for world in own), self.aws_iam.server)

    @property
    def latency(self) -> float:
        """Seconds that every answer takes."""
        return self.github.server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        for server in self.servers:
            server.latency = seconds

    def __enter__(self) -> Self:
        for server in self.servers:
            server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self.servers:
            server.stop()
