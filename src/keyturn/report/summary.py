"""What every report says in the same words: counts, what breaks first, instants, places, status.

It formats nothing for one particular reader and prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.errors import ExitCode
from keyturn.instants import format_instant, format_rfc3339
from keyturn.model import (
    SCHEDULE_STOPPED,
    Failure,
    Finding,
    FirstBreak,
    Inspected,
    Precision,
    Reference,
    Severity,
    State,
    Survey,
    TokenStatus,
)
from keyturn.plain import count

_STATUS = {
    ExitCode.OK: "ok",
    ExitCode.FINDINGS: "findings",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.NEEDS_HUMAN: "needs-human",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one run."""

    error: int
    warning: int
    info: int
    unknown: int
    """Tokens about which nothing could be learned."""
    tokens: int
    secrets: int
    next_deadline: datetime | None
    """The first one still to come, of the tokens that are not dead already."""


def summarize(survey: Survey) -> Summary:
    """Count what a survey found."""
    severities = [finding.severity for finding in survey.findings]
    coming = [
        token.deadline.at
        for token in survey.tokens
        if token.deadline and token.deadline.at > survey.now and not token.status.state.is_dead
    ]
    return Summary(
        error=severities.count(Severity.ERROR),
        warning=severities.count(Severity.WARNING),
        info=severities.count(Severity.INFO),
        unknown=sum(token.status.state is State.UNKNOWN for token in survey.tokens),
        tokens=len(survey.tokens),
        secrets=len(survey.inventory.secrets),
        next_deadline=min(coming, default=None),
    )


def status_word(code: ExitCode) -> str:
    """Return the action's `status` output for the exit code of the run."""
    return _STATUS.get(code, "failed")


def outputs(survey: Survey, code: ExitCode, *, report: str = "") -> dict[str, str]:
    """Return the action's outputs; `report` is the path of the report in the workspace."""
    numbers = summarize(survey)
    return {
        "status": status_word(code),
        "error-count": str(numbers.error),
        "warning-count": str(numbers.warning),
        "unknown-count": str(numbers.unknown),
        "next-deadline": format_rfc3339(numbers.next_deadline) if numbers.next_deadline else "",
        "report": report,
    }


def headline(survey: Survey) -> str:
    """Return the verdict: `1 error, 2 warnings; 1 of 5 tokens unknown; 7 secrets`."""
    numbers = summarize(survey)
    found = [
        count(number, noun)
        for number, noun in ((numbers.error, "error"), (numbers.warning, "warning"))
        if number
    ]
    if numbers.info:
        found.append(f"{numbers.info} info")
    tokens = count(numbers.tokens, "token")
    if numbers.unknown:
        tokens = f"{numbers.unknown} of {tokens} unknown"
    return "; ".join(
        [", ".join(found) or "nothing found", tokens, count(numbers.secrets, "secret")]
    )


def find_first_to_break(survey: Survey) -> Finding | None:
    """Return the finding whose job fails before any other, if a job will."""
    breaking = [finding for finding in survey.findings if finding.first_break]
    return min(breaking, key=_breaks_at, default=None)


def _breaks_at(finding: Finding) -> datetime:
    assert finding.first_break
    return finding.first_break.at


def sorted_tokens(survey: Survey) -> list[Inspected]:
    """Return the tokens by urgency: dead, unknown, then by deadline, then those without one."""
    return sorted(survey.tokens, key=lambda token: _urgency(token, survey.now))


def _urgency(inspected: Inspected, now: datetime) -> tuple[int, timedelta]:
    left = inspected.deadline.at - now if inspected.deadline else timedelta.max
    if inspected.status.state.is_dead or left <= timedelta():
        return 0, left
    return (1 if inspected.status.state is State.UNKNOWN else 2), left


def sorted_failures(survey: Survey) -> list[Failure]:
    """Return each failure once: first those that leave the run incomplete, then the notices."""
    return sorted(
        set(survey.failures),
        key=lambda f: (not f.kind.incomplete, f.subject, f.kind, f.message),
    )


def find_token(survey: Survey, finding: Finding) -> Inspected | None:
    """Return the declared token that a finding is about; None where it is about a secret."""
    return next((t for t in survey.tokens if t.token.id == finding.subject), None)


def find_issue(survey: Survey, finding: Finding) -> str | None:
    """Return the address of the open issue that tells a finding; of most there is none."""
    kept = finding.rule == SCHEDULE_STOPPED or find_token(survey, finding) is not None
    return survey.issues.get(finding.subject) if kept else None


def places(finding: Finding) -> list[Reference]:
    """Return where the secret is used, the place in the job that breaks first in front."""
    first = finding.first_break
    return sorted(
        dict.fromkeys(finding.references),
        key=lambda place: (
            not (first and place.path == first.path and place.job == first.job.split(" / ")[0])
        ),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A character of a file in the repository, counted from 1."""

    path: str
    line: int
    column: int


def find_place(survey: Survey, finding: Finding, *, config_path: str | None) -> Place | None:
    """Return the one place to show a finding at: its most urgent use, else its declaration."""
    used = places(finding)
    if used:
        return Place(used[0].path, used[0].line, used[0].column)
    token = find_token(survey, finding)
    if config_path and token and token.token.line:
        return Place(config_path, token.token.line, 1)
    return None


def describe_finding(finding: Finding) -> str:
    """Say a finding in one line with absolute dates: what, and which job fails first and when."""
    text = f"{finding.subject}: {finding.message}"
    first = finding.first_break
    if not first:
        return text
    return f"{text}. First to break: {first.job} in {first.path}, {describe_moment(first)}"


def describe_moment(first: FirstBreak, *, now: datetime | None = None) -> str:
    """Say when a job fails: at an instant, or at the first event after one."""
    at = format_day(first.at, now=now)
    if first.trigger != "schedule":
        return f"at the first {first.trigger} from {at}{unseen(first)}"
    since = "since " if now and first.at <= now else ""
    return f"{since}{at}, on schedule{unseen(first)}"


def unseen(first: FirstBreak) -> str:
    """Say what hides the failure of a job, behind when it comes; empty where nothing does."""
    return f", and nobody would see it: {first.silent}" if first.silent else ""


def format_day(at: datetime, *, now: datetime | None = None) -> str:
    """Write an instant with its day of the week, by which people plan, and how far off it is."""
    day = f"{at:%a} {format_instant(at)}"
    return f"{day} ({relative(at, now)})" if now else day


def format_expiry(status: TokenStatus) -> str:
    """Write a token's expiry as exactly as it is known, and no more."""
    if status.precision is Precision.NOT_APPLICABLE:
        return "-"
    if status.precision in (Precision.NEVER, Precision.UNKNOWN) or not status.expires_at:
        return "never" if status.precision is Precision.NEVER else "unknown"
    if status.precision is Precision.DAY:
        return f"{status.expires_at:%Y-%m-%d}"
    return format_instant(status.expires_at)


def relative(at: datetime, now: datetime) -> str:
    """Say how far off an instant is, rounded down: `in 3 days`, `5 hours ago`, `now`."""
    away = abs(at - now)
    minutes = int(away.total_seconds() // 60)
    if minutes == 0:
        return "now"
    if minutes < 120:
        size = count(minutes, "minute")
    elif minutes < 48 * 60:
        size = f"{minutes // 60} hours"
    else:
        size = f"{away.days} days"
    return f"in {size}" if at > now else f"{size} ago"
