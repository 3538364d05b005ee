"""Brings the issues of a tracker in line with a survey: reads, lets issues.py decide, writes.

It decides nothing about tokens, and writes nothing in a dry run or where the public would read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, read_instant, read_text
from keyturn.github.client import (
    Client,
    RepositoryFacts,
    api_path,
    repository_facts,
    repository_path,
)
from keyturn.github.issue_events import Witness
from keyturn.issues.convergence import Convergence
from keyturn.issues.notices import SCHEDULE, Notices, Writer, subject_of
from keyturn.issues.state import Action, Found, Issue, Kind
from keyturn.model import SCHEDULE_STOPPED, Failure, FailureKind, Survey

_NEEDS = "Issues: write"
_LABEL_COLOR = "d93f0b"
_LABEL_DESCRIPTION = "A token that CI depends on needs care (keyturn)"
_NO_BODY: Any = None
_TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_DONE = {
    Kind.OPEN: ("open", "an issue for {subject}: {title}"),
    Kind.UPDATE: ("update", "#{number} of {subject}"),
    Kind.REOPEN: ("open", "#{number} of {subject} again"),
    Kind.CLOSE: ("close", "#{number} of {subject}, which is renewed"),
    Kind.DROP: ("close", "#{number} of {subject}, which is no longer declared"),
    Kind.FOLD: ("close", "#{number} of {subject}, a duplicate"),
    Kind.END: ("close", "#{number} of {subject}, which has nothing to say any more"),
}
_PAST = {"open": "opened", "update": "updated", "close": "closed", "make": "made"}
_STATES = {
    Kind.REOPEN: {"state": "open"},
    Kind.CLOSE: {"state": "closed", "state_reason": "completed"},
    Kind.DROP: {"state": "closed", "state_reason": "not_planned"},
    Kind.FOLD: {"state": "closed", "state_reason": "not_planned"},
    Kind.END: {"state": "closed", "state_reason": "completed"},
}


@dataclass(frozen=True, slots=True)
class Converged:
    """What became of the issues."""

    urls: Mapping[str, str] = field(default_factory=dict)
    """Token id, or the subject of `schedule-stopped` -> its open issue."""
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    """Lines about what was done, or in a dry run would be."""


def converge(
    client: Client,
    survey: Survey,
    writer: Writer,
    *,
    tracker: str,
    labels: Sequence[str] = ("keyturn",),
    public: bool = False,
    dashboard: bool = False,
    server_url: str = "https://github.com",
    dry_run: bool = False,
) -> Converged:
    """Make the issues say what the survey found; what cannot be written becomes a failure.

    `tracker` is the repository whose issues these are, the first of `labels` is how they are found
    again, `public` lets names and dates be read by everybody, `dashboard` keeps one that lists all.
    """
    notices = Notices(survey, tracker, writer, dashboard)
    of_tokens = Convergence(survey, tracker, writer).wants_issues
    try:
        facts = repository_facts(client, tracker)
        refused = _refuse(facts)
        if refused:
            wanted = of_tokens or notices.wants_issues
            return Converged(failures=(refused,) if wanted else ())
        coarse = not (facts.private or public)
        # Where everybody can read it, the issues of tokens are left as they are.
        tokens = replace(survey, tokens=(), touched=frozenset()) if coarse else survey
        desk = _Desk(
            client,
            Convergence(tokens, facts.full_name, writer),
            replace(notices, tracker=facts.full_name, coarse=coarse),
            tuple(labels),
            server_url,
            private=facts.private,
            dry_run=dry_run,
        )
        converged = desk.converge()
        named = of_tokens or (dashboard and survey.tokens)
        withheld = (_withheld(facts),) if coarse and named else ()
        return replace(converged, failures=(*withheld, *converged.failures))
    except PlatformError as error:
        return Converged(failures=(_failure(tracker, error),))


def _withheld(facts: RepositoryFacts) -> Failure:
    return Failure(
        FailureKind.ISSUES_WITHHELD,
        facts.full_name,
        "everybody can read this repository, so that one issue says how much is wrong, and none "
        "has names and dates of tokens; name a private one with `issues.repository`, or allow it "
        "with `issues.public: true`",
    )


def _refuse(facts: RepositoryFacts) -> Failure | None:
    """Return why nothing can be written there."""
    if facts.archived or not facts.has_issues:
        why = "the repository is archived" if facts.archived else "issues are switched off"
        return Failure(
            FailureKind.ISSUES_NOT_WRITTEN,
            facts.full_name,
            f"{why}; name another one with `issues.repository`",
        )
    return None


def _failure(subject: str, error: PlatformError) -> Failure:
    return Failure(FailureKind.ISSUES_NOT_WRITTEN, subject, error.told)


class _Desk:
    """Reads and writes the issues of one tracker in one run."""

    def __init__(
        self,
        client: Client,
        convergence: Convergence,
        notices: Notices,
        labels: tuple[str, ...],
        server_url: str,
        *,
        private: bool,
        dry_run: bool,
    ) -> None:
        self._client = client
        self._survey = convergence.survey
        self._tracker = convergence.tracker
        self._labels = labels
        self._server_url = server_url
        self._private = private
        self._dry_run = dry_run
        self._convergence = convergence
        self._notices = notices
        self._witness = Witness(client, convergence.tracker)
        self._locked: set[int] = set()
        self._unseen: set[int] = set()
        """Issues of which nobody could tell who asked for silence; they are left as they are."""
        self._labelled = False
        self._urls: dict[str, str] = {}
        self._failures: list[Failure] = []
        self._notes: list[str] = []

    def converge(self) -> Converged:
        issues = self._look_into(self._list(labels=self._labels[0]))
        self._locked = {issue.number for issue in issues if issue.locked}
        found, told = self._convergence.find(issues), self._notices.find(issues)
        if self._convergence.opens_any(found) or self._notices.opens_any(told):
            issues = [*issues, *self._list_unlabelled(issues)]
            found, told = self._convergence.find(issues), self._notices.find(issues)
        self._check_owners(found)
        actions = self._convergence.decide(found)
        named = {**found, **{subject_of(name): about for name, about in told.items()}}
        self._urls = {name: self._url(f.open[0].number) for name, f in named.items() if f.open}
        self._carry_all_out(actions, found)
        # The dashboard links the issues that there are now.
        survey = replace(self._notices.survey, issues=self._links())
        self._carry_all_out(replace(self._notices, survey=survey).decide(told), found)
        self._failures += [
            Failure(FailureKind.NOT_PERMITTED, self._tracker, f"{what} is not known: {error.told}")
            for what, error in self._witness.refusals.items()
        ]
        return Converged(self._links(), tuple(self._failures), tuple(self._notes))

    def _links(self) -> dict[str, str]:
        """Return the open issues by the subjects of findings."""
        about = {inspected.token.id: inspected.token.id for inspected in self._survey.tokens}
        stopped = [f.subject for f in self._survey.findings if f.rule == SCHEDULE_STOPPED]
        about |= dict.fromkeys(stopped, subject_of(SCHEDULE))
        return {name: self._urls[key] for name, key in about.items() if key in self._urls}

    def _look_into(self, issues: Sequence[Issue]) -> list[Issue]:
        """Return the issues with what counts of their snoozing; few of them ask for it."""
        asking = self._convergence.find_asking(self._convergence.find(issues))
        asking += self._notices.find_asking(self._notices.find(issues))
        judged = {}
        for issue in asking:
            try:
                judged[issue.number] = self._witness.judge(issue)
            except PlatformUnavailable as error:
                self._unseen.add(issue.number)
                self._failures.append(_failure(f"{self._tracker}#{issue.number}", error))
        return [judged.get(issue.number, issue) for issue in issues]

    def _list(self, **parameters: str) -> list[Issue]:
        rows = self._client.get_all(
            self._path("issues"), needs=_NEEDS, state="all", direction="asc", **parameters
        )
        issues = [row for row in rows if "pull_request" not in row]
        # In public a stranger can write our mark, and an issue form puts the label on.
        return [_read_issue(row) for row in issues if self._private or _is_trusted(row)]

    def _list_unlabelled(self, known: Sequence[Issue]) -> list[Issue]:
        """Return marked issues among the newest hundred that lost, or never got, the label.

        Without push access GitHub drops labels silently, and every run would open one more.
        """
        rows = self._client.get(
            self._path("issues"), needs=_NEEDS, state="all", direction="desc", per_page=100
        )
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(NONSENSE)
        numbers = {issue.number for issue in known}
        issues = [
            _read_issue(row) for row in rows if "pull_request" not in row and _is_trusted(row)
        ]
        return [issue for issue in issues if issue.number not in numbers]

    def _check_owners(self, found: Mapping[str, Found]) -> None:
        """Ask whether new owners can be assigned; one request each, once in an issue's life."""
        assignable = {
            login: self._is_assignable(login) for login in self._convergence.owners_to_check(found)
        }
        self._convergence = replace(self._convergence, assignable=assignable)

    def _is_assignable(self, login: str) -> bool:
        try:
            return self._client.exists(self._path("assignees", login), needs=_NEEDS)
        except (NotPermitted, PlatformRefused):
            return False

    def _ensure_labels(self) -> None:
        """Make the labels that are missing; an issue is better without one than not at all."""
        for label in self._labels:
            try:
                if self._client.exists(self._path("labels", label), needs=_NEEDS):
                    continue
                self._note_done("make", f"the label {label}")
                if not self._dry_run:
                    self._client.send(
                        "POST",
                        self._path("labels"),
                        {"name": label, "color": _LABEL_COLOR, "description": _LABEL_DESCRIPTION},
                        needs=_NEEDS,
                    )
            except PlatformError as error:
                self._failures.append(_failure(f"{self._tracker}: label {label}", error))

    def _carry_all_out(self, actions: Sequence[Action], found: Mapping[str, Found]) -> None:
        if any(action.kind is Kind.OPEN for action in actions) and not self._labelled:
            self._ensure_labels()
            self._labelled = True
        for action in actions:
            if action.number not in self._unseen:
                self._carry_out(action, found)

    def _carry_out(self, action: Action, found: Mapping[str, Found]) -> None:
        verb, what = _DONE[action.kind]
        try:
            if not self._dry_run:
                number = self._open(action, found) if not action.number else self._change(action)
                if action.kind in (Kind.OPEN, Kind.REOPEN):
                    self._urls[action.subject] = self._url(number)
                elif action.kind in (Kind.CLOSE, Kind.DROP, Kind.END):
                    self._urls.pop(action.subject, None)
        except PlatformError as error:
            self._failures.append(_failure(action.subject, error))
        else:
            told = what.format(subject=action.subject, number=action.number, title=action.title)
            self._note_done(verb, told)

    def _open(self, action: Action, found: Mapping[str, Found]) -> int:
        """Open an issue; owners that GitHub then refuses or forgets are mentioned instead."""
        try:
            issue = self._post(action)
        except PlatformRefused as error:
            if error.status != 422 or not action.assignees:
                raise
            action = self._without(action, action.assignees, found)
            issue = self._post(action)
        present = {login.lower() for login in issue.assignees}
        forgotten = [login for login in action.assignees if login.lower() not in present]
        if forgotten:
            body = self._without(action, forgotten, found).body
            self._change(Action(Kind.UPDATE, action.subject, issue.number, body=body))
        return issue.number

    def _post(self, action: Action) -> Issue:
        body = {"title": action.title, "body": action.body, "assignees": list(action.assignees)}
        labels = {"labels": list(self._labels)}
        path = self._path("issues")
        try:
            row = self._client.send("POST", path, body | labels, needs=_NEEDS)
        except PlatformRefused as error:
            if error.status != 422 or action.assignees:
                raise
            row = self._client.send("POST", path, body, needs=_NEEDS)
        if not isinstance(row, dict):
            raise PlatformUnavailable(NONSENSE)
        issue = _read_issue(row)
        if not row.get("labels"):
            self._notes.append(f"{self._tracker}#{issue.number}: GitHub did not put the labels on")
        return issue

    def _without(self, action: Action, logins: Sequence[str], found: Mapping[str, Found]) -> Action:
        """Decide about opening once more, with these people not assignable."""
        refused = {**self._convergence.assignable, **dict.fromkeys(logins, False)}
        self._convergence = replace(self._convergence, assignable=refused)
        inspected = next(i for i in self._survey.tokens if i.token.id == action.subject)
        return self._convergence.decide_token(inspected, found.get(action.subject, Found()))[0]

    def _change(self, action: Action) -> int:
        """Comment first: should the run end in between, it is said twice rather than never."""
        path = self._path("issues", str(action.number))
        if action.comment:
            self._comment(action, path)
        fields: dict[str, Any] = dict(_STATES.get(action.kind, {}))
        if action.title is not None:
            fields["title"] = action.title
        if action.body is not None:
            fields["body"] = action.body
        try:
            assignees = {"assignees": list(action.assignees)} if action.assignees else {}
            if fields or assignees:
                self._client.send("PATCH", path, fields | assignees, needs=_NEEDS)
        except PlatformRefused as error:
            if error.status != 422 or not action.assignees:
                raise
            self._client.send("PATCH", path, fields, needs=_NEEDS)
        for label in action.unlabel:
            self._unlabel(label, path)
        return action.number

    def _unlabel(self, label: str, path: str) -> None:
        """Take a label off; somebody may have done so a moment ago."""
        path += api_path("labels", label)
        try:
            self._client.send("DELETE", path, _NO_BODY, needs=_NEEDS)
        except PlatformRefused as error:
            if error.status != 404:
                raise

    def _comment(self, action: Action, path: str) -> None:
        """Comment, if that is allowed; a locked issue is still brought up to date."""
        try:
            self._client.send("POST", f"{path}/comments", {"body": action.comment}, needs=_NEEDS)
        except (NotPermitted, PlatformRefused):
            if action.number not in self._locked:
                raise
            self._note(f"#{action.number} is locked and takes no comment; its text is kept true")

    def _path(self, *segments: str) -> str:
        return repository_path(self._tracker, *segments)

    def _url(self, number: int) -> str:
        return f"{self._server_url}/{self._tracker}/issues/{number}"

    def _note_done(self, verb: str, what: str) -> None:
        self._note(f"{f'would {verb}' if self._dry_run else _PAST[verb]} {what}")

    def _note(self, line: str) -> None:
        self._notes.append(f"{self._tracker}: {line}")


def _is_trusted(row: Mapping[str, Any]) -> bool:
    user = row.get("user")
    bot = isinstance(user, dict) and user.get("type") == "Bot"
    return bot or row.get("author_association") in _TRUSTED


def _read_issue(row: Mapping[str, Any]) -> Issue:
    number, people = row.get("number"), row.get("assignees") or []
    body, reason = row.get("body") or "", row.get("state_reason")
    labels = row.get("labels") or []
    if type(number) is not int or not isinstance(body, str):
        raise PlatformUnavailable(NONSENSE)
    if not isinstance(people, list) or not isinstance(labels, list):
        raise PlatformUnavailable(NONSENSE)
    return Issue(
        number,
        read_text(row, "title"),
        body,
        open=read_text(row, "state") == "open",
        reason=reason if isinstance(reason, str) else None,
        assignees=tuple(read_text(person, "login") for person in people),
        created_at=read_instant(row, "created_at"),
        locked=row.get("locked") is True,
        labels=tuple(str(label.get("name")) for label in labels if isinstance(label, dict)),
    )
