"""What a run found where everybody can read it: counts and coarse words.

No name, date, scope, owner or place stands in it: which release token dies when is a gift to
whoever wants to be there first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from keyturn.model import Severity, Survey
from keyturn.plain import count
from keyturn.report.annotations import render_notes
from keyturn.report.coarse_words import WHY, describe_findings
from keyturn.report.summary import headline

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render_coarse(survey: Survey) -> str:
    """Return the report as a few lines, for a log and a summary alike."""
    lines = [f"keyturn: {headline(survey)}", *_lines(survey)]
    return "\n".join([lines[0], "", *(f"- {line}" for line in lines[1:]), "", WHY, ""])


def render_coarse_annotations(survey: Survey) -> list[str]:
    """Return one workflow command at most, of the worst severity there is."""
    severities = {finding.severity for finding in survey.findings}
    kind = next((word for severity, word in _KINDS.items() if severity in severities), None)
    incomplete = any(failure.kind.incomplete for failure in survey.failures)
    if kind is None and not incomplete:
        return []
    return render_notes([(kind or "warning", "keyturn", "; ".join(_lines(survey)))])


def render_counts(title: str, kinds: Iterable[str], *, nothing: str) -> str:
    """Return how many there are of what kind, for a log and a summary alike."""
    lines = [f"- {number} {kind}" for kind, number in Counter(kinds).items()] or [f"- {nothing}"]
    return "\n".join([f"keyturn: {title}", "", *lines, "", WHY, ""])


def without_names(notes: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield one note for each kind and title, without whom it is about."""
    kinds = Counter((kind, title.partition(":")[0]) for kind, title, _ in notes)
    for (kind, title), number in kinds.items():
        yield kind, "keyturn", f"{title}: {count(number, 'time')}"


def _lines(survey: Survey) -> list[str]:
    missed = Counter(f.kind for f in survey.failures if f.kind.incomplete)
    unknown = [f"{number} could not be checked ({kind})" for kind, number in missed.items()]
    return [*describe_findings(survey.findings), *unknown] or ["nothing needs anybody"]
