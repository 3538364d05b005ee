"""Whatever stands in a file or an answer is read or refused in words, soon, and makes nothing."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn import config, yaml_tree
from keyturn.commands.revoke_targets import _read_report
from keyturn.errors import KeyturnError
from keyturn.github.answer import Answer
from keyturn.github.runner import Runner
from keyturn.issues.state import read_memory
from keyturn.providers._aws_xml import read_xml
from keyturn.report.plan import read_plan
from keyturn.rotation import log
from keyturn.rotation.keys import RecoveryKey, journal_key
from keyturn.scan import structure
from keyturn.transport import Reply
from keyturn.workflow_reader import Reader

DEEP, LONG = 20_000, 1 << 18
BOMBS = {
    "deep lists": b"[" * DEEP,
    "deep lists that end": b"[" * DEEP + b"]" * DEEP,
    "deep mappings": b'{"a":' * DEEP,
    "a long number": b"1" * LONG,
    "a float beyond floats": b"1e999999999",
    "aliases": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 107)
    ),
    "an alias of itself": b"a: &a [*a]",
    "many documents": b"---\n" * 1000,
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(5_000)),
    "null bytes": b"\0" * 10_000,
    "no characters": b"\xff\xfe" * 10_000,
    "half a character": b'"\\ud800"',
    "a merge": b"<<: &a {<<: *a}",
    "entities": b"<!DOCTYPE a [<!ENTITY x 'xx'><!ENTITY y '&x;&x;'>]><a>&y;</a>",
    "deep elements": b"<a>" * 1000,
    "blanks": b" " * LONG,
    "not a number": b"[NaN, Infinity]",
}


def configuration(data: bytes, _folder: Path) -> object:
    return config.load(data, "keyturn.yml", repository="octo/app")


def workflow(data: bytes, _folder: Path) -> object:
    return Reader(".github/workflows/a.yml").load(data)


def event(data: bytes, folder: Path) -> object:
    path = folder / "event.json"
    path.write_bytes(data)
    return Runner.from_environ({"GITHUB_EVENT_PATH": str(path)}).event or None


def leaks(data: bytes, folder: Path) -> object:
    path = folder / "leaks.json"
    path.write_bytes(data)
    return _read_report(path)


def memory(data: bytes, _folder: Path) -> object:
    text = data.decode("utf-8", "replace")
    return read_memory(f"<!-- keyturn:begin {text} -->\n<!-- keyturn:end -->")


READERS: dict[str, Callable[[bytes, Path], object]] = {
    "the configuration": configuration,
    "a workflow": workflow,
    "an event's payload": event,
    "a provider's answer": lambda data, _: Reply("host", 200, {}, data).json(),
    "GitHub's answer": lambda data, _: Answer(200, {}, data.decode("utf-8", "replace")).data(),
    "an answer of AWS": lambda data, _: read_xml(data),
    "a report of leaks": leaks,
    "a saved plan": lambda data, _: read_plan(data),
    "a journal": lambda data, _: log.parse(data, journal_key(RecoveryKey.make())),
    "an issue's memory": memory,
    "a token's own JSON": lambda data, _: structure._json(base64.urlsafe_b64encode(data)),
}
REFUSALS = (KeyturnError, ValueError)
"""What each reader's caller knows how to tell; where nobody is told, None is what was read."""
_NO_BOMBS_IN_JSON = {"a float beyond floats", "half a character", "not a number"}
HARMLESS = {
    "a workflow": {"many keys", "blanks"},
    "a provider's answer": _NO_BOMBS_IN_JSON,
    "GitHub's answer": _NO_BOMBS_IN_JSON,
    "a token's own JSON": _NO_BOMBS_IN_JSON,
}
"""Read as what they are: each is small in memory, and its parts are looked at one by one."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_words(reader: str, name: str, tmp_path: Path) -> None:
    read, bomb = READERS[reader], BOMBS[name]
    began = time.process_time()
    try:
        taken = read(bomb, tmp_path) is not None
    except REFUSALS as error:
        assert not isinstance(error, RecursionError)
        taken = False
    assert time.process_time() - began < 10
    assert taken == (name in HARMLESS.get(reader, ()))


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/new:subprocess.Popen [['touch', '{}']]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!binary aGVsbG8=",
        "!!timestamp 2026-11-23",
        "!local x",
    ],
)
def test_a_tag_makes_nothing(tag: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    root = yaml_tree.parse(f"a: {tag.format(made)}\n".encode(), aliases=True)
    assert isinstance(root, yaml_tree.Mapping)
    assert isinstance(root.get("a"), (yaml_tree.Scalar, yaml_tree.Sequence))
    assert not made.exists()


def test_the_samples_are_what_they_are_called() -> None:
    with pytest.raises(RecursionError):
        json.loads(BOMBS["deep lists that end"])
