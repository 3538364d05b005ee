"""Asks git and gh, for the scripts of a release; it decides nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_NAME, _EMAIL = "keyturn release", "keyturn@users.noreply.github.com"
IDENTITY = {
    "GIT_AUTHOR_NAME": _NAME,
    "GIT_AUTHOR_EMAIL": _EMAIL,
    "GIT_COMMITTER_NAME": _NAME,
    "GIT_COMMITTER_EMAIL": _EMAIL,
}
"""Who commits: a runner has no name of its own."""


class Refused(Exception):
    """A step that may not be carried out; the text says why, and what to do."""


def ask_git(
    root: Path, *words: str, given: str = "", environ: Mapping[str, str] | None = None
) -> str:
    """Return what git prints, without the last line break; Refused with git's own words."""
    done = subprocess.run(
        ["git", *words],
        cwd=root,
        env={**os.environ, **(environ or {})},
        input=given.encode(),  # bytes: Windows would turn each line break into two characters
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode().rstrip("\n")


def ask_gh(root: Path, *words: str) -> str:
    """Return what gh prints, without the last line break; its complaints go to the log."""
    done = subprocess.run(
        ["gh", *words], cwd=root, check=False, stdout=subprocess.PIPE, encoding="utf-8"
    )
    if done.returncode:
        failed = " ".join(words[:2])
        raise Refused(f"gh {failed} failed, as it says above; run this step again")
    return done.stdout.rstrip("\n")


def remote_tags(root: Path) -> Mapping[str, str]:
    """Return every tag of the remote with the commit it leads to."""
    found = {}
    # A tag object has a second line, with ^{}, for what it leads to; it comes after the first.
    for line in ask_git(root, "ls-remote", "--tags", "origin").splitlines():
        commit, _, ref = line.partition("\t")
        found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return found
