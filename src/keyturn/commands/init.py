"""`keyturn init`: read the workflows, write a first configuration and a first workflow.

It overwrites nothing and asks no provider; GitHub is asked for names of secrets, if it may be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from keyturn import __version__
from keyturn.commands import wiring
from keyturn.config import PLACES, Config
from keyturn.errors import ExitCode, KeyturnError, PlatformUnavailable, UsageError
from keyturn.first_setup.configuration import render_config
from keyturn.first_setup.draft import Draft, make_draft
from keyturn.first_setup.workflow import render_workflow
from keyturn.github.checkout import Checkout
from keyturn.model import FailureKind, Inventory
from keyturn.plain import count, log_safe, plain
from keyturn.report import publish
from keyturn.scan.gitio import Git
from keyturn.secret_value import redact
from keyturn.settings import Settings
from keyturn.survey import take_inventory

CONFIGURATION = PLACES[0]
WORKFLOW = ".github/workflows/keyturn.yml"
_PINNED = "keyturn/keyturn@d8a65b1032ba742b8a198eaf9e6ac89f1985d1af # main"
"""What the documentation pins too: scripts/pin_examples.py renews it with each release."""


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Write the two files and say what they hold. Raises UsageError where one is there."""
    settings = wiring.with_repository(settings)
    _require_room(settings.root)
    github = wiring.connect(settings)
    world = replace(wiring.make(settings, github), tree=Checkout(settings.root))
    with settings.progress.shown():
        inventory = take_inventory(
            Config(), world, repository=settings.repository, now=settings.now
        )
    if github is not None:
        _require_answers(inventory)
    draft = make_draft(inventory)
    action = _find_action(Git(settings.environ))
    files = {
        CONFIGURATION: render_config(draft, api_url=settings.runner.api_url),
        WORKFLOW: render_workflow(draft.repository, action=action, variables=draft.variables),
    }
    _write_new(settings.root, files)
    told = "\n".join(plain(line) for line in _tell(draft, inventory, action)) + "\n"
    publish.emit(log_safe(redact(told)))
    return ExitCode.OK


def _require_room(root: Path) -> None:
    """Make sure that this is a checkout's top, and nothing is overwritten. Raises UsageError."""
    for path in (*PLACES, WORKFLOW):
        if os.path.lexists(root / path):
            raise UsageError(
                f"{path} is there already, and nothing was written",
                hint="keep it, or move it away first",
            )
    if not (root / ".git").exists() and any((up / ".git").exists() for up in root.parents):
        raise UsageError("this is not the top of the checkout", hint="go there first")
    if not (root / WORKFLOW).resolve().is_relative_to(root.resolve()):
        raise UsageError(".github leads out of the checkout, and nothing was written")


def _require_answers(inventory: Inventory) -> None:
    """Write no draft from half of the answers. Raises PlatformUnavailable."""
    for failure in inventory.failures:
        if failure.kind.incomplete:
            raise PlatformUnavailable(
                f"{failure.message}; nothing was written",
                hint="try again; without GITHUB_TOKEN the workflows alone are read",
            )


def _find_action(git: Git) -> str:
    """Return keyturn's own action, pinned to the installed commit where that is known."""
    commit = _find_commit(git)
    # No tag: that the commit is a release's, nobody has said.
    return f"keyturn/keyturn@{commit} # keyturn {__version__}" if commit else _PINNED


def _find_commit(git: Git) -> str | None:
    # https://packaging.python.org/en/latest/specifications/direct-url/ (PEP 610): what was
    # installed from a repository knows its commit, what was installed from a folder its folder.
    try:
        text = metadata.distribution("keyturn").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    source = json.loads(text or "{}")
    commit = source.get("vcs_info", {}).get("commit_id", "")
    if "dir_info" in source:
        folder = Path(url2pathname(urlsplit(source.get("url", "")).path))
        commit = git.said(str(folder), "rev-parse", "HEAD") if (folder / ".git").exists() else ""
    return commit if re.fullmatch(r"[0-9a-f]{40}", commit) else None


def _write_new(root: Path, files: Mapping[str, str]) -> None:
    """Write all files or none, each whole, over nothing that is there. Raises KeyturnError."""
    written: list[Path] = []
    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path, text)
            written.append(path)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or "cannot be written"
        raise KeyturnError(f"{name}: {reason}; nothing was written") from error


def _create(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)  # mkstemp makes private files
        os.link(temporary, path)  # unlike a rename it fails where something is
    finally:
        Path(temporary).unlink()


def _tell(draft: Draft, inventory: Inventory, action: str) -> Iterator[str]:
    complete = [entry for entry in draft.entries if entry.complete]
    rest = [entry for entry in draft.entries if not entry.complete]
    read = sum(len(entry.found) for entry in draft.entries) + len(draft.settings)
    yield f"{draft.repository}: {count(read, 'secret')} read by workflows"
    for title, names in (
        ("keyturn can ask about", [entry.id for entry in complete]),
        ("to complete", [entry.id for entry in rest]),
        ("no credential", [found.ref.name for found in draft.settings]),
        ("read, stored nowhere", list(draft.missing)),
        ("stored, read nowhere", [str(ref) for ref in draft.unused]),
    ):
        if names:
            yield f"  {title}: {', '.join(names)}"
    assumed = [each for entry in draft.entries for each in entry.found if each.assumed]
    if assumed or any(found.assumed for found in draft.settings):
        yield "  where they are stored was not seen: taken for secrets of the repository"
    for failure in (*inventory.failures, *inventory.uses.failures):
        # That it was not asked is the usual way, and was just said.
        if failure.kind is not FailureKind.CREDENTIAL_MISSING:
            yield f"  {failure.subject}: {failure.message}"
    yield ""
    yield f"wrote {CONFIGURATION} and {WORKFLOW}. Next:"
    yield f"  1. Complete {CONFIGURATION}: who issued what, and when it dies; then"
    yield "     `keyturn config check`. What stays undeclared, `keyturn check` lists."
    given = ", ".join(draft.variables)
    yield f"  2. Look at {WORKFLOW}" + (f": it hands {given} to keyturn," if given else ",")
    yield "     commit both, and run it once by hand (workflow_dispatch)."
    yield "  3. Let keyturn see which secrets are stored: docs/how-to/github-app.md."
    if action == _PINNED:
        yield "The workflow runs the commit of keyturn that its documentation names: this"
        yield "installation does not know its own."
    else:
        yield "The workflow runs the commit of keyturn that is installed here."
