"""Asks who belongs to the organization of the checked repository, or may do something in it.

It must not take a 404 for an answer of a credential that does not see memberships.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyturn.errors import NotPermitted, PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_text
from keyturn.github.client import (
    Client,
    RepositoryFacts,
    api_path,
    repository_facts,
    repository_path,
)

_NEEDS = "the organization permission Members: read"


class GitHubMembers:
    """The Members of a real GitHub."""

    def __init__(self, client: Client, repository: str, *, url: str) -> None:
        self._client = client
        self._repository = repository
        self.url = url

    def find_gone(self, logins: Sequence[str]) -> frozenset[str]:
        """Return who is no member and has no more rights in the repository than anybody.

        Nobody is gone from a person's repository. Raises PlatformError; NotPermitted where this
        credential does not see who is a member.
        """
        facts = repository_facts(self._client, self._repository)
        if not facts.organization:
            return frozenset()
        absent = [login for login in logins if not self._is_member(facts.organization, login)]
        if absent:
            self.prove_readable(facts.organization)
        return frozenset(login for login in absent if not self._has_rights(facts, login))

    def prove_readable(self, organization: str) -> None:
        """Raise NotPermitted unless the membership of somebody who is listed can be read.

        GitHub lists the members who show themselves to everybody, and answers 403 or 404 to the
        question after a membership where the credential may not read any.
        """
        path = api_path("orgs", organization, "members")
        with missing_is_forbidden(path, _NEEDS):
            rows = self._client.get(path, needs=_NEEDS, per_page=1)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(NONSENSE)
        if not (rows and self._is_member(organization, read_text(rows[0], "login"))):
            raise NotPermitted(
                f"GitHub does not show this credential who belongs to {organization}",
                hint=f"it needs {_NEEDS}",
            )

    def _is_member(self, organization: str, login: str) -> bool:
        # Who was invited counts: the answer is 200, with the state `pending`.
        return self._client.exists(
            api_path("orgs", organization, "memberships", login), needs=_NEEDS
        )

    def _has_rights(self, facts: RepositoryFacts, login: str) -> bool:
        """Say whether somebody from outside was let in to the repository itself."""
        path = repository_path(facts.full_name, "collaborators", login, "permission")
        try:
            data = self._client.get(path, needs="Metadata: read")
        except PlatformRefused as error:
            if error.status != 404:
                raise
            return False  # nobody has that login
        if not isinstance(data, dict):
            raise PlatformUnavailable(NONSENSE)
        permission = read_text(data, "permission")
        if permission == "none":
            return False
        # Everybody may read what is public; `permission` calls the role of triage `read` too.
        role = data.get("role_name") or permission
        return facts.private or permission != "read" or role != "read"
