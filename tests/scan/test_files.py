"""What is read from disk, and what is said not to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyturn.scan.chunks import Limits
from keyturn.scan.files import read, walk
from keyturn.scan.texts import Text, Unread
from tests.systems import needs_links


def whole(path: Path, limits: Limits | None = None) -> list[Text | Unread]:
    return list(read(str(path), limits) if limits else read(str(path)))


def test_a_file_is_one_text(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\ntwo")
    assert whole(path) == [Text(str(path), b"one\ntwo")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_characters_are_narrowed(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(("token=abcdefgh\n" * 9).encode(encoding))
    (text,) = whole(path)
    assert isinstance(text, Text)
    assert text.data.count(b"token=abcdefgh\n") == 9


def test_a_binary_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    content = b"\x7fELF\2\1\1" + os.urandom(64).replace(b"\0", b"1") + b"\0\0token\0"
    path.write_bytes(content)
    assert whole(path) == [Text(str(path), content)]


def test_a_large_file_comes_in_pieces_that_overlap(tmp_path: Path) -> None:
    path = tmp_path / "a"
    lines = [f"line {number}\n" for number in range(4000)]
    path.write_text("".join(lines))
    texts = whole(path, Limits(chunk=8192, overlap=512))
    assert len(texts) > 3
    seen: dict[int, str] = {}
    for text in texts:
        assert isinstance(text, Text)
        for offset, line in enumerate(text.data.decode().splitlines(keepends=True)):
            if text.line + offset <= 4000 and line.endswith("\n"):
                seen[text.line + offset] = line
    assert [seen[number + 1] for number in range(3999)] == lines[:3999]


@pytest.mark.parametrize(
    "head", [b"PK\3\4", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!"]
)
def test_an_archive_is_named_and_not_opened(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head + b"x" * 50)
    assert whole(path) == [Unread(str(path), "an archive, which is not opened")]


def test_what_is_no_readable_file_is_said(tmp_path: Path) -> None:
    assert whole(tmp_path) == [Unread(str(tmp_path), "Is a directory")]
    assert whole(tmp_path / "b") == [Unread(str(tmp_path / "b"), "No such file or directory")]


@pytest.mark.parametrize("size", [0, 65535, 65536, 65537, 200_000])
def test_no_length_is_special(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    content = bytes(97 + number % 26 for number in range(size))
    path.write_bytes(content)
    for limits in (None, Limits(chunk=65536, overlap=512), Limits(chunk=100_000, overlap=512)):
        texts = whole(path, limits)
        assert all(isinstance(text, Text) for text in texts)
        judged = [
            text.data[start:stop]
            for text in texts
            if isinstance(text, Text)
            for start, stop in text.judged or ((0, len(text.data)),)
        ]
        assert b"".join(judged) == content


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device there")
def test_a_device_without_end_is_not_read() -> None:
    assert whole(Path("/dev/zero")) == [Unread("/dev/zero", "not a regular file")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_does_not_hang_the_scan(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert whole(tmp_path / "pipe") == [Unread(str(tmp_path / "pipe"), "not a regular file")]
    assert list(walk(str(tmp_path))) == []


@needs_links
def test_a_folder_is_walked_without_links_and_git(tmp_path: Path) -> None:
    for name in ("b/z", "b/a", "a", ".git/config", "c/.git/x", "c/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = {str(item) for item in walk(str(tmp_path))}
    assert found == {str(tmp_path / name) for name in ("a", "b/a", "b/z", "c/y")}
