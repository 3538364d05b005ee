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
from keyturn.scan.texts import Unread
from keyturn.secret_value import SecretValue


def read_values(root: Path, leaks: Iterable[Leak]) -> dict[Leak, SecretValue]:
    """Return the value of every leak that still stands at its place below a folder.

    A report may come from elsewhere: what it names outside of the folder is not opened.
    """
    top = root.resolve()
    wanted: defaultdict[str, dict[tuple[int, int, str], Leak]] = defaultdict(dict)
    for leak in leaks:
        wanted[leak.path][leak.line, leak.column, leak.rule] = leak
    engine = Engine()
    found: dict[Leak, SecretValue] = {}
    for path, places in wanted.items():
        file = (root / path).resolve()
        for text in read(str(file)) if file.is_relative_to(top) else ():
            if isinstance(text, Unread):
                continue
            for hit, (line, column, _) in placed(text, engine.find(text.data)):
                known = places.get((line, column, hit.row.id))
                if known:
                    found[known] = hit.secret
    return found
