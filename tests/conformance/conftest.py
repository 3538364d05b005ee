from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.oracle import Oracle
from tests.specs import find_spec


@pytest.fixture(scope="session")
def github_oracle(shared: Path) -> Oracle:
    # GitHub's Link headers lead to /repositories/{id}, which its description does not have.
    return Oracle(
        find_spec(shared, "github-api.github.com.json"),
        aliases=[(r"^/repositories/\d+(?=/|$)", "/repos/by/id")],
    )


@pytest.fixture(scope="session")
def gitlab_oracle(shared: Path) -> Oracle:
    return Oracle(find_spec(shared, "gitlab-tokens-19.5.json"))
