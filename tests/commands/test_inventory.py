"""`keyturn inventory` as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyturn.sandbox import Fault, Response
from tests.world import World


def test_it_joins_what_is_stored_used_and_declared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    world.write(
        ".github/workflows/odd.yml",
        "on: push\njobs:\n  odd:\n    steps:\n      - run: echo\n"
        "        env: {ALL: '${{ toJSON(secrets) }}'}\n",
    )
    ran = world.run("inventory")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert "octo/storefront:GITLAB_TOKEN  written 2025-11-26 06:26 UTC, declared by " in ran.out
    assert (
        "  .github/workflows/release.yml:20:29, job publish, "
        "step Publish to the GitLab registry" in lines
    )
    (legacy,) = (line for line in lines if "LEGACY_FTP_PASSWORD" in line)
    assert legacy.endswith("no reference, its use is unknowable")
    assert "  SMOKE_TEST_KEY  .github/workflows/nightly.yml:19:31, job smoke" in ran.out
    assert "any secret (whole-context)  .github/workflows/odd.yml:6:32" in ran.out
    assert lines[-1] == ("octo/storefront: 6 secrets, 5 declared, 5 referenced, 8 references")
    assert world.box.gitlab.server.exchanges == []
    assert ran.writes == []


def test_what_may_not_be_seen_and_what_is_not_there(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8") + (
        "  - id: more\n    provider: declared\n    secrets: [GONE, "
        "{ organization: other, name: HIDDEN }]\nignore:\n"
        "  - { secret: LEGACY_*, because: on its way out }\n"
    )
    path.write_text(text, encoding="utf-8")
    ran = world.run("inventory", "--color", "always")
    assert "GONE\x1b[0m  \x1b[2mdeclared by more, not stored, no reference" in ran.out
    assert "its list may not be seen" in ran.out
    assert "undeclared, ignored" in ran.out
    assert "(refused: organization secrets)" in " ".join(ran.out.split())


def test_formats_and_outage(world: World, tmp_path: Path) -> None:
    ran = world.run("inventory", "--format", "json", "--output", "markdown=i.md", "-q")
    assert ran.report["tokens"] == []
    assert len(ran.report["secrets"]) == 6
    assert (world.workspace / "i.md").is_file()
    world.box.github.server.faults.append(Fault("/environments", Response(500, {})))
    assert world.run("inventory").code == 3


OUTSIDE = {"GITHUB_REPOSITORY": None, "GITHUB_ACTIONS": None}


def clone_from(world: World, url: str) -> None:
    """Make a checkout of the workspace."""
    world.write(".git/config", f'[core]\n[remote "origin"]\n\turl = {url}\n')
    world.write(".git/HEAD", "ref: refs/heads/main\n")
    for folder in ("objects", "refs"):
        (world.workspace / ".git" / folder).mkdir()


@pytest.mark.parametrize("url", ["git@github.com:octo/storefront.git", "https://x/octo/storefront"])
def test_a_checkout_of_the_named_repository_is_read_from_disk(world: World, url: str) -> None:
    clone_from(world, url)
    ran = world.run("inventory", "--repository", "octo/storefront", **OUTSIDE)
    assert ran.code == 0
    assert not any("/contents/" in line for line in ran.asked)
    other = world.run("inventory", "--repository", "octo/elsewhere", **OUTSIDE)
    assert any("/contents/" in line for line in other.asked)


def test_a_checkout_from_what_is_no_address_is_that_of_any_repository(world: World) -> None:
    clone_from(world, "http://[")
    ran = world.run("inventory", "--repository", "octo/storefront", **OUTSIDE)
    assert ran.code == 0
    assert not any("/contents/" in line for line in ran.asked)


LEVELS = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{run: ./test, env: {T: "${{ secrets.GITLAB_TOKEN }}"}}]
  stage:
    runs-on: ubuntu-latest
    environment: ${{ github.ref_name }}
    steps: [{run: ./stage, env: {T: "${{ secrets.GITLAB_TOKEN }}"}}]
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps: [{run: ./deploy, env: {T: "${{ secrets.GITLAB_TOKEN }}"}}]
"""


def test_which_value_each_job_gets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    octo = world.box.github.add_organization("octo")
    octo.put_secret("GITLAB_TOKEN", "x" * 12)
    octo.put_secret("MONITORING_KEY", "x" * 12, visibility="selected")
    world.repository.put_secret("GITLAB_TOKEN", "y" * 12, environment="production")
    world.write(".github/workflows/levels.yml", LEVELS)
    ran = world.run("inventory")
    path = ".github/workflows/levels.yml"
    for line in (
        "stored at more than one place, and what each job gets:",
        "  GITLAB_TOKEN",
        f"    {path}, job deploy: octo/storefront[production]:GITLAB_TOKEN; "
        "not octo/storefront:GITLAB_TOKEN, octo:GITLAB_TOKEN",
        f"    {path}, job stage: octo/storefront[production]:GITLAB_TOKEN or "
        "octo/storefront:GITLAB_TOKEN, as far as can be seen; not octo:GITLAB_TOKEN",
        f"    {path}, job test: octo/storefront:GITLAB_TOKEN; "
        "not octo/storefront[production]:GITLAB_TOKEN, octo:GITLAB_TOKEN",
    ):
        assert line in ran.out.splitlines()
    # What is stored once needs no explanation.
    assert "  MIRROR_TOKEN" not in ran.out.splitlines()
    told = " ".join(ran.out.split())
    assert "octo/storefront does not see it among its organization's secrets" in told

    report = world.run("inventory", "--format", "json").report
    certain = {each["job"]: each["certain"] for each in report["servings"] if each["path"] == path}
    assert certain == {"deploy": True, "stage": False, "test": True}
    (mirror,) = [each for each in report["servings"] if each["name"] == "MIRROR_TOKEN"]
    assert mirror == {
        "name": "MIRROR_TOKEN",
        "path": ".github/workflows/nightly.yml",
        "job": "mirror",
        "environment": "",
        "gets": ["octo/storefront:MIRROR_TOKEN"],
        "others": [],
        "certain": True,
    }
    assert [s["ref"] for s in report["secrets"] if s["withheld"]] == ["octo:MONITORING_KEY"]
