"""What a start must not load: judged by modules, not by milliseconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("github.MainClass", "httpx", "jinja2", "yaml", "pydantic", "requests", "nacl", "shtab")
OF_A_RUN = (
    *("keyturn.github.runner", "keyturn.model", "keyturn.secret_value", "keyturn.settings"),
    *("json", "logging", "subprocess", "tempfile", "threading", "keyturn.progress"),
)
"""What every command needs, and what ends before it does not."""


def loaded(code: str) -> set[str]:
    lines = ("import sys", "try:", f"    {code}", "except SystemExit: pass")
    script = "\n".join((*lines, "print('\\n'.join(sys.modules))"))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["check", "--help"]])
def test_asking_for_help_loads_nothing_heavy(argv: list[str]) -> None:
    code = "import datetime, keyturn.cli; keyturn.cli.main"
    code += f"({argv!r}, {{}}, now=datetime.datetime.now(datetime.UTC))"
    modules = loaded(code)
    assert "keyturn.cli" in modules
    assert [name for name in (*HEAVY, *OF_A_RUN) if name in modules] == []


HOOK_FREE_OF = (
    *HEAVY,
    *("dataclasses", "logging", "asyncio", "importlib.metadata", "argparse", "typing", "enum"),
    *("re", "json", "collections", "functools", "subprocess", "pathlib", "tempfile", "urllib"),
    *("hyperscan", "ahocorasick_rs", "keyturn.cli", "keyturn.plain", "keyturn.secret_value"),
)


@pytest.mark.skipif(sys.platform == "win32", reason="git is started by subprocess there")
def test_the_hook_judges_a_clean_commit_with_next_to_nothing(tmp_path: Path) -> None:
    # The class has a name that could be base64, which is looked into.
    (tmp_path / "clean.py").write_text(
        "class AbstractSingletonProxyFactoryBean:\n    def greet(name):\n"
        "        return f'hello {name}'  # see https://example.com/a/b\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    script = (
        "import sys\nsys.path[:0] = sys.argv[1:]\nsys.argv[1:] = ['clean.py']\n"
        "from keyturn.scan.hook import run\n"
        "try: run()\nexcept SystemExit as end: print(end.code)\n"
        "print('\\n'.join(sys.modules))"
    )
    # -S: what a development environment loads at each start is not the hook's doing.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, *sys.path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stdout.splitlines()
    assert code == "0"
    assert {"keyturn.scan.diff", "keyturn.scan.decode"} <= set(modules)
    assert [name for name in HOOK_FREE_OF if name in modules] == []
    assert len([name for name in modules if name.startswith("keyturn")]) <= 24
