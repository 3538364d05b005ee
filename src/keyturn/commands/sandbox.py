"""`keyturn sandbox`: serve the embedded GitHub and providers on loopback until stopped.

Filled with the demonstration's organization; nothing outside the process is changed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import threading

from keyturn.errors import ExitCode, UsageError
from keyturn.instants import format_rfc3339
from keyturn.report import publish
from keyturn.sandbox import Sandbox, example
from keyturn.sandbox.github_web import GitHubWeb
from keyturn.settings import Settings

_LAST_PORT = 65529
"""The next five are the providers', and the one after them that of GitHub's pages."""


def run(_settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Serve until interrupted; print how to point keyturn, or anything else, at it."""
    port = arguments.port
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"--port {port}: no port, or none left for the providers")
    try:
        box = Sandbox(example.NOW, port=port)
        web = GitHubWeb(box.github.repository, port=port + 6 if port else 0)
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}", hint="leave it out") from error
    with box:
        web.server.start()
        filled = example.fill(box)
        publish.emit(f"# A GitHub and providers of your own, at {example.NOW:%Y-%m-%d %H:%M} UTC.")
        publish.emit(
            f"# Their clock stands: give every command --at {format_rfc3339(example.NOW)}."
        )
        publish.emit("# Their credentials are made up at every start and are worth nothing.")
        variables = {
            "GITHUB_API_URL": box.github.url,
            "GITHUB_SERVER_URL": web.url,
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITLAB_URL": box.gitlab.url,
            "SAILPOINT_URL": box.sailpoint.url,
            "AZURE_DEVOPS_URL": box.azure_devops.url,
            "SYNOPTIC_URL": box.synoptic.url,
            "AWS_IAM_URL": box.aws_iam.url,
            **filled.environ,
        }
        for name, value in variables.items():
            publish.emit(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()  # a pipe or a file has them now, not at the end
        threading.Event().wait()
    return ExitCode.OK
