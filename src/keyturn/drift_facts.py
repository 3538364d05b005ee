"""Gathers what the journal, and the values given to this run, tell of the copies of each token.

Values are compared here and go no further: what comes out are labels, ids and dates. Nothing is
stored, and what is worth saying is `rules/drift`'s to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from keyturn.credentials import Credentials
from keyturn.model import Finding, Inventory, Phase, SecretRef, StoredPart
from keyturn.plan.choice import Candidate
from keyturn.remembered import Memory
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.rows import Row
from keyturn.rules.drift import RULE, DriftFacts, Kept, find_drift
from keyturn.secret_value import SecretValue

_LONGEST_RUN = timedelta(days=1)
"""A run that was given its values before a copy was written has ended by then."""


def assess_drift(
    candidates: Sequence[Candidate],
    inventory: Inventory,
    memory: Memory,
    *,
    credentials: Credentials,
    now: datetime,
) -> tuple[tuple[Finding, ...], Mapping[str, frozenset[str]]]:
    """Return what is said of the tokens' copies, and of which tokens not all could be seen.

    Nothing is said while a rotation is under way: it writes the copies one by one.
    """
    repository = inventory.repository
    rotating = {operation.token for operation in memory.known.unfinished(repository=repository)}
    young = {s.ref for s in inventory.secrets if s.updated_at and now - s.updated_at < _LONGEST_RUN}
    findings: list[Finding] = []
    unseen: set[str] = set()
    for candidate in candidates:
        token = candidate.token
        settled = [stored for stored in token.secrets if stored.ref not in young]
        values = _values_of(settled, credentials)
        named = sum(stored.value_env is not None for stored in token.secrets)
        found = None
        if token.id not in rotating:
            facts = _gather(candidate, values, memory, repository, credentials=credentials)
            found = find_drift(candidate.inspected, inventory, facts)
        if found:
            findings.append(found)
        elif token.id in rotating or memory.failure or len(values) < named:
            unseen.add(token.id)
    return tuple(findings), dict.fromkeys(unseen, frozenset({RULE}))


def _values_of(
    secrets: Iterable[StoredPart], credentials: Credentials
) -> dict[StoredPart, SecretValue]:
    """Return the copies whose value this run was given; a job gets those of one environment."""
    found = {stored: credentials.find(stored.value_env) for stored in secrets if stored.value_env}
    return {stored: value for stored, value in found.items() if value}


def _gather(
    candidate: Candidate,
    values: Mapping[StoredPart, SecretValue],
    memory: Memory,
    repository: str,
    *,
    credentials: Credentials,
) -> DriftFacts:
    known, key = memory.known, memory.key
    operations = known.of_token(candidate.token.id, repository=repository)
    marks = _marks(candidate, operations) if key else {}
    own = _own_values(candidate, credentials)
    proven: list[SecretRef] = []
    unlike: list[SecretRef] = []
    foreign: list[SecretRef] = []
    unknown: dict[str, list[StoredPart]] = {}
    for stored, value in values.items():
        part = candidate.part_of(stored.part)
        if key and part in marks:
            (proven if key.fingerprint(value) == marks[part] else foreign).append(stored.ref)
        elif part in own:
            (proven if value.is_same(own[part]) else unlike).append(stored.ref)
        else:
            unknown.setdefault(part, []).append(stored)
    apart = [
        stored.ref
        for group in unknown.values()
        if not all(values[stored].is_same(values[group[0]]) for stored in group)
        for stored in group
    ]
    replaced = [
        stored.ref
        for stored, value in values.items()
        if key and key.fingerprint(value) in known.spent
    ]
    return DriftFacts(
        dates_tell=memory.failure is None,
        kept=_kept(candidate, operations),
        known_ids=_ids(known, candidate.token.provider),
        proven=frozenset(proven) - frozenset(replaced),
        unlike=tuple(unlike),
        foreign=tuple(foreign),
        apart=tuple(apart),
        replaced=tuple(replaced),
    )


def _own_values(candidate: Candidate, credentials: Credentials) -> dict[str, SecretValue]:
    """Return part -> the token's own value, as far as this run was given it.

    A single variable may hold `id:secret`, which no copy of one part equals.
    """
    token = candidate.token
    several = candidate.parts or any(stored.part for stored in token.secrets)
    if several and "" in token.value_env:
        return {}
    found = {
        candidate.part_of(part): credentials.find(variable)
        for part, variable in token.value_env.items()
    }
    return {part: value for part, value in found.items() if value}


def _marks(candidate: Candidate, operations: Sequence[Operation]) -> Mapping[str, str]:
    """Return part -> the keyed fingerprint of what keyturn stored, while that token is in use."""
    shown = candidate.inspected.status.token_id
    born = candidate.inspected.status.created_at
    made = [
        operation.facts["fingerprints"]
        for operation in operations
        if operation.phase is Phase.DONE
        and operation.new_id
        and operation.new_id == shown
        and "fingerprints" in operation.facts  # else of an older journal, or it moved the date only
        # A provider may keep the id when somebody has a new value made.
        and not (born and operation.closed_at and born > operation.closed_at)
    ]
    return made[-1] if made else {}


def _kept(candidate: Candidate, operations: Sequence[Operation]) -> dict[SecretRef, Kept]:
    """Return what keyturn wrote last into each secret, where that rotation ended well."""
    found: dict[SecretRef, Kept] = {}
    for operation in operations:
        for stored in candidate.token.secrets:
            row = operation.rows.get(str(stored.ref))
            if row is None or row == Row():
                continue  # not written by this one
            found.pop(stored.ref, None)
            if operation.phase is Phase.DONE and row.shown:
                token_id = operation.new_id or operation.old_id
                found[stored.ref] = Kept(token_id, row.shown)
    return found


def _ids(known: Known, provider: str) -> frozenset[str]:
    return frozenset(
        token_id
        for operation in known.operations.values()
        if operation.provider == provider
        for token_id in (operation.old_id, operation.new_id, *operation.abandoned)
        if token_id
    )
