"""Who may still hold the old value: other repositories, runs that cannot be listed, busy ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.sandbox.server import Fault, Response
from tests.rotation import harness
from tests.rotation.test_executor import first
from tests.rotation.worlds import GitLab, GitLabInPlace, Place, World
from tests.rotation.worlds.base import WORKFLOW

DAY = timedelta(days=1)
SHARED = (Place("organization: octo, ", "ORG_", organization=True),)


class Capped(GitLab):
    """A token whose old value is kept for five days at most."""

    def more(self) -> str:
        return ", cap: 5d"


def text(ran: harness.Ran) -> str:
    return " ".join(ran.out.split())


def share(world: World, *names: str, visibility: str = "selected") -> None:
    """Show the organization's secret to the checked repository and to further ones."""
    others = [world.box.github.add_repository(name) for name in names]
    entry = world.octo.vaults["actions"].entries["ORG_DEPLOY"]
    entry.visibility = visibility
    entry.selected = {world.repository.id, *(other.id for other in others)}


class TestAnOrganizationsSecret:
    def test_once_no_run_of_its_readers_is_left_the_old_token_is_retired(self, tmp_path):
        with Capped(tmp_path, SHARED) as world:
            share(world, "octo/reader")
            reader = world.box.github.repository("octo/reader")
            held = reader.add_run(WORKFLOW, status="in_progress")
            assert harness.apply(world).code == 0
            world.live_on(DAY)
            waiting = harness.apply(world)
            assert (waiting.code, first(world)) == (0, Phase.DRAINING)
            assert "1 unfinished run can still hold the old value" in text(waiting)
            held.status, held.conclusion = "completed", "success"
            world.live_on(DAY)
            assert harness.apply(world).code == 0
            assert first(world) is Phase.DONE

    @pytest.mark.parametrize("visibility", ["all", "private"])
    def test_who_sees_one_that_is_not_limited_is_not_told_and_waits_for_the_cap(
        self, visibility, tmp_path
    ):
        with Capped(tmp_path, SHARED) as world:
            share(world, visibility=visibility)
            assert harness.apply(world).code == 0
            for _ in range(4):
                world.live_on(DAY)
                waiting = harness.apply(world)
                assert (waiting.code, first(world)) == (0, Phase.DRAINING)
            assert "repositories that see octo:ORG_DEPLOY" in text(waiting)
            world.live_on(DAY)
            ended = harness.apply(world)
            assert first(world) is Phase.DONE
            assert "although: the longest drain is over" in text(ended)
            assert "not limited to selected repositories" in text(ended)

    def test_so_does_one_that_a_great_many_see(self, tmp_path):
        with Capped(tmp_path, SHARED) as world:
            share(world, *(f"octo/r{number}" for number in range(100)))
            assert harness.apply(world).code == 0
            world.live_on(DAY)
            asked = len(world.box.github.server.exchanges)
            assert "more than 100 see it" in text(harness.apply(world))
            assert len(world.box.github.server.exchanges) - asked < 100

    def test_a_reader_whose_runs_are_not_shown_is_named(self, tmp_path):
        with Capped(tmp_path, SHARED) as world:
            share(world, "octo/hidden")
            fault = Fault("octo/hidden/actions/runs", Response(404, {"message": "Not Found"}))
            world.box.github.server.faults.append(fault)
            assert harness.apply(world).code == 0
            world.live_on(DAY)
            waiting = harness.apply(world)
            assert (waiting.code, first(world)) == (0, Phase.DRAINING)
            assert "runs of octo/hidden" in text(waiting)
            world.live_on(4 * DAY)
            assert "runs of octo/hidden" in text(harness.apply(world))
            assert first(world) is Phase.DONE


class TestRunsThatCannotBeListed:
    @pytest.mark.parametrize("status", [403, 404])
    def test_before_anything_is_made_they_block(self, status, tmp_path):
        with GitLab(tmp_path) as world:
            world.box.github.server.faults.append(Fault("/actions/runs[?]", Response(status, {})))
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.BLOCKED)
            assert "Actions: read" in text(ran)
            assert len(world.tokens()) == 1

    @pytest.mark.parametrize(("status", "code"), [(403, 0), (500, 4)])
    def test_later_they_keep_the_old_token_until_the_cap_and_no_longer(
        self, status, code, tmp_path
    ):
        with Capped(tmp_path) as world:
            assert harness.apply(world).code == 0
            world.box.github.server.faults.append(Fault("/actions/runs[?]", Response(status, {})))
            for _ in range(4):
                world.live_on(DAY)
                assert (harness.apply(world).code, first(world)) == (code, Phase.DRAINING)
            world.live_on(DAY)
            ended = harness.apply(world)
            assert (ended.code, first(world)) == (0, Phase.DONE)
            assert "who holds the old value is not all seen: runs of octo/app" in text(ended)


class TestASwapWaitsForAQuietMoment:
    def test_a_run_that_holds_the_value_is_waited_for(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            busy = world.repository.add_run(WORKFLOW, status="in_progress", event="push")
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (0, Phase.PREFLIGHT)
            assert "1 unfinished run holds the value that would die" in text(ran)
            assert world.first.id in {token.id for token in world.tokens() if token.works}
            busy.status, busy.conclusion = "completed", "success"
            world.live_on(timedelta(hours=2))
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (0, Phase.DONE)

    def test_one_that_was_queued_by_a_clock_ahead_of_ours_too(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            world.repository.add_run(WORKFLOW, status="queued", event="push")
            ran = harness.apply(world, ahead=-timedelta(minutes=59))
            assert (ran.code, first(world)) == (0, Phase.PREFLIGHT)

    @pytest.mark.parametrize(("job", "phase"), [("waiting", Phase.DONE), ("", Phase.PREFLIGHT)])
    def test_of_an_environment_only_a_job_that_has_begun(self, job, phase, tmp_path):
        places = (Place("environment: production, ", "ENV_", environment="production"),)
        with GitLabInPlace(tmp_path, places) as world:
            run = world.repository.add_run(
                WORKFLOW, status="in_progress", event="push", jobs=[("deploy", "")]
            )
            run.jobs[0].status = job or "in_progress"
            harness.apply(world)
            assert first(world) is phase

    def test_while_github_does_not_tell_nothing_is_swapped(self, tmp_path):
        with GitLabInPlace(tmp_path) as world:
            fault = Fault("runs[?].*status=", Response(500, {}))
            world.box.github.server.faults.append(fault)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.PREFLIGHT)
            assert len(world.tokens()) == 1
