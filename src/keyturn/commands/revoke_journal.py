"""Stops the rotations whose new token was just killed, so that no run stores a dead value.

It is the last thing a revocation does, takes no lock and waits for nobody's; that it cannot be
written down is said, and keeps nothing from dying.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from keyturn.commands import wiring
from keyturn.commands.journal_reading import open_memory
from keyturn.config import Config
from keyturn.errors import JournalConflict, KeyturnError
from keyturn.interfaces import ListingProvider, Provider
from keyturn.model import Failure, FailureKind, Phase
from keyturn.remembered import find_made
from keyturn.report import publish
from keyturn.revocation import Target
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.machine import following
from keyturn.settings import Settings

_TRIES = 3
"""How often it is written again where a rotation at work was faster."""
_BECAUSE = "its new token was revoked by `keyturn revoke`"
_HINT = (
    "the secrets that hold the new value hold a dead one: give the rotation up with"
    " `keyturn recover --apply --abandon TOKEN`, then rotate once more"
)


def stop_rotations(
    settings: Settings, config: Config, killed: Sequence[Target], make: Callable[[str], Provider]
) -> tuple[Failure, ...]:
    """Have every rotation that made one of these tokens wait for a person; return what failed."""
    if config.journal is None or not killed:
        return ()
    error: KeyturnError | None = None
    for _ in range(_TRIES):
        try:
            memory, ledger = open_memory(settings, config, wiring.connect(settings))
            if ledger is None:
                return (_not_written(memory.failure),) if memory.failure else ()
            _stop(ledger, killed, make)
        except JournalConflict as conflict:
            error = conflict
        except KeyturnError as other:
            error = other
            break
        else:
            return ()
    assert error
    return (_not_written(Failure(FailureKind.JOURNAL_UNUSABLE, settings.repository, error.told)),)


def _stop(ledger: Ledger, killed: Sequence[Target], make: Callable[[str], Provider]) -> None:
    for target in killed:
        for operation in _find(ledger, target, make):
            ledger.public |= {operation.token, operation.repository}
            ledger.enter(operation.id, Phase.NEEDS_HUMAN, because=_BECAUSE, hint=_HINT)
            publish.tell(f"{operation.token}: its rotation was stopped, and waits for a person")


def _find(ledger: Ledger, target: Target, make: Callable[[str], Provider]) -> list[Operation]:
    provider = make(target.token.provider)
    key = None
    if isinstance(provider, ListingProvider):
        key = provider.key_of(target.token, target.status)
    return [
        operation
        for operation in find_made(ledger.known, provider.name, target.token_id, key=key)
        if Phase.NEEDS_HUMAN in following(operation.strategy, operation.phase)
    ]


def _not_written(failure: Failure) -> Failure:
    told = "whether a rotation of these tokens is under way is not known, and none was stopped"
    return replace(failure, message=f"{told}: {failure.message}")
