"""A checkout on disk as the source of workflow files.

It reads nothing outside the checkout, whatever links and paths say, and writes nothing.
"""

from __future__ import annotations

from pathlib import Path

from keyturn.errors import PlatformUnavailable

_WORKFLOWS = ".github/workflows"


class Checkout:
    """The files below one directory (interfaces.SourceTree)."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list_workflows(self) -> list[str]:
        """Return the paths of the workflow files, sorted. Raises PlatformError."""
        folder = self._find(_WORKFLOWS)
        if folder is None:
            return []
        try:
            names = sorted(item.name for item in folder.iterdir())
        except NotADirectoryError:
            return []
        except OSError as error:
            raise _unreadable(_WORKFLOWS, error) from error
        paths = [f"{_WORKFLOWS}/{name}" for name in names if name.endswith((".yml", ".yaml"))]
        return [path for path in paths if (found := self._find(path)) and found.is_file()]

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is none, or it lies outside the checkout.

        Raises PlatformError for a file that is there and cannot be read.
        """
        found = self._find(path)
        try:
            return found.read_bytes() if found and found.is_file() else None
        except OSError as error:
            raise _unreadable(path, error) from error

    def _find(self, path: str) -> Path | None:
        """Return where a path leads, links followed; None outside the checkout."""
        try:
            found = (self._root / path).resolve(strict=True)
        except PermissionError as error:
            raise _unreadable(path, error) from error
        except (OSError, RuntimeError, ValueError):
            return None  # nothing there, links in a circle, or no path at all
        return found if found.is_relative_to(self._root) else None


def _unreadable(path: str, error: OSError) -> PlatformUnavailable:
    reason = error.strerror or type(error).__name__
    return PlatformUnavailable(
        f"{path} cannot be read from the checkout: {reason}",
        hint="Let the user that runs keyturn read the checkout.",
    )
