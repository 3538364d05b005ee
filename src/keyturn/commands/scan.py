"""`keyturn scan`: find plaintext tokens in files, in what is staged, or in the history.

The hook's own road is `keyturn.scan.hook`; both end in `keyturn.scan.run`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from fnmatch import translate
from functools import partial
from typing import TYPE_CHECKING

from keyturn.errors import ExitCode, KeyturnError, UsageError
from keyturn.plain import count
from keyturn.report import publish
from keyturn.scan import run as scanning
from keyturn.scan.baseline import Baseline
from keyturn.scan.errors import ScanCutShort, ScanError
from keyturn.scan.gitio import Git
from keyturn.scan.hook import CONFIGURATIONS
from keyturn.scan.output import allowed_text, leaks_text, remarks_text
from keyturn.scan.pattern import OWN, Pattern
from keyturn.scan.patterns import GENERIC, PATTERNS
from keyturn.scan.run import Options, Outcome
from keyturn.settings import Settings

if TYPE_CHECKING:
    from keyturn.config import Scan

FORMATS = ("text", "json", "sarif")


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print what was found; exit 1 for leaks, with --strict 3 for what was not scanned."""
    _require_formats(settings)
    publish.require_writable(settings)
    scan = _configured(settings)
    try:
        options = _options(settings, arguments, scan)
        with settings.progress.shown(ticking=False):  # the scan forks
            outcome = scanning.scan(options, settings.environ, sys.stdin.buffer)
        if options.accepting:
            outcome = _accepted(options.accepting, outcome)
    except ScanCutShort as error:
        raise KeyturnError(str(error)) from error
    except ScanError as error:
        raise UsageError(str(error)) from error
    _report(settings, arguments, outcome, staged=options.source == scanning.STAGED)
    if arguments.strict and outcome.unread:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if outcome.leaks else ExitCode.OK


def _require_formats(settings: Settings) -> None:
    """Refuse what other commands can write. Raises UsageError."""
    for output in settings.outputs:
        if output.format not in FORMATS:
            raise UsageError(
                f"--output {output.format}={output.path}: a scan has no such format",
                hint="one of " + ", ".join(FORMATS),
            )


def _configured(settings: Settings) -> Scan | None:
    """Return what the configuration says about scans; what reads it is loaded only for that."""
    if not settings.config and not any((settings.root / name).exists() for name in CONFIGURATIONS):
        return None
    from keyturn.commands import wiring

    return wiring.load_config(settings).scan


def _options(settings: Settings, arguments: argparse.Namespace, scan: Scan | None) -> Options:
    source, names = _source(settings, arguments)
    accepting = Baseline.load(arguments.write_baseline) if arguments.write_baseline else None
    noun = "text" if source in (scanning.HISTORY, scanning.PUSH) else "file"
    counted = partial(settings.progress.through, what="scanning", noun=noun)
    if scan is None:
        return Options(source, names, accepting=accepting, counted=counted)
    own = tuple(
        Pattern(row.id, (row.keyword,), row.regex, OWN, "the configuration", lead=512)
        for row in scan.patterns
    )
    return Options(
        source,
        names,
        rows=(*PATTERNS, *own, *((GENERIC,) if scan.generic else ())),
        baseline=scan.baseline or scanning.BASELINE,
        accepting=accepting,
        is_allowed_path=_matcher(scan.allow_paths) if scan.allow_paths else None,
        counted=counted,
    )


def _source(settings: Settings, arguments: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    """Return what is to be scanned. Raises UsageError for paths beside what takes none."""
    paths = tuple(arguments.paths)
    if arguments.staged:
        return scanning.STAGED, paths
    chosen = {
        "--stdin": (arguments.stdin, scanning.STDIN, ()),
        "--commit-msg": (arguments.commit_msg, scanning.MESSAGE, (arguments.commit_msg,)),
        "--pre-push": (arguments.pre_push, scanning.PUSH, ()),
        "--history": (
            arguments.history is not None,
            scanning.HISTORY,
            (arguments.history,) if arguments.history else (),
        ),
        "--all": (
            arguments.all,
            scanning.FILES,
            (Git(settings.environ).toplevel() or ".",) if arguments.all else (),
        ),
    }
    for flag, (given, source, names) in chosen.items():
        if given:
            if paths:
                raise UsageError(f"{flag} takes no paths", hint="leave them out")
            return source, names
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"there is no file or folder {path}")
    return scanning.FILES, paths or (".",)


def _matcher(globs: tuple[str, ...]) -> Callable[[str], bool]:
    expression = re.compile("|".join(translate(glob) for glob in globs))
    return lambda path: expression.match(path) is not None


def _accepted(baseline: Baseline, outcome: Outcome) -> Outcome:
    """Write the baseline; what could be guessed from its fingerprint stays a leak."""
    known = [leak for leak in outcome.allowed if leak.allowed == baseline.path]
    baseline.write((leak.rule, leak.fingerprint) for leak in (*outcome.leaks, *known))
    left = [leak for leak in outcome.leaks if not leak.fingerprint]
    new = count(len(outcome.leaks) - len(left), "token")
    publish.tell(f"keyturn: {new} accepted from now on, by {baseline.path}")
    if left:
        publish.tell(
            f"keyturn: {count(len(left), 'token')} not accepted, being short enough to be guessed "
            "from what the file would hold; use a marker on the line"
        )
    return outcome._replace(leaks=left)


def _report(
    settings: Settings, arguments: argparse.Namespace, outcome: Outcome, *, staged: bool
) -> None:
    def text(*, color: bool) -> str:
        parts = [leaks_text(outcome.leaks, staged=staged, color=color)] if outcome.leaks else []
        if arguments.show_allowed and outcome.allowed:
            parts.append(allowed_text(outcome.allowed))
        return "".join(parts)

    def rendered(form: str, *, color: bool = False) -> str:
        if form == "text":
            return text(color=color)
        from keyturn.report import leaks

        return leaks.render(outcome, form)

    for output in settings.outputs:
        publish.write_atomically(settings.root / output.path, rendered(output.format))
    # The formats for programs name what was not scanned.
    unread = outcome.unread if settings.format == "text" else []
    if remarks := remarks_text(outcome.notes, unread):
        publish.tell(remarks)
    if shown := rendered(settings.format, color=settings.color):
        publish.emit(shown)
