"""The nodes of one workflow or action file -> typed values, and the places that use secrets.

It knows how far a file may go, and nothing of what jobs and steps mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from keyturn import yaml_tree
from keyturn.errors import NotUnderstood
from keyturn.expression_tree import Expression
from keyturn.expressions import SecretUse, find_secrets
from keyturn.model import How, Reference, Trigger

MAX_BYTES = 5 << 20
_MAX_REFERENCES = 10_000
_MAX_TRIGGERS = 100
_MAX_GIVEN = 16 << 20
"""Characters given to the steps of one file: its variables to each, and what aliases repeat."""

_PROPERTIES = re.compile(r"(?:[&!]\S*+\s++)*+")
_ASKED = re.compile(
    r"\b(?P<context>steps|needs)(?:\.(?P<name>[\w-]+|\*)|\['(?P<index>[\w-]+)'\])"
    r"\.(?:outcome|outputs|result)\b|toJSON\(\s*(?P<whole>steps|needs)\s*\)",
    re.IGNORECASE,
)
"""Where a file looks at how a step or a job ended, or at what it left."""
_BREAK = re.compile(r"\r\n?|\n")


class Reader:
    """Turns the nodes of one file into typed values and references."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.conditions: dict[str, Expression | None] = {}
        """Parsed already, by their text."""
        self._asked: frozenset[tuple[str, str]] = frozenset()
        self._count = 0
        self._given = 0
        self._found: dict[tuple[int, bool], list[tuple[SecretUse, int, int]]] = {}

    def load(self, data: bytes) -> yaml_tree.Mapping:
        """Parse the file and refuse keys that stand twice, as GitHub does."""
        text = data.decode(errors="replace")
        self._asked = frozenset(
            (
                (match["context"] or match["whole"]).lower(),
                (match["name"] or match["index"] or "*").lower(),
            )
            for match in _ASKED.finditer(text)
        )
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

    def asks_for_step(self, step: str) -> bool:
        """Say whether the file looks at how a step with this id ended, whatever became of it."""
        return bool({("steps", step.lower()), ("steps", "*")} & self._asked)

    def asks_for_job(self, job: str) -> bool:
        """Say whether the file looks at how a job ended."""
        return bool({("needs", job.lower()), ("needs", "*")} & self._asked)

    def limit_triggers(
        self, triggers: Iterator[Trigger], node: yaml_tree.Node | None
    ) -> tuple[Trigger, ...]:
        """Return different triggers; each counts for each job, so that there must be a limit."""
        found = tuple(dict.fromkeys(islice(triggers, _MAX_TRIGGERS + 1)))
        if node is not None and len(found) > _MAX_TRIGGERS:
            raise self._refuse(node, f"more than {_MAX_TRIGGERS} triggers")
        return found

    def give(self, node: yaml_tree.Node, size: int) -> None:
        """Count what a step or a job is given; aliases and an `env:` for all can multiply it."""
        self._given += size
        if self._given > _MAX_GIVEN:
            raise self._refuse(node, f"more than {_MAX_GIVEN >> 20} MiB are given to its steps")

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

    def texts(self, node: yaml_tree.Node | None, key: str) -> dict[str, str]:
        """Return the entries of a mapping that are no collections, as they are written.

        An expression in the mapping's place gives none.
        """
        if isinstance(node, yaml_tree.Scalar):
            return {}
        entries = self.mapping(node, key)
        return {
            name.text: self.text(value, name.text)
            for name, value in entries
            if isinstance(value, yaml_tree.Scalar)
        }

    def find(
        self,
        node: yaml_tree.Node | None,
        *,
        without: tuple[str, ...] = (),
        job: str | None = None,
        step: str | None = None,
        key: str = "",
        how: How = How.EXPRESSION,
    ) -> tuple[Reference, ...]:
        """Find every reference below a node, leaving out some of its own keys.

        `key`: what the node itself stands under, where it is no mapping.
        """
        return tuple(
            replace(reference, key=place)
            for place, part in _places(node, key, without)
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
        found = self._references(node, True, job=job, step=step, how=How.EXPRESSION)
        return tuple(replace(reference, key="if") for reference in found)

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
            yield Reference(
                self.path, line, column, use.name, form, job, step, optional=use.optional
            )


def _places(
    node: yaml_tree.Node | None, key: str, without: tuple[str, ...]
) -> Iterator[tuple[str, yaml_tree.Node | None]]:
    """Yield the parts of a node, two keys deep, each with what it stands under."""
    if not isinstance(node, yaml_tree.Mapping):
        yield key, node
        return
    for outer, value in node:
        if outer.text in without:
            continue
        if not isinstance(value, yaml_tree.Mapping):
            yield outer.text, value
            continue
        for inner, part in value:
            yield f"{outer.text}.{inner.text}", part


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
