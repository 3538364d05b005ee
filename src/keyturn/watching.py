"""Watches the watcher: asks GitHub whether the workflows that run keyturn are still started.

A part of the survey, and all of `check --watch-only`; what is asked means, `rules/watcher` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyturn.blob import blob_id
from keyturn.errors import NotPermitted, PlatformError
from keyturn.model import (
    Activity,
    ClockRun,
    Failure,
    FailureKind,
    Finding,
    OwnWorkflow,
    Policy,
    Uses,
    WorkflowFacts,
)
from keyturn.rules.watcher import (
    NOBODY,
    Trouble,
    describe_missed,
    describe_moved,
    find_missed,
    judge_own_token,
    judge_state,
    report_stopped,
)

_MOST = 5
"""Workflows that are looked at; each costs a request, or a few."""
_UNCERTAIN = Trouble("whether it is late cannot be told")


class Schedules(Protocol):
    """What GitHub tells about the workflows of one repository. Everything raises PlatformError."""

    def activity(self) -> Activity:
        """Return what decides whether schedules are started."""
        ...

    def list_workflows(self) -> Mapping[str, WorkflowFacts]:
        """Return the workflows by path."""
        ...

    def find_last_run(self, workflow: WorkflowFacts) -> ClockRun | None:
        """Return the newest run by the clock that is at work, or came to its end."""
        ...

    def find_blob(self, path: str, commit: str = "") -> str | None:
        """Return git's id of a file, of the default branch unless a commit is named; or None."""
        ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How this very run was started."""

    event: str = ""
    """Empty outside GitHub Actions, and where another repository's files are checked."""
    ref: str = ""
    workflow: str = ""
    """The path of its workflow; empty where the runner does not tell."""
    pretends: bool = False
    """It takes another moment than the clock's for now."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is needed to watch one repository's keyturn."""

    schedules: Schedules
    run: Circumstances
    undeclared_end: datetime | None = None
    """When the credential that keyturn acts with ends, where that is told and nobody declared
    it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of it."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    judged: bool = False
    """The schedule was looked at as a whole: what is not found is not there."""


def watch_schedule(repository: str, uses: Uses, watch: Watch, *, now: datetime) -> Watched:
    """Judge the schedules of a repository's own keyturn. Never raises: what fails is a failure."""
    troubles: list[Trouble] = []
    failures: tuple[Failure, ...] = ()
    judged = False
    try:
        judged = _look(uses, watch, troubles, now=now)
    except NotPermitted as error:
        told = f"whether keyturn's own schedule still runs was not seen: {error.told}"
        failures = (Failure(FailureKind.NOT_PERMITTED, repository, told),)
    except PlatformError as error:
        told = f"whether keyturn's own schedule still runs: {error.told}"
        failures = (Failure(FailureKind.GITHUB_UNAVAILABLE, repository, told),)
    findings = (report_stopped(repository, troubles),) if troubles else ()
    return Watched(findings, failures, judged)


def watch_token(
    repository: str, watch: Watch, *, defaults: Policy, now: datetime
) -> tuple[Finding, ...]:
    """Judge the credential that keyturn acts with, as far as GitHub told of it."""
    if watch.undeclared_end is None:
        return ()
    found = judge_own_token(repository, watch.undeclared_end, defaults=defaults, now=now)
    return (found,) if found else ()


def _look(uses: Uses, watch: Watch, troubles: list[Trouble], *, now: datetime) -> bool:
    """Add to the troubles; return whether everything was looked at."""
    if not uses.own:
        # Whoever starts it from elsewhere, or by hand, was promised nothing by GitHub's clock.
        if watch.run.event != "push" or not uses.own_known:
            return False
        if watch.run.ref != f"refs/heads/{watch.schedules.activity().default_branch}":
            return False
        troubles.append(NOBODY)
        return True
    activity = watch.schedules.activity()
    if activity.archived:
        return False
    known = watch.schedules.list_workflows()
    judged = True
    for own in uses.own[:_MOST]:
        # One that GitHub does not know is on another branch, or was never on the default one.
        facts = known.get(own.path)
        found = _judge(own, facts, activity, watch, now=now) if facts else _UNCERTAIN
        judged = judged and found is not _UNCERTAIN
        troubles += [found] if found and found is not _UNCERTAIN else []
    return judged


def _judge(
    own: OwnWorkflow, facts: WorkflowFacts, activity: Activity, watch: Watch, *, now: datetime
) -> Trouble | None:
    """Return what is wrong with one workflow; None where all is well."""
    found = judge_state(facts, activity, now=now)
    is_running = watch.run.event == "schedule" and watch.run.workflow in ("", own.path)
    # One that ran and is not on the default branch any more is called deleted.
    if found or facts.state not in ("active", "deleted") or is_running:
        return found
    if watch.run.pretends:
        return _UNCERTAIN  # which runs will have come by then, nobody knows
    last = watch.schedules.find_last_run(facts)
    # While it was switched off, nothing was promised.
    since = max(last.began_at if last else facts.created_at, facts.updated_at)
    if not find_missed(own.schedules, since, now=now):
        return None
    blob = watch.schedules.find_blob(own.path)
    if blob is None:
        # From a branch that is the default one still, somebody took it away. A clone on somebody's
        # machine may be old, and a branch that never ran promised nothing.
        if last is None or last.branch in ("", activity.default_branch) or not watch.run.event:
            return _UNCERTAIN
        return describe_moved(own, last.began_at, activity.default_branch)
    if blob != blob_id(own.text.encode()):
        return _UNCERTAIN  # what was read here is not what GitHub starts
    if last is None or watch.schedules.find_blob(own.path, last.commit) != blob:
        # The schedule is newer than its last run. A commit's date does not tell when it came to
        # the default branch; that was with the last push at the latest.
        since = max(since, activity.pushed_at or now)
    missed = find_missed(own.schedules, since, now=now)
    if missed is None:
        return _UNCERTAIN
    return describe_missed(own, last.began_at if last else None, missed)
