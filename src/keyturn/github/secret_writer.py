"""Writes secrets as sealed boxes, and proves beforehand that it may.

It never makes an organization's secret visible to anybody else than before, sends every write once,
and shows no value to anything but the box that seals it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from github.PublicKey import encrypt

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden, read_text
from keyturn.github.client import Client, api_path
from keyturn.github.secrets import GitHubSecrets, _path, _read_secret
from keyturn.github.write_budget import WriteBudget
from keyturn.model import Level, Scope, Secret, SecretRef
from keyturn.secret_value import MASK, SecretValue

CANARY_PREFIX = "KEYTURN_CANARY_"
"""How the names of the secrets begin that prove a right and are deleted at once."""
LARGEST_BOX = 48 * 1024
"""GitHub docs, "Secrets reference", 2026-11: 48 KB. Read strictly: the box as base64, as sent."""

# GitHub docs, "Secrets reference", 2026-11.
_QUOTAS = {Level.REPOSITORY: 100, Level.ENVIRONMENT: 100, Level.ORGANIZATION: 1000}
_BOX_OVERHEAD = 48
"""Bytes that libsodium's sealed box adds: a public key and a MAC."""
_VISIBILITIES = ("all", "private", "selected")
_NO_BODY: Any = None
"""A DELETE has none by GitHub's description."""
_HIDDEN = {"visibility": "selected", "selected_repository_ids": []}


@dataclass(frozen=True, slots=True)
class _Key:
    """The public half that one collection's values are sealed for."""

    id: str
    key: str


class GitHubSecretWriter:
    """The SecretWriter of a real GitHub. It remembers public keys: one instance for each batch."""

    def __init__(self, client: Client, budget: WriteBudget) -> None:
        self._client = client
        self._budget = budget
        self._keys: dict[Scope, _Key] = {}

    def find(self, ref: SecretRef) -> Secret | None:
        """Return what GitHub shows of a secret; None where its collection has no such name.

        Raises PlatformError; NotPermitted where the collection itself cannot be seen.
        """
        try:
            row = self._client.get(_name_path(ref), needs=_right(ref.scope))
        except PlatformRefused as error:
            if error.status != 404:
                raise
        else:
            return _read_secret(_row(row), ref.scope)
        self._key(ref.scope)  # raises where there is no such place for this credential
        return None

    def write(self, ref: SecretRef, value: SecretValue) -> datetime:
        """Store a value and return the secret's new `updated_at`, read back.

        An organization's secret must be there and keeps its visibility. Raises PlatformError; after
        PlatformUnavailable the hint says what was seen of the secret. To write the same value once
        more is harmless.
        """
        _check_value(value)
        self._budget.spend()  # first, so that nothing waits between the look and the write
        before = self.find(ref)
        body = self._visibility(ref, before)
        self._key(ref.scope)
        try:
            self._put(ref, value, body)
        except PlatformUnavailable as error:
            return self._look_after(error, ref, before)
        after = self.find(ref)
        if after is None or after.updated_at is None:
            raise PlatformUnavailable(f"GitHub took {ref} and does not show it")
        return after.updated_at

    def prove_writable(self, ref: SecretRef, operation: str) -> None:
        """Write a canary beside the secret and delete it; in an organization no repository sees it.

        Raises PlatformError: NotPermitted names the missing right, PlatformRefused a full
        collection, or a canary of that name that is there already.
        """
        scope = ref.scope
        canary = SecretRef(scope, CANARY_PREFIX + operation)
        listed = GitHubSecrets(self._client).list_secrets(scope)
        if any(secret.ref == canary for secret in listed):
            raise PlatformRefused(
                f"{canary} is there already",
                status=409,
                hint="an earlier run left it: remove it first",
            )
        quota = _QUOTAS[scope.level]
        if len(listed) >= quota:
            raise PlatformRefused(
                f"{scope} holds {len(listed)} secrets, and GitHub allows {quota}",
                status=422,
                hint="whether it can be written is tried with one more: delete one that is unused",
            )
        self._budget.spend()
        try:
            hidden = _HIDDEN if scope.level is Level.ORGANIZATION else {}
            self._put(canary, SecretValue(secrets.token_urlsafe(24)), hidden)
        except PlatformUnavailable:
            self._drop(canary)  # it may have been made all the same
            raise
        self._drop(canary)

    def list_readers(self, ref: SecretRef) -> list[str]:
        """Return the repositories that see an organization's secret, as owner/name.

        Raises PlatformError; NotPermitted where it is visible to all: which of the organization's
        repositories there are, GitHub does not tell an App that is installed on some.
        """
        found = self.find(ref)
        if found is None or found.visibility != "selected":
            raise NotPermitted("it is not limited to selected repositories")
        return [read_text(row, "full_name") for row in self._selected(ref)]

    def remove_canaries(self, scope: Scope) -> tuple[str, ...]:
        """Delete what earlier runs left of their proofs, and return its names."""
        listed = GitHubSecrets(self._client).list_secrets(scope)
        left = [secret.ref for secret in listed if secret.ref.name.startswith(CANARY_PREFIX)]
        for ref in left:
            self._drop(ref)
        return tuple(ref.name for ref in left)

    def _put(self, ref: SecretRef, value: SecretValue, more: Mapping[str, Any]) -> None:
        """Send a value, sealed; once more where the key was replaced meanwhile.

        The first time is already taken from the budget.
        """
        key = self._key(ref.scope)
        try:
            self._send_sealed(ref, value, key, more)
        except PlatformRefused as error:
            if error.status != 422:
                raise
            del self._keys[ref.scope]
            fresh = self._key(ref.scope)
            if fresh == key:
                raise  # the key was not the reason
            self._budget.spend()
            self._send_sealed(ref, value, fresh, more)

    def _send_sealed(
        self, ref: SecretRef, value: SecretValue, key: _Key, more: Mapping[str, Any]
    ) -> None:
        body = {"encrypted_value": _seal(value, key), "key_id": key.id, **more}
        self._client.send("PUT", _name_path(ref), body, needs=_right(ref.scope))

    def _drop(self, ref: SecretRef) -> None:
        """Delete a secret of our own; one that is gone already is fine."""
        self._budget.spend()
        try:
            self._client.send("DELETE", _name_path(ref), _NO_BODY, needs=_right(ref.scope))
        except PlatformRefused as error:
            if error.status != 404:
                raise
        except PlatformUnavailable:
            if self.find(ref) is not None:
                raise

    def _key(self, scope: Scope) -> _Key:
        """Return a collection's public key, asking once. Raises PlatformError."""
        if scope not in self._keys:
            path, needs = f"{_path(scope)}/public-key", _right(scope)
            with missing_is_forbidden(f"secrets of {scope}", needs):
                row = _row(self._client.get(path, needs=needs))
            self._keys[scope] = _Key(read_text(row, "key_id"), read_text(row, "key"))
        return self._keys[scope]

    def _visibility(self, ref: SecretRef, before: Secret | None) -> dict[str, Any]:
        """Return who sees an organization's secret, as it must be sent with every write."""
        if ref.level is not Level.ORGANIZATION:
            return {}
        if before is None:
            raise PlatformRefused(
                f"{ref} does not exist",
                status=404,
                hint="create it once by hand: who may see it is not for keyturn to decide",
            )
        if before.visibility not in _VISIBILITIES:
            raise PlatformUnavailable(NONSENSE)
        if before.visibility != "selected":
            return {"visibility": before.visibility}
        ids = [row.get("id") for row in self._selected(ref)]
        if not all(type(number) is int for number in ids):
            raise PlatformUnavailable(NONSENSE)
        return {"visibility": "selected", "selected_repository_ids": ids}

    def _selected(self, ref: SecretRef) -> Sequence[Mapping[str, Any]]:
        path = f"{_name_path(ref)}/repositories"
        return self._client.get_all(path, rows="repositories", needs=_right(ref.scope))

    def _look_after(
        self, error: PlatformUnavailable, ref: SecretRef, before: Secret | None
    ) -> datetime:
        """Return the new `updated_at` after a lost answer, or say that it did not move."""
        try:
            after = self.find(ref)
        except PlatformError:
            raise PlatformUnavailable(
                error.message, hint=f"whether {ref} was written is not known"
            ) from None
        moved = after.updated_at if after else None
        known = before.updated_at if before else None
        if moved is not None and (known is None or moved > known):
            return moved
        raise PlatformUnavailable(error.message, hint=f"{ref} was not seen to change")


def sealed_size(length: int) -> int:
    """Return what the box of a value of so many bytes is as base64; see LARGEST_BOX."""
    return -(-(length + _BOX_OVERHEAD) // 3) * 4


def _check_value(value: SecretValue) -> None:
    """Refuse what can be no token: nothing, blanks, the runner's mask, or too much."""
    text = value.reveal()
    if not text.strip() or text.strip() == MASK:
        raise PlatformRefused("an empty or masked value is not stored", status=422)
    size = sealed_size(len(text.encode("utf-8", "surrogateescape")))
    if size > LARGEST_BOX:
        raise PlatformRefused(
            f"the sealed value has {size} bytes, and GitHub takes {LARGEST_BOX}",
            status=422,
            hint='GitHub docs, "Storing large secrets", tell another way',
        )


def _seal(value: SecretValue, key: _Key) -> str:
    try:
        return encrypt(key.key, value.reveal())
    except (TypeError, ValueError, RuntimeError):  # neither may quote the value
        raise PlatformUnavailable("GitHub's public key cannot be sealed for") from None


def _right(scope: Scope) -> str:
    return f"{scope.right}: write"


def _name_path(ref: SecretRef) -> str:
    return f"{_path(ref.scope)}{api_path(ref.name)}"


def _row(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise PlatformUnavailable(NONSENSE)
    return data
