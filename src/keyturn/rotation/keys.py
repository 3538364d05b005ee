"""The recovery key, and the key of the journal that follows from it.

It writes nothing anywhere, and gives a key out as text in one place only: `RecoveryKey.text`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Self

from nacl.public import PrivateKey

from keyturn.errors import UsageError
from keyturn.secret_value import SecretValue

_PRIVATE = "keyturn-recovery-1:"
_PUBLIC = "keyturn-public-1:"
_KEY_BYTES = 32
_CHECK_BYTES = 4
"""Keys and check together are a whole number of base64 groups: there is one way to write a key."""

_SALT = b"keyturn recovery key 1"
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_OPERATION_LENGTH = 8
_FINGERPRINT_BYTES = 18
_MAKE_ONE = "keyturn recover --new-key --output FILE makes a pair"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that seals; it stands in the configuration."""

    raw: bytes

    @property
    def text(self) -> str:
        """As it is written in the configuration."""
        return _encode(_PUBLIC, self.raw)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a key as `text` gives it. Raises ValueError, which never quotes the input."""
        return cls(_decode(_PUBLIC, text))


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryKey:
    """The half that opens, and from which the journal's key follows."""

    text: SecretValue
    """As it is kept: `keyturn-recovery-1:…`."""

    @classmethod
    def make(cls) -> Self:
        """Make a key at random."""
        return cls(SecretValue(_encode(_PRIVATE, bytes(PrivateKey.generate()))))

    @classmethod
    def parse(cls, value: SecretValue) -> Self:
        """Take a key that was given to this run. Raises UsageError, which never quotes it."""
        text = value.reveal().strip()
        try:
            _decode(_PRIVATE, text)
        except ValueError as error:
            raise UsageError(f"the recovery key cannot be used: {error}", hint=_MAKE_ONE) from None
        return cls(SecretValue(text))

    @property
    def public(self) -> PublicKey:
        """The half that may be known."""
        return PublicKey(bytes(PrivateKey(self.raw()).public_key))

    def matches(self, public: PublicKey) -> bool:
        """Say whether it opens what was sealed to this public key."""
        return self.public == public

    def raw(self) -> bytes:
        """Return the key itself. Call it where something is opened, and keep no copy."""
        return _decode(_PRIVATE, self.text.reveal())


@dataclass(frozen=True, slots=True, eq=False)
class JournalKey:
    """What authenticates the journal and makes fingerprints; one purpose cannot stand for another.

    A fingerprint is keyed, because the bare hash of a guessable value would give it away.
    """

    root: SecretValue

    def mac(self, data: bytes) -> str:
        """Return what proves that a line of the journal is ours, as 64 hexadecimal digits."""
        return self._keyed("journal entry", data).hex()

    def seal_mac(self, data: bytes) -> bytes:
        """Return what proves that a sealed record is ours."""
        return self._keyed("sealed record", data)

    def fingerprint(self, value: SecretValue) -> str:
        """Return 144 bits that tell a value from others, and nothing about it to anybody else."""
        raw = value.reveal().encode("utf-8", "surrogatepass")
        return _base64(self._keyed("fingerprint", raw)[:_FINGERPRINT_BYTES])

    def operation_id(self, token: str, provider: str, *, old_id: str, cycle: int) -> str:
        """Return the eight characters that name one rotation of one token, always the same."""
        named = json.dumps([token, provider, old_id, cycle]).encode()
        number = int.from_bytes(self._keyed("operation id", named))
        digits = []
        for _ in range(_OPERATION_LENGTH):
            number, digit = divmod(number, len(_ALPHABET))
            digits.append(_ALPHABET[digit])
        return "".join(digits)

    def _keyed(self, purpose: str, data: bytes) -> bytes:
        root = base64.urlsafe_b64decode(self.root.reveal())
        key = expand(root, info=f"keyturn {purpose} 1".encode(), length=_KEY_BYTES)
        return hmac.digest(key, data, "sha256")


def journal_key(key: RecoveryKey) -> JournalKey:
    """Return the journal's key that follows from a recovery key."""
    return JournalKey(SecretValue(_base64(extract(_SALT, key.raw()))))


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract with SHA-256 (RFC 5869, 2.2)."""
    return hmac.digest(salt or bytes(hashlib.sha256().digest_size), material, "sha256")


def expand(key: bytes, *, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3)."""
    block, made = b"", b""
    for number in range(1, -(-length // hashlib.sha256().digest_size) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        made += block
    return made[:length]


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _encode(prefix: str, raw: bytes) -> str:
    return prefix + _base64(raw + _check(prefix, raw))


def _decode(prefix: str, text: str) -> bytes:
    """Return the 32 bytes. Raises ValueError."""
    if not text.startswith(prefix):
        raise ValueError(_wrong_sort(prefix, text))
    try:
        raw = base64.urlsafe_b64decode(text.removeprefix(prefix))[:_KEY_BYTES]
    except (binascii.Error, ValueError):
        raw = b""
    # The decoder passes over what is no base64; what it read is therefore written once more.
    if len(raw) != _KEY_BYTES or _encode(prefix, raw) != text:
        raise ValueError("it was mistyped or cut off: its checksum is wrong")
    return raw


def _wrong_sort(prefix: str, text: str) -> str:
    """Say what stands there instead of what begins with the prefix."""
    if text.startswith(_PRIVATE):
        return (
            "that is the private half, which belongs into a secret and is spoilt once it stands "
            "in a file; make a new pair"
        )
    if text.startswith(_PUBLIC):
        return "that is the public half; the private one is needed"
    sort = prefix.rpartition("-")[0]
    if text.startswith(f"{sort}-"):
        return "it is of a version that this keyturn does not know"
    return f"it does not begin with {prefix}"


def _check(prefix: str, raw: bytes) -> bytes:
    return hashlib.sha256(prefix.encode() + raw).digest()[:_CHECK_BYTES]
