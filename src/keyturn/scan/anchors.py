"""Stage one: where the literals stand that every token format names.

Three ways with the same answer. Searching literal by literal needs nothing imported and wins on
the few kilobytes of a commit; the engines that look for all of them at once win on anything large.
"""

from __future__ import annotations

from keyturn.scan.characters import BASE32, BASE64, HEXADECIMAL, only
from keyturn.scan.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Finder = Callable[[bytes], list["Anchor"]]

# Above this many bytes the fast engine is made. That takes 80 ms (hyperscan: 11 to import, 70 to
# compile; two cores, 2026-11), as long as 200 to 700 KB take literal by literal: it pays where
# more texts of that size follow.
LARGE = 96 * 1024

BASE32_RUN = -1
"""Fifty-two characters of lower-case base32, which no literal announces."""
USERINFO = -2
"""The `@` behind a name and a password in an address; `://` alone is in every third line."""
BASE64_RUN = -3
"""Base64 that begins with text."""
PERCENT = -4
"""Three percent-encoded ASCII characters in a row."""
ESCAPED = -5
"""An ASCII character, or an address, written with the escapes of a string."""

BASE32_LENGTH = 52
ENCODED = frozenset((BASE64_RUN, PERCENT, ESCAPED))
SPECIAL = {"[a-z2-7]{52}": BASE32_RUN, "://:@": USERINFO}
"""What a row gives as its keyword if no literal announces it."""

# Shorter runs of base64 cannot hold a token of eighteen characters.
BASE64_SHORTEST = 24

_GRAM = 4
_LONGEST_USER = 64
_LONGEST_PASSWORD = 512
_BASE32 = only(BASE32)
_BASE64 = only(BASE64)
# Three bytes of text: the high bit of each is 0, and one of the next two bits is 1 unless it is
# white space. Anchored, which is faster than to look for it anywhere in a run.
_TEXT_GROUP = "[CDI-Za-f][ACD-HQS-Xgi-nwyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/]"
_EXPRESSIONS = {
    BASE32_RUN: f"[a-z2-7]{{{BASE32_LENGTH}}}",
    USERINFO: r"://[^\s:/@]*:[^\s/@]+@",
    # In a diff a plus sign stands before each added line.
    BASE64_RUN: f"(?:^|[^A-Za-z0-9+/]|\\n[+])(?:{_TEXT_GROUP}){{6}}",
    PERCENT: "(?:%[2-7][0-9A-Fa-f]){3}",
    ESCAPED: r"\\u00[2-7][0-9A-Fa-f]|(?:\\x[2-7][0-9A-Fa-f]){3}|:\\/\\/",
}


class Anchor(Record):
    """A place where a literal begins, or something encoded may be."""

    at: int
    key: int
    """The literal's index, or one of the negative numbers above."""


class Literal(Record):
    """Characters to look for."""

    text: bytes
    caseless: bool
    """`text` is in lower case then."""


class Anchors:
    """Finds every occurrence of some literals and the beginnings of encoded stretches."""

    def __init__(self, literals: Sequence[Literal], *, bulk: bool = False) -> None:
        """Look for `literals`; with `bulk`, use the fast engine for small texts too."""
        self._literals = tuple(literals)
        self._bulk = bulk
        self._slow: Finder | None = None
        self._fast: Finder | None = None

    def find(self, data: bytes) -> list[Anchor]:
        """Return all anchors by position; overlapping literals each count.

        Encoded stretches are named at least once each, which place within them is up to the engine.
        """
        if not self._bulk and len(data) < LARGE:
            if self._slow is None:
                self._slow = by_search(self._literals)
            return sorted(self._slow(data))
        if self._fast is None:
            self._fast = _fastest(self._literals)
        return sorted(self._fast(data))


def _fastest(literals: Sequence[Literal]) -> Finder:
    for make in (by_hyperscan, by_automaton):
        try:
            return make(literals)
        except ImportError:
            continue
    return by_search(literals)


def by_search(literals: Sequence[Literal]) -> Finder:
    """Look for one literal after the other, of those whose first characters occur at all."""
    by_gram: dict[bytes, list[tuple[int, Literal]]] = {}
    for key, literal in enumerate(literals):
        by_gram.setdefault(literal.text[:_GRAM].lower(), []).append((key, literal))
    short = [gram for gram in by_gram if len(gram) < _GRAM]

    def find(data: bytes) -> list[Anchor]:
        lower = data.lower()
        grams = {lower[at : at + _GRAM] for at in range(len(lower) - _GRAM + 1)}
        present = [*(by_gram.keys() & grams), *(gram for gram in short if gram in lower)]
        found = [
            Anchor(at, key)
            for gram in present
            for key, literal in by_gram[gram]
            for at in _occurrences(lower if literal.caseless else data, literal.text)
        ]
        return found + list(_encoded(data))

    return find


def by_automaton(literals: Sequence[Literal]) -> Finder:
    """Look for all literals at once with ahocorasick-rs."""
    from ahocorasick_rs import BytesAhoCorasick, Implementation

    automaton = BytesAhoCorasick(
        [literal.text.lower() for literal in literals], implementation=Implementation.DFA
    )

    def find(data: bytes) -> list[Anchor]:
        found = [
            Anchor(at, key)
            for key, at, end in automaton.find_matches_as_indexes(data.lower(), overlapping=True)
            if literals[key].caseless or data[at:end] == literals[key].text
        ]
        return found + list(_encoded(data))

    return find


def by_hyperscan(literals: Sequence[Literal]) -> Finder:
    """Look for all literals and encoded stretches with hyperscan.

    Four databases, because each kind alone is several times as fast as all of them in one.
    """
    import hyperscan

    cased, caseless = (
        {key: lit for key, lit in enumerate(literals) if lit.caseless is folded}
        for folded in (False, True)
    )
    others = {key: text.encode() for key, text in _EXPRESSIONS.items()}
    base64 = {BASE64_RUN: others.pop(BASE64_RUN)}
    databases = [
        _database({key: _quoted(lit.text) for key, lit in cased.items()}),
        _database(
            {key: _quoted(lit.text) for key, lit in caseless.items()},
            flags=hyperscan.HS_FLAG_CASELESS,
        ),
        _database(others),
        _database(base64),
    ]
    lengths = dict.fromkeys(_EXPRESSIONS, 1) | {
        key: len(literal.text) for key, literal in enumerate(literals)
    }
    found: list[Anchor] = []

    def noting(keys: Sequence[int]) -> Callable[..., None]:
        places = [(key, lengths[key]) for key in keys]

        def note(number: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            key, length = places[number]
            found.append(Anchor(end - length, key))

        return note

    scans = [(scan, noting(keys)) for scan, keys in databases]

    def find(data: bytes) -> list[Anchor]:
        found.clear()
        for scan, note in scans:
            scan(data, match_event_handler=note)
        return found.copy()

    return find


def _database(
    expressions: dict[int, bytes], flags: int = 0
) -> tuple[Callable[..., Any], list[int]]:
    """Compile expressions; return the scanning function, and the key of each number it reports."""
    import hyperscan

    if not expressions:
        return (lambda _data, match_event_handler: None), []
    database = hyperscan.Database()
    many = len(expressions)
    database.compile(
        expressions=list(expressions.values()),
        ids=list(range(many)),
        elements=many,
        flags=[flags] * many,
    )
    return database.scan, list(expressions)


def _quoted(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)


def _occurrences(data: bytes, text: bytes) -> Iterator[int]:
    at = data.find(text)
    while at >= 0:
        yield at
        at = data.find(text, at + 1)


def _encoded(data: bytes) -> Iterator[Anchor]:
    """Find what `_EXPRESSIONS` say, without importing `re`."""
    for key, table, shortest in (
        (BASE32_RUN, _BASE32, BASE32_LENGTH),
        (BASE64_RUN, _BASE64, BASE64_SHORTEST),
    ):
        mapped = data.translate(table)
        at = mapped.find(b"a" * shortest)
        while at >= 0:
            yield Anchor(at, key)
            end = mapped.find(b" ", at)
            at = mapped.find(b"a" * shortest, end) if end >= 0 else -1
    for at in _occurrences(data, b"://"):
        end = data.find(b"@", at, at + 5 + _LONGEST_USER + _LONGEST_PASSWORD)
        if end >= 0 and _is_userinfo(data[at + 3 : end]):
            yield Anchor(end, USERINFO)
    for at in _occurrences(data, b"%"):
        if all(data[at + i : at + i + 1] == b"%" and _ascii(data, at + i + 1) for i in (0, 3, 6)):
            yield Anchor(at, PERCENT)
    for at in _occurrences(data, b"\\u00"):
        if _ascii(data, at + 4):
            yield Anchor(at, ESCAPED)
    for at in _occurrences(data, b"\\x"):
        if all(data[at + i : at + i + 2] == b"\\x" and _ascii(data, at + i + 2) for i in (0, 4, 8)):
            yield Anchor(at, ESCAPED)
    for at in _occurrences(data, b":\\/\\/"):
        yield Anchor(at, ESCAPED)


def _is_userinfo(data: bytes) -> bool:
    user, _, password = data.partition(b":")
    return (
        len(user) <= _LONGEST_USER
        and 0 < len(password) <= _LONGEST_PASSWORD
        and b"/" not in data
        and data.split() == [data]
    )


def _ascii(data: bytes, at: int) -> bool:
    pair = data[at : at + 2]
    return len(pair) == 2 and pair[0] in b"234567" and pair[1] in HEXADECIMAL
