"""What is really sent or answered and that no published description holds, with the page that does.

An entry without statuses passes the whole call; one with statuses passes only these answers, and
the request is judged as ever. It must not hold what a description could judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPOSITORY = r"/repos/[^/]+/[^/]+"
_DOCS = "https://docs.github.com/en/rest"


@dataclass(frozen=True, slots=True)
class Undescribed:
    """A call, or some answers to it."""

    method: str
    path: str
    """A regular expression for the whole path, without the server's prefix."""
    page: str
    """Where it is documented."""
    statuses: frozenset[int] = frozenset()

    def matches(self, method: str, path: str) -> bool:
        """Tell whether it is about a call."""
        return method == self.method and re.fullmatch(self.path, path) is not None


CALLS = (
    # The root folder: the description's `{path}` cannot be empty.
    Undescribed("GET", _REPOSITORY + r"/contents/?", f"{_DOCS}/repos/contents"),
    Undescribed("PUT", r".*/secrets/[^/]+", f"{_DOCS}/actions/secrets", frozenset({422})),
    Undescribed("POST", r".*/variables", f"{_DOCS}/actions/variables", frozenset({409, 422})),
    Undescribed(
        "PATCH", r".*/variables/[^/]+", f"{_DOCS}/actions/variables", frozenset({409, 422})
    ),
    Undescribed("PUT", r".*/repositories", f"{_DOCS}/actions/secrets", frozenset({409, 422})),
    Undescribed(
        "GET", _REPOSITORY + r"/issues(/comments/\d+)?", f"{_DOCS}/issues/issues", frozenset({410})
    ),
    Undescribed("GET", r"/orgs/[^/]+/members(hips/[^/]+)?", f"{_DOCS}/orgs/members"),
    # Where the logs of jobs lie, which is no part of the API: only the redirect to it is.
    Undescribed("GET", r"/_logs/\d+", f"{_DOCS}/actions/workflow-jobs"),
    Undescribed("DELETE", _REPOSITORY + r"/issues/\d+/labels/[^/]+", f"{_DOCS}/issues/labels"),
    Undescribed("PATCH", _REPOSITORY + "/labels/.+", f"{_DOCS}/issues/labels", frozenset({422})),
)

EVERYWHERE = frozenset({400, 401, 403, 404, 429, 500, 502, 503})
"""Answers that any call may get; most operations of the descriptions do not name them.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
https://docs.gitlab.com/api/rest/troubleshooting/
"""

ERROR_KEYS = frozenset({"status"})
"""Members that GitHub's error bodies have and the schema of validation errors does not name.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""
