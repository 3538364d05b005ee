"""Who may import whom, as docs/explanation/decisions.md tells it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repo.source import MODULES, code, name_of, tree

MODEL = {
    "model",
    "model.consumers",
    "model.diagnosis",
    "model.failures",
    "model.findings",
    "model.rotation",
    "model.runs",
    "model.secrets",
    "model.tokens",
    "model.watching",
}
CORE = MODEL | {"disguises", "errors", "secret_value"}
PURE = {
    "assess",
    "blob",
    "deadline",
    "expression_tree",
    "expressions",
    "first_break",
    "first_setup",
    "first_setup.configuration",
    "first_setup.draft",
    "first_setup.guess_tables",
    "first_setup.guesses",
    "first_setup.workflow",
    "instants",
    "issues",
    "issues.case",
    "issues.convergence",
    "issues.dashboard",
    "issues.facts",
    "issues.fate",
    "issues.notices",
    "issues.snooze",
    "issues.state",
    "levels",
    "manual",
    "parse",
    "plain",
    "plan",
    "plan.choice",
    "plan.dates",
    "plan.windows",
    "replacements",
    "replacements.evidence",
    "replacements.github_tokens",
    "replacements.registries",
    "retirements",
    "rotation.drain",
    "rotation.machine",
    "rules",
    "silence",
    "silence.faces",
    "silence.guards",
    "silence.shell_guards",
    "silence.shell_lines",
    "usage",
    "workflow_commands",
}


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in _runtime_nodes(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module.startswith("keyturn"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs: not what only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _runtime_nodes(child)


def uses(path: Path, library: str) -> bool:
    return any(name == library or name.startswith(library + ".") for name in imports(path))


def own(path: Path) -> set[str]:
    known = {name_of(module) for module in MODULES}
    names = {n.removeprefix("keyturn.") for n in imports(path) if n.startswith("keyturn.")}
    return names & known


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("httpx", {"transport"}),
        ("github", {"github."}),
        ("requests", {"github."}),
        ("yaml", {"yaml_tree"}),
        ("jinja2", {"report."}),
        ("cronsim", {"first_break", "plan.windows", "config."}),
        ("nacl", {"sandbox.", "rotation.keys", "rotation.sealed"}),
        ("pydantic", {"schema", "config", "config.", "providers."}),
    ],
)
def test_each_library_has_its_place(library: str, allowed: set[str]) -> None:
    for path in MODULES:
        name = name_of(path)
        if uses(path, library):
            assert name in allowed or any(name.startswith(place) for place in allowed), (
                f"{name} imports {library}"
            )


def test_the_core_and_the_pure_modules_know_only_each_other() -> None:
    for path in MODULES:
        name = name_of(path)
        if name in CORE | PURE or name.startswith("rules."):
            outside = {n.partition(".")[0] for n in imports(path)} - {"keyturn", "cronsim"}
            assert outside <= set(sys.stdlib_module_names) | {"__future__"}, name
            others = {n for n in own(path) if not n.startswith("rules.")}
            assert others <= CORE | PURE, name


def test_survey_and_inventory_know_no_concrete_outside() -> None:
    for path in MODULES:
        if name_of(path) in {"survey", "inventory", "call_graph", "watching"}:
            assert not {n for n in own(path) if n.startswith(("github", "providers."))}


def test_providers_know_neither_each_other_nor_the_platform() -> None:
    for path in MODULES:
        if path.parent.name != "providers" or path.stem == "__init__":
            continue
        mine = path.stem.lstrip("_").partition("_")[0]
        for name in own(path):
            assert not name.startswith("github"), path.stem
            if name.startswith("providers."):
                # A module with an underscore belongs to the provider it is named after, but one.
                last = name.rpartition(".")[2]
                assert last.startswith(f"_{mine}") or name.startswith("providers._answers"), name


def test_reports_and_the_platform_do_not_know_each_other() -> None:
    for path in MODULES:
        name = name_of(path)
        if name.startswith("report."):
            assert not {n for n in own(path) if n.startswith("github")}, name
        if name.startswith("github."):
            assert not {n for n in own(path) if n.startswith("report")}, name


def test_the_sandbox_needs_nothing_but_the_core() -> None:
    for path in MODULES:
        if name_of(path).startswith("sandbox"):
            outside = {n for n in own(path) if not n.startswith("sandbox")}
            assert outside <= MODEL | {"errors"}, name_of(path)


def test_the_hook_needs_nothing_heavy() -> None:
    heavy = {"dataclasses", "logging", "asyncio", "importlib.metadata", "yaml", "pydantic"}
    for path in MODULES:
        if name_of(path).startswith("scan"):
            assert not imports(path) & heavy, name_of(path)
            others = {n for n in own(path) if not n.startswith("scan")}
            # To hand over what it cannot do alone, and to print; neither when all is well.
            allowed = {"cli", "terminal"} if name_of(path) == "scan.hook" else set()
            assert others <= allowed | {"child_environ", "plain", "secret_value"}, name_of(path)


def test_the_matching_engines_have_their_place() -> None:
    for path in MODULES:
        if uses(path, "hyperscan") or uses(path, "ahocorasick_rs"):
            assert name_of(path) == "scan.anchors"


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        ("print(", {"cli", "github.runner", "scan.hook", "report.publish"}),
        ("os.environ", {"cli", "github.runner", "scan.hook"}),
        ("datetime.now(", {"cli"}),
        ("date.today(", set()),
        ("time.time(", set()),
    ],
)
def test_the_outside_is_touched_in_few_places(call: str, allowed: set[str]) -> None:
    for path in MODULES:
        uses = re.compile(r"(?<![\w'])" + re.escape(call))
        found = [line for line in code(path).splitlines() if uses.search(line)]
        assert not found or name_of(path) in allowed, f"{name_of(path)}: {found}"


def test_no_file_asks_to_be_split() -> None:
    # A table is read row by row, and its rows belong together.
    files = [path for path in MODULES if path.parent.name != "tables"]
    long = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
