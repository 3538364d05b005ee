"""Collections of secrets and variables as GitHub keeps them: sealed boxes in, names and dates out.

A value that was put in can be read from Python by a test, and never over HTTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from keyturn.sandbox.github_api import refuse

# GitHub docs, "Secrets reference", 2026-11: 48 KB. The sandbox takes the strictest reading of it:
# the base64 of the sealed box, as it is sent.
LARGEST_SECRET = 48 * 1024
LARGEST_VARIABLE = 48 * 1024
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(slots=True)
class Entry:
    """A secret or a variable. `repr` shows no value."""

    name: str
    value: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    visibility: str = "all"
    selected: set[int] = field(default_factory=set)
    """Ids of the repositories it is for; counts with visibility `selected` only."""


class Shelf:
    """Named entries with a quota; names in upper case."""

    def __init__(self, label: str, *, quota: int) -> None:
        self.label = label
        self.quota = quota
        self.entries: dict[str, Entry] = {}

    def get(self, name: str) -> Entry | None:
        """Return an entry, whatever the case of the name."""
        return self.entries.get(name.upper())

    def listed(self) -> list[Entry]:
        """Return all entries by name."""
        return [self.entries[name] for name in sorted(self.entries)]

    def put(self, name: str, value: str | None, *, at: datetime) -> bool:
        """Store a value, or keep it where `value` is None; True when the entry is new.

        Refuses with 422 a bad name, a full collection and a new entry without a value.
        """
        known = self.get(name)
        if known:
            known.value = known.value if value is None else value
            known.updated_at = at
            return False
        check_name(name)
        if len(self.entries) >= self.quota:
            raise refuse(422, f"Limit of {self.quota} reached.")
        if value is None:
            raise refuse(422, "Bad Request: a value is needed to create this.")
        self.entries[name.upper()] = Entry(name.upper(), value, at, at)
        return True

    def drop(self, name: str) -> bool:
        """Forget an entry; False when there is none."""
        return self.entries.pop(name.upper(), None) is not None


class Vault(Shelf):
    """A collection of secrets with a key pair of its own, the same in every run."""

    def __init__(self, label: str, *, quota: int = 100) -> None:
        super().__init__(label, quota=quota)
        self._turns = 0
        self.turn_key()

    def turn_key(self) -> None:
        """Replace the key pair; boxes sealed for another one are refused from now on."""
        self._turns += 1
        seed = hashlib.sha256(f"{self.label}#{self._turns}".encode()).digest()
        self._key = PrivateKey(seed)
        self.key_id = str(int.from_bytes(seed[:7]))

    @property
    def public_key(self) -> str:
        """The base64 of the public half."""
        return base64.b64encode(bytes(self._key.public_key)).decode()

    def open(self, encrypted: str, key_id: str) -> str:
        """Return what a sealed box holds; refuses with 422 one that is not for this collection."""
        if key_id != self.key_id:
            raise refuse(422, "Bad Request: the key_id is not this collection's.")
        if len(encrypted) > LARGEST_SECRET:
            raise refuse(422, "Bad Request: the secret is larger than 48 KB.")
        try:
            box = base64.b64decode(encrypted, validate=True)
            return SealedBox(self._key).decrypt(box).decode()
        except (binascii.Error, CryptoError, ValueError):
            raise refuse(422, "Bad Request: the encrypted_value cannot be opened.") from None


def check_name(name: str) -> None:
    """Refuse with 422 a name that GitHub refuses for a secret or variable."""
    if not _NAME.fullmatch(name.upper()) or name.upper().startswith("GITHUB_"):
        raise refuse(
            422,
            "Names hold letters, digits and underscores only, begin with a letter or underscore, "
            "and not with GITHUB_.",
        )


def visible(entry: Entry, repository_id: int, *, private: bool) -> bool:
    """Tell whether an organization's entry is shared with a repository."""
    match entry.visibility:
        case "all":
            return True
        case "private":
            return private
        case _:
            return repository_id in entry.selected


def share(entry: Entry, visibility: str, selected: Collection[int]) -> None:
    """Set who sees an organization's entry."""
    entry.visibility = visibility
    entry.selected = set(selected) if visibility == "selected" else set()
