"""One repository with a token of every provider; what the end of `keyturn demo` shows.

It runs nothing. The values are made up at every start.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta

from keyturn.sandbox.example import Example
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.world import Sandbox

REPOSITORY = "octo/platform"

_WORKFLOW = """\
name: nightly
on:
  schedule:
    - cron: "30 1 * * *"
jobs:
  sync:
    runs-on: ubuntu-24.04
    steps:
      - name: Synchronize everything
        run: ./sync.sh
        env:
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
          ISC_CLIENT_ID: ${{ secrets.ISC_CLIENT_ID }}
          ISC_CLIENT_SECRET: ${{ secrets.ISC_CLIENT_SECRET }}
          AZURE_PAT: ${{ secrets.AZURE_PAT }}
          WEATHER_TOKEN: ${{ secrets.WEATHER_TOKEN }}
          ROBOT_PAT: ${{ secrets.ROBOT_PAT }}
          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          FEED_USERNAME: ${{ secrets.FEED_USERNAME }}
          FEED_PASSWORD: ${{ secrets.FEED_PASSWORD }}
  publish:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - name: Publish the forecast
        run: ./publish.sh
        env:
          WEATHER_TOKEN: ${{ secrets.WEATHER_TOKEN }}
          FEED_PASSWORD: ${{ secrets.FEED_PASSWORD }}
          REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }}
"""

_FEED = """\
name: feed
on:
  schedule:
    - cron: "0 2 * * *"
jobs:
  fetch:
    runs-on: ubuntu-24.04
    steps:
      - name: Fetch the feed
        run: git clone "https://ci:$FEED_PASSWORD@feeds.example/feed.git"
        env:
          FEED_PASSWORD: ${{ secrets.FEED_PASSWORD }}
      - name: Announce it
        run: curl -s -u "ci:$FEED_PASSWORD" https://feeds.example/announce
        env:
          FEED_PASSWORD: ${{ secrets.FEED_PASSWORD }}
"""

_FEED_LOG = """\
##[group]Run git clone "https://ci:$FEED_PASSWORD@feeds.example/feed.git"
##[endgroup]
fatal: Authentication failed for 'https://feeds.example/feed.git/'
##[error]Process completed with exit code 128.
"""

_RELEASE = """\
name: release
on:
  push:
    tags: ["v*"]
jobs:
  publish:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
      - run: python -m build
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.PYPI_TOKEN }}
"""

_KEYTURN = """\
name: keyturn
on:
  schedule:
    - cron: "17 6 * * 1,4"
jobs:
  check:
    runs-on: ubuntu-24.04
    steps:
      - uses: keyturn/keyturn@v0
"""

_CONFIG = """\
version: 1
defaults:
  owners: ["@octo/platform"]
issues: {{ dashboard: true }}
tokens:
  - id: gitlab
    provider: gitlab
    with: {{ url: "{gitlab}", kind: project, project: platform/tools, token: ci }}
    credential: GITLAB_MANAGER
    secrets: [GITLAB_TOKEN]
  - id: identities
    provider: sailpoint
    with: {{ url: "{sailpoint}", token: ci-robot }}
    credential: {{ client-id: ISC_ADMIN_ID, client-secret: ISC_ADMIN_SECRET }}
    secrets:
      - {{ name: ISC_CLIENT_ID, part: client-id }}
      - {{ name: ISC_CLIENT_SECRET, part: client-secret }}
  - id: boards
    provider: azure-devops
    with: {{ url: "{azure}", organization: acme, user: ci@acme.example, token: ci-boards }}
    credential: AZURE_ADMIN
    secrets: [AZURE_PAT]
  - id: weather
    provider: synoptic
    with: {{ url: "{synoptic}" }}
    value: WEATHER_TOKEN
    credential: WEATHER_KEY
    expires: 2027-01-15
    secrets: [WEATHER_TOKEN]
  - id: robot
    provider: github
    with: {{ url: "{github}" }}
    value: ROBOT_PAT
    secrets: [ROBOT_PAT]
    owners: ["@carol"]
  - id: bucket
    provider: aws-iam
    with: {{ url: "{aws}", user: ci-upload }}
    credential: {{ access-key-id: AWS_MANAGER_ID, secret-access-key: AWS_MANAGER_SECRET }}
    secrets:
      - {{ name: AWS_ACCESS_KEY_ID, part: access-key-id }}
      - {{ name: AWS_SECRET_ACCESS_KEY, part: secret-access-key }}
  - id: feed
    provider: declared
    expires: 2026-12-09
    secrets:
      - {{ name: FEED_PASSWORD, value: FEED_PASSWORD }}
      - {{ environment: production, name: FEED_PASSWORD, value: PRODUCTION_FEED_PASSWORD }}
  - id: registry
    provider: declared
    expires: 2027-09-01
    secrets:
      - {{ organization: octo, name: REGISTRY_TOKEN }}
"""


def fill(box: Sandbox) -> Example:
    """Put the repository and the tokens into a sandbox that `example.fill` has filled."""
    stored: dict[str, str] = {}
    given: dict[str, str] = {}
    _fill_gitlab(box, stored, given)
    _fill_sailpoint(box, stored, given)
    _fill_azure_devops(box, stored, given)
    _fill_synoptic(box, stored, given)
    _fill_github(box, stored, given)
    _fill_aws_iam(box, stored, given)
    stored["FEED_PASSWORD"] = secrets.token_hex(12)
    stored["FEED_USERNAME"] = "platform"
    stored["PYPI_TOKEN"] = secrets.token_hex(12)
    files = {
        ".github/workflows/nightly.yml": _WORKFLOW,
        ".github/workflows/feed.yml": _FEED,
        ".github/workflows/release.yml": _RELEASE,
        ".github/workflows/keyturn.yml": _KEYTURN,
        ".github/keyturn.yml": _CONFIG.format(
            gitlab=box.gitlab.url,
            sailpoint=box.sailpoint.url,
            azure=box.azure_devops.url,
            synoptic=box.synoptic.url,
            github=box.github.url,
            aws=box.aws_iam.url,
        ),
    }
    repository = box.github.add_repository(REPOSITORY, assignees=("alice",), files=files)
    for name, value in stored.items():
        repository.put_secret(name, value, at=box.clock.now - timedelta(days=2))
    _fill_levels(box, repository, stored, given)
    run = repository.add_run(
        ".github/workflows/feed.yml",
        conclusion="failure",
        jobs=[("fetch", "failure")],
        at=box.clock.now - timedelta(hours=5),
    )
    run.jobs[0].steps = [("Fetch the feed", "failure"), ("Announce it", "skipped")]
    run.jobs[0].log = _FEED_LOG
    # Nobody started it for long, and nobody wrote down when the token that it acts with ends.
    repository.workflow_states[".github/workflows/keyturn.yml"] = "disabled_manually"
    own = "ghp_" + secrets.token_hex(18)
    ends = box.clock.now + timedelta(days=20)
    box.github.add_token(own, kind="pat", login="octo-robot", expires=ends)
    return Example(box, files, {"GITHUB_TOKEN": own, **given})


def _fill_levels(
    box: Sandbox, repository: Repository, stored: dict[str, str], given: dict[str, str]
) -> None:
    """Store what one name at two levels can do: a forgotten copy, a wrong one, one out of sight."""
    forgotten, wrong = secrets.token_hex(12), secrets.token_hex(12)
    repository.put_secret("WEATHER_TOKEN", forgotten, environment="production", at=_ago(box, 200))
    repository.put_secret("FEED_PASSWORD", wrong, environment="production", at=_ago(box, 2))
    given |= {"FEED_PASSWORD": stored["FEED_PASSWORD"], "PRODUCTION_FEED_PASSWORD": wrong}
    octo = box.github.add_organization("octo")
    octo.put_secret("REGISTRY_TOKEN", secrets.token_hex(12), visibility="selected")


def _ago(box: Sandbox, days: int) -> datetime:
    return box.clock.now - timedelta(days=days)


def _fill_gitlab(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    gitlab = box.gitlab
    gitlab.add_project(77, "platform/tools")
    token = gitlab.create_token(
        "project", "ci", project=77, created_at=_ago(box, 90), expires_on=date(2026, 12, 9)
    )
    stored["GITLAB_TOKEN"] = token.value
    given["GITLAB_MANAGER"] = gitlab.create_token(name="keyturn-platform").value


def _fill_sailpoint(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    sailpoint = box.sailpoint
    robot = sailpoint.add_identity("svc-ci")
    admin = sailpoint.add_identity("keyturn", admin=True)
    token = sailpoint.create_pat(
        "ci-robot",
        owner=robot,
        created_at=_ago(box, 150),
        expires_at=datetime(2026, 12, 9, 17, tzinfo=UTC),
        last_used_at=_ago(box, 1),
    )
    sailpoint.create_pat("old-export", owner=robot, created_at=_ago(box, 700))
    asking = sailpoint.create_pat("keyturn", owner=admin, expires_at=_ago(box, -200))
    step = {
        "actionId": "sp:http",
        "attributes": {
            "authenticationType": "OAuth",
            "oAuthClientId": token.id,
            "oAuthClientSecret": token.secret,
        },
    }
    sailpoint.add_workflow("Joiner", owner=robot, steps={"Get Identity": step}, enabled=True)
    stored |= {"ISC_CLIENT_ID": token.id, "ISC_CLIENT_SECRET": token.secret}
    given |= {"ISC_ADMIN_ID": asking.id, "ISC_ADMIN_SECRET": asking.secret}


def _fill_azure_devops(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    azure = box.azure_devops
    owner = azure.add_user("ci@acme.example")
    admin = azure.add_user("admin@acme.example", admin=True)
    # A global one, whose own date is not what ends it.
    token = azure.create_pat(
        "ci-boards",
        owner=owner,
        all_orgs=True,
        valid_from=_ago(box, 60),
        valid_to=datetime(2027, 5, 1, tzinfo=UTC),
    )
    stored["AZURE_PAT"] = token.value
    given["AZURE_ADMIN"] = azure.sign_in(admin, lifetime=timedelta(days=30)).value


def _fill_synoptic(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    account = box.synoptic.add_account()
    token = box.synoptic.create_token(account, expires_at=datetime(2027, 1, 15, tzinfo=UTC))
    stored["WEATHER_TOKEN"] = given["WEATHER_TOKEN"] = token.value
    given["WEATHER_KEY"] = account.key


def _fill_github(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    value = "ghp_" + secrets.token_hex(18)
    expires = datetime(2026, 12, 20, 9, 30, tzinfo=UTC)
    box.github.add_token(value, kind="pat", login="octo-robot", expires=expires, scopes={"repo"})
    stored["ROBOT_PAT"] = given["ROBOT_PAT"] = value


def _fill_aws_iam(box: Sandbox, stored: dict[str, str], given: dict[str, str]) -> None:
    aws = box.aws_iam
    key = aws.create_key(aws.add_user("ci-upload"), created_at=_ago(box, 420))
    manager = aws.create_key(aws.add_user("keyturn"))
    stored |= {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
    given |= {"AWS_MANAGER_ID": manager.id, "AWS_MANAGER_SECRET": manager.secret}
