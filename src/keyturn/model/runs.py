"""Workflow runs as GitHub lists them; values only, and nothing here says what a run can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from keyturn.model.secrets import Use


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a job of a run."""

    name: str
    """As GitHub shows it: its name, or `Run npm publish`."""
    conclusion: str | None


@dataclass(frozen=True, slots=True)
class RunJob:
    """One job of a run's latest attempt."""

    name: str
    """As GitHub shows it: `publish`, `build (3.12)`, `release / publish`."""
    status: str
    """queued, waiting, pending, requested, in_progress or completed."""
    started_at: datetime | None = None
    conclusion: str | None = None
    """success, failure, skipped, …; None while it has not ended."""
    id: int = 0
    steps: tuple[RunStep, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of a workflow."""

    repository: str
    """owner/name."""
    id: int
    path: str
    """The workflow's file, without the `@branch` that GitHub may write behind it."""
    event: str
    status: str
    created_at: datetime
    """Stays the same when the run is started again."""
    updated_at: datetime
    html_url: str
    attempt: int = 1
    """More than 1: somebody has started it again."""
    jobs: tuple[RunJob, ...] | None = None
    """None: not asked for."""
    branch: str = ""
    """The branch that it ran on; empty where there is none."""


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step of a run that failed, and what it said."""

    run: WorkflowRun
    job: str
    step: str
    uses: tuple[Use, ...]
    """Of the secrets that it was given."""
    log: str = field(repr=False)
    """Somebody else's words: nothing of it may be shown."""
