"""PURE: issues that are about no token, one of each kind: what becomes of them.

They hold what the survey says, and nothing of it is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from keyturn.issues import convergence as issues
from keyturn.issues.state import (
    Action,
    Found,
    Identity,
    Issue,
    Kind,
    Life,
    Memory,
    group,
    identify,
    read_memory,
    release_body,
    write_body,
)
from keyturn.model import SCHEDULE_STOPPED, Survey

DASHBOARD = "dashboard"
SCHEDULE = "schedule"
OVERVIEW = "overview"


@dataclass(frozen=True, slots=True)
class Notice:
    """What an issue that is about no token is to say now."""

    name: str
    title: str = ""
    text: str = ""
    """Empty: there is nothing to say any more."""
    facts: tuple[str, ...] = ()
    """What is told once beside the text, each when it is new."""
    news: str = ""
    """How that is told, and that a closed issue is opened again."""
    over: str = ""
    """What is said when it is closed."""
    partial: bool = False
    """Not everybody answered: what an open issue says is not taken back."""

    @property
    def subject(self) -> str:
        """What it is called where tokens go by their ids."""
        return subject_of(self.name)


def subject_of(name: str) -> str:
    """Return what a notice of that name is called; no token's id has a blank."""
    return f"the {name}"


class Writer(issues.Writer, Protocol):
    """Makes the notices too, everything untrusted escaped."""

    def dashboard(self, survey: Survey, *, wanted: bool) -> Notice:
        """Return the one list of all tokens; it links the issues that the survey names."""
        ...

    def schedule(self, survey: Survey) -> Notice:
        """Return what is wrong with the schedule that keyturn runs on."""
        ...

    def overview(self, survey: Survey) -> Notice:
        """Return how much is wrong, without a name or a date."""
        ...


@dataclass(frozen=True, slots=True)
class Notices:
    """What the issues about no token are decided from."""

    survey: Survey
    tracker: str
    """owner/name of the repository whose issues these are."""
    writer: Writer
    dashboard: bool = False
    """One issue is to list every token."""
    coarse: bool = False
    """Everybody can read the tracker: one issue says how much is wrong, and none names a token."""

    @property
    def wants_issues(self) -> bool:
        """Something should have an open issue."""
        return any(notice.text for notice in self._all())

    def find(self, issues: Iterable[Issue]) -> dict[str, Found]:
        """Group the tracker's issues by the notices of this repository that they hold."""
        return group(issues, "notice", tracker=self.tracker, repository=self.survey.repository)

    def find_asking(self, found: Mapping[str, Found]) -> list[Issue]:
        """Return the issues with something to say that are set aside, if those who did so may."""
        wanted = [found.get(notice.name, Found()) for notice in self._all() if notice.text]
        latest = [about.closed[0] for about in wanted if about.closed and not about.open]
        return [issue for issue in latest if issue.set_aside]

    def decide(self, found: Mapping[str, Found]) -> list[Action]:
        """Return every change; none where all is said."""
        return [
            action
            for notice in self._all()
            for action in decide_notice(
                notice, found.get(notice.name, Found()), self._identity(notice)
            )
        ]

    def opens_any(self, found: Mapping[str, Found]) -> bool:
        """Say whether an issue is needed that is not among those found; nothing is written."""
        return any(action.kind is Kind.OPEN for action in self.decide(found))

    def _identity(self, notice: Notice) -> Identity:
        repository = self.survey.repository
        return identify(notice.name, "notice", tracker=self.tracker, repository=repository)

    def _all(self) -> list[Notice]:
        """Return every notice, as far as this run could look into it."""
        survey, notices = self.survey, []
        # Of a public repository it tells nothing that everybody could not see.
        told = not self.coarse or self.tracker.lower() == survey.repository.lower()
        if told and SCHEDULE_STOPPED not in survey.unevaluated:
            notices.append(self.writer.schedule(survey))
        if survey.touched is not None:
            return notices
        if not self.coarse:
            return [*notices, self.writer.dashboard(survey, wanted=self.dashboard)]
        rest = tuple(f for f in survey.findings if not (told and f.rule == SCHEDULE_STOPPED))
        return [*notices, self.writer.overview(replace(survey, findings=rest))]


def decide_notice(notice: Notice, found: Found, identity: Identity) -> list[Action]:
    """Return every change that makes its one issue say what the notice says."""
    if notice.partial and found.open:
        known = read_memory(found.open[0].body)
        if known and set(notice.facts) <= set(known.facts):
            return []
    if not notice.text:
        if found.open:
            return [_end(notice, issue, identity) for issue in found.open]
        closed = [] if notice.partial else [issue for issue in found.closed[:1] if _lasts(issue)]
        return [_settle(notice, issue, identity) for issue in closed]
    if found.open:
        kept, *others = found.open
        fold = [_fold(notice, issue, kept) for issue in others]
        return [*_keep(notice, kept, identity), *fold]
    kind, memory = _reconsider(notice, found.closed[0]) if found.closed else (Kind.OPEN, _EMPTY)
    match kind:
        case None:
            return []
        case Kind.OPEN:
            body = _write("", notice, identity, memory)
            return [Action(kind, notice.subject, title=notice.title, body=body)]
    return [_change(kind, notice, found.closed[0], identity, memory, comment=notice.news)]


_EMPTY = Memory(Life())


def _reconsider(notice: Notice, issue: Issue) -> tuple[Kind | None, Memory]:
    """Decide about a closed issue as about a token's: who set it aside is left in peace."""
    known = read_memory(issue.body)
    if known is None:
        return Kind.OPEN, _EMPTY
    if known.resolved:
        return Kind.REOPEN, _EMPTY
    if issue.set_aside or (issue.overruled and known.reopened):
        return (None if set(notice.facts) <= set(known.facts) else Kind.REOPEN), known
    return (None if known.reopened else Kind.REOPEN), replace(known, reopened=True)


def _keep(notice: Notice, issue: Issue, identity: Identity) -> list[Action]:
    known = read_memory(issue.body)
    is_news = known is not None and not set(notice.facts) <= set(known.facts)
    comment = notice.news if is_news else None
    # Who opened again what keyturn had closed wants it kept.
    memory = replace(known or _EMPTY, resolved=False)
    action = _change(Kind.UPDATE, notice, issue, identity, memory, comment=comment)
    return [action] if action != Action(Kind.UPDATE, notice.subject, issue.number) else []


def _change(
    kind: Kind,
    notice: Notice,
    issue: Issue,
    identity: Identity,
    memory: Memory,
    *,
    comment: str | None,
) -> Action:
    body = _write(issue.body, notice, identity, memory)
    return Action(
        kind,
        notice.subject,
        issue.number,
        title=None if notice.title == issue.title else notice.title,
        body=None if body == issue.body else body,
        comment=comment,
    )


def _end(notice: Notice, issue: Issue, identity: Identity) -> Action:
    return replace(_settle(notice, issue, identity), kind=Kind.END, comment=notice.over)


def _lasts(issue: Issue) -> bool:
    """Say whether a closed issue does not know yet that what it told is over."""
    known = read_memory(issue.body)
    return known is not None and not known.resolved


def _settle(notice: Notice, issue: Issue, identity: Identity) -> Action:
    """Write down that it is over: the next time is news, whoever closed this one."""
    memory = replace(_EMPTY, resolved=True)
    body = write_body(issue.body, identity=identity, text=notice.over, memory=memory)
    return Action(Kind.UPDATE, notice.subject, issue.number, body=body)


def _fold(notice: Notice, issue: Issue, kept: Issue) -> Action:
    return Action(
        Kind.FOLD,
        notice.subject,
        issue.number,
        body=release_body(issue.body),
        comment=f"#{kept.number} says the same; this one is closed in its favour.",
    )


def _write(body: str, notice: Notice, identity: Identity, memory: Memory) -> str:
    memory = replace(memory, facts=tuple(sorted(notice.facts)))
    return write_body(body, identity=identity, text=notice.text, memory=memory)
