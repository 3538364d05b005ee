"""All that a rotation can come to, enumerated: nothing ends where nobody is told."""

from __future__ import annotations

import itertools

import pytest

from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.machine import FINAL, NEEDS_A_PERSON, STOPS, following, require

STRATEGIES = list(Strategy)


def reach(strategy: Strategy, start: Phase = Phase.PLANNED) -> set[Phase]:
    """Return every phase that can be come to."""
    seen, todo = {start}, [start]
    while todo:
        for phase in following(strategy, todo.pop()) - seen:
            seen.add(phase)
            todo.append(phase)
    return seen


@pytest.mark.parametrize("strategy", STRATEGIES)
class TestEveryStrategy:
    def test_whatever_has_no_way_on_is_done_given_up_or_tells_a_person(self, strategy):
        ends = {phase for phase in reach(strategy) if not following(strategy, phase)}
        assert ends <= {Phase.DONE, Phase.ABANDONED} | NEEDS_A_PERSON
        assert Phase.DONE in ends

    def test_what_has_stopped_tells_a_person_who_alone_gives_it_up(self, strategy):
        assert STOPS <= NEEDS_A_PERSON
        for phase in reach(strategy):
            gives_up = Phase.ABANDONED in following(strategy, phase)
            assert gives_up == (phase in STOPS)

    def test_from_everywhere_there_is_a_way_to_an_end(self, strategy):
        for phase in reach(strategy):
            assert reach(strategy, phase) & (FINAL | NEEDS_A_PERSON)

    def test_from_whatever_is_under_way_it_can_still_be_done(self, strategy):
        under_way = {phase for phase in reach(strategy) - STOPS if following(strategy, phase)}
        assert all(Phase.DONE in reach(strategy, phase) for phase in under_way)

    def test_a_final_phase_is_left_by_nothing(self, strategy):
        assert not any(following(strategy, phase) for phase in FINAL)

    def test_once_something_was_changed_it_can_be_handed_to_a_person(self, strategy):
        changing = reach(strategy, Phase.MINTING) - FINAL - NEEDS_A_PERSON
        for phase in changing:
            assert {Phase.NEEDS_HUMAN, Phase.STUCK} <= following(strategy, phase)

    def test_what_may_not_follow_is_refused(self, strategy):
        for before, after in itertools.product(Phase, repeat=2):
            if after in following(strategy, before):
                require(strategy, before, after)
            else:
                with pytest.raises(ValueError, match="may not follow"):
                    require(strategy, before, after)


def paths(strategy: Strategy, to: Phase) -> list[tuple[Phase, ...]]:
    """Return every way to a phase on which no phase stands twice."""
    found: list[tuple[Phase, ...]] = []
    todo: list[tuple[Phase, ...]] = [(Phase.PLANNED,)]
    while todo:
        path = todo.pop()
        if path[-1] is to:
            found.append(path)
            continue
        todo += [(*path, phase) for phase in following(strategy, path[-1]) if phase not in path]
    return found


class TestOrder:
    def test_the_old_token_is_retired_only_after_everything_else(self):
        order = [
            Phase.PREFLIGHT, Phase.MINTING, Phase.SEALED, Phase.PROVING,
            Phase.DISTRIBUTING, Phase.CONFIRMING, Phase.DRAINING, Phase.RETIRING,
        ]  # fmt: skip
        found = {path[1:] for path in paths(Strategy.OVERLAP, Phase.RETIRING)}
        # A leaked one is ended when the new value is sealed: nothing is drained then.
        leaked = tuple(phase for phase in order if phase is not Phase.DRAINING)
        assert found == {tuple(order), leaked}

    def test_only_two_living_tokens_can_be_rolled_back(self):
        assert Phase.ROLLED_BACK in reach(Strategy.OVERLAP)
        assert Phase.ROLLED_BACK not in reach(Strategy.IN_PLACE) | reach(Strategy.EXTEND)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_blocked_means_that_nothing_was_made(self, strategy):
        for path in paths(strategy, Phase.BLOCKED):
            assert path[-2] in (Phase.PLANNED, Phase.PREFLIGHT, Phase.MINTING)
