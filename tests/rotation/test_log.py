from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import JournalBroken
from keyturn.rotation.keys import RecoveryKey, journal_key
from keyturn.rotation.log import Entry, Head, Kind, Log, append, parse
from keyturn.secret_value import SecretValue
from tests.rotation.samples import KEY, NOW, entry, opened, whole_rotation

CANARY = "canary-" + "value" * 3

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(Kind),
    at=st.integers(0, 10**8).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    run=st.text(min_size=1, max_size=8),
    operation=st.sampled_from(["", "k7m2p9x4"]),
    data=st.dictionaries(st.text(max_size=4), PLAIN, max_size=3),
)
LOGS = st.lists(ENTRIES, max_size=6)


def log_of(entries: list[Entry] | None = None) -> Log:
    return append(Log(), whole_rotation() if entries is None else entries, KEY)


def rewrite(line: bytes, **changes: Any) -> bytes:
    """The line with other members, and a MAC that fits: what only who has the key can make."""
    body = json.loads(line)
    del body["mac"]
    text = json.dumps(body | changes, separators=(",", ":")).encode()
    return text[:-1] + f',"mac":"{KEY.mac(text)}"}}'.encode()


def broken(data: bytes, head: Head | None = None) -> str:
    with pytest.raises(JournalBroken) as caught:
        parse(data, KEY, head=head)
    assert caught.value.hint
    return caught.value.message


def joined(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@given(LOGS)
def test_what_was_appended_is_read_back(entries: list[Entry]) -> None:
    log = log_of(entries)
    again = parse(log.data, KEY, head=log.head)
    assert again == log
    assert list(again.entries) == entries


@given(LOGS, LOGS)
def test_appending_twice_is_appending_both(one: list[Entry], two: list[Entry]) -> None:
    assert append(append(Log(), one, KEY), two, KEY) == append(Log(), one + two, KEY)


def test_an_entry_is_one_line_of_json() -> None:
    (line,) = log_of([opened()]).lines
    body = json.loads(line)
    assert list(body) == ["v", "seq", "at", "run", "kind", "operation", "data", "prev", "mac"]
    assert (body["v"], body["seq"], body["kind"]) == (1, 1, "open")
    assert body["at"] == "2026-11-22T13:43:00Z"
    assert body["prev"] == "0" * 64
    assert b"\n" not in line
    assert line.isascii()


def test_an_empty_journal_has_no_head() -> None:
    assert parse(b"", KEY) == Log()
    assert Log().head is None
    assert Log().data == b""


def test_a_time_becomes_text_in_utc_to_its_last_digit() -> None:
    at = datetime(2027, 1, 1, 2, 0, 0, 120000, tzinfo=timezone(timedelta(hours=2)))
    (found,) = log_of([entry(Kind.NOTE, {"at": at, "rows": [at], "pair": (1, 2)})]).entries
    assert found.data == {
        "at": "2027-01-01T00:00:00.120000Z",
        "rows": ["2027-01-01T00:00:00.120000Z"],
        "pair": [1, 2],
    }


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place: int, change: int) -> None:
    log = log_of()
    data = bytearray(log.data)
    data[place % len(data)] ^= change
    assert broken(bytes(data), log.head)


@given(st.integers(1, 16))
def test_a_lost_line_is_noticed_wherever_it_was(number: int) -> None:
    lines = list(log_of().lines)
    del lines[number - 1]
    expected = f"line {number} of the journal does not have the number that follows"
    assert broken(joined(*lines)) == expected


def test_a_lost_end_is_noticed_by_who_knows_the_head() -> None:
    log = log_of()
    short = joined(*log.lines[:-2])
    assert parse(short, KEY).lines == log.lines[:-2]
    assert broken(short, log.head) == (
        "line 16 of the journal is missing, though it was there before"
    )
    assert broken(b"", log.head).startswith("line 1 of the journal is missing")


def test_another_journal_of_the_same_key_is_noticed_by_who_knows_the_head() -> None:
    log = log_of()
    other = log_of([*whole_rotation()[:-1], entry(Kind.NOTE)])
    assert broken(other.data, log.head) == (
        "line 17 of the journal is not the one that was there before"
    )


def test_a_line_that_was_not_ended_is_cut_off() -> None:
    assert broken(log_of().data[:-1]) == "line 17 of the journal is cut off"
    assert broken(log_of().data + b"{") == "line 18 of the journal is cut off"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[]", "is not JSON"),
        (b"null", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 5000, "is not JSON"),
        (b"{}", "is of a version"),
        (b'{"v":2,"mac":"' + b"0" * 64 + b'"}', "is of a version"),
        (b'{"v":1}', "was not written under this recovery key"),
        (b'{"v":1,"mac":"' + b"0" * 64 + b'"}', "was not written under this recovery key"),
    ],
)
def test_a_line_that_is_none_of_ours_is_named(line: bytes, says: str) -> None:
    before = log_of([opened()]).lines
    assert broken(joined(*before, line)).startswith(f"line 2 of the journal {says}")


def test_nothing_of_a_bad_line_is_quoted() -> None:
    message = broken(b'{"v":"' + CANARY.encode() + b'"}\n')
    assert CANARY not in message


def test_another_key_reads_nothing() -> None:
    with pytest.raises(JournalBroken, match=r"line 1 .* recovery key"):
        parse(log_of().data, journal_key(RecoveryKey.make()))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seq": 3}, "does not have the number"),
        ({"seq": "2"}, "does not have the number"),
        ({"prev": "0" * 64}, "does not follow the line before it"),
        ({"prev": None}, "does not follow the line before it"),
        ({"kind": "surprise"}, "is not an entry"),
        ({"at": 7}, "is not an entry"),
        ({"data": 7}, "is not an entry"),
    ],
)
def test_a_line_of_ours_in_the_wrong_place_is_named(changes: dict[str, Any], says: str) -> None:
    one, two = log_of([opened(), entry(Kind.NOTE)]).lines
    assert broken(joined(one, rewrite(two, **changes))).startswith(f"line 2 of the journal {says}")


def test_two_journals_cannot_be_spliced() -> None:
    one = log_of([opened(), entry(Kind.NOTE)])
    two = log_of([opened(name="x"), entry(Kind.NOTE)])
    assert "line 2 of the journal does not follow" in broken(joined(one.lines[0], two.lines[1]))


def test_a_log_starts_with_every_head_it_had() -> None:
    log = Log()
    heads: list[Head] = []
    for each in whole_rotation():
        log = append(log, [each], KEY)
        assert log.head
        heads.append(log.head)
        assert all(log.starts_with(head) for head in heads)
    assert [head.sequence for head in heads] == list(range(1, 18))
    short = log_of(whole_rotation()[:3])
    assert [short.starts_with(head) for head in heads[:5]] == [True, True, True, False, False]
    assert not log.starts_with(Head(3, "0" * 64))


def test_a_head_has_a_text() -> None:
    head = log_of().head
    assert head
    assert Head.parse(f" {head.text}\n") == head


@pytest.mark.parametrize("text", ["", "***", "0:" + "0" * 64, "1:" + "0" * 63, "-1:" + "0" * 64])
def test_what_is_no_head_is_tampering(text: str) -> None:
    with pytest.raises(JournalBroken, match="head cannot be read"):
        Head.parse(text)


@pytest.mark.parametrize(
    "held",
    [
        CANARY,
        [CANARY],
        {"rows": [{CANARY: 1}]},
        {"rows": {"a": f"before {CANARY} after"}},
        base64.b64encode(CANARY.encode()).decode(),
        CANARY.encode().hex(),
    ],
)
def test_a_known_value_never_gets_in(held: Any) -> None:
    SecretValue(CANARY)
    with pytest.raises(
        ValueError, match="an entry of kind note would hold a secret value"
    ) as caught:
        log_of([entry(Kind.NOTE, {"x": held})])
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"a": {"b": v}}])
def test_nor_does_a_secret_value_itself(wrap: Any) -> None:
    with pytest.raises(ValueError, match="an entry cannot hold a SecretValue"):
        log_of([entry(Kind.NOTE, {"x": wrap(SecretValue(CANARY))})])


@pytest.mark.parametrize("held", [1.5, b"x", {1: 2}, {"a"}, NOW.replace(tzinfo=None), object()])
def test_nor_does_anything_but_plain_data(held: Any) -> None:
    with pytest.raises(ValueError, match="an entry cannot hold"):
        log_of([entry(Kind.NOTE, {"x": held})])


def test_nor_does_a_run_that_holds_a_value() -> None:
    SecretValue(CANARY)
    with pytest.raises(ValueError, match="secret value"):
        log_of([Entry(Kind.NOTE, NOW, f"run {CANARY}")])


def test_what_is_known_to_be_no_secret_gets_in_whole() -> None:
    SecretValue("deploy")
    SecretValue(CANARY)
    entries = [opened(new_id=CANARY)]
    log = append(Log(), entries, KEY, public=[CANARY, "deploy", "octo/app:DEPLOY"])
    assert log.entries[0].data["new_id"] == CANARY
    with pytest.raises(ValueError, match="secret value"):
        append(Log(), [opened(new_id=f"{CANARY}!")], KEY, public=[CANARY, "deploy"])


@pytest.mark.parametrize(("run", "operation"), [("", ""), ("r", "short"), ("r", "K7M2P9X4")])
def test_an_entry_says_who_and_about_what(run: str, operation: str) -> None:
    with pytest.raises(ValueError, match="names its run"):
        log_of([Entry(Kind.NOTE, NOW, run, operation)])


def test_a_refused_entry_leaves_the_log_as_it_was() -> None:
    log = log_of()
    with pytest.raises(ValueError, match="float"):
        append(log, [entry(Kind.NOTE), entry(Kind.NOTE, {"x": 1.5})], KEY)
    assert log == log_of()


def test_what_was_written_by_the_first_version_is_read_for_ever() -> None:
    line = (
        b'{"v":1,"seq":1,"at":"2026-11-22T13:43:00Z","run":"run-1","kind":"note",'
        b'"operation":"k7m2p9x4","data":{"text":"\\u00e4"},"prev":"' + b"0" * 64 + b'",'
        b'"mac":"2cf60b98008da6b1aa8529446e0ea84f8f7e49baba976bf9de749beabd64e484"}'
    )
    (found,) = parse(line + b"\n", KEY).entries
    assert found == entry(Kind.NOTE, {"text": "\u00e4"})
