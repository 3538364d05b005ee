"""A provider is one module, one test module and one row of the docs: none may be missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from keyturn import providers
from keyturn.interfaces import Provider

PAGE = Path("docs/reference/providers.md")


def modules(root: Path) -> list[Path]:
    folder = root / "src" / "keyturn" / "providers"
    return sorted(path for path in folder.glob("[!_]*.py"))


def test_names_are_the_modules_of_the_folder(root):
    expected = tuple(sorted(path.stem.replace("_", "-") for path in modules(root)))
    assert providers.names() == expected
    assert {"declared", "gitlab"} <= set(expected)


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_a_class_a_test_and_a_row(root, name):
    found = providers.load(name)
    assert issubclass(found, Provider)
    assert found.name == name
    assert not found.__abstractmethods__
    assert (root / "tests" / "providers" / f"test_{name.replace('-', '_')}.py").is_file()
    rows = re.findall(r"^\| `([^`]+)` \|", (root / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    assert rows.count(name) == 1


def test_every_row_is_a_provider(root):
    text = (root / PAGE).read_text(encoding="utf-8").partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert rows == sorted(providers.names())


@pytest.mark.parametrize("name", providers.names())
def test_every_option_is_in_the_docs(root, name):
    text = (root / PAGE).read_text(encoding="utf-8")
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section
    fields = providers.load(name).options_model().model_fields
    options = {field.alias or key for key, field in fields.items()}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section[1], re.MULTILINE)) == options


@pytest.mark.parametrize("name", ["", "nothing", "_gitlab_api", "__init__", "gitlab.x", "GitLab"])
def test_an_unknown_name(name):
    with pytest.raises(KeyError):
        providers.load(name)


def test_names_import_nothing_and_load_imports_one():
    code = """
import sys
from keyturn import providers
assert len(providers.names()) > 1
loaded = [m for m in sys.modules if m.startswith("keyturn.providers.")]
assert loaded == [] and "httpx" not in sys.modules, loaded
providers.load("declared")
loaded = [m for m in sys.modules if m.startswith("keyturn.providers.")]
assert loaded == ["keyturn.providers.declared"], loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)
