"""What a test needs of the system beneath it, and Windows has not; all else runs there too."""

from __future__ import annotations

import sys

import pytest

_WINDOWS = sys.platform == "win32"

needs_links = pytest.mark.skipif(_WINDOWS, reason="making links needs rights there")
needs_modes = pytest.mark.skipif(_WINDOWS, reason="files have no modes there")
needs_pipes = pytest.mark.skipif(_WINDOWS, reason="no named pipes in folders there")
needs_scripts = pytest.mark.skipif(_WINDOWS, reason="no program is started by its first line there")
needs_signals = pytest.mark.skipif(_WINDOWS, reason="no such signals, and no forked processes")
