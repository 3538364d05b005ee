"""Reads the journal of rotations for the commands that can do without it: `check` and `revoke`.

It writes nothing, and nothing that keeps it from being read ends a run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keyturn.config import Config
from keyturn.errors import (
    JournalBroken,
    KeyturnError,
    NotPermitted,
    PlatformRefused,
    UsageError,
)
from keyturn.model import Failure, FailureKind
from keyturn.model.rotation import RECOVERY_KEY
from keyturn.remembered import Memory
from keyturn.settings import Settings

if TYPE_CHECKING:
    from keyturn.github.client import Client
    from keyturn.rotation.ledger import Ledger

_STAND = "ids, dates and rotations that only it knows are not known, and those declared are taken"


def read_memory(settings: Settings, config: Config, github: Client | None) -> Memory:
    """Return what the journal tells, or why it was not read."""
    return open_memory(settings, config, github)[0]


def open_memory(
    settings: Settings, config: Config, github: Client | None
) -> tuple[Memory, Ledger | None]:
    """Return the same, and the journal itself where it was read; nobody's lock is taken."""
    from keyturn.commands import rotation_world

    place = config.journal
    if place is None:
        return Memory(), None
    try:
        key = rotation_world.find_recovery_key(settings, config)
    except KeyturnError as error:
        return _not_read(FailureKind.JOURNAL_UNUSABLE, settings, error.told), None
    if key is None:
        why = f"{RECOVERY_KEY} is not set"
        return _not_read(FailureKind.JOURNAL_NOT_READ, settings, why), None
    if github is None:
        why = "there is no credential for GitHub"
        return _not_read(FailureKind.JOURNAL_NOT_READ, settings, why), None
    try:
        budget = rotation_world.make_budget(settings)
        ledger = rotation_world.open_ledger(settings, place, github, key, budget)
    except KeyturnError as error:
        memory = _not_read(_kind(error), settings, error.told)
        broken = error if isinstance(error, JournalBroken) else None
        return replace(memory, broken=broken), None
    return Memory(ledger.known, ledger.key), ledger


def _kind(error: KeyturnError) -> FailureKind:
    """Tell a journal that is out of order from one that this run is not meant to read."""
    # What a credential may not see, GitHub says is not there.
    hidden = isinstance(error, PlatformRefused) and error.status == 404
    if hidden or isinstance(error, NotPermitted):
        return FailureKind.NOT_PERMITTED
    if isinstance(error, UsageError):
        return FailureKind.JOURNAL_NOT_READ
    return FailureKind.JOURNAL_UNUSABLE


def _not_read(kind: FailureKind, settings: Settings, why: str) -> Memory:
    told = f"the journal of rotations was not read: {why}; {_STAND}"
    return Memory(failure=Failure(kind, settings.repository, told))
