"""What is found in the workflows of real repositories, exactly, and no false alarm among it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from keyturn.model import Finding
from keyturn.rules import SEVERITIES
from keyturn.workflows import parse_workflow
from tests.shapes import CONFIGURATION, Shape, read_shapes, survey

PRECISE = {"unused-secret", "missing-secret", "shadowed", "replaceable"}
"""The rules that may give no false alarm at all."""
RULES = PRECISE | {"fails-silently", "setting-as-secret"}
SHAPES = read_shapes()
NAMES = [shape.name for shape in SHAPES]

WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "CR": lambda data: data.replace(b"\n", b"\r"),
    "BOM": lambda data: b"\xef\xbb\xbf" + data,
}


def find(shape: Shape, write: Callable[[bytes], bytes] = WRITTEN["as it is"]) -> list[Finding]:
    files = {
        path: data if path == CONFIGURATION else write(data) for path, data in shape.files.items()
    }
    found = survey(files, shape.stored)
    assert found.inventory.uses.failures == ()
    return [finding for finding in found.findings if finding.rule in RULES]


def test_there_are_shapes_enough_and_every_rule_has_some() -> None:
    assert len(SHAPES) >= 45
    assert SEVERITIES.keys() >= RULES
    assert {expected.rule for shape in SHAPES for expected in shape.expected} == RULES


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
def test_a_shape_gives_exactly_what_is_true_of_it(shape: Shape, written: str) -> None:
    found = find(shape, WRITTEN[written])
    expected = sorted((each.rule, each.subject) for each in shape.expected)
    assert sorted((finding.rule, finding.subject) for finding in found) == expected
    messages = {(finding.rule, finding.subject): finding.message for finding in found}
    for each in shape.expected:
        assert each.words in messages[each.rule, each.subject]


def test_precision_is_whole() -> None:
    true = {(shape.name, each.rule, each.subject) for shape in SHAPES for each in shape.expected}
    said = {
        (shape.name, finding.rule, finding.subject) for shape in SHAPES for finding in find(shape)
    }
    assert [alarm for alarm in sorted(said - true) if alarm[1] in PRECISE] == []
    assert sum(rule in PRECISE for _, rule, _ in said) >= 20


def test_all_shapes_are_read_in_no_time() -> None:
    started = time.perf_counter()
    for shape in SHAPES:
        for path, data in shape.files.items():
            if path.startswith(".github/workflows/"):
                parse_workflow(path, data)
    assert time.perf_counter() - started < 5  # 0.1 seconds, on a machine with nothing else to do
