"""`keyturn check --watch-only`, and the same part of every other check: is keyturn still started?

It puts GitHub and the run's circumstances together for `watching`; it decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from keyturn.assess import sort_findings
from keyturn.call_graph import read_uses
from keyturn.commands import wiring
from keyturn.config import Config
from keyturn.model import SCHEDULE_STOPPED, Inventory, Survey
from keyturn.settings import Settings
from keyturn.watching import Circumstances, Watch, watch_schedule, watch_token

if TYPE_CHECKING:
    from keyturn.github.client import Client


def add_watch(survey: Survey, settings: Settings, config: Config, github: Client) -> Survey:
    """Return the survey with what is to be said of keyturn's own schedule and credential."""
    from keyturn.github.schedules import GitHubSchedules

    watch = Watch(
        GitHubSchedules(github, survey.repository),
        _circumstances(settings),
        _find_undeclared_end(settings, config, github),
    )
    watched = watch_schedule(survey.repository, survey.inventory.uses, watch, now=survey.now)
    own = watch_token(survey.repository, watch, defaults=config.defaults, now=survey.now)
    known = watched.judged or watched.findings
    return replace(
        survey,
        findings=sort_findings((*survey.findings, *watched.findings, *own)),
        failures=(*survey.failures, *watched.failures),
        unevaluated=survey.unevaluated - ({SCHEDULE_STOPPED} if known else set()),
    )


def survey_watch(settings: Settings, config: Config, github: Client | None) -> Survey:
    """Return all that the cheap check finds out; it asks no provider and lists no secret."""
    world = wiring.make(settings, github)
    uses = read_uses(world.tree, repository=settings.repository)
    failures = (*uses.failures, *((world.no_store,) if world.no_store else ()))
    survey = Survey(
        settings.repository,
        settings.now,
        Inventory(settings.repository, complete=False, uses=uses),
        failures=failures,
        unevaluated=frozenset({SCHEDULE_STOPPED}),
        touched=frozenset(),
    )
    return add_watch(survey, settings, config, github) if github else survey


def _circumstances(settings: Settings) -> Circumstances:
    runner = settings.runner
    at_home = runner.repository.lower() == settings.repository.lower()
    if not (runner.in_actions and at_home):
        return Circumstances()
    where = runner.workflow_ref.partition("@")[0]
    # owner/name/.github/workflows/…
    path = where.split("/", 2)[2] if where.count("/") > 1 else ""
    return Circumstances(runner.event_name, runner.ref, path)


def _find_undeclared_end(settings: Settings, config: Config, github: Client) -> datetime | None:
    """Return when the credential of this run ends, unless a declared token is the very same."""
    acting = wiring.find_credential(settings)
    named = [variable for token in config.tokens for variable in token.value_env.values()]
    values = [settings.credentials.find(variable) for variable in named]
    if acting is None or any(value and value.is_same(acting) for value in values):
        return None
    return github.token_ends
