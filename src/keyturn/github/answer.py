"""What GitHub's answers mean: a status becomes an error here, and a row becomes values.

Nothing of an answer's text may get into a message, for it can quote what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from github.Requester import Requester

from keyturn.errors import (
    NotPermitted,
    PlatformError,
    PlatformRefused,
    PlatformRejected,
    PlatformUnavailable,
)

NONSENSE = "GitHub answers with something else than its documentation says"

_RIGHT = re.compile(r"[a-z_]{1,60}=(?:read|write|admin)")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: str = field(repr=False)

    def data(self) -> Any:
        """The parsed body; None where it is empty. Raises PlatformUnavailable."""
        try:
            return json.loads(self.body) if self.body else None
        except (ValueError, RecursionError):
            raise PlatformUnavailable(
                "GitHub answers with something that is not JSON",
                hint="a proxy, a login page or a maintenance page may stand in between",
            ) from None

    @property
    def limited(self) -> bool:
        """The rate of requests is the reason of the refusal."""
        if self.status != 403:
            return self.status == 429
        if "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0":
            return True
        try:
            data = self.data()
        except PlatformUnavailable:
            return False
        message = data.get("message") if isinstance(data, dict) else None
        return isinstance(message, str) and Requester.isRateLimitError(message)

    def number(self, header: str) -> int | None:
        """Return a header that is a whole number."""
        value = self.headers.get(header, "").strip()
        return int(value) if _NUMBER.fullmatch(value) else None


class Unanswered(Exception):
    """A request got no answer; carries what to say, and whether another try makes sense."""

    def __init__(self, message: str, *, hint: str = "", again: bool = False) -> None:
        super().__init__(message)
        self.error = PlatformUnavailable(message, hint=hint)
        self.again = again


class NotAnAnswer(Exception):
    """An answer that PyGithub must not see."""


def read_text(row: Mapping[str, Any], key: str) -> str:
    """Return a member that must be text. Raises PlatformUnavailable."""
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise PlatformUnavailable(NONSENSE)
    return value


def read_instant(row: Mapping[str, Any], key: str) -> datetime | None:
    """Return a member that is an instant, in UTC; None where there is none."""
    value = row.get(key)
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo and 2000 <= instant.year < 3000:  # later arithmetic cannot overflow
            return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise PlatformUnavailable(NONSENSE)


def refusal(answer: Answer, what: str, needs: str) -> PlatformError:
    """Say what an answer other than 2xx means; the only place where a status becomes an error."""
    status = answer.status
    if status >= 500:
        return PlatformUnavailable(f"GitHub answers {what} with an error of its own ({status})")
    if status == 401:
        return PlatformRejected(
            "GitHub does not know this credential (401)",
            hint="it has expired, was revoked, or belongs to another server",
        )
    if status == 403:
        return _not_permitted(answer, what, needs)
    if status < 400:
        return _moved(what)
    reasons = {
        404: "there is no such thing, or this credential may not see it",
        410: "it is switched off there",
        422: "it does not accept what was sent",
    }
    reason = reasons.get(status, "it does not do that")
    return PlatformRefused(f"GitHub refuses {what} ({status}): {reason}", status=status)


def _not_permitted(answer: Answer, what: str, needs: str) -> NotPermitted:
    told = _RIGHT.findall(answer.headers.get("x-accepted-github-permissions", ""))
    right = ", ".join(told) or needs
    hint = f"it needs {right}" if right else ""
    if "x-github-sso" in answer.headers:
        hint = "it must be authorised for the organization's single sign-on"
    return NotPermitted(f"this credential may not {what} (403)", hint=hint)


def _moved(what: str) -> PlatformUnavailable:
    return PlatformUnavailable(
        f"GitHub answers {what} with a redirect, which a credential does not follow",
        hint="the repository was renamed or moved: write its present name",
    )


def explain(error: Exception, what: str) -> PlatformError | Unanswered:
    """Say what went wrong below HTTP in words of our own: the libraries' may quote the header."""
    match error:
        case NotAnAnswer():
            return _moved(what)
        case requests.exceptions.InvalidHeader() | UnicodeError():
            return PlatformRejected(
                "the GitHub credential holds characters that no HTTP header can carry; "
                "it was not sent",
                hint="was it stored with a line break, a blank or typographic quotes?",
            )
        case requests.exceptions.SSLError():
            return Unanswered(
                "no trusted connection to GitHub could be made",
                hint="a company's own authority is named by SSL_CERT_FILE",
            )
        case requests.exceptions.ProxyError():
            return Unanswered("the proxy does not let requests to GitHub pass")
        case requests.exceptions.Timeout():
            return Unanswered(f"GitHub did not answer {what} in time")
        case requests.exceptions.RequestException():
            return Unanswered(f"the connection to GitHub broke during {what}", again=True)
        case OSError():
            return Unanswered(
                "the CA or proxy settings of the environment cannot be used",
                hint="look at SSL_CERT_FILE, REQUESTS_CA_BUNDLE and HTTPS_PROXY",
            )
        case _:
            return Unanswered(NONSENSE)


@contextmanager
def missing_is_forbidden(what: str, needs: str) -> Iterator[None]:
    """Raise NotPermitted for a 404: what a credential may not see, GitHub says is not there."""
    try:
        yield
    except PlatformRefused as error:
        if error.status != 404:
            raise
        raise NotPermitted(
            f"GitHub shows no {what} to this credential (404)",
            hint=f"it needs {needs}, if there is such a place",
        ) from error
