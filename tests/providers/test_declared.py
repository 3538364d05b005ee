from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from keyturn.interfaces import Access
from keyturn.model import Acceptance, Evidence, Policy, Precision, State, Token, TokenStatus
from keyturn.providers.declared import Declared
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
MORNING = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)
PASSED = "reached its declared date"
STEP = timedelta(seconds=1)


def status_of(token: Token, now: datetime, access: Access | None = None) -> TokenStatus:
    with Transport() as transport:
        return Declared(transport).inspect(token, access, now=now)


@pytest.mark.parametrize(
    ("at", "now", "state", "precision"),
    [
        (MIDNIGHT, MIDNIGHT - STEP, State.ACTIVE, Precision.DAY),
        (MIDNIGHT, MIDNIGHT, State.EXPIRED, Precision.DAY),
        (MORNING, MORNING - STEP, State.ACTIVE, Precision.INSTANT),
        (MORNING, MORNING, State.EXPIRED, Precision.INSTANT),
        (MORNING, MORNING + STEP, State.EXPIRED, Precision.INSTANT),
    ],
)
def test_the_declared_date(at, now, state, precision):
    assert status_of(Token("t", "declared", declared_expiry=at), now) == TokenStatus(
        state,
        precision,
        expires_at=at,
        evidence=Evidence.DECLARED,
        reason=PASSED if state is State.EXPIRED else None,
    )


@pytest.mark.parametrize(
    ("acceptance", "precision"),
    [(None, Precision.UNKNOWN), (Acceptance("@alice", "vendor limit"), Precision.NEVER)],
)
def test_without_a_date(acceptance, precision):
    status = status_of(Token("t", "declared", policy=Policy(never_expires=acceptance)), MORNING)
    assert status == TokenStatus(State.ACTIVE, precision, evidence=Evidence.DECLARED)


def test_a_credential_makes_no_difference():
    access = Access({"": SecretValue("never-looked-at")}, own=True)
    token = Token("t", "declared", declared_expiry=MIDNIGHT)
    assert status_of(token, MORNING, access) == status_of(token, MORNING)
    assert not status_of(token, MORNING, access).holds_copy


def test_there_are_no_options():
    model = Declared.options_model()
    assert model.model_validate({}) == model()
    with pytest.raises(ValidationError):
        model.model_validate({"url": "https://example.com"})
