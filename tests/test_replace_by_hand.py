"""A person replaces a token, badly and well: the issue tells how, what is wrong, and closes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.world import Ran, World

HOUR = timedelta(hours=1)
CONFIG = """\
version: 1
tokens:
  - id: robot
    provider: github
    with: {{ url: "{github}" }}
    value: ROBOT_TOKEN
    secrets:
      - ROBOT_TOKEN
      - {{ environment: production, name: ROBOT_TOKEN }}
      - {{ store: dependabot, name: ROBOT_TOKEN }}
    rotate: {{ lifetime: 90d }}
"""
LINES = """\
```sh
gh secret set ROBOT_TOKEN --repo octo/storefront
gh secret set ROBOT_TOKEN --repo octo/storefront --app dependabot
gh secret set ROBOT_TOKEN --repo octo/storefront --env production
```
"""
PLACES: tuple[dict[str, str], ...] = ({}, {"environment": "production"}, {"store": "dependabot"})


class Owner:
    """The person who owns the token `robot`, in a sandbox that knows no other one."""

    def __init__(self, world: World) -> None:
        self.world = world
        github = world.box.github.url
        world.write(".github/keyturn.yml", CONFIG.format(github=github))
        self.value = self.make("repo", "workflow", days=5)
        self.store(self.value)
        world.box.clock.advance(HOUR)

    def make(self, *scopes: str, days: int = 90) -> str:
        value = "gh" + "p_" + secrets.token_hex(18)
        ends = self.world.box.clock.now + timedelta(days=days)
        self.world.box.github.add_token(value, kind="pat", expires=ends, scopes=scopes)
        return value

    def store(self, value: str, *places: int) -> None:
        for place in places or (0, 1, 2):
            self.world.repository.put_secret("ROBOT_TOKEN", value, **PLACES[place])
        self.value = value

    def check(self) -> Ran:
        """Run twice, an hour apart: the second run has nothing to add."""
        self.world.box.clock.advance(HOUR)
        first = self.world.check(ROBOT_TOKEN=self.value)
        self.world.box.clock.advance(HOUR)
        assert self.world.check(ROBOT_TOKEN=self.value).writes == []
        assert self.value not in self.issue.body
        return first

    @property
    def issue(self) -> Any:
        (issue,) = self.world.repository.issues.values()
        return issue

    @property
    def said(self) -> list[str]:
        return [comment.body for comment in self.world.repository.comments(1)]


@pytest.fixture
def owner(world: World) -> Owner:
    return Owner(world)


def test_the_issue_tells_how_and_closes_with_the_evidence(owner: Owner) -> None:
    assert owner.check().rules("robot") == ["expiring"]
    body = owner.issue.body
    assert LINES in body
    assert "with these scopes and no more: `repo`, `workflow`; it is to live 90 days" in body
    owner.store(owner.make("repo"))
    owner.check()
    assert owner.issue.state == "closed"
    (said,) = owner.said
    assert said.startswith("Renewed: ")
    assert "no scope that the token before it had not" in said


def test_the_old_value_again_is_no_renewal(owner: Owner) -> None:
    owner.check()
    owner.store(owner.value)
    owner.check()
    what = "3 of 3 secrets were written since, and the value that this run was given is still the"
    assert what in owner.issue.body
    assert [what in said for said in owner.said] == [True]
    owner.store(owner.make("repo"))
    owner.check()
    assert owner.issue.state == "closed"


def test_a_dead_value_is_no_renewal(owner: Owner) -> None:
    owner.check()
    owner.store(owner.make("repo", days=1), 0, 1)
    owner.world.box.clock.advance(timedelta(days=2))
    owner.check()
    assert "2 of 3 secrets were written since, and what is there now is " in owner.issue.body
    assert owner.issue.state == "open"


def test_a_copy_that_was_forgotten_is_named(owner: Owner) -> None:
    owner.check()
    owner.store(owner.make("repo"), 0, 2)
    owner.check()
    assert "2 of 3 are:" in owner.issue.body
    doubt = "`octo/storefront[production]:ROBOT_TOKEN` was not written since this issue was opened"
    assert f"- {doubt}" in owner.issue.body
    assert LINES in owner.issue.body
    assert [doubt in said for said in owner.said] == [True]
    owner.store(owner.value, 1)
    owner.check()
    assert owner.issue.state == "closed"


@pytest.mark.parametrize(
    ("scopes", "days", "wrong"),
    [
        (("repo", "admin:org"), 90, "the new token has scopes that the old one had not: admin:org"),
        (("repo",), 60, "the new token lives 60 days, and 90 are wanted"),
    ],
)
def test_a_token_that_is_not_as_it_should_be_is_not_taken(
    owner: Owner, scopes: tuple[str, ...], days: int, wrong: str
) -> None:
    owner.check()
    owner.store(owner.make(*scopes, days=days))
    owner.check()
    assert owner.issue.state == "open"
    assert owner.issue.title == "robot is renewed, and not as it was"
    assert f"- {wrong}" in owner.issue.body
    assert "with these scopes and no more: `repo`, `workflow`" in owner.issue.body
    assert [wrong in said for said in owner.said] == [True]
    owner.store(owner.make("repo"))
    owner.check()
    assert owner.issue.state == "closed"


def test_who_means_it_so_closes_the_issue_for_good(owner: Owner) -> None:
    owner.check()
    owner.store(owner.make("repo", "admin:org"))
    owner.check()
    owner.issue.state, owner.issue.state_reason = "closed", "completed"
    owner.check()
    assert owner.issue.state == "closed"


def test_the_form_is_the_configured_servers(world: World) -> None:
    world.check()
    link = f"{world.box.gitlab.url}/-/user_settings/personal_access_tokens?name=packages"
    assert f"[Make the new token here]({link})" in world.repository.issues[3].body


def test_in_public_nothing_is_told(owner: Owner) -> None:
    owner.world.repository.private = False
    owner.world.check(ROBOT_TOKEN=owner.value)
    (issue,) = owner.world.repository.issues.values()
    assert "1 stops working soon" in issue.body
    assert "ROBOT_TOKEN" not in issue.body
