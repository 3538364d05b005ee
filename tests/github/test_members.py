from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyturn.errors import NotPermitted, PlatformRejected, PlatformUnavailable
from keyturn.github.members import GitHubMembers
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_world import Organization
from tests.github.worlds import TOKEN, client_of, fail, lines, world

ALL = ("alice", "bob", "zoe")


@pytest.fixture(params=[True, False], ids=["private", "public"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    people = {"wanda": "write", "theo": "triage", "mia": "admin"}
    with world(private=request.param, collaborators=people) as made:
        made.github.add_organization("octo")
        yield made


@pytest.fixture
def octo(box: Sandbox) -> Organization:
    return box.github.organization("octo")


def gone(box: Sandbox, *logins: str) -> set[str]:
    client = client_of(box)
    return set(GitHubMembers(client, "octo/app", url=box.github.url).find_gone(logins))


def test_members_are_there_whatever_the_case(box: Sandbox, octo: Organization) -> None:
    octo.members |= {"alice": "member", "Bob": "admin"}
    assert gone(box, "ALICE", "bob", "zoe") == {"zoe"}


def test_who_was_invited_is_there(box: Sandbox, octo: Organization) -> None:
    octo.invited.add("alice")
    assert gone(box, "alice", "zoe") == {"zoe"}


@pytest.mark.parametrize("login", ["wanda", "theo", "mia"])
def test_who_was_let_in_from_outside_is_there(box: Sandbox, octo: Organization, login: str) -> None:
    assert gone(box, login, "zoe") == {"zoe"}


def test_who_may_only_read_is_there_where_not_everybody_may(
    box: Sandbox, octo: Organization
) -> None:
    repository = box.github.repository("octo/app")
    repository.collaborators["rita"] = "read"
    assert gone(box, "rita") == (set() if repository.private else {"rita"})


def test_a_login_that_nobody_has_is_gone(box: Sandbox, octo: Organization) -> None:
    fail(box, "permission", Response(404, {"message": "zoe is not a user"}))
    assert gone(box, "zoe") == {"zoe"}


def test_where_all_are_there_one_request_each_is_enough(box: Sandbox, octo: Organization) -> None:
    octo.members |= {"alice": "member", "bob": "member"}
    assert gone(box, "alice", "bob") == set()
    assert lines(box) == [
        "GET /repos/octo/app",
        "GET /orgs/octo/memberships/alice",
        "GET /orgs/octo/memberships/bob",
    ]


def test_that_memberships_are_shown_is_proven_before_anybody_is_called_gone(
    box: Sandbox, octo: Organization
) -> None:
    octo.members |= {"alice": "member"}
    gone(box, "alice", "zoe")
    assert lines(box) == [
        "GET /repos/octo/app",
        "GET /orgs/octo/memberships/alice",
        "GET /orgs/octo/memberships/zoe",
        "GET /orgs/octo/members",
        "GET /orgs/octo/memberships/alice",
        "GET /repos/octo/app/collaborators/zoe/permission",
    ]


def test_nobody_has_left_a_persons_repository() -> None:
    with world() as box:
        assert gone(box, *ALL) == set()
        assert lines(box) == ["GET /repos/octo/app"]


@pytest.mark.parametrize("shown", [False, True], ids=["hidden", "shown"])
@pytest.mark.parametrize(
    "credential",
    [{"kind": "workflow"}, {"permissions": ["secrets", "issues"]}],
    ids=["workflow", "app"],
)
def test_a_credential_that_sees_no_memberships_is_not_believed(
    box: Sandbox, octo: Organization, credential: dict[str, object], shown: bool
) -> None:
    box.github.add_token(TOKEN, **credential)  # type: ignore[arg-type]
    if shown:
        octo.shown |= set(octo.members)
    with pytest.raises(NotPermitted) as caught:
        gone(box, *ALL)
    assert "ember" in caught.value.hint
    assert len(lines(box)) <= 5


@pytest.mark.parametrize("path", [r"octo/members\?", "memberships"])
@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_before_the_proof_is_a_missing_right(
    box: Sandbox, octo: Organization, path: str, status: int
) -> None:
    fail(box, path, Response(status, {"message": "no"}))
    with pytest.raises(NotPermitted, match=r"octo|403"):
        gone(box, *ALL)


def test_a_403_afterwards_is_one_too(box: Sandbox, octo: Organization) -> None:
    fail(box, "permission", Response(403, {"message": "no"}))
    with pytest.raises(NotPermitted):
        gone(box, *ALL)


def test_an_unknown_credential_is_said_as_everywhere(box: Sandbox, octo: Organization) -> None:
    fail(box, "orgs", Response(401, {"message": "Bad credentials"}))
    with pytest.raises(PlatformRejected):
        gone(box, *ALL)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (r"octo/members\?", {}),
        (r"octo/members\?", [7]),
        (r"octo/members\?", [{"login": 7}]),
        ("permission", []),
        ("permission", {"permission": None}),
    ],
)
def test_nonsense_is_an_outage(box: Sandbox, octo: Organization, path: str, body: object) -> None:
    fail(box, path, Response(200, body))
    with pytest.raises(PlatformUnavailable):
        gone(box, *ALL)


@pytest.mark.parametrize(
    "path", ["repos/octo/app$", r"octo/members\?", "memberships", "permission"]
)
def test_so_is_an_error_of_githubs_own(box: Sandbox, octo: Organization, path: str) -> None:
    fail(box, path, Response(502))
    with pytest.raises(PlatformUnavailable):
        gone(box, *ALL)
