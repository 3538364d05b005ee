"""The executor over a whole rotation: what it comes to where something is not as it should be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.rotation.known import Retirement
from tests.rotation import harness
from tests.rotation.harness import Gate, Ran, Tap
from tests.rotation.worlds import WORLDS, Aws, Azure, GitLab, GitLabInPlace, SailPoint, World


def kill_in(world: World, phase: Phase) -> None:
    """Kill the first run as soon as the journal says that a phase has begun."""

    class Watching(Gate):
        def _within(self, seconds, call):
            operations = harness.known(world).operations.values()
            if any(operation.phase is phase for operation in operations):
                self._at, self._after = self.count + 1, False
            return super()._within(seconds, call)

    assert harness.apply(world, gate=Watching()).code is None


def first(world: World) -> Phase:
    """Return how far the first operation is; a run that ends it plans anew."""
    return next(iter(harness.known(world).operations.values())).phase


@pytest.mark.parametrize("phase", [Phase.PROVING, Phase.DISTRIBUTING])
@pytest.mark.parametrize("name", [name for name in WORLDS if "extend" not in name])
def test_a_sealed_record_that_is_lost_is_made_good(name, phase, tmp_path):
    """But without a manager nobody can swap once more."""
    with WORLDS[name](tmp_path) as world:
        tap, ran = Tap(world), [Ran(None, "", "")]
        tap.install()
        kill_in(world, phase)
        sealed = [name for name in world.repository.variables.entries if "SEALED" in name]
        world.repository.variables.drop(*sealed)
        harness.settle(world, ran)
        verdict = harness.judge(world, tap, ran)
        if world.may_lose:
            assert first(world) in (Phase.NEEDS_HUMAN, Phase.STUCK)
            assert ran[-1].code == 4
        else:
            assert verdict.broken == []


class TestRefusals:
    def test_a_quota_that_is_full_blocks_and_leaves_nothing(self, tmp_path):
        with Aws(tmp_path) as world:
            world.box.aws_iam.create_key(world.user, active=False)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.BLOCKED)
            assert "no room" in ran.out
            assert not [n for n in world.repository.variables.entries if "SEALED" in n]

    def test_a_secret_written_after_the_plan_blocks_and_leaves_nothing(self, tmp_path):
        with GitLab(tmp_path) as world:
            kill_in(world, Phase.PREFLIGHT)
            world.repository.put_secret("KEYTURN_CANARY_LEFT", "x")
            world.live_on(harness.LOCK)
            world.store(world.places[0], "DEPLOY", world.first.value)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.BLOCKED)
            assert list(world.repository.vaults["actions"].entries) == ["DEPLOY"]
            assert world.first.id in {token.id for token in world.tokens() if token.works}

    def test_a_new_token_with_more_rights_is_ended_again(self, tmp_path):
        with GitLab(tmp_path) as world:
            kill_in(world, Phase.PROVING)
            new = next(t for t in world.box.gitlab.tokens if "kt-" in t.name)
            new.scopes = (*new.scopes, "sudo")
            world.live_on(harness.LOCK)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.ROLLED_BACK)
            assert "more rights" in ran.out
            assert [token.works for token in world.tokens()] == [True, False]

    def test_the_same_in_place_needs_a_person(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            kill_in(world, Phase.PROVING)
            world.box.gitlab.tokens[-1].scopes = ("api", "sudo")
            world.live_on(harness.LOCK)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)


class TestWhichTokenIsMeant:
    """Of two that live side by side, the old one is the one that is ended, by its id."""

    @pytest.mark.parametrize("name", ["aws-iam overlap", "synoptic overlap", "sailpoint overlap"])
    def test_the_old_one_is_retired_and_the_new_one_lives(self, name, tmp_path):
        with WORLDS[name](tmp_path) as world:
            harness.live_through(world, lambda: harness.apply(world))
            (operation,) = harness.known(world).operations.values()
            assert operation.phase is Phase.DONE
            assert operation.retiring == {operation.old_id: Retirement.DEAD}
            assert [token.ended for token in world.tokens()] == [True, False]

    def test_another_token_under_the_old_ones_id_is_not_ended(self, tmp_path):
        with SailPoint(tmp_path) as world:
            assert harness.apply(world).code == 0
            old = next(pat for pat in world.box.sailpoint.pats if pat.name == "ci")
            old.created_at += timedelta(hours=1)
            world.live_on(timedelta(days=1))
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)
            assert not any(token.ended for token in world.tokens())

    def test_a_late_death_is_said(self, tmp_path):
        with Azure(tmp_path) as world:
            ran = harness.live_through(world, lambda: harness.apply(world))
            assert "up to an hour" in " ".join(ran[-1].out.split())


class TestTwoOfThem:
    def test_a_run_that_is_not_needed_any_more_asks_nothing_of_the_journal(self, tmp_path):
        with GitLab(tmp_path) as world:
            harness.live_through(world, lambda: harness.apply(world))
            before = harness.journal(world)
            assert harness.apply(world).code == 0
            assert harness.journal(world) == before
