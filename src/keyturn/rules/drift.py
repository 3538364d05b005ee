"""PURE: `drifted`, about copies of one token that do not, or need not, hold the same value.

What the journal and the values given to this run tell is given (`drift_facts`); no value is seen
here. A copy that is older than its token is `stale-copy`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keyturn.instants import format_instant
from keyturn.model import Finding, Inspected, Inventory, Level, Secret, SecretRef, Severity, State
from keyturn.rules import SEVERITIES
from keyturn.rules.tokens import copy_is_stale

RULE = "drifted"
_SPREADING = timedelta(hours=1)
"""Copies written within this time were written by the same hand."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What keyturn wrote last into one secret."""

    token_id: str
    at: datetime
    """GitHub's date of the secret then."""


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """What is known of the copies of one token, besides what GitHub and its provider show."""

    dates_tell: bool = True
    """No journal knows more about who wrote a copy when."""
    kept: Mapping[SecretRef, Kept] = field(default_factory=dict)
    known_ids: frozenset[str] = frozenset()
    """The tokens that a rotation had to do with."""
    proven: frozenset[SecretRef] = frozenset()
    """Copies whose value this run was given, and which hold the token."""
    unlike: tuple[SecretRef, ...] = ()
    """Copies whose value is not the one that this run was given as the token's own."""
    foreign: tuple[SecretRef, ...] = ()
    """Copies whose value is not what keyturn stored, although that token is still in use."""
    apart: tuple[SecretRef, ...] = ()
    """Copies of one part that hold several values; nobody told which of them is right."""
    replaced: tuple[SecretRef, ...] = ()
    """Copies that hold a value which keyturn has replaced."""


def find_drift(inspected: Inspected, inventory: Inventory, facts: DriftFacts) -> Finding | None:
    """Return what is said of one token's copies; None where nothing is known to be wrong."""
    if inspected.status.state is not State.ACTIVE:
        return None
    copies = {
        copy.ref: copy
        for copy in inventory.secrets
        if copy.declared_by == inspected.token.id and copy.present is not False
    }
    copies = {ref: copy for ref, copy in copies.items() if not copy.ignored}
    certain = [*_by_value(copies, facts), *_by_journal(inspected, copies, facts)]
    told = certain or list(_by_dates(inspected, copies, facts))
    if not told:
        return None
    places = {place: None for copy in copies.values() for place in copy.references}
    return Finding(
        RULE,
        SEVERITIES[RULE] if certain else Severity.INFO,
        inspected.token.id,
        "; ".join(told),
        references=tuple(places),
    )


def _by_value(copies: Mapping[SecretRef, Secret], facts: DriftFacts) -> Iterator[str]:
    replaced = [ref for ref in facts.replaced if ref in copies]
    foreign = [ref for ref in facts.foreign if ref in copies and ref not in replaced]
    unlike = [ref for ref in facts.unlike if ref in copies and ref not in replaced]
    apart = [ref for ref in facts.apart if ref in copies]
    if replaced:
        yield f"keyturn has replaced the value that is still stored in {_join(replaced)}"
    if foreign:
        yield f"the value in {_join(foreign)} is not what keyturn stored, and the token is the same"
    if unlike:
        yield f"the value in {_join(unlike)} is not what this run was given as the token's own"
    if len(apart) > 1:
        yield f"the values in {_join(apart)} are not all the same"


def _by_journal(
    inspected: Inspected, copies: Mapping[SecretRef, Secret], facts: DriftFacts
) -> Iterator[str]:
    shown = inspected.status.token_id
    if shown is None:
        return
    for ref, copy in copies.items():
        kept = facts.kept.get(ref)
        if kept is None or copy.updated_at is None or ref in facts.proven:
            continue
        # Whether a change of who sees it moves an organization's date, GitHub does not say.
        moved = copy.updated_at > kept.at and ref.level is not Level.ORGANIZATION
        # A provider may keep the id when somebody has a new value made.
        remade = inspected.status.created_at and inspected.status.created_at > kept.at
        if kept.token_id == shown and moved and not remade:
            yield (
                f"{ref} was written on {format_instant(copy.updated_at)} by somebody else, after "
                f"keyturn stored the token there, and the token has not been replaced since"
            )
        replaced = kept.token_id != shown and shown not in facts.known_ids
        if replaced and copy.updated_at == kept.at and not copy_is_stale(copy, inspected):
            yield (
                f"its provider shows the token of id {shown} in place of {kept.token_id}, and "
                f"{ref} was not written since keyturn stored that one there"
            )


def _by_dates(
    inspected: Inspected, copies: Mapping[SecretRef, Secret], facts: DriftFacts
) -> Iterator[str]:
    """Yield the copies that were written again, alone, while the token stayed the same.

    Only those that were made after the token, and so held it at first: an older one may have been
    given the token late. A person may have stored the same value twice: nobody can tell.
    """
    made = inspected.status.created_at
    if made is None or not facts.dates_tell or facts.kept:
        return
    parts = {stored.ref: stored.part for stored in inspected.token.secrets}
    for ref, copy in copies.items():
        others = [other for other in copies.values() if other.ref != ref]
        others = [other for other in others if parts.get(other.ref) == parts.get(ref)]
        first, last = copy.created_at, copy.updated_at
        if ref in facts.proven or ref.level is Level.ORGANIZATION or not (first and last):
            continue
        dates = [other.updated_at for other in others if other.updated_at]
        alone = dates and len(dates) == len(others) and last - max(dates) > _SPREADING
        if alone and min(dates) >= made and first >= made and last - first > _SPREADING:
            yield (
                f"{ref} was written again on {format_instant(last)}, while the token and its other "
                "copies stayed the same: nobody can tell whether it still holds it"
            )


def _join(refs: list[SecretRef]) -> str:
    return ", ".join(map(str, refs))
