"""The words of the issues that are about no token: the list of all of them, and the schedule.

Dates are absolute and nothing moves by itself, so that an issue whose facts stand still is not
written again. Nobody is mentioned, and nothing here starts anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from keyturn.instants import format_instant
from keyturn.issues.dashboard import Board, Row, make_board
from keyturn.issues.facts import fact_of
from keyturn.issues.notices import DASHBOARD, OVERVIEW, SCHEDULE, Notice
from keyturn.model import SCHEDULE_STOPPED, Failure, Precision, Survey
from keyturn.report import escape
from keyturn.report.coarse_words import WHY, describe_findings
from keyturn.report.summary import describe_moment, format_expiry
from keyturn.report.template import Markdown, code, render

_MOST_ROWS = 50
_MOST_FAILURES = 20
_MOST_OWNERS = 3
_MOST_BARS = 30
_WIDEST = timedelta(days=730)
"""What dies later than this after the first would press all others together."""
_LONGEST = 80
"""Characters of a name in a cell."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Writes about one repository as a whole (issue_notices.Writer)."""

    repository: str
    server_url: str

    def dashboard(self, survey: Survey, *, wanted: bool) -> Notice:
        """Return the one list of all tokens; it links the issues that the survey names."""
        over = "Nothing is declared any more." if wanted else "The dashboard is switched off."
        if not wanted or not survey.tokens:
            return Notice(DASHBOARD, over=over)
        board = make_board(survey)
        failures = _name_failures(survey.failures)
        text = render(
            "dashboard.md.j2",
            repository=self.repository,
            bars=list(draw_timeline(board.rows)),
            rows=[self._row(row, board, survey) for row in board.rows[:_MOST_ROWS]],
            more_rows=len(board.rows) - _MOST_ROWS,
            failures=failures[:_MOST_FAILURES],
            more_failures=len(failures) - _MOST_FAILURES,
            workflow=board.workflow,
        )
        title = escape.title(f"The tokens of {self.repository}, by the day they end")
        return Notice(DASHBOARD, title, text, news="Opened again: it is kept.", over=over)

    def schedule(self, survey: Survey) -> Notice:
        """Return what is wrong with the schedule that keyturn runs on."""
        over = "Nothing is wrong with keyturn's own schedule any more."
        found = [f for f in survey.findings if f.rule == SCHEDULE_STOPPED]
        if not found:
            return Notice(SCHEDULE, over=over)
        return Notice(
            SCHEDULE,
            escape.title(f"The schedule that starts keyturn in {self.repository} needs care"),
            render("schedule.md.j2", findings=found),
            facts=tuple(map(fact_of, found)),
            news="\n".join(f"- {escape.markdown(finding.message)}" for finding in found),
            over=over,
        )

    def overview(self, survey: Survey) -> Notice:
        """Return how much is wrong, for a tracker that everybody can read."""
        over = "Nothing needs anybody any more."
        lines = list(describe_findings(survey.findings))
        partial = any(failure.kind.incomplete for failure in survey.failures)
        if not lines:
            return Notice(OVERVIEW, over=over, partial=partial)
        return Notice(
            OVERVIEW,
            escape.title("Tokens that CI depends on need care"),
            render("overview.md.j2", lines=lines, why=WHY),
            facts=tuple(line.partition(" ")[2] for line in lines),
            news="\n".join(f"- {line}" for line in lines),
            over=over,
            partial=partial,
        )

    def _row(self, row: Row, board: Board, survey: Survey) -> Markdown:
        token = row.inspected.token
        cells = [
            _name(token.id),
            _name(row.rule or row.inspected.status.state),
            _tell_end(row),
            _tell_first(row),
            _join(token.owners),
            self._link_issue(survey.issues.get(token.id)),
            self._link_dispatch(board.workflow) if row.rotate_now else "",
        ]
        return Markdown("| " + " | ".join(cells) + " |")

    def _link_issue(self, url: str | None) -> str:
        return f"[#{url.rpartition('/')[2]}]({url})" if url else ""

    def _link_dispatch(self, workflow: str | None) -> str:
        if workflow is None:
            return ""
        name = quote(_file(workflow), safe="-._~", errors="replace")
        return f"[rotate now]({self.server_url}/{self.repository}/actions/workflows/{name})"


def draw_timeline(rows: Sequence[Row]) -> Iterator[Markdown]:
    """Yield the lines of a Mermaid chart about what is still to come.

    Of a name only characters survive that mean nothing to Mermaid, and a word stands before it,
    because the chart's own words, and dates, mean something at the beginning of a line (Mermaid,
    gantt.jison at 03ce2810, read 2026-11).
    """
    coming = [row for row in rows if row.at and not row.is_dead]
    if not coming:
        return
    first = coming[0].at
    for row in coming[:_MOST_BARS]:
        assert row.at
        assert first
        if row.at - first <= _WIDEST:
            urgent = "crit, " if row.rule else ""
            name = _UNSAFE.sub("_", row.inspected.token.id)
            yield Markdown(f"token {name} :{urgent}milestone, {row.at:%Y-%m-%d}, 0d")


def _tell_end(row: Row) -> str:
    status, deadline = row.inspected.status, row.inspected.deadline
    if row.at is None or deadline is None:
        return f"unless it is used ({code(deadline.reason)})" if deadline else format_expiry(status)
    whole = deadline.at == status.expires_at and status.precision is Precision.DAY
    when = f"{row.at:%Y-%m-%d}" if whole else format_instant(row.at)
    return f"{when} ({code(deadline.reason)})"


def _tell_first(row: Row) -> str:
    if row.first is None:
        return ""
    when = escape.markdown(describe_moment(row.first)[:_LONGEST])
    return f"{_name(row.first.job)} of {_name(_file(row.first.path))}, {when}"


def _name(text: str) -> str:
    return code(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _join(owners: Sequence[str]) -> str:
    shown = [_name(owner) for owner in owners[:_MOST_OWNERS]]
    more = len(owners) - _MOST_OWNERS
    return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])])


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _name_failures(failures: Sequence[Failure]) -> list[tuple[str, str]]:
    """Return what could not be looked at, without the words, which may name the hour."""
    return sorted({(f.subject, f.kind.value) for f in failures if f.kind.incomplete})
