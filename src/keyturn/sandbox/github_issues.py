"""Issues and comments over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from keyturn.sandbox.github_api import (
    Call,
    invalid,
    not_found,
    paged,
    refuse,
)
from keyturn.sandbox.github_issue_objects import show_comment, show_event, show_issue
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_tracker import Comment, Issue
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Response

LONGEST_BODY = 65536
LONGEST_TITLE = 256
REASONS = ("completed", "not_planned", "duplicate", "reopened")


def add_routes(routes: Routes) -> None:
    """Register issues, comments and events."""
    one = "/issues/{issue_number}"
    for method, template, handler in (
        ("GET", "/issues", list_issues),
        ("POST", "/issues", create_issue),
        ("GET", "/issues/comments/{comment_id}", get_comment),
        ("PATCH", "/issues/comments/{comment_id}", edit_comment),
        ("DELETE", "/issues/comments/{comment_id}", delete_comment),
        ("GET", one, get_issue),
        ("PATCH", one, edit_issue),
        ("GET", one + "/comments", list_comments),
        ("POST", one + "/comments", create_comment),
        ("GET", one + "/events", list_events),
        ("POST", one + "/assignees", add_assignees),
        ("DELETE", one + "/assignees", remove_assignees),
        ("PUT", one + "/lock", lock),
        ("DELETE", one + "/lock", unlock),
    ):
        routes.repository(method, template, handler, area="issues")


def find_issue(repository: Repository, number: str) -> Issue:
    """Return an issue, or refuse: 410 where issues are switched off, 404 where there is none."""
    check_enabled(repository)
    issue = repository.issues.get(int(number)) if number.isdecimal() else None
    if not issue:
        raise not_found()
    return issue


def check_enabled(repository: Repository) -> None:
    """Refuse with 410 where issues are switched off."""
    if not repository.has_issues:
        raise refuse(410, "Issues are disabled for this repo")


def list_issues(call: Call, repository: Repository) -> Response:
    """Answer with the issues and pull requests that the query asks for."""
    check_enabled(repository)
    query = call.request.query
    state = call.choice("state", "open", ("open", "closed", "all"))
    sort = call.choice("sort", "created", ("created", "updated", "comments"))
    direction = call.choice("direction", "desc", ("asc", "desc"))
    labels = [name.lower() for name in query.get("labels", "").split(",") if name]
    since = _instant(query["since"]) if "since" in query else None
    found = [
        issue
        for issue in repository.issues.values()
        if state in ("all", issue.state)
        and set(labels) <= {name.lower() for name in issue.labels}
        and query.get("creator", issue.author).lower() == issue.author.lower()
        and _assigned(issue, query.get("assignee", ""))
        and (since is None or issue.updated_at >= since)
    ]
    keys = {
        "created": lambda issue: (issue.created_at, issue.number),
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (len(issue.comments), issue.number),
    }
    found.sort(key=keys[sort], reverse=direction == "desc")
    return paged(
        call,
        found,
        lambda issue: show_issue(call, repository, issue),
        path=repository_path(repository, "/issues"),
    )


def create_issue(call: Call, repository: Repository) -> Response:
    """Open an issue; labels that are missing are made."""
    check_enabled(repository)
    title, body = _checked(call, call.text("title"), call.text("body", default=""))
    assignees = call.names("assignees", "login")
    if call.has("assignee"):
        assignees.append(call.text("assignee"))
    issue = repository.tracker.open(
        title,
        by=call.login,
        body=body or None,
        labels=_labels(call),
        assignees=_assignable(repository, assignees),
    )
    return call.created(show_issue(call, repository, issue))


def get_issue(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Answer with one issue."""
    return Response(200, show_issue(call, repository, find_issue(repository, issue_number)))


def edit_issue(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Change what the body names."""
    issue, tracker = find_issue(repository, issue_number), repository.tracker
    reason = call.body.get("state_reason")
    if reason not in (None, *REASONS):
        raise invalid("Issue", "state_reason", value=str(reason))
    state = call.text("state", default=issue.state)
    if state not in ("open", "closed"):
        raise invalid("Issue", "state", value=state)
    assignees = _assignable(repository, call.names("assignees", "login"))
    labels = _labels(call)
    if call.has("title") or "body" in call.body:
        old = issue.body or ""
        body = "" if call.body.get("body", old) is None else call.text("body", default=old)
        title = call.text("title") if call.has("title") else issue.title
        title, body = _checked(call, title, body)
        tracker.set_text(issue, title=title, body=body or None, by=call.login)
    if "labels" in call.body:
        tracker.set_labels(issue, labels, by=call.login)
    if "assignees" in call.body:
        tracker.set_assignees(issue, assignees, by=call.login)
    tracker.set_state(issue, state, by=call.login, reason=reason)
    return Response(200, show_issue(call, repository, issue))


def add_assignees(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Assign people; those who cannot be are left out without a word, as on GitHub."""
    issue = find_issue(repository, issue_number)
    able = [name for name in call.names("assignees", "login") if name in assignable(repository)]
    repository.tracker.set_assignees(issue, [*issue.assignees, *able], by=call.login)
    return Response(201, show_issue(call, repository, issue))


def remove_assignees(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Take people off an issue."""
    issue = find_issue(repository, issue_number)
    gone = call.names("assignees", "login")
    rest = [login for login in issue.assignees if login not in gone]
    repository.tracker.set_assignees(issue, rest, by=call.login)
    return Response(200, show_issue(call, repository, issue))


def lock(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Lock the conversation."""
    issue = find_issue(repository, issue_number)
    reason = call.text("lock_reason", default="") or None
    repository.tracker.set_lock(issue, True, by=call.login, reason=reason)
    return Response(204)


def unlock(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Unlock the conversation."""
    repository.tracker.set_lock(find_issue(repository, issue_number), False, by=call.login)
    return Response(204)


def list_comments(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Answer with an issue's comments, the oldest first."""
    issue = find_issue(repository, issue_number)
    query = call.request.query
    since = _instant(query["since"]) if "since" in query else issue.created_at
    return paged(
        call,
        [comment for comment in issue.comments if comment.updated_at >= since],
        lambda comment: show_comment(call, repository, comment),
        path=repository_path(repository, f"/issues/{issue.number}/comments"),
    )


def create_comment(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Comment on an issue; a locked one takes none."""
    issue = find_issue(repository, issue_number)
    if issue.locked:
        raise refuse(403, "Unable to create comment because issue is locked.")
    comment = repository.tracker.comment(issue, _comment_text(call), by=call.login)
    return call.created(show_comment(call, repository, comment))


def find_comment(repository: Repository, number: str) -> Comment:
    """Return a comment or refuse with 404."""
    check_enabled(repository)
    found = repository.tracker.find_comment(int(number)) if number.isdecimal() else None
    if not found:
        raise not_found()
    return found


def get_comment(call: Call, repository: Repository, *, comment_id: str) -> Response:
    """Answer with one comment."""
    return Response(200, show_comment(call, repository, find_comment(repository, comment_id)))


def edit_comment(call: Call, repository: Repository, *, comment_id: str) -> Response:
    """Change a comment's text."""
    comment = find_comment(repository, comment_id)
    comment.body, comment.updated_at = _comment_text(call), call.now
    return Response(200, show_comment(call, repository, comment))


def delete_comment(_call: Call, repository: Repository, *, comment_id: str) -> Response:
    """Remove a comment."""
    comment = find_comment(repository, comment_id)
    repository.comments(comment.issue).remove(comment)
    return Response(204)


def list_events(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Answer with what happened to an issue, the oldest first."""
    issue = find_issue(repository, issue_number)
    return paged(
        call,
        issue.events,
        lambda event: show_event(call, repository, event),
        path=repository_path(repository, f"/issues/{issue.number}/events"),
    )


def assignable(repository: Repository) -> list[str]:
    """Return who can be assigned: everybody who may write."""
    return [name for name, role in repository.collaborators.items() if role not in ("read", "none")]


def _assigned(issue: Issue, wanted: str) -> bool:
    match wanted:
        case "":
            return True
        case "*":
            return bool(issue.assignees)
        case "none":
            return not issue.assignees
        case _:
            return wanted.lower() in {login.lower() for login in issue.assignees}


def _assignable(repository: Repository, logins: Sequence[str]) -> list[str]:
    # GitHub answers 422 for a person it cannot assign when an issue is created or changed, and
    # leaves them out silently in `POST …/assignees`. REST docs, "Assignees", 2026-11.
    known = {login.lower(): login for login in assignable(repository)}
    for login in logins:
        if login.lower() not in known:
            raise invalid("Issue", "assignees", value=login)
    return [known[login.lower()] for login in logins]


def _labels(call: Call) -> list[str]:
    names = call.names("labels", "name")
    for name in names:
        if not 0 < len(name) <= 50:
            raise invalid("Label", "name", value=name)
    return names


def _checked(call: Call, title: str, body: str) -> tuple[str, str]:
    if not title.strip():
        raise invalid("Issue", "title", code="missing_field")
    for name, text, longest in (("title", title, LONGEST_TITLE), ("body", body, LONGEST_BODY)):
        if len(text) > longest:
            problem = f"{name} is too long (maximum is {longest} characters)"
            details = {"resource": "Issue", "code": "custom", "field": name, "message": problem}
            raise refuse(422, "Validation Failed", errors=[details])
    return title, body


def _comment_text(call: Call) -> str:
    text = call.text("body")
    if not text.strip():
        raise invalid("IssueComment", "body", code="missing_field")
    if len(text) > LONGEST_BODY:
        raise invalid("IssueComment", "body", code="custom")
    return text


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise refuse(422, 'Invalid request.\n\n"since" is not a date-time.') from None
