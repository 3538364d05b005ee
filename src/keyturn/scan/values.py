"""Reads the values of reported leaks again from the files that hold them.

A report has none, so that it can be kept; whatever left the file since is gone, and said to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from keyturn.scan.engine import Engine
from keyturn.scan.files import read
from keyturn.scan.review import Leak, placed
from keyturn.scan.texts import Text, Unread
from keyturn.secret_value import SecretValue


def read_values(root: Path, leaks: Iterable[Leak]) -> dict[Leak, SecretValue]:
    """Return the value of every leak that still stands at its place below a folder.

    A report may come from elsewhere: what it names outside of the folder is not opened.
    """
    top = root.resolve()
    wanted: defaultdict[str, defaultdict[tuple[int, int, str], list[Leak]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for leak in leaks:
        wanted[leak.path][leak.line, leak.column, leak.rule].append(leak)
    engine = Engine()
    found: dict[Leak, SecretValue] = {}
    for path, places in wanted.items():
        for text in _read_inside(top, path):
            if isinstance(text, Unread):
                continue
            for hit, (line, column, _) in placed(text, engine.find(text.data)):
                for leak in places.get((line, column, hit.row.id), ()):
                    found[leak] = hit.secret
    return found


def _read_inside(top: Path, path: str) -> Iterable[Text | Unread]:
    try:
        file = (top / path).resolve()
    # A null byte, a lone surrogate, a name that is too long; a loop of links.
    except (ValueError, OSError, RuntimeError):
        return ()
    return read(str(file)) if file.is_relative_to(top) else ()
