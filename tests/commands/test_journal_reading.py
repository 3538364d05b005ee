"""What `check`, the plan and `revoke` make of the journal, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.model import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.known import Known, Operation, fold
from keyturn.rotation.log import Entry, Kind, Log, append, parse
from keyturn.sandbox import Fault, Response, example
from keyturn.sandbox.gitlab_world import Token
from tests.commands.test_rotate import PROJECT, Scene, make_scene

_ID = "k7m2p9x4"
_LOCAL = '{ kind: local, path: state, recovery-public-key: "PUBLIC" }'
_REFS = ["octo/storefront:GITLAB_TOKEN", "octo/storefront[production]:DEPLOY_TOKEN"]


@pytest.fixture
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Scene]:
    with make_scene(tmp_path, capsys) as made:
        made.configure(journal=_LOCAL)
        yield made


def configure(scene: Scene, *, provider: str = "gitlab", lines: str) -> None:
    """Declare one token by what is given, with its two copies."""
    public = scene.key.public.text
    scene.world.write(
        ".github/keyturn.yml",
        f"version: 1\njournal: {_LOCAL.replace('PUBLIC', public)}\n"
        f"tokens:\n  - id: release\n    provider: {provider}\n{lines}"
        "    secrets:\n      - GITLAB_TOKEN\n"
        "      - { environment: production, name: DEPLOY_TOKEN }\n"
        "    rotate: { enabled: true }\n",
    )


def by_id(scene: Scene, token: Token) -> None:
    where = f'url: "{scene.box.gitlab.url}", kind: project, project: {PROJECT}'
    configure(
        scene,
        lines=f"    with: {{ {where}, token-id: {token.id} }}\n    credential: GITLAB_MANAGER\n",
    )


def keep(scene: Scene, *entries: tuple[Kind, dict[str, Any]], at: datetime | None = None) -> None:
    """Put a journal there as if keyturn had written it, and remember its head."""
    at = at or scene.box.clock.now - timedelta(days=1)
    log = append(
        Log(),
        [Entry(kind, at, "run-1", _ID, data) for kind, data in entries],
        journal_key(scene.key),
    )
    scene.world.write("state/journal.jsonl", log.data.decode())
    assert log.head
    scene.world.repository.variables.put("KEYTURN_JOURNAL_HEAD", log.head.text, at=at)


def journal(scene: Scene) -> Known:
    data = (scene.world.workspace / "state/journal.jsonl").read_bytes()
    return fold(parse(data, journal_key(scene.key)))


def operation(scene: Scene) -> Operation:
    return journal(scene).operations[_ID]


def opened(old: str, **more: Any) -> tuple[Kind, dict[str, Any]]:
    data = {
        "repository": example.REPOSITORY,
        "token": "release",
        "provider": "gitlab",
        "strategy": "overlap",
        "cycle": 0,
        "old_id": old,
        "rows": _REFS,
    }
    return Kind.OPEN, {**data, **more}


def minted(old: Token, new: Token, scene: Scene) -> list[tuple[Kind, dict[str, Any]]]:
    """The entries of a rotation that has made its new token."""
    server = scene.box.gitlab.url.removeprefix("http://")
    phases: list[tuple[Kind, dict[str, Any]]] = [
        (Kind.PHASE, {"phase": phase.value}) for phase in (Phase.PREFLIGHT, Phase.MINTING)
    ]
    sealed = (Kind.PHASE, {"phase": "sealed", "new_id": str(new.id)})
    return [opened(str(old.id), place=f"{server}/access/"), *phases, sealed]


def done(old: Token, new: Token, scene: Scene) -> list[tuple[Kind, dict[str, Any]]]:
    """The entries of one that is over."""
    written = {ref: scene.box.clock.now - timedelta(days=81) for ref in _REFS}
    return [
        *minted(old, new, scene),
        (Kind.STORED, {"rows": written, "shown": written}),
        (Kind.PHASE, {"phase": "draining"}),
        (Kind.CLOSE, {"phase": "done"}),
    ]


def replaced(scene: Scene) -> tuple[Token, Token]:
    """Return a dead token, and the one that took its place."""
    old = scene.box.gitlab.create_token("project", "older", project=PROJECT)
    old.revoked = True
    return old, scene.token


def errors(report: dict[str, Any]) -> dict[str, str]:
    return {error["kind"]: error["message"] for error in report["errors"]}


def test_check_asks_about_the_token_that_took_the_declared_ones_place(scene: Scene) -> None:
    old, new = replaced(scene)
    by_id(scene, old)
    keep(scene, *done(old, new, scene))
    ran = scene.run("check", "--format", "json", "--no-issues")
    assert ran.report["errors"] == []
    assert ran.token("release")["state"] == "active"
    assert ran.token("release")["expires_at"] == "2026-12-01T00:00:00Z"
    (planned,) = scene.run("rotate", "--format", "json").report["rotations"]
    assert (planned["old"]["token_id"], planned["cycle"]) == (str(new.id), 1)


def test_without_the_key_check_takes_what_is_declared_and_says_so(scene: Scene) -> None:
    old, new = replaced(scene)
    by_id(scene, old)
    keep(scene, *done(old, new, scene))
    ran = scene.run("check", "--format", "json", "--no-issues", KEYTURN_RECOVERY_KEY=None)
    # The id is that of the old one, whose place another one may have taken.
    assert (ran.token("release")["state"], ran.rules("release")) == ("unknown", [])
    assert list(errors(ran.report)) == ["journal-not-read"]
    assert "KEYTURN_RECOVERY_KEY is not set" in errors(ran.report)["journal-not-read"]
    calm = scene.run("check", "--no-issues", "--fail-on", "never", KEYTURN_RECOVERY_KEY=None)
    assert calm.code == 0


def test_a_journal_that_was_changed_makes_a_check_incomplete(scene: Scene) -> None:
    keep(scene, *done(*replaced(scene), scene))
    path = scene.world.workspace / "state/journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"done"', b'"gone"'))
    ran = scene.run("check", "--format", "json", "--no-issues", "--fail-on", "never")
    assert ran.code == 3
    assert "was changed" in errors(ran.report)["journal-unusable"]
    assert ran.token("release")["state"] == "active"


def test_another_key_makes_a_check_incomplete_and_no_more(scene: Scene) -> None:
    scene.configure(journal=_LOCAL.replace("PUBLIC", type(scene.key).make().public.text))
    ran = scene.run("check", "--format", "json", "--no-issues")
    assert ran.code == 3
    assert "not the other half" in errors(ran.report)["journal-unusable"]
    assert ran.token("release")["state"] == "active"


@pytest.mark.parametrize("trouble", ["no answer", "no key"])
@pytest.mark.parametrize("enabled", [True, False])
def test_an_id_that_only_the_journal_knows_to_be_old_is_not_judged(
    scene: Scene, trouble: str, enabled: bool
) -> None:
    by_id(scene, scene.token)
    if not enabled:
        path = scene.world.workspace / ".github/keyturn.yml"
        path.write_text(path.read_text("utf-8").replace("enabled: true", "enabled: false"))
    key = scene.world.environ["KEYTURN_RECOVERY_KEY"] if trouble == "no answer" else None
    scene.box.github.server.faults.append(Fault("GET .*/actions/variables", Response(500)))

    def check() -> tuple[str, list[str]]:
        ran = scene.run("check", "--format", "json", KEYTURN_RECOVERY_KEY=key)
        return ran.token("release")["state"], ran.rules("release")

    # A run that never has the key is the only one that may tell of a token that lives.
    told = ("unknown", []) if enabled and key else ("active", ["expiring"])
    assert check() == told
    scene.world.repository.issues.clear()
    scene.token.revoked = True
    assert check() == (("unknown", []) if enabled else ("revoked", ["revoked"]))
    assert len(scene.world.repository.issues) == (not enabled)


_FORBIDDEN = Response(403, {"message": "Forbidden"})
_ELSEWHERE = '{ kind: git-ref, repository: octo/journal, recovery-public-key: "PUBLIC" }'


@pytest.mark.parametrize(
    ("journal", "private", "fault", "kind", "words"),
    [
        (_LOCAL, True, Fault("GET .*/actions/variables", _FORBIDDEN), "not-permitted",
         "Variables: read"),
        (_ELSEWHERE, True, Fault("GET /repos/octo/journal.*", Response(404)), "not-permitted",
         "octo/journal"),
        (_ELSEWHERE, False, None, "journal-not-read", "everybody can read octo/journal"),
    ],
)  # fmt: skip
def test_a_journal_that_this_run_is_not_to_read_is_a_notice(
    scene: Scene, journal: str, private: bool, fault: Fault | None, kind: str, words: str
) -> None:
    scene.box.github.add_repository("octo/journal", files={"a": "b"}, private=private)
    scene.configure(journal=journal)
    scene.box.github.server.faults += [fault] if fault else []
    ran = scene.run("check", "--format", "json", "--no-issues", "--fail-on", "never")
    assert (ran.code, list(errors(ran.report))) == (0, [kind])
    assert words in errors(ran.report)[kind]


def test_the_date_that_no_provider_tells_is_the_journals(scene: Scene) -> None:
    synoptic = scene.box.synoptic
    account = synoptic.add_account()
    token = synoptic.create_token(account)
    configure(
        scene,
        provider="synoptic",
        lines=f'    with: {{ url: "{synoptic.url}" }}\n    value: GITLAB_TOKEN\n'
        "    credential: ACCOUNT\n    expires: 2026-11-24\n",
    )
    given = {"GITLAB_TOKEN": token.value, "ACCOUNT": account.key}
    (planned,) = scene.run("rotate", "--format", "json", **given).report["rotations"]
    ends = scene.box.clock.now + timedelta(days=100)
    moved = {"phase": "done", "new_id": planned["old"]["token_id"], "expires_at": ends}
    start = opened("older", provider="synoptic", rows=[])
    keep(scene, start, (Kind.PHASE, {"phase": "preflight"}), (Kind.CLOSE, moved))
    ran = scene.run("check", "--format", "json", "--no-issues", **given)
    told = ran.token("release")
    assert (told["evidence"], told["expires_precision"]) == ("journal", "instant")
    assert told["expires_at"] == told["deadline"]["at"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert scene.run("rotate", "--format", "json", **given).report["rotations"] == []


def test_a_rotation_that_needs_a_person_is_a_finding(scene: Scene) -> None:
    old, new = replaced(scene)
    stopped = (Kind.PHASE, {"phase": "needs-human", "because": "it is odd", "hint": "look"})
    keep(scene, *minted(old, new, scene), stopped)
    ran = scene.run("check", "--format", "json", "--no-issues")
    assert "rotation-stuck" in ran.rules("release")
    blind = scene.run("check", "--format", "json", "--no-issues", KEYTURN_RECOVERY_KEY=None)
    assert "rotation-stuck" not in blind.rules("release")


def test_a_token_that_moved_without_an_entry_waits_until_it_is_stored(scene: Scene) -> None:
    old, _ = replaced(scene)
    other = scene.box.gitlab.create_token("project", "older still", project=PROJECT)
    keep(scene, *done(old, other, scene))
    ran = scene.run("rotate", "--format", "json")
    assert (ran.code, ran.report["rotations"]) == (4, [])
    (blocked,) = ran.report["skipped"]
    assert "moved without an entry" in blocked["message"]
    assert all(ref in blocked["message"] for ref in _REFS)

    for environment in (None, "production"):
        name = "DEPLOY_TOKEN" if environment else "GITLAB_TOKEN"
        repository = scene.world.repository
        repository.put_secret(name, scene.token.value, environment=environment)
    (planned,) = scene.run("rotate", "--format", "json").report["rotations"]
    assert "it was replaced by hand" in planned["notes"][0]


def test_a_plan_without_the_key_says_that_it_cannot_be_saved(scene: Scene) -> None:
    ran = scene.run("rotate", KEYTURN_RECOVERY_KEY=None)
    assert "note: it was made without the journal" in " ".join(ran.out.split())


def test_leaked_needs_names_and_consent(scene: Scene) -> None:
    for flags in (["--leaked"], ["release", "--leaked"], ["--now", "--leaked"]):
        ran = scene.run("rotate", *flags)
        assert (ran.code, "name them, and add --now" in ran.err) == (2, True)
    ran = scene.run("rotate", "release", "--now", "--leaked", "--format", "json")
    (planned,) = ran.report["rotations"]
    assert planned["leaked"] is True


# ------------------------------------------------------------------ revoke


def test_what_a_rotation_was_about_to_store_is_stored_no_more(scene: Scene) -> None:
    old, new = replaced(scene)
    keep(scene, *minted(old, new, scene))
    ran = scene.run("revoke", "release", "--apply", "--yes", "--format", "json")
    assert (ran.code, ran.report["errors"], new.revoked) == (0, [], True)
    assert operation(scene).phase is Phase.NEEDS_HUMAN
    assert operation(scene).facts["from"] == "sealed"
    assert "release: its rotation was stopped" in ran.err


@pytest.mark.parametrize("over", [True, False])
def test_the_end_of_the_old_token_stops_nothing(scene: Scene, over: bool) -> None:
    new = scene.box.gitlab.create_token("project", "newer", project=PROJECT)
    make = done if over else minted
    keep(scene, *make(scene.token, new, scene))
    before = journal(scene)
    assert scene.run("revoke", "release", "--apply", "--yes").code == 0
    assert (scene.token.revoked, new.revoked) == (True, False)
    assert journal(scene) == before


@pytest.mark.parametrize("trouble", ["no key", "no GitHub", "broken"])
def test_a_journal_keeps_nothing_from_dying(scene: Scene, trouble: str) -> None:
    old, new = replaced(scene)
    keep(scene, *minted(old, new, scene))
    given: dict[str, str | None] = {}
    if trouble == "no key":
        given["KEYTURN_RECOVERY_KEY"] = None
    elif trouble == "no GitHub":
        scene.box.github.server.faults.append(
            Fault(".*", Response(401, {"message": "Bad credentials"}))
        )
    else:
        scene.world.write("state/journal.jsonl", "{}\n")
    ran = scene.run("revoke", "release", "--apply", "--yes", "--format", "json", **given)
    assert (ran.code, new.revoked) == (0, True)
    assert "none was stopped" in " ".join(e["message"] for e in ran.report["errors"])


def test_an_id_that_is_declared_means_the_token_that_lives(scene: Scene) -> None:
    old, new = replaced(scene)
    by_id(scene, old)
    keep(scene, *done(old, new, scene))
    blind = scene.run("revoke", "release", "--format", "json", KEYTURN_RECOVERY_KEY=None)
    assert "journal-not-read" in errors(blind.report)
    assert scene.run("revoke", "release", "--apply", "--yes").code == 0
    assert new.revoked


@pytest.mark.parametrize("flags", [[], ["release", "--now", "--leaked"]])
def test_one_rotation_after_another_of_a_token_that_is_declared_by_its_id(
    scene: Scene, flags: list[str]
) -> None:
    by_id(scene, scene.token)
    for more in (flags, []):
        (before,) = scene.living
        assert scene.run("rotate", "--apply", *more).code == 0
        scene.use()
        assert scene.run("rotate", "--apply").code == 0
        (after,) = scene.living
        assert before is not after
        assert scene.stored == {after.value}
        ran = scene.run("check", "--format", "json", "--no-issues")
        assert (ran.code, ran.token("release")["state"], ran.report["findings"]) == (
            0,
            "active",
            [],
        )
        scene.box.clock.advance(timedelta(days=70))
