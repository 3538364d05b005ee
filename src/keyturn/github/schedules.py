"""Tells whether a repository's workflows are started by the clock, and when they were last.

It switches nothing on or off.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from keyturn.errors import PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_instant, read_text
from keyturn.github.client import Client, repository_facts, repository_path
from keyturn.model import Activity, ClockRun, WorkflowFacts

_NEEDS = "Actions: read"
_NEEDS_FILES = "Contents: read"
_FOLDER = ".github/workflows/"
_SOME_RUNS = 10
_ENDED = ("success", "failure")
"""A run of keyturn's that tells of something bad fails; one that was cut off told nobody."""


class GitHubSchedules:
    """The Schedules of a repository at a real GitHub."""

    def __init__(self, client: Client, repository: str) -> None:
        self._client = client
        self._repository = repository

    def activity(self) -> Activity:
        """Return what decides whether schedules are started. Raises PlatformError."""
        facts = repository_facts(self._client, self._repository)
        return Activity(facts.private, facts.archived, facts.default_branch, facts.pushed_at)

    def list_workflows(self) -> Mapping[str, WorkflowFacts]:
        """Return the workflows by path. Raises PlatformError."""
        path = repository_path(self._repository, "actions", "workflows")
        with missing_is_forbidden(path, _NEEDS):
            rows = self._client.get_all(path, rows="workflows", needs=_NEEDS)
        # What GitHub runs without a file has no such path, and need not look like the others.
        ours = (row for row in rows if str(row.get("path")).startswith(_FOLDER))
        return {facts.path: facts for facts in map(_read_workflow, ours)}

    def find_last_run(self, workflow: WorkflowFacts) -> ClockRun | None:
        """Return the newest run by the clock that is at work or came to its end.

        Where none of the newest few is of that kind, it is the oldest of these. Raises
        PlatformError.
        """
        path = repository_path(self._repository, "actions", "workflows", str(workflow.id), "runs")
        rows = self._get_rows(path, event="schedule", per_page=_SOME_RUNS)
        begun = [_read_run(row) for row in rows]
        alive = [
            run
            for row, run in zip(rows, begun, strict=True)
            if row.get("status") == "in_progress" or row.get("conclusion") in _ENDED
        ]
        by_age = attrgetter("began_at")
        return max(alive, key=by_age, default=min(begun, key=by_age, default=None))

    def find_blob(self, path: str, commit: str = "") -> str | None:
        """Return git's id of a file, of the default branch unless a commit is named.

        None where there is no such file. Raises PlatformError.
        """
        file, needs = repository_path(self._repository, "contents", *path.split("/")), _NEEDS_FILES
        at = {"ref": commit} if commit else {}
        try:
            data = self._client.get(file, needs=needs, **at)
        except PlatformRefused as error:
            if error.status != 404:
                raise
            commits = repository_path(self._repository, "commits")
            with missing_is_forbidden(commits, needs):
                self._client.get(commits, needs=needs, per_page=1)
            return None  # files can be read, so that this one is not there
        if not isinstance(data, dict):
            raise PlatformUnavailable(NONSENSE)
        return read_text(data, "sha")

    def _get_rows(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        with missing_is_forbidden(path, _NEEDS):
            data = self._client.get(path, needs=_NEEDS, **query)
        rows = data.get("workflow_runs") if isinstance(data, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(NONSENSE)
        return rows


def _read_workflow(row: Mapping[str, Any]) -> WorkflowFacts:
    number = row.get("id")
    created, updated = read_instant(row, "created_at"), read_instant(row, "updated_at")
    if type(number) is not int or not (created and updated):
        raise PlatformUnavailable(NONSENSE)
    path = read_text(row, "path").partition("@")[0]
    return WorkflowFacts(number, path, read_text(row, "state"), created, updated)


def _read_run(row: Mapping[str, Any]) -> ClockRun:
    created = read_instant(row, "created_at")
    if created is None:
        raise PlatformUnavailable(NONSENSE)
    branch = row.get("head_branch")  # may be null, says GitHub's description
    return ClockRun(created, read_text(row, "head_sha"), branch if isinstance(branch, str) else "")
