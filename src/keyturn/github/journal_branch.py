"""The branch `keyturn/journal`: an orphan that holds one file, replaced by its blob's name.

It knows nothing of what the file says; every request that writes is sent once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from keyturn.errors import JournalBroken, PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, read_text
from keyturn.github.client import Client, repository_facts, repository_path
from keyturn.journal import Stored

BRANCH = "keyturn/journal"
FILE = "journal.jsonl"

_NEEDS = "Contents: write"


class JournalBranch:
    """The Branch of a repository that GitHub holds."""

    def __init__(self, client: Client, repository: str) -> None:
        self._client = client
        self._repository = repository

    def read(self) -> Stored | None:
        """Return the file; None where there is no such branch. Raises PlatformError.

        Raises JournalBroken where the branch is there without it: they are made together.
        """
        try:
            row = self._client.get(self._path("contents", FILE), needs=_NEEDS, ref=BRANCH)
        except PlatformRefused as error:
            if error.status != 404:
                raise
            if self._client.exists(self._path("git", "ref", "heads", *BRANCH.split("/"))):
                raise JournalBroken(
                    f"the branch {BRANCH} of {self._repository} does not hold {FILE}",
                    hint="nothing is rotated until a person has brought it back",
                ) from error
            repository_facts(self._client, self._repository)  # raises where all of it is unseen
            return None
        if not isinstance(row, dict):
            raise PlatformUnavailable(NONSENSE)
        sha = read_text(row, "sha")
        # GitHub docs, "Get repository content", 2026-11: above 1 MB the encoding is `none`.
        if row.get("encoding") == "none":
            row = self._client.get(self._path("git", "blobs", sha), needs=_NEEDS)
        return Stored(_content(row), sha)

    def create(self, data: bytes) -> None:
        """Make the branch with the file and without a parent. Raises PlatformError."""
        entry = {"path": FILE, "mode": "100644", "type": "blob"}
        blob = self._send("POST", "blobs", {"content": _base64(data), "encoding": "base64"})
        tree = self._send("POST", "trees", {"tree": [{**entry, "sha": read_text(blob, "sha")}]})
        commit = {"message": _message(data), "tree": read_text(tree, "sha"), "parents": []}
        sha = read_text(self._send("POST", "commits", commit), "sha")
        self._send("POST", "refs", {"ref": f"refs/heads/{BRANCH}", "sha": sha})

    def replace(self, data: bytes, *, after: str) -> None:
        """Replace the file if it still is the blob `after`. Raises PlatformError."""
        body = {
            "message": _message(data),
            "content": _base64(data),
            "sha": after,
            "branch": BRANCH,
        }
        self._client.send("PUT", self._path("contents", FILE), body, needs=_NEEDS)

    def _send(self, verb: str, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.send(verb, self._path("git", kind), body, needs=_NEEDS)
        if not isinstance(answer, dict):
            raise PlatformUnavailable(NONSENSE)
        return answer

    def _path(self, *segments: str) -> str:
        return repository_path(self._repository, *segments)


def _message(data: bytes) -> str:
    # GitHub starts no workflow that the branch does not hold; other CI systems read the message.
    entries = data.count(b"\n")
    return f"Write the journal up to entry {entries} [skip ci]"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _content(row: Any) -> bytes:
    content = row.get("content") if isinstance(row, dict) else None
    if not isinstance(content, str) or row.get("encoding") != "base64":
        raise PlatformUnavailable(NONSENSE)
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise PlatformUnavailable(NONSENSE) from None
