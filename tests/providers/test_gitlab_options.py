"""What may be declared about GitLab's tokens, and what follows from it without asking."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from keyturn.model import Scope, SecretRef, StoredPart, Token
from keyturn.providers._gitlab_options import Options
from keyturn.providers.gitlab import GitLab


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "project"}, "write `project:`"),
        ({"kind": "group"}, "write `group:`"),
        ({"kind": "service-account", "group": 7}, "write `service-account:`"),
        ({"kind": "deploy"}, "`project:` or `group:`"),
        ({"kind": "deploy", "project": 1, "group": 2}, "of one place"),
        ({"project": 42}, "a personal token has none"),
        ({"kind": "project", "project": 42, "user": 3}, "a project token has none"),
        ({"token": "ci", "token-id": 3}, "keep the name"),
        ({"url": "https://gitlab.example.com/api/v4"}, "without /api/v4"),
        ({"url": "http://gitlab.example.com"}, "https://"),
        ({"kind": "project", "project": "/acme"}, "its number, or its path"),
        ({"kind": "project", "project": "acme/tools?x"}, "its number, or its path"),
        ({"kind": "project", "project": 0}, "its number, or its path"),
        ({"kind": "project", "project": True}, "its number, or its path"),
        ({"kind": "pat"}, "kind"),
        ({"token": ""}, "token"),
        ({"token-id": "7"}, "token-id"),
        ({"host": "x"}, "host"),
    ],
)
def test_options_that_cannot_be_right(options, words):
    with pytest.raises(ValidationError, match="1 validation error") as caught:
        Options.model_validate(options, by_alias=True, by_name=False)
    assert words in str(caught.value)


def test_options_survive_being_dumped():
    options = Options.model_validate(
        {"kind": "service-account", "group": 7, "service-account": 3, "token-id": 4}
    )
    assert Options.model_validate(options.model_dump()) == options


VALUE, BOTH = {"": "V"}, {"value_env": {"": "V"}, "credential_env": {"": "C"}}
REF = SecretRef(Scope("octo", "app"), "S")


@pytest.mark.parametrize(
    ("options", "declared", "words"),
    [
        ({}, {}, "nothing to ask"),
        ({"kind": "deploy", "project": 4}, {"value_env": VALUE}, "cannot ask GitLab about itself"),
        ({}, {"value_env": {"token": "V"}}, "one variable, without parts"),
        ({}, BOTH, "which token is meant"),
        ({}, {"value_env": VALUE, "secrets": (StoredPart(REF, "username"),)}, "a part"),
        ({}, {"value_env": VALUE}, None),
        ({"token": "ci"}, BOTH, None),
        ({"token_id": 4}, BOTH, None),
        (
            {"kind": "deploy", "project": 4, "token": "x"},
            {
                "value_env": {"username": "U", "token": "V"},
                "credential_env": {"": "C"},
                "secrets": (StoredPart(REF, "username"), StoredPart(REF)),
            },
            None,
        ),
    ],
)
def test_declarations_that_cannot_work(options, declared, words):
    problems = GitLab.check_declaration(Token("t", "gitlab", options=options, **declared))
    assert all("; " in problem for problem in problems)
    if words is None:
        assert problems == ()
    else:
        assert words in problems[0]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://gitlab.com", "gitlab.com/access/7"),
        ("https://GitLab.com:443/", "gitlab.com/access/7"),
        ("https://acme.example:8443", "acme.example:8443/access/7"),
        ("https://acme.example/gitlab", "acme.example/gitlab/access/7"),
        ("http://127.0.0.1:443", "127.0.0.1:443/access/7"),
    ],
)
def test_a_key_tells_servers_apart_however_they_are_written(url, key):
    assert Options.model_validate({"url": url}).key_of(7) == key
