"""The `keyturn-scan` command of the hooks; standard library only, because it starts often.

Anything but the plain cases, and any configuration with a `scan:` block, is for `keyturn scan`:
the same scan behind the full command line.
"""

from __future__ import annotations

import os
import sys

from keyturn.scan.errors import ScanError
from keyturn.scan.run import MESSAGE, PUSH, STAGED, Options, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

CONFIGURATIONS = (".github/keyturn.yml", "keyturn.yml")
"""Where a configuration is looked for."""


def run() -> NoReturn:
    """Run the `keyturn-scan` command of this process and end it."""
    argv = sys.argv[1:]
    options = _plain_options(argv)
    if options is None or _has_scan_block():
        from keyturn import cli

        cli.run(["scan", *(argv if _names_a_source(argv) else ["--staged", *argv])])
    sys.exit(main(options, os.environ))


def _names_a_source(argv: Sequence[str]) -> bool:
    return any(argument.startswith(("--commit-msg", "--pre-push")) for argument in argv)


def _plain_options(argv: Sequence[str]) -> Options | None:
    """Understand what the hooks of `.pre-commit-hooks.yaml` are called with."""
    match argv:
        case ["--commit-msg", name] if not name.startswith("-"):
            return Options(MESSAGE, (name,))
        case ["--pre-push"]:
            return Options(PUSH)
        case names if not any(name.startswith("-") for name in names):
            return Options(STAGED, tuple(names))
    return None


def _has_scan_block() -> bool:
    """Say whether a configuration has something to say about scans, without parsing it."""
    for name in CONFIGURATIONS:
        try:
            handle = os.open(name, os.O_RDONLY)
        except OSError:
            continue
        try:
            text = b"\n" + os.read(handle, 1 << 20).removeprefix(b"\xef\xbb\xbf")
        finally:
            os.close(handle)
        if b"\nscan" in text or b'\n"scan"' in text or b"\n'scan'" in text or b"\n{" in text:
            return True
    return False


def main(options: Options, environ: Mapping[str, str]) -> int:
    """Carry out one plain scan, print what was found, and return the exit code."""
    try:
        outcome = scan(options, environ)
    except KeyboardInterrupt:
        return _say("keyturn: interrupted; nothing was decided", 130)
    except ScanError as error:
        return _say(f"keyturn: {error}", error.code)
    except Exception as error:
        # The promise is that no traceback reaches a user; it could show what was being read.
        return _say(f"keyturn: stopped by an error of its own, {type(error).__name__}", 3)
    if outcome.notes or outcome.unread:
        from keyturn.scan.output import remarks_text

        _say(remarks_text(outcome.notes, outcome.unread), 0)
    if not outcome.leaks:
        return 0
    from keyturn.scan.output import leaks_text
    from keyturn.terminal import show_every_character, wants_color

    color = wants_color("auto", environ, sys.stdout)
    show_every_character(sys.stdout)
    print(leaks_text(outcome.leaks, staged=options.source == STAGED, color=color), end="")
    return 1


def _say(text: str, code: int) -> int:
    from keyturn.plain import said

    print(said(text), file=sys.stderr)
    return code
