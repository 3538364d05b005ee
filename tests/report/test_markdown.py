from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

from keyturn.model import Failure, FailureKind, FirstBreak
from keyturn.report import render
from tests.report import samples


def summary(survey, **options) -> str:
    return render(survey, "markdown", **options)


def tables(report: str) -> list[list[list[str]]]:
    """The tables as GitHub splits them: at every bar that no backslash escapes, code or not."""
    found: list[list[list[str]]] = []
    for before, line in zip(["", *report.splitlines()], report.splitlines(), strict=False):
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            cells = re.findall(r"(?:\\.|[^|\\])+", line.strip("|"))
            found[-1].append([cell.strip() for cell in cells])
    return found


def test_a_calm_summary_shows_the_tokens_and_nothing_alarming():
    report = summary(samples.calm())
    assert report.splitlines()[0] == (
        "## \N{WHITE HEAVY CHECK MARK} keyturn: nothing found; 1 token; 0 secrets"
    )
    assert len(tables(report)) == 1
    assert report.endswith("next deadline: Thu 2027-06-10 13:43 UTC (in 200 days).\n")


def test_the_verdict_and_what_breaks_first_come_first():
    lines = summary(samples.typical()).splitlines()
    assert lines[0] == (
        "## \N{CROSS MARK} keyturn: 1 error, 1 warning, 1 info; 1 of 3 tokens unknown; 2 secrets"
    )
    assert lines[2] == (
        "**First to break: `publish` in `.github/workflows/release.yml`** "
        "Fri 2026-11-27 08:00 UTC \\(in 4 days\\), on schedule, because `deploy-gitlab` "
        "expires 2026-11-26 00:00 UTC; its last whole day is 2026-11-25. "
        "Owners: `@alice`, `@octo/platform`."
    )


def test_findings_notes_and_tokens_are_tables_worst_first():
    findings, notes, tokens = tables(summary(samples.typical()))
    assert [row[1].split("<br>")[0] for row in findings[2:]] == [
        "[`deploy-gitlab`](https://github.com/octo/app/issues/7)",
        "`feed`",
        "`octo/app:OLD_KEY`",
    ]
    assert [row[1] for row in notes[2:]] == ["`robot`", "`octo`"]
    assert [row[0] for row in tokens[2:]] == ["`robot`", "`deploy-gitlab`", "`feed`"]
    assert tokens[3] == [
        "`deploy-gitlab`",
        "active",
        "2026-11-26",
        "2026-11-26 00:00 UTC (in 3 days)",
        "2 days ago",
        "provider",
        "",
    ]


@pytest.mark.parametrize("server", ["https://github.com", "https://ghe.example.com"])
def test_places_link_to_the_line_on_the_run_s_own_server(server):
    report = summary(samples.typical(), server_url=server)
    place = f"{server}/octo/app/blob/HEAD/.github/workflows/release.yml#L31"
    assert f"[`.github/workflows/release.yml:31`]({place})" in report


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "javascript:alert(1)", "https://github.com/a) [x](https://b.c", ""],
)
def test_an_issue_s_address_that_is_not_the_server_s_is_no_link(address):
    report = summary(replace(samples.typical(), issues={"deploy-gitlab": address}))
    assert "`deploy-gitlab`<br>expiring" in report


def test_many_places_and_owners_are_counted():
    places = tuple(samples.reference(line=line) for line in range(1, 10))
    finding = replace(samples.expiring(), references=places)
    owners = [f"@person{number}" for number in range(5)]
    report = summary(samples.survey(finding, tokens=[samples.inspected(owners=owners)]))
    assert "and 6 more" in report
    assert report.count("`@person2`, and 2 more") == 2
    assert "person3" not in report


def test_incomplete_alone_is_a_warning():
    failure = Failure(FailureKind.PROVIDER_UNAVAILABLE, "robot", "answered 503")
    assert summary(samples.survey(failures=[failure])).startswith("## \N{WARNING SIGN}")
    notice = Failure(FailureKind.NOT_PERMITTED, "octo", "may not list")
    assert summary(samples.survey(failures=[notice])).startswith("## \N{WHITE HEAVY CHECK MARK}")


@given(samples.surveys)
def test_hostile_names_stay_in_their_cells_and_are_never_live(survey):
    report = summary(survey)
    rows = [line for line in report.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    for line in rows:
        unescaped = re.sub(r"\\.", "", line)
        assert unescaped.count("|") in (5, 7, 8)
    # Without what is escaped, and without code spans, in which nothing is live.
    outside = re.sub(r"\\.|`[^`]*`", "~", report).replace("> [!WARNING]", "")
    outside = re.sub(r"\]\(https://github\.com/[^\s()|<>`]*\)", "", outside)
    assert not re.search(r"<(?!br>)", outside)
    assert not re.search(r"[@#]\w", outside)
    assert "://" not in outside
    assert "](" not in outside
    assert "![" not in outside


def big(number: int):
    finding = replace(samples.expiring(), message="x" * 400)
    failure = Failure(FailureKind.NOT_PERMITTED, "octo", "y" * 400)
    return samples.survey(
        *[replace(finding, subject=f"token-{n}") for n in range(number)],
        tokens=[samples.inspected(f"token-{n}") for n in range(number)],
        failures=[replace(failure, subject=f"scope-{n}") for n in range(10)],
    )


def test_a_long_report_is_cut_between_rows_and_says_how_much():
    report = summary(big(5000))
    assert len(report.encode()) <= 900 * 1024
    assert len(report.encode()) > 700 * 1024
    findings = tables(report)[0][2:]
    cut = re.search(r"Left out: (\d+) findings, (\d+) notes, (\d+) tokens\.", report)
    assert cut
    assert len(findings) + int(cut[1]) == 5000
    assert len(findings) > 500
    assert int(cut[3]) > 4990
    assert all(line.endswith("|") for line in report.splitlines() if line.startswith("|"))


def test_the_worst_multi_byte_names_keep_the_limit():
    nasty = "\N{BROKEN HEART}$" * 5000
    finding = replace(
        samples.expiring(),
        subject=nasty,
        message=nasty,
        first_break=FirstBreak(nasty, nasty, samples.FRIDAY, nasty),
    )
    token = samples.inspected(nasty, owners=[nasty] * 50)
    report = summary(samples.survey(*[finding] * 400, tokens=[token] * 400))
    assert len(report.encode()) <= 900 * 1024


def test_a_short_report_is_whole():
    report = summary(big(50))
    assert "Left out" not in report
    assert [len(table) - 2 for table in tables(report)] == [50, 10, 50]
