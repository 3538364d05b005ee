"""What the journal asks GitHub, and is answered, judged by GitHub's description."""

from __future__ import annotations

import pytest

from keyturn.errors import JournalConflict, NotPermitted, PlatformRefused
from keyturn.github.attempts import GitHubAttempts
from keyturn.github.journal_branch import JournalBranch
from keyturn.github.variables import GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.journal.git_ref import GitRefJournal
from keyturn.rotation.lock import Attempt
from keyturn.sandbox import Sandbox
from tests.conformance.oracle import Oracle
from tests.github.worlds import TOKEN, client_of, world


def journal_of(box: Sandbox, repository: str = "octo/app") -> GitRefJournal:
    return GitRefJournal(JournalBranch(client_of(box), repository))


def test_all_that_the_journal_does_is_described(github_oracle: Oracle) -> None:
    with world(files={"README.md": "hello"}) as box:
        journal = journal_of(box)
        assert journal.read() is None
        first = journal.write(b"1\n", after=None)
        with pytest.raises(JournalConflict):
            journal.write(b"2\n", after=None)
        second = journal.write(b"x" * 1_500_000 + b"\n", after=first)
        with pytest.raises(JournalConflict):
            journal.write(b"2\n", after=first)
        assert journal.read()
        journal.write(b"3\n", after=second)
        with pytest.raises(PlatformRefused):
            journal_of(box, "octo/none").read()
        box.github.add_token(TOKEN, permissions={"issues"})
        with pytest.raises(NotPermitted):
            journal_of(box).write(b"4\n", after=second)
        exchanges = box.github.server.exchanges
        answered = {exchange.response.status for exchange in exchanges}
        assert answered == {200, 201, 403, 404, 409, 422}
        assert [line for each in exchanges for line in github_oracle.check(each)] == []


def test_all_that_a_lock_and_a_head_ask_is_described(github_oracle: Oracle) -> None:
    with world(files={"README.md": "hello"}) as box:
        run = box.github.repository("octo/app").add_run(".github/workflows/ci.yml")
        attempts = GitHubAttempts(client_of(box), server_url="https://github.com")
        assert attempts.has_ended(Attempt("octo/app", run.id, 1))
        with pytest.raises(PlatformRefused):
            attempts.has_ended(Attempt("octo/app", 404, 1))
        assert GitHubVariables(client_of(box), "octo/app", WriteBudget()).names() == []
        exchanges = box.github.server.exchanges
        assert [line for each in exchanges for line in github_oracle.check(each)] == []
