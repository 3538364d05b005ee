"""`keyturn check --watch-only`, and the same part of every other check: is keyturn still started?

It puts GitHub and the run's circumstances together for `watching`; it decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyturn.assess import sort_findings
from keyturn.call_graph import read_uses
from keyturn.commands import wiring
from keyturn.config import Config
from keyturn.model import (
    SCHEDULE_STOPPED,
    Inventory,
    Precision,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.settings import Settings
from keyturn.watching import Circumstances, Watch, watch_schedule, watch_token

if TYPE_CHECKING:
    from keyturn.github.client import Client

_ONE_DAY = timedelta(days=1)


def add_watch(survey: Survey, settings: Settings, config: Config, github: Client) -> Survey:
    """Return the survey with what is to be said of keyturn's own schedule and credential."""
    from keyturn.github.schedules import GitHubSchedules

    watch = Watch(
        GitHubSchedules(github, survey.repository),
        _circumstances(settings),
        _find_undeclared_end(survey, settings, config, github),
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
        return Circumstances(pretends=settings.pretends)
    where = runner.workflow_ref.partition("@")[0]
    # owner/name/.github/workflows/…
    path = where.split("/", 2)[2] if where.count("/") > 1 else ""
    return Circumstances(runner.event_name, runner.ref, path, settings.pretends)


def _find_undeclared_end(
    survey: Survey, settings: Settings, config: Config, github: Client
) -> datetime | None:
    """Return when the credential of this run ends, unless a declared token may be the very same."""
    acting, end = wiring.find_credential(settings), github.token_ends
    if acting is None or end is None:
        return None
    told = {inspected.token.id: inspected.status for inspected in survey.tokens}
    for token in config.tokens:
        copies = (stored.value_env for stored in token.secrets if stored.value_env)
        variables = (*token.value_env.values(), *copies)
        values = [value for name in variables if (value := settings.credentials.find(name))]
        if any(value.is_same(acting) for value in values):
            return None
        if not values and _may_end_then(token, told.get(token.id), end):
            return None
    return end


def _may_end_then(token: Token, status: TokenStatus | None, end: datetime) -> bool:
    """Say whether a token whose value this run does not have may be a personal one of that end."""
    if token.provider not in ("github", "declared") or token.options.get("kind") == "deploy-key":
        return False
    expires = (status and status.expires_at) or token.declared_expiry
    if expires is None:
        return status is None or status.precision is Precision.UNKNOWN
    return abs(expires - end) <= _ONE_DAY  # people write a date alone
