from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.instants import parse_instant
from keyturn.parse import parse_base_url, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m", timedelta(minutes=1)),
        ("36h", timedelta(hours=36)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "0d", "-1d", "1.5d", "30 d", "30D", "1y", "P1D", "٣d", 30, None, "9999999d"],
)
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-01", datetime(2027, 3, 1, tzinfo=UTC)),
        ("2027-03-01T09:00:00Z", datetime(2027, 3, 1, 9, tzinfo=UTC)),
        ("2027-03-01T09:00:00+01:00", datetime(2027, 3, 1, 8, tzinfo=UTC)),
        ("2027-03-01 00:30:00+01:00", datetime(2027, 2, 28, 23, 30, tzinfo=UTC)),
    ],
)
def test_instants(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2027-02-30", "2027-03-01T09:00:00", 20270301, None]
)
def test_what_is_no_instant(text: object) -> None:
    with pytest.raises(ValueError, match=r"offset|YYYY-MM-DD"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://gitlab.example.com", "https://gitlab.example.com"),
        ("https://gitlab.example.com:8443/git/", "https://gitlab.example.com:8443/git"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://10.1.2.3/gitlab", "https://10.1.2.3/gitlab"),
        ("https://[fd12::7]", "https://[fd12::7]"),
        ("https://git_lab.internal.", "https://git_lab.internal."),
        ("https://xn--gtlab-k2e.com", "https://xn--gtlab-k2e.com"),
        ("https://3com.example", "https://3com.example"),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert parse_base_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://gitlab.example.com",
        "http://127.0.0.1.example.com",
        "ftp://host",
        "gitlab.example.com",
        "https://",
        "https://user:pass@host",
        "https://host?x=1",
        "https://host?",
        "https://host#",
        "https://host#f",
        "https://host:99999",
        "https://user@host",
        "https://g\u0456tlab.com",
        "https://gitlab\u3002com",
        "https://git lab.com",
        "https://git\tlab.com",
        "https://gitlab.com\\@evil.example",
        "https://gitlab.com%2eevil.example",
        "https://-gitlab.com",
        "https://169.254.169.254",
        "https://169.254.169.254./latest",
        "https://2852039166",
        "https://0xa9fea9fe",
        "https://0xa9.0xfe.0xa9.0xfe",
        "https://0251.0376.0251.0376",
        "https://169.254.43518",
        "https://[fe80::1]",
        "https://[fe80::1%eth0]",
        "https://[::ffff:169.254.169.254]",
        "https://[fd00:ec2::254]",
        "https://[fd00:0ec2:0:0::0254]",
        "https://100.100.100.200",
        "https://metadata.google.internal",
        "https://METADATA.google.internal.",
        "https://0.0.0.0",
        "https://[::]",
        "https://224.0.0.1",
        "http://localhost.",
        "http://localhost.evil.example",
        "http://2130706433",
        "http://0x7f.1",
        "http://127.1",
        7,
    ],
)
def test_addresses_that_get_no_credential(text: object) -> None:
    with pytest.raises(ValueError, match="https://"):
        parse_base_url(text)


@given(st.text() | st.integers() | st.none())
def test_nothing_but_value_errors_and_no_input_in_them(value: object) -> None:
    said = []
    for parse in (parse_duration, parse_instant, parse_base_url):
        try:
            parse(value)
        except ValueError as error:
            said.append(str(error))
    assert not isinstance(value, str) or len(value) < 12 or all(value not in text for text in said)
