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
from keyturn.model import State, Token
from keyturn.model.rotation import Phase, Rotation, Strategy
from keyturn.progress import SILENT, Progress
from keyturn.remembered import place_of
from keyturn.rotation import (
    consumers,
    copies,
    ending,
    giving_up,
    lost,
    making,
    preflight,
    proving,
    spreading,
)
from keyturn.rotation.case import Case, DeclarationMoved, Outside, digest_declaration
from keyturn.rotation.drain import Holder
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.rotation.machine import FINAL, NEEDS_A_PERSON, STOPS
from keyturn.rotation.sealed import Sealed
from keyturn.secret_value import redact

_MOST_DAYS = 5
"""On how many days a phase is tried before a person is asked."""
_STORED = (Phase.CONFIRMING, Phase.DRAINING, Phase.RETIRING)
"""Phases in which every secret is to hold the new value: where one was written since, it is written
once more, with one more token where the sealed record is gone by then."""
_DEFINITE = (ProviderRefused, CredentialRejected, TokenNotFound, NotPermitted, PlatformRefused)
"""Refusals after which nothing was changed, and which no second try would mend."""


@dataclass(frozen=True, slots=True)
class Result:
    """How far one run brought an operation."""

    operation: Operation
    message: str
    cut_off: bool = False
    """Something did not answer: the next run goes on."""
    holders: tuple[Holder, ...] = ()
    """Unfinished runs that can hold the old value, for which it waits."""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.operation.phase in NEEDS_A_PERSON


class Executor:
    """Carries out the rotations of one run. The journal is open and locked."""

    def __init__(
        self, outside: Outside, ledger: Ledger, *, now: datetime, progress: Progress = SILENT
    ) -> None:
        self._outside = outside
        self._ledger = ledger
        self._now = now
        self._progress = progress
        self._holders: tuple[Holder, ...] = ()
        """Whom the operation at hand waits for."""

    def start(self, token: Token, rotation: Rotation) -> Result:
        """Begin what was planned, and bring it as far as it goes."""
        repository = self._outside.inventory.repository
        id = self._outside.key.operation_id(
            f"{repository}:{token.id}",
            token.provider,
            old_id=rotation.old.token_id,
            cycle=rotation.cycle,
        )
        labels = [str(destination.ref) for destination in rotation.destinations]
        self._ledger.public |= {token.id, rotation.old.token_id, repository, *labels}
        abilities = self._outside.make(token.provider).abilities(token, self._outside.access(token))
        facts = _opening(token, rotation)
        facts |= {"repository": repository}
        facts |= {"new_owner": bool(abilities.differs), "named": abilities.lists_names}
        # Names may hold what is a value too: a deploy token's user, for one.
        self._ledger.public |= {str(facts["base"]), rotation.old.owner or "", *rotation.old.scopes}
        self._ledger.public.add(str(facts["place"]))
        self._clean_up_after(token, repository)
        self._ledger.begin(id, facts)
        return self.go_on(token, id)

    def _clean_up_after(self, token: Token, repository: str) -> None:
        """Delete what the operation before could not delete, where it was refused."""
        own = self._ledger.known.of_token(token.id, repository=repository)
        if own and own[-1].phase is Phase.BLOCKED:
            with suppress(PlatformError):
                preflight.forget_reserved(self._outside.variables, own[-1].id)

    def go_on(self, token: Token, id: str) -> Result:
        """Bring an operation as far as it goes in this run."""
        case = self._case(token, id)
        try:
            case.require_declared()
            self._holders = ()
            message = self._advance(case)
            self._forget_failures(case)
            return Result(case.operation, message, holders=self._holders)
        except JournalError:
            raise  # nothing may be done that cannot be written down
        except making.NothingMade as error:
            # Where there was one before, a secret may hold it.
            if case.operation.attempts.get(Phase.MINTING, 0) > 1 or case.operation.abandoned:
                return self._stop(case, error)
            return self._block(case, error)
        except RotationError as error:
            return self._hand_over(case, Phase.NEEDS_HUMAN, error)
        except (ProviderError, PlatformError, CredentialMissing, DeclarationMoved) as error:
            return self._stop(case, error)

    def retry(self, token: Token, id: str) -> Result:
        """Go on with one that has stopped, because a person has looked and says so.

        What its secrets hold by now is no surprise any more: the new value is written over it.
        """
        case = self._case(token, id)
        operation = case.operation
        if operation.phase in STOPS:
            try:
                case.require_declared()
                shown = {label: _shown(case, label) for label in operation.rows}
                self._forgive(case)
            except JournalError:
                raise
            except KeyturnError as error:
                return Result(case.operation, error.told, cut_off=True)
            phase = Phase(operation.facts["from"])
            moved = any(row.shown != shown[label] for label, row in operation.rows.items())
            if moved and phase in _STORED:
                phase = Phase.DISTRIBUTING
            self._ledger.retry(id, phase, shown)
        return self.go_on(token, id)

    def abandon(self, token: Token, id: str) -> Result:
        """Give one up that has stopped, without losing a value."""
        case = self._case(token, id)
        if case.operation.phase not in STOPS:
            told = "it is under way, and only what has stopped can be given up"
            return Result(case.operation, told, cut_off=True)
        try:
            told = giving_up.give_up(case)
            return Result(case.operation, told)
        except JournalError:
            raise
        except KeyturnError as error:
            return Result(case.operation, f"it was not given up: {error.told}", cut_off=True)

    def _case(self, token: Token, id: str) -> Case:
        case = Case(token, id, self._ledger, self._outside, self._now)
        operation = case.operation
        self._ledger.public |= {token.id, operation.old_id, operation.repository, *operation.rows}
        self._ledger.public |= {operation.new_id or operation.old_id, *operation.abandoned}
        self._ledger.public |= set(case.names)
        return case

    def _forgive(self, case: Case) -> None:
        """Take back that a value was presented, where it is seen to live: it was not replaced."""
        access = case.access()
        if case.operation.strategy is not Strategy.IN_PLACE or access is None or not access.own:
            return
        fingerprint = self._outside.key.fingerprint(access.credential[""])
        spent = fingerprint in self._ledger.known.spent
        if spent and case.look_at(case.operation.old_id).state is State.ACTIVE:
            self._ledger.take_back(case.id, fingerprint)

    def _advance(self, case: Case) -> str:
        """Take phase after phase; return how it stands in the end."""
        sealed: Sealed | None = None
        while True:
            self._progress.say(f"rotating with {case.token.provider}: {case.operation.phase}")
            match case.operation.phase:
                case Phase.PLANNED:
                    case.enter(Phase.PREFLIGHT)
                case Phase.PREFLIGHT:
                    preflight.look(case)
                    if case.operation.strategy is Strategy.EXTEND:
                        return making.extend(case)
                    if busy := preflight.wait_for_quiet(case):
                        return f"waits: {busy}"
                    preflight.put_up(case)
                    sealed = making.make(case)
                case Phase.MINTING if case.operation.strategy is Strategy.EXTEND:
                    return making.extend(case)
                case Phase.MINTING:
                    sealed = making.make(case)
                case Phase.SEALED:
                    sealed = sealed or making.find_sealed(case)
                    if case.operation.facts["ends_first"] and sealed is None:
                        sealed = making.make(case)  # or nothing that works would be left
                        continue
                    # One that is in memory alone does not take the old one's place yet.
                    if case.operation.facts["ends_first"] and case.operation.facts["kept"]:
                        ending.end_old(case)
                    case.enter(Phase.PROVING)
                case Phase.PROVING | Phase.DISTRIBUTING:
                    sealed = sealed or making.find_sealed(case)
                    if sealed is None and case.operation.is_stored:
                        case.enter(Phase.CONFIRMING)
                    elif sealed is None:
                        sealed = making.make(case)
                    elif told := self._spread(case, sealed):
                        return told
                case Phase.CONFIRMING:
                    spreading.confirm(case)
                    making.forget_sealed(case)
                    if case.operation.strategy is Strategy.IN_PLACE:
                        case.enter(Phase.DONE)
                        return "every secret holds the new value"
                    ended = case.operation.facts["ends_first"]
                    case.enter(Phase.RETIRING if ended else Phase.DRAINING)
                case Phase.DRAINING | Phase.RETIRING:
                    return self._end_old(case)
                case phase:
                    return str(case.operation.facts.get("because", f"is {phase}"))

    def _spread(self, case: Case, sealed: Sealed) -> str:
        """Prove the new value, or store it; return what the operation ended with, if it did."""
        if case.operation.phase is Phase.DISTRIBUTING:
            self._distribute(case, sealed)
            copies.write_copies(case, sealed)
            case.enter(Phase.CONFIRMING)
            return ""
        problems = proving.prove(case, sealed)
        if not problems:
            case.enter(Phase.DISTRIBUTING)
            return ""
        # What was written before a second token was made may be all that a secret holds.
        safe = lost.is_untouched(case) and not case.operation.retiring
        if case.operation.strategy is Strategy.OVERLAP and safe:
            return proving.roll_back(case, problems)
        raise RotationError(f"the new token is not as it should be: {problems[0]}")

    def _distribute(self, case: Case, sealed: Sealed) -> None:
        try:
            spreading.distribute(case, sealed)
        except (PlatformError, RotationError):
            if not case.operation.facts["kept"]:
                making.write_record(case, sealed)  # it is in memory alone, and the run ends
            raise

    def _end_old(self, case: Case) -> str:
        if case.operation.facts["ends_first"]:
            return ending.retire(case)
        left = copies.find_left(case)
        # Once it was ended, its death alone is waited for.
        if not case.operation.ended_at and (waits := self._find_wait(case, left)):
            return f"waits: {waits}"
        told = ending.retire(case)
        return f"{told}; {left}" if left else told

    def _find_wait(self, case: Case, left: str) -> str:
        """Return what keeps the old token alive; empty where it may be retired."""
        verdict, holders = consumers.judge(case)
        verdict = ending.weigh_use(case, verdict)
        waits = "" if verdict.now else verdict.because
        if not waits and left and self._now < verdict.at_latest:
            waits = left
        if waits:
            self._holders = holders
            return waits
        spreading.confirm(case)  # days may have passed, and somebody put the old value back
        if case.operation.phase is Phase.DRAINING:
            self._clean_up_after_others(case)
            although = redact(verdict.because) if verdict.forced else None
            case.enter(Phase.RETIRING, although=although)
        return ""

    def _forget_failures(self, case: Case) -> None:
        """Begin to count the bad days anew, now that a run has come through."""
        if case.operation.failed_on and case.operation.phase not in FINAL | STOPS:
            self._ledger.answered(case.id)

    def _clean_up_after_others(self, case: Case) -> None:
        """End and delete what a run left that was overtaken between a mint and its next entry."""
        if case.operation.facts["named"]:
            lost.end_orphans(case)
        making.forget_sealed(case)

    def _stop(self, case: Case, error: KeyturnError) -> Result:
        """Say that something refused, or did not answer."""
        operation = case.operation
        if operation.phase is Phase.PREFLIGHT and isinstance(error, _DEFINITE):
            return self._block(case, error)
        if operation.phase not in FINAL | STOPS and self._now.date() not in operation.failed_on:
            self._ledger.failed(case.id)
        if len(case.operation.failed_on) >= _MOST_DAYS:
            return self._hand_over(case, Phase.STUCK, error)
        told = f"the next run goes on: {error.told}"
        return Result(case.operation, told, cut_off=True)

    def _block(self, case: Case, error: KeyturnError) -> Result:
        """Refuse, because nothing was made: the next run plans it again."""
        return self._hand_over(case, Phase.BLOCKED, error)

    def _hand_over(self, case: Case, phase: Phase, error: KeyturnError) -> Result:
        # What cannot be deleted must not keep a person from being told.
        with suppress(PlatformError, RotationError):
            preflight.clean_up(case)
        early = case.operation.phase in (Phase.PLANNED, Phase.PREFLIGHT)
        if early and not isinstance(error, preflight.JournalCut):
            phase = Phase.BLOCKED
        case.enter(phase, because=redact(error.message), hint=redact(error.hint))
        return Result(case.operation, error.told)


def _shown(case: Case, label: str) -> datetime | None:
    found = case.outside.writer.find(case.destinations[label].ref)
    return found.updated_at if found else None


def _opening(token: Token, rotation: Rotation) -> dict[str, object]:
    """Return what is written down before anything is done."""
    old = rotation.old
    return {
        "token": token.id,
        "provider": token.provider,
        "strategy": rotation.strategy.value,
        "cycle": rotation.cycle,
        "old_id": old.token_id,
        "place": place_of(old.key, old.token_id),
        "rows": [str(destination.ref) for destination in rotation.destinations],
        "base": token.options.get("token") or token.id,
        "declared": digest_declaration(token),
        "expires": rotation.expires_at.isoformat(),
        "overlap": int(rotation.overlap.total_seconds()),
        "cap": int(rotation.cap.total_seconds()),
        "rescue": rotation.rescue,
        "leaked": rotation.leaked,
        "ends_first": rotation.ends_first,
        "lifetime": int(rotation.lifetime.total_seconds()),
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
