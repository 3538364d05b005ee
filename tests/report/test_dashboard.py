from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.notices import DASHBOARD, SCHEDULE, subject_of
from keyturn.issues.state import MAX_BODY, Identity, Life, Memory, write_body
from keyturn.model import (
    SCHEDULE_STOPPED,
    Deadline,
    DeadlineReason,
    Failure,
    FailureKind,
    Finding,
    Inspected,
    Precision,
    Rotate,
    Severity,
    State,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.report.dashboard import NoticeText
from keyturn.report.summary import find_issue
from tests.issue_samples import DAYS, DUE, IDLE, NOW, STATUS, expiring, survey
from tests.issues.test_dashboard import ROTATE, action, use, with_uses
from tests.report import samples
from tests.report.test_escape import is_inert, unescaped

TEXT = NoticeText("octo/app", "https://github.com")
URL = "https://github.com/octo/app/issues/12"


def board(found: Survey) -> str:
    return TEXT.dashboard(found, wanted=True).text


def many(number: int, *, owners: tuple[str, ...] = (), name: str = "t") -> Survey:
    tokens = tuple(
        Inspected(
            Token(f"{name}{n}", "gitlab", owners=owners, rotate=Rotate(enabled=True)),
            STATUS,
            Deadline(DUE + n * DAYS, DeadlineReason.PROVIDER_EXPIRY),
        )
        for n in range(number)
    )
    return replace(survey(), tokens=tokens)


def timeline(text: str) -> list[tuple[str, date, bool]]:
    """Read the one chart, as strictly as the part of Mermaid's grammar that is used allows.

    Mermaid, gantt.jison at 03ce2810, read 2026-11: a task is a name without `:`, `#` and `;`, then
    a colon, tags, start and length; `title`, `section`, `click`, a date or `%%` begin other lines.
    """
    blocks = re.findall(r"^```mermaid\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if not blocks:
        return []
    (block,) = blocks
    head, *tasks = block.removesuffix("\n").split("\n    ")
    assert head == "gantt"
    assert tasks[:3] == ["title When tokens end", "dateFormat YYYY-MM-DD", "axisFormat %Y-%m-%d"]
    found = []
    for line in tasks[3:]:
        match = re.fullmatch(
            r"token ([A-Za-z0-9._-]+) :(crit, )?milestone, (\d{4}-\d\d-\d\d), 0d", line
        )
        assert match, line
        found.append((match[1], date.fromisoformat(match[3]), bool(match[2])))
    return found


def test_the_whole_text_in_order() -> None:
    found = with_uses(survey(expiring(), owners=["@alice", "@octo/platform"]), use(action()))
    (one,) = found.tokens
    token = replace(one.token, rotate=Rotate(enabled=True))
    failure = Failure(FailureKind.PROVIDER_UNAVAILABLE, "robot", "until 13:43")
    found = replace(
        found,
        tokens=(replace(one, token=token),),
        issues={"deploy": URL},
        failures=(failure, Failure(FailureKind.NOT_PERMITTED, "octo/app", "no")),
    )
    notice = TEXT.dashboard(found, wanted=True)
    assert notice.title == "The tokens of octo/app, by the day they end"
    assert notice.text == (
        "Every token that `octo/app` declares, the first to end on top. This list reminds nobody: "
        "what needs a person has an issue of its own.\n"
        "\n"
        "```mermaid\n"
        "gantt\n"
        "    title When tokens end\n"
        "    dateFormat YYYY-MM-DD\n"
        "    axisFormat %Y-%m-%d\n"
        "    token deploy :crit, milestone, 2026-12-01, 0d\n"
        "```\n"
        "\n"
        "| Token | State | Ends | First to break | Owners | Issue | |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| `deploy` | `expiring` | 2026-12-01 (`provider-expiry`) | `go` of `rotate.yml`, at the "
        "first workflow\\_dispatch from Tue 2026-12-01 00:00 UTC | `@alice`, `@octo/platform` | "
        f"[#12]({URL}) | "
        "[rotate now](https://github.com/octo/app/actions/workflows/rotate.yml) |\n"
        "\n"
        "### What the last run could not look at\n"
        "\n"
        "- `robot`: `provider-unavailable`\n"
        "\n"
        'Nothing in this issue starts a write. "rotate now" leads to the page of '
        f"`{ROTATE}`, where somebody who may write in the repository can start it.\n"
        "\n"
        "_keyturn keeps this text up to date; what you write above or below it stays. Switch it "
        "off with `issues.dashboard: false`._"
    )


@pytest.mark.parametrize(
    ("status", "deadline", "told"),
    [
        (STATUS, Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY), "2026-12-01 (`provider-expiry`)"),
        (replace(STATUS, precision=Precision.INSTANT),
         Deadline(DUE, DeadlineReason.PROVIDER_EXPIRY), "2026-12-01 00:00 UTC (`provider-expiry`)"),
        (STATUS, Deadline(DUE - DAYS, DeadlineReason.RETIREMENT),
         "2026-11-30 00:00 UTC (`retirement`)"),
        (STATUS, Deadline(DUE, DeadlineReason.IDLE_REMOVAL), "unless it is used (`idle-removal`)"),
        (TokenStatus(State.ACTIVE, Precision.NEVER), None, "never"),
        (TokenStatus(State.UNKNOWN), None, "unknown"),
    ],
)  # fmt: skip
def test_the_end_is_as_exact_as_it_is_known(
    status: TokenStatus, deadline: Deadline | None, told: str
) -> None:
    found = survey(status=status)
    (one,) = found.tokens
    text = board(replace(found, tokens=(replace(one, status=status, deadline=deadline),)))
    assert f"| {told} |" in text


@pytest.mark.parametrize("days", [1, 5, 40, 400])
def test_a_day_that_passes_changes_nothing(days: int) -> None:
    found = with_uses(survey(expiring(), IDLE), use(action()))
    assert board(replace(found, now=NOW + days * DAYS)) == board(found)


def test_switched_off_or_empty_it_says_nothing() -> None:
    assert TEXT.dashboard(survey(), wanted=False).text == ""
    assert TEXT.dashboard(survey(declared=False), wanted=True).text == ""


def test_the_timeline_shows_what_is_still_to_come() -> None:
    found = many(40)
    assert len(timeline(board(found))) == 30
    assert timeline(board(found))[:2] == [
        ("t0", date(2026, 12, 1), False),
        ("t1", date(2026, 12, 2), False),
    ]
    first, second, *_ = found.tokens
    late = replace(second, deadline=Deadline(DUE + 900 * DAYS, DeadlineReason.PROVIDER_EXPIRY))
    dead = replace(first, status=replace(STATUS, state=State.EXPIRED))
    assert [n for n, *_ in timeline(board(replace(found, tokens=(first, late))))] == ["t0"]
    assert timeline(board(replace(found, tokens=(dead,)))) == []


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_no_name_means_anything_to_mermaid(names: list[str]) -> None:
    found = many(len(names))
    tokens = [
        replace(one, token=replace(one.token, id=f"x{name}"))
        for one, name in zip(found.tokens, names, strict=True)
    ]
    text = board(replace(found, tokens=tuple(tokens)))
    assert len(timeline(text)) == len(names)


def test_it_is_bounded_whatever_the_names() -> None:
    found = many(300, owners=("@" + "o" * 200,) * 50, name="n" * 60)
    paths = use(action(), path=".github/workflows/" + "w" * 200 + ".yml")
    long = replace(paths, job="j" * 5000)
    secrets = tuple(
        replace(with_uses(found, long).inventory.secrets[0], declared_by=one.token.id)
        for one in found.tokens
    )
    found = replace(
        with_uses(found, long),
        findings=tuple(replace(expiring(), subject=one.token.id) for one in found.tokens),
        issues={one.token.id: URL for one in found.tokens},
        failures=tuple(Failure(FailureKind.PROVIDER_UNAVAILABLE, f"f{n}", "") for n in range(99)),
    )
    found = replace(found, inventory=replace(found.inventory, secrets=secrets))
    text = board(found)
    assert "and 250 more, which end later" in text
    assert "- and 79 more" in text
    body = write_body("", identity=Identity("x"), text=text, memory=Memory(Life()))
    assert len(body) < MAX_BODY
    assert "The rest was cut" not in body


@given(samples.words, samples.words, samples.words)
def test_nothing_of_a_stranger_is_live(owner: str, job: str, subject: str) -> None:
    found = with_uses(survey(expiring(), owners=[owner]), replace(use(action()), job=job))
    failure = Failure(FailureKind.PROVIDER_UNAVAILABLE, subject, "")
    text = board(replace(found, failures=(failure,), issues={"deploy": URL}))
    text = re.sub(r"```mermaid.*?```|\[(?:#\d+|rotate now)\]\([^)\s]*\)", "", text, flags=re.DOTALL)
    text = re.sub(r"(\\.)|`[^`\n]*`", lambda match: match[1] or "CODE", text)
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") == 8
        rest = re.sub(r"^_(keyturn keeps .*)_$", r"\1", line).replace("|", "")
        rest = rest.removeprefix("### ")
        assert is_inert(rest), line
        assert unescaped(rest).replace("()", "") == "", line


# The schedule


def test_the_schedule_says_what_is_wrong_and_what_to_do() -> None:
    found = Finding(SCHEDULE_STOPPED, Severity.WARNING, "octo/app", "check.yml was *switched* off")
    notice = TEXT.schedule(survey(found))
    # It may run still, and be switched off on a day that is told.
    assert notice.title == "The schedule that starts keyturn in octo/app needs care"
    assert "runs again" not in notice.over + notice.text
    told = "- **schedule\\-stopped** (warning): check.yml was \\*switched\\* off"
    assert told.replace("\\-", "-") in notice.text
    assert "### What to do" in notice.text
    assert notice.facts == (SCHEDULE_STOPPED,)
    assert notice.news == "- check.yml was \\*switched\\* off"
    assert TEXT.schedule(survey(expiring())).text == ""


def test_what_they_are_called_is_no_tokens_id() -> None:
    for name in (DASHBOARD, SCHEDULE):
        assert " " in subject_of(name)


def test_only_what_has_an_issue_is_linked() -> None:
    stopped = Finding(SCHEDULE_STOPPED, Severity.WARNING, "octo/app", "")
    found = replace(survey(expiring(), stopped), issues={"octo/app": URL, "deploy": URL + "3"})
    assert find_issue(found, stopped) == URL
    assert find_issue(found, expiring()) == URL + "3"
    assert find_issue(found, replace(stopped, rule="watcher-token")) is None
    assert find_issue(found, replace(expiring(), subject="octo/app:NAME")) is None
