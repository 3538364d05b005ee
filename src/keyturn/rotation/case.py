"""One operation while it is carried out: its declaration, its journal entry, the way outside.

It decides nothing; the phases' modules do, and `executor` calls them in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.errors import KeyturnError, RotationError, TokenNotFound
from keyturn.interfaces import (
    Access,
    Copies,
    ListingProvider,
    MintingProvider,
    Provider,
    ReplacingProvider,
    RevokingProvider,
    Runs,
    SecretWriter,
    Variables,
)
from keyturn.model import Inventory, Listed, SecretRef, StoredPart, Token, TokenStatus
from keyturn.model.rotation import Phase, Predecessor, Strategy
from keyturn.revocation import pin
from keyturn.rotation.keys import JournalKey, RecoveryKey
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.schema import Strict

_PUT_BACK = "put that back until this rotation is over, or give it up"


class DeclarationMoved(KeyturnError):
    """A token is declared otherwise than when its rotation was begun: nothing is done."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything a rotation touches, apart from the journal."""

    make: Callable[[str], Provider]
    """Name -> a new provider, which remembers nothing."""
    access: Callable[[Token], Access | None]
    """What may be presented about a token. Raises CredentialMissing."""
    writer: SecretWriter
    variables: Variables
    """Of the journal's repository."""
    runs: Runs
    inventory: Inventory
    recovery: RecoveryKey
    key: JournalKey
    sleep: Callable[[float], None]
    """Waits so many seconds."""
    reserve: Callable[[int], None]
    """Waits until so many writes to GitHub may follow each other. Raises PlatformUnavailable."""
    ask_again: Callable[[], None]
    """Has GitHub asked again where it was given up in this run."""
    copies: Callable[[Token, Access], Copies | None]
    """What its provider itself holds of a token; None where that kind of provider holds none."""
    run_id: int | None = None
    """Of this very workflow run, which holds what it was given until it ends."""


@dataclass(frozen=True, slots=True)
class Case:
    """One operation and its surroundings."""

    token: Token
    id: str
    ledger: Ledger
    outside: Outside
    now: datetime

    @property
    def operation(self) -> Operation:
        """How far the journal says it is."""
        return self.ledger.operation(self.id)

    @property
    def names(self) -> list[str]:
        """What the new token may be called: one name for each time that one was asked for."""
        return list(self.operation.facts.get("names") or ())

    @property
    def next_name(self) -> str:
        """What the next one is called: a provider may allow no name twice, alive or not."""
        operation, count = self.operation, len(self.names)
        suffix = self.id
        if count:
            key = self.outside.key
            suffix = key.operation_id(
                self.id, operation.provider, old_id=operation.old_id, cycle=count
            )
        return f"{operation.facts['base']} kt-{suffix}"

    @property
    def old(self) -> Predecessor:
        """The token that is replaced, as the plan saw it."""
        facts = self.operation.facts["old"]
        return Predecessor(
            self.operation.old_id,
            created_at=_instant(facts["created_at"]),
            expires_at=_instant(facts["expires_at"]),
            owner=facts["owner"],
            scopes=tuple(facts["scopes"]),
        )

    def instant(self, fact: str) -> datetime:
        """Return an instant that was written down when the operation was opened."""
        found = _instant(self.operation.facts[fact])
        assert found
        return found

    @property
    def destinations(self) -> Mapping[str, StoredPart]:
        """Label -> the secret, as far as it is still declared. See `require_declared`."""
        declared = {str(stored.ref): stored for stored in self.token.secrets}
        return {label: declared[label] for label in self.operation.rows if label in declared}

    def require_declared(self) -> None:
        """Raise DeclarationMoved where the token is not declared as it was when this was begun."""
        declared = {str(stored.ref) for stored in self.token.secrets}
        missing = [label for label in self.operation.rows if label not in declared]
        if missing:
            raise DeclarationMoved(
                f"{', '.join(missing)} is no longer declared to hold the token", hint=_PUT_BACK
            )
        added = declared - set(self.operation.rows)
        if added and self.operation.strategy is not Strategy.EXTEND:
            raise DeclarationMoved(
                f"{', '.join(sorted(added))} was declared to hold the token since its rotation was"
                " begun, and is not written by it",
                hint="take that out until this rotation is over, or give it up",
            )
        if not self.is_about_the_same:
            raise DeclarationMoved(
                "`provider` and `with` of the token are not what they were when its rotation was"
                " begun",
                hint=_PUT_BACK,
            )

    @property
    def is_about_the_same(self) -> bool:
        """Whether the declaration still means the token that it meant when this was begun."""
        same = self.token.provider == self.operation.provider
        return same and digest_declaration(self.token) == self.operation.facts["declared"]

    @property
    def expires_at(self) -> datetime:
        """When a token that is asked for now is to end: as planned, unless that is soon by now."""
        planned = self.instant("expires")
        lifetime = timedelta(seconds=self.operation.facts["lifetime"])
        late = planned - self.now < lifetime / 2
        return (self.now + lifetime).replace(microsecond=0) if late else planned

    def expected(self, label: str) -> datetime | None:
        """Return the date of a secret that is no surprise: this operation's, or the plan's."""
        row = self.operation.rows[label]
        return row.shown or _instant(self.operation.facts["written"][label])

    @property
    def stored_at(self) -> Mapping[SecretRef, datetime]:
        """When each destination was written."""
        rows, places = self.operation.rows, self.destinations
        return {places[label].ref: row.stored_at for label, row in rows.items() if row.stored_at}

    def access(self) -> Access | None:
        """Return what may be presented about the token."""
        return self.outside.access(self.token)

    def provider(self) -> Provider:
        """Return a provider that remembers nothing."""
        return self.outside.make(self.token.provider)

    def minting(self) -> MintingProvider:
        """Return the provider as one that makes tokens."""
        provider = self.provider()
        assert isinstance(provider, MintingProvider)
        return provider

    def replacing(self) -> ReplacingProvider:
        """Return the provider as one that swaps them."""
        provider = self.provider()
        assert isinstance(provider, ReplacingProvider)
        return provider

    def revoking(self) -> RevokingProvider:
        """Return the provider as one that ends them."""
        provider = self.provider()
        assert isinstance(provider, RevokingProvider)
        return provider

    def pinned(self, token_id: str) -> Token:
        """Return the declaration so that it means the token of this id, where one can say so."""
        model = type(self.provider()).options_model()
        pinned = pin(self.token, token_id, model)
        if pinned is self.token and _takes_ids(model):
            raise RotationError("the id of the token is none that its declaration could name")
        return pinned

    def list_tokens(self) -> Sequence[Listed]:
        """Ask afresh for every token that the credential sees there. Raises ProviderError."""
        provider = self.provider()
        assert isinstance(provider, ListingProvider)
        return provider.list_tokens(self.token, self.access(), now=self.now)

    def look_at(self, token_id: str) -> TokenStatus:
        """Ask afresh about one token, by whoever may see it. Raises ProviderError."""
        provider = self.provider()
        if _takes_ids(provider.options_model()):
            return provider.inspect(self.pinned(token_id), self.access(), now=self.now)
        # Such a declaration means the token whose value this run was given: the list tells ids.
        for row in self.list_tokens():
            if row.status.token_id == token_id:
                return row.status
        raise TokenNotFound("its provider does not list the token any more")

    def enter(self, phase: Phase, **data: object) -> None:
        """Write down the phase that begins, or how it ended."""
        self.ledger.enter(self.id, phase, **data)


def digest_declaration(token: Token) -> str:
    """Return what tells one declaration of where a token is from another; it holds no value.

    An id is left out: it is a hint, which every rotation changes.
    """
    options = {name: value for name, value in token.options.items() if name != "token_id"}
    text = json.dumps([token.provider, options], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _takes_ids(model: type[Strict]) -> bool:
    return "token_id" in model.model_fields


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
