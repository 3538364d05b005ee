"""The first half of every command: inventory, inspect, assess.

Providers are asked in parallel while GitHub is asked in order. Imports interfaces only: the
commands hand in GitHub and the providers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keyturn.assess import assess, sort_findings
from keyturn.call_graph import read_uses
from keyturn.candidates import make_candidates
from keyturn.config import Config
from keyturn.credentials import Credentials
from keyturn.deadline import effective_deadline
from keyturn.drift_facts import assess_drift
from keyturn.inspection import Inspector
from keyturn.interfaces import Members, Provider, SecretStore, SourceTree
from keyturn.inventory import Listing, build_inventory, list_secrets
from keyturn.leavers import look_for_leavers
from keyturn.manual import is_by_hand
from keyturn.model import (
    FAILED_LOGIN,
    ROTATION_STUCK,
    SCHEDULE_STOPPED,
    Failure,
    Finding,
    Inspected,
    Inventory,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.plan import build_plan
from keyturn.plan.choice import Candidate
from keyturn.progress import SILENT, Progress
from keyturn.remembered import Memory, as_granted, with_current_id
from keyturn.replacements.advice import advise
from keyturn.rotation_findings import broken_findings, rotation_findings
from keyturn.rules.cliffs import find_cliffs
from keyturn.undeclared import assess_undeclared
from keyturn.unsettled import as_unknown, find_unjudged, find_unseen, without_unjudged


@dataclass(frozen=True, slots=True)
class World:
    """The outside of one run."""

    tree: SourceTree
    store: SecretStore | None
    """None: GitHub is not asked for secrets, and `no_store` says why."""
    no_store: Failure | None = None
    members: Members | None = None
    """None: nobody is asked whether the owners of tokens have left."""
    on_github_com: bool = True
    """False: a server of one's own, whose jobs other companies do not know."""
    progress: Progress = SILENT
    """Where a person who waits is told what is asked."""


def take_inventory(config: Config, world: World, *, repository: str, now: datetime) -> Inventory:
    """Join stored secrets, references and declared tokens; no provider is asked."""
    world.progress.say("reading the workflows")
    uses = read_uses(world.tree, repository=repository)
    if world.store:
        world.progress.say("asking GitHub which secrets are stored")
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
    memory: Memory | None = None,
    all_tokens: bool = False,
    outdated: Collection[str] = (),
    rotates: bool = False,
    until: datetime | None = None,
) -> Survey:
    """Inventory, inspect and assess; an error about one token leaves the others alone.

    `memory`: what the journal of rotations tells; without it, or where it was not read, nothing is
    said of rotations. `all_tokens`: what the credentials see at their providers, and nobody
    declared, is judged too. `outdated`: the tokens of which this run was given a value that is not
    stored any more. `rotates`: what this run's credential cannot see is in the way of a rotation.
    `until`: it is also found what stops working before then.
    """
    memory = memory or Memory()
    inspector = make_inspector(
        config, providers=providers, credentials=credentials, now=now, progress=world.progress
    )
    wait = start_inspection(config, inspector, memory, repository=repository)
    inventory = take_inventory(config, world, repository=repository, now=now)
    tokens, failures = as_unknown(*wait(), memory, outdated=outdated)
    candidates = make_candidates(tokens, inspector, inventory, memory)
    stuck, unjudged = _judge_rotations(config, candidates, inventory, memory, now, rotates=rotates)
    found = assess(inventory, tokens, defaults=config.defaults, now=now, until=until)
    findings = [f for f in found if f.rule not in unjudged.get(f.subject, ())]
    drifted, unseen = assess_drift(candidates, inventory, memory, credentials=credentials, now=now)
    cliffs = find_cliffs(tokens, config.rotation.freezes, repository=repository, now=now)
    world.progress.say("asking GitHub whose owners have left")
    leavers = look_for_leavers(world.members, tokens, inventory)
    findings += (*stuck, *drifted, *cliffs, *leavers.findings)
    findings += advise(inventory, tokens, findings, on_github_com=world.on_github_com)
    if all_tokens:
        neglected, missed = _judge_undeclared(config, inspector, tokens, now)
        findings += neglected
        failures += tuple(failure for failure in missed if failure not in failures)
    if memory.failure:
        failures += (memory.failure,)
    return Survey(
        repository=repository,
        now=now,
        inventory=inventory,
        tokens=tokens,
        findings=sort_findings(findings),
        failures=(*failures, *inventory.failures, *inventory.uses.failures, *leavers.failures),
        by_hand=frozenset(each.token.id for each in candidates if is_by_hand(each)),
        unevaluated=leavers.unevaluated | _find_unevaluated(inventory, memory),
        unjudged=_both(unjudged, unseen),
        rotating=frozenset(each.token for each in memory.known.unfinished(repository=repository)),
    )


def _find_unevaluated(inventory: Inventory, memory: Memory) -> frozenset[str]:
    """Return the rules that nobody has looked into so far, or nobody could."""
    # Of keyturn's own schedule, and of failed runs, a check knows that asks for them afterwards.
    rules = {FAILED_LOGIN, SCHEDULE_STOPPED}
    if memory.failure:
        rules.add(ROTATION_STUCK)
    if not inventory.complete:
        rules.add("shadowed")
    return frozenset(rules)


def _judge_undeclared(
    config: Config, inspector: Inspector, tokens: Sequence[Inspected], now: datetime
) -> tuple[tuple[Finding, ...], tuple[Failure, ...]]:
    """Judge what the credentials see and nobody declared; also return who did not answer."""
    sightings, missed = inspector.list_all(tokens)
    # That a kind of declaration has no list was not asked about.
    failures = tuple(failure for failure in missed if failure.kind.incomplete)
    return assess_undeclared(sightings, config, now=now), failures


def _judge_rotations(
    config: Config,
    candidates: Sequence[Candidate],
    inventory: Inventory,
    memory: Memory,
    now: datetime,
    *,
    rotates: bool,
) -> tuple[tuple[Finding, ...], Mapping[str, frozenset[str]]]:
    """Return which rotations need a person, and what cannot be said of whom in the meantime."""
    if memory.broken:
        return broken_findings(memory.broken, config.tokens), {}
    if memory.failure:
        return (), {}
    known, repository = memory.known, inventory.repository
    plan = build_plan(
        candidates,
        bounds=config.rotation,
        inventory=inventory,
        now=now,
        cycles=known.cycles(repository),
    )
    unseen = {} if rotates else find_unseen(plan, inventory)
    found = rotation_findings(known, without_unjudged(plan, unseen))
    return found, {**find_unjudged(known, repository, now=now), **unseen}


def _both(
    one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]
) -> Mapping[str, frozenset[str]]:
    return {
        token: one.get(token, frozenset()) | other.get(token, frozenset())
        for token in (*one, *other)
    }


def start_inspection(
    config: Config, inspector: Inspector, memory: Memory, *, repository: str
) -> Callable[[], tuple[tuple[Inspected, ...], tuple[Failure, ...]]]:
    """Begin to ask about every declared token; the function returned waits for the answers.

    What the journal knows better than the configuration, ids and granted dates, comes from there.
    """
    known = memory.known
    tokens = tuple(
        with_current_id(
            token, known, repository, inspector.providers[token.provider].options_model()
        )
        for token in config.tokens
    )
    wait = inspector.start(tokens)

    def judged() -> tuple[tuple[Inspected, ...], tuple[Failure, ...]]:
        found, failures = judge_answers(replace(config, tokens=tokens), wait())
        return tuple(as_granted(each, known, repository) for each in found), failures

    return judged


def make_inspector(
    config: Config,
    *,
    providers: Mapping[str, Provider],
    credentials: Credentials,
    now: datetime,
    progress: Progress = SILENT,
) -> Inspector:
    """Return what asks the providers, with every named value known to the masks."""
    # Every value that is named is known before anything can be said that holds one.
    for token in config.tokens:
        for variable in token.variables:
            credentials.find(variable)
    return Inspector(providers, credentials, now, progress)


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
