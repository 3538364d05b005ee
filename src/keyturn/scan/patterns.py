"""The token formats, one row each; a table, which neither reads files nor compiles anything.

The fixed characters are the signal and the body is read tolerantly: vendors lengthen their tokens
without notice, as GitHub did with `ghs_` in April 2026. SailPoint and Synoptic issue values
without any fixed part (32 or 64 hexadecimal digits), which only context can tell.
"""

from __future__ import annotations

from typing import NamedTuple


class Pattern(NamedTuple):
    """One token format."""

    id: str
    """The rule's name in a leak."""
    keyword: str
    """Characters that every token of the format holds; for most the prefix."""
    regex: str
    """The whole token. ASCII only and without groups, for text and bytes alike."""
    source: str
    """Where the format is documented, and when it was looked up."""


_GITHUB = "docs.github.com, about authentication to GitHub, token formats, 2026-11"
_GITHUB_APP = "github.blog changelog 2026-05-15, longer installation tokens"
_GITLAB = "docs.gitlab.com, security/tokens, token prefixes, 2026-11"
_AZURE = "learn.microsoft.com, Azure DevOps, format of personal access tokens, 2026-11"


def _prefixed(pattern_id: str, prefix: str, shortest: int, source: str) -> Pattern:
    regex = rf"(?<![A-Za-z0-9]){prefix}[A-Za-z0-9._-]{{{shortest},}}"
    return Pattern(pattern_id, prefix, regex, source)


PATTERNS: tuple[Pattern, ...] = (
    _prefixed("github-pat-classic", "ghp_", 36, _GITHUB),
    _prefixed("github-oauth", "gho_", 36, _GITHUB),
    _prefixed("github-app-user", "ghu_", 36, _GITHUB),
    _prefixed("github-app-installation", "ghs_", 36, _GITHUB_APP),
    _prefixed("github-app-refresh", "ghr_", 36, _GITHUB),
    _prefixed("github-pat-fine-grained", "github_pat_", 36, _GITHUB),
    # Personal, impersonation, project, group and service-account tokens alike.
    _prefixed("gitlab-pat", "glpat-", 20, _GITLAB),
    _prefixed("gitlab-deploy-token", "gldt-", 20, _GITLAB),
    _prefixed("gitlab-trigger-token", "glptt-", 20, _GITLAB),
    _prefixed("gitlab-runner-token", "glrt-", 20, _GITLAB),
    _prefixed("gitlab-runner-registered", "glrtr-", 20, _GITLAB),
    _prefixed("gitlab-job-token", "glcbt-", 20, _GITLAB),
    _prefixed("gitlab-oauth-secret", "gloas-", 20, _GITLAB),
    _prefixed("gitlab-feed-token", "glft-", 20, _GITLAB),
    _prefixed("gitlab-agent-token", "glagent-", 20, _GITLAB),
    _prefixed("gitlab-incoming-mail", "glimt-", 20, _GITLAB),
    _prefixed("gitlab-scim-token", "glsoat-", 20, _GITLAB),
    _prefixed("gitlab-feature-flags", "glffct-", 20, _GITLAB),
    _prefixed("gitlab-workspace-token", "glwt-", 20, _GITLAB),
    # The signature stands in the middle: characters 77 to 80 of 84.
    Pattern(
        "azure-devops-pat",
        "AZDO",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])",
        _AZURE,
    ),
)
