"""The lock over whole runs: when it is taken over, and that whoever was overtaken stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.log import Entry, Kind, append, parse
from keyturn.sandbox.server import Fault, Request, Response, Server
from tests.rotation import harness
from tests.rotation.harness import Gate, Tap
from tests.rotation.worlds import MANY, GitLab, GitLabInPlace, World

HOUR = timedelta(hours=1)
_WAITS = {Phase.DRAINING, Phase.DONE}


def lock_and_die(world: World, *, shown: str = "completed") -> str:
    """Kill a run that has begun; return the page of its workflow run, which GitHub shows so."""

    class Watching(Gate):
        def _within(self, seconds, call):
            if harness.known(world).operations:
                self._at = self.count + 1
            return super()._within(seconds, call)

    assert harness.apply(world, gate=Watching()).code is None
    world.repository.runs[world.run_id].status = shown
    return f"https://github.com/octo/app/actions/runs/{world.run_id}/attempts/1"


class TestTheNextRun:
    def test_takes_over_at_once_from_a_workflow_run_that_has_ended(self, tmp_path):
        with GitLab(tmp_path) as world:
            page = lock_and_die(world)
            ran = harness.apply(world)
            assert ran.code == 0
            assert f"took over the lock of a run that has ended: {page}" in ran.err
            assert harness.known(world).fence == 2

    def test_waits_for_one_that_goes_on_and_names_it(self, tmp_path):
        with GitLab(tmp_path) as world:
            page = lock_and_die(world, shown="in_progress")
            tap = Tap(world)
            tap.install()
            ran = harness.apply(world)
            assert set(tap.methods) == {"GET"}
            assert ran.code == 3
            assert f"until 2026-11-23 07:17 UTC: {page}" in ran.err
            world.live_on(HOUR)
            assert harness.apply(world).code == 0

    @pytest.mark.parametrize("command", ["rotate", "recover"])
    def test_breaks_it_where_a_person_says_so(self, command, tmp_path):
        with GitLab(tmp_path) as world:
            page = lock_and_die(world, shown="in_progress")
            ran = harness.run(world, command, "--apply", "--break-lock")
            assert f"broke the lock of {page}, which held until 2026-11-23 07:17 UTC" in ran.err
            assert harness.known(world).fence == 2
            assert harness.known(world).lock is None

    @pytest.mark.parametrize("command", ["rotate", "recover"])
    def test_breaks_none_where_it_does_not_act(self, command, tmp_path):
        with GitLab(tmp_path) as world:
            ran = harness.run(world, command, "--break-lock")
            assert ran.code == 2
            assert "add --apply" in ran.err


def test_a_head_that_could_not_be_written_is_told_in_the_end(tmp_path):
    with GitLab(tmp_path) as world:
        assert harness.apply(world).code == 0
        world.live_on(timedelta(days=1))
        head = Fault("^PATCH .*/KEYTURN_JOURNAL_HEAD", Response(422, {"message": "no"}), times=99)
        world.box.github.server.faults[:] = [head]
        ran = harness.apply(world)
        assert ran.code == 3
        assert "how far the journal goes could not be written down" in ran.err


class Overtaker(Tap):
    """Has another run take the lock behind one request; the answer arrives all the same."""

    def __init__(self, world: World, when: int) -> None:
        super().__init__(world)
        self.when = when
        self.written: list[tuple[str, int]] = []
        """Path and answer of everything but questions, in order."""

    def _wrap(self, server: Server) -> Callable[[Request], Response | None]:
        answer = super()._wrap(server)

        def noted(request: Request) -> Response | None:
            response = answer(request)
            if response and request.method != "GET":
                self.written.append((request.path, response.status))
            return response

        return noted

    def _look(self) -> None:
        super()._look()
        if self.count != self.when or not harness.known(self.world).lock:
            return
        key = journal_key(self.world.recovery)
        log = parse(harness.journal(self.world), key)
        now = self.world.box.clock.now
        data = {"owner": "other", "until": now + HOUR, "fence": harness.known(self.world).fence + 1}
        git = self.world.repositories[self.world.journal_repository].git
        log = append(log, [Entry(Kind.LOCK, now, "other", "", data)], key)
        harness.put_journal(self.world, git, log.data)


@pytest.mark.parametrize("made", [GitLab, GitLabInPlace])
def test_a_run_that_was_overtaken_stops_at_its_next_entry(made, tmp_path):
    """It may end the step whose intent it had written down; then it writes nothing more."""
    overtaken = 0
    for when in range(20, 100, 8):
        with made(tmp_path / str(when), MANY) as world:
            tap = Overtaker(world, when)
            tap.install()
            ran = [harness.apply(world)]
            written, lock = list(tap.written), harness.known(world).lock
            if lock is None or lock.owner != "other":
                continue
            overtaken += 1
            path, status = written[-1]
            assert (path.endswith("/contents/journal.jsonl"), status) == (True, 409), when
            if ran[0].code == 4:
                assert "somebody else wrote to the journal" in ran[0].err
            else:  # all was done, but for giving the lock back
                operations = harness.known(world).operations.values()
                assert {operation.phase for operation in operations} <= _WAITS
            world.live_on(HOUR)
            harness.settle(world, ran)
            assert harness.judge(world, tap, ran).broken == [], when
    assert overtaken > 5
