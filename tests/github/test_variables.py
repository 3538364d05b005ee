from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyturn.errors import NotPermitted, PlatformError, PlatformRefused, PlatformUnavailable
from keyturn.github.variables import LARGEST_VARIABLE, GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.interfaces import Variables
from keyturn.sandbox import Response, Sandbox
from tests.github.worlds import NOW, TOKEN, client_of, fail, struck, world, writes

NAME = "KEYTURN_JOURNAL_HEAD"
MAKE, CHANGE = (
    "POST /repos/octo/app/actions/variables",
    f"PATCH /repos/octo/app/actions/variables/{NAME}",
)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world() as made:
        yield made


@pytest.fixture
def variables(box: Sandbox) -> GitHubVariables:
    return variables_of(box)


def variables_of(box: Sandbox, repository: str = "octo/app") -> GitHubVariables:
    made = GitHubVariables(client_of(box), repository, WriteBudget())
    _: Variables = made
    return made


def value(box: Sandbox) -> str | None:
    entry = box.github.repository("octo/app").variables.get(NAME)
    return entry.value if entry else None


def put_old(box: Sandbox) -> None:
    box.github.repository("octo/app").variables.put(NAME, "old", at=NOW)


def test_making_reading_changing_and_deleting(box: Sandbox, variables: GitHubVariables) -> None:
    assert variables.get(NAME) is None
    variables.put(NAME, "one")
    assert variables.get(NAME) == "one"
    variables.put(NAME.lower(), "two")
    assert variables.get(NAME) == "two"
    variables.delete(NAME)
    assert variables.get(NAME) is None
    variables.put(NAME, "")
    assert variables.get(NAME) == ""
    assert [line.split()[0] for line in writes(box)] == ["POST", "PATCH", "DELETE", "POST"]


def test_the_names_of_all(box: Sandbox, variables: GitHubVariables) -> None:
    assert variables.names() == []
    names = [f"NAME_{number:03}" for number in range(65)]
    for name in names:
        box.github.repository("octo/app").variables.put(name, "x", at=NOW)
    assert sorted(variables.names()) == names
    box.github.add_token(TOKEN, permissions={"metadata"})
    with pytest.raises(NotPermitted) as caught:
        variables.names()
    assert "variables=read" in caught.value.hint


def test_one_that_is_there_unknown_is_changed(box: Sandbox, variables: GitHubVariables) -> None:
    put_old(box)
    variables.put(NAME, "new")
    assert value(box) == "new"
    assert writes(box) == [MAKE, CHANGE]


def test_one_that_was_read_is_changed_at_once(box: Sandbox, variables: GitHubVariables) -> None:
    put_old(box)
    variables.get(NAME)
    variables.put(NAME, "new")
    assert writes(box) == [CHANGE]


def test_one_that_somebody_deleted_is_made(box: Sandbox, variables: GitHubVariables) -> None:
    put_old(box)
    variables.get(NAME)
    box.github.repository("octo/app").variables.drop(NAME)
    variables.put(NAME, "new")
    assert value(box) == "new"
    assert writes(box) == [CHANGE, MAKE]


@pytest.mark.parametrize("known", [True, False])
def test_another_refusal_is_told(box: Sandbox, variables: GitHubVariables, known: bool) -> None:
    if known:
        put_old(box)
        variables.get(NAME)
    fault = fail(box, "PATCH|POST", Response(422))
    with pytest.raises(PlatformRefused, match="422"):
        variables.put(NAME, "new")
    assert struck(fault) == 1


def test_the_largest(box: Sandbox, variables: GitHubVariables) -> None:
    variables.put(NAME, "v" * LARGEST_VARIABLE)
    with pytest.raises(PlatformRefused, match="bytes"):
        variables.put(NAME, "\u00e9" * (LARGEST_VARIABLE // 2) + "v")
    assert len(writes(box)) == 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_a_put_whose_answer_was_lost(
    box: Sandbox, variables: GitHubVariables, known: bool, after: bool
) -> None:
    if known:
        put_old(box)
        variables.get(NAME)
    fault = fail(box, "PATCH|POST", drop=True, after=after)
    if after:
        variables.put(NAME, "new")
        assert value(box) == "new"
    else:
        with pytest.raises(PlatformUnavailable):
            variables.put(NAME, "new")
    assert struck(fault) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_one_that_was_made_behind_an_error_is_changed_the_next_time(
    box: Sandbox, variables: GitHubVariables, status: int
) -> None:
    fail(box, "POST", Response(status), after=True, times=1)
    unseen = fail(box, "GET", Response(502))
    with pytest.raises(PlatformUnavailable):
        variables.put(NAME, "new")
    box.github.server.faults.remove(unseen)
    variables.put(NAME, "newer")
    assert value(box) == "newer"
    assert writes(box) == [MAKE, MAKE, CHANGE]


def test_a_secondary_limit_is_waited_for_and_the_text_is_there(box: Sandbox) -> None:
    slept: list[float] = []
    limited = Response(403, {"message": "You have exceeded a secondary rate limit"})
    limited.headers["retry-after"] = "7"
    fail(box, "POST", limited, times=1)
    client = client_of(box, sleep=slept.append)
    GitHubVariables(client, "octo/app", WriteBudget()).put(NAME, "new")
    assert (slept, value(box)) == ([7], "new")


def test_after_an_outage_github_is_asked_again_where_that_is_wanted(box: Sandbox) -> None:
    client = client_of(box)
    variables = GitHubVariables(client, "octo/app", WriteBudget())
    outage = fail(box, ".", drop=True)
    for _ in range(3):
        with pytest.raises(PlatformUnavailable):
            variables.put(NAME, "new")
    box.github.server.faults.remove(outage)
    with pytest.raises(PlatformUnavailable, match="not asked again in this run"):
        variables.put(NAME, "new")
    client.ask_again()
    variables.put(NAME, "new")
    assert value(box) == "new"


@pytest.mark.parametrize("after", [True, False])
def test_a_deletion_whose_answer_was_lost(
    box: Sandbox, variables: GitHubVariables, after: bool
) -> None:
    put_old(box)
    fault = fail(box, "DELETE", Response(502), after=after)
    if after:
        variables.delete(NAME)
    else:
        with pytest.raises(PlatformUnavailable):
            variables.delete(NAME)
    assert struck(fault) == 1


def test_where_the_look_is_not_answered_nobody_knows(
    box: Sandbox, variables: GitHubVariables
) -> None:
    fail(box, "POST", drop=True, after=True)
    fail(box, "GET", Response(502))
    with pytest.raises(PlatformUnavailable):
        variables.put(NAME, "new")


def test_one_that_is_gone_is_deleted(variables: GitHubVariables) -> None:
    variables.delete(NAME)


@pytest.mark.parametrize("act", ["get", "put", "delete"])
def test_a_repository_that_is_not_shown_is_no_empty_one(box: Sandbox, act: str) -> None:
    variables = variables_of(box, "octo/missing")
    with pytest.raises(PlatformError, match="404"):
        variables.put(NAME, "new") if act == "put" else getattr(variables, act)(NAME)


@pytest.mark.parametrize("act", ["get", "delete"])
def test_what_keeps_it_from_being_shown_is_told(
    box: Sandbox, variables: GitHubVariables, act: str
) -> None:
    fail(box, "variables/", Response(404))
    fail(box, "variables", Response(410))
    with pytest.raises(PlatformRefused, match="410"):
        getattr(variables, act)(NAME)


@pytest.mark.parametrize(
    ("act", "granted", "right"),
    [
        ("get", "metadata", "read"),
        ("put", "variables:read", "write"),
        ("delete", "variables:read", "write"),
    ],
)
def test_the_missing_right_is_named(box: Sandbox, act: str, granted: str, right: str) -> None:
    put_old(box)
    box.github.add_token(TOKEN, permissions={granted})
    variables = variables_of(box)
    with pytest.raises(NotPermitted) as caught:
        variables.put(NAME, "new") if act == "put" else getattr(variables, act)(NAME)
    assert caught.value.hint == f"it needs actions_variables={right}"


@pytest.mark.parametrize("act", ["get", "put", "delete"])
def test_other_refusals_are_told(box: Sandbox, variables: GitHubVariables, act: str) -> None:
    fail(box, "variables", Response(410))
    with pytest.raises(PlatformRefused, match="410"):
        variables.put(NAME, "new") if act == "put" else getattr(variables, act)(NAME)


@pytest.mark.parametrize("body", [[], {}, {"name": NAME}, {"name": NAME, "value": 7}])
def test_nonsense_is_an_outage(box: Sandbox, variables: GitHubVariables, body: object) -> None:
    fail(box, "GET", Response(200, body))
    with pytest.raises(PlatformUnavailable):
        variables.get(NAME)


def test_every_write_is_taken_from_the_budget(box: Sandbox) -> None:
    taken: list[int] = []

    class Counting(WriteBudget):
        def spend(self) -> None:
            taken.append(len(writes(box)))

    put_old(box)
    variables = GitHubVariables(client_of(box), "octo/app", Counting())
    variables.put(NAME, "new")
    variables.delete(NAME)
    assert taken == [0, 1, 2]
