"""The dashboard on the way through the real command, in the example organization."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.report.test_dashboard import timeline
from tests.world import World

WORKFLOW = """\
on: { workflow_dispatch: }
jobs:
  go:
    runs-on: ubuntu-24.04
    steps:
      - uses: keyturn/keyturn@v0
        with: { command: rotate, args: --apply }
        env: { KEYTURN_RECOVERY_KEY: "${{ secrets.KEYTURN_RECOVERY_KEY }}" }
"""


def switch_on(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8")
    rotating = re.sub(r"(  - id: release-gitlab\n)", r"\1    rotate: { enabled: true }\n", text)
    assert rotating != text
    path.write_text(rotating + "issues: { dashboard: true }\n", encoding="utf-8")


def test_one_run_opens_it_and_the_next_writes_nothing(world: World) -> None:
    world.write(".github/workflows/rotate.yml", WORKFLOW)
    switch_on(world)
    world.check()
    *issues, dashboard = world.repository.issues.values()
    rows = [line for line in dashboard.body.splitlines() if line.startswith("| `")]
    assert len(rows) == len(world.check().report["tokens"])
    (row,) = (row for row in rows if "`release-gitlab`" in row)
    number = next(issue.number for issue in issues if "release-gitlab" in issue.title)
    assert f"[#{number}](https://github.com/octo/storefront/issues/{number})" in row
    link = "https://github.com/octo/storefront/actions/workflows/rotate.yml"
    assert f"[rotate now]({link})" in row
    assert timeline(dashboard.body)
    assert (dashboard.labels, dashboard.assignees) == (["keyturn"], [])
    for _ in range(3):
        world.box.clock.advance(timedelta(hours=5))
        assert world.check().writes == []


def test_a_rotation_and_a_cheap_check_leave_it_alone(world: World) -> None:
    switch_on(world)
    world.check()
    (*_, dashboard) = world.repository.issues.values()
    before = dashboard.body
    text = (world.workspace / ".github/keyturn.yml").read_text(encoding="utf-8")
    world.write(".github/keyturn.yml", text.replace("dashboard: true", "dashboard: false"))
    assert world.check("--watch-only").writes == []
    assert (dashboard.body, dashboard.state) == (before, "open")
    world.check()
    assert dashboard.state == "closed"
