"""`keyturn revoke` as a whole, against the sandbox."""

from __future__ import annotations

import io
import json
import sys
from argparse import Namespace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from keyturn.commands import revoke
from keyturn.commands.revoke_targets import Search
from keyturn.config import Config
from keyturn.credentials import Credentials
from keyturn.errors import CredentialRejected, KeyturnError, ProviderUnavailable
from keyturn.github.runner import Runner
from keyturn.interfaces import Access
from keyturn.model import State, TokenStatus
from keyturn.model import Token as Declared
from keyturn.report import publish
from keyturn.revocation import Fate
from keyturn.sandbox import Fault, Response
from keyturn.sandbox.gitlab_world import Token
from keyturn.settings import Settings
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
        (
            ["release-gitlab", "--apply", "--yes", "--at", "2027-01-01"],
            {"GITHUB_API_URL": "https://api.github.com"},
            "leave --at out",
        ),
        (["release-gitlab"], {"GITHUB_EVENT_NAME": "pull_request"}, "pull_request started"),
        *(
            (
                ["release-gitlab", "--apply", "--yes"],
                {"GITHUB_EVENT_NAME": event},
                told,
            )
            for event, told in (
                ("issues", "issues started"),
                ("discussion_comment", "discussion_comment started"),
                ("merge_group", "merge_group started"),
                (None, "an unknown event started"),
            )
        ),
        (["release-gitlab", "--created-before", "2026-11-01"], {}, "--also-kills-jwts"),
        (
            ["release-gitlab", "--created-before", "2026-11-01", "--also-kills-jwts"],
            {},
            "gitlab knows no revocation by date",
        ),
        (["--leaks", "none.json"], {}, "No such file"),
        # What a shell makes of a variable that is not set.
        (["release-gitlab", "--all-of", "", "--apply", "--yes"], {}, "an empty OWNER"),
        (["release-gitlab", "--created-before", "", "--apply", "--yes"], {}, "an empty OWNER"),
        (["release-gitlab", "--leaks", " ", "--apply", "--yes"], {}, "an empty OWNER"),
        (
            ["--leaks", "x", "--created-before", "2026-11-01", "--also-kills-jwts", "--yes"],
            {},
            "leave the other flags out",
        ),
        (["--leaks", "x", "--all-of", "alice"], {}, "leave the other flags out"),
        (
            ["release-gitlab", "--created-before", "2999-01-01", "--also-kills-jwts"],
            {},
            "has not come yet",
        ),
        (
            ["release-gitlab", "--created-before=2026-01-01", "--also-kills-jwts", "--format=json"],
            {},
            "told as text",
        ),
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


@pytest.mark.parametrize("trouble", ["missing", "down", "unreachable"])
def test_github_stands_in_nobodys_way(world: World, release: Token, trouble: str) -> None:
    environ: dict[str, str | None] = {}
    if trouble == "missing":
        environ = {"GITHUB_TOKEN": None}
    elif trouble == "unreachable":
        environ = {"GITHUB_API_URL": "http://127.0.0.1:9"}
    else:
        world.box.github.server.faults.append(Fault(".", Response(500, {}), times=99))
    shown = world.run("revoke", "release-gitlab", "--format", "json", **environ)
    assert shown.code == 3
    assert {error["kind"] for error in shown.report["errors"]} & {
        "credential-missing",
        "github-unavailable",
    }
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes", **environ)
    assert ran.code == 0
    assert release.revoked
    assert "not known: " in ran.out


def test_what_was_done_is_told_though_a_file_cannot_be_written(
    world: World, release: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise KeyturnError("no space left")

    monkeypatch.setattr(publish, "write_atomically", full)
    ran = world.run("revoke", "release-gitlab", "--apply", "--yes", "--output", "json=r.json")
    assert ran.code == 3
    assert "dead:" in ran.out
    assert "no space left" in ran.err


def test_a_persons_plan_is_not_part_of_the_result(
    world: World, release: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{release.id}\n"))
    ran = world.run("revoke", "release-gitlab", "--apply", "--format", "json")
    assert ran.code == 0
    assert ran.report["applied"]
    assert "first to break: publish" in " ".join(ran.err.split())


def test_without_standard_input_consent_is_a_flag(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ran = world.run("revoke", "release-gitlab", "--apply")
    assert ran.code == 2
    assert "add --yes" in ran.err


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


def test_the_jobs_that_live_by_an_owners_tokens_are_shown(world: World, release: Token) -> None:
    # Asked through another declaration than the token's own.
    configuration = world.workspace / ".github/keyturn.yml"
    more = (
        f'  - {{ id: bot, provider: gitlab, with: {{ url: "{world.box.gitlab.url}", kind: project,'
        " project: shop/storefront, token: bot }, credential: GITLAB_MANAGER }\n"
    )
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text + more, encoding="utf-8")
    ran = world.run("revoke", "bot", "--all-of", f"user {release.user.id}")
    out = " ".join(ran.out.split())
    assert f"access/{release.id} (ci-release)" in out
    assert "held by octo/storefront:GITLAB_TOKEN" in out
    assert "first to break: publish" in out


def test_a_tokens_own_value_ends_its_owners_others_and_itself_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoke, "time", Namespace(sleep=lambda _seconds: None))
    gitlab = world.box.gitlab
    alice = gitlab.add_user("alice")
    own, *others = [gitlab.create_token(name=f"token-{n}", owner=alice) for n in range(3)]
    world.write(
        ".github/keyturn.yml",
        "version: 1\ntokens:\n  - id: hers\n    provider: gitlab\n    value: HERS\n"
        f'    with: {{ url: "{gitlab.url}" }}\n',
    )
    ran = world.run(
        "revoke", "hers", "--all-of", f"user {alice.id}", "--apply", "--yes", HERS=own.value
    )
    assert [token.revoked for token in (*others, own)] == [True] * 3
    # Who could see that the others are dead is dead now.
    assert ran.code == 3
    assert ran.out.count("was revoked without an error") == 2
    assert sent(world, "DELETE")[-1] == "/api/v4/personal_access_tokens/self"


def test_who_has_no_owner_and_what_the_provider_renews_is_nobodys(world: World) -> None:
    sailpoint = world.box.sailpoint
    alice = sailpoint.add_identity("alice")
    admin = sailpoint.add_identity("keyturn", admin=True)
    asking = sailpoint.create_pat("keyturn", owner=admin)
    hers, renewed = (
        sailpoint.create_pat(name, owner=alice, managed=managed)
        for name, managed in (("hers", False), ("renewed", True))
    )
    world.write(
        ".github/keyturn.yml",
        "version: 1\ntokens:\n  - id: isc\n    provider: sailpoint\n"
        f'    with: {{ url: "{sailpoint.url}", token: hers }}\n    credential: ISC\n',
    )
    ran = world.run(
        "revoke", "isc", "--all-of", "Alice", "--apply", "--yes", ISC=f"{asking.id}:{asking.secret}"
    )
    assert ran.code == 0
    assert hers not in sailpoint.pats
    assert renewed in sailpoint.pats
    assert asking.secret not in ran.out


@pytest.mark.parametrize(
    "value", ["value: ISC", "value: { client-id: ISC_ID, client-secret: ISC_SECRET }"]
)
def test_a_pair_ends_itself_and_no_part_of_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    sailpoint = world.box.sailpoint
    pat = sailpoint.create_pat("ci", owner=sailpoint.add_identity("svc-ci"))
    world.write(
        ".github/keyturn.yml",
        f"version: 1\ntokens:\n  - id: isc\n    provider: sailpoint\n    {value}\n"
        f'    with: {{ url: "{sailpoint.url}" }}\n',
    )
    # The id is a part of the value: what is typed is how many.
    monkeypatch.setattr(sys, "stdin", Terminal("1\n"))
    given = {"ISC": f"{pat.id}:{pat.secret}", "ISC_ID": pat.id, "ISC_SECRET": pat.secret}
    ran = world.run("revoke", "isc", "--apply", GITHUB_ACTIONS=None, **given)
    assert ran.code == 0
    assert pat not in sailpoint.pats
    assert "dead: " in ran.out
    assert "12 hours" in " ".join(ran.out.split())
    assert not any(part in ran.out + ran.err for part in (pat.id, pat.secret))


@pytest.mark.parametrize(
    ("via", "words"),
    [("release-gitlab", "answers with an error"), ("monitoring", "lists nothing")],
)
def test_of_a_list_that_is_not_whole_nothing_is_revoked(
    world: World, release: Token, via: str, words: str
) -> None:
    listed = Response(500, {})
    world.box.gitlab.server.faults.append(Fault("access_tokens", listed, times=99))
    owner = f"user {release.user.id}"
    ran = world.run("revoke", via, "--all-of", owner, "--apply", "--yes")
    assert ran.code == 3
    assert "not everything can be listed" in ran.err
    assert words in ran.err
    assert sent(world, "DELETE") == []


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


@pytest.mark.parametrize(
    ("flags", "fault", "code", "words", "done"),
    [
        ([], None, 0, "nothing was revoked", 0),
        (["--apply", "--yes", "--dry-run"], None, 0, "nothing was revoked", 0),
        (["--apply", "--yes"], None, 0, "boards: refused from now on", 1),
        (["--apply", "--yes"], Fault("^POST", drop=True, after=True), 3, "nobody knows", 1),
        (["--apply", "--yes"], Fault("^POST", Response(403, {})), 3, "boards: not revoked", 0),
    ],
)
def test_everything_before_a_moment(
    world: World, flags: list[str], fault: Fault | None, code: int, words: str, done: int
) -> None:
    azure = world.box.azure_devops
    owner = azure.add_user("ci@acme.example")
    admin = azure.add_user("admin@acme.example", admin=True)
    azure.create_pat("ci", owner=owner, valid_to=world.box.clock.now + timedelta(days=30))
    world.write(
        ".github/keyturn.yml",
        "version: 1\ntokens:\n  - id: boards\n    provider: azure-devops\n    credential: ADMIN\n"
        f'    with: {{ url: "{azure.url}", organization: acme, user: {owner.name}, token: ci }}\n',
    )
    azure.server.faults += [fault] if fault else []
    before = ["--created-before", "2026-11-22", "--also-kills-jwts"]
    ran = world.run("revoke", "boards", *before, *flags, ADMIN=azure.sign_in(admin).value)
    assert ran.code == code
    assert words in ran.out
    posts = [e for e in azure.server.exchanges if e.request.method == "POST"]
    # The sandbox records what reached a route.
    assert len(posts) == done


def leak(**changes: object) -> dict[str, object]:
    row = {"rule": "gitlab-pat", "path": "a.env", "line": 1, "column": 1, "end_line": 1}
    return {**row, "confidence": "likely", "preview": "", "commit": None, **changes}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (leak(path=["x"]), 2),
        (leak(path=5), 2),
        (leak(rule={"x": 1}), 2),
        (leak(preview=None), 2),
        (leak(line=True), 2),
        (leak(path="a\0b"), 3),
        (leak(path="\ud800"), 3),
        (leak(path="../../etc/passwd"), 3),
        (leak(path="x" * 5000), 3),
        (leak(path="\x1b]0;x\n::error::x", rule="\x1b[31m"), 3),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_report_from_anywhere_is_only_a_report(
    world: World, row: dict[str, object], code: int
) -> None:
    world.write("r.json", json.dumps({"schema": "keyturn.scan/1", "leaks": [row]}))
    ran = world.run("revoke", "--leaks", "r.json", "--apply", "--yes")
    assert ran.code == code
    assert "error of its own" not in ran.err
    assert "\x1b" not in ran.out + ran.err
    assert not [line for line in ran.out.splitlines() if line.lstrip().startswith("::")]


class Server:
    """A provider whose servers answer as each case wants."""

    name = "gitlab"

    def __init__(self, answers: dict[str, TokenStatus | Exception]) -> None:
        self.answers = answers

    def inspect(self, token: Declared, access: Access, *, now: datetime) -> TokenStatus:
        answer = self.answers[token.options["url"]]
        if isinstance(answer, Exception):
            raise answer
        return answer


A, B, GITLAB = "https://a.example", "https://b.example", "https://gitlab.com"
REFUSED = TokenStatus(State.REVOKED, reason="is unknown there")
LIVES = TokenStatus(State.ACTIVE, token_id="7")
DOWN, FORBIDDEN = ProviderUnavailable("down"), CredentialRejected("forbidden")


@pytest.mark.parametrize(
    ("answers", "url", "fate", "words"),
    [
        ({A: REFUSED, B: LIVES}, B, None, ""),
        ({A: REFUSED, B: REFUSED}, None, Fate.DEAD, "is unknown there; is unknown there"),
        # Whether the other server knows it, nobody can say.
        ({A: REFUSED, B: DOWN}, None, None, "down"),
        ({A: DOWN, B: LIVES}, B, None, ""),
        ({A: FORBIDDEN}, None, None, "forbidden"),
        # The only server may take what is to be revoked, though it tells nothing.
        ({A: DOWN}, A, None, ""),
        # Nobody declared a server, so that it may be of one that nobody asked.
        ({GITLAB: REFUSED}, None, Fate.UNKNOWN, "declare a token of that server"),
        ({GITLAB: LIVES}, GITLAB, None, ""),
    ],
)
def test_a_leaked_value_is_dead_only_where_every_server_says_so(
    world: World,
    answers: dict[str, TokenStatus | Exception],
    url: str | None,
    fate: Fate | None,
    words: str,
) -> None:
    value = "gl" + "pat-" + "aB3dE5gH7jK9mN1pQ3sT"
    world.write("a.env", f"{value}\n")
    world.write("r.json", json.dumps({"schema": "keyturn.scan/1", "leaks": [leak()]}))
    tokens = tuple(
        Declared(url, "gitlab", options={"url": url}) for url in answers if url != GITLAB
    )
    settings = Settings(
        now=world.box.clock.now,
        root=world.workspace,
        runner=Runner.from_environ({}),
        credentials=Credentials({}),
    )
    search = Search(settings, Config(tokens=tokens), lambda _name: Server(answers))  # type: ignore[arg-type, return-value]
    arguments = Namespace(leaks="r.json")
    ((found,), failures) = search.find(arguments)
    assert failures == ()
    assert (found.target and found.target.token.options["url"]) == url
    assert found.entry.fate is fate
    assert words in found.entry.message + found.entry.problem
