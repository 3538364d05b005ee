"""What watches the watcher: the workflows that run keyturn by the clock, and GitHub's word on them.

Facts only; whether they are enough is judged in `rules/watcher`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyturn.model.secrets import Trigger

SCHEDULE_STOPPED = "schedule-stopped"
"""The rule about a schedule of keyturn's own that does not start it any more."""


@dataclass(frozen=True, slots=True)
class OwnWorkflow:
    """A workflow file that checks or rotates tokens with keyturn, started by GitHub's clock."""

    path: str
    schedules: tuple[Trigger, ...]
    """What starts the very step."""
    text: str = field(default="", repr=False)
    """The file as it was read here; line ends are kept."""


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """A workflow as GitHub lists it."""

    id: int
    path: str
    state: str
    """active, disabled_manually, disabled_inactivity, disabled_fork or deleted."""
    created_at: datetime
    updated_at: datetime
    """When it was made, or switched off or on, last."""


@dataclass(frozen=True, slots=True)
class ClockRun:
    """A run that GitHub's clock started."""

    began_at: datetime
    commit: str
    branch: str
    """The default branch, as it was then; empty where that is not told."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What of a repository decides whether GitHub starts its schedules."""

    private: bool
    archived: bool
    default_branch: str
    pushed_at: datetime | None
