"""The search for leaked values finds what there is; else its silence would say nothing."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from keyturn.errors import UsageError
from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.secret_value import SecretValue
from tests.rotation import harness, running
from tests.rotation.harness import Ran
from tests.rotation.leaks import _kept, find_leaks, pieces
from tests.rotation.worlds import Aws, GitLab, World

ENCODINGS = {
    "plain": lambda value: value,
    "a piece": lambda value: value[3:15],
    "base64": lambda value: base64.b64encode(b"user:" + value.encode()).decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "URL": lambda value: quote(value, safe=""),
}


@pytest.fixture
def world(tmp_path):
    with GitLab(tmp_path) as world:
        yield world


def leaks(world: World, *ran: Ran) -> list[str]:
    return list(find_leaks(world, list(ran)))


class TestWhere:
    def test_nothing_is_found_where_nothing_is(self, world):
        assert leaks(world, Ran(0, "fine", "fine", ["fine"], ["fine"])) == []

    @pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
    def test_what_was_printed(self, world, encode):
        text = f"<{encode(world.first.value)}>"
        assert leaks(world, Ran(0, text, "")) == ["standard output"]
        assert leaks(world, Ran(0, "", text)) == ["standard error"]
        assert leaks(world, Ran(0, "", f"::warning::{text}")) == ["standard error"]

    def test_only_the_runner_is_told_what_to_mask(self, world):
        assert leaks(world, Ran(0, "", f"::add-mask::{world.first.value}\n")) == []

    def test_git_issues_and_variables(self, world):
        value = world.first.value
        world.repository.write_file("notes", value)
        world.repository.variables.put("NOTES", value, at=world.box.clock.now)
        assert leaks(world) == ["git", "a variable"]

    @pytest.mark.parametrize("name", ["output", "summary.md", "temporary/left"])
    def test_the_runners_files_and_temporary_ones(self, world, name):
        (world.folder / "runner" / name).write_text(f"x {world.manager.value} x")
        assert leaks(world) == [f"the file runner/{name}"]

    def test_a_value_that_is_sent_to_whom_it_does_not_belong(self, world):
        github, gitlab = world.box.github.url, world.box.gitlab.url
        httpx.get(f"{gitlab}/api/v4/user", headers={"Private-Token": world.first.value})
        httpx.get(f"{github}/user", headers={"Authorization": f"Bearer {world.app}"})
        assert leaks(world) == []
        httpx.get(f"{github}/user", params={"q": world.first.value})
        httpx.post(f"{gitlab}/api/v4/user", json={"q": world.app})
        assert leaks(world) == ["what was sent to github", "what was sent to gitlab"]


@pytest.mark.parametrize("make", [GitLab, Aws])
def test_what_the_journal_remembers_of_a_value_is_no_bare_hash(make, tmp_path):
    with make(tmp_path) as world:
        ran: list[Ran] = []
        harness.settle(world, ran)
        done = [o for o in harness.known(world).operations.values() if o.phase is Phase.DONE]
        marks = {mark for each in done for mark in each.facts["fingerprints"].values()}
        values = world.values()
        made = {journal_key(world.recovery).fingerprint(SecretValue(value)) for value in values}
        assert marks
        assert marks & made
        hashes = [
            hashlib.new(name, value.encode()).digest()
            for name in ("md5", "sha1", "sha256", "sha512", "blake2b")
            for value in values
        ]
        written = "\n".join(_kept(world).values()) + "".join(each.out + each.err for each in ran)
        assert next(iter(marks)) in written
        for each in hashes:
            assert each.hex()[:24] not in written
            assert base64.b64encode(each).decode()[:20] not in written
            assert base64.urlsafe_b64encode(each).decode()[:20] not in written


class TestWhatIsHeardOfARun:
    @pytest.fixture
    def running_it(self, world, monkeypatch):
        """Let another function stand in for the command line."""

        def run(act):
            monkeypatch.setattr(running, "main", lambda *_, **__: act() or 0)
            return running.run(world, "rotate")

        return run

    def test_an_exception_and_what_it_came_from(self, world, running_it):
        def act():
            try:
                try:
                    raise ValueError(world.first.value)
                except ValueError as error:
                    raise UsageError("it makes no sense") from error
            except UsageError:
                pass

        assert leaks(world, running_it(act)) == ["an exception"]

    @pytest.mark.parametrize("how", ["argument", "environment"])
    def test_another_process(self, world, running_it, how):
        def act():
            value = world.first.value
            more = [value] if how == "argument" else []
            subprocess.run([sys.executable, "-c", "", *more], env={"X": value}, check=True)

        assert leaks(world, running_it(act)) == ["another process"]

    def test_a_temporary_file(self, world, running_it):
        def act():
            Path(tempfile.mkstemp()[1]).write_text(world.first.value)

        (found,) = leaks(world, running_it(act))
        assert found.startswith("the file runner/temporary/")


def test_every_piece_is_looked_for():
    found = pieces(["0123456789abcdef"])
    assert {"0123456789ab", "456789abcdef", "303132333435"} <= found
