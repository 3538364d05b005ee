"""What everybody can read, in the runs of a public repository: counts, and no name or date."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from keyturn.report.coarse_words import WHY
from keyturn.sandbox.server import Fault, Response
from tests.world import Ran, World

NAMES = (
    "release-gitlab",
    "mirror",
    "packages",
    "GITLAB_TOKEN",
    "MONITORING_KEY",
    "publish",
    "@alice",
    "octo/platform",
    "2026-11-2",
    "ci-release",
)


@pytest.fixture
def public(world: World) -> World:
    world.repository.private = False
    return world


def shown(ran: Ran) -> str:
    """What a stranger sees of a run: its log, but for what masks values, and its summary."""
    log = "\n".join(line for line in ran.err.splitlines() if not line.startswith("::add-mask::"))
    return f"{ran.out}\n{log}\n{ran.summary}"


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "check -v",
        "check --until 2027-06-01",
        "check --all-tokens",
        "inventory",
        "inventory --provider gitlab",
        "rotate",
        "doctor",
    ],
)
def test_neither_log_nor_summary_nor_annotations_have_names_or_dates(
    public: World, command: str
) -> None:
    text = shown(public.run(*command.split()))
    assert [name for name in NAMES if name in text] == []
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    assert WHY in text


def test_a_debugging_run_does_not_tell_them_either(public: World) -> None:
    text = shown(public.run("check", RUNNER_DEBUG="1"))
    assert [name for name in (*NAMES, "environments/production") if name in text] == []


def test_without_github_a_run_that_asks_providers_is_taken_for_public(public: World) -> None:
    ran = public.run("check", GITHUB_TOKEN=None)
    assert [name for name in NAMES if name in shown(ran)] == []


@pytest.mark.parametrize("private", [False, True])
def test_no_output_dates_a_token_where_everybody_can_read_it(world: World, private: bool) -> None:
    world.repository.private = private
    assert bool(world.run("check").outputs["next-deadline"]) == private


def test_a_quiet_list_of_a_providers_tokens_stays_quiet(public: World) -> None:
    assert public.run("inventory", "--provider", "gitlab", "-q").out == ""


def test_the_doctor_says_how_much_is_to_be_changed(public: World) -> None:
    ran = public.run("doctor", GITLAB_MANAGER=None)
    assert ran.code == 1
    assert re.search(r"\n- \d missing\n", ran.out)


def test_what_is_for_people_is_hidden_in_every_form(public: World) -> None:
    ran = public.run("check", "--format", "markdown")
    assert [name for name in NAMES if name in shown(ran)] == []


def test_it_says_how_much_of_what_is_wrong(public: World) -> None:
    ran = public.run("check")
    assert ran.code == 1
    for text in (ran.out, ran.summary):
        assert re.search(
            r"\n- 1 does not work any more\n- 1 stops working soon\n- \d needs? care\n", text
        )
    (annotation,) = [line for line in ran.err.splitlines() if line.startswith("::error")]
    assert "1 does not work any more; 1 stops working soon; " in annotation


def test_a_file_and_what_a_program_asks_for_have_it_all(public: World) -> None:
    ran = public.run("check", "--output", "json=report.json")
    written = json.loads((public.workspace / "report.json").read_text(encoding="utf-8"))
    assert "release-gitlab" in [token["id"] for token in written["tokens"]]
    assert "release-gitlab" not in shown(ran)
    assert public.check().token("release-gitlab")


@pytest.mark.parametrize(
    ("event", "coarse"),
    [
        ({"repository": {"private": True}}, False),
        ({"repository": {"private": False}}, True),
        # GitHub is asked where the event does not say.
        ({"repository": {"private": "no"}}, True),
        ({"repository": None}, True),
        ({}, True),
    ],
)
def test_who_can_read_it_is_told_by_the_event_or_by_github(
    public: World, event: dict[str, object], coarse: bool
) -> None:
    path = public.folder / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    ran = public.run("check", GITHUB_EVENT_PATH=str(path))
    assert ("release-gitlab" not in shown(ran)) == coarse


def test_a_repository_that_cannot_be_asked_about_is_taken_for_public(world: World) -> None:
    world.box.github.server.faults.append(Fault("/storefront", Response(502, "bad gateway")))
    ran = world.run("check", "--no-issues")
    assert ran.code == 3
    assert "release-gitlab" not in shown(ran)


def test_outside_of_actions_a_person_sees_it_all(public: World) -> None:
    assert "release-gitlab" in public.run("check", GITHUB_ACTIONS=None).out


def test_it_can_be_allowed(public: World) -> None:
    config = public.workspace / ".github" / "keyturn.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "issues: { public: true }\n", encoding="utf-8")
    assert "release-gitlab" in shown(public.run("check"))


# The issues of a tracker that everybody can read.


def issues(world: World) -> list[Any]:
    return list(world.repository.issues.values())


def test_one_issue_says_how_much_is_wrong_and_nothing_more(public: World) -> None:
    public.run("check")
    (issue,) = issues(public)
    assert issue.title == "Tokens that CI depends on need care"
    assert "1 does not work any more" in issue.body
    assert [name for name in NAMES if name in issue.body] == []
    assert not re.search(r"\d{4}-\d\d-\d\d", issue.body)


def test_a_dashboard_that_everybody_could_read_is_not_opened(public: World) -> None:
    path = public.workspace / ".github" / "keyturn.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "issues: { dashboard: true }\n", encoding="utf-8")
    public.run("check")
    (issue,) = issues(public)
    assert "keyturn:notice=overview" in issue.body


@pytest.mark.parametrize("command", ["check", "inventory", "rotate", "doctor"])
@pytest.mark.parametrize("path", ["/secrets", "/environments", "/issues"])
def test_an_outage_tells_no_names_either(public: World, command: str, path: str) -> None:
    public.box.github.server.faults.append(Fault(path, Response(502, "bad gateway")))
    text = shown(public.run(command))
    assert [name for name in (*NAMES, "production") if name in text] == []


def test_nothing_is_written_where_nothing_has_changed(public: World) -> None:
    public.run("check")
    assert public.run("check").writes == []


def test_a_new_kind_of_trouble_is_said_once(public: World) -> None:
    public.run("check")
    public.box.clock.advance(timedelta(days=4))
    public.run("check")
    (issue,) = issues(public)
    assert "2 do not work any more" in issue.body
    before = len(issue.comments)
    public.run("check")
    assert len(issue.comments) == before


def test_it_is_closed_when_nothing_needs_anybody(public: World) -> None:
    public.run("check")
    nothing = "version: 1\ntokens: []\nignore: [{ secret: '*', because: test }]\n"
    public.write(".github/keyturn.yml", nothing)
    public.run("check")
    (issue,) = issues(public)
    assert (issue.state, issue.comments[-1].body) == ("closed", "Nothing needs anybody any more.")


def test_that_its_schedule_was_switched_off_is_no_secret(public: World) -> None:
    path = ".github/workflows/keyturn.yml"
    public.repository.workflow_states[path] = "disabled_inactivity"
    public.run("check", "--watch-only", GITHUB_EVENT_NAME="push")
    (issue,) = issues(public)
    assert "was switched off by GitHub" in issue.body
    public.run("check", GITHUB_EVENT_NAME="push")
    (_, overview) = issues(public)
    assert "2 need care" in str(overview.body)
    del public.repository.workflow_states[path]
    assert public.run("check", GITHUB_EVENT_NAME="push").writes
    assert issue.state == "closed"
    assert "2 need care" in str(overview.body)  # it was never counted there


def test_a_public_tracker_tells_nothing_of_a_private_repositorys_schedule(public: World) -> None:
    public.repository.private = True
    tracker = public.box.github.add_repository("octo/tracker", private=False)
    config = public.workspace / ".github" / "keyturn.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "issues: { repository: octo/tracker }\n", encoding="utf-8")
    public.repository.workflow_states[".github/workflows/keyturn.yml"] = "disabled_inactivity"
    public.run("check", "--watch-only", GITHUB_EVENT_NAME="push")
    assert list(tracker.issues.values()) == []
    public.run("check", GITHUB_EVENT_NAME="push")
    (issue,) = tracker.issues.values()
    assert "keyturn.yml" not in str(issue.body)


def test_an_outage_takes_nothing_back(public: World) -> None:
    config = public.workspace / ".github" / "keyturn.yml"
    quiet = config.read_text(encoding="utf-8") + "ignore: [{ secret: '*', because: test }]\n"
    config.write_text(quiet, encoding="utf-8")
    public.run("check")
    (issue,) = issues(public)
    said, comments = issue.body, len(issue.comments)
    public.box.gitlab.server.faults.append(Fault("GET", Response(503, "down")))
    assert public.run("check").code == 3
    assert (issue.state, issue.body, len(issue.comments)) == ("open", said, comments)
    public.box.gitlab.server.faults.clear()
    assert public.run("check").writes == []


def test_a_private_tracker_has_it_all(public: World) -> None:
    tracker = public.box.github.add_repository("octo/tracker", private=True)
    config = public.workspace / ".github" / "keyturn.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "issues: { repository: octo/tracker }\n", encoding="utf-8")
    ran = public.run("check")
    assert issues(public) == []
    assert any("release-gitlab" in issue.title for issue in tracker.issues.values())
    assert "release-gitlab" not in shown(ran)
