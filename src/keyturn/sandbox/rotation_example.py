"""One GitLab token that is due, stored in three secrets: what `keyturn demo` replaces.

It runs nothing. The values are made up at every start.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from keyturn.sandbox.example import Example
from keyturn.sandbox.world import Sandbox

REPOSITORY = "octo/billing"
DEPLOY = ".github/workflows/deploy.yml"
ROTATE = ".github/workflows/rotate.yml"
STORED_AS = "GITLAB_TOKEN"
_ENVIRONMENTS = (None, "production", "staging")
_PROJECT = 91

_DEPLOY = """\
name: deploy
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - run: ./fetch.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
  staging:
    needs: build
    runs-on: ubuntu-24.04
    environment: staging
    steps:
      - run: ./deploy.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
  production:
    needs: staging
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - run: ./deploy.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
"""

_CONFIG = """\
version: 1
journal: {{ kind: git-ref, recovery-public-key: "{key}" }}
tokens:
  - id: billing-gitlab
    provider: gitlab
    with: {{ url: "{gitlab}", kind: project, project: pay/billing, token: ci-billing }}
    credential: GITLAB_MANAGER
    secrets:
      - GITLAB_TOKEN
      - {{ environment: staging, name: GITLAB_TOKEN }}
      - {{ environment: production, name: GITLAB_TOKEN }}
    owners: ["@octo/platform"]
    rotate: {{ enabled: true, lifetime: 90d, overlap: 7d }}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is of a rotation, by the sandbox's own record."""

    holds: tuple[str, ...]
    """Which token each secret holds: `old` or `new`; in the order of `LABELS`."""
    works: tuple[str, ...]
    """Which of the tokens are accepted."""
    sealed: int
    """How many sealed records there are."""
    canaries: int
    """How many secrets that only prove the right to write."""


LABELS = tuple(f"{REPOSITORY}{f'[{name}]' if name else ''}:{STORED_AS}" for name in _ENVIRONMENTS)


def fill(box: Sandbox, *, recovery_public_key: str) -> Example:
    """Put the repository and the token into a sandbox that `example.fill` has filled."""
    gitlab, now = box.gitlab, box.clock.now
    gitlab.add_project(_PROJECT, "pay/billing")
    made = now - timedelta(days=70)
    token = gitlab.create_token(
        "project",
        "ci-billing",
        project=_PROJECT,
        created_at=made,
        expires_on=(now + timedelta(days=20)).date(),
        last_used_at=now - timedelta(hours=3),
    )
    files = {
        DEPLOY: _DEPLOY,
        ".github/keyturn.yml": _CONFIG.format(gitlab=gitlab.url, key=recovery_public_key),
    }
    repository = box.github.add_repository(REPOSITORY, assignees=("alice",), files=files)
    for environment in _ENVIRONMENTS:
        at = made + timedelta(minutes=9)
        repository.put_secret(STORED_AS, token.value, environment=environment, at=at)
    app = "ghs_" + secrets.token_hex(18)
    box.github.add_token(app, login="keyturn[bot]")
    manager = gitlab.create_token(name="keyturn-billing")
    return Example(box, files, {"GITHUB_TOKEN": app, "GITLAB_MANAGER": manager.value})


def look(box: Sandbox) -> Seen:
    """Look at what no request can show: which value stands where."""
    repository = box.github.repository(REPOSITORY)
    tokens = [token for token in box.gitlab.tokens if token.user.project == _PROJECT]
    names = {token.value: "new" if number else "old" for number, token in enumerate(tokens)}
    held = [repository.secret_value(STORED_AS, environment=place) for place in _ENVIRONMENTS]
    vaults = [repository.vaults["actions"], *(e.vault for e in repository.environments.values())]
    left = [entry.name for shelf in (*vaults, repository.variables) for entry in shelf.listed()]
    return Seen(
        tuple(names[value] for value in held),
        tuple(names[token.value] for token in tokens if token.is_active(box.clock.now)),
        sealed=sum(name.startswith("KEYTURN_SEALED_") for name in left),
        canaries=sum(name.startswith("KEYTURN_CANARY_") for name in left),
    )
