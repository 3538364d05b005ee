from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.state import (
    MAX_BODY,
    Found,
    Identity,
    Issue,
    Life,
    Memory,
    find_identity,
    read_memory,
    write_body,
)

TICKS = "- [ ] one\n- [ ] two\n- [x] three"


@pytest.mark.parametrize(
    ("edited", "token_id", "expected"),
    [
        ("- [x] one\n- [ ] two", "7", "- [x] one\n- [ ] two\n- [x] three"),
        ("- [X] two\r\n", "7", "- [ ] one\n- [x] two\n- [x] three"),
        ("- [x] gone", "7", TICKS),
        ("- [x] one", "8", TICKS),
    ],
)
def test_a_box_stays_ticked_while_the_token_is_the_same(
    edited: str, token_id: str, expected: str
) -> None:
    mark = Identity("deploy", "octo/app")
    before = write_body("", identity=mark, text=edited, memory=Memory(Life("7", "", "")))
    after = write_body(before, identity=mark, text=TICKS, memory=Memory(Life(token_id, "", "")))
    assert f"\n{expected}\n" in after


@pytest.mark.parametrize(
    ("then", "now", "kept"),
    [
        (Life("7", "2026-12-01"), Life("7", "2027-03-01"), True),
        # Where no id is known, another date is another token.
        (Life("", "2026-12-01"), Life("", "2026-12-01"), True),
        (Life("", "2026-12-01"), Life("", "2027-03-01"), False),
        (Life("", "", "2026-11-01"), Life("", "", "2026-11-20"), False),
    ],
)
def test_what_was_done_with_one_value_is_not_done_with_the_next(
    then: Life, now: Life, kept: bool
) -> None:
    mark = Identity("deploy", "octo/app")
    before = write_body("", identity=mark, text="- [x] one", memory=Memory(then))
    after = write_body(before, identity=mark, text="- [ ] one", memory=Memory(now))
    assert ("- [x] one" in after) == kept


def test_of_places_that_read_the_same_as_many_stay_ticked_as_were() -> None:
    mark, memory = Identity("deploy", "octo/app"), Memory(Life("7"))
    before = write_body("", identity=mark, text="- [x] one\n- [ ] one", memory=memory)
    after = write_body(before, identity=mark, text="- [ ] one\n- [ ] one", memory=memory)
    assert after == before


GOOD = {
    "v": "1",
    "life": '["7", "", ""]',
    "facts": '["idle"]',
    "step": "60",
    "owners": '{"alice": true}',
    "reopened": "false",
    "resolved": "false",
}


def memory_with(**parts: str) -> str:
    return " {" + ", ".join(f'"{key}": {value}' for key, value in (GOOD | parts).items()) + "}"


BAD_MEMORIES = [
    *("", " ", " {}", " {", " null", " []", " 7", " [" + "[" * 2000, ' {"v": 1}'),
    memory_with(v="2"),
    *(memory_with(life=value) for value in ('"x"', '["x"]', "[1, 2]", "null", "{}")),
    *(memory_with(facts=value) for value in ("{}", '"idle"', "[1]", "null")),
    *(memory_with(step=value) for value in ("true", "1.5", "1e400", "9" * 17, '"60"', "NaN")),
    *(memory_with(owners=value) for value in ("[]", '["alice"]', '{"alice": 1}', "null")),
    *(memory_with(reopened=value) for value in ("0", "null", '"false"')),
]


def test_the_samples_of_spoilt_memories_are_near_to_a_good_one() -> None:
    body = f"<!-- keyturn:begin{memory_with()} -->\n<!-- keyturn:end -->"
    assert read_memory(body) == Memory(Life("7"), ("idle",), timedelta(minutes=1), {"alice": True})


@pytest.mark.parametrize("memory", BAD_MEMORIES)
def test_a_spoilt_memory_is_none(memory: str) -> None:
    assert read_memory(f"<!-- keyturn:begin{memory} -->\n<!-- keyturn:end -->") is None


def test_no_fence_no_memory() -> None:
    assert read_memory("") is None
    assert read_memory(f"<!-- keyturn:begin{memory_with()} -->\n") is None


identities = st.builds(
    Identity,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    st.sampled_from(["", "octo/app", "a-b/c.d--e"]),
)
memories = st.builds(
    Memory,
    st.builds(Life, st.text(), st.text()),
    facts=st.lists(st.text()).map(tuple),
    step=st.none() | st.integers(0, 10**8).map(lambda seconds: timedelta(seconds=seconds)),
    owners=st.dictionaries(st.text(), st.booleans()),
    reopened=st.booleans(),
    resolved=st.booleans(),
)


@given(identities, memories, st.text(alphabet=st.characters(exclude_characters="<")))
def test_a_body_tells_what_was_put_into_it(identity: Identity, memory: Memory, text: str) -> None:
    hostile = replace(memory, facts=(*memory.facts, "--> <!-- keyturn:end --> <b>&", "a---b"))
    body = write_body("", identity=identity, text=text, memory=hostile)
    assert find_identity(body) == identity
    assert read_memory(body) == hostile
    assert body.count("-->") == 3
    assert write_body(body, identity=identity, text=text, memory=hostile) == body


def test_a_mark_inside_the_fence_is_nobodys() -> None:
    mark = Identity("other").mark
    body = write_body("hello", identity=Identity("deploy"), text=mark, memory=Memory(Life()))
    assert find_identity(body) is None


@pytest.mark.parametrize("people", [0, 100, 50_000, 59_000, 70_000])
def test_a_body_has_room_for_people_and_an_end(people: int) -> None:
    text = "\n".join(f"- line {number}" for number in range(20_000))
    before = "x" * people
    body = write_body(before, identity=Identity("deploy"), text=text, memory=Memory(Life()))
    assert body.startswith(before)
    assert body.endswith("<!-- keyturn:end -->")
    assert "The rest was cut" in body
    assert len(body) <= max(MAX_BODY, people + 500)


@pytest.mark.parametrize(
    ("now", "then", "same"),
    [
        (Life("7", "2026"), Life("7", "2026"), True),
        (Life("7", "2026"), Life("8", "2026"), False),
        (Life("7", "2026"), Life("7", "2027"), False),
        (Life("", "2026"), Life("7", "2026"), True),
        (Life("7", ""), Life("7", "2026"), True),
        (Life(), Life("7", "2026"), True),
        (Life("8", ""), Life("7", "2026"), False),
    ],
)
def test_a_life_continues_as_far_as_both_ends_are_known(now: Life, then: Life, same: bool) -> None:
    assert now.continues(then) is same
    assert then.continues(now) is same


def test_what_an_earlier_look_knew_is_kept() -> None:
    assert Life("", "2026").including(Life("7", "2025")) == Life("7", "2026")


def test_the_open_ones_count_first_the_oldest_of_them() -> None:
    issues = [Issue(n, "", "", open=n in (4, 6)) for n in (9, 6, 2, 4)]
    found = Found.of(issues)
    assert [issue.number for issue in found.open] == [4, 6]
    assert [issue.number for issue in found.closed] == [9, 2]
    assert found.current == issues[3]
    assert Found().current is None
