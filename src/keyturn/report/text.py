"""The report for a terminal or a log: what breaks first, then every finding, then the tokens.

Plain ASCII of its own; what others wrote is made inert, wrapped and never cut short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from keyturn.instants import format_instant
from keyturn.model import Advice, Finding, Inspected, Severity, State, Survey
from keyturn.plain import columns, indent, log_safe, paint, plain, wrap
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

_LONGEST_WHOLE = 20
"""Columns of a word that is not broken in a table: every date and state, and most ids."""

_MOST_PLACES = 3
"""Places named per finding; a secret used in fifty jobs would hide the next finding."""

_COLORS = {
    Severity.ERROR: "1;31",
    Severity.WARNING: "33",
    Severity.INFO: "36",
    State.EXPIRED: "31",
    State.REVOKED: "31",
    State.BLOCKED: "31",
    State.UNKNOWN: "33",
    State.ACTIVE: "32",
}
_BOLD, _DIM = "1", "2"
_GAP = "  "


def render_text(survey: Survey, *, color: bool, width: int, verbose: bool = False) -> str:
    """Return the report as lines of at most `width` columns; a patch keeps its own.

    `verbose`: what takes a secret's place is told with every step, and the patch.
    """
    return _Text(survey, color, width, verbose).render()


@dataclass(frozen=True, slots=True)
class _Text:
    survey: Survey
    color: bool
    width: int
    verbose: bool

    def render(self) -> str:
        if not self.survey.findings and not self.survey.failures:
            return log_safe("\n".join(wrap(self._calm(), self.width)) + "\n")
        info = [f for f in self.survey.findings if f.severity is Severity.INFO]
        grave = [f for f in self.survey.findings if f.severity is not Severity.INFO]
        blocks = [
            self._first_to_break(),
            *map(self._finding, grave),
            [line for finding in info for line in self._finding(finding)],
            self._tokens(),
            self._failures(),
            self._closing(),
        ]
        # One blank line between blocks, none where a block has nothing to say.
        return log_safe("\n\n".join("\n".join(block) for block in blocks if block) + "\n")

    def _calm(self) -> str:
        return f"{plain(self.survey.repository)}: {headline(self.survey)}; {self._next()}"

    def _next(self) -> str:
        deadline = summarize(self.survey).next_deadline
        if deadline is None:
            return "no deadline is known"
        return f"next deadline {format_day(deadline, now=self.survey.now)}"

    def _first_to_break(self) -> list[str]:
        finding = find_first_to_break(self.survey)
        if not finding or not finding.first_break:
            return []
        first = finding.first_break
        what = plain(f"{first.job} in {first.path}")
        lines = self._labelled(f"First to break: {what}", style=_BOLD)
        return [
            *lines,
            *self._detail("when", plain(describe_moment(first, now=self.survey.now))),
            *self._detail("because", plain(f"{finding.subject}: {finding.message}")),
            *self._owners(finding),
        ]

    def _finding(self, finding: Finding) -> list[str]:
        label = finding.severity.upper()
        text = plain(f"{finding.subject}: {finding.message}") + f" [{finding.rule}]"
        first, *rest = wrap(text, self.width - 9)
        lines = [f"{self._paint(label.ljust(8), _COLORS[finding.severity])} {first}"]
        lines += [" " * 9 + line for line in rest]
        return lines + list(self._details(finding))

    def _details(self, finding: Finding) -> Iterator[str]:
        if finding.due_at:
            yield from self._detail("when", format_day(finding.due_at, now=self.survey.now))
        if finding.first_break:
            first = finding.first_break
            moment = describe_moment(first, now=self.survey.now)
            text = plain(f"{first.job} in {first.path}, {moment}")
            yield from self._detail("breaks", text)
        used = places(finding)
        for place in used[:_MOST_PLACES]:
            job = f" (job {plain(place.job)})" if place.job else ""
            where = f"{plain(place.path)}:{place.line}:{place.column}"
            yield from self._detail("used at", where + job)
        if len(used) > _MOST_PLACES:
            yield from self._detail("", f"and {len(used) - _MOST_PLACES} more (--format json)")
        yield from self._owners(finding)
        issue = find_issue(self.survey, finding)
        if issue:
            yield from self._detail("issue", plain(issue))
        if finding.advice:
            yield from self._advice(finding.advice)

    def _advice(self, advice: Advice) -> Iterator[str]:
        """Tell how a workflow does without a secret: in short, or step by step."""
        if not self.verbose:
            what = "steps and a patch" if advice.patch else "steps"
            yield from self._detail("how", f"-v prints {what}; so does --format json")
            return
        for label, lines in (
            ("first", advice.publisher),
            ("change", advice.changes),
            ("then", advice.before_deleting),
            ("source", advice.sources),
        ):
            for number, line in enumerate(lines):
                yield from self._detail("" if number else label, plain(line))
        if advice.patch:
            # From the first column on, so that it can be cut out; a carriage return is shown.
            yield from ("", *map(plain, advice.patch.splitlines()), "")

    def _owners(self, finding: Finding) -> list[str]:
        token = find_token(self.survey, finding)
        if not token or not token.token.owners:
            return []
        return self._detail("owners", plain(", ".join(token.token.owners)))

    def _tokens(self) -> list[str]:
        """A table, and under a token's row why nothing is known, where nobody else says so."""
        tokens = sorted_tokens(self.survey)
        if not tokens:
            return []
        header = ["TOKEN", "STATE", "EXPIRES", "DEADLINE", "LAST USED", "EVIDENCE"]
        rows = [self._token(token) for token in tokens]
        widths = _fit([header, *rows], self.width)
        if widths is None:
            lines = []
        else:
            lines = self._row(header, widths, dict.fromkeys(range(len(header)), _DIM))
        told = {failure.subject for failure in self.survey.failures}
        told |= {f.subject for f in self.survey.findings if f.severity is Severity.ERROR}
        for inspected, row in zip(tokens, rows, strict=True):
            style = _COLORS[inspected.status.state]
            if widths is None:
                lines += self._stack(header, row, style)
            else:
                lines += self._row(row, widths, {1: style})
            if inspected.status.reason and inspected.token.id not in told:
                lines += self._detail("reason", plain(inspected.status.reason))
        return lines

    def _stack(self, header: Sequence[str], cells: Sequence[str], style: str) -> list[str]:
        """Tell a row as text, where the terminal is too narrow for a table."""
        id, state, *rest = cells
        facts = [f"{name.lower()} {cell}" for name, cell in zip(header[2:], rest, strict=True)]
        lines = [self._paint(line, style) for line in wrap(f"{id}: {state}", self.width)]
        return lines + indent(", ".join(facts), 2, width=self.width)

    def _row(
        self, cells: Sequence[str], widths: Sequence[int], styles: Mapping[int, str]
    ) -> list[str]:
        """Lay one row out, over as many lines as its longest cell needs."""
        wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
        lines = []
        for parts in zip_longest(*wrapped, fillvalue=""):
            line = ""
            for column, part in enumerate(parts):
                space = " " * (widths[column] - columns(part) + len(_GAP))
                line += self._paint(part, styles.get(column, "")) + space
            lines.append(line.rstrip())
        return lines

    def _token(self, inspected: Inspected) -> list[str]:
        status, deadline = inspected.status, inspected.deadline
        when = relative(deadline.at, self.survey.now) if deadline else "-"
        if deadline and deadline.at != status.expires_at:
            when = f"{format_instant(deadline.at)}, {when}"
        used = relative(status.last_used_at, self.survey.now) if status.last_used_at else "-"
        return [
            plain(inspected.token.id),
            status.state,
            format_expiry(inspected.status),
            when,
            "never" if status.never_used else used,
            status.evidence,
        ]

    def _failures(self) -> list[str]:
        lines = []
        for failure in sorted_failures(self.survey):
            incomplete = failure.kind.incomplete
            label = "NOT CHECKED" if incomplete else "NOTICE"
            text = plain(f"{failure.subject}: {failure.message}") + f" [{failure.kind}]"
            first, *rest = wrap(text, self.width - 12)
            style = _COLORS[Severity.WARNING if incomplete else Severity.INFO]
            lines += [f"{self._paint(label.ljust(11), style)} {first}"]
            lines += [" " * 12 + line for line in rest]
        return lines

    def _closing(self) -> list[str]:
        return self._labelled(
            f"{plain(self.survey.repository)}: {headline(self.survey)}; {self._next()}"
        )

    def _labelled(self, text: str, *, style: str = "") -> list[str]:
        return [self._paint(line, style) for line in wrap(text, self.width)]

    def _detail(self, label: str, text: str) -> list[str]:
        first, *rest = wrap(text, self.width - 17)
        lines = [f"{'':9}{self._paint(label.ljust(7), _DIM)} {first}"]
        return lines + [" " * 17 + line for line in rest]

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style, color=self.color)


def _fit(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Return the columns' widths: as wide as their cells, the widest shrunk until all fit.

    None where a date, or another short word, would be broken.
    """
    widths, least = [], []
    for column in zip(*rows, strict=True):
        widths.append(max(map(columns, column)))
        longest = max(columns(word) for cell in column for word in cell.split(" "))
        least.append(min(_LONGEST_WHOLE, longest))
    room = width - len(_GAP) * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda at: widths[at] - least[at])
        widths[widest] -= 1
    return widths
