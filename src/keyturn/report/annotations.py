"""The report as workflow commands that GitHub shows at the line which uses the secret.

Few and the worst first, because the runner takes ten of a kind; it prints nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keyturn.model import Failure, Finding, Severity, Survey
from keyturn.plain import plain
from keyturn.report.summary import Place, describe_finding, find_place, sorted_failures
from keyturn.workflow_commands import command

_MOST_OF_A_KIND = 10
"""The runner drops further ones (actions/runner, ExecutionContext.cs, read 2026-11)."""

_LONGEST_MESSAGE = 4000
"""The runner cuts at 4096 characters, counted after it has put in its `***`."""

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


@dataclass(frozen=True, slots=True)
class _Annotation:
    kind: str
    title: str
    message: str
    place: Place | None = None


def render(survey: Survey, *, config_path: str | None = None) -> list[str]:
    """Return the commands: errors, warnings, notices, at most ten each, the last counting the rest.

    What could not be checked comes before the findings of its kind: it is why the run fails.
    """
    everything = [
        *map(_about_failure, sorted_failures(survey)),
        *(_about_finding(survey, finding, config_path) for finding in survey.findings),
    ]
    return _in_order(everything)


def render_notes(notes: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the commands for kind, title and message of what stands at no line."""
    return _in_order([_Annotation(*note) for note in notes])


def _in_order(everything: Sequence[_Annotation]) -> list[str]:
    return [
        _line(annotation)
        for kind in _KINDS.values()
        for annotation in _first_ten(kind, [a for a in everything if a.kind == kind])
    ]


def _about_finding(survey: Survey, finding: Finding, config_path: str | None) -> _Annotation:
    return _Annotation(
        kind=_KINDS[finding.severity],
        title=f"{finding.rule}: {finding.subject}",
        message=describe_finding(finding),
        place=find_place(survey, finding, config_path=config_path),
    )


def _about_failure(failure: Failure) -> _Annotation:
    kind = "warning" if failure.kind.incomplete else "notice"
    return _Annotation(kind, f"{failure.kind}: {failure.subject}", failure.message)


def _first_ten(kind: str, annotations: Sequence[_Annotation]) -> Iterator[_Annotation]:
    if len(annotations) <= _MOST_OF_A_KIND:
        yield from annotations
        return
    shown = _MOST_OF_A_KIND - 1
    yield from annotations[:shown]
    more = f"and {len(annotations) - shown} more; the job summary has them all"
    yield _Annotation(kind, "keyturn", more)


def _line(annotation: _Annotation) -> str:
    properties: dict[str, object] = {}
    if annotation.place:
        place = annotation.place
        properties = {"file": plain(place.path), "line": place.line, "col": place.column}
    properties["title"] = plain(annotation.title)
    message = plain(annotation.message)
    if len(message) > _LONGEST_MESSAGE:
        message = message[: _LONGEST_MESSAGE - 1] + "…"
    return command(annotation.kind, message, properties=properties)
