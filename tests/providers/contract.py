"""What every provider must do, by inheritance: give a scene, and the faults come with it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access, Provider
from keyturn.model import Precision, State, Token, TokenStatus
from keyturn.sandbox.server import Fault, Response, Router, Server
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


class Sleeper:
    """Stands in for `time.sleep` and its clock, so that no test waits."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


class ProviderContract:
    """Subclass as `TestX`; give `provider`, `make_scene` and the words of refusals."""

    provider: type[Provider]
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
        for value in scene.access.credential.values():
            assert value.reveal() not in shown

    def ask(self, scene: Scene, **transport: Any) -> TokenStatus:
        with Transport(**{"sleep": Sleeper(), **transport}) as client:
            provider = self.provider(client)
            try:
                status = provider.inspect(scene.token, scene.access, now=NOW)
            except ProviderError as error:
                self.shown += traceback.format_exception(error)
                self.shown += [repr(error), error.message, error.hint]
                raise
        self.shown.append(repr(status))
        return status

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

    def test_401(self, scene: Scene):
        scene.server.faults.append(Fault(".", self.refusal(401)))
        if isinstance(self.dead_value, State):
            status = self.ask(scene)
            assert status.state is self.dead_value
            assert status.reason
            assert not status.holds_copy
        else:
            self.ask_in_vain(scene, self.dead_value)

    def test_403(self, scene: Scene):
        scene.server.faults.append(Fault(".", self.refusal(403)))
        self.ask_in_vain(scene, CredentialRejected)

    def test_404(self, scene: Scene):
        scene.server.faults.append(Fault(".", self.refusal(404)))
        self.ask_in_vain(scene, TokenNotFound)

    @pytest.mark.parametrize(
        ("headers", "slept"), [({"Retry-After": "2"}, 2.0), ({}, None)], ids=["header", "none"]
    )
    def test_429_once_is_waited_for(self, scene: Scene, headers, slept):
        sleeper = Sleeper()
        scene.server.faults.append(Fault(".", Response(429, {}, headers), times=1))
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
        fault = Fault(".", response, times=_PLENTY)
        scene.server.faults.append(fault)
        assert words in self.ask_in_vain(scene)
        assert fault.times == _PLENTY - tries

    @pytest.mark.parametrize("body", ["null", "7", '"text"', "[7]", '{"a": 1}', '[{"id": {}}]'])
    def test_an_unknown_shape(self, scene: Scene, body):
        scene.server.faults.append(Fault(".", Response(200, body)))
        self.ask_in_vain(scene)

    def test_a_dropped_connection_is_tried_again(self, scene: Scene):
        scene.server.faults.append(Fault(".", drop=True, times=2))
        assert self.ask(scene) == scene.expected

    def test_no_answer_at_all(self, scene: Scene):
        fault = Fault(".", drop=True, times=_PLENTY)
        scene.server.faults.append(fault)
        self.ask_in_vain(scene)
        assert fault.times == _PLENTY - 3

    def test_a_slow_answer(self, scene: Scene):
        scene.server.faults.append(Fault(".", delay=0.15))
        assert "within 0.05 s" in self.ask_in_vain(scene, deadline=0.05)

    def test_a_redirect_is_not_followed(self, scene: Scene):
        elsewhere = Server(Router(), not_found=Response(404))
        elsewhere.start()
        for status in (301, 302, 307):
            away = Response(status, None, {"Location": elsewhere.url})
            scene.server.faults[:] = [Fault(".", away)]
            message = self.ask_in_vain(scene)
            assert "redirect" in message
            assert elsewhere.url not in message
        elsewhere.stop()
        assert elsewhere.exchanges == []
