"""`drifted`: tables of dates, of what the journal remembers, and of values that were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.assess import assess as judge
from keyturn.credentials import Credentials
from keyturn.drift_facts import assess_drift
from keyturn.model import (
    Failure,
    FailureKind,
    Finding,
    Inspected,
    Inventory,
    Phase,
    Policy,
    Rotate,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    Store,
    StoredPart,
    Strategy,
    Token,
    TokenStatus,
)
from keyturn.plan.choice import Candidate
from keyturn.remembered import Memory
from keyturn.rotation.keys import RecoveryKey, journal_key
from keyturn.rotation.known import Known, Operation
from keyturn.rotation.rows import Row, RowState
from keyturn.secret_value import SecretValue

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
MADE = NOW - 40 * DAY
APP = SecretRef(Scope("octo", "app"), "TOKEN")
PRODUCTION = SecretRef(Scope("octo", "app", "production"), "TOKEN")
ORGANIZATION = SecretRef(Scope("octo"), "TOKEN")
KEY = journal_key(RecoveryKey.make())


def copy(ref: SecretRef, written: datetime | None, *, made: datetime | None = MADE) -> Secret:
    return Secret(ref, made, written, declared_by="deploy")


def candidate(*stored: StoredPart, **status: Any) -> Candidate:
    facts = {"created_at": MADE, "token_id": "42", **status}
    token = Token("deploy", "acme", secrets=stored)
    return Candidate(Inspected(token, TokenStatus(State.ACTIVE, **facts)))


def assess(
    one: Candidate,
    *copies: Secret,
    memory: Memory | None = None,
    given: Mapping[str, str] | None = None,
) -> tuple[Finding | None, bool]:
    """Return the finding, and whether anything about it could not be seen."""
    found, unseen = assess_drift(
        [one],
        Inventory("octo/app", copies),
        memory or Memory(),
        credentials=Credentials(given or {}),
        now=NOW,
    )
    assert not unseen or unseen == {"deploy": frozenset({"drifted"})}
    return (found[0] if found else None), bool(unseen)


def say(*args: Any, **kwargs: Any) -> str:
    finding, _ = assess(*args, **kwargs)
    return finding.message if finding else ""


BOTH = (StoredPart(APP), StoredPart(PRODUCTION))
EARLY = MADE + HOUR
LATER = EARLY + 10 * DAY


def test_a_copy_that_was_written_again_alone() -> None:
    finding, unseen = assess(candidate(*BOTH), copy(APP, LATER), copy(PRODUCTION, EARLY))
    assert finding
    assert finding.message == (
        "octo/app:TOKEN was written again on 2026-10-23 13:00 UTC, while the token and its other "
        "copies stayed the same: nobody can tell whether it still holds it"
    )
    assert finding.severity is Severity.INFO
    assert not unseen


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (copy(APP, EARLY), copy(PRODUCTION, EARLY)),
        (copy(APP, EARLY + HOUR), copy(PRODUCTION, EARLY)),
        # Rewritten all together.
        (copy(APP, LATER), copy(PRODUCTION, LATER - HOUR)),
        # It is older than the token: it may have been given the token late.
        (copy(APP, LATER, made=MADE - SECOND), copy(PRODUCTION, EARLY)),
        # Never written twice.
        (copy(APP, LATER, made=LATER), copy(PRODUCTION, EARLY)),
        # The other one is the stale one.
        (copy(APP, LATER), copy(PRODUCTION, MADE - SECOND)),
        (copy(APP, LATER), copy(PRODUCTION, None)),
        (copy(APP, LATER, made=None), copy(PRODUCTION, EARLY)),
        (replace(copy(APP, LATER), ignored=True), copy(PRODUCTION, EARLY)),
        (copy(APP, LATER), replace(copy(PRODUCTION, EARLY), declared_by=None)),
        (replace(copy(APP, LATER), present=False), copy(PRODUCTION, EARLY)),
    ],
)
def test_dates_that_prove_nothing(first: Secret, second: Secret) -> None:
    assert say(candidate(*BOTH), first, second) == ""


def test_the_hour_is_one_hour() -> None:
    late = EARLY + HOUR + SECOND
    assert say(candidate(*BOTH), copy(APP, late), copy(PRODUCTION, EARLY))


def test_dates_of_other_parts_and_of_organizations_say_nothing() -> None:
    parts = candidate(StoredPart(APP, "client-id"), StoredPart(PRODUCTION, "client-secret"))
    assert say(parts, copy(APP, LATER), copy(PRODUCTION, EARLY)) == ""
    shared = candidate(StoredPart(ORGANIZATION), StoredPart(PRODUCTION))
    assert say(shared, copy(ORGANIZATION, LATER), copy(PRODUCTION, EARLY)) == ""


@pytest.mark.parametrize(
    "status",
    [{"created_at": None}, {"state": State.REVOKED}, {"state": State.UNKNOWN}],
)
def test_a_token_that_nothing_is_known_about(status: dict[str, Any]) -> None:
    one = candidate(*BOTH)
    one = replace(
        one, inspected=replace(one.inspected, status=replace(one.inspected.status, **status))
    )
    assert say(one, copy(APP, LATER), copy(PRODUCTION, EARLY)) == ""


def stale(one: Candidate, *copies: Secret) -> list[str]:
    inventory = Inventory("octo/app", copies)
    found = judge(inventory, [one.inspected], defaults=Policy(), now=NOW)
    return [finding.message for finding in found if finding.rule == "stale-copy"]


@pytest.mark.parametrize(
    "ref",
    [
        APP,
        PRODUCTION,
        ORGANIZATION,
        SecretRef(Scope("octo", "site"), "TOKEN"),
        SecretRef(Scope("octo", "app", store=Store.DEPENDABOT), "TOKEN"),
    ],
)
def test_a_copy_that_is_older_than_the_token_wherever_it_is(ref: SecretRef) -> None:
    one = candidate(StoredPart(ref))
    (told,) = stale(one, copy(ref, MADE - DAY))
    assert str(ref) in told
    assert stale(one, copy(ref, MADE)) == []
    assert stale(one, replace(copy(ref, None), present=None)) == []


def test_a_part_that_may_stay_may_be_older_than_the_token() -> None:
    one = candidate(StoredPart(APP, "username"), StoredPart(PRODUCTION, "token"))
    old = copy(APP, MADE - DAY), copy(PRODUCTION, MADE - DAY)
    (told,) = stale(one, *old)
    assert "octo/app:TOKEN" in told
    rotate = Rotate(fixed_parts={"username": "it names the account"})
    one = replace(one, inspected=replace(one.inspected, token=replace(one.token, rotate=rotate)))
    (told,) = stale(one, *old)
    assert "octo/app:TOKEN" not in told
    assert "octo/app[production]:TOKEN" in told


# What the journal knows.

WRITTEN = NOW - 20 * DAY


def operation(*refs: SecretRef, phase: Phase = Phase.DONE, new: str = "42") -> Operation:
    rows = {str(ref): Row(RowState.STORED, WRITTEN, WRITTEN) for ref in refs}
    return Operation(
        id="k7m2p9x4",
        repository="octo/app",
        token="deploy",
        provider="acme",
        strategy=Strategy.OVERLAP,
        cycle=0,
        old_id="41",
        new_id=new,
        opened_at=WRITTEN,
        phase=phase,
        rows=rows,
        closed_at=WRITTEN + HOUR if phase in (Phase.DONE, Phase.ABANDONED) else None,
    )


def memory(*operations: Operation) -> Memory:
    return Memory(Known({each.id: each for each in operations}), KEY)


def test_somebody_wrote_after_keyturn() -> None:
    one, journal = candidate(StoredPart(APP)), memory(operation(APP))
    finding, _ = assess(one, copy(APP, WRITTEN + SECOND), memory=journal)
    assert finding
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "octo/app:TOKEN was written on 2026-11-02 12:00 UTC by somebody else, after keyturn stored "
        "the token there, and the token has not been replaced since"
    )
    assert say(one, copy(APP, WRITTEN), memory=journal) == ""


def test_a_distribution_over_days_is_no_drift() -> None:
    rows = {
        str(APP): Row(RowState.STORED, WRITTEN, WRITTEN),
        str(PRODUCTION): Row(RowState.STORED, WRITTEN + DAY, WRITTEN + DAY),
    }
    journal = memory(replace(operation(), rows=rows))
    copies = copy(APP, WRITTEN), copy(PRODUCTION, WRITTEN + DAY)
    assert say(candidate(*BOTH), *copies, memory=journal) == ""


@pytest.mark.parametrize("made", [None, WRITTEN - DAY])
def test_a_replacement_by_hand_that_did_not_reach_a_copy(made: datetime | None) -> None:
    one, journal = (
        candidate(*BOTH, token_id="77", created_at=made),
        memory(operation(*(APP, PRODUCTION))),
    )
    told = say(one, copy(APP, WRITTEN), copy(PRODUCTION, NOW - DAY), memory=journal)
    assert told == (
        "its provider shows the token of id 77 in place of 42, and octo/app:TOKEN was not written "
        "since keyturn stored that one there"
    )
    # Every copy was written since: a whole replacement by hand.
    done = copy(APP, NOW - DAY), copy(PRODUCTION, NOW - DAY)
    assert say(one, *done, memory=journal) == ""


def test_a_copy_that_is_older_than_the_token_is_said_once() -> None:
    one = candidate(StoredPart(APP), token_id="77", created_at=NOW - DAY)
    assert say(one, copy(APP, WRITTEN), memory=memory(operation(APP))) == ""


@pytest.mark.parametrize("shown", [None, "41"])
def test_a_token_without_an_id_or_of_an_earlier_one(shown: str | None) -> None:
    one = candidate(StoredPart(APP), token_id=shown)
    assert say(one, copy(APP, WRITTEN), memory=memory(operation(APP))) == ""


def test_nothing_is_said_of_a_rotation_under_way_or_given_up() -> None:
    one, moved = candidate(StoredPart(APP)), copy(APP, WRITTEN + DAY)
    going = memory(operation(APP, phase=Phase.DISTRIBUTING))
    assert assess(one, moved, memory=going) == (None, True)
    given_up = memory(operation(APP), replace(operation(APP, phase=Phase.ABANDONED), id="z"))
    assert assess(one, moved, memory=given_up) == (None, False)


def test_a_journal_that_was_not_read_leaves_dates_alone() -> None:
    failure = Failure(FailureKind.JOURNAL_NOT_READ, "octo/app", "no key")
    copies = copy(APP, LATER), copy(PRODUCTION, EARLY)
    assert assess(candidate(*BOTH), *copies, memory=Memory(failure=failure)) == (None, True)


# Values that this run was given.

ONE, OTHER = "value-" + "1" * 12, "value-" + "2" * 12
NAMED = (StoredPart(APP, None, "REPOSITORY_COPY"), StoredPart(PRODUCTION, None, "PRODUCTION_COPY"))
FRESH = copy(APP, EARLY), copy(PRODUCTION, EARLY)


def owning(*stored: StoredPart, value: Mapping[str, str]) -> Candidate:
    one = candidate(*stored)
    token = replace(one.token, value_env=value)
    return replace(one, inspected=replace(one.inspected, token=token))


def test_copies_that_differ_from_each_other() -> None:
    given = {"REPOSITORY_COPY": ONE, "PRODUCTION_COPY": OTHER}
    finding, _ = assess(candidate(*NAMED), *FRESH, given=given)
    assert finding
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "the values in octo/app:TOKEN, octo/app[production]:TOKEN are not all the same"
    )
    assert say(candidate(*NAMED), *FRESH, given={**given, "PRODUCTION_COPY": f"{ONE}\n"}) == ""


def test_a_copy_that_is_not_the_tokens_own_value() -> None:
    one = owning(*NAMED, value={"": "OWN"})
    given = {"OWN": ONE, "REPOSITORY_COPY": ONE, "PRODUCTION_COPY": OTHER}
    assert say(one, *FRESH, given=given) == (
        "the value in octo/app[production]:TOKEN is not what this run was given as the token's own"
    )


def test_a_value_that_is_right_outweighs_dates() -> None:
    one = owning(*NAMED, value={"": "OWN"})
    moved = copy(APP, LATER), copy(PRODUCTION, EARLY)
    given = {"OWN": ONE, "REPOSITORY_COPY": ONE}
    assert assess(one, *moved, given=given) == (None, True)  # the other copy was not given
    assert say(one, *moved, given={"OWN": ONE})
    journal = memory(operation(APP))
    written = copy(APP, NOW - DAY), copy(PRODUCTION, NOW - DAY)
    assert say(one, *written, memory=journal, given=given) == ""


def test_a_copy_that_a_job_is_not_given_is_not_judged() -> None:
    assert assess(candidate(*NAMED), *FRESH, given={"REPOSITORY_COPY": ONE}) == (None, True)
    assert assess(candidate(*BOTH), *FRESH) == (None, False)


def test_a_run_may_have_been_given_its_values_before_a_copy_was_written() -> None:
    given = {"REPOSITORY_COPY": ONE, "PRODUCTION_COPY": OTHER}
    young = copy(APP, NOW - DAY + SECOND), copy(PRODUCTION, NOW - DAY + SECOND)
    assert assess(candidate(*NAMED), *young, given=given) == (None, True)
    assert say(candidate(*NAMED), copy(APP, NOW - DAY), copy(PRODUCTION, NOW - DAY), given=given)


def test_each_part_is_compared_with_its_own() -> None:
    pair = (StoredPart(APP, "client-id", "A"), StoredPart(PRODUCTION, None, "B"))
    one = owning(*pair, value={"client-id": "ID", "client-secret": "SECRET"})
    one = replace(one, secret_part="client-secret", parts=frozenset({"client-id"}))
    given = {"A": ONE, "B": OTHER, "ID": ONE, "SECRET": OTHER}
    assert assess(one, *FRESH, given=given) == (None, False)
    told = say(one, *FRESH, given={**given, "B": ONE})
    assert told.endswith("is not what this run was given as the token's own")
    # One variable that may hold both parts is compared with neither.
    whole = replace(owning(*pair, value={"": "BOTH"}), secret_part="client-secret")
    assert assess(whole, *FRESH, given={**given, "BOTH": f"{ONE}:{OTHER}"}) == (None, False)


def test_a_value_that_keyturn_has_replaced() -> None:
    spent = Known(spent=frozenset({KEY.fingerprint(SecretValue(OTHER))}))
    given = {"REPOSITORY_COPY": ONE, "PRODUCTION_COPY": OTHER}
    told = say(candidate(*NAMED), *FRESH, memory=Memory(spent, KEY), given=given)
    assert told == (
        "keyturn has replaced the value that is still stored in octo/app[production]:TOKEN; the "
        "values in octo/app:TOKEN, octo/app[production]:TOKEN are not all the same"
    )


def test_a_value_that_keyturn_did_not_store() -> None:
    marks = {"": KEY.fingerprint(SecretValue(ONE))}
    done = operation(APP, PRODUCTION)
    journal = memory(replace(done, facts={"fingerprints": marks}))
    copies = copy(APP, WRITTEN + DAY), copy(PRODUCTION, WRITTEN)
    given = {"REPOSITORY_COPY": ONE, "PRODUCTION_COPY": OTHER}
    told = say(candidate(*NAMED), *copies, memory=journal, given=given)
    assert told.endswith("is not what keyturn stored, and the token is the same")
    # One copy is enough, and one that was stored again with the same value is right.
    assert say(candidate(NAMED[0]), *copies[:1], memory=journal, given=given) == ""
    # Of another token the journal knows no value.
    other = candidate(NAMED[1], token_id="77", created_at=WRITTEN - DAY)
    assert "is not what keyturn" not in say(other, copies[1], memory=journal, given=given)


def test_a_token_that_got_a_new_value_under_its_id() -> None:
    done = replace(operation(APP), facts={"fingerprints": {"": KEY.fingerprint(SecretValue(ONE))}})
    remade = candidate(NAMED[0], created_at=WRITTEN + 2 * HOUR)
    written, given = copy(APP, WRITTEN + DAY), {"REPOSITORY_COPY": OTHER}
    assert say(remade, written, memory=memory(done), given=given) == ""
    assert say(remade, written, memory=memory(done)) == ""


def test_a_date_that_keyturn_moved_leaves_the_value_known() -> None:
    done = replace(operation(APP), facts={"fingerprints": {"": KEY.fingerprint(SecretValue(ONE))}})
    extended = replace(operation(), id="e", strategy=Strategy.EXTEND, old_id="42", rows={})
    told = say(
        candidate(NAMED[0]),
        copy(APP, WRITTEN),
        memory=memory(done, extended),
        given={"REPOSITORY_COPY": OTHER},
    )
    assert told.endswith("is not what keyturn stored, and the token is the same")


def test_no_finding_holds_a_character_of_a_value() -> None:
    given = {"OWN": ONE, "REPOSITORY_COPY": ONE[:-1], "PRODUCTION_COPY": OTHER}
    finding, _ = assess(owning(*NAMED, value={"": "OWN"}), *FRESH, given=given)
    assert finding
    assert "value-" not in repr(finding)
