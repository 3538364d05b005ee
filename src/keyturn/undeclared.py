"""PURE: what is wrong with tokens that providers list and nobody declared, and whom to remind.

It opens no case of its own: the declared token whose credential saw them carries one finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from keyturn.assess import assess
from keyturn.config import Config
from keyturn.deadline import effective_deadline
from keyturn.model import Finding, Inspected, Inventory, Severity, Sighting, State, Token
from keyturn.rules import SEVERITIES
from keyturn.secret_value import redact

_MOST_NAMED = 20
"""Tokens named in one finding: an administrator may see thousands."""


def assess_undeclared(
    sightings: Sequence[Sighting], config: Config, *, now: datetime
) -> tuple[Finding, ...]:
    """Return the findings about every undeclared token that lives, and one for each credential.

    Tokens that the provider made for itself are its own to renew. Owners come from the policies,
    which may match a provider's own words for an owner.
    """
    findings: list[Finding] = []
    neglected: dict[str, list[tuple[Sighting, Inspected, list[Finding]]]] = {}
    for sighting in sightings:
        if sighting.declared_by or sighting.listed.managed:
            continue
        if sighting.listed.status.state is not State.ACTIVE:
            continue
        inspected = _as_declared(sighting, config)
        found = assess(Inventory(""), [inspected], defaults=config.defaults, now=now)
        findings += found
        grave = [finding for finding in found if finding.severity is not Severity.INFO]
        if grave:
            neglected.setdefault(sighting.via, []).append((sighting, inspected, grave))
    for via, cases in neglected.items():
        owners = {owner: None for _, inspected, _ in cases for owner in inspected.token.owners}
        findings.append(
            Finding(
                "neglected-tokens",
                SEVERITIES["neglected-tokens"],
                via,
                _describe(cases),
                owners=tuple(owners),
            )
        )
    return tuple(findings)


def _as_declared(sighting: Sighting, config: Config) -> Inspected:
    listed = sighting.listed
    # The subject of a finding is the one text of a survey that is not redacted later.
    name = redact(f"{listed.key} ({listed.name})" if listed.name else listed.key)
    options = {"kind": listed.kind} if listed.kind else {}
    token = Token(name, sighting.provider, options=options)
    token = replace(
        token,
        policy=config.policy_for(token, listed.status),
        owners=config.owners_for(token, listed.status),
    )
    return Inspected(token, listed.status, effective_deadline(token, listed.status))


def _describe(cases: Sequence[tuple[Sighting, Inspected, Sequence[Finding]]]) -> str:
    named = []
    for sighting, _, findings in cases[:_MOST_NAMED]:
        owner = sighting.listed.status.owner
        of = f" of {owner}" if owner else ""
        rules = ", ".join(dict.fromkeys(finding.rule for finding in findings))
        named.append(f"{sighting.listed.name or sighting.listed.key}{of} ({rules})")
    more = len(cases) - _MOST_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    noun = "token needs" if len(cases) == 1 else "tokens need"
    return (
        f"its credential sees what nobody declared, and {len(cases)} {noun} care: "
        f"{'; '.join(named)}{rest}"
    )
