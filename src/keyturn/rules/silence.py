"""PURE: the rule about steps that would hide the death of what they use.

It knows no provider: whether the token is dead is not its question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from keyturn.first_setup.guesses import guess_secret
from keyturn.model import Finding, Inventory, Secret, Use
from keyturn.plain import count
from keyturn.rules import SEVERITIES
from keyturn.silence.guards import Guard, find_guard

_MOST = 5
"""Steps named in one finding."""


def find_silent(inventory: Inventory) -> Iterator[Finding]:
    """Yield one finding for each declared token, or undeclared secret, that could die unseen."""
    subjects: dict[str, list[Secret]] = {}
    for secret in inventory.secrets:
        known = secret.declared_by or not guess_secret(secret.ref.name, secret.uses).is_setting
        if known and not secret.ignored and secret.present is not False:
            subjects.setdefault(secret.declared_by or str(secret.ref), []).append(secret)
    for subject, secrets in subjects.items():
        uses = list(dict.fromkeys(use for secret in secrets for use in secret.uses))
        guarded = _find_guarded(uses)
        if guarded:
            yield Finding(
                "fails-silently",
                SEVERITIES["fails-silently"],
                subject,
                _describe(guarded),
                references=tuple(dict.fromkeys(use.reference for use, _ in guarded.values())),
            )


def _find_guarded(uses: Sequence[Use]) -> Mapping[str, tuple[Use, Guard]]:
    """Return the guarded steps by what they are called, each with a use and its guard.

    A step that reads two parts of one token is one step.
    """
    found: dict[str, tuple[Use, Guard]] = {}
    for use in uses:
        for consumer in use.consumers if use.triggers else ():
            guard = find_guard(use, consumer)
            if guard:
                where = f"{consumer.label} in {use.job} ({consumer.path}:{consumer.line})"
                known = found.get(where)
                if known is None or guard.hides_dead > known[1].hides_dead:
                    found[where] = (use, guard)
    return found


def _describe(guarded: Mapping[str, tuple[Use, Guard]]) -> str:
    dead = [f"{where}, {g.words}" for where, (_, g) in guarded.items() if g.hides_dead]
    missing = [f"{where}, {g.words}" for where, (_, g) in guarded.items() if not g.hides_dead]
    told = []
    if dead:
        told.append(f"a dead token would go unseen in {_list(dead)}")
    if missing:
        told.append(f"a missing secret would go unseen in {_list(missing)}")
    return ". And ".join(told)


def _list(steps: Sequence[str]) -> str:
    shown = [*steps[:_MOST], *([f"and {len(steps) - _MOST} more"] if len(steps) > _MOST else [])]
    return f"{count(len(steps), 'step')}: {', '.join(shown)}"
