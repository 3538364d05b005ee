"""PURE: the faces that a dead token has in a job's log, each with where it is known from.

They are words of servers and programs; what they were matched in is never quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """What one server or program says to a token that it does not take."""

    words: str
    """For people, in our own words."""
    pattern: re.Pattern[str]
    source: str
    of: tuple[str, ...] = ()
    """Only tokens of these providers and issuers (`guess_tables`) have it; empty: any token can."""
    at_end: bool = False
    """It counts only among the last lines: tests print it too, where they are to be refused."""


_LAST = 40
"""Lines that are an end."""
_HOSTS = ("github", "gitlab", "azure-devops", "Bitbucket")
_REGISTRIES = ("npm", "github", "gitlab", "azure-devops", "JFrog")


def _face(
    words: str, pattern: str, source: str, *, of: tuple[str, ...] = (), at_end: bool = False
) -> Face:
    return Face(words, re.compile(pattern), source, of, at_end)


_GITLAB_DOCS = "docs.gitlab.com: topics/git/troubleshooting_git, api/rest/troubleshooting"

FACES = (
    _face(
        "GitHub: Bad credentials",
        # Not as web frameworks say it to their own users, which tests of theirs print.
        r"(?:\bHttpError\]?: |\{\s*\"message\":\s*\"|\b401:? |\bgh: |##\[error\])"
        r"Bad credentials\b(?!\.)|\bBad credentials - https://docs\.github\.com/",
        "Quantisan/docker-clojure#206",
        of=("github",),
    ),
    _face(
        "GitHub: refused for its lifetime by the organization's policy",
        r"forbids access via a (?:fine-grained )?personal access tokens?[^\n]{0,40} "
        r"if the token's lifetime is greater than",
        "NixOS/org#247, HHS/simpler-grants-gov#2547",
        of=("github",),
    ),
    _face(
        "npm: 404 for a PUT, which is how a refused upload looks",
        r"\bnpm (?:ERR!|error) 404 Not Found - PUT ",
        "cloudfour/cloudfour.com-patterns#2452",
        of=_REGISTRIES,
    ),
    _face(
        "npm: E401",
        r"\bnpm (?:ERR!|error) code E401\b",
        "UNCONFIRMED: npm's common errors",
        of=_REGISTRIES,
    ),
    _face(
        "git: could not read a user name, which it asks for once a token is refused",
        r"fatal: could not read (?:Username|Password) for ",
        "bombsquad-community/plugin-manager#491",
        of=_HOSTS,
    ),
    _face(
        "git: authentication failed",
        r"fatal: Authentication failed for ",
        "gitlab-org/gitlab#30530",
        of=_HOSTS,
    ),
    _face(
        "GitLab: HTTP Basic: Access denied",
        r"HTTP Basic: Access denied\b",
        _GITLAB_DOCS,
        of=("gitlab",),
    ),
    _face(
        "GitLab: the token is expired or was revoked",
        r"Token (?:is expired|was revoked)\. You (?:can either do|have to)\b",
        _GITLAB_DOCS,
        of=("gitlab",),
    ),
    _face(
        "Docker Hub: incorrect username or password",
        r"unauthorized: incorrect username or password",
        "docker/login-action#95",
        of=("Docker Hub",),
    ),
    _face(
        "a package index: invalid or non-existent authentication information",
        r"403 Invalid or non-existent authentication information",
        "UNCONFIRMED: what twine shows of a refused upload",
        of=("PyPI",),
    ),
    _face(
        "AWS: the access key does not exist, or has expired",
        r"\((?:InvalidClientTokenId|InvalidAccessKeyId|ExpiredToken|ExpiredTokenException)\)",
        "UNCONFIRMED: IAM's page of common errors",
        of=("aws-iam",),
    ),
    _face(
        "Entra: the client secret has expired",
        r"\bAADSTS7000222\b",
        "learn.microsoft.com: troubleshooting authentication by a service principal",
        of=("azure-devops",),
    ),
    _face(
        "Azure DevOps: not authorized (TF400813)",
        r"\bTF400813\b",
        "UNCONFIRMED: how Azure DevOps refuses a dead personal token",
        of=("azure-devops",),
    ),
    _face(
        "SailPoint: JWT validation failed",
        r"JWT validation failed: JWT is expired",
        "SailPoint's API description: 401",
        of=("sailpoint",),
    ),
    _face(
        "an HTTP answer of 401",
        r"\b(?:The requested URL returned error: 401\b|HTTP(?:/[\d.]+)? 401\b"
        r"|401 Unauthorized\b|status code:? 401\b)",
        "RFC 9110, 15.5.2; what curl --fail says",
        at_end=True,
    ),
)
"""The first that matches is said, so that the general one stands last."""


def find_face(log: str, *, issuer: str = "") -> Face | None:
    """Return what a log shows of a dead token; of this issuer's, where it is known."""
    end = "\n".join(log.rstrip().split("\n")[-_LAST:])
    for face in FACES:
        possible = issuer in ("", "declared", *face.of) or not face.of
        if possible and face.pattern.search(end if face.at_end else log):
            return face
    return None
