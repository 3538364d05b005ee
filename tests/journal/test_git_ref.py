from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from keyturn.blob import blob_id
from keyturn.errors import (
    JournalConflict,
    NotPermitted,
    PlatformError,
    PlatformRefused,
    PlatformUnavailable,
)
from keyturn.github.journal_branch import JournalBranch
from keyturn.journal import Journal, Stored
from keyturn.journal.git_ref import GitRefJournal
from keyturn.sandbox import Response, Sandbox
from tests.github.worlds import TOKEN, client_of, fail, struck, world, writes
from tests.journal.contract import JournalContract

PUT = "PUT /repos/octo/app/contents/journal.jsonl"
REFS = "POST /repos/octo/app/git/refs"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with world(files={"README.md": "hello"}) as made:
        yield made


def journal_of(box: Sandbox) -> GitRefJournal:
    return GitRefJournal(JournalBranch(client_of(box), "octo/app"))


class TestGitRefJournal(JournalContract):
    @pytest.fixture
    def reopen(self, box: Sandbox) -> Callable[[], Journal]:
        return lambda: journal_of(box)


@pytest.fixture
def journal(box: Sandbox) -> GitRefJournal:
    return journal_of(box)


def test_a_revision_is_gits_own_name_of_the_file(journal: GitRefJournal) -> None:
    # As `printf 'hello\n' | git hash-object --stdin` says.
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert journal.write(b"hello\n", after=None) == blob_id(b"hello\n")


@pytest.mark.parametrize("begun", [False, True])
def test_a_write_whose_answer_was_lost_was_done_if_it_is_there(
    box: Sandbox, journal: GitRefJournal, begun: bool
) -> None:
    after = journal.write(b"1\n", after=None) if begun else None
    fault = fail(box, f"{PUT if begun else REFS}$", drop=True, after=True)
    before = len(writes(box))
    assert journal.write(b"2\n", after=after) == blob_id(b"2\n")
    assert struck(fault) == 1
    assert len(writes(box)) - before == (1 if begun else 4)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    "answer", [{"drop": True}, {"response": Response(502)}, {"response": Response(200, "?")}]
)
def test_a_write_that_never_arrived_is_not_sent_again(
    box: Sandbox, journal: GitRefJournal, begun: bool, answer: dict[str, object]
) -> None:
    after = journal.write(b"1\n", after=None) if begun else None
    fault = fail(box, f"{PUT if begun else REFS}$", **answer)  # type: ignore[arg-type]
    before = journal.read()
    with pytest.raises(PlatformUnavailable):
        journal.write(b"2\n", after=after)
    assert struck(fault) == 1
    assert journal.read() == before


@pytest.mark.parametrize("place", ["blobs", "trees", "commits"])
def test_a_beginning_that_was_cut_off_is_none(
    box: Sandbox, journal: GitRefJournal, place: str
) -> None:
    fail(box, f"git/{place}$", drop=True, after=True, times=1)
    with pytest.raises(PlatformUnavailable):
        journal.write(b"1\n", after=None)
    assert journal.read() is None
    journal.write(b"1\n", after=None)


def test_a_lost_answer_and_somebody_elses_line_is_a_conflict(
    box: Sandbox, journal: GitRefJournal
) -> None:
    first = journal.write(b"1\n", after=None)
    fail(box, PUT, drop=True, after=True, times=1)

    class Overtaken(JournalBranch):
        """Before it can look, another run writes on top of our own line."""

        def read(self) -> Stored | None:
            journal.write(b"1\n2\n3\n", after=blob_id(b"1\n2\n"))
            return super().read()

    with pytest.raises(JournalConflict):
        GitRefJournal(Overtaken(client_of(box), "octo/app")).write(b"1\n2\n", after=first)
    assert journal.read() == Stored(b"1\n2\n3\n", blob_id(b"1\n2\n3\n"))


@pytest.mark.parametrize("status", [409, 422])
def test_the_very_same_bytes_of_another_run_are_a_conflict_too(
    box: Sandbox, journal: GitRefJournal, status: int
) -> None:
    first = journal.write(b"1\n", after=None)
    journal_of(box).write(b"2\n", after=first)
    fail(box, PUT, Response(status))
    with pytest.raises(JournalConflict):
        journal.write(b"2\n", after=first)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_although_nobody_wrote_is_no_conflict(
    box: Sandbox, journal: GitRefJournal, begun: bool, status: int
) -> None:
    after = journal.write(b"1\n", after=None) if begun else None
    fail(box, f"{PUT if begun else REFS}$", Response(status))
    with pytest.raises(PlatformRefused, match=str(status)) as caught:
        journal.write(b"2\n", after=after)
    assert "ruleset" in caught.value.hint
    assert caught.value.status == status


def test_a_branch_deleted_meanwhile_is_a_conflict(box: Sandbox, journal: GitRefJournal) -> None:
    first = journal.write(b"1\n", after=None)
    repository = box.github.repository("octo/app")
    del repository.git.refs["refs/heads/keyturn/journal"]
    with pytest.raises(JournalConflict):
        journal.write(b"2\n", after=first)
    assert journal.read() is None


def test_a_missing_right_is_said(box: Sandbox, journal: GitRefJournal) -> None:
    box.github.add_token(TOKEN, permissions={"contents:read"})
    for after in (None, "0" * 40):
        with pytest.raises(NotPermitted) as caught:
            journal.write(b"1\n", after=after)
        assert "contents=write" in caught.value.hint


def test_a_limit_is_waited_for_and_the_write_then_done(box: Sandbox) -> None:
    slept: list[float] = []
    journal = GitRefJournal(JournalBranch(client_of(box, sleep=slept.append), "octo/app"))
    first = journal.write(b"1\n", after=None)
    fail(box, PUT, Response(429, {}, {"Retry-After": "7"}), times=1)
    assert journal.write(b"2\n", after=first) == blob_id(b"2\n")
    assert slept == [7]


def test_an_outage_while_looking_is_one(box: Sandbox, journal: GitRefJournal) -> None:
    first = journal.write(b"1\n", after=None)
    fail(box, "journal.jsonl", drop=True)
    with pytest.raises(PlatformError):
        journal.write(b"2\n", after=first)
