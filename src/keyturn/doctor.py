"""What the workflow files tell about keyturn's own steps: what they lack, or have too much of.

Nothing is asked. A job that also does other work may need more, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keyturn.model import Consumer, Uses
from keyturn.model.diagnosis import Diagnosis, Health
from keyturn.workflows import runs_keyturn

_COMPANIONS = frozenset(
    {
        "actions/checkout",
        "actions/create-github-app-token",
        "actions/upload-artifact",
        "actions/download-artifact",
        "github/codeql-action/upload-sarif",
    }
)
"""What stands beside keyturn in its job, and needs no right of its own but those below."""
_NEEDED = frozenset({"issues", "security-events", "id-token"})
"""What keyturn, or the upload of its report, may write with the job's own token."""


def judge_step(uses: Uses, variables: Iterable[str]) -> Iterator[Diagnosis]:
    """Yield the variables that the configuration names and no step of keyturn's is given."""
    own = [step for steps in uses.jobs.values() for step in steps if runs_keyturn(step)]
    given = {name for step in own for name in step.env}
    if not own or not uses.own_known:
        return
    for name in dict.fromkeys(variables):
        if name not in given:
            yield Diagnosis(
                "credential",
                name,
                Health.MISSING,
                "the configuration names it, and no step that runs keyturn is given it",
                f"{own[0].path}:{own[0].line}, under `env:`: `{name}: ${{{{ secrets.{name} }}}}`",
            )


def judge_permissions(uses: Uses, *, journal: bool) -> Iterator[Diagnosis]:
    """Yield the rights of keyturn's own jobs that nothing in them needs."""
    needed = _NEEDED | ({"contents"} if journal else frozenset())
    for (path, job), steps in uses.jobs.items():
        own = [step for step in steps if runs_keyturn(step)]
        if not own or not all(step in own or step.action in _COMPANIONS for step in steps):
            continue
        wide = _too_wide(own[0], needed)
        if wide:
            yield Diagnosis(
                "permission",
                f"job {job}",
                Health.TOO_WIDE,
                f"its own token may write {', '.join(wide)}, which nothing in the job needs",
                f"{path}, `permissions:` of the job",
            )


def _too_wide(step: Consumer, needed: frozenset[str]) -> list[str]:
    granted: Mapping[str, str] = step.permissions or {}
    if granted.get("*") == "write":
        return ["everything"]
    written = {name for name, access in granted.items() if access == "write"}
    return sorted(written - needed)
