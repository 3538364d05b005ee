from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from keyturn.blob import blob_id
from keyturn.errors import JournalBroken, NotPermitted, PlatformRefused, PlatformUnavailable
from keyturn.github.journal_branch import JournalBranch
from keyturn.journal import Stored
from keyturn.sandbox import Response, Sandbox
from keyturn.sandbox.github_world import Repository
from tests.github.worlds import TOKEN, client_of, fail, lines, world

CONTENTS = "/repos/octo/app/contents/journal.jsonl"
REF = "refs/heads/keyturn/journal"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={"README.md": "hello", ".github/workflows/ci.yml": "on: push"}) as made:
        yield made


@pytest.fixture
def repository(box: Sandbox) -> Repository:
    return box.github.repository("octo/app")


@pytest.fixture
def branch(box: Sandbox) -> JournalBranch:
    return JournalBranch(client_of(box), "octo/app")


def test_it_is_made_as_an_orphan_that_holds_one_file(
    repository: Repository, branch: JournalBranch
) -> None:
    branch.create(b"1\n2\n")
    git = repository.git
    commit = git.commits[git.refs[REF]]
    assert commit.parents == ()
    assert {path: git.blobs[sha] for path, (_, sha) in git.flat(commit.tree).items()} == {
        "journal.jsonl": b"1\n2\n"
    }
    assert commit.message == "Write the journal up to entry 2 [skip ci]"


def test_it_is_replaced_by_one_request(
    box: Sandbox, repository: Repository, branch: JournalBranch
) -> None:
    branch.create(b"1\n")
    first = repository.git.refs[REF]
    before = len(lines(box))
    branch.replace(b"1\n2\n", after=blob_id(b"1\n"))
    assert lines(box)[before:] == [f"PUT {CONTENTS}"]
    body = json.loads(box.github.server.exchanges[-1].request.body)
    assert sorted(body) == ["branch", "content", "message", "sha"]
    assert body["branch"] == "keyturn/journal"
    commit = repository.git.commits[repository.git.refs[REF]]
    assert commit.parents == (first,)
    assert commit.message.endswith("[skip ci]")
    assert len(repository.git.flat(commit.tree)) == 1


def test_it_is_read_by_one_request(box: Sandbox, branch: JournalBranch) -> None:
    branch.create(b"1\n")
    before = len(lines(box))
    assert branch.read() == Stored(b"1\n", blob_id(b"1\n"))
    assert lines(box)[before:] == [f"GET {CONTENTS}"]


def test_above_a_megabyte_its_blob_is_read(box: Sandbox, branch: JournalBranch) -> None:
    data = b"x" * (1024 * 1024) + b"\n"
    branch.create(data)
    before = len(lines(box))
    assert branch.read() == Stored(data, blob_id(data))
    blob = f"GET /repos/octo/app/git/blobs/{blob_id(data)}"
    assert lines(box)[before:] == [f"GET {CONTENTS}", blob]


def test_no_branch_is_no_journal(branch: JournalBranch) -> None:
    assert branch.read() is None


def test_a_branch_without_the_file_is_tampering(
    repository: Repository, branch: JournalBranch
) -> None:
    repository.git.refs[REF] = repository.git.refs["refs/heads/main"]
    with pytest.raises(JournalBroken, match=r"does not hold journal\.jsonl"):
        branch.read()


def test_an_unseen_repository_is_no_repository_without_a_journal(box: Sandbox) -> None:
    with pytest.raises(PlatformRefused):
        JournalBranch(client_of(box), "octo/none").read()


def test_a_repository_without_a_commit_has_no_journal(box: Sandbox) -> None:
    box.github.add_repository("octo/empty")
    assert JournalBranch(client_of(box), "octo/empty").read() is None


def test_a_missing_right_is_said(box: Sandbox, branch: JournalBranch) -> None:
    box.github.add_token(TOKEN, permissions={"issues"})
    with pytest.raises(NotPermitted) as caught:
        branch.read()
    assert "contents=read" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {"sha": 7, "encoding": "base64", "content": ""},
        {"sha": "a", "encoding": "base64", "content": None},
        {"sha": "a", "encoding": "base64", "content": "a"},
        {"sha": "a", "encoding": "base64", "content": "!!!!"},
        {"sha": "a", "encoding": "rot13", "content": ""},
    ],
)
def test_nonsense_is_an_outage(box: Sandbox, branch: JournalBranch, body: object) -> None:
    fail(box, CONTENTS, Response(200, body))
    with pytest.raises(PlatformUnavailable):
        branch.read()


def test_a_nonsense_blob_is_an_outage(box: Sandbox, branch: JournalBranch) -> None:
    fail(box, CONTENTS, Response(200, {"sha": "a", "encoding": "none", "content": ""}))
    fail(box, "blobs/a", Response(200, []))
    with pytest.raises(PlatformUnavailable):
        branch.read()


@pytest.mark.parametrize("place", ["blobs", "trees", "commits"])
@pytest.mark.parametrize("body", [{"sha": None}, []])
def test_a_nonsense_answer_ends_the_making(
    box: Sandbox, repository: Repository, branch: JournalBranch, place: str, body: object
) -> None:
    fail(box, f"POST .*git/{place}$", Response(201, body))
    with pytest.raises(PlatformUnavailable):
        branch.create(b"1\n")
    assert REF not in repository.git.refs


def test_a_refusal_other_than_404_is_no_missing_branch(box: Sandbox, branch: JournalBranch) -> None:
    fail(box, CONTENTS, Response(422))
    with pytest.raises(PlatformRefused):
        branch.read()
