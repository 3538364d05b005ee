"""PURE: whether anything uses a stored secret, as far as the workflows of one repository tell.

What cannot be known is `unknowable`, and never `unused`.
"""

from __future__ import annotations

from enum import StrEnum

from keyturn.model import Inventory, Secret, Store

READ_BY_THE_RUNNER = frozenset({"ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})
"""Switches that no workflow names (GitHub docs, "Enabling debug logging", 2026-11)."""
_READ_BY_AGENTS = "copilot"
"""The environment whose secrets GitHub's own agent is given, and no workflow names (GitHub docs,
"Extending Copilot coding agent with MCP", 2026-11)."""


class Usage(StrEnum):
    """What is known of the use of a secret."""

    USED = "used"
    """A workflow of the repository, an action of it or its Dependabot configuration names it."""
    UNUSED = "unused"
    """Everything that could use it was understood, and does not."""
    UNKNOWABLE = "unknowable"
    """Something may use it that cannot be seen: a name that is computed, a file that was not
    understood, another repository, a person."""


def judge_usage(secret: Secret, inventory: Inventory) -> Usage:
    """Return what is known of the use of a secret."""
    if _is_named(secret, inventory):
        return Usage.USED
    scope = secret.ref.scope
    elsewhere = (
        # Other repositories may read an organization's, and Codespaces' are for people.
        not scope.is_of(inventory.repository)
        or scope.store is Store.CODESPACES
        or scope.environment.lower() == _READ_BY_AGENTS
        or secret.ref.name in READ_BY_THE_RUNNER
    )
    return Usage.UNKNOWABLE if elsewhere or not inventory.uses.complete else Usage.UNUSED


def _is_named(secret: Secret, inventory: Inventory) -> bool:
    if secret.references or secret.uses:
        return True
    if secret.ref.scope.store is not Store.DEPENDABOT:
        return False
    # Runs that Dependabot starts read its own store under the same names.
    named = {reference.name for reference in inventory.uses.references}
    return secret.ref.name in inventory.uses.dependabot_names | named
