from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from keyturn.sandbox.server import Clock
from keyturn.sandbox.synoptic import Account, Synoptic

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Client:
    """Sends requests with an account's key, and returns status and body."""

    def __init__(self, synoptic: Synoptic, account: Account) -> None:
        self.url = f"{synoptic.url}/"
        self.account = account

    def get(self, *, by: Account | None = None, **query: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {(by or self.account).key}"}
        response = httpx.get(self.url, params=query, headers=headers)
        return response.status_code, response.json()

    def values(self, **kwargs: Any) -> list[str]:
        status, body = self.get(list=1, **kwargs)
        assert status == 200
        assert set(body) == {"TOKENS"}
        values: list[str] = body["TOKENS"]
        return values


@pytest.fixture
def synoptic() -> Iterator[Synoptic]:
    synoptic = Synoptic(Clock(NOW))
    synoptic.server.start()
    yield synoptic
    synoptic.server.stop()


@pytest.fixture
def client(synoptic: Synoptic) -> Client:
    return Client(synoptic, synoptic.add_account())


def test_who_may_ask(synoptic, client):
    token = synoptic.create_token(client.account)
    assert synoptic.url.endswith("/auth/v2")
    for key in ("", "nonsense", token.value):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        assert httpx.get(client.url, headers=headers).status_code == 401
    by_query = httpx.get(client.url, params={"apikey": client.account.key, "list": 1})
    assert by_query.json() == {"TOKENS": [token.value]}
    assert len(synoptic.tokens) == 1
    assert httpx.get(f"{synoptic.url}/nothing").status_code == 404


def test_a_bare_request_makes_a_token(synoptic, client):
    status, body = client.get()
    assert (status, set(body)) == (200, {"TOKEN"})
    assert len(body["TOKEN"]) == 32
    assert client.values() == [body["TOKEN"]]
    synoptic.clock.advance(timedelta(days=10 * 366))
    assert client.values() == [body["TOKEN"]]


def test_accounts_are_apart(synoptic, client):
    other = synoptic.add_account()
    mine, theirs = client.get()[1]["TOKEN"], client.get(by=other)[1]["TOKEN"]
    assert client.values() == [mine]
    assert client.values(by=other) == [theirs]
    assert client.get(disableToken=theirs)[0] == 400
    assert client.get(cloneSettings=theirs)[0] == 400
    assert client.values(by=other) == [theirs]


def test_a_hundred_are_listed(synoptic, client):
    tokens = [synoptic.create_token(client.account).value for _ in range(101)]
    assert client.values() == tokens[:100]


@pytest.mark.parametrize("lateness", [timedelta(0), timedelta(minutes=20), timedelta(hours=5)])
def test_it_dies_within_an_hour_of_its_minute(synoptic, client, lateness):
    synoptic.lateness = lateness
    value = client.get(expire="202612011330")[1]["TOKEN"]
    dead = datetime(2026, 12, 1, 13, 30, tzinfo=UTC) + min(lateness, timedelta(hours=1))
    synoptic.clock.now = dead - SECOND
    assert client.values() == [value]
    synoptic.clock.now = dead
    assert client.values() == []


@pytest.mark.parametrize(
    "expire", ["", "soon", "2026-12-01", "20261201", "20261301000", "202613010000", "2026121330"]
)
def test_a_moment_that_cannot_be_read(synoptic, client, expire):
    assert client.get(expire=expire)[0] == 400
    assert synoptic.tokens == []


def test_a_copy_of_its_settings(synoptic, client):
    model = synoptic.create_token(client.account, settings=("ca.only",), protected=True)
    status, _ = client.get(cloneSettings=model.value, expire="202612010000")
    assert status == 200
    made = synoptic.tokens[1]
    assert (made.settings, made.protected) == (("ca.only",), True)
    assert made.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    model.disabled = True
    assert client.get(cloneSettings=model.value)[0] == 400
    assert len(synoptic.tokens) == 2


def test_disabling_is_for_good(synoptic, client):
    token, kept = (synoptic.create_token(client.account) for _ in range(2))
    assert client.get(disableToken=token.value)[0] == 200
    assert client.values() == [kept.value]
    assert client.get(disableToken=token.value)[0] == 400


def test_a_protected_token_is_not_disabled(synoptic, client):
    token = synoptic.create_token(client.account, protected=True)
    assert client.get(disableToken=token.value)[0] == 400
    assert synoptic.is_alive(token)
