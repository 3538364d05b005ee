"""Where in the workflows of a SailPoint tenant a token is written down.

Nothing here asks or writes; names of workflows and steps are other people's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keyturn.providers._answers import Shape

# Of the HTTP step, as 18 exports in repo:sailpoint-oss/colab-workflows have them, 2026-11.
PAIRS = (("oAuthClientId", "oAuthClientSecret"), ("basicAuthUserName", "basicAuthPassword"))
"""Attributes in which a step keeps a token's id and, beside it, its secret."""


class Workflow(Shape):
    """A workflow, as far as it matters here."""

    id: str
    name: str = ""
    modified: str | None = None
    """As the tenant writes it; only compared."""
    definition: dict[str, Any] | None = None


def find_attributes(
    definition: Mapping[str, Any] | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the name and attributes of every step, those inside loops too.

    A loop keeps its steps in `attributes.steps`; any other `steps` is read the same way.
    """
    pending: list[Any] = [definition]
    # No recursion: how deep a definition goes is up to whoever wrote it.
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += reversed(node)
        if not isinstance(node, dict):
            continue
        steps = node.get("steps")
        for name, step in steps.items() if isinstance(steps, dict) else ():
            attributes = step.get("attributes") if isinstance(step, dict) else None
            if isinstance(attributes, dict):
                yield name, attributes
        pending += reversed(node.values())


def find_steps(workflow: Workflow, client_id: str) -> tuple[str, ...]:
    """Return the names of the steps that hold a token, each once."""
    found = (
        name
        for name, attributes in find_attributes(workflow.definition)
        if any(attributes.get(key) == client_id for key, _ in PAIRS)
    )
    return tuple(dict.fromkeys(found))


def index_places(workflows: Sequence[Workflow]) -> dict[str, tuple[str, ...]]:
    """Return, for every id that steps hold, a line for each of these steps, for a person."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for workflow in workflows:
        for step, attributes in find_attributes(workflow.definition):
            for key, _ in PAIRS:
                if isinstance(id := attributes.get(key), str):
                    line = describe_place(workflow.name, step)
                    found.setdefault(id, {})[workflow.id, step] = line
    return {id: tuple(lines.values()) for id, lines in found.items()}


def describe_place(workflow: str, step: str) -> str:
    """Name a step of a workflow."""
    return f'workflow "{workflow}", step "{step}"'
