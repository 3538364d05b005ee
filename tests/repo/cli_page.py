"""Renews the commands of docs/reference/cli.md: `python -m tests.repo.cli_page`.

They are what the parser takes and what `--help` says; what a flag means stands there, once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from keyturn.flags import make_parser
from keyturn.help_texts import COMMANDS, Help

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
_PART = re.compile(r"(<!-- commands -->\n).*?(<!-- end of commands -->\n)", re.DOTALL)


def page(old: str) -> str:
    """Return the page with the commands as they should be."""
    rows = [
        f"| [`keyturn {name}`](#keyturn-{name}) | {told.short} |" for name, told in COMMANDS.items()
    ]
    sections = [_section(name, parser) for name, parser in parsers().items()]
    overview = "\n".join(["| command | does |", "| --- | --- |", *rows])
    part = "\n\n".join([overview, *sections])
    return _PART.sub(lambda marks: f"{marks[1]}\n{part}\n\n{marks[2]}", old)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Return each command's parser by its name."""
    # argparse has no public way to ask for them; shtab, which makes the completion, reads the same.
    (commands,) = (
        action.choices
        for action in make_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return {name: commands[name] for name in COMMANDS}


def flags() -> set[str]:
    """Return every flag that some command takes."""
    return {
        flag
        for parser in parsers().values()
        for action in parser._actions
        for flag in action.option_strings
    }


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    told = COMMANDS[name]
    actions = [each for each in parser._actions if not isinstance(each, argparse._HelpAction)]
    words = [_name(each) for each in actions if not each.option_strings]
    options = ["[FLAGS]"] if len(words) < len(actions) else []
    codes = ", ".join(map(str, told.exit_codes))
    parts = [
        f"## keyturn {name}",
        "```text\n" + " ".join(["keyturn", name, *options, *words]) + "\n```",
        told.about,
        *_table(actions),
        "```sh\n" + "\n".join(_examples(told)) + "\n```",
        f"Exit codes: {codes} ([what they mean](exit-codes.md)).{_links(told)}",
    ]
    return "\n\n".join(parts)


def _name(action: argparse.Action) -> str:
    """Return a flag or a word as it is typed."""
    choices = "|".join(map(str, action.choices)) if action.choices else ""
    value = "" if action.nargs == 0 else str(action.metavar or choices or action.dest.upper())
    if not action.option_strings:
        return f"[{value} …]" if action.nargs == "*" else value
    if action.nargs == "?":
        value = f"[{value}]"
    return f"{', '.join(action.option_strings)} {value}".strip()


def _table(actions: list[argparse.Action]) -> Iterator[str]:
    rows = []
    for action in actions:
        default = action.default if isinstance(action.default, str) else ""
        cells = (f"`{_name(action)}`", f"`{default}`" if default else "", action.help or "")
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    if rows:
        yield "\n".join(["| flag | default | means |", "| --- | --- | --- |", *rows])


def _examples(told: Help) -> Iterator[str]:
    width = max(len(line) for line, _ in told.examples)
    for line, what in told.examples:
        yield f"{line.ljust(width)}  # {what}"


def _links(told: Help) -> str:
    """Return the pages that `--help` names, as links from this page."""
    paths = [path for path in re.findall(r"docs/[\w/-]+\.md", told.page) if path not in str(PAGE)]
    links = [f"[{Path(path).stem}]({path.replace('docs/', '../', 1)})" for path in paths]
    return f" Read on: {', '.join(links)}." if links else ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
