"""The inventory for a terminal: every secret, what declares it, and the places that read it.

What others wrote is made inert; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyturn.instants import format_instant
from keyturn.model import Reference, Secret, Survey
from keyturn.plain import log_safe, paint, plain, wrap
from keyturn.report.summary import sorted_failures

_BOLD, _DIM = "1", "2"


def render_inventory(survey: Survey, *, color: bool, width: int) -> str:
    """Return one block per secret, then names that are read and stored nowhere, then notices."""

    inventory = survey.inventory
    lines = []
    for secret in inventory.secrets:
        label = paint(plain(str(secret.ref)), _BOLD, color=color)
        lines.append(f"{label}  {paint(_about(secret), _DIM, color=color)}")
        lines += [f"  {_place(reference)}" for reference in secret.references]
    known = {place for secret in inventory.secrets for place in secret.references}
    loose = [place for place in inventory.uses.references if place not in known]
    if loose:
        lines += ["", paint("read by workflows, of no secret above:", _BOLD, color=color)]
        lines += [f"  {_name(place)}  {_place(place)}" for place in loose]
    lines += ["", *_closing(survey, width)]
    return log_safe("\n".join(lines).lstrip("\n") + "\n")


def _about(secret: Secret) -> str:
    facts = [f"written {format_instant(secret.updated_at)}" if secret.updated_at else ""]
    facts.append(f"declared by {plain(secret.declared_by)}" if secret.declared_by else "undeclared")
    if secret.present is None:
        facts.append("its list may not be seen")
    elif not secret.present:
        facts.append("not stored")
    if secret.ignored:
        facts.append("ignored")
    if not secret.references:
        facts.append("no reference")
    return ", ".join(fact for fact in facts if fact)


def _name(place: Reference) -> str:
    return plain(place.name) if place.name else f"any secret ({place.how})"


def _place(place: Reference) -> str:
    parts = [f"{plain(place.path)}:{place.line}:{place.column}"]
    parts += [f"job {plain(place.job)}"] if place.job else []
    parts += [f"step {plain(place.step)}"] if place.step else []
    return ", ".join(parts)


def _closing(survey: Survey, width: int) -> Iterator[str]:
    for failure in sorted_failures(survey):
        yield from wrap(plain(f"{failure.subject}: {failure.message}"), width)
    secrets = survey.inventory.secrets
    declared = sum(secret.declared_by is not None for secret in secrets)
    read = sum(bool(secret.references) for secret in secrets)
    yield (
        f"{plain(survey.repository)}: {len(secrets)} secrets, {declared} declared, "
        f"{read} referenced, {len(survey.inventory.uses.references)} references"
    )
