"""What every provider must do, by inheritance: give a scene, and the faults come with it.

A capability is proved by one more base class: ListingContract, ExtendingContract, MintingContract,
ReplacingContract, RevokingContract.
"""

from __future__ import annotations

import contextlib
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import pytest

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import (
    Access,
    ExtendingProvider,
    ListingProvider,
    MintingProvider,
    Provider,
    ReplacingProvider,
    RevokingProvider,
)
from keyturn.model import Evidence, Minted, Precision, State, Token, TokenStatus
from keyturn.sandbox.server import Fault, Response, Router, Server
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_PLENTY = 1000


@dataclass(frozen=True, slots=True)
class Scene:
    """A provider's server with one good token, and how it is asked about."""

    server: Server
    """Started; the contract stops it."""
    token: Token
    access: Access
    expected: TokenStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of a provider's own refusals, and what it must be taken for."""

    response: Response
    means: type[ProviderError] | State
    hint: str = ""
    """Words of the hint: the scope or right that is missing."""
    at: str = "."
    """Which requests get it."""
    act: bool = False
    """Met by what changes something (`act` of the capability's contract), not by a question."""


class Sleeper:
    """Stands in for `time.sleep` and its clock, so that no test waits."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


REFUSALS = ("expired", "revoked", "insufficient-scope", "wrong-kind", "quota", "not-found")
"""What every provider's contract names: its answer, or why it has none such."""

_T = TypeVar("_T")


class ProviderContract:
    """Subclass as `TestX`; give `provider`, `make_scene` and the words of refusals."""

    provider: type[Provider]
    refusals: ClassVar[Mapping[str, Refusal | str]] = {}
    """Each of REFUSALS -> the answer and its meaning, or a sentence why there is none such."""
    questions: ClassVar[str] = "."
    """Which requests the inherited faults strike: those with what is asked, and not a log-in."""
    dead_value: type[ProviderError] | State = CredentialRejected
    """What a 401 means; a State where the token's own value was presented."""

    def make_scene(self, *, expires: bool = True) -> Scene:
        """Set the scene; without expiry the token never expires."""
        raise NotImplementedError

    def refusal(self, status: int) -> Response:
        """Return the provider's own answer of that status."""
        return Response(status, {"message": f"{status}"})

    @pytest.fixture
    def scene(self) -> Iterator[Scene]:
        scene = self.make_scene()
        yield scene
        scene.server.stop()

    @pytest.fixture(autouse=True)
    def _keeps_the_credential(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> Iterator[None]:
        caplog.set_level(logging.DEBUG)
        self.shown: list[str] = []
        yield
        shown = "\n".join([*self.shown, caplog.text, repr(scene.access), str(scene.access)])
        for value in (*scene.access.credential.values(), *scene.access.value.values()):
            assert value.reveal() not in shown

    def ask(self, scene: Scene, **transport: Any) -> TokenStatus:
        def inspect(provider: Provider) -> TokenStatus:
            return provider.inspect(scene.token, scene.access, now=NOW)

        return self.do(inspect, **transport)

    def do(self, act: Callable[[Any], _T], **transport: Any) -> _T:
        """Let a new provider do something; remember all that it showed."""
        with Transport(**{"sleep": Sleeper(), **transport}) as client:
            try:
                done = act(self.provider(client))
            except ProviderError as error:
                self.shown += traceback.format_exception(error)
                self.shown += [repr(error), error.message, error.hint]
                raise
        self.shown.append(repr(done))
        return done

    def act(self, scene: Scene, provider: Any) -> Any:
        """Do what the capability does; without one there is nothing to do."""
        raise NotImplementedError

    @pytest.mark.parametrize("name", REFUSALS)
    def test_its_own_words_for_a_refusal(self, scene: Scene, name: str):
        refusal = self.refusals[name]
        if isinstance(refusal, str):
            assert len(refusal.split()) > 3
            return
        scene.server.faults.append(Fault(refusal.at, refusal.response))

        def meet(provider: Provider) -> Any:
            if refusal.act:
                return self.act(scene, provider)
            return provider.inspect(scene.token, scene.access, now=NOW)

        if isinstance(refusal.means, State):
            status = self.do(meet)
            assert status.state is refusal.means
            assert status.reason
            return
        with pytest.raises(refusal.means) as caught:
            self.do(meet)
        assert type(caught.value) is refusal.means
        assert refusal.hint in caught.value.hint
        assert refusal.hint or name != "insufficient-scope", "name the scope or right"

    def ask_in_vain(
        self, scene: Scene, kind: type[ProviderError] = ProviderUnavailable, **transport: Any
    ) -> str:
        with pytest.raises(kind) as caught:
            self.ask(scene, **transport)
        assert type(caught.value) is kind
        assert "\n" not in caught.value.message
        return caught.value.message

    def test_tells_what_the_provider_knows(self, scene: Scene):
        assert self.ask(scene) == scene.expected

    def test_a_token_without_expiry_never_expires(self):
        scene = self.make_scene(expires=False)
        status = self.ask(scene)
        scene.server.stop()
        assert (status.precision, status.expires_at) == (Precision.NEVER, None)
        assert status.state is State.ACTIVE

    def test_is_dead_from_its_expiry_on(self, scene: Scene):
        ends = scene.expected.expires_at
        if ends is None or scene.expected.evidence is not Evidence.PROVIDER:
            return
        for now, state in ((ends - timedelta(seconds=1), State.ACTIVE), (ends, State.EXPIRED)):
            with Transport() as client:
                status = self.provider(client).inspect(scene.token, scene.access, now=now)
            assert status.state is state
            assert (status.reason is None) == (state is State.ACTIVE)

    def test_401(self, scene: Scene):
        scene.server.faults.append(Fault(self.questions, self.refusal(401)))
        if isinstance(self.dead_value, State):
            status = self.ask(scene)
            assert status.state is self.dead_value
            assert status.reason
            assert not status.holds_copy
        else:
            self.ask_in_vain(scene, self.dead_value)

    def test_403(self, scene: Scene):
        scene.server.faults.append(Fault(self.questions, self.refusal(403)))
        self.ask_in_vain(scene, CredentialRejected)

    def test_404(self, scene: Scene):
        scene.server.faults.append(Fault(self.questions, self.refusal(404)))
        self.ask_in_vain(scene, TokenNotFound)

    @pytest.mark.parametrize(
        ("headers", "slept"), [({"Retry-After": "2"}, 2.0), ({}, None)], ids=["header", "none"]
    )
    def test_429_once_is_waited_for(self, scene: Scene, headers, slept):
        sleeper = Sleeper()
        scene.server.faults.append(Fault(self.questions, Response(429, {}, headers), times=1))
        assert self.ask(scene, sleep=sleeper) == scene.expected
        assert len(sleeper.slept) == 1
        assert sleeper.slept[0] == slept or (slept is None and 0 < sleeper.slept[0] <= 1)

    @pytest.mark.parametrize(
        ("response", "tries", "words"),
        [
            (Response(429), 3, "429"),
            (Response(429, None, {"Retry-After": "3600"}), 1, "in 3600 s"),
            (Response(500), 1, "500"),
            (Response(503), 3, "503"),
            (Response(418, {}), 1, "418"),
            (Response(200, "<html><body>Sign in</body></html>"), 1, "not JSON"),
            (Response(200, '{"id": 1, "na'), 1, "not JSON"),
            (Response(200, "[" * 100_000), 1, "not JSON"),
            (Response(200, b"\xff\xfe"), 1, "not JSON"),
            (Response(200, " " * 10_000_000), 1, "more than 2 MiB"),
        ],
        ids=["429", "429-late", "500", "503", "418", "html", "half", "deep", "binary", "10MB"],
    )
    def test_an_outage_says_nothing_about_the_token(self, scene: Scene, response, tries, words):
        fault = Fault(self.questions, response, times=_PLENTY)
        scene.server.faults.append(fault)
        assert words in self.ask_in_vain(scene)
        assert fault.times == _PLENTY - tries

    @pytest.mark.parametrize("body", ["null", "7", '"text"', "[7]", '{"a": 1}', '[{"id": {}}]'])
    def test_an_unknown_shape(self, scene: Scene, body):
        scene.server.faults.append(Fault(self.questions, Response(200, body)))
        self.ask_in_vain(scene)

    def test_a_dropped_connection_is_tried_again(self, scene: Scene):
        scene.server.faults.append(Fault(self.questions, drop=True, times=2))
        assert self.ask(scene) == scene.expected

    def test_no_answer_at_all(self, scene: Scene):
        fault = Fault(self.questions, drop=True, times=_PLENTY)
        scene.server.faults.append(fault)
        self.ask_in_vain(scene)
        assert fault.times == _PLENTY - 3

    def test_a_slow_answer(self, scene: Scene):
        scene.server.faults.append(Fault(self.questions, delay=0.15))
        assert "within 0.05 s" in self.ask_in_vain(scene, deadline=0.05)

    def test_a_redirect_is_not_followed(self, scene: Scene):
        elsewhere = Server(Router(), not_found=Response(404))
        elsewhere.start()
        for status in (301, 302, 307):
            away = Response(status, None, {"Location": elsewhere.url})
            scene.server.faults[:] = [Fault(self.questions, away)]
            message = self.ask_in_vain(scene)
            assert "redirect" in message
            assert elsewhere.url not in message
        elsewhere.stop()
        assert elsewhere.exchanges == []


class ListingContract(ProviderContract):
    """The credential of the scene sees the scene's token in a list."""

    def list(self, scene: Scene) -> Any:
        def ask(provider: ListingProvider) -> Any:
            return provider.list_tokens(scene.token, scene.access, now=NOW)

        return self.do(ask)

    def test_lists_the_token_with_all_that_is_known(self, scene: Scene):
        found = self.list(scene)
        assert len({row.key for row in found}) == len(found)
        ids = [row.status.token_id for row in found]
        assert scene.expected.token_id in ids
        row = found[ids.index(scene.expected.token_id)]
        shown = replace(row.status, holds_copy=scene.expected.holds_copy)
        assert shown == scene.expected
        asked = self.ask(scene)
        assert self.do(lambda provider: provider.key_of(scene.token, asked)) == row.key

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
    def test_a_refused_list_is_no_empty_one(self, scene: Scene, status: int):
        scene.server.faults.append(Fault(self.questions, self.refusal(status)))
        with pytest.raises(ProviderError) as caught:
            self.list(scene)
        # What has no list of its own is passed over in silence.
        assert not isinstance(caught.value, ProviderRefused)

    @pytest.mark.parametrize("body", ["null", "7", '{"a": 1}', '[{"id": {}}]', '[{"id": 1'])
    def test_no_list_of_an_unknown_shape(self, scene: Scene, body: str):
        scene.server.faults.append(Fault(self.questions, Response(200, body)))
        with pytest.raises(ProviderUnavailable):
            self.list(scene)


class _ActingContract(ProviderContract):
    """What holds for everything that changes something: it is sent once."""

    changes: ClassVar[str] = "^(POST|PUT|PATCH|DELETE) "
    """Which requests change something."""

    def act_in_vain(self, scene: Scene, kind: type[ProviderError] = ProviderUnavailable) -> None:
        with pytest.raises(kind) as caught:
            self.do(lambda provider: self.act(scene, provider))
        assert type(caught.value) is kind

    def count_changes(self, scene: Scene) -> int:
        lines = [f"{e.request.method} {e.request.path}" for e in scene.server.exchanges]
        return sum(bool(re.search(self.changes, line)) for line in lines)

    def list_living(self, scene: Scene) -> set[str | None] | None:
        """Return the ids of all that live; None where this kind of declaration has no list."""

        def living(provider: Any) -> set[str | None]:
            rows = provider.list_tokens(scene.token, scene.access, now=NOW)
            return {row.status.token_id for row in rows if row.status.state is State.ACTIVE}

        if not issubclass(self.provider, ListingProvider):
            return None
        try:
            return self.do(living)
        except (ProviderRefused, CredentialRejected):
            return None

    def test_a_lost_answer_is_not_repeated(self, scene: Scene):
        fault = Fault(self.changes, drop=True, after=True, times=_PLENTY)
        scene.server.faults.append(fault)
        self.act_in_vain(scene)
        assert self.count_changes(scene) == 1
        assert fault.times == _PLENTY - 1

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["plain", "retry-after"])
    def test_a_refusal_that_may_pass_is_not_repeated(self, scene: Scene, status, headers):
        fault = Fault(self.changes, Response(status, {}, headers), times=_PLENTY)
        scene.server.faults.append(fault)
        self.act_in_vain(scene)
        assert fault.times == _PLENTY - 1

    def test_an_act_is_not_redirected(self, scene: Scene):
        elsewhere = Server(Router(), not_found=Response(404))
        elsewhere.start()
        away = Response(307, None, {"Location": elsewhere.url})
        scene.server.faults.append(Fault(self.changes, away))
        self.act_in_vain(scene)
        elsewhere.stop()
        assert elsewhere.exchanges == []

    @pytest.mark.parametrize("status", [401, 403])
    def test_an_act_without_the_right_is_refused(self, scene: Scene, status: int):
        scene.server.faults.append(Fault(self.changes, self.refusal(status)))
        self.act_in_vain(scene, CredentialRejected)


_BROKEN = pytest.mark.parametrize(
    "body", ["", "null", "7", "[]", "{}", '{"id": 1, "tok', "<html>Sign in</html>"]
)


class ExtendingContract(_ActingContract):
    """Moves the scene's token to a later date."""

    later: ClassVar[datetime] = NOW + timedelta(days=60)

    def act(self, scene: Scene, provider: ExtendingProvider) -> TokenStatus:
        assert scene.expected.token_id
        return provider.extend(
            scene.token,
            scene.access,
            token_id=scene.expected.token_id,
            expires_at=self.later,
            now=NOW,
        )

    def test_extends(self, scene: Scene):
        granted = self.do(lambda provider: self.act(scene, provider))
        assert self.count_changes(scene) == 1
        assert granted.expires_at == self.later
        assert granted.token_id == scene.expected.token_id
        assert self.ask(scene).expires_at == self.later


class RevokingContract(_ActingContract):
    """Kills the scene's token."""

    def act(self, scene: Scene, provider: RevokingProvider) -> None:
        provider.revoke(scene.token, scene.access, token_id=scene.expected.token_id, now=NOW)

    def test_revokes(self, scene: Scene):
        self.do(lambda provider: self.act(scene, provider))
        assert self.count_changes(scene) == 1
        with contextlib.suppress(TokenNotFound):
            assert self.ask(scene).state in (State.REVOKED, State.EXPIRED)

    def test_kills_nothing_else(self, scene: Scene):
        before = self.list_living(scene)
        if before is not None:
            self.do(lambda provider: self.act(scene, provider))
            assert self.list_living(scene) == before - {scene.expected.token_id}

    def test_what_is_dead_already_is_no_error(self, scene: Scene):
        for _ in range(2):
            self.do(lambda provider: self.act(scene, provider))

    def test_says_what_outlives_it(self):
        assert isinstance(self.provider, type)
        assert issubclass(self.provider, RevokingProvider)
        if self.provider.death_takes:
            assert self.provider.outlived_by


class _MakingContract(_ActingContract):
    """Makes a new value, which is told once and never shown."""

    until: ClassVar[datetime] = datetime(2027, 1, 20, tzinfo=UTC)

    def do(self, act: Callable[[Any], _T], **transport: Any) -> _T:
        done = super().do(act, **transport)
        if isinstance(done, Minted):
            assert done.parts[""].reveal()
            shown = "\n".join(self.shown)
            for value in done.parts.values():
                assert isinstance(value, SecretValue)
            assert done.parts[""].reveal() not in shown
        return done

    @_BROKEN
    def test_an_answer_without_a_value(self, scene: Scene, body: str):
        fault = Fault(self.changes, Response(200, body), times=_PLENTY)
        scene.server.faults.append(fault)
        self.act_in_vain(scene)
        assert fault.times == _PLENTY - 1


class MintingContract(_MakingContract):
    """Makes a second token with the rights of the scene's."""

    new_name: ClassVar[str] = "ci kt-1a2b3c4d"

    def act(self, scene: Scene, provider: MintingProvider) -> Minted:
        return provider.mint(
            scene.token,
            scene.access,
            like=scene.expected.token_id,
            name=self.new_name,
            expires_at=self.until,
            now=NOW,
        )

    def test_mints_beside_the_old_one(self, scene: Scene):
        minted = self.do(lambda provider: self.act(scene, provider))
        assert minted.status.state is State.ACTIVE
        assert minted.status.expires_at == self.until
        assert minted.status.scopes == scene.expected.scopes
        if scene.expected.token_id is not None:
            assert minted.status.token_id not in (None, scene.expected.token_id)
        assert self.count_changes(scene) == 1
        living = self.list_living(scene)
        if living is not None:
            assert living >= {scene.expected.token_id, minted.status.token_id}
        self.old_one_lives(scene)

    def old_one_lives(self, scene: Scene) -> None:
        """Look at the provider's own record."""
        raise NotImplementedError


class ReplacingContract(_MakingContract):
    """Swaps the scene's token for a new one."""

    def act(self, scene: Scene, provider: ReplacingProvider) -> Minted:
        assert scene.expected.token_id
        return provider.replace(
            scene.token,
            scene.access,
            token_id=scene.expected.token_id,
            expires_at=self.until,
            now=NOW,
        )

    def test_replaces(self, scene: Scene):
        new = self.do(lambda provider: self.act(scene, provider))
        assert new.status.state is State.ACTIVE
        assert new.status.expires_at == self.until
        assert new.status.token_id not in (None, scene.expected.token_id)
        assert new.status.scopes == scene.expected.scopes
        assert self.count_changes(scene) == 1
        living = self.list_living(scene)
        if living is not None:
            assert scene.expected.token_id not in living
            assert new.status.token_id in living
