"""What a scan found, for programs: `keyturn.scan/1` and SARIF 2.1.0; never the token."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from keyturn import __version__
from keyturn.plain import plain
from keyturn.report.json import dump
from keyturn.report.sarif import HOMEPAGE, SARIF_SCHEMA, location, message
from keyturn.report.summary import Place
from keyturn.scan.patterns import PATTERNS
from keyturn.scan.review import Leak
from keyturn.scan.run import Outcome

SCHEMA = "keyturn.scan/1"
_HELP = f"{HOMEPAGE}/blob/main/docs/reference/rules.md"


def render(outcome: Outcome, form: str) -> str:
    """Return the outcome as `json` or `sarif`."""
    return dump(_sarif(outcome) if form == "sarif" else _json(outcome))


def _json(outcome: Outcome) -> dict[str, Any]:
    marks = dict.fromkeys(leak.mark for leak in (*outcome.leaks, *outcome.allowed))
    numbers = {mark: number for number, mark in enumerate(marks, start=1)}
    return {
        "schema": SCHEMA,
        "summary": {
            "leaks": len(outcome.leaks),
            "tokens": len({leak.mark for leak in outcome.leaks}),
            "allowed": len(outcome.allowed),
            "unread": len(outcome.unread),
        },
        "leaks": [_leak(leak, numbers) for leak in outcome.leaks],
        "allowed": [
            {**_leak(leak, numbers), "allowed": plain(leak.allowed)} for leak in outcome.allowed
        ],
        "unread": [{"path": plain(item.path), "why": item.why} for item in outcome.unread],
    }


def _leak(leak: Leak, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "rule": leak.rule,
        "token": numbers[leak.mark],
        "path": plain(leak.path),
        "line": leak.line,
        "column": leak.column,
        "end_line": leak.end_line,
        "confidence": leak.confidence,
        "preview": leak.preview,
        "commit": leak.commit or None,
    }


def _sarif(outcome: Outcome) -> dict[str, Any]:
    leaks = [*outcome.leaks, *outcome.allowed]
    used = {leak.rule for leak in leaks}
    sources = {row.id: row.source for row in PATTERNS}
    seen: Counter[str] = Counter()
    driver = {
        "name": "keyturn",
        "version": __version__,
        "informationUri": HOMEPAGE,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": f"A plaintext token: {rule}"},
                "fullDescription": {"text": sources.get(rule, "a pattern of your own")},
                "helpUri": _HELP,
                "defaultConfiguration": {"level": "error"},
            }
            for rule in sorted(used)
        ],
    }
    notes = [
        {"level": "warning", "message": message(f"not scanned: {item.path}: {item.why}")}
        for item in outcome.unread
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(leak, seen) for leak in leaks],
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(leak: Leak, seen: Counter[str]) -> dict[str, Any]:
    # Of public words only; the same rule again in a file is told apart by its number.
    key = hashlib.sha256("\0".join((leak.rule, leak.path)).encode("utf-8", "replace")).hexdigest()
    seen[key] += 1
    reason = {"kind": "inSource", "justification": plain(leak.allowed)}
    where = f" (commit {leak.commit})" if leak.commit else ""
    return {
        "ruleId": leak.rule,
        "level": "error",
        "message": message(f"A plaintext token of the kind {leak.rule}{where}: {leak.preview}"),
        "locations": [location(Place(leak.path, leak.line, leak.column))],
        "partialFingerprints": {"primaryLocationLineHash": f"{key[:32]}:{seen[key]}"},
        **({"suppressions": [reason]} if leak.allowed else {}),
    }
