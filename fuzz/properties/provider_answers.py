"""Any answer of a provider, through the real transport: facts, or an error that quotes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import httpx

from fuzz.answers import Tape, Told, judge_error, record, repeatable, scene_seeds
from fuzz.properties import forget_values
from fuzz.source import Source
from keyturn import transport
from keyturn.config import load
from keyturn.credentials import Credentials
from keyturn.errors import ProviderError
from keyturn.inspection import Inspector
from keyturn.interfaces import (
    Access,
    ExtendingProvider,
    ListingProvider,
    MintingProvider,
    Provider,
    ReplacingProvider,
    RevokingProvider,
)
from keyturn.model import Listed, Minted, State, Token, TokenStatus
from keyturn.providers import make_all
from keyturn.sandbox import Sandbox, gallery
from keyturn.sandbox.example import NOW, fill
from keyturn.transport import Transport

_Act = Callable[[Any, Token, Access | None], Any]
_LATER = NOW + timedelta(days=30)
_NAME = "ci kt-1a2b3c4d"


@dataclass(frozen=True, slots=True)
class _Scene:
    """One thing asked of a provider, and what the sandbox answered."""

    provider: type[Provider]
    token: Token
    access: Access | None
    act: _Act
    told: list[Told]


def _inspect(provider: Provider, token: Token, access: Access | None) -> object:
    return provider.inspect(token, access, now=NOW)


def _list(provider: ListingProvider, token: Token, access: Access | None) -> object:
    return provider.list_tokens(token, access, now=NOW)


def _mint(provider: MintingProvider, token: Token, access: Access | None) -> object:
    status = provider.inspect(token, access, now=NOW)
    like = status.token_id
    return provider.mint(token, access, like=like, name=_NAME, expires_at=_LATER, now=NOW)


def _extend(provider: ExtendingProvider, token: Token, access: Access | None) -> object:
    known = provider.inspect(token, access, now=NOW).token_id or "1"
    return provider.extend(token, access, token_id=known, expires_at=_LATER, now=NOW)


def _replace(provider: ReplacingProvider, token: Token, access: Access | None) -> object:
    known = provider.inspect(token, access, now=NOW).token_id or "1"
    return provider.replace(token, access, token_id=known, expires_at=_LATER, now=NOW)


def _revoke(provider: RevokingProvider, token: Token, access: Access | None) -> object:
    known = provider.inspect(token, access, now=NOW).token_id
    return provider.revoke(token, access, token_id=known, now=NOW)


_ACTS: tuple[tuple[type[Provider], _Act], ...] = (
    (Provider, _inspect), (ListingProvider, _list), (MintingProvider, _mint),
    (ExtendingProvider, _extend), (ReplacingProvider, _replace), (RevokingProvider, _revoke),
)  # fmt: skip


def _scenes() -> Iterator[_Scene]:
    """Do everything once to every token of the gallery."""
    with repeatable(), Sandbox(NOW) as box, Transport(sleep=lambda _: None) as real:
        fill(box)
        example = gallery.fill(box)
        data = example.files[".github/keyturn.yml"].encode()
        config = load(data, "keyturn.yml", repository=gallery.REPOSITORY)
        providers = make_all(config.tokens, real)
        inspector = Inspector(providers, Credentials(example.environ), NOW)
        for token in config.tokens:
            provider = providers[token.provider]
            for kind, act in _ACTS:
                if isinstance(provider, kind):
                    yield _scene(box, provider, token, inspector.access(token), act)


def _scene(
    box: Sandbox, provider: Provider, token: Token, access: Access | None, act: _Act
) -> _Scene:
    fresh = type(provider)(provider.transport)

    def do() -> None:
        try:
            act(fresh, token, access)
        except ProviderError:
            return  # not for this kind of declaration

    return _Scene(type(provider), token, access, act, record(box.servers, do))


_SCENES = [scene for scene in _scenes() if scene.told]
_STATUS = (TokenStatus, type(None), Minted)


def seeds() -> Iterator[bytes]:
    """Yield the true answers of every scene, then changed ones."""
    return scene_seeds(len(_SCENES))


def check(data: bytes) -> None:
    """Play a scene, its answers changed as the bytes say."""
    forget_values()
    source = Source(data)
    scene = source.pick(_SCENES)
    tape = Tape(scene.told, source)

    def answer(_request: httpx.Request) -> httpx.Response:
        told = tape.tell()
        headers = [(name.encode(), value.encode()) for name, value in told.headers]
        return httpx.Response(told.status, headers=headers, stream=httpx.ByteStream(told.body))

    # The client is the one part that is not real: it would load certificates every time.
    client = httpx.Client(transport=httpx.MockTransport(answer))
    with patch.object(transport, "_make_client", lambda *_: client):
        provider = scene.provider(Transport(sleep=lambda _: None))
    try:
        done = scene.act(provider, scene.token, scene.access)
    except ProviderError as error:
        judge_error(error)
        return
    for each in done if isinstance(done, (list, tuple)) else [done]:
        _judge(each)


def _judge(done: object) -> None:
    assert isinstance(done, (*_STATUS, Listed)), type(done)
    if isinstance(done, Listed):
        assert done.key
        done = done.status
    if isinstance(done, TokenStatus):
        assert done.state in State
        for at in (done.expires_at, done.created_at, done.last_used_at):
            assert at is None or at.utcoffset() == timedelta(0), at
            assert at is None or at.astimezone(UTC) - datetime(1, 1, 1, tzinfo=UTC) >= timedelta(0)
