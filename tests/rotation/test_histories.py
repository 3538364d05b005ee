"""Random histories of rotations, of fixed seeds; `make bench-rotation` lives through many more."""

from __future__ import annotations

import random

import pytest

from tests.rotation.histories import draw, live, shorten
from tests.rotation.running import Processes
from tests.rotation.worlds import PLACES, WORLDS
from tests.systems import needs_signals

_HISTORIES = (
    ("gitlab overlap", "four secrets", 3),
    ("gitlab in-place", "four secrets", 5),
    ("gitlab deploy", "one secret", 7),
    ("sailpoint overlap", "one secret", 11),
    ("aws-iam overlap", "one secret", 13),
)


@needs_signals
@pytest.mark.parametrize(("name", "places", "seed"), _HISTORIES)
def test_a_random_history_keeps_every_promise(name, places, seed, tmp_path):
    moves = draw(random.Random(seed), PLACES[places])
    with Processes() as processes, WORLDS[name](tmp_path, PLACES[places]) as world:
        assert live(world, moves, processes).broken == [], moves


def test_the_same_seed_draws_the_same_history():
    first, second = (draw(random.Random(4), PLACES["four secrets"]) for _ in range(2))
    assert first == second
    assert 6 <= len(first) <= 14


def test_a_history_is_shortened_to_what_shows_it():
    def still(moves):
        return ("b",) in moves and ("d",) in moves

    assert shorten([("a",), ("b",), ("c",), ("d",), ("e",)], still) == [("b",), ("d",)]
