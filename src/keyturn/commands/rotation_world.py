"""Puts the parts of a rotation together: journal, recovery key, GitHub's write side, providers.

It decides nothing; what it cannot put together it says as a usage error, before anything is done.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from keyturn import providers
from keyturn.commands import wiring
from keyturn.config import Config, JournalPlace
from keyturn.destinations.sailpoint_workflows import SailPointCopies
from keyturn.errors import UsageError
from keyturn.github.attempts import GitHubAttempts, this_attempt
from keyturn.github.client import Client, repository_facts
from keyturn.github.journal_branch import BRANCH, JournalBranch
from keyturn.github.runner import on_default_branch
from keyturn.github.runs import GitHubRuns
from keyturn.github.secret_writer import GitHubSecretWriter
from keyturn.github.variables import GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.inspection import Inspector
from keyturn.interfaces import Access, Copies, Provider
from keyturn.journal import Journal
from keyturn.journal.git_ref import GitRefJournal
from keyturn.journal.local import LocalJournal
from keyturn.model import Inventory, Token
from keyturn.model.rotation import RECOVERY_KEY
from keyturn.report import publish
from keyturn.rotation.case import Outside
from keyturn.rotation.keys import PublicKey, RecoveryKey, journal_key
from keyturn.rotation.ledger import Ledger
from keyturn.settings import Settings
from keyturn.transport import Transport

_COPIES = {"sailpoint": SailPointCopies}
"""Which providers hold copies of tokens that can be written."""
_CLOCKS = timedelta(hours=1)
"""By how much this machine's clock and GitHub's may differ."""
_MAKE_ONE = "make one with: keyturn recover --new-key --output recovery.key"


def require_trusted(settings: Settings, github: Client) -> None:
    """Refuse to change anything by a wrong clock, or in a run that anybody may have started."""
    _require_clock(settings, github)
    runner = settings.runner
    if not runner.in_actions:
        return
    if not runner.may_act:
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


def _require_clock(settings: Settings, github: Client) -> None:
    told = github.first_date
    if told and abs(told - settings.now) > _CLOCKS:
        raise UsageError(
            f"this machine's clock says {settings.now:%Y-%m-%d %H:%M} UTC, and GitHub's"
            f" {told:%Y-%m-%d %H:%M} UTC: nothing is rotated by a clock that is so far off",
            hint="set the clock of the runner, best by NTP; what is due hangs on it",
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
        if facts.default_branch == BRANCH:
            raise UsageError(
                f"{BRANCH} is the default branch of {facts.full_name}, which holds more than a"
                " journal",
                hint="make another branch the default one, or name another `journal.repository`",
            )
        journal = GitRefJournal(JournalBranch(github, repository))
    ledger = Ledger(
        journal,
        journal_key(key),
        GitHubVariables(github, repository, budget),
        run=f"{settings.repository}#{secrets.token_hex(6)}",
        clock=_make_clock(settings, github),
        spend=budget.spend,
        attempts=GitHubAttempts(github, server_url=settings.runner.server_url),
        tell=publish.tell,
        attempt=this_attempt(settings.runner),
    )
    ledger.open()
    return ledger


def _make_clock(settings: Settings, github: Client) -> Callable[[], datetime]:
    """Return GitHub's clock, which all runs share; this run's own where GitHub tells none."""
    begun = time.monotonic()

    def now() -> datetime:
        own = settings.now + timedelta(seconds=time.monotonic() - begun)
        return (github.clock() or own).replace(microsecond=0)

    return now


def make_budget(settings: Settings) -> WriteBudget:
    """Return what spaces this run's writes; a sandbox on loopback has no limits."""
    return WriteBudget(sleep=_sleep(settings))


def _sleep(settings: Settings) -> Callable[[float], None]:
    def skip(_seconds: float) -> None:
        return

    return skip if settings.runner.api_on_loopback else settings.progress.around(time.sleep)


def make_outside(
    settings: Settings,
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

    def copies(token: Token, access: Access) -> Copies | None:
        found = _COPIES.get(token.provider)
        return found(transport, token, access) if found else None

    return Outside(
        make,
        inspector.access,
        GitHubSecretWriter(github, budget),
        ledger.variables,
        GitHubRuns(github),
        inventory,
        key,
        ledger.key,
        sleep=_sleep(settings),
        reserve=budget.reserve,
        ask_again=github.ask_again,
        copies=copies,
        run_id=settings.runner.run_id,
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
