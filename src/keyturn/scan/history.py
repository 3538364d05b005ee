"""What a range of commits brought in: each content once, however many commits hold it."""

from __future__ import annotations

import posixpath

from keyturn.scan.blobs import Blob, contents
from keyturn.scan.chunks import LIMITS, Limits
from keyturn.scan.gitio import Git, GitError
from keyturn.scan.record import Record
from keyturn.scan.texts import Text, Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

# So many ids are no command line too long on any system.
_AT_ONCE = 200
_SHORT = 12


class Range(Record):
    """Some commits."""

    words: tuple[str, ...]
    """As `git rev-list` takes them."""
    before: str = ""
    """The commit that they are new to, where there is one."""


EVERYTHING = Range(("--all",))
"""All refs and the last stash, so that nothing hides in a branch that is not checked out."""


def revisions(words: Sequence[str]) -> Range:
    """Return what a person asks for with `main..HEAD` or the like."""
    return Range(tuple(_revision(word) for word in words))


def pushed(environment: Mapping[str, str]) -> Range | None:
    """Return what is about to be pushed, as pre-commit and prek tell it to their hooks.

    What the remote is known to have is left out. Where the first commit of all is pushed, they
    name the branch only; where nothing is pushed, nothing, and this is None.
    """
    last = environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH")
    if not last:
        return None
    before = environment.get("PRE_COMMIT_FROM_REF", "")
    remote = environment.get("PRE_COMMIT_REMOTE_NAME", "")
    known = [_revision(before)] if before else []
    if remote:
        known.append(f"--remotes={remote}")
    return Range((_revision(last), "--not", *known), before)


def history(git: Git, commits: Range, limits: Limits = LIMITS) -> Iterator[Text | Unread]:
    """Read every file content that the commits brought in, once, under its first name.

    `Text.commit` is the content's id; `added_in` tells the commits of those that matter.
    """
    return contents(git, _blobs(git, commits), limits, history=True)


def added_in(git: Git, commits: Range, blobs: Collection[str]) -> dict[str, str]:
    """Return the oldest commit, abbreviated, that brought each content in.

    One walk for many: ask for all at once. A content that no commit shows is left out.
    """
    found: dict[str, str] = {}
    wanted = sorted(set(blobs))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        commit = ""
        for line in _changes(git, commits, some).split("\n"):
            if not line.startswith(":"):
                commit = line or commit
            elif (blob := line.split(" ")[3]) in some:
                # The oldest comes last.
                found[blob] = commit[:_SHORT]
    return found


def known_before(git: Git, revision: str, path: str, needle: bytes) -> bool:
    """Say whether a file, named as `Text.path` names it, held something at a revision."""
    name = posixpath.normpath(posixpath.join(git.prefix(), path))
    held = git.asked("cat-file", "blob", f"{_revision(revision)}:{name}")
    return held is not None and needle in held.replace(b"\0", b"")


def _changes(git: Git, commits: Range, blobs: Sequence[str]) -> str:
    # Merges against each parent, for what was typed while merging.
    return git.output(
        *("-c", "log.showRoot=true", "-c", "diff.relative=false"),
        *("log", "--no-show-signature", "--no-notes", "--no-color", "--topo-order", "-m"),
        *("--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=all", "-O/dev/null"),
        *("--format=tformat:%H", *(f"--find-object={blob}" for blob in blobs)),
        *(*commits.words, "--"),
    ).decode("utf-8", "surrogateescape")


def _blobs(git: Git, commits: Range) -> Iterator[Blob]:
    """List the objects of the commits; folders are among them, and names end at a newline."""
    with git.start("rev-list", "--objects", *commits.words, "--") as process:
        while line := process.line():
            name, _, path = line.partition(b" ")
            if path:
                yield Blob(git.shown(path), name.decode())
        process.finish()


def _revision(word: str) -> str:
    if not word or word.startswith("-"):
        raise GitError(f"{word!r} is no revision")
    return word
