"""`check` on copies at several levels: what a run says of them, with real requests and values."""

from __future__ import annotations

from datetime import timedelta

from keyturn.sandbox import Fault, Response
from tests.world import World

MORE = """\
  - id: feed
    provider: declared
    expires: 2027-09-01
    secrets:
      - { name: FEED_KEY, value: FEED_KEY }
      - { environment: production, name: FEED_KEY, value: PRODUCTION_FEED_KEY }
"""
READER = """\
on: push
jobs:
  feed:
    runs-on: ubuntu-latest
    environment: production
    steps: [{run: ./feed, env: {T: "${{ secrets.FEED_KEY }}", M: "${{ secrets.MIRROR_TOKEN }}"}}]
"""
ONE, OTHER = "feed-" + "1" * 12, "feed-" + "2" * 12


def prepare(world: World) -> None:
    config = world.workspace / ".github/keyturn.yml"
    config.write_text(config.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    world.write(".github/workflows/feed.yml", READER)
    world.repository.put_secret("FEED_KEY", ONE)
    world.repository.put_secret("FEED_KEY", OTHER, environment="production")
    world.box.clock.advance(timedelta(days=1))


def test_copies_that_differ_open_an_issue_which_stays_until_they_are_seen_to_agree(
    world: World,
) -> None:
    prepare(world)
    both = {"FEED_KEY": ONE, "PRODUCTION_FEED_KEY": OTHER}
    ran = world.check(**both)
    assert ran.rules("feed") == ["drifted"]
    (finding,) = ran.findings("feed")
    assert "octo/storefront:FEED_KEY, octo/storefront[production]:FEED_KEY" in finding["message"]
    number = int(finding["issue"].rpartition("/")[2])
    issue = world.repository.issues[number]
    assert "may differ from what its secrets hold" in issue.title
    told = [line for line in ran.err.splitlines() if not line.startswith("::add-mask::")]
    for text in (ran.out, *told, ran.summary, issue.body):
        assert ONE not in text
        assert OTHER not in text
    # A run of another job is given one copy only: it can tell nothing, and closes nothing.
    assert world.check(FEED_KEY=ONE).rules("feed") == []
    assert world.repository.issues[number].state == "open"
    world.repository.put_secret("FEED_KEY", ONE, environment="production")
    both = {"FEED_KEY": ONE, "PRODUCTION_FEED_KEY": ONE}
    # It may have been given the values before.
    world.check(**both)
    assert world.repository.issues[number].state == "open"
    world.box.clock.advance(timedelta(days=1))
    world.check(**both)
    assert world.repository.issues[number].state == "closed"


def test_a_forgotten_copy_in_an_environment(world: World) -> None:
    prepare(world)
    world.repository.put_secret("MIRROR_TOKEN", "old-" + "3" * 12, environment="production")
    ran = world.check("--no-issues")
    (shadow,) = [f for f in ran.findings("mirror") if f["rule"] == "shadowed"]
    assert "octo/storefront[production]:MIRROR_TOKEN is read in its place" in shadow["message"]
    assert [place["path"] for place in shadow["references"]] == [".github/workflows/feed.yml"]


def test_a_run_that_may_not_see_every_list_leaves_what_an_issue_says_of_shadows(
    world: World,
) -> None:
    prepare(world)
    world.repository.put_secret("GITLAB_MANAGER", "old-" + "3" * 12, environment="production")
    ran = world.check()
    assert ran.rules("keyturn-manager") == ["shadowed"]
    number = int(ran.findings("keyturn-manager")[0]["issue"].rpartition("/")[2])
    issue = world.repository.issues[number]
    assert "has a copy that another secret hides" in issue.title
    refusal = Fault("/environments", Response(403, {"message": "Resource not accessible"}))
    world.box.github.server.faults.append(refusal)
    assert world.check().rules("keyturn-manager") == []
    assert issue.state == "open"
    world.box.github.server.faults.clear()
    world.repository.environments["production"].vault.drop("GITLAB_MANAGER")
    world.check()
    assert issue.state == "closed"


def test_an_organizations_secret_out_of_sight(world: World) -> None:
    octo = world.box.github.add_organization("octo")
    octo.put_secret("MONITORING_KEY", "x" * 12, visibility="selected")
    ran = world.check("--no-issues")
    (missing,) = ran.findings("octo/storefront:MONITORING_KEY")
    assert missing["rule"] == "missing-secret"
    assert missing["message"] == (
        "deploy reads it, and GitHub does not give it octo:MONITORING_KEY: octo/storefront does "
        "not see it among its organization's secrets; its visibility is `selected`"
    )
    octo.put_secret("MONITORING_KEY", "x" * 12, visibility="selected", selected=[world.repository])
    assert world.check("--no-issues").findings("octo/storefront:MONITORING_KEY") == []
