"""Renews the pins of keyturn after a release: in README, docs and examples, and what `init` writes.

It changes lines that pin keyturn and no others; a test holds all of them to one pin.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.git import IDENTITY, Refused, ask_gh, ask_git

_PLACES = ("README.md", "docs", "workflows-examples", "src/keyturn/commands/init.py")
_USES = re.compile(r"(keyturn/keyturn(?:/[\w/-]+)?)@[0-9a-f]{40} # [\w.]+")
_REV = re.compile(r"(- repo: https://github\.com/keyturn/keyturn\n\s+rev:) \S+")


def list_files(root: Path) -> list[Path]:
    """Return the files in which a pin of keyturn may stand."""
    names = ask_git(root, "ls-files", "-z", "--", *_PLACES).split("\0")
    return [root / name for name in names if name.endswith((".md", ".yml", ".py"))]


def renew(root: Path, commit: str, tag: str) -> list[Path]:
    """Pin keyturn to a release everywhere; return the files that changed."""
    if not re.fullmatch(r"[0-9a-f]{40}", commit) or not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        raise Refused(f"{commit} {tag}: give a full commit and a tag as vX.Y.Z")
    changed = []
    for path in list_files(root):
        text = path.read_bytes().decode()
        new = _REV.sub(rf"\1 {tag}", _USES.sub(rf"\1@{commit} # {tag}", text))
        if new != text:
            path.write_bytes(new.encode())
            changed.append(path)
    return changed


def request(root: Path, tag: str, changed: Sequence[Path]) -> None:
    """Push the change as a branch of its own and open a pull request, if there is none yet."""
    branch, title = f"pins-{tag}", f"Pin {tag} in the examples"
    ask_git(root, "switch", "--quiet", "--force-create", branch)
    ask_git(root, "add", "--", *(str(path) for path in changed))
    ask_git(root, "commit", "--quiet", "-m", title, environ=IDENTITY)
    ask_git(root, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
    if not ask_gh(root, "pr", "list", "--head", branch, "--json", "number", "--jq", ".[].number"):
        about = ("--title", title, "--body", f"{tag} is out.")
        ask_gh(root, "pr", "create", "--head", branch, *about)


def main(words: Sequence[str], root: Path) -> int:
    """Renew the pins here, and ask for it to be merged with `--pull-request`."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pin_examples", description=__doc__)
    parser.add_argument("commit", help="the release's commit, in full")
    parser.add_argument("tag", help="its tag, vX.Y.Z")
    parser.add_argument("--pull-request", action="store_true")
    given = parser.parse_args(words)
    try:
        changed = renew(root, given.commit, given.tag)
        if changed and given.pull_request:
            request(root, given.tag, changed)
    except Refused as error:
        print(f"pin_examples: {error}", file=sys.stderr)
        return 1
    print(f"{len(changed)} files renewed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
