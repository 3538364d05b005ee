"""Keeps text in Actions variables of one repository: sealed records and the journal's head.

Everybody who may read the repository's variables reads them: a bare secret value never goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keyturn.errors import PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_text
from keyturn.github.client import Client, repository_path
from keyturn.github.write_budget import WriteBudget

LARGEST_VARIABLE = 48 * 1024
"""GitHub docs, "Variables reference": 48 KB."""
_READ, _WRITE = "Variables: read", "Variables: write"


class GitHubVariables:
    """The Variables of a repository of a real GitHub."""

    def __init__(self, client: Client, repository: str, budget: WriteBudget) -> None:
        self._client = client
        self._repository = repository
        self._budget = budget
        self._known: set[str] = set()
        """Names that were there when last looked at, to be changed rather than made."""

    def get(self, name: str) -> str | None:
        """Return a variable's text; None where the repository has none of that name.

        Raises PlatformError; NotPermitted where its variables cannot be seen.
        """
        try:
            row = self._client.get(self._path(name), needs=_READ)
        except PlatformRefused as error:
            if error.status != 404:
                raise
            self._known.discard(name.upper())
            self._check_seen()
            return None
        value = row.get("value") if isinstance(row, dict) else None
        if not isinstance(value, str):
            raise PlatformUnavailable(NONSENSE)
        self._known.add(name.upper())
        return value

    def put(self, name: str, text: str) -> None:
        """Make a variable or change it. Raises PlatformError.

        After a lost answer it looks: PlatformUnavailable means that the text was not seen there.
        """
        size = len(text.encode())
        if size > LARGEST_VARIABLE:
            raise PlatformRefused(
                f"the variable {name} would have {size} bytes, and GitHub takes {LARGEST_VARIABLE}",
                status=422,
            )
        try:
            self._put(name.upper(), text)
        except PlatformUnavailable:
            if not self._holds(name, text):
                raise
        self._known.add(name.upper())

    def names(self) -> Sequence[str]:
        """Return the name of every variable. Raises PlatformError."""
        rows = self._client.get_all(self._path(), rows="variables", needs=_READ)
        return [read_text(row, "name") for row in rows]

    def delete(self, name: str) -> None:
        """Delete a variable; one that is gone already is fine. Raises PlatformError."""
        try:
            self._send("DELETE", self._path(name))
        except PlatformRefused as error:
            if error.status != 404:
                raise
            self._check_seen()
        except PlatformUnavailable:
            if not self._holds(name, None):
                raise
        self._known.discard(name.upper())

    def _put(self, name: str, text: str) -> None:
        """Change what is known to be there, make what is not; the other where that was wrong."""
        make, change = ("POST", self._path(), 409), ("PATCH", self._path(name), 404)
        first, second = (change, make) if name in self._known else (make, change)
        body = {"name": name, "value": text}
        try:
            self._send(*first[:2], body)
        except PlatformRefused as error:
            if error.status != first[2]:
                raise
            self._send(*second[:2], body)

    def _send(self, verb: str, path: str, body: Any = None) -> None:
        self._budget.spend()
        self._client.send(verb, path, body, needs=_WRITE)

    def _holds(self, name: str, text: str | None) -> bool:
        try:
            return self.get(name) == text
        except PlatformError:
            return False

    def _check_seen(self) -> None:
        """Tell a variable that is not there from variables that may not be seen."""
        with missing_is_forbidden(f"variables of {self._repository}", _WRITE):
            self._client.get(self._path(), needs=_READ, per_page=1)

    def _path(self, *name: str) -> str:
        return repository_path(self._repository, "actions", "variables", *name)
