"""Copies that the provider itself holds: SailPoint's workflows, while a token is rotated."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from keyturn.model.rotation import Phase
from tests.rotation import harness
from tests.rotation.harness import Tap
from tests.rotation.test_executor import first, kill_when
from tests.rotation.worlds import SailPoint, World


class Copied(SailPoint):
    """The tenant's own workflows use the token too."""

    def fill(self):
        issued = super().fill()
        tenant = self.box.sailpoint
        admin = next(each for each in tenant.identities if each.name == "ci-robot")
        self.flows = [
            tenant.add_workflow(name, owner=admin, steps=_steps(issued), enabled=name == "Leaver")
            for name in ("Joiner", "Mover", "Leaver")
        ]
        return issued

    def holding(self, token_id: str) -> int:
        """Return how many workflows hold a token's id."""
        return sum(token_id in str(flow.definition) for flow in self.flows)


def _steps(issued: Any) -> dict[str, Any]:
    pair = {"oAuthClientId": issued.id, "oAuthClientSecret": issued.value}
    return {"Get": {"actionId": "sp:http", "attributes": pair}}


def run_on(world: World, days: int) -> str:
    world.live_on(timedelta(days=days))
    return " ".join(harness.apply(world).out.split())


def test_they_are_written_after_the_secrets(tmp_path: Path) -> None:
    with Copied(tmp_path) as world:
        tap = Tap(world)
        tap.install()
        ran = [harness.apply(world)]
        old, new = world.tokens()
        assert (world.holding(old.id), world.holding(new.id)) == (0, 3)
        operation = next(iter(harness.known(world).operations.values()))
        assert set(operation.copies.values()) == {"stored"}
        harness.settle(world, ran)
        assert harness.judge(world, tap, ran).broken == []


def test_killed_between_two_of_them_the_rest_is_written(tmp_path: Path) -> None:
    with Copied(tmp_path) as world:
        tap = Tap(world)
        tap.install()
        old = world.first.id
        kill_when(world, lambda: world.holding(old) < 3)
        ran: list[Any] = []
        harness.settle(world, ran)
        assert world.holding(old) == 0
        assert harness.judge(world, tap, ran).broken == []


def test_the_old_token_waits_for_one_that_cannot_be_written(tmp_path: Path) -> None:
    with Copied(tmp_path) as world:
        world.box.sailpoint.locks_enabled = True
        assert harness.apply(world).code == 0
        told = run_on(world, 1)
        assert first(world) is Phase.DRAINING
        assert 'workflow "Leaver", step "Get"' in told
        assert world.first.id in str(world.flows[2].definition)
        run_on(world, 40)
        assert first(world) is Phase.DONE


def test_without_the_right_to_see_them_nothing_stops(tmp_path: Path) -> None:
    with Copied(tmp_path) as world:
        world.manager.scope = ("sp:my-personal-access-tokens:manage",)
        harness.apply(world)
        assert first(world) is Phase.DRAINING
        run_on(world, 1)
        assert first(world) is Phase.DONE
