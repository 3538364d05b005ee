"""What `keyturn doctor` found out about a set-up: what is there, missing, or more than needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How one part of a set-up is."""

    FINE = "fine"
    MISSING = "missing"
    """Something that keyturn was told to do cannot work without it."""
    TOO_WIDE = "too-wide"
    """It allows more than keyturn needs."""
    BETTER_WITH = "better-with"
    """Everything works; some rules stay silent without it."""
    NOT_CHECKED = "not-checked"
    """Whoever should have answered did not."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One part of a set-up."""

    area: str
    """configuration, permission, credential, channel or schedule."""
    subject: str
    """What it is about: a right, a variable, a repository."""
    health: Health
    message: str
    change: str = ""
    """The exact place to change it, and how."""
