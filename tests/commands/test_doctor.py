"""`keyturn doctor`: what a set-up lacks, or has too much of, and where to change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from keyturn.rotation.keys import RecoveryKey
from keyturn.sandbox.server import Fault, Response
from tests.world import Ran, World

CONFIGURATION = ".github/keyturn.yml"
WORKFLOW = ".github/workflows/keyturn.yml"
RECOVERY_KEY = "KEYTURN_RECOVERY_KEY"
RIGHTS = ("metadata", "secrets", "actions", "environments", "dependabot_secrets", "issues")


def diagnose(world: World, *flags: str, **environ: str | None) -> Ran:
    return world.run("doctor", "--format", "json", *flags, **environ)


def rows(ran: Ran) -> list[Mapping[str, Any]]:
    found = json.loads(ran.out)
    assert found["schema"] == "keyturn.doctor/1"
    diagnoses: list[Mapping[str, Any]] = found["diagnoses"]
    return diagnoses


def of(ran: Ran, subject: str) -> list[str]:
    return [row["health"] for row in rows(ran) if row["subject"].startswith(subject)]


def act_with(world: World, value: str, **given: Any) -> dict[str, str]:
    world.box.github.add_token(value, **given)
    return {"GITHUB_TOKEN": value}


def test_a_good_set_up_is_told_part_by_part_and_nothing_is_written(world: World) -> None:
    ran = diagnose(world)
    assert ran.writes == []
    assert of(ran, ".github/keyturn.yml") == ["fine"]
    for right in ("Secrets: read", "Actions: read", "Environments: read", "Issues: write"):
        assert of(ran, right) == ["fine"], right
    assert of(ran, "release-gitlab: GITLAB_MANAGER") == ["fine"]
    assert of(ran, "octo/storefront") == ["fine"]
    written = next(row for row in rows(ran) if row["subject"] == "Issues: write")
    assert "whether it may write is seen only when it does" in written["message"]


def test_the_workflows_own_token_lacks_the_secrets_and_it_says_where_to_get_them(
    world: World,
) -> None:
    ran = diagnose(world, **act_with(world, "ghs_" + "w" * 36, kind="workflow"))
    assert ran.code == 1
    (secrets,) = [row for row in rows(ran) if row["subject"] == "Secrets: read"]
    assert secrets["health"] == "missing"
    assert "Permissions" in secrets["change"]
    assert "docs/how-to/github-app.md" in secrets["change"]


@pytest.mark.parametrize(
    ("lacking", "subject", "health"),
    [
        ("secrets", "Secrets: read", "missing"),
        ("actions", "Actions: read", "missing"),
        ("environments", "Environments: read", "missing"),
        ("dependabot_secrets", "Dependabot secrets: read", "better-with"),
        ("issues", "Issues: write", "missing"),
        ("members", "organization members: read", "better-with"),
        ("organization_secrets", "organization secrets: read", "better-with"),
    ],
)
def test_each_right_that_is_not_there_is_named(
    world: World, lacking: str, subject: str, health: str
) -> None:
    every = {*RIGHTS, "organization_secrets", "members", "contents"}
    given = act_with(world, "ghs_" + "r" * 36, permissions=every - {lacking})
    assert of(diagnose(world, **given), subject) == [health]


def test_a_classic_token_is_too_wide(world: World) -> None:
    given = act_with(world, "ghp_" + "c" * 36, kind="pat", scopes=["repo", "admin:org"])
    (row,) = [r for r in rows(diagnose(world, **given)) if r["health"] == "too-wide"]
    assert "a classic personal token (repo, admin:org), or one of" in row["message"]


def test_without_a_credential_it_says_what_is_not_done(world: World) -> None:
    ran = diagnose(world, GITHUB_TOKEN=None)
    assert (ran.code, of(ran, "GITHUB_TOKEN")) == (1, ["missing"])


def test_a_variable_that_the_step_is_not_given_is_named_with_its_line(world: World) -> None:
    text = (world.workspace / WORKFLOW).read_text(encoding="utf-8")
    world.write(WORKFLOW, text.replace("GITLAB_MANAGER: ${{ secrets.GITLAB_MANAGER }}", "X: y"))
    ran = diagnose(world)
    (row,) = [row for row in rows(ran) if row["subject"] == "GITLAB_MANAGER"]
    assert row["change"] == (
        f"{WORKFLOW}:10, under `env:`: `GITLAB_MANAGER: ${{{{ secrets.GITLAB_MANAGER }}}}`"
    )


def test_the_variable_of_a_single_copy_is_looked_for_too(world: World) -> None:
    config = (world.workspace / CONFIGURATION).read_text(encoding="utf-8")
    copy = "secrets: [{ name: MIRROR_TOKEN, value: MIRROR_COPY }]"
    world.write(CONFIGURATION, config.replace("secrets: [MIRROR_TOKEN]", copy))
    assert of(diagnose(world), "MIRROR_COPY") == ["missing"]


def test_a_right_that_the_jobs_own_token_can_have_names_the_jobs_permissions(world: World) -> None:
    given = act_with(world, "ghs_" + "j" * 36, permissions=set(RIGHTS) - {"issues", "secrets"})
    found = {row["subject"]: row["change"] for row in rows(diagnose(world, **given))}
    assert "`permissions:` of keyturn's job, `issues: write`" in found["Issues: write"]
    assert "`permissions:`" not in found["Secrets: read"]


def rotates(world: World, *more: str) -> None:
    text = (world.workspace / CONFIGURATION).read_text(encoding="utf-8")
    enabled = text.replace(
        "secrets: [GITLAB_TOKEN]", "secrets: [GITLAB_TOKEN]\n    rotate: { enabled: true }"
    )
    world.write(CONFIGURATION, "\n".join([enabled, *more, ""]))


def test_rotations_without_a_journal_are_said(world: World) -> None:
    assert of(diagnose(world), "journal") == []
    rotates(world)
    (row,) = [row for row in rows(diagnose(world)) if row["subject"] == "journal"]
    assert row["health"] == "missing"
    assert "`journal:` in the configuration" in row["change"]


def test_a_recovery_key_is_tried(world: World) -> None:
    key, other = RecoveryKey.make(), RecoveryKey.make()
    rotates(world, f'journal: {{ kind: git-ref, recovery-public-key: "{key.public.text}" }}')
    for given, health in ((key, "fine"), (other, "missing"), (None, "better-with")):
        environ = {RECOVERY_KEY: given.text.reveal()} if given else {}
        assert of(diagnose(world, **environ), RECOVERY_KEY) == [health]


def test_a_step_that_rotates_without_the_recovery_key_is_named_with_its_line(world: World) -> None:
    step = "      - uses: keyturn/keyturn@v0\n        with: { command: rotate, args: --apply }\n"
    head = "on: workflow_dispatch\njobs:\n  rotate:\n    runs-on: x\n    steps:\n"
    path = ".github/workflows/rotate.yml"
    world.write(path, head + step)
    (row,) = [row for row in rows(diagnose(world)) if row["subject"] == RECOVERY_KEY]
    assert row["health"] == "missing"
    assert row["change"].startswith(f"{path}:6, under `env:`: `{RECOVERY_KEY}: ")
    world.write(path, f"{head}{step}        env: {{ {RECOVERY_KEY}: x }}\n")
    assert of(diagnose(world), RECOVERY_KEY) == []


@pytest.mark.parametrize(("in_actions", "health"), [("true", "missing"), (None, "better-with")])
def test_a_credential_that_is_not_set(world: World, in_actions: str | None, health: str) -> None:
    ran = diagnose(world, GITLAB_MANAGER=None, GITHUB_ACTIONS=in_actions)
    assert of(ran, "release-gitlab") == [health]


def test_a_credential_that_is_refused_names_the_scope_and_the_page(world: World) -> None:
    ran = diagnose(world, GITLAB_MANAGER="glpat-" + "x" * 20)
    (row,) = [row for row in rows(ran) if row["subject"].startswith("release-gitlab")]
    assert row["health"] == "missing"
    assert "docs/reference/providers.md, gitlab" in row["change"]


def test_a_provider_that_does_not_answer_was_not_checked(world: World) -> None:
    world.box.gitlab.server.faults.append(Fault("GET", Response(503, "down")))
    ran = diagnose(world)
    assert (ran.code, of(ran, "release-gitlab")) == (3, ["not-checked"])


@pytest.mark.parametrize(
    ("permissions", "wide"),
    [
        ("write-all", "everything"),
        ("{ contents: write, issues: write }", "contents"),
        ("{ contents: read, issues: write }", None),
        ("{ packages: write, pull-requests: write }", "packages, pull-requests"),
    ],
)
def test_rights_of_the_job_that_nothing_needs_are_too_wide(
    world: World, permissions: str, wide: str | None
) -> None:
    text = (world.workspace / WORKFLOW).read_text(encoding="utf-8")
    world.write(WORKFLOW, text.replace("jobs:", f"permissions: {permissions}\njobs:"))
    found = [row for row in rows(diagnose(world)) if row["subject"] == "job check"]
    assert [f"may write {wide}," in row["message"] for row in found] == ([True] if wide else [])


def test_a_job_that_does_other_work_too_may_need_more(world: World) -> None:
    text = (world.workspace / WORKFLOW).read_text(encoding="utf-8")
    wide = text.replace("jobs:", "permissions: write-all\njobs:")
    world.write(WORKFLOW, wide.replace("    steps:\n", "    steps:\n      - run: ./release.sh\n"))
    assert of(diagnose(world), "job check") == []


@pytest.mark.parametrize(
    ("how", "told", "health"),
    [
        ({"has_issues": False}, "its issues are switched off", "missing"),
        ({"private": False}, "one issue says how much is wrong", "better-with"),
    ],
)
def test_a_tracker_that_takes_no_issue_or_no_names_is_said(
    world: World, how: dict[str, bool], told: str, health: str
) -> None:
    for name, value in how.items():
        setattr(world.repository, name, value)
    (row,) = [row for row in rows(diagnose(world)) if row["area"] == "channel"]
    assert row["health"] == health
    assert told in row["message"]


def test_a_person_reads_the_same(world: World) -> None:
    ran = world.run("doctor", GITLAB_MANAGER="glpat-" + "x" * 20)
    assert "MISSING      credential: release-gitlab: GITLAB_MANAGER" in ran.out
    assert "change: docs/reference/providers.md" in ran.out
    assert ran.out.rstrip().endswith("to be changed")


def test_a_pull_request_asks_nobody(world: World) -> None:
    ran = diagnose(world, GITHUB_EVENT_NAME="pull_request")
    assert (ran.code, ran.asked) == (2, [])
    assert not world.box.gitlab.server.exchanges


def test_a_credential_that_github_does_not_know_is_what_is_missing(world: World) -> None:
    ran = diagnose(world, GITHUB_TOKEN="ghp_" + "z" * 36)
    assert ran.code == 1
    (row,) = [row for row in rows(ran) if row["subject"] == "GitHub"]
    assert (row["health"], row["area"]) == ("missing", "credential")
    assert "401" in row["message"]
    assert not [row for row in rows(ran) if row["area"] in ("permission", "channel")]


@pytest.mark.parametrize("path", ["/storefront", "/tracker"])
def test_a_github_that_does_not_answer_is_no_mistake_in_the_configuration(
    world: World, path: str
) -> None:
    config = (world.workspace / ".github" / "keyturn.yml").read_text(encoding="utf-8")
    world.write(".github/keyturn.yml", config + "issues: { repository: octo/tracker }\n")
    world.box.github.add_repository("octo/tracker", private=True)
    world.box.github.server.faults.append(Fault(path, Response(502, "bad gateway")))
    ran = diagnose(world)
    assert ran.code == 3
    assert "missing" not in [row["health"] for row in rows(ran)]


def test_nobody_is_said_to_answer_for_a_date_that_is_written_down(world: World) -> None:
    assert of(diagnose(world), "monitoring") == []


def test_a_schedule_that_nobody_looked_at_is_not_called_good(world: World) -> None:
    assert of(diagnose(world), WORKFLOW) == ["fine"]
    assert of(diagnose(world, GITHUB_TOKEN=None), WORKFLOW) == ["better-with"]
    given = act_with(world, "ghs_" + "a" * 36, permissions={*RIGHTS, "contents"} - {"actions"})
    assert of(diagnose(world, **given), WORKFLOW) == ["better-with"]


def test_a_schedule_that_was_stopped_says_how_to_mend_it(world: World) -> None:
    world.repository.workflow_states[WORKFLOW] = "disabled_inactivity"
    (row,) = [row for row in rows(diagnose(world)) if row["area"] == "schedule"]
    assert row["health"] == "missing"
    page = "https://github.com/octo/storefront/actions/workflows/keyturn.yml"
    assert row["change"] == f"{page}; `keyturn explain schedule-stopped` says what to do"
    assert diagnose(world).code == 1
