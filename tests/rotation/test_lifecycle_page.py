"""The page that tells a rotation in order draws the machine as it is."""

from __future__ import annotations

import re
from pathlib import Path

from keyturn.model.rotation import Phase, Strategy
from keyturn.rotation.machine import STOPS, following

PAGE = "docs/explanation/lifecycle.md"


def _drawn(root: Path) -> list[set[tuple[str, str]]]:
    text = (root / PAGE).read_text("utf-8")
    diagrams = re.findall(r"^```mermaid\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    arrows = [re.findall(r"^ *(\w+) --> (\w+)", each, flags=re.MULTILINE) for each in diagrams]
    return [{(a.replace("_", "-"), b.replace("_", "-")) for a, b in each} for each in arrows]


def test_an_overlap_is_drawn_as_it_is(root: Path) -> None:
    """But for what every phase may come to, and the way back to a second mint."""
    machine = {
        (phase.value, after.value)
        for phase in Phase
        for after in following(Strategy.OVERLAP, phase) - STOPS
        if phase not in STOPS and (after is not Phase.MINTING or phase is Phase.PREFLIGHT)
    }
    assert _drawn(root)[0] == machine


def test_what_has_stopped_is_tried_again_or_given_up(root: Path) -> None:
    stops = {phase.value for phase in STOPS}
    drawn = _drawn(root)[1]
    assert {a for a, b in drawn if b == "any"} == stops
    assert {(a, b) for a, b in drawn if a in stops and b != "any"} == {
        (phase.value, after.value)
        for phase in STOPS
        for after in following(Strategy.OVERLAP, phase)
    }


def test_every_phase_is_told(root: Path) -> None:
    text = (root / PAGE).read_text("utf-8")
    assert [phase.value for phase in Phase if phase.value not in text] == []
