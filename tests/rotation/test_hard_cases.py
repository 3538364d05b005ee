"""Faults and hands that meet: each of these once lost something, or let nobody know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from keyturn.model.rotation import Phase
from keyturn.sandbox.server import Fault, Response
from tests.rotation import harness
from tests.rotation.harness import Processes, Ran, Tap
from tests.rotation.test_copies import Copied
from tests.rotation.test_executor import all_work, entries, first, kill_when, strike_after
from tests.rotation.test_stopped import recover
from tests.rotation.worlds import MANY, ONE, PLACES, GitLab, GitLabById, GitLabInPlace, World
from tests.rotation.worlds.base import MADE, WORKFLOW
from tests.systems import needs_signals

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AWAY = Fault(".", Response(500), times=100_000)


def some_are_stored(world: World) -> bool:
    return world.of_place(MANY[1]) != world.of_place(MANY[3])


def drop_sealed(world: World) -> dict[str, Any]:
    """Delete the sealed record; return it."""
    shelf = world.repository.variables
    saved = {name: entry for name, entry in shelf.entries.items() if "SEALED" in name}
    shelf.drop(*saved)
    return saved


def be_away(world: World, days: int = 6) -> None:
    """Let GitLab be down for so many days, with a run on each."""
    world.box.gitlab.server.faults[:] = [AWAY]
    for _ in range(days):
        world.live_on(DAY)
        harness.apply(world)
    world.box.gitlab.server.faults.clear()


def settled(world: World, tap: Tap, ran: list[Ran]) -> list[str]:
    harness.settle(world, ran)
    return harness.judge(world, tap, ran).broken


class TestSealedRecords:
    def test_one_of_an_earlier_token_that_comes_back_is_not_stored(self, tmp_path):
        with GitLab(tmp_path, MANY) as world:
            tap = Tap(world)
            tap.install()
            kill_when(world, lambda: some_are_stored(world))
            saved = drop_sealed(world)
            world.live_on(2 * HOUR)
            kill_when(world, lambda: len(world.tokens()) == 3 and first(world) is Phase.PROVING)
            world.repository.variables.entries.update(saved)
            world.live_on(2 * HOUR)
            assert settled(world, tap, []) == []

    @needs_signals
    def test_one_of_a_run_that_was_overtaken_is_not_stored(self, tmp_path):
        """It hangs between the answer and the seal for longer than its lock lasts."""
        with Processes() as processes, GitLab(tmp_path, MANY) as world:
            tap = Tap(world)
            tap.install()
            hung: list[bool] = []

            def hang() -> None:
                if hung or len(world.tokens()) != 2:
                    return
                hung.append(True)
                world.box.clock.advance(2 * HOUR)
                path = "^PUT .*/environments/production/secrets/ENV_DEPLOY"
                world.box.github.server.faults[:] = [Fault(path, Response(502), times=3)]
                processes.start(world, "other").join(60)
                world.box.github.server.faults.clear()

            strike_after(world, "access_tokens", hang)
            ran = [harness.apply(world)]
            assert hung
            assert settled(world, tap, ran) == []

    def test_one_that_the_journal_does_not_tell_of_waits_for_a_person(self, tmp_path):
        with GitLab(tmp_path) as world:
            kill_when(world, lambda: bool(harness.known(world).operations))
            id = next(iter(harness.known(world).operations))
            at = world.box.clock.now
            world.repository.variables.put(f"KEYTURN_SEALED_{id.upper()}", "x", at=at)
            world.live_on(2 * HOUR)
            for _ in range(2):
                assert harness.apply(world).code == 4
                assert first(world) is Phase.NEEDS_HUMAN


class TestLostAnswers:
    def test_of_a_swap_and_a_kill_at_the_next_intent(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            tap = Tap(world)
            tap.install()
            lost = Fault("^POST .*/rotate", drop=True, after=True, times=1)
            world.box.gitlab.server.faults[:] = [lost]
            ran = [harness.apply(world)]
            world.live_on(2 * HOUR)
            before = len(entries(world))
            kill_when(
                world,
                lambda: any(e.data.get("phase") == "minting" for e in entries(world)[before:]),
            )
            assert settled(world, tap, ran) == []

    @pytest.mark.parametrize("kind", [GitLab, GitLabInPlace])
    def test_and_the_provider_away_for_days(self, kind, tmp_path):
        with kind(tmp_path) as world:
            tap = Tap(world)
            tap.install()
            path = "^POST .*/(access_tokens$|.*/rotate)"
            world.box.gitlab.server.faults[:] = [Fault(path, drop=True, after=True, times=1)]
            ran = [harness.apply(world)]
            be_away(world)
            assert first(world) is Phase.STUCK
            ran.append(recover(world, "deploy"))
            assert settled(world, tap, ran) == []


class TestRefusals:
    @pytest.mark.parametrize("kind", [GitLab, GitLabInPlace])
    def test_a_second_mint_that_is_refused_closes_nothing(self, kind, tmp_path):
        """Some secrets hold the first new token."""
        with kind(tmp_path, MANY) as world:
            kill_when(world, lambda: some_are_stored(world))
            drop_sealed(world)
            world.live_on(2 * HOUR)
            full = Response(400, {"message": "400 Bad request - limit reached"})
            refused = Fault("^POST .*/(access_tokens$|.*/rotate)", full)
            world.box.gitlab.server.faults[:] = [refused]
            assert harness.apply(world).code == 4
            assert first(world) is Phase.MINTING
            world.box.gitlab.server.faults.clear()
            harness.settle(world, [])
            assert first(world) is Phase.DONE
            assert all_work(world)

    @pytest.mark.parametrize("method", ["PUT", "GET"])
    def test_one_secret_does_not_keep_the_others_dead_after_a_swap(self, method, tmp_path):
        with GitLabInPlace(tmp_path, MANY) as world:
            message = {"message": "Resource not accessible by integration"}
            refused = Fault(
                f"^{method} .*/orgs/octo/actions/secrets/ORG_DEPLOY", Response(403, message)
            )
            strike_after(world, "/rotate", lambda: world.box.github.server.faults.append(refused))
            assert harness.apply(world).code == 4
            held = [world.of_place(place) for place in world.places]
            assert [token.works for token in held if token] == [True, True, False, True]
            world.box.github.server.faults.clear()
            assert harness.apply(world).code == 0
            assert all_work(world)

    def test_bad_days_with_good_runs_between_do_not_add_up(self, tmp_path):
        with GitLab(tmp_path, PLACES["codespaces"]) as world:
            assert harness.apply(world).code == 0
            for _ in range(6):
                world.box.clock.advance(DAY)
                down = Fault("/actions/runs", Response(502), times=12)
                world.box.github.server.faults[:] = [down]
                assert harness.apply(world).code == 4
                world.box.github.server.faults.clear()
                world.box.clock.advance(HOUR)
                assert harness.apply(world).code == 0
            assert first(world) is Phase.DRAINING


class TestDeclaredSince:
    @pytest.mark.parametrize("kind", [GitLab, GitLabInPlace])
    def test_a_secret_that_is_declared_meanwhile_is_not_left_with_a_dead_value(
        self, kind, tmp_path
    ):
        with kind(tmp_path) as world:
            world.repository.put_secret("SECOND", world.first.value, at=MADE)
            if kind is GitLabInPlace:  # it waits for a quiet moment
                world.repository.add_run(WORKFLOW, status="in_progress", event="push")
            assert harness.apply(world).code == 0
            path = world.folder / ".github/keyturn.yml"
            text = path.read_text(encoding="utf-8")
            more = text.replace("{ name: DEPLOY }", "{ name: DEPLOY }, { name: SECOND }")
            assert more != text
            path.write_text(more, encoding="utf-8")
            world.live_on(3 * DAY)
            ran = harness.apply(world)
            assert ran.code == 4
            assert "SECOND was declared to hold the token since" in " ".join(ran.out.split())
            held = world.repository.secret_value("SECOND")
            assert [token.works for token in world.tokens() if token.value == held] == [True]


class TestGivenUp:
    @pytest.mark.parametrize("kind", [GitLab, GitLabInPlace])
    def test_what_was_made_and_lost_is_looked_for(self, kind, tmp_path):
        with kind(tmp_path) as world:
            path = "^POST .*/(access_tokens$|.*/rotate)"
            world.box.gitlab.server.faults[:] = [Fault(path, drop=True, after=True, times=1)]
            harness.apply(world)
            be_away(world)
            ran = recover(world, "--abandon", "deploy")
            if kind is GitLab:
                assert first(world) is Phase.ABANDONED
                assert [token.works for token in world.tokens()] == [True, False]
            else:
                assert first(world) is Phase.STUCK
                assert "have this tried again" in " ".join(ran.out.split())

    def test_the_only_living_token_of_a_leak_is_kept(self, tmp_path):
        with GitLab(tmp_path) as world:

            def widen() -> None:
                for token in world.box.gitlab.tokens:
                    if "kt-" in token.name and "sudo" not in token.scopes:
                        token.scopes = (*token.scopes, "sudo")

            strike_after(world, "access_tokens", widen)
            ran = harness.run(world, "rotate", "deploy", "--now", "--leaked", "--apply")
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)
            assert recover(world, "--abandon", "deploy").code == 4
            assert [token.works for token in world.tokens()] == [False, True]
            assert drop_sealed(world)

    def test_where_a_place_is_gone_for_good(self, tmp_path):
        with GitLab(tmp_path, MANY) as world:
            kill_when(world, lambda: len(world.tokens()) == 2)
            world.repository.environments.pop("production")
            for _ in range(6):
                world.live_on(DAY)
                harness.apply(world)
            assert first(world) in (Phase.STUCK, Phase.NEEDS_HUMAN)
            recover(world, "--abandon", "deploy")
            assert first(world) is Phase.ABANDONED
            assert [token.works for token in world.tokens()] == [True, True]

    def test_the_journal_forgets_a_successor_that_no_secret_holds(self, tmp_path):
        with GitLabById(tmp_path) as world:
            assert harness.apply(world).code == 0
            world.box.clock.advance(HOUR)
            world.store(world.places[0], "DEPLOY", world.first.value)
            world.live_on(DAY)
            assert harness.apply(world).code == 4
            recover(world, "--abandon", "deploy")
            known = harness.known(world)
            assert first(world) is Phase.ABANDONED
            assert known.current_of("octo/app") == {}


class TestTooEarly:
    def test_a_job_that_was_skipped_proves_nothing(self, tmp_path):
        with GitLab(tmp_path) as world:
            assert harness.apply(world).code == 0
            world.box.clock.advance(DAY)
            world.repository.add_run(WORKFLOW, event="push", jobs=[("deploy", "skipped")])
            harness.apply(world)
            assert first(world) is Phase.DRAINING
            world.live_on(HOUR)
            harness.apply(world)
            assert first(world) is Phase.DONE

    def test_a_copy_that_may_not_be_seen_any_more_is_still_waited_for(self, tmp_path):
        with Copied(tmp_path, ONE) as world:
            world.box.sailpoint.locks_enabled = True
            assert harness.apply(world).code == 0
            world.manager.scope = ("sp:my-personal-access-tokens:manage",)
            world.live_on(DAY)
            harness.apply(world)
            assert first(world) is Phase.DRAINING

    def test_an_old_value_put_back_between_the_intent_and_the_end(self, tmp_path):
        with GitLab(tmp_path) as world:
            harness.apply(world)
            world.live_on(DAY)
            kill_when(
                world, lambda: any(o.retiring for o in harness.known(world).operations.values())
            )
            world.live_on(2 * HOUR)
            world.store(world.places[0], "DEPLOY", world.first.value)
            world.live_on(HOUR)
            assert harness.apply(world).code == 4
            assert [token.works for token in world.tokens()] == [True, True]


def test_a_leaked_value_is_swapped_without_waiting(tmp_path):
    with GitLabInPlace(tmp_path) as world:
        world.repository.add_run(WORKFLOW, status="in_progress", event="push")
        ran = harness.run(world, "rotate", "deploy", "--now", "--leaked", "--apply")
        assert (ran.code, first(world)) == (0, Phase.DONE)
