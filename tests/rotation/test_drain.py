from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.model import Reference, Scope, SecretRef, Store, Trigger, Use
from keyturn.model.runs import RunJob, WorkflowRun
from keyturn.rotation.drain import (
    Consumer,
    Holder,
    find_holders,
    first_proof,
    may_retire,
    remarks,
)

STORED = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CI, OTHER = ".github/workflows/ci.yml", ".github/workflows/other.yml"
UPDATES = "dynamic/dependabot/dependabot-updates"

REPOSITORY = SecretRef(Scope("octo", "app"), "A")
ENVIRONMENT = SecretRef(Scope("octo", "app", "production"), "A")
ORGANIZATION = SecretRef(Scope("octo"), "A")
DEPENDABOT = SecretRef(Scope("octo", "app", store=Store.DEPENDABOT), "A")
CODESPACES = SecretRef(Scope("octo", "app", store=Store.CODESPACES), "A")
EVERYWHERE = (REPOSITORY, ENVIRONMENT, ORGANIZATION, DEPENDABOT, CODESPACES)


def use(job: str = "publish", *, name: str = "A", path: str = CI, optional: bool = False) -> Use:
    reference = Reference(path, 1, 1, name, optional=optional)
    return Use(name, path, job, (Trigger("push"),), reference)


def deploy(environment: str = "production", *, known: bool = True) -> Use:
    return replace(use("deploy"), environment=environment, environment_known=known)


def run(
    created: datetime = STORED,
    *,
    path: str = CI,
    jobs: tuple[RunJob, ...] | None = None,
    number: int = 1,
    attempt: int = 1,
    event: str = "push",
) -> WorkflowRun:
    ended = created + 2 * DAY
    return WorkflowRun(
        "octo/app", number, path, event, "queued", created, ended, "https://x/1", attempt, jobs
    )


def holders_of(
    ref: SecretRef,
    *runs: WorkflowRun,
    uses: Sequence[Use] = (use(),),
    complete: bool = True,
    repository: str = "octo/app",
) -> tuple[Holder, ...]:
    consumer = Consumer(repository, tuple(uses), complete, runs)
    return find_holders([consumer], {ref: STORED})


class TestReadWhenQueued:
    @pytest.mark.parametrize("ref", [REPOSITORY, ORGANIZATION, DEPENDABOT])
    @pytest.mark.parametrize(
        ("created", "held"),
        [(-DAY, True), (-SECOND, True), (0 * SECOND, True), (SECOND, False), (DAY, False)],
    )
    def test_the_write_is_the_boundary(
        self, ref: SecretRef, created: timedelta, held: bool
    ) -> None:
        found = holders_of(ref, run(STORED + created))
        assert [(each.refs, each.jobs_would_tell) for each in found] == [((ref,), False)] * held

    def test_jobs_make_no_difference(self) -> None:
        for status in ("queued", "completed"):
            assert holders_of(REPOSITORY, run(jobs=(RunJob("publish", status),)))

    def test_each_destination_has_its_own_instant(self) -> None:
        stored = {REPOSITORY: STORED, ORGANIZATION: STORED + DAY}
        runs = tuple(run(STORED + step, number=n) for n, step in enumerate((DAY, SECOND, -DAY)))
        found = find_holders([Consumer("octo/app", (use(),), runs=runs)], stored)
        assert [(each.run.id, each.refs) for each in found] == [
            (2, (ORGANIZATION, REPOSITORY)),
            (1, (ORGANIZATION,)),
            (0, (ORGANIZATION,)),
        ]


class TestWhoReads:
    @pytest.mark.parametrize(
        "uses", [[], [use(path=OTHER)], [use(name="B")], [use(name="B"), use(path=OTHER)]]
    )
    @pytest.mark.parametrize("ref", EVERYWHERE)
    def test_a_workflow_that_does_not_use_it_does_not_count(
        self, ref: SecretRef, uses: list[Use]
    ) -> None:
        assert holders_of(ref, run(), uses=uses) == ()

    @pytest.mark.parametrize("ref", [REPOSITORY, ENVIRONMENT, ORGANIZATION, DEPENDABOT])
    def test_unless_not_all_is_known(self, ref: SecretRef) -> None:
        (found,) = holders_of(ref, run(path=OTHER), uses=[], complete=False)
        assert "not every workflow" in found.because

    def test_a_job_that_does_without_it_still_gets_it(self) -> None:
        assert holders_of(REPOSITORY, run(), uses=[use(optional=True)])

    @pytest.mark.parametrize("ref", [REPOSITORY, ENVIRONMENT, ORGANIZATION, DEPENDABOT])
    @pytest.mark.parametrize("complete", [True, False])
    def test_another_place_is_another_secret(self, ref: SecretRef, complete: bool) -> None:
        elsewhere = "other/app"
        assert not holders_of(ref, run(), repository=elsewhere, complete=complete)
        if ref is not ORGANIZATION:
            assert not holders_of(ref, run(), repository="octo/site", complete=complete)

    def test_names_are_compared_as_github_does(self) -> None:
        uses = [deploy("PRODUCTION")]
        assert holders_of(ENVIRONMENT, run(), uses=uses, repository="Octo/APP")
        assert holders_of(ORGANIZATION, run(), uses=uses, repository="OCTO/other")

    @pytest.mark.parametrize("complete", [True, False])
    def test_runs_do_not_read_codespaces_secrets(self, complete: bool) -> None:
        assert not holders_of(CODESPACES, run(), complete=complete)
        assert len(remarks({CODESPACES: STORED})) == 2
        assert len(remarks({REPOSITORY: STORED})) == 1

    def test_dependabots_own_runs_read_its_store(self) -> None:
        assert holders_of(DEPENDABOT, run(path=UPDATES), uses=[])
        assert not holders_of(DEPENDABOT, run(STORED + SECOND, path=UPDATES), uses=[])
        assert not holders_of(REPOSITORY, run(path=UPDATES), uses=[])

    def test_a_run_that_was_started_again_is_said_to_be(self) -> None:
        (found,) = holders_of(REPOSITORY, run(attempt=2))
        assert "started again" in found.because
        assert "start" in remarks({REPOSITORY: STORED})[0]


class TestReadWhenTheJobStarts:
    @pytest.mark.parametrize(
        ("uses", "read"),
        [
            ([deploy()], True),
            ([deploy("staging")], False),
            ([use()], False),
            ([deploy("", known=False)], True),
            ([deploy("staging"), deploy()], True),
        ],
    )
    def test_the_jobs_environment_decides(self, uses: list[Use], read: bool) -> None:
        assert bool(holders_of(ENVIRONMENT, run(), uses=uses)) is read

    def test_without_the_jobs_it_cannot_be_told(self) -> None:
        (found,) = holders_of(ENVIRONMENT, run(), uses=[deploy()])
        assert found.jobs_would_tell
        assert "may have begun" in found.because
        consumer = Consumer("octo/app", (deploy(),), runs=(run(),))
        (both,) = find_holders([consumer], {ENVIRONMENT: STORED, REPOSITORY: STORED})
        assert not both.jobs_would_tell

    def test_a_run_created_after_the_write_gets_the_new_one(self) -> None:
        late = run(STORED + SECOND, jobs=(RunJob("deploy", "in_progress"),))
        assert holders_of(ENVIRONMENT, late, uses=[deploy()]) == ()

    @pytest.mark.parametrize(
        ("status", "started", "held"),
        [
            ("in_progress", -DAY, True),
            ("in_progress", -SECOND, True),
            ("in_progress", 0 * SECOND, True),
            ("in_progress", SECOND, False),
            ("in_progress", None, True),
            ("unheard_of", -SECOND, True),
            ("unheard_of", None, True),
            ("completed", -SECOND, False),
            ("queued", -SECOND, False),  # GitHub sets a start that is none
            ("queued", None, False),
            ("waiting", None, False),
            ("pending", None, False),
            ("requested", None, False),
        ],
    )
    @pytest.mark.parametrize("name", ["deploy", "deploy (eu, 1)", "called otherwise"])
    def test_the_start_of_the_job_is_the_boundary(
        self, name: str, status: str, started: timedelta | None, held: bool
    ) -> None:
        at = None if started is None else STORED + started
        began = run(STORED - DAY, jobs=(RunJob(name, status, at),))
        found = holders_of(ENVIRONMENT, began, uses=[deploy()])
        assert [each.jobs_would_tell for each in found] == [False] * held

    def test_other_jobs_are_no_matter(self) -> None:
        build = RunJob("build", "in_progress", STORED - SECOND)
        deploys = RunJob("deploy", "waiting")
        assert not holders_of(ENVIRONMENT, run(jobs=(build, deploys)), uses=[deploy()])
        # It may be the very job under another name, or the job may be added later.
        assert holders_of(ENVIRONMENT, run(jobs=(build,)), uses=[deploy()])
        assert holders_of(ENVIRONMENT, run(jobs=(build, deploys)), uses=[deploy()], complete=False)

    def test_one_of_a_matrix_is_enough(self) -> None:
        jobs = (RunJob("deploy (1)", "completed"), RunJob("deploy (2)", "in_progress", STORED))
        assert holders_of(ENVIRONMENT, run(jobs=jobs), uses=[deploy()])

    def test_a_run_without_jobs_has_started_none(self) -> None:
        assert holders_of(ENVIRONMENT, run(jobs=()), uses=[deploy()]) == ()


class TestProof:
    def proof(
        self, *runs: WorkflowRun, ref: SecretRef = REPOSITORY, uses: Sequence[Use] = (use(),)
    ) -> datetime | None:
        return first_proof([Consumer("octo/app", tuple(uses))], {ref: STORED}, runs)

    def test_the_first_run_that_got_the_new_value(self) -> None:
        later, sooner = run(STORED + DAY), run(STORED + SECOND)
        assert self.proof(later, sooner) == sooner.updated_at
        assert self.proof() is None

    @pytest.mark.parametrize("step", [-DAY, 0 * SECOND])
    def test_one_that_may_have_had_the_old_one_proves_nothing(self, step: timedelta) -> None:
        assert self.proof(run(STORED + step)) is None

    @pytest.mark.parametrize("uses", [[], [use(optional=True)], [use(path=OTHER)], [use(name="B")]])
    def test_nor_one_that_did_not_need_it(self, uses: list[Use]) -> None:
        assert self.proof(run(STORED + SECOND), uses=uses) is None

    def test_nor_one_whose_event_does_not_start_the_job(self) -> None:
        assert self.proof(run(STORED + SECOND, event="schedule")) is None

    def test_nor_one_of_another_repository(self) -> None:
        other = replace(run(STORED + SECOND), repository="octo/site")
        assert self.proof(other) is None
        assert self.proof(replace(other, repository="OCTO/App"))

    @pytest.mark.parametrize(
        ("ref", "proves"),
        [(REPOSITORY, True), (ORGANIZATION, True), (ENVIRONMENT, False), (DEPENDABOT, False),
         (CODESPACES, False), (SecretRef(Scope("other"), "A"), False)],
    )  # fmt: skip
    def test_nor_of_a_copy_that_it_does_not_get(self, ref: SecretRef, proves: bool) -> None:
        assert bool(self.proof(run(STORED + SECOND), ref=ref)) is proves
        if ref is ENVIRONMENT:
            assert self.proof(run(STORED + SECOND), ref=ref, uses=[deploy()])


HOLDER = Holder(run(), (REPOSITORY,), "queued before")
OVERLAP, CAP = timedelta(days=7), timedelta(days=35)
SETTLED, LATEST = STORED + OVERLAP, STORED + CAP


class TestVerdict:
    @pytest.mark.parametrize(
        ("now", "holders", "proof", "expiry", "expected", "forced"),
        [
            (SETTLED, 0, STORED, None, True, False),
            (SETTLED - SECOND, 0, STORED, None, False, False),
            (SETTLED + SECOND, 0, STORED, None, True, False),
            (SETTLED, 1, STORED, None, False, False),
            (SETTLED, 0, None, None, False, False),
            (SETTLED + DAY, 0, SETTLED + DAY, None, True, False),
            (SETTLED + DAY, 0, SETTLED + DAY + SECOND, None, False, False),
            (LATEST, 0, STORED, None, True, False),
            (LATEST - SECOND, 1, None, None, False, False),
            (LATEST, 1, None, None, True, True),
            (LATEST, 1, STORED, None, True, True),
            (LATEST, 0, None, LATEST + DAY, True, True),
            (STORED + DAY - SECOND, 0, STORED, STORED + DAY, False, False),
            (STORED + DAY, 0, STORED, STORED + DAY, True, True),
            (SETTLED, 0, STORED, STORED + DAY, True, False),
        ],
    )
    def test_the_latest_of_three_and_the_earliest_of_two(
        self,
        now: datetime,
        holders: int,
        proof: datetime | None,
        expiry: datetime | None,
        expected: bool,
        forced: bool,
    ) -> None:
        verdict = may_retire(
            stored={REPOSITORY: STORED - DAY, ORGANIZATION: STORED},
            holders=[HOLDER] * holders,
            proof=proof,
            overlap=OVERLAP,
            cap=CAP,
            old_expiry=expiry,
            now=now,
        )
        assert (verdict.now, verdict.forced) == (expected, forced)

    def verdict(
        self, now: datetime, holders: int = 0, *, proof: bool = True, expiry: datetime | None = None
    ) -> str:
        return may_retire(
            stored={REPOSITORY: STORED},
            holders=[HOLDER] * holders,
            proof=STORED if proof else None,
            overlap=OVERLAP,
            cap=CAP,
            old_expiry=expiry,
            now=now,
        ).because

    def test_it_is_said_why(self) -> None:
        assert self.verdict(SETTLED).startswith("it is stored everywhere")
        assert self.verdict(STORED) == (
            "the old value stays valid until 2026-11-29 13:43:00 UTC at the least"
        )
        assert self.verdict(SETTLED, 1) == "1 unfinished run can still hold the old value"
        assert self.verdict(SETTLED, 2, proof=False) == (
            "2 unfinished runs can still hold the old value, the new value has not been seen in use"
        )
        assert self.verdict(LATEST, 2) == (
            "the longest drain is over, although 2 unfinished runs can still hold the old value"
        )
        assert self.verdict(SETTLED, proof=False, expiry=SETTLED) == (
            "the old token has expired, although the new value has not been seen in use"
        )

    def test_what_is_not_seen_stands_against_it(self) -> None:
        def verdict(now: datetime) -> tuple[bool, bool, str]:
            found = may_retire(
                stored={REPOSITORY: STORED},
                holders=[],
                proof=STORED,
                overlap=OVERLAP,
                cap=CAP,
                old_expiry=None,
                now=now,
                unseen=["runs of octo/x", "runs of octo/y"],
            )
            return found.now, found.forced, found.because

        told = "who holds the old value is not all seen: runs of octo/x; runs of octo/y"
        assert verdict(LATEST - SECOND) == (False, False, told)
        assert verdict(LATEST) == (True, True, f"the longest drain is over, although {told}")

    def test_a_destination_is_needed(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            may_retire(
                stored={}, holders=[], proof=None, overlap=DAY, cap=DAY, old_expiry=None, now=STORED
            )


instants = st.integers(-100, 100).map(lambda number: STORED + timedelta(hours=number))
spans = st.integers(0, 60).map(lambda number: timedelta(hours=number))


@given(
    st.lists(instants, min_size=1, max_size=3),
    st.integers(0, 2),
    st.none() | instants,
    spans,
    spans,
    st.none() | instants,
    instants,
)
def test_nothing_is_retired_early_unless_it_is_said(
    stored: list[datetime],
    holders: int,
    proof: datetime | None,
    overlap: timedelta,
    cap: timedelta,
    expiry: datetime | None,
    now: datetime,
) -> None:
    def verdict_at(now: datetime) -> tuple[bool, bool, datetime, datetime]:
        verdict = may_retire(
            stored=dict(zip(EVERYWHERE, stored, strict=False)),
            holders=[HOLDER] * holders,
            proof=proof,
            overlap=overlap,
            cap=cap,
            old_expiry=expiry,
            now=now,
        )
        return verdict.now, verdict.forced, verdict.not_before, verdict.at_latest

    yes, forced, not_before, at_latest = verdict_at(now)
    assert (
        not_before
        <= at_latest
        == min(max(stored) + cap, expiry or datetime.max.replace(tzinfo=UTC))
    )
    good = now >= max(stored) + overlap and not holders and proof is not None and now >= proof
    assert yes == (good or now >= at_latest)
    assert forced == (yes and not good)
    assert now >= not_before or not yes
    assert verdict_at(at_latest)[0]
    if yes:
        assert verdict_at(now + SECOND)[0]
    if not holders and proof is not None:
        assert verdict_at(not_before)[0]


refs = st.sampled_from(EVERYWHERE)
some_uses = st.lists(
    st.sampled_from([use(), deploy(), use(path=OTHER), use(name="B"), deploy("x", known=False)]),
    max_size=3,
)
some_jobs = st.none() | st.lists(
    st.builds(
        RunJob,
        st.sampled_from(["deploy", "publish", "x"]),
        st.sampled_from(["queued", "in_progress", "completed"]),
        st.none() | instants,
    ),
    max_size=3,
).map(tuple)
some_runs = st.lists(
    st.builds(run, instants, path=st.sampled_from([CI, OTHER, UPDATES]), jobs=some_jobs),
    max_size=4,
)


@given(some_runs, some_uses, st.dictionaries(refs, instants, min_size=1))
def test_what_is_known_less_of_holds_more(
    runs: list[WorkflowRun], uses: list[Use], stored: dict[SecretRef, datetime]
) -> None:
    def held(runs: list[WorkflowRun], *, complete: bool = True) -> list[WorkflowRun]:
        consumer = Consumer("octo/app", tuple(uses), complete, tuple(runs))
        return [replace(each.run, jobs=None) for each in find_holders([consumer], stored)]

    known = held(runs)
    unasked = held([replace(each, jobs=None) for each in runs])
    assert all(each in unasked for each in known)
    assert all(each in held(runs, complete=False) for each in known)
    assert not [each for each in unasked if each.created_at > max(stored.values())]
