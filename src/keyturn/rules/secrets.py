"""PURE: the rules about stored secrets and the names that workflows read.

They know nothing of what a token's provider says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from keyturn.model import Finding, Inventory, Level, Policy, Secret, Store, Use
from keyturn.rules import SEVERITIES
from keyturn.rules.tokens import describe_old_copies, is_older

_READ_BY_THE_RUNNER = frozenset({"ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})
"""Switches that no workflow names (GitHub docs, "Enabling debug logging", 2026-11)."""

_DEPENDABOT_EVENTS = frozenset({"pull_request", "pull_request_target", "push"})
"""What Dependabot starts, with secrets of its own."""


def judge_secret(
    secret: Secret, inventory: Inventory, *, defaults: Policy, now: datetime
) -> Iterator[Finding]:
    """The rules about one stored secret, whoever declared it."""
    if secret.ignored or not secret.present or secret.ref.name in _READ_BY_THE_RUNNER:
        return
    used = _is_used(secret, inventory)
    foreign = secret.ref.level is Level.ORGANIZATION
    if secret.declared_by is None and (used or not foreign):
        yield _about(secret, "undeclared-secret", "is stored, and no token is declared for it")
        if is_older(secret, defaults.max_age, now):
            yield _about(secret, "copy-too-old", describe_old_copies([secret], defaults.max_age))
    # Other repositories may read an organization's secret, and Codespaces' are for people.
    checked = secret.ref.scope.is_of(inventory.repository)
    readable = secret.ref.scope.store is not Store.CODESPACES
    if checked and readable and inventory.uses.complete and not used:
        yield _about(secret, "unused-secret", "is stored, and no workflow uses it")


def _is_used(secret: Secret, inventory: Inventory) -> bool:
    if secret.references or secret.uses:
        return True
    if secret.ref.scope.store is not Store.DEPENDABOT:
        return False
    # Runs that Dependabot starts read its own store under the same names.
    named = {reference.name for reference in inventory.uses.references}
    return secret.ref.name in inventory.uses.dependabot_names | named


def _about(secret: Secret, rule: str, message: str) -> Finding:
    return Finding(rule, SEVERITIES[rule], str(secret.ref), message, references=secret.references)


def find_missing(inventory: Inventory) -> Iterator[Finding]:
    """Names that a workflow reads and that no collection holds."""
    if not inventory.complete:
        return
    held = {use for secret in inventory.secrets for use in secret.uses}
    # A workflow that tests for a secret anywhere expects to run without it, and one that Dependabot
    # starts reads Dependabot's.
    expected = {(u.path, u.name) for u in inventory.uses.uses if u.reference.optional}
    elsewhere = {s.ref.name for s in inventory.secrets if s.ref.scope.store is Store.DEPENDABOT}
    absent: dict[str, list[Use]] = {}
    for use in inventory.uses.uses:
        optional = (use.path, use.name) in expected or use.name in inventory.ignored_names
        by_dependabot = any(t.event in _DEPENDABOT_EVENTS for t in use.triggers)
        if use.name in elsewhere and by_dependabot:
            continue
        if use not in held and not optional and use.triggers:
            absent.setdefault(use.name, []).append(use)
    for name, uses in absent.items():
        yield Finding(
            "missing-secret",
            SEVERITIES["missing-secret"],
            f"{inventory.repository}:{name}",
            f"{uses[0].job} reads it, and it is stored nowhere the job could get it from",
            references=tuple({use.reference: None for use in uses}),
        )
