"""What a start must not load: judged by modules, not by milliseconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("github.MainClass", "httpx", "jinja2", "yaml", "pydantic", "requests", "nacl")


def loaded(code: str) -> set[str]:
    lines = ("import sys", "try:", f"    {code}", "except SystemExit: pass")
    script = "\n".join((*lines, "print('\\n'.join(sys.modules))"))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_asking_for_help_loads_nothing_heavy(flag: str) -> None:
    code = "import datetime, keyturn.cli; keyturn.cli.main"
    code += f"([{flag!r}], {{}}, now=datetime.datetime.now(datetime.UTC))"
    modules = loaded(code)
    assert "keyturn.cli" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_the_hook_starts_on_the_standard_library_alone() -> None:
    modules = loaded("import keyturn.scan.hook; keyturn.scan.hook.run()")
    assert "keyturn.scan.hook" in modules
    heavy = (*HEAVY, "dataclasses", "logging", "asyncio", "importlib.metadata", "argparse")
    assert [name for name in heavy if name in modules] == []
