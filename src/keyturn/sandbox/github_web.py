"""What people see of the sandbox's GitHub beside its API: issues and files as text, and clones.

It shows everything to everybody on this machine, and changes nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from keyturn.sandbox.github_tracker import Issue
from keyturn.sandbox.github_world import Repository
from keyturn.sandbox.server import Request, Response, Router, Server

_HIDDEN = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_NOT_FOUND = Response(404, "not here\n")


class GitHubWeb:
    """The addresses that a link in a report leads to, as in `GITHUB_SERVER_URL`."""

    def __init__(self, find: Callable[[str], Repository], port: int = 0) -> None:
        self._find = find
        """Returns a repository by its full name; raises KeyError when there is none."""
        router = Router()
        self.server = Server(router, not_found=_NOT_FOUND, port=port)
        for template, page in (
            ("/issues", _issues),
            ("/issues/{number}", _issue),
            ("/blob/{commit}/{path*}", _file),
            # git's "dumb" protocol: a folder of files that anybody may fetch. Ref 2026-11:
            # https://git-scm.com/docs/http-protocol
            ("/HEAD", _head),
            ("/info/refs", _refs),
            ("/objects/{folder}/{rest}", _object),
        ):
            self._add(router, template, page)

    @property
    def url(self) -> str:
        """The base of every address."""
        return self.server.url

    def _add(self, router: Router, template: str, page: Callable[..., str | bytes | None]) -> None:
        def answer(_request: Request, *, owner: str, repo: str, **parameters: str) -> Response:
            try:
                repository = self._find(f"{owner}/{repo.removesuffix('.git')}")
            except KeyError:
                return _NOT_FOUND
            body = page(repository, **parameters)
            return _NOT_FOUND if body is None else Response(200, body, _headers(body))

        router.add("GET", "/{owner}/{repo}" + template, answer)


def visible(text: str) -> str:
    """Return an issue's text as its readers see it, without the hidden marks."""
    return _HIDDEN.sub("", text).strip()


def _headers(body: str | bytes) -> dict[str, str]:
    kind = "text/plain; charset=utf-8" if isinstance(body, str) else "application/octet-stream"
    return {"Content-Type": kind}


def _issues(repository: Repository) -> str:
    rows = [f"#{issue.number} {issue.state}: {issue.title}" for issue in repository.issues.values()]
    return "".join(f"{row}\n" for row in rows) or "no issues\n"


def _issue(repository: Repository, *, number: str) -> str | None:
    issue = repository.issues.get(int(number)) if number.isdecimal() else None
    return _shown(issue) if issue else None


def _shown(issue: Issue) -> str:
    people = ", ".join(f"@{name}" for name in issue.assignees) or "nobody"
    parts = [
        f"#{issue.number} {issue.title}\n{issue.state}; labels: {', '.join(issue.labels)}; "
        f"assigned to {people}",
        issue.body or "",
        *(f"--- {comment.author} wrote:\n\n{comment.body}" for comment in issue.comments),
    ]
    return "\n\n".join(map(visible, parts)) + "\n"


def _file(repository: Repository, *, commit: str, path: str) -> str | None:
    git = repository.git
    sha = git.resolve(repository.default_branch if commit == "HEAD" else commit)
    _, blob = git.flat(git.commits[sha].tree).get(path, ("", "")) if sha else ("", "")
    return git.blobs[blob].decode(errors="replace") if blob else None


def _head(repository: Repository) -> str:
    return f"ref: refs/heads/{repository.default_branch}\n"


def _refs(repository: Repository) -> str:
    return "".join(f"{sha}\t{name}\n" for name, sha in sorted(repository.git.refs.items()))


def _object(repository: Repository, *, folder: str, rest: str) -> bytes | None:
    stored = repository.git.stored(folder + rest)
    return zlib.compress(stored) if stored is not None else None
