"""A plan for people and programs: what it says, that nothing of it is live, that it comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import UsageError
from keyturn.model import (
    Destination,
    Moment,
    Plan,
    Predecessor,
    Rotation,
    Scope,
    SecretRef,
    Skip,
    Skipped,
    Store,
    Strategy,
)
from keyturn.report.plan import SCHEMA, read_plan, render_plan_json, render_plan_text
from tests.report.samples import HOSTILE, instants, words

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
DAY = timedelta(days=1)


def rotation(**more: Any) -> Rotation:
    facts: dict[str, Any] = {
        "token": "deploy-gitlab",
        "provider": "gitlab",
        "strategy": Strategy.OVERLAP,
        "why_so": "two of these tokens can live side by side",
        "why_now": "ends 2026-12-02 13:43 UTC, and is due 33% of its 90 days before",
        "deadline": NOW + 10 * DAY,
        "old": Predecessor(
            "7",
            "gitlab.example.com/access/7",
            created_at=NOW - 80 * DAY,
            expires_at=NOW + 10 * DAY,
            owner="bot",
            scopes=("api", "read_api"),
        ),
        "cycle": 2,
        "lifetime": 90 * DAY,
        "expires_at": NOW + 90 * DAY,
        "overlap": 7 * DAY,
        "cap": 35 * DAY,
        "destinations": (
            Destination(SecretRef(Scope("octo", "app"), "GITLAB_TOKEN"), updated_at=NOW - 80 * DAY),
            Destination(
                SecretRef(Scope("octo", "app", "production"), "GITLAB_ID"), "client-id", None
            ),
        ),
        "places": ("workflow Nightly",),
        "risks": ("there may be no room", "and something else"),
        "notes": ("by the way",),
        "timeline": (Moment(NOW, "the old one lives"), Moment(NOW + 7 * DAY, "it is retired")),
    }
    return Rotation(**{**facts, **more})


SKIPPED = (
    Skipped("asleep", Skip.NOT_ENABLED, "is not enabled"),
    Skipped("feed", Skip.MANUAL, "a person has to make the new one", "make it by hand"),
    Skipped("robot", Skip.NOT_DUE, "ends later", until=NOW + 3 * DAY),
    Skipped("lost", Skip.BLOCKED, "octo/app:LOST is not there", "create it"),
    Skipped("mute", Skip.NOT_ASKED, "nothing is known about it"),
)
PLAN = Plan("octo/app", NOW, (rotation(),), SKIPPED)


def test_the_text_says_everything_in_order() -> None:
    text = render_plan_text(PLAN, color=False, width=100)
    assert text == (
        "deploy-gitlab (gitlab): overlap\n"
        "  why now     ends 2026-12-02 13:43 UTC, and is due 33% of its 90 days before\n"
        "  why so      two of these tokens can live side by side\n"
        "  now         id 7, owner bot, ends 2026-12-02 13:43 UTC\n"
        "  asked for   90 days, until 2027-02-20 13:43 UTC\n"
        "  stored in   octo/app:GITLAB_TOKEN, last written 2026-09-03 13:43 UTC\n"
        "              octo/app[production]:GITLAB_ID (client-id), last written unknown\n"
        "  also in     workflow Nightly\n"
        "  may fail    there may be no room\n"
        "              and something else\n"
        "  note        by the way\n"
        "  then        2026-11-22 13:43 UTC: the old one lives\n"
        "              2026-11-29 13:43 UTC: it is retired\n"
        "\n"
        "feed: a person has to make the new one; make it by hand [manual]\n"
        "robot: ends later (until 2026-11-25 13:43 UTC) [not-due]\n"
        "lost: octo/app:LOST is not there; create it [blocked]\n"
        "mute: nothing is known about it [not-asked]\n"
        "\n"
        "octo/app: 1 rotation planned, 1 blocked, 1 for a person to do, 1 not known, 1 not enabled"
        " or not\n"
        "named; nothing is changed yet\n"
    )


def test_a_calm_plan_is_one_line() -> None:
    text = render_plan_text(Plan("octo/app", NOW), color=True, width=100)
    assert text == "octo/app: 0 rotations planned; nothing is changed yet\n"


def test_a_rescue_is_called_one() -> None:
    text = render_plan_text(Plan("o/a", NOW, (rotation(rescue=True),)), color=False, width=80)
    assert text.startswith("deploy-gitlab (gitlab): made again, by overlap\n")


def test_what_leaked_and_what_holds_for_all_of_it_are_said() -> None:
    plan = Plan("o/a", NOW, (rotation(leaked=True),), notes=("it takes long",))
    text = render_plan_text(plan, color=False, width=80)
    assert text.startswith("deploy-gitlab (gitlab): leaked: the old one is ended first\n")
    assert "\n\nnote: it takes long\n\no/a: 1 rotation planned" in text


def test_colour_is_for_what_needs_a_person() -> None:
    text = render_plan_text(PLAN, color=True, width=100)
    assert "\x1b[31mlost: " in text
    assert "\x1b[33mfeed: " in text
    assert "\nrobot: " in text


@pytest.mark.parametrize("width", [1, 40, 100])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_plan_is_live(hostile: str, width: int) -> None:
    name = SecretRef(Scope(hostile, hostile, hostile), hostile)
    found = rotation(why_now=hostile, places=(hostile,), destinations=(Destination(name, hostile),))
    plan = Plan(hostile, NOW, (found,), (Skipped(hostile, Skip.MANUAL, hostile, hostile),))
    text = render_plan_text(plan, color=False, width=width)
    for line in text.splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line
    assert not any(char in text for char in "\x1b\u202e\u2066\x07\x00\u2028")
    assert render_plan_json(plan).isascii()
    assert "##[" not in render_plan_json(plan)


def test_the_document_has_a_form() -> None:
    document = json.loads(render_plan_json(PLAN))
    assert document["schema"] == SCHEMA
    assert document["generated_at"] == "2026-11-22T13:43:00Z"
    assert document["repository"] == "octo/app"
    (found,) = document["rotations"]
    assert found["old"] == {
        "token_id": "7",
        "key": "gitlab.example.com/access/7",
        "created_at": "2026-09-03T13:43:00Z",
        "expires_at": "2026-12-02T13:43:00Z",
        "owner": "bot",
        "scopes": ["api", "read_api"],
    }
    assert found["lifetime_seconds"] == 90 * 86_400
    assert found["destinations"][1] == {
        "ref": "octo/app[production]:GITLAB_ID",
        "owner": "octo",
        "repository": "app",
        "environment": "production",
        "store": "actions",
        "name": "GITLAB_ID",
        "part": "client-id",
        "updated_at": None,
    }
    assert document["skipped"][2] == {
        "token": "robot",
        "reason": "not-due",
        "message": "ends later",
        "hint": "",
        "until": "2026-11-25T13:43:00Z",
    }


spans = st.integers(0, 10**9).map(lambda number: timedelta(seconds=number))
texts = st.lists(words, max_size=3).map(tuple)
refs = st.builds(SecretRef, st.builds(Scope, words, words, words, st.sampled_from(Store)), words)
rotations = st.builds(
    Rotation,
    token=words,
    provider=words,
    strategy=st.sampled_from(Strategy),
    why_so=words,
    why_now=words,
    deadline=st.none() | instants,
    old=st.builds(
        Predecessor,
        words,
        st.none() | words,
        created_at=st.none() | instants,
        expires_at=st.none() | instants,
        owner=st.none() | words,
        scopes=texts,
    ),
    cycle=st.integers(0, 10**6),
    lifetime=spans,
    expires_at=instants,
    overlap=spans,
    cap=spans,
    rescue=st.booleans(),
    leaked=st.booleans(),
    destinations=st.lists(
        st.builds(Destination, refs, words, st.none() | instants), max_size=3
    ).map(tuple),
    places=texts,
    risks=texts,
    notes=texts,
    timeline=st.lists(st.builds(Moment, instants, words), max_size=3).map(tuple),
)
plans = st.builds(
    Plan,
    words,
    instants,
    st.lists(rotations, max_size=3).map(tuple),
    st.lists(
        st.builds(Skipped, words, st.sampled_from(Skip), words, words, st.none() | instants),
        max_size=3,
    ).map(tuple),
    texts,
    st.booleans(),
)


@given(plans)
def test_a_saved_plan_comes_back_as_it_was(plan: Plan) -> None:
    text = render_plan_json(plan)
    assert read_plan(text.encode()) == plan
    assert render_plan_json(read_plan(text.encode())) == text


def test_a_marked_plan_is_read_where_the_mark_is_right() -> None:
    """One that was made without the journal cannot be marked, and is refused for that later."""
    data = render_plan_json(PLAN, sign=str.upper, preflight={}).encode()
    assert read_plan(data, sign=str.upper) == read_plan(data)
    blind = replace(PLAN, journal_read=False)
    assert read_plan(render_plan_json(blind).encode(), sign=str.upper) == blind
    for wrong in (data.replace(b"DEPLOY", b"OTHER"), render_plan_json(PLAN).encode()):
        with pytest.raises(UsageError, match="was changed, or was not saved under"):
            read_plan(wrong, sign=str.upper)


@given(plans, st.integers(1, 120), st.booleans())
def test_any_plan_can_be_shown(plan: Plan, width: int, color: bool) -> None:
    text = render_plan_text(plan, color=color, width=width)
    assert text.split()[-1].endswith("yet") or width < 3


def changed(*path: str | int, to: object) -> bytes:
    document = json.loads(render_plan_json(PLAN))
    node = document
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = to
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"schema": 1}',
        b"[" * 100_000,
        changed("generated_at", to=None),
        changed("generated_at", to="2026-11-22T13:43:00"),
        changed("generated_at", to="yesterday"),
        changed("generated_at", to="0001-01-01T00:00:00+14:00"),
        changed("generated_at", to=1),
        changed("repository", to=["octo/app"]),
        changed("rotations", to={}),
        changed("rotations", to=[1]),
        changed("rotations", 0, "strategy", to="magic"),
        changed("rotations", 0, "cycle", to=True),
        changed("rotations", 0, "cycle", to=1.0),
        changed("rotations", 0, "lifetime_seconds", to=10**30),
        changed("rotations", 0, "rescue", to=1),
        changed("rotations", 0, "leaked", to=None),
        changed("journal_read", to=1),
        changed("rotations", 0, "risks", to=[1]),
        changed("rotations", 0, "risks", to="text"),
        changed("rotations", 0, "old", to=None),
        changed("rotations", 0, "destinations", 0, "store", to="attic"),
        changed("skipped", 0, "reason", to="weather"),
    ],
)
def test_what_is_no_plan_is_refused_without_being_quoted(data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_plan(data)
    assert caught.value.message == "the saved plan cannot be read as one"
    assert "--output json=PLAN" in caught.value.hint


@pytest.mark.parametrize("schema", ["keyturn.plan/2", "keyturn.report/1", ""])
def test_another_form_is_refused(schema: str) -> None:
    with pytest.raises(UsageError, match=r"not of the form keyturn\.plan/1"):
        read_plan(changed("schema", to=schema))
