"""The configuration of the contract, and toy providers to judge it with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from keyturn import config
from keyturn.errors import ConfigError
from keyturn.interfaces import Access, Provider
from keyturn.model import State, Token, TokenStatus
from keyturn.schema import BaseUrl, Strict

EXAMPLE = """\
version: 1
defaults:
  warn: [30d, 14d, 7d, 3d, 1d]
  max-lifetime: 366d
  max-age: 365d
  max-idle: 90d
  owners: ["@octo/platform"]
policies:
  - match: { provider: sailpoint, kind: pat, owner: "svc-*", scope: "sp:*" }
    max-lifetime: 180d
issues:
  repository: octo/tracker
  labels: [keyturn]
  dashboard: false
  public: false
journal: { kind: git-ref, repository: octo/tracker, recovery-public-key: "…" }
rotation:
  max-rotations: 5
  allow-destinations: [other-org/*]
  windows: [{ cron: "0 2 * * 1-4", duration: 4h, timezone: Europe/Berlin }]
  freeze: [{ from: 2026-12-20, to: 2027-01-03 }]
scan: { patterns: [{ id: acme, keyword: acme_, regex: "acme_[a-z0-9]{32}" }], allow-paths: [], \
baseline: .keyturn-baseline.json, generic: false }
watch: { heartbeat: KEYTURN_HEARTBEAT_URL }
tokens:
  - id: deploy-gitlab
    provider: gitlab
    with:
      url: https://gitlab.example.com
      kind: project
      project: 42
      token: ci-deploy
    value: GITLAB_TOKEN
    credential: GITLAB_MANAGER
    secrets:
      - GITLAB_TOKEN
      - { repository: octo/site, name: GITLAB_TOKEN }
      - { environment: production, name: GITLAB_TOKEN }
      - { organization: octo, name: GITLAB_TOKEN }
      - { store: dependabot, name: GITLAB_TOKEN }
    owners: ["@alice", "@octo/platform"]
    rotate:
      enabled: true
      strategy: overlap
      lifetime: 90d
      before: 30d
      overlap: 7d
      cap: 35d
  - id: legacy-feed
    provider: declared
    expires: 2027-03-01
    secrets: [FEED_PASSWORD]
  - id: robot
    provider: sailpoint
    with: { url: https://acme.api.identitynow.com, token: ci-robot }
    credential: { client-id: ISC_CLIENT_ID, client-secret: ISC_CLIENT_SECRET }
    never-expires: { by: "@alice", because: "vendor limit", review: 2027-06-01 }
    secrets:
      - { name: ISC_CLIENT_ID, part: client-id }
      - ISC_CLIENT_SECRET
ignore:
  - { secret: LEGACY_*, because: "removed with project X", until: 2027-01-01 }
"""


class _Toy(Provider):
    name = "toy"

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        return TokenStatus(State.UNKNOWN)


class Proxy(Strict):
    host: str


class GitLabOptions(Strict):
    url: BaseUrl
    kind: Literal["personal", "project"] = "personal"
    project: int | None = Field(None, ge=1)
    token: str | None = None
    token_id: int | None = Field(None, alias="token-id")
    proxy: Proxy | None = None


class GitLab(_Toy):
    @classmethod
    def options_model(cls) -> Any:
        return GitLabOptions

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        if token.options["kind"] == "project" and token.options["project"] is None:
            return ["a project token without 'project'; say which project"]
        return ()


class SailPointOptions(Strict):
    url: BaseUrl
    token: str


class SailPoint(_Toy):
    @classmethod
    def options_model(cls) -> Any:
        return SailPointOptions


class DeclaredOptions(Strict):
    pass


class Declared(_Toy):
    @classmethod
    def options_model(cls) -> Any:
        return DeclaredOptions


class ToyProviders:
    """What `keyturn.providers` offers, with three toys."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def names(self) -> tuple[str, ...]:
        return ("declared", "gitlab", "sailpoint")

    def load(self, name: str) -> type[Provider]:
        self.loaded.append(name)
        return {"declared": Declared, "gitlab": GitLab, "sailpoint": SailPoint}[name]


def load(text: str | bytes) -> config.Config:
    data = text.encode() if isinstance(text, str) else text
    return config.load(data, "k.yml", repository="octo/app", providers=ToyProviders())


def problems(text: str | bytes) -> list[str]:
    """Return what is wrong, as `line:column: message (hint)`."""
    try:
        load(text)
    except ConfigError as error:
        return [str(problem).removeprefix("k.yml:") for problem in error.problems]
    return []
