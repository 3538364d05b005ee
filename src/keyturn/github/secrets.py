"""Lists what GitHub stores as secrets: names, dates and visibility, one request per 100 rows.

It must not write a secret, and can read no value: nobody can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keyturn.github.answer import missing_is_forbidden, read_instant, read_text
from keyturn.github.client import Client, api_path, repository_path
from keyturn.model import Level, Scope, Secret, SecretRef


class GitHubSecrets:
    """The SecretStore of a real GitHub."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list_secrets(self, scope: Scope) -> Sequence[Secret]:
        """Return every secret of one collection. Raises PlatformError."""
        rows = self._list(_path(scope), "secrets", f"{scope.right}: read")
        return [_read_secret(row, scope) for row in rows]

    def list_visible_organization_secrets(self, owner: str, repository: str) -> Sequence[Secret]:
        """Return the organization's Actions secrets that a repository sees."""
        path = api_path("repos", owner, repository, "actions", "organization-secrets")
        rows = self._list(path, "secrets", f"{Scope(owner, repository).right}: read")
        return [_read_secret(row, Scope(owner)) for row in rows]

    def list_environments(self, owner: str, repository: str) -> Sequence[str]:
        """Return the names of a repository's environments. Raises PlatformError."""
        path = api_path("repos", owner, repository, "environments")
        return [read_text(row, "name") for row in self._list(path, "environments", "Actions: read")]

    def _list(self, path: str, rows: str, needs: str) -> list[dict[str, Any]]:
        with missing_is_forbidden(path, needs):
            return self._client.get_all(path, rows=rows, needs=needs)


def _path(scope: Scope) -> str:
    if scope.level is Level.ORGANIZATION:
        return api_path("orgs", scope.owner, scope.store, "secrets")
    if scope.level is Level.ENVIRONMENT:
        return repository_path(scope.full_name, "environments", scope.environment, "secrets")
    return repository_path(scope.full_name, scope.store, "secrets")


def _read_secret(row: Mapping[str, Any], scope: Scope) -> Secret:
    return Secret(
        SecretRef(scope, read_text(row, "name")),
        created_at=read_instant(row, "created_at"),
        updated_at=read_instant(row, "updated_at"),
        visibility=read_text(row, "visibility") if row.get("visibility") is not None else None,
    )
