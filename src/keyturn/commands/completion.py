"""`keyturn completion SHELL`: print what completes commands, flags, files and rules in a shell.

Made from the parser itself, so that it knows what this version knows. The script asks nobody:
completing runs no keyturn.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from keyturn import providers
from keyturn.errors import ExitCode
from keyturn.flags import make_parser
from keyturn.report import publish
from keyturn.rules import SEVERITIES
from keyturn.scan.patterns import GENERIC, PATTERNS
from keyturn.settings import Settings

_FILES = ("PATH", "FILE", "REPORT", "[FORMAT=]FILE")
"""How the help calls what is a file or a folder."""


def run(_settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the script of one shell."""
    parser = make_parser()
    leaks = (pattern.id for pattern in (*PATTERNS, GENERIC))
    known = {"RULE": (*SEVERITIES, *leaks), "NAME": providers.names()}
    for action in _actions(parser):
        if action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined] # what shtab looks for
        elif action.metavar in known:
            action.choices = known[str(action.metavar)]
    publish.emit(shtab.complete(parser, shell=arguments.shell))
    return ExitCode.OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield every flag and argument, of all commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _actions(child)
