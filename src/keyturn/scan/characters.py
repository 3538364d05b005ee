"""Classes of bytes, as the tables that `bytes.translate` takes."""

from __future__ import annotations

DIGITS = b"0123456789"
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHANUMERIC = LETTERS + DIGITS
HEXADECIMAL = DIGITS + b"abcdefABCDEF"
BASE32 = b"abcdefghijklmnopqrstuvwxyz234567"
BASE64 = ALPHANUMERIC + b"+/"
PRINTABLE = bytes(range(32, 127))


def only(characters: bytes) -> bytes:
    """Return the table that makes `a` of these characters and a space of every other."""
    return bytes(97 if byte in characters else 32 for byte in range(256))
