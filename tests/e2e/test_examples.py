"""The examples as they are, run by act: `make e2e`. Needs a container engine and the shared tools.

act knows no approval, and hands an environment's secrets to every job: that a person is waited for
is GitHub's part, and is not tried here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stage import (
    CONFIG,
    RELEASE,
    REPOSITORY,
    ROTATING,
    Stage,
    copy_of_keyturn,
    open_stage,
    prepare,
)


@pytest.fixture(scope="module")
def action(tools: Path, image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    prepare(tools, folder / "runner", image)
    return copy_of_keyturn(folder / "keyturn")


@pytest.fixture
def stage(tools: Path, action: Path, tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tools, tmp_path, action) as made:
        yield made


def test_the_scheduled_check_opens_an_issue(stage: Stage) -> None:
    ran = stage.act("check-scheduled.yml", "schedule")
    assert ran.code == 1, ran.log  # the token dies in two days
    assert ran.leaked == []
    (issue,) = stage.repository.issues.values()
    assert "release-gitlab" in issue.title
    (made,) = stage.stand_ins.made
    assert made["repositories"] == [REPOSITORY]
    assert {area for area in made["permissions"] if area.endswith(":write")} == {"issues:write"}


def test_a_pull_request_asks_nobody_and_a_push_checks(stage: Stage) -> None:
    example = "check-push-and-pull-request.yml"
    asked = count(stage)
    payload = {"number": 7, "pull_request": {"head": {"ref": "patch"}, "base": {"ref": "main"}}}
    secrets = ("GITLAB_MANAGER", "KEYTURN_APP_PRIVATE_KEY", "KEYTURN_RECOVERY_KEY")
    ran = stage.act(example, "pull_request", payload=payload, without=secrets)
    assert ran.code == 0, ran.log
    assert "no credential was sent and no issue written" in ran.log
    assert (count(stage), stage.stand_ins.made) == (asked, [])
    ran = stage.act(example, "push")
    assert ran.code == 1, ran.log
    assert ran.leaked == []
    (issue,) = stage.repository.issues.values()
    assert "release-gitlab" in issue.title


def test_a_rotation_is_planned_and_then_carried_out(stage: Stage) -> None:
    example, old = "rotate-approved.yml", stage.token.value
    stage.write(".github/keyturn.yml", CONFIG + ROTATING.format(key=stage.key.public.text))
    ran = stage.act(example, "workflow_dispatch", "-j", "plan")
    assert ran.code == 0, ran.log
    assert "plan" in stage.stand_ins.artifacts
    assert [token.value for token in stage.living] == [old]
    assert stage.repository.secret_value("GITLAB_TOKEN") == old
    ran = stage.act(example, "workflow_dispatch")
    assert ran.code == 0, ran.log
    assert ran.leaked == []
    kept, made = (token.value for token in stage.living)  # the old one, for an hour
    assert (kept, stage.repository.secret_value("GITLAB_TOKEN")) == (old, made)
    assert "draining" in ran.log


def test_code_scanning_gets_the_findings(stage: Stage) -> None:
    ran = stage.act("check-code-scanning.yml", "schedule")
    assert ran.code == 1, ran.log
    assert ran.leaked == []
    (run,) = stage.stand_ins.sarif["keyturn"]["runs"]
    (expiring,) = [result for result in run["results"] if result["ruleId"] == "expiring"]
    place = expiring["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == ".github/workflows/release.yml"


def test_an_emergency_ends_the_token_that_was_named_and_no_other(stage: Stage) -> None:
    example = "revoke-now.yml"
    # What is not behind the approval only reads.
    stage.manager = stage.box.gitlab.create_token(name="reader", scopes=("read_api",))
    ran = stage.act(
        example, "workflow_dispatch", "--input", "token=release-gitlab --all-of root --apply --yes"
    )
    assert ran.code == 1
    assert "that is no id of a token" in ran.log
    # As where nobody made the environment: GitHub asks nobody, and there is no such secret.
    asked = ("workflow_dispatch", "--input", "token=release-gitlab")
    ran = stage.act(example, *asked, without=("GITLAB_REVOKER",))
    assert ran.code == 1, ran.log
    assert "release.yml" in ran.log
    assert "cannot be revoked by keyturn: credential-missing" in ran.log
    assert not [token for token in stage.box.gitlab.tokens if token.revoked]
    ran = stage.act(example, *asked)
    assert ran.code == 0, ran.log
    assert [token for token in stage.box.gitlab.tokens if token.revoked] == [stage.token]
    assert ran.leaked == []
    assert stage.stand_ins.made == []  # GitHub's App is not waited for


def test_every_repository_of_the_organization_has_its_own_job(stage: Stage) -> None:
    box, names = stage.box, ("octo/billing", "octo/broken", "octo/tokenless")
    files = {".github/workflows/release.yml": RELEASE}
    for name in names:
        box.github.add_repository(name, files=files)
    billing = box.github.repository("octo/billing")
    billing.put_secret("GITLAB_TOKEN", stage.token.value, at=stage.token.created_at)
    billing.write_file(".github/keyturn.yml", CONFIG.replace("release-gitlab", "billing-gitlab"))
    broken = CONFIG.replace("provider:", "provder:")
    box.github.repository("octo/broken").write_file(".github/keyturn.yml", broken)
    ran = stage.act("check-organization.yml", "workflow_dispatch")
    assert ran.code == 1, ran.log
    assert ran.leaked == []
    assert "did you mean" in ran.log
    titles = {
        name: [issue.title for issue in box.github.repository(name).issues.values()]
        for name in (REPOSITORY, *names)
    }
    assert [len(found) for found in titles.values()] == [1, 1, 0, 0]
    assert "billing-gitlab" in titles["octo/billing"][0]
    listing, *others = stage.stand_ins.made
    assert listing == {"permissions": {"metadata:read"}, "repositories": None}
    assert sorted(made["repositories"] for made in others) == [
        [name] for name in sorted((REPOSITORY, *names))
    ]


def test_the_doctor_proves_the_app(stage: Stage) -> None:
    ran = stage.act("app-doctor.yml", "workflow_dispatch")
    assert ran.code == 0, ran.log
    assert ran.leaked == []
    assert "Secrets" in ran.log
    stage.stand_ins.granted = {"secrets:read", "issues:write"}
    ran = stage.act("app-doctor.yml", "workflow_dispatch")
    assert ran.code == 1
    assert "not granted to this installation" in ran.log


def count(stage: Stage) -> int:
    """Return how often GitHub and GitLab were asked."""
    servers = (stage.box.github.server, stage.box.gitlab.server)
    return sum(len(server.exchanges) for server in servers)
