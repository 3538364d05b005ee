"""What a rotation refuses before it does anything: a wrong clock, a journal in a wrong place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.cli import main
from keyturn.sandbox.server import Response
from tests.rotation import harness
from tests.rotation.harness import Ran
from tests.rotation.worlds import GitLab, World

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def refuse(world: World, ahead: timedelta = timedelta()) -> Ran:
    """Run once, and require that it changed nothing."""
    ran = harness.apply(world, ahead=ahead)
    exchanges = [each for server in world.box.servers for each in server.exchanges]
    assert {exchange.request.method for exchange in exchanges} == {"GET"}
    assert ran.code == 2
    return ran


@pytest.mark.parametrize("ahead", [HOUR + SECOND, -HOUR - SECOND, timedelta(days=400)])
def test_a_clock_more_than_an_hour_off(ahead, tmp_path):
    with GitLab(tmp_path) as world:
        told = refuse(world, ahead).err
        assert f"clock says {world.box.clock.now + ahead:%Y-%m-%d %H:%M} UTC" in told
        assert "GitHub's 2026-11-23 06:17 UTC" in told
        assert "NTP" in told


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_one_an_hour_off_at_the_most_writes_by_github_s(ahead, tmp_path):
    with GitLab(tmp_path) as world:
        assert harness.apply(world, ahead=ahead).code == 0
        (operation,) = harness.known(world).operations.values()
        assert timedelta(0) <= operation.opened_at - world.box.clock.now < HOUR / 2


def test_where_github_tells_no_time_the_run_s_own_counts(tmp_path):
    with GitLab(tmp_path) as world:
        server = world.box.github.server
        finish = server.finish

        def undated(request, response):
            response = finish(request, response)
            response.headers.pop("date")
            return Response(response.status, response.body, response.headers)

        server.finish = undated
        assert harness.apply(world, ahead=HOUR * 2).code == 0
        (operation,) = harness.known(world).operations.values()
        assert HOUR * 2 <= operation.opened_at - world.box.clock.now < HOUR * 2.5


def test_a_plan_needs_no_clock(tmp_path, capsys, monkeypatch):
    with GitLab(tmp_path) as world:
        monkeypatch.chdir(tmp_path)
        assert main(["rotate"], world.environ, now=world.box.clock.now + HOUR * 2) == 0
        assert "deploy" in capsys.readouterr().out


def test_a_journal_must_not_be_the_default_branch(tmp_path):
    with GitLab(tmp_path) as world:
        world.repository.default_branch = "keyturn/journal"
        told = refuse(world).err
        assert "keyturn/journal is the default branch of octo/app" in told
