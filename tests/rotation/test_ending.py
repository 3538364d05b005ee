"""The old token's end: it is seen dead before the rotation is over, and nobody else uses it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.rotation.known import Retirement
from tests.rotation import harness
from tests.rotation.test_consumers import DAY, Capped, text
from tests.rotation.test_executor import first, kill_when
from tests.rotation.worlds import Azure, World
from tests.rotation.worlds.base import WORKFLOW


def operation(world: World):
    return next(iter(harness.known(world).operations.values()))


class TestADeathThatTakesAWhile:
    def test_the_id_stays_until_it_is_seen(self, tmp_path):
        with Azure(tmp_path) as world:
            harness.apply(world)
            world.live_on(DAY)
            waiting = harness.apply(world)
            assert (waiting.code, first(world)) == (0, Phase.RETIRING)
            assert "its death was not seen yet: it is looked for after 2026-11-24 07:32" in text(
                waiting
            )
            assert operation(world).retiring == {world.first.id: Retirement.SENT}
            world.box.clock.advance(timedelta(minutes=74))
            harness.apply(world)
            assert first(world) is Phase.RETIRING
            world.box.clock.advance(timedelta(minutes=2))
            ended = harness.apply(world)
            assert (ended.code, first(world)) == (0, Phase.DONE)
            assert operation(world).retiring == {world.first.id: Retirement.DEAD}
            revocations = [
                each
                for each in world.box.azure_devops.server.exchanges
                if each.request.method == "DELETE"
            ]
            assert len(revocations) == 1

    def test_also_after_a_kill_between_the_act_and_its_entry(self, tmp_path):
        with Azure(tmp_path) as world:
            harness.apply(world)
            world.live_on(DAY)
            pat = next(p for p in world.box.azure_devops.pats if p.id == world.first.id)
            kill_when(world, lambda: pat.revoked_at is not None)
            assert operation(world).retiring == {world.first.id: Retirement.DUE}
            world.box.clock.advance(timedelta(minutes=61))
            harness.apply(world)
            assert operation(world).retiring == {world.first.id: Retirement.SENT}
            world.live_on(DAY)
            harness.apply(world)
            assert first(world) is Phase.DONE

    def test_one_that_never_dies_needs_a_person(self, tmp_path):
        with Azure(tmp_path) as world:
            harness.apply(world)
            world.live_on(DAY)
            harness.apply(world)
            pat = next(p for p in world.box.azure_devops.pats if p.id == world.first.id)
            pat.revoked_at = None
            world.live_on(DAY)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)
            assert "still shows it alive" in text(ran)


class TestSomebodyUndeclaredUsesIt:
    def used(self, world: World, after: timedelta) -> None:
        """Have the old token used, so long after the first run."""
        old = next(t for t in world.box.gitlab.tokens if str(t.id) == world.first.id)
        old.last_used_at = world.box.clock.now + after

    @pytest.mark.parametrize(
        ("after", "phase"),
        [
            (timedelta(hours=-1), Phase.DONE),
            (DAY, Phase.DONE),
            (DAY + timedelta(seconds=1), Phase.DRAINING),
        ],
    )
    def test_it_is_kept_until_the_cap(self, after, phase, tmp_path):
        with Capped(tmp_path) as world:
            harness.apply(world)
            self.used(world, after)
            world.live_on(2 * DAY)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (0, phase)
            assert ("somebody undeclared still uses it" in text(ran)) is (phase is Phase.DRAINING)
            world.live_on(3 * DAY)
            ended = harness.apply(world)
            assert first(world) is Phase.DONE
            assert ("although: the longest drain" in text(ended)) is (phase is Phase.DRAINING)

    @pytest.mark.parametrize(("ended_after", "phase"), [(2, Phase.DONE), (1, Phase.DRAINING)])
    def test_unless_a_run_that_held_it_ended_only_then(self, ended_after, phase, tmp_path):
        with Capped(tmp_path) as world:
            run = world.repository.add_run(WORKFLOW, status="in_progress", event="push")
            harness.apply(world)
            self.used(world, 2 * DAY + timedelta(hours=12))
            run.updated_at = world.box.clock.now + ended_after * DAY
            run.status, run.conclusion = "completed", "failure"
            world.live_on(3 * DAY)
            harness.apply(world)
            assert first(world) is phase
