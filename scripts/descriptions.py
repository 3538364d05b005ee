"""Fetches GitHub's own API description for the conformance tests, from GitHub's npm package.

One version, held to its hash. The descriptions of the other providers are in no package that has
one; their conformance tests are skipped where nobody has laid them out, and say so.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGE = "@octokit/openapi@23.0.2"
# What `npm view @octokit/openapi@23.0.2 dist.integrity` printed on 2026-11-23.
INTEGRITY = (
    "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
)
_MEMBER = "package/generated/api.github.com.json"


def unpack(archive: Path, folder: Path, *, integrity: str = INTEGRITY) -> Path:
    """Lay the description out as the tests look for it, if the archive is the one we know."""
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        raise SystemExit(f"{archive.name}: its sha512 is {found}, not {integrity}")
    with tarfile.open(archive) as opened:
        member = opened.extractfile(_MEMBER)
        assert member is not None
        text = member.read()
    path = folder / "specs" / "github-api.github.com.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def main(folder: Path) -> int:
    """Fetch and lay out; `KEYTURN_SHARED` is then the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    print(unpack(folder / done.stdout.strip(), folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
