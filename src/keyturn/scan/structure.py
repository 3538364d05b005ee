"""The proofs that lie in what a match decodes to: keys, signed tokens, user and password.

Each function takes the whole match and the secret in it. `VALID` leaves no doubt; `INVALID` drops
the candidate: a header without a key, a truncated example, a placeholder, a key that a standard
publishes. The empty verdict leaves it to the characters, which have to look drawn at random.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from typing import Any

from keyturn.scan.characters import BASE64, DIGITS, PRINTABLE
from keyturn.scan.checksums import DOUBTFUL, INVALID, VALID

_UNDECIDED = ""
_LEAST_KEY = 100
"""Shorter bodies that are no key are examples."""

# The beginning of the SHA-256 of keys that everybody has: what the block, or `d`, decodes to.
_PUBLISHED = frozenset(
    (
        "152abe484b6f0aa4",  # RFC 9500, P-256
        "a8f4c40bb82e320a",  # P-384
        "bc45439de4bb0008",  # P-521
        "80b885d1af82668a",  # RFC 8410, Ed25519
        "43e4b74131385aec",  # RFC 7517, EC
        "687702628fda6f73",  # RSA
        "644d50ab64864c20",  # RFC 8037
        "cfcef6cfb631f2a3",  # RFC 7515, EC
        "c8ecc9361a05e285",  # HMAC
        "56fb5326a1d72a40",  # Vagrant's insecure key, RSA
        "c68c1b1e6727cd0e",  # Ed25519
        "3e545ee08a590a6b",  # RFC 6749, the client's name and password
    )
)


def private_key(match: bytes, secret: bytes) -> str:
    """Judge an armoured private key, from its first line to before its last."""
    import re

    head, _, body = _unescaped(match).lstrip(b"- ").partition(b"----")
    kind = head.upper()
    lines = [line.strip() for line in _joined(body.lstrip(b"-")).splitlines()]
    encrypted = any(line.startswith(b"DEK-Info") for line in lines)
    text = b"".join(line for line in lines if b": " not in line and not line.endswith(b":"))
    text = re.sub(rb"[\s\"'`,;\\()]+|=[A-Za-z0-9+/]{4}$", b"", text)
    if text.strip(BASE64 + b"="):
        return INVALID
    key = _base64(text)
    if _is_published(key):
        return INVALID
    if b"OPENSSH" in kind:
        return _openssh(key)
    if b"PGP" in kind:
        return _proved(key[:1] in b"\x94\x95\x96\x97\xc5" and len(key) > _LEAST_KEY, key)
    if b"SSH2" in kind:
        return _proved(key.startswith(b"\x3f\x6f\xf9\xeb"), key)
    if encrypted:
        return _proved(len(key) >= 64 and len(key) % 8 == 0, key)
    return _der(key)


def der_key(match: bytes, secret: bytes) -> str:
    """Judge the base64 of a private key that stands without armour."""
    text = b"".join(secret.replace(b"\\", b"").split()).rstrip(b"=")
    # A word on the next line may have come along.
    key = _base64(text[: len(text) - (len(text) % 4 == 1)])
    return VALID if _der(key) == VALID and not _is_published(key) else INVALID


_PUTTY = rb"Private-Lines: *\d+\s+([A-Za-z0-9+/=\s]+?)\s*(?:Private-|\Z)"


def putty_key(match: bytes, secret: bytes) -> str:
    """Judge a PuTTY key from its first line to its MAC."""
    import re

    found = re.search(_PUTTY, _unescaped(match))
    key = _base64(b"".join(found[1].split())) if found else b""
    return VALID if len(key) >= 32 and not _is_published(key) else INVALID


def _unescaped(text: bytes) -> bytes:
    """Take away percent-encoding and the escapes of strings."""
    import re

    text = re.sub(rb"%([0-7][0-9A-Fa-f])", lambda found: bytes.fromhex(found[1].decode()), text)
    text = re.sub(rb"\\+u00([0-7][0-9A-Fa-f])", lambda m: bytes.fromhex(m[1].decode()), text)
    return re.sub(rb"(?:\\+[rn]|\r|&#(?:10|13|xa|xA|xd|xD);)+", b"\n", text).replace(b"\\/", b"/")


def _joined(text: bytes) -> bytes:
    """Join the pieces of string literals, and take away what stands before every line."""
    import re

    text = re.sub(rb"[\"'`][\s+.,&\\_()]*\n[\s+.,&\\_()]*[\"'`]", b"\n", text)
    text = re.sub(rb"[\"'`]\s*[+.]\s*[\"'`]", b"", text)
    if all(line.startswith(b"+") for line in text.split(b"\n") if line.strip()):
        text = text.replace(b"\n+", b"\n")
    return re.sub(rb"(?m)^[ \t]*(?://|[#*>|;-])[ \t]+", b"", text)


def _base64(text: bytes) -> bytes:
    """Decode standard or URL-safe base64, with or without padding; what cannot be is empty."""
    plain = text.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    if plain.strip(BASE64) or len(plain) % 4 == 1:
        return b""
    return binascii.a2b_base64(plain + b"==")


def _is_published(key: bytes) -> bool:
    from hashlib import sha256

    return sha256(key).hexdigest()[:16] in _PUBLISHED


def _proved(proof: bool, key: bytes) -> str:
    """Return the verdict of a body; one that proves nothing may still be a key if it is long."""
    if proof:
        return VALID
    return _UNDECIDED if len(key) >= _LEAST_KEY else INVALID


# The tags of a key's parts in DER: integers only (PKCS#1, DSA), version and key (SEC 1), version,
# algorithm and key (PKCS#8), algorithm and key (encrypted PKCS#8).
_INTEGERS = (b"\x02" * 9, b"\x02" * 6)
_PARTS = (b"\x02\x04", b"\x02\x30\x04", b"\x30\x04")


def _der(key: bytes) -> str:
    if key[:1] != b"\x30":
        return _proved(False, key)
    try:
        _, start, end = _element(key, 0)
        if end > len(key) and key[start : start + 3] == b"\x02\x01\x00" and len(key) < end * 0.8:
            return INVALID
        tags = bytes(tag for tag, _, _ in _elements(key, start, end))
    except (IndexError, ValueError):
        return _proved(False, key)
    return _proved(tags in _INTEGERS or tags.startswith(_PARTS), key)


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    while at < end:
        element = _element(data, at)
        yield element
        at = element[2]
    if at != end or end > len(data):
        raise ValueError


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return an element's tag, and where its content starts and ends."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        many = length & 0x7F
        length = int.from_bytes(data[start : start + many], "big")
        start += many
    return tag, start, start + length


def _openssh(key: bytes) -> str:
    """Judge the parts: cipher, derivation, its options, one public key, the private one."""
    magic = b"openssh-key-v1\0"
    if not key.startswith(magic):
        return _proved(False, key)
    at = len(magic)
    for number in range(5):
        at += 4 * (number == 3)
        at += 4 + int.from_bytes(key[at : at + 4], "big")
    return VALID if at <= len(key) else INVALID


_BECH32 = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def age_key(match: bytes, secret: bytes) -> str:
    """Judge the Bech32 checksum (BIP 173) of an age identity; seen in two published ones."""
    name, _, data = secret.rpartition(b"1")
    lower = name.lower()
    values = [byte >> 5 for byte in lower] + [0] + [byte & 31 for byte in lower]
    values += [_BECH32.find(byte) for byte in data]
    if min(values) < 0:
        return INVALID
    state = 1
    for value in values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            state ^= term * (top >> bit & 1)
    return VALID if state == 1 else DOUBTFUL


def wireguard_key(match: bytes, secret: bytes) -> str:
    """Judge a private or shared key of 32 bytes; the private ones have fixed bits (X25519)."""
    key = _base64(secret)
    if len(key) != 32 or len(set(key)) < 16:
        return INVALID
    clamped = not key[0] & 7 and key[31] & 0xC0 == 0x40
    return VALID if clamped and b"rivate" in match else _UNDECIDED


_MEMBER = (
    rb"(?:[\"']|&quot;)([a-z]{1,3})(?:\\*[\"']+|&quot;)\s*:\s*"
    rb"(?:\\*[\"']+|&quot;)([A-Za-z0-9_=-]+)"
)


def jwk(match: bytes, secret: bytes) -> str:
    """Judge a JSON Web Key from its brace to behind its private part."""
    import re

    parts = dict(re.findall(_MEMBER, match))
    kind = parts.get(b"kty")
    name = b"k" if kind == b"oct" else b"d"
    key = _base64(parts.get(name, b""))
    companions = {b"RSA": b"n", b"EC": b"x", b"OKP": b"x", b"oct": b"k"}
    if kind not in companions or len(key) < 16 or _is_published(key):
        return INVALID
    return VALID if companions[kind] in parts and len(set(key)) >= 12 else INVALID


def xml_key(match: bytes, secret: bytes) -> str:
    """Judge the private exponent of an XML RSA key."""
    key = _base64(b"".join(secret.split()))
    return VALID if 60 <= len(key) <= 1024 and len(set(key)) > 32 else INVALID


_CLAIMS = frozenset(("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "role", "scope", "scp"))


def jwt(match: bytes, secret: bytes) -> str:
    """Judge a signed token; the samples of jwt.io and of the standards, and keys made public."""
    header, payload, _ = (_json(part) for part in (*secret.split(b".", 2), b"", b"")[:3])
    if not isinstance(header, dict) or not isinstance(payload, dict) or "alg" not in header:
        return INVALID
    if not _CLAIMS & set(payload) or str(header["alg"]).lower() == "none":
        return INVALID
    sample = (
        str(payload.get("sub")) == "1234567890"
        or payload.get("name") in ("John Doe", "Jane Doe")
        or payload.get("iss") == "joe"
        or payload.get("role") == "anon"
    )
    return INVALID if sample else _UNDECIDED


def _json(part: bytes) -> Any:
    import json

    try:
        return json.loads(_base64(part))
    except (ValueError, RecursionError):  # the other: absurd nesting
        return None


def basic(match: bytes, secret: bytes) -> str:
    """Judge the base64 of `name:password`."""
    pair = _base64(secret)
    name, colon, word = pair.partition(b":")
    if not colon or not name or pair.strip(PRINTABLE) or _is_published(pair):
        return INVALID
    return _UNDECIDED if is_password(word) and word != name else INVALID


def base64_password(match: bytes, secret: bytes) -> str:
    """Judge the base64 of a password."""
    word = _base64(secret)
    return _UNDECIDED if is_password(word) and not word.strip(PRINTABLE) else INVALID


def address(match: bytes, secret: bytes) -> str:
    """Judge `://name:password@host`."""
    name = match.partition(b"://")[2].partition(b":")[0]
    host = match.rpartition(b"@")[2].partition(b":")[0].lower()
    if not is_password(secret) or secret.lower() == name.lower():
        return INVALID
    # On one's own machine, and where the example's host is, only what is evidently drawn counts.
    local = b"." not in host or host.startswith((b"127.", b"0.0.")) or b"example" in host
    return INVALID if local and not _is_mixed(secret, 8) else _UNDECIDED


def password(match: bytes, secret: bytes) -> str:
    """Judge a password that a person may have chosen."""
    return _UNDECIDED if is_password(secret) else INVALID


def opaque(match: bytes, secret: bytes) -> str:
    """Judge a value of which nothing is known but that it is said to be secret."""
    plain = secret.rstrip(b"=")
    if plain.startswith(b"eyJ") or not is_password(plain) or not _is_mixed(plain, 16):
        return INVALID
    return _UNDECIDED


def assignment(match: bytes, secret: bytes) -> str:
    """Judge a value that is given to a name, by both."""
    from keyturn.scan.judge import is_named_secret

    if secret.startswith(b"0x") or not _is_mixed(secret, 12, 3):
        return INVALID
    named = is_named_secret(match, match.rfind(secret))
    return opaque(match, secret) if named else INVALID


def _is_mixed(word: bytes, shortest: int, least: int = 2) -> bool:
    """Say whether a word is long and has digits between its letters, as drawn ones do."""
    kinds = word.translate(_KINDS)
    changes = sum(kinds[at] != kinds[at + 1] for at in range(len(kinds) - 1))
    return len(word) >= shortest and changes >= max(least, len(word) // 12)


_KINDS = bytes(byte in DIGITS for byte in range(256))
_LEET = bytes.maketrans(b"013457@$!", b"oleastasi")
_REFERENCE = rb"[<>{}\[\]|`]|\$[A-Za-z(]|%[A-Za-z({]|\*{3}|\.{3}|^[$%@!:,/.]"
_TRIVIAL = (
    "pass(?:word|wd|phrase|code)?|pwd|pw|secret|user(?:name)?|usr|admin(?:istrator)?|root|"
    "test(?:ing|er)?|guest|login|demo|dev(?:elop(?:er|ment)?)?|prod(?:uction)?|local(?:host)?|"
    "postgres(?:ql)?|mysql|maria(?:db)?|redis|mongo(?:db)?|rabbit(?:mq)?|minio|change|me|my|your|"
    "our|the|new|old|some|any|super|strong|very|secure|random|token|key|api|access|auth|"
    "credentials?|example|sample|dummy|fake|foo|bar|baz|qu+x|abcd?e?f?|xyz|hello|world|default|"
    "placeholder|redacted|hidden|value|here|db|database|app|service|client|server|private|public|"
    "proxy|hunter|letmein|qwerty|welcome|please|encoded|plain|text|string|hash|cheese|wrong|bad|"
    "good|correct|horse|battery|staple|git(?:hub|lab)?|oauth|basic|bearer|x+|none|null|empty|"
    "undefined|true|false|to|be|is|not|for|and|of|with|from|in|a|s"
)


def is_password(word: bytes) -> bool:
    """Say whether a word may be somebody's password: no reference, no template, no common word."""
    import re

    if len(word) < 5 or re.search(_REFERENCE, word):
        return False
    from urllib.parse import unquote_to_bytes

    plain = unquote_to_bytes(word).lower()
    for spelling in (plain, plain.translate(_LEET)):
        rest = re.sub(rf"(?:{_TRIVIAL})".encode(), b"", re.sub(rb"[^a-z]", b"", spelling))
        if len(rest) <= 2 and not _is_mixed(plain, 12):
            return False
    return len(set(plain)) > 3


CHECKS: dict[str, Callable[[bytes, bytes], str]] = {
    "private-key": private_key,
    "der-key": der_key,
    "putty-key": putty_key,
    "age-key": age_key,
    "wireguard-key": wireguard_key,
    "jwk": jwk,
    "xml-key": xml_key,
    "jwt": jwt,
    "basic": basic,
    "base64-password": base64_password,
    "address": address,
    "password": password,
    "opaque": opaque,
    "assignment": assignment,
}
"""By the name that a row of the table gives."""
