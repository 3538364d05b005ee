"""Tells whether a repository's workflows are started by the clock, and when they were last.

It switches nothing on or off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.errors import PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_instant, read_text
from keyturn.github.client import Client, repository_facts, repository_path
from keyturn.model import Activity, WorkflowFacts

_NEEDS = "Actions: read"
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

    def find_last_run(self, workflow: WorkflowFacts) -> datetime | None:
        """Return when the newest run by the clock began that is at work or came to its end.

        Where none of the newest few is of that kind, it is the oldest of these. Raises
        PlatformError.
        """
        path = repository_path(self._repository, "actions", "workflows", str(workflow.id), "runs")
        rows = self._get_rows(path, event="schedule", per_page=_SOME_RUNS)
        begun = [_read_begin(row) for row in rows]
        alive = [
            at
            for row, at in zip(rows, begun, strict=True)
            if row.get("status") == "in_progress" or row.get("conclusion") in _ENDED
        ]
        return max(alive, default=min(begun, default=None))

    def find_last_change(self, path: str) -> datetime | None:
        """Return when a file of the default branch was changed last; None where it has none.

        Raises PlatformError.
        """
        address, needs = repository_path(self._repository, "commits"), "Contents: read"
        with missing_is_forbidden(address, needs):
            rows = self._client.get(address, needs=needs, path=path, per_page=1)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(NONSENSE)
        # The list was readable, so that what is not found now is not there.
        file = repository_path(self._repository, "contents", *path.split("/"))
        if not rows or not self._client.exists(file, needs=needs):
            return None
        return _read_commit(rows[0])

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


def _read_begin(row: Mapping[str, Any]) -> datetime:
    created = read_instant(row, "created_at")
    if created is None:
        raise PlatformUnavailable(NONSENSE)
    return created


def _read_commit(row: Mapping[str, Any]) -> datetime:
    commit = row.get("commit")
    committer = commit.get("committer") if isinstance(commit, dict) else None
    at = read_instant(committer, "date") if isinstance(committer, dict) else None
    if at is None:
        raise PlatformUnavailable(NONSENSE)
    return at
