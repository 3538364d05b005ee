"""Sandboxes with one token that is due, and every secret that holds it: a class a token."""

from __future__ import annotations

from tests.rotation.worlds.base import MANY, ONE, PLACES, Issued, Place, World
from tests.rotation.worlds.gitlab import (
    GitLab,
    GitLabAlone,
    GitLabById,
    GitLabDeploy,
    GitLabGroup,
    GitLabInPlace,
    GitLabJournalElsewhere,
    GitLabPersonal,
    GitLabRescue,
    GitLabServiceAccount,
)
from tests.rotation.worlds.others import (
    Aws,
    Azure,
    AzureExtend,
    SailPoint,
    SailPointExtend,
    Synoptic,
)

WORLDS: dict[str, type[World]] = {
    "gitlab overlap": GitLab,
    "gitlab in-place": GitLabInPlace,
    "gitlab in-place, alone": GitLabAlone,
    "gitlab group": GitLabGroup,
    "gitlab service account": GitLabServiceAccount,
    "gitlab deploy": GitLabDeploy,
    "gitlab personal in-place": GitLabPersonal,
    "gitlab by id": GitLabById,
    "gitlab rescue": GitLabRescue,
    "gitlab, journal elsewhere": GitLabJournalElsewhere,
    "sailpoint overlap": SailPoint,
    "sailpoint extend": SailPointExtend,
    "synoptic overlap": Synoptic,
    "aws-iam overlap": Aws,
    "azure-devops overlap": Azure,
    "azure-devops extend": AzureExtend,
}
_ONE_ONLY = {
    GitLabGroup, GitLabServiceAccount, GitLabPersonal, GitLabById, GitLabRescue,
    GitLabJournalElsewhere,
}  # fmt: skip
"""They differ from others in how the token is made, and not in where it is stored."""
CASES: tuple[tuple[str, str], ...] = (
    *((name, "one secret") for name in WORLDS),
    *((name, "four secrets") for name, made in WORLDS.items() if made not in _ONE_ONLY),
    *(
        (name, places)
        for name in ("gitlab overlap", "gitlab in-place")
        for places in ("codespaces", "other repositories", "twelve secrets")
    ),
)
"""Every world with the places that are tried with it."""

__all__ = [
    "CASES", "MANY", "ONE", "PLACES", "WORLDS", "Aws", "Azure", "AzureExtend", "GitLab",
    "GitLabAlone", "GitLabById", "GitLabDeploy", "GitLabGroup", "GitLabInPlace",
    "GitLabJournalElsewhere", "GitLabPersonal", "GitLabRescue", "GitLabServiceAccount", "Issued",
    "Place", "SailPoint", "SailPointExtend", "Synoptic", "World",
]  # fmt: skip
