from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn.errors import JournalConflict, JournalError
from keyturn.journal import Journal
from keyturn.journal.local import LocalJournal
from tests.journal.contract import JournalContract
from tests.systems import needs_modes, needs_signals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "below" / "journal"


class TestLocalJournal(JournalContract):
    @pytest.fixture
    def reopen(self, folder: Path) -> Callable[[], Journal]:
        return lambda: LocalJournal(folder)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@needs_modes
def test_nobody_else_may_read_it(folder: Path) -> None:
    journal = LocalJournal(folder)
    before = os.umask(0)
    try:
        journal.write(b"2\n", after=journal.write(b"1\n", after=None))
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "journal.jsonl": 0o600,
        "journal.lock": 0o600,
    }


def test_reading_makes_nothing(folder: Path) -> None:
    LocalJournal(folder).read()
    assert not folder.parent.exists()


@needs_modes
def test_half_a_file_of_a_killed_process_is_in_nobodys_way(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "journal.new").write_bytes(b"half")
    (folder / "journal.new").chmod(0o644)
    LocalJournal(folder).write(b"1\n", after=None)
    assert (folder / "journal.jsonl").read_bytes() == b"1\n"
    assert mode(folder / "journal.jsonl") == 0o600
    assert not (folder / "journal.new").exists()


HOLD = """
import fcntl, sys, time
with open(sys.argv[1] + "/journal.lock", "rb") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(60)
"""


@needs_signals
def test_another_process_at_work_is_a_conflict_until_it_dies(folder: Path) -> None:
    journal = LocalJournal(folder)
    revision = journal.write(b"1\n", after=None)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(JournalConflict):
                journal.write(b"2\n", after=revision)
        finally:
            holder.send_signal(signal.SIGKILL)
    journal.write(b"2\n", after=revision)


WRITE = """
import sys
from pathlib import Path
from keyturn.errors import JournalConflict
from keyturn.journal.local import LocalJournal
journal, wins = LocalJournal(Path(sys.argv[1])), 0
while wins < 20:
    stored = journal.read()
    data, revision = (stored.data, stored.revision) if stored else (b"", None)
    try:
        journal.write(data + sys.argv[2].encode() + b"\\n", after=revision)
        wins += 1
    except JournalConflict:
        pass
"""


def test_two_processes_lose_no_line_of_each_other(folder: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(folder), name]) for name in ("a", "b")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    stored = LocalJournal(folder).read()
    assert stored
    assert sorted(stored.data.split()) == [b"a"] * 20 + [b"b"] * 20


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(JournalError, match="cannot be written") as caught:
            LocalJournal(folder).write(b"1\n", after=None)
        assert "journal.path" in caught.value.hint


def test_a_place_that_cannot_be_read_is_said(folder: Path) -> None:
    (folder / "journal.jsonl").mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be read"):
        LocalJournal(folder).read()
    with pytest.raises(JournalError, match="cannot be read"):
        LocalJournal(folder).write(b"1\n", after=None)
