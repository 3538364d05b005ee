from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.case import Case
from keyturn.issues.state import (
    Identity,
    Kind,
    Life,
    Memory,
    find_identity,
    read_memory,
    write_body,
)
from keyturn.model import (
    Finding,
    FirstBreak,
    Inspected,
    Precision,
    Reference,
    Secret,
    SecretRef,
    Severity,
    Token,
    TokenStatus,
)
from keyturn.report.issue import IssueText
from keyturn.rules import SEVERITIES
from tests.issue_samples import COPY, DUE, NOW, REF, STATUS, expiring, survey
from tests.report import samples
from tests.report.test_escape import is_inert, unescaped

TEXT = IssueText("octo/app", "https://github.com", NOW)
OF_NO_TOKEN = {"schedule-stopped", "watcher-token"}
RULES = [
    rule
    for rule, severity in SEVERITIES.items()
    if severity is not Severity.INFO and rule not in OF_NO_TOKEN
]
OURS = re.compile(r"https://github\.com/octo/app/blob/HEAD/[A-Za-z0-9%/._~-]*(#L\d+)?")


def case(
    *findings: Finding, status: TokenStatus = STATUS, copies: tuple[Secret, ...] = (COPY,)
) -> Case:
    found = survey(*findings, status=status)
    return Case(found.tokens[0], findings, copies)


def finding(rule: str, **more: object) -> Finding:
    return replace(Finding(rule, SEVERITIES[rule], "deploy", "is so"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("worst", "title"),
    [
        (expiring(), "deploy expires 2026-12-01: publish fails from 2026-12-03 00:00 UTC"),
        (replace(expiring(), first_break=None), "deploy expires 2026-12-01"),
        (replace(expiring(), rule="expired"),
         "deploy expired 2026-12-01: publish fails from 2026-12-03 00:00 UTC"),
        (replace(expiring(), rule="expired", due_at=None), "deploy has expired: publish fails"),
        (replace(expiring(), rule="revoked", due_at=None), "deploy was revoked: publish fails"),
        (finding("blocked-by-policy"), "deploy is refused by policy"),
        (finding("never-expires"), "deploy never expires"),
        (finding("review-due", due_at=DUE), "deploy lives long, which is to be reviewed"),
        (finding("idle"), "deploy is not used any more"),
    ],
)  # fmt: skip
def test_the_title_names_the_worst_by_absolute_dates(worst: Finding, title: str) -> None:
    assert TEXT.title(case(worst, finding("idle"))) == title


def test_what_the_provider_itself_holds_is_a_list_to_tick_off() -> None:
    one = case(expiring())
    status = replace(
        one.inspected.status,
        places=('workflow "<b>Joiner"', *(f"step {n}" for n in range(200))),
        remark="a remark of *theirs*",
    )
    text = TEXT.text(replace(one, inspected=replace(one.inspected, status=status)))
    assert "- [ ] workflow &quot;&lt;b&gt;Joiner" in text or '- [ ] workflow "&lt;b' in text
    assert text.count("- [ ] ") == 200
    assert "and 1 more" in text
    assert "| Remark | a remark of \\*theirs\\* |" in text


@pytest.mark.parametrize("job", ["x" * 400, "@alice #12 `x` <b>\n", "\u202eevil"])
def test_a_title_of_strangers_is_short_and_inert(job: str) -> None:
    first = FirstBreak("r.yml", job, DUE, "push")
    title = TEXT.title(case(replace(expiring(), first_break=first)))
    assert len(title) <= 256
    assert is_inert(title)
    assert "`" not in title


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_title_and_advice(rule: str) -> None:
    found = case(finding(rule))
    assert TEXT.title(found) not in ("deploy", f"deploy {rule}")
    assert f"- **{rule}** ({SEVERITIES[rule]}): is so" in TEXT.text(found)
    assert "keyturn explain" not in TEXT.text(found)


def test_the_whole_text_in_order() -> None:
    reference = Reference(".github/workflows/r.yml", 12, 3, "GITLAB_TOKEN", job="publish")
    status = replace(STATUS, scopes=("api", "read_user"), last_used_at=NOW - timedelta(days=31))
    copies = (
        replace(COPY, references=(reference,)),
        Secret(SecretRef(REF.scope, "B"), present=None, declared_by="deploy"),
        Secret(SecretRef(REF.scope, "C"), present=False, declared_by="deploy"),
    )
    found = replace(case(expiring(), status=status, copies=copies), mentions=("@octo/team",))
    assert TEXT.text(found) == (
        "**First to break:** job `publish` of "
        "[`.github/workflows/r.yml`]"
        "(https://github.com/octo/app/blob/HEAD/.github/workflows/r.yml), "
        "Thu 2026-12-03 00:00 UTC, on schedule\n"
        "\n"
        "### What is wrong\n"
        "\n"
        "- **expiring** (warning): expires soon\n"
        "\n"
        "### What to do\n"
        "\n"
        "- keyturn rotates the token itself when it is due: see that `keyturn rotate --apply` runs "
        "before it dies.\n"
        "\n"
        "This issue closes by itself once a working token is proven to be in every secret below.\n"
        "\n"
        "### The token\n"
        "\n"
        "| `deploy` | |\n"
        "| --- | --- |\n"
        "| Provider | `gitlab` |\n"
        "| Token id | `7` |\n"
        "| State | active |\n"
        "| Created | 2026-01-26 13:43 UTC |\n"
        "| Expires | 2026-12-01 |\n"
        "| Last used | 2026-10-22 13:43 UTC |\n"
        "| Scopes | `api`, `read_user` |\n"
        "| Owner there | `bot` |\n"
        "\n"
        "### Where it is stored\n"
        "\n"
        "| Secret | Last written |\n"
        "| --- | --- |\n"
        "| `octo/app:GITLAB_TOKEN` | 2026-01-26 13:43 UTC |\n"
        "| `octo/app:B` | cannot be seen |\n"
        "| `octo/app:C` | is missing |\n"
        "\n"
        "### Where it is used\n"
        "\n"
        "- [`.github/workflows/r.yml:12`]"
        "(https://github.com/octo/app/blob/HEAD/.github/workflows/r.yml#L12), job `publish`\n"
        "\n"
        "Owners: @octo/team\n"
        "\n"
        "_keyturn keeps this text up to date; what you write above or below it stays. To hear of "
        "warnings later, close it as not planned, or put on the label `keyturn:snooze-7d`._"
    )


@pytest.mark.parametrize(
    ("status", "row"),
    [
        (replace(STATUS, never_used=True), "| Last used | never |"),
        (STATUS, "| Last used | unknown |"),
        (replace(STATUS, last_used_at=NOW), "| Last used | within 30 days |"),
        (replace(STATUS, last_used_at=NOW - timedelta(days=30)), "| Last used | within 30 days |"),
        (replace(STATUS, last_used_at=NOW - timedelta(days=30, seconds=1)),
         "| Last used | 2026-10-23 13:42 UTC |"),
        (replace(STATUS, precision=Precision.NEVER, expires_at=None), "| Expires | never |"),
        (replace(STATUS, precision=Precision.UNKNOWN, expires_at=None), "| Expires | unknown |"),
        (replace(STATUS, precision=Precision.INSTANT), "| Expires | 2026-12-01 00:00 UTC |"),
        (replace(STATUS, token_id=None, created_at=None), "| Token id | unknown |"),
        (replace(STATUS, created_at=None), "| Created | unknown |"),
        (replace(STATUS, scopes=tuple(f"s{n}" for n in range(33))), "`s29`, and 3 more |"),
    ],
)  # fmt: skip
def test_the_facts_are_as_exact_as_they_are_known(status: TokenStatus, row: str) -> None:
    assert row in TEXT.text(case(finding("idle"), status=status))


def test_long_lists_are_cut_with_a_count() -> None:
    places = tuple(Reference("a.yml", line, 1, "X") for line in range(1, 24))
    copies = tuple(
        Secret(SecretRef(REF.scope, f"S{number}"), references=places, declared_by="deploy")
        for number in range(53)
    )
    text = TEXT.text(case(finding("idle"), copies=copies))
    assert text.count("a.yml:") == 20
    assert "- and 3 more\n" in text
    assert text.count("octo/app:S") == 50
    assert "\nand 3 more\n" in text


def test_the_proof_is_in_the_closing_words() -> None:
    status = replace(STATUS, holds_copy=True, token_id=None, created_at=None)
    assert TEXT.comment(Kind.CLOSE, replace(case(status=status), renewed=True)) == (
        "Renewed: `gitlab` finds nothing wrong with `deploy` any more.\n"
        "\n"
        "- Token id unknown, created at a date that the provider does not tell, "
        "expires 2026-12-01\n"
        "- The copy given to this run was presented to the provider, and works.\n"
        "- `octo/app:GITLAB_TOKEN` was last written 2026-01-26 13:43 UTC"
    )


def test_reopening_says_why() -> None:
    once = TEXT.comment(Kind.REOPEN, case(expiring()))
    woken = TEXT.comment(Kind.REOPEN, case(expiring()), news=[expiring()])
    assert "this once" in once
    assert "set aside until now" in woken
    assert all("- **expiring** (warning): expires soon. First to break" in s for s in (once, woken))


# What strangers may name


def live(text: str) -> list[str]:
    """What is left of a text once its code spans, our own links and markup are taken out."""

    def unlinked(match: re.Match[str]) -> str:
        return match[1] if OURS.fullmatch(match[2]) else match[0]

    text = re.sub(r"\[(`[^`]*`)\]\(([^)\s]*)\)", unlinked, text)
    return re.sub(r"(\\.)|`[^`\n]*`", lambda match: match[1] or "CODE", text).splitlines()


def assert_tame(text: str, *, mentions: tuple[str, ...] = ()) -> None:
    for line in live(text):
        if line.startswith("Owners: "):
            assert line.replace("CODE", "").split()[1:] == [m for m in mentions if is_owner(m)]
            continue
        rest = line.removeprefix("### ").replace("\\|", "")
        if rest.startswith("|"):
            assert rest.count("|") == 3, line
            rest = rest.replace("|", "")
        rest = re.sub(r"^- \*\*[\w-]+\*\* \((?:info|warning|error)\):( |$)", "", rest)
        rest = rest.replace("**First to break:**", "").replace("_not planned_", "")
        rest = re.sub(r"^_(keyturn keeps .*)_$", r"\1", rest)
        assert is_inert(rest), line
        assert unescaped(rest).replace("()", "") == "", line


def is_owner(text: str) -> bool:
    return bool(re.fullmatch(r"@[A-Za-z0-9][\w-]*(/[\w.-]+)?", text, re.ASCII))


cases = st.builds(
    Case,
    st.builds(Inspected, st.builds(Token, st.just("deploy"), samples.words), samples.statuses),
    st.lists(
        st.builds(lambda f, rule: replace(f, rule=rule), samples.findings, st.sampled_from(RULES)),
        min_size=1,
        max_size=4,
    ).map(tuple),
    st.lists(samples.secrets, max_size=4).map(tuple),
    st.lists(st.tuples(samples.secrets, st.just("is not there")), max_size=2).map(tuple),
    st.lists(samples.words | st.sampled_from(["@alice", "@octo/team"]), max_size=3).map(tuple),
)


@given(cases)
def test_nothing_of_a_stranger_is_live(found: Case) -> None:
    text = TEXT.text(found)
    assert "<!--" not in text
    assert_tame(text, mentions=found.mentions)
    for kind in (Kind.UPDATE, Kind.REOPEN, Kind.CLOSE):
        assert_tame(TEXT.comment(kind, found, news=found.findings))
    assert is_inert(TEXT.title(found))


@given(cases)
def test_a_body_survives_what_it_quotes(found: Case) -> None:
    memory = Memory(Life(found.inspected.status.token_id or ""), ("a",))
    body = write_body("", identity=Identity("deploy"), text=TEXT.text(found), memory=memory)
    assert find_identity(body) == Identity("deploy")
    assert read_memory(body) == memory


@given(samples.words)
def test_farewells_are_tame(token: str) -> None:
    assert_tame(TEXT.farewell(Kind.DROP, token))
    assert TEXT.farewell(Kind.FOLD, token, number=3).startswith("#3 is about the same token")
