"""The executor over a whole rotation: what it comes to where something is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.known import Retirement
from keyturn.rotation.log import parse
from keyturn.sandbox.server import Fault, Response
from tests.rotation import harness
from tests.rotation.harness import Gate, Ran, Tap
from tests.rotation.worlds import (
    MANY,
    WORLDS,
    Aws,
    Azure,
    GitLab,
    GitLabAlone,
    GitLabInPlace,
    SailPoint,
    World,
)


def kill_in(world: World, phase: Phase) -> None:
    """Kill the first run as soon as the journal says that a phase has begun."""

    def begun() -> bool:
        operations = harness.known(world).operations.values()
        return any(operation.phase is phase for operation in operations)

    kill_when(world, begun)


def kill_when(world: World, happened: Callable[[], bool]) -> None:
    """Kill a run before its next request once something has happened."""

    class Watching(Gate):
        def _within(self, seconds, call):
            if happened():
                self._at, self._after = self.count + 1, False
            return super()._within(seconds, call)

    assert harness.apply(world, gate=Watching()).code is None


def all_work(world: World) -> bool:
    """Say whether every secret holds a token that works."""
    held = [world.of_place(place) for place in world.places]
    return all(token is not None and token.works for token in held)


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
        variables = world.repositories[world.journal_repository].variables
        variables.drop(*[name for name in variables.entries if "SEALED" in name])
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


class TestOnlyWhatIsOurs:
    """What was made and lost is ended; what somebody else made meanwhile is not."""

    def test_a_key_of_aws_that_was_made_by_hand_an_hour_later(self, tmp_path):
        with Aws(tmp_path) as world:
            kill_in(world, Phase.MINTING)
            world.live_on(timedelta(hours=1))
            by_hand = world.box.aws_iam.create_key(world.user)
            harness.apply(world)
            assert not by_hand.deleted
            assert by_hand.active

    def test_a_namesake_that_was_made_by_hand_is_not_swapped(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            lost = Fault("^POST .*/rotate", drop=True, after=True, times=1)
            world.box.gitlab.server.faults[:] = [lost]
            assert harness.apply(world).code == 4
            made = world.box.gitlab.tokens[-1]
            twin = world.box.gitlab.create_token(
                "project", made.name, project=42, scopes=tuple(made.scopes)
            )
            world.box.clock.advance(timedelta(minutes=5))
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)
            assert "cannot be told from others" in " ".join(ran.out.split())
            assert twin.is_active(world.box.clock.now)


@pytest.mark.parametrize("times", [5, 30], ids=["for some requests", "for as long as it is tried"])
def test_an_outage_at_the_seal_does_not_lose_the_value(times, tmp_path):
    """In the end it is stored from memory."""
    with GitLabAlone(tmp_path) as world:
        down = Fault("^(POST|PATCH) .*/actions/variables", Response(502), times=times)
        strike_after(world, "/rotate", lambda: world.box.github.server.faults.append(down))
        harness.apply(world)
        harness.settle(world, [])
        assert first(world) is Phase.DONE
        assert all_work(world)


def strike_after(world: World, path: str, act) -> None:
    """Do something as soon as GitLab has answered a request of that path."""
    server = world.box.gitlab.server
    answer = server.answer

    def answered(request):
        response = answer(request)
        if path in request.path:
            act()
        return response

    server.answer = answered  # type: ignore[method-assign]


class TestSecondMints:
    @pytest.mark.parametrize("name", ["sailpoint overlap", "gitlab overlap"])
    def test_one_more_after_some_secrets_were_written(self, name, tmp_path):
        """No name is used twice, and what was written before is no stranger's."""
        with WORLDS[name](tmp_path, MANY) as world:
            tap, ran = Tap(world), [Ran(None, "", "")]
            tap.install()
            kill_when(world, lambda: world.of_place(MANY[1]) != world.of_place(MANY[3]))
            variables = world.repository.variables
            variables.drop(*[name for name in variables.entries if "SEALED" in name])
            harness.settle(world, ran)
            assert harness.judge(world, tap, ran).broken == []
            assert len(world.tokens()) == 3


class TestLeaked:
    @pytest.mark.parametrize("name", ["gitlab overlap", "sailpoint overlap", "aws-iam overlap"])
    def test_the_old_one_dies_before_anything_is_stored(self, name, tmp_path):
        with WORLDS[name](tmp_path, MANY) as world:
            held = world.held(world.places[0])
            ran = harness.run(world, "rotate", "deploy", "--now", "--leaked", "--apply")
            assert (ran.code, first(world)) == (0, Phase.DONE), ran.out + ran.err
            assert [token.ended for token in world.tokens()] == [True, False]
            assert all_work(world)
            assert held != world.held(world.places[0])
            kinds = [entry.data.get("phase", entry.kind) for entry in entries(world)]
            assert kinds.index("retire") < kinds.index("distributing")


def entries(world: World):
    """Return the journal's entries."""
    return parse(harness.journal(world), journal_key(world.recovery)).entries
