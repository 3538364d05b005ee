"""After rotations: brings the issues of the tokens it touched in line, as `check` would.

It takes the very survey that `check` takes, so that neither writes what the other has written; it
decides nothing about issues.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from keyturn import providers
from keyturn.commands import wiring
from keyturn.config import Config
from keyturn.github.client import Client
from keyturn.model import Failure
from keyturn.redaction import without_values
from keyturn.remembered import Memory
from keyturn.report import publish
from keyturn.settings import Settings
from keyturn.survey import take_survey
from keyturn.transport import Transport

_NEGLECTED = "neglected-tokens"
"""What only `check --all-tokens` looks for."""


def converge(
    settings: Settings,
    config: Config,
    *,
    github: Client,
    transport: Transport,
    memory: Memory,
    touched: Collection[str],
    outdated: Collection[str] = (),
) -> tuple[Failure, ...]:
    """Bring the issues of these tokens in line, and all that tell, or should, of a rotation.

    Returns what could not be written. `outdated`: the tokens of which this run was given a value
    that is not stored any more; of them it can tell no more than how their rotation stands.
    """
    if not config.tokens or not wiring.wants_issues(settings):
        return ()
    survey = take_survey(
        config,
        wiring.make(settings, github),
        repository=settings.repository,
        providers=providers.make_all(config.tokens, transport),
        credentials=settings.credentials,
        now=settings.now,
        memory=memory,
        outdated=outdated,
        rotates=True,
    )
    survey = replace(
        without_values(survey),
        touched=frozenset(touched),
        unevaluated=survey.unevaluated | {_NEGLECTED},
    )
    converged, notes = wiring.converge_issues(github, survey, settings, config)
    failures = converged.failures[len(survey.failures) :]
    told = (f"{failure.subject}: {failure.message}" for failure in failures)
    publish.tell_names((*notes, *told), settings)
    return failures
