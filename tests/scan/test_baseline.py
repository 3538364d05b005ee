from __future__ import annotations

import json
import os
import random
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan import baseline
from keyturn.scan.baseline import Baseline, BaselineError, bytes_of, is_guessable
from keyturn.scan.engine import Engine
from keyturn.scan.patterns import PATTERNS
from keyturn.secret_value import SecretValue

BASE62 = string.ascii_letters + string.digits


def drawn(seed: int, length: int = 36, characters: str = BASE62) -> str:
    return "".join(random.Random(seed).choices(characters, k=length))


TOKENS = ["gh" + "p_" + drawn(seed) for seed in range(6)]


def written(path: Path, pairs: list[tuple[str, str]]) -> Baseline:
    """Write a baseline as the scan does, on top of what the file holds."""
    old = Baseline.load(str(path))
    old.write((rule, old.fingerprint(rule, SecretValue(value))) for rule, value in pairs)
    return Baseline.load(str(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


def test_without_a_file_nothing_is_accepted(path: Path) -> None:
    assert not Baseline.load(str(path)).accepts("jwt", SecretValue(TOKENS[0]))
    assert not path.exists()


def test_an_entry_stands_for_one_secret_under_one_rule(path: Path) -> None:
    known = written(path, [("pat", TOKENS[0])])
    assert known.accepts("pat", SecretValue(TOKENS[0]))
    assert known.accepts("pat", TOKENS[0].encode())
    assert not known.accepts("pat", SecretValue(TOKENS[1]))
    assert not known.accepts("jwt", SecretValue(TOKENS[0]))
    assert not known.accepts("pa", SecretValue("t" + TOKENS[0]))


def test_the_file_holds_neither_secret_nor_place(path: Path) -> None:
    written(path, [("pat", token) for token in TOKENS])
    text = path.read_text()
    assert not any(token[4:] in text for token in TOKENS)
    document = json.loads(text)
    assert set(document) == {"keyturn-baseline", "salt", "findings"}
    assert document["keyturn-baseline"] == 1
    assert len(bytes.fromhex(document["salt"])) == 24
    assert all(set(entry) == {"rule", "fingerprint"} for entry in document["findings"])
    assert len(text.splitlines()) == len(TOKENS) + 6
    assert b"\r" not in path.read_bytes()


def test_entries_are_sorted_and_each_stands_once(path: Path) -> None:
    pairs = [("pat", TOKENS[0]), ("jwt", TOKENS[1]), ("pat", TOKENS[2]), ("jwt", TOKENS[0])]
    written(path, pairs + pairs)
    entries = [(e["rule"], e["fingerprint"]) for e in json.loads(path.read_text())["findings"]]
    assert entries == sorted(set(entries))
    assert len(entries) == 4


def test_the_salt_stays_and_what_is_gone_goes(path: Path) -> None:
    written(path, [("pat", TOKENS[0]), ("pat", TOKENS[1])])
    before = json.loads(path.read_text())
    known = written(path, [("pat", TOKENS[1]), ("pat", TOKENS[2])])
    after = json.loads(path.read_text())
    assert after["salt"] == before["salt"]
    assert [known.accepts("pat", SecretValue(t)) for t in TOKENS[:3]] == [False, True, True]


def test_two_files_have_two_salts(tmp_path: Path) -> None:
    texts = []
    for name in "ab":
        written(tmp_path / name, [("pat", TOKENS[0])])
        texts.append(json.loads((tmp_path / name).read_text()))
    assert texts[0]["salt"] != texts[1]["salt"]
    assert texts[0]["findings"] != texts[1]["findings"]


def test_nothing_found_is_a_baseline_too(path: Path) -> None:
    assert not written(path, []).accepts("pat", SecretValue(TOKENS[0]))
    assert json.loads(path.read_text())["findings"] == []


def test_no_scanner_of_ours_takes_a_baseline_for_a_leak(path: Path) -> None:
    written(path, [(row.id, TOKENS[0] + str(n)) for n, row in enumerate(PATTERNS)])
    assert Engine().find(path.read_bytes()) == []


@given(
    st.lists(st.tuples(st.sampled_from(["jwt", "pat", "npm"]), st.integers(0, 10**9)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_what_is_written_is_accepted_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[str, int]], order: random.Random
) -> None:
    path = tmp_path_factory.mktemp("any") / "baseline.json"
    pairs = [(rule, drawn(seed, 40)) for rule, seed in found]
    known = written(path, pairs)
    assert all(known.accepts(rule, SecretValue(value)) for rule, value in pairs)
    first = path.read_bytes()
    order.shuffle(pairs)
    written(path, pairs)
    assert path.read_bytes() == first


# Values that can be guessed


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "postgres",
        "Summer2024!",
        "admin:changeme",
        "hunter2hunter2hunter2hunter2hunter2",
        "MyCompanyPassword2024!",
        "correct-horse-battery-staple",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "2024-11-22",
        f"-----BEGIN RSA {'PRIVATE'} KEY-----",
    ],
)
def test_a_guessable_value_is_not_written(path: Path, value: str) -> None:
    assert is_guessable(SecretValue(value))
    assert Baseline.load(str(path)).fingerprint("password", SecretValue(value)) == ""
    assert not written(path, [("password", value)]).accepts("password", SecretValue(value))
    assert json.loads(path.read_text())["findings"] == []


@pytest.mark.parametrize(
    ("length", "characters"),
    [
        (24, BASE62),
        (32, string.hexdigits[:16]),
        (32, string.ascii_lowercase + string.digits),
        (52, string.ascii_lowercase + "234567"),
        (36, BASE62 + "-_"),
        (40, BASE62 + "+/"),
    ],
)
def test_a_drawn_value_is_not_guessable(length: int, characters: str) -> None:
    values = (drawn(seed, length, characters) for seed in range(500))
    assert sum(is_guessable(SecretValue(value)) for value in values) <= 1


def test_a_whole_private_key_is_not_guessable() -> None:
    body = "\n".join(drawn(seed, 64, BASE62 + "+/") for seed in range(4))
    kind = f"{'PRIVATE'} KEY"
    assert not is_guessable(f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----".encode())


def test_a_secret_stands_for_the_bytes_of_the_file() -> None:
    assert bytes_of(SecretValue(b"p\xc3\xa4ss\xff".decode("latin-1"))) == b"p\xc3\xa4ss\xff"
    assert bytes_of(SecretValue("\u20ac\udcff")) == b"\xe2\x82\xac\xff"
    assert bytes_of(b"p\xe4ss") == b"p\xe4ss"


# Files that are broken, or cannot be written

SALT, MARK = "00" * 24, "11" * 18


def document(**changed: object) -> str:
    entry = {"rule": "jwt", "fingerprint": MARK}
    whole = {"keyturn-baseline": 1, "salt": SALT, "findings": [entry]} | changed
    return json.dumps({key.replace("_", "-"): value for key, value in whole.items()})


def test_the_shape_that_the_broken_ones_break_is_read(path: Path) -> None:
    path.write_text(document())
    assert not Baseline.load(str(path)).accepts("jwt", SecretValue(TOKENS[0]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("<<<<<<< HEAD\n" + document(), "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no baseline"),
        ("{}", "is no baseline"),
        ('"keyturn-baseline"', "is no baseline"),
        (document(keyturn_baseline=2), "is no baseline"),
        (document(salt=None), "is no baseline"),
        (document(salt="xyz"), "is no baseline"),
        (document(salt="00"), "is no baseline"),
        (document(findings=None), "is no baseline"),
        (document(findings=["jwt"]), "is no baseline"),
        (document(findings=[{"rule": "jwt"}]), "is no baseline"),
        (document(findings=[{"rule": 3, "fingerprint": MARK}]), "is no baseline"),
        (document(findings=[{"rule": "jwt", "fingerprint": 3}]), "is no baseline"),
        (document(findings=[{"rule": "jwt", "fingerprint": "11"}]), "is no baseline"),
    ],
)
def test_a_broken_baseline_is_an_error_and_no_pass(path: Path, content: str, said: str) -> None:
    path.write_text(content)
    with pytest.raises(BaselineError) as caught:
        Baseline.load(str(path))
    assert str(caught.value).startswith(f"{path}: {said}")
    assert caught.value.code == 2
    assert "--write-baseline" in caught.value.message


def test_bytes_that_are_no_text_are_an_error(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BaselineError, match="is not UTF-8"):
        Baseline.load(str(path))


def test_what_cannot_be_read_is_an_error(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(document())
    with pytest.raises(BaselineError, match="cannot be read"):
        Baseline.load(str(path / "below a file"))
    with pytest.raises(BaselineError, match="is not a file"):
        Baseline.load(str(tmp_path))
    monkeypatch.setattr(baseline, "_LARGEST", 20)
    with pytest.raises(BaselineError, match="is larger than"):
        Baseline.load(str(path))


def test_a_file_in_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be written: No such file"):
        Baseline.load(str(tmp_path / "no" / "baseline.json")).write([])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path, [("pat", TOKENS[0])])
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(BaselineError, match="No space left on device"):
        Baseline.load(str(path)).write([("pat", MARK)])
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    assert written(link, [("pat", TOKENS[0])]).accepts("pat", SecretValue(TOKENS[0]))
    assert link.is_symlink()
    assert target.is_file()
