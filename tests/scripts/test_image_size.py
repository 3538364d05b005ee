"""The size is what the image adds to the base that the Dockerfile names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts import image_size
from tests.systems import needs_scripts

BASE = "python:3.13-slim@sha256:" + "1" * 64
# A docker that knows the base only once it was pulled, as after a build by BuildKit.
DOCKER = """#!{python}
import sys
from pathlib import Path
pulled = Path(__file__).with_name("pulled")
if sys.argv[1] == "pull":
    pulled.write_text(sys.argv[-1])
elif sys.argv[-1] == "keyturn:local":
    print({size})
elif pulled.exists() and sys.argv[-1] == pulled.read_text():
    print(120000000)
else:
    sys.exit("no such image")
"""


@needs_scripts
@pytest.mark.parametrize(("size", "code"), [(180_000_000, 0), (180_000_001, 1)])
def test_sixty_megabytes_above_the_base_are_allowed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    size: int,
    code: int,
) -> None:
    (tmp_path / "Dockerfile").write_text(f"# FROM here\nFROM {BASE} AS base\nFROM base\n")
    (tmp_path / "docker").write_text(DOCKER.format(python=sys.executable, size=size))
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert image_size.main("keyturn:local", tmp_path) == code
    told = f"keyturn:local adds 60.0 MB to {BASE}; at most 60 are allowed\n"
    assert capsys.readouterr().out == told


def test_every_stage_is_made_from_that_base(root: Path) -> None:
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    made = [line.split()[1] for line in text.splitlines() if line.startswith("FROM ")]
    assert set(made) == {image_size.find_base(text), "base"}
