"""YAML text -> a tree that knows the place of every node; the only user of PyYAML.

Built from the parser's events, without recursion and under limits, because the files come from
pull requests. It knows YAML 1.2 core scalars only, so `on:` stays a word. It decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

MAX_BYTES = 1 << 20
_MAX_DEPTH = 64
_MAX_NODES = 100_000
"""Counted with every alias expanded, which is what a reader of the tree has to walk."""

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

# The C parser is ten times faster; both give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """The text cannot be read; line and column count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value."""

    text: str
    """As YAML reads it: quotes and folding resolved."""
    plain: bool
    """Not quoted and not a block, so that `true` is a boolean and not a word."""
    raw: str
    """The source from the node's place to its end, quotes and indentation included."""
    line: int
    column: int

    @property
    def value(self) -> str | int | float | bool | None:
        """The value by YAML 1.2's core schema."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INT.fullmatch(self.text):
            return int(self.text) if len(self.text) < 20 else self.text
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Pairs in the order of the file; `duplicates` holds the keys that stand there again."""

    line: int
    column: int
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    duplicates: list[Scalar] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """Return the value of a key, if it is there."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries.values())


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    node: Sequence | Mapping
    anchor: str | None
    weight: int = 1
    key: Scalar | None = None


def parse(data: bytes, *, aliases: bool = False, max_bytes: int = MAX_BYTES) -> Node | None:
    """Parse one document; None where it is empty. Raises YamlError.

    With `aliases`, a node may stand in several places of the tree; without, they and anchors are
    refused.
    """
    if len(data) > max_bytes:
        raise YamlError(1, 1, f"the file is larger than {max_bytes >> 10} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError(line, 1, "the file is not UTF-8") from error
    builder = _Builder(text, aliases=aliases)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(line, column, f"not YAML: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        raise YamlError(before.count("\n") + 1, 1, "a character YAML does not allow") from error
    return builder.root


class _Builder:
    """Puts events together, one at a time."""

    def __init__(self, text: str, *, aliases: bool) -> None:
        self.root: Node | None = None
        self._text = text
        self._aliases = aliases
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        mark, end = event.start_mark, event.end_mark
        assert mark is not None
        assert end is not None
        line, column = mark.line + 1, mark.column + 1
        if isinstance(event, yaml.NodeEvent) and event.anchor and not self._aliases:
            raise YamlError(line, column, "anchors and aliases (`&name`, `*name`) are not accepted")
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise YamlError(line, column, "a second document (`---`) in the file")
            case yaml.ScalarEvent():
                # An escape such as "\ud800", which the Python parser lets through.
                if _SURROGATE.search(event.value):
                    raise YamlError(line, column, "a character YAML does not allow")
                raw = self._text[mark.index : end.index]
                plain = event.style in (None, "")
                scalar = Scalar(event.value, plain, raw, line, column)
                self._add(scalar, event.anchor, weight=1)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise YamlError(line, column, "an alias of something not defined before it")
                node, weight = self._anchors[event.anchor]
                self._add(node, None, weight=weight)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(self._open) >= _MAX_DEPTH:
                    raise YamlError(line, column, f"nested more than {_MAX_DEPTH} deep")
                kind = Mapping if isinstance(event, yaml.MappingStartEvent) else Sequence
                self._open.append(_Open(kind(line, column), event.anchor))
            case yaml.CollectionEndEvent():
                done = self._open.pop()
                self._add(done.node, done.anchor, weight=done.weight)

    def _add(self, node: Node, anchor: str | None, *, weight: int) -> None:
        if anchor:
            self._anchors[anchor] = (node, weight)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.weight += weight
        if parent.weight > _MAX_NODES:
            raise YamlError(node.line, node.column, f"more than {_MAX_NODES} values")
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is None:
            if not isinstance(node, Scalar):
                raise YamlError(node.line, node.column, "a key that is not a word")
            parent.key = node
        else:
            key, parent.key = parent.key, None
            if key.text in parent.node.entries:
                parent.node.duplicates.append(key)
            else:
                parent.node.entries[key.text] = (key, node)
