"""Brings what a run did about rotations to everyone who reads it, and says what it comes to.

It decides nothing about rotations; what people read goes through `redact` and `log_safe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from keyturn.errors import ConfigError, ExitCode, KeyturnError
from keyturn.instants import format_instant
from keyturn.model import Failure, Phase, Plan, Skip, Skipped
from keyturn.plain import log_safe
from keyturn.report import publish
from keyturn.report.annotations import render_notes
from keyturn.report.coarse import render_counts, without_names
from keyturn.report.plan import render_plan_json, render_plan_text
from keyturn.report.rotation import (
    Row,
    find_notes,
    render_ended_markdown,
    render_rehearsal,
    render_rotation_json,
    render_rotation_markdown,
    render_rotation_text,
    rows_of,
    rows_of_plan,
)
from keyturn.report.summary import status_word
from keyturn.rotation.executor import Result
from keyturn.rotation.known import Operation
from keyturn.rotation.machine import STOPS
from keyturn.rotation.rows import RowState
from keyturn.secret_value import redact
from keyturn.settings import Settings


@dataclass(slots=True)
class Account:
    """What one run did about rotations, and what it left; filled while it goes on."""

    nothing: str
    """What is said where there was nothing to do."""
    results: list[Result] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    failures: tuple[Failure, ...] = ()
    """What could not be learned or written."""
    planned: tuple[str, ...] = ()
    """The tokens that were to be rotated."""

    def take(self, plan: Plan, failures: Sequence[Failure]) -> None:
        """Note what is planned and left out, and what could not be learned for it."""
        self.skipped, self.failures = plan.skipped, tuple(failures)
        self.planned = tuple(rotation.token for rotation in plan.rotations)

    def cut_off(self, error: KeyturnError, unfinished: Sequence[Operation]) -> None:
        """Note that nothing more can be done in this run, and what is left to the next one."""
        told = {result.operation.id for result in self.results}
        self.results += [
            Result(each, f"the next run goes on: {error.told}", cut_off=True)
            for each in unfinished
            if each.id not in told
        ]
        begun = {result.operation.token for result in self.results}
        message = f"the next run begins it: {error.told}"
        left = [token for token in self.planned if token not in begun]
        self.skipped += tuple(Skipped(token, Skip.LATER, message) for token in left)

    @property
    def code(self) -> ExitCode:
        """What the process says when it ends: 4 before 3 before 0."""
        # What was done in this run is told by its result; the plan may be older.
        blocked = any(each.reason is Skip.BLOCKED for each in _others(self))
        if blocked or any(result.needs_person or result.cut_off for result in self.results):
            return ExitCode.NEEDS_HUMAN
        if any(failure.kind.incomplete for failure in self.failures):
            return ExitCode.INCOMPLETE
        return ExitCode.OK


def count_unasked(failures: Sequence[Failure], skipped: Sequence[Skipped]) -> tuple[Failure, ...]:
    """Return the failures that kept a token from being rotated; those of others do not count."""
    unasked = {each.token for each in skipped if each.reason is Skip.NOT_ASKED}
    return tuple(failure for failure in failures if failure.subject in unasked)


def tell_plan(
    plan: Plan,
    settings: Settings,
    *,
    rehearsal: Mapping[str, Sequence[str]] | None = None,
    sign: Callable[[str], str] | None = None,
) -> None:
    """Print the plan, and write the files asked for; and what a rehearsal of it found.

    `sign` marks it as this configuration's own.
    """

    def rendered(form: str, *, color: bool, width: int) -> str:
        if form == "json":
            return render_plan_json(plan, preflight=rehearsal, sign=sign)
        text = render_plan_text(plan, color=color, width=width)
        if rehearsal is not None:
            text += "\n" + render_rehearsal(rehearsal, color=color, width=width)
        return redact(text)

    _publish(rendered, settings, [*rows_of_plan(plan), *rows_of([], plan.skipped)])


def tell_account(account: Account, settings: Settings) -> None:
    """Print what was done, and write the files asked for."""
    skipped = _others(account)

    def rendered(form: str, *, color: bool, width: int) -> str:
        if form == "json":
            return render_rotation_json(account.results, skipped)
        return redact(
            render_rotation_text(
                account.results, skipped, nothing=account.nothing, color=color, width=width
            )
        )

    _publish(rendered, settings, [*rows_of(account.results, skipped)])


def _publish(rendered: Callable[..., str], settings: Settings, rows: Sequence[Row]) -> None:
    publish.deliver(rendered, settings, coarse=_count(rows))


def _count(rows: Sequence[Row]) -> str:
    """Return what everybody may read: how many there are of what."""
    return render_counts("rotations", (row.state for row in rows), nothing="nothing is due")


def tell_runner(
    settings: Settings, code: ExitCode, *, account: Account, plan: Plan | None = None
) -> None:
    """Tell GitHub's runner: a summary, annotations for what needs a person, and outputs."""
    runner = settings.runner
    if not runner.in_actions:
        return
    skipped = _others(account)
    rows: list[Row] = [*rows_of(account.results, skipped)]
    if plan:
        rows = [*rows_of_plan(plan), *rows]
    notes = find_notes(account.results, skipped, account.failures)
    if settings.coarse:
        runner.annotate(render_notes(without_names(notes)))
        runner.write_summary(_count(rows))
    else:
        runner.annotate(render_notes(notes))
        text = render_rotation_markdown(rows, status_word(code), settings.repository)
        runner.write_summary(log_safe(redact(text)))
    path = settings.outputs[0].path.as_posix() if settings.outputs else ""
    runner.write_outputs({"status": status_word(code), "report": path})


@contextmanager
def failures_told(settings: Settings) -> Iterator[None]:
    """Tell GitHub's runner, too, what ends a run before it could say anything itself."""
    try:
        yield
    except KeyturnError as error:
        runner = settings.runner
        if runner.in_actions:
            told = redact(error.told)
            if not isinstance(error, ConfigError):  # its problems are shown at their lines
                runner.annotate(render_notes([("error", "keyturn", told)]))
            with suppress(KeyturnError):
                runner.write_summary(log_safe(render_ended_markdown(told)))
        raise


def _others(account: Account) -> list[Skipped]:
    """Return what was left out and has no operation that is told."""
    told = {result.operation.token for result in account.results}
    return [each for each in account.skipped if each.token not in told]


def describe(operation: Operation) -> str:
    """Say how far an operation is, since when, and what it waits for."""
    since = f" since {format_instant(operation.phase_at)}" if operation.phase_at else ""
    if operation.phase in STOPS:
        left = operation.facts.get("from")
        where = f" in `{left}`" if left else ""
        why = operation.facts.get("because") or "the journal does not say why"
        return f"stopped{where}{since}: {why}"
    return f"in this phase{since}: {_describe_phase(operation)}; --apply goes on with it"


def _describe_phase(operation: Operation) -> str:
    stored = [row.stored_at for row in operation.rows.values() if row.state is RowState.STORED]
    match operation.phase:
        case Phase.PLANNED | Phase.PREFLIGHT:
            return "nothing was made yet"
        case Phase.MINTING:
            return "a new value was asked for, and whether it was made is looked for next"
        case Phase.SEALED | Phase.PROVING:
            return "the new value is in the sealed record, and is stored in no secret yet"
        case Phase.DISTRIBUTING | Phase.CONFIRMING:
            return f"{len(stored)} of {len(operation.rows)} secrets hold the new value"
        case Phase.DRAINING:
            cap = timedelta(seconds=int(operation.facts["cap"]))
            dates = [at for at in stored if at]
            latest = f" (until {format_instant(max(dates) + cap)} at most)" if dates else ""
            return (
                "every secret holds the new value; the old token is kept for the runs that can"
                f" hold it, and until the new one is seen in use{latest}"
            )
        case phase:
            return f"the old token is being ended ({phase})"
