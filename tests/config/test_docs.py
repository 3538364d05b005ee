"""docs/reference/configuration.md holds one row for every key, with type, default and meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from keyturn import config
from keyturn.config import json_schema
from keyturn.config.types import Variable
from keyturn.model import Policy
from keyturn.schema import Duration, Instant
from tests.config.samples import ToyProviders, load

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
SCHEMA = json_schema.build(ToyProviders())
BY_PATTERN = {
    TypeAdapter(Duration).json_schema()["pattern"]: "duration",
    TypeAdapter(Instant).json_schema()["pattern"]: "date",
    TypeAdapter(Variable).json_schema()["pattern"]: "environment variable",
}


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    name = node["$ref"].removeprefix("#/$defs/")
    found: dict[str, Any] = SCHEMA["$defs"][name]
    return found


def kind(node: dict[str, Any]) -> str:
    """Name a type as the page does."""
    if "$ref" in node:
        return "mapping"
    if "oneOf" in node:
        return " or ".join(dict.fromkeys(kind(option) for option in node["oneOf"]))
    if "enum" in node and "title" not in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node["type"] == "array":
        return f"list: {kind(node['items'])}"
    if node["type"] == "object":
        inner = node.get("patternProperties", {})
        return " ".join(f"mapping: part to {kind(value)}" for value in inner.values()) or "mapping"
    by_type = {"boolean": "true or false", "integer": "whole number"}
    by_pattern = BY_PATTERN.get(node.get("pattern", ""), "text")
    return by_type.get(node["type"]) or node.get("title") or by_pattern


def default(node: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    if node.get("default") in (None, [], {}):
        return ""
    value = node["default"]
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def keys(model: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield path, type, default and meaning of every key below a model."""
    for name, node in model["properties"].items():
        path = f"{prefix}{name}"
        told = default(node, required=name in model.get("required", ()))
        # A section's own sentence is left out where it is the very same.
        meaning = node.get("description") or resolve(node)["description"]
        yield path, kind(node), told, meaning
        inner, path = (node["items"], f"{path}[]") if node.get("type") == "array" else (node, path)
        for option in inner.get("oneOf", [inner]):
            if "$ref" in option:
                yield from keys(resolve(option), f"{path}.")


def rows() -> list[str]:
    merged: dict[str, tuple[str, str, str]] = {}
    for path, name, told, meaning in keys(SCHEMA):
        # `journal.kind` is one word in each of its two forms.
        before = merged.get(path)
        both = f"{before[0]} or {name}" if before and before[0] != name else name
        merged[path] = (both, told, meaning)
    return [f"| `{path}` | {' | '.join(cells)} |" for path, cells in merged.items()]


def test_every_key_has_its_row_and_no_row_is_left_over():
    page = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"^\| `[a-z].*$", page, re.MULTILINE)
    assert sorted(told) == sorted(rows())


def test_the_page_s_example_is_good():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = config.load(block.encode(), "keyturn.yml", repository="octo/app")
    assert [token.id for token in shown.tokens] == ["deploy-gitlab", "legacy-feed", "mirror"]


def test_the_defaults_are_the_model_s():
    assert load("version: 1\n").defaults == Policy()
