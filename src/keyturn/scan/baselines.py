"""What other scanners were told to accept, read as they read it, where a repository still has it.

| file | accepts |
| --- | --- |
| `.gitleaksignore` | what stands on a line of a file, in every commit or in one |
| `.betterleaksignore` | a secret, by its SHA-256; before version 2, what `.gitleaksignore` does |
| `.secrets.baseline` of detect-secrets | a secret in a file, by its SHA-1 |
| `.secretsignore` of ripsecrets | a secret by its value, and whole files |

Their rules are not ours, so a rule that is named there does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from keyturn.scan.baseline import BaselineError, bytes_of, read

if TYPE_CHECKING:
    from keyturn.secret_value import SecretValue

_FINGERPRINT = re.compile(r"(?:([0-9a-f]{7,64}):)?(.+):[^:]+:(\d+)")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
# detect-secrets keeps only these parts of a private key, a JWT, and a GitHub or GitLab token.
_PARTS = re.compile(rb"-*(BEGIN [A-Z ]*PRIVATE KEY)|(eyJ[\w=-]+\.[\w=-]+\.?)|([a-z]+)[-_]")
_SECRETS_HEADER = "[secrets]"


class _List(Protocol):
    """One scanner's list."""

    notes: tuple[str, ...]
    """What in it could not be understood, and therefore accepts nothing."""

    def accepts(self, path: str, line: int, secret: bytes, commit: str) -> bool: ...


class Baselines:
    """The lists at the root of a repository."""

    def __init__(self, lists: dict[str, _List]) -> None:
        self._lists = lists

    @classmethod
    def load(cls, root: str) -> Baselines:
        """Read the lists that exist. Raises BaselineError."""
        lists: dict[str, _List] = {}
        for name, make in _FORMATS.items():
            path = os.path.join(root, name)
            text = read(path)
            if text is not None:
                try:
                    lists[name] = make(text)
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    raise BaselineError(
                        path, "is not as its scanner writes it; mend or remove it"
                    ) from None
        return cls(lists)

    @property
    def notes(self) -> list[str]:
        """What could not be understood, for people to mend."""
        return [f"{name}: {note}" for name, found in self._lists.items() for note in found.notes]

    def accepts(
        self, path: str, line: int, secret: SecretValue | bytes, commit: str = ""
    ) -> str | None:
        """Return the list that accepts a secret at this place, if any does.

        `path` is relative to the root, `commit` the one that added the line, where it is known.
        """
        value = bytes_of(secret)
        place = _normal(path)
        for name, found in self._lists.items():
            if found.accepts(place, line, value, commit):
                return name
        return None


class _Ignored:
    """`.gitleaksignore` and `.betterleaksignore`: fingerprints of places, digests of secrets."""

    def __init__(self, text: str) -> None:
        self._commits: dict[tuple[str, int], list[str]] = {}
        self._digests: set[str] = set()
        unknown = []
        for number, entry in _entries(text):
            if _SHA256.fullmatch(entry):
                self._digests.add(entry.lower())
            elif found := _FINGERPRINT.fullmatch(entry):
                place = _normal(found[2]), int(found[3])
                self._commits.setdefault(place, []).append(found[1] or "")
            else:
                unknown.append(number)
        self.notes = _unknown(unknown)

    def accepts(self, path: str, line: int, secret: bytes, commit: str) -> bool:
        for known in self._commits.get((path, line), ()):
            # Without a commit it stands for all of them; since gitleaks 8.26 it is shortened.
            if not known or (commit and (commit.startswith(known) or known.startswith(commit))):
                return True
        return bool(self._digests) and hashlib.sha256(secret).hexdigest() in self._digests


class _DetectSecrets:
    """`.secrets.baseline`: the SHA-1 of each secret, by file."""

    def __init__(self, text: str) -> None:
        self.notes: tuple[str, ...] = ()
        self._known: set[tuple[str, str]] = set()
        self._placed: set[tuple[str, str, int]] = set()
        confirmed = set()
        for path, entries in json.loads(text)["results"].items():
            for entry in entries:
                known = _normal(path), entry["hashed_secret"].lower()
                if entry.get("is_secret") is True:
                    confirmed.add(known)
                else:
                    self._known.add(known)
                    self._placed.add((*known, entry.get("line_number", 0)))
        # Somebody looked at these and said that they are secrets.
        self._known -= confirmed

    def accepts(self, path: str, line: int, secret: bytes, commit: str) -> bool:
        if (path, _sha1(secret)) in self._known:
            return True
        # A part is the same in many secrets; only its line tells which one was meant.
        parts = _PARTS.match(secret)
        return bool(parts and (path, _sha1(parts[parts.lastindex or 0]), line) in self._placed)


class _SecretsIgnore:
    """`.secretsignore`: globs of files, and below `[secrets]` the values themselves."""

    def __init__(self, text: str) -> None:
        self.notes: tuple[str, ...] = ()
        lines = text.splitlines()
        at = lines.index(_SECRETS_HEADER) if _SECRETS_HEADER in lines else len(lines)
        self._globs = [_Glob(entry) for _, entry in _entries("\n".join(lines[:at]))]
        values = (line for line in lines[at + 1 :] if line and not line.startswith("#"))
        # A value is not kept where a digest does.
        self._digests = {_sha1(line.encode()) for line in values}

    def accepts(self, path: str, line: int, secret: bytes, commit: str) -> bool:
        return _sha1(secret) in self._digests or self._is_ignored(path.split("/"))

    def _is_ignored(self, parts: list[str]) -> bool:
        """The last glob counts; what lies in an ignored folder is ignored."""
        for depth in range(1, len(parts) + 1):
            is_folder = depth < len(parts)
            fitting = [glob for glob in self._globs if glob.fits(parts[:depth], is_folder)]
            if fitting and not fitting[-1].negated:
                return True
        return False


class _Glob:
    """One line in the syntax of `.gitignore`."""

    def __init__(self, line: str) -> None:
        self.negated = line.startswith("!")
        line = line.removeprefix("!").removeprefix("\\")
        self._folders_only = line.endswith("/")
        # A slash before the end ties the glob to the root.
        parts = line.strip("/").split("/")
        self._parts = parts if "/" in line.rstrip("/") else ["**", *parts]

    def fits(self, parts: list[str], is_folder: bool) -> bool:
        if self._folders_only and not is_folder:
            return False
        # Where in the glob one may stand after each part: every step is linear.
        places = self._with_skipped({0})
        for part in parts:
            moved = {
                at if glob == "**" else at + 1
                for at in places
                if at < len(self._parts)
                and ((glob := self._parts[at]) == "**" or fnmatchcase(part, glob))
            }
            places = self._with_skipped(moved)
        return len(self._parts) in places

    def _with_skipped(self, places: set[int]) -> set[int]:
        """Add the places behind a `**`, which may stand for no folder at all."""
        for at, glob in enumerate(self._parts):
            if at in places and glob == "**":
                places.add(at + 1)
        return places


_FORMATS: dict[str, Callable[[str], _List]] = {
    ".gitleaksignore": _Ignored,
    ".betterleaksignore": _Ignored,
    ".secrets.baseline": _DetectSecrets,
    ".secretsignore": _SecretsIgnore,
}


def _entries(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            yield number, entry


def _unknown(lines: list[int]) -> tuple[str, ...]:
    if not lines:
        return ()
    if len(lines) == 1:
        return (f"line {lines[0]} is no fingerprint and accepts nothing",)
    return (f"{len(lines)} lines are no fingerprints and accept nothing, first line {lines[0]}",)


def _sha1(value: bytes) -> str:
    return hashlib.sha1(value, usedforsecurity=False).hexdigest()


def _normal(path: str) -> str:
    """Return a path as git writes it; lists made on Windows have backslashes."""
    return posixpath.normpath(path.replace("\\", "/"))
