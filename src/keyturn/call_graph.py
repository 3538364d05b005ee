"""The workflows of one repository -> which job uses which stored secret, and what starts that job.

Reusable workflows and local actions are followed inside the repository, never outside of it, and
nothing is known here of which secrets exist.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from keyturn.errors import NotPermitted, NotUnderstood, PlatformError
from keyturn.expression_tree import Expression
from keyturn.expressions import can_hold
from keyturn.interfaces import SourceTree
from keyturn.model import Consumer, Failure, FailureKind, How, Reference, Trigger, Use, Uses
from keyturn.model.watching import OwnWorkflow
from keyturn.workflows import (
    Action,
    Job,
    Step,
    Workflow,
    may_run_keyturn,
    parse_action,
    parse_dependabot,
    parse_workflow,
    runs_keyturn,
    schedules_of,
)

_MAX_LEVELS = 10
"""Of nested workflows, and of nested actions: GitHub's own limits (docs, 2026-11)."""
_MAX_ACTIONS = 500
_MAX_EFFORT = 50_000
"""Jobs visited and uses found from one started workflow; a hostile graph has no natural end."""

_WORD = re.compile(r"[A-Za-z_]\w*+")
_VARIABLE = re.compile(r"\benv\s*\.\s*([A-Za-z_]\w*+)")

_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True)
class Sources:
    """What was read of one repository."""

    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    """By path."""
    actions: Mapping[str, Action] = field(default_factory=dict)
    """By folder; `.` for an action at the root."""
    repository: str = ""
    """As owner/name; empty where it is not known."""


def read_uses(tree: SourceTree, *, repository: str = "") -> Uses:
    """Read every workflow, the local actions they use and the Dependabot configuration.

    Never raises: a file that cannot be read or understood becomes a failure, and the result is
    not complete.
    """
    failures: list[Failure] = []
    paths = _attempt(tree.list_workflows, ".github/workflows", failures) or ()
    workflows = {}
    for path in paths:
        workflow = _load(tree, path, parse_workflow, failures)
        if workflow is not None:
            workflows[path] = workflow
    sources = Sources(workflows, _load_actions(tree, workflows.values(), failures), repository)
    uses: list[Use] = []
    references: list[Reference] = []
    own: list[OwnWorkflow] = []
    hidden = False
    for workflow in workflows.values():
        found = _attempt(partial(resolve, workflow, sources), workflow.path, failures) or Resolved()
        uses += found.uses
        references += workflow.all_references
        if found.own:
            own.append(OwnWorkflow(workflow.path, found.own, workflow.text))
        hidden |= found.leads_away or (not found.own and may_run_keyturn(workflow))
    for action in sources.actions.values():
        references += action.all_references
    names = _load_dependabot(tree, failures)
    files: tuple[Workflow | Action, ...] = (*workflows.values(), *sources.actions.values())
    return Uses(
        uses=tuple(uses),
        references=tuple(
            sorted(dict.fromkeys(references), key=lambda ref: (ref.path, ref.line, ref.column))
        ),
        texts={each.path: each.text for each in files if any(each.all_references)},
        jobs={
            (w.path, job.id): tuple(step.consumer for step in job.steps)
            for w in workflows.values()
            for job in w.jobs
        },
        events={w.path: frozenset(t.event for t in w.triggers) for w in workflows.values()},
        dependabot_names=names,
        complete=not failures and not _anything_may_be_meant(sources, references),
        failures=tuple(failures),
        own=tuple(own),
        own_known=not failures and not hidden,
    )


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the runs of one started workflow do."""

    uses: tuple[Use, ...] = ()
    own: tuple[Trigger, ...] = ()
    """The schedules that start a step which checks or rotates tokens with keyturn."""
    leads_away: bool = False
    """A schedule starts a workflow of another repository."""


def resolve(entry: Workflow, sources: Sources) -> Resolved:
    """Follow the jobs of a workflow as one run of it would; nothing for a merely callable one.

    Raises NotUnderstood where its calls branch without end.
    """
    triggers = tuple(trigger for trigger in entry.triggers if trigger.event != "workflow_call")
    if not triggers:
        return Resolved()
    walk = _Walk(entry.path, sources)
    walk.follow(entry, _Frame(triggers, declared=entry.declared))
    return Resolved(tuple(dict.fromkeys(walk.uses)), tuple(walk.own), walk.leads_away)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A secret as it is stored, which some name stands for."""

    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a workflow, a job or a step gets from what started it."""

    triggers: tuple[Trigger, ...]
    labels: tuple[str, ...] = ()
    scope: Mapping[str, tuple[_Stored, ...]] | None = None
    """What the caller passed, by the called workflow's names; None: all, as they are stored."""
    declared: Mapping[str, bool] = field(default_factory=dict)
    environment: str = ""
    environment_known: bool = True
    callers: tuple[str, ...] = ()

    def find_stored(self, name: str) -> Iterator[tuple[_Stored, bool]]:
        """Yield what a name stands for, and whether the job's environment may supply it.

        An environment's secrets cannot be passed by a caller, which has none; the called job's
        own environment supplies them, under the name that the job reads (GitHub docs, "Reuse
        workflows", 2026-11).
        """
        if self.scope is None:
            yield _Stored(name, optional=False), True
        elif name in self.scope:
            for stored in self.scope[name]:
                yield stored, stored.name == name
        elif self.environment or not self.environment_known:
            yield _Stored(name, optional=not self.declared.get(name, True)), True


class _Walk:
    """Collects the uses of one started workflow."""

    def __init__(self, path: str, sources: Sources) -> None:
        self.uses: list[Use] = []
        self.own: dict[Trigger, None] = {}
        self.leads_away = False
        self._path = path
        self._sources = sources
        self._effort = 0
        self._judged: dict[tuple[int, str], bool] = {}
        self._words: dict[Consumer, frozenset[str]] = {}

    def follow(self, workflow: Workflow, frame: _Frame) -> None:
        """Visit the jobs of a workflow that runs in a frame."""
        for job in workflow.jobs:
            self._spend()
            inside = replace(
                self._under(frame, job.condition),
                labels=(*frame.labels, job.label),
                environment=job.environment,
                environment_known=job.environment_known,
            )
            find = partial(self._find_consumers, job)
            self._add(job.references, inside, find)
            if job.uses:
                self._call(workflow, job, inside)
                continue
            # A workflow's `env:` does not reach the workflows it calls.
            self._add(workflow.references, inside, find)
            self._take_steps(job.steps, inside, folders=())

    def _find_consumers(self, job: Job, reference: Reference) -> tuple[Consumer, ...]:
        """Return the steps of a job that name the variable which holds a secret."""
        variable = reference.key.removeprefix("env.")
        if variable == reference.key:
            return ()
        found = []
        for step in job.steps:
            self._spend()
            if step.consumer not in self._words:
                self._words[step.consumer] = _words(step.consumer)
            if variable in self._words[step.consumer]:
                found.append(step.consumer)
        return tuple(found)

    def _under(self, frame: _Frame, condition: Expression | None) -> _Frame:
        """Return the frame of something that only runs where a condition holds."""
        if condition is None:
            return frame
        triggers = tuple(t for t in frame.triggers if self._can_hold(condition, t.event))
        return frame if triggers == frame.triggers else replace(frame, triggers=triggers)

    def _can_hold(self, condition: Expression, event: str) -> bool:
        """Judge once: aliases can put one long condition on every step, for every trigger."""
        key = (id(condition), event)
        if key not in self._judged:
            repository = self._sources.repository
            self._judged[key] = can_hold(condition, event=event, repository=repository)
        return self._judged[key]

    def _call(self, caller: Workflow, job: Job, frame: _Frame) -> None:
        callers = (*frame.callers, caller.path)
        callee = _find_callee(job, self._sources)
        if callee is None:  # out of sight: this job is all there is to tell
            self.leads_away |= bool(schedules_of(frame.triggers))
            for references in job.passed.values():
                self._add(references, frame, lambda _: (job.consumer,))
        elif callee.path not in callers and len(callers) < _MAX_LEVELS:
            scope = frame.scope if job.inherits else self._pass_on(job, frame)
            declared = callee.declared
            self.follow(callee, replace(frame, scope=scope, declared=declared, callers=callers))

    def _pass_on(self, job: Job, frame: _Frame) -> dict[str, tuple[_Stored, ...]]:
        """Translate a `secrets:` map to the names under which the secrets are stored."""
        scope = {}
        for name, references in job.passed.items():
            found: dict[_Stored, None] = {}
            for reference in references:
                for stored, _ in frame.find_stored(reference.name or ""):
                    self._spend()
                    found[_Stored(stored.name, stored.optional or reference.optional)] = None
            scope[name] = tuple(found)
        return scope

    def _take_steps(
        self, steps: Iterable[Step], frame: _Frame, *, folders: tuple[str, ...]
    ) -> None:
        for step in steps:
            self._spend()
            inside = self._under(frame, step.condition)
            self._add(step.references, inside, partial(_reach, step))
            if runs_keyturn(step.consumer):
                self.own |= dict.fromkeys(schedules_of(inside.triggers))
            folder = _find_folder(step)
            action = self._sources.actions.get(folder) if folder else None
            if action and folder not in folders and len(folders) < _MAX_LEVELS:
                self._add(action.references, inside, partial(_reach, step))
                self._take_steps(action.steps, inside, folders=(*folders, folder))

    def _add(
        self,
        references: Iterable[Reference],
        frame: _Frame,
        find: Callable[[Reference], tuple[Consumer, ...]],
    ) -> None:
        """Note the uses of some places, with what `find` knows them to reach."""
        for reference in references:
            if reference.name is None:
                continue
            for stored, local in frame.find_stored(reference.name):
                self._spend()
                read = replace(reference, optional=True) if stored.optional else reference
                self.uses.append(
                    Use(
                        name=stored.name,
                        path=self._path,
                        job=" / ".join(frame.labels),
                        triggers=frame.triggers,
                        reference=read,
                        environment=frame.environment if local else "",
                        environment_known=frame.environment_known or not local,
                        required=frame.scope is not None or frame.declared.get(stored.name, True),
                        consumers=find(reference),
                    )
                )

    def _spend(self) -> None:
        self._effort += 1
        if self._effort > _MAX_EFFORT:
            message = f"more than {_MAX_EFFORT} jobs and uses, with the workflows that it calls"
            raise NotUnderstood(self._path, 1, 1, message)


def _reach(step: Step, _reference: Reference) -> tuple[Consumer, ...]:
    return (step.consumer,)


def _words(consumer: Consumer) -> frozenset[str]:
    """Return the names that a step may take from its environment."""
    texts = (*consumer.conditions, *consumer.inputs.values(), *consumer.env.values())
    named = (name for text in texts for name in _VARIABLE.findall(text))
    return frozenset((*_WORD.findall(consumer.script), *named))


def _find_callee(job: Job, sources: Sources) -> Workflow | None:
    local = job.uses.startswith("./")
    return sources.workflows.get(posixpath.normpath(job.uses)) if local else None


def _find_folder(step: Step) -> str:
    """Return the folder of a local action that a step uses, empty for anything else."""
    if not step.uses.startswith("./"):
        return ""
    folder = posixpath.normpath(step.uses)
    return "" if folder == ".." or folder.startswith("../") else folder


def _anything_may_be_meant(sources: Sources, references: Iterable[Reference]) -> bool:
    return any(reference.how is How.WHOLE_CONTEXT for reference in references) or any(
        job.inherits and _find_callee(job, sources) is None
        for workflow in sources.workflows.values()
        for job in workflow.jobs
    )


def _attempt(
    action: Callable[[], _Parsed], subject: str, failures: list[Failure]
) -> _Parsed | None:
    """Do one thing; None where it failed, which is noted."""
    try:
        return action()
    except NotUnderstood as error:
        failures.append(Failure(FailureKind.NOT_UNDERSTOOD, subject, error.message))
    except NotPermitted as error:
        failures.append(Failure(FailureKind.NOT_PERMITTED, subject, error.told))
    except PlatformError as error:
        failures.append(Failure(FailureKind.GITHUB_UNAVAILABLE, subject, error.told))
    return None


def _load(
    tree: SourceTree,
    path: str,
    parse: Callable[[str, bytes], _Parsed],
    failures: list[Failure],
) -> _Parsed | None:
    """Read and parse one file; None where there is none, or it failed."""

    def load() -> _Parsed | None:
        data = tree.read(path)
        return None if data is None else parse(path, data)

    return _attempt(load, path, failures)


def _load_dependabot(tree: SourceTree, failures: list[Failure]) -> frozenset[str]:
    for path in (".github/dependabot.yml", ".github/dependabot.yaml"):
        names = _load(tree, path, parse_dependabot, failures)
        if names is not None:
            return names
    return frozenset()


def _load_actions(
    tree: SourceTree, workflows: Iterable[Workflow], failures: list[Failure]
) -> dict[str, Action]:
    """Load the local actions of the workflows' steps, and those that these use in turn.

    One that is not there comes from elsewhere, such as a second checkout, and is left alone.
    """
    actions: dict[str, Action] = {}
    steps = [step for workflow in workflows for job in workflow.jobs for step in job.steps]
    seen: set[str] = set()
    while steps:
        folder = _find_folder(steps.pop())
        if not folder or folder in seen:
            continue
        seen.add(folder)
        if len(seen) > _MAX_ACTIONS:
            message = f"more than {_MAX_ACTIONS} local actions are used"
            failures.append(Failure(FailureKind.NOT_UNDERSTOOD, ".github/workflows", message))
            break
        for name in ("action.yml", "action.yaml"):
            path = posixpath.normpath(posixpath.join(folder, name))
            action = _load(tree, path, parse_action, failures)
            if action is not None:
                actions[folder] = action
                steps.extend(action.steps)
                break
    return actions
