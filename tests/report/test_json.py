from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from keyturn.errors import ExitCode
from keyturn.model import FailureKind, Precision, Reference, Secret, State, Token, TokenStatus
from keyturn.redaction import without_values
from keyturn.report import render
from keyturn.report.summary import outputs, status_word, summarize
from keyturn.secret_value import SecretValue
from tests.report import samples

SCHEMA_FILE = Path(__file__).parents[2] / "docs/reference/report.schema.json"
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document(survey) -> Any:
    return json.loads(render(survey, "json"))


def test_the_schema_itself_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(samples.surveys)
def test_every_report_agrees_with_the_schema_and_is_inert(survey):
    report = render(survey, "json")
    assert report.isascii()
    assert report.replace("\n", "").isprintable()
    assert "##[" not in report
    assert not [line for line in report.splitlines() if line.lstrip().startswith("::")]
    VALIDATOR.validate(json.loads(report))
    assert render(survey, "json") == report


def test_the_members_are_those_of_the_contract():
    report = document(samples.typical())
    assert list(report) == [
        "schema",
        "generated_at",
        "repository",
        "summary",
        "tokens",
        "secrets",
        "servings",
        "findings",
        "errors",
    ]
    assert report["schema"] == "keyturn.report/1"
    assert report["generated_at"] == "2026-11-22T13:43:00Z"
    assert report["summary"] == {
        "error": 1,
        "warning": 1,
        "info": 1,
        "unknown": 1,
        "tokens": 3,
        "secrets": 2,
    }
    assert report["tokens"][2] == {
        "id": "deploy-gitlab",
        "provider": "gitlab",
        "state": "active",
        "expires_at": "2026-11-26T00:00:00Z",
        "expires_precision": "day",
        "deadline": {"at": "2026-11-26T00:00:00Z", "reason": "provider-expiry", "source": ""},
        "created_at": "2026-01-26T13:43:00Z",
        "last_used_at": "2026-11-20T13:43:00Z",
        "never_used": False,
        "evidence": "provider",
        "owners": ["@alice", "@octo/platform"],
        "secrets": ["octo/app:GITLAB_TOKEN"],
        "reason": None,
        "remark": None,
        "places": [],
    }
    assert report["secrets"][1] == {
        "ref": "octo/app:OLD_KEY",
        "present": True,
        "updated_at": None,
        "declared_by": None,
        "withheld": None,
        "usage": "used",
        "references": [
            {
                "path": ".github/workflows/test.yml",
                "line": 7,
                "column": 20,
                "job": None,
                "step": "Push the image",
            }
        ],
    }
    first = report["findings"][0]
    assert first["first_break"] == {
        "path": ".github/workflows/release.yml",
        "job": "publish",
        "at": "2026-11-27T08:00:00Z",
        "trigger": "schedule",
        "silent": "",
    }
    assert first["issue"] == "https://github.com/octo/app/issues/7"
    assert first["due_at"] == "2026-11-26T00:00:00Z"
    assert report["errors"] == [
        {
            "kind": "provider-unavailable",
            "subject": "robot",
            "message": "answered 503 three times",
        },
        {"kind": "not-permitted", "subject": "octo", "message": "its secrets may not be listed"},
    ]


@pytest.mark.parametrize("precision", list(Precision))
def test_an_expiry_is_shown_only_where_a_date_is_known(precision):
    inspected = samples.inspected(precision=precision, expires_at=samples.THURSDAY)
    token = document(samples.survey(tokens=[inspected]))["tokens"][0]
    dated = precision in (Precision.INSTANT, Precision.MINUTE, Precision.DAY)
    assert token["expires_at"] == ("2026-11-26T00:00:00Z" if dated else None)
    assert token["expires_precision"] == precision


def test_instants_have_whole_seconds_and_the_failures_one_order():
    odd = replace(samples.typical(), now=samples.NOW + timedelta(microseconds=999_999))
    assert document(odd)["generated_at"] == "2026-11-22T13:43:00Z"
    turned = replace(odd, failures=odd.failures[::-1])
    assert render(turned, "json") == render(odd, "json")


def test_every_kind_of_error_is_in_the_schema():
    assert SCHEMA["$defs"]["error"]["properties"]["kind"]["enum"] == list(FailureKind)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_a_secret_value_in_a_name_is_taken_out_of_every_report(form):
    # Characters that every format escapes, so that taking them out afterwards would be too late.
    value = "p@ss_" + '"<|*' + "Ω" * 3 + " and more words"
    SecretValue(value)
    named = Secret(
        samples.secret_ref("A"), references=(Reference("a.yml", 1, 1, "A", job=value, step=value),)
    )
    survey = samples.survey(
        replace(samples.expiring(), message=f"said {value}"),
        tokens=[samples.inspected("deploy", owners=[value], status=TokenStatus(State.ACTIVE))],
        secrets=[named],
        failures=[replace(samples.typical().failures[0], message=value)],
        issues={value: value},
    )
    report = render(without_values(survey), form, width=40)
    assert "and more words" not in report
    assert "***" in report.replace("\\*", "*").replace("&#42;", "*")


def test_a_report_without_known_values_is_not_touched():
    token = Token("a", "gitlab", options={"url": "https://gitlab.example.com", "deep": [1, None]})
    survey = samples.survey(tokens=[replace(samples.inspected(), token=token)])
    assert document(survey)["tokens"][0]["id"] == "a"


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (ExitCode.OK, "ok"),
        (ExitCode.FINDINGS, "findings"),
        (ExitCode.INCOMPLETE, "incomplete"),
        (ExitCode.NEEDS_HUMAN, "needs-human"),
        (ExitCode.USAGE, "failed"),
        (ExitCode.INTERRUPTED, "failed"),
    ],
)
def test_the_status_follows_the_exit_code(code, word):
    assert status_word(code) == word


def test_outputs_are_the_contract_s():
    assert outputs(samples.typical(), ExitCode.INCOMPLETE, report="out.json") == {
        "status": "incomplete",
        "error-count": "1",
        "warning-count": "1",
        "unknown-count": "1",
        "next-deadline": "2026-11-26T00:00:00Z",
        "report": "out.json",
    }
    assert outputs(samples.survey(), ExitCode.OK)["next-deadline"] == ""


@pytest.mark.parametrize("state", list(State))
def test_the_next_deadline_is_of_a_token_that_still_lives(state):
    tokens = [
        samples.inspected("gone", expires_at=samples.NOW),
        samples.inspected("near", state=state, expires_at=samples.NOW + timedelta(seconds=1)),
        samples.inspected("far", expires_at=samples.FRIDAY),
    ]
    dead = state in (State.EXPIRED, State.REVOKED, State.BLOCKED)
    expected = samples.FRIDAY if dead else samples.NOW + timedelta(seconds=1)
    assert summarize(samples.survey(tokens=tokens)).next_deadline == expected
