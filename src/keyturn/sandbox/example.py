"""A small, realistic organization in the sandbox: what `keyturn demo` and `keyturn sandbox` show.

Every kind of trouble stands in it once. It runs nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from keyturn.sandbox.gitlab_world import Token
from keyturn.sandbox.world import Sandbox

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
"""A Monday morning: the release token dies on Thursday, and the release runs on Friday."""

REPOSITORY = "octo/storefront"
_PROJECT, _GROUP = 42, 7

_RELEASE = """\
name: release
on:
  schedule:
    - cron: "0 3 * * 5"
      timezone: Europe/Berlin
  push:
    tags: ["v*"]
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - run: make dist
  publish:
    needs: build
    runs-on: ubuntu-24.04
    steps:
      - name: Publish to the GitLab registry
        run: ./publish.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
"""

_NIGHTLY = """\
name: nightly
on:
  schedule:
    - cron: "30 1 * * *"
jobs:
  mirror:
    runs-on: ubuntu-24.04
    steps:
      - name: Mirror the repository
        run: ./mirror.sh
        env:
          MIRROR_TOKEN: ${{ secrets.MIRROR_TOKEN }}
  smoke:
    runs-on: ubuntu-24.04
    steps:
      - name: Smoke test
        run: ./smoke.sh
        env:
          SMOKE_TEST_KEY: ${{ secrets.SMOKE_TEST_KEY }}
"""

_DEPLOY = """\
name: deploy
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - name: Fetch the packages
        run: ./fetch.sh
        env:
          PACKAGES_TOKEN: ${{ secrets.PACKAGES_TOKEN }}
          MONITORING_KEY: ${{ secrets.MONITORING_KEY }}
"""

_KEYTURN = """\
name: keyturn
on:
  schedule:
    - cron: "17 6 * * 1,4"
jobs:
  check:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - uses: keyturn/keyturn@v0
        env:
          GITLAB_MANAGER: ${{ secrets.GITLAB_MANAGER }}
          PACKAGES_TOKEN: ${{ secrets.PACKAGES_TOKEN }}
"""

_CONFIG = """\
version: 1
defaults:
  owners: ["@octo/platform"]
tokens:
  - id: release-gitlab
    provider: gitlab
    with: {{ url: "{gitlab}", kind: project, project: shop/storefront, token: ci-release }}
    credential: GITLAB_MANAGER
    secrets: [GITLAB_TOKEN]
    owners: ["@alice", "@octo/platform"]
  - id: mirror
    provider: gitlab
    with: {{ url: "{gitlab}", kind: group, group: shop, token: mirror-bot }}
    credential: GITLAB_MANAGER
    secrets: [MIRROR_TOKEN]
  - id: packages
    provider: gitlab
    with: {{ url: "{gitlab}" }}
    value: PACKAGES_TOKEN
    secrets:
      - {{ environment: production, name: PACKAGES_TOKEN }}
    owners: ["@bob"]
  - id: keyturn-manager
    provider: gitlab
    with: {{ url: "{gitlab}" }}
    value: GITLAB_MANAGER
    secrets: [GITLAB_MANAGER]
  - id: monitoring
    provider: declared
    expires: 2027-06-01
    secrets:
      - {{ organization: octo, name: MONITORING_KEY }}
"""


@dataclass(frozen=True, slots=True)
class Example:
    """The organization, ready to be checked."""

    box: Sandbox
    files: dict[str, str]
    """The repository's files: workflows and configuration."""
    environ: dict[str, str]
    """Variable -> value: what the workflow step is given."""

    def renew_release_token(self) -> None:
        """Do what the owner does: make a successor, revoke the old token, store the new value."""
        gitlab, now = self.box.gitlab, self.box.clock.now
        old = next(t for t in gitlab.tokens if t.name == "ci-release" and not t.revoked)
        new = gitlab.create_token(
            "project", "ci-release", project=_PROJECT, expires_on=(now + timedelta(days=90)).date()
        )
        gitlab.revoke(old.id)
        self.box.github.repository(REPOSITORY).put_secret("GITLAB_TOKEN", new.value)


def fill(box: Sandbox) -> Example:
    """Put the organization into an empty sandbox whose clock stands at `NOW`."""
    tokens = _issue_tokens(box)
    values = {name: token.value for name, token in tokens.items()}
    files = {
        ".github/workflows/release.yml": _RELEASE,
        ".github/workflows/nightly.yml": _NIGHTLY,
        ".github/workflows/deploy.yml": _DEPLOY,
        ".github/workflows/keyturn.yml": _KEYTURN,
        ".github/keyturn.yml": _CONFIG.format(gitlab=box.gitlab.url),
    }
    _store_secrets(box, tokens, files)
    app = "ghs_" + secrets.token_hex(18)
    box.github.add_token(app, login="keyturn[bot]")
    given = ("GITLAB_MANAGER", "PACKAGES_TOKEN")
    return Example(box, files, {"GITHUB_TOKEN": app, **{name: values[name] for name in given}})


def _issue_tokens(box: Sandbox) -> dict[str, Token]:
    """Return the tokens by the names of the secrets that are to hold them."""
    gitlab, now = box.gitlab, box.clock.now
    gitlab.add_project(_PROJECT, "shop/storefront")
    gitlab.add_group(_GROUP, "shop")
    long_ago = now - timedelta(days=300)
    tokens = {
        "GITLAB_TOKEN": gitlab.create_token(
            "project",
            "ci-release",
            project=_PROJECT,
            created_at=now - timedelta(days=362),
            expires_on=date(2026, 11, 26),
            last_used_at=now - timedelta(days=3),
        ),
        "MIRROR_TOKEN": gitlab.create_token(
            "group",
            "mirror-bot",
            group=_GROUP,
            scopes=("write_repository",),
            created_at=long_ago,
            last_used_at=now - timedelta(hours=5),
        ),
        "PACKAGES_TOKEN": gitlab.create_token(
            name="packages", created_at=long_ago, expires_on=date(2027, 1, 31)
        ),
        "GITLAB_MANAGER": gitlab.create_token(
            name="keyturn", created_at=now - timedelta(days=30), expires_on=date(2027, 9, 1)
        ),
    }
    gitlab.revoke(tokens["PACKAGES_TOKEN"].id)
    return tokens


def _store_secrets(box: Sandbox, tokens: dict[str, Token], files: dict[str, str]) -> None:
    octo = box.github.add_organization("octo")
    octo.members |= {"alice": "member", "bob": "member"}
    repository = box.github.add_repository(REPOSITORY, assignees=("alice", "bob"), files=files)
    for name, token in tokens.items():
        environment = "production" if name == "PACKAGES_TOKEN" else None
        written = token.created_at + timedelta(minutes=9)
        repository.put_secret(name, token.value, environment=environment, at=written)
    long_ago = box.clock.now - timedelta(days=300)
    repository.put_secret("LEGACY_FTP_PASSWORD", secrets.token_hex(12), at=long_ago)
    octo.put_secret("MONITORING_KEY", secrets.token_hex(12))
