from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.issues.convergence import Convergence
from keyturn.issues.state import (
    Action,
    Found,
    Identity,
    Issue,
    Kind,
    find_identity,
    read_memory,
    release_body,
)
from keyturn.model import (
    Deadline,
    DeadlineReason,
    Failure,
    FailureKind,
    Finding,
    FirstBreak,
    Precision,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    Survey,
    TokenStatus,
)
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
    dead,
    expiring,
    survey,
)


def decide(
    found: Survey,
    *issues: Issue,
    tracker: str = "octo/app",
    assignable: Mapping[str, bool] | None = None,
) -> list[Action]:
    writer = IssueText(found.repository, "https://github.com", found.now)
    convergence = Convergence(found, tracker, writer, assignable or {})
    return convergence.decide(convergence.find(issues))


def one(actions: Sequence[Action]) -> Action:
    assert len(actions) == 1
    return actions[0]


def apply(action: Action, issue: Issue | None = None, *, number: int = 1) -> Issue:
    """The issue after an action, as GitHub keeps it."""
    before = issue or Issue(number, "", "", open=True)
    closes = action.kind in (Kind.CLOSE, Kind.DROP, Kind.FOLD)
    reason = "completed" if action.kind is Kind.CLOSE else "not_planned"
    return replace(
        before,
        title=before.title if action.title is None else action.title,
        body=before.body if action.body is None else action.body,
        assignees=action.assignees or before.assignees,
        open=False if closes else action.kind in (Kind.OPEN, Kind.REOPEN) or before.open,
        reason=reason if closes else before.reason,
    )


def opened(
    found: Survey, *, number: int = 1, assignable: Mapping[str, bool] | None = None
) -> Issue:
    return apply(one(decide(found, assignable=assignable)), number=number)


def closed(issue: Issue, reason: str | None = "completed") -> Issue:
    return replace(issue, open=False, reason=reason)


# Opening


def test_a_finding_opens_one_issue() -> None:
    action = one(decide(survey(expiring(), IDLE)))
    assert action.kind is Kind.OPEN
    assert action.title == "deploy expires 2026-12-01: publish fails from 2026-12-03 00:00 UTC"
    assert action.body is not None
    assert action.body.startswith("<!-- keyturn:token=deploy -->\n<!-- keyturn:begin {")
    assert action.body.endswith("<!-- keyturn:end -->")
    assert "**idle** (warning)" in action.body
    assert action.comment is None


def test_what_is_no_warning_about_a_declared_token_opens_none() -> None:
    info = replace(IDLE, severity=Severity.INFO)
    other = replace(IDLE, subject="octo/app:OTHER")
    assert decide(survey(info, other)) == []


def test_a_token_nobody_could_ask_about_changes_nothing() -> None:
    unknown = TokenStatus(State.UNKNOWN, reason="provider-unavailable")
    pair = [opened(survey(expiring()), number=number) for number in (1, 2)]
    assert decide(survey(status=unknown), *pair) == []
    assert decide(survey(IDLE, status=unknown)) == []
    assert decide(survey(IDLE, status=unknown), closed(pair[0])) == []


# Standing still


def test_a_second_run_changes_nothing() -> None:
    found = survey(expiring(), IDLE, owners=["@alice", "@octo/team"])
    issue = opened(found, assignable={"alice": True})
    assert decide(found, issue) == []
    assert decide(found, replace(issue, body=issue.body.replace("\n", "\r\n"))) == []


@pytest.mark.parametrize(
    "findings",
    [(expiring(),), (dead("revoked", due=None),), (IDLE,), (STALE,), (expiring(), IDLE)],
)
def test_a_day_that_passes_changes_nothing(findings: tuple[Finding, ...]) -> None:
    def at(now: datetime) -> Survey:
        moving = [
            replace(f, first_break=FirstBreak("r.yml", "publish", now + DAYS, "schedule"))
            if f.due_at is None
            else f
            for f in findings
        ]
        status = replace(STATUS, last_used_at=now - timedelta(hours=1))
        return survey(*moving, status=status, now=now)

    assert decide(at(NOW + DAYS), opened(at(NOW))) == []


def test_a_token_in_use_changes_nothing_by_being_used() -> None:
    found = Finding("never-expires", Severity.WARNING, "deploy", "never")

    def used(days: int) -> Survey:
        last = NOW + days * DAYS
        end = Deadline(last + 365 * DAYS, DeadlineReason.IDLE_REMOVAL, "its provider")
        status = TokenStatus(
            State.ACTIVE, Precision.NEVER, token_id="7", last_used_at=last, ends=(end,)
        )
        made = survey(found, status=status, now=last)
        (inspected,) = made.tokens
        return replace(made, tokens=(replace(inspected, deadline=end),))

    issue = apply(one(decide(used(0))))
    for days in (1, 2, 40):
        assert decide(used(days), issue) == []


def test_other_words_are_written_without_a_comment() -> None:
    action = one(decide(survey(expiring(message="new words")), opened(survey(expiring()))))
    assert (action.kind, action.title, action.comment) == (Kind.UPDATE, None, None)
    assert action.body is not None
    assert "new words" in action.body


# The fence


@given(st.text(), st.text())
def test_what_people_write_is_kept(before: str, after: str) -> None:
    issue = opened(survey(expiring()))
    issue = replace(issue, body=f"{before}{issue.body}{after}")
    found = survey(expiring(days=7))
    action = one(decide(found, issue))
    assert action.body is not None
    assert action.body.startswith(f"{before}<!-- keyturn:token=deploy -->\n<!-- keyturn:begin ")
    assert action.body.endswith(f"<!-- keyturn:end -->{after}")
    assert decide(found, apply(action, issue)) == []


def test_a_removed_fence_is_put_at_the_end() -> None:
    found = survey(expiring())
    mark = Identity("deploy").mark
    issue = replace(opened(found), body=f"Alice looks into it.\r\n{mark}\r\nSee #3 \n")
    action = one(decide(found, issue))
    assert action.body is not None
    assert action.body.startswith(f"{issue.body}\n\n<!-- keyturn:begin ")
    assert action.comment is None
    assert decide(found, apply(action, issue)) == []


def test_an_edited_fence_is_restored_in_silence() -> None:
    found = survey(expiring())
    issue = opened(found)
    spoilt = replace(issue, body=issue.body.replace("### What is wrong", "### All fine"))
    action = one(decide(found, spoilt))
    assert (action.body, action.comment) == (issue.body, None)


def test_a_begin_that_lost_its_end_takes_no_text_of_people() -> None:
    found = survey(expiring())
    issue = opened(found)
    torn = replace(issue, body=issue.body.replace("<!-- keyturn:end -->", "Mine."))
    action = one(decide(found, torn))
    assert action.body is not None
    assert action.body.startswith(torn.body)
    assert decide(found, apply(action, torn)) == []


@pytest.mark.parametrize("memory", ["", " {}", ' {"v": 2}', " --", " -->x"])
def test_a_spoilt_memory_is_renewed_in_silence(memory: str) -> None:
    found = survey(expiring())
    issue = opened(found)
    line = issue.body.splitlines()[1]
    spoilt = replace(issue, body=issue.body.replace(line, f"<!-- keyturn:begin{memory} -->"))
    action = one(decide(found, spoilt))
    assert (action.kind, action.body, action.comment) == (Kind.UPDATE, issue.body, None)
    assert one(decide(found, closed(spoilt))).kind is Kind.OPEN


@given(st.data())
def test_no_body_stops_a_run(data: st.DataObject) -> None:
    body = opened(survey(expiring())).body
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    spoilt = body[:start] + data.draw(st.text(max_size=20)) + body[end:]
    found = survey(expiring(days=1))
    for issue in (Issue(1, "x", spoilt, open=True), Issue(1, "x", spoilt, open=False)):
        for action in decide(found, issue):
            after = apply(action, issue if action.number else None)
            assert decide(found, after) == []


def test_a_released_body_is_nobodys_and_says_the_same() -> None:
    issue = opened(survey(expiring()))
    assert find_identity(release_body(issue.body)) is None
    assert read_memory(release_body(issue.body)) == read_memory(issue.body)


# The ladder and the facts


def test_each_rung_is_said_once() -> None:
    issue = opened(survey(expiring(days=30)))
    comments = []
    for days in (30, 30, 14, 14, 3, 3, 1, 1, 14):
        for action in decide(survey(expiring(days=days)), issue):
            issue = apply(action, issue)
            if action.comment:
                comments.append(days)
    assert comments == [14, 3, 1]


def test_death_is_a_rung_of_its_own() -> None:
    issue = opened(survey(expiring(days=1)))
    action = one(decide(survey(dead(), status=replace(STATUS, state=State.EXPIRED)), issue))
    assert action.comment is not None
    assert "**expired** (error)" in action.comment
    assert action.title == "deploy expired 2026-12-01"


def test_what_is_new_is_said_and_nothing_else() -> None:
    action = one(decide(survey(expiring(), IDLE), opened(survey(expiring()))))
    assert action.comment is not None
    assert "idle" in action.comment
    assert "expires soon" not in action.comment


def test_what_is_gone_is_not_said() -> None:
    action = one(decide(survey(expiring()), opened(survey(expiring(), STALE))))
    assert action.comment is None
    assert action.body is not None
    assert "stale-copy" not in action.body.replace('"stale-copy"', "")


def test_what_could_not_be_seen_for_a_day_is_no_news_when_it_is_back() -> None:
    issue = opened(survey(expiring(), STALE))
    blind = survey(expiring(), copies=[replace(COPY, present=None, updated_at=None)])
    issue = apply(one(decide(blind, issue)), issue)
    assert one(decide(survey(expiring(), STALE), issue)).comment is None


def test_another_due_date_is_news() -> None:
    later = DUE + 10 * DAYS
    moved = survey(expiring(due=later), status=replace(STATUS, expires_at=later))
    action = one(decide(moved, opened(survey(expiring(days=1)))))
    assert action.comment is not None
    assert action.title == "deploy expires 2026-12-11: publish fails from 2026-12-13 00:00 UTC"
    issue = apply(action, opened(survey(expiring(days=1))))
    again = survey(expiring(days=14, due=later), status=replace(STATUS, expires_at=later))
    assert one(decide(again, issue)).comment is not None


# Closing


MINUTES = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
UNSEEN = replace(COPY, present=None, updated_at=None)


@pytest.mark.parametrize(
    ("status", "copies", "closes"),
    [
        (STATUS, [COPY], True),
        (STATUS, [], True),
        (STATUS, [replace(COPY, updated_at=MADE - 5 * MINUTES)], True),
        (STATUS, [replace(COPY, updated_at=MADE - 5 * MINUTES - SECOND)], False),
        (STATUS, [replace(COPY, updated_at=None)], False),
        (STATUS, [UNSEEN], False),
        (STATUS, [replace(COPY, present=False, updated_at=None)], False),
        (STATUS, [replace(COPY, present=False, updated_at=None, ignored=True)], True),
        (STATUS, [COPY, replace(UNSEEN, ref=SecretRef(Scope("octo"), "B"))], False),
        (replace(STATUS, holds_copy=True), [UNSEEN], True),
        (replace(STATUS, created_at=None), [COPY], True),
        (replace(STATUS, created_at=None), [replace(COPY, updated_at=None)], True),
        (replace(STATUS, created_at=None), [UNSEEN], False),
        (replace(STATUS, state=State.BLOCKED), [COPY], False),
    ],
)
def test_closing_needs_proof(status: TokenStatus, copies: list[Secret], closes: bool) -> None:
    actions = decide(survey(status=status, copies=copies), opened(survey(expiring())))
    assert any(action.kind is Kind.CLOSE for action in actions) is closes
    assert all(closes or action.comment is None for action in actions)


def test_closing_shows_the_evidence() -> None:
    renewed = replace(
        STATUS, token_id="8", created_at=NOW - DAYS, expires_at=DUE + 90 * DAYS, holds_copy=True
    )
    copy = replace(COPY, updated_at=NOW)
    issue = opened(survey(expiring()))
    action = one(decide(survey(status=renewed, copies=[copy]), issue))
    assert action.kind is Kind.CLOSE
    assert action.comment is not None
    for part in ("`8`", "2026-11-21 13:43 UTC", "2027-03-01", str(REF), "2026-11-22 13:43 UTC"):
        assert part in action.comment
    assert decide(survey(status=renewed, copies=[copy]), apply(action, issue)) == []


def test_what_is_not_proven_says_what_is_missing() -> None:
    issue, renewed = opened(survey(expiring())), replace(STATUS, token_id="8")
    action = one(decide(survey(status=renewed, copies=[UNSEEN]), issue))
    assert action.title == "deploy is renewed, which not every copy proves"
    assert action.body is not None
    assert "`octo/app:GITLAB_TOKEN` cannot be seen with this credential" in action.body
    issue = apply(action, issue)
    assert decide(survey(status=renewed, copies=[UNSEEN]), issue) == []
    closing = one(decide(survey(status=renewed), issue))
    assert closing.kind is Kind.CLOSE
    assert closing.title == "deploy is renewed"


def test_a_finding_that_went_away_is_no_renewal() -> None:
    action = one(decide(survey(), opened(survey(IDLE))))
    assert action.kind is Kind.CLOSE
    assert action.title == "deploy has nothing wrong any more"
    assert action.comment is not None
    assert not action.comment.startswith("Renewed")


def test_without_a_creation_date_a_copy_must_be_written_after_the_issue_was_opened() -> None:
    old = replace(STATUS, created_at=None)
    issue = replace(opened(survey(expiring(), status=old)), created_at=NOW)
    renewed = replace(old, token_id="8", expires_at=DUE + 90 * DAYS)
    action = one(decide(survey(status=renewed), issue))
    assert action.kind is Kind.UPDATE
    assert action.body is not None
    assert "was not written since this issue was opened" in action.body
    written = replace(COPY, updated_at=NOW + SECOND)
    closing = one(decide(survey(status=renewed, copies=[written]), apply(action, issue)))
    assert closing.kind is Kind.CLOSE


MISSING = replace(IDLE, rule="missing-secret")


@pytest.mark.parametrize("status", [STATUS, replace(STATUS, holds_copy=True)])
def test_a_list_that_cannot_be_read_proves_nothing_about_a_missing_copy(
    status: TokenStatus,
) -> None:
    other = Secret(SecretRef(Scope("octo"), "B"), present=None, declared_by="deploy")
    issue = opened(survey(MISSING, status=status))
    assert decide(survey(status=status, copies=[COPY, other]), issue) == []


REVOKED = replace(IDLE, rule="revoked", severity=Severity.ERROR)
NAMELESS = TokenStatus(State.REVOKED)


@pytest.mark.parametrize("reason", ["not_planned", "completed"])
def test_what_comes_after_a_renewal_gets_an_issue_of_its_own(reason: str) -> None:
    issue = closed(opened(survey(REVOKED, status=NAMELESS)), reason)
    renewed = replace(COPY, updated_at=NOW)
    later = replace(STATUS, token_id="8")
    for found, status in ((expiring(), later), (REVOKED, NAMELESS)):
        action = one(decide(survey(found, status=status, copies=[renewed]), issue))
        assert action.kind is Kind.OPEN
    # The copies cannot be seen: that it is not dead any more tells enough.
    action = one(decide(survey(expiring(), status=later, copies=[UNSEEN]), issue))
    assert action.kind is Kind.OPEN


def test_what_was_closed_as_done_and_is_done_does_not_stand_in_for_something_else() -> None:
    issue = closed(opened(survey(MISSING)), "completed")
    assert one(decide(survey(expiring()), issue)).kind is Kind.OPEN
    assert one(decide(survey(MISSING), issue)).kind is Kind.REOPEN


def test_an_issue_that_waited_for_proof_is_not_the_next_cycles() -> None:
    renewed = replace(STATUS, token_id="8")
    issue = opened(survey(expiring()))
    waiting = apply(one(decide(survey(status=renewed, copies=[UNSEEN]), issue)), issue)
    for reason in ("completed", "not_planned"):
        again = decide(survey(expiring(), status=renewed, copies=[UNSEEN]), closed(waiting, reason))
        assert one(again).kind is Kind.OPEN


def test_what_keyturn_closed_and_a_person_opened_again_is_the_persons() -> None:
    issue = opened(survey(expiring()))
    issue = apply(one(decide(survey(), issue)), issue)
    theirs = replace(issue, open=True)
    assert decide(survey(), theirs) == []
    action = one(decide(survey(IDLE), theirs))
    assert (action.kind, action.comment is None) == (Kind.UPDATE, False)
    assert one(decide(survey(), apply(action, theirs))).kind is Kind.CLOSE


def test_what_comes_back_after_the_proof_is_a_new_issue() -> None:
    issue = opened(survey(STALE))
    issue = apply(one(decide(survey(), issue)), issue)
    assert one(decide(survey(STALE), issue)).kind is Kind.OPEN


# Closed by people


@pytest.mark.parametrize("reason", ["completed", None])
def test_closed_as_done_is_opened_again_once(reason: str | None) -> None:
    found = survey(expiring(days=30))
    issue = closed(opened(found), reason)
    action = one(decide(found, issue))
    assert action.kind is Kind.REOPEN
    assert action.comment is not None
    assert "expires soon" in action.comment
    issue = apply(action, issue)
    assert decide(found, issue) == []
    assert decide(found, closed(issue)) == []
    assert decide(survey(dead()), closed(issue)) == []


@pytest.mark.parametrize("reason", ["not_planned", "duplicate"])
def test_set_aside_sleeps_until_the_next_rung(reason: str) -> None:
    issue = closed(opened(survey(expiring(days=30))), reason)
    assert decide(survey(expiring(days=30), IDLE), issue) == []
    action = one(decide(survey(expiring(days=14)), issue))
    assert action.kind is Kind.REOPEN
    issue = closed(apply(action, issue), reason)
    assert decide(survey(expiring(days=14)), issue) == []
    assert one(decide(survey(dead()), issue)).kind is Kind.REOPEN


def test_set_aside_without_a_ladder_stays_so() -> None:
    issue = closed(opened(survey(IDLE)), "not_planned")
    assert decide(survey(IDLE, now=NOW + 400 * DAYS), issue) == []


def test_waking_does_not_use_up_the_one_reopening() -> None:
    issue = closed(opened(survey(expiring(days=30))), "not_planned")
    woken = apply(one(decide(survey(expiring(days=14)), issue)), issue)
    assert one(decide(survey(expiring(days=14)), closed(woken))).kind is Kind.REOPEN


@pytest.mark.parametrize(
    "status",
    [
        replace(STATUS, token_id="8"),
        replace(STATUS, expires_at=DUE + DAYS),
        replace(STATUS, token_id="8", expires_at=None),
    ],
)
def test_another_life_gets_an_issue_of_its_own(status: TokenStatus) -> None:
    issue = closed(opened(survey(expiring(days=1))), "not_planned")
    assert one(decide(survey(expiring(days=30), status=status), issue)).kind is Kind.OPEN


@pytest.mark.parametrize(
    "status",
    [
        replace(STATUS, token_id=None),
        replace(STATUS, expires_at=None),
        replace(STATUS, token_id=None, expires_at=None),
    ],
)
def test_a_provider_that_tells_less_does_not_make_another_life(status: TokenStatus) -> None:
    issue = closed(opened(survey(expiring(days=1))), "not_planned")
    assert decide(survey(expiring(days=1), status=status), issue) == []
    woken = apply(one(decide(survey(dead(), status=status), issue)), issue)
    other = closed(woken, "not_planned")
    renewed = replace(STATUS, token_id="8", expires_at=DUE + 90 * DAYS)
    assert one(decide(survey(IDLE, status=renewed), other)).kind is Kind.OPEN


def test_the_latest_closed_issue_counts() -> None:
    found = survey(expiring())
    old, new = (closed(opened(found, number=n), "not_planned") for n in (3, 9))
    assert decide(found, new, closed(old, "completed")) == []
    assert one(decide(found, old, closed(new, "completed"))).number == 9


# Several issues


def test_duplicates_are_folded_into_the_oldest() -> None:
    found = survey(expiring())
    issues = [opened(found, number=number) for number in (12, 5, 7)]
    actions = decide(found, *issues)
    assert [(action.kind, action.number) for action in actions] == [(Kind.FOLD, 7), (Kind.FOLD, 12)]
    for action in actions:
        assert action.comment is not None
        assert action.comment.startswith("#5 ")
    by_number = {issue.number: issue for issue in issues}
    after = [apply(action, by_number[action.number]) for action in actions]
    assert decide(found, by_number[5], *after) == []
    # When the oldest is set aside, the folded ones do not speak up.
    assert decide(found, closed(by_number[5], "not_planned"), *after) == []


def test_an_undeclared_token_is_dropped() -> None:
    issue = opened(survey(expiring()))
    action = one(decide(survey(declared=False), issue))
    assert (action.kind, action.number) == (Kind.DROP, 1)
    assert action.comment is not None
    assert "no longer declared" in action.comment
    dropped = apply(action, issue)
    assert decide(survey(declared=False), dropped, replace(dropped, open=True)) == []
    assert one(decide(survey(expiring()), dropped)).kind is Kind.OPEN


def test_a_shared_tracker_keeps_repositories_apart() -> None:
    found = survey(expiring())
    action = one(decide(found, tracker="octo/tracker"))
    assert action.body is not None
    assert action.body.startswith("<!-- keyturn:token=deploy repository=octo/app -->")
    ours = apply(action)
    theirs = replace(ours, number=2, body=ours.body.replace("octo/app -->", "octo/web -->"))
    trackers = opened(found, number=3)
    assert decide(found, ours, theirs, trackers, tracker="Octo/Tracker") == []
    gone = decide(survey(declared=False), ours, theirs, trackers, tracker="octo/tracker")
    assert [action.number for action in gone] == [1]


def test_other_issues_are_left_alone() -> None:
    others = [Issue(1, "x", "", open=True), Issue(2, "x", "<!-- keyturn:token= -->", open=True)]
    assert decide(survey(), *others) == []


# Owners


def test_people_are_assigned_and_the_rest_mentioned() -> None:
    found = survey(expiring(), owners=["@alice", "@bob", "@octo/team"])
    action = one(decide(found, assignable={"alice": True, "bob": False}))
    assert action.assignees == ("alice",)
    assert action.body is not None
    assert "Owners: @bob @octo/team" in action.body
    assert "@alice" not in action.body


def test_ten_are_assigned_and_the_others_mentioned() -> None:
    names = [f"p{number}" for number in range(12)]
    found = survey(expiring(), owners=[f"@{name}" for name in names])
    action = one(decide(found, assignable=dict.fromkeys(names, True)))
    assert action.assignees == tuple(names[:10])
    assert action.body is not None
    assert "Owners: @p10 @p11" in action.body


def test_owners_are_asked_about_once() -> None:
    found = survey(expiring(), owners=["@alice", "@octo/team", "@alice"])
    writer = IssueText("octo/app", "https://github.com", NOW)
    convergence = Convergence(found, "octo/app", writer)
    assert convergence.owners_to_check({}) == ["alice"]
    issue = opened(found, assignable={"alice": False})
    assert convergence.owners_to_check({"deploy": Found(open=(issue,))}) == []
    assert Convergence(survey(), "octo/app", writer).owners_to_check({}) == []


def test_who_was_taken_off_is_not_assigned_again() -> None:
    found = survey(expiring(), owners=["@alice"])
    issue = opened(found, assignable={"alice": True})
    assert decide(found, replace(issue, assignees=())) == []


def test_a_new_owner_joins_those_who_are_there() -> None:
    issue = opened(survey(expiring(), owners=["@alice"]), assignable={"alice": True})
    issue = replace(issue, assignees=("Alice", "carol"))
    more = survey(expiring(), owners=["@alice", "@bob"])
    action = one(decide(more, issue, assignable={"bob": True}))
    assert action.assignees == ("Alice", "carol", "bob")
    assert decide(more, apply(action, issue)) == []


# Any history


@given(
    st.lists(
        st.tuples(
            st.lists(
                st.sampled_from(
                    [expiring(), expiring(days=7), expiring(days=1), dead(), IDLE, STALE]
                ),
                unique=True,
            ),
            st.sampled_from(
                [STATUS, replace(STATUS, token_id="8"), replace(STATUS, token_id=None)]
            ),
            st.sampled_from([COPY, UNSEEN]),
            st.sampled_from(["", "completed", "not_planned", "open"]),
        ),
        max_size=12,
    )
)
def test_whatever_happens_there_is_at_most_one_open_issue_and_a_second_run_is_calm(
    history: list[tuple[list[Finding], TokenStatus, Secret, str]],
) -> None:
    issues: dict[int, Issue] = {}
    for findings, status, copy, person in history:
        found = survey(*findings, status=status, copies=[copy])
        for action in decide(found, *issues.values()):
            number = action.number or len(issues) + 1
            issues[number] = apply(action, issues.get(number), number=number)
        assert decide(found, *issues.values()) == []
        assert sum(issue.open for issue in issues.values()) <= 1
        if person in ("completed", "not_planned"):
            issues = {n: closed(i, person) if i.open else i for n, i in issues.items()}
        elif person and issues and not any(issue.open for issue in issues.values()):
            last = max(issues)
            issues[last] = replace(issues[last], open=True)


def test_a_copy_that_cannot_be_seen_today_is_no_new_life() -> None:
    older = replace(COPY, updated_at=MADE)
    newer = replace(COPY, ref=SecretRef(Scope("octo"), "B"), updated_at=NOW)
    unseen = replace(newer, present=None, updated_at=None)
    for reason in ("not_planned", "completed"):
        issue = opened(survey(REVOKED, status=NAMELESS, copies=[older, newer]))
        if reason == "completed":
            again = one(
                decide(
                    survey(REVOKED, status=NAMELESS, copies=[older, newer]), closed(issue, reason)
                )
            )
            issue = apply(again, closed(issue, reason))
        aside = closed(issue, reason)
        assert decide(survey(REVOKED, status=NAMELESS, copies=[older, unseen]), aside) == []
        assert decide(survey(REVOKED, status=NAMELESS, copies=[older, newer]), aside) == []


def test_a_fence_that_was_cut_weakens_no_proof() -> None:
    undated = replace(STATUS, created_at=None, token_id="8")
    issue = replace(opened(survey(expiring())), created_at=NOW)
    cut = replace(issue, body=issue.body.replace("<!-- keyturn:end -->", ""))
    for copies in ([UNSEEN], [COPY]):
        action = one(decide(survey(status=undated, copies=copies), cut))
        assert action.kind is Kind.UPDATE
        assert decide(survey(status=undated, copies=copies), apply(action, cut)) == []


def test_a_date_that_was_declared_answers_an_unknown_expiry() -> None:
    undated = TokenStatus(State.ACTIVE)
    unknown = replace(IDLE, rule="unknown-expiry")
    issue = replace(opened(survey(unknown, status=undated)), created_at=NOW)
    dated = replace(undated, expires_at=DUE + 90 * DAYS)
    assert one(decide(survey(status=dated), issue)).kind is Kind.CLOSE


OTHERS = replace(IDLE, rule="neglected-tokens", message="old-bot (never-expires)")
UNLISTED = (Failure(FailureKind.PROVIDER_UNAVAILABLE, "deploy", "down"),)


@pytest.mark.parametrize("others", [(), (IDLE,)])
def test_tokens_that_could_not_be_listed_today_close_and_change_nothing(
    others: tuple[Finding, ...],
) -> None:
    issue = opened(survey(*others, OTHERS))
    assert decide(replace(survey(*others), failures=UNLISTED), issue) == []
    elsewhere = (replace(UNLISTED[0], subject="another"),)
    assert decide(replace(survey(*others), failures=elsewhere), issue) != []


def test_news_is_said_though_others_could_not_be_listed_and_they_are_no_news_later() -> None:
    issue = opened(survey(OTHERS))
    blind = replace(survey(STALE), failures=UNLISTED)
    action = one(decide(blind, issue))
    assert action.comment is not None
    issue = apply(action, issue)
    assert decide(blind, issue) == []
    back = one(decide(survey(STALE, OTHERS), issue))
    assert back.comment is None
