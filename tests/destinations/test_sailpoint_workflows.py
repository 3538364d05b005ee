from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.destinations.sailpoint_workflows import (
    Outcome,
    Place,
    SailPointCopies,
    SailPointWorkflows,
)
from keyturn.errors import CredentialRejected, ProviderUnavailable
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.sandbox.sailpoint import SailPoint
from keyturn.sandbox.sailpoint_answers import refusal
from keyturn.sandbox.sailpoint_world import Identity, Pat, Workflow
from keyturn.sandbox.server import Clock, Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NEW_SECRET = "n" * 64


class World:
    """A tenant with an administrator's token, an old and a new one."""

    def __init__(self, transport: Transport, api: str = "v2025") -> None:
        self.box = SailPoint(Clock(NOW))
        self.box.server.start()
        self.admin: Identity = self.box.add_identity("admin", admin=True)
        self.asking, self.old, self.new = (
            self.box.create_pat(name, owner=self.admin) for name in ("asking", "old", "new")
        )
        self.new.secret = NEW_SECRET
        self.token = token = Token("t", "sailpoint", options={"url": self.box.url, "api": api})
        pair = SecretValue(f"{self.asking.id}:{self.asking.secret}")
        self.destination = SailPointWorkflows(transport, token, Access({"": pair}, own=False))

    def add(self, name: str = "Joiner", **more: Any) -> Workflow:
        loop = {"attributes": {"steps": {"In": step(self.old), "End": {"type": "success"}}}}
        basic = {
            "actionId": "sp:http",
            "attributes": {"basicAuthUserName": self.old.id, "basicAuthPassword": self.old.secret},
        }
        steps = {"Get": step(self.old), "Each": loop, "Basic": basic, "Other": step(self.asking)}
        return self.box.add_workflow(name, owner=self.admin, steps=steps, **more)

    def find(self) -> tuple[Place, ...]:
        return self.destination.find(self.old.id)

    def update(self, place: Place) -> list[tuple[str, Outcome]]:
        rows = self.destination.update(
            place, old_id=self.old.id, new_id=self.new.id, new_secret=SecretValue(NEW_SECRET)
        )
        self.messages = [row.message for row in rows]
        assert {(row.workflow_id, row.workflow) for row in rows} == {
            (place.workflow_id, place.workflow)
        }
        assert NEW_SECRET not in repr(rows)
        return [(row.step, row.state) for row in rows]

    def changes(self) -> int:
        return sum(each.request.method == "PATCH" for each in self.box.server.exchanges)


def step(pat: Pat) -> dict[str, Any]:
    return {
        "actionId": "sp:http",
        "attributes": {
            "authenticationType": "OAuth",
            "oAuthClientId": pat.id,
            "oAuthClientSecret": pat.secret,
            "url": "https://acme.api.identitynow.com/v2025/identities",
        },
        "nextStep": "End",
    }


def all_of(state: Outcome) -> list[tuple[str, Outcome]]:
    return [("Get", state), ("Basic", state), ("In", state)]


@pytest.fixture
def transport() -> Iterator[Transport]:
    with Transport(sleep=lambda _seconds: None) as transport:
        yield transport


@pytest.fixture(params=["v2025", "v1"])
def world(transport: Transport, request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(transport, request.param)
    yield world
    world.box.server.stop()


def test_finds_exactly_what_holds_it(world):
    workflow = world.add()
    world.box.add_workflow("Other", owner=world.admin, steps={"Get": step(world.asking)})
    assert world.find() == (
        Place(workflow.id, "Joiner", "2026-11-22T09:00:00.000Z", ("Get", "Basic", "In")),
    )
    assert world.destination.find("nobody") == ()


def test_writes_id_and_secret_together_and_nothing_else(world):
    workflow = world.add(enabled=True)
    before = workflow.definition
    kept = before["steps"]["Other"]["attributes"]["oAuthClientSecret"]
    (place,) = world.find()
    world.box.clock.advance(timedelta(minutes=1))
    assert world.update(place) == all_of(Outcome.STORED)
    steps = workflow.definition["steps"]
    for attributes in (steps["Get"], steps["Each"]["attributes"]["steps"]["In"]):
        attributes = attributes["attributes"]
        assert attributes["oAuthClientId"] == world.new.id
        assert world.box.secret_of(attributes) == NEW_SECRET
    basic = steps["Basic"]["attributes"]
    assert basic["basicAuthUserName"] == world.new.id
    assert world.box.secret_of(basic, "basicAuthPassword") == NEW_SECRET
    assert steps["Other"]["attributes"]["oAuthClientSecret"] == kept
    assert {name: each.get("nextStep") for name, each in steps.items()} == {
        name: each.get("nextStep") for name, each in before["steps"].items()
    }
    assert (world.find(), world.changes(), workflow.enabled) == ((), 1, True)


def test_done_already_is_not_done_again(world):
    world.add()
    (place,) = world.find()
    for _ in range(2):
        assert world.update(place) == all_of(Outcome.STORED)
    assert world.messages == ["holds the new id already"] * 3
    assert world.changes() == 1


@pytest.mark.parametrize("how", ["modified", "step", "gone", "gone at the last moment"])
def test_what_somebody_has_changed_is_left_alone(world, how):
    workflow = world.add()
    (place,) = world.find()
    if how == "modified":
        workflow.modified_at += timedelta(seconds=1)
    elif how == "step":
        del workflow.definition["steps"]["Basic"]
    elif how == "gone":
        world.box.workflows.remove(workflow)
    else:
        world.box.server.faults.append(Fault("PATCH", refusal(404)))
    assert world.update(place) == all_of(Outcome.CHANGED_MEANWHILE)
    assert world.changes() == 0


def test_a_refused_change_is_told(world):
    world.add(enabled=True)
    world.box.locks_enabled = True
    (place,) = world.find()
    assert world.update(place) == all_of(Outcome.REFUSED)
    assert "(400)" in world.messages[0]
    assert "by hand" in world.messages[0]


def test_a_missing_right_is_named(world):
    world.asking.scope = ("sp:workflow:read",)
    world.add()
    (place,) = world.find()
    assert world.update(place) == all_of(Outcome.REFUSED)
    assert "sp:workflow:manage" in world.messages[0]


def test_no_other_secret_is_written_over_by_a_blank(world):
    world.add()
    world.box.hides_references = True
    (place,) = world.find()
    assert world.update(place) == all_of(Outcome.REFUSED)
    assert "would lose it" in world.messages[0]
    assert world.changes() == 0


def test_blanks_of_its_own_are_no_hindrance(world):
    world.box.add_workflow("Joiner", owner=world.admin, steps={"Get": step(world.old)})
    world.box.hides_references = True
    (place,) = world.find()
    assert world.update(place) == [("Get", Outcome.STORED)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PATCH", Response(500)),
        Fault("PATCH", drop=True, after=True),
        Fault("PATCH", Response(200, {})),
    ],
)
def test_where_nobody_knows_it_is_said_and_not_repeated(world, fault):
    world.add()
    (place,) = world.find()
    fault.times = 5
    world.box.server.faults.append(fault)
    with pytest.raises(ProviderUnavailable):
        world.update(place)
    assert fault.times == 4
    lost = fault.after
    world.box.server.faults.clear()
    assert world.update(place) == all_of(Outcome.STORED)
    assert world.messages[0].endswith("already") == lost


def test_a_dead_credential_ends_it(world):
    world.add()
    (place,) = world.find()
    world.box.delete(world.asking)
    with pytest.raises(CredentialRejected):
        world.update(place)


class TestAsCopies:
    def copies(self, world: World) -> SailPointCopies:
        given = world.destination
        return SailPointCopies(given._transport, world.token, given._access)

    def test_every_step_is_a_place(self, world: World) -> None:
        world.add("Mover")
        world.box.add_workflow("\x1b[31m", owner=world.admin, steps={"Get": step(world.old)})
        assert self.copies(world).find(world.old.id) == [
            'workflow "Mover", step "Get"',
            'workflow "Mover", step "Basic"',
            'workflow "Mover", step "In"',
            'workflow "\x1b[31m", step "Get"',
        ]

    def test_what_could_not_be_written_says_why(self, world: World) -> None:
        world.add("Mover")
        world.add("Leaver", enabled=True)
        world.box.locks_enabled = True
        parts = {"": SecretValue(NEW_SECRET)}
        copies = self.copies(world)
        told = copies.write(old_id=world.old.id, new_id=world.new.id, parts=parts)
        assert [why for place, why in told.items() if "Mover" in place] == ["", "", ""]
        assert "(400)" in told['workflow "Leaver", step "Get"']
        assert all("Leaver" in place for place in copies.find(world.old.id))
