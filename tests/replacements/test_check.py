"""A token that is due and could go: the real command line, its report and the token's issue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.github.runner import Runner
from tests.world import World

NIGHTLY = """\
name: nightly
on: { schedule: [{ cron: "30 1 * * *" }] }
permissions:
  contents: read
jobs:
  mirror:
    runs-on: ubuntu-24.04
    steps:
      - uses: hashicorp/vault-action@v3
        with:
          url: https://vault.example.com
          token: ${{ secrets.MIRROR_TOKEN }}
"""


def test_the_way_out_stands_in_the_tokens_issue(world: World) -> None:
    world.write(".github/workflows/nightly.yml", NIGHTLY)
    ran = world.check()
    assert ran.rules("mirror") == ["never-expires", "replaceable"]
    advice = ran.findings("mirror")[1]["advice"]
    assert advice["replacement"] == "Vault's JWT login"
    assert "-          token: ${{ secrets.MIRROR_TOKEN }}\n" in advice["patch"]
    (issue,) = [i for i in world.repository.issues.values() if i.title.startswith("mirror")]
    assert f"```diff\n{advice['patch']}```" in (issue.body or "")
    # What stands still is not written again.
    world.box.clock.advance(timedelta(hours=1))
    assert world.check().writes == []


def test_a_log_has_it_on_request(world: World) -> None:
    world.write(".github/workflows/nightly.yml", NIGHTLY)
    patched = "\n-          token: ${{ secrets.MIRROR_TOKEN }}\n"
    assert patched not in world.run("check", "--no-issues").out
    assert patched in world.run("check", "--no-issues", "-v").out


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.github.com", True),
        ("http://127.0.0.1:8080", True),
        ("https://github.example.com/api/v3", False),
        ("https://api.octo.ghe.com", False),
    ],
)
def test_which_github_it_is(url: str, expected: bool) -> None:
    assert Runner.from_environ({"GITHUB_API_URL": url}).on_github_com is expected
