"""`keyturn inventory --provider` and `check --all-tokens`, against the sandbox."""

from __future__ import annotations

from datetime import date

import pytest

from keyturn.sandbox import Fault, Response
from tests.world import World


def test_everything_a_credential_sees_with_the_secret_that_holds_it(world: World) -> None:
    extra = world.box.gitlab.create_token("project", "old-bot", project=42)
    ran = world.run("inventory", "--provider", "gitlab", "--format", "json", GITHUB_ACTIONS=None)
    report = ran.report
    assert report["schema"] == "keyturn.credentials/1"
    rows = {row["name"]: row for row in report["tokens"]}
    release = rows["ci-release"]
    assert release["declared_by"] == "release-gitlab"
    assert release["secrets"] == ["octo/storefront:GITLAB_TOKEN"]
    assert release["expires_at"] == "2026-11-26T00:00:00Z"
    assert (rows["old-bot"]["declared_by"], rows["old-bot"]["secrets"]) == (None, [])
    assert rows["old-bot"]["id"] == str(extra.id)
    assert rows["old-bot"]["expires_precision"] == "never"
    ids = [row["key"] for row in report["tokens"]]
    assert len(ids) == len(set(ids))
    dated = [row["expires_at"] for row in report["tokens"] if row["expires_at"]]
    assert dated == sorted(dated)
    values = [token.value for token in world.box.gitlab.tokens]
    assert not any(value in ran.out + ran.err for value in values)


def test_the_same_for_people(world: World) -> None:
    world.box.gitlab.create_token("project", "evil\x1b[31m\n::error::", project=42)
    ran = world.run("inventory", "--provider", "gitlab", "--output", "json=c.json")
    out = " ".join(ran.out.split())
    assert "ci-release" in out
    assert "declared as release-gitlab, held by octo/storefront:GITLAB_TOKEN" in out
    assert "\x1b" not in ran.out
    assert not [line for line in ran.out.splitlines() if line.lstrip().startswith("::")]
    assert (world.workspace / "c.json").is_file()


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        (["--provider", "gitlub"], {}, "no such provider"),
        (["--provider", "azure-devops"], {}, "no token of azure-devops is declared"),
        (["--provider", "declared"], {}, "no list of tokens"),
        (["--provider", "gitlab", "--format", "sarif"], {}, "text or json"),
        (["--provider", "gitlab"], {"GITHUB_EVENT_NAME": "pull_request"}, "pull_request"),
    ],
)
def test_what_cannot_be_listed(
    world: World, argv: list[str], environ: dict[str, str], words: str
) -> None:
    ran = world.run("inventory", *argv, **environ)
    assert ran.code == 2
    assert words in ran.err
    assert world.box.gitlab.server.exchanges == []


def test_an_outage_is_exit_3_and_no_part_is_taken_for_the_whole(world: World) -> None:
    world.box.gitlab.server.faults.append(Fault("/groups/", Response(500, {})))
    ran = world.run("inventory", "--provider", "gitlab", "--format", "json")
    assert ran.code == 3
    assert "mirror" in [error["subject"] for error in ran.report["errors"]]
    assert "ci-release" in [row["name"] for row in ran.report["tokens"]]


def test_a_check_of_all_tokens_reminds_the_owners_in_one_issue(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8")
    policy = (
        'policies:\n  - match: { provider: gitlab, kind: project }\n    owners: ["@octo/iam"]\n'
    )
    path.write_text(text.replace("tokens:\n", f"{policy}tokens:\n", 1), encoding="utf-8")
    gitlab = world.box.gitlab
    gitlab.create_token("project", "old-bot", project=42)
    gitlab.create_token("project", "fine-bot", project=42, expires_on=date(2027, 3, 1))
    plain = world.check()
    assert "neglected-tokens" not in {f["rule"] for f in plain.report["findings"]}
    ran = world.check("--all-tokens")
    found = {f["subject"]: f for f in ran.report["findings"] if "old-bot" in f["subject"]}
    ((subject, finding),) = found.items()
    assert subject.endswith("(old-bot)")
    assert finding["rule"] == "never-expires"
    (case,) = [f for f in ran.report["findings"] if f["rule"] == "neglected-tokens"]
    assert "old-bot" in case["message"]
    assert "fine-bot" not in case["message"]
    body = next(i.body for i in world.repository.issues.values() if "old-bot" in (i.body or ""))
    assert "@octo/iam" in body
    before = {n: i.body for n, i in world.repository.issues.items()}
    again = world.check("--all-tokens")
    assert again.writes == []
    assert {n: i.body for n, i in world.repository.issues.items()} == before


def test_a_list_that_cannot_be_read_closes_no_issue_and_opens_none(world: World) -> None:
    world.box.gitlab.create_token("project", "old-bot", project=42)
    world.check("--all-tokens")
    before = {n: (i.state, i.body) for n, i in world.repository.issues.items()}
    assert any("old-bot" in (body or "") for _, body in before.values())
    down = Fault("/projects/", Response(500, {}), times=99)
    world.box.gitlab.server.faults.append(down)
    ran = world.check("--all-tokens")
    assert ran.code == 3
    assert ran.writes == []
    world.box.gitlab.server.faults.clear()
    assert world.check("--all-tokens").writes == []
    assert {n: (i.state, i.body) for n, i in world.repository.issues.items()} == before


def test_what_has_no_list_is_a_notice_and_not_an_empty_list(world: World) -> None:
    path = world.workspace / ".github/keyturn.yml"
    text = path.read_text(encoding="utf-8")
    more = '  - { id: pat, provider: github, value: PAT, with: { url: "URL" } }\n'
    path.write_text(text + more.replace("URL", world.box.github.url), encoding="utf-8")
    value = "gh" + "p_" + "x" * 36
    world.box.github.add_token(value, kind="pat", scopes={"repo"})
    ran = world.run("inventory", "--provider", "github", "--format", "json", PAT=value)
    assert ran.code == 0
    (told,) = ran.report["errors"]
    assert (told["kind"], told["subject"]) == ("not-permitted", "pat")
    kinds = [f["kind"] for f in world.check("--all-tokens", PAT=value).report["errors"]]
    assert kinds.count("not-permitted") == [
        f["kind"] for f in world.check(PAT=value).report["errors"]
    ].count("not-permitted")
