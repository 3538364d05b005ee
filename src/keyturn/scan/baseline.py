"""Our own baseline: leaks that are known and accepted, by what they are and not by where.

An entry is the rule and an HMAC of the secret under a salt. The salt stands in the same file and
is not secret: it keeps entries of two repositories from being compared, and prepared tables from
being of use. A secret that can be guessed is therefore never written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keyturn.scan.errors import ScanError

if TYPE_CHECKING:
    from keyturn.secret_value import SecretValue

_VERSION_KEY, _VERSION = "keyturn-baseline", 1
# In bytes. Far beyond any collision, by accident or on purpose, and of lengths (48 and 36
# hexadecimal digits) that no token has, so that no scanner takes a baseline for a leak.
_SALT, _FINGERPRINT = 24, 18
_GUESSABLE = 60
"""In bits. A graphics card tries 2 ** 33 values a second, and needs years for this many."""
_LARGEST = 64 << 20


class BaselineError(ScanError):
    """A baseline, ours or another scanner's, that cannot be read or written."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class Baseline:
    """What is accepted, and the salt under which it is."""

    def __init__(self, path: str, salt: bytes, entries: Iterable[tuple[str, str]] = ()) -> None:
        self.path = path
        self._salt = salt
        self._entries = frozenset(entries)

    @classmethod
    def load(cls, path: str) -> Baseline:
        """Read a baseline; without a file, it is empty and has a new salt."""
        text = read(path)
        if text is None:
            return cls(path, os.urandom(_SALT))
        import json

        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise BaselineError(path, "is not JSON; write it anew (--write-baseline)") from None
        try:
            return cls(path, *_understood(document))
        except (KeyError, TypeError, ValueError):
            message = f"is no baseline of keyturn's version {_VERSION}; write it anew"
            raise BaselineError(path, f"{message} (--write-baseline)") from None

    def fingerprint(self, rule: str, secret: SecretValue | bytes) -> str:
        """Return what stands for a secret in the file; nothing where it could be guessed."""
        value = bytes_of(secret)
        return "" if is_guessable(value) else self._fingerprint(rule, value)

    def accepts(self, rule: str, secret: SecretValue | bytes) -> bool:
        """Say whether the file has the secret, under this rule."""
        return bool(self._entries) and (
            (rule, self._fingerprint(rule, bytes_of(secret))) in self._entries
        )

    def write(self, entries: Iterable[tuple[str, str]]) -> None:
        """Make the file hold these rules and fingerprints and no others, whole or not at all.

        An entry without a fingerprint is left out.
        """
        import json

        kept = sorted({entry for entry in entries if entry[1]})
        # One line each, so that two branches merge.
        lines = ",\n".join(
            "  " + json.dumps({"rule": rule, "fingerprint": mark}) for rule, mark in kept
        )
        findings = f"[\n{lines}\n ]" if kept else "[]"
        _replace(
            self.path,
            f'{{\n "{_VERSION_KEY}": {_VERSION},\n "salt": "{self._salt.hex()}",\n'
            f' "findings": {findings}\n}}\n',
        )

    def _fingerprint(self, rule: str, secret: bytes) -> str:
        import hmac

        message = rule.encode() + b"\0" + secret
        return hmac.digest(self._salt, message, "sha256")[:_FINGERPRINT].hex()


def is_guessable(secret: SecretValue | bytes) -> bool:
    """Say whether trying likely values would find the secret: a password rather than a token."""
    import re

    from keyturn.scan.judge import entropy

    value = re.sub(rb"-----[A-Z0-9 ]+-----", b"", bytes_of(secret))
    # What is repeated counts once.
    value = value[: (value + value).find(value, 1)]
    bits = 0.0
    for part in re.findall(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+", value):
        if part.isdigit():
            bits += 3.3 * len(part)
        elif not part.isalpha():
            bits += 3 * len(part)
        elif len(part) < 4 or re.search(rb"(?i)[^aeiouy]{4}|[aeiouy]{4}", part):
            bits += 4.7 * len(part)
        else:
            # It can be spoken, so it may be a word.
            bits += 2 * len(part)
    return not value or min(bits, entropy(value) * len(value)) < _GUESSABLE


def bytes_of(secret: SecretValue | bytes) -> bytes:
    """Return a secret as it stands in the file; the engine keeps one character for each byte."""
    if isinstance(secret, bytes):
        return secret
    value = secret.reveal()
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape")


def read(path: str) -> str | None:
    """Return a baseline's text, nothing where there is no file; raise `BaselineError` else."""
    import stat

    try:
        # A pipe would keep the open call waiting.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BaselineError(path, "is not a file")
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BaselineError(path, f"cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise BaselineError(path, "is larger than 64 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BaselineError(path, "is not UTF-8") from None


def _understood(document: object) -> tuple[bytes, list[tuple[str, str]]]:
    """Return salt and entries; raises where the document is of another shape."""
    if not isinstance(document, dict) or document[_VERSION_KEY] != _VERSION:
        raise ValueError
    salt = bytes.fromhex(document["salt"])
    entries = [(entry["rule"], entry["fingerprint"]) for entry in document["findings"]]
    lengths = {len(bytes.fromhex(mark)) for _, mark in entries}
    if len(salt) != _SALT or lengths - {_FINGERPRINT}:
        raise ValueError
    if not all(isinstance(rule, str) for rule, _ in entries):
        raise TypeError
    return salt, [(rule, mark.lower()) for rule, mark in entries]


def _replace(path: str, text: str) -> None:
    """Write a file whole or not at all."""
    path = os.path.realpath(path)
    draft = f"{path}.{os.getpid()}.new"
    try:
        with open(draft, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError as error:
        import contextlib

        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise BaselineError(path, f"cannot be written: {error.strerror}") from None
