"""PURE: the rule about stored secrets that hold no credential at all.

It decides nothing about declared secrets, and asks `guesses` what a secret holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyturn.first_setup.guesses import Guess
from keyturn.model import Finding, Secret, Store
from keyturn.rules import SEVERITIES


def judge_setting(secret: Secret, guess: Guess) -> Iterator[Finding]:
    """Propose a variable in place of a secret that a workflow reads."""
    # Dependabot and Codespaces have no variables (GitHub docs, "Store information in variables").
    if secret.ref.scope.store is not Store.ACTIONS or not (secret.uses or secret.references):
        return
    yield Finding(
        "setting-as-secret",
        SEVERITIES["setting-as-secret"],
        str(secret.ref),
        f"holds no credential as far as its name and its uses tell ({guess.why}); a variable"
        f" (vars.{secret.ref.name}) would do",
        references=secret.references,
    )
