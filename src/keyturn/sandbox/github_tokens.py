"""What GitHub tells about tokens, and how they end: an organization's grants to fine-grained ones,
deploy keys, and the revocation of anybody's token by its value.

It makes no personal token, as GitHub's API makes none: `GitHub.add_token` does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keyturn.sandbox.github_api import Call, not_found, paged, refuse, stamp
from keyturn.sandbox.github_objects import user
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_world import DeployKey, Grant, Organization, Repository, World
from keyturn.sandbox.server import Response

# GitHub's API description of /credentials/revoke, 2026-11.
_MOST_REVOKED = 1000
_REVOCABLE = ("ghp_", "github_pat_", "gho_", "ghu_", "ghr_")


def add_routes(routes: Routes) -> None:
    """Register the lists and the ends."""
    grants, area = "/personal-access-tokens", "organization_personal_access_tokens"
    routes.organization("GET", grants, list_grants, area=area)
    routes.organization("POST", grants + "/{pat_id}", update_grant, area=area)
    routes.repository("GET", "/keys", list_deploy_keys, area="administration")
    routes.repository("DELETE", "/keys/{key_id}", delete_deploy_key, area="administration")
    routes.add("POST", "/credentials/revoke", lambda call: revoke_credentials(call, routes.world))


def list_grants(call: Call, organization: Organization) -> Response:
    """Answer with the tokens that the organization let in; only GitHub Apps may ask."""
    _check_app(call)
    grants = list(organization.grants.values())
    return paged(call, grants, lambda grant: show_grant(call, organization, grant))


def update_grant(call: Call, organization: Organization, *, pat_id: str) -> Response:
    """End what a token may do in the organization; the token itself lives on."""
    _check_app(call)
    if call.text("action") != "revoke":
        raise refuse(422, 'Invalid request.\n\n"action" is not one of revoke.')
    grant = organization.grants.pop(int(pat_id) if pat_id.isdecimal() else 0, None)
    if grant is None:
        raise not_found()
    return Response(204)


def list_deploy_keys(call: Call, repository: Repository) -> Response:
    """Answer with the repository's keys."""
    return paged(
        call,
        list(repository.deploy_keys.values()),
        lambda key: show_deploy_key(call, repository, key),
        path=repository_path(repository, "/keys"),
    )


def delete_deploy_key(_call: Call, repository: Repository, *, key_id: str) -> Response:
    """Delete a key."""
    key = repository.deploy_keys.pop(int(key_id) if key_id.isdecimal() else 0, None)
    if key is None:
        raise not_found()
    return Response(204)


def revoke_credentials(call: Call, world: World) -> Response:
    """Kill tokens by their values, whoever owns them; who is signed in may not ask."""
    if call.credential.kind != "anonymous":
        raise refuse(403, "Authenticated requests are not accepted")
    values = call.names("credentials", "")
    if not 1 <= len(values) <= _MOST_REVOKED:
        raise refuse(422, f"Give 1 to {_MOST_REVOKED} credentials")
    for value in values:
        if value.startswith(_REVOCABLE):
            world.credentials.pop(value, None)
    return Response(202, {})


def show_grant(call: Call, organization: Organization, grant: Grant) -> dict[str, Any]:
    """Describe a grant, with the token that it is for."""
    folder = f"{call.base}/organizations/{organization.id}/personal-access-tokens/{grant.id}"
    return {
        "id": grant.id,
        "owner": user(grant.owner, call.base),
        "repository_selection": "all",
        "repositories_url": f"{folder}/repositories",
        "permissions": grant.permissions,
        "access_granted_at": _local(grant.granted_at),
        "token_id": grant.token_id,
        "token_name": grant.name,
        "token_expired": grant.expires_at is not None and grant.expires_at <= call.now,
        "token_expires_at": _local(grant.expires_at),
        "token_last_used_at": _local(grant.last_used_at),
    }


def show_deploy_key(call: Call, repository: Repository, key: DeployKey) -> dict[str, Any]:
    """Describe a deploy key."""
    return {
        "id": key.id,
        "key": f"ssh-ed25519 SANDBOX{key.id}",
        "url": f"{call.base}/repos/{repository.full_name}/keys/{key.id}",
        "title": key.title,
        "verified": True,
        "created_at": stamp(key.created_at),
        "read_only": key.read_only,
        "added_by": key.added_by,
        "last_used": stamp(key.last_used),
        "enabled": key.enabled,
    }


def _check_app(call: Call) -> None:
    if call.credential.kind == "pat":
        raise refuse(403, "Resource not accessible by personal access token")


def _local(at: datetime | None) -> str | None:
    """Return the form of an instant that only grants have: `2026-11-23T08:00:00.000-07:00`."""
    return None if at is None else at.isoformat(timespec="milliseconds")
