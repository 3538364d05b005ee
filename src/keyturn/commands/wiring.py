"""Puts the parts of a run together for the commands: configuration, GitHub, files, issues.

The only place that knows both the concrete outside and the stages; it decides nothing.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyturn import config as configuration
from keyturn.config import Config
from keyturn.errors import ConfigError, PlatformError, Problem, UsageError
from keyturn.github.checkout import Checkout
from keyturn.github.runner import Runner, on_default_branch
from keyturn.interfaces import SourceTree
from keyturn.model import Failure, FailureKind, Survey
from keyturn.settings import Settings
from keyturn.survey import World

if TYPE_CHECKING:
    from keyturn.github.client import Client

_GITHUB_VARIABLES = ("KEYTURN_GITHUB_TOKEN", "GITHUB_TOKEN")
"""The first that is set is what keyturn acts on GitHub with."""


def load_config(settings: Settings) -> Config:
    """Read the configuration; without a file, the defaults with no declared token."""
    path = settings.config or configuration.find(settings.root)
    if path is None:
        return Config()
    try:
        data = (settings.root / path).read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigError([Problem(path, 1, 1, f"the configuration: {reason}")]) from error
    return configuration.load(data, path, repository=settings.repository)


def require_repository(settings: Settings) -> str:
    """Return owner/name of the checked repository. Raises UsageError."""
    owner, slash, name = settings.repository.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise UsageError(
            "which repository is to be checked?",
            hint="pass --repository OWNER/NAME, or set GITHUB_REPOSITORY",
        )
    return settings.repository


def connect(settings: Settings) -> Client | None:
    """Return GitHub as this run may use it; None without a credential."""
    from keyturn.github import client

    for variable in _GITHUB_VARIABLES:
        token = settings.credentials.find(variable)
        if token:
            return client.connect(
                base_url=settings.runner.api_url, token=token, ca_bundle=settings.ca_bundle
            )
    return None


def make(settings: Settings, github: Client | None, repository: str) -> World:
    """Return the outside of one run: the files of the repository, and its secrets."""
    if github is None:
        failure = Failure(
            FailureKind.CREDENTIAL_MISSING,
            "GITHUB_TOKEN",
            "GitHub was not asked: neither KEYTURN_GITHUB_TOKEN nor GITHUB_TOKEN is set",
        )
        return World(Checkout(settings.root), None, failure)
    from keyturn.github.contents import Contents
    from keyturn.github.secrets import GitHubSecrets

    tree: SourceTree = Checkout(settings.root)
    if not _is_checkout_of(settings, repository):
        tree = Contents(github, repository)
    return World(tree, GitHubSecrets(github))


def _is_checkout_of(settings: Settings, repository: str) -> bool:
    """Say whether the files at hand are the checked repository's."""
    if not (settings.root / ".github" / "workflows").is_dir():
        return False
    if settings.runner.repository:
        return settings.runner.repository.lower() == repository.lower()
    origin = _origin(settings)
    return origin is None or origin.lower() == repository.lower()


def _origin(settings: Settings) -> str | None:
    """Return owner/name of the checkout's `origin`; None where there is none."""
    try:
        found = subprocess.run(
            ["git", "config", "--get", "remote.origin.url"],  # noqa: S607 - git is found on PATH
            cwd=settings.root,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    url = found.stdout.strip()
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    return path.strip("/").removesuffix(".git") or None


def converge_issues(
    github: Client, survey: Survey, settings: Settings, config: Config
) -> tuple[Survey, tuple[str, ...]]:
    """Bring the issues in line with the survey; return it with their URLs, and what to tell.

    Inside Actions a run on another branch than the default one writes none.
    """
    from keyturn.github import issues

    runner = settings.runner
    try:
        if runner.in_actions and not _is_default_branch(github, survey.repository, runner):
            return survey, ()
    except PlatformError as error:
        failure = Failure(FailureKind.ISSUES_NOT_WRITTEN, survey.repository, error.message)
        return replace(survey, failures=(*survey.failures, failure)), ()
    done = issues.converge(
        github,
        survey,
        tracker=config.issues.repository or survey.repository,
        labels=config.issues.labels,
        public=config.issues.public,
        server_url=runner.server_url,
        dry_run=settings.dry_run,
    )
    failures = (*survey.failures, *done.failures)
    return replace(survey, issues=done.urls, failures=failures), done.notes


def _is_default_branch(github: Client, repository: str, runner: Runner) -> bool:
    from keyturn.github.client import repository_facts

    branch = runner.default_branch or repository_facts(github, repository).default_branch
    return on_default_branch(runner.ref, branch)
