"""What the doctor found, for people and for programs; what others wrote is made inert.

It judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyturn.model.diagnosis import Diagnosis, Health
from keyturn.plain import count, log_safe, paint, plain, wrap
from keyturn.report.json import dump

SCHEMA = "keyturn.doctor/1"
_WORDS = {
    Health.FINE: ("ok", "32"),
    Health.MISSING: ("MISSING", "1;31"),
    Health.TOO_WIDE: ("TOO WIDE", "33"),
    Health.BETTER_WITH: ("optional", "36"),
    Health.NOT_CHECKED: ("NOT CHECKED", "33"),
}
_INDENT = 13


def render_doctor(found: Sequence[Diagnosis], form: str, *, color: bool, width: int) -> str:
    """Return the diagnoses as `text` or `json`."""
    if form == "json":
        return dump({"schema": SCHEMA, "diagnoses": [_row(each) for each in found]})
    lines = [line for each in found for line in _lines(each, color=color, width=max(width, 40))]
    ill = sum(each.health in (Health.MISSING, Health.TOO_WIDE) for each in found)
    lines += ["", f"{count(len(found), 'part')} looked at; {ill} to be changed"]
    return log_safe("\n".join(lines) + "\n")


def _row(each: Diagnosis) -> dict[str, str]:
    return {
        "area": each.area,
        "subject": each.subject,
        "health": each.health,
        "message": each.message,
        "change": each.change,
    }


def _lines(each: Diagnosis, *, color: bool, width: int) -> list[str]:
    word, style = _WORDS[each.health]
    text = plain(f"{each.area}: {each.subject}: {each.message}")
    first, *rest = wrap(text, width - _INDENT)
    lines = [f"{paint(word.ljust(_INDENT - 2), style, color=color)}  {first}"]
    if each.change and each.health is not Health.FINE:
        rest += wrap(plain(f"change: {each.change}"), width - _INDENT)
    return lines + [" " * _INDENT + line for line in rest]
