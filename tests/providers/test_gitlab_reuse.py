"""No way through the provider makes GitLab's reuse detection strike: see `families_revoked`."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.errors import BlockedByPolicy, CredentialRejected, ProviderError, ProviderUnavailable
from keyturn.interfaces import Access
from keyturn.model import Minted, State
from keyturn.providers._gitlab_api import Server, Session
from keyturn.providers.gitlab import GitLab
from keyturn.sandbox.gitlab import GitLab as Sandbox
from keyturn.sandbox.gitlab_world import Token as Issued
from keyturn.sandbox.server import Fault, Response
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.providers.contract import NOW, Sleeper
from tests.providers.gitlab_scenes import GONE, declare, manager, own, start

UNTIL = datetime(2027, 1, 20, tzinfo=UTC)
ROTATES = "^POST .*/rotate"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = start()
    yield sandbox
    sandbox.server.stop()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with Transport(sleep=Sleeper()) as transport:
        yield GitLab(transport)


def swap(gitlab: GitLab, sandbox: Sandbox, access: Access, old: Issued) -> Minted:
    return gitlab.replace(declare(sandbox), access, token_id=str(old.id), expires_at=UNTIL, now=NOW)


def count_replacements(sandbox: Sandbox) -> int:
    return sum(
        e.request.method == "POST" and e.request.path.endswith("/rotate")
        for e in sandbox.server.exchanges
    )


def assert_spent(gitlab: GitLab, sandbox: Sandbox, old: Issued) -> None:
    """Nothing is sent any more with this value, whatever is asked for."""
    sent = len(sandbox.server.exchanges)
    declared, access, id = declare(sandbox), own(old), str(old.id)
    acts: list[Callable[[], object]] = [
        lambda: gitlab.inspect(declared, access, now=NOW),
        lambda: gitlab.inspect(declare(sandbox, token="x"), manager(old), now=NOW),
        lambda: gitlab.list_tokens(declared, access, now=NOW),
        lambda: swap(gitlab, sandbox, access, old),
        lambda: gitlab.revoke(declared, access, token_id=id, now=NOW),
        lambda: gitlab.revoke(declared, access, token_id=None, now=NOW),
        lambda: gitlab.mint(declared, access, like=id, name="n", expires_at=UNTIL, now=NOW),
    ]
    for act in acts:
        with pytest.raises(CredentialRejected, match="not presented again"):
            act()
    assert len(sandbox.server.exchanges) == sent


def test_a_token_that_replaced_itself_is_spent(sandbox, gitlab):
    old = sandbox.create_token(scopes=("self_rotate",))
    new = swap(gitlab, sandbox, own(old), old)
    assert_spent(gitlab, sandbox, old)
    fresh = Access(new.parts, own=True)
    assert gitlab.inspect(declare(sandbox), fresh, now=NOW).state is State.ACTIVE
    again = swap(gitlab, sandbox, fresh, sandbox.find(int(new.status.token_id or 0)))
    assert again.status.token_id != new.status.token_id
    assert sandbox.families_revoked == 0


def test_it_is_spent_however_its_server_is_written(sandbox, gitlab):
    old = sandbox.create_token()
    swap(gitlab, sandbox, own(old), old)
    for url in (f"{sandbox.url}/", sandbox.url.replace("http", "HTTP")):
        with pytest.raises(CredentialRejected, match="not presented again"):
            gitlab.inspect(declare(sandbox, url=url), own(old), now=NOW)


def test_a_manager_that_replaced_itself_changes_nothing_more(sandbox):
    """Another thread may have asked it about itself just before."""
    boss, other = sandbox.create_token(), sandbox.create_token()
    with Transport() as transport:
        session = Session(Server(transport, sandbox.url), SecretValue(boss.value))
        assert session.change_itself("/personal_access_tokens/self/rotate", {}).status == 200
        with pytest.raises(CredentialRejected, match="not presented again"):
            session.change("POST", f"/personal_access_tokens/{other.id}/rotate")
    assert sandbox.families_revoked == 0
    assert not other.revoked


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_a_lost_answer_spends_it_too(sandbox, gitlab, drop, after):
    old = sandbox.create_token()
    answer = None if drop else Response(504, "<html>")
    sandbox.server.faults.append(Fault(ROTATES, answer, drop=drop, after=after))
    with pytest.raises(ProviderUnavailable):
        swap(gitlab, sandbox, own(old), old)
    sandbox.server.faults.clear()
    assert_spent(gitlab, sandbox, old)
    assert count_replacements(sandbox) == int(after)


@pytest.mark.parametrize(
    "answer",
    [
        GONE,
        Response(401, {"message": "401 Unauthorized"}),
        Response(403, "Forbidden\n"),
        Response(200, "{}"),
        Response(302, None, {"Location": "https://gitlab.example.com"}),
    ],
    ids=["revoked", "401", "ban", "no value", "redirect"],
)
def test_whatever_is_not_a_plain_refusal_spends_it(sandbox, gitlab, answer):
    old = sandbox.create_token()
    sandbox.server.faults.append(Fault(ROTATES, answer))
    with pytest.raises(ProviderError):
        swap(gitlab, sandbox, own(old), old)
    sandbox.server.faults.clear()
    assert_spent(gitlab, sandbox, old)


def test_a_plain_refusal_leaves_it_as_it_was(sandbox, gitlab):
    old = sandbox.create_token()
    sandbox.longest_lifetime = timedelta(days=7)
    with pytest.raises(BlockedByPolicy):
        swap(gitlab, sandbox, own(old), old)
    sandbox.longest_lifetime = timedelta(days=365)
    assert gitlab.inspect(declare(sandbox), own(old), now=NOW).state is State.ACTIVE
    swap(gitlab, sandbox, own(old), old)
    assert old.revoked


def test_an_older_answer_about_itself_is_not_relied_on(sandbox, gitlab):
    old = sandbox.create_token()
    assert gitlab.inspect(declare(sandbox), own(old), now=NOW).state is State.ACTIVE
    sandbox.rotate(old.id)
    with pytest.raises(CredentialRejected):
        swap(gitlab, sandbox, own(old), old)
    assert sandbox.families_revoked == 0


def test_a_dead_value_is_not_presented(sandbox, gitlab):
    old = sandbox.create_token()
    new = sandbox.rotate(old.id)
    for _ in range(2):
        with pytest.raises(CredentialRejected, match="not presented to a replacement"):
            swap(gitlab, sandbox, own(old), old)
    assert count_replacements(sandbox) == 0
    assert not new.revoked


def test_the_value_of_another_token_is_not_presented(sandbox, gitlab):
    old, other = sandbox.create_token(), sandbox.create_token()
    with pytest.raises(ProviderError, match="another token"):
        swap(gitlab, sandbox, own(other), old)
    assert count_replacements(sandbox) == 0


def test_only_one_of_many_threads_replaces(sandbox, gitlab):
    old = sandbox.create_token()
    sandbox.server.latency = 0.01
    made: list[Minted] = []
    refused: list[ProviderError] = []

    def act() -> None:
        try:
            made.append(swap(gitlab, sandbox, own(old), old))
        except ProviderError as error:
            refused.append(error)

    threads = [threading.Thread(target=act) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)
    assert (count_replacements(sandbox), sandbox.families_revoked) == (1, 0)


FAULTS: tuple[Fault, ...] = (
    Fault(".", drop=True),
    Fault(ROTATES, drop=True, after=True),
    Fault(ROTATES, Response(503, "<html>"), after=True),
    Fault(ROTATES, Response(429)),
    Fault(ROTATES, Response(400, {"message": "400 Bad request"})),
    Fault(ROTATES, Response(401, {"message": "401 Unauthorized"}), after=True),
    Fault("^DELETE", drop=True, after=True),
    Fault("^GET .*/self", Response(500)),
    Fault("^GET .*/self", Response(401, {"message": "401 Unauthorized"})),
)
ACTS = ("replace", "inspect", "list", "revoke", "revoke-value", "mint")
ELSEWHERE = ("rotated elsewhere", "revoked elsewhere", "time passes", "another run")
OFTEN = ("replace", "inspect", "rotated elsewhere") * 3
STEPS = st.tuples(
    st.sampled_from((*ACTS, *ELSEWHERE, *OFTEN)),
    st.sampled_from((0, 1, -1)),
    st.sampled_from(("own", "own", "own", "itself", "another")),
    st.sampled_from((None, None, None, *FAULTS)),
)


class History:
    """Runs that do things with every value that ever was, dead or alive, in any order."""

    def __init__(self, sandbox: Sandbox, runs: contextlib.ExitStack) -> None:
        self.sandbox = sandbox
        self.runs = runs
        self.start_run()

    def start_run(self) -> None:
        self.gitlab = GitLab(self.runs.enter_context(Transport(sleep=Sleeper())))

    def step(self, what: str, which: int, by: str, fault: Fault | None) -> None:
        token = self.sandbox.tokens[which]
        if what == "rotated elsewhere":
            if token.is_active(self.sandbox.now):
                self.sandbox.rotate(token.id, UNTIL.date())
        elif what == "revoked elsewhere":
            self.sandbox.revoke(token.id)
        elif what == "time passes":
            self.sandbox.clock.advance(timedelta(days=20))
        elif what == "another run":
            self.start_run()
        else:
            self.sandbox.server.faults[:] = [replace(fault, times=3)] if fault else []
            asking = self.sandbox.tokens[which - 1] if by == "another" else token
            access = own(token) if by == "own" else manager(asking)
            with contextlib.suppress(ProviderError):
                self.act(what, token, access)

    def act(self, what: str, token: Issued, access: Access) -> None:
        declared, id, now = declare(self.sandbox, token="ci"), str(token.id), self.sandbox.now
        until = now + timedelta(days=60)
        match what:
            case "replace":
                self.gitlab.replace(declared, access, token_id=id, expires_at=until, now=now)
            case "inspect":
                self.gitlab.inspect(declared, access, now=now)
            case "list":
                self.gitlab.list_tokens(declared, access, now=now)
            case "revoke":
                self.gitlab.revoke(declared, access, token_id=id, now=now)
            case "revoke-value":
                self.gitlab.revoke(declared, access, token_id=None, now=now)
            case _:
                self.gitlab.mint(declared, access, like=id, name="ci", expires_at=until, now=now)


@given(st.lists(STEPS, min_size=10, max_size=25))
def test_reuse_detection_never_strikes(steps):
    sandbox = start()
    for name in ("ci", "manager", "other"):
        sandbox.create_token(name=name, expires_on=UNTIL.date())
    with contextlib.ExitStack() as runs:
        runs.callback(sandbox.server.stop)
        history = History(sandbox, runs)
        for step in steps:
            history.step(*step)
    assert sandbox.families_revoked == 0
    replacing = [
        e.request.headers["private-token"]
        for e in sandbox.server.exchanges
        if e.request.path.endswith("/self/rotate") and e.response.status == 200
    ]
    assert len(set(replacing)) == len(replacing)


MOVES = (
    "replace",
    "replace, the answer lost",
    "replace, refused",
    "replace as its own manager",
    "replace as another manager",
    "inspect",
    "rotated elsewhere",
    "another run",
)


def move(sandbox: Sandbox, gitlab: GitLab, what: str, old: Issued, boss: Issued) -> None:
    lost = Fault(ROTATES, Response(504), after=True)
    refused = Fault(ROTATES, Response(400, {"message": "400 Bad request"}))
    sandbox.server.faults[:] = {MOVES[1]: [lost], MOVES[2]: [refused]}.get(what, [])
    access = {MOVES[3]: manager(old), MOVES[4]: manager(boss)}.get(what, own(old))
    with contextlib.suppress(ProviderError):
        if what == "inspect":
            gitlab.inspect(declare(sandbox), access, now=NOW)
        elif what.startswith("replace"):
            swap(gitlab, sandbox, access, old)
        elif what == "rotated elsewhere" and not old.revoked:
            sandbox.rotate(old.id, UNTIL.date())


def test_every_short_history(sandbox):
    boss = sandbox.create_token(name="boss")
    with Transport(sleep=Sleeper()) as transport:
        for history in itertools.product(MOVES, repeat=3):
            old = sandbox.create_token()
            gitlab = GitLab(transport)
            for what in history:
                if what == "another run":
                    gitlab = GitLab(transport)
                move(sandbox, gitlab, what, old, boss)
            assert sandbox.families_revoked == 0, history
