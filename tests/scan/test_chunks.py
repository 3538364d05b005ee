from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan.chunks import LIMITS, Chunks, Limits
from keyturn.scan.texts import Text

SMALL = Limits(chunk=100, overlap=10)


def cut(data: bytes, pieces: int = 7, limits: Limits = SMALL) -> list[Text]:
    chunks = Chunks("file", 1, limits)
    texts = [
        text
        for start in range(0, len(data), pieces)
        for text in chunks.add(data[start : start + pieces])
    ]
    return [*texts, *chunks.end()]


def test_what_fits_is_one_text():
    assert cut(b"a\n" * 50) == [Text("file", b"a\n" * 50)]


def test_nothing_is_no_text():
    assert cut(b"") == []


def test_nuls_are_left_out():
    assert cut("añ\n".encode("utf-16-le")) == [Text("file", b"a\xf1\n")]


@pytest.mark.parametrize("limits", [SMALL, Limits(chunk=1000, overlap=100)])
@given(
    data=st.lists(st.sampled_from([b"\n", b" ", b"abc", b"x" * 30, b'"', b"y" * 200])).map(
        b"".join
    ),
    pieces=st.integers(1, 400),
)
def test_each_byte_is_judged_once_with_its_surroundings(limits, data, pieces):
    texts = cut(data, pieces, limits)
    whole = [data] if len(texts) == 1 else []
    judged = [text.data[a:b] for text in texts for a, b in text.judged or ()] or whole
    assert b"".join(judged) == data
    position = 0
    for text in texts:
        assert len(text.data) <= limits.chunk + 2 * limits.overlap
        ((start, stop),) = text.judged or ((0, len(text.data)),)
        begin = position - start
        assert data[begin : begin + len(text.data)] == text.data
        assert text.line == data.count(b"\n", 0, begin) + 1
        position += stop - start
        last = begin + len(text.data) == len(data)
        assert last or len(text.data) - stop >= limits.overlap
        assert begin == 0 or start >= limits.overlap // 2


@given(words=st.lists(st.text("abc", min_size=1, max_size=8), min_size=30), line=st.booleans())
def test_words_are_not_cut(words, line):
    data = ("\n" if line else " ").join(words).encode()
    judged = [text.data[a:b].split() for text in cut(data) for a, b in text.judged or ()]
    if judged:
        assert [word.decode() for part in judged for word in part] == words


def test_the_limits_allow_for_the_overlap():
    assert LIMITS.chunk > 4 * LIMITS.overlap


@given(
    lines=st.lists(st.tuples(st.booleans(), st.text("ab", max_size=9)), max_size=80),
)
def test_only_what_is_new_is_judged(lines):
    chunks = Chunks("file", 5, SMALL)
    texts: list[Text] = []
    for is_new, words in lines:
        line = words.encode() + b"\n"
        texts += chunks.add(line, ((0, len(line)),) if is_new else ())
    texts += chunks.end()
    found = {
        number: line
        for text in texts
        for start, stop in text.judged or ()
        for number, line in enumerate(
            text.data[start:stop].decode().splitlines(),
            text.line + text.data.count(b"\n", 0, start),
        )
    }
    assert found == {n: words for n, (is_new, words) in enumerate(lines, 5) if is_new}
