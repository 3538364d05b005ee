"""Finds secret values that were written into the configuration itself.

It says where and of which kind, and never what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyturn.scan.patterns import PATTERNS
from keyturn.yaml_tree import Mapping, Node, Scalar, Sequence

_ANY = re.compile("|".join(f"(?P<p{index}>{row.regex})" for index, row in enumerate(PATTERNS)))


def find_literals(text: str, root: Node | None) -> Iterator[tuple[int, int, str]]:
    """Yield line, column and pattern id of every literal token, comments and keys included.

    The place is that of the YAML value it stands in, else its own.
    """
    lines: set[int] = set()
    for scalar in _scalars(root) if root else ():
        match = _ANY.search(scalar.text) or _ANY.search(scalar.raw)
        if match:
            lines.update(range(scalar.line, scalar.line + scalar.raw.count("\n") + 1))
            yield scalar.line, scalar.column, _pattern_id(match)
    # What the tree does not hold: comments, and the values of duplicate keys.
    for number, line in enumerate(text.split("\n"), start=1):
        if number not in lines:
            for match in _ANY.finditer(line):
                yield number, match.start() + 1, _pattern_id(match)


def holds_literal(text: str) -> bool:
    """Say whether a token of a known format stands in a text."""
    return _ANY.search(text) is not None


def _pattern_id(match: re.Match[str]) -> str:
    assert match.lastgroup
    return PATTERNS[int(match.lastgroup[1:])].id


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
