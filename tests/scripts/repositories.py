"""A repository with a remote, as a release finds it, and a `gh` that keeps its state in a file."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIGEST = "sha256:" + "ab" * 32
ACTION = "name: keyturn\nruns:\n  using: docker\n  image: Dockerfile\n"
CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-23

### Added

- A thing.

## [0.1.0] - 2026-10-01

- Another.
"""
# What of gh the scripts call. It refuses what gh refuses: to show or to change what is not there.
GH = """#!{python}
import json, sys
from pathlib import Path
state = Path({state!r})
known = json.loads(state.read_text())
kind, verb, *words = sys.argv[1:]
known["calls"].append(f"{{kind}} {{verb}}")
state.write_text(json.dumps(known))
if f"{{kind}} {{verb}}" in known["broken"]:
    sys.exit(1)
pages = known["pages"]
if (kind, verb) == ("release", "create"):
    option = lambda name: words[words.index(name) + 1]
    pages[words[0]] = {{"isDraft": "--draft" in words, "assets": [], "notes": option("--notes")}}
elif (kind, verb) == ("release", "list"):
    print(json.dumps([{{"tagName": name}} for name in pages]))
elif kind == "release" and words[0] not in pages:
    sys.exit(1)
elif verb == "view":
    print(json.dumps(pages[words[0]]))
elif verb == "upload":
    there = {{asset["name"] for asset in pages[words[0]]["assets"]}}
    there |= {{Path(word).name for word in words[1:] if word != "--clobber"}}
    pages[words[0]]["assets"] = [{{"name": name}} for name in sorted(there)]
elif verb == "edit":
    pages[words[0]]["isDraft"] = "--draft=false" not in words
elif (kind, verb) == ("pr", "create"):
    known["requests"].append(words[words.index("--head") + 1])
elif (kind, verb) == ("pr", "list") and words[words.index("--head") + 1] in known["requests"]:
    print(1)
state.write_text(json.dumps(known))
"""


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Project:
    """A clone, and the remote it was cloned from."""

    root: Path
    remote: Path

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8", newline="")

    def commit(self, path: str, text: str) -> str:
        self.write(path, text)
        git(self.root, "add", "-A")
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        git(self.root, *who, "commit", "-q", "-m", f"Change {path}")
        git(self.root, "push", "-q", "origin", "HEAD:main")
        return git(self.root, "rev-parse", "HEAD")

    def remote_tags(self) -> dict[str, str]:
        lines = git(self.remote, "for-each-ref", "--format=%(refname:short) %(objectname)").split(
            "\n"
        )
        return dict(line.split() for line in lines if line.startswith("v"))


def make_project(folder: Path) -> Project:
    remote, root = folder / "remote.git", folder / "clone"
    git(folder, "init", "-q", "--bare", "-b", "main", str(remote))
    git(folder, "clone", "-q", str(remote), str(root))
    # By a relative path, so that both can be copied.
    git(root, "remote", "set-url", "origin", "../remote.git")
    made = Project(root, remote)
    made.write("action.yml", ACTION)
    made.write("CHANGELOG.md", CHANGELOG)
    made.write("src/keyturn/data.txt", "a file in a folder\n")
    made.commit("src/keyturn/__init__.py", '"""k"""\n\n__version__ = "0.2.0"\n')
    return made


def make_gh(folder: Path) -> Path:
    """Return the file with the state of a `gh` in `folder`."""
    folder.mkdir()
    state = folder / "state.json"
    state.write_text(json.dumps({"pages": {}, "requests": [], "calls": [], "broken": []}))
    program = folder / "gh"
    program.write_text(GH.format(python=sys.executable, state=str(state)), encoding="utf-8")
    program.chmod(0o755)
    return state


def read_state(state: Path) -> dict[str, Any]:
    found = json.loads(state.read_text())
    assert isinstance(found, dict)
    return found
