from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.oracle import Oracle


@pytest.fixture(scope="session")
def github_oracle(shared: Path) -> Oracle:
    # GitHub's Link headers lead to /repositories/{id}, which its description does not have.
    return Oracle(
        shared / "specs" / "github-api.github.com.json",
        aliases=[(r"^/repositories/\d+(?=/|$)", "/repos/by/id")],
    )


@pytest.fixture(scope="session")
def gitlab_oracle(shared: Path) -> Oracle:
    return Oracle(shared / "specs" / "gitlab-tokens-19.5.json")
