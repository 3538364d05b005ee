"""GitHub and the providers on loopback, for tests, demonstrations and benchmarks."""

from __future__ import annotations

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.gitlab import GitLab
from keyturn.sandbox.server import Clock, Exchange, Fault, Response
from keyturn.sandbox.world import Sandbox

__all__ = ["Clock", "Exchange", "Fault", "GitHub", "GitLab", "Response", "Sandbox"]
