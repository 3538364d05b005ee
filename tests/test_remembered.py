"""What the journal remembers of declared tokens: tables of what was rotated, and what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.model import (
    Evidence,
    Inspected,
    Inventory,
    Phase,
    Precision,
    Scope,
    Secret,
    SecretRef,
    State,
    StoredPart,
    Strategy,
    Token,
    TokenStatus,
)
from keyturn.remembered import Remembered, as_granted, find_made, remember, with_current_id
from keyturn.rotation.known import Current, Known, Operation
from keyturn.rotation.rows import Row, RowState
from keyturn.schema import Strict

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
DAY = timedelta(days=1)
APP, SITE = "octo/app", "octo/site"
REFS = [SecretRef(Scope("octo", "app"), name) for name in ("ONE", "TWO")]
WRITTEN = NOW - 20 * DAY
"""When keyturn wrote both secrets, in the one rotation that was done."""


class Options(Strict):
    """What a provider that takes names and ids is declared with."""

    token: str | None = None
    token_id: int | None = None


def operation(
    id: str = "k7m2p9x4", *, old: str = "41", new: str | None = "42", **more: Any
) -> Operation:
    """A rotation that is done, thirteen minutes after the last secret was written."""
    rows = {str(ref): Row(RowState.STORED, WRITTEN, WRITTEN) for ref in REFS}
    facts: dict[str, Any] = {
        "repository": APP,
        "token": "deploy",
        "provider": "acme",
        "strategy": Strategy.OVERLAP,
        "cycle": 0,
        "phase": Phase.DONE,
        "phase_at": WRITTEN + timedelta(minutes=13),
        "rows": rows,
        "facts": {"place": "host/"},
    }
    found = {"opened_at": WRITTEN, "closed_at": WRITTEN + timedelta(minutes=13), **facts, **more}
    return Operation(id=id, old_id=old, new_id=new, **found)


def known(*operations: Operation) -> Known:
    return Known({each.id: each for each in operations})


def inspected(
    shown: str | None = "42", *, created: datetime | None = WRITTEN - DAY, **more: Any
) -> Inspected:
    status = TokenStatus(State.ACTIVE, token_id=shown, created_at=created)
    token = Token("deploy", "acme", secrets=tuple(map(StoredPart, REFS)))
    return Inspected(token, replace(status, **more))


def ask(
    each: Inspected, *operations: Operation, dates: Sequence[datetime | None] = (WRITTEN, WRITTEN)
) -> Remembered:
    secrets = tuple(Secret(ref, updated_at=at) for ref, at in zip(REFS, dates, strict=True))
    key = f"host/{each.status.token_id}" if each.status.token_id else None
    return remember(each, known(*operations), Inventory(APP, secrets=secrets), key=key)


def said(found: Remembered) -> str:
    ((message, hint),) = found.objections
    assert hint
    return message


SITES: Mapping[str, Any] = {"repository": SITE, "token": "gitlab"}
OPEN: Mapping[str, Any] = {"closed_at": None}


@pytest.mark.parametrize(
    ("operations", "shown"),
    [
        ([], "42"),
        ([operation()], "42"),
        ([operation()], None),
        ([operation(phase=Phase.BLOCKED, new=None)], "41"),
        ([operation(phase=Phase.ROLLED_BACK)], "41"),
        ([operation(phase=Phase.ABANDONED)], "41"),
        ([operation(strategy=Strategy.EXTEND, new="41")], "41"),
        # The same number somewhere else: another server, another provider.
        ([operation(**SITES, facts={"place": "other/"}, **OPEN)], "42"),
        ([operation(**SITES, provider="other", **OPEN)], "42"),
        # An extension in another configuration moves the date of the very token.
        ([operation(**SITES, strategy=Strategy.EXTEND, new="42", old="42")], "42"),
    ],
)
def test_what_the_journal_expects_is_rotated(operations: list[Operation], shown: str) -> None:
    assert ask(inspected(shown), *operations) == Remembered()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            operation(phase=Phase.DRAINING, **OPEN),
            "a rotation of it is under way, and has come to `draining`",
        ),
        (
            operation(phase=Phase.DISTRIBUTING, **SITES, **OPEN),
            "the configuration of octo/site (there it is `gitlab`) is rotating the same token",
        ),
        (
            operation(old="42", new=None, phase=Phase.MINTING, **SITES, **OPEN),
            "octo/site",
        ),
    ],
)
def test_what_is_under_way_is_left_to_whoever_began_it(one: Operation, words: str) -> None:
    assert words in str(ask(inspected(), one).under_way)


@pytest.mark.parametrize(
    ("created", "dates", "stale"),
    [
        # Written by hand since it was made: taken over.
        (NOW - 2 * DAY, (NOW - DAY, NOW - DAY), ""),
        (None, (NOW - DAY, NOW - DAY), ""),
        # One was not, or nobody can tell.
        (NOW - 2 * DAY, (NOW - DAY, WRITTEN), "octo/app:TWO was"),
        (NOW - 2 * DAY, (NOW - 3 * DAY, NOW - DAY), "octo/app:ONE was"),
        (NOW - 2 * DAY, (NOW - DAY, None), "octo/app:TWO was"),
        (None, (WRITTEN, NOW - DAY), "octo/app:ONE was"),
        # A namesake that was there before keyturn wrote: the secrets hold keyturn's.
        (WRITTEN - 9 * DAY, (WRITTEN, WRITTEN), "octo/app:ONE, octo/app:TWO was"),
        # To the second.
        (NOW, (NOW, NOW + timedelta(seconds=1)), "octo/app:ONE was"),
    ],
)
def test_what_moved_without_an_entry_is_taken_over_once_it_is_stored(
    created: datetime | None, dates: tuple[datetime | None, ...], stale: str
) -> None:
    found = ask(inspected("77", created=created), operation(), dates=dates)
    if stale:
        assert f"moved without an entry in the journal, from id 42 to id 77, and {stale}" in said(
            found
        )
    else:
        (note,) = found.notes
        assert "replaced by hand: it was id 42, and every secret was written since" in note
        assert not found.objections


def test_a_token_that_was_replaced_before_is_not_rotated_once_more() -> None:
    assert "shows the token of id 41, which was replaced before" in said(
        ask(inspected("41"), operation())
    )


@pytest.mark.parametrize(
    ("dates", "stale"),
    [
        # The other one wrote ONE; TWO is this configuration's alone.
        ((WRITTEN, WRITTEN), True),
        ((WRITTEN, NOW - DAY), False),
        # Somebody has put something else there since, after the token was made.
        ((NOW - DAY, NOW - DAY), False),
    ],
)
def test_what_another_configuration_replaced_is_rotated_once_it_is_stored_here(
    dates: tuple[datetime, datetime], stale: bool
) -> None:
    rows = {str(REFS[0]): Row(RowState.STORED, WRITTEN, WRITTEN)}
    found = ask(inspected(created=WRITTEN), operation(**SITES, rows=rows), dates=dates)
    if stale:
        assert "by the configuration of octo/site" in said(found)
        assert "octo/app:TWO was not written since" in said(found)
    else:
        assert "by the configuration of octo/site" in found.notes[0]


def test_what_a_rotation_made_that_was_given_up_may_have_stayed() -> None:
    given_up = operation(phase=Phase.ABANDONED, rows={str(REFS[0]): Row(shown=WRITTEN)})
    dates = (WRITTEN, WRITTEN)
    found = ask(inspected(created=WRITTEN), given_up, dates=dates)
    assert "by a rotation that was given up, and octo/app:TWO was not" in said(found)
    found = ask(inspected(created=WRITTEN), given_up, dates=(WRITTEN, NOW))
    assert "by a rotation that was given up" in found.notes[0]


# ------------------------------------------------------------------ ids and dates

CURRENT = {(APP, "deploy"): Current("42", NOW + 30 * DAY, WRITTEN)}
JOURNAL = Known(current=CURRENT)


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({"token": None, "token_id": 41}, 42),
        ({"token": None, "token_id": 42}, 42),
        # Nobody's: it was written there since.
        ({"token": None, "token_id": 77}, 77),
        ({"token": "ci", "token_id": None}, None),
    ],
)
def test_a_declared_id_means_the_token_that_took_its_place(
    options: dict[str, Any], after: int | None
) -> None:
    token = Token("deploy", "acme", options=options)
    journal = replace(known(operation()), current=CURRENT)
    assert with_current_id(token, journal, APP, Options).options["token_id"] == after
    # Another configuration's token of the same name is another one.
    assert with_current_id(token, journal, SITE, Options) is token
    assert with_current_id(token, Known(), APP, Options) is token


@pytest.mark.parametrize(
    ("status", "evidence", "ends"),
    [
        ({}, Evidence.JOURNAL, NOW + 30 * DAY),
        (
            {
                "evidence": Evidence.DECLARED,
                "precision": Precision.DAY,
                "expires_at": NOW + DAY,
            },
            Evidence.JOURNAL,
            NOW + 30 * DAY,
        ),
        (
            {"precision": Precision.INSTANT, "expires_at": NOW + 29 * DAY},
            Evidence.PROVIDER,
            NOW + 29 * DAY,
        ),
        ({"precision": Precision.NEVER}, Evidence.PROVIDER, None),
        ({"token_id": "77"}, Evidence.PROVIDER, None),
        ({"token_id": None}, Evidence.PROVIDER, None),
    ],
)
def test_the_granted_date_stands_for_one_that_no_provider_tells(
    status: dict[str, Any], evidence: Evidence, ends: datetime | None
) -> None:
    found = as_granted(inspected(**status), JOURNAL, APP)
    assert (found.status.evidence, found.status.expires_at) == (evidence, ends)


def test_the_declared_date_of_the_token_before_is_no_deadline() -> None:
    each = inspected(precision=Precision.INSTANT, expires_at=NOW + 30 * DAY)
    each = replace(each, token=replace(each.token, declared_expiry=NOW + DAY))
    found = as_granted(each, JOURNAL, APP)
    assert found.deadline
    assert found.deadline.at == NOW + 30 * DAY
    unmoved = as_granted(each, JOURNAL, SITE)
    assert unmoved is each


@pytest.mark.parametrize(
    ("one", "key", "found"),
    [
        (operation(**OPEN), "host/42", True),
        (operation(**OPEN, **SITES), "host/42", True),
        (operation(), "host/42", False),
        (operation(**OPEN), "other/42", False),
        (operation(**OPEN, new="43"), "host/42", False),
        (operation(**OPEN, facts={"place": None}), None, True),
    ],
)
def test_the_rotation_that_made_a_token_is_found(
    one: Operation, key: str | None, found: bool
) -> None:
    assert find_made(known(one), "acme", "42", key=key) == ([one] if found else [])
    assert find_made(known(one), "acme", None, key=key) == []
