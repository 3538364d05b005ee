"""What speaks against a candidate: placeholders, examples, repetition, a hash's name beside it.

Pure functions of bytes; each is a question that a reader of the finding would ask first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from keyturn.scan.characters import BASE64, DIGITS, HEXADECIMAL, LETTERS, only

# Words that documentation and templates put where a secret belongs. A word of four letters is in
# one of ten thousand random tokens by chance, and therefore needs an edge beside it.
_WORDS = re.compile(
    rb"(?i)example|sample|placeholder|change[_-]?me|replace[_-]?(?:me|with)|dummy|redacted|insert|"
    rb"your[_-]|[_-]here\b|x{6}|x{4}(?:[_-]|$)|\*{3}|\.{3}|(?<![a-z])fake[_-]|[_-]fake(?![a-z])|"
    rb"(?!\A)s[e3]cr[e3]t|\As[e3]cr[e3]t(?![_-])|p[a4]ssw[o0]rd|passphrase|not[_-]?(?:a[_-]?)?real|not[_-]a[_-]|deadbeef|"
    rb"cafebabe|lorem|foobar|qwerty|asdfgh|invalid|removed|censored|hidden|masked|goes[_-]?here|"
    rb"(?:test|mock|demo|my|some|the|valid|bad|good)[_-](?:api|access|auth|key|token|value)|(?:test|demo|valid)(?:token|value)|"
    rb"<[a-z]|\$\{|\{\{|%\("
)
_LINE_UP = b"0123456789abcdefghijklmnopqrstuvwxyz"
_LINES = tuple(line for up in (_LINE_UP, b"12345678901234567890") for line in (up, up[::-1]))
_ROW = 8
"""So many neighbours in a row of the alphabet are typed, not drawn."""
_ROWS = frozenset(line[at : at + _ROW] for line in _LINES for at in range(len(line) - _ROW + 1))
# Words with joints and nothing else: names of things, in either case.
_NAME = re.compile(rb"[a-z]+(?:[-_.][a-z]+)+|[A-Z]+(?:[-_.][A-Z]+)+")
_REPEAT = re.compile(rb"([^A])\1{6}|A{24}", re.DOTALL)
"""A row of the letter A is a row of zeros in base64, which some vendors' tokens hold."""
_SHORT = 200
"""Longer than that are keys and signed tokens; a person makes up none, and cuts them with dots."""

# Three of four pairs of letters in English words and in names of programs are among these, one of
# five in random letters.
_PAIRS = frozenset(
    b"ab ac ad ai al am an ap ar as at ba bl ca ce ch ck cl co ct da de di do ea ec ed ee ef el em "
    b"en ep er es et ex ff fi fo ge ha he ho ia ic id ie ig il im in io ir is it iv ke la le li ll "
    b"lo ls ly ma me mi mo mp na nc nd ne ng ni no ns nt oc od ol om on op or os ot ou ow pa pe pi "
    b"pl po pr pt ra re ri rm ro rr rs rt sc se sh si sp ss st su ta te th ti to tr ts tt ty ul um "
    b"un ur us ut va ve".split()
)
_BY_CHANCE = len(_PAIRS) / 26**2
_ONLY_LETTERS = only(LETTERS)


def entropy(data: bytes) -> float:
    """Return bits per byte, from the frequencies within `data`."""
    return -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values())


def is_placeholder(data: bytes) -> bool:
    """Say whether a person made this up: a word, a row of the alphabet, a repetition."""
    if len(data) > _SHORT:
        return b"..." in data or b"xxxxxxx" in data.lower()
    if b"://" in data:
        # An address is made of words; what is secret about it is its longest part.
        data = max(re.split(rb"[/?&=]", data.partition(b"://")[2])[1:] or [data], key=len)
    if _WORDS.search(data) or _REPEAT.search(data) or _NAME.fullmatch(data):
        return True
    small = data.lower()
    if any(small[at : at + _ROW] in _ROWS for at in range(len(small) - _ROW + 1)):
        return True
    return _is_interleaved(small) or _is_repetitive(small) or _is_of_words(small)


def _is_interleaved(data: bytes) -> bool:
    """Say whether two rows of the alphabet take turns, as in `a1b2c3d4`."""
    steps = bytes(min(abs(b - a), 9) for a, b in zip(data, data[2:], strict=False))
    return b"\1" * (_ROW - 1) in steps


def _is_repetitive(data: bytes) -> bool:
    """Say whether a piece comes again and again, or most characters come twice in a row."""
    if any(data.startswith(data[period:]) for period in range(1, len(data) // 2 + 1)):
        return True
    doubles = sum(a == b for a, b in pairwise(data))
    return len(data) >= 16 and doubles * 2 >= len(data) - 1


def _is_of_words(data: bytes) -> bool:
    """Say whether the letters follow each other as in words; hexadecimal ones cannot tell."""
    if not data.strip(HEXADECIMAL):
        return False
    words = data.translate(_ONLY_LETTERS)
    pairs = [data[at : at + 2] for at in range(len(data) - 1) if words[at : at + 2] == b"aa"]
    known = sum(pair in _PAIRS for pair in pairs)
    spread = math.sqrt(len(pairs) * _BY_CHANCE * (1 - _BY_CHANCE))
    return (
        len(pairs) * 2 >= len(data)
        and known * 2 >= len(pairs)
        and known >= len(pairs) * _BY_CHANCE + 6 * spread
    )


def is_drawn(data: bytes, least: float) -> bool:
    """Say whether the characters look drawn at random; `least` is their entropy, 0 for the usual.

    The usual least lies below what one in a million random tokens of that length has.
    """
    if not least:
        least = 2.7 if not data.strip(HEXADECIMAL) else 3.0
        least -= 0.4 * (len(data) < 24)
    return not is_placeholder(data) and entropy(data) >= least


# A part of a name that says: a secret follows.
_SECRET = re.compile(
    rb"(?i:secret|token(?!i[sz])|passw|pwd|passphrase|credential|bearer|auth(?!or(?!iz))|licen[cs]e|"
    rb"signing|hmac)|[Kk]eys?(?![a-z])|KEYS?(?![A-Z])|"
    rb"(?<![A-Za-z])pat(?![a-z])|Pat(?![a-z])|PAT(?![A-Z])"
)
# A part of a name that says: what follows is public, or derived.
_PUBLIC = re.compile(
    rb"(?i:(?:hashed|encrypted|sealed)[_ -]?(?:secret|token|password|key)s?|"
    rb"sha-?\d+|md5|hash(?!icorp)|digest|checksum|crc32|commit|revision|integrity|etag|finger_?print|"
    rb"thumbprint|[ug]uid|nonce|version|signature|address|vector|csrf|xsrf|"
    rb"encrypted|ciphertext|sealed|enc\[|aes256|-{5}|vault:v\d|"
    rb"(?:public|publishable|site|cache|primary|foreign|partition|sort|object|host|routing|"
    rb"idempotency|translation|i18n|map|row|item|group)[_ -]?keys?|public|publishable|"
    rb"(?:secret|token|password|key)_?(?:id|type|name|count|hash|url|uri|file|path|prefix|length|"
    rb"arn|ref)|"
    rb"(?<![a-z])(?:ref|rev|sum|tree|blob|parent|image|cache|trace|span|request|build|contract|"
    rb"block|tx|txid|kid|salt|iv|sid|index|object|asset|chunk|icon|pin|file)(?![a-z])[^a-z]*$|"
    rb"(?<![a-z])ids?(?![a-z]))|[a-z]I[Dd]s?(?![a-z])"
)
_SECRET_ID = re.compile(rb"(?i)secret_?id$")
# The name that a value is given to: `NAME=`, `"name": "`, `name => '`, `<name>`, `--name `,
# `setHeader("name", "`.
_GIVEN = re.compile(
    rb"(?:([A-Za-z_$][\w$./-]{0,80})(?:\\{0,3}[\"'`\])]|&quot;){0,6}(?:[ \t]{0,24}(?:::?|=>|->|:?=|"
    rb"\+=|%3[AaDd])|(?<=[\"'`]),)|<([\w.:-]{1,80})(?: [^<>]{0,100})?>(?:<!\[CDATA\[)?|"
    rb"--?([A-Za-z][\w-]{1,60})(?= ))[ \t]{0,24}(?:[\\\"'`(\[{]|&quot;|\w{1,12}\(){0,6}"
    rb"(?:(?i:bearer|basic|token|key|apikey|api-key|f|b|r|u)(?: |(?=[\"'`])))?[\"'`]{0,3}$"
)
# Names that say nothing, and what stands before them tells.
_NEUTRAL = re.compile(
    rb"(?i)(?:.*[./])?(?:value|val|default|defaultvalue|data|content|string|str|text|const|var|"
    rb"let|raw|body|current|input|env|literal|https?|body|header|h|d|e|is|as|use|with|to|x)$"
)
_LEFT_OPEN = re.compile(
    rb"(?:[:=(,\[{>|\\`]|[|>][+-]?|`{3}\w*|\"{3}|'{3}|<<-?~?['\"]?[A-Z]+['\"]?)\s*$"
)
_NAMED_BEHIND = re.compile(
    rb"[^\r\n]{0,40}?\b[A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|PAT(?![A-Z])|AUTH)"
)
_HOST = re.compile(rb"://[^\s,|\"'<>]*|(?:[\w-]+\.)+[a-z]{2,6}\b(?<!key)(?<!token)(?<!secret)")
_BLANK = b" \t\r\"'`-*|>#/\\+"
_JOINED_LEFT = re.compile(rb"[A-Za-z0-9][_-]+$|[\w-]{20}\.$|\barn:[\w:*/-]*$|[\w.-]@$|\}[_-]+$")
_JOINED_RIGHT = re.compile(rb"[_-]+[A-Za-z0-9]|\.[a-z]{2,5}\b")
_LINE = 240
_BEHIND = 80
_ADDRESS = 42
"""So long is the address of an account on a chain."""
_ABOVE = 800


def is_named_secret(data: bytes, at: int, end: int = 0) -> bool:
    """Say whether what stands before a value, on its line or above, announces a secret."""
    before = data[max(0, at - _LINE) : at]
    line = before[before.rfind(b"\n") + 1 :]
    above = data[max(0, at - _ABOVE) : at - len(line)]
    if len(above) + len(line) == _ABOVE:
        above = above.partition(b"\n")[2]
    given = _GIVEN.search(line)
    if given:
        name = next(filter(None, given.groups()), b"")
        if not _NEUTRAL.match(name):
            return _says_secret(name) is True
        line = line[: given.start()]
    said = _says_secret(line)
    if said is not None:
        return said
    if given:
        return _says_secret(above.rstrip().rpartition(b"\n")[2]) is True
    if not line.strip(_BLANK):
        return _goes_on(above)
    if end and _NAMED_BEHIND.match(data, end, end + _BEHIND):
        return True
    return _has_secret_column(line, above)


def is_piece(data: bytes, match: re.Match[bytes]) -> bool:
    """Say whether a match is cut out of something longer: a name, a file's, base64, a JWT.

    Where the expression itself says what stands beside its group, that is no matter.
    """
    at, end = match.span(1 if match.re.groups else 0)
    left = data[max(0, at - 120) : at] if at == match.start() else b""
    right = data[end : end + 24] if end == match.end() else b""
    if _JOINED_LEFT.search(left) or _JOINED_RIGHT.match(right):
        return True
    if match[0].startswith(b"0x") and end - at == _ADDRESS:
        return True
    return _is_base64(left[::-1]) or _is_base64(right)


def _is_base64(text: bytes) -> bool:
    """Say whether what begins with `+` or `/` goes on as base64 does, and no path."""
    run = text[1:13]
    return (
        text[:1] in (b"+", b"/")
        and len(run) == 12
        and not run.strip(BASE64)
        and run.lower() != run != run.upper()
        and (text[:1] == b"+" or any(byte in DIGITS for byte in run))
    )


def _has_secret_column(line: bytes, above: bytes) -> bool:
    """Say whether a table's head, above, names a secret for the column that `line` ends in."""
    for mark in (b"|", b","):
        column = line.count(mark)
        if column:
            rows = (row.split(mark) for row in above.split(b"\n"))
            said = (_says_secret(row[column]) for row in rows if len(row) > column)
            return next(filter(lambda one: one is not None, said), None) is True
    return False


def _says_secret(text: bytes) -> bool | None:
    """Say what the last telling word of a text tells; None if there is none."""
    text = _HOST.sub(b" ", text)
    secret = max((found.end() for found in _SECRET.finditer(text)), default=-1)
    public = max((found.end() for found in _PUBLIC.finditer(text)), default=-1)
    if secret < 0 and public < 0:
        return None
    return secret > public or bool(_SECRET_ID.search(text))


def _goes_on(above: bytes) -> bool:
    """Say whether the line above announces a secret and leaves it to the next line."""
    text = above.rstrip()
    last = text.rpartition(b"\n")[2]
    if last.strip().startswith(b"```"):
        last = text[: -len(last)].rstrip().rpartition(b"\n")[2] + b":"
    return bool(_LEFT_OPEN.search(last)) and _says_secret(last) is True
