"""The world that the documentation speaks of: every name in it exists in the sandbox.

It is filled once for each test and knows nothing of pages or commands.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from keyturn.sandbox import Sandbox

REPOSITORY = "octo/app"
"""What is checked out."""
REPOSITORIES = (REPOSITORY, "octo/storefront")
WORKFLOW = ".github/workflows/use.yml"
_MADE, _ENDS = timedelta(days=80), timedelta(days=10)


@dataclass(slots=True)
class Names:
    """What stands where, and what a person at a desk has at hand."""

    stored: dict[str, str] = field(default_factory=dict)
    """Secret of the repository -> value."""
    given: dict[str, str] = field(default_factory=dict)
    """Further variable -> value: what may ask and change."""
    without_session: dict[str, str] = field(default_factory=dict)
    """The same for AWS where no role was logged in to."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Provider -> where it is served."""


def fill(box: Sandbox) -> Names:
    """Put everything into an empty sandbox that the documentation has a name for."""
    names = Names()
    for put in (_gitlab, _sailpoint, _azure_devops, _synoptic, _aws_iam, _github):
        put(box, names)
    app = "ghs_" + secrets.token_hex(18)
    box.github.add_token(app, login="keyturn[bot]")
    names.given["GITHUB_TOKEN"] = app
    box.github.add_organization("octo")
    for name in REPOSITORIES:
        _repository(box, names, name)
    return names


def _repository(box: Sandbox, names: Names, name: str) -> None:
    repository = box.github.add_repository(
        name, assignees=("alice", "bob"), files={WORKFLOW: workflow(names.stored)}
    )
    made = box.clock.now - _MADE
    repository.add_deploy_key("server", at=made)
    for secret, value in {**names.stored, "SERVER_KEY": "-", "ROBOT_TOKEN": "-"}.items():
        repository.put_secret(secret, value, at=made + timedelta(hours=1))
    repository.put_secret(
        "GITLAB_TOKEN",
        names.stored["GITLAB_TOKEN"],
        environment="production",
        at=made + timedelta(hours=1),
    )


def workflow(stored: dict[str, str]) -> str:
    """Return a workflow in which one job uses all secrets."""
    lines = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in stored)
    return (
        "name: use\non: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n"
        f"      - run: ./deploy.sh\n        env:\n{lines}"
    )


def _gitlab(box: Sandbox, names: Names) -> None:
    gitlab, now = box.gitlab, box.clock.now
    made, ends = now - _MADE, (now + _ENDS).date()
    manager = gitlab.create_token(name="keyturn", expires_on=(now + timedelta(days=300)).date())
    gitlab.add_group(7, "acme")
    for number, path in ((42, "acme/tools"), (43, "shop/storefront")):
        gitlab.add_project(number, path)
        for name in ("ci-release", "ci-deploy"):
            token = gitlab.create_token(
                "project", name, project=number, created_at=made, expires_on=ends
            )
    pull = gitlab.create_token("deploy", "pull", group=7, created_at=made, username="pull-bot")
    names.stored |= {"GITLAB_TOKEN": token.value, "REGISTRY_PASSWORD": pull.value}
    names.stored |= {"REGISTRY_USER": "pull-bot"}
    names.given["GITLAB_MANAGER"] = manager.value
    names.addresses["gitlab"] = gitlab.url


def _sailpoint(box: Sandbox, names: Names) -> None:
    tenant, now = box.sailpoint, box.clock.now
    owner = tenant.add_identity("ci-robot", admin=True)
    manager = tenant.create_pat("keyturn", owner=owner)
    for name in ("ci-robot", "ci-deploy"):
        pat = tenant.create_pat(name, owner=owner, created_at=now - _MADE, expires_at=now + _ENDS)
    names.stored |= {"ISC_CLIENT_ID": pat.id, "ISC_CLIENT_SECRET": pat.secret}
    names.given |= {"ISC_MANAGER_ID": manager.id, "ISC_MANAGER_SECRET": manager.secret}
    names.addresses["sailpoint"] = tenant.server.url


def _azure_devops(box: Sandbox, names: Names) -> None:
    azure, now = box.azure_devops, box.clock.now
    robot = azure.add_user("ci@acme.example")
    admin = azure.add_user("admin@acme.example", admin=True)
    made, ends = now - _MADE, now + _ENDS
    alice = azure.add_user("alice@example.com")
    azure.create_pat("laptop", owner=alice, valid_from=made, valid_to=ends)
    pat = azure.create_pat("ci-packages", owner=robot, valid_from=made, valid_to=ends)
    scope = "vso.graph vso.tokenadministration"
    asking = azure.create_pat("keyturn", owner=admin, scope=scope, valid_from=made, valid_to=ends)
    names.stored |= {"AZURE_DEVOPS_PAT": pat.value, "AZURE_DEVOPS_ADMIN": asking.value}
    names.given["AZURE_DEVOPS_ENTRA"] = azure.sign_in(robot, lifetime=timedelta(days=9)).value
    names.addresses["azure-devops"] = azure.server.url


def _synoptic(box: Sandbox, names: Names) -> None:
    account = box.synoptic.add_account()
    token = box.synoptic.create_token(account, expires_at=box.clock.now + _ENDS)
    names.stored["WEATHER_TOKEN"] = token.value
    names.given["SYNOPTIC_KEY"] = account.key
    names.addresses["synoptic"] = box.synoptic.url


def _aws_iam(box: Sandbox, names: Names) -> None:
    account, now = box.aws_iam, box.clock.now
    key = account.create_key(account.add_user("ci-deploy"), created_at=now - _MADE)
    manager, role = account.create_key(account.add_user("keyturn")), account.open_session("keyturn")
    names.stored |= {"DEPLOY_KEY_ID": key.id, "DEPLOY_KEY_SECRET": key.secret}
    names.given |= {
        "AWS_ACCESS_KEY_ID": role.id,
        "AWS_SECRET_ACCESS_KEY": role.secret,
        "AWS_SESSION_TOKEN": role.token,
    }
    # Where the configuration names no session token, it is a manager's own key that asks.
    names.without_session = {
        "AWS_ACCESS_KEY_ID": manager.id,
        "AWS_SECRET_ACCESS_KEY": manager.secret,
    }
    names.addresses["aws-iam"] = account.url


def _github(box: Sandbox, names: Names) -> None:
    box.github.add_organization("octo").add_grant(
        "robot-ci", owner="alice", expires_at=box.clock.now + _ENDS
    )
    personal, org = "ghp_" + secrets.token_hex(18), "ghs_" + secrets.token_hex(18)
    box.github.add_token(
        personal, login="alice", kind="pat", expires=box.clock.now + _ENDS, scopes=["repo"]
    )
    box.github.add_token(org, login="keyturn-org[bot]")
    names.stored["DEPLOY_TOKEN"] = personal
    names.given["ORG_APP_TOKEN"] = org
    names.addresses["github"] = box.github.url
