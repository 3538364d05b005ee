"""Puts the parts of a rotation together: journal, recovery key, GitHub's write side, providers.

It decides nothing; what it cannot put together it says as a usage error, before anything is done.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from keyturn import providers
from keyturn.commands import wiring
from keyturn.config import Config, JournalPlace
from keyturn.errors import UsageError
from keyturn.github.client import Client, repository_facts
from keyturn.github.journal_branch import JournalBranch
from keyturn.github.runner import on_default_branch
from keyturn.github.runs import GitHubRuns
from keyturn.github.secret_writer import GitHubSecretWriter
from keyturn.github.variables import GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.inspection import Inspector
from keyturn.interfaces import Provider
from keyturn.journal import Journal
from keyturn.journal.git_ref import GitRefJournal
from keyturn.journal.local import LocalJournal
from keyturn.model import Inventory
from keyturn.rotation.case import Outside
from keyturn.rotation.keys import PublicKey, RecoveryKey, journal_key
from keyturn.rotation.ledger import Ledger
from keyturn.settings import Settings
from keyturn.transport import Transport

RECOVERY_KEY = "KEYTURN_RECOVERY_KEY"
_TRUSTED_EVENTS = frozenset({"schedule", "workflow_dispatch", "push"})
_MAKE_ONE = "make one with: keyturn recover --new-key --output recovery.key"


def require_proven(settings: Settings) -> None:
    """Refuse to change anything that is real, until the proof of the promises is complete."""
    if not settings.runner.api_on_loopback:
        raise UsageError(
            "rotations are planned for real, and carried out in the sandbox only",
            hint="this version has no complete proof yet that nothing is lost wherever it is cut"
            " off; carry the plan out by hand",
        )


def require_trusted(settings: Settings, github: Client) -> None:
    """Refuse to change anything in a run that somebody without write access may have started."""
    runner = settings.runner
    if not runner.in_actions:
        return
    if runner.event_name not in _TRUSTED_EVENTS:
        raise UsageError(
            f"nothing is rotated in a run that {runner.event_name or 'an unknown event'} started",
            hint="start it by schedule, by dispatch or by a push to the default branch",
        )
    branch = runner.default_branch or repository_facts(github, settings.repository).default_branch
    if not on_default_branch(runner.ref, branch):
        raise UsageError(
            "nothing is rotated on another branch than the default one",
            hint="the configuration of a rotation is the default branch's",
        )


def find_recovery_key(settings: Settings, config: Config) -> RecoveryKey | None:
    """Return the recovery key of this run; None where it has none. Raises UsageError."""
    value = settings.credentials.find(RECOVERY_KEY)
    if value is None:
        return None
    key = RecoveryKey.parse(value)
    place = config.journal
    if place is None or place.recovery_public_key is None:
        raise UsageError(
            "the configuration names no recovery key",
            hint=f"write its public half as `journal.recovery-public-key`; {_MAKE_ONE}",
        )
    try:
        public = PublicKey.parse(place.recovery_public_key)
    except ValueError as error:
        raise UsageError(f"`journal.recovery-public-key`: {error}") from error
    if not key.matches(public):
        raise UsageError(
            f"{RECOVERY_KEY} is not the other half of `journal.recovery-public-key`",
            hint="give the run the key that belongs to it, or replace both",
        )
    return key


def require_recovery_key(settings: Settings, config: Config) -> RecoveryKey:
    """Return the recovery key. Raises UsageError where there is none."""
    if config.journal is None:
        raise UsageError(
            "a rotation needs a journal, and the configuration names none",
            hint=f"write `journal: {{ kind: git-ref, recovery-public-key: … }}`; {_MAKE_ONE}",
        )
    key = find_recovery_key(settings, config)
    if key is None:
        raise UsageError(f"{RECOVERY_KEY} is not set", hint=_MAKE_ONE)
    return key


def open_ledger(
    settings: Settings, place: JournalPlace, github: Client, key: RecoveryKey, budget: WriteBudget
) -> Ledger:
    """Return the journal, read and judged. Raises JournalError, PlatformError, UsageError."""
    repository = place.repository or settings.repository
    journal: Journal
    if place.path is not None:
        journal = LocalJournal(settings.root / Path(place.path))
    else:
        facts = repository_facts(github, repository)
        if not facts.private and not place.public:
            raise UsageError(
                f"everybody can read {facts.full_name}, and a journal tells names and dates",
                hint="name a private `journal.repository`, or write `public-journal: true`",
            )
        journal = GitRefJournal(JournalBranch(github, repository))
    ledger = Ledger(
        journal,
        journal_key(key),
        GitHubVariables(github, repository, budget),
        run=f"{settings.repository}#{secrets.token_hex(6)}",
        now=settings.now,
        spend=budget.spend,
    )
    ledger.open()
    return ledger


def make_budget(settings: Settings) -> WriteBudget:
    """Return what spaces this run's writes; a sandbox on loopback has no limits."""
    sleep: Callable[[float], None] = time.sleep
    if settings.runner.api_on_loopback:
        sleep = _no_sleep
    return WriteBudget(sleep=sleep)


def _no_sleep(_seconds: float) -> None:
    return


def make_outside(
    inspector: Inspector,
    inventory: Inventory,
    github: Client,
    ledger: Ledger,
    budget: WriteBudget,
    *,
    key: RecoveryKey,
    transport: Transport,
) -> Outside:
    """Return everything a rotation touches, apart from the journal."""

    def make(name: str) -> Provider:
        return providers.load(name)(transport)

    return Outside(
        make,
        inspector.access,
        GitHubSecretWriter(github, budget),
        ledger.variables,
        GitHubRuns(github),
        inventory,
        key,
        ledger.key,
    )


def connect(settings: Settings) -> Client:
    """Return GitHub, which a rotation cannot do without. Raises UsageError."""
    github = wiring.connect(settings)
    if github is None:
        raise UsageError(
            "a rotation writes secrets, and there is no credential for GitHub",
            hint="set KEYTURN_GITHUB_TOKEN or GITHUB_TOKEN",
        )
    return github
