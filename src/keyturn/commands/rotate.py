"""`keyturn rotate`: print the plan; with `--apply` carry it out, or go on with what was cut off.

The plan is made by `plan`, carried out by `rotation/executor`; nothing is decided here.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from keyturn import providers
from keyturn.candidates import make_candidates
from keyturn.commands import heartbeat, rotation_world, wiring
from keyturn.commands.rotation_issues import converge
from keyturn.commands.rotation_rehearsal import rehearse
from keyturn.commands.rotation_sense import (
    read_saved,
    require_declared,
    require_ended_at_once,
    require_meant,
    require_safe,
    require_sense,
    sign_with,
    undeclared,
)
from keyturn.commands.rotation_told import (
    Account,
    count_unasked,
    describe,
    failures_told,
    tell_account,
    tell_plan,
    tell_runner,
)
from keyturn.config import Config
from keyturn.errors import (
    CredentialMissing,
    ExitCode,
    JournalConflict,
    JournalError,
    KeyturnError,
    PlatformError,
    UsageError,
)
from keyturn.github.client import Client
from keyturn.github.write_budget import WriteBudget
from keyturn.inspection import Inspector
from keyturn.model import Failure, FailureKind, Inventory, Plan, Skip, Skipped, Strategy, Token
from keyturn.plan import build_plan
from keyturn.remembered import Memory
from keyturn.report import publish
from keyturn.rotation.case import Outside
from keyturn.rotation.executor import Executor, Result
from keyturn.rotation.keys import RecoveryKey
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.machine import STOPS
from keyturn.settings import Settings
from keyturn.survey import make_inspector, start_inspection, take_inventory
from keyturn.transport import Transport

_BEGIN_WITHIN = 45 * 60
"""Seconds after which a run begins nothing more: a GitHub App's token lives for an hour."""


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the plan, or carry it out. Exit 4 where a person is needed or a run was cut off."""
    with settings.progress.shown(), _rotating(settings, arguments) as rotating:
        if arguments.apply and not rotating.settings.dry_run:
            return rotating.apply(arguments)
        return rotating.show(arguments)


def recover(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Show the operations that are under way; with `--apply` go on with them, and begin none."""
    with settings.progress.shown(), _rotating(settings, arguments) as rotating:
        if set(arguments.tokens) & set(arguments.abandon):
            raise UsageError("a rotation is tried again or given up, not both")
        if (arguments.tokens or arguments.abandon) and not arguments.apply:
            raise UsageError(
                "a token is named to try its rotation again or give it up; add --apply"
            )
        return rotating.recover(arguments)


@contextmanager
def _rotating(settings: Settings, arguments: argparse.Namespace) -> Iterator[_Rotating]:
    with failures_told(settings):
        require_sense(settings, arguments)
        publish.require_writable(settings)
        settings = wiring.with_repository(settings)
        config = wiring.load_config(settings)
        github = rotation_world.connect(settings)
        settings = wiring.with_audience(settings, github, config)
        with Transport(ca_bundle=settings.ca_bundle) as transport:
            yield _Rotating(settings, config, github, transport)


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
        self._inspector: Inspector = make_inspector(
            config,
            providers=providers.make_all(config.tokens, transport),
            credentials=settings.credentials,
            now=settings.now,
            progress=settings.progress,
        )
        world = wiring.make(settings, github)
        self._inventory: Inventory = take_inventory(
            config, world, repository=settings.repository, now=settings.now
        )
        self._overtaken = False
        """Another run is at work: what this one knows is old."""
        self._stored_before: set[str] = set()
        """Operations whose new value every secret held when this run began."""
        self._failures: tuple[Failure, ...] = ()
        """Of the tokens that were asked about for the last plan."""

    def show(self, arguments: argparse.Namespace) -> ExitCode:
        """Print the plan; with `--apply --dry-run` read what it will need, too."""
        ledger, outside = self._open() if arguments.apply else (self._read(), None)
        memory = Memory(ledger.known, ledger.key) if ledger else Memory()
        unfinished = self._unfinished(ledger) if ledger else ()
        saved = self._read_saved(arguments, ledger)
        plan = self._plan(arguments, memory, saved)
        require_ended_at_once(arguments, plan, unfinished)
        rehearsal = None
        if outside:
            self._require_safe(plan, saved, unfinished)
            rehearsal = rehearse(plan, writer=outside.writer, runs=outside.runs)
        account = self._account("", plan)
        stopped = [each for each in unfinished if each.phase in STOPS]
        account.results += [Result(each, self._describe(each)) for each in stopped]
        sign = sign_with(ledger.key) if ledger else None
        tell_plan(plan, self.settings, rehearsal=rehearsal, sign=sign)
        refused = any((rehearsal or {}).values())
        code = ExitCode.NEEDS_HUMAN if refused else account.code
        tell_runner(self.settings, code, account=account, plan=plan)
        return code

    def apply(self, arguments: argparse.Namespace) -> ExitCode:
        """Go on with what was cut off, then carry the plan out."""
        ledger, outside = self._open()
        executor = self._executor(outside, ledger)
        saved = self._read_saved(arguments, ledger)
        plan = self._plan(arguments, Memory(ledger.known, ledger.key), saved)
        unfinished = self._unfinished(ledger)
        require_ended_at_once(arguments, plan, unfinished)
        self._require_safe(plan, saved, unfinished)
        account = self._account("no rotation is due", plan)
        if unfinished or plan.rotations:
            with self._locked(ledger, account, arguments):
                for operation in unfinished:
                    account.results.append(self._go_on(executor, operation))
                self._begin(executor, plan, account)
        return self._finish(ledger, account)

    def recover(self, arguments: argparse.Namespace) -> ExitCode:
        """Show what is unfinished; or go on with it, try it again, or give it up."""
        ledger, outside = self._open()
        unfinished = self._unfinished(ledger)
        require_meant(arguments, unfinished, declared=self._declared)
        account = Account("no rotation is under way")
        if not arguments.apply or self.settings.dry_run:
            account.results += [Result(each, self._describe(each)) for each in unfinished]
            tell_account(account, self.settings)
            tell_runner(self.settings, account.code, account=account)
            return account.code
        if unfinished:
            executor = self._executor(outside, ledger)
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
        except (JournalError, PlatformError) as error:
            account.cut_off(error, self._unfinished(ledger))
            self._note(account, error)
            self._overtaken = isinstance(error, JournalConflict)
        finally:
            try:
                if account.results:
                    tell_account(account, self.settings)
            finally:
                self._unlock(ledger, account)

    def _unlock(self, ledger: Ledger, account: Account) -> None:
        try:
            ledger.unlock()
        except (JournalError, PlatformError) as error:
            self._note(account, error)

    def _note(self, account: Account, error: KeyturnError) -> None:
        """Say what was wrong with the journal."""
        told = f"the journal: {error.told}"
        account.failures += (Failure(FailureKind.JOURNAL_UNUSABLE, self.settings.repository, told),)
        publish.tell(told)

    def _finish(self, ledger: Ledger, account: Account) -> ExitCode:
        """Bring the issues in line, and tell the runner; return what it all comes to."""
        if not account.results:
            tell_account(account, self.settings)
        if not self._overtaken:
            account.failures += converge(
                self.settings,
                self._config,
                github=self._github,
                transport=self._transport,
                memory=Memory(ledger.known, ledger.key),
                touched={result.operation.token for result in account.results},
                outdated=self._find_outdated(ledger, account),
            )
        missed = heartbeat.send(self.settings, self._config, account.code)
        for failure in missed:
            publish.tell(f"{failure.subject}: {failure.message}")
        account.failures += missed
        tell_runner(self.settings, account.code, account=account)
        return account.code

    def _find_outdated(self, ledger: Ledger, account: Account) -> set[str]:
        """Return the tokens of which this run may have been given what a rotation replaced."""
        worked_on = {result.operation.id for result in account.results}
        worked_on |= {operation.id for operation in self._unfinished(ledger)}
        made = [
            operation
            for operation in map(ledger.operation, worked_on)
            if operation.new_id
            and operation.strategy is not Strategy.EXTEND
            # One that was stored everywhere before this run began is what it was given.
            and operation.id not in self._stored_before
        ]
        return {each.token for each in made if self._was_given_value(each.token)}

    def _was_given_value(self, token_id: str) -> bool:
        with suppress(CredentialMissing, KeyError):
            access = self._inspector.access(self._declared[token_id])
            return access is not None and (access.own or bool(access.value))
        return False

    def _account(self, nothing: str, plan: Plan) -> Account:
        account = Account(nothing)
        account.take(plan, count_unasked(self._failures, plan.skipped))
        return account

    def _require_safe(
        self, plan: Plan, saved: Plan | None, unfinished: Sequence[Operation]
    ) -> None:
        under_way = {operation.token for operation in unfinished}
        bounds, coarse = self._config.rotation, self.settings.coarse
        require_safe(plan, saved, bounds, under_way=under_way, coarse=coarse)

    def _read_saved(self, arguments: argparse.Namespace, ledger: Ledger | None) -> Plan | None:
        if ledger is None or not arguments.plan:
            return None
        return read_saved(self.settings, arguments.plan, ledger.key)

    def _read(self) -> Ledger | None:
        """Read the journal, where this run has its key. Raises UsageError, JournalError."""
        key = rotation_world.find_recovery_key(self.settings, self._config)
        if key is None:
            return None
        return self._open_ledger(key, rotation_world.make_budget(self.settings))

    def _open(self) -> tuple[Ledger, Outside]:
        """Open the journal, and put together what is acted on. Raises UsageError, JournalError."""
        settings = self.settings
        rotation_world.require_trusted(settings, self._github)
        key = rotation_world.require_recovery_key(settings, self._config)
        budget = rotation_world.make_budget(settings)
        ledger = self._open_ledger(key, budget)
        known = ledger.known.operations.values()
        self._stored_before = {operation.id for operation in known if operation.is_stored}
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

    def _executor(self, outside: Outside, ledger: Ledger) -> Executor:
        now, progress = self.settings.now, self.settings.progress
        return Executor(outside, ledger, now=now, progress=progress)

    def _open_ledger(self, key: RecoveryKey, budget: WriteBudget) -> Ledger:
        place = self._config.journal
        assert place  # it names the key's other half
        return rotation_world.open_ledger(self.settings, place, self._github, key, budget)

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
            return Result(operation, undeclared(operation.token), cut_off=True)
        if give_up:
            return executor.abandon(token, operation.id)
        if again:
            return executor.retry(token, operation.id)
        return executor.go_on(token, operation.id)

    def _begin(self, executor: Executor, plan: Plan, account: Account) -> None:
        """Begin what is planned, as long as there is time for it."""
        for rotation in plan.rotations:
            if time.monotonic() - self._begun > _BEGIN_WITHIN:
                told = "this run has worked for 45 minutes: the next one begins it"
                account.skipped += (Skipped(rotation.token, Skip.LATER, told),)
                continue
            account.results.append(executor.start(self._declared[rotation.token], rotation))

    @property
    def _declared(self) -> dict[str, Token]:
        return {token.id: token for token in self._config.tokens}

    def _describe(self, operation: Operation) -> str:
        told = describe(operation)
        if operation.token in self._declared:
            return told
        return f"{told}; {undeclared(operation.token)}"

    def _plan(
        self, arguments: argparse.Namespace, memory: Memory, saved: Plan | None = None
    ) -> Plan:
        named = set(arguments.tokens) or None
        if saved:
            named = {rotation.token for rotation in saved.rotations}
        require_declared(named or set(), self._declared)
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
