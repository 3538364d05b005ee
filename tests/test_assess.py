from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.assess import assess
from keyturn.deadline import effective_deadline
from keyturn.model import (
    Acceptance,
    Deadline,
    DeadlineReason,
    Evidence,
    Finding,
    Inspected,
    Inventory,
    Policy,
    Precision,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    Store,
    StoredPart,
    Token,
    TokenStatus,
    Trigger,
    Use,
    Uses,
)
from keyturn.rules import SEVERITIES

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
APP = Scope("octo", "app")
REF = SecretRef(APP, "DEPLOY_TOKEN")
FRIDAY = Trigger("schedule", "0 3 * * 5")
PLACE = Reference(".github/workflows/release.yml", 31, 20, "DEPLOY_TOKEN", job="publish")
USE = Use("DEPLOY_TOKEN", PLACE.path, "publish", (FRIDAY,), PLACE)
CREATED = NOW - 100 * DAY


def token(**changes: Any) -> Token:
    return replace(Token("deploy", "gitlab", secrets=(StoredPart(REF),)), **changes)


def status(expires_in: timedelta | None = None, **changes: Any) -> TokenStatus:
    base = TokenStatus(State.ACTIVE, created_at=CREATED)
    if expires_in is not None:
        base = replace(base, precision=Precision.INSTANT, expires_at=NOW + expires_in)
    return replace(base, **changes)


def stored(ref: SecretRef = REF, **changes: Any) -> Secret:
    base = Secret(ref, CREATED, CREATED + DAY, declared_by="deploy", uses=(USE,))
    return replace(base, **{"references": (PLACE,), **changes})


def judge(
    answer: TokenStatus,
    declared: Token | None = None,
    secrets: Sequence[Secret] | None = None,
    *,
    now: datetime = NOW,
) -> dict[str, Finding]:
    declared = declared or token()
    inspected = Inspected(declared, answer, effective_deadline(declared, answer))
    inventory = Inventory("octo/app", tuple([stored()] if secrets is None else secrets))
    found = assess(inventory, [inspected], defaults=Policy(), now=now)
    rules = [finding.rule for finding in found]
    assert len(set(rules)) == len(rules)
    return {finding.rule: finding for finding in found}


@pytest.mark.parametrize(
    ("left", "severity", "step"),
    [
        (30 * DAY + SECOND, None, None),
        (30 * DAY, Severity.WARNING, 30),
        (14 * DAY + SECOND, Severity.WARNING, 30),
        (14 * DAY, Severity.WARNING, 14),
        (3 * DAY + SECOND, Severity.WARNING, 7),
        (3 * DAY, Severity.ERROR, 3),
        (1 * DAY + SECOND, Severity.ERROR, 3),
        (1 * DAY, Severity.ERROR, 1),
        (SECOND, Severity.ERROR, 1),
    ],
)
def test_the_ladder_to_the_second(
    left: timedelta, severity: Severity | None, step: int | None
) -> None:
    finding = judge(status(left)).get("expiring")
    if severity is None or step is None:
        assert finding is None
        return
    assert finding is not None
    assert (finding.severity, finding.step, finding.due_at) == (severity, step * DAY, NOW + left)


def test_an_expiring_token_names_the_first_job_to_break_and_its_places() -> None:
    finding = judge(status(5 * DAY))["expiring"]
    assert finding.first_break is not None
    assert (finding.first_break.job, finding.first_break.trigger) == ("publish", "schedule")
    # Dead on Saturday the 28th: the next Friday is 4 December.
    assert finding.first_break.at == datetime(2026, 12, 4, 3, tzinfo=UTC)
    assert finding.references == (PLACE,)


@pytest.mark.parametrize("left", [timedelta(0), -SECOND, -400 * DAY])
def test_dead_at_the_very_second_of_the_deadline_and_only_that_is_said(left: timedelta) -> None:
    found = judge(status(left, last_used_at=CREATED, state=State.EXPIRED))
    assert list(found) == ["expired"]
    assert found["expired"].due_at == NOW + left
    assert found["expired"].severity is Severity.ERROR


def test_a_declared_date_that_has_passed_does_not_hide_what_the_provider_says() -> None:
    declared = token(declared_expiry=NOW - DAY)
    message = judge(status(50 * DAY), declared)["expired"].message
    assert message == (
        "reached its declared date 2026-11-22 08:00 UTC, by the configuration;"
        " gitlab itself says it is alive"
    )


@pytest.mark.parametrize(
    ("state", "rule"), [(State.REVOKED, "revoked"), (State.BLOCKED, "blocked-by-policy")]
)
def test_what_is_dead_otherwise(state: State, rule: str) -> None:
    found = judge(status(50 * DAY, state=state, last_used_at=CREATED, reason="because"))
    assert list(found) == [rule]
    assert found[rule].message == "because"
    assert found[rule].first_break is not None
    assert found[rule].due_at is None


def test_expired_without_a_date() -> None:
    found = judge(status(state=State.EXPIRED, precision=Precision.UNKNOWN))
    assert found["expired"].message == "gitlab says it has expired"


def test_nothing_is_said_of_a_token_that_nobody_could_tell_about() -> None:
    old = stored(updated_at=NOW - 4000 * DAY)
    gone = stored(SecretRef(APP, "GONE"), present=False)
    assert judge(TokenStatus(State.UNKNOWN, evidence=Evidence.NONE), secrets=[old, gone]) == {}


NEVER = status(precision=Precision.NEVER)
SIGNED = Acceptance("@alice", "vendor limit", review=NOW)


@pytest.mark.parametrize(
    ("answer", "accepted", "rules"),
    [
        (NEVER, None, ["never-expires"]),
        (NEVER, SIGNED, ["review-due"]),
        (NEVER, replace(SIGNED, review=NOW + SECOND), []),
        (NEVER, replace(SIGNED, review=None), []),
        (status(), None, ["unknown-expiry"]),
        (status(), SIGNED, ["review-due"]),
        (status(precision=Precision.NOT_APPLICABLE), None, []),
        (status(50 * DAY), SIGNED, []),
    ],
)
def test_tokens_without_a_date(
    answer: TokenStatus, accepted: Acceptance | None, rules: list[str]
) -> None:
    assert list(judge(answer, token(policy=Policy(never_expires=accepted)))) == rules


LONG = status(300 * DAY, created_at=NOW - 100 * DAY)


@pytest.mark.parametrize(
    ("accepted", "rules"),
    [
        (None, ["lifetime-too-long"]),
        (SIGNED, ["review-due"]),
        (replace(SIGNED, review=NOW + SECOND), []),
        (replace(SIGNED, review=None), []),
    ],
)
def test_a_long_life_that_somebody_accepted(accepted: Acceptance | None, rules: list[str]) -> None:
    assert list(judge(LONG, token(policy=Policy(long_lived=accepted)))) == rules


@pytest.mark.parametrize(
    ("reason", "verb"),
    [
        (DeadlineReason.RETIREMENT, "is retired by its provider 2026-11-24"),
        (DeadlineReason.IDLE_REMOVAL, "is removed for disuse 2026-11-24"),
        (DeadlineReason.LIFETIME_CAP, "is refused for its age from 2026-11-24"),
    ],
)
@pytest.mark.parametrize("expires", [None, 300 * DAY])
def test_an_end_of_the_providers_own_making(
    reason: DeadlineReason, verb: str, expires: timedelta | None
) -> None:
    ends = (Deadline(NOW + DAY, reason, "a page, 2026-11"),)
    precision = Precision.INSTANT if expires else Precision.NEVER
    answer = replace(status(expires), precision=precision, ends=ends, remark="so it was announced")
    found = judge(answer)
    message = found["expiring"].message
    assert message.startswith(verb)
    assert ", by a page, 2026-11; " in message
    assert message.endswith("; so it was announced")
    aged = reason is DeadlineReason.LIFETIME_CAP
    assert ("never-expires" in found) == (expires is None and not aged)


@pytest.mark.parametrize("reason", DeadlineReason)
@pytest.mark.parametrize(("ends_in", "rule"), [(DAY, "expiring"), (-DAY, "expired")])
def test_whatever_ends_it_is_named_with_its_source(
    reason: DeadlineReason, ends_in: timedelta, rule: str
) -> None:
    end = Deadline(NOW + ends_in, reason, "a page, 2026-11")
    found = judge(status(ends=(end,), precision=Precision.NEVER))[rule]
    assert (
        found.message.partition(" 2026-11-2")[0]
        in {
            DeadlineReason.PROVIDER_EXPIRY: ("expires", "expired"),
            DeadlineReason.DECLARED_DATE: (
                "reaches its declared date",
                "reached its declared date",
            ),
            DeadlineReason.RETIREMENT: (
                "is retired by its provider",
                "was retired by its provider",
            ),
            DeadlineReason.IDLE_REMOVAL: ("is removed for disuse", "was removed for disuse"),
            DeadlineReason.LIFETIME_CAP: (
                "is refused for its age from",
                "is refused for its age since",
            ),
        }[reason]
    )
    assert ", by a page, 2026-11" in found.message


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (status(267 * DAY, created_at=NOW - 100 * DAY), "lifetime-too-long"),
        (status(266 * DAY, created_at=NOW - 100 * DAY), None),
        (status(266 * DAY + SECOND, created_at=NOW - 100 * DAY), "lifetime-too-long"),
        (status(999 * DAY, created_at=None), None),
        (status(99 * DAY, last_used_at=NOW - 90 * DAY), None),
        (status(99 * DAY, last_used_at=NOW - 90 * DAY - SECOND), "idle"),
        (status(99 * DAY, never_used=True), "idle"),
        (status(99 * DAY, never_used=True, created_at=NOW - 90 * DAY), None),
        (status(99 * DAY), None),
    ],
)
def test_lifetime_and_idleness(answer: TokenStatus, rule: str | None) -> None:
    fresh = stored(updated_at=NOW)
    assert list(judge(answer, secrets=[fresh])) == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("written", "stale"),
    [
        (CREATED, False),
        (CREATED - timedelta(minutes=5), False),
        (CREATED - timedelta(minutes=5) - SECOND, True),
        (None, False),
    ],
)
def test_a_copy_older_than_its_token_is_stale(written: datetime | None, stale: bool) -> None:
    found = judge(status(99 * DAY), secrets=[stored(updated_at=written)])
    assert ("stale-copy" in found) is stale
    if stale:
        assert "octo/app:DEPLOY_TOKEN" in found["stale-copy"].message
        assert found["stale-copy"].first_break is not None


@pytest.mark.parametrize(
    ("age", "answer", "old"),
    [
        (365 * DAY, status(precision=Precision.NOT_APPLICABLE, created_at=None), False),
        (365 * DAY + SECOND, status(precision=Precision.NOT_APPLICABLE, created_at=None), True),
        (365 * DAY + SECOND, status(created_at=None), True),
        (365 * DAY + SECOND, status(99 * DAY, created_at=None), False),
        (365 * DAY + SECOND, status(precision=Precision.NEVER, created_at=None), False),
    ],
)
def test_the_age_of_a_copy_counts_where_no_expiry_is_known(
    age: timedelta, answer: TokenStatus, old: bool
) -> None:
    found = judge(answer, secrets=[stored(updated_at=NOW - age)])
    assert ("copy-too-old" in found) is old


def test_a_declared_secret_that_is_not_there_is_the_tokens_finding() -> None:
    gone = stored(SecretRef(APP, "GONE"), present=False, updated_at=None)
    finding = judge(status(99 * DAY), secrets=[stored(), gone])["missing-secret"]
    assert finding.subject == "deploy"
    assert "octo/app:GONE" in finding.message
    unseen = replace(gone, present=None)
    assert "missing-secret" not in judge(status(99 * DAY), secrets=[stored(), unseen])


def about_secrets(*secrets: Secret, uses: Uses | None = None, **changes: Any) -> list[str]:
    inventory = Inventory("octo/app", secrets, uses=uses or Uses(), **changes)
    found = assess(inventory, (), defaults=Policy(), now=NOW)
    return [f"{finding.rule} {finding.subject}" for finding in found]


def plain(ref: SecretRef, **changes: Any) -> Secret:
    return replace(Secret(ref, CREATED, CREATED), **changes)


USED = {"references": (PLACE,), "uses": (USE,)}
ORG = SecretRef(Scope("octo"), "SHARED")
BOT = SecretRef(Scope("octo", "app", store=Store.DEPENDABOT), "DEPLOY_TOKEN")
SPACES = SecretRef(Scope("octo", "app", store=Store.CODESPACES), "EDITOR")


@pytest.mark.parametrize(
    ("secret", "uses", "expected"),
    [
        (plain(REF, declared_by="deploy", **USED), Uses(), []),
        (plain(REF, **USED), Uses(), ["undeclared-secret octo/app:DEPLOY_TOKEN"]),
        (plain(REF, declared_by="deploy"), Uses(), ["unused-secret octo/app:DEPLOY_TOKEN"]),
        (plain(REF, declared_by="deploy"), Uses(complete=False), []),
        (plain(REF, ignored=True, updated_at=NOW - 9999 * DAY), Uses(), []),
        (
            plain(REF, updated_at=NOW - 365 * DAY - SECOND, **USED),
            Uses(),
            ["copy-too-old octo/app:DEPLOY_TOKEN", "undeclared-secret octo/app:DEPLOY_TOKEN"],
        ),
        (plain(ORG), Uses(), []),
        (plain(ORG, **USED), Uses(), ["undeclared-secret octo:SHARED"]),
        (plain(ORG, declared_by="deploy"), Uses(), []),
        (plain(BOT, declared_by="deploy"), Uses(references=(PLACE,)), []),
        (
            plain(BOT, declared_by="deploy"),
            Uses(dependabot_names=frozenset({"DEPLOY_TOKEN"})),
            [],
        ),
        (
            plain(BOT, declared_by="deploy"),
            Uses(),
            ["unused-secret octo/app:dependabot/DEPLOY_TOKEN"],
        ),
        (plain(SPACES, declared_by="deploy"), Uses(), []),
        (plain(SecretRef(Scope("octo", "application"), "X"), declared_by="deploy"), Uses(), []),
        (plain(REF, declared_by="deploy", present=None), Uses(), []),
    ],
)
def test_stored_secrets(secret: Secret, uses: Uses, expected: list[str]) -> None:
    assert about_secrets(secret, uses=uses) == expected


OPTIONAL = replace(USE, reference=replace(PLACE, optional=True))
NEVER_STARTED = replace(USE, triggers=())


@pytest.mark.parametrize(
    ("uses", "changes", "missing"),
    [
        ((USE,), {}, True),
        ((USE,), {"complete": False}, False),
        ((USE,), {"ignored_names": frozenset({"DEPLOY_TOKEN"})}, False),
        ((OPTIONAL,), {}, False),
        ((NEVER_STARTED,), {}, False),
        ((OPTIONAL, USE), {}, False),
        ((OPTIONAL, replace(USE, path="other.yml")), {}, True),
    ],
)
def test_names_that_are_stored_nowhere(
    uses: tuple[Use, ...], changes: dict[str, Any], missing: bool
) -> None:
    expected = ["missing-secret octo/app:DEPLOY_TOKEN"] if missing else []
    assert about_secrets(uses=Uses(uses), **changes) == expected


def test_a_name_that_one_job_gets_and_another_does_not_is_missing_for_the_other() -> None:
    other = replace(USE, job="deploy", reference=replace(PLACE, line=40))
    secret = plain(SecretRef(Scope("octo", "app", "production"), "DEPLOY_TOKEN"), uses=(USE,))
    inventory = Inventory("octo/app", (secret,), uses=Uses((USE, other)))
    found = {f.rule: f for f in assess(inventory, (), defaults=Policy(), now=NOW)}
    assert [place.line for place in found["missing-secret"].references] == [40]


def test_findings_come_worst_first() -> None:
    late = Inspected(token(id="z"), status(2 * DAY))
    soon = Inspected(token(id="y"), status(DAY))
    never = Inspected(token(id="a"), NEVER)
    dead = Inspected(token(id="x"), status(state=State.REVOKED))
    tokens = [replace(i, deadline=effective_deadline(i.token, i.status)) for i in (late, soon)]
    found = assess(Inventory("octo/app"), [*tokens, never, dead], defaults=Policy(), now=NOW)
    assert [finding.subject for finding in found] == ["x", "y", "z", "a"]


def test_every_finding_has_a_known_rule_and_its_contracted_severity() -> None:
    warnings = {rule for rule, severity in SEVERITIES.items() if severity is Severity.WARNING}
    assert warnings == {
        "expiring", "never-expires", "lifetime-too-long", "copy-too-old", "idle",
        "unknown-expiry", "stale-copy", "missing-secret", "review-due", "neglected-tokens",
        "owner-gone", "drifted", "shadowed", "failed-login", "schedule-stopped", "watcher-token",
    }  # fmt: skip
    errors = {rule for rule, severity in SEVERITIES.items() if severity is Severity.ERROR}
    assert errors == {"expired", "revoked", "blocked-by-policy", "rotation-stuck"}
    infos = {rule for rule, severity in SEVERITIES.items() if severity is Severity.INFO}
    assert infos == {
        "expiry-cliff", "fails-silently", "replaceable", "setting-as-secret", "undeclared-secret",
        "unused-secret",
    }  # fmt: skip


def test_the_recovery_key_is_no_token_and_can_be_unused() -> None:
    key = plain(SecretRef(APP, "KEYTURN_RECOVERY_KEY"), updated_at=NOW - 9999 * DAY)
    assert about_secrets(key) == ["unused-secret octo/app:KEYTURN_RECOVERY_KEY"]


@pytest.mark.parametrize("name", ["ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"])
def test_switches_that_only_the_runner_reads_are_not_unused(name: str) -> None:
    assert about_secrets(plain(SecretRef(APP, name))) == []


def test_what_dependabot_holds_is_not_missing() -> None:
    secret = plain(BOT, declared_by="deploy")
    started = replace(USE, triggers=(Trigger("pull_request"),))
    assert about_secrets(secret, uses=Uses((started,), (PLACE,))) == []
    scheduled = about_secrets(secret, uses=Uses((USE,), (PLACE,)))
    assert scheduled == ["missing-secret octo/app:DEPLOY_TOKEN"]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=366), "366 days"),
        (timedelta(days=1), "1 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(minutes=90), "90 minutes"),
    ],
)
def test_limits_are_written_in_a_unit_that_fits(span: timedelta, text: str) -> None:
    answer = status(400 * DAY, created_at=CREATED)
    declared = token(policy=Policy(max_lifetime=span))
    assert judge(answer, declared, [stored(updated_at=NOW)])["lifetime-too-long"].message.endswith(
        f"the policy allows {text}"
    )


def test_an_ignored_copy_is_not_held_against_its_token() -> None:
    old = stored(updated_at=NOW - 9999 * DAY, ignored=True)
    assert judge(status(99 * DAY), secrets=[old]) == {}
    assert list(judge(status(created_at=None), secrets=[old])) == ["unknown-expiry"]
