from __future__ import annotations

from datetime import timedelta

import pytest

from keyturn.errors import ConfigError
from keyturn.model import LifetimeCap, State, TokenStatus
from tests.config.samples import load

LAYERS = """\
version: 1
defaults:
  lifetime-cap: 100d
policies:
  - match: { provider: git* }
    max-age: 50d
    lifetime-cap: 12w
tokens:
  - { id: own, provider: gitlab, with: { url: "https://h" }, lifetime-cap: 36h }
  - id: policy
    provider: gitlab
    with: { url: "https://h" }
    max-lifetime: 9d
  - { id: default, provider: declared, expires: 2027-03-01 }
"""


@pytest.mark.parametrize(
    ("token", "longest", "line"),
    [
        ("own", timedelta(hours=36), 9),
        ("policy", timedelta(weeks=12), 7),
        ("default", timedelta(days=100), 3),
    ],
)
def test_a_cap_knows_the_line_that_set_it(token: str, longest: timedelta, line: int) -> None:
    told = load(LAYERS)
    (found,) = [each for each in told.tokens if each.id == token]
    cap = LifetimeCap(longest, f"`lifetime-cap` in the configuration, line {line}")
    assert found.policy.lifetime_cap == cap
    assert told.policy_for(found, TokenStatus(State.ACTIVE)).lifetime_cap == cap


def test_without_one_there_is_none() -> None:
    assert load("version: 1\n").defaults.lifetime_cap is None


@pytest.mark.parametrize("written", ["90", "0d", "-1d", "33%", "soon"])
def test_it_is_a_duration(written: str) -> None:
    with pytest.raises(ConfigError):
        load(f"version: 1\ndefaults: {{ lifetime-cap: {written} }}\n")
