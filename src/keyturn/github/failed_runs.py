"""Finds the runs that failed lately, and reads the logs of their jobs.

A log lies elsewhere, where GitHub sends on to: the credential never goes there. It starts, stops
and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import requests

from keyturn import parallel
from keyturn.errors import PlatformError, PlatformUnavailable
from keyturn.github.answer import NONSENSE, missing_is_forbidden
from keyturn.github.client import PAGE_SIZE, Client, repository_path
from keyturn.github.runs import GitHubRuns, read_run
from keyturn.model.runs import WorkflowRun
from keyturn.parse import is_loopback, split_address

_log = logging.getLogger(__name__)

_NEEDS = "Actions: read"
_WITHOUT_SECRETS = "dependabot[bot]"
"""Runs that it starts get other secrets (GitHub docs, "Dependabot on GitHub Actions", 2026-11)."""
_TIMEOUT = 15
_DEADLINE = 30
"""Seconds for a whole log, however slowly it comes."""
_END = 2 << 20
"""Bytes of a log that are kept: a job fails at its end."""
_MOST = 64 << 20
"""Bytes of a log that are read at all."""


class GitHubFailedRuns:
    """The FailedRuns of a real GitHub."""

    def __init__(self, client: Client, *, api_url: str, ca_bundle: str | None) -> None:
        self._client = client
        self._runs = GitHubRuns(client)
        self._local = is_loopback(split_address(api_url).hostname or "")
        self._ca_bundle = ca_bundle

    def list_failed(self, repository: str, *, since: datetime) -> Sequence[WorkflowRun]:
        """Return the newest failed runs, begun since, that were given the repository's secrets.

        One page of them, the newest first. Raises PlatformError.
        """
        path = repository_path(repository, "actions", "runs")
        with missing_is_forbidden(path, _NEEDS):
            return self._list(path, repository, status="failure", since=since)

    def list_later_successes(self, run: WorkflowRun) -> Sequence[WorkflowRun]:
        """Return runs of the workflow that began since, got the secrets and ended well.

        One page of them, the newest first. Raises PlatformError.
        """
        name = run.path.rpartition("/")[2]
        path = repository_path(run.repository, "actions", "workflows", name, "runs")
        return self._list(path, run.repository, status="success", since=run.created_at)

    def _list(
        self, path: str, repository: str, *, status: str, since: datetime
    ) -> Sequence[WorkflowRun]:
        created = f">={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        data = self._client.get(
            path, needs=_NEEDS, status=status, created=created, per_page=PAGE_SIZE
        )
        rows = data.get("workflow_runs") if isinstance(data, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(NONSENSE)
        return [read_run(row, repository) for row in rows if _has_secrets(row, repository)]

    def with_jobs(self, run: WorkflowRun) -> WorkflowRun:
        """Return a run with its jobs and their steps. Raises PlatformError."""
        return self._runs.with_jobs(run)

    def read_log(self, repository: str, job_id: int) -> str | None:
        """Return the end of a job's log; None where it cannot be had, which is no failure."""
        path = repository_path(repository, "actions", "jobs", str(job_id), "logs")
        try:
            address = self._client.find_redirect(path, needs=_NEEDS)
        except PlatformError:
            _log.info("the log of a failed job could not be had from GitHub")
            return None
        return self._download(address)

    def _download(self, address: str) -> str | None:
        try:
            parts = split_address(address)
            direct = self._local and is_loopback(parts.hostname or "")
            if parts.username is not None or not (parts.scheme == "https" or direct):
                _log.info("GitHub sends on to an address that no log is read from")
                return None
            data = parallel.within(_DEADLINE, lambda: self._fetch(address, direct=direct))
        except (TimeoutError, OSError, ValueError, requests.RequestException):
            _log.info("the log of a failed job could not be read from where GitHub keeps it")
            return None
        return None if data is None else data.decode(errors="replace")

    def _fetch(self, address: str, *, direct: bool) -> bytes | None:
        """Return the last part of what stands at an address; no redirect is followed from there."""
        with requests.Session() as session:
            session.trust_env = not direct  # a proxy is not on loopback
            session.verify = self._ca_bundle or True
            session.auth = _no_auth  # else what `.netrc` holds for the host would be sent
            with session.get(
                address, stream=True, allow_redirects=False, timeout=_TIMEOUT
            ) as answer:
                if answer.status_code != 200:
                    return None
                end, read = b"", 0
                for chunk in answer.iter_content(1 << 16):
                    end, read = (end + chunk)[-_END:], read + len(chunk)
                    if read > _MOST:
                        return None
                return end


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _has_secrets(row: dict[str, object], repository: str) -> bool:
    """Say whether a run was given the secrets: not one of a fork, nor one of Dependabot."""
    head, actor = row.get("head_repository"), row.get("actor")
    name = head.get("full_name") if isinstance(head, dict) else None
    login = actor.get("login") if isinstance(actor, dict) else None
    own = isinstance(name, str) and name.lower() == repository.lower()
    return own and login != _WITHOUT_SECRETS
