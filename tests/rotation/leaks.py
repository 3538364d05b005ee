"""Looks for values, and pieces of them, in everything that was written or sent anywhere.

It knows what is secret from the sandbox alone, and asks keyturn nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from keyturn.sandbox.server import Exchange
    from tests.rotation.running import Ran
    from tests.rotation.worlds import World

_PIECE = 12
_MASKING = "::add-mask::"
"""The one line that must hold a value: the runner reads it, and shows it nowhere."""


def find_leaks(world: World, ran: list[Ran]) -> Iterator[str]:
    """Yield where a value, or a piece of one, stands that has no business there."""
    values = world.values()
    found = pieces(values)
    for where, text in {**_printed(ran), **_kept(world), **_left(world.folder)}.items():
        if find_pieces(text, found):
            yield where
    for name, text in _sent(world).items():
        if find_pieces(text, pieces([value for value, home in values.items() if home != name])):
            yield f"what was sent to {name}"


def pieces(values: Collection[str]) -> set[str]:
    """Return every piece of twelve characters of the values, and of what they are encoded to."""
    found: set[str] = set()
    for value in values:
        raw = value.encode()
        texts = [value, raw.hex(), raw.hex().upper(), quote(value, safe="")]
        # Within a longer text the base64 of a value begins at one of three places.
        for shift in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                texts.append(encode(b"\0" * shift + raw).decode().rstrip("=")[2 * shift : -2])
        for text in texts:
            found |= {text[at : at + _PIECE] for at in range(len(text) - _PIECE + 1)}
    return found


def find_pieces(text: str, found: set[str]) -> bool:
    """Say whether one of the pieces stands in a text."""
    return any(text[at : at + _PIECE] in found for at in range(len(text) - _PIECE + 1))


def _printed(ran: list[Ran]) -> Mapping[str, str]:
    lines = [line for each in ran for line in each.err.splitlines()]
    return {
        "standard output": "\n".join(each.out for each in ran),
        "standard error": "\n".join(line for line in lines if not line.startswith(_MASKING)),
        "an exception": "\n".join(text for each in ran for text in each.raised),
        "another process": "\n".join(text for each in ran for text in each.started),
    }


def _kept(world: World) -> Mapping[str, str]:
    """Return what stands on GitHub, where many can read it; the sealed record is sealed."""
    texts: dict[str, list[str]] = {"git": [], "an issue": [], "a variable": []}
    for repository in world.repositories.values():
        git = repository.git
        texts["git"] += [commit.message for commit in git.commits.values()]
        texts["git"] += [blob.decode("utf-8", "replace") for blob in git.blobs.values()]
        for number, issue in repository.issues.items():
            texts["an issue"] += [issue.title, issue.body or ""]
            texts["an issue"] += [comment.body for comment in repository.comments(number)]
        texts["a variable"] += [
            f"{name} {entry.value}"
            for name, entry in repository.variables.entries.items()
            if not name.startswith("KEYTURN_SEALED_")
        ]
    return {where: "\n".join(found) for where, found in texts.items()}


def _left(folder: Path) -> Mapping[str, str]:
    """Return every file beneath the checkout: the runner's files and temporary ones are there."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    # What processes printed is looked at without the lines that mask.
    files = [path for path in files if path.suffix not in (".out", ".err")]
    return {
        f"the file {path.relative_to(folder)}": path.read_text("utf-8", errors="replace")
        for path in files
    }


def _sent(world: World) -> Mapping[str, str]:
    names = ("github", "gitlab", "sailpoint", "azure_devops", "synoptic", "aws_iam")
    return {
        name: "\n".join(_shown(exchange) for exchange in getattr(world.box, name).server.exchanges)
        for name in names
    }


def _shown(exchange: Exchange) -> str:
    request = exchange.request
    query = " ".join(f"{key}={value}" for key, value in request.query.items())
    headers = " ".join(request.headers.values())
    body = request.body.decode("utf-8", "replace")
    return f"{request.path} {query} {headers} {body}"
