"""PURE: `replaceable`, the rule about tokens that could vanish altogether.

It speaks only where every use of every copy is understood and has a replacement, and writes no
patch: that is made from what it proposes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from keyturn.model import (
    Advice,
    Finding,
    Inspected,
    Inventory,
    Level,
    Secret,
    Store,
    Token,
    Use,
)
from keyturn.replacements import find_replacement
from keyturn.replacements.evidence import (
    OIDC,
    PACKAGES,
    Change,
    Place,
    Replacement,
    StepChange,
    find_version,
)
from keyturn.rules import SEVERITIES

RULE = "replaceable"
_DUE = frozenset(
    {
        "expiring",
        "expired",
        "revoked",
        "blocked-by-policy",
        "copy-too-old",
        "never-expires",
        "unknown-expiry",
        "lifetime-too-long",
    }
)
"""When somebody has to touch the token anyway."""
_FIRST = (
    "Do this before the workflow changes: until it is done, the jobs fail the new way, and the "
    "change would have to be taken back."
)

_ONCE = (
    "In one job, a step that is put in serves all that ask for the same one; another needs an id "
    "of its own"
)
_APART = (
    "Another credential goes the same way, maybe to another account: give each a variable of its "
    "own name, in place of the one that stands here"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A finding, and what is to change in the workflows; its advice has no patch yet."""

    finding: Finding
    changes: tuple[StepChange, ...]
    exact: bool
    """The changes are all that is to be done."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A use that has a replacement."""

    place: Place
    row: Replacement

    @property
    def change(self) -> Change:
        """What the row changes, with the names of this place."""
        change = self.row.change
        named = self.place.find_value("with.repository") or self.place.repository
        owner, _, name = named.partition("/")
        values = {"{owner}": owner, "{name}": name}
        filled = tuple((key, values.get(text, text)) for key, text in change.prelude)
        return replace(change, prelude=filled)

    @property
    def is_exact(self) -> bool:
        """Whether the change is all that is to be done."""
        return self.row.patches(self.place) and not self.row.is_old(self.place)


def find_replaceable(
    inventory: Inventory,
    tokens: Sequence[Inspected],
    findings: Sequence[Finding],
    *,
    on_github_com: bool,
) -> Iterator[Proposal]:
    """Propose to do without the tokens that are due, and without undeclared credentials.

    `on_github_com`: the identity of a job is vouched for by the issuer that registries know.
    """
    if not inventory.uses.complete:
        return  # somebody out of sight may use it
    due = {finding.subject for finding in findings if finding.rule in _DUE}
    asked: list[Proposal | None] = []
    for token in (each.token for each in tokens):
        if token.id in due:
            copies = [secret for secret in inventory.secrets if secret.declared_by == token.id]
            others = (each.token for each in tokens if each.token.id != token.id)
            asked.append(_judge(inventory, copies, token, given=_find_given(token, others)))
    for secret in inventory.secrets:
        foreign = secret.ref.level is Level.ORGANIZATION
        if secret.declared_by is None and secret.present and not secret.ignored and not foreign:
            asked.append(_judge(inventory, [secret], None, given=frozenset()))
    found = [each for each in asked if each and (on_github_com or not _leaves_github(each))]
    for proposal in found:
        yield _keep_apart(proposal) if _shares_names(proposal, found) else proposal


def _leaves_github(proposal: Proposal) -> bool:
    """Say whether somebody else has to know the job, who knows those of github.com only."""
    return any(not {OIDC, PACKAGES}.isdisjoint(each.change.grants) for each in proposal.changes)


def _shares_names(proposal: Proposal, others: Iterable[Proposal]) -> bool:
    """Say whether a patch would give two credentials' places one variable, as of two accounts."""
    names = {reference.name for reference in proposal.finding.references}
    return any(
        names.isdisjoint({reference.name for reference in other.finding.references})
        and not _variables(proposal).isdisjoint(_variables(other))
        for other in others
    )


def _keep_apart(proposal: Proposal) -> Proposal:
    """Return a proposal that people have to finish, and say why."""
    advice = proposal.finding.advice
    assert advice
    told = replace(advice, changes=(*advice.changes, _APART))
    return Proposal(replace(proposal.finding, advice=told), proposal.changes, exact=False)


def _variables(proposal: Proposal) -> set[str]:
    values = (value for each in proposal.changes for _, value in each.change.put)
    return {value for value in values if value.startswith("${{ vars.")}


def _find_given(token: Token, others: Iterable[Token]) -> frozenset[str]:
    """Return the variables in which keyturn is given a token only to look at it."""
    own = {*token.value_env.values(), *(part.value_env for part in token.secrets)}
    asking = {name for other in others for name in other.credential_env.values()}
    return frozenset(name for name in own - asking if name)


def _judge(
    inventory: Inventory, copies: Sequence[Secret], token: Token | None, *, given: frozenset[str]
) -> Proposal | None:
    """Return the proposal about one token or secret, where nothing of it is in doubt."""
    stored = [copy for copy in copies if copy.present is not False]
    uses = dict.fromkeys(use for copy in stored for use in copy.uses)
    read = {use.reference for use in uses}
    if not all(_is_seen(copy, inventory) and read.issuperset(copy.references) for copy in stored):
        return None
    matches: list[_Match] = []
    for use in uses:
        if _is_keyturns(use, given):
            continue
        match = _match(use, inventory)
        if match is None:
            return None
        matches.append(match)
    # Two secrets of one step, such as an id and a key, are one change.
    different = {(m.place.consumer, m.row.id): m for m in matches}
    known = any(match.place.key in match.row.keys for match in matches)
    return _propose([*different.values()], stored, token) if known else None


def _is_seen(copy: Secret, inventory: Inventory) -> bool:
    """Say whether all that reads a copy is in the repository, as far as anybody can see."""
    scope = copy.ref.scope
    owner = inventory.repository.partition("/")[0].lower()
    shared = copy.ref.level is Level.ORGANIZATION and scope.owner.lower() == owner
    return scope.store is Store.ACTIONS and (shared or scope.is_of(inventory.repository))


def _is_keyturns(use: Use, given: frozenset[str]) -> bool:
    """Say whether a use only hands the token to keyturn, to look at it."""
    variable = use.reference.key.removeprefix("env.")
    return use.reference.optional and variable in given and _is_whole(use)


def _is_whole(use: Use) -> bool:
    """Say whether the value is the secret, and nothing beside it."""
    if len(use.consumers) != 1:
        return False
    section, _, key = use.reference.key.partition(".")
    step = use.consumers[0]
    value = step.inputs.get(key.lower()) if section == "with" else step.env.get(key)
    name = re.escape(use.reference.name or "")
    whole = rf"\$\{{\{{\s*secrets(\.{name}|\['{name}'\])\s*\}}\}}"
    return bool(re.fullmatch(whole, (value or "").strip(), re.IGNORECASE))


def _match(use: Use, inventory: Inventory) -> _Match | None:
    """Return the replacement of one use, None where it is not understood or has none."""
    reference, uses = use.reference, inventory.uses
    events = uses.events.get(use.path, frozenset())
    steps = uses.jobs.get((reference.path, reference.job or ""), ())
    section = reference.key.partition(".")[0]
    if (
        # A called workflow has the rights of its caller, and a local action those of its job.
        reference.path != use.path
        or "workflow_call" in events
        or reference.step is None
        or reference.optional
        or section not in ("with", "env")
        or not _is_whole(use)
        or use.consumers[0] not in steps
    ):
        return None
    place = Place(
        use=use,
        consumer=use.consumers[0],
        repository=inventory.repository,
        steps=steps,
        events=frozenset().union(*uses.events.values()),
    )
    row = find_replacement(place)
    return _Match(place, row) if row else None


def _propose(matches: Sequence[_Match], copies: Sequence[Secret], token: Token | None) -> Proposal:
    names = [*dict.fromkeys(match.row.name for match in matches)]
    told = dict.fromkeys(step for match in matches for step in _publisher(match))
    lines = [*dict.fromkeys(line for match in matches for line in _describe(match))]
    put_in = [match.place.consumer for match in matches if match.change.prelude]
    if len({(step.path, step.job) for step in put_in}) < len(put_in):
        lines.append(_ONCE)
    advice = Advice(
        replacement=" and ".join(names),
        changes=tuple(lines),
        publisher=(_FIRST, *told) if told else (),
        before_deleting=_before_deleting(matches, copies, token),
        sources=tuple(dict.fromkeys(match.row.source for match in matches)),
    )
    verb = "can" if len(names) == 1 else "together can"
    finding = Finding(
        RULE,
        SEVERITIES[RULE],
        token.id if token else str(copies[0].ref),
        f"could go altogether: {advice.replacement} {verb} take its place wherever it is used here",
        references=tuple(dict.fromkeys(r for copy in copies for r in copy.references)),
        advice=advice,
    )
    changes = tuple(StepChange(match.place.consumer, match.change) for match in matches)
    return Proposal(finding, changes, all(match.is_exact for match in matches))


def _describe(match: _Match) -> Iterator[str]:
    """Yield what changes in a step, in words."""
    place, row, change = match.place, match.row, match.change
    step = place.consumer
    where = f"{step.path}, job {step.job}, step {step.label}"
    if row.is_old(place):
        yield f"{where}: move it to {row.action} v{_dotted(row.since)} or later first"
    elif row.since and find_version(step.uses) is None:
        yield f"{where}: see that the commit it is pinned to is v{_dotted(row.since)} or later"
    if row.patches(place):
        dropped = [key for key in change.drop if place.find_value(key)]
        parts = [f"take out {' and '.join(dropped)}"] if dropped else []
        parts += [f"set {key}: {value}" for key, value in change.put]
        if change.prelude:
            inside = ", ".join(f"{key}: {value}" for key, value in change.prelude)
            parts.append(f"put a step before it with {inside}")
        yield f"{where}: {', '.join(parts)}"
    else:
        yield f"{where}: {row.by_hand}"
    has = step.permissions or {}
    wanted = [] if has.get("*") == "write" else [g for g in change.grants if g not in has.items()]
    if wanted:
        rights = ", ".join(f"{name}: {level}" for name, level in wanted)
        yield f"{step.path}, job {step.job}: give it the permission {rights}"
    if wanted and step.permissions is None:
        yield (
            f"{step.path}, job {step.job}: it names no permissions so far; once it does, it has no "
            "others, so name what its other steps need too (contents: read to check out)"
        )


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _publisher(match: _Match) -> Iterator[str]:
    """Yield what to set up elsewhere, with the names of the place."""
    place = match.place
    owner, _, name = place.repository.partition("/")
    values = {
        "{owner}": owner,
        "{name}": name,
        "{file}": place.use.path.rpartition("/")[2],
        "{environment}": _environment(place.use),
        "{subject}": _subject(place),
    }
    for step in match.row.publisher:
        for key, value in values.items():
            step = step.replace(key, value)
        yield step


def _environment(use: Use) -> str:
    if not use.environment_known:
        return "that of the job"
    return use.environment or "left empty"


def _subject(place: Place) -> str:
    """Return the claims by which a cloud knows the job.

    GitHub docs, "OpenID Connect reference" (read 2026-11).
    """
    use = place.use
    if use.environment or not use.environment_known:
        name = use.environment.replace(":", "%3A") or "ENVIRONMENT"
        return f"repo:{place.repository}:environment:{name}"
    events = {trigger.event for trigger in use.triggers}
    claims = {
        "ref:refs/heads/BRANCH": events - {"pull_request", "release"},
        "ref:refs/tags/TAG": events & {"push", "release"},
        "pull_request": events & {"pull_request"},
    }
    held = [claim for claim in claims if claims[claim]] or ["ref:refs/heads/BRANCH"]
    return " or ".join(f"repo:{place.repository}:{claim}" for claim in held)


def _before_deleting(
    matches: Sequence[_Match], copies: Sequence[Secret], token: Token | None
) -> tuple[str, ...]:
    jobs = dict.fromkeys(f"{m.place.use.job} of {m.place.use.path}" for m in matches)
    labels = ", ".join(dict.fromkeys(str(copy.ref) for copy in copies))
    shared = any(copy.ref.level is Level.ORGANIZATION for copy in copies)
    elsewhere = (
        "See that no other repository of the organization reads the secret."
        if shared
        else "See that nobody uses the value elsewhere: another repository, a server, a person."
    )
    end = f"Then end the token where it was made, and delete {labels}"
    if token:
        end += f"; take {token.id} out of keyturn's configuration and out of keyturn's own step"
    return (
        f"Let every job that is changed succeed once the new way: {', '.join(jobs)}.",
        elsewhere,
        f"{end}.",
    )
