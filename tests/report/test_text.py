from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import UsageError
from keyturn.model import (
    Evidence,
    Failure,
    FailureKind,
    Finding,
    FirstBreak,
    Severity,
    State,
    TokenStatus,
)
from keyturn.plain import columns, log_safe, plain, wrap
from keyturn.report import render
from keyturn.report.summary import relative
from tests.report import samples


def text(survey, *, color: bool = False, width: int = 100) -> str:
    return render(survey, "text", color=color, width=width)


def joined(report: str) -> str:
    """The report without the line breaks and indentation that the width brings."""
    return re.sub(r"\s+", "", report)


def test_nothing_found_is_one_calm_line():
    assert text(samples.calm()) == (
        "octo/app: nothing found; 1 token; 0 secrets; "
        "next deadline Thu 2027-06-10 13:43 UTC (in 200 days)\n"
    )


def test_a_format_that_is_none_is_told_with_those_that_are():
    with pytest.raises(UsageError) as caught:
        render(samples.calm(), "yaml")
    assert caught.value.hint == "one of text, json, markdown, sarif"


def test_the_first_lines_say_what_breaks_first_when_why_and_whose_it_is():
    assert text(samples.typical()).splitlines()[:4] == [
        "First to break: publish in .github/workflows/release.yml",
        "         when    Fri 2026-11-27 08:00 UTC (in 4 days), on schedule",
        "         because deploy-gitlab: expires 2026-11-26 00:00 UTC; "
        "its last whole day is 2026-11-25",
        "         owners  @alice, @octo/platform",
    ]


def test_what_breaks_first_need_not_be_the_first_finding():
    later = samples.expiring("late")
    sooner = Finding(
        "stale-copy",
        Severity.WARNING,
        "early",
        "is stale",
        first_break=FirstBreak("ci.yml", "test", samples.NOW - timedelta(hours=3), "schedule"),
    )
    report = text(samples.survey(later, sooner)).splitlines()
    assert report[0] == "First to break: test in ci.yml"
    assert report[1].endswith("since Sun 2026-11-22 10:43 UTC (3 hours ago), on schedule")


def test_a_job_that_an_event_starts_breaks_at_that_event():
    first = FirstBreak("ci.yml", "test", samples.THURSDAY, "push")
    finding = Finding("revoked", Severity.ERROR, "a", "was revoked", first_break=first)
    assert "at the first push from Thu 2026-11-26 00:00 UTC (in 3 days)" in text(
        samples.survey(finding)
    )


def test_a_finding_shows_rule_moment_places_and_issue():
    report = text(samples.typical())
    block = report[report.index("ERROR") : report.index("WARNING")].splitlines()
    assert block[0].startswith("ERROR    deploy-gitlab: expires 2026-11-26 00:00 UTC; ")
    assert block[0].endswith("[expiring]")
    assert block[1] == "         when    Thu 2026-11-26 00:00 UTC (in 3 days)"
    # The place in the job that breaks first stands first.
    assert [line.split()[2] for line in block if "used at" in line] == [
        ".github/workflows/release.yml:31:20",
        ".github/workflows/release.yml:12:20",
    ]
    assert block[-2] == "         issue   https://github.com/octo/app/issues/7"


def test_many_places_are_counted_instead_of_listed():
    places = tuple(samples.reference(line=line) for line in range(1, 8))
    finding = Finding("idle", Severity.WARNING, "a", "was last used", references=places)
    report = text(samples.survey(finding))
    assert report.count("used at") == 3
    assert "and 4 more" in report


def test_tokens_are_aligned_and_the_most_urgent_stands_first():
    report = text(samples.typical())
    table = report[report.index("TOKEN") :].splitlines()[:4]
    assert [line.split()[0] for line in table] == ["TOKEN", "robot", "deploy-gitlab", "feed"]
    for title, cells in {
        "STATE": ["unknown", "active", "active"],
        "EXPIRES": ["unknown", "2026-11-26", "never"],
        "DEADLINE": ["-", "in 3 days", "-"],
        "LAST USED": ["-", "2 days ago", "never"],
        "EVIDENCE": ["none", "provider", "provider"],
    }.items():
        start = table[0].index(title)
        assert [re.split(r"\s{2,}", line[start:])[0] for line in table[1:]] == cells


def test_a_reason_that_no_failure_tells_stands_under_its_token():
    blocked = TokenStatus(State.BLOCKED, evidence=Evidence.PROVIDER, reason="the owner is blocked")
    report = text(
        samples.survey(
            samples.undeclared(), tokens=[samples.inspected(status=blocked, expires_at=None)]
        )
    )
    assert "         reason  the owner is blocked\n" in report
    assert "reason" not in text(samples.typical())


def test_what_was_not_checked_comes_before_the_notices_and_the_counts_last():
    lines = text(samples.typical(), width=200).splitlines()
    assert lines[-4:] == [
        "NOT CHECKED robot: answered 503 three times [provider-unavailable]",
        "NOTICE      octo: its secrets may not be listed [not-permitted]",
        "",
        "octo/app: 1 error, 1 warning, 1 info; 1 of 3 tokens unknown; 2 secrets; "
        "next deadline Thu 2026-11-26 00:00 UTC (in 3 days)",
    ]


def test_a_failure_alone_is_not_calm():
    failure = Failure(FailureKind.GITHUB_UNAVAILABLE, "octo/app", "answered 502")
    assert text(samples.survey(failures=[failure, failure])) == (
        "NOT CHECKED octo/app: answered 502 [github-unavailable]\n\n"
        "octo/app: nothing found; 0 tokens; 0 secrets; no deadline is known\n"
    )


def test_colour_only_when_asked_and_then_nothing_but_colour():
    plain_text = text(samples.typical())
    colored = text(samples.typical(), color=True)
    assert "\x1b" not in plain_text
    assert "\x1b[1;31mERROR   \x1b[0m deploy-gitlab" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain_text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_keep_to_the_width_and_lose_nothing(width):
    report = text(samples.typical(), width=width)
    assert max(map(columns, report.splitlines())) <= width
    for words in (
        samples.expiring().message,
        "https://github.com/octo/app/issues/7",
        ".github/workflows/release.yml:31:20",
        "answered503threetimes",
    ):
        assert joined(words) in joined(report)


@given(samples.surveys, st.booleans(), st.integers(20, 200))
def test_hostile_names_command_neither_terminal_nor_runner(survey, color, width):
    report = text(survey, color=color, width=width)
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", report) if color else report
    kinds = {unicodedata.category(char) for char in stripped if char != "\n"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    report.encode("utf-8")
    for line in re.split(r"[\r\n]", report):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@given(samples.words, st.integers(2, 30))
def test_wrapping_keeps_every_character(word, width):
    lines = wrap(plain(word), width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == plain(word).replace(" ", "")


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("::error::x", ": :error::x"),
        ("  \t::error::x", "  \t: :error::x"),
        ("a\n::x\r\n ::y", "a\n: :x\r\n : :y"),
        ("a::b", "a::b"),
        ("a ##[error]b", "a ## [error]b"),
    ],
)
def test_log_safe_breaks_commands_and_nothing_else(given_text, shown):
    assert log_safe(given_text) == shown


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "in 1 minute"),
        (timedelta(minutes=119, seconds=59), "in 119 minutes"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(hours=47, minutes=59), "in 47 hours"),
        (timedelta(hours=48), "in 2 days"),
        (timedelta(days=-3, seconds=-1), "3 days ago"),
        (timedelta(hours=-3), "3 hours ago"),
    ],
)
def test_relative_rounds_down(away, words):
    assert relative(samples.NOW + away, samples.NOW) == words
