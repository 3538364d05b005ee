"""Every problem of one file at its place: YAML tree -> values, pydantic's errors -> our words.

It decides nothing about tokens. A message may quote a key, never a value.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from keyturn import yaml_tree
from keyturn.config.literals import find_literals, holds_literal
from keyturn.errors import ConfigError, Problem
from keyturn.yaml_tree import Mapping, Node, Scalar, Sequence

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of the file."""

_Model = TypeVar("_Model", bound=BaseModel)

_LONGEST_QUOTE = 40
_BEGINNING = "begin the file with `version: 1`"
_WRONG_TYPES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "union_tag_not_found": "has no `kind`",
}


class Sheet:
    """One configuration file: its tree, and the problems found in it so far."""

    def __init__(self, path: str, root: Mapping, text: str) -> None:
        self.path = path
        self.root = root
        self.problems: list[Problem] = []
        self._settled: set[tuple[int, int]] = set()
        for line, column, kind in find_literals(text, root):
            self.problems.append(_literal(path, line, column, kind))
            self._settled.add((line, column))
        self._check_tree(root)

    def add(self, at: Node, message: str, hint: str = "") -> None:
        """Report a problem, unless worse was already said about that very place."""
        if (at.line, at.column) not in self._settled:
            self.problems.append(Problem(self.path, at.line, at.column, message, hint))

    def validate(self, model: type[_Model], data: object, *, at: Place) -> _Model | None:
        """Make a model of a part of the file; None where that has problems, which are reported."""
        try:
            return model.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                self._report(model, detail, at)
            return None

    def _check_tree(self, node: Node) -> None:
        if isinstance(node, Sequence):
            for item in node.items:
                self._check_value(item, "an entry of the list")
        elif isinstance(node, Mapping):
            for again in node.duplicates:
                first = node.entries[again.text][0].line
                self.add(
                    again,
                    f"duplicate key {quote(again.text)}",
                    f"the first is on line {first}; keep one of them",
                )
            for key, value in node:
                self._check_value(value, quote(key.text))

    def _check_value(self, node: Node, name: str) -> None:
        # Nothing in this file means anything when it is empty.
        if isinstance(node, Scalar) and node.value is None:
            self.add(node, f"{name} has no value", "write one, or remove it")
            self._settled.add((node.line, node.column))
        self._check_tree(node)

    def _report(self, model: type[BaseModel], detail: Any, at: Place) -> None:
        place: Place = detail["loc"]
        key, node = self._find(at + place)
        name = quote(key.text) if key else "the file"
        match detail["type"]:
            case "missing":
                where = f" in {quote(at[-1])}" if at[-1:] == ("with",) and len(place) == 1 else ""
                self.add(node, f"{quote(place[-1])} is missing{where}")
            case "extra_forbidden" if key:
                known = sorted(_known_keys(model, place))
                self.add(key, f"unknown key {name}", suggest(key.text, known))
            case "literal_error" | "union_tag_invalid" as kind:
                listed = detail["ctx"]["expected" if kind == "literal_error" else "expected_tags"]
                if isinstance(node, Mapping):
                    node = node.get("kind") or node
                given = node.text if isinstance(node, Scalar) else ""
                known = re.findall(r"'([^']*)'", listed)
                self.add(node, f"{name}: not one of the known values", suggest(given, known))
            case "value_error":
                # Our own words (keyturn.parse, config.types, a provider): "what; what to do".
                message, _, hint = str(detail["ctx"]["error"]).partition("; ")
                at_key = key is not None and place[-1:] == ("[key]",)
                self.add(key if key and at_key else node, f"{name}: {message}", hint)
            case "greater_than_equal":
                self.add(node, f"{name}: must be at least {detail['ctx']['ge']}")
            case kind:
                message = _WRONG_TYPES.get(kind, "is not accepted here")
                self.add(node, f"{name}: {message}", _type_hint(kind, node))

    def _find(self, place: Place) -> tuple[Scalar | None, Node]:
        """Return the nearest node of the tree, and the key it stands under."""
        key: Scalar | None = None
        node: Node = self.root
        for step in place:
            if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
                key, node = node.entries[step]
            elif isinstance(node, Sequence) and isinstance(step, int):
                node = node.items[step]
            # Else a union's tag, or something that is not there.
        return key, node


def read_sheet(data: bytes, path: str) -> Sheet:
    """Read the file. Raises ConfigError where it is no YAML mapping within the limits."""
    text = data.decode("utf-8-sig", "replace") if len(data) <= yaml_tree.MAX_BYTES else ""
    try:
        root = yaml_tree.parse(data)
    except yaml_tree.YamlError as error:
        literals = [_literal(path, *place) for place in find_literals(text, None)]
        problem = Problem(path, error.line, error.column, error.message)
        raise ConfigError([*literals, problem]) from error
    if isinstance(root, Mapping):
        return Sheet(path, root, text)
    empty = root is None or (isinstance(root, Scalar) and root.value is None)
    message = "the file is empty" if empty else "the file must be a mapping"
    literals = [_literal(path, *place) for place in find_literals(text, root)]
    line, column = (root.line, root.column) if root else (1, 1)
    raise ConfigError([*literals, Problem(path, line, column, message, _BEGINNING)])


def plain(node: Node | None) -> Any:
    """Return a node as Python's own values."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node}
    return None


def quote(key: str | int) -> str:
    """Return a key as a message may show it: short and printable, and never a literal token."""
    if holds_literal(str(key)):
        return "'***'"
    text = "".join(char if char.isprintable() else "�" for char in str(key))
    return f"'{text[:_LONGEST_QUOTE]}…'" if len(text) > _LONGEST_QUOTE else f"'{text}'"


def suggest(given: str, known: Iterable[str]) -> str:
    """Return "did you mean" where something known is near, else all that is known."""
    names = list(known)
    near = difflib.get_close_matches(given[:100], names, n=1)
    return f"did you mean {quote(near[0])}?" if near else "known here: " + ", ".join(names)


def _literal(path: str, line: int, column: int, kind: str) -> Problem:
    return Problem(
        path,
        line,
        column,
        f"a secret value ({kind}) must not stand in the configuration",
        "revoke it, since whoever reads the file has it, and name an environment variable instead",
    )


def _type_hint(kind: str, node: Node) -> str:
    if isinstance(node, Scalar) and kind == "string_type":
        return "put it in quotes"
    if isinstance(node, Scalar) and kind == "list_type":
        return "put it in brackets: [ ]"
    return ""


def _known_keys(model: type[BaseModel], place: Place) -> set[str]:
    """Return the keys that the models accept where an unknown one was found."""
    models = {model}
    for step in place[:-1]:
        inner = {
            found
            for each in models
            for name, field in each.model_fields.items()
            if (field.alias or name) == step
            for found in _models_in(field.annotation)
        }
        models = inner or models
    return {field.alias or name for each in models for name, field in each.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)
