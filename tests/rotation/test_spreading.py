"""What GitHub shows of a secret: ours, somebody else's, or older than what it showed before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.sandbox.server import Request, Response
from tests.rotation import harness
from tests.rotation.harness import Ran, Tap
from tests.rotation.test_executor import first, kill_when
from tests.rotation.worlds import ONE, WORLDS, GitLab, World

SECRET = "/repos/octo/app/actions/secrets/DEPLOY"


def show_old(world: World, *, skip: int, times: int) -> None:
    """Have GitHub show the secret as it was before the write, some looks after it."""
    server, answer = world.box.github.server, world.box.github.server.answer
    old: list[Response | None] = []
    looks = written = 0

    def answered(request: Request) -> Response | None:
        nonlocal looks, written
        response = answer(request)
        if request.path != SECRET:
            return response
        if request.method == "PUT":
            written += 1
        if request.method != "GET":
            return response
        if not written:
            old[:] = [response]
            return response
        looks += 1
        return old[0] if skip < looks <= skip + times else response

    server.answer = answered  # type: ignore[method-assign]


class TestWhatIsShownLate:
    @pytest.mark.parametrize("skip", [0, 1])
    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_it_is_looked_at_again(self, skip, times, tmp_path):
        with GitLab(tmp_path) as world:
            show_old(world, skip=skip, times=times)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (0, Phase.DRAINING)

    def test_what_stays_so_is_left_to_the_next_run(self, tmp_path):
        with GitLab(tmp_path) as world:
            show_old(world, skip=1, times=4)
            ran = [harness.apply(world)]
            assert (ran[0].code, first(world)) == (4, Phase.CONFIRMING)
            assert "older than it did before" in ran[0].out
            harness.settle(world, ran)
            assert first(world) is Phase.DONE

    def test_a_write_that_is_shown_only_at_the_last_look_is_ours(self, tmp_path):
        with GitLab(tmp_path) as world:
            show_old(world, skip=0, times=5)
            ran = [harness.apply(world)]
            assert (ran[0].code, first(world)) == (0, Phase.DRAINING)
            harness.settle(world, ran)
            assert first(world) is Phase.DONE


class TestCutOffWhileItIsWritten:
    """Between the intent and its outcome nobody knows whether the secret was written."""

    @pytest.mark.parametrize("written", [False, True])
    @pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place"])
    def test_it_is_written_again(self, name, written, tmp_path):
        with WORLDS[name](tmp_path) as world:
            tap = Tap(world)
            tap.install()
            self.kill(world, written=written)
            ran = [Ran(None, "", "")]
            harness.settle(world, ran)
            assert harness.judge(world, tap, ran).broken == []

    @pytest.mark.parametrize("written", [False, True])
    @pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place"])
    def test_what_was_put_in_by_hand_later_is_left(self, name, written, tmp_path):
        with WORLDS[name](tmp_path) as world:
            self.kill(world, written=written)
            world.live_on(timedelta(hours=1, seconds=1))
            by_hand = world.box.gitlab.create_token("project", "by hand", project=42).value
            world.store(ONE[0], "DEPLOY", by_hand)
            ran = harness.apply(world)
            assert (ran.code, first(world)) == (4, Phase.NEEDS_HUMAN)
            assert "was written by somebody else" in " ".join(ran.out.split())
            assert world.held(ONE[0])[""] == by_hand

    def kill(self, world: World, *, written: bool) -> None:
        def happened() -> bool:
            rows = [r for o in harness.known(world).operations.values() for r in o.rows.values()]
            intended = any(row.state.value == "writing" for row in rows)
            return intended and (not written or world.held(ONE[0])[""] != world.first.value)

        kill_when(world, happened)
