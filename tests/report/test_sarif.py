"""The official schema is 100 kB and not vendored; what is used of it is written out here, stricter.

A report of every kind was compared with sarif-2.1.0-rtm.5 when this was written (2026-11).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from keyturn import __version__
from keyturn.model import Failure, FailureKind, Finding, Severity
from keyturn.report import render, sarif
from keyturn.rules import SEVERITIES
from tests.report import samples

FINDINGS_PAGE = Path(__file__).parents[2] / "docs/reference/findings.md"


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these members and no other."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


MESSAGE = closed(["text"], text={"type": "string", "minLength": 1})
LEVEL = {"enum": ["error", "warning", "note"]}
POSITIVE = {"type": "integer", "minimum": 1}
PHYSICAL = closed(
    ["artifactLocation", "region"],
    artifactLocation=closed(
        ["uri", "uriBaseId"],
        uri={"type": "string", "pattern": r"^([A-Za-z0-9/_.~-]|%[0-9A-F]{2})*$"},
        uriBaseId={"const": "%SRCROOT%"},
    ),
    region=closed(["startLine", "startColumn"], startLine=POSITIVE, startColumn=POSITIVE),
)
NOTIFICATION = closed(
    ["level", "message"],
    descriptor=closed(["id"], id={"enum": list(FailureKind)}),
    level=LEVEL,
    message=MESSAGE,
)


def log(rule: dict[str, Any]) -> dict[str, Any]:
    """A whole file whose rules have such ids."""
    rules = closed(
        ["id", "shortDescription", "helpUri", "defaultConfiguration"],
        id=rule,
        shortDescription=MESSAGE,
        fullDescription=MESSAGE,
        helpUri={"type": "string", "pattern": "^https://"},
        defaultConfiguration=closed(["level"], level=LEVEL),
    )
    result = closed(
        ["ruleId", "level", "message", "locations", "partialFingerprints"],
        ruleId=rule,
        level=LEVEL,
        message=MESSAGE,
        locations={
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": closed(["physicalLocation"], physicalLocation=PHYSICAL),
        },
        relatedLocations={
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "uniqueItems": True,
            "items": closed(
                ["physicalLocation", "message"], physicalLocation=PHYSICAL, message=MESSAGE
            ),
        },
        partialFingerprints=closed(
            ["primaryLocationLineHash"],
            primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{32}:[1-9][0-9]*$"},
        ),
        suppressions={
            "type": "array",
            "minItems": 1,
            "items": closed(
                ["kind"], kind={"enum": ["inSource", "external"]}, justification={"type": "string"}
            ),
        },
    )
    run = closed(
        ["tool", "invocations", "columnKind", "results"],
        tool=closed(
            ["driver"],
            driver=closed(
                ["name", "version", "informationUri", "rules"],
                name={"const": "keyturn"},
                version={"const": __version__},
                informationUri={"type": "string", "pattern": "^https://"},
                rules={"type": "array", "uniqueItems": True, "items": rules},
            ),
        ),
        invocations={
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": closed(
                ["executionSuccessful", "toolExecutionNotifications"],
                executionSuccessful={"type": "boolean"},
                toolExecutionNotifications={"type": "array", "items": NOTIFICATION},
            ),
        },
        columnKind={"const": "unicodeCodePoints"},
        results={"type": "array", "maxItems": 25_000, "items": result},
    )
    return closed(
        ["$schema", "version", "runs"],
        **{"$schema": {"type": "string", "pattern": "^https://"}},
        version={"const": "2.1.0"},
        runs={"type": "array", "minItems": 1, "maxItems": 1, "items": run},
    )


VALIDATOR = jsonschema.Draft202012Validator(log({"enum": list(SEVERITIES)}))


def document(survey, **options) -> Any:
    return json.loads(render(survey, "sarif", **options))


def results(survey, **options) -> list[Any]:
    found: list[Any] = document(survey, **options)["runs"][0]["results"]
    return found


def place(result) -> tuple[str, int, int]:
    physical = result["locations"][0]["physicalLocation"]
    region = physical["region"]
    return physical["artifactLocation"]["uri"], region["startLine"], region["startColumn"]


@given(samples.surveys)
def test_every_log_is_valid_and_its_text_plain(survey):
    report = render(survey, "sarif", config_path=".github/keyturn.yml")
    assert report.isascii()
    log = json.loads(report)
    VALIDATOR.validate(log)
    for result in log["runs"][0]["results"]:
        text = result["message"]["text"]
        assert "](" not in text
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_finding_stands_at_its_most_urgent_use_and_names_the_others():
    expiring = results(samples.typical())[0]
    assert place(expiring) == (".github/workflows/release.yml", 31, 20)
    (other,) = expiring["relatedLocations"]
    assert other["physicalLocation"]["region"] == {"startLine": 12, "startColumn": 20}
    assert expiring["level"] == "error"
    assert expiring["message"]["text"].endswith("Fri 2026-11-27 08:00 UTC, on schedule")


def test_without_a_use_it_stands_where_the_token_is_declared():
    assert place(results(samples.typical(), config_path="keyturn.yml")[1]) == ("keyturn.yml", 4, 1)


@pytest.mark.parametrize("config_path", [None, "keyturn.yml"])
def test_with_neither_it_stands_where_it_would_be_declared(config_path):
    unused = Finding("unused-secret", Severity.INFO, "octo/app:OLD", "is stored")
    (result,) = results(samples.survey(unused), config_path=config_path)
    assert place(result) == (".github/keyturn.yml", 1, 1)


def test_odd_paths_are_encoded():
    finding = replace(
        samples.undeclared(), references=(samples.reference(".github/workflows/a b#ü%.yml"),)
    )
    (result,) = results(samples.survey(finding))
    assert place(result)[0] == ".github/workflows/a%20b%23%C3%BC%25.yml"


def test_a_fingerprint_follows_rule_and_subject_only():
    def fingerprint(finding: Finding) -> str:
        (result,) = results(samples.survey(finding))
        value: str = result["partialFingerprints"]["primaryLocationLineHash"]
        return value

    one = samples.expiring()
    moved = replace(one, references=(samples.reference(line=99),), message="other", due_at=None)
    assert fingerprint(one) == fingerprint(moved)
    assert fingerprint(one) != fingerprint(replace(one, rule="idle"))
    assert fingerprint(one) != fingerprint(replace(one, subject="other"))


def test_what_was_not_checked_is_said_and_makes_the_run_unsuccessful():
    (invocation,) = document(samples.typical())["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error", "note"]
    notice = Failure(FailureKind.NOT_PERMITTED, "octo", "may not list")
    (invocation,) = document(samples.survey(failures=[notice]))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"]


def test_github_s_limits_are_kept_and_the_cut_is_said():
    finding = samples.undeclared()
    places = tuple(samples.reference(line=line) for line in range(1, 300))
    log = document(samples.survey(replace(finding, references=places), *[finding] * 25_000))
    run = log["runs"][0]
    assert len(run["results"]) == 25_000
    assert len(run["results"][0]["relatedLocations"]) == 100
    assert run["invocations"][0]["toolExecutionNotifications"] == [
        {
            "level": "warning",
            "message": {"text": "left out, as the least severe: 1 of 25001 findings"},
        }
    ]


def test_the_rules_are_those_that_can_be_found_each_with_its_section():
    page = FINDINGS_PAGE.read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sorted(sections) == sorted(sarif.RULES) == sorted(SEVERITIES)
    for section in re.split(r"^## .+$", page, flags=re.MULTILINE)[1:]:
        for part in ("**What it means.**", "**Why it matters.**", "**What to do.**"):
            assert part in section
    driver = document(samples.calm())["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == list(sarif.RULES)
