"""Asks who labelled or closed an issue, and whether they may write in the repository.

It asks nothing about other issues than it is given, and decides nothing about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyturn.errors import NotPermitted, PlatformRefused
from keyturn.github.answer import read_instant
from keyturn.github.client import Client, repository_path
from keyturn.issues.snooze import Event, judge
from keyturn.issues.state import Issue


@dataclass(frozen=True, slots=True)
class Witness:
    """What the events of a tracker's issues tell, and what people may do there; asked once each."""

    client: Client
    tracker: str
    refusals: dict[str, NotPermitted] = field(default_factory=dict)
    """What was not allowed to be asked, by what it would have told."""
    _rights: dict[str, bool | None] = field(default_factory=dict)

    def judge(self, issue: Issue) -> Issue:
        """Return the issue with what counts of its snoozing."""
        try:
            rows = self.client.get_all(
                repository_path(self.tracker, "issues", str(issue.number), "events"),
                needs="Issues: read",
            )
        except NotPermitted as error:
            self.refusals["who closed or labelled an issue"] = error
            return issue
        except PlatformRefused:
            return issue
        return judge(issue, [_read_event(row) for row in rows], self._may_write)

    def _may_write(self, login: str) -> bool | None:
        """Say whether somebody may write; None where that is not told."""
        if login not in self._rights:
            self._rights[login] = self._ask(login)
        return self._rights[login]

    def _ask(self, login: str) -> bool | None:
        path = repository_path(self.tracker, "collaborators", login, "permission")
        try:
            data = self.client.get(path, needs="Metadata: read")
        except NotPermitted as error:
            self.refusals["whether somebody may snooze an issue"] = error
            return None
        except PlatformRefused:
            return None
        # GitHub docs, "Get repository permissions for a user", 2026-11: `maintain` is told as
        # `write` here, and `triage` as `read`.
        permission = data.get("permission") if isinstance(data, dict) else None
        return permission in ("admin", "write") if isinstance(permission, str) else None


def _read_event(row: Mapping[str, Any]) -> Event:
    """Read an event; of what is no person, or is gone, there is no login."""
    actor, label, kind = row.get("actor"), row.get("label"), row.get("event")
    person = isinstance(actor, dict) and actor.get("type") == "User"
    login = actor.get("login") if person and isinstance(actor, dict) else None
    name = label.get("name") if isinstance(label, dict) else None
    return Event(
        kind if isinstance(kind, str) else "",
        login if isinstance(login, str) else "",
        read_instant(row, "created_at"),
        name if isinstance(name, str) else "",
    )
