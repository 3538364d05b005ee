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
from keyturn.commands.revoke_journal import stop_rotations
from keyturn.commands.revoke_targets import Found, Search, chosen
from keyturn.config import Config
from keyturn.errors import (
    CredentialMissing,
    ExitCode,
    ProviderError,
    ProviderUnavailable,
    UsageError,
)
from keyturn.instants import format_instant, parse_instant
from keyturn.interfaces import Provider, SweepingProvider
from keyturn.model import Failure
from keyturn.redaction import without_values
from keyturn.report import publish
from keyturn.report.revocation import (
    Revocation,
    consent_words,
    render_revocation_json,
    render_revocation_text,
)
from keyturn.revocation import Fate, Revoker, Target
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
        search = Search(settings, config, make)
        with settings.progress.shown():
            found, failures = search.find(arguments)
        if not found:
            publish.tell("keyturn: there is nothing to revoke")
            return ExitCode.OK
        if not arguments.apply or arguments.dry_run:
            plan = _revocation(
                settings, *_consumers(settings, search, found, failures), applied=False
            )
            _publish(settings, plan)
            incomplete = any(failure.kind.incomplete for failure in plan.errors)
            return ExitCode.INCOMPLETE if incomplete else ExitCode.OK
        if not arguments.yes:
            found, failures = _consumers(settings, search, found, failures)
            _consent(settings, found, failures)
        with settings.progress.shown():
            found = _kill(settings, found, make)
        failures = (*failures, *stop_rotations(settings, config, _killed(found), make))
        if arguments.yes:
            # GitHub, which may be slow or down, is asked once nobody has to wait for it.
            found, failures = _consumers(settings, search, found, failures)
        _publish(settings, _revocation(settings, found, failures, applied=True))
        settled = all(each.entry.fate and each.entry.fate.settled for each in found)
        return ExitCode.OK if settled else ExitCode.INCOMPLETE


def _require_sense(settings: Settings, arguments: argparse.Namespace) -> None:
    """Refuse what contradicts itself, before anything is asked."""
    if settings.runner.untrusted_event:
        raise UsageError(
            f"nothing is revoked in a run that {settings.runner.event_name} started",
            hint="run it by dispatch, or from your own machine",
        )
    if arguments.apply and not arguments.dry_run and not settings.runner.may_act:
        event = settings.runner.event_name or "an unknown event"
        raise UsageError(
            f"nothing is revoked in a run that {event} started",
            hint="start it by dispatch, by schedule or by a push, or on your own machine",
        )
    # An unset variable of a shell is an empty text, and must not widen what is meant.
    given = [*arguments.all_of, arguments.created_before, arguments.leaks]
    if any(text is not None and not text.strip() for text in given):
        raise UsageError("an empty OWNER, INSTANT or REPORT", hint="is a shell's variable unset?")
    if bool(arguments.tokens) == bool(arguments.leaks):
        raise UsageError("name the tokens to revoke, or a report with --leaks")
    if arguments.leaks and (arguments.all_of or arguments.created_before):
        raise UsageError("--leaks is about what the scanner found; leave the other flags out")
    if arguments.created_before and not arguments.also_kills_jwts:
        raise UsageError(
            "--created-before refuses the tokens and sign-ins of everybody in the organization",
            hint="if that is meant, say so with --also-kills-jwts",
        )
    if arguments.created_before and arguments.all_of:
        raise UsageError("--created-before is about everybody; leave --all-of out")
    if arguments.created_before and (settings.outputs or settings.format != "text"):
        raise UsageError("what --created-before does is told as text, on standard output only")
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("a revocation is told as text or json only")
    if arguments.apply and settings.dry_run and not arguments.dry_run:
        raise UsageError("--apply acts now, and --at is another moment", hint="leave --at out")
    typing = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if arguments.apply and not (arguments.yes or arguments.dry_run or typing):
        raise UsageError(
            "--apply needs a person's consent, and nobody can type here",
            hint="add --yes where that was given otherwise",
        )


def _consumers(
    settings: Settings, search: Search, found: Sequence[Found], failures: Sequence[Failure]
) -> tuple[list[Found], tuple[Failure, ...]]:
    with settings.progress.shown():
        known, missed = search.add_consumers(found)
    return known, (*failures, *missed)


def _consent(settings: Settings, found: Sequence[Found], failures: Sequence[Failure]) -> None:
    """Show a person what is about to die, and have it typed. Raises UsageError."""
    possible = [each.entry for each in found if each.target]
    if not possible:
        return
    plan = _revocation(settings, found, failures, applied=False)
    # Standard output may be a file, and is for what was done.
    publish.tell(_render(plan, "text"))
    _ask(consent_words(possible))


def _kill(settings: Settings, found: Sequence[Found], make: Make) -> list[Found]:
    """Revoke what can be; return everything with what became of it."""
    settings.progress.say("revoking")
    revoker = Revoker(make, now=settings.now, sleep=settings.progress.around(time.sleep))
    outcomes = revoker.revoke([each.target for each in found if each.target])
    told = {id(outcome.target): outcome for outcome in outcomes}
    done = []
    for each in found:
        outcome = told.get(id(each.target))
        if outcome:
            entry = replace(each.entry, fate=outcome.fate, message=outcome.message)
            each = replace(each, entry=entry)
        done.append(each)
    return done


def _killed(found: Sequence[Found]) -> list[Target]:
    """Return what is dead, will be, or may be."""
    return [
        each.target for each in found if each.target and each.entry.fate is not Fate.NOT_REVOKED
    ]


def _sweep(
    settings: Settings, arguments: argparse.Namespace, config: Config, make: Make
) -> ExitCode:
    """Refuse everything that was made before a moment, in the places of the named declarations."""
    try:
        before = parse_instant(arguments.created_before)
    except ValueError as error:
        raise UsageError(f"--created-before: {error}") from error
    if before > settings.now:
        raise UsageError("--created-before: that moment has not come yet")
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
    code = ExitCode.OK
    for token in tokens:
        provider = make(token.provider)
        assert isinstance(provider, SweepingProvider)
        try:
            provider.revoke_everything_before(
                token, inspector.access(token), created_before=before, now=settings.now
            )
            publish.emit(f"{token.id}: refused from now on; {provider.outlived_by}")
        except (ProviderError, CredentialMissing) as error:
            lost = isinstance(error, ProviderUnavailable)
            what = "nobody knows whether it was done" if lost else "not revoked"
            publish.emit(f"{token.id}: {what}: {error.told}")
            code = ExitCode.INCOMPLETE
    return code


def _ask(words: str) -> None:
    """Have a person type what is about to die. Raises UsageError where it is something else."""
    publish.tell(f"This cannot be undone. Type {words} to revoke:")
    if sys.stdin.readline().strip() != words:
        raise UsageError("that is not what was asked for; nothing was revoked")


def _publish(settings: Settings, told: Revocation) -> None:
    # What was done must not be lost with a file that cannot be written, or a closed pipe.
    try:
        publish.emit(_render(told, settings.format, settings))
    finally:
        for output in settings.outputs:
            publish.write_atomically(settings.root / output.path, _render(told, output.format))


def _revocation(
    settings: Settings, found: Sequence[Found], failures: Sequence[Failure], *, applied: bool
) -> Revocation:
    entries = tuple(each.entry for each in found)
    errors = tuple(dict.fromkeys(failures))
    return without_values(Revocation(settings.now, entries, applied, errors))


def _render(told: Revocation, form: str, settings: Settings | None = None) -> str:
    if form == "json":
        return render_revocation_json(told)
    color, width = (settings.color, settings.width) if settings else (False, 100)
    return redact(render_revocation_text(told, color=color, width=width))
