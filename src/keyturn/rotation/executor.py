"""Carries rotations out, one phase at a time, and goes on where an earlier run was cut off.

Every phase looks at the world first and may be taken again; it is written down before anything is
changed, and after. What cannot go on waits, or is handed to a person: nothing is guessed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    JournalError,
    KeyturnError,
    NotPermitted,
    PlatformError,
    PlatformRefused,
    ProviderError,
    ProviderRefused,
    RotationError,
    TokenNotFound,
)
from keyturn.model import Token
from keyturn.model.rotation import Phase, Rotation, Strategy
from keyturn.rotation import ending, making, spreading
from keyturn.rotation.case import Case, Outside
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.machine import FINAL, NEEDS_A_PERSON
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import redact

_MOST_TRIES = 10
"""How often a phase is entered before a person is asked."""
_DEFINITE = (ProviderRefused, CredentialRejected, TokenNotFound, NotPermitted, PlatformRefused)
"""Refusals after which nothing was changed, and which no second try would mend."""


@dataclass(frozen=True, slots=True)
class Result:
    """How far one run brought an operation."""

    operation: Operation
    message: str
    cut_off: bool = False
    """Something did not answer: the next run goes on."""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.operation.phase in NEEDS_A_PERSON


class Executor:
    """Carries out the rotations of one run. The journal is open and locked."""

    def __init__(self, outside: Outside, ledger: Ledger, *, now: datetime) -> None:
        self._outside = outside
        self._ledger = ledger
        self._now = now

    def start(self, token: Token, rotation: Rotation) -> Result:
        """Begin what was planned, and bring it as far as it goes."""
        key = self._outside.key
        id = key.operation_id(
            token.id, token.provider, old_id=rotation.old.token_id, cycle=rotation.cycle
        )
        labels = [str(destination.ref) for destination in rotation.destinations]
        self._ledger.public |= {token.id, rotation.old.token_id, *labels}
        abilities = self._outside.make(token.provider).abilities(token, self._outside.access(token))
        facts = _opening(token, rotation, id)
        facts |= {"new_owner": bool(abilities.differs), "named": abilities.lists_names}
        # Names may hold what is a value too: a deploy token's user, for one.
        self._ledger.public |= {str(facts["name"]), rotation.old.owner or "", *rotation.old.scopes}
        self._ledger.begin(id, facts)
        return self.go_on(token, id)

    def go_on(self, token: Token, id: str) -> Result:
        """Bring an operation as far as it goes in this run."""
        case = Case(token, id, self._ledger, self._outside, self._now)
        operation = case.operation
        self._ledger.public |= {token.id, operation.old_id, *operation.rows}
        self._ledger.public |= {operation.new_id or operation.old_id, *operation.abandoned}
        try:
            message = self._advance(case)
            return Result(case.operation, message)
        except JournalError:
            raise  # nothing may be done that cannot be written down
        except making.NothingMade as error:
            if case.operation.attempts.get(Phase.MINTING, 0) > 1:
                return self._stop(case, error)
            _clean_up(case)
            case.enter(Phase.BLOCKED, because=redact(error.told))
            return Result(case.operation, error.told)
        except RotationError as error:
            return self._hand_over(case, Phase.NEEDS_HUMAN, error)
        except (ProviderError, PlatformError, CredentialMissing) as error:
            return self._stop(case, error)

    def _advance(self, case: Case) -> str:
        """Take phase after phase; return how it stands in the end."""
        sealed: Sealed | None = None
        while True:
            match case.operation.phase:
                case Phase.PLANNED:
                    case.enter(Phase.PREFLIGHT)
                case Phase.PREFLIGHT:
                    making.check_beforehand(case)
                    if case.operation.strategy is Strategy.EXTEND:
                        return making.extend(case)
                    sealed = making.make(case)
                case Phase.MINTING if case.operation.strategy is Strategy.EXTEND:
                    return making.extend(case)
                case Phase.MINTING:
                    sealed = making.make(case)
                case Phase.SEALED:
                    case.enter(Phase.PROVING)
                case Phase.PROVING:
                    sealed = sealed or making.find_sealed(case)
                    if sealed is None:
                        sealed = making.make(case)
                        continue
                    problems = making.prove(case, sealed)
                    if problems and case.operation.strategy is Strategy.OVERLAP:
                        return making.roll_back(case, problems)
                    if problems:
                        raise RotationError(f"the new token is not as it should be: {problems[0]}")
                    case.enter(Phase.DISTRIBUTING)
                case Phase.DISTRIBUTING:
                    sealed = sealed or making.find_sealed(case)
                    if sealed is None:
                        sealed = making.make(case)
                        continue
                    spreading.distribute(case, sealed)
                    case.enter(Phase.CONFIRMING)
                case Phase.CONFIRMING:
                    spreading.confirm(case)
                    making.forget_sealed(case)
                    if case.operation.strategy is Strategy.IN_PLACE:
                        case.enter(Phase.DONE)
                        return "every secret holds the new value"
                    case.enter(Phase.DRAINING)
                case Phase.DRAINING | Phase.RETIRING:
                    return self._end_old(case)
                case phase:
                    return str(case.operation.facts.get("because", f"is {phase}"))

    def _end_old(self, case: Case) -> str:
        verdict, _ = ending.judge(case)
        waits = ending.still_used(case, verdict) if verdict.now else verdict.because
        if waits:
            return f"waits: {waits}"
        if not case.operation.retiring:
            spreading.confirm(case)  # days may have passed, and somebody put the old value back
        if case.operation.phase is Phase.DRAINING:
            case.enter(Phase.RETIRING)
        return ending.retire(case, verdict)

    def _stop(self, case: Case, error: KeyturnError) -> Result:
        """Say that something refused, or did not answer."""
        phase = case.operation.phase
        if phase is Phase.PREFLIGHT and isinstance(error, _DEFINITE):
            _clean_up(case)
            case.enter(Phase.BLOCKED, because=redact(error.told))
            return Result(case.operation, error.told)
        if case.operation.attempts.get(phase, 0) >= _MOST_TRIES:
            return self._hand_over(case, Phase.STUCK, error)
        if phase not in (Phase.MINTING, Phase.DRAINING) and phase not in FINAL:
            case.enter(phase)
        told = f"the next run goes on: {error.told}"
        return Result(case.operation, told, cut_off=True)

    def _hand_over(self, case: Case, phase: Phase, error: KeyturnError) -> Result:
        _clean_up(case)
        if case.operation.phase is Phase.PREFLIGHT:
            phase = Phase.BLOCKED
        case.enter(phase, because=redact(error.told))
        return Result(case.operation, error.told)


def _clean_up(case: Case) -> None:
    # What cannot be deleted must not keep a person from being told.
    with suppress(PlatformError, RotationError):
        making.clean_up(case)


def _opening(token: Token, rotation: Rotation, id: str) -> dict[str, object]:
    """Return what is written down before anything is done."""
    old = rotation.old
    base = token.options.get("token") or token.id
    return {
        "token": token.id,
        "provider": token.provider,
        "strategy": rotation.strategy.value,
        "cycle": rotation.cycle,
        "old_id": old.token_id,
        "rows": [str(destination.ref) for destination in rotation.destinations],
        "name": f"{base} kt-{id}",
        "expires": rotation.expires_at.isoformat(),
        "overlap": int(rotation.overlap.total_seconds()),
        "cap": int(rotation.cap.total_seconds()),
        "rescue": rotation.rescue,
        "written": {
            str(d.ref): d.updated_at.isoformat() if d.updated_at else None
            for d in rotation.destinations
        },
        "old": {
            "created_at": old.created_at.isoformat() if old.created_at else None,
            "expires_at": old.expires_at.isoformat() if old.expires_at else None,
            "owner": old.owner,
            "scopes": list(old.scopes),
        },
    }
