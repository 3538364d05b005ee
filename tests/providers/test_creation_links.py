"""Where a person makes a token: filled in from what is declared and told, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from keyturn import providers
from keyturn.model import Rotate, State, Token, TokenStatus

ENDS = datetime(2026, 12, 1, tzinfo=UTC)
FORM = "https://github.com/settings/personal-access-tokens/new"
FINE = {"kind": "fine-grained", "organization": "octo", "token": "bot"}


def find_link(
    provider: str, options: dict[str, Any], *scopes: str, days: int = 0, ends: bool = True
) -> str | None:
    rotate = Rotate(lifetime=timedelta(days=days) if days else None)
    token = Token("deploy", provider, options, rotate=rotate)
    status = TokenStatus(State.ACTIVE, expires_at=ENDS if ends else None, scopes=scopes)
    return providers.load(provider).creation_link(token, status)


@pytest.mark.parametrize(
    ("found", "link"),
    [
        (find_link("gitlab", {}, "api", "read_user"),
         "https://gitlab.com/-/user_settings/personal_access_tokens?name=deploy&scopes=api,read_user"),
        (find_link("gitlab", {"url": "https://git.example.com/sub", "token": "a b&c=d"}),
         "https://git.example.com/sub/-/user_settings/personal_access_tokens?name=a%20b%26c%3Dd"),
        (find_link("gitlab", {"kind": "project", "project": "a/b", "token": "x"}, "api"), None),
        (find_link("github", {}, "repo", "admin:org"), "https://github.com/settings/tokens/new"),
        (find_link("github", {}), f"{FORM}?name=deploy%20kt-20261201"),
        (find_link("github", {}, ends=False, days=400), f"{FORM}?name=deploy&expires_in=366"),
        (find_link("github", FINE, "contents:write", "members:read", days=90),
         f"{FORM}?contents=write&members=read&name=bot%20kt-20261201&target_name=octo"
         "&expires_in=90"),
        (find_link("github", {**FINE, "token": "x" * 29}), f"{FORM}?target_name=octo"),
        (find_link("github", {"url": "https://ghe.example.com/api/v3"}, "repo"), None),
        (find_link("github", {"kind": "deploy-key", "repository": "a/b", "token": "x"}), None),
        (find_link("azure-devops", {"organization": "octo"}, "vso.code"),
         "https://dev.azure.com/octo/_usersSettings/tokens"),
        (find_link("sailpoint", {"url": "https://acme.api.identitynow.com"}), None),
        (find_link("synoptic", {}), None),
        (find_link("aws-iam", {}), None),
        (find_link("declared", {}), None),
    ],
)  # fmt: skip
def test_where_the_form_is(found: str | None, link: str | None) -> None:
    assert found == link


@pytest.mark.parametrize(
    "name", ["a&scopes=sudo", 'a"b', "$(id)", "`id`", "a\nb", "](http://x)", "é"]
)
def test_a_name_is_nothing_but_a_name(name: str) -> None:
    link = find_link("gitlab", {"token": name}, "api", f"{name}")
    assert link
    assert parse_qs(urlsplit(link).query) == {"name": [name], "scopes": [f"api,{name}"]}
    assert not set(link) & set(" \n()[]<>\"'`$")


@pytest.mark.parametrize("scope", ["contents:write&name=x", "name", "contents:all", "A:read"])
def test_only_what_is_a_permission_is_filled_in(scope: str) -> None:
    assert find_link("github", FINE, scope) == f"{FORM}?name=bot%20kt-20261201&target_name=octo"


@pytest.mark.parametrize(("provider", "options"), [("gitlab", {}), ("github", FINE)])
def test_what_is_no_text_breaks_nothing(provider: str, options: dict[str, Any]) -> None:
    assert find_link(provider, options, "\ud800")
