"""The issues, comments and labels of one repository; it knows nothing of HTTP or permissions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DEFAULT_COLOR = "ededed"


@dataclass(slots=True)
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = DEFAULT_COLOR
    description: str | None = None


@dataclass(slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    issue: int
    """The issue's number."""
    body: str
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an issue; `details` are the members only this kind has."""

    id: int
    kind: str
    actor: str
    created_at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Issue:
    """An issue, or a pull request, which GitHub lists among the issues."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    created_at: datetime
    updated_at: datetime
    pull_request: bool = False
    state: str = "open"
    state_reason: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    locked: bool = False
    lock_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Tracker:
    """All issues and labels of a repository. Every change is dated and leaves its event."""

    def __init__(self, next_id: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._next_id = next_id
        self._now = now
        self.issues: dict[int, Issue] = {}
        """By number; pull requests included."""
        self._labels: dict[str, Label] = {}

    @property
    def open_count(self) -> int:
        """How many issues and pull requests are open."""
        return sum(issue.state == "open" for issue in self.issues.values())

    @property
    def labels(self) -> list[Label]:
        """All labels by name."""
        return [self._labels[key] for key in sorted(self._labels)]

    def label(self, name: str) -> Label | None:
        """Return a label, whatever the case of the name."""
        return self._labels.get(name.lower())

    def ensure_label(
        self, name: str, *, color: str = DEFAULT_COLOR, description: str | None = None
    ) -> Label:
        """Return a label, made when it is missing."""
        known = self.label(name)
        if known:
            return known
        label = Label(self._next_id(), name, color, description)
        self._labels[name.lower()] = label
        return label

    def rename_label(self, label: Label, name: str) -> None:
        """Give a label another name, on every issue that has it."""
        old, label.name = label.name, name
        self._labels[name.lower()] = self._labels.pop(old.lower())
        for issue in self.issues.values():
            issue.labels = [name if held == old else held for held in issue.labels]

    def drop_label(self, label: Label) -> None:
        """Remove a label from the repository and from every issue that has it."""
        del self._labels[label.name.lower()]
        for issue in self.issues.values():
            issue.labels = [held for held in issue.labels if held != label.name]

    def open(
        self,
        title: str,
        *,
        by: str,
        body: str | None = None,
        labels: Sequence[str] = (),
        assignees: Sequence[str] = (),
        pull_request: bool = False,
    ) -> Issue:
        """Open an issue or a pull request."""
        now = self._now()
        number = len(self.issues) + 1
        issue = Issue(self._next_id(), number, title, body, by, now, now, pull_request)
        self.issues[number] = issue
        self.set_labels(issue, labels, by=by)
        self.set_assignees(issue, assignees, by=by)
        return issue

    def set_text(self, issue: Issue, *, title: str, body: str | None, by: str) -> None:
        """Change title and body."""
        if title != issue.title:
            self._happened(issue, "renamed", by, rename={"from": issue.title, "to": title})
        issue.title, issue.body = title, body
        issue.updated_at = self._now()

    def set_state(self, issue: Issue, state: str, *, by: str, reason: str | None = None) -> None:
        """Close or reopen an issue; a state that it already has changes only the reason given."""
        if state == issue.state:
            issue.state_reason = reason or issue.state_reason
            return
        issue.state = state
        if state == "closed":
            issue.state_reason = reason or "completed"
            issue.closed_at, issue.closed_by = self._now(), by
            self._happened(issue, "closed", by)
        else:
            issue.state_reason = "reopened"
            issue.closed_at = issue.closed_by = None
            self._happened(issue, "reopened", by)

    def set_labels(self, issue: Issue, names: Sequence[str], *, by: str) -> None:
        """Put exactly these labels on an issue; the missing ones are made."""
        wanted = {label.name: label for label in map(self.ensure_label, names)}
        for name in dict.fromkeys([*issue.labels, *wanted]):
            if (name in issue.labels) != (name in wanted):
                kind = "labeled" if name in wanted else "unlabeled"
                color = self.ensure_label(name).color
                self._happened(issue, kind, by, label={"name": name, "color": color})
        issue.labels = list(wanted)

    def labels_of(self, issue: Issue) -> list[Label]:
        """Return the labels of an issue; those that only a test knows of are made."""
        return [self.ensure_label(name) for name in issue.labels]

    def set_assignees(self, issue: Issue, logins: Sequence[str], *, by: str) -> None:
        """Assign exactly these people to an issue."""
        wanted = list(dict.fromkeys(logins))
        for login in dict.fromkeys([*issue.assignees, *wanted]):
            if (login in issue.assignees) != (login in wanted):
                kind = "assigned" if login in wanted else "unassigned"
                self._happened(issue, kind, by, assignee=login)
        issue.assignees = wanted

    def set_lock(self, issue: Issue, locked: bool, *, by: str, reason: str | None = None) -> None:
        """Lock or unlock the conversation."""
        issue.locked, issue.lock_reason = locked, reason if locked else None
        details = {"lock_reason": reason} if locked else {}
        self._happened(issue, "locked" if locked else "unlocked", by, **details)

    def comment(self, issue: Issue, body: str, *, by: str) -> Comment:
        """Add a comment."""
        now = self._now()
        comment = Comment(self._next_id(), issue.number, body, by, now, now)
        issue.comments.append(comment)
        issue.updated_at = now
        return comment

    def find_comment(self, number: int) -> Comment | None:
        """Return a comment by its id."""
        comments = (comment for issue in self.issues.values() for comment in issue.comments)
        return next((comment for comment in comments if comment.id == number), None)

    def _happened(self, issue: Issue, kind: str, by: str, **details: Any) -> None:
        now = self._now()
        issue.updated_at = now
        issue.events.append(Event(self._next_id(), kind, by, now, details))
