"""One operation while it is carried out: its declaration, its journal entry, the way outside.

It decides nothing; the phases' modules do, and `executor` calls them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from keyturn.errors import RotationError, TokenNotFound
from keyturn.interfaces import (
    Access,
    ListingProvider,
    MintingProvider,
    Provider,
    ReplacingProvider,
    RevokingProvider,
    Runs,
    SecretWriter,
    Variables,
)
from keyturn.model import Inventory, SecretRef, StoredPart, Token, TokenStatus
from keyturn.model.rotation import Phase, Predecessor
from keyturn.revocation import pin
from keyturn.rotation.keys import JournalKey, RecoveryKey
from keyturn.rotation.known import Operation
from keyturn.rotation.ledger import Ledger
from keyturn.schema import Strict


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
    def name(self) -> str:
        """What the new token is called."""
        return str(self.operation.facts["name"])

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
        """Label -> the secret, as it is declared now. Raises RotationError where one is gone."""
        declared = {str(stored.ref): stored for stored in self.token.secrets}
        missing = [label for label in self.operation.rows if label not in declared]
        if missing:
            raise RotationError(
                f"{', '.join(missing)} is no longer declared to hold the token",
                hint="declare it again until this rotation is over",
            )
        return {label: declared[label] for label in self.operation.rows}

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

    def look_at(self, token_id: str) -> TokenStatus:
        """Ask afresh about one token, by whoever may see it. Raises ProviderError."""
        provider = self.provider()
        if _takes_ids(provider.options_model()):
            return provider.inspect(self.pinned(token_id), self.access(), now=self.now)
        # Such a declaration means the token whose value this run was given: the list tells ids.
        assert isinstance(provider, ListingProvider)
        for row in provider.list_tokens(self.token, self.access(), now=self.now):
            if row.status.token_id == token_id:
                return row.status
        raise TokenNotFound("its provider does not list the token any more")

    def enter(self, phase: Phase, **data: object) -> None:
        """Write down the phase that begins, or how it ended."""
        self.ledger.enter(self.id, phase, **data)


def _takes_ids(model: type[Strict]) -> bool:
    return "token_id" in model.model_fields


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
