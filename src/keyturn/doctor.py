"""What the workflow files tell about keyturn's own steps: what they lack, or have too much of.

Nothing is asked. A job that also does other work may need more, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keyturn.issues.dashboard import carries_out
from keyturn.model import Consumer, Uses
from keyturn.model.diagnosis import Diagnosis, Health
from keyturn.model.rotation import RECOVERY_KEY
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


def judge_variables(uses: Uses, variables: Iterable[str]) -> Iterator[Diagnosis]:
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
                _line_to_add(own[0], name),
            )


def judge_rotating_steps(uses: Uses) -> Iterator[Diagnosis]:
    """Yield the steps that carry rotations out, and are not given the key for that."""
    for step in (step for steps in uses.jobs.values() for step in steps):
        if carries_out(step) and RECOVERY_KEY not in step.env:
            yield Diagnosis(
                "credential",
                RECOVERY_KEY,
                Health.MISSING,
                "a step that rotates is not given it, and refuses to start",
                _line_to_add(step, RECOVERY_KEY),
            )


def _line_to_add(step: Consumer, name: str) -> str:
    return f"{step.path}:{step.line}, under `env:`: `{name}: ${{{{ secrets.{name} }}}}`"


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
