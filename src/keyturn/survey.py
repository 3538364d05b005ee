"""The first half of every command: inventory, inspect, assess.

Providers are asked in parallel while GitHub is asked in order. Imports interfaces only: the
commands hand in GitHub and the providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from keyturn import parallel
from keyturn.assess import assess
from keyturn.call_graph import read_uses
from keyturn.config import Config
from keyturn.credentials import Credentials
from keyturn.deadline import effective_deadline
from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    KeyturnError,
    ProviderError,
    TokenNotFound,
)
from keyturn.interfaces import Access, Provider, SecretStore, SourceTree
from keyturn.inventory import Listing, build_inventory, list_secrets
from keyturn.model import (
    Evidence,
    Failure,
    FailureKind,
    Inspected,
    Inventory,
    State,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.secret_value import SecretValue

WORKERS = 8
"""Tokens asked about at a time, over all providers: enough to hide latency, few enough that no
provider's abuse limits are near."""


@dataclass(frozen=True, slots=True)
class World:
    """The outside of one run."""

    tree: SourceTree
    store: SecretStore | None
    """None: GitHub is not asked for secrets, and `no_store` says why."""
    no_store: Failure | None = None


def take_inventory(config: Config, world: World, *, repository: str, now: datetime) -> Inventory:
    """Join stored secrets, references and declared tokens; no provider is asked."""
    uses = read_uses(world.tree)
    if world.store:
        listing = list_secrets(world.store, repository, config.tokens)
    else:
        listing = Listing(failures=(world.no_store,) if world.no_store else ())
    return build_inventory(
        repository,
        listing=listing,
        uses=uses,
        tokens=config.tokens,
        is_ignored=lambda name: config.is_ignored(name, now),
    )


def take_survey(
    config: Config,
    world: World,
    *,
    repository: str,
    providers: Mapping[str, Provider],
    credentials: Credentials,
    now: datetime,
) -> Survey:
    """Inventory, inspect and assess; an error about one token leaves the others alone."""
    # Every value that is named is known before anything can be said that holds one.
    for token in config.tokens:
        for variable in (*token.value_env.values(), *token.credential_env.values()):
            credentials.find(variable)
    inspector = _Inspector(providers, credentials, now)
    wait = parallel.start(inspector.inspect, config.tokens, workers=WORKERS)
    inventory = take_inventory(config, world, repository=repository, now=now)
    answers = wait()
    tokens = tuple(
        Inspected(
            replace(
                token,
                policy=config.policy_for(token, status),
                owners=config.owners_for(token, status),
            ),
            status,
            effective_deadline(token, status),
        )
        for token, (status, _) in zip(config.tokens, answers, strict=True)
    )
    return Survey(
        repository=repository,
        now=now,
        inventory=inventory,
        tokens=tokens,
        findings=assess(inventory, tokens, defaults=config.defaults, now=now),
        failures=(
            *(failure for _, failure in answers if failure),
            *inventory.failures,
            *inventory.uses.failures,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Inspector:
    """Asks one provider about one token and turns every error into `unknown` with a reason."""

    providers: Mapping[str, Provider]
    credentials: Credentials
    now: datetime

    def inspect(self, token: Token) -> tuple[TokenStatus, Failure | None]:
        try:
            provider = self.providers[token.provider]
            return provider.inspect(token, self._access(token), now=self.now), None
        except CredentialMissing as error:
            return _unknown(token, FailureKind.CREDENTIAL_MISSING, error, "credential-missing")
        except CredentialRejected as error:
            return _unknown(token, FailureKind.CREDENTIAL_REJECTED, error)
        except TokenNotFound as error:
            return _unknown(token, FailureKind.TOKEN_NOT_FOUND, error)
        except ProviderError as error:
            return _unknown(token, FailureKind.PROVIDER_UNAVAILABLE, error)
        except Exception as error:
            told = KeyturnError(f"keyturn failed on this answer ({type(error).__name__})")
            return _unknown(token, FailureKind.PROVIDER_UNAVAILABLE, told)

    def _access(self, token: Token) -> Access | None:
        variables = token.credential_env or token.value_env
        if not variables:
            return None
        own = variables == token.value_env
        credential = self.credentials.get(variables)
        return Access(credential, own=own, value=self._value(token))

    def _value(self, token: Token) -> dict[str, SecretValue]:
        found = {part: self.credentials.find(name) for part, name in token.value_env.items()}
        return {part: value for part, value in found.items() if value is not None}


def _unknown(
    token: Token, kind: FailureKind, error: KeyturnError, reason: str | None = None
) -> tuple[TokenStatus, Failure]:
    status = TokenStatus(
        State.UNKNOWN, evidence=Evidence.NONE, reason=reason or f"{kind.value}: {error.message}"
    )
    return status, Failure(kind, token.id, error.told)
