"""The lines of one YAML file, edited by the place of its values; nothing else of it moves.

Every edit is made twice, in the text and in the values it stands for. `finish` reads the text
again and compares: it never gives out a text that says something else than was wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from keyturn import yaml_tree

Place: TypeAlias = tuple[str | int, ...]
"""Keys and numbers from the root on."""

_ODD_BREAK = re.compile("\r(?!\n)|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Line breaks on which YAML, Python and git do not agree."""
_PLAIN = re.compile(r"[A-Za-z$][^#\r\n]*")
"""What can stand in YAML without quotes, as far as it is written here."""
_MAX_BYTES = 1 << 18
"""Each patch reads its files twice; a workflow larger than this is not written by hand."""


class NotExact(Exception):
    """The edit cannot be made so that it is certain."""


class Lines:
    """One file, and the edits to it."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_BYTES or _ODD_BREAK.search(text):
            raise NotExact
        self._lines = text.splitlines(keepends=True)
        root = self._parse(text)
        if _shares(root):
            raise NotExact  # through an alias one edit would be many
        self._root = root
        self._wanted = _values(root)
        self._gone: set[int] = set()
        self._added: dict[int, list[str]] = {}
        self._end = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"

    @staticmethod
    def _parse(text: str) -> yaml_tree.Node | None:
        try:
            return yaml_tree.parse(text.encode(), aliases=True, max_bytes=_MAX_BYTES)
        except (yaml_tree.YamlError, UnicodeEncodeError) as error:
            raise NotExact from error

    def finish(self) -> str:
        """Return the edited text. Raises NotExact where it does not say what was wanted."""
        out = list(self._added.get(-1, ()))
        for number, line in enumerate(self._lines):
            if number not in self._gone:
                out.append(line)
            added = self._added.get(number, ())
            if added and out and not out[-1].endswith("\n"):
                out[-1] += self._end
            out += added
        text = "".join(out)
        if _values(self._parse(text)) != self._wanted:
            raise NotExact
        return text

    def find(self, *place: str | int) -> yaml_tree.Node | None:
        """Return what stood at a place before any edit."""
        node = self._root
        for part in place:
            if isinstance(node, yaml_tree.Mapping) and isinstance(part, str):
                node = node.get(part)
            elif isinstance(node, yaml_tree.Sequence) and isinstance(part, int):
                node = node.items[part]
            else:
                return None
        return node

    def texts(self, place: Place) -> list[str]:
        """Return every text below a place."""
        return list(_texts(self.find(*place)))

    def remove(self, place: Place) -> None:
        """Take an entry away, whose lines hold nothing else."""
        key, value = self._entry(place)
        first = self._begin(key)
        self._gone |= set(range(first, _last_line(value) + 1))
        del _value_at(self._wanted, place[:-1])[place[-1]]

    def replace(self, place: Place, value: str) -> None:
        """Give an entry of one line another value; what follows it on the line stays."""
        key, old = self._entry(place)
        self._begin(key)
        if not isinstance(old, yaml_tree.Scalar) or old.line != key.line or "\n" in old.raw:
            raise NotExact
        line = self._lines[old.line - 1]
        start = old.column - 1
        if line[start : start + len(old.raw)] != old.raw or old.line - 1 in self._gone:
            raise NotExact
        after = line[start + len(old.raw) :]
        self._lines[old.line - 1] = line[:start] + _write(value) + after
        _value_at(self._wanted, place[:-1])[place[-1]] = value

    def append(self, place: Place, key: str, value: str) -> None:
        """Add an entry at the end of a mapping."""
        node = self.find(*place)
        if not isinstance(node, yaml_tree.Mapping) or not node.entries:
            raise NotExact
        entries = list(node.entries.values())
        self._begin(entries[0][0])
        indent = " " * (entries[0][0].column - 1)
        self._add(_last_line(entries[-1][1]), [f"{indent}{key}: {_write(value)}"])
        _value_at(self._wanted, place)[key] = value

    def add_section(
        self, place: Place, entries: Sequence[tuple[str, str]], *, after: Place
    ) -> None:
        """Add a mapping of its own after a sibling."""
        key, value = self._entry(after)
        indent = " " * (key.column - 1)
        lines = [f"{indent}{place[-1]}:"]
        lines += [f"{indent}  {name}: {_write(text)}" for name, text in entries]
        self._add(_last_line(value), lines)
        _value_at(self._wanted, place[:-1])[place[-1]] = dict(entries)

    def insert_item(
        self,
        place: Place,
        entries: Sequence[tuple[str, str]],
        section: tuple[str, Sequence[tuple[str, str]]],
    ) -> None:
        """Put an item before another of a list, and before the comment above that."""
        node = self.find(*place)
        if not isinstance(node, yaml_tree.Mapping):
            raise NotExact
        first = node.line - 1
        head = self._lines[first][: node.column - 1]
        if not re.fullmatch(r" *- +", head):
            raise NotExact
        dash = " " * head.index("-")
        inner = " " * len(head)
        lines = [f"{inner}{key}: {_write(value)}" for key, value in entries]
        name, inside = section
        if inside:
            lines.append(f"{inner}{name}:")
            lines += [f"{inner}  {key}: {_write(value)}" for key, value in inside]
        lines[0] = head + lines[0].lstrip()
        while first > 0 and self._lines[first - 1].startswith(f"{dash}#"):
            first -= 1
        self._add(first - 1, lines)
        item: dict[str, Any] = dict(entries)
        if inside:
            item[name] = dict(inside)
        # The list as it is wanted grows; what was found before is counted from its end.
        wanted = _value_at(self._wanted, place[:-1])
        old = self.find(*place[:-1])
        assert isinstance(old, yaml_tree.Sequence)
        assert isinstance(place[-1], int)
        wanted.insert(len(wanted) - len(old.items) + place[-1], item)

    def _entry(self, place: Place) -> tuple[yaml_tree.Scalar, yaml_tree.Node]:
        node = self.find(*place[:-1])
        if not isinstance(node, yaml_tree.Mapping) or place[-1] not in node.entries:
            raise NotExact
        return node.entries[str(place[-1])]

    def _begin(self, key: yaml_tree.Scalar) -> int:
        """Return the line that a key begins; it stands first there."""
        if self._lines[key.line - 1][: key.column - 1].strip(" "):
            raise NotExact
        return key.line - 1

    def _add(self, after: int, lines: Sequence[str]) -> None:
        self._added.setdefault(after, []).extend(line + self._end for line in lines)


def _write(value: str) -> str:
    """Return a value as YAML."""
    if not _PLAIN.fullmatch(value) or ": " in value or value.endswith((":", " ")):
        raise NotExact
    return value


def _last_line(node: yaml_tree.Node) -> int:
    """Return the last line of a node, counted from 0."""
    if isinstance(node, yaml_tree.Scalar):
        return node.line - 1 + node.raw.rstrip().count("\n")
    children = node.items if isinstance(node, yaml_tree.Sequence) else [value for _, value in node]
    return max([node.line - 1, *map(_last_line, children)])


def _shares(root: yaml_tree.Node | None) -> bool:
    """Say whether a node stands in several places."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            return True
        seen.add(id(node))
        if isinstance(node, yaml_tree.Sequence):
            waiting.extend(node.items)
        elif isinstance(node, yaml_tree.Mapping):
            waiting.extend(value for _, value in node)
    return False


def _values(node: yaml_tree.Node | None) -> Any:
    """Return what a tree says: a null, a number and a word are told apart."""
    if isinstance(node, yaml_tree.Scalar):
        return node.text if isinstance(node.value, str) else (node.text,)
    if isinstance(node, yaml_tree.Sequence):
        return [_values(item) for item in node.items]
    if isinstance(node, yaml_tree.Mapping):
        if node.duplicates:
            raise NotExact
        return {key.text: _values(value) for key, value in node}
    return None


def _value_at(values: Any, place: Place) -> Any:
    for part in place:
        values = values[part]
    return values


def _texts(node: yaml_tree.Node | None) -> Iterator[str]:
    if isinstance(node, yaml_tree.Scalar):
        yield node.text
    elif isinstance(node, yaml_tree.Sequence):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, yaml_tree.Mapping):
        for _, value in node:
            yield from _texts(value)
