"""The first half of every command: inventory, inspect, assess.

Providers are asked in parallel while GitHub is asked in order. Imports interfaces only: the
commands hand in GitHub and the providers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keyturn import parallel
from keyturn.assess import assess, sort_findings
from keyturn.call_graph import read_uses
from keyturn.config import Config
from keyturn.credentials import Credentials
from keyturn.deadline import effective_deadline
from keyturn.inspection import WORKERS, Inspector
from keyturn.interfaces import Provider, SecretStore, SourceTree
from keyturn.inventory import Listing, build_inventory, list_secrets
from keyturn.model import Failure, Inspected, Inventory, Survey, Token, TokenStatus
from keyturn.undeclared import assess_undeclared


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
    all_tokens: bool = False,
) -> Survey:
    """Inventory, inspect and assess; an error about one token leaves the others alone.

    `all_tokens`: what the credentials see at their providers, and nobody declared, is judged too.
    """
    inspector = make_inspector(config, providers=providers, credentials=credentials, now=now)
    wait = parallel.start(inspector.inspect, config.tokens, workers=WORKERS)
    inventory = take_inventory(config, world, repository=repository, now=now)
    tokens, failures = judge_answers(config, wait())
    findings = assess(inventory, tokens, defaults=config.defaults, now=now)
    if all_tokens:
        sightings, missed = inspector.list_all(tokens)
        findings = sort_findings((*findings, *assess_undeclared(sightings, config, now=now)))
        # That a kind of declaration has no list was not asked about; a failure is said once.
        failures += tuple(f for f in missed if f.kind.incomplete and f not in failures)
    return Survey(
        repository=repository,
        now=now,
        inventory=inventory,
        tokens=tokens,
        findings=findings,
        failures=(*failures, *inventory.failures, *inventory.uses.failures),
    )


def make_inspector(
    config: Config,
    *,
    providers: Mapping[str, Provider],
    credentials: Credentials,
    now: datetime,
) -> Inspector:
    """Return what asks the providers, with every named value known to the masks."""
    # Every value that is named is known before anything can be said that holds one.
    for token in config.tokens:
        for variable in (*token.value_env.values(), *token.credential_env.values()):
            credentials.find(variable)
    return Inspector(providers, credentials, now)


def judge_answers(
    config: Config, answers: Sequence[tuple[TokenStatus, Failure | None]]
) -> tuple[tuple[Inspected, ...], tuple[Failure, ...]]:
    """Join the answers, in the order of the configuration, with policies, owners and deadlines."""
    tokens = tuple(
        _inspected(config, token, status)
        for token, (status, _) in zip(config.tokens, answers, strict=True)
    )
    return tokens, tuple(failure for _, failure in answers if failure)


def _inspected(config: Config, token: Token, status: TokenStatus) -> Inspected:
    token = replace(
        token, policy=config.policy_for(token, status), owners=config.owners_for(token, status)
    )
    return Inspected(token, status, effective_deadline(token, status))
