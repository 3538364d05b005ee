"""GitHub's descriptions of issues, labels, comments and events; nothing here changes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from keyturn.sandbox.github_api import Call, node_id, stamp
from keyturn.sandbox.github_objects import user
from keyturn.sandbox.github_tracker import Comment, Event, Issue, Label
from keyturn.sandbox.github_world import Repository

_PULL_LINKS = {"html_url": "", "diff_url": ".diff", "patch_url": ".patch"}


def show_label(call: Call, repository: Repository, label: Label) -> dict[str, Any]:
    """Describe a label."""
    base = f"{call.base}/repos/{repository.full_name}/labels"
    return {
        "id": label.id,
        "node_id": node_id("LA", label.id),
        "url": f"{base}/{quote(label.name, safe='')}",
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "default": False,
    }


def show_issue(call: Call, repository: Repository, issue: Issue) -> dict[str, Any]:
    """Describe an issue."""
    base = f"{call.base}/repos/{repository.full_name}"
    url = f"{base}/issues/{issue.number}"
    html = f"{call.base}/{repository.full_name}/"
    html += f"{'pull' if issue.pull_request else 'issues'}/{issue.number}"
    assignees = [user(login, call.base) for login in issue.assignees]
    labels = repository.tracker.labels_of(issue)
    shown = {
        "id": issue.id,
        "node_id": node_id("I", issue.id),
        "url": url,
        "repository_url": base,
        "labels_url": url + "/labels{/name}",
        "comments_url": url + "/comments",
        "events_url": url + "/events",
        "timeline_url": url + "/timeline",
        "html_url": html,
        "number": issue.number,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        "user": user(issue.author, call.base),
        "labels": [show_label(call, repository, label) for label in labels],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "locked": issue.locked,
        "active_lock_reason": issue.lock_reason,
        "comments": len(issue.comments),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp(issue.closed_at),
        "closed_by": user(issue.closed_by, call.base) if issue.closed_by else None,
        "author_association": _association(repository, issue.author),
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }
    if issue.pull_request:
        links = {name: html + end for name, end in _PULL_LINKS.items()}
        pull = f"{base}/pulls/{issue.number}"
        shown |= {"draft": False, "pull_request": {"url": pull, **links, "merged_at": None}}
    return shown


def show_comment(call: Call, repository: Repository, comment: Comment) -> dict[str, Any]:
    """Describe a comment."""
    base = f"{call.base}/repos/{repository.full_name}/issues"
    html = f"{call.base}/{repository.full_name}/issues/{comment.issue}"
    url = f"{base}/comments/{comment.id}"
    return {
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "url": url,
        "html_url": f"{html}#issuecomment-{comment.id}",
        "issue_url": f"{base}/{comment.issue}",
        "body": comment.body,
        "user": user(comment.author, call.base),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "author_association": _association(repository, comment.author),
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }


def show_event(call: Call, repository: Repository, event: Event) -> dict[str, Any]:
    """Describe an event."""
    details = dict(event.details)
    if "assignee" in details:
        details["assignee"] = user(details["assignee"], call.base)
        details["assigner"] = user(event.actor, call.base)
    return {
        "id": event.id,
        "node_id": node_id("IE", event.id),
        "url": f"{call.base}/repos/{repository.full_name}/issues/events/{event.id}",
        "actor": user(event.actor, call.base),
        "event": event.kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(event.created_at),
        "performed_via_github_app": None,
        **details,
    }


def _reactions(url: str) -> dict[str, Any]:
    kinds = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket", "total_count")
    return {"url": url + "/reactions", **dict.fromkeys(kinds, 0)}


def _association(repository: Repository, login: str) -> str:
    if login.lower() == repository.owner.lower():
        return "OWNER"
    return "COLLABORATOR" if login in repository.collaborators else "NONE"
