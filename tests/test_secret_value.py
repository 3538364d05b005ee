from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.secret_value import SecretValue, announce_to, redact

VALUE = "canary-" + "q7" * 12 + "+/="


@dataclass(frozen=True)
class Holder:
    secret: SecretValue


@pytest.fixture
def told() -> Iterator[list[str]]:
    found: list[str] = []
    announce_to(found.append)
    yield found
    announce_to(None)


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>30}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the way logging does it
        lambda secret: str([secret]) + str({"a": secret}),
        lambda secret: repr(Holder(secret)),
        lambda secret: str(ValueError(secret)),
    ],
)
def test_no_way_of_printing_shows_the_value(show: object) -> None:
    assert callable(show)
    text = show(SecretValue(VALUE))
    assert VALUE not in text
    assert "***" in text


def test_logging_it_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("t").warning("the token is %s", SecretValue(VALUE))
    assert caplog.messages == ["the token is ***"]


def test_it_is_given_out_on_request_only() -> None:
    assert SecretValue(VALUE).reveal() == VALUE
    assert SecretValue(VALUE).is_same(SecretValue(VALUE))
    assert not SecretValue(VALUE).is_same(SecretValue("another-value"))


@pytest.mark.parametrize(
    "misuse",
    [
        lambda secret: secret == SecretValue(VALUE),
        lambda secret: secret == VALUE,
        lambda secret: secret in [1],
        hash,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        lambda secret: "" + secret,
        lambda secret: secret.__dict__,
    ],
)
def test_misuse_fails_at_once(misuse: object) -> None:
    assert callable(misuse)
    with pytest.raises((TypeError, AttributeError)) as caught:
        misuse(SecretValue(VALUE))
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
        quote(VALUE, safe=""),
        json.dumps(VALUE),
        VALUE.encode().hex(),
    ],
)
def test_every_usual_encoding_is_redacted(written: str) -> None:
    SecretValue(VALUE)
    assert redact(f"before {written} after").replace('"', "") == "before *** after"


def test_each_line_of_a_long_value_is_redacted() -> None:
    SecretValue("first-line-of-key\nsecond-line-of-key\n")
    assert redact("x second-line-of-key y") == "x *** y"


def test_bytes_that_are_no_characters_are_kept_out_as_well() -> None:
    value = "not-utf8-" + chr(0xDCFF) + "-at-all"
    assert SecretValue(value).is_same(SecretValue(value))
    assert redact(f"x {value} y") == "x *** y"


def test_blanks_around_a_value_are_no_disguise() -> None:
    SecretValue("  padded-with-blanks  \n")
    assert redact("job padded-with-blanks!") == "job ***!"


def test_the_runner_is_told_each_value_once_and_before_it_is_used(told: list[str]) -> None:
    value = "told-once-" + "x" * 9
    SecretValue(value)
    assert told[0] == value
    assert value.encode().hex() in told
    before = list(told)
    SecretValue(value)
    assert told == before


def test_of_a_short_value_the_runner_is_told_nothing_that_stands_everywhere(
    told: list[str],
) -> None:
    SecretValue("7")
    assert told == ["7"]


def test_a_text_is_searched_as_fast_however_many_values_are_known() -> None:
    lines = [f"keyturn: GET https://gitlab.example.com/api/v4/{n} 200" for n in range(500)]

    def seconds() -> float:
        began = time.process_time()
        for line in lines:
            redact(line)
        return time.process_time() - began

    SecretValue(VALUE)
    one = min(seconds() for _ in range(3))
    for number in range(1000):
        SecretValue(f"{number:04}{VALUE}")
    assert min(seconds() for _ in range(3)) < 10 * one


@given(st.text(min_size=8, max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_no_value_survives_redaction(value: str, before: str, after: str) -> None:
    SecretValue(value)
    assert value not in redact(before + value + after).replace("***", "\0")
