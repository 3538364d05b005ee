"""Every report says of the first job to break that nobody would see it."""

from __future__ import annotations

import json
from dataclasses import replace

from keyturn.model import Finding
from keyturn.report.json import render_json
from keyturn.report.markdown import render_markdown
from keyturn.report.summary import describe_finding
from keyturn.report.text import render_text
from tests.issue_samples import DUE, expiring
from tests.report import samples
from tests.report.test_issue import TEXT, case

SAID = "and nobody would see it: || true"


def silent(finding: Finding) -> Finding:
    assert finding.first_break
    return replace(finding, first_break=replace(finding.first_break, silent="|| true"))


def test_text_markdown_annotation_and_json() -> None:
    finding = silent(samples.expiring())
    survey = samples.survey(finding)
    assert SAID in " ".join(render_text(survey, width=200, color=False).split())
    assert "nobody would see it" in render_markdown(survey, server_url="https://github.com")
    assert SAID in describe_finding(finding)
    report = json.loads(render_json(survey))
    assert report["findings"][0]["first_break"]["silent"] == "|| true"


def test_the_issue() -> None:
    dated = silent(expiring())
    assert TEXT.title(case(dated)).startswith(
        f"deploy expires {DUE:%Y-%m-%d}: publish fails unseen from "
    )
    assert "nobody would see it" in TEXT.text(case(dated))
