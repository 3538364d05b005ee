"""The command line: from arguments to an exit code; imports a command only when it is called.

Decides nothing about tokens, and no traceback leaves it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from keyturn import __version__
from keyturn.errors import ConfigError, ExitCode, KeyturnError, UsageError
from keyturn.flags import make_parser
from keyturn.formats import FORMATS
from keyturn.terminal import is_hang_up, show_every_character, wants_color, wants_progress

if TYPE_CHECKING:
    from keyturn.github.runner import Runner
    from keyturn.settings import Output, Settings

_AT_TOLERANCE = timedelta(minutes=5)
_NARROWEST = 40
"""Columns below which wrapping would take a report apart; such a terminal wraps by itself."""


def run(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the `keyturn` command of this process and end it; `argv` stands in for its own."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started it
            setattr(sys, name, StringIO())
        else:
            show_every_character(stream)
    code = main(sys.argv[1:] if argv is None else argv, os.environ, now=datetime.now(UTC))
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        _forget_output()
        code = code or ExitCode.INCOMPLETE
    sys.exit(code)


def _forget_output() -> None:
    """Leave nothing for the interpreter to flush: nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str], environ: Mapping[str, str], *, now: datetime) -> int:
    """Carry out one command line; return its exit code. Everything it prints is redacted."""
    for name in ("SIGTERM", "SIGBREAK"):  # the second is Windows's, for Ctrl+Break
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        return _dispatch(list(argv), environ, now=now)
    except KeyboardInterrupt:
        _say("keyturn: interrupted; nothing is half written")
        code = ExitCode.INTERRUPTED
    except ConfigError as error:
        _say_problems(error, environ)
        code = ExitCode.USAGE
    except UsageError as error:
        _say_error(error)
        code = ExitCode.USAGE
    except KeyturnError as error:
        _say_error(error)
        code = ExitCode.INCOMPLETE
    except Exception as error:
        if is_hang_up(error, windows=sys.platform == "win32"):
            _forget_output()
        else:
            _say_mistake(error)
        code = ExitCode.INCOMPLETE
    _report_failure(environ)
    return code


def _say_error(error: KeyturnError) -> None:
    _say(f"keyturn: {error.message}" + (f"\n  hint: {error.hint}" if error.hint else ""))


def _say_problems(error: ConfigError, environ: Mapping[str, str]) -> None:
    """Name every mistake; on GitHub also at its line, where a pull request shows it."""
    from keyturn.github.runner import Runner
    from keyturn.plain import count, log_safe, plain
    from keyturn.workflow_commands import command

    runner = Runner.from_environ(environ)
    for problem in error.problems:
        _say(f"error: {problem}")
        place = {"file": log_safe(plain(problem.path)), "line": problem.line, "col": problem.column}
        runner.annotate([command("error", log_safe(plain(str(problem))), properties=place)])
    problems = count(len(error.problems), "problem")
    _say(f"keyturn: {problems} in the configuration; nothing was done")


def _say_mistake(error: Exception) -> None:
    """The promise is that no traceback reaches a user."""
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    _say(
        f"keyturn: stopped by an error of its own, {type(error).__name__} at "
        f"{Path(place.filename).name}:{place.lineno}\n"
        f"  hint: please report this with the version, {__version__}"
    )


def _report_failure(environ: Mapping[str, str]) -> None:
    """Tell the later steps of a workflow that this one came to nothing."""
    from keyturn.github.runner import Runner

    with suppress(KeyturnError):
        Runner.from_environ(environ).write_outputs({"status": "failed"})


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    from keyturn.plain import said
    from keyturn.secret_value import redact

    print(said(redact(text)), file=sys.stderr)


def _dispatch(argv: list[str], environ: Mapping[str, str], *, now: datetime) -> int:
    arguments = make_parser().parse_args(_command_line(argv, environ))
    # Not before: `--version` and `--help` have ended, and need nothing of this.
    from keyturn.github.runner import Runner
    from keyturn.secret_value import announce_to

    world = Runner.from_environ(environ)
    if world.in_actions and arguments.command != "scan" and not vars(arguments).get("leaks"):
        # What a scan finds is not keyturn's to know, and telling it would show it.
        announce_to(world.mask)
    settings = _settings(arguments, environ, world, now=now)
    if settings.verbosity > 0 or world.debug:
        _log_requests()
    command = import_module(f"keyturn.commands.{arguments.command}")
    code: int = command.run(settings, arguments)
    return code


def _command_line(argv: list[str], environ: Mapping[str, str]) -> list[str]:
    """Return what was asked for: on the command line, or by an action's inputs."""
    # GitHub's runner hands an input called `args` to the container as well, and alone
    # (actions/runner, ContainerActionHandler.cs, 2026-11): it is one input among the others.
    if argv and not environ.get("INPUT_ARGS"):
        return argv
    from keyturn.github.runner import arguments

    return arguments(environ) or argv or ["--help"]


def _log_requests() -> None:
    """Tell standard error who was asked and what the answer was."""
    import logging

    from keyturn.secret_value import redact

    class Redacted(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted("keyturn: %(message)s"))
    logger = logging.getLogger("keyturn")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG)


def _settings(
    arguments: argparse.Namespace,
    environ: Mapping[str, str],
    runner: Runner,
    *,
    now: datetime,
) -> Settings:
    import shutil

    from keyturn.credentials import Credentials
    from keyturn.model import Severity
    from keyturn.progress import SILENT, Progress
    from keyturn.settings import Settings

    given = vars(arguments)
    at = _instant("--at", given["at"]) if given.get("at") else now
    until = _instant("--until", given["until"]) if given.get("until") else None
    if until and until <= at:
        raise UsageError("--until: that is not later than the moment of the run")
    fail_on = given.get("fail_on", "error")
    pretends = abs(at - now) > _AT_TOLERANCE
    verbosity = given.get("verbosity") or 0
    return Settings(
        now=at.replace(microsecond=0),
        root=runner.workspace or Path.cwd(),
        runner=runner,
        credentials=Credentials(environ),
        environ=environ,
        repository=given.get("repository") or runner.repository,
        config=given.get("config"),
        format=given.get("format", "text"),
        outputs=tuple(_output(text, given["format"]) for text in given.get("output", ())),
        fail_on=None if fail_on == "never" else Severity(fail_on),
        pretends=pretends,
        until=until,
        issues=given.get("issues"),
        dry_run=given.get("dry_run", False)
        or until is not None
        or (pretends and not runner.api_on_loopback),
        color=wants_color(given.get("color", "auto"), environ, sys.stdout),
        # What is no terminal gets one width: two reports differ in what they say alone.
        width=max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns),
        verbosity=verbosity,
        # With -v the log says it, and -q is asked to be quiet.
        progress=Progress(sys.stderr)
        if verbosity == 0 and wants_progress(environ, sys.stderr)
        else SILENT,
        ca_bundle=environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE"),
    )


def _instant(flag: str, text: str) -> datetime:
    from keyturn.instants import parse_instant

    try:
        at = parse_instant(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from error
    if not 2000 <= at.year < 3000:  # later arithmetic cannot overflow
        raise UsageError(f"{flag}: not a date of this millennium")
    return at


def _output(text: str, default: str) -> Output:
    from keyturn.settings import Output

    form, separator, path = text.partition("=")
    if separator and form in FORMATS:
        return Output(form, Path(path))
    return Output(default, Path(text))
