"""Builders of surveys for the tests of the reports; every value has a plain default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from keyturn.model import (
    Deadline,
    DeadlineReason,
    Evidence,
    Failure,
    FailureKind,
    Finding,
    FirstBreak,
    Inspected,
    Inventory,
    Precision,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Severity,
    State,
    StoredPart,
    Survey,
    Token,
    TokenStatus,
)
from keyturn.rules import SEVERITIES

NOW = datetime(2026, 11, 22, 13, 43, tzinfo=UTC)  # a Sunday
THURSDAY = datetime(2026, 11, 26, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
RELEASE = ".github/workflows/release.yml"


def secret_ref(name: str = "GITLAB_TOKEN", *, environment: str = "") -> SecretRef:
    return SecretRef(Scope("octo", "app", environment), name)


def reference(
    path: str = RELEASE, line: int = 31, *, name: str = "GITLAB_TOKEN", job: str | None = "publish"
) -> Reference:
    return Reference(path, line, 20, name, job=job, step="Push the image")


def inspected(
    id: str = "deploy-gitlab",
    *,
    state: State = State.ACTIVE,
    expires_at: datetime | None = THURSDAY,
    precision: Precision = Precision.DAY,
    deadline: Deadline | None = None,
    owners: Sequence[str] = ("@alice", "@octo/platform"),
    status: TokenStatus | None = None,
    line: int = 4,
) -> Inspected:
    if deadline is None and expires_at:
        deadline = Deadline(expires_at, DeadlineReason.PROVIDER_EXPIRY)
    token = Token(
        id,
        "gitlab",
        secrets=(StoredPart(secret_ref()),),
        owners=tuple(owners),
        line=line,
    )
    given = status or TokenStatus(
        state,
        precision=precision,
        expires_at=expires_at,
        created_at=NOW - timedelta(days=300),
        last_used_at=NOW - timedelta(days=2),
    )
    return Inspected(token, given, deadline)


def expiring(subject: str = "deploy-gitlab", *, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        "expiring",
        severity,
        subject,
        "expires 2026-11-26 00:00 UTC; its last whole day is 2026-11-25",
        due_at=THURSDAY,
        step=timedelta(days=7),
        first_break=FirstBreak(RELEASE, "publish", FRIDAY, "schedule"),
        references=(reference(line=12, job="build"), reference()),
    )


def undeclared(name: str = "OLD_KEY") -> Finding:
    return Finding(
        "undeclared-secret",
        Severity.INFO,
        str(secret_ref(name)),
        "is stored, and no token is declared for it",
        references=(reference(".github/workflows/test.yml", 7, name=name, job=None),),
    )


def survey(
    *findings: Finding,
    tokens: Sequence[Inspected] = (),
    failures: Sequence[Failure] = (),
    secrets: Sequence[Secret] = (),
    issues: Mapping[str, str] | None = None,
) -> Survey:
    return Survey(
        repository="octo/app",
        now=NOW,
        inventory=Inventory("octo/app", secrets=tuple(secrets)),
        tokens=tuple(tokens),
        findings=findings,
        failures=tuple(failures),
        issues=issues or {},
    )


def typical() -> Survey:
    """One of everything: what a first run on a grown repository finds."""
    robot = TokenStatus(State.UNKNOWN, evidence=Evidence.NONE, reason="provider-unavailable: 503")
    feed = TokenStatus(State.ACTIVE, precision=Precision.NEVER, never_used=True)
    return survey(
        expiring(),
        Finding("never-expires", Severity.WARNING, "feed", "has no expiry date"),
        undeclared(),
        tokens=[
            inspected("feed", status=feed, expires_at=None, owners=()),
            inspected("robot", status=robot, expires_at=None),
            inspected(),
        ],
        secrets=[
            Secret(secret_ref(), updated_at=NOW - timedelta(days=300), declared_by="deploy-gitlab"),
            Secret(secret_ref("OLD_KEY"), references=(undeclared().references)),
        ],
        failures=[
            Failure(FailureKind.NOT_PERMITTED, "octo", "its secrets may not be listed"),
            Failure(FailureKind.PROVIDER_UNAVAILABLE, "robot", "answered 503 three times"),
        ],
        issues={"deploy-gitlab": "https://github.com/octo/app/issues/7"},
    )


def calm() -> Survey:
    """A survey with nothing to say."""
    return survey(tokens=[inspected(expires_at=NOW + timedelta(days=200))])


HOSTILE = (
    "::error::fake",
    "x ##[add-mask]y",
    "\x1b[2J\x1b]0;title\x07",
    "\u202egnp.exe\u2066",
    "\nsecond\r\n::set-output name=a::b",
    "| cell | `code` <b>html</b> [link](https://evil.example) @octocat ![i](https://e.example/i)",
    "%0A%3A%2C%25",
    "\ud800",
    "表意文字" * 30,
    "e\u0301" * 20,
    "\u2028\u2029\u0085\x00",
    "</td></table><script>alert(1)</script><!-- --> &lt;",
    "{{ 7 * 7 }} ${{ secrets.X }} {% raw %}",
)
"""Names that strangers might give to a token, a job or a file."""

words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.just("plain-name"))
instants = st.integers(-(10**14), 10**14).map(lambda us: NOW + timedelta(microseconds=us))
references = st.builds(
    Reference,
    words,
    st.integers(1, 10_000),
    st.integers(1, 500),
    words,
    job=st.none() | words,
    step=st.none() | words,
)
first_breaks = st.builds(FirstBreak, words, words, instants, st.just("schedule") | words)
findings = st.builds(
    Finding,
    st.sampled_from(sorted(SEVERITIES)),
    st.sampled_from(Severity),
    words,
    words,
    due_at=st.none() | instants,
    first_break=st.none() | first_breaks,
    references=st.lists(references, max_size=7).map(tuple),
)
statuses = st.builds(
    TokenStatus,
    st.sampled_from(State),
    precision=st.sampled_from(Precision),
    expires_at=st.none() | instants,
    created_at=st.none() | instants,
    last_used_at=st.none() | instants,
    never_used=st.booleans(),
    evidence=st.sampled_from(Evidence),
    reason=st.none() | words,
)
tokens = st.builds(
    Inspected,
    st.builds(Token, words, words, owners=st.lists(words, max_size=3).map(tuple)),
    statuses,
    st.none() | st.builds(Deadline, instants, st.sampled_from(DeadlineReason)),
)
failures = st.builds(Failure, st.sampled_from(FailureKind), words, words)
secrets = st.builds(
    Secret,
    st.builds(SecretRef, st.builds(Scope, words, words, words), words),
    updated_at=st.none() | instants,
    declared_by=st.none() | words,
    references=st.lists(references, max_size=3).map(tuple),
)
surveys = st.builds(
    Survey,
    words,
    instants,
    st.builds(Inventory, words, secrets=st.lists(secrets, max_size=3).map(tuple)),
    tokens=st.lists(tokens, max_size=4).map(tuple),
    findings=st.lists(findings, max_size=5).map(tuple),
    failures=st.lists(failures, max_size=4).map(tuple),
    issues=st.dictionaries(words, words, max_size=3),
)
"""Surveys in which everything that strangers may name is hostile."""
