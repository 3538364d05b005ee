"""The report as GitHub Markdown, for a step's summary; the same facts as the text, as tables.

What others wrote is escaped cell by cell, and the whole is cut between rows, never inside one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from keyturn.instants import format_instant
from keyturn.model import Failure, Finding, Inspected, Severity, Survey
from keyturn.report import escape, template
from keyturn.report.summary import (
    describe_moment,
    find_first_to_break,
    find_issue,
    find_token,
    format_day,
    format_expiry,
    headline,
    places,
    relative,
    sorted_failures,
    sorted_tokens,
    summarize,
)
from keyturn.report.template import Markdown

_MOST_BYTES = 900 * 1024
"""Well below the 1 MiB at which the runner drops a summary whole."""

_FRAME_BYTES = 64 * 1024
"""Kept free for everything that is no table row; its only long parts are cells, cut short."""

_LONGEST_CELL = 500
"""Characters, before escaping: a name that is longer is an attack, not a name."""

_MOST_NAMED = 3
"""Places or owners in one cell; further ones are counted."""


_FINE = Markdown("\N{WHITE HEAVY CHECK MARK}")
_ICONS = {
    Severity.ERROR: Markdown("\N{CROSS MARK}"),
    Severity.WARNING: Markdown("\N{WARNING SIGN}\N{VARIATION SELECTOR-16}"),
    Severity.INFO: Markdown("\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}"),
}


@dataclass(slots=True)
class _Table:
    title: str
    noun: str
    header: Sequence[str]
    rows: list[Markdown] = field(default_factory=list)
    cut: int = 0

    @property
    def heading(self) -> Markdown:
        return Markdown(f"{_row(self.header)}\n{_row(['---'] * len(self.header))}")


def render_markdown(survey: Survey, *, server_url: str) -> str:
    """Return the summary, at most 900 KiB of UTF-8."""
    writer = _Writer(survey, server_url)
    tables = writer.tables()
    cut = [f"{table.cut} {table.noun}" for table in tables if table.cut]
    due = summarize(survey).next_deadline
    text = template.render(
        "summary.md.j2",
        icon=writer.icon(),
        headline=headline(survey),
        first=writer.first(),
        tables=tables,
        cut=", ".join(cut),
        repository=_code(survey.repository),
        now=Markdown(format_day(survey.now)),
        due=Markdown(format_day(due, now=survey.now) if due else "none known"),
    )
    return text + "\n"


def _text(text: str) -> Markdown:
    return Markdown(escape.markdown(_short(text)))


def _code(text: str) -> Markdown:
    return Markdown(escape.code(_short(text)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _join(parts: Iterable[str], separator: str) -> Markdown:
    return Markdown(separator.join(parts))


@dataclass(frozen=True, slots=True)
class _Writer:
    survey: Survey
    server_url: str

    def icon(self) -> Markdown:
        severities = [finding.severity for finding in self.survey.findings]
        incomplete = any(failure.kind.incomplete for failure in self.survey.failures)
        if Severity.ERROR in severities:
            return _ICONS[Severity.ERROR]
        if Severity.WARNING in severities or incomplete:
            return _ICONS[Severity.WARNING]
        return _FINE

    def tables(self) -> list[_Table]:
        """Return the tables, filled in order of weight until the summary is full."""
        findings = _Table(
            "Findings",
            "findings",
            ["Severity", "Finding", "What", "First to break", "Used at", "Owners"],
        )
        errors = _Table("Not checked, and notices", "notes", ["", "Subject", "What", "Kind"])
        tokens = _Table(
            "Tokens",
            "tokens",
            ["Token", "State", "Expires", "Deadline", "Last used", "Evidence", "Reason"],
        )
        room = _MOST_BYTES - _FRAME_BYTES
        room = _fill(findings, map(self._finding, self.survey.findings), room)
        room = _fill(errors, map(_failure, sorted_failures(self.survey)), room)
        _fill(tokens, map(self._token, sorted_tokens(self.survey)), room)
        return [findings, errors, tokens]

    def first(self) -> dict[str, Markdown] | None:
        finding = find_first_to_break(self.survey)
        if not finding or not finding.first_break:
            return None
        first = finding.first_break
        return {
            "where": _join([_code(first.job), _code(first.path)], " in "),
            "moment": _text(describe_moment(first, now=self.survey.now)),
            "subject": _code(finding.subject),
            "message": _text(finding.message),
            "owners": self._owners(finding),
        }

    def _finding(self, finding: Finding) -> list[str]:
        first, due = finding.first_break, finding.due_at
        what = [_text(finding.message)]
        if due:
            what.append(Markdown(f"({relative(due, self.survey.now)})"))
        if finding.advice:
            what.append(_text("(how: check -v, or --format json)"))
        breaks = [_code(first.job), _code(first.path)] if first else []
        if first:
            breaks.append(_text(describe_moment(first, now=self.survey.now)))
        used = places(finding)
        where = [self._link(place.path, place.line) for place in used[:_MOST_NAMED]]
        if len(used) > _MOST_NAMED:
            where.append(_text(f"and {len(used) - _MOST_NAMED} more"))
        return [
            f"{_ICONS[finding.severity]} {finding.severity}",
            _join([self._subject(finding), _text(finding.rule)], "<br>"),
            _join(what, " "),
            _join(breaks, "<br>"),
            _join(where, "<br>"),
            self._owners(finding),
        ]

    def _subject(self, finding: Finding) -> Markdown:
        issue = find_issue(self.survey, finding) or ""
        # Only an address with nothing in it that could end the link becomes one.
        if issue.startswith(f"{self.server_url}/") and re.fullmatch(r"[\w.~:/%#-]+", issue):
            return Markdown(f"[{_code(finding.subject)}]({issue})")
        return _code(finding.subject)

    def _link(self, path: str, line: int) -> Markdown:
        where = (self.survey.repository, "blob/HEAD", path)
        text = _short(f"{path}:{line}")
        return Markdown(escape.link(text, self.server_url, *where, line=line))

    def _owners(self, finding: Finding) -> Markdown:
        token = find_token(self.survey, finding)
        owners = token.token.owners if token else ()
        shown = [_code(owner) for owner in owners[:_MOST_NAMED]]
        if len(owners) > _MOST_NAMED:
            shown.append(_text(f"and {len(owners) - _MOST_NAMED} more"))
        return _join(shown, ", ")

    def _token(self, inspected: Inspected) -> list[str]:
        status, deadline = inspected.status, inspected.deadline
        now = self.survey.now
        when = f"{format_instant(deadline.at)} ({relative(deadline.at, now)})" if deadline else ""
        used = relative(status.last_used_at, now) if status.last_used_at else ""
        return [
            _code(inspected.token.id),
            _text(status.state),
            _text(format_expiry(inspected.status)),
            Markdown(when),
            _text("never" if status.never_used else used),
            _text(status.evidence),
            _text(status.reason or ""),
        ]


def _row(cells: Sequence[str]) -> Markdown:
    return Markdown(f"| {' | '.join(cells)} |")


def _failure(failure: Failure) -> list[str]:
    return [
        f"{_ICONS[Severity.WARNING]} not checked"
        if failure.kind.incomplete
        else f"{_ICONS[Severity.INFO]} notice",
        _code(failure.subject),
        _text(failure.message),
        _text(failure.kind),
    ]


def _fill(table: _Table, rows: Iterable[Sequence[str]], room: int) -> int:
    """Add rows while they fit; from the first that does not, only count. Return what is left."""
    for cells in rows:
        row = _row(cells)
        size = len(row.encode("utf-8", "replace")) + 1
        if table.cut or size > room:
            table.cut += 1
        else:
            table.rows.append(row)
            room -= size
    return room
