"""What is about to be committed, from one `git diff`.

Only what the prefilter points at is taken apart. That needs no reading from the top, because in a
patch every line of a file's content begins with `+`, `-` or a space (`\\` for a remark): one that
begins with `diff --git` or `@@` is git's own, whatever the files contain.
"""

from __future__ import annotations

from io import BytesIO

from keyturn.scan.texts import Text, Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from keyturn.scan.anchors import Anchor
    from keyturn.scan.chunks import Limits
    from keyturn.scan.gitio import Git, Process

    Prefilter = Callable[[bytes], Sequence[Anchor]]
    _Entry = tuple[str, str, bytes]
    """Path, blob and status of a file."""

# Every option is against a setting or an attribute that would hide or reshape something. `--text`
# shows what is marked as binary; `--raw` names all files first, so that none is lost if git gives
# up half-way, as it does at files of about a gigabyte.
_COMMAND = (
    *("-c", "diff.relative=false", "-c", "diff.suppressBlankEmpty=false"),
    *("diff", "--cached", "--raw", "--no-abbrev", "--patch", "--text"),
    *("-U5", "--inter-hunk-context=0", "--diff-algorithm=default"),
    *("--no-renames", "--diff-filter=ACMRTU", "--ignore-submodules=all"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "-O/dev/null"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
_SECTION, _HUNK = b"\ndiff --git ", b"\n@@ -"
# "No newline at end of file", and a file with a merge conflict.
_REMARKS = b"\n\\ ", b"\n* "
_BLOCK = 1 << 18
"""So much of the patch is judged at a time, while git goes on."""


class Staged:
    """What is about to be committed. Iterate once."""

    def __init__(
        self,
        git: Git,
        prefilter: Prefilter,
        *,
        block: int = _BLOCK,
        limits: Limits | None = None,
    ) -> None:
        """Leave out what `prefilter` sees nothing in; hold about `block` bytes at a time."""
        self.paths: set[str] = set()
        """The files with a staged change, complete when the iteration is."""
        self._git, self._prefilter = git, prefilter
        self._block, self._limits = block, limits
        self._path = ""

    def __iter__(self) -> Iterator[Text | Unread]:
        """Yield the new side of each hunk, added lines and context."""
        with self._git.start(*_COMMAND) as process:
            entries, rest = self._list(process)
            self.paths.update(path for path, _, _ in entries)
            for path, _, status in entries:
                if status == b"U":
                    yield Unread(path, "has a merge conflict, nothing of it is staged")
            yield from self._patch(process, rest)
            if process.failed():
                yield from self._whole(entries)

    def _list(self, process: Process) -> tuple[list[_Entry], bytes]:
        """Read up to the empty line behind the list; a newline in a path is quoted."""
        data = self._read(process, self._block)
        while (end := data.find(b"\n\n")) < 0 and (more := self._read(process, self._block)):
            data += more
        if end < 0:
            # Nothing staged, or a failure before the list was complete.
            process.finish()
            end = len(data)
        entries: list[_Entry] = []
        for line in data[:end].splitlines():
            about, name = line.split(b"\t", 1)
            _, _, _, blob, status = about.split(b" ")
            entries.append((self._git.shown(_unquoted(name)), blob.decode(), status))
        return entries, data[end + 1 :]

    def _read(self, process: Process, least: int) -> bytes:
        """Read on, without the NULs of UTF-16; git's own lines have none."""
        data = b""
        while not data and (more := process.read(max(1, least))):
            data = more.replace(b"\0", b"")
        return data

    def _patch(self, process: Process, rest: bytes) -> Iterator[Text]:
        """Cut the patch before its last hunk, again and again; each part begins with a newline."""
        while more := self._read(process, self._block - len(rest)):
            rest += more
            cut = max(rest.rfind(_SECTION, 1), rest.rfind(_HUNK, 1))
            if cut > 0:
                yield from self._hunks(rest[: cut + 1])
                rest = rest[cut:]
            elif len(rest) >= self._block and rest.startswith(_HUNK):
                rest = yield from self._long_hunk(process, rest)
        # What a failure cut off is read whole instead.
        if not process.failed():
            yield from self._hunks(rest)

    def _hunks(self, block: bytes) -> Iterator[Text]:
        """Yield the hunks that hold an anchor."""
        end = 0
        for anchor in self._prefilter(block):
            if anchor.at < end:
                continue
            section = block.rfind(_SECTION, end, anchor.at)
            if section >= 0:
                self._path = self._path_of(block, section)
            start = block.rfind(_HUNK, max(end, section), anchor.at)
            if start < 0:
                # In a file's name.
                continue
            hunk = block.find(_HUNK, anchor.at)
            hunk = hunk if hunk >= 0 else len(block)
            section = block.find(_SECTION, anchor.at, hunk)
            end = section if section >= 0 else hunk
            line, new, body = _opened(block[start + 1 : end + 1])
            data, judged = new_side(body, new=new)
            if judged:
                yield Text(self._path, data, line, judged)
        last = block.rfind(_SECTION, end)
        if last >= 0:
            self._path = self._path_of(block, last)

    def _long_hunk(self, process: Process, rest: bytes) -> Generator[Text, None, bytes]:
        """Yield a hunk that is larger than a block in chunks; return what follows it."""
        from keyturn.scan.chunks import LIMITS, Chunks

        line, new, body = _opened(rest[1:])
        chunks = Chunks(self._path, line, self._limits or LIMITS)
        rest, more = b"\n" + body, body
        while more:
            hunk, section = rest.find(_HUNK), rest.find(_SECTION)
            end = min(hunk, section) if min(hunk, section) >= 0 else max(hunk, section)
            if end < 0 and rest.count(b"\n") == 1 and len(rest) >= self._block:
                # One line that is larger than a block: its mark is repeated for what follows.
                yield from chunks.add(*new_side(rest[1:], new=new))
                rest = rest[:2]
            else:
                cut = end if end >= 0 else rest.rfind(b"\n")
                yield from chunks.add(*new_side(rest[1 : cut + 1], new=new))
                rest = rest[cut:]
            if end >= 0:
                break
            more = self._read(process, self._block)
            rest += more
        else:
            yield from chunks.add(*new_side(rest[1:], new=new))
            rest = b""
        yield from chunks.end()
        return rest

    def _whole(self, entries: list[_Entry]) -> Iterator[Text | Unread]:
        """Yield whole files, from the one on that git gave up at."""
        from keyturn.scan.blobs import Blob, contents
        from keyturn.scan.chunks import LIMITS

        paths = [path for path, _, _ in entries]
        first = paths.index(self._path) if self._path in paths else 0
        blobs = [Blob(path, blob) for path, blob, status in entries[first:] if status != b"U"]
        return contents(self._git, blobs, self._limits or LIMITS)

    def _path_of(self, block: bytes, section: int) -> str:
        """Return the file that a section is about; empty where only its mode changes."""
        end = block.find(_HUNK, section)
        head = block[section : end if end >= 0 else None]
        _, found, name = head.rpartition(b"\n+++ ")
        # A tab follows a name with a space.
        name = _unquoted(name.partition(b"\n")[0].removesuffix(b"\t"))
        return self._git.shown(name.removeprefix(b"b/")) if found else ""


def _unquoted(name: bytes) -> bytes:
    """Undo how git writes a name with special characters."""
    if not name.startswith(b'"'):
        return name
    return name[1:-1].decode("unicode_escape").encode("latin-1")


def _opened(hunk: bytes) -> tuple[int, bool, bytes]:
    """Return a hunk's first line number on the new side, whether it has no old side, its lines."""
    head, _, body = hunk.partition(b"\n")
    _, old, new = head.split(b" ", 3)[:3]
    return int(new.partition(b",")[0]), old.endswith(b",0"), body


def new_side(body: bytes, *, new: bool) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """Return the context and added lines of a hunk, and where the added ones are.

    `new` says that all lines are added, which is much faster.
    """
    if new:
        data = b"\n" + body
        for remark in _REMARKS:
            data, _, _ = data.partition(remark)
        data = data.replace(b"\n+", b"\n")[1:]
        return data, ((0, len(data)),) if data else ()
    kept: list[bytes] = []
    judged: list[tuple[int, int]] = []
    size = 0
    for line in BytesIO(body):
        mark, stop = line[:1], size + len(line) - 1
        if mark == b"+":
            start = judged.pop()[0] if judged and judged[-1][1] == size else size
            judged.append((start, stop))
        elif mark != b" ":
            continue
        kept.append(line[1:])
        size = stop
    return b"".join(kept), tuple(judged)
