"""The GitHub App's permissions: with these a rotation works, and without each it says which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.pages import rows
from tests.rotation.running import Ran, run
from tests.rotation.worlds import MANY, GitLab, Place, World

GUIDE = "docs/how-to/rotate-a-token.md"
_PLACES = (
    *MANY,
    Place("store: codespaces, ", "SPACE_", store="codespaces"),
    Place("organization: octo, store: codespaces, ", "SPACES_", "", True, "codespaces"),
    Place("organization: octo, store: dependabot, ", "BOTS_", "", True, "dependabot"),
    Place("repository: octo/other, ", "OTHER_", repository="octo/other"),
)
_BLOCKED, _INCOMPLETE = "`blocked`", "exit code 3"


@dataclass(frozen=True, slots=True)
class Right:
    """A row of the guide's table."""

    permission: str
    access: str
    areas: tuple[str, ...]
    """What GitHub calls it in its answers; one for each store."""
    without: str
    """What a rotation comes to where it may at most read."""

    @property
    def granted(self) -> set[str]:
        return {f"{area.removeprefix('actions_')}:{self.access}" for area in self.areas}


RIGHTS = (
    Right("Secrets", "write", ("secrets",), _BLOCKED),
    Right("Environments", "write", ("environments",), _BLOCKED),
    Right("Dependabot secrets", "write", ("dependabot_secrets",), _BLOCKED),
    Right("Codespaces secrets", "write", ("codespaces_secrets",), _BLOCKED),
    Right(
        "organization *Secrets* (of that store)",
        "write",
        (
            "organization_secrets",
            "organization_dependabot_secrets",
            "organization_codespaces_secrets",
        ),
        _BLOCKED,
    ),
    Right("Variables", "write", ("actions_variables",), _BLOCKED),
    Right("Contents", "write", ("contents",), _INCOMPLETE),
    Right("Issues", "write", ("issues",), _INCOMPLETE),
    Right("Actions", "read", ("actions",), _BLOCKED),
)
"""All but Metadata: read, which no App can be without."""
_ALL = {granted for right in RIGHTS for granted in right.granted}
_ONE_BY_ONE = [(right, area) for right in RIGHTS for area in right.areas]
_READABLE = [(right, area) for right, area in _ONE_BY_ONE if right.access == "write"]
_HIDDEN = {area for _, area in _ONE_BY_ONE if "secrets" in area or area == "environments"} - {
    # Names of an organization's Actions secrets are told to whoever may read the repository's.
    "organization_secrets"
}
"""Without these the plan does not see whether a secret is there, and says at which it stops."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A token that is stored in every kind of place."""
    with GitLab(tmp_path, _PLACES) as made:
        yield made


def _apply(world: World, rights: set[str]) -> Ran:
    """Rotate with a token of the App that has these rights and no others."""
    world.app = "ghs_" + "p" * 36
    world.box.github.add_token(world.app, permissions=rights)
    return run(world, "rotate", "--apply")


def _said(ran: Ran) -> str:
    return " ".join((ran.out + ran.err).split())


def _needed(ran: Ran) -> set[str]:
    return set(re.findall(r"it needs (\w+)=", _said(ran)))


def _named(area: str) -> str:
    """Return what GitHub's settings page calls a right to secrets."""
    whose = "organization " if area.startswith("organization_") else ""
    return whose + area.removeprefix("organization_").replace("_", " ").capitalize()


def _without(area: str) -> set[str]:
    return {right for right in _ALL if right.partition(":")[0] != area.removeprefix("actions_")}


def _left(world: World) -> list[str]:
    """Return what keyturn put up and did not take away."""
    shelves = [repository.variables for repository in world.repositories.values()]
    for repository in world.repositories.values():
        shelves += repository.vaults.values()
        shelves += [environment.vault for environment in repository.environments.values()]
    shelves += world.octo.vaults.values()
    names = [name for shelf in shelves for name in shelf.entries]
    return [name for name in names if re.match("KEYTURN_(CANARY|SEALED)_", name)]


def _is_untouched(world: World) -> bool:
    """Say whether there is no second token, and every place holds the first."""
    held = {part for place in world.places for part in world.held(place).values()}
    return len(world.tokens()) == 1 and held == {world.first.value} and not _left(world)


def test_with_exactly_these_a_rotation_goes_from_its_beginning_to_its_end(world: World) -> None:
    ran = _apply(world, _ALL)
    assert ran.code == 0, ran.err
    assert "deploy (gitlab): overlap draining" in _said(ran)
    asked = {exchange.request.path for exchange in world.box.github.server.exchanges}
    assert {f"/repos/{name}/actions/runs" for name in ("octo/app", "octo/other")} <= asked
    said = ""
    for _ in range(2):
        world.live_on(timedelta(days=18))
        ran = _apply(world, _ALL)
        assert ran.code == 0, ran.err
        said += _said(ran)
    assert "deploy (gitlab): overlap done" in said
    held = {part for place in world.places for part in world.held(place).values()}
    assert world.first.value not in held
    assert _left(world) == []


@pytest.mark.parametrize(("right", "area"), _READABLE, ids=lambda each: str(each)[:40])
def test_who_may_only_read_is_told_that_very_right(world: World, right: Right, area: str) -> None:
    if area == "issues":  # none is written unless a person is needed
        world.box.gitlab.longest_lifetime = timedelta(days=7)
    ran = _apply(world, _without(area) | {f"{area.removeprefix('actions_')}:read"})
    assert f"it needs {area}=write" in _said(ran)
    assert _needed(ran) == {area}
    assert _is_untouched(world)
    if right.without == _BLOCKED:
        assert ran.code == 4
        assert "deploy (gitlab): overlap blocked" in _said(ran)


@pytest.mark.parametrize("area", sorted(_HIDDEN))
def test_where_a_secret_cannot_be_seen_the_plan_says_which(world: World, area: str) -> None:
    ran = _apply(world, _without(area))
    assert ran.code == 4
    assert "_DEPLOY cannot be seen" in _said(ran) or "octo/app:DEPLOY cannot be seen" in _said(ran)
    assert f"give the GitHub App the right `{_named(area)}: write` there" in _said(ran)
    assert _is_untouched(world)


@pytest.mark.parametrize(
    ("area", "code"),
    [
        ("organization_secrets", 4),
        ("actions_variables", 3),
        ("contents", 3),
        ("actions", 4),
    ],
)
def test_who_may_not_even_read_is_told_too(world: World, area: str, code: int) -> None:
    ran = _apply(world, _without(area))
    assert ran.code == code
    assert f"it needs {area}=read" in _said(ran)
    assert _needed(ran) == {area}
    assert _is_untouched(world)


def test_a_token_is_rotated_all_the_same_where_issues_cannot_be_read(world: World) -> None:
    ran = _apply(world, _without("issues"))
    assert ran.code == 3
    assert _needed(ran) == {"issues"}
    assert "deploy (gitlab): overlap draining" in _said(ran)
    assert _left(world) == []


def test_a_repository_that_the_app_is_not_installed_on_is_not_guessed_about(world: World) -> None:
    world.app = "ghs_" + "p" * 36
    world.box.github.add_token(world.app, permissions=_ALL, repositories=["octo/app"])
    ran = run(world, "rotate", "--apply")
    assert ran.code == 4
    assert "octo/other:OTHER_DEPLOY cannot be seen with this credential" in _said(ran)
    assert _is_untouched(world)


def test_the_guide_has_the_same_table(root: Path) -> None:
    table = (root / GUIDE).read_text("utf-8").partition("| permission |")[2].partition("\n\n")[0]
    told = [(row[0], row[1], row[3].partition(",")[0]) for row in rows("| permission |" + table)]
    assert told[:-1] == [(right.permission, right.access, right.without) for right in RIGHTS]
    assert told[-1] == ("Metadata", "read", "")
