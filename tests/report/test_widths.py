"""Text reports on narrow and wide terminals: nothing is cut, and no line is too long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.plain import columns, indent, plain
from keyturn.report import render
from keyturn.rules import SEVERITIES
from tests.report import samples
from tests.world import World

WIDTHS = (40, 60, 80, 120, 200)
COMMANDS = (
    ("inventory",),
    ("inventory", "--provider", "gitlab"),
    ("doctor",),
    ("rotate",),
    ("revoke", "release-gitlab"),
    ("explain", "gitlab-pat"),
)


def words(report: str) -> str:
    """The report without what its width decides."""
    return re.sub(r"\s+", "", report)


def test_every_report_keeps_to_the_terminal_and_says_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in COMMANDS:
        told = set()
        for width in (WIDTHS[0], WIDTHS[-1]):
            monkeypatch.setenv("COLUMNS", str(width))
            ran = world.run(*command)
            assert ran.out
            assert max(map(columns, ran.out.splitlines())) <= width, command
            told.add(words(ran.out))
        assert len(told) == 1, command


@pytest.mark.parametrize("width", [40, 80])
def test_every_rule_is_explained_within_the_terminal(
    width: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for rule in SEVERITIES:
        lines = world.run("explain", rule).out.splitlines()
        # A row of a table, and what is to be copied, stays whole.
        text = [line for line in lines if not line.startswith(("|", "    "))]
        assert max(map(columns, text)) <= width, rule


def test_a_terminal_too_narrow_for_anything_wraps_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = []
    for width in (10, 40):
        monkeypatch.setenv("COLUMNS", str(width))
        reports.append(world.run("inventory").out)
    assert reports[0] == reports[1]


@pytest.mark.parametrize("width", WIDTHS)
def test_rules_ids_and_dates_are_never_broken(width: int) -> None:
    report = render(samples.typical(), "text", color=False, width=width)
    lines = report.splitlines()
    assert max(map(columns, lines)) <= width
    for whole in ("[expiring]", "[provider-unavailable]", "deploy-gitlab", "robot", "2026-11-26"):
        assert any(whole in line for line in lines), whole
    assert not [line for line in lines if re.search(r"\b\d{4}-\d{0,2}-?$", line)]


def test_what_is_too_narrow_for_a_table_is_told_as_text() -> None:
    narrow, wide = (render(samples.typical(), "text", color=False, width=w) for w in (40, 80))
    assert "TOKEN          STATE" in wide
    assert "TOKEN" not in narrow
    table = narrow[narrow.index("robot: unknown") :].splitlines()[:6]
    assert table == [
        "robot: unknown",
        "  expires unknown, deadline -, last used",
        "  -, evidence none",
        "deploy-gitlab: active",
        "  expires 2026-11-26, deadline in 3",
        "  days, last used 2 days ago, evidence",
    ]


def test_names_that_differ_late_stay_different() -> None:
    stem = "a-very-long-name-of-a-token-that-fills-a-line-"
    tokens = [samples.inspected(f"{stem}{end}") for end in ("blue", "green")]
    for width in WIDTHS:
        survey = samples.survey(samples.undeclared(), tokens=tokens)
        report = words(render(survey, "text", color=False, width=width))
        assert "blue" in report
        assert "green" in report


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("abc", 3),
        ("\u5bc6\u94a5", 4),
        ("e\u0301", 1),
        ("\u1112\u1161\u11ab", 2),
        ("\uff21", 2),
        ("\U0001f511", 2),
    ],
)
def test_characters_take_the_columns_that_a_terminal_gives_them(text: str, size: int) -> None:
    assert columns(text) == size


@given(st.text(max_size=60), st.integers(2, 30), st.integers(0, 12))
def test_indented_lines_keep_to_the_width_and_lose_nothing(text: str, width: int, by: int) -> None:
    shown = plain(text)
    lines = indent(shown, by, width=width + by)
    assert all(line.startswith(" " * by) and columns(line) <= width + by for line in lines)
    assert words("".join(lines)) == words(shown)
