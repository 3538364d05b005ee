from __future__ import annotations

import re
import string
from random import Random

import pytest

from keyturn.scan.judge import entropy, is_drawn, is_named_secret, is_piece, is_placeholder
from tests.scan.corpus.sample import ALNUM, BASE64, HEX, LOWER, UPPER, URLSAFE, draw

_DRAWS = 4_000


@pytest.mark.parametrize(
    ("alphabet", "lengths"),
    [
        (HEX, (32, 40, 64)),
        (ALNUM, (16, 24, 36, 64)),
        (LOWER, (16, 32, 64)),
        (UPPER, (20, 40)),
        (URLSAFE, (22, 43, 64)),
        (BASE64, (40, 86)),
        (string.ascii_lowercase, (24, 40)),
        (URLSAFE, (240, 900)),
    ],
)
def test_a_random_token_is_no_placeholder(alphabet: str, lengths: tuple[int, ...]):
    random = Random(20261122)
    for length in lengths:
        many = _DRAWS if length < 100 else 300
        wrong = sum(is_placeholder(draw(random, alphabet, length).encode()) for _ in range(many))
        # One in ten thousand is allowed; with so few draws, that is two by chance.
        assert wrong <= 2, (alphabet, length)


@pytest.mark.parametrize("alphabet", [HEX, ALNUM, LOWER, URLSAFE])
@pytest.mark.parametrize("length", [20, 24, 32, 40, 64])
def test_a_random_token_looks_drawn(alphabet: str, length: int):
    random = Random(length)
    texts = [draw(random, alphabet, length).encode() for _ in range(2000)]
    assert sum(not is_drawn(text, 0) for text in texts) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "x" * 36,
        "X" * 20,
        "0" * 32,
        "A" * 40,
        "*" * 20,
        "abc" * 12,
        "a1" * 18,
        "1234567890" * 4,
        "0123456789abcdef" * 2,
        "abcdefghijklmnopqrst",
        "zyxwvutsrqponmlkjihg",
        "a1b2c3d4e5f6g7h8i9j0",
        "aabbccddeeff00112233",
        "11112222333344445555666677778888",
        "deadbeef" * 5,
        "your-token-here",
        "your_api_key",
        "EXAMPLE" + "KEY" * 3,
        "replace-me-with-yours",
        "my_super_secret_access_token",
        "this-is-not-a-real-token",
        "redacted",
        "fake_key_for_unit_tests_only",
        "<insert key here>",
        "${SERVICE_TOKEN}",
        "{{ secrets.token }}",
        "%(token)s",
        "sha512.update.digest.to.hexadecimal",
        "configuration_of_the_service_client",
        "xxxx-xxxx-xxxx",
        "12345678-1234-1234-1234-123456789012",
        "00000000-0000-0000-0000-000000000000",
        "https://hooks.acme-corp.net/services/XXXXXXXXXXXX",
    ],
)
def test_what_a_person_made_up_is_a_placeholder(text: str):
    assert is_placeholder(text.encode())
    assert not is_drawn(text.encode(), 0.1)


def test_a_long_text_is_only_cut_with_dots():
    text = draw(Random(1), ALNUM, 300)
    assert not is_placeholder(f"{text}password{text}".encode())
    assert is_placeholder(f"{text}...{text}".encode())


def test_an_address_is_judged_by_its_longest_part():
    secret = draw(Random(2), LOWER, 40)
    address = "https://hooks.acme-corp.net/secret/example"
    assert not is_placeholder(f"{address}/{secret}?wait=true".encode())
    assert is_placeholder(f"{address}/{'x' * 40}".encode())


def test_entropy_is_bits_per_character():
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == 1
    assert entropy(bytes(range(256))) == 8


_VALUE = "$"
"""Where the value stands."""
_ABOVE = "service,url,token\nnightly,https://ci.acme-corp.net,"


def _named(text: str) -> bool:
    value = draw(Random(text), HEX, 32)
    at = text.index(_VALUE)
    return is_named_secret(text.replace(_VALUE, value).encode(), at, at + len(value))


@pytest.mark.parametrize(
    "text",
    [
        "API_KEY=$",
        "export ACME_TOKEN='$'",
        "acme.client-secret = $",
        "acmeApiKey: $",
        '"apiKey": "$"',
        r'"payload": "{\"token\": \"$\"}"',
        r'"payload": "{\\\"token\\\": \\\"$\\\"}"',
        "&quot;token&quot;: &quot;$&quot;",
        "<clientSecret>$</clientSecret>",
        "<token type='x'><![CDATA[$]]></token>",
        '<add key="ACME_KEY" value="$" />',
        'os.environ["ACME_PAT"] = "$"',
        'setHeader("X-Auth-Token", "$")',
        "  token: >-\n    $",
        "token: |\n  $",
        "ACME_SECRET=\\\n  $",
        "use `$` as `ACME_TOKEN`",
        "Save as `ACME_KEY`:\n\n```\n$\n```",
        "- name: ACME_TOKEN\n  value: $",
        "Authorization: Bearer $",
        'const token: string = "$"',
        "acme --api-key $ run",
        "machine acme\n  login maria\n  password $",
        "?page=1&access_token=$&sort=asc",
        "%3Ftoken%3D$",
        "secret_id = $",
        _ABOVE + "$",
        "| service | ACME_TOKEN |\n|---|---|\n| acme | $ |",
        "login(\n    api_key(\n        '$'",
    ],
)
def test_a_secret_is_announced(text: str):
    assert _named(text)


@pytest.mark.parametrize(
    "text",
    [
        "$",
        "commit $",
        "commit: $",
        "token_hash = '$'",
        '"integrity": "$"',
        "sha256:$",
        "image: acme/token@sha256:$",
        "client_id = $",
        "clientId: $",
        "accessKeyId: $",
        "api_key_id=$",
        "publishableKey: '$'",
        "public_key = $",
        "site-key: $",
        "cache_key: $",
        '{"token": null, "id": "$"}',
        '{"apiKey":"","revision":"$"}',
        "token refreshed trace_id=$",
        "password: ENC[AES256_GCM,data:$",
        "tokenizer: $",
        "author: $",
        "keyword = $",
        "secretUri=https://vault.acme-corp.net/secrets/token/$",
        "$  acme-token.tar.gz",
        "service,etag,token\nacme,$,none",
        "rotate the token\n$ bump",
        "```\n$\n```",
    ],
)
def test_a_public_value_is_not_announced(text: str):
    assert not _named(text)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("key: $", False),
        ('key: "$"', False),
        ("https://acme.com/v1/$/users", False),
        ("acme:$@acme.com", False),
        ("The token is $.", False),
        ("key: linux-cargo-$", True),
        ("token: some_$", True),
        ("assets/token.$.js", True),
        ("$_token", True),
        ("key = arn:aws:kms:eu-west-1:123:key/$", True),
        ("key = Zt3bNm0pQ7rS+$", True),
        ("key = $+Zt3bNm0pQ7rS", True),
        ("key = $/Zt3bNm0pQ7rS", True),
        ("key = " + "Zt3bNm0pQ7rS" * 2 + ".$", True),
    ],
)
def test_what_is_cut_out_of_something_longer_is_a_piece(text: str, piece: bool):
    value = draw(Random(3), HEX, 32)
    data = text.replace(_VALUE, value).encode()
    found = re.search(rb"[a-f0-9]{32}", data)
    assert found
    assert is_piece(data, found) is piece


def test_what_the_expression_says_beside_its_group_is_no_piece():
    value = draw(Random(4), HEX, 32)
    data = f"token: some_{value}_end".encode()
    found = re.search(rb"some_([a-f0-9]{32})_end", data)
    assert found
    assert not is_piece(data, found)


def test_the_address_of_an_account_is_a_piece():
    data = f"token: 0x{draw(Random(5), HEX, 40)}".encode()
    found = re.search(rb"0x[a-f0-9]{40}", data)
    assert found
    assert is_piece(data, found)
