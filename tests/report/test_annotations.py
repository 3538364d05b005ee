from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

from keyturn.model import Failure, FailureKind, Severity
from keyturn.report.annotations import render
from tests.report import samples


def failure(subject: str, kind: FailureKind = FailureKind.PROVIDER_UNAVAILABLE) -> Failure:
    return Failure(kind, subject, "answered 503")


def kinds(lines: list[str]) -> list[str]:
    return [line.split("::")[1].split(" ")[0] for line in lines]


def test_each_finding_stands_at_the_line_that_uses_the_secret():
    assert render(samples.typical(), config_path=".github/keyturn.yml") == [
        "::error file=.github/workflows/release.yml,line=31,col=20,"
        "title=expiring%3A deploy-gitlab::deploy-gitlab: expires 2026-11-26 00:00 UTC; "
        "its last whole day is 2026-11-25. First to break: publish in "
        ".github/workflows/release.yml, Fri 2026-11-27 08:00 UTC, on schedule",
        "::warning title=provider-unavailable%3A robot::answered 503 three times",
        "::warning file=.github/keyturn.yml,line=4,col=1,"
        "title=never-expires%3A feed::feed: has no expiry date",
        "::notice title=not-permitted%3A octo::its secrets may not be listed",
        "::notice file=.github/workflows/test.yml,line=7,col=20,"
        "title=undeclared-secret%3A octo/app%3AOLD_KEY::"
        "octo/app:OLD_KEY: is stored, and no token is declared for it",
    ]


def test_a_finding_without_any_place_has_none():
    finding = replace(samples.undeclared(), references=())
    (line,) = render(samples.survey(finding), config_path="keyturn.yml")
    assert line.startswith("::notice title=")
    declared = samples.survey(replace(samples.expiring(), references=()), tokens=[])
    assert render(declared)[0].startswith("::error title=")


def test_nothing_found_annotates_nothing():
    assert render(samples.calm()) == []


@pytest.mark.parametrize(
    ("number", "lines", "last"),
    [
        (9, 9, None),
        (10, 10, None),
        (11, 10, "and 2 more; the job summary has them all"),
        (500, 10, "and 491 more; the job summary has them all"),
    ],
)
@pytest.mark.parametrize("severity", list(Severity))
def test_the_tenth_of_a_kind_says_how_many_more(severity, number, lines, last):
    findings = [samples.expiring(f"t{n:03}", severity=severity) for n in range(number)]
    rendered = render(samples.survey(*findings))
    assert len(rendered) == lines
    assert len(set(kinds(rendered))) == 1
    # Worst first, as the survey has them.
    assert [re.findall(r"t\d\d\d", line)[0] for line in rendered[:9]] == [
        f"t{n:03}" for n in range(9)
    ]
    assert not last or rendered[-1].endswith(f"title=keyturn::{last}")


def test_kinds_are_counted_apart_and_failures_are_not_crowded_out():
    findings = [samples.expiring(f"e{n}") for n in range(30)]
    findings += [samples.expiring(f"w{n}", severity=Severity.WARNING) for n in range(30)]
    rendered = render(
        samples.survey(
            *findings, failures=[failure("robot"), failure("octo", FailureKind.NOT_PERMITTED)]
        )
    )
    assert kinds(rendered) == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert rendered[10] == "::warning title=provider-unavailable%3A robot::answered 503"
    assert "and 22 more" in rendered[19]


def test_a_message_is_cut_below_the_runner_s_limit():
    finding = replace(samples.expiring(), message="x" * 9000, first_break=None)
    (line,) = render(samples.survey(finding))
    message = line.split("::", 2)[2]
    assert len(message) == 4000
    assert message.endswith("x…")


@given(samples.surveys)
def test_hostile_names_add_no_line_and_no_command(survey):
    rendered = render(survey, config_path="keyturn.yml")
    for line in rendered:
        assert line.splitlines() == [line]
        assert re.match(r"::(error|warning|notice) ([a-z]+=[^:,]*)(,[a-z]+=[^:,]*)*::", line)
        assert line.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
