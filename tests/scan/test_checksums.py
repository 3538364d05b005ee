"""The checksums, against a second implementation and published samples put together here."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan.checksums import CHECKS, DOUBTFUL, INVALID, UNKNOWN, VALID

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
HEX = "0123456789abcdef"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE36 = string.digits + string.ascii_lowercase


def crc32(data: bytes) -> int:
    """Divide bit by bit, as the standard defines it."""
    rest = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            odd = (rest ^ byte >> bit) & 1
            rest = rest >> 1 ^ 0xEDB88320 * odd
    return rest ^ 0xFFFFFFFF


def written(number: int, alphabet: str, length: int) -> str:
    base = len(alphabet)
    return "".join(alphabet[number // base**i % base] for i in reversed(range(length)))


def body(random: Random, alphabet: str, length: int) -> str:
    return "".join(random.choices(alphabet, k=length))


def in_base62(prefix: str, alphabet: str, length: int, random: Random) -> str:
    text = body(random, alphabet, length)
    return prefix + text + written(crc32(text.encode()), BASE62, 6)


def gitlab(random: Random) -> str:
    payload = body(random, URLSAFE, random.randint(27, 300))
    version = random.choice(["", "01."])
    text = f"gl{'pat-'}{payload}.{version}{written(len(payload), BASE36, 2)}"
    return text + written(crc32(text.encode()), BASE36, 7)


def grafana(random: Random) -> str:
    text = "gl" + "sa_" + body(random, ALNUM, 32)
    crc = crc32(text.encode())
    return text + "_" + "".join(f"{crc >> shift & 255:02x}" for shift in (0, 8, 16, 24))


def azure_legacy(random: Random, magic: int) -> str:
    data = [random.randrange(256) for _ in range(32)]
    stored = (2, 7, 8, 22)
    crc = crc32(bytes(v for i, v in enumerate(data) if i not in stored)) ^ magic
    for place, shift in zip(stored, (24, 16, 8, 0), strict=True):
        data[place] = crc >> shift & 255
    bits = int.from_bytes(bytes(data), "big") << 4 | random.randrange(16)
    return written(bits, string.ascii_lowercase + "234567", 52)


def azure(random: Random) -> str:
    return body(random, ALNUM, 52) + "JQQ" + "J99BK" + "AC" + "A" * 14 + "AZ" + "DO" + "1aB2"


def in_hex(prefix: str, alphabet: str, length: int, random: Random) -> str:
    text = prefix + body(random, alphabet, length)
    return text + f"{crc32(text.encode()):08x}"


def cloudflare(random: Random) -> str:
    text = body(random, ALNUM, 40)
    return f"cf{'ut_'}{text}{crc32(text.encode()):08x}"


MAKERS: dict[str, tuple[str, Callable[[Random], str], str]] = {
    "npm": ("crc32-base62", lambda r: in_base62("np" + "m_", ALNUM, 30, r), INVALID),
    "netbird": ("crc32-base62", lambda r: in_base62("nb" + "p_", ALNUM, 30, r), INVALID),
    "vercel": ("vercel", lambda r: in_base62("vc" + "p_", URLSAFE, 50, r), DOUBTFUL),
    "github": ("github", lambda r: in_base62("gh" + "p_", ALNUM, 30, r), INVALID),
    "github app": ("github", lambda r: in_base62("gh" + "s_", ALNUM, 30, r), DOUBTFUL),
    "github refresh": ("github", lambda r: in_base62("gh" + "r_", ALNUM, 70, r), UNKNOWN),
    "gitlab": ("gitlab", gitlab, DOUBTFUL),
    "grafana": ("grafana", grafana, INVALID),
    "azure user": ("azure-devops-legacy", lambda r: azure_legacy(r, 0xE0B9692D), INVALID),
    "azure app": ("azure-devops-legacy", lambda r: azure_legacy(r, 0x1019F92E), INVALID),
    "packagist": ("packagist", lambda r: in_hex("packagist" + "_ort_", HEX, 60, r), DOUBTFUL),
    "bitbucket": ("atlassian", lambda r: in_hex("AT" + "BB", ALNUM, 24, r), UNKNOWN),
    "cloudflare": ("crc32-hex", cloudflare, DOUBTFUL),
}


@pytest.mark.parametrize("name", MAKERS)
@given(seed=st.integers(0, 2**32))
def test_what_a_vendor_computes_is_valid_and_a_changed_character_is_not(name: str, seed: int):
    random = Random(seed)
    check, make, otherwise = MAKERS[name]
    token = make(random)
    assert CHECKS[check](token.encode()) == VALID
    start = max(token.rfind("-", 0, 8), token.find("_", 0, 15), 3) + 1
    at = random.randrange(start, len(token) - 1)
    letter = "b" if token[at] in "aA" else "a"
    if token[at] != ".":
        changed = token[:at] + letter + token[at + 1 :]
        assert CHECKS[check](changed.encode()) == otherwise


# From the vendor's documentation or test data, in pieces.
PUBLISHED = [
    ("crc32-base62", ("np" + "m_", "qkJaB6MffYVzZXWqmcoF", "49yrUxP3wf0LsakP")),
    ("grafana", ("gl" + "sa_", "yscW25imSKJIuav8", "zF37RZmnbiDvB05G", "_fcaaf58a")),
    ("gitlab", ("gl" + "pat-", "bzox79Of-KE9FD2", "LjoXXF4CvyxA", ".0r", "03gxo7s")),
    ("gitlab", ("gl" + "pat-", "bzox79Of-KE9FD2", "LjoXXF4CvyxA", ".01.0r", "0l8l6ir")),
    ("vercel", ("vc" + "p_", "35UYJwYZDigYATKhxJUAhPqRhit2", "Xe3dtiG60LsUTHeklEXDQ94Jafpu")),
    ("crc32-hex", ("zp" + "ka_", "3e6c4f7d39954ca2", "9353b7ab88589b64", "_de26cd55")),
]


@pytest.mark.parametrize(("check", "pieces"), PUBLISHED)
def test_what_a_vendor_published_is_valid(check: str, pieces: tuple[str, ...]):
    assert CHECKS[check]("".join(pieces).encode()) == VALID


@given(seed=st.integers(0, 2**32))
def test_a_key_of_azure_devops_is_known_by_its_signature(seed: int):
    random = Random(seed)
    token = azure(random)
    assert CHECKS["azure-devops"](token.encode()) == VALID
    assert CHECKS["azure-devops"](b"x" * 52 + token[52:].encode()) == UNKNOWN
    assert CHECKS["azure-devops"](body(random, ALNUM, 84).encode()) == UNKNOWN


@given(seed=st.integers(0, 2**32))
def test_an_installation_token_is_known_by_its_signature(seed: int):
    random = Random(seed)
    claims = base64.urlsafe_b64encode(b'{"sub":"' + b"0" * 60 + b'"}').decode().rstrip("=")
    token = f"gh{'s_'}4711_{claims}.{claims}.{body(random, URLSAFE, 342)}"
    assert CHECKS["github"](token.encode()) == VALID
    assert CHECKS["github"](token.encode() + b".") == VALID
    assert CHECKS["github"](f"gh{'s_'}4711_{claims}.{claims}.{'x' * 342}".encode()) == INVALID


def test_a_token_without_a_checksum_is_left_to_other_evidence():
    random = Random(1)
    assert CHECKS["gitlab"](f"gl{'pat-'}{body(random, URLSAFE, 20)}".encode()) == UNKNOWN
    assert CHECKS["github"](f"gh{'s_'}{body(random, ALNUM, 50)}".encode()) == UNKNOWN


@pytest.mark.parametrize("check", CHECKS)
@given(token=st.text(URLSAFE + ".", min_size=52, max_size=90))
def test_no_check_fails_on_what_an_expression_may_find(check: str, token: str):
    if check == "azure-devops-legacy":
        token = "".join(c for c in token.lower() if c in "abcdefghijklmnopqrstuvwxyz234567")
        token = token.ljust(52, "a")[:52]
    assert CHECKS[check](token.encode()) in (VALID, INVALID, DOUBTFUL, UNKNOWN)
