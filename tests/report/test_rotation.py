"""What a run tells of its rotations, with words of strangers in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from keyturn.model import Failure, FailureKind, Phase, Skip, Skipped, Strategy
from keyturn.report.annotations import render_notes
from keyturn.report.rotation import (
    find_notes,
    render_rehearsal,
    render_rotation_json,
    render_rotation_markdown,
    render_rotation_text,
    rows_of,
)
from keyturn.rotation.executor import Result
from keyturn.rotation.known import Operation
from keyturn.rotation.rows import Row

NOW = datetime(2026, 11, 22, 6, 17, tzinfo=UTC)
HOSTILE = "<b>@octo</b> | [x](http://evil)\n::error::\x1b[31m"
STOPPED = Operation(
    "1a2b3c4d",
    "octo/app",
    "deploy",
    "gitlab",
    Strategy.OVERLAP,
    0,
    "7",
    NOW,
    phase=Phase.NEEDS_HUMAN,
    rows={"octo/app:A": Row()},
    facts={"hint": HOSTILE},
)
RESULTS = [Result(STOPPED, HOSTILE)]
SKIPPED = [
    Skipped("later", Skip.LATER, HOSTILE),
    Skipped("blocked", Skip.BLOCKED, HOSTILE, HOSTILE),
    Skipped("quiet", Skip.NOT_ENABLED, "nobody asked"),
]
FAILED = [Failure(FailureKind.ISSUES_NOT_WRITTEN, "octo/app", HOSTILE)]


def test_nothing_of_a_stranger_is_live_in_a_summary() -> None:
    text = render_rotation_markdown([*rows_of(RESULTS, SKIPPED)], "needs-human", "octo/app")
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in table] == ["deploy", "later", "blocked"]
    assert not [live for live in ("<b>", "@octo", "](http", "http://", "\x1b") if live in text]
    assert all(line.replace("\\|", "").count("|") == 4 for line in table)


def test_what_needs_a_person_is_an_annotation_that_commands_nothing() -> None:
    lines = render_notes(find_notes(RESULTS, SKIPPED, FAILED))
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::warning"]
    assert all("\n" not in line and "\x1b" not in line for line in lines)


def test_text_is_inert_and_tells_the_steps() -> None:
    text = render_rotation_text(RESULTS, SKIPPED, nothing="none", color=False, width=100)
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line.startswith("::")]
    assert "  give up: keyturn recover --apply --abandon deploy" in text.splitlines()
    assert "quiet" not in text
    nothing = render_rotation_text([], SKIPPED[2:], nothing="none", color=False, width=100)
    assert nothing == "none; 1 not enabled or not named\n"
    assert "\x1b" not in render_rehearsal({"deploy": [HOSTILE]}, color=False, width=100)


def test_programs_get_everything() -> None:
    told = json.loads(render_rotation_json(RESULTS, SKIPPED))
    assert [each["state"] for each in told["operations"]] == ["needs-human"]
    assert [each["reason"] for each in told["skipped"]] == ["later", "blocked", "not-enabled"]
