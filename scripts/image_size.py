"""Says how much an image adds to its base; fails above 60 MB. It pulls the base, no more."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MOST = 60_000_000


def find_base(dockerfile: str) -> str:
    """Return what the first stage is made from; the last is made from the same."""
    found = re.search(r"^FROM (\S+)", dockerfile, re.M)
    assert found, "a Dockerfile without FROM"
    return found[1]


def measure(image: str) -> int:
    """Return an image's bytes, unpacked."""
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main(image: str, root: Path) -> int:
    """Print the size, and return the exit code."""
    base = find_base((root / "Dockerfile").read_text(encoding="utf-8"))
    # A builder keeps its own copy, and none that can be looked at.
    subprocess.run(["docker", "pull", "--quiet", base], check=True, stdout=subprocess.DEVNULL)
    added = measure(image) - measure(base)
    print(f"{image} adds {added / 1e6:.1f} MB to {base}; at most {MOST / 1e6:.0f} are allowed")
    return int(added > MOST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path.cwd()))
