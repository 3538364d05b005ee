"""Tells whether an attempt of a workflow run is over, so that its lock holds nobody up.

It lists no runs (`runs` does), and ends none.
"""

from __future__ import annotations

from keyturn.errors import PlatformUnavailable
from keyturn.github.answer import NONSENSE, read_text
from keyturn.github.client import Client, repository_path
from keyturn.github.runner import Runner
from keyturn.rotation.lock import Attempt


class GitHubAttempts:
    """The Attempts of a real GitHub."""

    def __init__(self, client: Client, *, server_url: str) -> None:
        self._client = client
        self._server_url = server_url

    def has_ended(self, attempt: Attempt) -> bool:
        """Say whether GitHub shows it as completed. Raises PlatformError.

        One that is not shown may only be hidden from this credential: that raises.
        """
        path = repository_path(attempt.repository, "actions", "runs", str(attempt.run_id))
        row = self._client.get(path, needs="Actions: read")
        number = row.get("run_attempt") if isinstance(row, dict) else None
        if type(number) is not int:
            raise PlatformUnavailable(NONSENSE)
        if number == attempt.number:
            return read_text(row, "status") == "completed"
        # A run is started again only once it has ended.
        return number > attempt.number

    def address(self, attempt: Attempt) -> str:
        """Return the attempt's page."""
        run = f"{attempt.repository}/actions/runs/{attempt.run_id}"
        return f"{self._server_url}/{run}/attempts/{attempt.number}"


def this_attempt(runner: Runner) -> Attempt | None:
    """Return what this process is part of; None outside GitHub Actions."""
    if not runner.in_actions or not runner.repository or runner.run_id is None:
        return None
    return Attempt(runner.repository, runner.run_id, runner.run_attempt)
