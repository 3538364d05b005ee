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
    provider: str = ""
    """Only its tokens have this face; empty: any token can."""


def _face(words: str, pattern: str, source: str, *, provider: str = "") -> Face:
    return Face(words, re.compile(pattern), source, provider)


_GITLAB_DOCS = "docs.gitlab.com: topics/git/troubleshooting_git, api/rest/troubleshooting"

FACES = (
    _face("GitHub: Bad credentials", r"\bBad credentials\b", "Quantisan/docker-clojure#206"),
    _face(
        "GitHub: refused for its lifetime by the organization's policy",
        r"forbids access via a (?:fine-grained )?personal access tokens?[^\n]{0,40} "
        r"if the token's lifetime is greater than",
        "NixOS/org#247, HHS/simpler-grants-gov#2547",
        provider="github",
    ),
    _face(
        "npm: 404 for a PUT, which is how a refused upload looks",
        r"\bnpm (?:ERR!|error) (?:code E404\b|404 Not Found - PUT )",
        "cloudfour/cloudfour.com-patterns#2452",
    ),
    _face("npm: E401", r"\bnpm (?:ERR!|error) code E401\b", "UNCONFIRMED: npm's common errors"),
    _face(
        "git: could not read a user name, which it asks for once a token is refused",
        r"fatal: could not read (?:Username|Password) for ",
        "bombsquad-community/plugin-manager#491",
    ),
    _face(
        "git: authentication failed",
        r"fatal: Authentication failed for ",
        "gitlab-org/gitlab#30530",
    ),
    _face(
        "GitLab: HTTP Basic: Access denied",
        r"HTTP Basic: Access denied\b",
        _GITLAB_DOCS,
        provider="gitlab",
    ),
    _face(
        "GitLab: the token is expired or was revoked",
        r"Token (?:is expired|was revoked)\. You (?:can either do|have to)\b",
        _GITLAB_DOCS,
        provider="gitlab",
    ),
    _face(
        "Docker Hub: incorrect username or password",
        r"unauthorized: incorrect username or password",
        "docker/login-action#95",
    ),
    _face(
        "a package index: invalid or non-existent authentication information",
        r"403 Invalid or non-existent authentication information",
        "UNCONFIRMED: what twine shows of a refused upload",
    ),
    _face(
        "AWS: the access key does not exist, or has expired",
        r"\((?:InvalidClientTokenId|InvalidAccessKeyId|ExpiredToken|ExpiredTokenException)\)",
        "UNCONFIRMED: IAM's page of common errors",
        provider="aws-iam",
    ),
    _face(
        "Entra: the client secret has expired",
        r"\bAADSTS7000222\b",
        "learn.microsoft.com: troubleshooting authentication by a service principal",
        provider="azure-devops",
    ),
    _face(
        "Azure DevOps: not authorized (TF400813)",
        r"\bTF400813\b",
        "UNCONFIRMED: how Azure DevOps refuses a dead personal token",
        provider="azure-devops",
    ),
    _face(
        "SailPoint: JWT validation failed",
        r"JWT validation failed: JWT is expired",
        "SailPoint's API description: 401",
        provider="sailpoint",
    ),
    _face(
        "an HTTP answer of 401",
        r"\b(?:The requested URL returned error: 401\b|HTTP(?:/[\d.]+)? 401\b"
        r"|401 Unauthorized\b|status code:? 401\b)",
        "RFC 9110, 15.5.2; what curl --fail says",
    ),
)
"""The first that matches is said, so that the general one stands last."""


def find_face(log: str, *, provider: str = "") -> Face | None:
    """Return what a log shows of a dead token; of one that belongs to a provider, where given."""
    for face in FACES:
        possible = provider in ("", "declared") or face.provider in ("", provider)
        if possible and face.pattern.search(log):
            return face
    return None
