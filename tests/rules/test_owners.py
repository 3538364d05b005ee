from __future__ import annotations

from collections.abc import Mapping

import pytest

from keyturn.model import Inspected, Severity, State, Token, TokenStatus
from keyturn.rules.owners import find_leavers, find_people

APP = "octo/app"
API = "https://api.github.com"
GRANT = {"organization": "octo", "url": API, "kind": "fine-grained"}
WHO = "no member of octo, with no more rights in octo/app than anybody"


def token(
    *owners: str,
    provider: str = "gitlab",
    holder: str | None = None,
    options: Mapping[str, object] | None = None,
    state: State = State.ACTIVE,
) -> Inspected:
    declared = Token("deploy", provider, options=options or {}, owners=owners)
    return Inspected(declared, TokenStatus(state, owner=holder))


def message(each: Inspected, *gone: str, url: str = API) -> str | None:
    found = list(find_leavers([each], APP, gone, url=url))
    assert all((f.rule, f.subject) == ("owner-gone", "deploy") for f in found)
    assert all(f.severity is Severity.WARNING and f.due_at is None for f in found)
    return found[0].message if found else None


@pytest.mark.parametrize(
    ("owners", "gone", "said"),
    [
        (["@alice"], [], None),
        ([], ["alice"], None),
        (["@alice"], ["bob"], None),
        (["@octo/alice"], ["alice", "octo/alice"], None),
        (["@Octo"], ["octo"], None),  # the organization itself
        (["@alice"], ["alice"], f"names as its owner @alice, {WHO}; nobody else is named"),
        (["@Alice"], ["alice"], f"names as its owner @Alice, {WHO}; nobody else is named"),
        (
            ["@alice", "@octo/platform"],
            ["alice"],
            f"names as its owner @alice, {WHO}; @octo/platform is named too",
        ),
        (
            ["@octo/platform", "@alice", "@bob"],
            ["alice"],
            f"names as its owner @alice, {WHO}; @octo/platform, @bob are named too",
        ),
        (
            ["@alice", "@bob"],
            ["alice", "bob"],
            f"names as its owners @alice, @bob, {WHO}; nobody else is named",
        ),
    ],
)
def test_an_owner_who_left_is_named_with_who_is_still_there(
    owners: list[str], gone: list[str], said: str | None
) -> None:
    assert message(token(*owners), *gone) == said


@pytest.mark.parametrize("kind", ["personal", "fine-grained"])
def test_a_leavers_own_token_is_named(kind: str) -> None:
    each = token(provider="github", holder="carol", options={**GRANT, "kind": kind})
    assert find_people([each], APP, url=API) == ("carol",)
    assert message(each, "carol") == (
        f"it belongs to carol, {WHO}: what a personal token may do, ends with what its owner may do"
    )


@pytest.mark.parametrize(
    ("each", "why"),
    [
        (token(provider="gitlab", holder="carol", options=GRANT), "another vendor's people"),
        (token(provider="github", holder="carol", options={"url": API}), "no organization is said"),
        (
            token(provider="github", holder="carol", options={**GRANT, "organization": "other"}),
            "another organization's token",
        ),
        (
            token(
                provider="github", holder="carol", options={**GRANT, "url": "https://ghe/api/v3"}
            ),
            "another GitHub's people",
        ),
        (token(provider="github", holder="octo[bot]", options=GRANT), "no person"),
        (token(provider="github", options=GRANT), "nobody tells whose it is"),
        (
            token(provider="github", holder="carol", options=GRANT, state=State.UNKNOWN),
            "nothing is known of it",
        ),
        (token("@carol", state=State.UNKNOWN), "nothing is known of it"),
        (token("@octo/carol"), "a team"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_others_nothing_is_asked_and_nothing_said(each: Inspected, why: str) -> None:
    assert find_people([each], APP, url=API) == ()
    assert message(each, "carol", "octo[bot]") is None


@pytest.mark.parametrize("state", [State.ACTIVE, State.EXPIRED, State.REVOKED, State.BLOCKED])
def test_it_is_said_of_dead_tokens_too(state: State) -> None:
    assert message(token("@alice", state=state), "alice")


def test_everybody_is_asked_about_once_and_in_order() -> None:
    found = find_people(
        [
            token("@bob", "@octo/platform", "@Alice"),
            token("@alice", "@zoe", provider="github", holder="BOB", options=GRANT),
        ],
        APP,
        url=f"{API}/",
    )
    assert found == ("Alice", "bob", "zoe")


def test_one_finding_says_all_of_one_token() -> None:
    each = token("@alice", provider="github", holder="alice", options=GRANT)
    said = message(each, "ALICE") or ""
    assert "names as its owner @alice" in said
    assert "; it belongs to alice" in said
