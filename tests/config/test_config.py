from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn import config
from keyturn.config import Config
from keyturn.errors import ConfigError
from keyturn.model import Acceptance, Policy, State, TokenStatus
from tests.config.samples import EXAMPLE, ToyProviders, load


def days(*numbers: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(days=number) for number in numbers)


def test_the_contract_s_example_means_what_it_says():
    told = load(EXAMPLE)
    assert told.path == "k.yml"
    assert told.issues == config.Issues("octo/tracker", ("keyturn",), dashboard=False, public=False)
    assert [token.id for token in told.tokens] == ["deploy-gitlab", "legacy-feed", "robot"]
    deploy, feed, robot = told.tokens
    assert [str(part.ref) for part in deploy.secrets] == [
        "octo/app:GITLAB_TOKEN",
        "octo/site:GITLAB_TOKEN",
        "octo/app[production]:GITLAB_TOKEN",
        "octo:GITLAB_TOKEN",
        "octo/app:dependabot/GITLAB_TOKEN",
    ]
    assert deploy.options["kind"] == "project"
    assert deploy.value_env == {"": "GITLAB_TOKEN"}
    assert deploy.credential_env == {"": "GITLAB_MANAGER"}
    assert deploy.owners == ("@alice", "@octo/platform")
    assert deploy.line == 25
    assert feed.owners == ("@octo/platform",)
    assert feed.declared_expiry == datetime(2027, 3, 1, tzinfo=UTC)
    assert feed.value_env == feed.credential_env == {}
    assert robot.credential_env == {
        "client-id": "ISC_CLIENT_ID",
        "client-secret": "ISC_CLIENT_SECRET",
    }
    assert robot.policy.never_expires == Acceptance(
        "@alice", "vendor limit", datetime(2027, 6, 1, tzinfo=UTC)
    )
    assert [part.part for part in robot.secrets] == ["client-id", None]


def test_no_file_and_an_empty_file_mean_the_same():
    assert load("version: 1\n").defaults == Config().defaults == Policy()
    assert load("version: 1\n").issues == Config().issues
    assert Config().path is None


LAYERS = """\
version: 1
defaults: { max-lifetime: 100d, max-age: 50d, owners: ["@octo/all"] }
policies:
  - match: { provider: gitlab, kind: pro*, owner: "svc-*" }
    max-lifetime: 10d
  - match: { provider: git*, scope: "api*" }
    max-lifetime: 20d
    owners: ["@octo/api"]
  - match: { kind: personal }
    max-age: 5d
tokens:
  - { id: p, provider: gitlab, with: { url: "https://h", kind: project, project: 1 } }
  - { id: own, provider: gitlab, with: { url: "https://h" }, max-lifetime: 1d, owners: ["@bob"] }
"""


@pytest.mark.parametrize(
    ("token", "owner", "scopes", "lifetime", "age", "owners"),
    [
        ("p", None, (), 100, 50, "@octo/all"),
        ("p", "svc-7", (), 10, 50, "@octo/all"),
        ("p", "svc-7", ("api",), 10, 50, "@octo/all"),
        ("p", "Svc-7", ("read", "api_all"), 20, 50, "@octo/api"),
        ("p", "alice", ("read",), 100, 50, "@octo/all"),
        ("own", None, (), 1, 5, "@bob"),
        ("own", "svc-7", ("api",), 1, 50, "@bob"),
    ],
)
def test_the_first_matching_policy_wins_and_the_token_wins_over_it(
    token, owner, scopes, lifetime, age, owners
):
    told = load(LAYERS)
    (found,) = [each for each in told.tokens if each.id == token]
    status = TokenStatus(State.ACTIVE, owner=owner, scopes=scopes)
    policy = told.policy_for(found, status)
    assert (policy.max_lifetime, policy.max_age) == days(lifetime, age)
    assert told.owners_for(found, status) == (owners,)
    if status == TokenStatus(State.ACTIVE):
        assert (found.policy, found.owners) == (policy, (owners,))


def test_what_is_not_said_stays_at_keyturn_s_own_limits():
    policy = load("version: 1\ndefaults: { warn: [2w, 36h] }\n").defaults
    assert policy == Policy(warn=(timedelta(weeks=2), timedelta(hours=36)))


@pytest.mark.parametrize(
    ("name", "moment", "ignored"),
    [
        ("LEGACY_FEED", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        ("legacy_feed", datetime(2026, 12, 31, tzinfo=UTC), True),
        ("LEGACY_FEED", datetime(2027, 1, 1, tzinfo=UTC), False),
        ("LEGACY", datetime(2026, 1, 1, tzinfo=UTC), False),
        ("FOREVER", datetime(2099, 1, 1, tzinfo=UTC), True),
    ],
)
def test_ignored_until_the_day_begins(name, moment, ignored):
    told = load(EXAMPLE + "  - { secret: forever, because: no limit }\n")
    assert told.is_ignored(name, moment) is ignored


def test_the_file_is_looked_for_in_two_places(tmp_path: Path):
    assert config.find(tmp_path) is None
    (tmp_path / "keyturn.yml").write_text("version: 1")
    assert config.find(tmp_path) == "keyturn.yml"
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "keyturn.yml").write_text("version: 1")
    with pytest.raises(ConfigError, match=r"keyturn\.yml:1:1: .*\.github/keyturn\.yml too"):
        config.find(tmp_path)
    (tmp_path / "keyturn.yml").unlink()
    assert config.find(tmp_path) == ".github/keyturn.yml"


def test_only_providers_that_are_named_are_loaded():
    toys = ToyProviders()
    text = b"version: 1\ntokens:\n  - { id: a, provider: declared }\n"
    config.load(text, "k.yml", repository="octo/app", providers=toys)
    assert set(toys.loaded) == {"declared"}


def test_nothing_heavy_is_imported():
    code = (
        "import sys\n"
        "from keyturn import config\n"
        "text = b'version: 1\\ntokens:\\n  - { id: a, provider: declared }\\n'\n"
        "assert config.load(text, 'k.yml', repository='o/r').tokens\n"
        "loaded = {'httpx', 'github', 'jinja2', 'keyturn.providers.gitlab'} & set(sys.modules)\n"
        "sys.exit(repr(loaded) if loaded else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
