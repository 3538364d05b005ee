from __future__ import annotations

import pytest

from keyturn.credentials import Credentials
from keyturn.errors import CredentialMissing

NAME = "DEPLOY_TOKEN"


@pytest.mark.parametrize("value", ["", "***", " ", "\n", " *** \n", "\r\n"])
def test_what_is_no_value_is_never_used(value: str) -> None:
    assert Credentials({NAME: value}).find(NAME) is None


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("value-1", "value-1"),
        ("value-1\n", "value-1"),
        ("value-1\r\n", "value-1"),
        ("value-1\n\n", "value-1\n"),
        (" value-1 ", " value-1 "),
    ],
)
def test_exactly_one_trailing_newline_is_taken_off(given: str, read: str) -> None:
    found = Credentials({NAME: given}).find(NAME)
    assert found is not None
    assert found.reveal() == read


def test_all_missing_variables_are_named_at_once() -> None:
    credentials = Credentials({"A": "value-of-a", "B": "***"})
    with pytest.raises(CredentialMissing) as caught:
        credentials.get({"client-id": "A", "client-secret": "C", "": "B"})
    assert caught.value.message == "B, C is unset, empty or masked in this run"
    assert "secrets.B" in caught.value.hint


def test_parts_keep_their_names() -> None:
    found = Credentials({"A": "value-of-a", "B": "value-of-b"}).get({"id": "A", "secret": "B"})
    assert {part: value.reveal() for part, value in found.items()} == {
        "id": "value-of-a",
        "secret": "value-of-b",
    }
