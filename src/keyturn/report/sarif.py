"""The report as SARIF 2.1.0, which GitHub's code scanning shows at the line concerned.

Every result has a place, because GitHub refuses a file in which one has none; all text is plain.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any
from urllib.parse import quote

from keyturn import __version__
from keyturn.model import Failure, Finding, Severity, Survey
from keyturn.plain import plain
from keyturn.report.json import dump
from keyturn.report.summary import (
    Place,
    describe_finding,
    find_place,
    places,
    sorted_failures,
)
from keyturn.rules import SEVERITIES

HOMEPAGE = "https://github.com/keyturn/keyturn"
_HELP = f"{HOMEPAGE}/blob/main/docs/reference/findings.md"

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

# GitHub docs, "SARIF support for code scanning", 2026-11.
_MOST_RESULTS = 25_000
_MOST_RELATED = 100

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_UNDECLARED_PLACE = Place(".github/keyturn.yml", 1, 1)
"""Where a finding belongs that is neither used nor declared: where it would be declared."""

RULES = {
    "expired": "A token that CI depends on has expired",
    "expiring": "A token that CI depends on expires soon",
    "revoked": "A token that CI depends on was revoked",
    "blocked-by-policy": "A token is alive, and its provider refuses it",
    "rotation-stuck": "A token's rotation does not go on without a person",
    "never-expires": "A token has no expiry date, and nobody has accepted that",
    "lifetime-too-long": "A token lives longer than the policy allows",
    "copy-too-old": "A stored secret was last written too long ago",
    "idle": "A token has not been used for a long time",
    "drifted": "The copies of a token do not hold the same value",
    "shadowed": "A stored token is read by no job, because another secret hides it",
    "schedule-stopped": "keyturn's own schedule does not start it any more",
    "watcher-token": "The token that keyturn acts with ends, and nobody has declared it",
    "expiry-cliff": "Many tokens stop working on one day",
    "setting-as-secret": "A secret that holds no credential",
    "unknown-expiry": "The provider cannot say when a token expires",
    "stale-copy": "A stored secret is older than the token it should hold",
    "missing-secret": "A secret is used or declared, and is not stored",
    "neglected-tokens": "A credential sees tokens that nobody declared and that need care",
    "failed-login": "A run failed with what a dead token looks like",
    "owner-gone": "An owner of a token has left the organization",
    "review-due": "An accepted exception is due to be reviewed",
    "undeclared-secret": "A secret is stored, and no token is declared for it",
    "unused-secret": "A secret is stored, and no workflow uses it",
    "replaceable": "A stored secret could go altogether",
    "fails-silently": "A step would hide that its token is dead",
}
"""Rule -> what it means in one line; docs/reference/findings.md says the rest."""


def render_sarif(survey: Survey, *, config_path: str | None) -> str:
    """Return one SARIF run, worst results first; `config_path` is where tokens are declared."""
    return dump(
        {
            "$schema": SARIF_SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": _driver()},
                    "invocations": [_invocation(survey)],
                    "columnKind": "unicodeCodePoints",
                    "results": [
                        _result(survey, finding, config_path)
                        for finding in survey.findings[:_MOST_RESULTS]
                    ],
                }
            ],
        }
    )


def _driver() -> dict[str, Any]:
    return {
        "name": "keyturn",
        "version": __version__,
        "informationUri": HOMEPAGE,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": text},
                "helpUri": f"{_HELP}#{rule}",
                "defaultConfiguration": {"level": _LEVELS[SEVERITIES[rule]]},
            }
            for rule, text in RULES.items()
        ],
    }


def _invocation(survey: Survey) -> dict[str, Any]:
    """Say what could not be learned, so that few results are not taken for few problems."""
    notes = [_notification(failure) for failure in sorted_failures(survey)]
    cut = len(survey.findings) - _MOST_RESULTS
    if cut > 0:
        text = f"left out, as the least severe: {cut} of {len(survey.findings)} findings"
        notes.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": not any(f.kind.incomplete for f in survey.failures),
        "toolExecutionNotifications": notes,
    }


def _notification(failure: Failure) -> dict[str, Any]:
    return {
        "descriptor": {"id": failure.kind},
        "level": "error" if failure.kind.incomplete else "note",
        "message": message(f"{failure.subject}: {failure.message}"),
    }


def _result(survey: Survey, finding: Finding, config_path: str | None) -> dict[str, Any]:
    first = find_place(survey, finding, config_path=config_path) or _UNDECLARED_PLACE
    used = dict.fromkeys(Place(use.path, use.line, use.column) for use in places(finding))
    others = [
        {**location(place), "message": message("also used here")}
        for place in islice((place for place in used if place != first), _MOST_RELATED)
    ]
    # Of public names only. GitHub takes alerts with the same value for the same alert, wherever
    # the line has moved to.
    key = "\0".join((survey.repository, finding.rule, finding.subject))
    fingerprint = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": message(describe_finding(finding)),
        "locations": [location(first)],
        **({"relatedLocations": others} if others else {}),
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1"},
    }


def location(place: Place) -> dict[str, Any]:
    """Return a place of the checkout as SARIF writes it."""
    return {
        "physicalLocation": {
            "artifactLocation": {
                "uri": quote(place.path, safe="/", errors="replace"),
                "uriBaseId": "%SRCROOT%",
            },
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }


def message(text: str) -> dict[str, str]:
    """Return untrusted text as a plain message."""
    # In a SARIF message, even a plain one, `[text](address)` is a link.
    return {"text": plain(text).replace("](", "] (")}
