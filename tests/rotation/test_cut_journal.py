"""A journal that somebody cut back, and its head with it: nothing that a secret holds is ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.journal import HEAD_VARIABLE
from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.log import parse
from tests.rotation import harness
from tests.rotation.harness import Tap
from tests.rotation.worlds import WORLDS, GitLab, World

BRANCH = "refs/heads/keyturn/journal"


def forget(world: World, lines: int) -> None:
    """Cut the journal back to so many lines, and have the variable agree; 0: delete both."""
    git, variables = world.repository.git, world.repository.variables
    if not lines:
        del git.refs[BRANCH]
        variables.drop(HEAD_VARIABLE)
        return
    data = b"".join(harness.journal(world).splitlines(keepends=True)[:lines])
    harness.put_journal(world, git, data)
    head = parse(data, journal_key(world.recovery)).head
    assert head
    variables.put(HEAD_VARIABLE, head.text, at=world.box.clock.now)


def length(world: World) -> int:
    return harness.journal(world).count(b"\n")


@pytest.mark.parametrize("days", [0, 2])
@pytest.mark.parametrize(
    ("name", "first"),
    # Of each every third line, for the time it takes; the worlds begin at different ones.
    [
        ("gitlab overlap", 0),
        ("gitlab in-place", 1),
        ("synoptic overlap", 2),
        ("aws-iam overlap", 1),
    ],
)
def test_cut_back_to_any_line_no_secret_holds_what_is_dead(name, first, days, tmp_path):
    lines = 1
    for keep in range(first, 50, 3):
        with WORLDS[name](tmp_path / str(keep)) as world:
            ran = [harness.apply(world)]
            for _ in range(days):
                world.live_on(timedelta(days=1))
                ran.append(harness.apply(world))
            lines = length(world)
            if keep > lines:
                break
            tap = Tap(world)
            tap.install()
            forget(world, keep)
            for _ in range(4):
                ran.append(harness.apply(world))
                assert ran[-1].code in (0, 3, 4), keep
                assert "error of its own" not in ran[-1].err, keep
                held = [world.of_place(place) for place in world.places]
                assert all(token and token.works for token in held), keep
                world.live_on(timedelta(days=1))
            assert tap.early == [], keep
    assert lines > 10


def test_gone_with_its_head_but_not_with_its_sealed_record_is_no_beginning(tmp_path):
    with GitLab(tmp_path) as world:

        class Watching(harness.Gate):
            def _within(self, seconds, call):
                operations = harness.known(world).operations.values()
                if any(operation.phase is Phase.DISTRIBUTING for operation in operations):
                    self._at = self.count + 1
                return super()._within(seconds, call)

        assert harness.apply(world, gate=Watching()).code is None
        forget(world, 0)
        before = len(world.box.github.server.exchanges)
        ran = harness.apply(world)
        assert ran.code == 3
        assert "the journal is gone, and what it told of: KEYTURN_SEALED_" in ran.err
        exchanges = world.box.github.server.exchanges[before:]
        assert {exchange.request.method for exchange in exchanges} == {"GET"}


def test_the_head_alone_gone_is_told(tmp_path):
    with GitLab(tmp_path) as world:
        assert harness.apply(world).code == 0
        world.repository.variables.drop(HEAD_VARIABLE)
        ran = harness.apply(world)
        assert ran.code == 3
        assert "KEYTURN_JOURNAL_HEAD is gone" in ran.err
        # What it says to do helps.
        text = ran.err.rpartition("make the variable again: ")[2].strip()
        world.repository.variables.put(HEAD_VARIABLE, text, at=world.box.clock.now)
        assert harness.apply(world).code == 0
