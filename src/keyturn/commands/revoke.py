"""`keyturn revoke`: kill tokens now, and say who lived by them and what outlives them.

Changes nothing without `--apply` and a person's or a flag's consent; waits for no recovery key.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from keyturn import providers
from keyturn.commands import wiring
from keyturn.commands.revoke_targets import Found, Search, chosen
from keyturn.config import Config
from keyturn.errors import ExitCode, UsageError
from keyturn.instants import format_instant, parse_instant
from keyturn.interfaces import Provider, SweepingProvider
from keyturn.redaction import without_values
from keyturn.report import publish
from keyturn.report.revocation import (
    Revocation,
    consent_words,
    render_revocation_json,
    render_revocation_text,
)
from keyturn.revocation import Revoker
from keyturn.secret_value import redact
from keyturn.settings import Settings
from keyturn.survey import make_inspector
from keyturn.transport import Transport

Make = Callable[[str], Provider]


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Show what would be revoked; with `--apply` do it. Exit 3 where a token may be alive."""
    _require_sense(settings, arguments)
    publish.require_writable(settings)
    if arguments.tokens:
        settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    with Transport(ca_bundle=settings.ca_bundle) as transport:

        def make(name: str) -> Provider:
            return providers.load(name)(transport)

        if arguments.created_before:
            return _sweep(settings, arguments, config, make)
        found = Search(settings, config, make).find(arguments)
        if not found:
            publish.tell("keyturn: there is nothing to revoke")
            return ExitCode.OK
        return _carry_out(settings, arguments, found, make)


def _require_sense(settings: Settings, arguments: argparse.Namespace) -> None:
    """Refuse what contradicts itself, before anything is asked."""
    if settings.runner.untrusted_event:
        raise UsageError(
            f"nothing is revoked in a run that {settings.runner.event_name} started",
            hint="run it by dispatch, or from your own machine",
        )
    if bool(arguments.tokens) == bool(arguments.leaks):
        raise UsageError("name the tokens to revoke, or a report with --leaks")
    if arguments.created_before and not arguments.also_kills_jwts:
        raise UsageError(
            "--created-before refuses the tokens and sign-ins of everybody in the organization",
            hint="if that is meant, say so with --also-kills-jwts",
        )
    if arguments.created_before and arguments.all_of:
        raise UsageError("--created-before is about everybody; leave --all-of out")
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("a revocation is told as text or json only")
    if arguments.apply and not (arguments.yes or arguments.dry_run or sys.stdin.isatty()):
        raise UsageError(
            "--apply needs a person's consent, and nobody can type here",
            hint="add --yes where that was given otherwise",
        )


def _carry_out(
    settings: Settings, arguments: argparse.Namespace, found: Sequence[Found], make: Make
) -> ExitCode:
    if not arguments.apply or arguments.dry_run:
        _publish(settings, found, applied=False)
        return ExitCode.OK
    possible = [each for each in found if each.target]
    if possible and not arguments.yes:
        plan = _revocation(settings, found, applied=False)
        publish.emit(_render(plan, settings.format, settings))
        _ask(consent_words([each.entry for each in possible]))
    revoker = Revoker(make, now=settings.now, sleep=time.sleep)
    outcomes = {id(o.target): o for o in revoker.revoke([e.target for e in possible if e.target])}
    done = []
    for each in found:
        outcome = outcomes.get(id(each.target))
        if outcome:
            told = replace(each.entry, fate=outcome.fate, message=outcome.message)
            each = replace(each, entry=told)
        done.append(each)
    _publish(settings, done, applied=True)
    settled = all(each.entry.fate and each.entry.fate.settled for each in done)
    return ExitCode.OK if settled else ExitCode.INCOMPLETE


def _sweep(
    settings: Settings, arguments: argparse.Namespace, config: Config, make: Make
) -> ExitCode:
    """Refuse everything that was made before a moment, in the places of the named declarations."""
    try:
        before = parse_instant(arguments.created_before)
    except ValueError as error:
        raise UsageError(f"--created-before: {error}") from error
    tokens = chosen(config, arguments.tokens)
    for token in tokens:
        if not issubclass(providers.load(token.provider), SweepingProvider):
            raise UsageError(f"{token.provider} knows no revocation by date")
    names = ", ".join(token.id for token in tokens)
    told = f"everything of {names} made before {format_instant(before)}: tokens and sign-ins"
    if not arguments.apply or arguments.dry_run:
        publish.emit(f"{told}\nnothing was revoked; --apply does it, and cannot be undone")
        return ExitCode.OK
    if not arguments.yes:
        publish.emit(told)
        _ask(names)
    inspector = make_inspector(
        config, providers={}, credentials=settings.credentials, now=settings.now
    )
    for token in tokens:
        provider = make(token.provider)
        assert isinstance(provider, SweepingProvider)
        access = inspector.access(token)
        provider.revoke_everything_before(token, access, created_before=before, now=settings.now)
        publish.emit(f"{token.id}: refused from now on; {provider.outlived_by}")
    return ExitCode.OK


def _ask(words: str) -> None:
    """Have a person type what is about to die. Raises UsageError where it is something else."""
    publish.tell(f"This cannot be undone. Type {words} to revoke:")
    if sys.stdin.readline().strip() != words:
        raise UsageError("that is not what was asked for; nothing was revoked")


def _publish(settings: Settings, found: Sequence[Found], *, applied: bool) -> None:
    told = _revocation(settings, found, applied=applied)
    for output in settings.outputs:
        publish.write_atomically(settings.root / output.path, _render(told, output.format))
    publish.emit(_render(told, settings.format, settings))


def _revocation(settings: Settings, found: Sequence[Found], *, applied: bool) -> Revocation:
    entries = tuple(each.entry for each in found)
    return without_values(Revocation(settings.now, entries, applied))


def _render(told: Revocation, form: str, settings: Settings | None = None) -> str:
    if form == "json":
        return render_revocation_json(told)
    color, width = (settings.color, settings.width) if settings else (False, 100)
    return redact(render_revocation_text(told, color=color, width=width))
