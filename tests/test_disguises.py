"""Whatever encodes a value, alone or within something longer, nothing of it is left readable."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.disguises import forms, unknown_to_runners
from keyturn.secret_value import SecretValue, redact

VALUE = "canary-" + "Qz7" * 8 + "+/=~ <&'\"\\é"

Encode = Callable[[str], str]

WITHIN: dict[str, Encode] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64url without padding": (
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    ),
}
"""Where the characters depend on what stands before."""

CHARACTERWISE: dict[str, Encode] = {
    "plain": str,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "URL": lambda text: quote(text, safe=""),
    "URL in small digits": lambda text: re.sub(
        "%..", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "path of an URL": quote,
    "form": quote_plus,
    "urlencode": lambda text: urlencode({"": text})[1:],
    "encodeURIComponent": lambda text: quote(text, safe="!'()*"),
    "encodeURI": lambda text: quote(text, safe="!#$&'()*+,/:;=?@"),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of all characters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
    "HTML without quotes": lambda text: html.escape(text, quote=False),
    "XML": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
}
ENCODINGS = {**WITHIN, **CHARACTERWISE}

_values = st.text(min_size=8, max_size=60).filter(lambda value: len(value.strip()) >= 8)
# An asterisk of their own could not be told from a mask.
_around = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize("encode", CHARACTERWISE.values(), ids=CHARACTERWISE)
@settings(max_examples=20)
@given(_values, _around, _around)
def test_nothing_is_left_where_each_character_stands_for_itself(encode, value, before, after):
    SecretValue(value)
    shown = redact(encode(before + value + after)).split("***")
    assert len(shown) > 1
    assert len(shown[0]) <= len(encode(before))
    assert len(shown[-1]) <= len(encode(after))


@pytest.mark.parametrize("encode", WITHIN.values(), ids=WITHIN)
@given(_values, _around, _around)
def test_nothing_is_left_wherever_a_value_begins_in_base64(encode, value, before, after):
    SecretValue(value)
    encoded = encode(before + value + after)
    # The first and the last character hold bits of their neighbours, at most four of the value's.
    first = -(-len(before.encode()) * 8 // 6)
    end = len((before + value).encode()) * 8 // 6
    shown = redact(encoded).split("***")
    assert len(shown) > 1
    assert len(shown[0]) <= first
    assert len(shown[-1]) <= len(encoded) - end


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_alone_it_goes_whole(encode):
    SecretValue(VALUE)
    assert redact(f"before {encode(VALUE)} after") == "before *** after"


def test_basic_authentication_hides_a_password_behind_any_name():
    SecretValue(VALUE)
    for name in ("", "u", "us", "user"):
        sent = base64.b64encode(f"{name}:{VALUE}".encode()).decode()
        left = redact(sent).replace("***", "")
        assert len(left) < len(name) * 4 / 3 + 5


@pytest.mark.parametrize("text", ["YWJj", "bcdef", "0x61626364", "dGhlIGVuZA==", "a b c"])
def test_innocent_text_stays(text):
    for value in ("abcde", "token1", VALUE):
        SecretValue(value)
    assert redact(text) == text


def test_a_short_value_is_not_looked_for_within_longer_base64():
    """A few characters stand in innocent text by chance."""
    assert {form for form in forms("abcde") if "%" not in form} == {
        *("abcde", "YWJjZGU=", "YWJjZGU", "6162636465"),
    }
    assert {"FiY2Rl", "hYmNkZ"}.isdisjoint(forms("abcde"))


def test_values_that_overlap_go_as_one():
    for value in ("abcdefgh12345678", "12345678ijklmnop"):
        SecretValue(value)
    assert redact("<abcdefgh12345678ijklmnop>") == "<***>"


class TestWhatRunnersAreTold:
    def test_hex_and_the_base64_of_urls(self):
        told = set(unknown_to_runners(VALUE))
        raw = VALUE.encode()
        assert {raw.hex(), raw.hex().upper()} <= told
        for shift in range(3):
            longer = base64.urlsafe_b64encode(b"-" * shift + raw + b"-").decode()
            assert any(form in longer for form in told)

    @given(_values)
    def test_nothing_that_they_make_themselves(self, value):
        told = list(unknown_to_runners(value))
        assert len(set(told)) == len(told)
        assert value not in told
        assert not {json.dumps(value)[1:-1], quote(value, safe="")} & {*told}

    def test_few_for_what_most_tokens_are_made_of(self):
        assert len(list(unknown_to_runners("glpat-" + "aB3_" * 5))) <= 8
