from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.config import Config
from keyturn.config.policy import Limits, Policies, Rule
from keyturn.model import (
    Acceptance,
    Finding,
    Listed,
    Precision,
    Severity,
    Sighting,
    State,
    TokenStatus,
)
from keyturn.secret_value import SecretValue
from keyturn.undeclared import assess_undeclared

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
FOREVER = TokenStatus(State.ACTIVE, Precision.NEVER, owner="svc-deploy", scopes=("api",))


def seen(name: str = "old-bot", status: TokenStatus = FOREVER, **changes: object) -> Sighting:
    listed = Listed(f"host/access/{name}", "project", name, status)
    sighting = Sighting("gitlab", listed, "manager", None)
    if "managed" in changes:
        return replace(sighting, listed=replace(listed, managed=True))
    return replace(sighting, **changes)  # type: ignore[arg-type]


def judge(*sightings: Sighting, config: Config | None = None) -> tuple[Finding, ...]:
    return assess_undeclared(sightings, config or Config(), now=NOW)


def test_what_nobody_declared_has_findings_and_one_case() -> None:
    owners = Policies(defaults=Limits(owners=("@octo/platform",)))
    own, case = judge(seen(), config=Config(policies=owners))
    assert (own.rule, own.subject) == ("never-expires", "host/access/old-bot (old-bot)")
    assert (case.rule, case.subject, case.severity) == (
        "neglected-tokens",
        "manager",
        Severity.WARNING,
    )
    assert "1 token needs care: old-bot of svc-deploy (never-expires)" in case.message
    assert case.owners == ("@octo/platform",)


@pytest.mark.parametrize(
    "sighting",
    [
        seen(declared_by="deploy"),
        seen(managed=True),
        seen(status=replace(FOREVER, state=State.REVOKED)),
        seen(status=replace(FOREVER, state=State.EXPIRED)),
        seen(status=replace(FOREVER, precision=Precision.INSTANT, expires_at=NOW + 60 * DAY)),
    ],
)
def test_what_needs_nobody(sighting: Sighting) -> None:
    assert judge(sighting) == ()


def test_the_policies_decide_by_the_providers_own_words() -> None:
    accepted = Acceptance("@alice", "no other way")
    rules = (
        Rule(Limits(never_expires=accepted), owner="svc-*", scope="read_*"),
        Rule(Limits(owners=("@iam",)), kind="project"),
    )
    config = Config(policies=Policies(rules=rules))
    reader = replace(FOREVER, scopes=("read_api",))
    found = judge(seen("reader", reader), seen("writer"), config=config)
    assert [finding.subject for finding in found] == ["host/access/writer (writer)", "manager"]
    assert found[-1].owners == ("@iam",)


def test_each_credential_has_its_own_case_and_thousands_are_not_all_named() -> None:
    many = [seen(f"bot-{number}") for number in range(30)]
    found = judge(*many, seen("other", via="second"))
    cases = [finding for finding in found if finding.rule == "neglected-tokens"]
    assert [finding.subject for finding in cases] == ["manager", "second"]
    assert "and 10 more" in cases[0].message
    assert len(found) == 33


def test_the_boundary_of_the_ladder_holds_to_the_second() -> None:
    edge = NOW + 30 * DAY
    for step, rules in ((timedelta(), 2), (timedelta(seconds=1), 0)):
        status = TokenStatus(State.ACTIVE, Precision.INSTANT, edge + step)
        assert len(judge(seen(status=status))) == rules


def test_a_name_that_is_a_value_is_not_said() -> None:
    value = SecretValue("a-value-somebody-took-for-a-name")
    found = judge(seen(value.reveal()))
    assert value.reveal() not in found[0].subject
    assert "***" in found[0].subject
