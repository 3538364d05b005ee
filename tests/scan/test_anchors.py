"""Stage one: three engines, one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan import anchors
from keyturn.scan.anchors import Anchor, Anchors, Literal
from keyturn.scan.engine import Engine
from tests.scan.corpus.build import SAMPLES
from tests.scan.corpus.lookalikes import LOOK_ALIKES

LITERALS = (Literal(b"abra", False), Literal(b"brac", True), Literal(b"aa", False))
ENGINES = (anchors.by_search, anchors.by_automaton, anchors.by_hyperscan)
PIECES = st.sampled_from(
    (
        *(b"abra", b"ABRA", b"Brac", b"aaaa", b"a", b"\n", b" ", b"\0", b"\xff", b"."),
        *(b"%41%42%43", b"%", b"\\u0041", b"\\x41\\x42\\x43", b":\\/\\/", b"://u:p@", b"://u@"),
        *(b"a7" * 26, b"a7" * 25, b"Z2xwYXQtYWJjZGVmZ2hpamts"),
    )
)


def literal_anchors(found: list[Anchor]) -> list[Anchor]:
    return sorted(anchor for anchor in found if anchor.key >= 0)


@pytest.mark.parametrize("make", ENGINES)
def test_every_literal_is_found_wherever_it_stands(
    make: Callable[[Sequence[Literal]], Callable[[bytes], list[Anchor]]],
) -> None:
    found = literal_anchors(make(LITERALS)(b"abra BRAC aaa\nxabracad"))
    assert found == [(0, 0), (5, 1), (10, 2), (11, 2), (15, 0), (16, 1)]


@given(pieces=st.lists(PIECES, max_size=12))
def test_the_engines_agree_on_literals_and_on_what_is_encoded(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    first, *others = (make(LITERALS)(data) for make in ENGINES)
    for other in others:
        assert literal_anchors(other) == literal_anchors(first)
        # Where within a stretch is up to the engine, and base64 is a guess that is looked into.
        kinds = {anchors.BASE32_RUN, anchors.USERINFO, anchors.PERCENT, anchors.ESCAPED}
        assert {a.key for a in other} & kinds == {a.key for a in first} & kinds


@given(seed=st.integers(0, 2**32))
def test_small_and_large_texts_give_the_same_tokens(seed: int) -> None:
    random = Random(seed)
    texts = [sample.make(random) for sample in random.sample(SAMPLES, 3)]
    texts += [look.make(random)[1] for look in random.sample(LOOK_ALIKES, 2)]
    random.shuffle(texts)
    data = "\n".join(f"{random.choice(SAMPLES).variable}={text}" for text in texts).encode()
    small, large = SMALL.find(data), LARGE.find(data)
    assert [(h.start, h.end, h.row.id, h.confidence) for h in small] == [
        (h.start, h.end, h.row.id, h.confidence) for h in large
    ]


SMALL, LARGE = Engine(), Engine(bulk=True)


def test_without_hyperscan_and_without_any_engine_the_answer_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = Random(11)
    data = "\n".join(f"{s.variable}={s.make(random)}" for s in SAMPLES[::9]).encode()
    expected = [(h.start, h.row.id) for h in Engine(bulk=True).find(data)]
    assert len(expected) > 50

    def missing(*_: object) -> None:
        raise ImportError

    monkeypatch.setattr(anchors, "by_hyperscan", missing)
    assert [(h.start, h.row.id) for h in Engine(bulk=True).find(data)] == expected
    monkeypatch.setattr(anchors, "by_automaton", missing)
    assert [(h.start, h.row.id) for h in Engine(bulk=True).find(data)] == expected


def test_a_large_text_is_searched_by_the_fast_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "LARGE", 10)
    assert literal_anchors(Anchors(LITERALS).find(b"0123456789 abra")) == [(11, 0)]
