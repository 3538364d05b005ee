"""PURE: which unfinished runs can still hold a token's old value, and when it may be retired.

It asks nobody and reads no clock; where something cannot be told, the old value counts as held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.model import Level, SecretRef, Store, Use
from keyturn.model.runs import RunJob, WorkflowRun

_NOT_STARTED = frozenset({"queued", "waiting", "pending", "requested"})
_GITHUBS_OWN = "dynamic/"
"""Where the workflows live that GitHub itself brings, such as Dependabot's updates."""

_RERUNS = (
    "a run that has ended can be started again: GitHub does not say whether it then gets the old "
    "or the new value"
)
_CODESPACES = "a codespace that is open keeps the old value: keyturn does not see codespaces"


@dataclass(frozen=True, slots=True)
class Consumer:
    """A repository whose workflows read the token's secrets, with its unfinished runs."""

    repository: str
    """owner/name."""
    uses: tuple[Use, ...] = ()
    complete: bool = True
    """False: not every workflow was understood, so that any of them may read the secrets."""
    runs: tuple[WorkflowRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """An unfinished run that can still hold the old value."""

    run: WorkflowRun
    refs: tuple[SecretRef, ...]
    """The destinations it can have the old value from."""
    because: str
    """For a person; a clause without a full stop."""
    jobs_would_tell: bool = False
    """It is held for environment secrets alone, and the run's jobs were not asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the old token may be retired now."""

    now: bool
    because: str
    """For a person; clauses without a full stop."""
    not_before: datetime
    """Nothing lets it be retired earlier; the past or `now`, where only runs or a proof of use are
    waited for."""
    at_latest: datetime
    """Then it is retired whatever stands against it."""
    forced: bool = False
    """It is retired although something stands against it."""


def find_holders(
    consumers: Sequence[Consumer], stored: Mapping[SecretRef, datetime]
) -> tuple[Holder, ...]:
    """Return the unfinished runs that can hold the old value, the oldest first.

    `stored` says when the new value was written to each destination. GitHub reads the secrets of
    repositories and organizations when a run is queued, those of environments when the job starts
    (GitHub docs, "Secrets reference", 2026-11). Instants of GitHub are whole seconds: one that
    equals the write's counts as before it.
    """
    found = [
        holder
        for consumer in consumers
        for run in consumer.runs
        if (holder := _judge(consumer, run, stored))
    ]
    return tuple(sorted(found, key=lambda holder: (holder.run.created_at, holder.run.id)))


def first_proof(
    consumers: Sequence[Consumer],
    stored: Mapping[SecretRef, datetime],
    successful: Sequence[WorkflowRun],
) -> datetime | None:
    """Return when a run that got the new value first ended well; None where none has.

    Only a job counts that cannot do without the secret, in a run whose event can start it; where a
    run's jobs are known, it must be among those that ended well.
    """
    proofs = [
        run.updated_at
        for consumer in consumers
        for run in successful
        if run.repository.lower() == consumer.repository.lower()
        and any(
            run.created_at > at and _proves(use, run, ref, consumer)
            for ref, at in stored.items()
            for use in consumer.uses
        )
    ]
    return min(proofs, default=None)


def may_retire(
    *,
    stored: Mapping[SecretRef, datetime],
    holders: Sequence[Holder],
    proof: datetime | None,
    overlap: timedelta,
    cap: timedelta,
    old_expiry: datetime | None,
    now: datetime,
    unseen: Sequence[str] = (),
) -> Verdict:
    """Say whether the old token may be retired, and why not yet or why in spite of what.

    That is the latest of the last write plus `overlap`, the end of the holders, and `proof`, the
    first use of the new value by others than keyturn; at the earliest of the last write plus `cap`
    and the old token's expiry it is retired anyway. `stored` holds at least one destination;
    `unseen` says which runs may hold the old value and cannot be listed.
    """
    last = max(stored.values())
    settled = max(last + overlap, proof or last)
    at_latest = latest(stored, cap=cap, old_expiry=old_expiry)
    against = []
    if now < settled:
        against.append(f"the old value stays valid until {_told(settled)} at the least")
    if holders:
        runs = "1 unfinished run" if len(holders) == 1 else f"{len(holders)} unfinished runs"
        against.append(f"{runs} can still hold the old value")
    if proof is None:
        against.append("the new value has not been seen in use")
    if unseen:
        against.append(f"who holds the old value is not all seen: {'; '.join(unseen)}")
    not_before = min(settled, at_latest)
    if not against:
        because = "it is stored everywhere, was used, and no run can hold the old value"
        return Verdict(True, because, not_before, at_latest)
    told = ", ".join(against)
    if now < at_latest:
        return Verdict(False, told, not_before, at_latest)
    expired = old_expiry is not None and at_latest == old_expiry
    reason = "the old token has expired" if expired else "the longest drain is over"
    return Verdict(True, f"{reason}, although {told}", not_before, at_latest, forced=True)


def latest(
    stored: Mapping[SecretRef, datetime], *, cap: timedelta, old_expiry: datetime | None
) -> datetime:
    """Return when the old token is retired whatever stands against it."""
    last = max(stored.values())
    return min(last + cap, old_expiry or last + cap)


def remarks(stored: Mapping[SecretRef, datetime]) -> tuple[str, ...]:
    """Say what nobody can see of who holds the old value, for a person."""
    codespaces = any(ref.scope.store is Store.CODESPACES for ref in stored)
    return (_RERUNS, _CODESPACES) if codespaces else (_RERUNS,)


def _judge(
    consumer: Consumer, run: WorkflowRun, stored: Mapping[SecretRef, datetime]
) -> Holder | None:
    """Return why a run can hold an old value; None where it cannot."""
    queued: list[SecretRef] = []
    started: list[SecretRef] = []
    for ref, at in stored.items():
        uses = _readers(consumer, run, ref)
        if run.created_at > at or not _can_read(consumer, run, ref, uses):
            continue
        if ref.level is not Level.ENVIRONMENT:
            queued.append(ref)
        elif _some_job_began(run, uses if consumer.complete else [], at):
            started.append(ref)
    if not queued and not started:
        return None
    unsure = run.jobs is None and not queued
    because = "queued before the new value was stored"
    if not queued:
        because = "a job began before the new value was stored"
    if unsure:
        because = "a job may have begun before the new value was stored"
    if not consumer.complete:
        because += "; not every workflow of the repository was understood"
    if run.attempt > 1:
        because += "; started again, and GitHub does not say which value it then gets"
    return Holder(run, tuple(sorted([*queued, *started])), because, jobs_would_tell=unsure)


def _readers(consumer: Consumer, run: WorkflowRun, ref: SecretRef) -> list[Use]:
    """Return the jobs of the run's workflow that read the destination, or may."""
    return [use for use in consumer.uses if use.path == run.path and _reads(use, ref)]


def _can_read(consumer: Consumer, run: WorkflowRun, ref: SecretRef, uses: list[Use]) -> bool:
    scope = ref.scope
    if scope.store is Store.CODESPACES:
        return False
    mine = scope.is_of(consumer.repository) or (
        scope.level is Level.ORGANIZATION
        and scope.owner.lower() == consumer.repository.partition("/")[0].lower()
    )
    updates = scope.store is Store.DEPENDABOT and run.path.startswith(_GITHUBS_OWN)
    return mine and (bool(uses) or updates or not consumer.complete)


def _reads(use: Use, ref: SecretRef) -> bool:
    if use.name.upper() != ref.name:
        return False
    if ref.level is not Level.ENVIRONMENT or not use.environment_known:
        return True
    return use.environment.lower() == ref.scope.environment.lower()


def _some_job_began(run: WorkflowRun, uses: list[Use], at: datetime) -> bool:
    """Say whether a job that reads an environment's secret can have begun before the write."""
    if run.jobs is None:
        return True
    named = [job for job in run.jobs if any(_is_job(job, use) for use in uses)]
    # Under a name that is not known any job may be meant.
    return any(_is_under_way(job, at) for job in named or run.jobs)


def _is_job(job: RunJob, use: Use) -> bool:
    """Say whether a job, or one of a matrix (`build (3.12)`), is the one that a workflow names."""
    return job.name == use.job or job.name.startswith(f"{use.job} (")


def _is_under_way(job: RunJob, at: datetime) -> bool:
    if job.status == "completed" or job.status in _NOT_STARTED:
        return False
    return job.started_at is None or job.started_at <= at


def _proves(use: Use, run: WorkflowRun, ref: SecretRef, consumer: Consumer) -> bool:
    # Only Dependabot's own runs read its store, and what they did is not told apart here.
    mine = ref.scope.store is Store.ACTIONS and use.path == run.path and not use.reference.optional
    can_start = any(trigger.event == run.event for trigger in use.triggers)
    if not (mine and can_start and _reads(use, ref) and _can_read(consumer, run, ref, [use])):
        return False
    # In a run that ended well a job may have been skipped.
    ended_well = [job for job in run.jobs or () if job.conclusion == "success"]
    return run.jobs is None or any(_is_job(job, use) for job in ended_well)


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
