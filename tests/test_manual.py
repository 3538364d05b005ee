from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.case import Case
from keyturn.issues.convergence import Convergence
from keyturn.issues.state import Identity, Life, Memory, Old, read_memory, write_body
from keyturn.manual import Steps, find_doubts, find_steps, has_compared, is_by_hand, recall
from keyturn.model import (
    Capability,
    Evidence,
    Finding,
    Precision,
    Rotate,
    Scope,
    Secret,
    SecretRef,
    State,
    Store,
    StoredPart,
    TokenStatus,
)
from keyturn.plan.choice import Candidate
from keyturn.report.issue import IssueText
from tests.issue_samples import (
    COPY,
    DAYS,
    DUE,
    IDLE,
    MADE,
    NOW,
    REF,
    STALE,
    STATUS,
    expiring,
    survey,
)
from tests.report import samples

SCOPED = replace(STATUS, scopes=("api", "read_user"))
OLD = Old(Life("7", "2026-12-01T00:00:00Z", "2026-01-26T13:43:00Z"), SCOPED.scopes)
AGAIN = replace(COPY, updated_at=NOW)


def case(
    *findings: Finding,
    status: TokenStatus = SCOPED,
    copies: Sequence[Secret] = (COPY,),
    old: Old | None = None,
    lifetime: int = 0,
    **declared: Any,
) -> Case:
    inspected = survey(*findings, status=status).tokens[0]
    rotate = Rotate(lifetime=lifetime * DAYS if lifetime else None)
    token = replace(inspected.token, rotate=rotate, **declared)
    return Case(replace(inspected, token=token), findings, tuple(copies), by_hand=True, old=old)


def steps(*findings: Finding, server: str = "github.com", **facts: Any) -> Steps:
    found = find_steps(case(*(findings or (expiring(),)), **facts), server)
    assert found
    return found


def secret(scope: Scope, name: str = "N", visibility: str | None = None) -> Secret:
    return Secret(SecretRef(scope, name), visibility=visibility, declared_by="deploy")


@pytest.mark.parametrize(
    ("state", "can", "manager", "by_hand"),
    [
        (State.ACTIVE, {Capability.MINT}, True, False),
        (State.ACTIVE, set(), True, True),
        (State.EXPIRED, {Capability.MINT}, True, False),
        (State.EXPIRED, {Capability.MINT}, False, True),
        (State.REVOKED, {Capability.MINT}, True, True),
        (State.BLOCKED, {Capability.MINT}, True, True),
    ],
)
def test_what_only_a_person_can_do(
    state: State, can: set[Capability], manager: bool, by_hand: bool
) -> None:
    names: dict[str, Any] = {"credential_env": {"": "M"}} if manager else {"value_env": {"": "V"}}
    inspected = case(status=replace(SCOPED, state=state), **names).inspected
    candidate = Candidate(inspected, Rotate(enabled=True), frozenset(can))
    assert is_by_hand(candidate) is by_hand


@pytest.mark.parametrize(
    ("enabled", "named", "told"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_what_keyturn_rotates_itself_is_nobodys_work(
    enabled: bool, named: bool, told: bool
) -> None:
    found = survey(expiring())
    token = replace(found.tokens[0].token, rotate=Rotate(enabled=enabled))
    found = replace(
        found,
        tokens=(replace(found.tokens[0], token=token),),
        by_hand=frozenset({"deploy"} if named else ()),
    )
    writer = IssueText("octo/app", "https://github.com", NOW)
    (action,) = Convergence(found, "octo/app", writer).decide({})
    assert ("gh secret set" in (action.body or "")) is told


LIST = "/secrets/N/repositories --jq '.repositories[].name' | paste -sd, -)\""


@pytest.mark.parametrize(
    ("copy", "command"),
    [
        (secret(Scope("octo", "app")), "gh secret set N --repo octo/app"),
        (secret(Scope("octo", "app", "prod")), "gh secret set N --repo octo/app --env prod"),
        (secret(Scope("octo", "app", store=Store.DEPENDABOT)),
         "gh secret set N --repo octo/app --app dependabot"),
        (secret(Scope("octo", "app", store=Store.CODESPACES)),
         "gh secret set N --repo octo/app --app codespaces"),
        (secret(Scope("octo"), visibility="all"), "gh secret set N --org octo --visibility all"),
        (secret(Scope("octo", store=Store.DEPENDABOT), visibility="private"),
         "gh secret set N --org octo --app dependabot --visibility private"),
        (secret(Scope("octo"), visibility="selected"),
         "gh secret set N --org octo --visibility selected"
         ' --repos "$(gh api --paginate orgs/octo/actions' + LIST),
        (secret(Scope("octo", store=Store.CODESPACES), visibility="selected"),
         "gh secret set N --org octo --app codespaces --visibility selected"
         ' --repos "$(gh api --paginate orgs/octo/codespaces' + LIST),
        (secret(Scope("octo", "app", "a b")), "gh secret set N --repo octo/app --env 'a b'"),
        (secret(Scope("octo", "app", "$(id)")), "gh secret set N --repo octo/app --env '$(id)'"),
        (secret(Scope("octo", "app", "*#_")), "gh secret set N --repo octo/app --env '*#_'"),
        (secret(Scope("octo", "app", "it's")),
         """gh secret set N --repo octo/app --env 'it'"'"'s'"""),
        (secret(Scope("octo", "app", "--body")), "gh secret set N --repo octo/app --env --body"),
    ],
)  # fmt: skip
def test_each_secret_has_its_command(copy: Secret, command: str) -> None:
    found = steps(copies=[copy])
    assert (found.commands, found.others) == ((command,), ())


@pytest.mark.parametrize(
    ("copy", "why"),
    [
        (secret(Scope("octo")), "who may read it cannot be seen"),
        (secret(Scope("octo", "app", "a`b")), "no good in a command"),
        (secret(Scope("octo", "app", "a\n```")), "no good in a command"),
        (secret(Scope("octo", "app", "<!-- keyturn:end -->")), "no good in a command"),
        (secret(Scope("octo", "app", "a\u202eb")), "no good in a command"),
        (secret(Scope("octo", "app", "##[error]")), "no good in a command"),
    ],
)
def test_what_no_command_can_say_is_named(copy: Secret, why: str) -> None:
    found = steps(copies=[copy])
    assert found.commands == ()
    ((ref, said),) = found.others
    assert ref == copy.ref
    assert why in said


def test_another_github_is_named_in_each_command_and_in_what_is_asked_for_it() -> None:
    assert steps(server="ghe.example.com").commands == (
        "GH_HOST=ghe.example.com gh secret set GITLAB_TOKEN --repo octo/app",
    )
    shared = secret(Scope("octo"), visibility="selected")
    assert steps(copies=[shared], server="ghe.example.com").commands == (
        "GH_HOST=ghe.example.com gh secret set N --org octo --visibility selected --repos"
        ' "$(GH_HOST=ghe.example.com gh api --paginate orgs/octo/actions' + LIST,
    )


def test_an_issue_is_written_where_the_address_of_github_is_none() -> None:
    found = replace(survey(expiring()), by_hand=frozenset({"deploy"}))
    (action,) = Convergence(found, "octo/app", IssueText("octo/app", "http://[", NOW)).decide({})
    assert "gh secret set GITLAB_TOKEN" in (action.body or "")


def test_an_ignored_copy_is_nobodys_work_and_parts_are_told() -> None:
    found = steps(copies=[replace(COPY, ignored=True)], secrets=(StoredPart(REF, "username"),))
    assert (found.commands, found.others) == ((), ())
    assert found.parts == ((REF, "username"),)


@pytest.mark.parametrize(
    ("findings", "facts"),
    [
        ([IDLE], {}),
        ([], {}),
        ([expiring()], {"by_hand": False}),
    ],
)
def test_where_nobody_has_to_replace_it_nothing_is_told(
    findings: list[Finding], facts: dict[str, Any]
) -> None:
    assert find_steps(replace(case(*findings), **facts), "github.com") is None


@pytest.mark.parametrize("facts", [{"doubts": (("scopes", "x"),)}, {"unproven": ((COPY, "x"),)}])
def test_it_is_told_until_all_is_well(facts: dict[str, Any]) -> None:
    assert find_steps(replace(case(), **facts), "github.com")


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ({}, 308),
        ({"lifetime": 90}, 90),
        ({"status": replace(SCOPED, created_at=None)}, None),
        ({"status": replace(SCOPED, created_at=DUE - 900 * DAYS)}, 366),
    ],
)
def test_how_long_it_is_to_live(facts: dict[str, Any], days: int | None) -> None:
    assert steps(**facts).days == days


def test_the_scopes_are_those_of_the_old_one() -> None:
    broader = replace(SCOPED, scopes=("api", "sudo"))
    assert steps(status=broader, old=OLD).scopes == ("api", "read_user")
    assert steps(status=broader).scopes == ("api", "sudo")


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        (
            {"value_env": {"": "V"}},
            "the value given to the run is another one than now",
        ),
        ({"credential_env": {"": "M"}, "value_env": {"": "V"}}, "gitlab shows another token"),
        ({"status": replace(SCOPED, evidence=Evidence.DECLARED)}, "the new date stands in"),
    ],
)
def test_what_is_looked_at(facts: dict[str, Any], first: str) -> None:
    assert steps(**facts).proofs[0].startswith(first)


# What was put in its place


NEW = replace(SCOPED, token_id="8", created_at=NOW, expires_at=NOW + 90 * DAYS)


def life(status: TokenStatus) -> Life:
    ends = status.expires_at
    return Life(status.token_id or "", f"{ends:%Y-%m-%dT%H:%M:%SZ}" if ends else "")


@pytest.mark.parametrize(
    ("status", "copies", "said"),
    [
        (SCOPED, [COPY], None),
        (SCOPED, [AGAIN], "1 of 1 secrets were written since, and gitlab still shows the old"),
        (replace(SCOPED, holds_copy=True), [AGAIN], "the value that this run was given is still"),
        (replace(SCOPED, evidence=Evidence.DECLARED), [AGAIN], "write the new one after expires"),
        (replace(SCOPED, state=State.REVOKED), [AGAIN], "what is there now is revoked all"),
        (replace(SCOPED, state=State.UNKNOWN), [AGAIN], None),
        (replace(SCOPED, state=State.REVOKED), [COPY], None),
        (NEW, [AGAIN], None),
        (NEW, [COPY], None),
        (replace(NEW, scopes=("read_user",)), [AGAIN], None),
        (replace(NEW, scopes=()), [AGAIN], None),
        (replace(NEW, scopes=("api", "sudo")), [AGAIN], "that the old one had not: sudo"),
        (replace(NEW, scopes=tuple(f"s{n}" for n in range(12))), [AGAIN], "s9 and 2 more"),
        # A week earlier than wanted is what keyturn itself asks for.
        (replace(NEW, expires_at=NOW + 82 * DAYS), [AGAIN], None),
        (replace(NEW, expires_at=NOW + 82 * DAYS - timedelta(seconds=1)), [AGAIN],
         "the new token lives 81 days, and 90 are wanted"),
        (replace(NEW, created_at=None, expires_at=NOW + 9 * DAYS), [AGAIN], "lives 9 days"),
        (replace(NEW, precision=Precision.NEVER, expires_at=None), [AGAIN], None),
    ],
)  # fmt: skip
def test_what_is_in_doubt(status: TokenStatus, copies: list[Secret], said: str | None) -> None:
    found = case(expiring(), status=status, copies=copies, old=OLD, lifetime=90)
    doubts = find_doubts(found, life(status))
    assert bool(doubts) is bool(said)
    assert all((said or "") in text for _, text in doubts)


def test_without_a_look_at_the_old_one_nothing_is_compared() -> None:
    assert find_doubts(case(expiring(), copies=[AGAIN]), life(SCOPED)) == ()
    assert not has_compared(case())
    assert has_compared(case(old=OLD))
    assert not has_compared(case(old=replace(OLD, scopes=())))


@pytest.mark.parametrize(
    ("findings", "known", "kept"),
    [
        ([expiring()], None, Old(Life("9"), ("api", "read_user"))),
        ([expiring()], OLD, OLD),
        ([STALE], OLD, OLD),
        ([], OLD, OLD),
        ([IDLE], OLD, None),
        ([STALE], None, None),
        ([IDLE], None, None),
    ],
)
def test_the_first_look_is_remembered(
    findings: list[Finding], known: Old | None, kept: Old | None
) -> None:
    assert recall(case(*findings), Life("9"), known) == kept


def test_more_scopes_than_an_issue_can_hold_are_not_remembered() -> None:
    many = replace(SCOPED, scopes=tuple(f"scope-number-{n}" for n in range(400)))
    assert recall(case(expiring(), status=many), Life("9"), None) == Old(Life("9"))


@given(st.builds(Old, st.builds(Life, st.text(), st.text(), st.text()), st.tuples(st.text())))
def test_what_is_remembered_comes_back(old: Old) -> None:
    memory = Memory(Life("1"), ("expiring",), old=old)
    body = write_body("", identity=Identity("deploy"), text="x", memory=memory)
    assert read_memory(body) == memory


# What strangers may name


environments = (st.text(min_size=1, max_size=40) | samples.words).filter(bool)
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@given(st.lists(environments, min_size=1, max_size=3, unique_by=str.lower), samples.words)
def test_no_name_leaves_its_command(names: list[str], scope: str) -> None:
    copies = [secret(Scope("octo", "app", name)) for name in names]
    found = case(expiring(), copies=copies, status=replace(SCOPED, scopes=(scope,)))
    told = find_steps(found, "github.com")
    assert told
    assert len(told.commands) + len(told.others) == len(copies)
    for command in told.commands:
        words = shlex.split(command)
        assert words[:-1] == ["gh", "secret", "set", "N", "--repo", "octo/app", "--env"]
        assert words[-1] in names
    text = IssueText("octo/app", "https://github.com", MADE, lambda _t, _s: f"https://h/{scope}")
    body = text.text(found)
    assert "<!--" not in body
    blocks = FENCE.findall(body)
    assert [line for block in blocks for line in block.splitlines()] == list(told.commands)
    link = re.search(r"\[Make the new token here\]\(([^)]*)\)", body)
    assert link
    assert re.fullmatch(r"[\w:/?&=+,%.~-]+", link[1], re.ASCII)
