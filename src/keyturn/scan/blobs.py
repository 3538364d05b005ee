"""Whole files from git's store, in chunks where they are large."""

from __future__ import annotations

from itertools import islice

from keyturn.scan.chunks import LIMITS, Chunks, Limits
from keyturn.scan.gitio import Git, Process
from keyturn.scan.record import Record
from keyturn.scan.texts import Text, Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_GITLINK = b"160000"
"""The mode of a submodule, which has no content of its own."""

# Nothing, by either hash.
_EMPTY = (
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
# As many requests as surely find room in a pipe, whatever the system and the hash.
_AT_ONCE = 30


class Blob(Record):
    """One content of one file."""

    path: str
    id: str


def tracked(git: Git, paths: Collection[str] | None = None) -> list[Blob]:
    """Return what the index has of some files, named as `Text.path` names them; None means all.

    A file with a merge conflict is there with each of its sides; an empty one is not, because
    one that is only intended to be added looks the same.
    """
    found: dict[Blob, None] = {}
    for entry in git.output("ls-files", "-s", "-z", "--full-name", ":/").split(b"\0")[:-1]:
        about, name = entry.split(b"\t", 1)
        mode, blob, _ = about.split(b" ")
        path = git.shown(name)
        if mode != _GITLINK and blob not in _EMPTY and (paths is None or path in paths):
            found[Blob(path, blob.decode())] = None
    return list(found)


def contents(
    git: Git, blobs: Iterable[Blob], limits: Limits = LIMITS, *, history: bool = False
) -> Iterator[Text | Unread]:
    """Read some blobs, from one process; what is no blob is passed over.

    With `history`, `Text.commit` is the blob's id, until its commit is known.
    """
    waiting = iter(blobs)
    with git.start("cat-file", "--batch", fed=True) as process:
        asked = _ask(process, waiting)
        while asked:
            # git goes on while these are looked at.
            following = _ask(process, waiting)
            for blob in asked:
                yield from _answer(process, blob, limits, blob.id if history else "")
            asked = following
        process.close_input()
        process.finish()


def _ask(process: Process, waiting: Iterator[Blob]) -> list[Blob]:
    asked = list(islice(waiting, _AT_ONCE))
    process.write(b"".join(blob.id.encode() + b"\n" for blob in asked))
    return asked


def _answer(process: Process, blob: Blob, limits: Limits, commit: str) -> Iterator[Text | Unread]:
    answer = process.line().split(b" ")
    if len(answer) != 3:
        if answer == [b""]:
            process.finish()
        yield Unread(blob.path, "git does not have its content")
        return
    chunks = Chunks(blob.path, 1, limits, commit)
    for piece in process.take(int(answer[2])):
        if answer[1] == b"blob":
            yield from chunks.add(piece)
    yield from chunks.end()
    process.line()
