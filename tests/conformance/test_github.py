"""What PyGithub sends and the sandbox answers, route by route, by GitHub's description."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import github as pygithub
import pytest

from keyturn.sandbox.github import GitHub
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Clock, Exchange, Router
from tests.conformance.oracle import Oracle
from tests.sandbox.client import Client, sample_token

REPO = "/repos/octo/app"
WORKFLOW = ".github/workflows/ci.yml"


class World:
    """A filled GitHub, PyGithub and a bare client for what PyGithub has no method for."""

    def __init__(self) -> None:
        self.github = GitHub(Clock(datetime(2026, 11, 23, 8, tzinfo=UTC)))
        self.github.add_token(sample_token(), kind="pat", expires=datetime(2027, 1, 1, tzinfo=UTC))
        self.octo = self.github.add_organization("octo")
        self.app: Repository = self.github.add_repository(
            "octo/app",
            assignees=("alice", "bob"),
            files={WORKFLOW: "name: CI\n", "a/b.txt": "b\n"},
        )
        self.app.add_environment("production")
        self.github.server.start()
        self.ask = Client(self.github.url, sample_token())
        self.client = pygithub.Github(
            auth=pygithub.Auth.Token(sample_token()),
            base_url=self.github.url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            per_page=2,
        )

    def stop(self) -> None:
        self.client.close()
        self.github.server.stop()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.stop()


def walk_people(world: World) -> None:
    client, repository = world.client, world.client.get_repo("octo/app")
    assert client.get_user().login == "octocat"
    assert client.get_rate_limit().rate.limit == 5000
    organization = client.get_organization("octo")
    assert organization.id == world.octo.id
    (member,) = organization.get_members()
    assert member.get_organization_membership(organization).state == "active"
    assert [user.login for user in repository.get_assignees()] == ["alice", "bob"]
    assert repository.has_in_assignees("alice")
    assert not repository.has_in_assignees("eve")
    assert repository.get_collaborator_permission("alice") == "write"
    assert [found.name for found in repository.get_environments()] == ["production"]
    assert repository.get_environment("production").name == "production"
    world.github.add_token(sample_token("i"), repositories=["octo/app"])
    world.github.add_repository("octo/other")
    installed = Client(world.github.url, sample_token("i")).get("/installation/repositories")
    assert [found["full_name"] for found in installed["repositories"]] == ["octo/app"]


def walk_secrets(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    for number in range(5):
        world.app.put_secret(f"S{number}", "v")
    for store in ("actions", "dependabot"):
        for value in ("one", "two"):
            repository.create_secret("A", value, secret_type=store)
        assert "A" in [secret.name for secret in repository.get_secrets(secret_type=store)]
        assert repository.get_secret("A", secret_type=store).updated_at
        assert repository.delete_secret("A", secret_type=store)
    environment = repository.get_environment("production")
    environment.create_secret("A", "v")
    assert [secret.name for secret in environment.get_secrets()] == ["A"]
    assert environment.get_secret("A").updated_at
    assert environment.delete_secret("A")
    _sealed(world, f"{REPO}/codespaces/secrets", {})


def walk_organization_secrets(world: World) -> None:
    repository, octo = world.client.get_repo("octo/app"), world.client.get_organization("octo")
    for store in ("actions", "dependabot"):
        octo.create_secret("A", "v", "selected", [repository], secret_type=store)
        secret = octo.get_secret("A", secret_type=store)
        assert secret.visibility == "selected"
        assert [found.full_name for found in secret.selected_repositories] == ["octo/app"]
        assert secret.remove_repo(repository)
        assert secret.add_repo(repository)
        chosen = {"selected_repository_ids": [world.app.id]}
        world.ask("PUT", f"/orgs/octo/{store}/secrets/A/repositories", chosen)
        octo.create_secret("A", "w", "all", secret_type=store)
        assert [found.name for found in octo.get_secrets(secret_type=store)] == ["A"]
        secret.delete()
        assert world.octo.vaults[store].entries == {}
    world.octo.put_secret("SHARED", "v")
    shared = world.ask.get(f"{REPO}/actions/organization-secrets")
    assert [found["name"] for found in shared["secrets"]] == ["SHARED"]
    path = "/orgs/octo/codespaces/secrets"
    chosen = {"selected_repository_ids": [world.app.id]}
    _sealed(world, path, {"visibility": "selected", **chosen}, keep=True)
    world.ask.get(f"{path}/A/repositories")
    world.ask("PUT", f"{path}/A/repositories", chosen)
    world.ask("DELETE", f"{path}/A/repositories/{world.app.id}")
    world.ask("PUT", f"{path}/A/repositories/{world.app.id}")
    world.ask("DELETE", f"{path}/A")


def _sealed(world: World, path: str, more: dict[str, Any], *, keep: bool = False) -> None:
    key = world.ask.get(f"{path}/public-key")
    public = pygithub.PublicKey.encrypt(key["key"], "v")
    body = {"encrypted_value": public, "key_id": key["key_id"], **more}
    assert [world.ask("PUT", f"{path}/A", body).status for _ in range(2)] == [201, 204]
    assert world.ask.get(path)["secrets"] == [world.ask.get(f"{path}/A")]
    assert keep or world.ask("DELETE", f"{path}/A").status == 204


def walk_variables(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    variable = repository.create_variable("STATE", "one")
    assert variable.edit("two")
    assert [found.value for found in repository.get_variables()] == ["two"]
    assert repository.get_variable("STATE").value == "two"
    assert repository.delete_variable("STATE")
    environment = repository.get_environment("production")
    assert environment.create_variable("STATE", "one").edit("two")
    assert [found.value for found in environment.get_variables()] == ["two"]
    assert environment.get_variable("STATE").value == "two"
    assert environment.delete_variable("STATE")
    octo = world.client.get_organization("octo")
    shared = octo.create_variable("STATE", "one", "selected", [repository])
    path = "/orgs/octo/actions/variables/STATE/repositories"
    assert world.ask.get(path)["total_count"] == 1
    assert world.ask("PUT", path, {"selected_repository_ids": []}).status == 204
    assert shared.edit("two", "all")
    assert [found.value for found in octo.get_variables()] == ["two"]
    assert octo.get_variable("STATE").value == "two"
    inherited = world.ask.get(f"{REPO}/actions/organization-variables")
    assert inherited["variables"][0]["value"] == "two"
    shared.delete()
    assert world.octo.variables.entries == {}


def walk_issues(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    issue = repository.create_issue("t", body="b", labels=["keyturn"], assignees=["alice"])
    world.app.tracker.open("pull", by="bob", pull_request=True)
    world.app.tracker.open("more", by="bob")
    listed = list(repository.get_issues(state="all", labels=["keyturn"], sort="updated"))
    assert [found.number for found in listed] == [issue.number]
    assert len(list(repository.get_issues(state="all", direction="asc"))) == 3
    issue.edit(title="new", body="", labels=["keyturn", "b"], assignees=["bob"])
    comment = issue.create_comment("one")
    comment.edit("two")
    assert [found.body for found in issue.get_comments()] == ["two"]
    assert issue.get_comment(comment.id).body == "two"
    comment.delete()
    issue.add_to_assignees("alice")
    issue.remove_from_assignees("bob")
    issue.lock("resolved")
    issue.unlock()
    issue.edit(state="closed", state_reason="not_planned")
    issue.edit(state="open")
    kinds = {event.event for event in issue.get_events()}
    assert kinds == {
        "labeled", "assigned", "renamed", "unassigned", "locked", "unlocked", "closed", "reopened",
    }  # fmt: skip
    assert repository.get_issue(issue.number).state_reason == "reopened"


def walk_labels(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    label = repository.create_label("a label", "ff0000", "description")
    label.edit("b", "00ff00", "other")
    repository.create_label("c", "0000ff")
    repository.create_label("d", "0000ff")
    assert [found.name for found in repository.get_labels()] == ["b", "c", "d"]
    assert repository.get_label("b").color == "00ff00"
    world.app.tracker.open("t", by="alice")
    issue = repository.get_issue(1)
    # PyGithub sends a bare list here, which GitHub takes and its description does not have.
    path = f"{REPO}/issues/1/labels"
    assert world.ask("POST", path, {"labels": ["b", "c"]}).status == 200
    assert world.ask("PUT", path, {"labels": ["b", "d"]}).status == 200
    assert [found.name for found in issue.get_labels()] == ["b", "d"]
    issue.remove_from_labels("b")
    issue.delete_labels()
    repository.get_label("b").delete()


def walk_contents(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    for folder in ("", "a"):
        assert isinstance(repository.get_contents(folder), list)
    assert world.ask("GET", f"{REPO}/contents").status == 200
    made = repository.create_file("new/x.txt", "message", "one")
    changed = repository.update_file("new/x.txt", "message", "two", made["content"].sha)
    found = repository.get_contents("new/x.txt", ref="main")
    assert not isinstance(found, list)
    assert found.decoded_content == b"two"
    repository.delete_file("new/x.txt", "message", changed["content"].sha)
    headers = {"Accept": "application/vnd.github.raw+json"}
    assert world.ask("GET", f"{REPO}/contents/a/b.txt", headers=headers).body == b"b\n"


def walk_database(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    head = repository.get_git_ref("heads/main").object.sha
    blob = repository.create_git_blob(base64.b64encode(b"x").decode(), "base64")
    assert repository.get_git_blob(blob.sha).size == 1
    element = pygithub.InputGitTreeElement("x", "100644", "blob", sha=blob.sha)
    parent = repository.get_git_commit(head)
    tree = repository.create_git_tree([element], parent.tree)
    assert len(repository.get_git_tree(tree.sha, recursive=True).tree) == 6
    assert len(repository.get_git_tree(tree.sha).tree) == 3
    commit = repository.create_git_commit("message", tree, [parent])
    reference = repository.create_git_ref("refs/keyturn/x", head)
    reference.edit(commit.sha)
    (found,) = world.ask.get(f"{REPO}/git/matching-refs/keyturn")
    assert found["ref"] == "refs/keyturn/x"
    reference.delete()
    commits = list(repository.get_commits(path=WORKFLOW, sha="main"))
    assert [found.commit.committer.date for found in commits] == [world.app.created_at]
    assert list(repository.get_commits(path="none", sha="main")) == []


def walk_runs(world: World) -> None:
    repository = world.client.get_repo("octo/app")
    jobs = [("build", "success"), ("test", "failure")]
    done = world.app.add_run(WORKFLOW, conclusion="failure", jobs=jobs)
    open_run = world.app.add_run(WORKFLOW, status="in_progress", event="push")
    world.app.add_run(WORKFLOW)
    assert len(list(repository.get_workflow_runs(event="schedule"))) == 2
    assert [run.id for run in repository.get_workflow_runs(status="in_progress")] == [open_run.id]
    run = repository.get_workflow_run(done.id)
    assert [job.conclusion for job in run.jobs()] == ["success", "failure"]
    done.jobs[1].steps, done.jobs[1].log = [("Run make test", "failure")], "log"
    (step,) = run.jobs()[1].steps
    assert step.name == "Run make test"
    assert run.jobs()[1].logs_url().endswith("?sig=1")
    assert Client(world.github.url)("GET", f"/_logs/{done.jobs[1].id}").body == b"log"
    assert repository.get_workflow_run(open_run.id).cancel()
    (workflow,) = repository.get_workflows()
    assert repository.get_workflow("ci.yml").id == workflow.id
    assert len(list(workflow.get_runs())) == 3
    world.app.workflow_states[WORKFLOW] = "disabled_inactivity"
    assert repository.get_workflow(workflow.id).state == "disabled_inactivity"
    assert workflow.enable()


def walk_tokens(world: World) -> None:
    world.github.add_token(sample_token("a"))
    app = Client(world.github.url, sample_token("a"))
    ends = world.app.created_at + timedelta(days=30)
    for name, expires in (("ci", ends), ("forever", None), ("third", ends)):
        world.octo.add_grant(name, expires_at=expires, last_used_at=expires)
        world.app.add_deploy_key(name, last_used=expires)
    path = "/orgs/octo/personal-access-tokens"
    assert [len(app.get(f"{path}?per_page=2&page={page}")) for page in (1, 2)] == [2, 1]
    (found,) = [grant for grant in app.get(path) if grant["token_name"] == "forever"]
    assert app("POST", f"{path}/{found['id']}", {"action": "revoke"}).status == 204
    keys = list(world.client.get_repo("octo/app").get_keys())
    assert [key.title for key in keys] == ["ci", "forever", "third"]
    keys[0].delete()
    revoke = {"credentials": [sample_token("z")]}
    assert Client(world.github.url)("POST", "/credentials/revoke", revoke).status == 202


WALKS = (
    walk_people,
    walk_secrets,
    walk_organization_secrets,
    walk_variables,
    walk_issues,
    walk_labels,
    walk_contents,
    walk_database,
    walk_runs,
    walk_tokens,
)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_nothing_departs_from_the_description(
    world: World, github_oracle: Oracle, walk: Callable[[World], None]
) -> None:
    walk(world)
    exchanges = world.github.server.exchanges
    assert len(exchanges) > 5
    assert [problem for each in exchanges for problem in github_oracle.check(each)] == []


def test_no_route_is_left_out() -> None:
    walked = set()
    for walk in WALKS:
        world = World()
        router = world.github.server.router
        walk(world)
        world.stop()
        walked |= {_route(router, exchange) for exchange in world.github.server.exchanges}
    every = {(method, _plain(pattern.pattern)) for method, pattern, _ in router.routes}
    assert every - walked == set()


def _route(router: Router, exchange: Exchange) -> tuple[str, str]:
    request = exchange.request
    for method, pattern, _ in router.routes:
        if method == request.method and pattern.fullmatch(request.path):
            return method, _plain(pattern.pattern)
    raise AssertionError(f"{request.method} {request.path} has no route")


def _plain(pattern: str) -> str:
    """Make a route by a repository's id and the same one by its name alike."""
    by_name = "/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
    for prefix in (by_name, "/repositories/(?P<repository_id>[^/]+)"):
        if pattern.startswith(prefix):
            return "REPOSITORY" + pattern.removeprefix(prefix)
    return pattern


REFUSED: tuple[tuple[str, str, Any, int], ...] = (
    ("GET", "/repos/octo/none", None, 404),
    ("GET", "/orgs/none/actions/secrets", None, 404),
    ("PUT", f"{REPO}/actions/secrets/A", {"encrypted_value": "QUJD", "key_id": "1"}, 422),
    ("GET", f"{REPO}/actions/secrets/NONE", None, 404),
    ("PUT", "/orgs/octo/actions/secrets/A", {"visibility": "all"}, 422),
    ("POST", f"{REPO}/actions/variables", {"name": "1", "value": "v"}, 422),
    ("POST", f"{REPO}/actions/variables", {"name": "TAKEN", "value": "v"}, 409),
    ("PATCH", f"{REPO}/actions/variables/TAKEN", {"name": "1"}, 422),
    ("POST", f"{REPO}/issues", {"title": "t", "assignees": ["eve"]}, 422),
    ("POST", f"{REPO}/issues", {"title": "t" * 300}, 422),
    ("GET", f"{REPO}/issues/99", None, 404),
    ("POST", f"{REPO}/issues/1/comments", {"body": ""}, 422),
    ("POST", f"{REPO}/labels", {"name": "n", "color": "red"}, 422),
    ("GET", f"{REPO}/contents/none", None, 404),
    ("PUT", f"{REPO}/contents/a/b.txt", {"message": "m", "content": "QUJD", "sha": "1"}, 409),
    ("PUT", f"{REPO}/contents/a/b.txt", {"message": "m", "content": "QUJD"}, 422),
    ("POST", f"{REPO}/git/refs", {"ref": "refs/heads/main", "sha": "0"}, 422),
    ("GET", f"{REPO}/git/ref/heads/none", None, 404),
    ("POST", f"{REPO}/actions/runs/DONE/cancel", None, 409),
    ("GET", "/repos/octo/closed/issues", None, 410),
    ("POST", "/repos/octo/closed/issues", {"title": "t"}, 410),
)


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_refusals_are_described_too(
    world: World, github_oracle: Oracle, method: str, path: str, body: Any, status: int
) -> None:
    world.github.add_repository("octo/closed", has_issues=False)
    world.app.variables.put("TAKEN", "v", at=world.app.created_at)
    world.app.tracker.open("t", by="alice")
    done = world.app.add_run(WORKFLOW)
    reply = world.ask(method, path.replace("DONE", str(done.id)), body)
    assert reply.status == status
    (exchange,) = world.github.server.exchanges
    assert github_oracle.check(exchange) == []


@pytest.mark.parametrize(("credential", "status"), [("", 404), ("nonsense", 401)])
def test_so_are_refused_credentials(
    world: World, github_oracle: Oracle, credential: str, status: int
) -> None:
    assert Client(world.github.url, credential)("GET", REPO).status == status
    (exchange,) = world.github.server.exchanges
    assert github_oracle.check(exchange) == []
