"""Asks which runs failed lately in a step that a stored secret reaches, and what they said.

A few requests whatever the number of secrets; it changes nothing and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from keyturn.assess import sort_findings
from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformRejected
from keyturn.model import FAILED_LOGIN, Consumer, Failure, FailureKind, Survey, Use
from keyturn.model.runs import FailedStep, RunJob, WorkflowRun
from keyturn.rules.failed_login import find_failed_logins

_SPAN = timedelta(days=7)
_MOST_RUNS = 5
_MOST_LOGS = 5
_MOST_LATER = 3
"""Later runs on other branches whose steps are looked at, for each failed run."""

_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ?", re.MULTILINE)
_STEP = re.compile(r"^(?=##\[group\]Run )", re.MULTILINE)
_HEADS = re.compile(r"^##\[group\]Run .*?(?:^##\[endgroup\]$|\Z)", re.MULTILINE | re.DOTALL)
"""What the runner says of a step before it begins: the script itself, which proves nothing."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class FailedRuns(Protocol):
    """Tells which runs failed, and what their jobs said."""

    def list_failed(self, repository: str, *, since: datetime) -> Sequence[WorkflowRun]:
        """Return failed runs that were given the repository's secrets, the newest first."""
        ...

    def list_later_successes(self, run: WorkflowRun) -> Sequence[WorkflowRun]:
        """Return runs of the same workflow that began since and ended well, the newest first."""
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
    search = _Search(survey, uses, runs)
    try:
        steps = tuple(search.find_steps()) if uses else ()
    except PlatformError as error:
        return replace(survey, failures=(*survey.failures, _failure(survey, error)))
    found = find_failed_logins(steps, survey.inventory, survey.tokens, now=survey.now)
    return replace(
        survey,
        findings=sort_findings((*survey.findings, *found)),
        unevaluated=survey.unevaluated - ({FAILED_LOGIN} if search.complete else set()),
    )


def _failure(survey: Survey, error: PlatformError) -> Failure:
    kind = FailureKind.GITHUB_UNAVAILABLE
    if isinstance(error, NotPermitted):
        kind = FailureKind.NOT_PERMITTED
    elif isinstance(error, PlatformRejected):
        kind = FailureKind.CREDENTIAL_REJECTED
    return Failure(kind, survey.repository, error.told)


@dataclass(slots=True)
class _Search:
    """Looks through the failed runs of one repository, as far as a few requests go."""

    survey: Survey
    uses: Sequence[Use]
    runs: FailedRuns
    complete: bool = True
    """Nothing was left out, and every log that was wanted could be had."""

    def find_steps(self) -> Iterator[FailedStep]:
        """Yield what failed in the newest runs of the workflows that use a secret."""
        wanted = ((run, found) for run in self._find_runs() for found in self._find_failed(run))
        for count, (run, (job, name, reached, others)) in enumerate(wanted):
            if count == _MOST_LOGS:
                self.complete = False
                return
            log = self.runs.read_log(self.survey.repository, job.id)
            if log is None:
                self.complete = False
                continue
            said = _find_words(log, [consumer for _, consumer in reached], alone=not others)
            own = tuple(dict.fromkeys(use for use, _ in reached))
            yield FailedStep(run, own[0].job, name, own, said)

    def _find_runs(self) -> Iterator[WorkflowRun]:
        """Yield the newest failed run, with its jobs, of each workflow that uses a secret.

        One for each event that starts it, as a failed pull request says nothing of a schedule. A
        run that is gone by now tells nothing.
        """
        paths = {use.path for use in self.uses}
        newest: dict[tuple[str, str], WorkflowRun] = {}
        for run in self.runs.list_failed(self.survey.repository, since=self.survey.now - _SPAN):
            if run.path in paths:
                newest.setdefault((run.path, run.event), run)
        self.complete = len(newest) <= _MOST_RUNS
        for run in islice(newest.values(), _MOST_RUNS):
            with suppress(PlatformRefused):
                yield self.runs.with_jobs(run)

    def _find_failed(self, run: WorkflowRun) -> Iterator[_Failed]:
        """Yield the failed steps of a run that no later run has mended; of a matrix the first.

        One has that ended well on the same branch, or did in the same step: the next release has
        another tag, which GitHub calls a branch here.
        """
        found: dict[tuple[str, str], _Failed] = {}
        for job in run.jobs or ():
            failed = _match(run, job, self.uses)
            if failed:
                found.setdefault((failed[2][0][0].job, failed[1]), failed)
        if not found:
            return
        with suppress(PlatformRefused):  # else the workflow is gone by now
            later = self.runs.list_later_successes(run)
            if any(each.branch == run.branch for each in later):
                return
            alike = [each for each in later if each.event == run.event][:_MOST_LATER]
            ended = [self.runs.with_jobs(each) for each in alike]
            for failed in found.values():
                if not any(_ended_well(each, failed) for each in ended):
                    yield failed


_Failed = tuple[RunJob, str, list[tuple[Use, Consumer]], bool]
"""A job, its step that failed, the uses that reach it, and whether others reach other steps."""


def _ended_well(run: WorkflowRun, failed: _Failed) -> bool:
    _, name, reached, _ = failed
    return any(
        step.name == name and step.conclusion == "success"
        for job in run.jobs or ()
        if _is_job(job, reached[0][0])
        for step in job.steps
    )


def _match(run: WorkflowRun, job: RunJob, uses: Iterable[Use]) -> _Failed | None:
    """Return the step of a job that failed, with what is known of it.

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
    # The steps inside a local action are not among those that GitHub shows; another step may be
    # called by what this one does.
    names = {step.name for step in job.steps}
    reached = [
        (use, consumer)
        for use, consumer in here
        if consumer.job is not None and _shown(consumer) & names == {failed[0]}
    ]
    others = {id(consumer) for _, consumer in here} - {id(consumer) for _, consumer in reached}
    return (job, failed[0], reached, bool(others)) if reached else None


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
    mine = [part for part in _STEP.split(text) if part.startswith(head)]
    if len(mine) != 1 and not alone:
        return ""
    said = (mine[0] if len(mine) == 1 else text).partition("\nPost job cleanup.")[0]
    # The lines of a script are coloured, so that none of them looks like the end of the head.
    return _COLOURS.sub("", _HEADS.sub("", said))
