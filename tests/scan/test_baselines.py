from __future__ import annotations

import hashlib
import json
import os
import random
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.scan.baseline import BaselineError
from keyturn.scan.baselines import Baselines
from keyturn.secret_value import SecretValue


def drawn(seed: int, length: int = 36) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))


TOKEN, OTHER = "gh" + "p_" + drawn(1), "gh" + "p_" + drawn(2)
KEY = f"-----BEGIN EC {'PRIVATE'} KEY-----\n{drawn(3, 64)}\n-----END EC {'PRIVATE'} KEY-----"
JWT = ".".join(("ey" + "J" + drawn(4, 20), drawn(5, 30), drawn(6, 43)))
COMMIT = "418edf165dbb63d6f46993ae8f8818ffd87ea582"


def sha1(value: str) -> str:
    return hashlib.sha1(value.encode()).hexdigest()


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def lists(root: Path, name: str, text: str | bytes) -> Baselines:
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Baselines.load(str(root))


def test_a_repository_without_lists_accepts_nothing(tmp_path: Path) -> None:
    found = Baselines.load(str(tmp_path))
    assert found.accepts("a.txt", 1, SecretValue(TOKEN)) is None
    assert found.notes == []


# .gitleaksignore and .betterleaksignore


@pytest.mark.parametrize("name", [".gitleaksignore", ".betterleaksignore"])
@pytest.mark.parametrize(
    ("entry", "path", "line", "commit", "accepted"),
    [
        ("a/b.py:jwt:4", "a/b.py", 4, "", True),
        ("a/b.py:jwt:4", "a/b.py", 4, COMMIT, True),
        ("  a/b.py:jwt:4\t", "a/b.py", 4, "", True),
        ("a\\b.py:jwt:4", "a/b.py", 4, "", True),
        ("./a/b.py:jwt:4", "a/b.py", 4, "", True),
        ("a/b.py:jwt:4", "./a/b.py", 4, "", True),
        ("a b.py:jwt:4", "a b.py", 4, "", True),
        ("a:b.py:jwt:4", "a:b.py", 4, "", True),
        ("deadbeef:jwt:4", "deadbeef", 4, "", True),
        ("a/b.py:jwt:4", "a/b.py", 5, "", False),
        ("a/b.py:jwt:4", "b.py", 4, "", False),
        ("b.py:jwt:4", "a/b.py", 4, "", False),
        ("#a/b.py:jwt:4", "a/b.py", 4, "", False),
        (f"{COMMIT}:a/b.py:jwt:4", "a/b.py", 4, COMMIT, True),
        (f"{COMMIT[:7]}:a/b.py:jwt:4", "a/b.py", 4, COMMIT, True),
        (f"{COMMIT}:a/b.py:jwt:4", "a/b.py", 4, COMMIT[:12], True),
        (f"{COMMIT}:a/b.py:jwt:4", "a/b.py", 5, COMMIT, False),
        (f"{COMMIT}:a/b.py:jwt:4", "a/b.py", 4, COMMIT[::-1], False),
        (f"{COMMIT}:a/b.py:jwt:4", "a/b.py", 4, "", False),
    ],
)
def test_a_fingerprint_accepts_its_line(
    tmp_path: Path, name: str, entry: str, path: str, line: int, commit: str, accepted: bool
) -> None:
    found = lists(tmp_path, name, f"# why\r\n\r\n{entry}\r\nz.txt:npm:1\r\n")
    assert found.accepts(path, line, SecretValue(TOKEN), commit) == (name if accepted else None)
    assert found.notes == []


def test_betterleaks_accepts_a_secret_anywhere(tmp_path: Path) -> None:
    found = lists(tmp_path, ".betterleaksignore", f"# why\n{sha256(TOKEN).upper()}\n")
    assert found.accepts("x/y.txt", 77, SecretValue(TOKEN)) == ".betterleaksignore"
    assert found.accepts("x/y.txt", 77, TOKEN.encode()) == ".betterleaksignore"
    assert found.accepts("x/y.txt", 77, SecretValue(OTHER)) is None


def test_lines_that_are_no_fingerprints_are_told_and_accept_nothing(tmp_path: Path) -> None:
    found = lists(tmp_path, ".gitleaksignore", ".tools/\na.txt:npm:1\n*.properties\n")
    assert found.accepts(".tools/x", 1, SecretValue(TOKEN)) is None
    assert found.accepts("a.txt", 1, SecretValue(TOKEN)) == ".gitleaksignore"
    assert found.notes == [
        ".gitleaksignore: 2 lines are no fingerprints and accept nothing, first line 1"
    ]
    found = lists(tmp_path, ".gitleaksignore", f"sha256:{sha256(TOKEN)}\n")
    assert found.notes == [".gitleaksignore: line 1 is no fingerprint and accepts nothing"]


# .secrets.baseline


def detect_secrets(*entries: dict[str, object], path: str = "a/b.py") -> str:
    return json.dumps(
        {
            "version": "1.5.0",
            "plugins_used": [{"name": "GitHubTokenDetector"}],
            "filters_used": [],
            "results": {path: [{"type": "t", "filename": path, **entry} for entry in entries]},
            "generated_at": "2026-11-01T00:00:00Z",
        }
    )


@pytest.mark.parametrize(
    ("audited", "accepted"),
    [
        ({}, True),
        ({"is_secret": False}, True),
        ({"is_secret": None}, True),
        ({"is_verified": True}, True),
        ({"is_secret": True}, False),
    ],
)
def test_detect_secrets_accepts_a_hash_in_its_file(
    tmp_path: Path, audited: dict[str, object], accepted: bool
) -> None:
    entry = {"hashed_secret": sha1(TOKEN), "line_number": 3, **audited}
    found = lists(tmp_path, ".secrets.baseline", detect_secrets(entry))
    expected = ".secrets.baseline" if accepted else None
    assert found.accepts("a/b.py", 99, SecretValue(TOKEN)) == expected
    assert found.accepts("a/c.py", 3, SecretValue(TOKEN)) is None
    assert found.accepts("a/b.py", 3, SecretValue(OTHER)) is None


def test_what_an_audit_confirmed_is_not_accepted_by_another_entry(tmp_path: Path) -> None:
    text = detect_secrets(
        {"hashed_secret": sha1(TOKEN), "type": "GitHub Token", "is_secret": True},
        {"hashed_secret": sha1(TOKEN), "type": "Base64 High Entropy String"},
    )
    assert lists(tmp_path, ".secrets.baseline", text).accepts("a/b.py", 1, TOKEN.encode()) is None


def test_a_baseline_from_windows_counts_everywhere(tmp_path: Path) -> None:
    text = detect_secrets({"hashed_secret": sha1(TOKEN)}, path="a\\b.py")
    assert lists(tmp_path, ".secrets.baseline", text).accepts("a/b.py", 1, TOKEN.encode())


@pytest.mark.parametrize(
    ("secret", "part"),
    [
        (TOKEN, TOKEN[:3]),
        ("glp" + "at-" + drawn(7, 20), "glp" + "at"),
        (KEY, f"BEGIN EC {'PRIVATE'} KEY"),
        (KEY.split("\n")[0], f"BEGIN EC {'PRIVATE'} KEY"),
        (JWT, JWT.rpartition(".")[0] + "."),
    ],
    ids=["github", "gitlab", "key", "header", "jwt"],
)
def test_of_what_detect_secrets_keeps_a_part_only_that_line_is_accepted(
    tmp_path: Path, secret: str, part: str
) -> None:
    text = detect_secrets({"hashed_secret": sha1(part), "line_number": 8})
    found = lists(tmp_path, ".secrets.baseline", text)
    assert found.accepts("a/b.py", 8, SecretValue(secret)) == ".secrets.baseline"
    assert found.accepts("a/b.py", 9, SecretValue(secret)) is None
    assert found.accepts("a/c.py", 8, SecretValue(secret)) is None
    slim = lists(tmp_path, ".secrets.baseline", detect_secrets({"hashed_secret": sha1(part)}))
    assert slim.accepts("a/b.py", 8, SecretValue(secret)) is None


# .secretsignore


def test_ripsecrets_accepts_values_anywhere(tmp_path: Path) -> None:
    text = f"vendor\r\n\r\n[secrets]\r\n# a sample\r\n{TOKEN}\r\n\r\n"
    found = lists(tmp_path, ".secretsignore", text)
    assert found.accepts("x.py", 5, SecretValue(TOKEN)) == ".secretsignore"
    assert found.accepts("x.py", 5, SecretValue(OTHER)) is None
    assert found.accepts("[secrets]", 5, SecretValue(OTHER)) is None
    assert found.accepts("# a sample", 5, SecretValue(OTHER)) is None


def test_values_without_the_header_are_globs(tmp_path: Path) -> None:
    found = lists(tmp_path, ".secretsignore", f"{TOKEN}\n")
    assert found.accepts("x.py", 5, SecretValue(TOKEN)) is None


GLOBS = [
    ("test", ["test", "test/a.py", "src/test/a.py", "src/test"], ["tests/a.py", "a/test.py"]),
    ("test/", ["test/a.py", "src/test/b/a.py"], ["test", "src/test"]),
    ("test/*", ["test/a.py", "test/b/c.py"], ["src/test/a.py", "test"]),
    ("/test", ["test", "test/a.py"], ["src/test/a.py"]),
    ("*.pem", ["a.pem", "b/c/a.pem"], ["a.pem.txt", "pem"]),
    ("a/*.pem", ["a/x.pem"], ["a/b/x.pem", "x.pem", "b/a/x.pem"]),
    ("a/**/x.pem", ["a/x.pem", "a/b/x.pem", "a/b/c/x.pem"], ["x.pem", "b/a/x.pem"]),
    ("**/a/x", ["a/x", "b/a/x", "c/b/a/x", "a/x/y"], ["a/b/x"]),
    ("a/**", ["a/x", "a/b/x"], ["b/a/x"]),
    ("*.pe[mn]", ["a.pem", "b/a.pen"], ["a.peo"]),
    ("?.py", ["a.py"], ["ab.py"]),
    ("\\!a", ["!a", "b/!a"], ["a"]),
    ("\\#a", ["#a"], ["a"]),
    ("*.py\n!keep.py", ["a.py", "b/a.py"], ["keep.py", "b/keep.py"]),
    ("*\n!keep.py", ["a.py"], ["keep.py"]),
    ("lib\n!lib/keep.py", ["lib/keep.py", "lib/a.py"], []),
    ("!keep.py\n*.py", ["keep.py"], []),
]


@pytest.mark.parametrize(("globs", "ignored", "seen"), GLOBS)
def test_globs_of_files_are_those_of_gitignore(
    tmp_path: Path, globs: str, ignored: list[str], seen: list[str]
) -> None:
    found = lists(tmp_path, ".secretsignore", f"# why\n{globs}\n\n[secrets]\n")
    accepted = [p for p in ignored + seen if found.accepts(p, 1, SecretValue(TOKEN))]
    assert accepted == ignored


def test_a_nasty_glob_takes_no_time(tmp_path: Path) -> None:
    globs = "*a" * 40 + "b\n" + "**/" * 40 + "b\n"
    found = lists(tmp_path, ".secretsignore", globs)
    path = "/".join(["a" * 200] * 40)
    assert found.accepts(path, 1, SecretValue(TOKEN)) is None


# What is broken


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (".secrets.baseline", b"", "is not as its scanner writes it"),
        (".secrets.baseline", b"{", "is not as its scanner writes it"),
        (".secrets.baseline", b"[]", "is not as its scanner writes it"),
        (".secrets.baseline", b"{}", "is not as its scanner writes it"),
        (".secrets.baseline", b'{"results": []}', "is not as its scanner writes it"),
        (".secrets.baseline", b'{"results": {"a": [{}]}}', "is not as its scanner writes it"),
        (".secrets.baseline", b'{"results": {"a": "b"}}', "is not as its scanner writes it"),
        (".secrets.baseline", b"[" * 100_000, "is not as its scanner writes it"),
        (".secrets.baseline", b"\xff\xfe", "is not UTF-8"),
        (".gitleaksignore", b"\xff\xfea\0", "is not UTF-8"),
        (".secretsignore", b"\xc3(", "is not UTF-8"),
    ],
)
def test_a_broken_list_is_an_error_with_its_name(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(BaselineError) as caught:
        lists(tmp_path, name, content)
    assert caught.value.path == str(tmp_path / name)
    assert said in caught.value.message
    assert str(caught.value) == f"{caught.value.path}: {caught.value.message}"


def test_the_error_holds_nothing_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(BaselineError) as caught:
        lists(tmp_path, ".secrets.baseline", f'{{"x": "{TOKEN}"')
    assert caught.value.__suppress_context__
    assert TOKEN not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("name", [".gitleaksignore", ".secrets.baseline", ".secretsignore"])
def test_a_folder_in_its_place_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(BaselineError, match="is not a file"):
        Baselines.load(str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders")
def test_a_pipe_in_its_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitleaksignore")
    with pytest.raises(BaselineError, match="is not a file"):
        Baselines.load(str(tmp_path))


@given(st.text(max_size=300), st.sampled_from([".gitleaksignore", ".secretsignore"]))
def test_any_text_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    root = tmp_path_factory.mktemp("any")
    found = lists(root, name, text.encode("utf-8", "replace"))
    assert found.accepts("a/b.py", 4, SecretValue(TOKEN)) in (None, name)
