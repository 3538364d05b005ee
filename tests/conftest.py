"""What every test lives under: no network but loopback, and Hypothesis without a clock."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from keyturn import secret_value
from tests.world import World, make_world

settings.register_profile(
    "keyturn",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=60,
    # On a server the same examples each time; at home new ones, which find more.
    derandomize="CI" in os.environ,
)
settings.load_profile("keyturn")

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-e2e", action="store_true", help="run what needs a container engine")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Twice the cores: a test waits for servers, processes and time-outs half of its time."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process of its own as far as known values and what `-v` prints to go."""
    monkeypatch.setattr(secret_value, "_registry", type(secret_value._registry)())
    monkeypatch.setattr(logging.getLogger("keyturn"), "handlers", [])


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the official API descriptions; skips, saying so, where it is missing."""
    folder = Path(os.environ.get("KEYTURN_SHARED", ROOT.parent / "shared"))
    if not (folder / "specs").is_dir():
        pytest.skip(f"no API descriptions: {folder}/specs is missing (set KEYTURN_SHARED)")
    return folder


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    """The example organization, checked out, with a runner around it."""
    with make_world(tmp_path, capsys) as found:
        yield found
