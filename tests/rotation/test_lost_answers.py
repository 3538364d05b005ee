"""Answers that are lost, limits, rivals, a broken journal, a wrong clock, and other people's hands.

That no request library repeats a mint, a replacement or a revocation by itself is what
`tests/providers/contract.py` asks of every provider (`test_a_lost_answer_is_not_repeated`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from keyturn.model.rotation import Phase
from tests.rotation import harness
from tests.rotation.harness import ATTACKS, LIMITS, Processes, Ran, Tap
from tests.rotation.worlds import MANY, ONE, WORLDS, GitLab, World
from tests.systems import needs_signals

_SPREAD = range(25, 90, 13)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "name", ["gitlab overlap", "gitlab in-place", "gitlab deploy", "synoptic overlap"]
)
def test_a_lost_answer_loses_nothing(name, after, tmp_path):
    for at in _SPREAD[::2]:
        with WORLDS[name](tmp_path / str(at)) as world:
            assert harness.lose(world, at, after=after).broken == [], at


@pytest.mark.parametrize("limit", LIMITS)
def test_a_burst_of_refusals_loses_nothing(limit, tmp_path):
    for at in _SPREAD[::2]:
        with GitLab(tmp_path / str(at)) as world:
            assert harness.lose(world, at, replies=LIMITS[limit], times=4).broken == [], at


@needs_signals
@pytest.mark.parametrize("latency", [0.0, 0.005])
def test_of_two_runs_at_once_one_works(latency, tmp_path):
    with GitLab(tmp_path, MANY) as world, Processes() as processes:
        verdict, both = harness.race(world, latency, processes=processes)
        assert verdict.broken == []
        assert len(world.tokens()) == 2
        codes = sorted(each.code or 0 for each in both)
        assert codes in ([0, 0], [0, 3])
        if codes == [0, 3]:
            loser = next(each for each in both if each.code == 3)
            assert "journal" in loser.err
            assert loser.out == ""


class TestABrokenJournal:
    """Nothing is changed by a run that cannot trust its journal."""

    def rewrite(self, world: World, data: bytes) -> None:
        harness.put_journal(world, world.repository.git, data)

    def refuse(self, world: World) -> Ran:
        """Run once, and require that it neither changed anything nor broke down."""
        before = [len(server.exchanges) for server in world.box.servers]
        ran = harness.apply(world)
        after = [
            exchange.request.method
            for server, start in zip(world.box.servers, before, strict=True)
            for exchange in server.exchanges[start:]
        ]
        assert set(after) <= {"GET"}
        assert ran.code in (3, 4)
        assert "journal" in ran.err
        assert "error of its own" not in ran.err
        return ran

    @pytest.fixture
    def world(self, tmp_path):
        """A rotation that waits for its old token's end."""
        with GitLab(tmp_path) as world:
            assert harness.apply(world).code == 0
            world.live_on(timedelta(days=1))
            yield world

    def test_deleted(self, world):
        harness.rewrite(world, "deleted")
        assert "gone" in self.refuse(world).err

    def test_emptied(self, world):
        self.rewrite(world, b"")
        self.refuse(world)

    def test_cut_within_a_line(self, world):
        self.rewrite(world, harness.journal(world)[:-20])
        self.refuse(world)

    def test_cut_behind_a_line_that_is_remembered(self, world):
        lines = harness.journal(world).splitlines(keepends=True)
        self.rewrite(world, b"".join(lines[:3]))
        assert "missing" in self.refuse(world).err

    def test_a_changed_word(self, world):
        self.rewrite(
            world, harness.journal(world).replace(b'"octo/app:DEPLOY"', b'"octo/app:OTHER"', 1)
        )
        assert "changed" in self.refuse(world).err

    def test_a_line_taken_out(self, world):
        lines = harness.journal(world).splitlines(keepends=True)
        self.rewrite(world, b"".join([*lines[:5], *lines[6:]]))
        self.refuse(world)

    def test_once_it_is_brought_back_the_rotation_goes_on(self, world):
        data = harness.journal(world)
        self.rewrite(world, b"")
        self.refuse(world)
        self.rewrite(world, data)
        tap, ran = Tap(world), [harness.apply(world)]
        assert harness.judge(world, tap, ran).broken == []

    @pytest.mark.parametrize("cut", range(1, 9))
    def test_a_tail_that_is_not_remembered_outside_loses_nothing(self, world, cut):
        lines = harness.journal(world).splitlines(keepends=True)
        self.rewrite(world, b"".join(lines[:-cut]))
        ran = harness.apply(world)
        assert ran.code in (0, 3, 4)
        assert "error of its own" not in ran.err
        assert all(world.of_place(place).works for place in world.places)
        if ran.code == 4:
            assert [o.phase for o in harness.known(world).unfinished()] == [Phase.NEEDS_HUMAN]


@pytest.mark.parametrize("how", ATTACKS)
def test_a_journal_that_is_changed_meanwhile_loses_nothing(how, tmp_path):
    for at in (50, 70):
        with GitLab(tmp_path / str(at)) as world:
            verdict, attacked = harness.attack(world, at, how)
            assert (attacked, verdict.broken) == (True, []), at


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place", "azure-devops overlap"])
def test_a_clock_that_is_an_hour_off(name, hours, tmp_path):
    with WORLDS[name](tmp_path) as world:
        verdict, _ = harness.mistime(world, timedelta(hours=hours), at=0)
        assert verdict.broken == []


class TestSomebodyElseWrites:
    """A person puts another value into one of the secrets while keyturn is at work."""

    @pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place"])
    @pytest.mark.parametrize("places", [ONE, MANY], ids=["one", "many"])
    def test_no_secret_is_left_with_what_does_not_work(self, name, places, tmp_path):
        for at in range(25, 95, 14):
            with WORLDS[name](tmp_path / str(at), places) as world:
                self._write_at(world, at)

    def _write_at(self, world: World, at: int) -> None:
        by_hand = world.box.gitlab.create_token("project", "by hand", project=42)
        written: list[str] = []

        def write() -> Any:
            place = world.places[-1]
            at_once = world.box.clock.now + timedelta(seconds=1)
            world.store(place, f"{place.prefix}DEPLOY", by_hand.value, at=at_once)
            written.append(by_hand.value)

        tap = Tap(world, at=at, after=True, strike=write)
        tap.install()
        ran = [harness.apply(world)]
        for _ in range(2):
            world.live_on(timedelta(days=1))
            ran.append(harness.apply(world))
        verdict = harness.judge(world, tap, ran)
        assert verdict.lost == 0, at
        held = world.held(world.places[-1])[""]
        operation = list(harness.known(world).operations.values())[-1]
        if written and held == by_hand.value:
            # It is theirs now: nobody wrote over it, and somebody is told.
            told = {Phase.NEEDS_HUMAN, Phase.BLOCKED, Phase.DONE}
            assert operation.phase in told
            assert not any(text.startswith(("2", "4", "5")) for text in verdict.broken)

    def test_the_old_value_put_back_while_it_drains_keeps_the_old_token(self, tmp_path):
        with GitLab(tmp_path) as world:
            assert harness.apply(world).code == 0
            world.live_on(timedelta(days=1))
            place = world.places[0]
            world.store(place, "DEPLOY", world.first.value)
            ran = harness.apply(world)
            assert ran.code == 4
            assert "written by somebody else" in ran.out
            assert world.first.value == world.held(place)[""]
            assert [token.works for token in world.tokens()] == [True, True]
