"""`keyturn revoke` as a whole, against the sandbox."""

from __future__ import annotations

import io
import json
import sys
from random import Random
from typing import Any

import pytest

from keyturn.sandbox import Fault, Response
from keyturn.sandbox.gitlab_world import Token
from tests.scan.corpus.forge import with_crc62
from tests.scan.corpus.sample import ALNUM
from tests.world import World


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def release(world: World) -> Token:
    return next(t for t in world.box.gitlab.tokens if t.name == "ci-release")


def sent(world: World, method: str) -> list[str]:
    exchanges = world.box.gitlab.server.exchanges
    return [e.request.path for e in exchanges if e.request.method == method]


def test_without_apply_it_only_shows(world: World, release: Token) -> None:
    ran = world.run("revoke", "release-gitlab")
    assert ran.code == 0
    out = " ".join(ran.out.split())
    assert f"id {release.id}, active, owner user {release.user.id}, scopes api" in out
    assert "held by octo/storefront:GITLAB_TOKEN" in out
    assert "used at .github/workflows/release.yml:20 (job publish)" in out
    assert "first to break: publish in .github/workflows/release.yml, Fri 2026-11-27" in out
    assert "nothing was revoked" in out
    assert not release.revoked
    assert sent(world, "DELETE") == []
    assert release.value not in ran.out + ran.err


def test_it_is_dead_at_once_and_seen_to_be(world: World, release: Token) -> None:
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes")
    assert ran.code == 0
    assert release.revoked
    assert "dead: the provider no longer takes it" in ran.out
    folder = "/api/v4/projects/shop%2Fstorefront/access_tokens"
    assert sent(world, "DELETE") == [f"{folder}/{release.id}"]
    again = world.run("revoke", "release-gitlab", "--apply", "--yes", "--format", "json")
    assert again.code == 0
    (told,) = again.report["tokens"]
    assert (told["state"], told["fate"]) == ("revoked", "dead")
    assert len(sent(world, "DELETE")) == 1


def test_a_namesake_made_since_is_not_taken_for_it(world: World, release: Token) -> None:
    newer = world.box.gitlab.create_token("project", "ci-release", project=42)
    world.box.gitlab.revoke(newer.id)
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes")
    assert ran.code == 0
    assert release.revoked


@pytest.mark.parametrize(("typed", "code"), [("ID", 0), ("", 2), ("release-gitlab", 2)])
def test_a_person_types_the_tokens_id(
    world: World, release: Token, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed.replace("ID", str(release.id)) + "\n"))
    ran = world.run("revoke", "release-gitlab", "--apply")
    assert ran.code == code
    assert f"Type {release.id} to revoke" in ran.err
    assert release.revoked == (code == 0)


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        ([], {}, "name the tokens"),
        (["release-gitlab", "--leaks", "x.json"], {}, "name the tokens"),
        (["release-gitlb"], {}, "did you mean 'release-gitlab'"),
        (["release-gitlab", "--apply"], {}, "add --yes"),
        (["release-gitlab"], {"GITHUB_EVENT_NAME": "pull_request"}, "pull_request started"),
        (["release-gitlab", "--created-before", "2026-11-01"], {}, "--also-kills-jwts"),
        (
            ["release-gitlab", "--created-before", "2026-11-01", "--also-kills-jwts"],
            {},
            "gitlab knows no revocation by date",
        ),
        (["--leaks", "none.json"], {}, "No such file"),
        (["release-gitlab", "--output", "sarif=x.sarif"], {}, "text or json"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    environ: dict[str, str],
    words: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = world.run("revoke", *argv, **environ)
    assert ran.code == 2
    assert words in ran.err
    assert sent(world, "DELETE") == []


def test_what_keyturn_cannot_revoke_is_said(world: World) -> None:
    ran = world.run("revoke", "monitoring", "packages", "--apply", "--yes")
    out = " ".join(ran.out.split())
    assert "monitoring (declared)" in out
    assert "cannot be revoked by keyturn: declared has no API for that" in out
    assert "dead: was revoked" in out
    assert ran.code == 3


def test_a_refusal_is_exit_3(world: World, release: Token) -> None:
    forbidden = Response(403, {"error": "insufficient_scope", "error_description": "no"})
    world.box.gitlab.server.faults.append(Fault("^DELETE", forbidden))
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes")
    assert ran.code == 3
    assert "not-revoked:" in ran.out
    assert not release.revoked


def test_a_lost_answer_is_looked_into_and_not_sent_again(world: World, release: Token) -> None:
    world.box.gitlab.server.faults.append(Fault("^DELETE", drop=True, after=True))
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes")
    assert len(sent(world, "DELETE")) == 1
    assert release.revoked
    assert ran.code == 0
    assert "dead:" in ran.out


def test_everything_of_an_owner(world: World, release: Token) -> None:
    gitlab = world.box.gitlab
    owner = f"user {release.user.id}"
    bystander = gitlab.create_token("project", "other-bot", project=42)
    shown = world.run("revoke", "release-gitlab", "--all-of", owner.upper())
    assert f"access/{release.id} (ci-release)" in shown.out
    ran = world.run("revoke", "release-gitlab", "--all-of", owner, "--apply", "--yes")
    assert ran.code == 0
    assert release.revoked
    assert not bystander.revoked
    nobody = world.run("revoke", "release-gitlab", "--all-of", "user 999", "--apply", "--yes")
    assert (nobody.code, nobody.out) == (0, "")
    assert "nothing to revoke" in nobody.err


def scan(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(world.workspace)
    ran = world.run("scan", "--format", "json", "--output", "json=leaks.json", "config.env")
    assert ran.code == 1
    return ran.report


def test_what_the_scanner_found(
    world: World, release: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("config.env", f"A={release.value}\nB={release.value}\n")
    report = scan(world, monkeypatch)
    assert len(report["leaks"]) == 2
    shown = world.run("revoke", "--leaks", "leaks.json")
    assert "gitlab-pat at config.env:1:3 and 1 more (gitlab)" in shown.out
    assert f"id {release.id}" in shown.out
    assert not release.revoked
    ran = world.run("revoke", "--leaks", "leaks.json", "--apply", "--yes")
    assert ran.code == 0
    assert release.revoked
    assert "dead:" in ran.out
    assert release.value not in shown.out + shown.err + ran.out + ran.err
    again = world.run("revoke", "--leaks", "leaks.json", "--apply", "--yes")
    assert again.code == 0


def test_leaks_that_cannot_be_revoked_by_their_value(
    world: World, release: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("config.env", "A=npm" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1" + "2QdKwr\nB=x\n")
    world.write("config.env", f"A={release.value}\n")
    scan(world, monkeypatch)
    world.write("config.env", "A=gone\n")
    ran = world.run("revoke", "--leaks", "leaks.json", "--apply", "--yes")
    assert ran.code == 3
    assert "does not stand there any more" in " ".join(ran.out.split())
    for text in ("{", "[]", '{"schema": "keyturn.scan/1"}', '{"schema": "other", "leaks": []}'):
        world.write("leaks.json", text)
        bad = world.run("revoke", "--leaks", "leaks.json")
        assert bad.code == 2
        assert "no report of a scan" in bad.err


def test_reports_go_to_files_too(world: World, release: Token) -> None:
    world.run("revoke", "release-gitlab", "--output", "json=r.json")
    told = json.loads((world.workspace / "r.json").read_text(encoding="utf-8"))
    assert told["schema"] == "keyturn.revocation/1"
    assert not told["applied"]
    assert told["tokens"][0]["first_break"]["job"] == "publish"


def test_github_takes_all_leaked_values_in_one_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = with_crc62("gh" + "p_", ALNUM, 30)
    values = [make(Random(seed)) for seed in range(3)]
    for value in values:
        world.box.github.add_token(value, kind="pat", scopes={"repo"})
    configuration = world.workspace / ".github/keyturn.yml"
    more = '  - { id: pat, provider: github, value: PAT, with: { url: "URL" } }\n'
    text = configuration.read_text(encoding="utf-8") + more.replace("URL", world.box.github.url)
    configuration.write_text(text, encoding="utf-8")
    world.write("config.env", "".join(f"T{i}={value}\n" for i, value in enumerate(values)))
    scan(world, monkeypatch)
    ran = world.run("revoke", "--leaks", "leaks.json", "--apply", "--yes")
    assert ran.code == 0
    assert ran.writes == ["POST /credentials/revoke"]
    assert ran.out.count("dead:") == 3
    assert not any(value in ran.out + ran.err for value in values)
