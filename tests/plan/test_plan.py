"""Which tokens are rotated now and how: tables of cases, boundaries to the second, properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.model import (
    Acceptance,
    Bounds,
    Capability,
    Deadline,
    DeadlineReason,
    Destination,
    Freeze,
    Inspected,
    Inventory,
    Plan,
    Policy,
    Precision,
    Rotate,
    Rotation,
    Scope,
    Secret,
    SecretRef,
    Skip,
    Skipped,
    State,
    StoredPart,
    Strategy,
    Token,
    TokenStatus,
    Window,
)
from keyturn.plan import build_plan, compare, find_duration, find_unsafe
from keyturn.plan.choice import Candidate
from keyturn.plan.dates import shift, span

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)  # a Sunday
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
WRITTEN = NOW - 60 * DAY
MINT, REPLACE, EXTEND = Capability.MINT, Capability.REPLACE, Capability.EXTEND
MANAGED = {"": "MANAGER"}


def ref(name: str = "TOKEN", *, owner: str = "octo", repository: str = "app") -> SecretRef:
    return SecretRef(Scope(owner, repository), name)


def candidate(
    id: str = "deploy",
    *,
    rotate: Rotate | None = None,
    can: Sequence[Capability] = (MINT, REPLACE),
    state: State = State.ACTIVE,
    expires: datetime | None = NOW + 10 * DAY,
    created: datetime | None = NOW - 80 * DAY,
    deadline: Deadline | None = None,
    precision: Precision = Precision.INSTANT,
    manager: bool = True,
    secrets: Sequence[StoredPart] | None = None,
    policy: Policy | None = None,
    status: Mapping[str, Any] | None = None,
    **more: Any,
) -> Candidate:
    """A token of 90 days, 10 of which are left, that a manager can make and replace."""
    found = TokenStatus(
        state,
        precision if expires else Precision.NEVER,
        expires,
        created_at=created,
        last_used_at=NOW - DAY,
        token_id=f"{id}-7",
        owner="bot",
        scopes=("api",),
    )
    if deadline is None and expires:
        deadline = Deadline(expires, DeadlineReason.PROVIDER_EXPIRY)
    token = Token(
        id,
        "acme",
        value_env={"": f"VALUE_{id}"},
        credential_env=MANAGED if manager else {},
        secrets=(StoredPart(ref(f"{id}_TOKEN")),) if secrets is None else tuple(secrets),
        policy=policy or Policy(),
    )
    return Candidate(
        Inspected(token, replace(found, **status or {}), deadline),
        rotate or Rotate(enabled=True),
        frozenset(can),
        **more,
    )


def inventory(*candidates: Candidate, secrets: Sequence[Secret] | None = None) -> Inventory:
    """Everything that is declared is there, unless it is said what is."""
    if secrets is None:
        refs = {stored.ref for each in candidates for stored in each.token.secrets}
        secrets = [Secret(each, updated_at=WRITTEN) for each in sorted(refs)]
    return Inventory("octo/app", secrets=tuple(secrets))


def plan(
    *candidates: Candidate,
    bounds: Bounds | None = None,
    secrets: Sequence[Secret] | None = None,
    now: datetime = NOW,
    **more: Any,
) -> Plan:
    return build_plan(
        candidates,
        bounds=bounds or Bounds(),
        inventory=inventory(*candidates, secrets=secrets),
        now=now,
        **more,
    )


def rotation(*candidates: Candidate, **more: Any) -> Rotation:
    found = plan(*candidates, **more)
    assert not found.skipped, found.skipped
    (only,) = found.rotations
    return only


def skipped(*candidates: Candidate, **more: Any) -> Skipped:
    found = plan(*candidates, **more)
    assert not found.rotations, found.rotations
    (only,) = found.skipped
    return only


def enabled(**more: Any) -> Rotate:
    return Rotate(enabled=True, **more)


def test_a_rotation_says_all_that_will_be_relied_on() -> None:
    found = rotation(candidate(key="host/7"), cycles={"deploy": 3})
    assert (found.token, found.provider, found.cycle) == ("deploy", "acme", 3)
    assert (found.old.token_id, found.old.key) == ("deploy-7", "host/7")
    assert (found.old.created_at, found.old.expires_at) == (NOW - 80 * DAY, NOW + 10 * DAY)
    assert (found.old.owner, found.old.scopes) == ("bot", ("api",))
    assert found.destinations == (Destination(ref("DEPLOY_TOKEN"), "", WRITTEN),)
    assert found.deadline == NOW + 10 * DAY
    assert found.lifetime == 90 * DAY
    assert (found.overlap, found.cap) == (timedelta(), 35 * DAY)
    assert found.why_now == "ends 2026-12-02 13:43 UTC, and is due 33% of its 90 days before"
    assert not found.rescue


# ------------------------------------------------------------------ which, and when


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (30 * DAY, timedelta(days=30)),
        (0.5, timedelta(days=45)),
        (0.33, timedelta(days=90) * 0.33),
        (timedelta(minutes=1), timedelta(minutes=1)),
        # As long as it lives, or longer: it would be due all its life, and so would the next.
        (90 * DAY, timedelta(days=90) * 0.33),
        (400 * DAY, timedelta(days=90) * 0.33),
        (90 * DAY - SECOND, 90 * DAY - SECOND),
    ],
)
def test_it_is_due_at_its_second(before: timedelta | float, due: timedelta) -> None:
    for left, planned in ((due + SECOND, False), (due, True), (due - SECOND, True)):
        end = NOW + left
        each = candidate(rotate=enabled(before=before), expires=end, created=end - 90 * DAY)
        if planned:
            note = "is no shorter than its life" in " ".join(rotation(each).notes)
            assert note is (isinstance(before, timedelta) and before >= 90 * DAY)
        else:
            found = skipped(each)
            assert (found.reason, found.until) == (Skip.NOT_DUE, NOW + SECOND)


@pytest.mark.parametrize(
    ("each", "until"),
    [
        # No date of its own: as long after it was made as the next one would live.
        (candidate(expires=None, rotate=enabled(lifetime=90 * DAY, before=10 * DAY)), NOW),
        (candidate(expires=None, rotate=enabled(lifetime=91 * DAY, before=10 * DAY)), NOW + DAY),
        (
            candidate(expires=None, created=NOW - 356 * DAY, rotate=enabled(before=10 * DAY)),
            NOW,  # max-lifetime: 366d
        ),
        # Nobody tells when it was made: with the first warning, or a share of what is written.
        (candidate(expires=NOW + 31 * DAY, created=None), NOW + DAY),
        (candidate(expires=NOW + 30 * DAY, created=None), NOW),
        (
            candidate(expires=NOW + 31 * DAY, created=None, rotate=enabled(before=30 * DAY)),
            NOW + DAY,
        ),
        (
            candidate(
                expires=NOW + 6 * DAY,
                created=None,
                rotate=enabled(lifetime=10 * DAY, before=0.5),
            ),
            NOW + DAY,
        ),
        # The earliest end counts, and its own life.
        (
            candidate(
                expires=NOW + 500 * DAY,
                created=NOW - 80 * DAY,
                deadline=Deadline(NOW + 20 * DAY, DeadlineReason.IDLE_REMOVAL),
                rotate=enabled(before=0.19),
            ),
            NOW + DAY,
        ),
        # What a new token would not change is no reason to make one.
        (
            candidate(
                expires=NOW + 31 * DAY,
                deadline=Deadline(NOW + DAY, DeadlineReason.RETIREMENT),
                rotate=enabled(before=30 * DAY),
            ),
            NOW + DAY,
        ),
        (
            candidate(
                expires=NOW + 31 * DAY,
                deadline=Deadline(NOW - 80 * DAY, DeadlineReason.DECLARED_DATE),
                rotate=enabled(before=30 * DAY),
            ),
            NOW + DAY,
        ),
        # The life of an extended value grows; what is added does not.
        (
            candidate(
                can=[EXTEND],
                expires=NOW + 11 * DAY,
                created=NOW - 289 * DAY,
                rotate=enabled(strategy=Strategy.EXTEND, lifetime=20 * DAY, before=0.5),
            ),
            NOW + DAY,
        ),
    ],
)
def test_when_it_is_due(each: Candidate, until: datetime) -> None:
    found = plan(each)
    if until == NOW:
        assert found.rotations, found.skipped
    else:
        assert [(s.reason, s.until) for s in found.skipped] == [(Skip.NOT_DUE, until)]


def test_without_any_date_it_is_never_due_by_itself() -> None:
    each = candidate(expires=None, created=None)
    found = skipped(each)
    assert (found.reason, found.until) == (Skip.NOT_DUE, None)
    assert rotation(each, named={"deploy"}).lifetime == Policy().max_lifetime


@pytest.mark.parametrize(
    ("each", "more", "reason", "said"),
    [
        (candidate(rotate=Rotate()), {}, Skip.NOT_ENABLED, "`enabled: true`"),
        (candidate(rotate=Rotate()), {"named": {"deploy"}}, Skip.BLOCKED, "`enabled: true`"),
        (candidate(), {"named": {"other"}}, Skip.NOT_NAMED, "others were named"),
        (candidate(), {"named": set()}, Skip.NOT_NAMED, "others were named"),
        (
            candidate(under_way="a rotation has come to `draining`"),
            {},
            Skip.UNFINISHED,
            "has come to `draining`",
        ),
        (
            candidate(under_way="a rotation has come to `needs-human`"),
            {"named": {"deploy"}},
            Skip.UNFINISHED,
            "needs-human",
        ),
        (
            candidate(state=State.UNKNOWN, status={"reason": "credential-missing"}),
            {},
            Skip.NOT_ASKED,
            "nothing is known about it: credential-missing",
        ),
        (candidate(state=State.REVOKED), {}, Skip.MANUAL, "it was revoked"),
        (candidate(state=State.REVOKED), {"named": {"deploy"}}, Skip.MANUAL, "it was revoked"),
        (candidate(state=State.BLOCKED), {}, Skip.MANUAL, "it is blocked"),
    ],
)
def test_it_is_passed_over(each: Candidate, more: dict[str, Any], reason: Skip, said: str) -> None:
    found = skipped(each, **more)
    assert found.reason is reason
    assert said in found.message


def test_a_named_token_is_due_at_once() -> None:
    fresh = candidate(expires=NOW + 300 * DAY, created=NOW - DAY)
    assert skipped(fresh).reason is Skip.NOT_DUE
    assert rotation(fresh, named={"deploy"}).why_now == "it was named"


# ------------------------------------------------------------------ expired tokens


def expired(**more: Any) -> Candidate:
    return candidate(state=State.EXPIRED, expires=NOW - 3 * DAY, created=NOW - 93 * DAY, **more)


def test_an_expired_token_is_made_again_by_a_manager() -> None:
    found = rotation(expired(differs=("its bot is another user",)))
    assert found.rescue
    assert found.strategy is Strategy.OVERLAP
    assert found.why_now == "it has expired"
    assert "its bot is another user" in found.risks
    assert any("another token" in risk for risk in found.risks)
    assert found.timeline[0].text.startswith("the old one is dead; a new one is made")
    assert not any("retired" in moment.text for moment in found.timeline)


@pytest.mark.parametrize(
    ("each", "said"),
    [
        (expired(manager=False), "nothing else than its own dead value"),
        (expired(can=[REPLACE, EXTEND]), "makes no second token"),
        (expired(can=[REPLACE], why_not={MINT: "gitlab.com lets nobody"}), "lets nobody"),
        (expired(can=[]), "lets nobody make one by its API"),
    ],
)
def test_an_expired_token_that_cannot_be_made_again_is_for_a_person(
    each: Candidate, said: str
) -> None:
    found = skipped(each)
    assert found.reason is Skip.MANUAL
    assert said in found.message
    assert "by hand" in found.hint


def test_a_dead_token_is_made_again_whatever_strategy_is_written() -> None:
    for strategy in Strategy:
        assert rotation(expired(rotate=enabled(strategy=strategy))).strategy is Strategy.OVERLAP


# ------------------------------------------------------------------ the strategy


@pytest.mark.parametrize(
    ("can", "strategy", "expected"),
    [
        ([MINT, REPLACE, EXTEND], None, Strategy.OVERLAP),
        ([MINT], None, Strategy.OVERLAP),
        ([REPLACE, EXTEND], None, Strategy.IN_PLACE),
        ([REPLACE], None, Strategy.IN_PLACE),
        ([MINT, REPLACE, EXTEND], Strategy.EXTEND, Strategy.EXTEND),
        ([MINT, REPLACE], Strategy.IN_PLACE, Strategy.IN_PLACE),
        ([MINT, REPLACE], Strategy.OVERLAP, Strategy.OVERLAP),
        ([EXTEND], None, "write `strategy: extend`"),
        ([MINT], Strategy.EXTEND, "possible is `overlap`"),
        ([MINT, EXTEND], Strategy.IN_PLACE, "possible is `extend`, `overlap`"),
        ([REPLACE], Strategy.OVERLAP, "possible is `in-place`"),
    ],
)
def test_the_strategy_is_the_written_one_or_the_safest(
    can: list[Capability], strategy: Strategy | None, expected: Strategy | str
) -> None:
    found = plan(candidate(can=can, rotate=enabled(strategy=strategy)))
    if isinstance(expected, Strategy):
        assert [r.strategy for r in found.rotations] == [expected]
        assert found.rotations[0].why_so
    else:
        assert [(s.reason, s.hint.startswith(expected)) for s in found.skipped] == [
            (Skip.BLOCKED, True)
        ]


def test_why_a_capability_is_missing_is_said() -> None:
    why = {MINT: "gitlab.com lets nobody make a personal token"}
    assert rotation(candidate(can=[REPLACE], why_not=why)).why_so == why[MINT]
    asked = candidate(can=[REPLACE], why_not=why, rotate=enabled(strategy=Strategy.OVERLAP))
    assert skipped(asked).message == f"`strategy: overlap`: {why[MINT]}"


def test_what_no_api_can_make_is_for_a_person_once_it_is_due() -> None:
    azure = "the credential is a PAT, which makes no PAT"
    found = skipped(candidate(can=[], why_not={MINT: azure, EXTEND: azure}))
    assert found.reason is Skip.MANUAL
    assert found.message == f"a person has to make the new one: {azure}"
    assert "store it in every secret" in found.hint
    assert "by its API" in skipped(candidate(can=[])).message
    later = candidate(can=[], expires=NOW + 200 * DAY, created=NOW - DAY)
    assert skipped(later).reason is Skip.NOT_DUE


def test_a_swap_in_place_needs_a_second_credential_or_consent() -> None:
    alone = candidate(can=[REPLACE], manager=False)
    found = skipped(alone)
    assert found.reason is Skip.BLOCKED
    assert "accept-loss" in found.hint
    lossy = replace(alone, rotate=enabled(accept_loss="it is a toy"))
    assert any("accepted because it is a toy" in risk for risk in rotation(lossy).risks)
    both = candidate(can=[REPLACE], rotate=enabled(accept_loss="it is a toy"))
    assert not any("lost" in risk for risk in rotation(both).risks)


def test_the_token_s_own_value_is_no_second_credential() -> None:
    each = candidate(can=[REPLACE])
    token = replace(each.token, credential_env=each.token.value_env)
    assert skipped(replace(each, inspected=replace(each.inspected, token=token))).reason is (
        Skip.BLOCKED
    )


# ------------------------------------------------------------------ where the value goes


PAIR: dict[str, Any] = {"parts": frozenset({"client-id"}), "secret_part": "client-secret"}


def stored(*parts: str | None) -> list[StoredPart]:
    return [StoredPart(ref(f"PART_{index}"), part) for index, part in enumerate(parts)]


@pytest.mark.parametrize(
    ("secrets", "fixed", "missing"),
    [
        (stored("client-id", "client-secret"), {}, None),
        (stored("client-id", None), {}, None),
        (stored("client-id", None, "client-secret"), {}, None),
        (stored(None), {"client-id": "it never changes here"}, None),
        (stored(None), {}, "no secret holds its client-id"),
        (stored("client-id"), {}, "no secret is declared to hold its value"),
        # Nobody can say that the value itself may stay: it would be lost.
        (
            stored("client-id"),
            {"client-secret": "no", "": "no"},
            "no secret is declared to hold its value",
        ),
        ([], {}, "no secret is declared to hold its value"),
    ],
)
def test_every_part_that_changes_is_stored(
    secrets: list[StoredPart], fixed: dict[str, str], missing: str | None
) -> None:
    found = plan(candidate(secrets=secrets, rotate=enabled(fixed_parts=fixed), **PAIR))
    if missing is None:
        parts = {part.part or "" for part in secrets}
        (only,) = found.rotations
        assert {d.part for d in only.destinations} == {
            "" if part == "client-secret" else part for part in parts
        }
        assert any("it may stay" in note for note in only.notes) is bool(fixed)
    else:
        (refused,) = found.skipped
        assert refused.reason is Skip.BLOCKED
        assert missing in refused.message


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (Secret(ref(), present=False), "octo/app:TOKEN is not there"),
        (Secret(ref(), present=None), "octo/app:TOKEN cannot be seen"),
        (None, "octo/app:TOKEN cannot be seen"),
    ],
)
def test_a_secret_that_is_not_seen_is_not_written(secret: Secret | None, said: str) -> None:
    found = skipped(candidate(secrets=[StoredPart(ref())]), secrets=[secret] if secret else [])
    assert found.reason is Skip.BLOCKED
    assert said in found.message


@pytest.mark.parametrize(
    ("owner", "repository", "allowed", "expected"),
    [
        ("octo", "site", (), True),
        ("OCTO", "site", (), True),
        ("octo", "", (), True),
        ("other", "site", (), False),
        ("other", "site", ("other/*",), True),
        ("Other", "Site", ("oTher/site",), True),
        ("other", "site", ("other/site",), True),
        ("other", "site-two", ("other/site",), False),
        ("other", "site-two", ("other/site*",), True),
        ("another", "site", ("other/*",), False),
        # An organization's secret is read by all of its repositories.
        ("other", "", ("other/*",), True),
        ("other", "", ("other/s*", "other/?"), False),
    ],
)
def test_other_owners_are_written_to_where_it_is_allowed(
    owner: str, repository: str, allowed: tuple[str, ...], expected: bool
) -> None:
    each = candidate(secrets=[StoredPart(ref(owner=owner, repository=repository))])
    found = plan(each, bounds=Bounds(allow_destinations=allowed))
    if expected:
        assert found.rotations
    else:
        (refused,) = found.skipped
        assert refused.reason is Skip.BLOCKED
        assert "another owner" in refused.message


def test_everything_that_forbids_it_is_said_at_once() -> None:
    each = candidate(
        secrets=[StoredPart(ref(owner="other"), "client-id")], status={"token_id": None}, **PAIR
    )
    message = skipped(each, secrets=[]).message
    for piece in ("its id", "hold its value", "cannot be seen", "another owner"):
        assert piece in message


def test_copies_at_the_provider_are_told() -> None:
    found = rotation(candidate(status={"places": ("workflow Nightly, step Log in",)}))
    assert found.places == ("workflow Nightly, step Log in",)
    assert any("workflow Nightly" in risk for risk in found.risks)


def test_destinations_are_in_order_with_their_dates() -> None:
    names = ["B_TOKEN", "A_TOKEN", "C_TOKEN"]
    secrets = [Secret(ref(name), updated_at=WRITTEN + n * DAY) for n, name in enumerate(names)]
    found = rotation(
        candidate(secrets=[StoredPart(ref(name.lower())) for name in names]), secrets=secrets
    )
    assert [(d.ref.name, d.updated_at) for d in found.destinations] == [
        ("A_TOKEN", WRITTEN + DAY),
        ("B_TOKEN", WRITTEN),
        ("C_TOKEN", WRITTEN + 2 * DAY),
    ]


def test_two_declarations_of_one_token_are_not_rotated() -> None:
    one, two = candidate("one", key="host/7"), candidate("two", key="host/7", rotate=Rotate())
    found = plan(one, two)
    assert [(s.token, s.reason) for s in found.skipped] == [
        ("one", Skip.BLOCKED),
        ("two", Skip.NOT_ENABLED),
    ]
    assert "another declaration" in found.skipped[0].message
    assert len(plan(one, replace(two, key="host/8")).rotations) == 1


# ------------------------------------------------------------------ dates


LONG = Acceptance("@alice", "vendor limit")


@pytest.mark.parametrize(
    ("each", "lifetime"),
    [
        (candidate(), 90 * DAY),
        (candidate(rotate=enabled(lifetime=40 * DAY)), 40 * DAY),
        (candidate(created=NOW - 500 * DAY), 366 * DAY),
        (candidate(created=NOW - 500 * DAY, policy=Policy(max_lifetime=100 * DAY)), 100 * DAY),
        (candidate(created=NOW - 500 * DAY, policy=Policy(long_lived=LONG)), 510 * DAY),
        (candidate(created=None), 366 * DAY),
        (candidate(created=NOW - 80 * DAY - timedelta(milliseconds=7)), 90 * DAY),
        # Nonsense of a provider.
        (candidate(created=NOW + 20 * DAY), 366 * DAY),
        (candidate(rotate=enabled(lifetime=99_999 * DAY)), 36_525 * DAY),
        (
            candidate(expires=datetime.max.replace(tzinfo=UTC), policy=Policy(long_lived=LONG)),
            36_525 * DAY,
        ),
    ],
)
def test_the_new_one_lives_as_long_as_the_old_one_may(each: Candidate, lifetime: timedelta) -> None:
    found = rotation(each, named={"deploy"})
    assert found.lifetime == lifetime
    assert NOW + lifetime - 7 * DAY <= found.expires_at <= NOW + lifetime


def test_whole_seconds_are_asked_for() -> None:
    found = rotation(candidate(), now=NOW + timedelta(microseconds=5))
    assert found.expires_at == rotation(candidate()).expires_at
    assert found.expires_at.microsecond == 0


# What is made on one day does not end on one day.


def end_of(each: Candidate, **given: Any) -> datetime:
    return rotation(each, named={each.token.id}, **given).expires_at


def test_the_ends_of_many_are_spread_over_the_working_days_of_a_week() -> None:
    rotate = enabled(lifetime=90 * DAY)
    found = [end_of(candidate(f"token-{number}", rotate=rotate)) for number in range(60)]
    latest = NOW + 90 * DAY
    assert set(found) == {
        latest - back * DAY for back in range(8) if (latest - back * DAY).weekday() < 5
    }
    assert max(Counter(found).values()) < 25


def test_the_same_token_ends_on_the_same_day_whenever_it_is_asked() -> None:
    each = candidate(rotate=enabled(lifetime=90 * DAY))
    other = candidate(rotate=enabled(lifetime=90 * DAY), expires=NOW + 3 * DAY, key="host/8")
    assert {end_of(each) for _ in range(5)} == {end_of(other)}


@pytest.mark.parametrize(
    ("lifetime", "most"),
    [
        (10 * DAY - SECOND, 0),  # a short life is not made shorter
        (10 * DAY, 1),
        (30 * DAY, 3),
        (70 * DAY, 7),
        (366 * DAY, 7),
    ],
)
def test_the_spread_is_a_tenth_of_the_life_and_at_most_a_week(
    lifetime: timedelta, most: int
) -> None:
    found = {
        end_of(candidate(f"t{number}", rotate=enabled(lifetime=lifetime))) for number in range(60)
    }
    assert NOW + lifetime - most * DAY <= min(found)
    assert max(found) <= NOW + lifetime
    assert (most == 0) == (found == {NOW + lifetime})


def test_what_ends_at_midnight_is_not_found_dead_after_a_weekend() -> None:
    each = [
        candidate(f"t{number}", rotate=enabled(lifetime=90 * DAY), precision=Precision.DAY)
        for number in range(40)
    ]
    assert {end_of(one).weekday() for one in each} == {1, 2, 3, 4}


def test_nothing_ends_in_a_freeze_where_another_day_is_left() -> None:
    latest = NOW + 90 * DAY
    frozen = Bounds(freezes=(Freeze(latest - 3 * DAY, latest + SECOND),))
    each = [candidate(f"t{n}", rotate=enabled(lifetime=90 * DAY)) for n in range(40)]
    assert max(end_of(one, bounds=frozen) for one in each) < latest - 3 * DAY
    whole = Bounds(freezes=(Freeze(latest - 30 * DAY, latest + DAY),))
    assert {end_of(one, bounds=whole) for one in each} == {latest}


@pytest.mark.parametrize(
    ("strategy", "can"),
    [
        (Strategy.OVERLAP, [MINT]),
        (Strategy.EXTEND, [EXTEND]),
        (Strategy.IN_PLACE, [REPLACE]),
    ],
)
def test_ends_are_spread_whatever_the_strategy(strategy: Strategy, can: list[Any]) -> None:
    latest = NOW + 90 * DAY
    rotate = enabled(lifetime=90 * DAY, strategy=strategy, accept_loss="a test")
    many = [candidate(f"t{number}", rotate=rotate, can=can) for number in range(40)]
    frozen = Bounds(freezes=(Freeze(latest - 2 * DAY, latest + SECOND),))
    found = [rotation(each, named={each.token.id}, bounds=frozen) for each in many]
    assert {each.strategy for each in found} == {strategy}
    ends = {each.expires_at for each in found}
    assert len(ends) > 2
    assert all(end.weekday() < 5 and end < latest - 2 * DAY for end in ends)


@pytest.mark.parametrize(
    ("rotate", "said"),
    [
        (enabled(lifetime=30 * DAY, before=30 * DAY), "no shorter than `lifetime: 30 days`"),
        (enabled(lifetime=30 * DAY, before=23 * DAY, overlap=7 * DAY), "no shorter than"),
        (enabled(lifetime=30 * DAY, before=0.5, overlap=15 * DAY), "no shorter than"),
        (enabled(lifetime=30 * DAY, before=23 * DAY, overlap=7 * DAY - SECOND), None),
        (enabled(lifetime=30 * DAY, before=0.5, overlap=15 * DAY - SECOND), None),
        (enabled(overlap=36 * DAY), "longer than `cap: 35 days`"),
        (enabled(overlap=35 * DAY), None),
        # Where the provider's own lives are short, that is nobody's mistake.
        (enabled(before=400 * DAY), None),
    ],
)
def test_impossible_sums_are_refused(rotate: Rotate, said: str | None) -> None:
    found = plan(candidate(rotate=rotate), named={"deploy"})
    if said is None:
        assert found.rotations, found.skipped
    else:
        (refused,) = found.skipped
        assert refused.reason is Skip.BLOCKED
        assert said in refused.message


@pytest.mark.parametrize(
    ("left", "overlap", "told"),
    [
        (8 * DAY, 7 * DAY, False),
        (8 * DAY - SECOND, 7 * DAY, True),
        (DAY - SECOND, None, True),
        (DAY, None, False),
    ],
)
def test_an_overlap_that_the_old_one_does_not_live_to_see_is_told(
    left: timedelta, overlap: timedelta | None, told: bool
) -> None:
    found = rotation(candidate(expires=NOW + left, rotate=enabled(overlap=overlap)))
    assert any("ends by itself" in note for note in found.notes) is told


def test_dates_that_end_at_midnight_are_told_and_reckoned_with() -> None:
    week = candidate(precision=Precision.DAY, rotate=enabled(lifetime=7 * DAY, before=DAY))
    assert any("up to a day less" in note for note in rotation(week, named={"deploy"}).notes)
    hour = timedelta(hours=1)
    short = enabled(lifetime=10 * hour, before=hour)
    dead = candidate(precision=Precision.DAY, rotate=short)
    assert "dead at once" in skipped(dead, named={"deploy"}).message
    alive = enabled(lifetime=11 * hour, before=hour)  # past midnight
    assert rotation(candidate(precision=Precision.DAY, rotate=alive), named={"deploy"})


def test_a_lifetime_that_will_be_a_finding_is_told() -> None:
    long = enabled(lifetime=400 * DAY)
    assert any("will be a finding" in note for note in rotation(candidate(rotate=long)).notes)
    accepted = candidate(rotate=long, policy=Policy(long_lived=LONG))
    assert not rotation(accepted).notes


def test_a_provider_that_tells_no_use_is_told() -> None:
    def notes(**status: Any) -> str:
        return " ".join(rotation(candidate(status=status)).notes)

    assert "later successful run" in notes(last_used_at=None)
    assert "later successful run" not in notes(last_used_at=None, never_used=True)
    assert "later successful run" not in notes()


# ------------------------------------------------------------------ extensions


def extended(**more: Any) -> Candidate:
    rotate = enabled(strategy=Strategy.EXTEND, lifetime=more.pop("lifetime", None))
    return candidate(rotate=rotate, can=[EXTEND, MINT], **more)


def test_an_extension_writes_nothing() -> None:
    found = rotation(extended(secrets=[StoredPart(ref(owner="other"))], **PAIR))
    assert found.strategy is Strategy.EXTEND
    assert not found.destinations
    assert [moment.at for moment in found.timeline][:2] == [NOW, NOW + 10 * DAY]
    assert found.risks
    assert any("grows each time" in note for note in found.notes)
    assert not rotation(extended(lifetime=90 * DAY)).notes


@pytest.mark.parametrize(
    ("each", "said"),
    [
        (extended(lifetime=9 * DAY), "its date would not move"),
        (extended(lifetime=10 * DAY), "its date would not move"),
        (extended(expires=None), "it has no date that could be moved"),
        (extended(created=NOW - 365 * DAY), "older than `max-age: 365 days`"),
        (
            extended(created=None, policy=Policy(max_age=60 * DAY)),
            "older than `max-age: 60 days`",
        ),
        (extended(status={"token_id": None}), "does not tell its id"),
    ],
)
def test_an_extension_that_is_none_or_keeps_an_old_value_is_refused(
    each: Candidate, said: str
) -> None:
    found = skipped(each, named={"deploy"})
    assert found.reason is Skip.BLOCKED
    assert said in found.message


def test_a_value_may_be_extended_to_the_second_of_its_age() -> None:
    young = extended(created=NOW - 365 * DAY + SECOND)
    assert rotation(young, named={"deploy"})
    undated = extended(created=None, policy=Policy(max_age=60 * DAY + SECOND))
    assert rotation(undated, named={"deploy"})
    # Where nothing tells how old the value is, nothing speaks against it.
    unseen = [Secret(ref("deploy_TOKEN"))]
    assert rotation(extended(created=None), named={"deploy"}, secrets=unseen)


# ------------------------------------------------------------------ what is alive when


def timeline(each: Candidate) -> list[tuple[float, str]]:
    found = rotation(each, named={"deploy"})
    assert list(found.timeline) == sorted(found.timeline, key=lambda moment: moment.at)
    return [((m.at - NOW) / DAY, m.text[:24]) for m in found.timeline]


def test_what_is_alive_when() -> None:
    overlap = enabled(overlap=7 * DAY, before=30 * DAY)
    end = (end_of(candidate(rotate=overlap)) - NOW) / DAY
    assert timeline(candidate(rotate=overlap)) == [
        (0, "the old one lives; a sec"),
        (7, "the old one is retired f"),
        (10, "the old one ends by itse"),
        (end - 30, "the next rotation is due"),
        (end, "the new one ends, if the"),
    ]
    assert timeline(candidate(rotate=overlap, expires=NOW + 100 * DAY, created=NOW))[1:3] == [
        (7, "the old one is retired f"),
        (35, "the old one is retired i"),
    ]
    assert timeline(candidate(rotate=overlap, expires=NOW + 5 * DAY))[1:2] == [
        (5, "the old one ends by itse")
    ]
    assert timeline(candidate(rotate=overlap, expires=NOW - DAY))[1:3] == [
        (7, "the old one is retired f"),
        (35, "the old one is retired i"),
    ]
    assert timeline(candidate(can=[REPLACE]))[0] == (0, "the old value dies; the ")


# ------------------------------------------------------------------ how many


def test_the_most_urgent_are_first_and_the_rest_is_later() -> None:
    each = [
        candidate(f"t{days}", expires=NOW + days * DAY, created=NOW - 80 * DAY)
        for days in (5, 3, 9, 1, 7, 2, 8)
    ]
    undated = candidate("undated", expires=None, created=NOW - 400 * DAY)
    found = plan(undated, *each)
    assert [r.token for r in found.rotations] == ["t1", "t2", "t3", "t5", "t7"]
    assert [(s.token, s.reason) for s in found.skipped] == [
        ("undated", Skip.LATER),
        ("t9", Skip.LATER),
        ("t8", Skip.LATER),
    ]
    assert len(plan(*each, bounds=Bounds(max_rotations=1)).rotations) == 1
    assert plan(*each, undated, bounds=Bounds(max_rotations=9)).rotations[-1].token == "undated"


def test_the_cap_holds_for_named_tokens_too() -> None:
    each = [candidate(f"t{number}") for number in range(7)]
    found = plan(*each, named={each.token.id for each in each}, at_once=True)
    assert [r.token for r in found.rotations] == ["t0", "t1", "t2", "t3", "t4"]


def test_what_others_are_asked_about_with_is_swapped_last() -> None:
    urgent = candidate("manager", can=[REPLACE], expires=NOW + DAY, manager=False)
    urgent = replace(urgent, rotate=enabled(accept_loss="no other"))
    token = replace(urgent.token, value_env=MANAGED)
    urgent = replace(urgent, inspected=replace(urgent.inspected, token=token))
    assert [r.token for r in plan(urgent, candidate()).rotations] == ["deploy", "manager"]
    # Where two can live, nothing dies at once.
    both = replace(urgent, capabilities=frozenset({MINT}))
    assert [r.token for r in plan(both, candidate()).rotations] == ["manager", "deploy"]


# ------------------------------------------------------------------ windows and freezes


NIGHTS = Bounds(windows=(Window("0 2 * * *", timedelta(hours=4)),))
OPENS = datetime(2026, 11, 23, 2, tzinfo=UTC)
HOLIDAYS = Bounds(freezes=(Freeze(NOW - DAY, NOW + 5 * DAY),))


@pytest.mark.parametrize(
    ("bounds", "opens", "reason"),
    [(NIGHTS, OPENS, Skip.OUTSIDE_WINDOW), (HOLIDAYS, NOW + 5 * DAY, Skip.FROZEN)],
)
def test_late_is_better_than_dead(bounds: Bounds, opens: datetime, reason: Skip) -> None:
    waits = skipped(candidate(expires=opens + SECOND), bounds=bounds)
    assert (waits.reason, waits.until) == (reason, opens)
    for end in (opens, opens - SECOND, NOW - DAY):
        found = rotation(candidate(expires=end), bounds=bounds)
        assert "late is better than dead" in found.notes[0]
    assert "late" not in " ".join(rotation(candidate(), bounds=bounds, now=opens).notes)


def test_a_token_that_never_ends_waits_for_a_window_and_an_expired_one_does_not() -> None:
    undated = candidate(expires=None, rotate=enabled(lifetime=60 * DAY, before=DAY))
    assert skipped(undated, bounds=NIGHTS).until == OPENS
    assert rotation(expired(), bounds=NIGHTS).rescue


def test_a_window_that_never_opens_is_passed_over_before_the_end() -> None:
    never = Bounds(windows=(Window("0 0 31 2 *", timedelta(hours=1)),))
    assert "none will open" in rotation(candidate(), bounds=never).notes[0]
    undated = candidate(expires=None, rotate=enabled(lifetime=60 * DAY, before=DAY))
    assert skipped(undated, bounds=never).until is None


def test_only_at_once_passes_over_a_window() -> None:
    assert skipped(candidate(), bounds=NIGHTS, named={"deploy"}).reason is Skip.OUTSIDE_WINDOW
    found = rotation(candidate(), bounds=NIGHTS, named={"deploy"}, at_once=True)
    assert found.notes[0] == "no window is open; it was asked for all the same"
    assert not rotation(candidate(), named={"deploy"}, at_once=True).notes


def test_what_is_blocked_is_said_outside_a_window_too() -> None:
    each = candidate(secrets=[])
    assert skipped(each, bounds=NIGHTS).reason is Skip.BLOCKED


# ------------------------------------------------------------------ its own judgement


def test_an_unsafe_plan_is_recognised() -> None:
    good = plan(candidate(key="host/7"))
    assert find_unsafe(good, Bounds()) == ()
    (one,) = good.rotations
    other = replace(one, token="other")
    dead = replace(one, expires_at=NOW)
    homeless = replace(one, destinations=())

    def said(*rotations: Rotation, **more: Any) -> str:
        return "; ".join(find_unsafe(replace(good, rotations=rotations), Bounds(**more)))

    assert "deploy: stands there twice" in said(one, one)
    assert "acme: one token is to be rotated twice" in said(one, other)
    assert "octo/app:DEPLOY_TOKEN: is to be written by two" in said(one, other)
    assert "2 rotations, and 1 are allowed" in said(one, other, max_rotations=1)
    assert "dead at once" in said(dead)
    assert "stored nowhere" in said(homeless)
    assert not said(replace(homeless, strategy=Strategy.EXTEND))
    both = replace(good, skipped=(Skipped("deploy", Skip.MANUAL, ""),))
    assert find_unsafe(both, Bounds()) == ("deploy: stands there twice",)


# ------------------------------------------------------------------ a saved plan


def test_a_plan_that_still_holds_has_not_moved() -> None:
    saved = plan(candidate())
    fresh = plan(candidate(), now=NOW + timedelta(hours=3), named={"deploy"})
    assert compare(saved, fresh) == []
    assert saved.rotations[0].expires_at != fresh.rotations[0].expires_at


def test_what_is_passed_over_may_have_moved() -> None:
    saved, fresh = plan(candidate()), plan(candidate(), named=set())
    assert compare(saved, fresh)
    assert compare(saved, fresh, passing_over={"deploy"}) == []


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (plan(candidate(status={"token_id": "8"})), "the token id of the token"),
        (plan(candidate(status={"owner": "eve"})), "the owner of the token"),
        (plan(candidate(status={"scopes": ("api", "sudo")})), "the scopes of the token"),
        (plan(candidate(created=NOW - 79 * DAY)), "the created at of the token"),
        (plan(candidate(expires=NOW + 11 * DAY)), "the expires at of the token"),
        (plan(candidate(key="k")), "the key of the token"),
        (plan(candidate(can=[REPLACE])), "its strategy"),
        (plan(candidate(rotate=enabled(lifetime=60 * DAY))), "its lifetime"),
        (plan(candidate(rotate=enabled(overlap=DAY))), "its overlap"),
        (plan(candidate(rotate=enabled(cap=DAY))), "its cap"),
        (plan(candidate(), cycles={"deploy": 1}), "its cycle"),
        (plan(candidate(status={"places": ("here",)})), "its places"),
        (
            plan(candidate(), secrets=[Secret(ref("deploy_TOKEN"), updated_at=WRITTEN + SECOND)]),
            "octo/app:DEPLOY_TOKEN was written by somebody else, 2026-09-23",
        ),
        (
            plan(candidate(), secrets=[Secret(ref("deploy_TOKEN"))]),
            "was written by somebody else, at an unknown time",
        ),
        (
            plan(candidate(secrets=[StoredPart(ref("NEW")), StoredPart(ref("deploy_TOKEN"))])),
            "octo/app:NEW is new among its secrets",
        ),
        (
            plan(candidate(secrets=[StoredPart(ref("NEW"))])),
            "octo/app:DEPLOY_TOKEN is no longer among its secrets",
        ),
        (plan(candidate(state=State.REVOKED)), "not to be rotated any more: it was revoked"),
        (plan(), "not declared any more"),
        (plan(candidate(), candidate("other")), "other: is to be rotated, and the saved plan"),
        (replace(plan(candidate()), repository="octo/site"), "the saved plan is about octo/app"),
    ],
)
def test_whatever_moved_is_said(fresh: Plan, said: str) -> None:
    (moved,) = [text for text in compare(plan(candidate()), fresh) if said in text]
    assert moved


def test_another_part_of_a_destination_is_said() -> None:
    one, two = (
        plan(candidate(secrets=stored(*parts), **PAIR))
        for parts in ((None, "client-id"), ("client-id", None))
    )
    assert [text.endswith("is to hold another part") for text in compare(one, two)] == [True] * 2


# ------------------------------------------------------------------ small things


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119, seconds=59), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(hours=48), "2 days"),
        (90 * DAY, "90 days"),
    ],
)
def test_a_duration_is_said_in_words(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_the_calendar_has_ends() -> None:
    assert shift(NOW, timedelta.max) == datetime.max.replace(tzinfo=UTC)
    assert shift(NOW, timedelta.min) == datetime.min.replace(tzinfo=UTC)


# ------------------------------------------------------------------ properties


seconds = st.integers(-(10**8), 10**8).map(lambda n: timedelta(seconds=n))
spans = st.integers(1, 10**8).map(lambda n: timedelta(seconds=n))
rotates = st.builds(
    Rotate,
    enabled=st.sampled_from([True, True, True, False]),
    strategy=st.none() | st.sampled_from(Strategy),
    lifetime=st.none() | spans,
    before=st.floats(0.01, 0.99) | spans,
    overlap=st.none() | spans,
    cap=spans,
    accept_loss=st.none() | st.just("a toy"),
    fixed_parts=st.sampled_from([{}, {"client-id": "it may"}]),
)
ends = st.sampled_from(DeadlineReason)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for number in range(draw(st.integers(0, 9))):
        made = draw(st.none() | seconds)
        end = draw(st.none() | seconds)
        other = draw(st.none() | st.builds(Deadline, seconds.map(NOW.__add__), ends))
        each = candidate(
            f"t{number}",
            rotate=draw(rotates),
            can=draw(st.lists(st.sampled_from(Capability), unique=True)),
            state=draw(st.sampled_from([State.ACTIVE] * 6 + list(State))),
            expires=NOW + end if end is not None else None,
            created=NOW + made if made is not None else None,
            deadline=other,
            precision=draw(st.sampled_from([Precision.INSTANT, Precision.DAY])),
            manager=draw(st.booleans()),
            key=draw(st.none() | st.sampled_from(["a", "b", f"k{number}"])),
            parts=draw(st.sampled_from([frozenset(), frozenset({"client-id"})])),
        )
        found.append(each)
    return found


bounds = st.builds(
    Bounds,
    max_rotations=st.integers(1, 6),
    windows=st.sampled_from([(), NIGHTS.windows]),
    freezes=st.sampled_from([(), HOLIDAYS.freezes]),
)


@given(candidates(), bounds, st.none() | st.sets(st.sampled_from(["t0", "t1", "t2"])), st.data())
def test_every_plan_is_whole_sorted_bounded_safe_and_the_same_again(
    found: list[Candidate], bounds: Bounds, named: set[str] | None, data: st.DataObject
) -> None:
    made = plan(*found, bounds=bounds, named=named)
    ids = [r.token for r in made.rotations] + [s.token for s in made.skipped]
    assert Counter(ids) == Counter(each.token.id for each in found)
    assert len(made.rotations) <= bounds.max_rotations
    assert find_unsafe(made, bounds) == ()
    assert all(s.message for s in made.skipped)
    later = datetime.max.replace(tzinfo=UTC)
    moments = [r.deadline or later for r in made.rotations]
    assert moments == sorted(moments)
    for rotation in made.rotations:
        assert rotation.why_now
        assert rotation.why_so
        assert rotation.expires_at > NOW
        instants = [moment.at for moment in rotation.timeline]
        assert instants == sorted(instants)
        assert list(rotation.destinations) == sorted(rotation.destinations, key=lambda d: d.ref)
    for skipped in made.skipped:
        assert skipped.until is None or skipped.until > NOW
    assert plan(*found, bounds=bounds, named=named) == made
    assert compare(made, made) == []
    shuffled = plan(*data.draw(st.permutations(found)), bounds=bounds, named=named)
    assert shuffled.rotations == made.rotations
    assert set(shuffled.skipped) == set(made.skipped)


@given(rotates, seconds, seconds)
def test_what_has_just_been_rotated_is_not_due(
    rotate: Rotate, made: timedelta, end: timedelta
) -> None:
    """No settings, however odd, make a token be rotated again and again."""
    each = candidate(rotate=rotate, created=NOW + made, expires=NOW + end, can=list(Capability))
    for rotation in plan(each).rotations:
        # An extension keeps the value, and with it the date at which it was made.
        kept = rotation.strategy is Strategy.EXTEND
        if kept and not rotate.lifetime:
            continue  # the extensions grow, and the plan says so
        after = candidate(
            rotate=rotate,
            created=NOW + made if kept else NOW,
            expires=rotation.expires_at,
            can=list(Capability),
        )
        found = skipped(after, secrets=[])
        assert found.reason is Skip.NOT_DUE


# ------------------------------------------------------------------ what the journal adds


def test_what_the_journal_objects_to_is_blocked_and_what_it_adds_is_told() -> None:
    found = skipped(candidate(objections=(("it moved", "find out who"), ("and so", "do that"))))
    assert (found.reason, found.message) == (Skip.BLOCKED, "it moved; and so")
    assert found.hint == "find out who; do that"
    assert rotation(candidate(remembered=("it was replaced by hand",))).notes[0].endswith("by hand")


@pytest.mark.parametrize("manager", [True, False])
def test_what_was_presented_for_a_swap_before_is_not_planned_to_be_again(manager: bool) -> None:
    rotate = enabled(accept_loss="it is a test")
    each = candidate(can=[REPLACE], rotate=rotate, manager=manager, is_spent=True)
    found = skipped(each)
    assert (found.reason, "never presented again" in found.message) == (Skip.BLOCKED, True)
    # Nothing is presented where a second one is made.
    assert rotation(candidate(is_spent=True)).strategy is Strategy.OVERLAP


def test_the_token_itself_under_another_name_is_no_manager() -> None:
    each = candidate(can=[REPLACE], asks_itself=True)
    assert "nothing else than the token itself" in skipped(each).message
    dead = candidate(asks_itself=True, state=State.EXPIRED, expires=NOW - DAY)
    assert skipped(dead).reason is Skip.MANUAL


@pytest.mark.parametrize(
    ("each", "first", "note"),
    [
        (candidate(), True, ""),
        (candidate(can=[REPLACE]), False, "the swap itself ends the leaked value"),
        (candidate(state=State.EXPIRED, expires=NOW - DAY), False, "it is dead already"),
    ],
)
def test_what_leaked_dies_before_its_successor_is_stored(
    each: Candidate, first: bool, note: str
) -> None:
    found = rotation(each, named={"deploy"}, at_once=True, leaked=True)
    assert (found.leaked, found.ends_first) == (True, first)
    assert note in " ".join(found.notes)
    if first:
        assert "everything that uses the old value fails" in found.risks[0]
        assert (
            "the old one is ended; the new one is proven and stored in 1 secret"
            in found.timeline[0].text
        )
        assert not [m for m in found.timeline if "retired" in m.text]
    calm = plan(each, named={"deploy"}, at_once=True)
    moved = compare(calm, plan(each, named={"deploy"}, at_once=True, leaked=True))
    assert moved == ["deploy: its leaked is another one"]


@pytest.mark.parametrize(
    ("each", "said"),
    [
        (candidate(rotate=enabled(strategy=Strategy.EXTEND), can=[EXTEND]), "keeps the value that"),
        (candidate(under_way="it drains"), "`keyturn revoke` kills what leaked now"),
    ],
)
def test_what_leaked_is_not_kept_alive(each: Candidate, said: str) -> None:
    found = skipped(each, named={"deploy"}, at_once=True, leaked=True)
    assert said in f"{found.message} {found.hint}"


def test_a_plan_that_was_made_without_the_journal_is_not_carried_out_when_saved() -> None:
    blind = plan(candidate(), journal_read=False)
    assert "made without the journal" in blind.notes[0]
    (why,) = compare(blind, plan(candidate()))
    assert "made without the journal" in why
    assert plan(journal_read=False).notes == ()


@pytest.mark.parametrize(
    ("copies", "lasts"),
    [(1, timedelta()), (50, timedelta(0)), (51, timedelta(minutes=1)), (403, timedelta(hours=1))],
)
def test_a_plan_says_where_it_outlasts_its_credential(copies: int, lasts: timedelta) -> None:
    secrets = [StoredPart(ref(f"TOKEN_{number}")) for number in range(copies)]
    found = plan(candidate(secrets=secrets))
    assert find_duration(found) == lasts
    assert bool(found.notes) is (lasts > timedelta(minutes=50))
