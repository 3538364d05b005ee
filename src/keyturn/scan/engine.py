"""Finds tokens in bytes: anchors first, then the expression of the row that has the anchor, then
everything that speaks against the candidate.

A row's expression is only tried around its own literal, so that a text without any costs one pass.
"""

from __future__ import annotations

from keyturn.scan.anchors import (
    BASE32_LENGTH,
    BASE32_RUN,
    ENCODED,
    SPECIAL,
    Anchor,
    Anchors,
    Literal,
)
from keyturn.scan.characters import BASE32
from keyturn.scan.pattern import (
    CONTEXT,
    ENTROPY,
    FIXED,
    FORM,
    GUESS,
    OWN,
    STRUCTURE,
    Pattern,
)
from keyturn.scan.patterns import PATTERNS
from keyturn.scan.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from keyturn.secret_value import SecretValue

_NEAR_LINES = 5
_NEAR = 512
"""A contextual token stands within so many lines, and bytes, of its provider's name."""
_LEAD = 32
"""So long before what is encoded the literal of its token may stand, as in `key=%41…`."""
_DEPTH = 2
"""So often something decoded is looked into again."""

_ESCAPES = (b"%2", b"%3", b"\\u00", b"\\\n", b"\\\r")
_FOLDED = (b" >\n", b" >-\n", b" |\n", b" |-\n")
_OPENING = 32
_LONGEST_FOLDED = 12_000
"""Longer tokens are keys, whose own proof knows how they are written."""
_FOLDS = 160
"""So much may the ends of lines add to a token."""

CERTAIN, LIKELY, LOW = "certain", "likely", "low"


class Hit(Record):
    """One token in a text."""

    start: int
    end: int
    """Of the token, or of the encoded stretch that holds it."""
    row: Pattern
    confidence: str
    secret: SecretValue
    prefix: str
    """The public characters that the token begins with."""
    decoded: bool = False
    """Whether it stands there encoded."""


class Engine:
    """The table, ready to be searched for."""

    def __init__(self, rows: Sequence[Pattern] = PATTERNS, *, bulk: bool = False) -> None:
        """Search for `rows`; `bulk` says that much will be searched."""
        literals: dict[Literal, list[Pattern]] = {}
        self._special: dict[int, list[Pattern]] = {}
        for row in rows:
            for keyword in row.keywords:
                if keyword in SPECIAL:
                    self._special.setdefault(SPECIAL[keyword], []).append(row)
                    continue
                caseless = row.proof == CONTEXT
                for text in _spellings(keyword) if caseless else (keyword,):
                    literals.setdefault(Literal(text.encode(), caseless), []).append(row)
        self._rows = tuple(tuple(group) for group in literals.values())
        self._names = frozenset(key for key, text in enumerate(literals) if text.caseless)
        self._anchors = Anchors(tuple(literals), bulk=bulk)
        self._compiled: dict[str, re.Pattern[bytes]] = {}

    def anchors(self, data: bytes) -> list[Anchor]:
        """Return where a token may be; none means that `find` finds nothing."""
        return self._anchors.find(data)

    def find(self, data: bytes) -> list[Hit]:
        """Return the tokens in a text by position, one for each place."""
        anchors = self.anchors(data)
        return _one_for_each_place(self._hits(data, anchors, _DEPTH)) if anchors else []

    def _hits(self, data: bytes, anchors: Sequence[Anchor], depth: int) -> Iterator[Hit]:
        places: dict[Pattern, list[int]] = {}
        for at, key in anchors:
            if key >= 0:
                for row in self._rows[key]:
                    if row.proof == CONTEXT:
                        places.setdefault(row, []).append(at)
                    elif row.lead or row.check or starts_word(data, at):
                        yield from self._at(data, at, row)
            elif key in self._special and (key != BASE32_RUN or _is_base32_word(data, at)):
                for row in self._special[key]:
                    yield from self._at(data, at, row)
        for row, found in places.items():
            for start, end in _windows(data, found):
                yield from self._near(data, start, end, row)
        if depth and any(key in ENCODED for _, key in anchors):
            yield from self._decoded(data, anchors, depth - 1)

    def _decoded(self, data: bytes, anchors: Sequence[Anchor], depth: int) -> Iterator[Hit]:
        from keyturn.scan.decode import views

        for view in views(data, anchors):
            # Around it only the names of providers matter; the rest was looked at already.
            begin, end = view.begin - _LEAD, view.end
            found = [
                anchor
                for anchor in self.anchors(view.text)
                if begin <= anchor.at < end or anchor.key in self._names
            ]
            for hit in self._hits(view.text, found, depth):
                if hit.start < view.end and hit.end > view.begin:
                    yield hit._replace(start=view.start, end=view.stop, decoded=True)

    def _at(self, data: bytes, at: int, row: Pattern) -> Iterator[Hit]:
        """Try a row where its literal stands."""
        start, reach = max(0, at - row.lead), at + row.reach
        if match := self._around(data, at, start, reach, row):
            yield from _judged(data, match, row)
            return
        if row.lead:
            start = max(0, start - _FOLDS)
        if row.reach <= _LONGEST_FOLDED and (plain := _plainer(data, start, reach)):
            place = _place_in(plain, data[at:reach])
            if match := self._around(plain, place, 0, len(plain), row):
                for hit in _judged(plain, match, row):
                    yield hit._replace(start=at, end=at + hit.end - hit.start)

    def _around(
        self, data: bytes, at: int, start: int, end: int, row: Pattern
    ) -> re.Match[bytes] | None:
        """Return the match that holds the literal at a place; others have their own literal."""
        expression = self._expression(row)
        if not row.lead:
            return expression.match(data, at, end)
        for match in expression.finditer(data, start, end):
            if match.end() > at:
                return match if match.start() <= at else None
        return None

    def _near(self, data: bytes, start: int, end: int, row: Pattern) -> Iterator[Hit]:
        """Try a contextual row in the neighbourhood of its provider's name."""
        yield from self._named(data, start, end, row)
        if plain := _plainer(data, start, end):
            for hit in self._named(plain, 0, len(plain), row):
                # Its first characters stand in the original, unless they were encoded too.
                at = max(data.find(hit.secret.reveal()[:8].encode("latin-1"), start, end), start)
                yield hit._replace(start=at, end=at + hit.end - hit.start)

    def _named(self, data: bytes, start: int, end: int, row: Pattern) -> Iterator[Hit]:
        from keyturn.scan.judge import is_named_secret, is_piece

        for match in self._expression(row).finditer(data, start, end):
            span = match.span(1 if match.re.groups else 0)
            if is_named_secret(data, *span) and not is_piece(data, match):
                yield from _judged(data, match, row)

    def _expression(self, row: Pattern) -> re.Pattern[bytes]:
        compiled = self._compiled.get(row.id)
        if compiled is None:
            import re

            compiled = self._compiled[row.id] = re.compile(row.regex.encode())
        return compiled


def _spellings(name: str) -> set[str]:
    """Return a name as variables, keys and addresses write it: `a_b`, `a-b`, `ab`; `a_`, `akey`."""
    first, inner, last = name[:1], name[1:-1], name[-1:]
    joined = {first + inner.replace("_", joint) + last for joint in ("_", "-", "")}
    if last != "_":
        return joined
    return joined | {name[:-1] + word for word in ("token", "api", "access", "secret", "key")}


def _judged(data: bytes, match: re.Match[bytes], row: Pattern) -> Iterator[Hit]:
    """Yield the candidate unless something speaks against it."""
    from keyturn.scan.checksums import DOUBTFUL, INVALID, VALID
    from keyturn.scan.judge import is_drawn
    from keyturn.secret_value import SecretValue

    # A group that took no part in the match says nothing of where the token is.
    start, end = match.span(match.lastindex or 0)
    secret = data[start:end]
    prefix = next((k for k in row.keywords if secret.startswith(k.encode())), "")
    verdict = _check(row.check, match[0], secret) if row.check else ""
    if verdict == INVALID:
        return
    if (
        row.proof != OWN
        and verdict != VALID
        and not (starts_word(data, start) and is_drawn(secret[len(prefix) :], row.entropy))
    ):
        return
    confidence = {VALID: CERTAIN, DOUBTFUL: LOW}.get(verdict, LIKELY)
    yield Hit(start, end, row, confidence, SecretValue(secret.decode("latin-1")), prefix)


def _plainer(data: bytes, start: int, end: int) -> bytes:
    """Return a stretch without what a format adds; empty where it adds nothing."""
    stretch = data[start:end]
    escaped = b"%" in stretch or b"\\" in stretch
    if not (escaped and any(mark in stretch for mark in _ESCAPES)):
        # What opens a folded scalar stands before it.
        opened = data[max(0, start - _OPENING) : end]
        if not any(mark in opened for mark in _FOLDED):
            return b""
    from keyturn.scan.decode import plainer

    plain = plainer(stretch)
    return b"" if plain == stretch else plain


def _place_in(plain: bytes, rest: bytes) -> int:
    """Return where a plainer text holds a place that `rest` follows in the original.

    Counted from the end, because only what follows tells which ends of lines are folds.
    """
    from keyturn.scan.decode import plainer

    return len(plain) - len(plainer(rest))


def _check(name: str, whole: bytes, secret: bytes) -> str:
    from keyturn.scan import checksums, structure

    checksum = checksums.CHECKS.get(name)
    return checksum(secret) if checksum else structure.CHECKS[name](whole, secret)


def _is_base32_word(data: bytes, at: int) -> bool:
    """Say whether the base32 around a place is just as long as a token."""
    around = data[max(0, at - 60) : at], data[at : at + 60]
    left, right = around[0].rstrip(BASE32), around[1].lstrip(BASE32)
    return sum(map(len, around)) - len(left) - len(right) == BASE32_LENGTH


def starts_word(data: bytes, at: int) -> bool:
    """Say whether no letter or digit stands before a place, those of an escape excepted."""
    before = data[max(0, at - 12) : at]
    return not before[-1:].isalnum() or _ends_escape(before)


def _ends_escape(before: bytes) -> bool:
    """Say whether a text ends with an escape: of a string, an address, mail or a terminal."""
    import re

    return bool(
        re.search(
            rb"\\[nrtbfav0]$|\\[0-7]{3}$|\\x[0-9A-Fa-f]{2}$|\\u00[0-9A-Fa-f]{2}$|"
            rb"[%=][0-9A-F]{2}$|%[0-9a-f]{2}$|(?:\x1b|\\(?:e|033|x1b|u001b))\[[0-9;]{0,6}m$",
            before,
        )
    )


def _windows(data: bytes, places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the neighbourhoods of some places, joined where they overlap."""
    start = end = -1
    for place in places:
        left, right = _lines_around(data, place)
        if left <= end:
            end = max(end, right)
            continue
        if end >= 0:
            yield start, end
        start, end = left, right
    if end >= 0:
        yield start, end


def _lines_around(data: bytes, at: int) -> tuple[int, int]:
    before, after = data[max(0, at - _NEAR) : at], data[at : at + _NEAR]
    above, below = before.rsplit(b"\n", _NEAR_LINES + 1), after.split(b"\n", _NEAR_LINES + 1)
    left = at - len(before) + (len(above[0]) if len(above) > _NEAR_LINES + 1 else 0)
    right = at + len(after) - (len(below[-1]) + 1 if len(below) > _NEAR_LINES + 1 else 0)
    return left, right


_RANK = {
    proof: rank for rank, proof in enumerate((FIXED, STRUCTURE, ENTROPY, CONTEXT, FORM, GUESS))
}


def _rank(hit: Hit) -> tuple[int, int, int]:
    """Order explanations: the surest first, of equals the longest."""
    fixed = hit.row.proof in (OWN, FIXED)
    sure = 0 if hit.confidence == CERTAIN and not hit.decoded else 1 if fixed else 2
    return sure + (hit.confidence != CERTAIN), _RANK.get(hit.row.proof, 0), hit.start - hit.end


def _one_for_each_place(hits: Iterable[Hit]) -> list[Hit]:
    """Keep the best explanation of each place."""
    from bisect import bisect

    best: list[Hit] = []
    starts: list[int] = []
    for hit in sorted(hits, key=_rank):
        # What is kept does not overlap: only the neighbours can be in the way.
        at = bisect(starts, hit.start)
        if (at == 0 or best[at - 1].end <= hit.start) and (
            at == len(best) or hit.end <= best[at].start
        ):
            best.insert(at, hit)
            starts.insert(at, hit.start)
    return best
