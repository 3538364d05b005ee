"""Only the archive that we know is unpacked."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from scripts import descriptions


def archive(folder: Path) -> tuple[Path, str]:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as made:
        info = tarfile.TarInfo("package/generated/api.github.com.json")
        info.size = 2
        made.addfile(info, io.BytesIO(b"{}"))
    return path, base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def test_the_description_is_laid_out_where_the_tests_look(tmp_path: Path) -> None:
    path, integrity = archive(tmp_path)
    laid = descriptions.unpack(path, tmp_path / "shared", integrity=integrity)
    assert laid == tmp_path / "shared" / "specs" / "github-api.github.com.json"
    assert laid.read_bytes() == b"{}"


def test_another_archive_is_not_opened(tmp_path: Path) -> None:
    path, _ = archive(tmp_path)
    with pytest.raises(SystemExit, match=r"package\.tgz: its sha512 is .*, not pV8M"):
        descriptions.unpack(path, tmp_path / "shared")
    assert not (tmp_path / "shared").exists()
