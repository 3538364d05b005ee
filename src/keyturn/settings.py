"""What one run was asked to do, as plain values: the command line and the runner, understood.

Made by `cli`, read by the commands; it reads no environment itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from keyturn.credentials import Credentials
from keyturn.model import Severity
from keyturn.progress import SILENT, Progress

if TYPE_CHECKING:
    from keyturn.github.runner import Runner


@dataclass(frozen=True, slots=True)
class Output:
    """One report to be written to a file."""

    format: str
    path: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One run."""

    now: datetime
    """The moment the run takes for now: the clock's, or `--at`."""
    root: Path
    """The checkout: where configuration and workflow files are."""
    runner: Runner
    credentials: Credentials
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the process was given; only for what is no setting of keyturn."""
    repository: str = ""
    config: str | None = None
    """As given; None: the default places are looked at."""
    format: str = "text"
    outputs: tuple[Output, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    """None: no finding fails the run."""
    pretends: bool = False
    """`now` is not the clock's, so that GitHub's runs say nothing about what came until then."""
    until: datetime | None = None
    """Up to when it looks ahead, beyond what the ladder warns of."""
    issues: bool | None = None
    """None: on inside GitHub Actions on the default branch, off elsewhere."""
    dry_run: bool = False
    coarse: bool = False
    """Everybody can read what this run prints: counts and coarse words only."""
    color: bool = False
    width: int = 100
    verbosity: int = 0
    """-1 quiet, 0 normal, 1 verbose."""
    progress: Progress = field(default=SILENT, repr=False, compare=False)
    """Where a person who waits is told what is being done."""
    ca_bundle: str | None = None
    """A file of certificate authorities that both HTTP libraries trust."""
