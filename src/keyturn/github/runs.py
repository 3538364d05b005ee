"""Lists workflow runs: what is unfinished, and what has ended well since.

It starts, stops and changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from keyturn.errors import PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_instant, read_text
from keyturn.github.client import Client, repository_path
from keyturn.model.runs import RunJob, RunStep, WorkflowRun

_NEEDS = "Actions: read"
_FOLDER = ".github/workflows/"
_SWEEP = (
    "requested",
    "pending",
    "queued",
    "waiting",
    "in_progress",
    "waiting",
    "queued",
    "pending",
)
"""There and back: a run that moves on, or falls back, between two lists is in a later one."""
_MOST = 1000
"""GitHub's API description, 2026-11: a search by status shows so many runs at most."""
_LONGEST = timedelta(days=35)
"""GitHub docs, "Actions limits", 2026-11: no run lasts longer."""


class GitHubRuns:
    """The Runs of a real GitHub."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def prove_readable(self, repository: str) -> None:
        """Ask for one run. Raises PlatformError; NotPermitted names the missing right."""
        path = repository_path(repository, "actions", "runs")
        with missing_is_forbidden(path, _NEEDS):
            self._client.get(path, needs=_NEEDS, per_page=1)

    def list_unfinished(self, repository: str) -> Sequence[WorkflowRun]:
        """Return every run of owner/name that has not ended, the oldest first.

        All of them or an error. Raises PlatformError.
        """
        found: dict[int, WorkflowRun] = {}
        path = repository_path(repository, "actions", "runs")
        for status in _SWEEP:
            with missing_is_forbidden(path, _NEEDS):
                runs = self._list(repository, path, status=status)
            if len(runs) >= _MOST:
                raise PlatformUnavailable(
                    f"{repository} has {_MOST} {status} runs or more, and GitHub lists no further"
                )
            found.update((run.id, run) for run in runs)
        return _in_order(found.values())

    def list_successful(
        self, repository: str, paths: Iterable[str], *, since: datetime
    ) -> Sequence[WorkflowRun]:
        """Return runs of these workflow files, begun at `since` or later, that ended well.

        Of each workflow the newest thousand at most; a file that GitHub knows no workflow for has
        none. Raises PlatformError.
        """
        created = f">={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        found: list[WorkflowRun] = []
        for file in sorted(set(paths)):
            name = file.removeprefix(_FOLDER)
            path = repository_path(repository, "actions", "workflows", name, "runs")
            try:
                found += self._list(repository, path, status="success", created=created)
            except PlatformRefused as error:
                if error.status != 404:
                    raise
        return _in_order(found)

    def list_ended(
        self, repository: str, *, begun_by: datetime, since: datetime
    ) -> Sequence[WorkflowRun]:
        """Return runs begun at an instant or earlier that ended at `since` or later.

        The newest thousand that can have are looked through. Raises PlatformError.
        """
        first, last = (at.astimezone(UTC) for at in (since - _LONGEST, begun_by))
        created = f"{first:%Y-%m-%dT%H:%M:%SZ}..{last:%Y-%m-%dT%H:%M:%SZ}"
        path = repository_path(repository, "actions", "runs")
        with missing_is_forbidden(path, _NEEDS):
            runs = self._list(repository, path, status="completed", created=created)
        return _in_order(run for run in runs if run.updated_at >= since)

    def with_jobs(self, run: WorkflowRun) -> WorkflowRun:
        """Return a run with the jobs of its latest attempt. Raises PlatformError."""
        path = repository_path(run.repository, "actions", "runs", str(run.id), "jobs")
        rows = self._client.get_all(path, rows="jobs", needs=_NEEDS, filter="latest")
        return replace(run, jobs=tuple(_read_job(row) for row in rows))

    def _list(self, repository: str, path: str, **query: str) -> list[WorkflowRun]:
        rows = self._client.get_all(path, rows="workflow_runs", needs=_NEEDS, **query)
        return [read_run(row, repository) for row in rows]


def _in_order(runs: Iterable[WorkflowRun]) -> list[WorkflowRun]:
    return sorted(runs, key=lambda run: (run.created_at, run.id))


def read_run(row: Mapping[str, Any], repository: str) -> WorkflowRun:
    """Return one row of a list of runs. Raises PlatformUnavailable."""
    number, attempt, branch = row.get("id"), row.get("run_attempt", 1), row.get("head_branch")
    created, updated = read_instant(row, "created_at"), read_instant(row, "updated_at")
    if type(number) is not int or type(attempt) is not int or not (created and updated):
        raise PlatformUnavailable(NONSENSE)
    return WorkflowRun(
        repository=repository,
        id=number,
        path=read_text(row, "path").partition("@")[0],
        event=read_text(row, "event"),
        status=read_text(row, "status"),
        created_at=created,
        updated_at=updated,
        html_url=read_text(row, "html_url"),
        attempt=attempt,
        branch=branch if isinstance(branch, str) else "",
    )


def _read_job(row: Mapping[str, Any]) -> RunJob:
    conclusion = row.get("conclusion")
    number, steps = row.get("id"), row.get("steps")
    return RunJob(
        read_text(row, "name"),
        read_text(row, "status"),
        read_instant(row, "started_at"),
        conclusion if isinstance(conclusion, str) and conclusion else None,
        id=number if type(number) is int else 0,
        steps=tuple(map(_read_step, steps)) if isinstance(steps, list) else (),
    )


def _read_step(row: Any) -> RunStep:
    if not isinstance(row, dict):
        raise PlatformUnavailable(NONSENSE)
    conclusion = row.get("conclusion")
    return RunStep(read_text(row, "name"), conclusion if isinstance(conclusion, str) else None)
