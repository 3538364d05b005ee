"""Labels over HTTP: the repository's, and an issue's."""

from __future__ import annotations

import re

from keyturn.sandbox.github_api import Call, invalid, not_found, paged
from keyturn.sandbox.github_issue_objects import show_label
from keyturn.sandbox.github_issues import find_issue
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_tracker import DEFAULT_COLOR, Issue, Label
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Response

LONGEST_NAME = 50
LONGEST_DESCRIPTION = 100


def add_routes(routes: Routes) -> None:
    """Register the labels of repositories and issues."""
    held = "/issues/{issue_number}/labels"
    for method, template, handler in (
        ("GET", "/labels", list_labels),
        ("POST", "/labels", create_label),
        ("GET", "/labels/{name}", get_label),
        ("PATCH", "/labels/{name}", edit_label),
        ("DELETE", "/labels/{name}", delete_label),
        ("GET", held, list_held),
        ("POST", held, add_held),
        ("PUT", held, set_held),
        ("DELETE", held, clear_held),
        ("DELETE", held + "/{name}", remove_held),
    ):
        routes.repository(method, template, handler, area="issues")


def find_label(repository: Repository, name: str) -> Label:
    """Return a label or refuse with 404."""
    found = repository.tracker.label(name)
    if not found:
        raise not_found()
    return found


def list_labels(call: Call, repository: Repository) -> Response:
    """Answer with all labels by name."""
    return paged(
        call,
        repository.tracker.labels,
        lambda label: show_label(call, repository, label),
        path=repository_path(repository, "/labels"),
    )


def create_label(call: Call, repository: Repository) -> Response:
    """Make a label; one of the same name in any case is in the way."""
    name = _checked_name(call.text("name"))
    color, description = _look(call, DEFAULT_COLOR, None)
    if repository.tracker.label(name):
        raise invalid("Label", "name", code="already_exists")
    label = repository.tracker.ensure_label(name, color=color, description=description)
    return call.created(show_label(call, repository, label))


def get_label(call: Call, repository: Repository, *, name: str) -> Response:
    """Answer with one label."""
    return Response(200, show_label(call, repository, find_label(repository, name)))


def edit_label(call: Call, repository: Repository, *, name: str) -> Response:
    """Change a label's name and looks."""
    label, tracker = find_label(repository, name), repository.tracker
    new = _checked_name(call.text("new_name", default=label.name))
    color, description = _look(call, label.color, label.description)
    if tracker.label(new) not in (None, label):
        raise invalid("Label", "name", code="already_exists")
    label.color, label.description = color, description
    tracker.rename_label(label, new)
    return Response(200, show_label(call, repository, label))


def delete_label(_call: Call, repository: Repository, *, name: str) -> Response:
    """Remove a label everywhere."""
    repository.tracker.drop_label(find_label(repository, name))
    return Response(204)


def list_held(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Answer with an issue's labels."""
    return _held(call, repository, find_issue(repository, issue_number))


def add_held(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Put labels on an issue."""
    issue = find_issue(repository, issue_number)
    return _hold(call, repository, issue, [*issue.labels, *call.names("labels", "name")])


def set_held(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Put exactly these labels on an issue."""
    issue = find_issue(repository, issue_number)
    return _hold(call, repository, issue, call.names("labels", "name"))


def clear_held(call: Call, repository: Repository, *, issue_number: str) -> Response:
    """Take every label off an issue."""
    repository.tracker.set_labels(find_issue(repository, issue_number), [], by=call.login)
    return Response(204)


def remove_held(call: Call, repository: Repository, *, issue_number: str, name: str) -> Response:
    """Take one label off an issue."""
    issue, label = find_issue(repository, issue_number), find_label(repository, name)
    if label.name not in issue.labels:
        raise not_found()
    rest = [held for held in issue.labels if held != label.name]
    return _hold(call, repository, issue, rest)


def _hold(call: Call, repository: Repository, issue: Issue, names: list[str]) -> Response:
    wanted = [_checked_name(name) for name in names]
    repository.tracker.set_labels(issue, wanted, by=call.login)
    return _held(call, repository, issue)


def _held(call: Call, repository: Repository, issue: Issue) -> Response:
    return paged(
        call,
        repository.tracker.labels_of(issue),
        lambda label: show_label(call, repository, label),
        path=repository_path(repository, f"/issues/{issue.number}/labels"),
    )


def _checked_name(name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME:
        raise invalid("Label", "name", value=name)
    return name


def _look(call: Call, color: str, description: str | None) -> tuple[str, str | None]:
    color = call.text("color", default=color)
    if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise invalid("Label", "color", value=color)
    if call.has("description"):
        description = call.text("description")
        if len(description) > LONGEST_DESCRIPTION:
            raise invalid("Label", "description")
    return color.lower(), description
