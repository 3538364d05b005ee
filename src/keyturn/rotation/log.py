"""PURE: the journal's entries as lines of bytes, each bound to the one before and to the key.

A value never gets in, and a line that is not ours never gets out: `append` and `parse` refuse.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from keyturn.errors import JournalBroken
from keyturn.instants import format_rfc3339
from keyturn.secret_value import redact

if TYPE_CHECKING:
    from keyturn.rotation.keys import JournalKey

_VERSION = 1
_NOTHING = "0" * 64
"""What stands for the line before the first."""
_MAC = re.compile(rb',"mac":"([0-9a-f]{64})"\}')
_MAC_LENGTH = len(',"mac":""}') + 64
_HEAD = re.compile(r"([1-9][0-9]{0,8}):([0-9a-f]{64})")
_OPERATION = re.compile(r"(?:[0-9a-z]{8})?")
_HINT = "nothing is rotated until a person has looked at it; its earlier versions are in git"


class Kind(StrEnum):
    """What an entry tells; its docstring names the members of `data` that `fold` reads."""

    OPEN = "open"
    """repository, token, provider, strategy, cycle, old_id, rows (labels of the destinations)"""
    PHASE = "phase"
    """phase; new_id and expires_at as soon as they are known, fingerprints (part -> fingerprint of
    the new value) with them"""
    WRITING = "writing"
    """rows (labels) that are about to be written; seen (label -> what GitHub shows as its date)"""
    STORED = "stored"
    """rows (label -> when it held the new value, at the latest); shown (label -> GitHub's date)"""
    RETIRE = "retire"
    """id, state (`Retirement`)"""
    SPENT = "spent"
    """fingerprint of a value that is about to be presented to a replacing endpoint"""
    UNSPENT = "unspent"
    """fingerprint of one that was not replaced: it was refused, or a person saw that it lives"""
    COPIES = "copies"
    """rows (place at the provider -> what is, or was, done there)"""
    FAILED = "failed"
    """nothing: the phase that an operation is in could not be finished today"""
    ANSWERED = "answered"
    """nothing: a run came through without a failure, and those of the days before are forgotten"""
    RETRY = "retry"
    """phase that a stopped operation goes back to; rows (label -> what GitHub shows by now)"""
    LOCK = "lock"
    """owner, until, fence; repository, run_id and attempt where the owner is a workflow run"""
    UNLOCK = "unlock"
    """fence"""
    CLOSE = "close"
    """phase that the operation ended in; new_id and expires_at as in `phase`"""
    NOTE = "note"
    """whatever a person or a later run should know"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is about to happen, or has happened."""

    kind: Kind
    at: datetime
    run: str
    """Who writes; never the same for two processes."""
    operation: str = ""
    """Empty where it is about none."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Ids, times, labels and keyed fingerprints; a time becomes its RFC 3339 text."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far a journal went at some moment."""

    sequence: int
    hash: str

    @property
    def text(self) -> str:
        """As it stands in a variable."""
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `text` gives. Raises JournalBroken."""
        match = _HEAD.fullmatch(text.strip())
        if not match:
            raise JournalBroken(
                "what is remembered of the journal's head cannot be read", hint=_HINT
            )
        return cls(int(match[1]), match[2])


@dataclass(frozen=True, slots=True)
class Log:
    """A journal, every line of it judged."""

    lines: tuple[bytes, ...] = ()
    """Without their ends."""
    entries: tuple[Entry, ...] = ()

    @property
    def data(self) -> bytes:
        """The bytes to be stored."""
        return b"".join(line + b"\n" for line in self.lines)

    @property
    def head(self) -> Head | None:
        """Its last line; None where there is none."""
        return self._head_at(len(self.lines)) if self.lines else None

    def starts_with(self, head: Head) -> bool:
        """Say whether it is that journal, or goes on from there."""
        return head.sequence <= len(self.lines) and self._head_at(head.sequence) == head

    def _head_at(self, sequence: int) -> Head:
        return Head(sequence, _hash(self.lines[sequence - 1]))


def append(
    log: Log, entries: Iterable[Entry], key: JournalKey, *, public: Collection[str] = ()
) -> Log:
    """Return the log with further entries.

    Raises ValueError where a secret value would get in. `public` holds whole texts that are none
    although a value may be, or be in, them: an access key's id is a part of the credential, and a
    deploy token's user may be called like a repository.
    """
    lines, taken = list(log.lines), list(log.entries)
    for entry in entries:
        _check(entry, frozenset(public))
        body = {
            "v": _VERSION,
            "seq": len(lines) + 1,
            "at": format_rfc3339(entry.at),
            "run": entry.run,
            "kind": entry.kind.value,
            "operation": entry.operation,
            "data": _plain(entry.data),
            "prev": _hash(lines[-1]) if lines else _NOTHING,
        }
        text = json.dumps(body, separators=(",", ":")).encode()
        lines.append(text[:-1] + f',"mac":"{key.mac(text)}"}}'.encode())
        taken.append(_entry(body))
    return Log(tuple(lines), tuple(taken))


def parse(data: bytes, key: JournalKey, *, head: Head | None = None) -> Log:
    """Read a journal of which `head` is known. Raises JournalBroken for the first bad line."""
    if data and not data.endswith(b"\n"):
        raise _broken(data.count(b"\n") + 1, "is cut off")
    lines = data.split(b"\n")[:-1]
    entries = []
    previous = _NOTHING
    for number, line in enumerate(lines, start=1):
        entries.append(_read(line, key, number=number, previous=previous))
        previous = _hash(line)
    log = Log(tuple(lines), tuple(entries))
    if head and not log.starts_with(head):
        if len(lines) < head.sequence:
            raise _broken(len(lines) + 1, "is missing, though it was there before")
        raise _broken(head.sequence, "is not the one that was there before")
    return log


def _read(line: bytes, key: JournalKey, *, number: int, previous: str) -> Entry:
    """Return the entry of one line. Raises JournalBroken."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _broken(number, "is not JSON")
    if body.get("v") != _VERSION:
        raise _broken(number, "is of a version that this keyturn does not know")
    match = _MAC.fullmatch(line[-_MAC_LENGTH:])
    ours = key.mac(line[:-_MAC_LENGTH] + b"}")
    if not match or not hmac.compare_digest(match[1], ours.encode()):
        raise _broken(number, "was not written under this recovery key, or was changed")
    # From here on the line is ours; what is wrong with it now, it did not come to by accident.
    if body.get("seq") != number:
        raise _broken(number, "does not have the number that follows")
    if body.get("prev") != previous:
        raise _broken(number, "does not follow the line before it")
    try:
        return _entry(body)
    except (KeyError, TypeError, ValueError):
        raise _broken(number, "is not an entry") from None


def _entry(body: Mapping[str, Any]) -> Entry:
    return Entry(
        kind=Kind(body["kind"]),
        at=datetime.fromisoformat(body["at"]),
        run=body["run"],
        operation=body["operation"],
        data=dict(body["data"]),
    )


def _broken(number: int, why: str) -> JournalBroken:
    return JournalBroken(f"line {number} of the journal {why}", hint=_HINT)


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _check(entry: Entry, public: frozenset[str]) -> None:
    """Raise ValueError where an entry has no proper shape, or holds a secret value."""
    if not entry.run or not _OPERATION.fullmatch(entry.operation):
        raise ValueError("an entry names its run, and its operation by eight characters or none")
    for text in (entry.run, *_texts(entry.data)):
        if text not in public and redact(text) != text:
            raise ValueError(f"an entry of kind {entry.kind} would hold a secret value")


def _texts(value: object) -> Iterator[str]:
    """Yield every text within a plain value, the names of members too."""
    match _plain(value):
        case str() as text:
            yield text
        case list() as items:
            for item in items:
                yield from _texts(item)
        case dict() as members:
            for name, member in members.items():
                yield name
                yield from _texts(member)


def _plain(value: object) -> Any:
    """Return what JSON can hold. Raises ValueError for anything that is more than plain data."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case datetime() if value.tzinfo:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping() if all(isinstance(name, str) for name in value):
            return {str(name): _plain(member) for name, member in value.items()}
    raise ValueError(f"an entry cannot hold a {type(value).__name__}")
