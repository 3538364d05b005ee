"""Asks which runs failed lately in a step that a stored secret reaches, and what they said.

A few requests whatever the number of secrets; it changes nothing and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from keyturn.assess import sort_findings
from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformRejected
from keyturn.model import FAILED_LOGIN, Consumer, Failure, FailureKind, Survey, Use
from keyturn.model.runs import FailedStep, RunJob, WorkflowRun
from keyturn.rules.failed_login import find_failed_logins

_SPAN = timedelta(days=7)
_MOST_RUNS = 5
_MOST_LOGS = 5

_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ?", re.MULTILINE)
_HEADS = re.compile(r"^##\[group\].*?^##\[endgroup\]$", re.MULTILINE | re.DOTALL)
"""What the runner says of a step before it begins: the script itself, which proves nothing."""


class FailedRuns(Protocol):
    """Tells which runs failed, and what their jobs said."""

    def list_failed(self, repository: str, *, since: datetime) -> Sequence[WorkflowRun]:
        """Return failed runs that were given the repository's secrets, the newest first."""
        ...

    def was_mended(self, run: WorkflowRun) -> bool:
        """Say whether a later run of the same workflow and branch ended well."""
        ...

    def with_jobs(self, run: WorkflowRun) -> WorkflowRun:
        """Return a run with its jobs and their steps."""
        ...

    def read_log(self, repository: str, job_id: int) -> str | None:
        """Return the end of a job's log; None where it cannot be had."""
        ...


def add_failed_logins(survey: Survey, runs: FailedRuns) -> Survey:
    """Return the survey with what the failed runs of the last days tell of its secrets.

    Never raises. Where the runs may not be seen, that is said, and what an issue says stays.
    """
    uses = [use for secret in survey.inventory.secrets for use in secret.uses if use.consumers]
    try:
        steps = tuple(_find_failed_steps(survey, uses, runs)) if uses else ()
    except PlatformError as error:
        return replace(survey, failures=(*survey.failures, _failure(survey, error)))
    found = find_failed_logins(steps, survey.inventory, survey.tokens, now=survey.now)
    return replace(
        survey,
        findings=sort_findings((*survey.findings, *found)),
        unevaluated=survey.unevaluated - {FAILED_LOGIN},
    )


def _failure(survey: Survey, error: PlatformError) -> Failure:
    kind = FailureKind.GITHUB_UNAVAILABLE
    if isinstance(error, NotPermitted):
        kind = FailureKind.NOT_PERMITTED
    elif isinstance(error, PlatformRejected):
        kind = FailureKind.CREDENTIAL_REJECTED
    return Failure(kind, survey.repository, error.told)


def _find_failed_steps(
    survey: Survey, uses: Sequence[Use], runs: FailedRuns
) -> Iterator[FailedStep]:
    """Yield what failed in the newest runs of the workflows that use a secret."""
    logs = 0
    for run in _find_runs(survey, uses, runs):
        for job in run.jobs or ():
            if logs == _MOST_LOGS:
                return
            failed = _match(run, job, uses)
            if failed is None:
                continue
            logs += 1
            name, reached, others = failed
            log = runs.read_log(survey.repository, job.id)
            said = log and _find_words(log, [consumer for _, consumer in reached], alone=not others)
            if said:
                own = tuple(dict.fromkeys(use for use, _ in reached))
                yield FailedStep(run, job.name, name, own, said)


def _find_runs(survey: Survey, uses: Iterable[Use], runs: FailedRuns) -> Iterator[WorkflowRun]:
    """Yield the newest failed run of each workflow that uses a secret and has not recovered.

    With its jobs. One whose run or workflow is gone by now tells nothing.
    """
    paths = {use.path for use in uses}
    seen: set[str] = set()
    for run in runs.list_failed(survey.repository, since=survey.now - _SPAN):
        if run.path not in paths or run.path in seen:
            continue
        seen.add(run.path)
        with suppress(PlatformRefused):
            if not runs.was_mended(run):
                yield runs.with_jobs(run)
        if len(seen) == _MOST_RUNS:
            return


def _match(
    run: WorkflowRun, job: RunJob, uses: Iterable[Use]
) -> tuple[str, list[tuple[Use, Consumer]], bool] | None:
    """Return the step of a job that failed, the uses that reach it, and whether others are reached.

    None where no secret reaches it for certain: two steps may be called the same.
    """
    failed = [step.name for step in job.steps if step.conclusion == "failure"]
    if job.conclusion != "failure" or len(failed) != 1:
        return None
    if sum(step.name == failed[0] for step in job.steps) != 1:
        return None
    here = [
        (use, consumer)
        for use in uses
        if use.path == run.path and _is_job(job, use)
        for consumer in use.consumers
    ]
    reached = [(use, consumer) for use, consumer in here if failed[0] in _shown(consumer)]
    others = {id(consumer) for _, consumer in here} - {id(consumer) for _, consumer in reached}
    return (failed[0], reached, bool(others)) if reached else None


def _is_job(job: RunJob, use: Use) -> bool:
    return job.name == use.job or job.name.startswith(f"{use.job} (")


def _shown(consumer: Consumer) -> set[str]:
    """Return what GitHub may call a step."""
    return {consumer.label, _headline(consumer)}


def _headline(consumer: Consumer) -> str:
    """Return what the log calls a step, whatever its name."""
    first = consumer.script.strip().partition("\n")[0].strip()
    return f"Run {consumer.uses or first}"


def _find_words(log: str, consumers: Sequence[Consumer], *, alone: bool) -> str:
    """Return what the failed step said; empty where the log does not tell it from other steps.

    `alone`: the job has no other step that a secret reaches, so that all of its log will do.
    """
    text = _STAMP.sub("", log.replace("\r\n", "\n"))
    head = f"##[group]{_headline(consumers[0])}\n"
    parts = text.split("##[group]Run ")
    mine = [f"##[group]Run {part}" for part in parts[1:]]
    mine = [part for part in mine if part.startswith(head)]
    if len(mine) != 1:
        return _HEADS.sub("", text) if alone else ""
    return _HEADS.sub("", mine[0].partition("\nPost job cleanup.")[0])
