from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest

from keyturn.scan.checksums import DOUBTFUL, INVALID, VALID
from keyturn.scan.structure import CHECKS, is_password
from tests.scan.corpus import common
from tests.scan.corpus.sample import ALNUM, BASE64, Sample, draw

_DASHES = "-" * 5
_KEY = "PRIVATE" + " KEY"
_BLOCKS = tuple(
    sample
    for sample in common.SAMPLES
    if sample.rule == "private-key" and "SSH2" not in sample.make(Random(0))
)


def _check(name: str, match: str, secret: str = "") -> str:
    return CHECKS[name](match.encode(), (secret or match).encode())


def _block(text: str) -> str:
    """Cut a key before its last line, as the row does."""
    return text[: text.rindex(_DASHES + "END")]


_WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "with carriage returns": lambda text: text.replace("\n", "\r\n"),
    "as JSON": lambda text: json.dumps(text)[1:-1],
    "as JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "indented": lambda text: text.replace("\n", "\n        "),
    "in a comment": lambda text: text.replace("\n", "\n# "),
    "in a block comment": lambda text: text.replace("\n", "\n * "),
    "quoted": lambda text: text.replace("\n", "\n> "),
    "added in a diff": lambda text: text.replace("\n", "\n+"),
    "joined with plus": lambda text: text.replace("\n", '\\n" +\n    "'),
    "joined with dots": lambda text: text.replace("\n", "\\n' .\n    '"),
    "as pieces side by side": lambda text: text.replace("\n", '\\n"\n    "'),
    "percent-encoded": lambda text: quote(text, safe="-"),
    "as a list": lambda text: text.replace("\n", '",\n"'),
}


@pytest.mark.parametrize("written", _WRITTEN.values(), ids=_WRITTEN.keys())
@pytest.mark.parametrize("sample", _BLOCKS[:6], ids=range(6))
def test_a_private_key_is_proved_as_people_write_it(sample: Sample, written: Callable[[str], str]):
    for seed in range(3):
        assert _check("private-key", _block(written(sample.make(Random(seed))))) == VALID


@pytest.mark.parametrize("sample", _BLOCKS, ids=range(len(_BLOCKS)))
def test_a_private_key_of_any_kind_is_proved(sample: Sample):
    assert _check("private-key", _block(sample.make(Random(7)))) == VALID


def test_a_random_body_that_is_long_is_left_to_its_characters():
    body = draw(Random(1), BASE64, 640)
    assert _check("private-key", f"{_DASHES}BEGIN RSA {_KEY}{_DASHES}\n{body}\n") == ""


@pytest.mark.parametrize(
    "body",
    [
        "",
        "...",
        "<your key>",
        "${KEY}",
        "{{ key }}",
        "A" * 64,
        draw(Random(2), BASE64, 64),
        draw(Random(3), BASE64, 640) + "\n[...]\n" + draw(Random(4), BASE64, 640),
        draw(Random(5), BASE64, 300) + "...",
    ],
)
def test_a_header_without_a_key_is_none(body: str):
    assert _check("private-key", f"{_DASHES}BEGIN {_KEY}{_DASHES}\n{body}\n") == INVALID


def test_a_key_that_ends_early_is_none():
    key = _block(common.SAMPLES[0].make(Random(6)))
    lines = key.splitlines()
    assert _check("private-key", "\n".join(lines[:10]) + "\n") == INVALID
    assert _check("private-key", "\n".join(lines[:1] + lines[2:]) + "\n") == ""


def test_a_key_of_a_standard_is_none():
    # RFC 8037, appendix A.1, spelled backwards: no key stands in the repository.
    published = "A2fuyxAsuDcZkmM7lWxJRExswuk0rEh6CmW9_enxGWn"[::-1]
    text = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": "11qY", "d": published})
    assert _check("jwk", text) == INVALID
    assert _check("jwk", text.replace(published, published[:-2] + "9A")) == VALID


@pytest.mark.parametrize(
    "rule", ["private-key-der", "age-secret-key", "putty-private-key", "xml-rsa-private-key"]
)
def test_other_keys_are_proved_whole_and_refused_cut(rule: str):
    names = {
        "private-key-der": "der-key",
        "age-secret-key": "age-key",
        "putty-private-key": "putty-key",
        "xml-rsa-private-key": "xml-key",
    }
    for sample in common.SAMPLES:
        if sample.rule != rule:
            continue
        text = sample.make(Random(8))
        if rule == "xml-rsa-private-key":
            text = text.partition("<D>")[2].partition("</D>")[0]
        assert _check(names[rule], text) == VALID
        assert _check(names[rule], text[:60]) != VALID


def test_an_age_key_with_a_typing_error_is_doubtful():
    key = next(s for s in common.SAMPLES if s.rule == "age-secret-key").make(Random(9))
    other = key[:-1] + ("Q" if key[-1] != "Q" else "P")
    assert _check("age-key", other) == DOUBTFUL
    assert _check("age-key", key[:-1] + "B") == INVALID


def test_a_wireguard_key_is_proved_by_its_fixed_bits():
    key = bytearray(Random(10).randbytes(32))
    key[0], key[31] = key[0] & 248, key[31] & 127 | 64
    text = base64.b64encode(key).decode()
    assert _check("wireguard-key", f"PrivateKey = {text}", text) == VALID
    assert _check("wireguard-key", f"PresharedKey = {text}", text) == ""
    key[0] |= 1
    text = base64.b64encode(key).decode()
    assert _check("wireguard-key", f"PrivateKey = {text}", text) == ""
    zeros = base64.b64encode(bytes(32)).decode()
    assert _check("wireguard-key", f"PrivateKey = {zeros}", zeros) == INVALID


@pytest.mark.parametrize(
    ("members", "verdict"),
    [
        ({"kty": "RSA", "n": "n", "d": "d"}, VALID),
        ({"kty": "EC", "x": "n", "d": "d"}, VALID),
        ({"kty": "oct", "k": "d"}, VALID),
        ({"kty": "RSA", "n": "n", "e": "AQAB"}, INVALID),
        ({"kty": "EC", "d": "d"}, INVALID),
        ({"d": "d", "n": "n"}, INVALID),
        ({"kty": "RSA", "n": "n", "d": "..."}, INVALID),
    ],
)
def test_a_json_web_key_needs_its_private_part(members: dict[str, str], verdict: str):
    random = Random(11)
    values = {"n": draw(random, ALNUM, 43), "d": draw(random, ALNUM, 43)}
    text = json.dumps({name: values.get(value, value) for name, value in members.items()})
    assert _check("jwk", text) == verdict
    assert _check("jwk", json.dumps(text)) == verdict


@pytest.mark.parametrize(
    ("header", "claims", "verdict"),
    [
        ({"alg": "HS256"}, {"sub": "maria", "iat": 1}, ""),
        ({"alg": "HS256"}, {"role": "service_role", "iss": "supabase"}, ""),
        ({"alg": "HS256"}, {"role": "anon", "iss": "supabase"}, INVALID),
        ({"alg": "HS256"}, {"sub": "1234567890", "name": "Max"}, INVALID),
        ({"alg": "HS256"}, {"sub": "1", "name": "John Doe"}, INVALID),
        ({"alg": "HS256"}, {"iss": "joe", "exp": 1300819380}, INVALID),
        ({"alg": "HS256"}, {"some": "payload"}, INVALID),
        ({"alg": "none"}, {"sub": "maria"}, INVALID),
        ({"typ": "JWT"}, {"sub": "maria"}, INVALID),
        ([1], {"sub": "maria"}, INVALID),
        ({"alg": "HS256"}, ["sub"], INVALID),
    ],
)
def test_a_signed_token_is_read(header: object, claims: object, verdict: str):
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, claims)]
    text = ".".join(part.decode().rstrip("=") for part in parts) + "." + draw(Random(1), ALNUM, 43)
    assert _check("jwt", text) == verdict


def test_a_signed_token_that_is_no_json_is_none():
    text = ".".join(draw(Random(12), ALNUM, length) for length in (20, 41, 43))
    assert _check("jwt", text) == INVALID


_GOOD = draw(Random(13), ALNUM, 16)


@pytest.mark.parametrize(
    ("user", "password", "host", "verdict"),
    [
        ("app", _GOOD, "db.acme-corp.net", ""),
        ("app", "Brkau77ta" + "!", "db.acme-corp.net", ""),
        ("", _GOOD, "cache:6379", ""),
        ("app", _GOOD, "localhost", ""),
        ("app", "Brkauta", "localhost", INVALID),
        ("app", "Brkauta", "db.example.com", INVALID),
        ("user", "password", "db.acme-corp.net", INVALID),
        ("app", "${PASSWORD}", "db.acme-corp.net", INVALID),
        ("app", "{password}", "db.acme-corp.net", INVALID),
        ("app", "<password>", "db.acme-corp.net", INVALID),
        ("app", "%s", "db.acme-corp.net", INVALID),
        ("app", "$PASSWORD", "db.acme-corp.net", INVALID),
        ("app", "*****", "db.acme-corp.net", INVALID),
        ("rabbitmq", "rabbitmq", "db.acme-corp.net", INVALID),
        ("maria-anna", "maria-anna", "db.acme-corp.net", INVALID),
    ],
)
def test_an_address_needs_a_password(user: str, password: str, host: str, verdict: str):
    assert _check("address", f"://{user}:{password}@{host}", password) == verdict


@pytest.mark.parametrize(
    "word",
    [
        *("password", "passw0rd", "P@ssword", "s3cr3t", "secret123", "changeme", "test"),
        *("mysecretpassword", "admin1234", "your_password", "letmein", "hunter2", "foobar"),
        *("xxxxxxxx", "guest123", "1234567890", "database_password", "user:pass"),
        *("${PW}", "%(pw)s", "$(cat)", "...", "{{pw}}", "[pw]"),
    ],
)
def test_a_common_word_is_no_password(word: str):
    assert not is_password(word.encode())


def test_a_drawn_word_is_a_password():
    random = Random(14)
    words = [draw(random, ALNUM, random.randrange(10, 40)).encode() for _ in range(5000)]
    assert sum(not is_password(word) for word in words) <= 1


@pytest.mark.parametrize(
    ("pair", "verdict"),
    [
        (f"deploy:{_GOOD}", ""),
        ("deploy:password", INVALID),
        ("deploy", INVALID),
        (f":{_GOOD}", INVALID),
        (f"deploy\0:{_GOOD}", INVALID),
        (f"{_GOOD}:{_GOOD}", INVALID),
    ],
)
def test_basic_authorization_is_decoded(pair: str, verdict: str):
    assert _check("basic", base64.b64encode(pair.encode()).decode()) == verdict


def test_words_are_no_basic_authorization():
    for word in ("authentication", "usage", "configuration", "Auth", "test"):
        assert _check("basic", f"Basic {word}", word) == INVALID


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_no_check_fails_on_anything(name: str):
    random = Random(name)
    for _ in range(300):
        match = random.randbytes(random.randrange(0, 200))
        assert CHECKS[name](match, match[3:]) in (VALID, INVALID, DOUBTFUL, "")


def test_an_assignment_is_judged_by_its_name_too():
    value = draw(Random(15), ALNUM, 32)
    assert _check("assignment", f'api_key = "{value}', value) == ""
    assert _check("assignment", f'token_hash = "{value}', value) == INVALID
    assert _check("assignment", 'api_key = "get_the_api_key_of', "get_the_api_key_of") == INVALID
    jwt = "eyJ" + value
    assert _check("assignment", f"token = {jwt}", jwt) == INVALID
