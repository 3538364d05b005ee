"""`keyturn rotate`: print the plan; with `--apply` carry it out, or go on with what was cut off.

The plan is made by `plan`, carried out by `rotation/executor`; nothing is decided here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from keyturn import parallel, providers
from keyturn.commands import rotation_world, wiring
from keyturn.config import Config
from keyturn.deadline import effective_deadline
from keyturn.errors import (
    CredentialMissing,
    ExitCode,
    JournalError,
    PlatformError,
    UsageError,
)
from keyturn.github.client import Client
from keyturn.inspection import WORKERS, Inspector
from keyturn.interfaces import ListingProvider
from keyturn.model import Capability, Evidence, Inspected, Inventory, Phase, Plan, Skip
from keyturn.plan import build_plan, compare, find_unsafe
from keyturn.plan_choice import Candidate
from keyturn.report import publish
from keyturn.report.plan import read_plan, render_plan_json, render_plan_text
from keyturn.report.rotation import render_rotation_json, render_rotation_text
from keyturn.rotation.executor import Executor, Result
from keyturn.rotation.known import Known
from keyturn.rotation.ledger import Ledger
from keyturn.secret_value import redact
from keyturn.settings import Settings
from keyturn.survey import judge_answers, make_inspector, take_inventory
from keyturn.transport import Transport

_OWN_VALUE = (
    "with its own value alone nothing could end the old token once the new one is stored; name"
    " another credential as `credential:`"
)


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the plan, or carry it out. Exit 4 where a person is needed or a run was cut off."""
    _require_sense(settings, arguments)
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = rotation_world.connect(settings)
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        rotating = _Rotating(settings, config, github, transport)
        if arguments.apply and not settings.dry_run:
            return rotating.apply(arguments)
        return rotating.show(arguments)


def recover(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Show the operations that are under way; with `--apply` go on with them, and begin none."""
    _require_sense(settings, arguments)
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = rotation_world.connect(settings)
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        return _Rotating(settings, config, github, transport).recover(
            apply=arguments.apply and not settings.dry_run
        )


def _require_sense(settings: Settings, arguments: argparse.Namespace) -> None:
    if settings.runner.untrusted_event:
        raise UsageError(
            f"nothing is rotated in a run that {settings.runner.event_name} started",
            hint="run it by schedule, by dispatch or on a push to the default branch",
        )
    if arguments.apply and settings.dry_run and not arguments.dry_run:
        raise UsageError("--apply acts now, and --at is another moment", hint="leave --at out")
    if vars(arguments).get("plan") and not arguments.apply:
        raise UsageError("--plan names what --apply is to carry out; add --apply")
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("a rotation is told as text or json only")


class _Rotating:
    """One run's view of what there is to rotate."""

    def __init__(
        self, settings: Settings, config: Config, github: Client, transport: Transport
    ) -> None:
        self._settings = settings
        self._config = config
        self._github = github
        self._transport = transport
        names = {token.provider for token in config.tokens}
        self._inspector: Inspector = make_inspector(
            config,
            providers={name: providers.load(name)(transport) for name in names},
            credentials=settings.credentials,
            now=settings.now,
        )
        world = wiring.make(settings, github)
        self._inventory: Inventory = take_inventory(
            config, world, repository=settings.repository, now=settings.now
        )

    def show(self, arguments: argparse.Namespace) -> ExitCode:
        """Print the plan; nothing is changed."""
        known = Known()
        key = rotation_world.find_recovery_key(self._settings, self._config)
        if key and self._config.journal:
            budget = rotation_world.make_budget(self._settings)
            place = self._config.journal
            known = rotation_world.open_ledger(
                self._settings, place, self._github, key, budget
            ).known
        plan = self._plan(arguments, known)
        for output in self._settings.outputs:
            text = _render_plan(plan, output.format)
            publish.write_atomically(self._settings.root / output.path, text)
        publish.emit(_render_plan(plan, self._settings.format, self._settings))
        blocked = any(skipped.reason is Skip.BLOCKED for skipped in plan.skipped)
        return ExitCode.NEEDS_HUMAN if blocked else ExitCode.OK

    def apply(self, arguments: argparse.Namespace) -> ExitCode:
        """Go on with what was cut off, then carry the plan out."""
        ledger, executor = self._open()
        saved = _read_saved(self._settings, arguments.plan) if arguments.plan else None
        plan = self._plan(arguments, ledger.known, saved)
        unfinished = ledger.known.unfinished()
        if not unfinished:
            _require_safe(plan, saved, self._config)
        if not unfinished and not plan.rotations:
            publish.emit(_render_plan(plan, self._settings.format, self._settings))
            return self._code([], plan)
        declared = {token.id: token for token in self._config.tokens}
        with self._locked(ledger) as results:
            self._go_on(ledger, executor, results)
            if unfinished:
                plan = self._plan(arguments, ledger.known, saved)
                _require_safe(plan, saved, self._config)
            went_on = {operation.token for operation in unfinished}
            for each in plan.rotations:
                # What was asked about the others is older than what was just done to them.
                if each.token not in went_on:
                    results.append(executor.start(declared[each.token], each))
        return self._code(results, plan)

    def recover(self, *, apply: bool) -> ExitCode:
        """Show what is unfinished, or go on with it."""
        ledger, executor = self._open()
        unfinished = ledger.known.unfinished()
        if not unfinished:
            publish.emit("no rotation is under way")
            return ExitCode.OK
        if not apply:
            shown = [Result(o, "is under way; --apply goes on with it") for o in unfinished]
            self._tell(shown)
            return self._code(shown, None)
        with self._locked(ledger) as results:
            self._go_on(ledger, executor, results)
        return self._code(results, None)

    @contextmanager
    def _locked(self, ledger: Ledger) -> Iterator[list[Result]]:
        """Hold the lock; whatever happens, tell how far everything came and give it back."""
        ledger.lock()
        results: list[Result] = []
        try:
            yield results
        finally:
            if results:
                self._tell(results)
            with suppress(JournalError, PlatformError):
                ledger.unlock()

    def _open(self) -> tuple[Ledger, Executor]:
        """Open the journal, and put together what acts. Raises UsageError, JournalError."""
        settings, config = self._settings, self._config
        rotation_world.require_proven(settings)
        rotation_world.require_trusted(settings, self._github)
        key = rotation_world.require_recovery_key(settings, config)
        assert config.journal
        budget = rotation_world.make_budget(settings)
        ledger = rotation_world.open_ledger(settings, config.journal, self._github, key, budget)
        outside = rotation_world.make_outside(
            self._inspector,
            self._inventory,
            self._github,
            ledger,
            budget,
            key=key,
            transport=self._transport,
        )
        return ledger, Executor(outside, ledger, now=settings.now)

    def _go_on(self, ledger: Ledger, executor: Executor, results: list[Result]) -> None:
        """Add how far everything that was unfinished came."""
        declared = {token.id: token for token in self._config.tokens}
        for operation in ledger.known.unfinished():
            if operation.token in declared:
                results.append(executor.go_on(declared[operation.token], operation.id))
            else:
                told = "its token is not declared any more: declare it again, to be gone on with"
                results.append(Result(operation, told, cut_off=True))

    def _plan(self, arguments: argparse.Namespace, known: Known, saved: Plan | None = None) -> Plan:
        named = set(arguments.tokens) or None
        if saved:
            named = {rotation.token for rotation in saved.rotations}
        unknown = (named or set()) - {token.id for token in self._config.tokens}
        if unknown:
            raise UsageError(f"no token is declared as {', '.join(sorted(unknown))}")
        answers = parallel.start(self._inspector.inspect, self._config.tokens, workers=WORKERS)()
        tokens, _ = judge_answers(self._config, answers)
        unfinished: dict[str, Phase] = {o.token: o.phase for o in known.unfinished()}
        return build_plan(
            [self._candidate(_as_granted(each, known)) for each in tokens],
            bounds=self._config.rotation,
            inventory=self._inventory,
            now=self._settings.now,
            cycles=known.finished,
            unfinished=unfinished,
            named=named,
            at_once=arguments.now,
        )

    def _candidate(self, inspected: Inspected) -> Candidate:
        token, provider = inspected.token, self._inspector.providers[inspected.token.provider]
        access = None
        with suppress(CredentialMissing):
            access = self._inspector.access(token)
        abilities = provider.abilities(token, access)
        can, why_not = abilities.can, abilities.why_not
        if access and access.own and Capability.MINT in can:
            # A later run is given the new value, which may not end the old token.
            can, why_not = can - {Capability.MINT}, {**why_not, Capability.MINT: _OWN_VALUE}
        key = None
        if isinstance(provider, ListingProvider):
            key = provider.key_of(token, inspected.status)
        return Candidate(
            inspected,
            token.rotate,
            can,
            why_not,
            key,
            abilities.parts,
            abilities.secret_part,
            abilities.differs,
        )

    def _tell(self, results: Sequence[Result]) -> None:
        settings = self._settings
        for output in settings.outputs:
            path = settings.root / output.path
            publish.write_atomically(path, _render(results, output.format))
        publish.emit(_render(results, settings.format, settings))

    def _code(self, results: Sequence[Result], plan: Plan | None) -> ExitCode:
        skipped = plan.skipped if plan else ()
        blocked = any(each.reason is Skip.BLOCKED for each in skipped)
        if blocked or any(result.needs_person or result.cut_off for result in results):
            return ExitCode.NEEDS_HUMAN
        return ExitCode.OK


def _as_granted(inspected: Inspected, known: Known) -> Inspected:
    """Put the date that was granted in the place of a declared one, which is the old token's."""
    current, status = known.current.get(inspected.token.id), inspected.status
    told = status.expires_at is not None and status.evidence is not Evidence.DECLARED
    if current is None or current.expires_at is None or told:
        return inspected
    if status.token_id != current.token_id:
        return inspected
    token = replace(inspected.token, declared_expiry=current.expires_at)
    status = replace(status, expires_at=current.expires_at, evidence=Evidence.JOURNAL)
    return Inspected(token, status, effective_deadline(token, status))


def _read_saved(settings: Settings, path: str) -> Plan:
    try:
        return read_plan((settings.root / path).read_bytes())
    except OSError as error:
        raise UsageError(f"--plan {path}: {error.strerror or 'cannot be read'}") from error


def _require_safe(plan: Plan, saved: Plan | None, config: Config) -> None:
    """Refuse a plan that must not be carried out, or that is not the saved one any more."""
    problems = find_unsafe(plan, config.rotation)
    if problems:
        raise UsageError(f"the plan is not safe: {'; '.join(problems)}")
    moved = compare(saved, plan) if saved else []
    if moved:
        raise UsageError(
            f"the world moved since the plan was saved: {'; '.join(moved)}",
            hint="look at a new plan, and save it again",
        )


def _render_plan(plan: Plan, form: str, settings: Settings | None = None) -> str:
    if form == "json":
        return render_plan_json(plan)
    color, width = (settings.color, settings.width) if settings else (False, 100)
    return redact(render_plan_text(plan, color=color, width=width))


def _render(results: Sequence[Result], form: str, settings: Settings | None = None) -> str:
    if form == "json":
        return render_rotation_json(results)
    color, width = (settings.color, settings.width) if settings else (False, 100)
    return redact(render_rotation_text(results, color=color, width=width))
