"""Sealed records: a value that was just made, for the recovery key alone, until all hold it.

The text is all or nothing: what is changed, cut or moved to another operation opens to nothing.
It never stores or fetches a record.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.public import PublicKey as BoxKey

from keyturn.errors import SealedBroken
from keyturn.rotation.keys import JournalKey, PublicKey, RecoveryKey, journal_key
from keyturn.secret_value import SecretValue

LARGEST = 48 * 1024
"""GitHub docs, "Variables reference", 2026-11: 48 KB for one variable."""

_PREFIX = "keyturn-sealed-1:"
_MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a record held."""

    parts: Mapping[str, SecretValue]
    """As `Minted.parts`."""
    new_id: str
    expires_at: datetime | None


def variable_name(operation: str) -> str:
    """Return the name of the variable that holds an operation's record."""
    return f"KEYTURN_SEALED_{operation.upper()}"


def seal(
    public_key: PublicKey,
    journal_key: JournalKey,
    *,
    operation: str,
    token: str,
    new_id: str,
    parts: Mapping[str, SecretValue],
    expires_at: datetime | None,
) -> str:
    """Return the text of a record; fit for a variable. Raises SealedBroken where it is too long."""
    held = {
        "new_id": new_id,
        "parts": {part: value.reveal() for part, value in parts.items()},
        "expires_at": expires_at and expires_at.astimezone(UTC).isoformat(),
    }
    box = SealedBox(BoxKey(public_key.raw)).encrypt(json.dumps(held).encode())
    # The new id is inside the box, which it proves too.
    mac = journal_key.seal_mac(_bound(box, operation, token))
    text = _PREFIX + _encode(mac + box)
    if len(text) > LARGEST:
        raise SealedBroken(
            "the new value is too long for a sealed record, which may have 48 KB",
            hint="nor would a secret of GitHub take it",
        )
    return text


def open_sealed(recovery_key: RecoveryKey, text: str, *, operation: str, token: str) -> Sealed:
    """Return what a record of this operation holds. Raises SealedBroken, and nothing in parts."""
    record = _decode(text)
    mac, box = record[:_MAC_BYTES], record[_MAC_BYTES:]
    ours = journal_key(recovery_key).seal_mac(_bound(box, operation, token))
    if not hmac.compare_digest(mac, ours):
        raise SealedBroken(
            "the sealed record is not one of this operation made under this recovery key",
            hint="it was changed, or belongs to another operation or another key",
        )
    try:
        held = json.loads(SealedBox(PrivateKey(recovery_key.raw())).decrypt(box))
        return _read(held)
    except (CryptoError, ValueError, KeyError, TypeError, AttributeError):
        raise SealedBroken("the recovery key does not open the sealed record") from None


def _read(held: Any) -> Sealed:
    expires_at = held["expires_at"]
    return Sealed(
        parts={part: SecretValue(value) for part, value in held["parts"].items()},
        new_id=held["new_id"],
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
    )


def _bound(box: bytes, operation: str, token: str) -> bytes:
    return json.dumps([operation, token]).encode() + b"\n" + box


def _encode(record: bytes) -> str:
    return base64.urlsafe_b64encode(record).decode()


def _decode(text: str) -> bytes:
    encoded = text.removeprefix(_PREFIX)
    try:
        record = base64.urlsafe_b64decode(encoded) if encoded != text else b""
    except (binascii.Error, ValueError):
        record = b""
    # The decoder passes over what is no base64; what it read is therefore written once more.
    if not record or _encode(record) != encoded:
        raise SealedBroken(
            "the sealed record cannot be read",
            hint="it was changed, or written by another version of keyturn",
        )
    return record
