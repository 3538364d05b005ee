"""Any bytes as a text to scan: both engines find the same, inside the text, and show no value."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from fuzz.properties import forget_values
from fuzz.source import Source, noise
from keyturn.scan.anchors import SPECIAL
from keyturn.scan.engine import Engine, Hit
from keyturn.scan.output import leaks_text
from keyturn.scan.patterns import GENERIC, PATTERNS
from keyturn.scan.review import Reviewer
from keyturn.scan.texts import Text, narrow
from tests.scan.corpus.build import SAMPLES
from tests.scan.corpus.settings import SETTINGS

_ROWS = (*PATTERNS, GENERIC)
_SMALL, _LARGE = Engine(_ROWS), Engine(_ROWS, bulk=True)
_BASELINE = "there is none"
_DECODED = 1 << 13
"""Encoded stretches up to this length are decoded as one (`scan.decode`)."""
_MOST_PIECES = 3
_MOST_REPEATED = 20_000
"""Bytes of one unit again and again: what grows with the square of that takes minutes."""
_FILLERS = (
    b"", b" ", b"\n", b"\r\n", b"a", b"A1b2", b"-", b".", b"=", b":'", b"%41", b"\\u0041", b"\0",
)  # fmt: skip
_GLUE = (b"\n", b" ", b"", b'"', b"=", b": ", b"\\n", b"\n+", b"-", b"\0", b"\xff", b"%", b"\\")
_MARKERS = (
    b"# keyturn: allow[", b"gitleaks:allow", b"# pragma: allowlist secret",
    b"keyturn: allow-next-line[",
)  # fmt: skip


def _same(data: bytes) -> bytes:
    return data


def _percent(data: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in data)


def _escaped(data: bytes) -> bytes:
    return b"".join(b"\\u%04x" % byte for byte in data)


def _utf16(data: bytes) -> bytes:
    return data.decode("latin-1").encode("utf-16")


def _folded(data: bytes) -> bytes:
    return b"key: >-\n" + b"\n".join(b"  " + data[at : at + 16] for at in range(0, len(data), 16))


def _quoted(data: bytes) -> bytes:
    return json.dumps(data.decode("latin-1")).encode()


_ENCODINGS: tuple[Callable[[bytes], bytes], ...] = (
    _same, _same, _same, base64.b64encode, base64.encodebytes, _percent, _escaped, _utf16, _folded,
    _quoted,
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield texts without any row, then choices: samples in their settings, and repetitions."""
    for text in (b"", b"plain words\n", b"://a:b@c", b"\0" * 40, b"%41%42%43" * 9, b"-----BEGIN "):
        yield b"\0" + text
    for number in range(36):
        yield b"\1" + noise(number)
    for number in range(4):
        yield b"\2" + noise(number)


def words() -> Iterator[str]:
    """Yield every literal of the table, and what values are written with."""
    yield from sorted({word for row in _ROWS for word in row.keywords if word not in SPECIAL})
    yield from (
        "%41", "\\u0041", "\\x41", "://", "@", "Bearer ", "-----BEGIN ", "-----END ", " KEY-----",
    )  # fmt: skip


def check(data: bytes) -> None:
    """Judge a text: raw, of samples in their settings, or of one unit again and again."""
    source = Source(data)
    match source.below(3):
        case 0:
            _judge(source.rest())
        case 1:
            _judge(_pieces(source))
        case _:
            _judge(_repeated(source))


def _pieces(source: Source) -> bytes:
    """Return samples that are cut, filled, encoded and joined."""
    found = b""
    for _ in range(1 + source.below(_MOST_PIECES)):
        sample = source.pick(SAMPLES)
        token = sample.make(Random(source.below(8)))
        setting = source.pick(SETTINGS)
        fits = source.below(2) and setting.fits(sample, token)
        piece = setting.place(sample, token).content if fits else token.encode()
        if source.below(3) == 0:
            at = source.below(len(piece) + 1)
            piece = piece[:at] + source.take(8) + piece[at + source.below(4) :]
        if source.below(6) == 0:
            piece += source.pick(_MARKERS) + source.pick(_ROWS).id.encode() + b"] why\n"
        found += source.pick(_ENCODINGS)(piece) + source.pick(_GLUE)
    return found


def _repeated(source: Source) -> bytes:
    keyword = source.pick(source.pick(_ROWS).keywords).encode()
    unit = keyword + source.pick(_FILLERS) * source.below(300) + source.take(4)
    return unit * (_MOST_REPEATED // len(unit))


def _judge(data: bytes) -> None:
    forget_values()
    data = narrow(data)
    small, large = _SMALL.find(data), _LARGE.find(data)
    cut = [hit for hit in (*small, *large) if hit.decoded and hit.end - hit.start >= _DECODED]
    assert _known(small, cut) == _known(large, cut)
    end = 0
    for hit in small:
        assert end <= hit.start < hit.end <= len(data)
        end = hit.end
        assert hit.prefix in ("", *hit.row.keywords)
        assert hit.secret.reveal().startswith(hit.prefix)
    leaks = Reviewer(_SMALL, baseline=_BASELINE).review(Text("a.txt", data))
    assert len(leaks) == len(small)
    for leak, hit in zip(leaks, small, strict=True):
        assert leak.preview == f"{hit.prefix}…"
        assert 1 <= leak.line <= leak.end_line <= data.count(b"\n") + 1
        assert leak.column >= 1
        shown = leaks_text([leak], staged=True, color=True)
        assert hit.secret.reveal()[len(hit.prefix) :] not in shown
        assert hit.secret.reveal() not in leak.allowed


def _known(hits: list[Hit], cut: list[Hit]) -> list[tuple[int, int, str, str]]:
    """Return what is to be the same for both engines.

    Very long encoded stretches are decoded in parts, and where these begin is up to the engine.
    """
    return [
        (hit.start, hit.end, hit.row.id, hit.confidence)
        for hit in hits
        if not any(hit.start < each.end and each.start < hit.end for each in cut)
    ]
