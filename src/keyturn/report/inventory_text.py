"""The inventory for a terminal: every secret, what declares it, the places that read it, and
which of several secrets of one name a job gets.

What others wrote is made inert; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keyturn.instants import format_instant
from keyturn.levels import Serving, find_servings
from keyturn.model import Inventory, Reference, Secret, Survey
from keyturn.plain import columns, indent, log_safe, paint, plain, wrap
from keyturn.report.summary import sorted_failures
from keyturn.usage import Usage, judge_usage

_BOLD, _DIM = "1", "2"


def render_inventory(survey: Survey, *, color: bool, width: int) -> str:
    """Return one block per secret, then names that are read and stored nowhere, then notices."""

    inventory = survey.inventory
    lines = []
    for secret in inventory.secrets:
        lines += title(str(secret.ref), _about(secret, inventory), color=color, width=width)
        for reference in secret.references:
            lines += indent(_place(reference), 2, width=width)
        if secret.withheld:
            lines += indent(plain(f"not given to a job: {secret.withheld}"), 2, width=width)
    known = {place for secret in inventory.secrets for place in secret.references}
    loose = [place for place in inventory.uses.references if place not in known]
    if loose:
        lines += ["", paint("read by workflows, of no secret above:", _BOLD, color=color)]
        for place in loose:
            lines += indent(f"{_name(place)}  {_place(place)}", 2, width=width)
    lines += _describe_levels(find_servings(inventory), color=color, width=width)
    lines += ["", *_closing(survey, width)]
    return log_safe("\n".join(lines).lstrip("\n") + "\n")


def title(name: str, facts: str, *, color: bool, width: int) -> list[str]:
    """Return a name and what is to be said of it: on one line, or below it where that is full."""
    name = plain(name)
    if columns(f"{name}  {facts}") <= width:
        return [f"{paint(name, _BOLD, color=color)}  {paint(facts, _DIM, color=color)}"]
    lines = [paint(line, _BOLD, color=color) for line in wrap(name, width)]
    return lines + [paint(line, _DIM, color=color) for line in indent(facts, 4, width=width)]


def _describe_levels(servings: Iterable[Serving], *, color: bool, width: int) -> list[str]:
    """Say what each job gets for the names that are stored at more than one place."""
    told: dict[str, list[str]] = {}
    for serving in servings:
        if len(serving.gets) + len(serving.others) > 1:
            lines = told.setdefault(serving.name, [])
            lines += indent(_serve(serving), 4, width=width)
    if not told:
        return []
    heading = wrap("stored at more than one place, and what each job gets:", width)
    blocks = [[*indent(plain(name), 2, width=width), *lines] for name, lines in told.items()]
    return [
        "",
        *(paint(line, _BOLD, color=color) for line in heading),
        *(line for block in blocks for line in block),
    ]


def _serve(serving: Serving) -> str:
    gets = " or ".join(map(str, serving.gets)) or "nothing"
    others = ", ".join(map(str, serving.others))
    doubt = "" if serving.certain else ", as far as can be seen"
    behind = f"; not {others}" if others else ""
    return plain(f"{serving.path}, job {serving.job}: {gets}{doubt}{behind}")


def _about(secret: Secret, inventory: Inventory) -> str:
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
    if judge_usage(secret, inventory) is Usage.UNKNOWABLE:
        facts.append("its use is unknowable")
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
    counts = (
        f"{plain(survey.repository)}: {len(secrets)} secrets, {declared} declared, "
        f"{read} referenced, {len(survey.inventory.uses.references)} references"
    )
    yield from wrap(counts, width)
