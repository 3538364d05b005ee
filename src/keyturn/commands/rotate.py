"""`keyturn rotate`: print the plan; with `--apply` carry it out, or go on with what was cut off.

The plan is made by `plan`, carried out by `rotation/executor`; nothing is decided here.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from keyturn import providers
from keyturn.candidates import make_candidates
from keyturn.commands import rotation_world, wiring
from keyturn.commands.rotation_issues import converge
from keyturn.commands.rotation_rehearsal import rehearse
from keyturn.commands.rotation_told import (
    Account,
    count_unasked,
    describe,
    tell_account,
    tell_plan,
    tell_runner,
)
from keyturn.config import Config
from keyturn.errors import (
    CredentialMissing,
    ExitCode,
    JournalError,
    PlatformError,
    UsageError,
)
from keyturn.github.client import Client
from keyturn.inspection import Inspector
from keyturn.model import Failure, FailureKind, Inventory, Plan, Skip, Skipped, Token
from keyturn.plan import build_plan, compare, find_unsafe
from keyturn.remembered import Memory
from keyturn.report import publish
from keyturn.report.plan import read_plan
from keyturn.rotation.case import Outside
from keyturn.rotation.executor import Executor, Result
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.machine import STOPS
from keyturn.rotation.rows import RowState
from keyturn.settings import Settings
from keyturn.survey import make_inspector, start_inspection, take_inventory
from keyturn.transport import Transport

_BEGIN_WITHIN = 45 * 60
"""Seconds after which a run begins nothing more: a GitHub App's token lives for an hour."""


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the plan, or carry it out. Exit 4 where a person is needed or a run was cut off."""
    _require_sense(settings, arguments)
    if vars(arguments).get("leaked") and not (arguments.tokens and arguments.now):
        raise UsageError("--leaked ends tokens at once; name them, and add --now")
    with _rotating(settings) as rotating:
        if arguments.apply and not rotating.settings.dry_run:
            return rotating.apply(arguments)
        return rotating.show(arguments)


def recover(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Show the operations that are under way; with `--apply` go on with them, and begin none."""
    _require_sense(settings, arguments)
    if set(arguments.tokens) & set(arguments.abandon):
        raise UsageError("a rotation is tried again or given up, not both")
    if (arguments.tokens or arguments.abandon) and not arguments.apply:
        raise UsageError("a token is named to try its rotation again or give it up; add --apply")
    with _rotating(settings) as rotating:
        return rotating.recover(arguments)


@contextmanager
def _rotating(settings: Settings) -> Iterator[_Rotating]:
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    config = wiring.load_config(settings)
    github = rotation_world.connect(settings)
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        yield _Rotating(settings, config, github, transport)


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
    if arguments.break_lock and not arguments.apply:
        raise UsageError("--break-lock is for a run that acts; add --apply")
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("a rotation is told as text or json only")


class _Rotating:
    """One run's view of what there is to rotate."""

    def __init__(
        self, settings: Settings, config: Config, github: Client, transport: Transport
    ) -> None:
        self.settings = settings
        self._config = config
        self._github = github
        self._transport = transport
        self._begun = time.monotonic()
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
        self._before = Known()
        """What the journal told before this run wrote to it."""
        self._failures: tuple[Failure, ...] = ()
        """Of the tokens that were asked about for the last plan."""

    def show(self, arguments: argparse.Namespace) -> ExitCode:
        """Print the plan; with `--apply --dry-run` read what it will need, too."""
        memory, outside = Memory(), None
        if arguments.apply:
            ledger, outside = self._open()
            memory = Memory(ledger.known, ledger.key)
        elif key := rotation_world.find_recovery_key(self.settings, self._config):
            place = self._config.journal
            assert place  # it names the key's other half
            budget = rotation_world.make_budget(self.settings)
            ledger = rotation_world.open_ledger(self.settings, place, self._github, key, budget)
            memory = Memory(ledger.known, ledger.key)
        plan = self._plan(arguments, memory)
        rehearsal = None
        if outside:
            rehearsal = rehearse(plan, writer=outside.writer, runs=outside.runs)
        account = self._account("", plan)
        tell_plan(plan, self.settings, rehearsal=rehearsal)
        refused = any((rehearsal or {}).values())
        code = ExitCode.NEEDS_HUMAN if refused else account.code
        tell_runner(self.settings, code, account=account, plan=plan)
        return code

    def apply(self, arguments: argparse.Namespace) -> ExitCode:
        """Go on with what was cut off, then carry the plan out."""
        rotation_world.require_proven(self.settings)
        ledger, outside = self._open()
        executor = Executor(outside, ledger, now=self.settings.now)
        saved = _read_saved(self.settings, arguments.plan) if arguments.plan else None
        plan = self._plan(arguments, Memory(ledger.known, ledger.key), saved)
        unfinished = self._unfinished(ledger)
        if not unfinished:
            _require_safe(plan, saved, self._config)
        account = self._account("no rotation is due", plan)
        if unfinished or plan.rotations:
            with self._locked(ledger, account, arguments):
                for operation in unfinished:
                    account.results.append(self._go_on(executor, operation))
                if unfinished:
                    plan = self._plan(arguments, Memory(ledger.known, ledger.key), saved)
                    _require_safe(plan, saved, self._config)
                    account.take(plan, count_unasked(self._failures, plan.skipped))
                self._begin(executor, plan, account)
        return self._finish(ledger, account)

    def recover(self, arguments: argparse.Namespace) -> ExitCode:
        """Show what is unfinished; or go on with it, try it again, or give it up."""
        self._require_declared({*arguments.tokens, *arguments.abandon})
        apply = arguments.apply and not self.settings.dry_run
        if apply:
            rotation_world.require_proven(self.settings)
        ledger, outside = self._open()
        executor = Executor(outside, ledger, now=self.settings.now)
        unfinished = self._unfinished(ledger)
        _require_meant(arguments, unfinished)
        account = Account("no rotation is under way")
        if not apply:
            account.results += [Result(each, describe(each)) for each in unfinished]
            tell_account(account, self.settings)
            tell_runner(self.settings, account.code, account=account)
            return account.code
        if unfinished:
            again, given_up = set(arguments.tokens), set(arguments.abandon)
            with self._locked(ledger, account, arguments):
                for each in unfinished:
                    result = self._go_on(
                        executor, each, again=each.token in again, give_up=each.token in given_up
                    )
                    account.results.append(result)
        return self._finish(ledger, account)

    @contextmanager
    def _locked(
        self, ledger: Ledger, account: Account, arguments: argparse.Namespace
    ) -> Iterator[None]:
        """Hold the lock; whatever happens, tell how far everything came and give it back."""
        ledger.lock(break_it=arguments.break_lock)
        try:
            yield
        finally:
            if account.results:
                tell_account(account, self.settings)
            try:
                ledger.unlock()
            except (JournalError, PlatformError) as error:
                told = f"the journal: {error.told}"
                failure = Failure(FailureKind.JOURNAL_UNUSABLE, self.settings.repository, told)
                account.failures += (failure,)
                publish.tell(told)

    def _finish(self, ledger: Ledger, account: Account) -> ExitCode:
        """Bring the issues in line, and tell the runner; return what it all comes to."""
        if not account.results:
            tell_account(account, self.settings)
        account.failures += converge(
            self.settings,
            self._config,
            github=self._github,
            transport=self._transport,
            memory=Memory(ledger.known, ledger.key),
            touched={
                result.operation.token
                for result in account.results
                if not self._was_given_the_old(result.operation)
            },
        )
        tell_runner(self.settings, account.code, account=account)
        return account.code

    def _was_given_the_old(self, operation: Operation) -> bool:
        """Say whether this run itself stored another value than it can ask with."""
        token, access = self._declared.get(operation.token), None
        with suppress(CredentialMissing):
            access = self._inspector.access(token) if token else None
        if access is None or not (access.own or access.value):
            return False
        known = self._before.operations.get(operation.id)
        return any(
            row.state is RowState.STORED and (known is None or known.rows[label] != row)
            for label, row in operation.rows.items()
        )

    def _account(self, nothing: str, plan: Plan) -> Account:
        account = Account(nothing)
        account.take(plan, count_unasked(self._failures, plan.skipped))
        return account

    def _open(self) -> tuple[Ledger, Outside]:
        """Open the journal, and put together what is acted on. Raises UsageError, JournalError."""
        settings, config = self.settings, self._config
        rotation_world.require_trusted(settings, self._github)
        key = rotation_world.require_recovery_key(settings, config)
        assert config.journal
        budget = rotation_world.make_budget(settings)
        ledger = rotation_world.open_ledger(settings, config.journal, self._github, key, budget)
        self._before = ledger.known
        outside = rotation_world.make_outside(
            settings,
            self._inspector,
            self._inventory,
            self._github,
            ledger,
            budget,
            key=key,
            transport=self._transport,
        )
        return ledger, outside

    def _unfinished(self, ledger: Ledger) -> tuple[Operation, ...]:
        return ledger.known.unfinished(repository=self.settings.repository)

    def _go_on(
        self,
        executor: Executor,
        operation: Operation,
        *,
        again: bool = False,
        give_up: bool = False,
    ) -> Result:
        """Take an operation further; or try it again, or give it up, where a person says so."""
        token = self._declared.get(operation.token)
        if token is None:
            told = "its token is not declared any more: declare it again, to be gone on with"
            return Result(operation, told, cut_off=True)
        if give_up:
            return executor.abandon(token, operation.id)
        if again:
            return executor.retry(token, operation.id)
        return executor.go_on(token, operation.id)

    def _begin(self, executor: Executor, plan: Plan, account: Account) -> None:
        """Begin what is planned, as long as there is time for it."""
        went_on = {result.operation.token for result in account.results}
        for rotation in plan.rotations:
            if rotation.token in went_on:
                continue  # what was asked about the others is older than what was done to them
            if time.monotonic() - self._begun > _BEGIN_WITHIN:
                told = "this run has worked for 45 minutes: the next one begins it"
                account.skipped += (Skipped(rotation.token, Skip.LATER, told),)
                continue
            account.results.append(executor.start(self._declared[rotation.token], rotation))

    @property
    def _declared(self) -> dict[str, Token]:
        return {token.id: token for token in self._config.tokens}

    def _require_declared(self, named: set[str]) -> None:
        unknown = named - self._declared.keys()
        if unknown:
            raise UsageError(f"no token is declared as {', '.join(sorted(unknown))}")

    def _plan(
        self, arguments: argparse.Namespace, memory: Memory, saved: Plan | None = None
    ) -> Plan:
        named = set(arguments.tokens) or None
        if saved:
            named = {rotation.token for rotation in saved.rotations}
        self._require_declared(named or set())
        repository = self.settings.repository
        tokens, self._failures = start_inspection(
            self._config, self._inspector, memory, repository=repository
        )()
        return build_plan(
            make_candidates(tokens, self._inspector, self._inventory, memory),
            bounds=self._config.rotation,
            inventory=self._inventory,
            now=self.settings.now,
            cycles=memory.known.cycles(repository),
            named=named,
            at_once=arguments.now,
            leaked=arguments.leaked,
            journal_read=memory.key is not None,
        )


def _require_meant(arguments: argparse.Namespace, unfinished: tuple[Operation, ...]) -> None:
    """Refuse names for which there is nothing to try again, or to give up."""
    phases = {operation.token: operation.phase for operation in unfinished}
    for token in (*arguments.tokens, *arguments.abandon):
        if token not in phases:
            raise UsageError(f"no rotation of {token} is under way")
    for token in arguments.abandon:
        if phases[token] not in STOPS:
            raise UsageError(
                f"the rotation of {token} has not stopped: it is `{phases[token]}`",
                hint="only what needs a person can be given up; the next run goes on with others",
            )


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
