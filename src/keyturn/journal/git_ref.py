"""The journal on a branch of a repository: what a refused or an unanswered write came to.

It knows no HTTP: the branch is given to it.
"""

from __future__ import annotations

from keyturn.blob import blob_id
from keyturn.errors import JournalConflict, PlatformRefused, PlatformUnavailable
from keyturn.journal import Branch, Stored

_REFUSED = (
    "nobody else wrote: does a ruleset guard the branch without keyturn among those who may pass, "
    "or has the repository no commit yet?"
)


class GitRefJournal:
    """The Journal on `keyturn/journal`; its revisions are git's own names of the file."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch

    def read(self) -> Stored | None:
        """Return what the branch holds; None where there is no such branch."""
        return self._branch.read()

    def write(self, data: bytes, *, after: str | None) -> str:
        """Write once; where that was refused or not answered, look what is there now."""
        try:
            if after is None:
                self._branch.create(data)
            else:
                self._branch.replace(data, after=after)
        except (PlatformRefused, PlatformUnavailable) as error:
            stored = self._branch.read()
            now = stored.revision if stored else None
            if now == blob_id(data) and isinstance(error, PlatformUnavailable):
                return now
            if now != after:
                raise JournalConflict(
                    "somebody else wrote to the journal meanwhile",
                    hint="another run is at work, or has just been",
                ) from error
            if isinstance(error, PlatformRefused):
                raise PlatformRefused(error.message, status=error.status, hint=_REFUSED) from error
            raise
        return blob_id(data)  # that a line is ours is proved by its own MAC, not by this
