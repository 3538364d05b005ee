from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PublicKey as BoxKey
from nacl.public import SealedBox

from keyturn.errors import SealedBroken
from keyturn.rotation.keys import RecoveryKey, journal_key
from keyturn.rotation.sealed import LARGEST, Sealed, open_sealed, seal, variable_name
from keyturn.secret_value import SecretValue
from tests.rotation.samples import KEY, OPERATION, key_of

RECOVERY = key_of()
PUBLIC = RECOVERY.public
ENDS = datetime(2027, 2, 20, 9, 30, 1, 250000, tzinfo=UTC)
VALUE = "canary-" + "value" * 4

VALUES = st.text(min_size=1, max_size=60)
PARTS = st.dictionaries(st.sampled_from(["", "client-id", "client-secret"]), VALUES, min_size=1)
INSTANTS = st.datetimes(
    datetime.fromisoformat("2001-01-01"),
    datetime.fromisoformat("2999-01-01"),
    timezones=st.just(timezone(timedelta(hours=-5))),
)


def sealed(
    parts: dict[str, str] | None = None,
    *,
    operation: str = OPERATION,
    token: str = "deploy",
    new_id: str = "42",
    expires_at: datetime | None = ENDS,
) -> str:
    held = {part: SecretValue(value) for part, value in (parts or {"": VALUE}).items()}
    return seal(
        PUBLIC,
        KEY,
        operation=operation,
        token=token,
        new_id=new_id,
        parts=held,
        expires_at=expires_at,
    )


def unsealed(text: str, *, operation: str = OPERATION, token: str = "deploy") -> Sealed:
    return open_sealed(RECOVERY, text, operation=operation, token=token)


def test_a_record_has_a_name_of_its_own() -> None:
    assert variable_name("k7m2p9x4") == "KEYTURN_SEALED_K7M2P9X4"


@given(PARTS, VALUES, st.none() | INSTANTS)
def test_what_was_sealed_is_opened(
    parts: dict[str, str], new_id: str, expires_at: datetime | None
) -> None:
    found = unsealed(sealed(parts, new_id=new_id, expires_at=expires_at))
    assert {part: value.reveal() for part, value in found.parts.items()} == parts
    assert (found.new_id, found.expires_at) == (new_id, expires_at)
    assert found.expires_at is None or found.expires_at.tzinfo is UTC


def test_a_value_of_any_bytes_is_opened() -> None:
    assert unsealed(sealed({"": "bytes \udce9"})).parts[""].reveal() == "bytes \udce9"


def test_two_records_of_one_value_have_nothing_in_common() -> None:
    one, two = sealed(), sealed()
    assert one != two
    assert unsealed(one).parts[""].is_same(unsealed(two).parts[""])


def test_a_record_shows_no_value_when_printed() -> None:
    assert VALUE not in repr(unsealed(sealed()))


@given(st.integers(0, 10_000), st.sampled_from("aAzZ09-_=+/:. \n\u00e4"))
def test_one_changed_character_opens_to_nothing(place: int, other: str) -> None:
    text = sealed()
    place %= len(text)
    if text[place] != other:
        with pytest.raises(SealedBroken):
            unsealed(text[:place] + other + text[place + 1 :])


def test_one_flipped_bit_anywhere_opens_to_nothing() -> None:
    text = sealed()
    prefix, _, encoded = text.rpartition(":")
    record = base64.urlsafe_b64decode(encoded)
    for place in range(len(record)):
        flipped = bytearray(record)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(SealedBroken):
            unsealed(f"{prefix}:{base64.urlsafe_b64encode(flipped).decode()}")


@given(st.integers(1, 400))
def test_a_cut_or_lengthened_record_opens_to_nothing(length: int) -> None:
    text = sealed()
    for wrong in (text[:-length], text[length:], text + "A" * length, text + "\n"):
        with pytest.raises(SealedBroken):
            unsealed(wrong)


@pytest.mark.parametrize(
    "text", ["", "keyturn-sealed-1:", "keyturn-sealed-2:AAAA", "AAAA", "***", "\ud800"]
)
def test_what_is_no_record_is_said(text: str) -> None:
    with pytest.raises(SealedBroken, match="cannot be read"):
        unsealed(text)


def test_a_record_of_another_operation_or_token_opens_to_nothing() -> None:
    for wrong in (
        sealed(operation="aaaaaaaa"),
        sealed(token="other"),
        sealed(operation="", token=f"{OPERATION}deploy"),
    ):
        with pytest.raises(SealedBroken, match="not one of this operation"):
            unsealed(wrong)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealedBroken, match="not one of this operation"):
        open_sealed(RecoveryKey.make(), sealed(), operation=OPERATION, token="deploy")


def test_who_knows_the_public_key_alone_makes_no_record() -> None:
    box = SealedBox(BoxKey(PUBLIC.raw)).encrypt(b'{"new_id": "1", "parts": {"": "x"}}')
    text = "keyturn-sealed-1:" + base64.urlsafe_b64encode(bytes(32) + box).decode()
    with pytest.raises(SealedBroken, match="not one of this operation"):
        unsealed(text)


def test_what_was_sealed_to_another_public_key_is_said() -> None:
    text = seal(
        RecoveryKey.make().public,
        journal_key(RECOVERY),
        operation=OPERATION,
        token="deploy",
        new_id="42",
        parts={"": SecretValue(VALUE)},
        expires_at=None,
    )
    with pytest.raises(SealedBroken, match="does not open"):
        unsealed(text)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=200))
def test_no_piece_of_a_value_is_in_the_text(value: str) -> None:
    text = sealed({"": value})
    for start in range(len(value) - 11):
        piece = value[start : start + 12].encode()
        for shape in (piece, base64.b64encode(piece), base64.urlsafe_b64encode(piece)):
            assert shape.decode().rstrip("=") not in text
        assert piece.hex() not in text.lower()


def test_a_value_as_long_as_a_secret_may_be_is_told_apart_from_one_that_is_not() -> None:
    most = LARGEST * 3 // 4 - 250
    assert len(sealed({"": "x" * most})) <= LARGEST
    with pytest.raises(SealedBroken, match="too long") as caught:
        sealed({"": "x" * (most + 400)})
    assert "xxxx" not in caught.value.told
