"""What is asked about who snoozes an issue, and what is answered, keeps to GitHub's description."""

from __future__ import annotations

from datetime import timedelta

from tests.conformance.oracle import Oracle
from tests.github.worlds import NOW, world
from tests.issue_samples import expiring, survey


def test_snoozing_keeps_to_the_description(github_oracle: Oracle) -> None:
    from tests.github.test_issue_events import WEEK, label, run, set_aside

    with world(assignees=["alice"]) as box:
        asked = []
        run(box, survey(expiring()), dashboard=True)
        asked += box.github.server.exchanges
        label(box, WEEK)
        for days in (1, 7):
            run(box, survey(expiring(), now=NOW + timedelta(days=days)), dashboard=True)
            asked += box.github.server.exchanges
        label(box, WEEK, by="github-actions[bot]")
        set_aside(box, "alice")
        run(box, survey(expiring(), now=NOW + timedelta(days=8)))
        asked += box.github.server.exchanges
        told = {f"{e.request.method} {e.request.path.split('/')[-1]}" for e in asked}
        assert {"GET events", "GET permission", "DELETE keyturn%3Asnooze-7d"} <= told
        assert [problem for each in asked for problem in github_oracle.check(each)] == []
