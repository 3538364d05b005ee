"""PURE: the phases of a rotation, and what may follow what. docs/explanation/lifecycle.md draws it.

It knows no provider and no clock; whatever may not follow is a mistake of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping

from keyturn.model.rotation import Phase, Strategy

_STOPS = frozenset({Phase.NEEDS_HUMAN, Phase.STUCK})
"""What any phase that has changed something may come to."""

_OVERLAP: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT}),
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED}),
    # Without a record of the value that was made, it is retired unseen and made again.
    Phase.MINTING: frozenset({Phase.SEALED, Phase.MINTING, Phase.BLOCKED}) | _STOPS,
    Phase.SEALED: frozenset({Phase.PROVING, Phase.MINTING}) | _STOPS,
    Phase.PROVING: frozenset({Phase.DISTRIBUTING, Phase.ROLLED_BACK, Phase.MINTING}) | _STOPS,
    Phase.DISTRIBUTING: frozenset({Phase.CONFIRMING, Phase.MINTING}) | _STOPS,
    Phase.CONFIRMING: frozenset({Phase.DRAINING, Phase.DISTRIBUTING, Phase.MINTING}) | _STOPS,
    Phase.DRAINING: frozenset({Phase.RETIRING}) | _STOPS,
    Phase.RETIRING: frozenset({Phase.DONE}) | _STOPS,
}

_IN_PLACE: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT}),
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED}),
    # A manager may replace the replacement once more, by its id.
    Phase.MINTING: frozenset({Phase.SEALED, Phase.MINTING, Phase.BLOCKED}) | _STOPS,
    Phase.SEALED: frozenset({Phase.PROVING, Phase.MINTING}) | _STOPS,
    Phase.PROVING: frozenset({Phase.DISTRIBUTING, Phase.MINTING}) | _STOPS,
    Phase.DISTRIBUTING: frozenset({Phase.CONFIRMING, Phase.MINTING}) | _STOPS,
    Phase.CONFIRMING: frozenset({Phase.DONE, Phase.DISTRIBUTING, Phase.MINTING}) | _STOPS,
}

_EXTEND: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNED: frozenset({Phase.PREFLIGHT}),
    Phase.PREFLIGHT: frozenset({Phase.MINTING, Phase.BLOCKED}),
    # Nothing is made: the date is asked for, and what was granted is read back.
    Phase.MINTING: frozenset({Phase.DONE, Phase.BLOCKED}) | _STOPS,
}

_MACHINES = {
    Strategy.OVERLAP: _OVERLAP,
    Strategy.IN_PLACE: _IN_PLACE,
    Strategy.EXTEND: _EXTEND,
}

FINAL = frozenset({Phase.DONE, Phase.ROLLED_BACK, Phase.BLOCKED})
"""Nothing more is done about such an operation."""

NEEDS_A_PERSON = frozenset({Phase.NEEDS_HUMAN, Phase.STUCK, Phase.BLOCKED, Phase.ROLLED_BACK})
"""Somebody is told, and the run ends with exit code 4 (a rolled-back one: the next run plans it
again)."""


def following(strategy: Strategy, phase: Phase) -> frozenset[Phase]:
    """Return what may come next; nothing for a final phase, or one that waits for a person.

    A phase that did not succeed may be entered again, which counts how often it was tried.
    """
    found = _MACHINES[strategy].get(phase, frozenset())
    return found | {phase} if found else found


def require(strategy: Strategy, phase: Phase, next_phase: Phase) -> None:
    """Raise ValueError where a step may not follow."""
    if next_phase not in following(strategy, phase):
        raise ValueError(f"{next_phase} may not follow {phase} in {strategy}")
