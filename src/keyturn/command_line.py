"""The parser behind `flags`: help that fits the terminal, and mistakes with the nearest right word.

It reports mistakes as everything else does; argparse would end the process itself. What was typed
is never repeated but where it stands in for a known word: a value could be among it.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NoReturn

from keyturn import help_texts
from keyturn.errors import UsageError

_WIDEST = 100
"""Longer lines are hard to read."""


class Parser(argparse.ArgumentParser):
    """One command's parser; without a command, that of the whole."""

    command = ""

    def format_help(self) -> str:
        """Return the help, wrapped for the terminal."""
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        if not self.command:
            return help_texts.overview(width)
        self.description = help_texts.about(self.command, width)
        self.epilog = help_texts.after(self.command, width)
        self.usage = " ".join([self.prog, "[FLAGS]", *map(_place, self._get_positional_actions())])
        self.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=width)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with where to look."""
        raise UsageError(message, hint=self._see)

    @property
    def _see(self) -> str:
        return f"see {self.prog} --help"

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Understand a command line whole. Raises UsageError naming what nobody knows."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self._refuse(left)
        return found, left

    def _refuse(self, left: Sequence[str]) -> NoReturn:
        flags = [word.partition("=")[0] for word in left if word.startswith("-")]
        if not flags:
            self.error("that is one word too many")
        from keyturn.config.problems import quote

        near = _find_near(flags[0], self._option_string_actions)
        raise UsageError(f"there is no flag {quote(flags[0])}", hint=near or self._see)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is none of an action's choices, naming the nearest one."""
        if action.choices is None or value in action.choices:
            return
        from keyturn.config.problems import quote, suggest

        known = list(action.choices)
        if action.dest == "command":
            near = _find_near(str(value), known)
            raise UsageError(f"there is no command {quote(value)}", hint=near or self._see)
        name = "/".join(action.option_strings) or action.metavar or action.dest
        raise UsageError(
            f"{name}: {quote(value)} is none of its values", hint=suggest(value, known)
        )


def _place(action: argparse.Action) -> str:
    """Return how the usage shows an argument; which flags there are stands below it."""
    name = str(action.metavar or "|".join(action.choices or ()))
    return f"[{name} ...]" if action.nargs == "*" else name


def _find_near(word: str, known: Iterable[str]) -> str:
    """Return "did you mean" where something known is near."""
    import difflib

    # The dashes are right in any case, and would make short flags like each other.
    names = {name.lstrip("-"): name for name in known}
    near = difflib.get_close_matches(word[:100].lstrip("-"), names, n=1)
    return f"did you mean '{names[near[0]]}'?" if near else ""
