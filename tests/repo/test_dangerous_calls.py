"""Where the code may start a program, run text as code, unpack objects or render a template."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from keyturn.report import template
from tests.repo.source import MODULES, SRC, name_of, tree

CHILDREN = {
    "scan.gitio": "git, with git_environ",
    "scan.pool": "a fork of itself that runs nothing else",
    "commands.demo_stage": "keyturn itself, with child_environ and what the sandbox gives out",
}
STARTS = {
    *("subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call"),
    *("subprocess.check_output", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.posix_spawnp"),
    *(f"os.{verb}{form}" for verb in ("exec", "spawn") for form in ("l", "le", "lp", "v", "ve")),
    *("os.execlpe", "os.execvp", "os.execvpe", "os.spawnvp", "os.spawnvpe", "os.startfile"),
    *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "pty.spawn"),
    *("multiprocessing.Process", "multiprocessing.Pool", "webbrowser.open"),
    "concurrent.futures.ProcessPoolExecutor",
}
RENAMED = {name.rpartition(".")[0] for name in STARTS}
FORBIDDEN_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "dbm", "code", "codeop", "runpy", "pty", "commands"),
    *("multiprocessing", "xmlrpc", "telnetlib", "ftplib", "imaplib", "smtplib", "webbrowser"),
}
AS_CODE = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
EVALUATES = {
    ("scan.record", "eval"): "the names of a class's own fields; the hook cannot wait for typing",
}
IMPORTS_BY_NAME = {
    "cli": "the command that the parser accepted",
    "providers": "the provider that the configuration's model accepted",
}
XML = {"providers._aws_xml"}
"""Reads XML by the standard library, whose limits its own tests try."""


@cache
def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call of a module, by its written name."""
    return [(dotted(node.func), node) for node in nodes(path) if isinstance(node, ast.Call)]


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def nodes(path: Path) -> list[ast.AST]:
    kinds = (ast.Call, ast.Import, ast.ImportFrom, ast.Expr, ast.Constant)
    return [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]


@cache
def modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def renamed(path: Path) -> set[str]:
    imports = (node for node in nodes(path) if isinstance(node, ast.Import))
    return {alias.name for node in imports for alias in node.names if alias.asname}


def test_programs_are_started_in_three_places() -> None:
    starting = {name_of(path) for path in MODULES if STARTS & {name for name, _ in calls(path)}}
    assert starting == set(CHILDREN)
    # Under another name they would not have been seen.
    for path in MODULES:
        hidden = STARTS & modules(path) or RENAMED & renamed(path)
        assert not hidden, f"{name_of(path)}: {hidden}"


def test_each_is_given_an_environment_and_no_shell() -> None:
    for path in MODULES:
        for name, call in calls(path):
            if name in STARTS and name.startswith("subprocess."):
                given = {word.arg: ast.unparse(word.value) for word in call.keywords}
                assert "shell" not in given, name_of(path)
                assert "environ" in given["env"], name_of(path)
            if name.startswith("os.posix_spawn"):
                assert ast.unparse(call.args[2]) == "environment", name_of(path)


def test_git_gets_its_environment_by_the_one_way() -> None:
    source = (SRC / "scan" / "gitio.py").read_text(encoding="utf-8")
    assert source.count("self._environment = ") == 1
    assert "self._environment = git_environ(environment)" in source


def test_no_text_becomes_code_and_no_bytes_become_objects() -> None:
    for path in MODULES:
        name = name_of(path)
        assert not {each.partition(".")[0] for each in modules(path)} & FORBIDDEN_MODULES, name
        used = {called for called, _ in calls(path) if called in AS_CODE}
        assert {(name, each) for each in used} <= set(EVALUATES), f"{name}: {used}"
        by_name = any(called.endswith("import_module") for called, _ in calls(path))
        assert not by_name or name in IMPORTS_BY_NAME, name


def test_yaml_is_read_by_events_alone() -> None:
    for path in MODULES:
        for name, _ in calls(path):
            assert not name.startswith("yaml.") or name == "yaml.parse", name_of(path)


def test_xml_is_read_in_one_place() -> None:
    for path in MODULES:
        readers = [n for n in modules(path) if n.startswith("xml.") and "saxutils" not in n]
        assert not readers or name_of(path) in XML, name_of(path)


def test_a_value_is_revealed_to_no_temporary_file() -> None:
    """A module that makes one handles no value; a report's texts come without any."""
    for path in MODULES:
        named = {name for name, _ in calls(path)}
        if any(name.startswith("tempfile.") or name == "TemporaryFile" for name in named):
            assert not any(name.endswith(".reveal") for name in named), name_of(path)


def test_tls_is_verified_everywhere() -> None:
    for path in MODULES:
        for name, call in calls(path):
            given = {word.arg: word.value for word in call.keywords}
            verify = given.get("verify")
            assert not (isinstance(verify, ast.Constant) and verify.value is False), name_of(path)
            assert "unverified" not in name, name_of(path)
        text = path.read_text(encoding="utf-8")
        assert not re.search("CERT_NONE|check_hostname", text), name_of(path)


class TestTemplates:
    def test_only_files_of_the_package_are_rendered(self) -> None:
        """Every name is written in the code, and stands in the folder."""
        folder = SRC / "report" / "templates"
        rendered = set()
        for path in MODULES:
            if "keyturn.report.template" not in modules(path):
                continue
            for name, call in calls(path):
                if name in ("render", "template.render"):
                    (first, *_) = call.args
                    assert isinstance(first, ast.Constant), f"{name_of(path)}:{call.lineno}"
                    rendered.add(first.value)
        assert rendered
        assert rendered <= {file.name for file in folder.iterdir()}

    def test_no_text_is_made_a_template(self) -> None:
        for path in MODULES:
            for name, _ in calls(path):
                assert not name.endswith((".from_string", ".overlay", ".compile_expression"))
            if "jinja2" in modules(path):
                assert name_of(path) == "report.template"

    @pytest.mark.parametrize(
        "attempt",
        [
            "{{ ''.__class__.__mro__ }}",
            "{{ value.__init__.__globals__ }}",
            "{{ value.append(1) }}",
            "{{ (value | attr('__class__')).__name__ }}",
            "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
            "{{ '%s' | format(value.__class__.__base__.__subclasses__()) }}",
            "{{ '{0.__class__}'.format(value) }}",
            "{{ missing }}",
        ],
    )
    def test_the_environment_refuses_what_a_template_could_try(self, attempt: str) -> None:
        from jinja2.exceptions import SecurityError, UndefinedError

        made = template._environment().from_string(attempt)
        with pytest.raises((SecurityError, UndefinedError)):
            made.render(value=[1])

    @pytest.mark.parametrize("name", ["../template.py", "/etc/passwd", "advice.md.j2/../x"])
    def test_no_other_file_is_loaded(self, name: str) -> None:
        from jinja2.exceptions import TemplateNotFound

        with pytest.raises(TemplateNotFound):
            template.render(name)

    def test_text_from_outside_is_no_template(self) -> None:
        made = template._environment().from_string("{{ value }}")
        shown = made.render(value="{{ 7 * 7 }}{% raw %}")
        assert "49" not in shown
        assert "7" in shown
