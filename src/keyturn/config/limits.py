"""The sections of the file that set limits -> Policies; a limit knows its line where that is told.

It does not choose between them: `policy` does.
"""

from __future__ import annotations

from collections.abc import Iterable

from keyturn import yaml_tree
from keyturn.config.models import Accepted, ConfigFile, Defaults, LimitsSection, TokenEntry
from keyturn.config.policy import Limits, Policies, Rule
from keyturn.model import Acceptance, LifetimeCap


def read_policies(
    root: yaml_tree.Node | None,
    file: ConfigFile,
    tokens: Iterable[tuple[yaml_tree.Node, TokenEntry]],
) -> Policies:
    """Return everything the file says about limits; `tokens` are its entries with their nodes."""
    rules = _child(root, "policies")
    nodes = rules.items if isinstance(rules, yaml_tree.Sequence) else []
    return Policies(
        defaults=_limits(file.defaults, _child(root, "defaults")),
        rules=tuple(
            Rule(
                _limits(entry, node),
                provider=entry.match.provider,
                kind=entry.match.kind,
                owner=entry.match.owner,
                scope=entry.match.scope,
            )
            for node, entry in zip(nodes, file.policies, strict=True)
        ),
        own={entry.id: _limits(entry, node) for node, entry in tokens},
    )


def _child(node: yaml_tree.Node | None, key: str) -> yaml_tree.Node | None:
    return node.get(key) if isinstance(node, yaml_tree.Mapping) else None


def _limits(section: Defaults | LimitsSection, node: yaml_tree.Node | None) -> Limits:
    own = section if isinstance(section, LimitsSection) else None
    cap, place = section.lifetime_cap, _child(node, "lifetime-cap")
    where = f"`lifetime-cap` in the configuration, line {place.line}" if place else ""
    return Limits(
        warn=None if section.warn is None else tuple(section.warn),
        max_lifetime=section.max_lifetime,
        max_age=section.max_age,
        max_idle=section.max_idle,
        lifetime_cap=LifetimeCap(cap, where) if cap else None,
        owners=None if section.owners is None else tuple(section.owners),
        never_expires=_accepted(own.never_expires) if own else None,
        long_lived=_accepted(own.long_lived) if own else None,
    )


def _accepted(entry: Accepted | None) -> Acceptance | None:
    return Acceptance(entry.by, entry.because, entry.review) if entry else None
