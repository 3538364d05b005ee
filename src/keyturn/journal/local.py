"""The journal as one file of a directory, for laptops and tests; one process writes at a time.

It must never leave half a file, nor one that others may read.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyturn.errors import JournalConflict, JournalError
from keyturn.journal import Stored

_FILE = "journal.jsonl"
_LOCK = "journal.lock"
_NEW = "journal.new"


class LocalJournal:
    """The Journal in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> Stored | None:
        """Return what the file holds; None where there is none. Raises JournalError."""
        try:
            data = (self._directory / _FILE).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", error) from error
        return Stored(data, hashlib.sha256(data).hexdigest())

    def write(self, data: bytes, *, after: str | None) -> str:
        """Replace the file if it still is in the state `after`. Raises JournalError."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                stored = self.read()
                if (stored.revision if stored else None) != after:
                    raise _conflict()
                self._replace(data)
        except OSError as error:
            raise _failed("written", error) from error
        return hashlib.sha256(data).hexdigest()

    def _replace(self, data: bytes) -> None:
        """Put the whole new file in the old one's place, and wait until the disk has it."""
        new = self._directory / _NEW
        new.unlink(missing_ok=True)  # what a killed process left
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._directory / _FILE)
        if sys.platform != "win32":  # which has no directories to open
            folder = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock file, which the system frees whatever becomes of this process."""
        opened = os.open(self._directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                _lock(opened)
            except (BlockingIOError, PermissionError):
                raise _conflict() from None
            yield
        finally:
            os.close(opened)


if sys.platform == "win32":
    import msvcrt

    def _lock(opened: int) -> None:
        msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(opened: int) -> None:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _conflict() -> JournalConflict:
    return JournalConflict(
        "somebody else wrote to the journal meanwhile",
        hint="another run is at work, or has just been",
    )


def _failed(what: str, error: OSError) -> JournalError:
    return JournalError(
        f"the journal's directory cannot be {what}: {error.strerror}",
        hint="look at `journal.path`, the rights there and the space on the disk",
    )
