from __future__ import annotations

import base64
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import UsageError
from keyturn.rotation.keys import PublicKey, RecoveryKey, expand, extract, journal_key
from keyturn.secret_value import SecretValue, redact
from tests.rotation.samples import key_of

PRIVATE = "keyturn-recovery-1:"
PUBLIC = "keyturn-public-1:"
KEYS = st.binary(min_size=32, max_size=32)


# RFC 5869, appendix A.1 to A.3.
VECTORS = [
    (
        "0b" * 22,
        bytes(range(0x00, 0x0D)).hex(),
        bytes(range(0xF0, 0xFA)).hex(),
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x00, 0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        "0b" * 22,
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("material", "salt", "info", "prk", "okm"), VECTORS)
def test_keys_are_derived_as_the_rfc_says(
    material: str, salt: str, info: str, prk: str, okm: str
) -> None:
    made = extract(bytes.fromhex(salt), bytes.fromhex(material))
    assert made.hex() == prk
    assert expand(made, info=bytes.fromhex(info), length=len(okm) // 2).hex() == okm


def test_a_made_key_is_read_back() -> None:
    key = RecoveryKey.make()
    again = RecoveryKey.parse(SecretValue(f"\n{key.text.reveal()}\n"))
    assert again.text.is_same(key.text)
    assert again.matches(key.public)
    assert PublicKey.parse(key.public.text) == key.public
    assert not RecoveryKey.make().matches(key.public)


def test_a_key_is_one_word() -> None:
    key = RecoveryKey.make()
    assert re.fullmatch(PRIVATE + "[A-Za-z0-9_-]{48}", key.text.reveal())
    assert re.fullmatch(PUBLIC + "[A-Za-z0-9_-]{48}", key.public.text)


@pytest.mark.parametrize("make", [RecoveryKey.make, lambda: journal_key(RecoveryKey.make())])
def test_no_key_can_be_printed(make) -> None:
    key = make()
    hidden = getattr(key, "text", None) or key.root
    for shown in (repr(key), str(key), f"{key}"):
        assert hidden.reveal() not in shown
        assert "***" in shown
    assert redact(hidden.reveal()) == "***"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with keyturn-recovery-1:"),
        ("whatever", "does not begin with keyturn-recovery-1:"),
        ("keyturn-recovery-2:" + "A" * 48, "a version that this keyturn does not know"),
        (PRIVATE, "mistyped or cut off"),
        (PRIVATE + "A" * 48, "mistyped or cut off"),
        (PRIVATE + "\u00e4" * 48, "mistyped or cut off"),
        (PublicKey(bytes(32)).text, "the public half"),
    ],
)
def test_what_is_no_private_key_is_refused_unquoted(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        RecoveryKey.parse(SecretValue(text))
    assert "recover --new-key" in caught.value.hint
    assert "A" * 8 not in caught.value.told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with keyturn-public-1:"),
        ("keyturn-public-2:" + "A" * 48, "a version that this keyturn does not know"),
        (PUBLIC + "A" * 48, "mistyped or cut off"),
        (PRIVATE + "A" * 48, "the private half, .* make a new pair"),
    ],
)
def test_what_is_no_public_key_is_refused_unquoted(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        PublicKey.parse(text)
    assert "A" * 8 not in str(caught.value)


@given(KEYS, st.data())
def test_a_mistyped_character_is_noticed(raw: bytes, data: st.DataObject) -> None:
    text = PublicKey(raw).text
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_+/=: \n").filter(lambda c: c != text[place]))
    for wrong in (
        text[:place] + other + text[place + 1 :],
        text[:place] + text[place + 1 :],
        text[:place] + other + text[place:],
    ):
        if wrong != text:
            with pytest.raises(ValueError, match=r"the|it|that"):
                PublicKey.parse(wrong)


def test_a_swapped_check_is_noticed() -> None:
    # The check covers the sort of key too, so that no half is read as the other.
    text = PUBLIC + key_of().text.reveal().removeprefix(PRIVATE)
    with pytest.raises(ValueError, match="checksum"):
        PublicKey.parse(text)


def test_what_follows_from_a_key_never_changes() -> None:
    # Journals, names of tokens and records that were written must be understood for ever.
    key = key_of()
    derived = journal_key(key)
    assert key.public.text == "keyturn-public-1:j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF-D5ijx"
    assert derived.mac(b"entry")[:32] == "755a5208ac04ba5d6c53dfc7de50b394"
    assert (
        derived.seal_mac(b"record").hex()
        == "ed7c8fd1f37cf3b7dfc6dafa9c908139a35c5b1ff3a921e7ca57d831dc88b561"
    )
    assert derived.fingerprint(SecretValue("a value")) == "DG_MT8Dl2-bgYb8SKVdFkvpS"
    assert derived.operation_id("deploy", "gitlab", old_id="42", cycle=3) == "ysh8muvn"


def test_one_purpose_does_not_stand_for_another() -> None:
    derived = journal_key(key_of())
    text = "same"
    made = {
        derived.mac(text.encode())[:36],
        derived.seal_mac(text.encode()).hex()[:36],
        base64.urlsafe_b64decode(derived.fingerprint(SecretValue(text))).hex(),
    }
    assert len(made) == 3


def test_a_fingerprint_is_keyed_and_of_144_bits() -> None:
    value = SecretValue("a guessable value")
    one, two = (journal_key(RecoveryKey.make()) for _ in range(2))
    assert re.fullmatch("[A-Za-z0-9_-]{24}", one.fingerprint(value))
    assert one.fingerprint(value) == one.fingerprint(SecretValue("a guessable value"))
    assert one.fingerprint(value) != two.fingerprint(value)
    assert one.fingerprint(value) != one.fingerprint(SecretValue("another value"))


def test_a_value_of_any_bytes_has_a_fingerprint() -> None:
    assert journal_key(key_of()).fingerprint(SecretValue("bytes \udce9"))


def test_every_part_of_an_operation_counts_for_its_id() -> None:
    derived = journal_key(key_of())
    choices = itertools.product(("a", "a,b"), ("b", "a"), ("1", '1","'), (0, 1))
    ids = [derived.operation_id(t, p, old_id=o, cycle=c) for t, p, o, c in choices]
    assert len(set(ids)) == len(ids) == 16
    assert all(re.fullmatch("[0-9a-z]{8}", id) for id in ids)
    assert derived.operation_id("a", "b", old_id="1", cycle=0) == ids[0]
    other = journal_key(RecoveryKey.make())
    assert other.operation_id("a", "b", old_id="1", cycle=0) != ids[0]
