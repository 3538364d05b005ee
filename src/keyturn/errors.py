"""Every exception keyturn raises on purpose, and the exit codes.

KeyturnError                         message for a person, and a hint what to do
├── UsageError            exit 2     a flag or input that makes no sense
├── ConfigError           exit 2     one or more Problems, each with file:line:column
├── NotUnderstood                    a workflow file that cannot be read as one
├── CredentialMissing                a named environment variable is unset, empty or `***`
├── ProviderError                    about one token
│   ├── CredentialRejected           401/403 of our credential
│   ├── TokenNotFound                the provider answered, and has no such token
│   ├── ProviderRefused              it understood, and will not: a quota, a limit, a wrong kind
│   │   └── BlockedByPolicy          a lifetime or scope policy of the provider forbids it
│   └── ProviderUnavailable          network, 429, 5xx, nonsense: their outage, not our finding
├── JournalError                     the journal of rotations cannot be read or written
│   ├── JournalConflict              somebody else wrote to it meanwhile
│   └── JournalBroken                cut off, changed, or not ours: nothing in it is acted on
├── SealedBroken                     a sealed record cannot be made or opened
├── RotationError         exit 4     a rotation cannot go on without a person
└── PlatformError                    GitHub as the place we act
    ├── NotPermitted                 this credential may not; a notice, not an outage
    ├── PlatformRejected             401: GitHub does not know this credential
    ├── PlatformRefused              any other 4xx: not there, switched off, not acceptable
    └── PlatformUnavailable          network, 429, 5xx
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends; of several the first that applies is used."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    NEEDS_HUMAN = 4
    INTERRUPTED = 130


class KeyturnError(Exception):
    """Something a person is told, without a traceback."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def told(self) -> str:
        """Message and hint in one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(KeyturnError):
    """A flag or an input that makes no sense."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file, with its place and what to do."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(KeyturnError):
    """The configuration cannot be used; carries every problem that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotUnderstood(KeyturnError):
    """A workflow or action file that cannot be read as one."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.path = path


class CredentialMissing(KeyturnError):
    """A named environment variable is unset, empty or `***`."""


class ProviderError(KeyturnError):
    """A provider could not tell about a token."""


class CredentialRejected(ProviderError):
    """The provider refuses the credential that asks."""


class TokenNotFound(ProviderError):
    """The provider answered and has no such token, or does not show it to this credential."""


class ProviderRefused(ProviderError):
    """The provider understood and will not do it; nothing was changed."""


class BlockedByPolicy(ProviderRefused):
    """A policy of the provider forbids it, such as a longest lifetime."""


class ProviderUnavailable(ProviderError):
    """The provider did not answer, or not with anything that can be understood."""


class JournalError(KeyturnError):
    """The journal of rotations cannot be read or written."""


class JournalConflict(JournalError):
    """Somebody else wrote to the journal meanwhile; read it again before anything is done."""


class JournalBroken(JournalError):
    """The journal was cut off, changed, or is not ours; nothing in it may be acted on."""


class SealedBroken(KeyturnError):
    """A sealed record that cannot be made, or that its key or its operation does not open."""


class RotationError(KeyturnError):
    """A rotation cannot go on without a person; what was changed so far stands in the journal."""


class PlatformError(KeyturnError):
    """GitHub did not do what was asked."""


class NotPermitted(PlatformError):
    """This credential may not do that; another one could."""


class PlatformRejected(PlatformError):
    """GitHub does not know the credential (401)."""


class PlatformRefused(PlatformError):
    """GitHub answered and will not do that: 404, 409, 410, 422."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class PlatformUnavailable(PlatformError):
    """GitHub did not answer, limits the rate, or answers with an error of its own."""
