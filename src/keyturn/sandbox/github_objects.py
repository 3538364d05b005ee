"""GitHub's descriptions of people, organizations and repositories, complete down to every URL.

They are made from names alone; nothing here reads or changes the sandbox's state.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from keyturn.sandbox.github_api import node_id, stamp

if TYPE_CHECKING:
    from keyturn.sandbox.github_world import Organization, Repository

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
ROLES = {"admin": 5, "maintain": 4, "write": 3, "triage": 2, "read": 1, "none": 0}
"""A collaborator's permission, and how many of the five abilities it holds."""


def identity(kind: str, name: str) -> int:
    """Return the id that goes with a name: the same in every run."""
    digest = hashlib.sha256(f"{kind}:{name.lower()}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def user(login: str, base: str, *, organization: bool = False) -> dict[str, Any]:
    """Describe an account."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    number = identity("user", login)
    url = f"{base}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node_id("U", number),
        "avatar_url": f"{base}/avatars/u/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{login}",
        **{name: url + path for name, path in _USER_URLS.items()},
        "type": "Organization" if organization else kind,
        "site_admin": False,
    }


def private_user(login: str, base: str, *, created_at: str) -> dict[str, Any]:
    """Describe an account to itself."""
    unset = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following", "private_gists")
    more = ("total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    return {
        **user(login, base),
        **dict.fromkeys(unset),
        **dict.fromkeys(counts + more, 0),
        "created_at": created_at,
        "updated_at": created_at,
        "two_factor_authentication": True,
    }


def collaborator(login: str, role: str, base: str) -> dict[str, Any]:
    """Describe an account with what it may do in a repository."""
    held = ROLES[role]
    names = ("pull", "triage", "push", "maintain", "admin")
    permissions = {name: held > place for place, name in enumerate(names)}
    return {**user(login, base), "permissions": permissions, "role_name": role}


def organization(org: Organization, base: str) -> dict[str, Any]:
    """Describe an organization."""
    url = f"{base}/orgs/{org.login}"
    at = stamp(org.created_at)
    paths = {
        "repos_url": "/repos",
        "events_url": "/events",
        "hooks_url": "/hooks",
        "issues_url": "/issues",
        "members_url": "/members{/member}",
        "public_members_url": "/public_members{/member}",
    }
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        "login": org.login,
        "id": org.id,
        "node_id": node_id("O", org.id),
        "url": url,
        **{name: url + path for name, path in paths.items()},
        "avatar_url": f"{base}/avatars/u/{org.id}",
        "description": None,
        "has_organization_projects": True,
        "has_repository_projects": True,
        **dict.fromkeys(counts, 0),
        "html_url": f"{base}/{org.login}",
        "created_at": at,
        "updated_at": at,
        "archived_at": None,
        "type": "Organization",
    }


def minimal_repository(repository: Repository, base: str) -> dict[str, Any]:
    """Describe a repository as lists of repositories do."""
    url = f"{base}/repos/{repository.full_name}"
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": user(repository.owner, base, organization=repository.organization is not None),
        "html_url": f"{base}/{repository.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        **{name: url + path for name, path in _REPOSITORY_URLS.items()},
    }


def listed_repository(repository: Repository, base: str) -> dict[str, Any]:
    """Describe a repository as the list of an App's installation does."""
    described = full_repository(repository, base)
    own_page = ("organization", "network_count", "subscribers_count")
    return {
        **{name: value for name, value in described.items() if name not in own_page},
        "has_downloads": True,
    }


def full_repository(repository: Repository, base: str) -> dict[str, Any]:
    """Describe a repository as its own page does."""
    html = f"{base}/{repository.full_name}"
    pushed = stamp(repository.pushed_at)
    counts = ("forks", "stargazers", "watchers", "network", "subscribers")
    described = minimal_repository(repository, base)
    if repository.organization:
        described["organization"] = described["owner"]
    return {
        **described,
        "created_at": stamp(repository.created_at),
        "updated_at": pushed,
        "pushed_at": pushed,
        "git_url": html.replace("http", "git", 1) + ".git",
        "ssh_url": f"git@sandbox:{repository.full_name}.git",
        "clone_url": html + ".git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "size": 0,
        **{f"{name}_count": 0 for name in counts},
        "forks": 0,
        "watchers": 0,
        "open_issues": repository.tracker.open_count,
        "open_issues_count": repository.tracker.open_count,
        "has_issues": repository.has_issues,
        **dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions"), False),
        "archived": False,
        "disabled": False,
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
    }
