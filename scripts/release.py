"""The steps of a release that decide: what may be released, its commit, its tags and its page.

`.github/workflows/release.yml` calls them in order. Each looks at what is there first, so that a
release that was cut off is simply run again. It builds no image and never rewrites a release's tag.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.git import IDENTITY, Refused, ask_gh, ask_git, remote_tags

IMAGE = "ghcr.io/keyturn/keyturn"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_UNPINNED = "  image: Dockerfile\n"
_PINNED = re.compile(
    rf"^  image: docker://{re.escape(IMAGE)}:v[0-9.]+@(sha256:[0-9a-f]{{64}})$", re.M
)


@dataclass(frozen=True, slots=True)
class Release:
    """What is there of a release: its tag's commit and the image that it names, once there are."""

    tag: str
    commit: str = ""
    digest: str = ""

    def as_outputs(self) -> str:
        """Return it as later steps of the workflow read it."""
        return f"tag={self.tag}\ncommit={self.commit}\ndigest={self.digest}"


def check(root: Path, version: str) -> Release:
    """Return what there is of the release that HEAD would be; Refused if it may not be one."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version!r} is no version; give it as X.Y.Z, without a v")
    for place, told in _versions(root).items():
        if told != version:
            raise Refused(f"{place} says {told}, not {version}; bump it in a pull request first")
    if ask_git(root, "status", "--porcelain"):
        raise Refused("the work tree is not clean; commit or drop what `git status` shows")
    if _read(root, "action.yml").count(_UNPINNED) != 1:
        raise Refused("action.yml does not say `image: Dockerfile` once; releases start from main")
    return _tagged(root, f"v{version}")


def tag(root: Path, version: str, digest: str) -> Release:
    """Make HEAD's child whose action.yml names the image, and push it as the release's tag."""
    if not _DIGEST.fullmatch(digest):
        raise Refused(f"{digest!r} is no digest; it is sha256: and 64 hexadecimal digits")
    found = check(root, version)
    if found.commit:
        if found.digest != digest:
            raise Refused(f"{found.tag} is out already, with the image {found.digest}")
        return found
    commit = _commit(root, found.tag, digest)
    ask_git(root, "push", "--quiet", "origin", f"{commit}:refs/tags/{found.tag}")
    return Release(found.tag, commit, digest)


def move_major(root: Path, version: str) -> str:
    """Let the tag vX lead to the newest release of X, as plain tag; return what it leads to now."""
    tags = remote_tags(root)
    if f"v{version}" not in tags:
        raise Refused(f"v{version} is not out; tag it first")
    major = f"v{version.partition('.')[0]}"
    newest = max(
        (name for name in tags if _VERSION.fullmatch(name[1:]) and name.startswith(f"{major}.")),
        key=lambda name: [int(number) for number in name[1:].split(".")],
    )
    # A mended older release does not draw anybody back; the tag stays with the newest.
    if tags.get(major) != tags[newest]:
        ask_git(root, "fetch", "--quiet", "origin", f"refs/tags/{newest}")
        # Forced: this tag is the one that moves. All others are only ever made.
        ask_git(root, "push", "--quiet", "--force", "origin", f"{tags[newest]}:refs/tags/{major}")
    return f"{major} leads to {newest}"


def notes(root: Path, release: Release) -> str:
    """Return the text of a release's page: its changes, and how to pin and to verify it."""
    _, _, changes = _read(root, "CHANGELOG.md").partition(f"\n## [{release.tag[1:]}]")
    changes = changes.partition("\n## [")[0].partition("\n")[2].strip()
    return f"""{changes}

### Pin it

```yaml
- uses: keyturn/keyturn@{release.commit} # {release.tag}
```

The image is `{IMAGE}@{release.digest}`; what is in it, the files with SPDX in their names say.
Which workflow built it, and the packages below, is attested: `gh attestation verify FILE` with
`oci://{IMAGE}@{release.digest}` or a package for `FILE`, and `--repo keyturn/keyturn`.
"""


def publish(root: Path, version: str, files: Sequence[str]) -> str:
    """Make the release's page: a draft, its files, and only then public, when it is immutable."""
    release = check(root, version)
    if not release.commit:
        raise Refused(f"{release.tag} is not out; tag it first")
    names = {Path(file).name for file in files}
    page = _find_page(root, release.tag)
    if page is None:
        given = ("--draft", "--verify-tag", "--title", release.tag, "--notes", notes(root, release))
        ask_gh(root, "release", "create", release.tag, *given)
    elif not page["isDraft"]:
        if missing := names - {asset["name"] for asset in page["assets"]}:
            raise Refused(f"{release.tag} is published without {', '.join(sorted(missing))}")
        return f"{release.tag} is published already"
    ask_gh(root, "release", "upload", release.tag, "--clobber", *files)
    ask_gh(root, "release", "edit", release.tag, "--draft=false")
    return f"{release.tag} is published"


def _versions(root: Path) -> Mapping[str, str]:
    """Return every place that names a version; the changelog tells nothing unreleased beside it."""
    changelog = _read(root, "CHANGELOG.md")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.M)
    unreleased = changelog.partition("\n## [Unreleased]\n")[2].partition("\n## [")[0].strip()
    if unreleased:
        raise Refused("CHANGELOG.md has entries under [Unreleased]; give them the version")
    code = re.search(r'^__version__ = "(.+)"$', _read(root, "src/keyturn/__init__.py"), re.M)
    newest = next((name for name in headings if name != "Unreleased"), "nothing")
    return {
        "src/keyturn/__init__.py": code[1] if code else "nothing",
        "CHANGELOG.md": newest,
    }


def _tagged(root: Path, name: str) -> Release:
    """Return the release that a tag of the remote holds; Refused if it is none of HEAD's."""
    commit = remote_tags(root).get(name)
    if commit is None:
        return Release(name)
    ask_git(root, "fetch", "--quiet", "origin", f"refs/tags/{name}")
    pinned = _PINNED.search(ask_git(root, "show", f"{commit}:action.yml"))
    if pinned is None or commit != _commit(root, name, pinned[1]):
        raise Refused(f"{name} is out already, and is no release of this commit; raise the version")
    return Release(name, commit, pinned[1])


def _commit(root: Path, name: str, digest: str) -> str:
    """Make the release's commit, always the same one; the work tree is not touched."""
    text = _read(root, "action.yml")
    text = text.replace(_UNPINNED, f"  image: docker://{IMAGE}:{name}@{digest}\n")
    blob = ask_git(root, "hash-object", "-w", "--stdin", given=text)
    entries = ask_git(root, "ls-tree", "-z", "HEAD").rstrip("\0").split("\0")
    changed = [
        f"100644 blob {blob}\taction.yml" if entry.endswith("\taction.yml") else entry
        for entry in entries
    ]
    tree = ask_git(root, "mktree", "-z", given="\0".join(changed) + "\0")
    when = ask_git(root, "show", "--no-patch", "--format=%cI", "HEAD")
    known = {**IDENTITY, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    message = f"Release {name}\n\nThe action is the image that was built from the parent commit."
    return ask_git(root, "commit-tree", tree, "-p", "HEAD", "-m", message, environ=known)


def _read(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8")


def _find_page(root: Path, name: str) -> Any:
    """Return what there is of a release's page, or None."""
    # Not by the failure of `view`, which has other reasons: a second draft may have the same tag.
    pages = json.loads(ask_gh(root, "release", "list", "--limit", "1000", "--json", "tagName"))
    if name not in [page["tagName"] for page in pages]:
        return None
    return json.loads(ask_gh(root, "release", "view", name, "--json", "isDraft,assets"))


def main(words: Sequence[str], root: Path) -> int:
    """Carry out one step; what later steps need goes to standard output as `name=value`."""
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    for name in ("check", "tag", "publish", "move-major"):
        steps.add_parser(name).add_argument("version")
    steps.choices["tag"].add_argument("digest")
    steps.choices["publish"].add_argument("files", nargs="+")
    given = parser.parse_args(words)
    try:
        if given.step == "check":
            print(check(root, given.version).as_outputs())
        elif given.step == "tag":
            print(tag(root, given.version, given.digest).as_outputs())
        elif given.step == "publish":
            print(publish(root, given.version, given.files), file=sys.stderr)
        else:
            print(move_major(root, given.version), file=sys.stderr)
    except Refused as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
