"""A recovery key that is the same in every run, and entries of one whole rotation."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from keyturn.rotation.keys import RecoveryKey, journal_key
from keyturn.rotation.log import Entry, Kind
from keyturn.secret_value import SecretValue

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
OPERATION = "k7m2p9x4"
ROWS = ["octo/app:DEPLOY", "octo/app[production]:DEPLOY"]


def key_of(raw: bytes = bytes(range(32))) -> RecoveryKey:
    """The key of these bytes, as the product writes it."""
    prefix = "keyturn-recovery-1:"
    check = hashlib.sha256(prefix.encode() + raw).digest()[:4]
    return RecoveryKey.parse(SecretValue(prefix + base64.urlsafe_b64encode(raw + check).decode()))


KEY = journal_key(key_of())


def entry(
    kind: Kind, data: dict[str, Any] | None = None, *, minute: int = 0, operation: str = OPERATION
) -> Entry:
    return Entry(kind, NOW + timedelta(minutes=minute), "run-1", operation, data or {})


def opened(**more: Any) -> Entry:
    data = {
        "repository": "octo/app",
        "token": "deploy",
        "provider": "gitlab",
        "strategy": "overlap",
        "cycle": 0,
        "old_id": "41",
        "rows": ROWS,
    }
    operation = more.pop("operation", OPERATION)
    return entry(Kind.OPEN, {**data, **more}, operation=operation)


def phase(name: str, *, minute: int = 0, operation: str = OPERATION, **more: Any) -> Entry:
    return entry(Kind.PHASE, {"phase": name, **more}, minute=minute, operation=operation)


def whole_rotation() -> list[Entry]:
    later = NOW + timedelta(days=90)
    return [
        entry(Kind.LOCK, {"owner": "run-1", "until": NOW, "fence": 1}, operation=""),
        opened(name="ci kt-k7m2p9x4"),
        phase("preflight", minute=1),
        phase("minting", minute=2),
        phase("sealed", minute=3, new_id="42", expires_at=later),
        phase("proving", minute=4),
        phase("distributing", minute=5),
        entry(Kind.WRITING, {"rows": ROWS}, minute=6),
        entry(Kind.STORED, {"rows": {row: NOW + timedelta(minutes=7) for row in ROWS}}, minute=8),
        phase("confirming", minute=9),
        phase("draining", minute=10),
        phase("retiring", minute=11),
        entry(Kind.RETIRE, {"id": "41", "state": "due"}, minute=12),
        entry(Kind.RETIRE, {"id": "41", "state": "sent"}, minute=13),
        entry(Kind.RETIRE, {"id": "41", "state": "dead"}, minute=14),
        entry(Kind.CLOSE, {"phase": "done"}, minute=15),
        entry(Kind.UNLOCK, {"fence": 1}, minute=16, operation=""),
    ]
