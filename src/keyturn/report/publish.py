"""Brings a finished survey to everyone who reads it: terminal, files, and the runner.

What people read goes through `redact` and `log_safe`, the last of several guards.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from keyturn.errors import ExitCode, KeyturnError, UsageError
from keyturn.model import Survey
from keyturn.plain import log_safe, said
from keyturn.report import render, summary
from keyturn.report.annotations import render as render_annotations
from keyturn.report.coarse import render_coarse, render_coarse_annotations
from keyturn.secret_value import redact
from keyturn.settings import Settings


def require_writable(settings: Settings) -> None:
    """Make sure, before anything is done, that every report can be written. Raises UsageError."""
    for output in settings.outputs:
        path = settings.root / output.path
        if path.is_dir():
            raise UsageError(f"--output {output.path}: that is a folder", hint="name a file")
        if not os.access(path.parent, os.W_OK):
            raise UsageError(
                f"--output {output.path}: nothing can be written to that folder",
                hint="make the folder first",
            )


def report(
    survey: Survey,
    settings: Settings,
    code: ExitCode,
    *,
    config_path: str | None,
    as_text: Callable[..., str] | None = None,
) -> None:
    """Print the report, write the files asked for, and tell the runner where there is one.

    `as_text` renders the text format in place of the usual report.
    """

    def rendered(form: str, *, color: bool = False) -> str:
        if form == "text" and as_text:
            return redact(as_text(survey, color=color, width=settings.width))
        text = render(
            survey,
            form,
            color=color,
            width=settings.width,
            verbose=settings.verbosity > 0,
            server_url=settings.runner.server_url,
            config_path=config_path,
        )
        # What was encoded for a machine must stay whole: a value such as `null` would break it, and
        # the texts of a survey come here without values (keyturn.redaction).
        return text if form in ("json", "sarif") else log_safe(redact(text))

    for output in settings.outputs:
        write_atomically(settings.root / output.path, rendered(output.format))
    if settings.verbosity >= 0 or settings.format != "text":
        hidden = _is_hidden(settings)
        emit(render_coarse(survey) if hidden else rendered(settings.format, color=settings.color))
    runner = settings.runner
    if runner.in_actions:
        path = settings.outputs[0].path.as_posix() if settings.outputs else ""
        if settings.coarse:
            runner.annotate(render_coarse_annotations(survey))
            runner.write_summary(render_coarse(survey))
        else:
            runner.annotate(render_annotations(survey, config_path=config_path))
            runner.write_summary(rendered("markdown"))
        told = summary.outputs(survey, code, report=path)
        if settings.coarse:  # a later step's log, or a debugging run, would show it
            told |= {"next-deadline": ""}
        runner.write_outputs(told)


def deliver(rendered: Callable[..., str], settings: Settings, *, coarse: str) -> None:
    """Write the files asked for, and print; where everybody can read that, only `coarse`.

    `rendered` takes the format, and by their names colour and width.
    """
    for output in settings.outputs:
        text = rendered(output.format, color=False, width=100)
        write_atomically(settings.root / output.path, text)
    if _is_hidden(settings):
        emit(coarse)
    else:
        emit(rendered(settings.format, color=settings.color, width=settings.width))


def _is_hidden(settings: Settings) -> bool:
    """Say whether standard output is for people, and everybody can read it."""
    return settings.coarse and settings.format in ("text", "markdown")


def emit(text: str) -> None:
    """Print a result, made inert by whoever made it, to standard output."""
    print(text, end="" if text.endswith("\n") else "\n")


def tell(text: str) -> None:
    """Print something about the run, which is no result, to standard error."""
    print(said(redact(text)), file=sys.stderr)


def tell_names(notes: Iterable[str], settings: Settings) -> None:
    """Print notes that hold names, but where everybody can read them."""
    if not settings.coarse:
        for note in notes:
            tell(note)


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises KeyturnError where it cannot be written."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            # mkstemp makes private files; a report is read by later steps of other users.
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or "cannot be written"
        raise KeyturnError(f"--output {path}: {reason}") from error
