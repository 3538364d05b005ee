"""One workflow, action or Dependabot file -> what it says about secrets, each use with its place.

It reads one file at a time and follows nothing; `call_graph` joins them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from keyturn import yaml_tree
from keyturn.expression_tree import Expression
from keyturn.expressions import parse_condition
from keyturn.model import Consumer, How, Reference, Trigger
from keyturn.workflow_reader import Reader

# keyturn is given a token to report on it, and does not break with it.
_OWN_ACTION = re.compile(r"(?:docker://)?(?:[^/@]+/)+keyturn(?:/composite)?(?:[@:].*)?")
_OWN_COMMAND = re.compile(r"\bkeyturn(?:[:@]\S+)?[ \t]+(?:check|rotate)\b", re.ASCII)
_WATCH_ONLY = "--watch-only"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job or of a composite action."""

    condition: Expression | None
    uses: str
    """As written, empty for a script."""
    references: tuple[Reference, ...]
    consumer: Consumer


@dataclass(frozen=True, slots=True)
class Job:
    """One job, which runs steps or calls a reusable workflow."""

    id: str
    label: str
    """As GitHub shows it: the name where that is plain text, else the id."""
    condition: Expression | None
    uses: str
    """The reusable workflow it calls, as written; empty for a job with steps."""
    environment: str
    environment_known: bool
    references: tuple[Reference, ...]
    """Outside its steps and its `secrets:` map."""
    steps: tuple[Step, ...]
    passed: Mapping[str, tuple[Reference, ...]]
    """Its `secrets:` map: the called workflow's name, upper-case -> what stands there."""
    inherits: bool
    consumer: Consumer
    """The job as one, where it calls a workflow."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One file of `.github/workflows`."""

    path: str
    triggers: tuple[Trigger, ...] = ()
    declared: Mapping[str, bool] = field(default_factory=dict)
    """The secrets it declares for its callers, upper-case -> required."""
    references: tuple[Reference, ...] = ()
    """Outside jobs, above all in its `env:`."""
    jobs: tuple[Job, ...] = ()
    text: str = ""

    @property
    def all_references(self) -> Iterator[Reference]:
        """Every place of the file."""
        yield from self.references
        for job in self.jobs:
            yield from job.references
            for references in job.passed.values():
                yield from references
            for step in job.steps:
                yield from step.references


@dataclass(frozen=True, slots=True)
class Action:
    """The `action.yml` of an action in the repository; its references have no job."""

    path: str
    references: tuple[Reference, ...] = ()
    """Outside its steps, such as the arguments of a container."""
    steps: tuple[Step, ...] = ()
    text: str = ""

    @property
    def all_references(self) -> Iterator[Reference]:
        """Every place of the file."""
        yield from self.references
        for step in self.steps:
            yield from step.references


def parse_workflow(path: str, data: bytes) -> Workflow:
    """Parse a workflow file; one without content is a workflow without jobs.

    Raises NotUnderstood, for what GitHub would refuse and for what is too large.
    """
    reader = Reader(path)
    root = reader.load(data)
    events = root.get("on")
    jobs = reader.mapping(root.get("jobs"), "jobs")
    return Workflow(
        path=path,
        triggers=reader.limit_triggers(_parse_triggers(reader, events), events),
        declared=_parse_declared(reader, events),
        # What stands in `on:` are declarations and descriptions; no secret can be read there.
        references=reader.find(root, without=("name", "on", "jobs")),
        jobs=tuple(_parse_job(reader, key.text, node, root) for key, node in jobs),
        text=data.decode(),
    )


def parse_action(path: str, data: bytes) -> Action:
    """Parse the `action.yml` of a local action. Raises NotUnderstood."""
    reader = Reader(path)
    runs = reader.mapping(reader.load(data).get("runs"), "runs")
    return Action(
        path=path,
        references=reader.find(runs, without=("steps",)),
        steps=_parse_steps(reader, runs.get("steps"), Consumer(path, 1)),
        text=data.decode(),
    )


def parse_dependabot(path: str, data: bytes) -> frozenset[str]:
    """Return the names a `dependabot.yml` reads from the Dependabot store. Raises NotUnderstood."""
    reader = Reader(path)
    references = reader.find(reader.load(data))
    return frozenset(reference.name for reference in references if reference.name)


def _parse_triggers(reader: Reader, events: yaml_tree.Node | None) -> Iterator[Trigger]:
    match events:
        case yaml_tree.Scalar() if events.value is not None:
            yield Trigger(events.text)
        case yaml_tree.Sequence():
            for item in events.items:
                yield Trigger(reader.text(item, "on"))
        case yaml_tree.Mapping():
            for key, node in events:
                if key.text != "schedule":
                    yield Trigger(key.text)
                    continue
                for item in reader.sequence(node, "schedule"):
                    entry = reader.mapping(item, "schedule")
                    cron = reader.text(entry.get("cron"), "cron")
                    zone = reader.text(entry.get("timezone"), "timezone")
                    yield Trigger("schedule", cron, zone or "UTC")


def _parse_declared(reader: Reader, events: yaml_tree.Node | None) -> dict[str, bool]:
    if not isinstance(events, yaml_tree.Mapping):
        return {}
    call = reader.mapping(events.get("workflow_call"), "workflow_call")
    declared = {}
    for key, node in reader.mapping(call.get("secrets"), "secrets"):
        required = reader.mapping(node, key.text).get("required")
        declared[key.text.upper()] = isinstance(required, yaml_tree.Scalar) and (
            required.value is True
        )
    return declared


def _parse_job(reader: Reader, job: str, node: yaml_tree.Node, workflow: yaml_tree.Mapping) -> Job:
    body = reader.mapping(node, job)
    consumer = _parse_surroundings(reader, job, body, workflow)
    reader.give(node, _measure(consumer))
    name = reader.text(body.get("name"), "name").strip()
    environment = body.get("environment")
    if isinstance(environment, yaml_tree.Mapping):
        environment = environment.get("name")
    place = reader.text(environment, "environment")
    known = "${{" not in place
    references = reader.find(body, without=("if", "steps", "secrets"), job=job)
    passed, inherited = _parse_passed(reader, body.get("secrets"), job=job)
    return Job(
        id=job,
        label=name if name and "${{" not in name else job,
        condition=_parse_if(reader, body),
        uses=consumer.uses,
        environment=place if known else "",
        environment_known=known,
        references=references + reader.find_condition(body, job=job) + inherited,
        steps=_parse_steps(reader, body.get("steps"), replace(consumer, uses="")),
        passed=passed,
        inherits=any(reference.how is How.INHERIT for reference in inherited),
        consumer=consumer,
    )


def _parse_surroundings(
    reader: Reader, job: str, body: yaml_tree.Mapping, workflow: yaml_tree.Mapping
) -> Consumer:
    """Return what a job gives to all its steps."""
    granted = body.get("permissions") or workflow.get("permissions")
    permissions = None if granted is None else _parse_permissions(reader, granted)
    return Consumer(
        path=reader.path,
        line=body.line,
        job=job,
        label=job,
        uses=reader.text(body.get("uses"), "uses"),
        conditions=_parse_conditions(reader, body),
        env=reader.texts(workflow.get("env"), "env") | reader.texts(body.get("env"), "env"),
        shell=_parse_shell(reader, body) or _parse_shell(reader, workflow),
        tolerated=_is_true(body.get("continue-on-error")) and not reader.asks_for_job(job),
        runner=_parse_runner(body.get("runs-on")),
        permissions=permissions,
    )


def _parse_shell(reader: Reader, body: yaml_tree.Mapping) -> str:
    """Return the shell that a job, or the workflow, gives to its scripts."""
    defaults = reader.mapping(body.get("defaults"), "defaults")
    return reader.text(reader.mapping(defaults.get("run"), "run").get("shell"), "shell")


def _parse_runner(node: yaml_tree.Node | None) -> str:
    """Return the labels of the runner that a job wants."""
    labels = node.items if isinstance(node, yaml_tree.Sequence) else [node]
    return ",".join(label.text for label in labels if isinstance(label, yaml_tree.Scalar))


def _parse_permissions(reader: Reader, node: yaml_tree.Node) -> dict[str, str]:
    if isinstance(node, yaml_tree.Scalar):  # `read-all`, `write-all`
        return {"*": node.text.removesuffix("-all")}
    return reader.texts(node, "permissions")


def _parse_conditions(reader: Reader, body: yaml_tree.Mapping) -> tuple[str, ...]:
    text = reader.text(body.get("if"), "if")
    return (text,) if text else ()


def _is_true(node: yaml_tree.Node | None) -> bool:
    return isinstance(node, yaml_tree.Scalar) and node.value is True


def _parse_passed(
    reader: Reader, node: yaml_tree.Node | None, *, job: str
) -> tuple[dict[str, tuple[Reference, ...]], tuple[Reference, ...]]:
    """Return the entries of a `secrets:` map, and the reference of `secrets: inherit`."""
    if isinstance(node, yaml_tree.Scalar) and node.text == "inherit":
        return {}, (Reference(reader.path, node.line, node.column, None, How.INHERIT, job),)
    entries = reader.mapping(node, "secrets")
    return {
        key.text.upper(): reader.find(value, job=job, key=f"secrets.{key.text}", how=How.PASSED)
        for key, value in entries
    }, ()


def _parse_steps(reader: Reader, node: yaml_tree.Node | None, outer: Consumer) -> tuple[Step, ...]:
    """Parse a list of steps; `outer` is what all of them are given."""
    steps = []
    shared = _measure(outer)
    for number, item in enumerate(reader.sequence(node, "steps"), 1):
        body = reader.mapping(item, "steps")
        name, own_id = reader.text(body.get("name"), "name"), reader.text(body.get("id"), "id")
        label = name.strip() or own_id or f"#{number}"
        uses = reader.text(body.get("uses"), "uses")
        references = reader.find(body, without=("if",), job=outer.job, step=label)
        if _OWN_ACTION.fullmatch(uses):
            references = tuple(replace(reference, optional=True) for reference in references)
        tested = reader.find_condition(body, job=outer.job, step=label)
        inputs = reader.texts(body.get("with"), "with")
        script = reader.text(body.get("run"), "run")
        env = reader.texts(body.get("env"), "env")
        reader.give(item, shared + len(script) + _count(inputs) + _count(env))
        consumer = replace(
            outer,
            line=body.line,
            label=label,
            uses=uses,
            script=script,
            shell=reader.text(body.get("shell"), "shell") or outer.shell,
            conditions=(*outer.conditions, *_parse_conditions(reader, body)),
            inputs={name.lower(): value for name, value in inputs.items()},
            env={**outer.env, **env},
            tolerated=outer.tolerated
            or (_is_true(body.get("continue-on-error")) and not reader.asks_for_step(own_id)),
        )
        steps.append(Step(_parse_if(reader, body), uses, references + tested, consumer))
    return tuple(steps)


def _measure(outer: Consumer) -> int:
    """Return how much every step of a job is given."""
    return _count(outer.env) + sum(map(len, outer.conditions))


def _count(texts: Mapping[str, str]) -> int:
    return sum(len(name) + len(text) + 50 for name, text in texts.items())  # 50: to hold one


def runs_keyturn(step: Consumer) -> bool:
    """Say whether a step checks or rotates tokens with keyturn; to watch the schedule is neither.

    A command that is an expression may be anything, and counts.
    """
    if _OWN_ACTION.fullmatch(step.uses):
        command = step.inputs.get("command", "").split()[:1] or ["check"]
        known = command[0] in ("check", "rotate") or "${{" in command[0]
        return known and _WATCH_ONLY not in step.inputs.get("args", "")
    return any(
        _OWN_COMMAND.search(line) and _WATCH_ONLY not in line
        for line in step.script.splitlines()
        if not line.lstrip().startswith("#")
    )


def may_run_keyturn(workflow: Workflow) -> bool:
    """Say whether the clock may start keyturn in a way that is not understood, as by a script."""
    return bool(schedules_of(workflow.triggers)) and "keyturn" in workflow.text.lower()


def schedules_of(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """Return those of some triggers that are the clock's."""
    return tuple(trigger for trigger in triggers if trigger.event == "schedule")


def _parse_if(reader: Reader, body: yaml_tree.Mapping) -> Expression | None:
    text = reader.text(body.get("if"), "if")
    # Aliases may repeat one long condition a thousand times.
    if text not in reader.conditions:
        reader.conditions[text] = parse_condition(text)
    return reader.conditions[text]
