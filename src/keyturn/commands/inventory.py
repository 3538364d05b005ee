"""`keyturn inventory`: secrets, references and declared tokens, joined; or a provider's tokens.

Without `--provider` it asks GitHub for names and dates, and no provider for anything.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from keyturn import providers
from keyturn.commands import wiring
from keyturn.config import Config
from keyturn.config.problems import suggest
from keyturn.errors import ExitCode, UsageError
from keyturn.interfaces import ListingProvider
from keyturn.model import Survey
from keyturn.redaction import without_values
from keyturn.report import inventory_text, publish
from keyturn.report.coarse import render_counts
from keyturn.report.credentials import (
    Credentials,
    render_credentials_json,
    render_credentials_text,
)
from keyturn.secret_value import redact
from keyturn.settings import Settings
from keyturn.survey import judge_answers, make_inspector, take_inventory
from keyturn.transport import Transport


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the inventory; exit 3 where GitHub, or the provider, did not answer."""
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = wiring.connect(settings)
    settings = wiring.with_audience(settings, github, config)
    if arguments.provider:
        return _list_credentials(settings, config, arguments.provider)
    repository = settings.repository
    world = wiring.make(settings, github)
    with settings.progress.shown():
        inventory = take_inventory(config, world, repository=repository, now=settings.now)
    failures = (*inventory.failures, *inventory.uses.failures)
    survey = without_values(Survey(repository, settings.now, inventory, failures=failures))
    incomplete = any(failure.kind.incomplete for failure in failures)
    code = ExitCode.INCOMPLETE if incomplete else ExitCode.OK
    publish.report(
        survey, settings, code, config_path=config.path, as_text=inventory_text.render_inventory
    )
    return code


def _list_credentials(settings: Settings, config: Config, name: str) -> ExitCode:
    """Print every token that the configuration's credentials see at one provider."""
    _require_possible(settings, config, name)
    config = replace(config, tokens=tuple(t for t in config.tokens if t.provider == name))
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        inspector = make_inspector(
            config,
            providers={name: providers.load(name)(transport)},
            credentials=settings.credentials,
            now=settings.now,
            progress=settings.progress,
        )
        with settings.progress.shown():
            tokens, failures = judge_answers(config, inspector.start(config.tokens)())
            sightings, missed = inspector.list_all(tokens)
    found = without_values(
        Credentials(
            name,
            settings.now,
            sightings,
            {t.id: [str(stored.ref) for stored in t.secrets] for t in config.tokens},
            (*failures, *(failure for failure in missed if failure not in failures)),
        )
    )
    for output in settings.outputs:
        publish.write_atomically(settings.root / output.path, _render(found, output.format))
    if settings.format != "text" or (not settings.coarse and settings.verbosity >= 0):
        publish.emit(_render(found, settings.format, settings=settings))
    elif settings.verbosity >= 0:
        kinds = ("declared" if each.declared_by else "not declared" for each in sightings)
        publish.emit(render_counts(f"tokens of {name}", kinds, nothing="no token is seen"))
    incomplete = any(failure.kind.incomplete for failure in found.failures)
    return ExitCode.INCOMPLETE if incomplete else ExitCode.OK


def _require_possible(settings: Settings, config: Config, name: str) -> None:
    if settings.runner.untrusted_event:
        raise UsageError(
            f"no credential is sent in a run that {settings.runner.event_name} started",
            hint="run it by schedule, by dispatch or on a push to the default branch",
        )
    if name not in providers.names():
        hint = suggest(name, providers.names())
        raise UsageError(f"--provider {name}: no such provider", hint=hint)
    if not issubclass(providers.load(name), ListingProvider):
        raise UsageError(f"--provider {name}: it has no list of tokens")
    if not any(token.provider == name for token in config.tokens):
        raise UsageError(
            f"no token of {name} is declared, so there is no credential to ask with",
            hint="declare one with its `credential:` (docs/reference/providers.md)",
        )
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("--provider is told as text or json only")


def _render(found: Credentials, form: str, *, settings: Settings | None = None) -> str:
    if form == "json":
        return render_credentials_json(found)
    color, width = (settings.color, settings.width) if settings else (False, 100)
    return redact(render_credentials_text(found, color=color, width=width))
