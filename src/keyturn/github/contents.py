"""Reads a repository's workflow files through the API, where there is no checkout of it.

Always the default branch's; it must not reach any file by a path that climbs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from keyturn.errors import PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, read_text
from keyturn.github.client import Client, repository_facts, repository_path

_WORKFLOWS = ".github/workflows"
_NEEDS = "Contents: read"


class Contents:
    """The SourceTree of a repository that GitHub holds."""

    def __init__(self, client: Client, repository: str) -> None:
        self._client = client
        self._repository = repository

    def list_workflows(self) -> Sequence[str]:
        """Return the paths of the workflow files; none where the folder is missing."""
        rows = self._get(_WORKFLOWS)
        if rows is None:
            repository_facts(self._client, self._repository)  # raises where all of it is unseen
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return []
        names = [read_text(row, "name") for row in rows if row.get("type") == "file"]
        return sorted(f"{_WORKFLOWS}/{name}" for name in names if name.endswith((".yml", ".yaml")))

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None where there is no such file. Raises PlatformError."""
        data = self._get(path)
        if not isinstance(data, dict) or data.get("type") != "file":
            return None
        # GitHub docs, "Get repository content", 2026-11: above 1 MB the encoding is `none`.
        if data.get("encoding") != "base64":
            raise PlatformRefused("the file is too large to be read through the API", status=413)
        content = data.get("content")
        if not isinstance(content, str):
            raise PlatformUnavailable(NONSENSE)
        try:
            return base64.b64decode("".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            raise PlatformUnavailable(NONSENSE) from None

    def _get(self, path: str) -> Any:
        """Return what GitHub holds at a path; None where there is nothing."""
        try:
            address = repository_path(self._repository, "contents", *path.split("/"))
            return self._client.get(address, needs=_NEEDS)
        except PlatformRefused as error:
            if error.status == 404:
                return None
            raise
