"""A fuzzer's bytes as choices: numbers, picks, texts, and trees of values changed here and there.

It is atheris's FuzzedDataProvider in small, because the tests run where atheris cannot be
installed. When the bytes run out, every choice is the first one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any, TypeVar

_T = TypeVar("_T")

_MOST_CHANGES = 5
_LONGEST_TEXT = 24
_ATOMS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, float("inf"), float("nan"), "",
    " ", "\n", "\0", "\x7f", "\u202e", "\ud800", "é", "x" * 300, "a\nb", "::", "<b>", "@a",
    "2026-12-01", "2026-12-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "2026-12-01T00:00:00", "-", "*", "../..", "https://e.example/",
    "http://[", "30d", "0", "1e9", [], {}, [None], {"": None}, [[]], {"id": {}},
)  # fmt: skip
"""What hand-written code forgets."""


class Source:
    """Takes choices from bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, limit: int) -> int:
        """Return a number from 0 up to, but not including, a limit."""
        size = 1 if limit <= 1 << 8 else 2 if limit <= 1 << 16 else 4
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "little") % limit

    def pick(self, options: Sequence[_T]) -> _T:
        """Return one of some options."""
        return options[self.below(len(options))]

    def take(self, most: int) -> bytes:
        """Return up to so many bytes."""
        size = self.below(most + 1)
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def text(self) -> str:
        """Return a short text of any characters."""
        return self.take(_LONGEST_TEXT).decode("utf-8", "replace")

    def rest(self) -> bytes:
        """Return all that is left."""
        at, self._at = self._at, len(self._data)
        return self._data[at:]


def noise(number: int, size: int = 48) -> bytes:
    """Return bytes for a seed that makes choices, the same every time."""
    return Random(number).randbytes(size)


def changed(tree: Any, source: Source, atoms: Sequence[Any]) -> Any:
    """Return a tree of JSON's values with a few places changed; `atoms` are put in there."""
    # Through JSON, because what is changed must be a copy.
    box = [json.loads(json.dumps(tree))]
    for _ in range(source.below(_MOST_CHANGES)):
        _change(box, source, atoms)
    return box[0]


def _change(box: list[Any], source: Source, atoms: Sequence[Any]) -> None:
    """Change one place, most often a deep one."""
    holder: Any = box
    key: Any = 0
    while isinstance(holder[key], (dict, list)) and holder[key] and source.below(5):
        holder = holder[key]
        key = source.pick(list(holder) if isinstance(holder, dict) else range(len(holder)))
    match source.below(7):
        case 0:
            del holder[key]
            if not box:
                box.append(None)
        case 1:
            holder[key] = [holder[key]]
        case 2 if isinstance(holder, dict):
            holder[str(source.pick(atoms))] = holder.pop(key)
        case 2 | 3 if isinstance(holder, list):
            holder.append(deepcopy(holder[key]))
        case 4:
            holder[key] = source.text()
        case 5:
            holder[key] = deepcopy(source.pick(_ATOMS))
        case _:
            holder[key] = deepcopy(source.pick(atoms))
