"""Any bytes as the journal of rotations: what was written, or a refusal; never a guess."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from fuzz.properties import forget_values
from fuzz.source import Source, noise
from keyturn.errors import JournalBroken, UsageError
from keyturn.rotation.keys import PublicKey, RecoveryKey
from keyturn.rotation.known import fold
from keyturn.rotation.log import Head, Log, append, parse
from keyturn.secret_value import SecretValue
from tests.rotation.samples import KEY, key_of, whole_rotation

_WHOLE = append(Log(), whole_rotation(), KEY)
_LINES = _WHOLE.lines
_HEAD = _WHOLE.head
_PUBLIC = key_of().public
_BEGINNINGS = ("keyturn-recovery-1:", "keyturn-public-1:")
_MOST_CHANGES = 4
_SHORT = 12
"""So much a message may hold by chance."""


def seeds() -> Iterator[bytes]:
    """Yield the whole journal, then cut and mixed ones, then heads and keys."""
    yield b"\0" + _WHOLE.data
    for number in range(60):
        yield b"\1" + noise(number, 16)
    if _HEAD:
        yield b"\2" + _HEAD.text.encode()
    yield b"\2" + _PUBLIC.text.encode()
    yield b"\2"


def words() -> Iterator[str]:
    """Yield what the lines of a journal are made of."""
    yield from (
        '"v":1', '"seq":1', '"mac":"', '"prev":"', '"data":{}', '"kind":"open"', "null", "1e999",
    )  # fmt: skip
    yield from (*_BEGINNINGS, "1:", "0" * 64)


def check(data: bytes) -> None:
    """Judge a journal: raw, or one that was cut and mixed; or the text of a head or of a key."""
    forget_values()
    source = Source(data)
    match source.below(3):
        case 0:
            _judge(source.rest())
        case 1:
            _judge(_mixed(source))
        case _:
            _judge_text(source.rest().decode("utf-8", "replace"))


def _mixed(source: Source) -> bytes:
    """Return the journal with lines lost, twice, elsewhere or with other bytes in them."""
    lines = [line + b"\n" for line in _LINES]
    for _ in range(source.below(_MOST_CHANGES)):
        at = source.below(len(lines))
        match source.below(5):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(source.below(len(lines) + 1), lines[at])
            case 2:
                del lines[at + 1 :]
            case 3:
                cut = source.below(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + source.take(8) + lines[at][cut + source.below(3) :]
            case _:
                lines[at] = lines[at][: source.below(len(lines[at]) + 1)]
    return b"".join(lines)


def _judge(data: bytes) -> None:
    try:
        log = parse(data, KEY)
    except JournalBroken as error:
        assert "journal" in error.message
        assert error.hint
    else:
        # Whoever has no key can cut the end off, and nothing else; what is remembered tells that.
        assert log.lines == _LINES[: len(log.lines)]
        assert log.data == data
        fold(log)
    try:
        assert parse(data, KEY, head=_HEAD) == _WHOLE
    except JournalBroken:
        assert data != _WHOLE.data


def _judge_text(text: str) -> None:
    """Judge what may be remembered of a head, and what may be given as a key."""
    with suppress(JournalBroken):
        assert Head.parse(text).text == text.strip()
    try:
        assert PublicKey.parse(text).text == text
    except ValueError as error:
        assert not _quotes(str(error), text)
    try:
        assert RecoveryKey.parse(SecretValue(text)).text.reveal() == text.strip()
    except UsageError as error:
        assert not _quotes(error.told, text)


def _quotes(message: str, text: str) -> bool:
    """Say whether a message holds what was given, but for the words that every key begins with."""
    given = text.rpartition(":")[2].strip()
    known = any(given in beginning for beginning in _BEGINNINGS)
    return len(given) > _SHORT and given in message and not known
