"""Finds an official API description in the folder that `KEYTURN_SHARED` names."""

from __future__ import annotations

from pathlib import Path

import pytest


def find_spec(shared: Path, name: str) -> Path:
    """Return a description's path; skips, saying so, where this one is missing."""
    path = shared / "specs" / name
    if not path.is_file():
        pytest.skip(f"no API description {path}")
    return path
