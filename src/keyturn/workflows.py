"""One workflow, action or Dependabot file -> what it says about secrets, each use with its place.

It reads one file at a time and follows nothing; `call_graph` joins them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from keyturn import yaml_tree
from keyturn.errors import NotUnderstood
from keyturn.expression_tree import Expression
from keyturn.expressions import SecretUse, find_secrets, parse_condition
from keyturn.model import How, Reference, Trigger

MAX_BYTES = 5 << 20
_MAX_REFERENCES = 10_000
_MAX_TRIGGERS = 100

# keyturn is given a token to report on it, and does not break with it.
_OWN_ACTION = re.compile(r"(?:docker://)?(?:[^/@]+/)+keyturn(?:/composite)?(?:[@:].*)?")
_PROPERTIES = re.compile(r"(?:[&!]\S*+\s++)*+")
_BREAK = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job or of a composite action."""

    condition: Expression | None
    uses: str
    """As written, empty for a script."""
    references: tuple[Reference, ...]


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
    reader = _Reader(path)
    root = reader.load(data)
    events = root.get("on")
    jobs = reader.mapping(root.get("jobs"), "jobs")
    return Workflow(
        path=path,
        triggers=reader.limit_triggers(_parse_triggers(reader, events), events),
        declared=_parse_declared(reader, events),
        # What stands in `on:` are declarations and descriptions; no secret can be read there.
        references=reader.find(root, without=("name", "on", "jobs")),
        jobs=tuple(_parse_job(reader, key.text, node) for key, node in jobs),
    )


def parse_action(path: str, data: bytes) -> Action:
    """Parse the `action.yml` of a local action. Raises NotUnderstood."""
    reader = _Reader(path)
    runs = reader.mapping(reader.load(data).get("runs"), "runs")
    return Action(
        path=path,
        references=reader.find(runs, without=("steps",)),
        steps=_parse_steps(reader, runs.get("steps"), job=None),
    )


def parse_dependabot(path: str, data: bytes) -> frozenset[str]:
    """Return the names a `dependabot.yml` reads from the Dependabot store. Raises NotUnderstood."""
    reader = _Reader(path)
    references = reader.find(reader.load(data))
    return frozenset(reference.name for reference in references if reference.name)


def _parse_triggers(reader: _Reader, events: yaml_tree.Node | None) -> Iterator[Trigger]:
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


def _parse_declared(reader: _Reader, events: yaml_tree.Node | None) -> dict[str, bool]:
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


def _parse_job(reader: _Reader, job: str, node: yaml_tree.Node) -> Job:
    body = reader.mapping(node, job)
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
        uses=reader.text(body.get("uses"), "uses"),
        environment=place if known else "",
        environment_known=known,
        references=references + reader.find_condition(body, job=job) + inherited,
        steps=_parse_steps(reader, body.get("steps"), job=job),
        passed=passed,
        inherits=any(reference.how is How.INHERIT for reference in inherited),
    )


def _parse_passed(
    reader: _Reader, node: yaml_tree.Node | None, *, job: str
) -> tuple[dict[str, tuple[Reference, ...]], tuple[Reference, ...]]:
    """Return the entries of a `secrets:` map, and the reference of `secrets: inherit`."""
    if isinstance(node, yaml_tree.Scalar) and node.text == "inherit":
        return {}, (Reference(reader.path, node.line, node.column, None, How.INHERIT, job),)
    entries = reader.mapping(node, "secrets")
    return {
        key.text.upper(): reader.find(value, job=job, how=How.PASSED) for key, value in entries
    }, ()


def _parse_steps(
    reader: _Reader, node: yaml_tree.Node | None, *, job: str | None
) -> tuple[Step, ...]:
    steps = []
    for number, item in enumerate(reader.sequence(node, "steps"), 1):
        body = reader.mapping(item, "steps")
        label = (
            reader.text(body.get("name"), "name").strip()
            or reader.text(body.get("id"), "id")
            or f"#{number}"
        )
        uses = reader.text(body.get("uses"), "uses")
        references = reader.find(body, without=("if",), job=job, step=label)
        if _OWN_ACTION.fullmatch(uses):
            references = tuple(replace(reference, optional=True) for reference in references)
        tested = reader.find_condition(body, job=job, step=label)
        steps.append(Step(_parse_if(reader, body), uses, references + tested))
    return tuple(steps)


def _parse_if(reader: _Reader, body: yaml_tree.Mapping) -> Expression | None:
    text = reader.text(body.get("if"), "if")
    # Aliases may repeat one long condition a thousand times.
    if text not in reader.conditions:
        reader.conditions[text] = parse_condition(text)
    return reader.conditions[text]


class _Reader:
    """Turns the nodes of one file into typed values and references."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.conditions: dict[str, Expression | None] = {}
        """Parsed already, by their text."""
        self._count = 0
        self._found: dict[tuple[int, bool], list[tuple[SecretUse, int, int]]] = {}

    def load(self, data: bytes) -> yaml_tree.Mapping:
        """Parse the file and refuse keys that stand twice, as GitHub does."""
        try:
            root = yaml_tree.parse(data, aliases=True, max_bytes=MAX_BYTES)
        except yaml_tree.YamlError as error:
            raise NotUnderstood(self.path, error.line, error.column, error.message) from error
        for node in _walk(root):
            if isinstance(node, yaml_tree.Mapping) and node.duplicates:
                key = node.duplicates[0]
                raise self._refuse(key, "a key that stands there twice")
        if root is None or isinstance(root, yaml_tree.Mapping):
            return root or yaml_tree.Mapping(0, 0)
        raise self._refuse(root, "the file holds no mapping (`name: value`)")

    def limit_triggers(
        self, triggers: Iterator[Trigger], node: yaml_tree.Node | None
    ) -> tuple[Trigger, ...]:
        """Return different triggers; each counts for each job, so that there must be a limit."""
        found = tuple(dict.fromkeys(islice(triggers, _MAX_TRIGGERS + 1)))
        if node is not None and len(found) > _MAX_TRIGGERS:
            raise self._refuse(node, f"more than {_MAX_TRIGGERS} triggers")
        return found

    def _refuse(self, node: yaml_tree.Node, message: str) -> NotUnderstood:
        return NotUnderstood(self.path, node.line, node.column, message)

    def mapping(self, node: yaml_tree.Node | None, key: str) -> yaml_tree.Mapping:
        """Return a mapping; nothing counts as an empty one."""
        if isinstance(node, yaml_tree.Mapping):
            return node
        if node is None or (isinstance(node, yaml_tree.Scalar) and node.value is None):
            return yaml_tree.Mapping(0, 0)
        raise self._refuse(node, f"`{key}` is not a mapping")

    def sequence(self, node: yaml_tree.Node | None, key: str) -> list[yaml_tree.Node]:
        """Return the items of a list; nothing counts as an empty one."""
        if isinstance(node, yaml_tree.Sequence):
            return node.items
        if node is None or (isinstance(node, yaml_tree.Scalar) and node.value is None):
            return []
        raise self._refuse(node, f"`{key}` is not a list")

    def text(self, node: yaml_tree.Node | None, key: str) -> str:
        """Return a scalar as it is written; nothing counts as empty."""
        if isinstance(node, yaml_tree.Scalar):
            return "" if node.value is None else node.text
        if node is None:
            return ""
        raise self._refuse(node, f"`{key}` is not a text")

    def find(
        self,
        node: yaml_tree.Node | None,
        *,
        without: tuple[str, ...] = (),
        job: str | None = None,
        step: str | None = None,
        how: How = How.EXPRESSION,
    ) -> tuple[Reference, ...]:
        """Find every reference below a node, leaving out some of its own keys."""
        nodes = [node]
        if isinstance(node, yaml_tree.Mapping):
            nodes = [value for key, value in node if key.text not in without]
        return tuple(
            reference
            for part in nodes
            for scalar in _walk(part)
            if isinstance(scalar, yaml_tree.Scalar)
            for reference in self._references(scalar, False, job=job, step=step, how=how)
        )

    def find_condition(
        self, body: yaml_tree.Mapping, *, job: str | None, step: str | None = None
    ) -> tuple[Reference, ...]:
        """Find the references of a job's or a step's `if:`."""
        node = body.get("if")
        if not isinstance(node, yaml_tree.Scalar):
            return ()
        return tuple(self._references(node, True, job=job, step=step, how=How.EXPRESSION))

    def _references(
        self,
        scalar: yaml_tree.Scalar,
        condition: bool,
        *,
        job: str | None,
        step: str | None,
        how: How,
    ) -> Iterator[Reference]:
        # Through aliases one scalar can stand in very many places, so it is read only once.
        key = (id(scalar), condition)
        if key not in self._found:
            self._found[key] = list(_locate(scalar, condition=condition))
        for use, line, column in self._found[key]:
            self._count += 1
            if self._count > _MAX_REFERENCES:
                raise self._refuse(scalar, f"more than {_MAX_REFERENCES} uses of secrets")
            form = how if use.name else How.WHOLE_CONTEXT
            yield Reference(self.path, line, column, use.name, form, job, step, use.optional)


def _walk(root: yaml_tree.Node | None) -> Iterator[yaml_tree.Node]:
    """Yield a node and all below it in the order of the file, aliases expanded."""
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, yaml_tree.Sequence):
            waiting.extend(reversed(node.items))
        elif isinstance(node, yaml_tree.Mapping):
            waiting.extend(value for _, value in reversed(node.entries.values()))


def _locate(scalar: yaml_tree.Scalar, *, condition: bool) -> Iterator[tuple[SecretUse, int, int]]:
    """Find a scalar's uses of secrets with their lines and columns.

    The source is searched as the value was. Where escapes or folding make the two differ, every
    use stands at the scalar's own place.
    """
    uses = list(islice(find_secrets(scalar.text, condition=condition), _MAX_REFERENCES + 1))
    if not uses:
        return
    source, offsets = _source(scalar)
    written = list(islice(find_secrets(source, condition=condition), len(uses)))
    if [use.name for use in uses] != [use.name for use in written]:
        yield from ((use, scalar.line, scalar.column) for use in uses)
        return
    line, start, seen = scalar.line, 1 - scalar.column, 0
    for use, place in zip(uses, written, strict=True):
        offset = offsets[place.offset]
        for match in _BREAK.finditer(scalar.raw, seen, offset):
            line, start = line + 1, match.end()
        seen = offset
        yield use, line, offset - start + 1


def _source(scalar: yaml_tree.Scalar) -> tuple[str, range | list[int]]:
    """Return a scalar's source without its quotes, and where each character stands in `raw`."""
    raw = scalar.raw
    match = _PROPERTIES.match(raw)
    start, end = match.end() if match else 0, len(raw)
    mark = "" if scalar.plain else raw[start : start + 1]
    if mark in ("|", ">"):
        start = raw.find("\n", start) + 1
    elif mark in ("'", '"'):
        start, end = start + 1, end - 1
    if mark == "'" and "''" in raw[start:end]:
        offsets = [match.start() for match in re.finditer("''|.", raw[start:end], re.DOTALL)]
        return raw[start:end].replace("''", "'"), [start + offset for offset in offsets]
    return raw[start:end], range(start, end)
