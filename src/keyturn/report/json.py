"""The report for programs: `keyturn.report/1`, described in docs/reference/report.schema.json.

Names, dates and words only; the same survey always gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from keyturn.instants import format_rfc3339
from keyturn.levels import Serving, find_servings
from keyturn.model import (
    Advice,
    Finding,
    Inspected,
    Precision,
    Reference,
    Secret,
    SecretRef,
    Survey,
)
from keyturn.report.summary import find_issue, sorted_failures, summarize
from keyturn.usage import judge_usage

SCHEMA = "keyturn.report/1"

_DATED = (Precision.INSTANT, Precision.MINUTE, Precision.DAY)


def render_json(survey: Survey) -> str:
    """Return the whole survey as one JSON document."""
    counts = asdict(summarize(survey))
    del counts["next_deadline"]
    # One label each, whatever case the configuration writes it in.
    labels = {secret.ref: str(secret.ref) for secret in survey.inventory.secrets}
    return dump(
        {
            "schema": SCHEMA,
            "generated_at": _instant(survey.now),
            "repository": survey.repository,
            "summary": counts,
            "tokens": [_token(token, labels) for token in survey.tokens],
            "secrets": [_secret(secret, survey) for secret in survey.inventory.secrets],
            "servings": [_serving(serving) for serving in find_servings(survey.inventory)],
            "findings": [_finding(finding, survey) for finding in survey.findings],
            "errors": [
                {"kind": failure.kind, "subject": failure.subject, "message": failure.message}
                for failure in sorted_failures(survey)
            ],
        }
    )


def dump(document: Mapping[str, Any]) -> str:
    """Write JSON that a terminal and the runner's log can show without being commanded.

    ASCII, so that control and bidirectional characters are escapes; `##[`, which starts an old
    workflow command anywhere in a line, can only stand in a string and is escaped there.
    """
    text = json.dumps(document, indent=2, ensure_ascii=True)
    return text.replace("##[", "#\\u0023[") + "\n"


def _token(inspected: Inspected, labels: Mapping[SecretRef, str]) -> dict[str, Any]:
    token, status, deadline = inspected.token, inspected.status, inspected.deadline
    return {
        "id": token.id,
        "provider": token.provider,
        "state": status.state,
        "expires_at": _instant(status.expires_at if status.precision in _DATED else None),
        "expires_precision": status.precision,
        "deadline": deadline
        and {
            "at": _instant(deadline.at),
            "reason": deadline.reason,
            "source": deadline.source,
        },
        "created_at": _instant(status.created_at),
        "last_used_at": _instant(status.last_used_at),
        "never_used": status.never_used,
        "evidence": status.evidence,
        "owners": list(token.owners),
        "secrets": [labels.get(stored.ref, str(stored.ref)) for stored in token.secrets],
        "reason": status.reason,
        "remark": status.remark,
        "places": list(status.places),
    }


def _secret(secret: Secret, survey: Survey) -> dict[str, Any]:
    return {
        "ref": str(secret.ref),
        "present": secret.present,
        "updated_at": _instant(secret.updated_at),
        "declared_by": secret.declared_by,
        "withheld": secret.withheld or None,
        "usage": judge_usage(secret, survey.inventory),
        "references": [_reference(reference) for reference in secret.references],
    }


def _serving(serving: Serving) -> dict[str, Any]:
    return {
        "name": serving.name,
        "path": serving.path,
        "job": serving.job,
        "environment": serving.environment,
        "gets": [str(ref) for ref in serving.gets],
        "others": [str(ref) for ref in serving.others],
        "certain": serving.certain,
    }


def _finding(finding: Finding, survey: Survey) -> dict[str, Any]:
    first = finding.first_break
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "subject": finding.subject,
        "message": finding.message,
        "due_at": _instant(finding.due_at),
        "first_break": first
        and {
            "path": first.path,
            "job": first.job,
            "at": _instant(first.at),
            "trigger": first.trigger,
            "silent": first.silent,
        },
        "references": [_reference(reference) for reference in finding.references],
        "advice": finding.advice and _advice(finding.advice),
        "issue": find_issue(survey, finding),
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "replacement": advice.replacement,
        "publisher": list(advice.publisher),
        "changes": list(advice.changes),
        "patch": advice.patch or None,
        "before_deleting": list(advice.before_deleting),
        "sources": list(advice.sources),
    }


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "path": reference.path,
        "line": reference.line,
        "column": reference.column,
        "job": reference.job,
        "step": reference.step,
    }


def _instant(at: datetime | None) -> str | None:
    return format_rfc3339(at) if at else None
