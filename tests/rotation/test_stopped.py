"""What a person can do with a rotation that has stopped: have it tried again, or give it up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.sandbox.server import Fault, Response
from tests.rotation import harness
from tests.rotation.harness import Ran, Tap
from tests.rotation.test_executor import first, kill_in
from tests.rotation.worlds import MANY, WORLDS, GitLab, GitLabAlone, GitLabInPlace, World


def recover(world: World, *argv: str) -> Ran:
    return harness.run(world, "recover", "--apply", *argv)


def write_by_hand(world: World) -> str:
    """Write another living token into the last of the secrets."""
    value: str = world.box.gitlab.create_token("project", "by hand", project=42).value
    place = world.places[-1]
    world.store(place, f"{place.prefix}DEPLOY", value)
    return value


@pytest.fixture(params=["gitlab overlap", "gitlab in-place"])
def stopped(request, tmp_path):
    """A rotation that has stopped because somebody else wrote one of the secrets."""
    with WORLDS[request.param](tmp_path, MANY) as world:
        kill_in(world, Phase.DISTRIBUTING)
        world.live_on(timedelta(hours=2))
        write_by_hand(world)
        assert harness.apply(world).code == 4
        assert first(world) is Phase.NEEDS_HUMAN
        yield world


class TestTriedAgain:
    def test_it_goes_on_and_writes_over_what_was_written_by_hand(self, stopped):
        ran = [recover(stopped, "deploy")]
        assert first(stopped) in (Phase.DRAINING, Phase.DONE)
        harness.settle(stopped, ran)
        assert first(stopped) is Phase.DONE
        held = {stopped.of_place(place).id for place in stopped.places}
        assert len(held) == 1

    def test_a_plain_run_leaves_it_alone(self, stopped):
        before = harness.journal(stopped)
        ran = harness.apply(stopped)
        assert ran.code == 4
        assert first(stopped) is Phase.NEEDS_HUMAN
        told = len(harness.journal(stopped).splitlines()) - len(before.splitlines())
        assert told == 2, "the lock alone is written down"

    @pytest.mark.parametrize("value", ["another", "the old one"])
    def test_what_was_written_while_it_drains_is_written_over(self, value, tmp_path):
        """The sealed record is gone by then: one more token is made for it."""
        with GitLab(tmp_path) as world:
            tap, ran = Tap(world), [harness.apply(world)]
            tap.install()
            world.live_on(timedelta(days=1))
            if value == "another":
                write_by_hand(world)
            else:
                world.store(world.places[0], "DEPLOY", world.first.value)
            ran += [harness.apply(world), recover(world, "deploy")]
            assert [each.code for each in ran] == [0, 4, 0]
            harness.settle(world, ran)
            assert first(world) is Phase.DONE
            assert [token.works for token in world.tokens() if "hand" not in token.beside][-1]
            assert tap.early == []
            held = world.of_place(world.places[0])
            assert held is not None
            assert held.works


class TestGivenUp:
    def test_what_a_secret_may_hold_lives_on(self, tmp_path):
        with GitLab(tmp_path, MANY) as world:
            kill_in(world, Phase.CONFIRMING)
            world.live_on(timedelta(hours=2))
            write_by_hand(world)
            assert harness.apply(world).code == 4
            ran = recover(world, "--abandon", "deploy")
            assert first(world) is Phase.ABANDONED
            assert "revoke the ones" in " ".join(ran.out.split())
            assert [token.works for token in world.tokens()[:2]] == [True, True]
            assert not [n for n in world.repository.variables.entries if "SEALED" in n]

    def test_what_no_secret_holds_is_ended(self, tmp_path):
        with GitLab(tmp_path, MANY) as world:
            kill_in(world, Phase.PROVING)
            world.box.gitlab.server.faults[:] = [Fault(".", Response(500), times=100_000)]
            for _ in range(5):
                world.live_on(timedelta(days=1))
                ran = harness.apply(world)
            assert first(world) is Phase.STUCK
            assert ran.code == 4
            world.box.gitlab.server.faults.clear()
            recover(world, "--abandon", "deploy")
            assert first(world) is Phase.ABANDONED
            assert [token.works for token in world.tokens()] == [True, False]
            tap = Tap(world)
            assert harness.judge(world, tap, []).orphans == 0

    def test_the_only_copy_of_a_living_value_is_not_thrown_away(self, tmp_path):
        with GitLabInPlace(tmp_path, MANY) as world:
            kill_in(world, Phase.DISTRIBUTING)
            world.live_on(timedelta(hours=2))
            write_by_hand(world)
            assert harness.apply(world).code == 4
            places = world.places
            world.repository.vaults["actions"].entries.pop("DEPLOY", None)
            ran = recover(world, "--abandon", "deploy")
            if first(world) is Phase.NEEDS_HUMAN:
                assert "only other copy" in " ".join(ran.out.split())
            assert all(world.of_place(place) for place in places[1:])

    def test_only_what_has_stopped_is_given_up(self, tmp_path):
        with GitLab(tmp_path) as world:
            assert harness.apply(world).code == 0
            ran = recover(world, "--abandon", "deploy")
            assert (ran.code, first(world)) == (2, Phase.DRAINING)
            assert "has not stopped" in ran.err


class TestAValueThatWasPresentedAndLives:
    def test_a_plain_refusal_takes_it_back(self, tmp_path):
        with GitLabAlone(tmp_path) as world:
            refused = Response(400, {"message": "400 Bad request"})
            world.box.gitlab.server.faults[:] = [Fault("^POST .*/rotate", refused, times=1)]
            assert harness.apply(world).code == 4
            assert first(world) is Phase.BLOCKED
            assert harness.known(world).spent == frozenset()
            world.live_on(timedelta(days=1))
            assert harness.apply(world).code == 0

    def test_after_a_kill_a_person_has_it_presented(self, tmp_path):
        with GitLabAlone(tmp_path) as world:
            kill_in(world, Phase.MINTING)
            world.live_on(timedelta(days=1))
            assert harness.apply(world).code in (0, 4)
            if first(world) is Phase.NEEDS_HUMAN:
                assert recover(world, "deploy").code == 0
            assert first(world) is Phase.DONE


class TestADeclarationThatWasChanged:
    @pytest.mark.parametrize(
        ("old", "new"), [("token: ci", "token: other"), ("name: DEPLOY", "name: DEPLOY2")]
    )
    def test_nothing_is_done_until_it_is_put_back(self, old, new, tmp_path):
        with GitLab(tmp_path) as world:
            kill_in(world, Phase.SEALED)
            world.live_on(timedelta(hours=2))
            path = world.folder / ".github/keyturn.yml"
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.SEALED)
            assert "put that back" in " ".join((ran.out + ran.err).split())
            path.write_text(text, encoding="utf-8")
            assert harness.apply(world).code == 0
