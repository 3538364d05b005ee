"""PURE: what a step does with a secret -> what does the same without it.

It looks at one use. Whether a secret can go altogether is decided by `rules.replaceable`.
"""

from __future__ import annotations

from keyturn.replacements import github_tokens, registries
from keyturn.replacements.evidence import Place, Replacement

ROWS = (*registries.ROWS, *github_tokens.ROWS)
"""Every evidence there is. No two hold of one place."""


def find_replacement(place: Place) -> Replacement | None:
    """Return what does the same without the secret, where that is certain."""
    return next((row for row in ROWS if row.matches(place)), None)
