"""No token stands in the repository, not even a made-up one: it passes its own hook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_repository_passes_its_own_hook_with_no_exclusion(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout
    names = [name for name in listed.decode().split("\0") if name and (root / name).is_file()]
    assert len(names) > 100
    assert not (root / "keyturn.yml").exists()
    assert not (root / ".keyturn-baseline.json").exists()
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "scan", "--strict", "--show-allowed", *names],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
