"""The checksums that vendors put into their tokens.

Each function takes the whole token. `VALID` needs no further evidence; `INVALID` drops the
candidate and is only said where the layout was verified on published tokens; a layout known
from one source alone says `DOUBTFUL`, which is reported as low; `UNKNOWN` leaves the judgement
to entropy and placeholders.
"""

from __future__ import annotations

import zlib
from base64 import b32decode
from collections.abc import Callable
from typing import Literal

from keyturn.scan.judge import is_drawn

VALID = "valid"
INVALID = "invalid"
DOUBTFUL = "doubtful"
UNKNOWN = "unknown"

_BASE36 = b"0123456789abcdefghijklmnopqrstuvwxyz"
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_AZURE_USER = 0xE0B9692D
_AZURE_APPLICATION = 0x1019F92E
# Whatever length a signature has, so much of it tells a drawn one from a placeholder.
_TAIL = 43


def crc32_base62(token: bytes) -> str:
    """Judge prefix, body, and the body's CRC-32 as six base62 digits: npm, NetBird.

    github.blog changelog 2021-09-23 for npm, verified on a published sample; NetBird's server
    computes the same in its source and refuses anything else (management, PersonalAccessToken).
    """
    body = token.partition(b"_")[2]
    return VALID if body[-6:] == base62(zlib.crc32(body[:-6]), 6) else INVALID


def vercel(token: bytes) -> str:
    """Judge the same layout where only one published sample shows it: Vercel, 2026-02."""
    return VALID if crc32_base62(token) == VALID else DOUBTFUL


def github(token: bytes) -> str:
    """Judge GitHub's tokens: 36 characters that end with a checksum, or longer ones.

    github.blog 2021-04-05, behind GitHub's new authentication token formats. Verified on
    published personal tokens, not on installation tokens. Refresh tokens have 76 characters, whose
    end nobody documents; installation tokens of 2026 are an app's number and a JWT.
    """
    body = token.partition(b"_")[2].rstrip(b"._-")
    if len(body) >= 36 and crc32_base62(token[:4] + body) == VALID:
        return VALID
    if body.count(b".") == 2:
        return signed(body)
    if len(body) != 36:
        return UNKNOWN
    return DOUBTFUL if token.startswith(b"ghs_") else INVALID


def gitlab(token: bytes) -> str:
    """Judge GitLab's routable tokens: payload, its length, and a CRC-32 of all before, in base36.

    GitLab's source, Authn::TokenField::Generator::RoutableToken; verified on three published
    samples, with and without a version. The checksum also covers a prefix that an instance may
    put before the token, hence a wrong one is only doubtful. Other tokens have no dot.
    """
    if b"." not in token:
        return UNKNOWN
    return VALID if token[-7:] == _digits(zlib.crc32(token[:-7]), _BASE36, 7) else DOUBTFUL


def grafana(token: bytes) -> str:
    """Judge a service account's token: `_` and the CRC-32 of all before, little-endian, in hex.

    Grafana's source, pkg/components/satokengen, which refuses anything else; verified on the
    example of its API description.
    """
    key, _, checksum = token.rpartition(b"_")
    return VALID if _hex(zlib.crc32(key), "little") == checksum.lower() else INVALID


def azure_devops_legacy(token: bytes) -> str:
    """Judge 52 characters of base32, four of whose 32 bytes are a CRC-32 of the others.

    Microsoft's sarif-pattern-matcher, SEC101/102, whose two constants tell a user's token from an
    application's secret; the user's was verified on seven published vectors.
    """
    # The last character carries four bits more than 32 bytes need, of any value.
    data = b32decode(token.upper() + b"====")
    crc = zlib.crc32(data[:2] + data[3:7] + data[9:22] + data[23:])
    stored = int.from_bytes(bytes((data[22], data[8], data[7], data[2])), "little")
    return VALID if crc ^ stored in (_AZURE_USER, _AZURE_APPLICATION) else INVALID


def azure_devops(token: bytes) -> str:
    """Judge 84 characters: 52 drawn ones, then a signature, a date, zeros and the provider.

    Microsoft's security-utilities, common annotated security keys. The zeros are a long row of
    `A`, which would pass for a placeholder; the last four did not reproduce on any sample.
    """
    return VALID if token[52:57] == b"JQQJ9" and is_drawn(token[:52], 0) else UNKNOWN


def packagist(token: bytes) -> str:
    """Judge prefix, body, and the CRC-32 of both as eight hexadecimal digits.

    packagist.com, Composer authentication, how to calculate the checksum: the vendor's word, no
    published sample.
    """
    return VALID if _hex(zlib.crc32(token[:-8]), "big") == token[-8:].lower() else DOUBTFUL


def atlassian(token: bytes) -> str:
    """Judge the same layout in capitals, which Atlassian does not document.

    Two scanners (CredSweeper, Kingfisher) agree on it. Not every Atlassian token need have it.
    """
    return VALID if packagist(token) == VALID else UNKNOWN


def crc32_hex(token: bytes) -> str:
    """Judge prefix, body, and the body's CRC-32 as eight hexadecimal digits: Zuplo, Cloudflare.

    One published sample of Zuplo; Cloudflare documents that there is a checksum, and one scanner
    (CredSweeper) that it is this one.
    """
    body = token.partition(b"_")[2]
    crc = zlib.crc32(body[:-8].removesuffix(b"_"))
    return VALID if _hex(crc, "big") == body[-8:].lower() else DOUBTFUL


def signed(token: bytes) -> str:
    """Judge by its end what begins with encoded words, which need not look drawn at random."""
    return VALID if is_drawn(token.rpartition(b".")[2][-_TAIL:], 0) else INVALID


def base62(number: int, digits: int) -> bytes:
    """Write a number with leading zeros, digits before capitals before small letters."""
    return _digits(number, _BASE62, digits)


def _digits(number: int, alphabet: bytes, digits: int) -> bytes:
    text = bytearray()
    for _ in range(digits):
        number, digit = divmod(number, len(alphabet))
        text.append(alphabet[digit])
    return bytes(reversed(text))


def _hex(crc: int, order: Literal["little", "big"]) -> bytes:
    return crc.to_bytes(4, order).hex().encode()


CHECKS: dict[str, Callable[[bytes], str]] = {
    "atlassian": atlassian,
    "azure-devops": azure_devops,
    "azure-devops-legacy": azure_devops_legacy,
    "crc32-base62": crc32_base62,
    "crc32-hex": crc32_hex,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "packagist": packagist,
    "signed": signed,
    "vercel": vercel,
}
"""By the name that a row of the table gives."""
