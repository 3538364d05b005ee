"""PURE: what a repository's workflows read -> a first draft of what keyturn should watch.

It knows no form of the files that are written from it, and invents no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keyturn.first_setup.guess_tables import PARTS, SETTING
from keyturn.first_setup.guesses import CREDENTIAL, Guess, Sure, guess_secret
from keyturn.model import Inventory, Level, Reference, Scope, SecretRef, Store, Use

DECLARED = "declared"
# What GitHub takes for the name of a secret; others can be read, and never hold anything.
_STORABLE = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]{0,254}", re.ASCII)
# It needs nothing but the token's own value, and has one address for everybody. AWS has too, but
# other vendors' storage takes keys under AWS's names.
_TELLS_BY_ITSELF = "github"


@dataclass(frozen=True, slots=True)
class Found:
    """One secret that workflows read, and what it seems to hold."""

    ref: SecretRef
    guess: Guess
    place: Reference | None
    """Where the guess comes from, else where it is read first."""
    assumed: bool
    """Its level is not known: taken for the repository's."""
    at_hand: bool
    """A job without an environment gets it."""

    @property
    def doubtful(self) -> bool:
        """Say whether it may be stored in an environment, which nobody saw."""
        return self.assumed and not self.at_hand


@dataclass(frozen=True, slots=True)
class Entry:
    """One token to declare, in one secret or in two."""

    id: str
    provider: str
    found: tuple[Found, ...]
    complete: bool
    """Nothing is left for a person to fill in, and its issuer is certain."""


@dataclass(frozen=True, slots=True)
class Draft:
    """All that was found in one repository."""

    repository: str
    entries: tuple[Entry, ...]
    settings: tuple[Found, ...]
    """What seems to hold no credential."""
    unused: tuple[SecretRef, ...]
    missing: tuple[str, ...]
    """Names that are read and stored nowhere."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the variables that the declared tokens take their values from."""
        return tuple(
            found.ref.name for entry in self.entries if entry.complete for found in entry.found
        )


def make_draft(inventory: Inventory) -> Draft:
    """Guess what every secret holds that a workflow reads; two halves of a pair are one token."""
    found = list(_find(inventory))
    held = {each.ref.name for each in found if not each.assumed}
    named = {use.name for use in inventory.uses.uses}
    stored = [
        secret
        for secret in inventory.secrets
        if secret.present
        and secret.ref.scope.store is Store.ACTIONS
        and secret.ref.scope.is_of(inventory.repository)
    ]
    unused = [s.ref for s in stored if not (s.uses or s.references)]
    return Draft(
        repository=inventory.repository,
        entries=_make_entries([each for each in found if not each.guess.is_setting]),
        settings=tuple(each for each in found if each.guess.is_setting),
        unused=tuple(unused) if inventory.uses.complete else (),
        missing=tuple(sorted(named - held)) if inventory.complete else (),
    )


def _find(inventory: Inventory) -> Iterator[Found]:
    held = set()
    for secret in inventory.secrets:
        if not secret.present or not (secret.uses or secret.references):
            continue
        if secret.ref.scope.store is Store.ACTIONS:
            held.add(secret.ref.name)
            yield _make_found(secret.ref, secret.uses, secret.references, assumed=False)
    if inventory.complete:
        return
    # What may not be listed has to be somewhere; most secrets are the repository's.
    owner, _, name = inventory.repository.partition("/")
    loose: dict[str, list[Use]] = {}
    for use in inventory.uses.uses:
        if use.name not in held and _STORABLE.fullmatch(use.name):
            loose.setdefault(use.name, []).append(use)
    for key, uses in sorted(loose.items()):
        references = [use.reference for use in uses]
        yield _make_found(SecretRef(Scope(owner, name), key), uses, references, assumed=True)


def _make_found(
    ref: SecretRef, uses: Sequence[Use], references: Sequence[Reference], *, assumed: bool
) -> Found:
    guess = guess_secret(ref.name, uses)
    outside = all(use.environment_known and not use.environment for use in uses)
    return Found(
        ref,
        guess,
        guess.evidence or next(iter(references), None),
        assumed,
        at_hand=ref.level is not Level.ENVIRONMENT and (outside or not assumed),
    )


def _make_entries(found: Sequence[Found]) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    waiting = list(found)
    while waiting:
        first = waiting.pop(0)
        second = next((each for each in waiting if _belong_together(first, each)), None)
        if second:
            waiting.remove(second)
        parts = (first, second) if second else (first,)
        entries.append(_make_entry(parts, {entry.id for entry in entries}))
    return tuple(entries)


def _make_entry(found: tuple[Found, ...], taken: Iterable[str]) -> Entry:
    guess = found[0].guess
    whole = guess.kind not in PARTS or len(found) == len(set(PARTS[guess.kind].values()))
    provider = guess.kind if whole and guess.kind not in (CREDENTIAL, SETTING) else DECLARED
    complete = provider == _TELLS_BY_ITSELF and all(
        each.guess.sure is Sure.CERTAIN and each.at_hand for each in found
    )
    return Entry(_make_id(found, set(taken)), provider, found, complete)


def _belong_together(one: Found, other: Found) -> bool:
    if one.guess.kind not in PARTS or one.guess.kind != other.guess.kind:
        return False
    if one.ref.scope != other.ref.scope or {one.guess.part, other.guess.part} != set(
        PARTS[one.guess.kind].values()
    ):
        return False
    return _stem(one) == _stem(other) or (_step(one) is not None and _step(one) == _step(other))


def _stem(found: Found) -> str:
    """Return a name without what says which half of a pair it is."""
    name = found.ref.name
    for end in PARTS.get(found.guess.kind, ()):
        if end in name:
            return name.replace(end, "").replace("__", "_").strip("_")
    return name


def _step(found: Found) -> tuple[str, str | None, str | None] | None:
    place = found.guess.evidence
    return (place.path, place.job, place.step) if place and place.step else None


def _make_id(found: Sequence[Found], taken: set[str]) -> str:
    """Return an id that the configuration takes: letters, digits and dashes, unique."""
    first = found[0]
    name = first.ref.name
    if len(found) > 1:
        name = _stem(first) or first.guess.issuer
    text = f"{name}-{first.ref.scope.environment}" if first.ref.scope.environment else name
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:56] or "token"
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(id for id in numbers if id not in taken)
