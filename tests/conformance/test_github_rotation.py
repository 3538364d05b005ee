"""What the rotation's GitHub side sends, and is answered, by GitHub's description."""

from __future__ import annotations

from datetime import timedelta

from keyturn.github.client import Client
from keyturn.github.failed_runs import GitHubFailedRuns
from keyturn.github.runs import GitHubRuns
from keyturn.github.secret_writer import GitHubSecretWriter
from keyturn.github.variables import GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.model import Scope, SecretRef, Store
from keyturn.sandbox.github_world import Repository
from keyturn.secret_value import SecretValue
from tests.conformance.oracle import Oracle
from tests.github.worlds import NOW, client_of, world

WORKFLOW = ".github/workflows/ci.yml"
OLD = NOW - timedelta(days=90)


def test_it_keeps_to_the_description(github_oracle: Oracle) -> None:
    with world(files={WORKFLOW: "on: push\n"}) as box:
        client, budget = client_of(box), WriteBudget()
        octo = box.github.add_organization("octo")
        app = box.github.repository("octo/app")
        app.add_environment("production")
        writer = GitHubSecretWriter(client, budget)
        for store in Store:
            octo.put_secret("A", "old", visibility="selected", selected=[app], store=store, at=OLD)
            octo.put_secret("B", "old", visibility="all", store=store, at=OLD)
            for scope in (Scope("octo", "app", store=store), Scope("octo", store=store)):
                walk_secrets(writer, scope)
        walk_secrets(writer, Scope("octo", "app", "production"))
        variables = GitHubVariables(client, "octo/app", budget)
        variables.put("KEYTURN_JOURNAL_HEAD", "one")
        variables.put("KEYTURN_JOURNAL_HEAD", "two")
        assert variables.get("KEYTURN_JOURNAL_HEAD") == "two"
        variables.delete("KEYTURN_JOURNAL_HEAD")
        assert variables.get("KEYTURN_JOURNAL_HEAD") is None
        app.add_run(WORKFLOW, at=NOW)
        begun = app.add_run(WORKFLOW, status="in_progress", jobs=[("build", "")])
        begun.jobs[0].conclusion = None
        runs = GitHubRuns(client)
        (run,) = runs.list_unfinished("octo/app")
        assert runs.with_jobs(run).jobs
        runs.prove_readable("octo/app")
        assert runs.list_successful("octo/app", [WORKFLOW], since=NOW)
        assert runs.list_ended("octo/app", begun_by=NOW, since=NOW)
        walk_failed_runs(client, app, box.github.url)
        assert writer.list_readers(SecretRef(Scope("octo"), "A")) == ["octo/app"]
        exchanges = box.github.server.exchanges
        asked = {each.request.method for each in exchanges}
        assert asked == {"GET", "PUT", "POST", "PATCH", "DELETE"}
        problems = [problem for each in exchanges for problem in github_oracle.check(each)]
        # The description calls the filter a date-time; its own text, and the page on the search
        # syntax that it links, give it an operator before the date.
        assert [problem.partition(": body: ")[2] for problem in problems] == [
            "'>=2026-11-22T13:43:00Z' is not a 'date-time'",
            "'2026-10-18T13:43:00Z..2026-11-22T13:43:00Z' is not a 'date-time'",
            "'>=2026-11-22T13:43:00Z' is not a 'date-time'",
            "'>=2026-11-22T13:43:00Z' is not a 'date-time'",
        ]


def walk_failed_runs(client: Client, app: Repository, url: str) -> None:
    made = app.add_run(WORKFLOW, conclusion="failure", jobs=[("publish", "failure")], at=NOW)
    made.jobs[0].steps = [("Run npm publish", "failure")]
    made.jobs[0].log = "log"
    failed = GitHubFailedRuns(client, api_url=url, ca_bundle=None)
    (run,) = failed.list_failed("octo/app", since=NOW)
    assert failed.list_later_successes(run)
    (job,) = failed.with_jobs(run).jobs or ()
    assert job.steps
    assert failed.read_log("octo/app", job.id) == "log"


def walk_secrets(writer: GitHubSecretWriter, scope: Scope) -> None:
    for name in ("A", "B"):
        writer.write(SecretRef(scope, name), SecretValue("new-" + "v" * 20))
    assert writer.find(SecretRef(scope, "NONE")) is None
    writer.prove_writable(SecretRef(scope, "A"), "1a2b3c4d")
    assert writer.remove_canaries(scope) == ()
