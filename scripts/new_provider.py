"""Begins a provider: its module, a server to ask, a test that passes, and its place in the docs.

`make new-provider NAME=acme`. It overwrites nothing, and writes all of it or nothing.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

from scripts.git import Refused

TEMPLATES = Path(__file__).parent / "templates"
PAGE = "docs/reference/providers.md"
HOSTS = "docs/reference/egress.md"
SCHEMA = "docs/reference/keyturn.schema.json"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

NEXT = """
A passing contract test and a server to ask are there. Fill in what is the vendor's own:
  1. {module}: which address, which fields, what 401 and 404 mean
  2. the base classes of keyturn/interfaces.py for what it can do beyond telling (CONTRIBUTING.md)
  3. {test}: the vendor's own words of each refusal; {sandbox}: its answers
  4. tests/conformance: hold the server against the vendor's API description, or its pages
  5. {page}: the row and the section; {hosts}: the row;
     a page in docs/how-to that starts from nothing; CHANGELOG.md
Look for TODO. Then: make check && make test T={test}
"""


def begin(root: Path, name: str) -> list[Path]:
    """Write the files of a new provider; return them. Raises Refused, and has written nothing."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Refused(f"'{name}' is no name: small letters and digits, with single hyphens")
    words = {
        "name": name,
        "module": name.replace("-", "_"),
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "title": " ".join(part.capitalize() for part in name.split("-")),
    }
    files = {
        root / target.format(**words): Template(
            (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8")
        ).substitute(words)
        for template, target in (
            ("provider", "src/keyturn/providers/{module}.py"),
            ("sandbox", "src/keyturn/sandbox/{module}.py"),
            ("test", "tests/providers/test_{module}.py"),
        )
    }
    there = [path for path in files if path.exists()]
    if there:
        raise Refused(f"{there[0].relative_to(root)} is there already")
    page = root / PAGE
    files[page] = _with_provider(page.read_text(encoding="utf-8"), words)
    hosts = root / HOSTS
    files[hosts] = _with_host(hosts.read_text(encoding="utf-8"), words)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    # Where lines break, and how imports are sorted, depends on the name.
    written = [str(path) for path in files if path.suffix == ".py"]
    _python(root, "ruff", "check", "--quiet", "--select=I", "--fix", *written)
    _python(root, "ruff", "format", "--quiet", *written)
    # In a process of its own: this one may know the folder as it was.
    (root / SCHEMA).write_bytes(_python(root, "keyturn", "config", "schema"))
    return [*files, root / SCHEMA]


def _python(root: Path, *module: str) -> bytes:
    """Run a module in the repository; return what it prints."""
    command = [sys.executable, "-m", *module]
    return subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout


def _with_provider(page: str, words: dict[str, str]) -> str:
    """Return the page with a row in its table and a section, both in alphabetical order."""
    row = Template((TEMPLATES / "row.md.tmpl").read_text(encoding="utf-8")).substitute(words)
    section = Template((TEMPLATES / "section.md.tmpl").read_text(encoding="utf-8"))
    head, *sections = re.split(r"(?m)^(?=## )", page)
    rows = re.findall(r"(?m)^\| `[^\n]*\n", head)
    first = head.index(rows[0])
    after = head[first + sum(len(each) for each in rows) :]
    # By name, as the folder is listed: a hyphen comes before every letter.
    ordered = sorted([*rows, row], key=lambda line: line.split("`")[1])
    sections = [each.rstrip("\n") + "\n" for each in sections]
    sections = sorted(
        [*sections, section.substitute(words)], key=lambda text: text.partition("\n")[0]
    )
    return head[:first] + "".join(ordered) + after + "\n".join(sections)


def _with_host(page: str, words: dict[str, str]) -> str:
    """Return the page with a row after those of the other providers."""
    row = Template((TEMPLATES / "host.md.tmpl").read_text(encoding="utf-8")).substitute(words)
    *_, last = re.finditer(r"(?m)^\| [^|\n]+ \| provider `[^\n]*\n", page)
    return page[: last.end()] + row + page[last.end() :]


def main(arguments: list[str]) -> int:
    """Begin the provider of that name; say what to do next."""
    try:
        if len(arguments) != 1 or not arguments[0]:
            raise Refused("give it a name: make new-provider NAME=acme")
        root = Path.cwd()
        made = begin(root, arguments[0])
    except Refused as refused:
        print(f"new-provider: {refused}", file=sys.stderr)
        return 2
    names = ("module", "sandbox", "test", "page", "hosts", "schema")
    written = (path.relative_to(root).as_posix() for path in made)
    print(NEXT.format(**dict(zip(names, written, strict=True))).strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
