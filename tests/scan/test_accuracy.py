"""What is found of the labelled corpus, and what is passed over of its look-alikes.

The figures are those that `make bench-scan` compares with other scanners.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from keyturn.scan.engine import Engine
from keyturn.scan.texts import narrow
from tests.scan.corpus.build import SAMPLES, cases
from tests.scan.corpus.lookalikes import LOOK_ALIKES, LookAlike

CERTAIN = ("github", "gitlab", "azure-devops", "sailpoint", "synoptic", "npm", "pypi")
"""Of the rules that begin so, nothing at all may be missed."""
MOST_MISSED = 0.03
MOST_FALSE = 0.003
PARTS = 16


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.mark.parametrize("part", range(PARTS))
def test_tokens_are_found_where_people_leave_them(engine: Engine, part: int) -> None:
    missed: list[tuple[str, str]] = []
    total = 0
    for case in cases(SAMPLES[part::PARTS]):
        data = narrow(case.placed.content)
        lines = {data.count(b"\n", 0, hit.start) + 1 for hit in engine.find(data)}
        total += 1
        if not lines & set(range(case.placed.first, case.placed.last + 1)):
            missed.append((case.sample.rule, case.setting))
    assert total > 0
    assert [miss for miss in missed if miss[0].startswith(CERTAIN)] == []
    assert len(missed) <= MOST_MISSED * total, Counter(setting for _, setting in missed)


@pytest.mark.parametrize("part", range(8))
def test_what_only_looks_like_a_token_is_passed_over(engine: Engine, part: int) -> None:
    kinds: list[LookAlike] = list(LOOK_ALIKES)
    assert len(kinds) >= 30
    assert len({kind.name for kind in kinds}) == len(kinds)
    false = Counter[str]()
    total = 0
    for kind in kinds:
        for seed in range(part, 80, 8):
            _, text = kind.make(Random(f"{kind.name} {seed}"))
            total += 1
            false.update({f"{kind.name}: {hit.row.id}" for hit in engine.find(text.encode())})
    assert sum(false.values()) <= MOST_FALSE * total, false
