"""Renews the tables of docs/reference/configuration.md: `python -m tests.repo.config_page`.

What a key means stands in `config/models.py`, once: there, in editors and on the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from keyturn.config import json_schema
from keyturn.config.types import Variable
from keyturn.schema import Duration, Instant
from tests.config.samples import ToyProviders

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "configuration.md"
_SCHEMA = json_schema.build(ToyProviders())
_BY_PATTERN = {
    TypeAdapter(Duration).json_schema()["pattern"]: "duration",
    TypeAdapter(Instant).json_schema()["pattern"]: "date",
    TypeAdapter(Variable).json_schema()["pattern"]: "environment variable",
}
_TABLE = re.compile(r"(<!-- keys: (\S*) ?-->\n).*?(<!-- end of keys -->\n)", re.DOTALL)
"""A key stands in the table whose mark names the longest beginning of it."""
_HEAD = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n"


def page(old: str) -> str:
    """Return the page with its tables as they should be."""
    marks = sorted((mark for _, mark, _ in _TABLE.findall(old)), key=len, reverse=True)
    tables: dict[str, list[str]] = {mark: [] for mark in marks}
    for path, row in rows().items():
        tables[next(mark for mark in marks if path.startswith(mark))].append(f"{row}\n")

    def renewed(table: re.Match[str]) -> str:
        return table[1] + "\n" + _HEAD + "".join(tables[table[2]]) + "\n" + table[3]

    return _TABLE.sub(renewed, old)


def rows() -> dict[str, str]:
    """Return the row of every key by its path."""
    merged: dict[str, tuple[str, str, str]] = {}
    for path, name, told, meaning in _keys(_SCHEMA):
        # `journal.kind` is one word in each of its two forms.
        before = merged.get(path)
        both = f"{before[0]} or {name}" if before and before[0] != name else name
        merged[path] = (both, told, meaning)
    return {path: f"| `{path}` | {' | '.join(cells)} |" for path, cells in merged.items()}


def _keys(model: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield path, type, default and meaning of every key below a model."""
    for name, node in model["properties"].items():
        path = f"{prefix}{name}"
        told = _default(node, required=name in model.get("required", ()))
        # A section's own sentence is left out where it is the very same.
        meaning = node.get("description") or _resolve(node)["description"]
        yield path, _kind(node), told, meaning
        inner, path = (node["items"], f"{path}[]") if node.get("type") == "array" else (node, path)
        for option in inner.get("oneOf", [inner]):
            if "$ref" in option:
                yield from _keys(_resolve(option), f"{path}.")


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    name = node["$ref"].removeprefix("#/$defs/")
    found: dict[str, Any] = _SCHEMA["$defs"][name]
    return found


def _kind(node: dict[str, Any]) -> str:
    """Name a type as the page does."""
    if "$ref" in node:
        return "mapping"
    if "oneOf" in node:
        return " or ".join(dict.fromkeys(_kind(option) for option in node["oneOf"]))
    if "enum" in node and "title" not in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node["type"] == "array":
        return f"list: {_kind(node['items'])}"
    if node["type"] == "object":
        inner = node.get("patternProperties", {})
        return " ".join(f"mapping: part to {_kind(value)}" for value in inner.values()) or "mapping"
    by_type = {"boolean": "true or false", "integer": "whole number"}
    by_pattern = _BY_PATTERN.get(node.get("pattern", ""), "text")
    return by_type.get(node["type"]) or node.get("title") or by_pattern


def _default(node: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    if node.get("default") in (None, [], {}):
        return ""
    value = node["default"]
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
