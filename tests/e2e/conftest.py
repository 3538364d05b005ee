"""The tools of these tests, and keyturn's image, which is built once for all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.stage import ROOT

IMAGE = "localhost/keyturn-e2e:latest"


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest, shared: Path) -> Path:
    if not request.config.getoption("--run-e2e"):
        pytest.skip("needs a container engine; run make e2e")
    return shared / "tools"


@pytest.fixture(scope="session")
def image(tools: Path) -> str:
    subprocess.run([tools / "build_action.sh", ROOT, IMAGE], check=True, timeout=900)
    return IMAGE
