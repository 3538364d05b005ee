"""Owners who have left, through the command line and over real HTTP."""

from __future__ import annotations

import pytest

from keyturn.leavers import MOST_ASKED
from keyturn.sandbox import Fault, Response
from tests.world import World


def about(report: dict[str, list[dict[str, object]]]) -> dict[str, str]:
    return {
        str(f["subject"]): str(f["message"])
        for f in report["findings"]
        if f["rule"] == "owner-gone"
    }


def asked(requests: list[str]) -> list[str]:
    return [line for line in requests if "/members" in line or "/permission" in line]


def leave(world: World, *logins: str) -> None:
    for login in logins:
        del world.box.github.organization("octo").members[login]
        world.repository.collaborators.pop(login, None)


def test_nothing_is_said_while_all_are_there(world: World) -> None:
    ran = world.check("--no-issues")
    assert about(ran.report) == {}
    assert asked(ran.asked) == [
        "GET /orgs/octo/memberships/alice",
        "GET /orgs/octo/memberships/bob",
    ]


def test_an_owner_who_left_is_a_finding_of_the_token(world: World) -> None:
    leave(world, "alice")
    found = about(world.check("--no-issues").report)
    assert list(found) == ["release-gitlab"]
    assert "@alice" in found["release-gitlab"]
    assert "@octo/platform is named too" in found["release-gitlab"]


def test_who_stays_as_a_collaborator_has_not_left(world: World) -> None:
    del world.box.github.organization("octo").members["alice"]
    assert about(world.check("--no-issues").report) == {}


def test_it_is_carried_in_the_tokens_issue_until_somebody_else_is_named(world: World) -> None:
    world.check()
    before = {number: issue.body for number, issue in world.repository.issues.items()}
    leave(world, "bob")
    world.check()
    changed = [n for n, issue in world.repository.issues.items() if issue.body != before.get(n)]
    assert len(changed) == 1
    assert "bob, no member of octo" in world.repository.issues[changed[0]].body
    assert "no more rights in octo/storefront" in world.repository.issues[changed[0]].body


@pytest.mark.parametrize("answer", [403, 404])
def test_without_the_right_it_is_said_once_and_an_issue_keeps_what_it_says(
    world: World, answer: int
) -> None:
    whole = world.check("--no-issues")
    leave(world, "bob")
    world.check()
    bodies = [issue.body for issue in world.repository.issues.values()]
    refused = Response(answer, {"message": "Not Found"})
    world.box.github.server.faults.append(Fault("memberships", refused, times=9))
    ran = world.check()
    assert [issue.body for issue in world.repository.issues.values()] == bodies
    assert about(ran.report) == {}
    (told,) = [e for e in ran.report["errors"] if "owners of tokens" in e["message"]]
    assert (told["kind"], told["subject"]) == ("not-permitted", "octo/storefront")
    assert "Members: read" in told["message"]
    # What else the run says is the same, and so is its exit code.
    assert ran.code == whole.code
    assert [f["rule"] for f in ran.report["findings"]] == [
        f["rule"] for f in whole.report["findings"]
    ]


def test_an_outage_makes_the_run_incomplete(world: World) -> None:
    world.box.github.server.faults.append(Fault("memberships", Response(502), times=9))
    ran = world.check("--no-issues")
    assert ran.code == 3
    assert "github-unavailable" in {error["kind"] for error in ran.report["errors"]}


def owned_by(world: World, *owners: str) -> None:
    path = ".github/keyturn.yml"
    text = (world.workspace / path).read_text("utf-8")
    for old in ('["@alice", "@octo/platform"]', '["@bob"]'):
        text = text.replace(old, f"[{', '.join(owners)}]")
    world.write(path, text)


def test_nobody_is_asked_where_only_teams_are_named(world: World) -> None:
    owned_by(world, '"@octo/platform"')
    assert asked(world.check("--no-issues").asked) == []


def test_of_many_only_the_first_are_asked_about(world: World) -> None:
    owned_by(world, *(f'"@gone{number:02}"' for number in range(MOST_ASKED + 5)))
    ran = world.check("--no-issues")
    assert len(asked(ran.asked)) == 2 + 2 * MOST_ASKED
    (message, _) = about(ran.report).values()
    assert f"@gone{MOST_ASKED - 1:02}, no member" in message
