"""No token stands in the repository, not even a made-up one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from keyturn.scan.patterns import PATTERNS


def test_no_tracked_file_holds_a_token(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True
    ).stdout
    names = [name for name in listed.decode().split("\0") if name]
    assert names
    found = []
    for name in names:
        path = root / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        found += [f"{name}: {row.id}" for row in PATTERNS if re.search(row.regex, text)]
    assert found == []
