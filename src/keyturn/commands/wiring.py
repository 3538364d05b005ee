"""Puts the parts of a run together for the commands: configuration, GitHub, files, issues.

The only place that knows both the concrete outside and the stages; it decides nothing.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from keyturn import config as configuration
from keyturn import providers
from keyturn.config import Config
from keyturn.errors import (
    ConfigError,
    PlatformError,
    PlatformUnavailable,
    Problem,
    UsageError,
)
from keyturn.github.checkout import Checkout
from keyturn.github.runner import Runner, on_default_branch
from keyturn.model import Failure, FailureKind, Survey, Token, TokenStatus
from keyturn.parse import split_address
from keyturn.scan.gitio import Git
from keyturn.secret_value import SecretValue
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


def with_repository(settings: Settings) -> Settings:
    """Return the settings with owner/name of the checked repository. Raises UsageError.

    Without flag and variable it is the one that the checkout's `origin` names.
    """
    repository = settings.repository or _origin(settings) or ""
    if not repository:
        raise UsageError(
            "which repository is to be checked?",
            hint="pass --repository OWNER/NAME, or set GITHUB_REPOSITORY",
        )
    if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", repository):
        raise UsageError("the repository to check is not written as OWNER/NAME")
    return replace(settings, repository=repository)


def _untrusted_notice(settings: Settings) -> Failure:
    """Return why a run that may carry somebody else's changes looked at files only."""
    return Failure(
        FailureKind.NOT_PERMITTED,
        settings.repository,
        f"started by {settings.runner.event_name}: the configuration and the workflows were read, "
        "no credential was sent and no issue written, because such a run may carry somebody "
        "else's changes",
    )


def connect(settings: Settings) -> Client | None:
    """Return GitHub as this run may use it; None without a credential, or where none may go out."""
    from keyturn.github import client

    if settings.runner.untrusted_event:
        return None
    token = find_credential(settings)
    if token is None:
        return None
    return client.connect(
        base_url=settings.runner.api_url,
        token=token,
        ca_bundle=settings.ca_bundle,
        sleep=settings.progress.around(time.sleep),
    )


def find_credential(settings: Settings) -> SecretValue | None:
    """Return what this run acts on GitHub with; None where it was given nothing."""
    found = [settings.credentials.find(variable) for variable in _GITHUB_VARIABLES]
    return next((value for value in found if value), None)


def with_audience(settings: Settings, github: Client | None, config: Config) -> Settings:
    """Return the settings, which say whether everybody can read what this run prints.

    The log, the summary and the annotations of a public repository's runs are public. Where it
    cannot be told whether it is one, it is taken for one, and what it logs is silenced too. A run
    that asks nobody hides nothing.
    """
    runner = settings.runner
    if not runner.in_actions or runner.untrusted_event or config.issues.public:
        return settings
    private = runner.private
    if private is None and github is not None:
        from keyturn.github.client import repository_facts

        try:
            private = repository_facts(github, runner.repository or settings.repository).private
        except PlatformError:
            private = False
    if not private:
        # What `-v` and RUNNER_DEBUG show has names of secrets and people in its paths.
        logging.getLogger("keyturn").handlers.clear()
    return replace(settings, coarse=not private)


def make(settings: Settings, github: Client | None, *, with_members: bool = False) -> World:
    """Return the outside of one run: the files of the repository, its secrets and its people."""
    repository, here = settings.repository, Checkout(settings.root)
    if settings.runner.untrusted_event:
        return World(here, None, _untrusted_notice(settings))
    local = _is_checkout(settings)
    if github is None:
        failure = Failure(
            FailureKind.CREDENTIAL_MISSING,
            "GITHUB_TOKEN",
            "GitHub was not asked: neither KEYTURN_GITHUB_TOKEN nor GITHUB_TOKEN is set",
        )
        files = here if local else _Elsewhere(repository)
        return World(files, None, failure, progress=settings.progress)
    from keyturn.github.contents import Contents
    from keyturn.github.members import GitHubMembers
    from keyturn.github.secrets import GitHubSecrets

    checked_out = local and (settings.root / ".github" / "workflows").is_dir()
    tree = here if checked_out else Contents(github, repository)
    url = settings.runner.api_url
    return World(
        tree,
        GitHubSecrets(github),
        members=GitHubMembers(github, repository, url=url) if with_members else None,
        on_github_com=settings.runner.on_github_com,
        progress=settings.progress,
    )


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The files of a repository that is not checked out here, with nobody to ask for them."""

    repository: str

    def list_workflows(self) -> NoReturn:
        raise PlatformUnavailable(f"the files of {self.repository} are not here")

    def read(self, path: str) -> NoReturn:
        raise PlatformUnavailable(f"{path} of {self.repository} is not here")


def _is_checkout(settings: Settings) -> bool:
    """Say whether the files at hand are the checked repository's."""
    known = settings.runner.repository or _origin(settings) or settings.repository
    return known.lower() == settings.repository.lower()


def _origin(settings: Settings) -> str | None:
    """Return owner/name of the checkout's `origin`; None where there is none."""
    url = Git(settings.environ).said(str(settings.root), "config", "--get", "remote.origin.url")
    path = split_address(url).path if "://" in url else url.partition(":")[2]
    return path.strip("/").removesuffix(".git") or None


def wants_issues(settings: Settings) -> bool:
    """Say whether issues are kept: by default in Actions, where the branch is looked at then."""
    if settings.issues is None:
        return settings.runner.in_actions
    return settings.issues


def converge_issues(
    github: Client, survey: Survey, settings: Settings, config: Config
) -> tuple[Survey, tuple[str, ...]]:
    """Bring the issues in line with the survey; return it with their URLs, and what to tell.

    Inside Actions a run on another branch than the default one writes none.
    """
    from keyturn.github import issues
    from keyturn.report.issue import IssueText

    runner = settings.runner
    settings.progress.say("bringing the issues in line")
    try:
        if runner.in_actions and not _is_default_branch(github, survey.repository, runner):
            return survey, ("not on the default branch: no issue is written",)
    except PlatformError as error:
        failure = Failure(FailureKind.ISSUES_NOT_WRITTEN, survey.repository, error.told)
        return replace(survey, failures=(*survey.failures, failure)), ()
    done = issues.converge(
        github,
        survey,
        IssueText(survey.repository, runner.server_url, survey.now, _creation_link),
        tracker=config.issues.repository or survey.repository,
        labels=config.issues.labels,
        public=config.issues.public,
        dashboard=config.issues.dashboard,
        server_url=runner.server_url,
        dry_run=settings.dry_run,
    )
    failures = (*survey.failures, *done.failures)
    return replace(survey, issues=done.urls, failures=failures), done.notes


def _creation_link(token: Token, status: TokenStatus) -> str | None:
    return providers.load(token.provider).creation_link(token, status)


def _is_default_branch(github: Client, repository: str, runner: Runner) -> bool:
    from keyturn.github.client import repository_facts

    branch = runner.default_branch or repository_facts(github, repository).default_branch
    return on_default_branch(runner.ref, branch)
