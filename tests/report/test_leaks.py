"""A scan for programs: our JSON, and SARIF by the rules of the official schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from keyturn.report import leaks
from keyturn.scan.review import Leak
from keyturn.scan.run import Outcome
from keyturn.scan.texts import Unread
from tests.report.test_sarif import log as sarif_schema

VALIDATOR = jsonschema.Draft202012Validator(sarif_schema({"type": "string", "minLength": 1}))

FOUND = Leak("conf/a b.yml", 2, 8, 4, "gitlab-pat", "glpat-…", "likely", mark="a")
OUTCOME = Outcome(
    [
        FOUND,
        FOUND._replace(line=9, end_line=9),
        FOUND._replace(commit="abc1234", rule="acme", mark="b"),
    ],
    [FOUND._replace(line=12, end_line=12, allowed="gitleaks:allow \x1b[2J](http://x)")],
    [Unread("\udcff.zip", "an archive, which is not opened")],
    [],
)


def render(form: str) -> Any:
    return json.loads(leaks.render(OUTCOME, form))


def test_json_tells_what_was_found_allowed_and_not_read() -> None:
    report = render("json")
    assert report["schema"] == "keyturn.scan/1"
    assert report["summary"] == {"leaks": 3, "tokens": 2, "allowed": 1, "unread": 1}
    assert report["leaks"][0] == {
        "rule": "gitlab-pat",
        "token": 1,
        "path": "conf/a b.yml",
        "line": 2,
        "column": 8,
        "end_line": 4,
        "confidence": "likely",
        "preview": "glpat-…",
        "commit": None,
    }
    assert report["allowed"][0]["allowed"] == "gitleaks:allow \\x1b[2J](http://x)"
    assert report["unread"] == [{"path": "\\udcff.zip", "why": "an archive, which is not opened"}]


def test_sarif_is_valid_and_tells_alerts_apart() -> None:
    log = render("sarif")
    assert list(VALIDATOR.iter_errors(log)) == []
    (run,) = log["runs"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints) == 4
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"gitlab-pat", "acme"}
    assert [len(result.get("suppressions", [])) for result in run["results"]] == [0, 0, 0, 1]
    assert "commit abc1234" in run["results"][2]["message"]["text"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "conf/a%20b.yml"
    assert place["region"] == {"startLine": 2, "startColumn": 8}
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "not scanned" in note["message"]["text"]


def test_a_fingerprint_stays_when_lines_move() -> None:
    moved = Outcome([FOUND._replace(line=50, end_line=52)], [], [], [])
    (before, *_), (after,) = (
        json.loads(leaks.render(outcome, "sarif"))["runs"][0]["results"]
        for outcome in (OUTCOME, moved)
    )
    assert before["partialFingerprints"] == after["partialFingerprints"]
