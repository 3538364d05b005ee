"""Workflows and their runs over HTTP."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from keyturn.sandbox.github_api import Call, node_id, not_found, paged, refuse, stamp
from keyturn.sandbox.github_git import Flat
from keyturn.sandbox.github_objects import identity, minimal_repository, user
from keyturn.sandbox.github_routes import Routes, repository_path
from keyturn.sandbox.github_world import WORKFLOW_FOLDER, Job, Repository, Run, World
from keyturn.sandbox.server import Response

LOGS = "/_logs/"
"""Where the logs of jobs lie: no part of GitHub's API."""


def add_routes(routes: Routes) -> None:
    """Register workflows, runs and jobs."""
    run, workflow = "/actions/runs/{run_id}", "/actions/workflows/{workflow_id}"
    for method, template, handler in (
        ("GET", "/actions/runs", list_runs),
        ("GET", run, get_run),
        ("POST", run + "/cancel", cancel_run),
        ("GET", run + "/jobs", list_jobs),
        ("GET", "/actions/jobs/{job_id}/logs", redirect_to_log),
        ("GET", "/actions/workflows", list_workflows),
        ("GET", workflow, get_workflow),
        ("PUT", workflow + "/enable", enable_workflow),
        ("GET", workflow + "/runs", list_runs),
    ):
        routes.repository(method, template, handler, area="actions")
    routes.add("GET", LOGS + "{job_id}", partial(get_log, routes.world))


def list_runs(call: Call, repository: Repository, *, workflow_id: str = "") -> Response:
    """Answer with the runs that the query asks for, the newest first."""
    path = find_workflow(repository, workflow_id) if workflow_id else ""
    query = call.request.query
    found = [
        run
        for run in reversed(repository.runs.values())
        if path in ("", run.path)
        and query.get("status", run.status) in (run.status, run.conclusion)
        and query.get("event", run.event) == run.event
        and query.get("branch", run.branch) == run.branch
        and query.get("actor", run.actor) == run.actor
        and query.get("head_sha", run.sha) == run.sha
        and _created(run, query.get("created", ""))
    ]
    inside = f"/workflows/{workflow_id}" if workflow_id else ""
    return paged(
        call,
        found,
        lambda run: show_run(call, repository, run),
        member="workflow_runs",
        path=repository_path(repository, f"/actions{inside}/runs"),
    )


def find_run(repository: Repository, number: str) -> Run:
    """Return a run or refuse with 404."""
    found = repository.runs.get(int(number)) if number.isdecimal() else None
    if not found:
        raise not_found()
    return found


def get_run(call: Call, repository: Repository, *, run_id: str) -> Response:
    """Answer with one run."""
    return Response(200, show_run(call, repository, find_run(repository, run_id)))


def cancel_run(call: Call, repository: Repository, *, run_id: str) -> Response:
    """Cancel a run that has not ended."""
    run = find_run(repository, run_id)
    if run.status == "completed":
        raise refuse(409, "Cannot cancel a workflow run that is completed.")
    for job in run.jobs:
        if job.status != "completed":
            job.status, job.conclusion = "completed", "cancelled"
    run.status, run.conclusion, run.updated_at = "completed", "cancelled", call.now
    return Response(202, {})


def list_jobs(call: Call, repository: Repository, *, run_id: str) -> Response:
    """Answer with the jobs of a run."""
    run = find_run(repository, run_id)
    return paged(
        call,
        run.jobs,
        lambda job: show_job(call, repository, run, job),
        member="jobs",
        path=repository_path(repository, f"/actions/runs/{run.id}/jobs"),
    )


def redirect_to_log(call: Call, repository: Repository, *, job_id: str) -> Response:
    """Send on to where a job's log lies, which is another host."""
    jobs = {str(job.id): job for run in repository.runs.values() for job in run.jobs}
    if job_id not in jobs or jobs[job_id].log is None:
        raise not_found()
    elsewhere = call.base.replace("127.0.0.1", "localhost")
    return Response(302, None, {"Location": f"{elsewhere}{LOGS}{job_id}?sig=1"})


def get_log(world: World, call: Call, *, job_id: str) -> Response:
    """Answer with a log, as a store of files that has never heard of GitHub's credentials."""
    if "authorization" in call.request.headers:
        raise refuse(400, "Authentication information is not given in the correct format.")
    runs = [run for repository in world.repositories.values() for run in repository.runs.values()]
    log = next((job.log for run in runs for job in run.jobs if str(job.id) == job_id), None)
    if log is None:
        raise not_found()
    return Response(200, log, {"Content-Type": "text/plain"})


def workflow_paths(repository: Repository) -> list[str]:
    """Return the workflow files of the default branch, and those that ran and are gone since.

    That these stay listed as `deleted` is no part of GitHub's documentation (community discussion
    40350).
    """
    pattern = re.compile(re.escape(WORKFLOW_FOLDER) + r"[^/]+\.ya?ml")
    paths = {*_files(repository), *(run.path for run in repository.runs.values())}
    return sorted(path for path in paths if pattern.fullmatch(path))


def _files(repository: Repository) -> Flat:
    """Return the files of the default branch."""
    git = repository.git
    head = git.refs.get(f"refs/heads/{repository.default_branch}")
    return git.flat(git.commits[head].tree) if head else {}


def find_workflow(repository: Repository, name: str) -> str:
    """Return the path of a workflow that is named by id or file name, or refuse with 404."""
    for path in workflow_paths(repository):
        if name in (path.removeprefix(WORKFLOW_FOLDER), str(workflow_id_of(repository, path))):
            return path
    raise not_found()


def list_workflows(call: Call, repository: Repository) -> Response:
    """Answer with all workflows by path."""
    return paged(
        call,
        workflow_paths(repository),
        lambda path: show_workflow(call, repository, path),
        member="workflows",
        path=repository_path(repository, "/actions/workflows"),
    )


def get_workflow(call: Call, repository: Repository, *, workflow_id: str) -> Response:
    """Answer with one workflow."""
    path = find_workflow(repository, workflow_id)
    return Response(200, show_workflow(call, repository, path))


def enable_workflow(_call: Call, repository: Repository, *, workflow_id: str) -> Response:
    """Switch a workflow on again."""
    repository.workflow_states.pop(find_workflow(repository, workflow_id), None)
    return Response(204)


def workflow_id_of(repository: Repository, path: str) -> int:
    """Return a workflow's id, which belongs to its path."""
    return identity(f"workflow of {repository.full_name}", path)


def workflow_name(repository: Repository, path: str) -> str:
    """Return a workflow's `name:`, else its path, as GitHub does."""
    files = _files(repository)
    if path not in files:
        return path
    text = repository.git.blobs[files[path][1]].decode(errors="replace")
    named = re.search(r"^name:[ \t]*(['\"]?)(.+?)\1[ \t]*$", text, re.MULTILINE)
    return named[2] if named else path


def show_workflow(call: Call, repository: Repository, path: str) -> dict[str, Any]:
    """Describe a workflow."""
    number, name = workflow_id_of(repository, path), workflow_name(repository, path)
    html = f"{call.base}/{repository.full_name}"
    at = stamp(repository.created_at)
    usual = "active" if path in _files(repository) else "deleted"
    return {
        "id": number,
        "node_id": node_id("W", number),
        "name": name,
        "path": path,
        "state": repository.workflow_states.get(path, usual),
        "created_at": at,
        "updated_at": at,
        "url": f"{call.base}/repos/{repository.full_name}/actions/workflows/{number}",
        "html_url": f"{html}/blob/{repository.default_branch}/{path}",
        "badge_url": f"{html}/actions/workflows/{path.removeprefix(WORKFLOW_FOLDER)}/badge.svg",
    }


def show_run(call: Call, repository: Repository, run: Run) -> dict[str, Any]:
    """Describe a run."""
    base = f"{call.base}/repos/{repository.full_name}"
    url = f"{base}/actions/runs/{run.id}"
    workflow = workflow_id_of(repository, run.path)
    where = minimal_repository(repository, call.base)
    name = workflow_name(repository, run.path)
    actor = user(run.actor, call.base)
    return {
        "id": run.id,
        "name": name,
        "display_title": name,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": run.path,
        "run_number": run.number,
        "run_attempt": 1,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": workflow,
        "url": url,
        "html_url": f"{call.base}/{repository.full_name}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": stamp(run.created_at),
        "run_started_at": stamp(run.created_at),
        "updated_at": stamp(run.updated_at),
        "actor": actor,
        "triggering_actor": actor,
        "jobs_url": url + "/jobs",
        "logs_url": url + "/logs",
        "check_suite_url": f"{base}/check-suites/{run.id}",
        "artifacts_url": url + "/artifacts",
        "cancel_url": url + "/cancel",
        "rerun_url": url + "/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{base}/actions/workflows/{workflow}",
        "head_commit": None,
        "repository": where,
        "head_repository": {**where, "full_name": run.fork} if run.fork else where,
    }


def show_job(call: Call, repository: Repository, run: Run, job: Job) -> dict[str, Any]:
    """Describe a job."""
    base = f"{call.base}/repos/{repository.full_name}"
    ended = stamp(run.updated_at) if job.status == "completed" else None
    return {
        "id": job.id,
        "run_id": run.id,
        "run_url": f"{base}/actions/runs/{run.id}",
        "run_attempt": 1,
        "node_id": node_id("CR", job.id),
        "head_sha": run.sha,
        "head_branch": run.branch,
        "url": f"{base}/actions/jobs/{job.id}",
        "html_url": f"{call.base}/{repository.full_name}/actions/runs/{run.id}/job/{job.id}",
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": stamp(run.created_at),
        "started_at": stamp(run.created_at),
        "completed_at": ended,
        "name": job.name,
        "steps": [
            {
                "name": name,
                "status": "completed",
                "conclusion": conclusion,
                "number": number,
                "started_at": stamp(run.created_at),
                "completed_at": ended,
            }
            for number, (name, conclusion) in enumerate(job.steps, 1)
        ],
        "check_run_url": f"{base}/check-runs/{job.id}",
        "labels": ["ubuntu-latest"],
        **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
        "workflow_name": workflow_name(repository, run.path),
    }


def _created(run: Run, wanted: str) -> bool:
    """Judge GitHub's date filter: `>=FROM`, `<=TO`, `FROM..TO` or a day."""
    at = stamp(run.created_at) or ""
    if ".." in wanted:
        first, last = wanted.split("..")
        return first <= at <= last
    for sign, holds in ((">=", at >= wanted[2:]), ("<=", at <= wanted[2:])):
        if wanted.startswith(sign):
            return holds
    return at.startswith(wanted)
