"""PURE: the phases of a rotation, and what may follow what. docs/explanation/lifecycle.md draws it.

It knows no provider and no clock; whatever may not follow is a mistake of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping

from keyturn.model.rotation import Phase, Strategy

STOPS = frozenset({Phase.NEEDS_HUMAN, Phase.STUCK})
"""What any phase that has changed something may come to, until a person has it tried again."""

_OVERLAP: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT, Phase.BLOCKED}),
    # Blocked means that nothing was made; where a sealed record says otherwise, a person looks.
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED, Phase.NEEDS_HUMAN}),
    # Without a record of the value that was made, it is retired unseen and made again.
    Phase.MINTING: frozenset({Phase.SEALED, Phase.MINTING, Phase.BLOCKED}) | STOPS,
    Phase.SEALED: frozenset({Phase.PROVING, Phase.MINTING}) | STOPS,
    Phase.PROVING: frozenset({Phase.DISTRIBUTING, Phase.ROLLED_BACK, Phase.MINTING}) | STOPS,
    Phase.DISTRIBUTING: frozenset({Phase.CONFIRMING, Phase.MINTING}) | STOPS,
    # A leaked token was ended when the new value was sealed: only its death is waited for then.
    Phase.CONFIRMING: frozenset({Phase.DRAINING, Phase.RETIRING, Phase.DISTRIBUTING, Phase.MINTING})
    | STOPS,
    Phase.DRAINING: frozenset({Phase.RETIRING}) | STOPS,
    Phase.RETIRING: frozenset({Phase.DONE}) | STOPS,
}

_IN_PLACE: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT, Phase.BLOCKED}),
    # Blocked means that nothing was made; where a sealed record says otherwise, a person looks.
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED, Phase.NEEDS_HUMAN}),
    # A manager may replace the replacement once more, by its id.
    Phase.MINTING: frozenset({Phase.SEALED, Phase.MINTING, Phase.BLOCKED}) | STOPS,
    Phase.SEALED: frozenset({Phase.PROVING, Phase.MINTING}) | STOPS,
    Phase.PROVING: frozenset({Phase.DISTRIBUTING, Phase.MINTING}) | STOPS,
    Phase.DISTRIBUTING: frozenset({Phase.CONFIRMING, Phase.MINTING}) | STOPS,
    Phase.CONFIRMING: frozenset({Phase.DONE, Phase.DISTRIBUTING, Phase.MINTING}) | STOPS,
}

_EXTEND: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT, Phase.BLOCKED}),
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED, Phase.NEEDS_HUMAN}),
    # Nothing is made: the date is asked for, and what was granted is read back.
    Phase.MINTING: frozenset({Phase.DONE, Phase.MINTING, Phase.BLOCKED}) | STOPS,
}

_MACHINES = {
    Strategy.OVERLAP: _OVERLAP,
    Strategy.IN_PLACE: _IN_PLACE,
    Strategy.EXTEND: _EXTEND,
}

FINAL = frozenset({Phase.DONE, Phase.ROLLED_BACK, Phase.BLOCKED, Phase.ABANDONED})
"""Nothing more is done about such an operation."""

NEEDS_A_PERSON = frozenset({Phase.NEEDS_HUMAN, Phase.STUCK, Phase.BLOCKED, Phase.ROLLED_BACK})
"""Somebody is told, and the run ends with exit code 4 (a rolled-back one: the next run plans it
again)."""


def following(strategy: Strategy, phase: Phase) -> frozenset[Phase]:
    """Return what may come next of itself; nothing for a final phase.

    From where it stopped it goes back (`known` folds that) only when a person says so.
    """
    if phase in STOPS:
        return frozenset({Phase.ABANDONED})
    return _MACHINES[strategy].get(phase, frozenset())


def require(strategy: Strategy, phase: Phase, next_phase: Phase) -> None:
    """Raise ValueError where a step may not follow."""
    if next_phase not in following(strategy, phase):
        raise ValueError(f"{next_phase} may not follow {phase} in {strategy}")
