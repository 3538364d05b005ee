"""After a complete run: asks the URL that somebody else watches, so that its silence is noticed.

The URL is a secret. Nothing of it, and nothing of the answer but its status, is ever told.
"""

from __future__ import annotations

from keyturn.config import Config
from keyturn.errors import ExitCode, KeyturnError, ProviderUnavailable
from keyturn.model import Failure, FailureKind
from keyturn.secret_value import SecretValue
from keyturn.settings import Settings
from keyturn.transport import Transport

_ATTEMPTS = 2
_COMPLETE = (ExitCode.OK, ExitCode.FINDINGS)


def send(settings: Settings, config: Config, code: ExitCode) -> tuple[Failure, ...]:
    """Ask the configured URL, if the run came to its end and acts; return what failed."""
    variable, runner = config.heartbeat, settings.runner
    if variable is None or code not in _COMPLETE or settings.dry_run:
        return ()
    if runner.untrusted_event or runner.has_no_secrets:
        return ()
    url = settings.credentials.find(variable)
    told = _ask(url, settings.ca_bundle) if url else "it is unset, empty or masked in this run"
    if told is None:
        return ()
    return (Failure(FailureKind.HEARTBEAT_NOT_SENT, variable, f"no heartbeat was sent: {told}"),)


def _ask(url: SecretValue, ca_bundle: str | None) -> str | None:
    """Return why the URL did not take it; None where it did."""
    told = "the address did not answer, or not as one that takes a heartbeat"
    with Transport(ca_bundle=ca_bundle, read_timeout=5, deadline=10, patience=0) as transport:
        for _ in range(_ATTEMPTS):
            try:
                status = transport.request("GET", url.reveal(), headers={}, once=True).status
            except ProviderUnavailable:
                continue
            except KeyturnError:  # whatever it says may quote the address
                return told
            return None if status < 300 else f"the address answered {status}"
    return told
