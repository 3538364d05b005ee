"""What does something with a secret: the steps of jobs, and the calls of workflows elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Consumer:
    """A step that a secret's value reaches, or the call of a workflow that is out of sight.

    Texts are as they were written, expressions unevaluated. Two steps that look alike differ.
    """

    path: str
    """The file it stands in."""
    line: int
    """Where it begins, from 1."""
    job: str | None = None
    """The job's key; None in a local action."""
    label: str = ""
    """The step's name, else its id, else `#3` counted from 1."""
    uses: str = ""
    """The action or workflow it uses; empty for a script."""
    script: str = ""
    shell: str = ""
    """Its own, the job's or the workflow's default; empty where none is named."""
    conditions: tuple[str, ...] = ()
    """What stands under `if:` of the job and of the step."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Its `with:`, names in lower case."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The variables it sees: its own, the job's and the workflow's, the nearest winning."""
    tolerated: bool = False
    """`continue-on-error: true`, of the step or of its job, and nothing in the file asks how it
    ended."""
    runner: str = ""
    """The job's `runs-on:`, several labels joined by commas; empty where it names a group."""
    permissions: Mapping[str, str] | None = None
    """The job's, else the workflow's; `*` stands for all of them; None: the default."""

    @property
    def action(self) -> str:
        """The action without its version, in lower case: `docker/login-action`."""
        return self.uses.partition("@")[0].lower()
