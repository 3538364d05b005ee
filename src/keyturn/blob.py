"""Git's name for a file: tells whether two files are the same without fetching either."""

from __future__ import annotations

import hashlib


def blob_id(data: bytes) -> str:
    """Return git's name for a file of these bytes."""
    # git's names are SHA-1; what is to be proved is not proved by them.
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
