"""Finds secret values that were written into the configuration itself.

It says where and of which kind, and never what.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from keyturn.scan.engine import Engine, Hit
from keyturn.yaml_tree import Mapping, Node, Scalar, Sequence


def find_literals(text: str, root: Node | None) -> Iterator[tuple[int, int, str]]:
    """Yield line, column and rule of every literal token, comments and keys included.

    The place is that of the YAML value it stands in, else its own.
    """
    lines: set[int] = set()
    for scalar in _scalars(root) if root else ():
        hits = _hits(scalar.text) or _hits(scalar.raw)
        if hits:
            lines.update(range(scalar.line, scalar.line + scalar.raw.count("\n") + 1))
            yield scalar.line, scalar.column, hits[0].row.id
    # What the tree does not hold: comments, the values of duplicate keys, and what only its
    # surroundings tell.
    data = text.encode("utf-8", "surrogateescape")
    for hit in _hits(text):
        line = data.count(b"\n", 0, hit.start) + 1
        if line not in lines:
            before = data[data.rfind(b"\n", 0, hit.start) + 1 : hit.start]
            yield line, len(before.decode("utf-8", "replace")) + 1, hit.row.id


def holds_literal(text: str) -> bool:
    """Say whether a token of a known format stands in a text."""
    return bool(_hits(text))


def _hits(text: str) -> list[Hit]:
    return _engine().find(text.encode("utf-8", "surrogateescape"))


@cache
def _engine() -> Engine:
    return Engine()


def _scalars(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case Sequence():
            for item in node.items:
                yield from _scalars(item)
        case Mapping():
            for key, value in node:
                yield key
                yield from _scalars(value)
