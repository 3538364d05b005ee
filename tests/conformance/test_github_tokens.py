"""What the provider asks GitHub about tokens, and is answered, judged by GitHub's description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.errors import ProviderError
from keyturn.interfaces import Access
from keyturn.model import Token
from keyturn.providers.github import GitHub as Provider
from keyturn.sandbox.github import GitHub
from keyturn.sandbox.server import Clock
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport
from tests.conformance.oracle import Oracle
from tests.sandbox.client import Client, sample_token

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=60)
CLASSIC = "gh" + "p_" + "c" * 36
GRANTS = "/orgs/octo/personal-access-tokens"
KEYS = "/repos/octo/app/keys"
PLACES: dict[str, dict[str, Any]] = {
    "personal": {"organization": "octo"},
    "fine-grained": {"organization": "octo"},
    "deploy-key": {"repository": "octo/app"},
}


@pytest.fixture
def github() -> Iterator[GitHub]:
    github = GitHub(Clock(NOW))
    octo = github.add_organization("octo")
    app = github.add_repository("octo/app")
    github.add_token(sample_token())
    github.add_token(CLASSIC, kind="pat", expires=LATER, scopes=("repo",))
    for number in range(120):
        octo.add_grant(f"ci-{number}", expires_at=LATER if number % 2 else None, last_used_at=NOW)
        app.add_deploy_key(f"ci-{number}", last_used=NOW if number % 2 else None, added_by=None)
    github.server.start()
    yield github
    github.server.stop()


def violations(github: GitHub, oracle: Oracle) -> list[str]:
    return [line for exchange in github.server.exchanges for line in oracle.check(exchange)]


def manager(value: str) -> Access:
    return Access({"": SecretValue(value)}, own=False, value={"": SecretValue(CLASSIC)})


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("number", [7, 110])
def test_all_that_the_provider_does_is_described(
    github: GitHub, github_oracle: Oracle, kind: str, number: int
) -> None:
    which = {} if kind == "personal" else {"token": f"ci-{number}"}
    options = {"url": github.url, "kind": kind, **PLACES[kind], **which}
    token = Token("t", "github", options=options)
    access = manager(sample_token())
    with Transport() as transport:
        provider = Provider(transport)
        status = provider.inspect(token, access, now=NOW)
        if kind != "personal":
            assert len(provider.list_tokens(token, access, now=NOW)) == 120
        provider.revoke(token, access, token_id=status.token_id, now=NOW)
    answered = {exchange.response.status for exchange in github.server.exchanges}
    assert answered == ({200, 202} if kind == "personal" else {200, 204})
    assert violations(github, github_oracle) == []


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize(
    "refused", ["unknown", "no right", "a person", "a policy", "nothing there"]
)
def test_so_are_refusals(github: GitHub, github_oracle: Oracle, kind: str, refused: str) -> None:
    poor = sample_token("p")
    github.add_token(poor, permissions={"secrets"})
    values = {"unknown": sample_token("u"), "no right": poor, "a person": CLASSIC}
    value = values.get(refused, CLASSIC if kind == "personal" else sample_token())
    place = dict(PLACES[kind])
    if refused == "a policy":
        github.organization("octo").longest_lifetime = timedelta(days=1)
    elif refused == "nothing there":
        place = {name: path.replace("octo", "none") for name, path in place.items()}
    options = {"url": github.url, "kind": kind, **place}
    if kind != "personal":
        options["token"] = "ci-7"
    access = Access({"": SecretValue(value)}, own=kind == "personal")
    with Transport() as transport:
        try:
            Provider(transport).inspect(Token("t", "github", options=options), access, now=NOW)
        except ProviderError as error:
            assert (kind, refused) != ("personal", "a policy"), error
    assert violations(github, github_oracle) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "by", "status"),
    [
        ("POST", f"{GRANTS}/1", {"action": "revoke"}, sample_token(), 404),
        ("POST", f"{GRANTS}/1", {"action": "revoke"}, CLASSIC, 403),
        ("DELETE", f"{KEYS}/1", None, sample_token(), 404),
        ("POST", "/credentials/revoke", {"credentials": ["x"]}, "", 202),
        ("POST", "/credentials/revoke", {"credentials": ["x"]}, sample_token(), 403),
    ],
)
def test_routes_are_described_in_vain_too(
    github: GitHub,
    github_oracle: Oracle,
    method: str,
    path: str,
    body: Any,
    by: str,
    status: int,
) -> None:
    assert Client(github.url, by)(method, path, body).status == status
    assert violations(github, github_oracle) == []


def test_too_many_values_are_refused_as_described(github: GitHub, github_oracle: Oracle) -> None:
    body = {"credentials": ["x"] * 1001}
    assert Client(github.url)("POST", "/credentials/revoke", body).status == 422
    (found,) = violations(github, github_oracle)
    # The request departs from the description on purpose; the answer does not.
    assert "-> 422: request:" in found
