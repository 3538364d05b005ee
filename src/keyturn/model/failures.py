"""What could not be learned or done, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Why something could not be learned or done."""

    PROVIDER_UNAVAILABLE = "provider-unavailable"
    PROVIDER_REFUSED = "provider-refused"
    CREDENTIAL_MISSING = "credential-missing"
    CREDENTIAL_REJECTED = "credential-rejected"
    TOKEN_NOT_FOUND = "token-not-found"  # noqa: S105 - a kind, not a password
    GITHUB_UNAVAILABLE = "github-unavailable"
    ISSUES_NOT_WRITTEN = "issues-not-written"
    NOT_PERMITTED = "not-permitted"
    NOT_UNDERSTOOD = "not-understood"
    ISSUES_WITHHELD = "issues-withheld"
    NO_CONFIGURATION = "no-configuration"
    JOURNAL_NOT_READ = "journal-not-read"
    """This run was given no key of it, or it must not be where it is."""
    JOURNAL_UNUSABLE = "journal-unusable"
    """It was broken, changed by somebody else, or could not be reached."""
    HEARTBEAT_NOT_SENT = "heartbeat-not-sent"

    @property
    def incomplete(self) -> bool:
        """Whether something that should have answered did not: exit code 3."""
        return self not in (
            FailureKind.NOT_PERMITTED,
            FailureKind.NOT_UNDERSTOOD,
            FailureKind.ISSUES_WITHHELD,
            FailureKind.NO_CONFIGURATION,
            FailureKind.JOURNAL_NOT_READ,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be learned or done, said in the report's `errors`."""

    kind: FailureKind
    subject: str
    message: str
