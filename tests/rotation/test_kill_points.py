"""Rotations killed at some of their requests; `make bench-rotation` kills them at every one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.rotation import harness
from tests.rotation.harness import Processes, Tap
from tests.rotation.worlds import CASES, MANY, PLACES, WORLDS, GitLab, GitLabAlone, World
from tests.systems import needs_signals

_KILLED_AT = (47, 95)
"""Of the requests of the first run, from its reading to the last look at what is stored."""
_SPREAD = range(17, 120, 49)


@needs_signals
class TestSigkill:
    """The process is gone, as when a runner is lost."""

    def test_before_and_after_a_request(self, tmp_path):
        with Processes() as processes:
            for at in _KILLED_AT:
                for after in (False, True):
                    with GitLab(tmp_path / f"{at}{after}", MANY) as world:
                        verdict, reached = harness.sigkill(
                            world, at, after=after, processes=processes
                        )
                    assert (reached, verdict.broken) == (True, []), (at, after)

    def test_the_command_itself(self, tmp_path):
        with GitLab(tmp_path) as world:
            tap = Tap(world, at=50, after=True)
            tap.install()
            command = [sys.executable, "-m", "keyturn", "rotate", "--apply"]
            now = world.box.clock.now
            with world.in_run():
                process = subprocess.Popen(
                    [*command, "--at", now.isoformat()],
                    env={**os.environ, **world.environ},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )

                def strike() -> None:
                    process.kill()
                    process.wait()

                tap.strike = strike
                out, err = process.communicate()
            assert process.returncode == -signal.SIGKILL
            ran = [harness.Ran(None, out, err)]
            harness.settle(world, ran)
            assert harness.judge(world, tap, ran).broken == []


@pytest.mark.parametrize(("name", "places"), CASES)
class TestEveryWorld:
    """Cut off in this process, which ends as it would by SIGKILL."""

    def test_cut_off_nowhere_it_is_done(self, name, places, tmp_path):
        with WORLDS[name](tmp_path, PLACES[places]) as world:
            methods, verdict = harness.trace(world)
            assert verdict.broken == []
            assert {"GET", "PUT"} <= set(methods)
            assert verdict.runs <= 5

    def test_cut_off_it_keeps_every_promise(self, name, places, tmp_path):
        for index, at in enumerate(_SPREAD):
            with WORLDS[name](tmp_path / str(at), PLACES[places]) as world:
                verdict, reached = harness.kill(world, at, after=index % 2 == 1)
            assert verdict.broken == [], at
            if not reached:
                break


class TestTwoFaults:
    """What mends a rotation is cut off too, or something else was lost before."""

    @pytest.mark.parametrize("pair", [(45, 30), (45, 55), (62, 40), (80, 60)])
    @pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place", "aws-iam overlap"])
    def test_the_run_that_goes_on_is_killed_too(self, name, pair, tmp_path):
        with WORLDS[name](tmp_path) as world:
            verdict, _ = harness.kill_twice(world, *pair, after=True)
            assert verdict.broken == []

    @pytest.mark.parametrize("pair", [(44, 52), (52, 56), (60, 75)])
    @pytest.mark.parametrize("name", ["gitlab overlap", "gitlab in-place", "sailpoint overlap"])
    def test_an_answer_is_lost_before_it_is_killed(self, name, pair, tmp_path):
        with WORLDS[name](tmp_path) as world:
            verdict, _ = harness.lose_then_kill(world, *pair, after=True)
            assert verdict.broken == []


class TestTheOneWindow:
    """A swap without a manager loses the value between the answer and the sealed record."""

    def test_it_ends_with_a_person_and_never_presents_the_value_again(self, tmp_path):
        with GitLabAlone(tmp_path) as world:
            at = _number_of(world, "/rotate")
        with GitLabAlone(tmp_path / "again") as world:
            verdict, _ = harness.kill(world, at, after=True)
            assert verdict.accepted_loss
            assert verdict.broken == []
            last = harness.apply(world)
            assert last.code == 4
            assert "make a new token by hand" in " ".join(last.out.split())


def _number_of(world: World, path: str) -> int:
    """Return which request of a rotation is the first of that path."""
    tap = Tap(world)
    tap.install()
    found: list[int] = []
    server = world.box.gitlab.server
    answer = server.answer

    def noting(request):
        response = answer(request)
        if path in request.path:
            found.append(tap.count)
        return response

    server.answer = noting  # type: ignore[method-assign]
    harness.apply(world)
    return found[0]
