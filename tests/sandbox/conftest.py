from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock
from tests.sandbox.client import Client, sample_token

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def github(clock: Clock) -> Iterator[GitHub]:
    """A GitHub that knows one credential, which may do everything."""
    github = GitHub(clock)
    github.add_token(sample_token())
    github.server.start()
    yield github
    github.server.stop()


@pytest.fixture
def app(github: GitHub) -> Repository:
    """A private repository of an organization."""
    github.add_organization("octo")
    return github.add_repository("octo/app", assignees=("alice", "bob"))


@pytest.fixture
def ask(github: GitHub) -> Client:
    return Client(github.url, sample_token())
