"""PURE: the rules about stored secrets and the names that workflows read.

They know nothing of what a token's provider says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from keyturn.first_setup.guesses import guess_secret
from keyturn.model import Finding, Inventory, Level, Policy, Secret, Store, Use
from keyturn.model.rotation import RECOVERY_KEY
from keyturn.rules import SEVERITIES
from keyturn.rules.expected import Expectations
from keyturn.rules.settings import judge_setting
from keyturn.rules.tokens import describe_old_copies, is_older
from keyturn.usage import READ_BY_THE_RUNNER, Usage, judge_usage

_DEPENDABOT_EVENTS = frozenset({"pull_request", "pull_request_target", "push"})
"""What Dependabot starts, with secrets of its own."""


def judge_secret(
    secret: Secret, inventory: Inventory, *, defaults: Policy, now: datetime
) -> Iterator[Finding]:
    """The rules about one stored secret, whoever declared it."""
    if secret.ignored or not secret.present or secret.ref.name in READ_BY_THE_RUNNER:
        return
    usage = judge_usage(secret, inventory)
    foreign = secret.ref.level is Level.ORGANIZATION
    judged = secret.declared_by is None and secret.ref.name != RECOVERY_KEY
    if judged and (usage is Usage.USED or not foreign):
        guess = guess_secret(secret.ref.name, secret.uses)
        if guess.is_setting:
            yield from judge_setting(secret, guess)
        else:
            yield from _judge_undeclared(secret, defaults, now)
    if usage is Usage.UNUSED:
        yield _about(secret, "unused-secret", "is stored, and no workflow uses it")


def _judge_undeclared(secret: Secret, defaults: Policy, now: datetime) -> Iterator[Finding]:
    yield _about(secret, "undeclared-secret", "is stored, and no token is declared for it")
    if is_older(secret, defaults.max_age, now):
        yield _about(secret, "copy-too-old", describe_old_copies([secret], defaults.max_age))


def _about(secret: Secret, rule: str, message: str) -> Finding:
    return Finding(rule, SEVERITIES[rule], str(secret.ref), message, references=secret.references)


def find_missing(inventory: Inventory) -> Iterator[Finding]:
    """Names that a workflow reads and that no collection holds."""
    if not inventory.complete:
        return
    held = {use for secret in inventory.secrets for use in secret.uses}
    # A workflow that tests for a secret anywhere expects to run without it, and one that Dependabot
    # starts reads Dependabot's.
    expects = Expectations()
    expected = {(u.path, u.name) for u in inventory.uses.uses if expects.allow_absence(u)}
    elsewhere = {s.ref.name for s in inventory.secrets if s.ref.scope.store is Store.DEPENDABOT}
    absent: dict[str, list[Use]] = {}
    for use in inventory.uses.uses:
        optional = (use.path, use.name) in expected or use.name in inventory.ignored_names
        by_dependabot = any(t.event in _DEPENDABOT_EVENTS for t in use.triggers)
        if use.name in elsewhere and by_dependabot:
            continue
        if use in held or optional or not use.triggers:
            continue
        if not expects.is_commented_out(use):
            absent.setdefault(use.name, []).append(use)
    for name, uses in absent.items():
        yield Finding(
            "missing-secret",
            SEVERITIES["missing-secret"],
            f"{inventory.repository}:{name}",
            f"{uses[0].job} reads it, and {_why_missing(name, inventory)}",
            references=tuple({use.reference: None for use in uses}),
        )


def _why_missing(name: str, inventory: Inventory) -> str:
    kept = [s for s in inventory.secrets if s.ref.name == name and s.withheld]
    told = "; ".join(f"GitHub does not give it {secret.ref}: {secret.withheld}" for secret in kept)
    return told or "it is stored nowhere the job could get it from"
