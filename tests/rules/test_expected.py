"""Whether a job expects that a secret may not be there, and what GitHub or others read unseen."""

from __future__ import annotations

import textwrap

import pytest

from keyturn.model import (
    Consumer,
    Inventory,
    Level,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Store,
    Trigger,
    Use,
    Uses,
)
from keyturn.rules.expected import Expectations
from keyturn.usage import Usage, judge_usage

PATH = ".github/workflows/ci.yml"


def use(key: str = "env.TOKEN", **changes: object) -> Use:
    texts = {"env": {"TOKEN": "${{ secrets.TOKEN }}"}, **changes}
    consumer = Consumer(PATH, 1, **texts)  # type: ignore[arg-type]
    place = Reference(PATH, 1, 1, "TOKEN", key=key)
    return Use("TOKEN", PATH, "build", (Trigger("push"),), place, consumers=(consumer,))


@pytest.mark.parametrize(
    "condition",
    [
        "env.TOKEN",
        "env.TOKEN != ''",
        "${{ env.token != '' && always() }}",
        "!env.TOKEN",
        "github.ref == 'x' && '' != env . TOKEN",
    ],
)
def test_a_condition_tests_the_variable_that_holds_it(condition: str) -> None:
    assert Expectations().allow_absence(use(conditions=(condition,)))


@pytest.mark.parametrize(
    "condition", ["env.TOKEN_2 != ''", "env.MY_TOKEN", "github.env.TOKENS", "env.TOKEN-B", "TOKEN"]
)
def test_a_condition_about_another_variable_does_not(condition: str) -> None:
    assert not Expectations().allow_absence(use(conditions=(condition,)))


SCRIPTS = {
    '[ -n "$TOKEN" ] && ./upload': True,
    '[ -z "${TOKEN}" ] && exit 0': True,
    "if [ -z $TOKEN ]; then echo none; exit 0; fi": True,
    'if [[ "$TOKEN" != "" ]]; then\n  ./upload\nfi': True,
    "if [[ '' == '$TOKEN' ]]; then\n  exit\nfi": True,
    "if [[ $TOKEN ]]; then ./upload; fi": True,
    "if [[ ! $TOKEN ]]; then exit; fi": True,
    './upload "${TOKEN:-anonymous}"': True,
    './upload ${TOKEN:+--token "$TOKEN"}': True,
    'if test -n "$TOKEN"; then ./upload; fi': True,
    "if ($env:TOKEN) { ./upload }": True,
    "if (-not $env:TOKEN) { exit 0 }": True,
    "if ([string]::IsNullOrEmpty($env:TOKEN)) { exit 0 }": True,
    'if [ -n "${{ env.TOKEN }}" ]; then ./upload; fi': True,
    'if [ -z "$TOKEN" ]; then\n  echo "::error::no token"\n  exit 1\nfi\n./upload': False,
    '[ -n "$TOKEN" ] || exit 1\n./upload\nexit 0': False,
    'test -n "$TOKEN" || { echo missing; exit 2; }': False,
    "if (-not $env:TOKEN) {\n  exit 1\n}": False,
    './upload "${TOKEN:?is not set}"': False,
    './upload "$TOKEN"': False,
    '[ -n "$TOKEN_FILE" ] && ./upload "$TOKEN"': False,
    'if [ "$TOKEN" = "$OTHER" ]; then ./upload; fi': False,
    "x" * 20_001 + "$TOKEN": True,
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_goes_on_without_it_expects_that(script: str) -> None:
    assert Expectations().allow_absence(use(script=script)) is SCRIPTS[script]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('if [ -n "${{ secrets.TOKEN }}" ]; then ./upload; fi', True),
        ('[ "${{secrets.token}}" == "" ] && exit 0', True),
        ('[ -n "${{ secrets.TOKEN }}" ] || exit 1', False),
        ('./upload "${{ secrets.TOKEN }}"', False),
    ],
)
def test_a_secret_in_the_script_itself(script: str, expected: bool) -> None:
    assert Expectations().allow_absence(use("run", env={}, script=script)) is expected


def test_a_variable_that_holds_more_than_the_secret_is_never_empty() -> None:
    url = {"TOKEN": "https://x:${{ secrets.TOKEN }}@example.com"}
    assert not Expectations().allow_absence(use(env=url, conditions=("env.TOKEN != ''",)))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("# ./upload ${{ secrets.TOKEN }}\nmake", True),
        ("make\n   # ./upload ${{ secrets.token }}\n# secrets.TOKEN", True),
        ("# ${{ secrets.TOKEN }}\n./upload ${{ secrets.TOKEN }}", False),
        ("./upload ${{ secrets.TOKEN }} # now", False),
    ],
)
def test_a_comment_of_a_script_uses_nothing(script: str, expected: bool) -> None:
    assert Expectations().is_commented_out(use("run", env={}, script=script)) is expected
    assert not Expectations().is_commented_out(use(script=textwrap.dedent(script)))


def secret(scope: Scope, name: str = "TOKEN", **changes: object) -> Secret:
    return Secret(SecretRef(scope, name), **changes)  # type: ignore[arg-type]


APP = Scope("octo", "app")


@pytest.mark.parametrize(
    ("found", "uses", "usage"),
    [
        (secret(APP), Uses(), Usage.UNUSED),
        (secret(APP), Uses(complete=False), Usage.UNKNOWABLE),
        (secret(APP, uses=(use(),)), Uses(complete=False), Usage.USED),
        (secret(APP, references=(use().reference,)), Uses(), Usage.USED),
        (secret(Scope("octo", "APP", "staging")), Uses(), Usage.UNUSED),
        (secret(Scope("octo", "app", "Copilot")), Uses(), Usage.UNKNOWABLE),
        (secret(Scope("octo")), Uses(), Usage.UNKNOWABLE),
        (secret(Scope("octo", "site")), Uses(), Usage.UNKNOWABLE),
        (secret(Scope("octo", "app", store=Store.CODESPACES)), Uses(), Usage.UNKNOWABLE),
        (secret(Scope("octo", "app", store=Store.DEPENDABOT)), Uses(), Usage.UNUSED),
        (
            secret(Scope("octo", "app", store=Store.DEPENDABOT)),
            Uses(dependabot_names=frozenset({"TOKEN"})),
            Usage.USED,
        ),
        (
            secret(Scope("octo", "app", store=Store.DEPENDABOT)),
            Uses(references=(use().reference,)),
            Usage.USED,
        ),
        (secret(APP, "ACTIONS_STEP_DEBUG"), Uses(), Usage.UNKNOWABLE),
    ],
)
def test_what_is_known_of_the_use_of_a_secret(found: Secret, uses: Uses, usage: Usage) -> None:
    assert found.ref.level in Level
    assert judge_usage(found, Inventory("octo/app", (found,), uses=uses)) is usage
