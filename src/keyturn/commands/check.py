"""`keyturn check`: survey, report, issues.

Wires GitHub and the providers to the survey; it decides nothing about tokens itself.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from keyturn import providers
from keyturn.commands import heartbeat, wiring
from keyturn.commands.journal_reading import read_memory
from keyturn.commands.watching import add_watch, survey_watch
from keyturn.config import PLACES, Config
from keyturn.errors import ExitCode
from keyturn.model import Failure, FailureKind, Survey
from keyturn.redaction import without_values
from keyturn.report import publish
from keyturn.report.outlook import describe_outlook
from keyturn.settings import Settings
from keyturn.silence.failed_logins import add_failed_logins
from keyturn.survey import take_inventory, take_survey
from keyturn.transport import Transport

if TYPE_CHECKING:
    from keyturn.github.client import Client


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Carry out one check; return the exit code of the contract."""
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = wiring.connect(settings)
    settings = wiring.with_audience(settings, github, config)
    with settings.progress.shown():
        survey, notes = _check(settings, config, github, arguments)
    if settings.until:
        notes = (*notes, describe_outlook(survey, settings.until))
    publish.tell_names(notes, settings)
    if not arguments.watch_only:
        missed = heartbeat.send(settings, config, exit_code(survey, settings))
        survey = replace(survey, failures=(*survey.failures, *missed))
    code = exit_code(survey, settings)
    publish.report(survey, settings, code, config_path=config.path)
    return code


def exit_code(survey: Survey, settings: Settings) -> ExitCode:
    """Return what a finished check means: 3 before 1 before 0."""
    if settings.runner.untrusted_event:
        return ExitCode.OK
    if any(failure.kind.incomplete for failure in survey.failures):
        return ExitCode.INCOMPLETE
    threshold = settings.fail_on
    if threshold and any(f.severity.rank >= threshold.rank for f in survey.findings):
        return ExitCode.FINDINGS
    return ExitCode.OK


def _check(
    settings: Settings, config: Config, github: Client | None, arguments: argparse.Namespace
) -> tuple[Survey, tuple[str, ...]]:
    if settings.runner.untrusted_event:
        return _check_untrusted(settings, config)
    if arguments.watch_only:
        survey = survey_watch(settings, config, github)
    else:
        survey = _survey(settings, config, github, all_tokens=arguments.all_tokens)
    survey = without_values(_with_notices(survey, settings, config))
    # Without a configuration nothing is declared: that is no reason to close every issue.
    if github is None or config.path is None or not wiring.wants_issues(settings):
        return survey, ()
    return wiring.converge_issues(github, survey, settings, config)


def _survey(
    settings: Settings, config: Config, github: Client | None, *, all_tokens: bool
) -> Survey:
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        survey = take_survey(
            config,
            wiring.make(settings, github, with_members=True),
            repository=settings.repository,
            providers=providers.make_all(config.tokens, transport),
            credentials=settings.credentials,
            now=settings.now,
            memory=read_memory(settings, config, github),
            all_tokens=all_tokens,
            until=settings.until,
        )
    if github is None:
        return survey
    from keyturn.github.failed_runs import GitHubFailedRuns

    settings.progress.say("asking GitHub for failed runs")
    runs = GitHubFailedRuns(github, api_url=settings.runner.api_url, ca_bundle=settings.ca_bundle)
    return add_watch(add_failed_logins(survey, runs), settings, config, github)


def _with_notices(survey: Survey, settings: Settings, config: Config) -> Survey:
    """Return the survey with what the circumstances of the run explain."""
    failures = list(survey.failures)
    if config.path is None:
        message = f"neither {' nor '.join(PLACES)} is there, so no token was asked about"
        failures.append(Failure(FailureKind.NO_CONFIGURATION, survey.repository, message))
    missing = [f for f in failures if f.kind is FailureKind.CREDENTIAL_MISSING]
    if missing and settings.runner.has_no_secrets:
        failures = [failure for failure in failures if failure not in missing]
        names = ", ".join(sorted({failure.subject for failure in missing}))
        message = f"GitHub gives this run no secrets (a fork, or Dependabot's): not asked: {names}"
        failures.append(Failure(FailureKind.NOT_PERMITTED, survey.repository, message))
    return replace(survey, failures=tuple(failures))


def _check_untrusted(settings: Settings, config: Config) -> tuple[Survey, tuple[str, ...]]:
    """What a pull request may start: its files are read, nothing is asked and nothing written."""
    world = wiring.make(settings, None)
    inventory = take_inventory(config, world, repository=settings.repository, now=settings.now)
    failures = (*inventory.failures, *inventory.uses.failures)
    survey = Survey(settings.repository, settings.now, inventory, failures=failures)
    return without_values(survey), ()
