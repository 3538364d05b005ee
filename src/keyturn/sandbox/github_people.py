"""Repositories, environments, organizations and people over HTTP, and the rate limit."""

from __future__ import annotations

from typing import Any

from keyturn.sandbox.github_api import Call, node_id, not_found, paged, refuse, stamp
from keyturn.sandbox.github_issues import assignable
from keyturn.sandbox.github_objects import (
    collaborator,
    full_repository,
    listed_repository,
    organization,
    private_user,
    user,
)
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_world import Environment, Organization, Repository, World
from keyturn.sandbox.server import Response


def add_routes(routes: Routes) -> None:
    """Register what a client asks to find its way."""
    routes.add("GET", "/rate_limit", rate_limit)
    routes.add("GET", "/user", get_user)
    routes.add(
        "GET",
        "/installation/repositories",
        lambda call: list_installation_repositories(call, routes.world),
    )
    routes.organization("GET", "", get_organization, area="metadata")
    routes.organization("GET", "/members", list_members, area="metadata")
    routes.organization("GET", "/memberships/{username}", get_membership, area="members")
    for template, handler, area in (
        ("", get_repository, "metadata"),
        ("/assignees", list_assignees, "issues"),
        ("/assignees/{assignee}", check_assignee, "issues"),
        ("/collaborators/{username}/permission", get_permission, "metadata"),
        # GitHub docs, "Permissions required for fine-grained tokens", 2026-11: the list of
        # environments needs `actions`, their secrets and variables need `environments`.
        ("/environments", list_environments, "actions"),
        ("/environments/{environment_name}", get_environment, "actions"),
    ):
        routes.repository("GET", template, handler, area=area)


def rate_limit(call: Call) -> Response:
    """Answer with what is left of the hour; costs nothing."""
    credential = call.credential
    reset = int(credential.reset.timestamp()) if credential.reset else 0
    limit, used = credential.limit, credential.used
    core = {"limit": limit, "remaining": limit - used, "reset": reset, "used": used}
    search = {"limit": 30, "remaining": 30, "reset": reset, "used": 0}
    return Response(200, {"resources": {"core": core, "search": search}, "rate": core})


def get_user(call: Call) -> Response:
    """Answer with who the credential is; an app's installation is nobody."""
    if call.credential.kind == "anonymous":
        raise refuse(401, "Requires authentication")
    if call.credential.kind != "pat":
        raise refuse(403, "Resource not accessible by integration")
    created = stamp(call.now) or ""
    return Response(200, private_user(call.login, call.base, created_at=created))


def list_installation_repositories(call: Call, world: World) -> Response:
    """Answer with what an App's token, or a workflow's own, is for."""
    # GitHub docs, "REST API endpoints for GitHub App installations", 2026-11.
    if call.credential.kind not in ("app", "workflow"):
        raise refuse(403, "You must authenticate with an installation access token")
    covered = [
        each for each in world.repositories.values() if call.credential.covers(each.full_name)
    ]
    return paged(
        call, covered, lambda each: listed_repository(each, call.base), member="repositories"
    )


def get_organization(call: Call, found: Organization) -> Response:
    """Answer with an organization."""
    return Response(200, organization(found, call.base))


def list_members(call: Call, found: Organization) -> Response:
    """Answer with the members: all, or to whom may not read that the ones who show themselves."""
    # GitHub docs, "REST API endpoints for organization members", 2026-11.
    every = call.credential.allows("members", "read")
    logins = sorted(login for login in found.members if every or login in found.shown)
    return paged(call, logins, lambda login: user(login, call.base))


def get_membership(call: Call, found: Organization, *, username: str) -> Response:
    """Answer with somebody's membership, or with that of somebody invited; else with 404."""
    roles = {login.lower(): role for login, role in found.members.items()}
    invited = username.lower() in {login.lower() for login in found.invited}
    role = roles.get(username.lower()) or ("member" if invited else None)
    if role is None:
        raise not_found()
    url = f"{call.base}/orgs/{found.login}"
    return Response(
        200,
        {
            "url": f"{url}/memberships/{username}",
            "state": "pending" if invited else "active",
            "role": role,
            "organization_url": url,
            "organization": organization(found, call.base),
            "user": user(username, call.base),
        },
    )


def get_repository(call: Call, repository: Repository) -> Response:
    """Answer with a repository."""
    return Response(200, full_repository(repository, call.base))


def list_assignees(call: Call, repository: Repository) -> Response:
    """Answer with who can be assigned."""
    return paged(
        call,
        assignable(repository),
        lambda login: user(login, call.base),
        path=repository_path(repository, "/assignees"),
    )


def check_assignee(_call: Call, repository: Repository, *, assignee: str) -> Response:
    """Tell by 204 or 404 whether a person can be assigned."""
    if assignee.lower() not in {login.lower() for login in assignable(repository)}:
        raise not_found()
    return Response(204)


def get_permission(call: Call, repository: Repository, *, username: str) -> Response:
    """Answer with what a person may do; who is no collaborator may read what is public."""
    known = {login.lower(): role for login, role in repository.collaborators.items()}
    role = known.get(username.lower(), "none" if repository.private else "read")
    # the older word has neither maintain nor triage
    permission = {"maintain": "write", "triage": "read"}.get(role, role)
    who = collaborator(username, role, call.base)
    return Response(200, {"permission": permission, "role_name": role, "user": who})


def list_environments(call: Call, repository: Repository) -> Response:
    """Answer with all environments by name."""
    found = sorted(repository.environments.values(), key=lambda environment: environment.name)
    return paged(
        call,
        found,
        lambda environment: show_environment(call, repository, environment),
        member="environments",
        path=repository_path(repository, "/environments"),
    )


def get_environment(call: Call, repository: Repository, *, environment_name: str) -> Response:
    """Answer with one environment."""
    found = repository.find_environment(environment_name)
    return Response(200, show_environment(call, repository, found))


def show_environment(
    call: Call, repository: Repository, environment: Environment
) -> dict[str, Any]:
    """Describe an environment."""
    at = stamp(environment.created_at)
    return {
        "id": environment.id,
        "node_id": node_id("EN", environment.id),
        "name": environment.name,
        "url": f"{call.base}/repos/{repository.full_name}/environments/{environment.path}",
        "html_url": f"{call.base}/{repository.full_name}/settings/environments",
        "created_at": at,
        "updated_at": at,
        "protection_rules": [],
        "deployment_branch_policy": None,
    }
